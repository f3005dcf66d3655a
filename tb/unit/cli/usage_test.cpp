// Wrong usage and bad input of the rssnic command: a message that names the thing, and the right exit status.
#include <gtest/gtest.h>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

using Usage = CommandBench;

constexpr const char* kPcapHeader =
    "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x01\x00\x00\x00";

TEST_F(Usage, HelpGoesToStandardOutputWithStatusZero) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"help"}, {"--help"}, {"run", "--help"}, {"hash", "--help"}, {"info", "--help"}}) {
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 0) << arguments[0];
    EXPECT_NE(result.out.find("usage: rssnic"), std::string::npos) << arguments[0];
    EXPECT_EQ(result.err, "");
  }
}

TEST_F(Usage, HelpWithACommandIsThatCommandsHelp) {
  for (const char* const command : {"run", "hash", "info"}) {
    const CommandResult result = rssnic({"help", command});
    EXPECT_EQ(result.status, 0) << command;
    EXPECT_EQ(result.out, rssnic({command, "--help"}).out);
  }
  EXPECT_EQ(rssnic({"help", "walk"}).status, 2);
}

TEST_F(Usage, NoCommandIsWrongUsage) {
  const CommandResult result = rssnic({});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("usage"), std::string::npos);
}

struct WrongUsage {
  std::vector<std::string> arguments;
  std::vector<std::string> named;  // what the message has to contain
};

