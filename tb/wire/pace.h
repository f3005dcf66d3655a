// When frames come in: how the sources of this folder turn sizes and capture times into cycles of the core clock.
#pragma once
#include <cstddef>
#include <cstdint>

#include "model/sim/calendar.h"

namespace rssnic {

enum class Pace : std::uint8_t {
  back_to_back,  // as fast as the card takes them; nothing is lost
  recorded,      // at the capture's time stamps; the line does not wait
  line_rate,     // without a gap at a given bit rate; the line does not wait
};

// Arrivals are never later than this, whatever time stamps a capture claims: sums of cycles stay within 64 bits.
constexpr Cycle kLatestArrival = Cycle{1} << 62;

// A pause between two recorded frames is played as this long at most: captures that were merged hold years of silence.
constexpr std::uint64_t kLongestPauseNs = 10'000'000'000;

// Throws std::invalid_argument unless lowest <= value <= highest (which NaN is not).
void check_range(const char* what, double value, double lowest, double highest);
void check_clock(double clock_mhz);

Cycle cycles_of_ns(double nanoseconds, double clock_mhz);  // to the nearest cycle
double ns_of_cycle(Cycle cycle, double clock_mhz);

// A line on which frame follows frame: preamble and delimiter 8, the frame (padded to 60), FCS 4, gap 12 (IEEE 802.3).
class LineRate {
 public:
  LineRate(double gbps, double clock_mhz);
  // Sends one more frame; the cycle at whose start all of it is in.
  Cycle send(std::size_t frame_bytes);

 private:
  const double gbps_;
  const double clock_mhz_;
  std::uint64_t bytes_ = 0;
};

}  // namespace rssnic
