#include "model/net/notification_coalescing.h"

#include <algorithm>
#include <cmath>

namespace rssnic {
namespace {

// An alarm cannot be taken back. Long waits are made of several, and one that is set already serves the next wait too,
// so a queue has few of them under way whatever the driver asks for.
constexpr Cycle kLongestAlarm = Cycle{1} << 24;

}  // namespace

void NotificationCoalescing::set(const CoalescingParameters& parameters) {
  parameters_ = parameters;
  if (held_ == 0) return;
  if (!holds_back() || held_ >= parameters_.max_packets || deadline() <= services_.calendar.now()) {
    tell();
  } else {
    arm();
  }
}

bool NotificationCoalescing::count(std::size_t packets) {
  if (held_ == 0) first_ = services_.calendar.now();
  held_ += packets;
  if (held_ >= parameters_.max_packets) {
    held_ = 0;
    return true;
  }
  arm();
  return false;
}

Cycle NotificationCoalescing::deadline() const {
  return first_ + static_cast<Cycle>(std::ceil(parameters_.max_usecs * services_.parameters.pcie.clock_mhz));
}

void NotificationCoalescing::arm() {
  const Cycle when = std::min(deadline(), services_.calendar.now() + kLongestAlarm);
  if (alarm_at_ <= when) return;  // on_alarm() looks again
  alarm_at_ = when;
  alarm_ = host_.set_alarm(queue_, when);
}

bool NotificationCoalescing::on_alarm(std::uint64_t alarm) {
  if (alarm != alarm_) return false;
  alarm_ = 0;
  alarm_at_ = kNever;
  if (held_ > 0) deadline() <= services_.calendar.now() ? tell() : arm();
  return true;
}

void NotificationCoalescing::hurry() {
  if (held_ > 0) tell();
}

void NotificationCoalescing::tell() {
  held_ = 0;
  engine_.notify();
}

}  // namespace rssnic
