#include "tb/wire/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace rssnic {
namespace {

constexpr std::size_t kMinFrameBytes = 60;      // IEEE 802.3, 4A.4.2: 64 with the FCS
constexpr std::size_t kLineOverheadBytes = 24;  // preamble and delimiter 8, FCS 4, gap 12

Cycle to_cycle(double cycles) {
  return cycles < static_cast<double>(kLatestArrival) ? static_cast<Cycle>(cycles) : kLatestArrival;
}

}  // namespace

void check_range(const char* what, double value, double lowest, double highest) {
  if (value >= lowest && value <= highest) return;
  throw std::invalid_argument(fmt::format("{} {}: {} to {} is allowed", what, value, lowest, highest));
}

void check_clock(double clock_mhz) { check_range("clock frequency in MHz", clock_mhz, 0.001, 100'000); }

Cycle cycles_of_ns(double nanoseconds, double clock_mhz) {
  return to_cycle(std::round(nanoseconds * clock_mhz / 1000));
}

double ns_of_cycle(Cycle cycle, double clock_mhz) { return static_cast<double>(cycle) * 1000 / clock_mhz; }

LineRate::LineRate(double gbps, double clock_mhz) : gbps_(gbps), clock_mhz_(clock_mhz) {
  check_range("line rate in Gbit/s", gbps, 0.001, 100'000);
  check_clock(clock_mhz);
}

Cycle LineRate::send(std::size_t frame_bytes) {
  bytes_ += std::max(frame_bytes, kMinFrameBytes) + kLineOverheadBytes;
  return to_cycle(std::ceil(static_cast<double>(bytes_) * 8 * clock_mhz_ / (gbps_ * 1000)));
}

}  // namespace rssnic
