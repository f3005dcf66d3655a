// What the model skips (docs/timing.md): an edge at which the engine calls itself idle changes nothing in the Verilated
// pipeline, whatever traffic came before. The whole state of the Verilated class is compared, every register and
// memory.
#include <gtest/gtest.h>

#include <cstring>

#include "Vreceive_steering_direct.h"
#include "Vreceive_steering_direct___024root.h"
#include "model/steering/rtl_engine.h"
#include "tb/unit/steering/engine_driver.h"

namespace rssnic::test {
namespace {

using State = std::vector<std::uint8_t>;

// As the engine's trace it sees the pipeline: at the last edge, when its inputs had settled and the clock was low.
class StateTrace : public NoTrace {
 public:
  StateTrace(Vreceive_steering_direct& pipeline, const Cycle& edge)
      : NoTrace(pipeline, edge), pipeline_(pipeline), state_(sizeof *pipeline.rootp) {}
  void low(bool /*taken*/, bool /*given*/) {
    std::memcpy(state_.data(), static_cast<const void*>(pipeline_.rootp), state_.size());
  }
  const State& before_edge() const { return state_; }

 private:
  Vreceive_steering_direct& pipeline_;
  State state_;
};

using Engine = RtlEngine<Vreceive_steering_direct, StateTrace>;

// Frames of all kinds with gaps and stalls, configurations, resets. Calls `idle` each time the engine becomes idle.
template <typename OnIdle>
void drive(Engine& engine, std::uint32_t seed, const OnIdle& idle) {
  RandomFrames random(seed);
  FrameOffers offers;
  for (int burst = 0; burst < 300; ++burst) {
    if (random.one_in(3)) engine.stage(random_config(random));
    if (random.one_in(10)) engine.reset();
    engine.result_space(random.one_in(4) ? 0 : 100);
    unsigned left = random.one_in(8) ? 100 : random.below(6);
    while (left > 0 || !engine.idle()) {
      if (left > 0 && random.below(4) != 0) {
        FrameBytes frame = random.damaged_frame();
        if (random.one_in(4)) frame.resize(frame.size() + random.below(1500));
        if (offers.offer(engine, static_cast<std::uint16_t>(burst), std::move(frame))) --left;
      }
      if (random.one_in(5)) engine.result_space(100);
      engine.clock_until(engine.edge() + 1);
    }
    idle();
  }
}

TEST(IdleEdge, ChangesNoRegisterAndNoMemory) {
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Engine engine;
    drive(engine, seed, [&engine] {
      engine.clock_until(engine.edge() + 1);
      const State before = engine.trace().before_edge();
      for (int edges = 1; edges < 40; ++edges) {
        engine.clock_until(engine.edge() + 1);
        ASSERT_TRUE(engine.trace().before_edge() == before) << "after " << edges << " idle edges";
      }
    });
  }
}

TEST(IdleEdge, IsNotOneAtWhichSomethingIsOnItsWay) {
  Engine engine;
  engine.result_space(10);
  const FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).bytes();
  ASSERT_TRUE(engine.offer(1, view(frame)));
  unsigned changes = 0;
  while (!engine.idle()) {
    const State before = engine.trace().before_edge();
    engine.clock_until(engine.edge() + 1);
    changes += engine.trace().before_edge() != before;
  }
  EXPECT_GE(changes, 19u);
}

}  // namespace
}  // namespace rssnic::test
