// The contract of SteeringEngine, kept by both implementations.
#include "model/steering/steering_engine.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tb/unit/steering/engine_driver.h"

namespace rssnic::test {
namespace {

struct Maker {
  const char* name;
  std::unique_ptr<SteeringEngine> (*make)();
};

class SteeringEngineContract : public ::testing::TestWithParam<Maker> {
 protected:
  std::unique_ptr<SteeringEngine> engine_ = GetParam().make();
  FrameOffers offers_;

  bool offer(std::uint16_t token, FrameBytes frame) { return offers_.offer(*engine_, token, std::move(frame)); }

  // One edge; the outcome of every call is that of its last edge.
  SteeringEngine::Outcome clock() { return engine_->clock_until(engine_->edge() + 1); }

  // Results of the next `edges` edges.
  std::vector<SteerResult> results(unsigned edges) {
    std::vector<SteerResult> results;
    for (unsigned i = 0; i < edges; ++i) {
      const auto outcome = clock();
      if (outcome.decided) results.push_back(outcome.result);
    }
    return results;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, SteeringEngineContract,
                         ::testing::Values(Maker{"Rtl", make_rtl_engine}, Maker{"Reference", make_reference_engine}),
                         [](const auto& test) { return test.param.name; });

constexpr unsigned kLongEnough = 1000;  // edges for anything to leave a pipeline that is not held up

RssConfig all_types() {
  RssConfig config;
  config.hash_types = kAllHashTypes;
  config.key = kMicrosoftKey;
  config.table = {4, 5, 6, 7};
  config.unclassified_queue = 9;
  return config;
}

// Tells by hash, report and queue which configuration was at work.
RssConfig other_types() {
  RssConfig config;
  config.hash_types = hash_type_of(HashReport::ipv4);
  config.key.fill(0x5a);
  config.table = {20, 21};
  config.unclassified_queue = 30;
  return config;
}

FrameBytes tcp_frame(std::uint16_t port = 80) { return FrameBuilder().ipv4().tcp(port, 443).bytes(); }

TEST_P(SteeringEngineContract, StartsIdleAndUnconfigured) {
  EXPECT_TRUE(engine_->idle());
  EXPECT_FALSE(engine_->swapping());
  engine_->result_space(1);
  ASSERT_TRUE(offer(7, tcp_frame()));
  EXPECT_FALSE(engine_->idle());
  const auto left = results(kLongEnough);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].token, 7);
  EXPECT_EQ(decision_of(left[0]), (Decision{0, HashReport::none, 0}));
  EXPECT_TRUE(engine_->idle());
}

TEST_P(SteeringEngineContract, DecidesAsTheConfigurationSays) {
  stage_and_wait(*engine_, all_types());
  const FrameBytes classified = tcp_frame();
  const FrameBytes unclassified = FrameBuilder().ether_type(0x0806).raw(FrameBytes(28)).bytes();
  const FrameBytes empty;
  for (const FrameBytes& frame : {classified, unclassified, empty}) {
    engine_->result_space(1);
    ASSERT_TRUE(offer(1, frame));
    const auto left = results(kLongEnough);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(decision_of(left[0]), expected_decision(all_types(), frame));
  }
}

TEST_P(SteeringEngineContract, ResultsLeaveInTheOrderOfTheFrames) {
  Traffic traffic;
  traffic.stalls = true;
  traffic.seed = 5;
  for (std::uint16_t i = 0; i < 500; ++i) traffic.frames.push_back(tcp_frame(i));
  const Sent run = send(*engine_, traffic);
  ASSERT_TRUE(run.finished);
  for (std::size_t i = 0; i < run.order.size(); ++i) EXPECT_EQ(run.order[i], i);
}

TEST_P(SteeringEngineContract, TakesAFrameAClockAndLatencyIsConstant) {
  Traffic traffic;
  for (std::uint16_t i = 0; i < 100; ++i) traffic.frames.push_back(tcp_frame(i));
  const Sent run = send(*engine_, traffic);
  ASSERT_TRUE(run.finished);
  const Cycle latency = run.journeys[0].result.decided - run.journeys[0].accepted_at;
  EXPECT_GE(latency, 1u);
  for (std::size_t i = 0; i < run.journeys.size(); ++i) {
    EXPECT_EQ(run.journeys[i].accepted_at, i);
    EXPECT_EQ(run.journeys[i].result.decided, i + latency);
  }
}

TEST_P(SteeringEngineContract, OneFrameWaitsAtTheInput) {
  EXPECT_TRUE(offer(1, tcp_frame()));
  EXPECT_FALSE(offer(2, tcp_frame()));
  EXPECT_TRUE(clock().accepted);
  EXPECT_TRUE(offer(3, tcp_frame()));
}

TEST_P(SteeringEngineContract, FrameBytesAreNotNeededAfterTheLastBeat) {
  stage_and_wait(*engine_, all_types());
  engine_->result_space(1);
  FrameBytes frame = tcp_frame();
  const Decision expected = expected_decision(all_types(), frame);
  ASSERT_TRUE(engine_->offer(1, view(frame)));
  ASSERT_TRUE(clock().complete);
  std::fill(frame.begin(), frame.end(), std::uint8_t{0});
  const auto left = results(kLongEnough);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(decision_of(left[0]), expected);
}

TEST_P(SteeringEngineContract, TakesAFrameBeatByBeat) {
  engine_->result_space(1000);
  std::uint16_t token = 0;
  for (const std::size_t bytes : {0, 1, 64, 65, 128, 1514, 70000}) {
    SCOPED_TRACE(bytes);
    ASSERT_TRUE(offer(token++, FrameBytes(bytes)));
    const Cycle began = engine_->edge();
    bool complete = false;
    while (!complete) {
      EXPECT_FALSE(offer(token, tcp_frame()));
      const auto outcome = clock();
      EXPECT_EQ(outcome.accepted, engine_->edge() == began + 1);
      complete = outcome.complete;
    }
    EXPECT_EQ(engine_->edge() - began, beats_of(bytes));
  }
}

TEST_P(SteeringEngineContract, EachResultTakesOneOfTheResultSpace) {
  constexpr std::uint16_t kFrames = 200;
  engine_->result_space(3);
  std::uint16_t offered = 0;
  std::vector<SteerResult> left;
  const auto run = [&] {
    for (unsigned i = 0; i < kLongEnough; ++i) {
      if (offered < kFrames && offer(offered, tcp_frame())) ++offered;
      const auto outcome = clock();
      if (outcome.decided) left.push_back(outcome.result);
    }
  };
  run();
  EXPECT_EQ(left.size(), 3u);
  EXPECT_LT(offered, kFrames);  // the pipeline is full and stands still
  engine_->result_space(2);
  run();
  EXPECT_EQ(left.size(), 5u);
  engine_->result_space(kFrames);
  run();
  ASSERT_EQ(left.size(), kFrames);
  for (std::uint16_t i = 0; i < kFrames; ++i) EXPECT_EQ(left[i].token, i);
}

TEST_P(SteeringEngineContract, ResultLeavesAtTheFirstEdgeWithSpace) {
  ASSERT_TRUE(offer(1, tcp_frame()));
  EXPECT_TRUE(results(kLongEnough).empty());
  engine_->result_space(1);
  const Cycle edge = engine_->edge();
  const auto outcome = clock();
  ASSERT_TRUE(outcome.decided);
  EXPECT_EQ(outcome.result.decided, edge);
}

TEST_P(SteeringEngineContract, ClockUntilStopsAtTheLimitWhenNothingHappens) {
  EXPECT_FALSE(engine_->clock_until(12345).any());
  EXPECT_EQ(engine_->edge(), 12345u);
  EXPECT_FALSE(engine_->clock_until(12345).any());
  EXPECT_EQ(engine_->edge(), 12345u);
}

TEST_P(SteeringEngineContract, ClockUntilStopsAfterTheEdgeAtWhichSomethingHappened) {
  engine_->skip_to(1000);
  engine_->result_space(1);
  ASSERT_TRUE(offer(1, tcp_frame()));
  auto outcome = engine_->clock_until(5000);
  EXPECT_TRUE(outcome.accepted);
  EXPECT_FALSE(outcome.decided);
  EXPECT_EQ(engine_->edge(), 1001u);
  outcome = engine_->clock_until(5000);
  EXPECT_FALSE(outcome.accepted);
  ASSERT_TRUE(outcome.decided);
  EXPECT_EQ(outcome.result.decided, engine_->edge() - 1);
  EXPECT_LT(engine_->edge(), 5000u);
}

TEST_P(SteeringEngineContract, StepsDoNotChangeTheStamps) {
  Traffic traffic;
  for (std::uint16_t i = 0; i < 50; ++i) traffic.frames.push_back(tcp_frame(i));
  const auto stamps = [&traffic](Cycle step) {
    const auto engine = GetParam().make();
    engine->result_space(1000);
    engine->stage(all_types());
    std::vector<Cycle> seen;
    std::uint16_t offered = 0;
    while (engine->edge() < 2000) {
      const Cycle due = 300 + Cycle{3} * offered;  // of the next frame
      if (engine->edge() == due && offered < traffic.frames.size()) {
        EXPECT_TRUE(engine->offer(offered, view(traffic.frames[offered])));
        ++offered;
        continue;
      }
      const Cycle limit = engine->edge() < due ? std::min(due, engine->edge() + step) : engine->edge() + step;
      const auto outcome = engine->clock_until(limit);
      if (outcome.accepted) seen.push_back(engine->edge() - 1);
      if (outcome.swapped) seen.push_back(engine->edge() - 1);
      if (outcome.decided) seen.push_back(outcome.result.decided);
    }
    return seen;
  };
  const std::vector<Cycle> by_one = stamps(1);
  EXPECT_EQ(by_one.size(), 101u);
  EXPECT_EQ(stamps(2), by_one);
  EXPECT_EQ(stamps(64), by_one);
}

TEST_P(SteeringEngineContract, IdleEdgesMayBeSkipped) {
  const auto decided_at = [](bool skip) {
    const auto engine = GetParam().make();
    stage_and_wait(*engine, all_types());
    engine->result_space(1);
    EXPECT_TRUE(engine->idle());
    if (skip) {
      engine->skip_to(3000);
    } else {
      while (engine->edge() < 3000) engine->clock_until(engine->edge() + 1);
    }
    EXPECT_EQ(engine->edge(), 3000u);
    const FrameBytes frame = tcp_frame();
    EXPECT_TRUE(engine->offer(1, view(frame)));
    engine->clock_until(4000);
    const auto outcome = engine->clock_until(4000);
    EXPECT_TRUE(outcome.decided);
    EXPECT_EQ(decision_of(outcome.result), expected_decision(all_types(), tcp_frame()));
    return outcome.result.decided;
  };
  EXPECT_EQ(decided_at(true), decided_at(false));
}

TEST_P(SteeringEngineContract, StagingEndsInOneSwapOfTheBanks) {
  const std::uint8_t before = engine_->active_bank();
  engine_->stage(all_types());
  EXPECT_TRUE(engine_->swapping());
  EXPECT_FALSE(engine_->idle());
  EXPECT_EQ(engine_->active_bank(), before);
  unsigned swaps = 0;
  for (unsigned i = 0; i < kLongEnough; ++i) {
    const bool swapping = engine_->swapping();
    const auto outcome = clock();
    swaps += outcome.swapped ? 1 : 0;
    EXPECT_EQ(outcome.swapped, swapping && !engine_->swapping());
    EXPECT_EQ(engine_->active_bank(), engine_->swapping() ? before : before ^ 1);
  }
  EXPECT_EQ(swaps, 1u);
  EXPECT_TRUE(engine_->idle());
}

TEST_P(SteeringEngineContract, PacketsGoOnWhileAConfigurationIsStaged) {
  engine_->result_space(1000);
  engine_->stage(all_types());
  std::uint16_t offered = 0;
  while (engine_->swapping()) {
    ASSERT_TRUE(offer(offered++, tcp_frame()));
    ASSERT_TRUE(clock().accepted);
    ASSERT_LT(offered, kLongEnough);
  }
}

TEST_P(SteeringEngineContract, EachFrameIsDecidedByOneConfigurationInOrder) {
  Traffic traffic;
  for (std::uint16_t i = 0; i < 3000; ++i) traffic.frames.push_back(tcp_frame(i));
  // The second and third are staged as soon as the one before is in force, while its packets are in the pipeline.
  traffic.configurations = {{10, all_types()}, {11, other_types()}, {12, all_types()}};
  const Sent run = send(*engine_, traffic);
  expect_decided_by_configurations_in_order(run, traffic);
  EXPECT_EQ(run.journeys.back().earliest, 3u);
}

TEST_P(SteeringEngineContract, TellsOfHeadersBeyondItsBudget) {
  stage_and_wait(*engine_, all_types());
  FrameBuilder within = FrameBuilder().ipv6(), beyond = FrameBuilder().ipv6();
  for (unsigned i = 0; i < kHeaderBudget.extension_headers; ++i) within.hop_by_hop();
  for (unsigned i = 0; i <= kHeaderBudget.extension_headers; ++i) beyond.hop_by_hop();
  for (const bool over : {false, true}) {
    engine_->result_space(1);
    ASSERT_TRUE(offer(1, (over ? beyond : within).tcp(1, 2).bytes()));
    const auto left = results(kLongEnough);
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].over_budget, over);
    EXPECT_EQ(left[0].report, over ? HashReport::none : HashReport::tcpv6_ex);
  }
}

