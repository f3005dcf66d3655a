// A waveform as a test reads it: an FST file through fst2vcd (of the gtkwave package), only the signals asked for.
#pragma once
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rssnic::test {

// The values of one signal, as binary digits, from the time at which each begins.
class VcdSignal {
 public:
  void change(std::uint64_t time, std::string bits) {
    if (changes_.empty() || changes_.back().second != bits) changes_.emplace_back(time, std::move(bits));
  }
  const std::vector<std::pair<std::uint64_t, std::string>>& changes() const { return changes_; }

  // The value that stands at this time; 0 and "" before the first one.
  std::uint64_t number(std::uint64_t time) const {
    std::uint64_t value = 0;
    for (const char digit : bits(time)) value = value << 1 | static_cast<std::uint64_t>(digit == '1');
    return value;
  }
  std::string text(std::uint64_t time) const { return to_text(bits(time)); }

  static std::string to_text(const std::string& bits) {
    std::string text;
    const std::string padded = std::string((8 - bits.size() % 8) % 8, '0') + bits;
    for (std::size_t at = 0; at < padded.size(); at += 8) {
      const auto character = static_cast<char>(std::stoi(padded.substr(at, 8), nullptr, 2));
      if (character != '\0') text += character;
    }
    return text;
  }

 private:
  std::string bits(std::uint64_t time) const {
    std::string value;
    for (const auto& [since, bits] : changes_) {
      if (since > time) break;
      value = bits;
    }
    return value;
  }
  std::vector<std::pair<std::uint64_t, std::string>> changes_;
};

struct Vcd {
  std::string timescale;
  std::map<std::string, VcdSignal> signals;  // by name below TOP.wave_top, without the range
  std::vector<std::uint64_t> times;          // at which anything was written
  const VcdSignal& at(const std::string& name) const { return signals.at(name); }
};

// Throws when the file cannot be read or lacks one of the names.
inline Vcd read_fst(const std::string& path, const std::vector<std::string>& names) {
  std::FILE* const pipe = popen(("fst2vcd '" + path + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("fst2vcd (package gtkwave) cannot be run");
  Vcd vcd;
  std::map<std::string, std::string> wanted;  // identifier to name
  std::vector<std::string> scope;
  std::uint64_t time = 0;
  bool in_timescale = false;
  std::string line;
  for (int character = std::fgetc(pipe); character != EOF; character = std::fgetc(pipe)) {
    if (character != '\n') {
      line += static_cast<char>(character);
      continue;
    }
    std::vector<std::string> words;
    for (std::size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string::npos;) {
      const std::size_t end = std::min(line.find_first_of(" \t", at), line.size());
      words.push_back(line.substr(at, end - at));
      at = end;
    }
    line.clear();
    if (words.empty()) continue;
    if (in_timescale) vcd.timescale = words[0];
    in_timescale = words[0] == "$timescale";
    if (words[0] == "$scope") scope.push_back(words[2]);
    if (words[0] == "$upscope") scope.pop_back();
    if (words[0] == "$var") {
      std::string name;
      for (std::size_t i = 2; i < scope.size(); ++i) name += scope[i] + '.';
      name += words[4];
      for (const std::string& want : names) {
        if (scope.size() >= 2 && scope[1] == "wave_top" && name == want) {
          wanted[words[3]] = name;
          vcd.signals[name];
        }
      }
    } else if (words[0][0] == '#') {
      time = std::stoull(words[0].substr(1));
      vcd.times.push_back(time);
    } else {
      const bool vector = words.size() == 2 && words[0][0] == 'b';
      const auto found = wanted.find(vector ? words[1] : words[0].substr(1));
      if (found != wanted.end()) {
        vcd.signals[found->second].change(time, vector ? words[0].substr(1) : words[0].substr(0, 1));
      }
    }
  }
  if (pclose(pipe) != 0) throw std::runtime_error(path + ": fst2vcd (package gtkwave) cannot read it, or is missing");
  for (const std::string& name : names) {
    if (vcd.signals.count(name) == 0) throw std::runtime_error(path + " has no signal wave_top." + name);
  }
  return vcd;
}

}  // namespace rssnic::test
