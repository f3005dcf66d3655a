#include "tb/cli/output_options.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "tb/cli/values.h"

namespace rssnic::cli {
namespace {

namespace po = boost::program_options;

// Where a path leads, links that lead to no file yet included.
std::filesystem::path destination(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel allows
  std::error_code error;
  std::filesystem::path at = std::filesystem::absolute(path, error);
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(at, error); ++links) {
    at = at.parent_path() / std::filesystem::read_symlink(at, error);
  }
  return std::filesystem::weakly_canonical(at, error);
}

bool same(const std::string& a, const std::string& b) {
  std::error_code error;
  return destination(a) == destination(b) || std::filesystem::equivalent(a, b, error);
}

// Verilator's writer removes what has the waveform's name, and that of its working file, before it begins.
void check_wave(const std::string& path) {
  const auto status = std::filesystem::status(path);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    bad_value("--wave", path, "it is no regular file; one is");
  }
  if (std::filesystem::exists(path + ".hier")) {
    bad_value("--wave", path, path + ".hier is there, which the waveform's writer would overwrite; another name is");
  }
}

}  // namespace

WaveOptions parse_wave(const po::variables_map& given, bool reference_engine) {
  WaveOptions wave;
  if (!given.count("wave")) {
    for (const char* const option : {"wave-from", "wave-to"}) {
      if (given.count(option)) throw UsageError(fmt::format("--{}: only with --wave", option));
    }
    return wave;
  }
  const auto text = [&given](const char* option) { return given[option].as<std::string>(); };
  wave.path = text("wave");
  if (reference_engine) throw UsageError("--wave: the reference engine has neither signals nor cycles to draw");
  if (wave.path.empty() || report::wave_save_path(wave.path) == wave.path) {
    bad_value("--wave", wave.path, "a name that does not end in .gtkw is (the save file takes that one)");
  }
  if (given.count("wave-from")) wave.window.from = parse_number("--wave-from", text("wave-from"), 0, kNever - 1);
  if (given.count("wave-to")) {
    wave.window.to = parse_number("--wave-to", text("wave-to"), wave.window.from, kNever - 1);
  }
  return wave;
}

void check_outputs(const po::variables_map& given, const std::vector<std::string>& options, WaveOptions& wave,
                   const std::vector<std::string>& captures) {
  std::vector<std::pair<std::string, std::string>> outputs;
  for (const std::string& option : options) {
    if (!given.count(option)) continue;
    outputs.emplace_back("--" + option, given[option].as<std::string>());
    if (outputs.back().second.empty()) bad_value("--" + option, "", "the name of a file is");
  }
  if (!wave.path.empty()) {
    check_wave(wave.path);
    if (std::filesystem::is_symlink(wave.path)) wave.path = destination(wave.path).string();
    outputs.emplace_back("--wave", wave.path);
    outputs.emplace_back("--wave", report::wave_save_path(wave.path));
  }
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    const auto& [option, path] = *output;
    for (const std::string& capture : captures) {
      if (same(path, capture)) bad_value(option, path, "it is one of the captures; another file is");
    }
    for (auto other = outputs.begin(); other != output; ++other) {
      if (same(path, other->second)) {
        bad_value(option, path, "it is the " + other->first + " file; another file is");
      }
    }
  }
}

}  // namespace rssnic::cli
