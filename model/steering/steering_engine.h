// A receive steering pipeline, clock by clock: frames in, a hash, a report and a queue out, in order. Two
// implementations: the Verilated RTL (which decides) and a C++ reference (which checks it, and stands in for it).
//
// The engine owns a clock of its own, edge(): the number of the next clock edge to be executed. The card runs the
// events of cycle c first, then edge c; what the engine is told before an edge acts at that edge.
#pragma once
#include <cstdint>
#include <memory>

#include "model/bytes.h"
#include "model/packet/header_walk.h"
#include "model/sim/calendar.h"
#include "model/steering/rss_config.h"

namespace rssnic {

constexpr std::size_t kBeatBytes = 64;            // the pipeline takes so much of a frame at an edge
constexpr HeaderBudget kHeaderBudget = {256, 4};  // how far it reads headers

// A frame without bytes is a beat too.
constexpr Cycle beats_of(std::size_t frame_bytes) {
  return frame_bytes == 0 ? 1 : (frame_bytes + kBeatBytes - 1) / kBeatBytes;
}

struct SteerResult {
  std::uint16_t token = 0;
  std::uint32_t hash = 0;  // 0 with HashReport::none
  HashReport report = HashReport::none;
  std::uint16_t queue = 0;
  std::uint8_t bank = 0;  // the configuration bank that decided
  bool over_budget = false;
  Cycle decided = 0;  // the edge at which the result left the pipeline
};

class SteeringEngine {
 public:
  virtual ~SteeringEngine() = default;

  // Puts a frame at the input, to be taken beat by beat from edge() on, at the edges at which the pipeline is ready.
  // False: a frame is there already. The bytes must stay as they are until the last beat was taken, or reset() or the
  // engine's end. `token` comes back with the result, which may come before the frame's last beat is taken.
  virtual bool offer(std::uint16_t token, ConstBytes frame) = 0;
  // How many results may still leave: the result side is ready while this is above 0. Each result lowers it by one.
  virtual void result_space(unsigned free_slots) = 0;
  // Writes the configuration into the bank that is not in force, one word a clock, while packets go on; then swaps the
  // banks between two packets. Only while !swapping(). The table has at most kMaxTableEntries entries.
  virtual void stage(const RssConfig& config) = 0;
  virtual bool swapping() const = 0;
  // The bank in force. A frame is decided by the one in force when its headers have been read, some edges after it came
  // in.
  virtual std::uint8_t active_bank() const = 0;
  // The next edge is a reset edge: everything in the pipeline is lost, both banks hash nothing (types 0, queue 0).
  virtual void reset() = 0;

  // True only when an edge now would change no register: the card may then skip to a later edge.
  virtual bool idle() const = 0;
  virtual Cycle edge() const = 0;
  virtual void skip_to(Cycle edge) = 0;  // only while idle(); not before edge()

  // What one call of clock_until() saw at its last edge.
  struct Outcome {
    bool accepted = false;  // the first beat of the offered frame was taken at edge() - 1
    bool complete = false;  // its last beat was
    bool decided = false;   // `result` holds what left at edge() - 1
    bool swapped = false;   // the banks were exchanged at edge() - 1
    SteerResult result;
    bool any() const { return accepted || complete || decided || swapped; }
  };
  // Executes edges from edge() up to, not including, `limit`. Stops after the first edge at which something happened.
  virtual Outcome clock_until(Cycle limit) = 0;
};

std::unique_ptr<SteeringEngine> make_rtl_engine();
std::unique_ptr<SteeringEngine> make_reference_engine();

}  // namespace rssnic