TEST_F(Usage, EveryWrongValueNamesOptionValueAndWhatIsAllowed) {
  const std::string capture = bundled("icmp.pcap");
  const std::vector<WrongUsage> cases = {
      {{"walk"}, {"'walk'", "run"}},
      {{"run"}, {"capture"}},
      {{"run", capture, "--no-such-option"}, {"--no-such-option", "--help"}},
      {{"run", capture, "--wave", ""}, {"--wave", "''"}},
      {{"run", capture, "--wave", "x.gtkw"}, {"--wave", "'x.gtkw'", ".gtkw"}},
      {{"run", capture, "--wave", capture}, {"--wave", capture, "captures"}},
      {{"run", capture, "--wave", "x.fst", "--csv", "x.fst"}, {"--wave", "'x.fst'", "--csv"}},
      {{"run", capture, "--wave", "x.fst", "--json", "x.gtkw"}, {"--wave", "'x.gtkw'", "--json"}},
      {{"run", capture, "--wave", "x.fst", "--engine", "reference"}, {"--wave", "reference"}},
      {{"run", capture, "--wave", "x.fst", "--wave-from", "x"}, {"--wave-from", "'x'", "0 to"}},
      {{"run", capture, "--wave", "x.fst", "--wave-from", "9", "--wave-to", "8"}, {"--wave-to", "'8'", "9 to"}},
      {{"run", capture, "--wave-from", "9"}, {"--wave-from", "only with --wave"}},
      {{"run", capture, "--wave-on-mismatch"}, {"--wave-on-mismatch", "only with --wave"}},
      {{"run", capture, "--wave", "x.fst", "--wave-on-mismatch", "--wave-to", "8"},
       {"--wave-on-mismatch", "--wave-to"}},
      {{"run", "/dev/null", "--wave", "x.fst", "--wave-on-mismatch"}, {"--wave-on-mismatch", "'/dev/null'", "twice"}},
      {{"run", capture, "--wave", "/dev/null"}, {"--wave", "'/dev/null'", "regular"}},
      {{"run", capture, "--csv", "x", "--junit", "./x"}, {"--junit", "'./x'", "--csv"}},
      {{"run", capture, "--csv", ""}, {"--csv", "''"}},
      {{"run", capture, "--fault", "reset@3", "--fault", "reset@3"}, {"--fault", "'reset@3'", "once"}},
      {{"run", capture, "--ring", "round"}, {"--ring", "'round'", "split or packed"}},
      {{"run", capture, "--ring", "packed", "--features", "-ring_packed"}, {"--ring", "'packed'", "ring_packed"}},
      {{"run", capture, "--ring", "packed", "--ring-size", "0"}, {"--ring-size", "'0'", "1 to 32768"}},
      {{"run", capture, "--ring", "packed", "--ring-size", "32769"}, {"--ring-size", "'32769'", "1 to 32768"}},
      {{"run", capture, "--buffer-segments", "0"}, {"--buffer-segments", "'0'", "1 to 16"}},
      {{"run", capture, "--buffer-segments", "17"}, {"--buffer-segments", "'17'", "1 to 16"}},
      {{"run", capture, "--buffer-segments", "5", "--ring-size", "4"}, {"--buffer-segments", "'5'", "1 to 4"}},
      {{"run", capture, "--queu", "4"}, {"--queu"}},
      {{"run", capture, "--queues", "0"}, {"--queues", "'0'", "1 to 32767"}},
      {{"run", capture, "--queues", "32768"}, {"--queues", "'32768'", "1 to 32767"}},
      {{"run", capture, "--queues", "four"}, {"--queues", "'four'"}},
      {{"run", capture, "--queues", "-1"}, {"--queues", "'-1'"}},
      {{"run", capture, "--queues", ""}, {"--queues"}},
      {{"run", capture, "--ring-size", "100"}, {"--ring-size", "'100'", "power of two"}},
      {{"run", capture, "--ring-size", "65536"}, {"--ring-size", "'65536'", "32768"}},
      {{"run", capture, "--table-size", "3"}, {"--table-size", "'3'", "power of two up to 512"}},
      {{"run", capture, "--table-size", "1024"}, {"--table-size", "'1024'", "512"}},
      {{"run", capture, "--indirection-table", "0,1,2"}, {"--indirection-table", "3 entries", "power of two"}},
      {{"run", capture, "--indirection-table", "0,4"}, {"--indirection-table", "'4'", "0 to 3"}},
      {{"run", capture, "--indirection-table", "0,,1,2"}, {"--indirection-table"}},
      {{"run", capture, "--indirection-table", "0,1", "--table-size", "2"}, {"--table-size", "--indirection-table"}},
      {{"run", capture, "--unclassified-queue", "4"}, {"--unclassified-queue", "'4'", "0 to 3"}},
      {{"run", capture, "--hash-types", "0x200"}, {"--hash-types", "0x200", "0x1ff"}},
      {{"run", capture, "--hash-types", "ipv4,ipv5"}, {"--hash-types", "'ipv5'", "tcpv4"}},
      {{"run", capture, "--hash-key", "6d5"}, {"--hash-key", "3 digits", "40 bytes"}},
      {{"run", capture, "--hash-key", std::string(82, 'a')}, {"--hash-key", "82 digits", "40 bytes"}},
      {{"run", capture, "--hash-key", "xy"}, {"--hash-key", "'xy'", "hex"}},
      {{"run", capture, "--features", "rss"}, {"--features", "'rss'", "+NAME"}},
      {{"run", capture, "--features", "+packed"}, {"--features", "'+packed'"}},
      {{"run", capture, "--features", "-ctrl_vq"}, {"--features", "ctrl_vq"}},
      {{"run", capture, "--features", "-rss", "--steering", "rss"}, {"--steering", "rss"}},
      {{"run", capture, "--steering", "auto"}, {"--steering", "'auto'", "single"}},
      {{"run", capture, "--ex-report", "never"}, {"--ex-report", "'never'", "spec or always"}},
      {{"run", capture, "--engine", "fpga"}, {"--engine", "'fpga'", "rtl or reference"}},
      {{"run", capture, "--stepping", "slow"}, {"--stepping", "'slow'", "burst or lockstep"}},
      {{"run", capture, "--pace", "walk"}, {"--pace", "'walk'", "line-rate"}},
      {{"run", capture, "--line-rate-gbps", "0"}, {"--line-rate-gbps", "'0'"}},
      {{"run", capture, "--line-rate-gbps", "nan"}, {"--line-rate-gbps", "'nan'"}},
      {{"run", capture, "--clock-mhz", "0"}, {"--clock-mhz", "'0'"}},
      {{"run", capture, "--clock-mhz", "1e99"}, {"--clock-mhz", "'1e99'"}},
      {{"run", capture, "--pcie", "4"}, {"--pcie", "'4'", "4x16"}},
      {{"run", capture, "--pcie", "6x16"}, {"--pcie", "'6x16'", "1 to 5"}},
      {{"run", capture, "--pcie", "4x3"}, {"--pcie", "'4x3'"}},
      {{"run", capture, "--repeat", "0"}, {"--repeat", "'0'"}},
      {{"run", capture, "--max-packets", "0"}, {"--max-packets", "'0'"}},
      {{"run", capture, "--progress", "maybe"}, {"--progress", "'maybe'", "auto"}},
      {{"run", capture, "--expect-mpps", "1", "--engine", "reference"}, {"--expect-mpps", "reference"}},
      {{"hash", "--src", "1.2.3.4"}, {"--dst"}},
      {{"hash", "--src", "1.2.3.4", "--dst", "::1"}, {"--dst", "'::1'", "'1.2.3.4'"}},
      {{"hash", "--src", "1.2.3", "--dst", "1.2.3.4"}, {"--src", "'1.2.3'"}},
      {{"hash", "--src", "1.2.3.4", "--dst", "5.6.7.8", "--sport", "1"}, {"--sport", "--dport"}},
      {{"hash", "--src", "1.2.3.4", "--dst", "5.6.7.8", "--sport", "1", "--dport", "65536"},
       {"--dport", "'65536'", "65535"}},
      {{"hash", "--src", "1.2.3.4", "--dst", "5.6.7.8", "--hash-key", "0"}, {"--hash-key", "1 digits"}},
  };
  for (const WrongUsage& wrong : cases) {
    const CommandResult result = rssnic(wrong.arguments);
    std::string line;
    for (const std::string& argument : wrong.arguments) line += argument + " ";
    EXPECT_EQ(result.status, 2) << line << "\n" << result.err;
    EXPECT_EQ(result.out, "") << line;
    for (const std::string& word : wrong.named) {
      EXPECT_NE(result.err.find(word), std::string::npos) << line << "says: " << result.err << "without: " << word;
    }
  }
}

