// Drives a steering engine in tests and says what each frame must come to: the pure function of its bytes and of the
// configuration that was in force when it was taken.
#pragma once
#include <map>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "model/packet/header_walk.h"
#include "model/steering/field_selection.h"
#include "model/steering/steering_engine.h"
#include "model/steering/toeplitz.h"
#include "tb/unit/random_frame.h"

namespace rssnic::test {

struct Decision {
  std::uint32_t hash = 0;
  HashReport report = HashReport::none;
  std::uint16_t queue = 0;
  bool operator==(const Decision& other) const {
    return hash == other.hash && report == other.report && queue == other.queue;
  }
  friend std::ostream& operator<<(std::ostream& out, const Decision& d) {
    return out << kHashReportNames[static_cast<unsigned>(d.report)] << " 0x" << std::hex << d.hash << std::dec
               << " queue " << d.queue;
  }
};

inline Decision decision_of(const SteerResult& result) { return {result.hash, result.report, result.queue}; }

inline Decision expected_decision(const RssConfig& config, const FrameBytes& frame) {
  const HashInput input =
      select_hash_input(walk_headers(view(frame), kHeaderBudget), config.hash_types, config.ex_report_always);
  if (input.report == HashReport::none) return {0, HashReport::none, config.unclassified_queue};
  const std::uint32_t hash = toeplitz(config.key, input.view());
  return {hash, input.report, config.table[hash % config.table.size()]};
}

inline RssConfig random_config(RandomFrames& random) {
  RssConfig config;
  config.hash_types = random.one_in(3) ? kAllHashTypes : random.below(kAllHashTypes + 1);
  for (std::uint8_t& byte : config.key) byte = random.byte();
  config.table.resize(std::size_t{1} << random.below(10));
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.unclassified_queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.ex_report_always = random.one_in(3);
  return config;
}

// Stages and clocks until the configuration is in force. Nothing may leave meanwhile: its result would be lost.
inline void stage_and_wait(SteeringEngine& engine, const RssConfig& config) {
  engine.stage(config);
  for (int edges = 0; engine.swapping(); ++edges) {
    if (edges == 10000) throw std::runtime_error("the staged configuration never came into force");
    engine.clock_until(engine.edge() + 1);
  }
}

// Keeps the bytes of the frame that was offered last for as long as the engine may read them.
class FrameOffers {
 public:
  bool offer(SteeringEngine& engine, std::uint16_t token, FrameBytes frame) {
    if (!engine.offer(token, view(frame))) return false;
    offered_ = std::move(frame);
    return true;
  }

 private:
  FrameBytes offered_;
};

// What became of one frame.
struct Journey {
  bool accepted = false;
  bool decided = false;
  Cycle accepted_at = 0;
  std::size_t earliest = 0, latest = 0;  // which of the configurations staged was in force when the frame began to come
                                         // in, and when its result left; 0: the one of power-on
  SteerResult result;
};

struct Traffic {
  std::vector<FrameBytes> frames;                   // token: index
  std::map<std::size_t, RssConfig> configurations;  // staged as soon as the frame of that number has been offered
  bool stalls = false;                              // random gaps at the input and shortage of result space
  std::uint32_t seed = 0;                           // of gaps and shortages
};

struct Sent {
  std::vector<Journey> journeys;
  std::vector<RssConfig> in_force{RssConfig{}};  // in the order in which they were staged
  std::vector<std::uint16_t> order;              // tokens as they left
  bool finished = false;                         // all left within the bound on edges
};

// Sends the traffic through a fresh engine.
inline Sent send(SteeringEngine& engine, const Traffic& traffic) {
  RandomFrames random(traffic.seed);
  Sent run;
  run.journeys.resize(traffic.frames.size());
  std::size_t offered = 0;
  std::size_t in_force = 0;
  auto next_configuration = traffic.configurations.begin();
  if (!traffic.stalls) engine.result_space(static_cast<unsigned>(traffic.frames.size()));
  const std::size_t most_edges = 1000 * (traffic.configurations.size() + 1) + 40 * traffic.frames.size();
  for (std::size_t i = 0; i < most_edges && (run.order.size() < traffic.frames.size() || engine.swapping()); ++i) {
    if (offered < traffic.frames.size() && (!traffic.stalls || random.below(4) != 0) &&
        engine.offer(static_cast<std::uint16_t>(offered), view(traffic.frames[offered]))) {
      ++offered;
    }
    if (traffic.stalls && random.one_in(4)) engine.result_space(random.below(8));
    if (next_configuration != traffic.configurations.end() && offered >= next_configuration->first &&
        !engine.swapping()) {
      engine.stage(next_configuration->second);
      run.in_force.push_back(next_configuration->second);
      ++next_configuration;
    }
    const SteeringEngine::Outcome outcome =
        engine.clock_until(engine.edge() + 1 + (traffic.stalls ? random.below(3) : 0));
    if (outcome.accepted) {
      Journey& journey = run.journeys[offered - 1];
      journey.accepted = true;
      journey.accepted_at = engine.edge() - 1;
      journey.earliest = in_force;  // before a swap at the same edge
    }
    if (outcome.swapped) in_force = run.in_force.size() - 1;
    if (outcome.decided && outcome.result.token < run.journeys.size()) {
      Journey& journey = run.journeys[outcome.result.token];
      journey.decided = true;
      journey.result = outcome.result;
      journey.latest = in_force;
      run.order.push_back(outcome.result.token);
    }
  }
  run.finished = run.order.size() == traffic.frames.size() && !engine.swapping();
  return run;
}

// Each frame was decided wholly by one configuration that was in force between its first beat and its result, and none
// by an older one than a frame before it.
inline void expect_decided_by_configurations_in_order(const Sent& run, const Traffic& traffic) {
  ASSERT_TRUE(run.finished);
  std::size_t configuration = 0;
  for (std::size_t i = 0; i < traffic.frames.size(); ++i) {
    SCOPED_TRACE(::testing::Message() << "frame " << i);
    const Journey& journey = run.journeys[i];
    ASSERT_TRUE(journey.accepted);
    ASSERT_EQ(run.order[i], i);
    configuration = std::max(configuration, journey.earliest);
    if (configuration % 2 != journey.result.bank) ++configuration;  // the banks take turns, from bank 0 on
    const auto due = [&] { return expected_decision(run.in_force.at(configuration), traffic.frames[i]); };
    while (configuration + 2 <= journey.latest && !(decision_of(journey.result) == due())) configuration += 2;
    ASSERT_LE(configuration, journey.latest);
    ASSERT_EQ(decision_of(journey.result), due());
  }
}

}  // namespace rssnic::test
