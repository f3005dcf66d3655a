// The Verilated pipeline against the reference engine: random frames, keys, tables and sets of types, with gaps, lack
// of result space and configuration swaps in mid-stream. The engines differ in latency and in when a swap takes effect,
// so with swaps each result is held against the configurations that were in force while its engine had the frame.
#include <gtest/gtest.h>

#include "tb/unit/steering/engine_driver.h"

namespace rssnic::test {
namespace {

class RtlAgainstReference : public ::testing::TestWithParam<std::uint32_t> {};

INSTANTIATE_TEST_SUITE_P(Seeds, RtlAgainstReference, ::testing::Range(1u, 13u));

Traffic random_traffic(RandomFrames& random, std::size_t frames, std::uint32_t seed) {
  Traffic traffic;
  traffic.seed = seed;
  for (std::size_t i = 0; i < frames; ++i) traffic.frames.push_back(random.damaged_frame());
  return traffic;
}

TEST_P(RtlAgainstReference, SameDecisionForEveryFrameOfOneConfiguration) {
  SCOPED_TRACE(::testing::Message() << "seed " << GetParam());
  RandomFrames random(GetParam());
  const RssConfig config = random_config(random);
  Traffic traffic = random_traffic(random, 3000, GetParam());
  traffic.stalls = GetParam() % 2 == 0;
  const auto rtl = make_rtl_engine();
  const auto reference = make_reference_engine();
  stage_and_wait(*rtl, config);
  stage_and_wait(*reference, config);
  const Sent by_rtl = send(*rtl, traffic);
  const Sent by_reference = send(*reference, traffic);
  ASSERT_TRUE(by_rtl.finished);
  ASSERT_TRUE(by_reference.finished);
  EXPECT_EQ(by_rtl.order, by_reference.order);
  for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
    ASSERT_EQ(decision_of(by_rtl.journeys[i].result), decision_of(by_reference.journeys[i].result)) << "frame " << i;
  }
}

TEST_P(RtlAgainstReference, EachFrameUnderOneConfigurationOfItsTime) {
  SCOPED_TRACE(::testing::Message() << "seed " << GetParam());
  RandomFrames random(GetParam() + 1000);
  Traffic traffic = random_traffic(random, 6000, GetParam());
  traffic.stalls = GetParam() % 2 == 0;
  for (std::size_t i = 0; i < 12; ++i) traffic.configurations[random.below(5000)] = random_config(random);
  const auto rtl = make_rtl_engine();
  const auto reference = make_reference_engine();
  const Sent by_rtl = send(*rtl, traffic);
  const Sent by_reference = send(*reference, traffic);
  {
    SCOPED_TRACE("RTL");
    expect_decided_by_configurations_in_order(by_rtl, traffic);
  }
  {
    SCOPED_TRACE("reference");
    expect_decided_by_configurations_in_order(by_reference, traffic);
  }
  EXPECT_EQ(by_rtl.in_force.size(), traffic.configurations.size() + 1);
  EXPECT_EQ(by_reference.in_force, by_rtl.in_force);
}

}  // namespace
}  // namespace rssnic::test
