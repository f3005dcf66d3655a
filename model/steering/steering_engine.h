// A receive steering pipeline, clock by clock: frames in, a hash, a report and a queue out, in order. Two
// implementations: the Verilated RTL (which decides) and a C++ reference (which checks it, and stands in for it).
//
// The engine owns a clock of its own, edge(): the number of the next clock edge to be executed. The card runs the events
// of cycle c first, then edge c; what the engine is told before an edge acts at that edge.
#pragma once
#include <cstdint>
#include <memory>

#include "model/bytes.h"
#include "model/sim/calendar.h"
#include "model/steering/rss_config.h"

namespace rssnic {

struct SteerResult {
  std::uint16_t token = 0;
  std::uint32_t hash = 0;  // 0 with HashReport::none
  HashReport report = HashReport::none;
  std::uint16_t queue = 0;
  std::uint8_t bank = 0;  // the configuration bank that decided
  Cycle decided = 0;      // the edge at which the result left the pipeline
};

class SteeringEngine {
 public:
  virtual ~SteeringEngine() = default;

  // Puts a frame at the input, to be taken at the first edge from edge() on at which the pipeline is ready. False: a
  // frame waits there already. The frame's bytes are not needed after return. `token` comes back with the result.
  virtual bool offer(std::uint16_t token, ConstBytes frame) = 0;
  // How many results may still leave: the result side is ready while this is above 0. Each result lowers it by one.
  virtual void result_space(unsigned free_slots) = 0;
  // Writes the configuration into the bank that is not in force, one word a clock, while packets go on; then swaps the
  // banks between two packets. Only while !swapping(). The table has at most kMaxTableEntries entries.
  virtual void stage(const RssConfig& config) = 0;
  virtual bool swapping() const = 0;
  virtual std::uint8_t active_bank() const = 0;  // the bank that the next accepted frame will carry
  // The next edge is a reset edge: everything in the pipeline is lost, both banks hash nothing (types 0, queue 0).
  virtual void reset() = 0;

  // True only when an edge now would change no register: the card may then skip to a later edge.
  virtual bool idle() const = 0;
  virtual Cycle edge() const = 0;
  virtual void skip_to(Cycle edge) = 0;  // only while idle(); not before edge()

  // What one call of clock_until() saw at its last edge.
  struct Outcome {
    bool accepted = false;   // the offered frame was taken at edge() - 1
    bool decided = false;    // `result` holds what left at edge() - 1
    bool swapped = false;    // the banks were exchanged at edge() - 1
    SteerResult result;
    bool any() const { return accepted || decided || swapped; }
  };
  // Executes edges from edge() up to, not including, `limit`. Stops after the first edge at which something happened.
  virtual Outcome clock_until(Cycle limit) = 0;
};

std::unique_ptr<SteeringEngine> make_rtl_engine();
std::unique_ptr<SteeringEngine> make_reference_engine();

}  // namespace rssnic
