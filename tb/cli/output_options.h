// Options about output files that several subcommands have: --wave, --wave-from, --wave-to, and the check that no
// output destroys an input or another output. A subcommand declares the options; they are read from what was given.
#pragma once
#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "tb/report/wave_save_file.h"

namespace rssnic::cli {

struct WaveOptions {
  std::string path;  // empty: none
  report::WaveWindow window;
  bool on_mismatch = false;  // only when a packet differs, and then by a second run
};

// Throws UsageError.
WaveOptions parse_wave(const boost::program_options::variables_map& given, bool reference_engine);

// `options` name output files (without --). A wave that is a symbolic link is followed: its writer would replace the
// link. Throws UsageError.
void check_outputs(const boost::program_options::variables_map& given, const std::vector<std::string>& options,
                   WaveOptions& wave, const std::vector<std::string>& captures);

}  // namespace rssnic::cli
