#include "tb/cli/wave_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tb/report/output_file.h"

namespace rssnic::cli {

WaveOutput::WaveOutput(const WaveOptions& options, double clock_mhz)
    : options_(options), period_ps_(VirtioNic::period_ps(clock_mhz)) {
  if (options.path.empty() || options.on_mismatch) return;
  report::check_room_for_wave(options.path);
  WaveformOptions waveform;
  waveform.path = options.path;
  waveform.period_ps = period_ps_;
  waveform.from = options.window.from;
  waveform.to = options.window.to;
  TracedEngine traced = make_traced_rtl_engine(waveform);
  traced_ = std::move(traced.engine);
  waveform_ = traced.waveform;
}

std::unique_ptr<SteeringEngine> WaveOutput::engine(bool reference_engine) {
  if (traced_) return std::move(traced_);
  return reference_engine ? make_reference_engine() : make_rtl_engine();
}

std::string WaveOutput::finish(const check::PacketRow& shown, Cycle now) {
  if (waveform_ == nullptr) return {};
  waveform_->close();
  std::string error;
  if (!empty() && !report::wave_is_complete(options_.path)) {
    error = options_.path + ": cannot be written: the file is not complete, is the disk full?";
  }
  const report::WaveView view = report::view_of(shown, period_ps_, std::min(now, options_.window.to));
  const std::string save_error =
      report::write_file(report::wave_save_path(options_.path), report::wave_save_file(options_.path, view));
  return error.empty() ? save_error : error;
}

std::string describe_wave(const std::string& path, const report::WaveWindow& window) {
  const std::string cycles = window.from == 0 && window.to == kNever ? "all cycles"
                             : window.to == kNever                   ? fmt::format("from cycle {} on", window.from)
                                                   : fmt::format("cycles {} to {}", window.from, window.to);
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return fmt::format("{}, {}, {:.1f} MB; to open it: gtkwave {}", path, cycles,
                     error ? 0 : static_cast<double>(bytes) / 1e6, report::wave_save_path(path));
}

}  // namespace rssnic::cli
