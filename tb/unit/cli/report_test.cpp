// --junit and --json read by parsers that are not this project's own: XML by Python's, JSON against the schema in
// docs/.
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

using Words = std::vector<std::string>;

class ReportFiles : public CommandBench {
 protected:
  // Runs the checker; its output.
  std::string checked(const std::string& arguments) const {
    const std::string line = "python3 '" RSSNIC_SOURCE_DIR "/tb/unit/cli/check_reports.py' " + arguments + " > '" +
                             file("checked").string() + "' 2>&1";
    const int status = std::system(line.c_str());
    EXPECT_EQ(status, 0) << read_text(file("checked"));
    return read_text(file("checked"));
  }
  std::string junit() const { return checked("junit '" + file("x").string() + "'"); }
  void expect_valid_json() const {
    checked("json '" RSSNIC_SOURCE_DIR "/docs/json-schema.json' '" + file("j").string() + "'");
  }
  CommandResult run(const Words& options) const {
    Words arguments = {"run", "--json", file("j").string(), "--junit", file("x").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return rssnic(arguments);
  }
};

bool has_line(const std::string& text, const std::string& start) {
  return ("\n" + text).find("\n" + start) != std::string::npos;
}

TEST_F(ReportFiles, JsonFitsTheSchemaWhateverTheOptions) {
  const std::string capture = bundled("icmp.pcap");
  write("cut.pcap", read_text(capture).substr(0, 5000));
  write("none.pcap", read_text(capture).substr(0, 24));
  for (const Words& options : std::vector<Words>{{capture},
                                                 {capture, bundled("vxlan.pcap"), "--queues", "16"},
                                                 {capture, "--engine", "reference"},
                                                 {capture, "--steering", "single", "--features", "-hash_report"},
                                                 {capture, "--pace", "line-rate", "--line-rate-gbps", "10000"},
                                                 {capture, "--expect-mpps", "100000"},
                                                 {capture, "--fault", "reset@100", "--fault", "reset@999999"},
                                                 {capture, "--fault", "no-buffers@1", "--ring-size", "16"},
                                                 {capture, "--fault", "dma-read-error@20", "--engine", "reference"},
                                                 {file("cut.pcap").string(), file("missing.pcap").string()},
                                                 {file("none.pcap").string()}}) {
    run(options);
    expect_valid_json();
    junit();
  }
}

TEST_F(ReportFiles, JunitHasACaseACaptureAndACaseACheck) {
  ASSERT_EQ(run({bundled("icmp.pcap"), bundled("vxlan.pcap"), "--expect-mpps", "1", "--fault", "reset@50"}).status, 0);
  const std::string cases = junit();
  for (const char* const passed :
       {"captures\ticmp.pcap\tpass", "captures\tvxlan.pcap\tpass", "checks\tbytes\tpass", "checks\torder\tpass",
        "checks\tsteering\tpass", "checks\theader\tpass", "checks\tdelivery\tpass", "checks\tdrops\tpass",
        "checks\tstamps\tpass", "checks\ttiming\tpass", "checks\trate\tpass", "checks\tfault reset@50\tpass",
        "checks\trun\tpass"}) {
    EXPECT_TRUE(has_line(cases, passed)) << passed << "\n" << cases;
  }
}

TEST_F(ReportFiles, JunitTellsWhatFailedWhatIsDamagedAndWhatWasNotChecked) {
  write("cut.pcap", read_text(bundled("icmp.pcap")).substr(0, 5000));
  EXPECT_EQ(run({file("cut.pcap").string(), file("missing.pcap").string(), bundled("icmp.pcap"), "--expect-mpps",
                 "100000", "--fault", "reset@999999"})
                .status,
            1);
  std::string cases = junit();
  for (const char* const line : {"captures\tcut.pcap\terror\tcapture '", "captures\tmissing.pcap\terror\tcannot open",
                                 "captures\ticmp.pcap\tpass", "checks\trate\tfailure\t",
                                 "checks\tfault reset@999999\tfailure\thas not struck"}) {
    EXPECT_TRUE(has_line(cases, line)) << line << "\n" << cases;
  }
  EXPECT_EQ(run({bundled("icmp.pcap"), "--engine", "reference"}).status, 0);
  cases = junit();
  EXPECT_TRUE(has_line(cases, "checks\ttiming\tskipped\t")) << cases;
}

TEST_F(ReportFiles, CapturesOfTheSameNameAreToldApart) {
  std::filesystem::create_directory(file("other"));
  std::filesystem::copy_file(bundled("icmp.pcap"), file("other/icmp.pcap"));
  const std::string other = file("other/icmp.pcap").string();
  ASSERT_EQ(run({bundled("icmp.pcap"), other, bundled("vxlan.pcap")}).status, 0);
  const std::string cases = junit();
  for (const std::string& name : {bundled("icmp.pcap"), other, std::string("vxlan.pcap")}) {
    EXPECT_TRUE(has_line(cases, "captures\t" + name + "\tpass")) << cases;
  }
}

TEST_F(ReportFiles, FileNamesOfAnyBytesAreEscaped) {
  const std::string name = "a\x01<&>\"\xff\xc3\xa4\t]]>.pcap";
  std::filesystem::copy_file(bundled("icmp.pcap"), file(name));
  ASSERT_EQ(run({file(name).string()}).status, 0);
  EXPECT_TRUE(has_line(junit(), "captures\ta\xef\xbf\xbd<&>\"\xef\xbf\xbd\xc3\xa4\t]]>.pcap\tpass"));
  expect_valid_json();
  EXPECT_EQ(nlohmann::json::parse(read_text(file("j")))["captures"][0]["file"],
            "a\x01<&>\"\xef\xbf\xbd\xc3\xa4\t]]>.pcap");
}

TEST_F(ReportFiles, CapturesOfTheJsonAddUpToTheWhole) {
  ASSERT_EQ(run({bundled("icmp.pcap"), bundled("vxlan.pcap"), "--repeat", "3", "--fault", "reset@1000"}).status, 0);
  const auto json = nlohmann::json::parse(read_text(file("j")));
  std::uint64_t packets = 0, delivered = 0, dropped = 0;
  for (const auto& capture : json["captures"]) {
    packets += capture["packets"].get<std::uint64_t>();
    delivered += capture["delivered"].get<std::uint64_t>();
    dropped += capture["dropped"].get<std::uint64_t>();
    EXPECT_TRUE(capture["error"].is_null());
  }
  EXPECT_EQ(json["captures"][0]["packets"], 3 * 320);
  EXPECT_EQ(json["packets"], packets);
  EXPECT_EQ(json["delivered"], delivered);
  EXPECT_EQ(packets, delivered + dropped);
}

TEST_F(ReportFiles, AJunitFileThatCannotBeWrittenIsNamedBeforeTheRun) {
  const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--junit", file("no/such/folder").string()});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("no/such/folder"), std::string::npos) << result.err;
}

TEST_F(ReportFiles, TheTableHasNoTrailingBlanks) {
  const CommandResult result = run({bundled("icmp.pcap"), "--queues", "64"});
  EXPECT_EQ(result.out.find(" \n"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace rssnic::test
