// What the reference engine promises beyond the contract that both engines keep.
#include <gtest/gtest.h>

#include "tb/unit/steering/engine_driver.h"

namespace rssnic::test {
namespace {

TEST(ReferenceEngine, StandsStillAndIdleWithoutResultSpace) {
  const auto engine = make_reference_engine();
  const FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).bytes();
  std::uint16_t token = 0;
  for (int i = 0; i < 100; ++i) {
    if (engine->offer(token, view(frame))) ++token;
    engine->clock_until(engine->edge() + 1);
  }
  EXPECT_TRUE(engine->idle());
  engine->skip_to(5000);
  engine->result_space(1);
  EXPECT_FALSE(engine->idle());
  const auto outcome = engine->clock_until(6000);
  EXPECT_TRUE(outcome.decided);
  EXPECT_TRUE(outcome.accepted);  // the frame that waited moves into the room
  EXPECT_EQ(outcome.result.decided, 5000u);
}

}  // namespace
}  // namespace rssnic::test
