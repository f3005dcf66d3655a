// rssnic run through its command line: the report, CSV, JSON, exit status, equal stamps in both steppings, and the
// captures with known results.
#include <nlohmann/json.hpp>
#include <set>

#include "tb/unit/cli/command_bench.h"
#include "tb/unit/frame_builder.h"
#include "tb/unit/wire/capture_builder.h"

namespace rssnic::test {
namespace {

using RunCommand = CommandBench;

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::stringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::stringstream cells(line + ",");
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

TEST_F(RunCommand, FramesAboveTheMtuTakeTheirTimeAndAreDropped) {
  const CommandResult result = rssnic({"run", "--features", "+mtu", bundled("bulk-super-frames.pcap")});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("dropped-oversize"), std::string::npos) << result.out;
}

TEST_F(RunCommand, BundledCapturesPassAndTheTableSaysSo) {
  std::vector<std::string> arguments = {"run"};
  for (const auto& entry : std::filesystem::directory_iterator(RSSNIC_SOURCE_DIR "/traces")) {
    if (entry.path().extension() == ".pcap") arguments.push_back(entry.path().string());
  }
  const CommandResult result = rssnic(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  for (const char* const word : {"packets", "delivered", "mismatches", "queues", "hash reports", "pipeline", "cycles",
                                 "Mpps", "Gb/s", "p50", "p99", "stalls", "simulation"}) {
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
  }
}

TEST_F(RunCommand, BurstAndLockstepGiveTheSameRowsOverAllBundledCaptures) {
  for (const auto& entry : std::filesystem::directory_iterator(RSSNIC_SOURCE_DIR "/traces")) {
    if (entry.path().extension() != ".pcap") continue;
    for (const char* const pace : {"back-to-back", "recorded", "line-rate"}) {
      const std::string capture = entry.path().string();
      const auto run = [&](const std::string& stepping) {
        const CommandResult result =
            rssnic({"run", capture, "--max-packets", "2000", "--pace", pace, "--stepping", stepping, "--csv",
                    file(stepping).string(), "--json", file(stepping + ".json").string()});
        EXPECT_EQ(result.status, 0) << capture << " " << pace << "\n" << result.err << result.out;
        return nlohmann::json::parse(read_text(file(stepping + ".json")))["pipeline"];
      };
      EXPECT_EQ(run("burst"), run("lockstep")) << capture << " " << pace;
      EXPECT_EQ(read_text(file("burst")), read_text(file("lockstep"))) << capture << " " << pace;
    }
  }
}

TEST_F(RunCommand, CsvHasARowAPacketWithTheStatedColumns) {
  const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--repeat", "2", "--csv", file("rows").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::string csv = read_text(file("rows"));
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "file,pass,index,report,hash,queue,length,status,ingress_cycle,steer_cycle,deliver_cycle");
  const auto rows = rows_of(csv);
  ASSERT_EQ(rows.size(), 1 + 2 * 320u);
  EXPECT_EQ(rows[1][0], "icmp.pcap");
  EXPECT_EQ(rows[1][1], "1");
  EXPECT_EQ(rows[1][2], "1");
  EXPECT_EQ(rows[640][1], "2");
  EXPECT_EQ(rows[640][2], "320");
  EXPECT_EQ(rows[1][4].size(), 8u);
  EXPECT_EQ(rows[1][7], "delivered");
  EXPECT_LT(std::stoull(rows[1][8]), std::stoull(rows[1][9]));
  EXPECT_LT(std::stoull(rows[1][9]), std::stoull(rows[1][10]));
}

TEST_F(RunCommand, JsonHasTheStatedKeys) {
  ASSERT_EQ(rssnic({"run", bundled("vxlan.pcap"), "--json", file("j").string()}).status, 0);
  const auto json = nlohmann::json::parse(read_text(file("j")));
  for (const char* const key : {"packets", "delivered", "skipped", "dropped", "mismatches", "queues", "reports"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const char* const key : {"cycles", "packets_per_cycle", "mpps", "gbps", "latency_cycles", "stalls"}) {
    EXPECT_TRUE(json["pipeline"].contains(key)) << key;
  }
  for (const char* const key : {"p50", "p99", "max"})
    EXPECT_TRUE(json["pipeline"]["latency_cycles"].contains(key)) << key;
  for (const char* const key : {"cpu_s", "wall_s", "packets_per_s", "cycles_per_s"}) {
    EXPECT_TRUE(json["simulation"].contains(key)) << key;
  }
  EXPECT_EQ(json["packets"], 1177);
  EXPECT_EQ(json["queues"].size(), 4u);
}

TEST_F(RunCommand, TheReferenceEngineDecidesTheSameAndHasNoCycles) {
  ASSERT_EQ(rssnic({"run", bundled("mixed-ipv6.pcap"), "--csv", file("rtl").string()}).status, 0);
  ASSERT_EQ(rssnic({"run", bundled("mixed-ipv6.pcap"), "--engine", "reference", "--csv", file("ref").string()}).status,
            0);
  const auto rtl = rows_of(read_text(file("rtl")));
  const auto reference = rows_of(read_text(file("ref")));
  ASSERT_EQ(rtl.size(), reference.size());
  for (std::size_t i = 1; i < rtl.size(); ++i) {
    for (std::size_t column = 0; column < 8; ++column) ASSERT_EQ(rtl[i][column], reference[i][column]) << i;
    for (std::size_t column = 8; column < 11; ++column) ASSERT_EQ(reference[i][column], "") << i;
  }
}

TEST_F(RunCommand, OptionsReachTheCard) {
  const auto queues_of = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"run", bundled("tcp-flows-ipv4.pcap"), "--json", file("j").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    std::set<unsigned> used;
    const auto json = nlohmann::json::parse(read_text(file("j")));
    for (const auto& queue : json["queues"]) {
      if (queue["packets"] > 0) used.insert(queue["queue"].get<unsigned>());
    }
    return used;
  };
  using Set = std::set<unsigned>;
  EXPECT_EQ(queues_of({"--steering", "single"}), Set({0}));
  EXPECT_EQ(queues_of({"--indirection-table", "3,1"}), Set({0, 1, 3})) << "0: what has no hash";
  EXPECT_EQ(queues_of({"--indirection-table", "3,1", "--unclassified-queue", "2"}), Set({1, 2, 3}));
  EXPECT_EQ(queues_of({"--hash-types", "0", "--unclassified-queue", "2"}), Set({2}));
  EXPECT_EQ(queues_of({"--queues", "1"}), Set({0}));
  EXPECT_EQ(queues_of({"--features", "-rss,-mq"}), Set({0}));
}

TEST_F(RunCommand, EveryFeatureCombinationThatTheRulesAllowPasses) {
  for (const char* const features : {"-hash_report", "-mq", "-ctrl_rx", "-mac", "-status", "+mtu", "-rss", "-rss,-mq",
                                     "-ctrl_vq,-ctrl_rx,-mq,-rss", "-ctrl_vq,-ctrl_rx,-mq,-rss,-hash_report"}) {
    const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--features", features});
    EXPECT_EQ(result.status, 0) << features << "\n" << result.err << result.out;
  }
}

TEST_F(RunCommand, PacketsOfEveryVlanComeThroughWhateverTheCardCanFilter) {
  for (const char* const features : {"+ctrl_vlan", "+ctrl_vlan,-ctrl_rx", "+ctrl_rx_extra,+guest_announce",
                                     "+ctrl_mac_addr", "+ctrl_mac_addr,-mac,-ctrl_rx"}) {
    const CommandResult result = rssnic({"run", bundled("vlan-qinq.pcap"), "--features", features});
    EXPECT_EQ(result.status, 0) << features << "\n" << result.err << result.out;
  }
}

TEST_F(RunCommand, WithoutRssTheHashReportSaysTheSame) {
  const auto columns = [&](const std::vector<std::string>& options) {  // report and hash
    std::vector<std::string> arguments = {"run", bundled("mixed-ipv6.pcap"), "--csv", file("rows").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 0) << result.err << result.out;
    std::vector<std::string> values;
    for (const auto& row : rows_of(read_text(file("rows")))) values.push_back(row.at(3) + " " + row.at(4));
    return values;
  };
  const std::vector<std::string> options = {
      "--hash-types", "tcpv6,ipv6", "--hash-key",
      "0123456789abcdef0f1e2d3c4b5a69788796a5b4c3d2e1f0123456789abcdef00112233445566778"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), options.begin(), options.end());
    return columns(more);
  };
  const auto steered = with({});
  EXPECT_GT(std::set<std::string>(steered.begin(), steered.end()).size(), 100u);
  EXPECT_EQ(with({"--steering", "single"}), steered);
  EXPECT_EQ(with({"--features", "-rss"}), steered);
  EXPECT_EQ(with({"--features", "-rss,-mq", "--ring", "packed"}), steered);
  EXPECT_EQ(columns({"--features", "-rss"}), columns({})) << "by default all types and the usual key";
}

