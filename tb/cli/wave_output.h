// The waveform of a simulation as a subcommand makes it: the engine that draws, and at the end the complete file with
// its save file beside it. Without --wave it does nothing.
#pragma once
#include <memory>
#include <string>

#include "model/nic/virtio_nic.h"
#include "model/steering/waveform.h"
#include "tb/cli/output_options.h"

namespace rssnic::cli {

class WaveOutput {
 public:
  // Throws std::runtime_error when the file cannot be written. `options` outlives this.
  WaveOutput(const WaveOptions& options, double clock_mhz);

  // Once, for the card: the RTL engine, traced where a waveform is drawn, or the reference engine.
  std::unique_ptr<SteeringEngine> engine(bool reference_engine);
  // Null: nothing is drawn.
  Waveform* waveform() const { return waveform_; }

  // Completes the files; they show the way of `shown` at first. `now`: the card's cycle. What went wrong; empty:
  // nothing.
  [[nodiscard]] std::string finish(const check::PacketRow& shown, Cycle now);
  bool empty() const { return waveform_->points() == 0; }

 private:
  const WaveOptions& options_;
  const std::uint64_t period_ps_;
  std::unique_ptr<SteeringEngine> traced_;  // until it is handed over
  Waveform* waveform_ = nullptr;
};

// "F, cycles 5 to 9, 1.2 MB; to open it: gtkwave F.gtkw"
std::string describe_wave(const std::string& path, const report::WaveWindow& window);

}  // namespace rssnic::cli
