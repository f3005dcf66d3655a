// rssnic run --fault: the run goes on to the last packet, the summary tells what happened, and the exit status says
// whether it was as the specification allows. With both engines, ring formats and steppings, and other options.
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

using Words = std::vector<std::string>;

class FaultCommand : public CommandBench {
 protected:
  CommandResult run(const Words& options) const {
    Words arguments = {"run",   bundled("tcp-flows-ipv4.pcap"), "--json", file("j").string(),
                       "--csv", file("rows").string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return rssnic(arguments);
  }
  nlohmann::json json() const { return nlohmann::json::parse(read_text(file("j"))); }
};

const Words kKinds = {"dma-read-error@700", "dma-write-error@700", "late-completion@700", "link-stall@3000",
                      "ring-head@3000",     "ring-loop@3000",      "no-buffers@3000",     "reset@3000"};

struct CommandSetup {
  const char* name;
  Words options;
};
class FaultCommandWith : public FaultCommand, public testing::WithParamInterface<CommandSetup> {};
INSTANTIATE_TEST_SUITE_P(
    Options, FaultCommandWith,
    testing::Values(CommandSetup{"Defaults", {}}, CommandSetup{"Reference", {"--engine", "reference"}},
                    CommandSetup{"Packed", {"--ring", "packed"}},
                    CommandSetup{"PackedReference", {"--ring", "packed", "--engine", "reference"}},
                    CommandSetup{"SmallRings", {"--ring-size", "16", "--queues", "3"}},
                    CommandSetup{"WithoutRss", {"--features", "-rss,-mq"}},
                    CommandSetup{"WithoutControlQueue", {"--features", "-rss,-mq,-ctrl_rx,-ctrl_vq"}},
                    CommandSetup{"WithoutMergeableBuffers", {"--features", "-mrg_rxbuf"}},
                    CommandSetup{"LineRate", {"--pace", "line-rate"}},
                    CommandSetup{"Recorded", {"--pace", "recorded"}}),
    [](const auto& test) { return test.param.name; });

TEST_P(FaultCommandWith, EveryKindIsSurvivedAndToldOf) {
  for (const std::string& kind : kKinds) {
    SCOPED_TRACE(kind);
    Words options = {"--fault", kind};
    options.insert(options.end(), GetParam().options.begin(), GetParam().options.end());
    const CommandResult result = run(options);
    EXPECT_EQ(result.status, 0) << result.err << result.out;
    EXPECT_EQ(result.err, "");
    const nlohmann::json summary = json();
    ASSERT_EQ(summary["faults"].size(), 1u);
    const nlohmann::json& fault = summary["faults"][0];
    EXPECT_EQ(fault["fault"], kind);
    EXPECT_EQ(fault["struck"], true);
    EXPECT_EQ(fault["as_allowed"], true);
    EXPECT_GT(fault["cycle"], 0);
    std::uint64_t lost = 0;  // dropped-fifo is the wire's, not the fault's
    for (const char* const reason : {"reset", "filter", "no-buffer"}) lost += summary["dropped"].value(reason, 0u);
    EXPECT_EQ(fault["packets_lost"], lost) << fault;
    EXPECT_EQ(summary["packets"], 12811);
    EXPECT_EQ(summary["mismatches"], 0);
    EXPECT_NE(result.out.find("\nfaults\n  " + kind), std::string::npos) << result.out;
    EXPECT_NE(result.out.find(fault["outcome"].get<std::string>()), std::string::npos) << result.out;
  }
}

TEST_F(FaultCommand, BurstAndLockstepGiveTheSameRowsAndOutcomes) {
  Words kinds = kKinds;
  kinds.push_back("ring-index@3000");
  for (const std::string& kind : kinds) {
    EXPECT_EQ(run({"--fault", kind, "--stepping", "burst"}).status, 0) << kind;
    const std::string rows = read_text(file("rows"));
    const nlohmann::json faults = json()["faults"];
    EXPECT_EQ(run({"--fault", kind, "--stepping", "lockstep"}).status, 0) << kind;
    EXPECT_EQ(read_text(file("rows")), rows) << kind;
    EXPECT_EQ(json()["faults"], faults) << kind;
  }
}

// With a fault armed the card goes through the host for every access; that must cost no cycle.
TEST_F(FaultCommand, BeforeItStrikesNothingIsDifferent) {
  ASSERT_EQ(run({}).status, 0);
  const std::string rows = read_text(file("rows"));
  for (const char* const kind : {"dma-read-error", "dma-write-error", "late-completion", "no-buffers", "reset"}) {
    const CommandResult result = run({"--fault", std::string(kind) + "@999999999"});
    EXPECT_EQ(read_text(file("rows")), rows) << kind;
    EXPECT_EQ(result.status, 1) << "it has not struck";
    EXPECT_NE(result.err.find(std::string("--fault ") + kind + "@999999999: has not struck"), std::string::npos)
        << result.err;
    EXPECT_EQ(json()["faults"][0]["struck"], false);
    EXPECT_TRUE(json()["faults"][0]["cycle"].is_null());
  }
}

TEST_F(FaultCommand, AFaultThatDoesNotComeSaysHowFarTheRunWent) {
  EXPECT_NE(run({"--fault", "reset@12812"}).err.find("12811 packets"), std::string::npos);
  EXPECT_EQ(run({"--fault", "reset@12811"}).status, 0) << "the last packet";
  const CommandResult result = run({"--fault", "dma-read-error@999999999"});
  EXPECT_NE(result.err.find("the card made "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find(" reads"), std::string::npos) << result.err;
}

TEST_F(FaultCommand, LostPacketsAreRowsOfTheCsv) {
  ASSERT_EQ(run({"--fault", "reset@3000"}).status, 0);
  const std::string rows = read_text(file("rows"));
  const auto count = [&](const std::string& word) {
    std::uint64_t found = 0;
    for (std::size_t at = rows.find(word); at != std::string::npos; at = rows.find(word, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count(",dropped-reset,"), json()["dropped"]["reset"]);
  EXPECT_EQ(count(",dropped-filter,"), json()["dropped"]["filter"]);
  EXPECT_EQ(count("\n"), 1 + 12811u);
}

TEST_F(FaultCommand, SeveralFaultsStrikeInOneRun) {
  Words options = {"--fault", "ring-index@9000", "--fault", "reset@1"};
  for (const std::string& kind : kKinds) {
    options.push_back("--fault");
    options.push_back(kind);
  }
  const CommandResult result = run(options);
  EXPECT_EQ(result.status, 0) << result.err << result.out;
  const nlohmann::json summary = json();
  ASSERT_EQ(summary["faults"].size(), kKinds.size() + 2);
  for (const auto& fault : summary["faults"]) EXPECT_EQ(fault["as_allowed"], true) << fault;
}

TEST_F(FaultCommand, AWrongFaultNamesTheValueAndWhatIsAllowed) {
  for (const char* const value : {"reset", "reset@", "reset@0", "reset@x", "reset@-1", "@5", "flood@5", ""}) {
    const CommandResult result = run({"--fault", value});
    EXPECT_EQ(result.status, 2) << value;
    EXPECT_NE(result.err.find("--fault"), std::string::npos) << result.err;
  }
  EXPECT_NE(run({"--fault", "flood@5"}).err.find("no-buffers, reset"), std::string::npos);
  const CommandResult result = run({"--ring", "packed", "--fault", "ring-index@5"});
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("packed rings have no index"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace rssnic::test