TEST_F(RunCommand, PackedRingsOfAnySizePassAndSoDoBuffersOfAnyNumberOfParts) {
  for (const char* const features : {"+mrg_rxbuf", "-mrg_rxbuf", "-indirect_desc", "-mrg_rxbuf,-indirect_desc"}) {
    for (const char* const size : {"1", "2", "3", "37", "1000"}) {
      const CommandResult result = rssnic({"run", bundled("bulk-super-frames.pcap"), bundled("icmp.pcap"), "--ring",
                                           "packed", "--ring-size", size, "--features", features});
      EXPECT_EQ(result.status, 0) << features << " " << size << "\n" << result.err << result.out;
    }
    for (const char* const parts : {"1", "2", "5", "16"}) {
      for (const char* const ring : {"split", "packed"}) {
        const CommandResult result = rssnic({"run", bundled("bulk-super-frames.pcap"), bundled("icmp.pcap"), "--ring",
                                             ring, "--buffer-segments", parts, "--features", features});
        EXPECT_EQ(result.status, 0) << features << " " << parts << " " << ring << "\n" << result.err << result.out;
      }
    }
  }
}

TEST_F(RunCommand, QueueCountsFromOneTo256Pass) {
  for (const char* const queues : {"1", "2", "3", "16", "64", "256"}) {
    const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--queues", queues, "--ring-size", "64"});
    EXPECT_EQ(result.status, 0) << queues << "\n" << result.err << result.out;
  }
}

