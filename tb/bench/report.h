// The figures of a benchmark run as a table for people and as JSON for programs (keys: docs/performance.md).
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace rssnic::bench {

enum Kind : unsigned { kTuple, kRtl, kCard, kChecked, kReference };
constexpr unsigned kKinds = 5;
constexpr std::array<const char*, kKinds> kKindNames = {"tuple", "rtl", "card", "checked", "reference"};

struct Figure {
  std::uint64_t packets = 0;  // of one measurement
  double best_s = 0;          // CPU time of the fastest one

  double per_second() const { return static_cast<double>(packets) / best_s; }
};

struct LoadFigures {
  std::string key;    // in JSON
  std::string title;  // in the table
  std::array<std::optional<Figure>, kKinds> kinds;

  // Speed of one over speed of another; none unless both were measured.
  std::optional<double> ratio(Kind of, Kind over) const;
};

struct Figures {
  unsigned repetitions = 0;
  std::optional<double> toeplitz_per_s;  // of the C++ function, 12 bytes of input; none: not measured
  std::vector<LoadFigures> loads;        // the first is the one with targets
};

struct Target {
  const char* key;
  double least;
};
// Of the first load, in a build for any x86-64.
constexpr std::array<Target, 5> kTargets = {{{"tuple_packets_per_s", 8e6},
                                             {"rtl_packets_per_s", 4e6},
                                             {"rtl_over_tuple", 0.5},
                                             {"card_over_rtl", 0.25},
                                             {"checked_over_rtl", 0.12}}};

std::string to_table(const Figures& figures);
std::string to_json(const Figures& figures);

}  // namespace rssnic::bench
