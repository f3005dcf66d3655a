#include "tb/bench/report.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tb/bench/raw_pipeline.h"

namespace rssnic::bench {
namespace {

using nlohmann::ordered_json;

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

// What was not measured is null.
ordered_json keys_of(const LoadFigures& load) {
  ordered_json json;
  for (unsigned kind = 0; kind < kKinds; ++kind) {
    ordered_json& value = json[fmt::format("{}_packets_per_s", kKindNames[kind])];
    if (load.kinds[kind]) value = load.kinds[kind]->per_second();
  }
  const auto put_ratio = [&](const char* key, Kind of, Kind over) {
    const std::optional<double> ratio = load.ratio(of, over);
    json[key] = ratio ? ordered_json(*ratio) : ordered_json();
  };
  put_ratio("rtl_over_tuple", kRtl, kTuple);
  put_ratio("card_over_rtl", kCard, kRtl);
  put_ratio("checked_over_rtl", kChecked, kRtl);
  return json;
}

std::string millions(const std::optional<Figure>& figure) {
  return figure ? fmt::format("{:.3f}", figure->per_second() / 1e6) : "-";
}
std::string two_places(const std::optional<double>& ratio) { return ratio ? fmt::format("{:.3f}", *ratio) : "-"; }

}  // namespace

std::optional<double> LoadFigures::ratio(Kind of, Kind over) const {
  if (!kinds[of] || !kinds[over]) return std::nullopt;
  return kinds[of]->per_second() / kinds[over]->per_second();
}

std::string to_table(const Figures& figures) {
  std::string out = fmt::format("{:<24}{:>10}{:>10}{:>10}{:>10}{:>11}{:>12}{:>14}\n", "million packets / CPU-s",
                                "tuple", "rtl", "card", "checked", "reference", "card/rtl", "checked/rtl");
  for (const LoadFigures& load : figures.loads) {
    out += fmt::format("{:<24}{:>10}{:>10}{:>10}{:>10}{:>11}{:>12}{:>14}\n", load.title, millions(load.kinds[kTuple]),
                       millions(load.kinds[kRtl]), millions(load.kinds[kCard]), millions(load.kinds[kChecked]),
                       millions(load.kinds[kReference]), two_places(load.ratio(kCard, kRtl)),
                       two_places(load.ratio(kChecked, kRtl)));
  }
  const ordered_json first = keys_of(figures.loads.front());
  for (const Target& target : kTargets) {
    const ordered_json& value = first[target.key];
    if (value.is_null()) continue;
    const auto text = [&](double number) {
      return target.least >= 1e6 ? fmt::format("{:.2f} M", number / 1e6) : fmt::format("{:.3f}", number);
    };
    const auto measured = value.get<double>();
    if (&target == kTargets.data()) out += fmt::format("\ntargets, {}\n", figures.loads.front().title);
    out += fmt::format("  {:<20}{:>10}  of {:>8}  {}\n", target.key, text(measured), text(target.least),
                       measured >= target.least ? "reached" : "missed");
  }
  out += fmt::format("\nbest of {}; {}", figures.repetitions, cpu_model());
  if (figures.toeplitz_per_s) {
    out += fmt::format("; calibration: {:.2f} M Toeplitz hashes a CPU-second in C++", *figures.toeplitz_per_s / 1e6);
  }
  return out + "\n";
}

std::string to_json(const Figures& figures) {
  ordered_json json = keys_of(figures.loads.front());
  json["calibration_toeplitz_per_s"] = figures.toeplitz_per_s ? ordered_json(*figures.toeplitz_per_s) : ordered_json();
  json["repetitions"] = figures.repetitions;
  for (const Target& target : kTargets) json["targets"][target.key] = target.least;
  for (const LoadFigures& load : figures.loads) {
    ordered_json& entry = json["loads"][load.key];
    entry = keys_of(load);
    entry["title"] = load.title;
    for (unsigned kind = 0; kind < kKinds; ++kind) {
      if (load.kinds[kind]) entry["packets"][kKindNames[kind]] = load.kinds[kind]->packets;
    }
  }
  json["machine"] = {{"cpu", cpu_model()},
                     {"compiler", RSSNIC_COMPILER},
                     {"build_type", RSSNIC_BUILD_TYPE},
                     {"flags", RSSNIC_CXX_FLAGS},
                     {"verilator", verilator_version()}};
  return json.dump(2) + "\n";
}

}  // namespace rssnic::bench