TEST_F(RunCommand, SuperFramesPassThroughRingsOfAnySize) {
  for (const char* const ring : {"1", "2", "16", "256", "4096"}) {
    const CommandResult result = rssnic({"run", bundled("bulk-super-frames.pcap"), "--ring-size", ring});
    EXPECT_EQ(result.status, 0) << ring << "\n" << result.err << result.out;
  }
}

TEST_F(RunCommand, ClockAndLinkSetThePace) {
  const auto pipeline = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments = {"run", bundled("tcp-flows-ipv4.pcap"), "--json", file("j").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    EXPECT_EQ(rssnic(arguments).status, 0);
    return nlohmann::json::parse(read_text(file("j")))["pipeline"];
  };
  const auto fast = pipeline({});
  const auto narrow = pipeline({"--pcie", "3x4"});
  EXPECT_GT(narrow["cycles"], fast["cycles"]);
  EXPECT_GT(narrow["stalls"]["packet_buffer"], 0);
  EXPECT_LT(pipeline({"--clock-mhz", "100"})["mpps"], fast["mpps"]);
}

TEST_F(RunCommand, FramesThatFindTheFifoFullAreLostOnlyWhenTheWireDoesNotWait) {
  const CommandResult result = rssnic({"run", bundled("tcp-flows-ipv4.pcap"), "--pace", "line-rate", "--line-rate-gbps",
                                       "800", "--pcie", "2x4", "--json", file("j").string()});
  EXPECT_EQ(result.status, 0) << result.err << result.out;
  const auto json = nlohmann::json::parse(read_text(file("j")));
  EXPECT_GT(json["dropped"]["fifo"], 0);
  EXPECT_EQ(json["delivered"].get<int>() + json["dropped"]["fifo"].get<int>(), 12811);
}

