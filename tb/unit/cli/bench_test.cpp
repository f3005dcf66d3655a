// rssnic_bench through its command line, with so few packets that its figures mean nothing: what it measures, the keys
// of its JSON, exit status. No figure is compared with another machine's.
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

using nlohmann::json;

class BenchCommand : public CommandBench {
 protected:
  CommandResult bench(std::vector<std::string> arguments) const {
    for (const char* const word : {"--packets", "2000", "--repetitions", "2"}) arguments.emplace_back(word);
    return run(RSSNIC_BENCH, arguments);
  }
};

void expect_speeds_and_ratios(const json& figures) {
  for (const char* const kind : {"tuple", "rtl", "card", "checked", "reference"}) {
    const std::string key = std::string(kind) + "_packets_per_s";
    ASSERT_TRUE(figures.contains(key)) << key;
    EXPECT_GT(figures[key].get<double>(), 0) << key;
  }
  for (const char* const kind : {"card", "checked"}) {
    EXPECT_DOUBLE_EQ(
        figures[std::string(kind) + "_over_rtl"].get<double>(),
        figures[std::string(kind) + "_packets_per_s"].get<double>() / figures["rtl_packets_per_s"].get<double>());
  }
}

TEST_F(BenchCommand, MeasuresEveryKindOnEveryLoadAndTheJsonHasAllKeys) {
  const CommandResult result = bench({"--capture", bundled("mixed-ipv6.pcap"), "--json", file("figures").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const json figures = json::parse(read_text(file("figures")));
  expect_speeds_and_ratios(figures);
  ASSERT_EQ(figures["loads"].size(), 4u);
  for (const char* const key : {"frames_64", "frames_1514", "imix", "capture"}) {
    SCOPED_TRACE(key);
    ASSERT_TRUE(figures["loads"].contains(key));
    expect_speeds_and_ratios(figures["loads"][key]);
    for (const char* const kind : {"tuple", "rtl", "card", "checked", "reference"}) {
      EXPECT_EQ(figures["loads"][key]["packets"][kind], 2000);
    }
  }
  EXPECT_EQ(figures["loads"]["capture"]["title"], "mixed-ipv6.pcap");
  EXPECT_EQ(figures["rtl_packets_per_s"], figures["loads"]["frames_64"]["rtl_packets_per_s"]);
  EXPECT_GT(figures["calibration_toeplitz_per_s"].get<double>(), 0);
  EXPECT_EQ(figures["repetitions"], 2);
  for (const char* const key : {"cpu", "compiler", "build_type", "flags", "verilator"}) {
    EXPECT_TRUE(figures["machine"][key].is_string()) << key;
  }
  for (const char* const key :
       {"tuple_packets_per_s", "rtl_packets_per_s", "rtl_over_tuple", "card_over_rtl", "checked_over_rtl"}) {
    EXPECT_GT(figures["targets"][key].get<double>(), 0) << key;
    EXPECT_NE(result.out.find(key), std::string::npos) << key;
  }
}

TEST_F(BenchCommand, OneKindOnOneLoadLeavesTheOthersNull) {
  const CommandResult result = bench({"--only", "checked", "--load", "imix", "--json", file("figures").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  const json figures = json::parse(read_text(file("figures")));
  EXPECT_GT(figures["checked_packets_per_s"].get<double>(), 0);
  for (const char* const key :
       {"tuple_packets_per_s", "rtl_packets_per_s", "card_packets_per_s", "reference_packets_per_s", "card_over_rtl",
        "checked_over_rtl", "calibration_toeplitz_per_s"}) {
    ASSERT_TRUE(figures.contains(key)) << key;
    EXPECT_TRUE(figures[key].is_null()) << key;
  }
  ASSERT_EQ(figures["loads"].size(), 1u);
  EXPECT_TRUE(figures["loads"].contains("imix"));
}

TEST_F(BenchCommand, WrongUsageNamesOptionValueAndWhatIsAllowed) {
  const std::vector<std::vector<std::string>> wrong = {{"--only", "fpga"},   {"--load", "jumbo"}, {"--load", "capture"},
                                                       {"--seconds", "nan"}, {"--fast"},          {"surplus"}};
  for (const std::vector<std::string>& arguments : wrong) {
    SCOPED_TRACE(arguments[0]);
    const CommandResult result = bench(arguments);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_NE(result.err.find("rssnic_bench: "), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
  EXPECT_NE(
      bench({"--only", "fpga"}).err.find("--only: 'fpga' is not allowed; tuple, rtl, card, checked or reference is"),
      std::string::npos);
}

TEST_F(BenchCommand, TheJsonDoesNotDestroyTheCapture) {
  std::filesystem::copy(bundled("icmp.pcap"), file("capture"));
  const std::string before = read_text(file("capture"));
  const CommandResult result = bench({"--capture", file("capture").string(), "--json", file("capture").string()});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(read_text(file("capture")), before);
}

TEST_F(BenchCommand, UnreadableCaptureAndUnwritableJsonAreSaidBeforeAnythingIsMeasured) {
  write("damaged", "this is no capture");
  const std::vector<std::vector<std::string>> wrong = {{"--capture", file("damaged").string()},
                                                       {"--capture", file("missing").string()},
                                                       {"--json", file("no/such/folder").string()}};
  for (const std::vector<std::string>& arguments : wrong) {
    const CommandResult result = bench(arguments);
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.err.find(arguments[1]), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(BenchCommand, PacketsThatTheCardMayDropAreNotCountedAsDelivered) {
  // A capture with a frame of no bytes, which the card drops: the benchmark says so and ends with 1.
  const std::string header("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0", 24);
  write("runt", header + std::string(16, '\0'));
  for (const char* const kind : {"card", "checked"}) {
    const CommandResult result = bench({"--capture", file("runt").string(), "--load", "capture", "--only", kind});
    EXPECT_EQ(result.status, 1) << kind << result.out;
    EXPECT_NE(result.err.find("the card delivered 0 of 2000 packets"), std::string::npos) << result.err;
  }
}

}  // namespace
}  // namespace rssnic::test
