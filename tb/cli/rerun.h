// A run once more, for its waveform only: --wave-on-mismatch. A run is determined by its options and captures, so what
// differed the first time differs at the same cycles the second time.
#pragma once
#include <string>
#include <vector>

#include "tb/report/wave_save_file.h"

namespace rssnic::cli {

// The arguments of the second run: those of the first without its outputs and expectations, and with the window.
std::vector<std::string> rerun_arguments(const std::vector<std::string>& arguments, const report::WaveWindow& window);

// Runs the `run` command of this program with these arguments in a process of its own; what it prints is discarded.
// Returns its exit status, 127 when it cannot be run, or 128 + the number of the signal that ended it. Throws
// std::system_error when there can be no other process.
int run_again(const std::vector<std::string>& arguments, const char* program = "/proc/self/exe");

}  // namespace rssnic::cli