TEST_F(RunCommand, NothingIsLostBackToBackHoweverSlowTheLinkAndSmallTheRing) {
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
           {"--ring-size", "64", "--pcie", "1x1", bundled("bulk-super-frames.pcap")},
           {"--ring-size", "8", "--clock-mhz", "10000", "--pcie", "1x1", bundled("icmp.pcap")},
           {"--queues", "1500", "--ring-size", "16", bundled("icmp.pcap")}}) {
    std::vector<std::string> arguments = {"run"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 0) << options[1] << "\n" << result.err << result.out;
  }
}

TEST_F(RunCommand, AnExpectationThatIsMissedExitsWithOne) {
  EXPECT_EQ(rssnic({"run", bundled("icmp.pcap"), "--expect-mpps", "1"}).status, 0);
  const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--expect-mpps", "100000"});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.err.find("--expect-mpps"), std::string::npos);
}

TEST_F(RunCommand, ProgressIsSilentWithoutATerminal) {
  EXPECT_EQ(rssnic({"run", bundled("tcp-flows-ipv4.pcap"), "--repeat", "20"}).err, "");
}

// ---- captures with known results

TEST_F(RunCommand, HeadersBeyondTheBudgetAreCountedAndUnclassified) {
  PcapBytes capture;
  for (const unsigned extension_headers : {4u, 5u, 6u}) {
    FrameBuilder builder = FrameBuilder().ipv6();
    for (unsigned i = 0; i < extension_headers; ++i) builder.hop_by_hop();
    const FrameBytes frame = builder.tcp(1, 2).bytes();
    capture.record({frame.begin(), frame.end()});
  }
  write("chains.pcap", capture.bytes());
  for (const char* const engine : {"rtl", "reference"}) {
    SCOPED_TRACE(engine);
    const CommandResult result = rssnic({"run", "--engine", engine, "--csv", file("rows").string(), "--json",
                                         file("summary").string(), file("chains.pcap").string()});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.out.find("headers over budget"), std::string::npos) << result.out;
    EXPECT_EQ(nlohmann::json::parse(read_text(file("summary")))["over_budget"], 2);
    const std::string rows = read_text(file("rows"));
    EXPECT_NE(rows.find("chains.pcap,1,1,8,"), std::string::npos) << rows;  // tcpv6_ex
    EXPECT_NE(rows.find("chains.pcap,1,2,0,00000000,0,"), std::string::npos) << rows;
    EXPECT_NE(rows.find("chains.pcap,1,3,0,00000000,0,"), std::string::npos) << rows;
  }
}

TEST_F(RunCommand, RealCapturesAgreeRowByRow) {
  const char* const folder = std::getenv("RSSNIC_EXTRA_TRACES");
  if (folder == nullptr) {
    std::printf("RSSNIC_EXTRA_TRACES is not set: 0 captures compared\n");
    return;
  }
  unsigned captures = 0;
  std::uint64_t rows = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".pcap" && extension != ".pcapng") continue;
    const auto expected_file = std::filesystem::path(folder) / "expected" / (entry.path().filename().string() + ".csv");
    ASSERT_TRUE(std::filesystem::exists(expected_file)) << expected_file;
    const CommandResult result = rssnic({"run", entry.path().string(), "--csv", file("rows").string()});
    ASSERT_EQ(result.status, 0) << entry.path() << "\n" << result.err << result.out;
    const auto expected = rows_of(read_text(expected_file));
    const auto actual = rows_of(read_text(file("rows")));
    ASSERT_EQ(actual.size(), expected.size()) << entry.path();
    for (std::size_t i = 1; i < expected.size(); ++i) {  // index, report, hash, queue, length
      for (std::size_t column = 0; column < 5; ++column) {
        ASSERT_EQ(actual[i][column + 2], expected[i][column])
            << entry.path() << " row " << i << ", " << expected[0][column];
      }
    }
    EXPECT_EQ(rssnic({"run", entry.path().string(), "--pace", "recorded"}).status, 0) << entry.path();
    ++captures;
    rows += expected.size() - 1;
  }
  std::printf("%u captures compared, %llu rows\n", captures, static_cast<unsigned long long>(rows));
  EXPECT_GT(captures, 0u);
}

}  // namespace
}  // namespace rssnic::test