TEST_P(SteeringEngineContract, ResetLosesWhatIsInThePipeline) {
  stage_and_wait(*engine_, all_types());
  for (std::uint16_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(offer(i, tcp_frame()));
    clock();
  }
  engine_->reset();
  EXPECT_FALSE(engine_->idle());
  engine_->result_space(100);
  EXPECT_TRUE(results(kLongEnough).empty());
  EXPECT_TRUE(engine_->idle());
}

TEST_P(SteeringEngineContract, ResetLeavesBothBanksHashingNothing) {
  stage_and_wait(*engine_, all_types());
  stage_and_wait(*engine_, other_types());
  engine_->reset();
  clock();
  engine_->result_space(1);
  ASSERT_TRUE(offer(1, tcp_frame()));
  auto left = results(kLongEnough);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(decision_of(left[0]), (Decision{0, HashReport::none, 0}));

  stage_and_wait(*engine_, other_types());
  engine_->result_space(1);
  ASSERT_TRUE(offer(2, tcp_frame()));
  left = results(kLongEnough);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(decision_of(left[0]), expected_decision(other_types(), tcp_frame()));
}

TEST_P(SteeringEngineContract, ResetEndsStaging) {
  engine_->stage(all_types());
  clock();
  engine_->reset();
  clock();
  EXPECT_FALSE(engine_->swapping());
  for (unsigned i = 0; i < kLongEnough; ++i) EXPECT_FALSE(clock().swapped);
  stage_and_wait(*engine_, other_types());
  engine_->result_space(1);
  ASSERT_TRUE(offer(1, tcp_frame()));
  const auto left = results(kLongEnough);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(decision_of(left[0]), expected_decision(other_types(), tcp_frame()));
}