TEST_F(Usage, UnreadableInputIsNamedWithStatusThree) {
  write("garbage.pcap", "this is no capture at all, just some words");
  write("empty.pcap", "");
  std::filesystem::create_directory(file("folder.pcap"));
  for (const char* const name : {"garbage.pcap", "empty.pcap", "folder.pcap", "missing.pcap"}) {
    const CommandResult result = rssnic({"run", file(name).string()});
    EXPECT_EQ(result.status, 3) << name << "\n" << result.err;
    EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
  }
}

TEST_F(Usage, ATruncatedCaptureGivesItsGoodRecordsFirst) {
  const std::string whole = read_text(bundled("icmp.pcap"));
  write("cut.pcap", whole.substr(0, whole.size() - 5));
  const CommandResult result = rssnic({"run", file("cut.pcap").string(), "--csv", file("rows").string()});
  EXPECT_EQ(result.status, 3);
  EXPECT_NE(result.err.find("cut.pcap"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("319"), std::string::npos) << "names the last good record: " << result.err;
  const std::string csv = read_text(file("rows"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 319);
}

TEST_F(Usage, ADamagedFileDoesNotKeepTheOthersFromBeingPlayed) {
  write("garbage.pcap", "nothing");
  const CommandResult result =
      rssnic({"run", file("garbage.pcap").string(), bundled("icmp.pcap"), "--csv", file("rows").string()});
  EXPECT_EQ(result.status, 3);
  const std::string csv = read_text(file("rows"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 320);
}

TEST_F(Usage, ACaptureWithoutPacketsIsFineButWarnedOf) {
  write("none.pcap", std::string(kPcapHeader, 24));
  const CommandResult result = rssnic({"run", file("none.pcap").string()});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.err.find("warning: there was no packet"), std::string::npos) << result.err;
}

TEST_F(Usage, AnOutputFileThatCannotBeWrittenIsNamed) {
  for (const char* const option : {"--csv", "--json"}) {
    const CommandResult result = rssnic({"run", bundled("icmp.pcap"), option, file("no/such/folder").string()});
    EXPECT_EQ(result.status, 3);
    EXPECT_NE(result.err.find("no/such/folder"), std::string::npos) << result.err;
  }
}

TEST_F(Usage, AFullDiskIsReported) {
  if (!std::filesystem::exists("/dev/full")) return;
  for (const char* const option : {"--csv", "--json", "--junit"}) {
    const CommandResult result = rssnic({"run", bundled("icmp.pcap"), option, "/dev/full"});
    EXPECT_EQ(result.status, 3) << option;
    EXPECT_NE(result.err.find("/dev/full"), std::string::npos) << result.err;
    EXPECT_NE(result.out.find("received"), std::string::npos) << "the table is printed all the same";
  }
}

TEST_F(Usage, HashPrintsMicrosoftsVectors) {
  EXPECT_EQ(
      rssnic({"hash", "--src", "66.9.149.187", "--dst", "161.142.100.80", "--sport", "2794", "--dport", "1766"}).out,
      "ipv4         323e8fc2\nipv4 + ports 51ccc178\n");
  EXPECT_EQ(rssnic({"hash", "--src", "3ffe:2501:200:1fff::7", "--dst", "3ffe:2501:200:3::1", "--sport", "2794",
                    "--dport", "1766"})
                .out,
            "ipv6         2cc18cd5\nipv6 + ports 40207d3d\n");
  EXPECT_EQ(rssnic({"hash", "--src", "66.9.149.187", "--dst", "161.142.100.80"}).out, "ipv4         323e8fc2\n");
}

TEST_F(Usage, AnOutputNeverDestroysAnInputOrAnotherOutput) {
  const std::string whole = read_text(bundled("icmp.pcap"));
  write("in.pcap", whole);
  for (const char* const option : {"--csv", "--json"}) {
    const CommandResult result = rssnic({"run", option, file("in.pcap").string(), file("in.pcap").string()});
    EXPECT_EQ(result.status, 2);
    EXPECT_NE(result.err.find("in.pcap"), std::string::npos) << result.err;
    EXPECT_EQ(read_text(file("in.pcap")), whole);
  }
  EXPECT_EQ(rssnic({"run", "--csv", file("o").string(), "--json", file("o").string(), bundled("icmp.pcap")}).status, 2);
}

TEST_F(Usage, AnOptionThatWouldHaveNoEffectIsRefused) {
  const std::string capture = bundled("icmp.pcap");
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--steering", "single", "--table-size", "4"},
                                             {"--features", "-rss,-hash_report", "--hash-types", "1"},
                                             {"--features", "-ctrl_vq,-ctrl_rx,-mq,-rss", "--hash-key", "01"},
                                             {"--line-rate-gbps", "10"}}) {
    std::vector<std::string> arguments = {"run", capture};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 2) << options[0];
    EXPECT_NE(result.err.find("only with"), std::string::npos) << result.err;
  }
  EXPECT_EQ(rssnic({"run", "--capture", capture}).status, 2) << "comes with a later version";
}

TEST_F(Usage, VersionIsPrinted) { EXPECT_EQ(rssnic({"--version"}).out.substr(0, 7), "rssnic "); }

TEST_F(Usage, InfoNamesFeaturesAndSizes) {
  const CommandResult result = rssnic({"info"});
  EXPECT_EQ(result.status, 0);
  for (const char* const word : {"1af4:1041", "hash_report", "32767", "0x1ff", "40 bytes", "512"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace rssnic::test
