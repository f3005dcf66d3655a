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

// Behind all events of its rank and of the ranks before.
void Calendar::insert(Cycle when, const Event& event) {
  Link node = free_;
  if (node != 0) {
    free_ = pool_[node].next;
    pool_[node] = event;
  } else {
    node = static_cast<Link>(pool_.size());
    pool_.push_back(event);
  }
  const Cycle position = when % kHorizon;
  Bucket& bucket = wheel_[position];
  if (bucket.first == 0) {
    bucket = {node, node};
    occupied_[position / 64] |= std::uint64_t{1} << (position % 64);
  } else if (pool_[bucket.last].rank <= event.rank) {
    pool_[bucket.last].next = node;
    bucket.last = node;
  } else {
    Link* at = &bucket.first;
    while (pool_[*at].rank <= event.rank) at = &pool_[*at].next;
    pool_[node].next = *at;
    *at = node;
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
  Bucket& bucket = wheel_[when % kHorizon];
  while (bucket.first != 0) {  // a handler may add to this very bucket, behind the event that runs
    const Link node = bucket.first;
    const Event event = pool_[node];
    bucket.first = event.next;
    pool_[node].next = free_;
    free_ = node;
    --size_;
    event.handler(event.self, event.argument);
  }
  occupied_[when % kHorizon / 64] &= ~(std::uint64_t{1} << (when % 64));
}

}  // namespace rssnic