TEST_P(SteeringEngineContract, RefusesTablesThatNoMaskCanIndex) {
  for (const std::size_t entries : {std::size_t{0}, std::size_t{3}, std::size_t{511}, 2 * kMaxTableEntries}) {
    RssConfig config;
    config.table.assign(entries, 0);
    EXPECT_THROW(engine_->stage(config), std::invalid_argument) << entries;
    EXPECT_FALSE(engine_->swapping());
  }
}

TEST_P(SteeringEngineContract, TakesTablesOfEveryAllowedSize) {
  for (std::size_t entries = 1; entries <= kMaxTableEntries; entries *= 2) {
    SCOPED_TRACE(entries);
    const auto engine = GetParam().make();
    RssConfig config;
    config.hash_types = kAllHashTypes;
    config.key = kMicrosoftKey;
    config.table.resize(entries);
    for (std::size_t i = 0; i < entries; ++i) config.table[i] = static_cast<std::uint16_t>(1000 + i);
    stage_and_wait(*engine, config);
    Traffic traffic;
    for (std::uint16_t i = 0; i < 100; ++i) traffic.frames.push_back(FrameBuilder().ipv6().udp(i, 53).bytes());
    const Sent run = send(*engine, traffic);
    ASSERT_TRUE(run.finished);
    for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
      EXPECT_EQ(decision_of(run.journeys[i].result), expected_decision(config, traffic.frames[i]));
    }
  }
}

