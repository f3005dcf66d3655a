// The card's own time: events at clock cycles. Events of one cycle run in (rank, insertion) order; an event may add
// events for its own cycle (of its own rank or a later one) or for any later cycle, never for an earlier one.
// Single-threaded. Cost: near events (within kHorizon cycles) go to a wheel of lists, whose nodes are reused last in,
// first out (they stay in the cache); far ones to a heap.
#pragma once
#include <array>
#include <cstdint>
#include <queue>
#include <vector>

namespace rssnic {

using Cycle = std::uint64_t;  // core clock cycles since power-on
constexpr Cycle kNever = ~Cycle{0};

enum class Rank : std::uint8_t { link, pci, control, receive, transmit, timer };

class Calendar {
 public:
  using Handler = void (*)(void* self, std::uint64_t argument);

  Calendar();

  Cycle now() const { return now_; }
  // Adds an event; `when` is not before now(), and within the cycle that runs, `rank` not before the running rank.
  void at(Cycle when, Rank rank, void* self, Handler handler, std::uint64_t argument = 0);
  // The cycle of the earliest event; kNever when there is none. For use between cycles, not by handlers.
  Cycle next() const;
  // Moves now() to `when` and runs every event of that cycle. No event lies before `when`.
  void run_cycle(Cycle when);
  // Moves now() to `when` without running anything. No event lies before `when`.
  void skip_to(Cycle when);
  std::size_t size() const { return size_; }

 private:
  using Link = std::uint32_t;  // a node of pool_; 0: none
  struct Event {
    void* self;
    Handler handler;
    std::uint64_t argument;
    Rank rank;
    Link next = 0;  // in its bucket
  };
  struct Bucket {
    Link first = 0, last = 0;
  };
  struct FarEvent {
    Cycle when;
    std::uint64_t order;
    Event event;
    bool operator>(const FarEvent& other) const { return when != other.when ? when > other.when : order > other.order; }
  };
  static constexpr Cycle kHorizon = 1024;

  void insert(Cycle when, const Event& event);
  void bring_near();

  Cycle now_ = 0;
  std::size_t size_ = 0;
  std::uint64_t far_order_ = 0;
  std::vector<Event> pool_{1};  // pool_[0] stands for no node
  Link free_ = 0;
  std::array<Bucket, kHorizon> wheel_;
  std::array<std::uint64_t, kHorizon / 64> occupied_{};  // one bit a bucket
  std::priority_queue<FarEvent, std::vector<FarEvent>, std::greater<FarEvent>> far_;
};

}  // namespace rssnic
