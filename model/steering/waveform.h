// The waveform of a run: an FST file with the signals of the steering pipeline's RTL and, as probes beside them, what
// the rest of the card does (CardProbe), on one time axis. docs/waveforms.md tells how it reads. The traced engine does
// everything that the engine of make_rtl_engine() does, at the same cycles; only slower.
//
// Cycle c spans [c * period, (c + 1) * period): the clock falls, inputs and events of the cycle stand from its
// beginning on; the rising edge is in its middle. Several events of one kind in a cycle follow one another in its first
// half.
#pragma once
#include <memory>
#include <string>

#include "model/sim/card_probe.h"
#include "model/steering/steering_engine.h"

namespace rssnic {

struct WaveformOptions {
  std::string path;
  std::uint64_t period_ps = 4000;  // of the clock; at least 2
  Cycle from = 0, to = kNever;     // the first and the last cycle that are recorded
};

class Waveform : public CardProbe {
 public:
  // What packet observers know. `reason` is a text that lives as long as the program.
  virtual void on_deliver(std::uint64_t tag, unsigned queue) = 0;
  virtual void on_drop(std::uint64_t tag, const char* reason) = 0;
  // Ends the recording and completes the file; the destructor does so too.
  virtual void close() = 0;
  // Points in time that have been written.
  virtual std::uint64_t points() const = 0;
};

struct TracedEngine {
  std::unique_ptr<SteeringEngine> engine;
  Waveform* waveform = nullptr;  // lives as long as the engine
};

// Throws std::runtime_error naming the file when it cannot be written, and std::invalid_argument for a period below 2.
TracedEngine make_traced_rtl_engine(const WaveformOptions& options);

}  // namespace rssnic
