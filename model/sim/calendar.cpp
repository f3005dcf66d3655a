#include "model/sim/calendar.h"

#include <cassert>

namespace rssnic {

Calendar::Calendar() = default;

void Calendar::at(Cycle when, Rank rank, void* self, Handler handler, std::uint64_t argument) {
  assert(when >= now_);
  ++size_;
  const Event event{self, handler, argument, rank};
  if (when - now_ < kHorizon) {
    insert(when, event);
  } else {
    far_.push({when, far_order_++, event});
  }
}

void Calendar::insert(Cycle when, const Event& event) {
  const Cycle bucket = when % kHorizon;
  auto& events = wheel_[bucket];
  occupied_[bucket / 64] |= std::uint64_t{1} << (bucket % 64);
  events.push_back(event);
  for (std::size_t i = events.size() - 1; i > 0 && events[i - 1].rank > event.rank; --i) {
    std::swap(events[i - 1], events[i]);
  }
}

Cycle Calendar::next() const {
  if (size_ == 0) return kNever;
  for (Cycle offset = 0; offset < kHorizon;) {
    const Cycle bucket = (now_ + offset) % kHorizon;
    const std::uint64_t word = occupied_[bucket / 64] >> (bucket % 64);
    if (word != 0) return now_ + offset + static_cast<Cycle>(__builtin_ctzll(word));
    offset += 64 - bucket % 64;
  }
  return far_.top().when;
}

void Calendar::bring_near() {
  while (!far_.empty() && far_.top().when - now_ < kHorizon) {
    insert(far_.top().when, far_.top().event);
    far_.pop();
  }
}

void Calendar::skip_to(Cycle when) {
  assert(when >= now_);
  now_ = when;
  bring_near();
}

void Calendar::run_cycle(Cycle when) {
  skip_to(when);
  auto& events = wheel_[when % kHorizon];
  for (std::size_t i = 0; i < events.size(); ++i) {  // a handler may append to this very bucket
    const Event event = events[i];
    --size_;
    event.handler(event.self, event.argument);
  }
  events.clear();
  occupied_[when % kHorizon / 64] &= ~(std::uint64_t{1} << (when % 64));
}

}  // namespace rssnic