TEST_P(SteeringEngineContract, RefusesToStageWhileItSwaps) {
  engine_->stage(RssConfig{});
  EXPECT_THROW(engine_->stage(RssConfig{}), std::logic_error);
}

TEST_P(SteeringEngineContract, ResetDropsTheFrameAtTheInputAndTakesALaterOne) {
  const FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).bytes();
  engine_->result_space(10);
  ASSERT_TRUE(offer(1, frame));
  engine_->reset();
  ASSERT_TRUE(offer(2, frame));
  EXPECT_FALSE(engine_->clock_until(1).any());  // the reset edge takes nothing
  EXPECT_TRUE(engine_->clock_until(2).accepted);
  const auto outcome = engine_->clock_until(100);
  ASSERT_TRUE(outcome.decided);
  EXPECT_EQ(outcome.result.token, 2);
  EXPECT_TRUE(results(kLongEnough).empty());
  EXPECT_TRUE(engine_->idle());
}

TEST_P(SteeringEngineContract, SkipsOnlyForwardsAndWhileIdle) {
  engine_->skip_to(10);
  EXPECT_THROW(engine_->skip_to(9), std::logic_error);
  ASSERT_TRUE(offer(1, tcp_frame()));
  EXPECT_THROW(engine_->skip_to(20), std::logic_error);
}

}  // namespace
}  // namespace rssnic::test
