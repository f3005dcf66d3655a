// What split and packed virtqueues share: the line of buffers that are known and not popped, chains under construction
// and their faults, indirect tables, the arming of doorbells, and the rule of event indices (virtio 1.4, 2.7.7.2,
// 2.7.10, 2.8.10). The formats add where things lie and how a buffer becomes visible.
//
// Memory grows with the buffers in flight, not with the queue size; once grown, only chains of more segments than a
// Chain holds inline allocate.
#pragma once
#include <algorithm>
#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "model/virtio/virtqueue.h"

namespace rssnic {

// Both formats number these flags alike.
constexpr unsigned VIRTQ_DESC_F_NEXT = 1;
constexpr unsigned VIRTQ_DESC_F_WRITE = 2;
constexpr unsigned VIRTQ_DESC_F_INDIRECT = 4;
constexpr unsigned kDescriptorBytes = 16;

// One element of a chain, wherever it lay.
struct Descriptor {
  Segment segment;
  unsigned flags = 0;
  std::uint16_t next = 0;  // with NEXT: position of the next one
};

// Whether an event position lies among the last `advanced` positions before `next`, in free-running 16-bit arithmetic.
constexpr bool need_event(std::uint16_t event, std::uint16_t next, std::uint64_t advanced) {
  return static_cast<std::uint16_t>(next - event - 1) < advanced;
}

template <class T>
T& append(boost::circular_buffer<T>& ring) {
  if (ring.full()) ring.set_capacity(std::max<std::size_t>(16, 2 * ring.capacity()));
  ring.push_back(T{});
  return ring.back();
}

class VirtqueueBase : public Virtqueue {
 public:
  void kick() final { kicked_ = true; }
  std::size_t chains_ready() const final { return fault_ == RingFault::none ? ready_ : 0; }
  const Chain& chain(std::size_t index) const final;
  const Chain& pop() final;
  bool drained() const final { return fault_ != RingFault::none || (exhausted() && !kicked_ && outstanding_ == 0); }
  RingFault fault() const final { return fault_; }
  // The first fault stands.
  void fail(RingFault fault) final {
    if (fault_ == RingFault::none) fault_ = fault;
  }

 protected:
  // A buffer that is known and not popped. Buffers are numbered freely in 16 bits, in the order of the ring.
  struct Buffer {
    Chain chain;
    std::uint64_t bytes = 0;
    std::uint64_t table = 0;          // indirect table that is being walked
    std::uint16_t table_entries = 0;  // 0: not in a table
    std::uint16_t next = 0;           // descriptor to be fetched, or in flight: in the indirect table or the ring's
    std::uint16_t descriptors = 0;    // taken so far
    bool writable_seen = false;
    bool complete = false;
  };

  // When the ring is to be looked at without a kick.
  enum class Watch : std::uint8_t {
    quiet,  // never: the driver notifies when it makes the next buffer available
    look,   // when everything known has been asked for and more is wanted
    tell    // once the driver has been told to notify
  };

  VirtqueueBase(unsigned size, const QueueAddresses& addresses, const RingOptions& options)
      : size_(size), addresses_(addresses), options_(options) {}

  Fetch hand_out(const Fetch& fetch) {
    ++outstanding_;
    return fetch;
  }

  // ---- chains under construction
  std::size_t unpopped() const { return unpopped_; }
  std::uint16_t next_number() const { return static_cast<std::uint16_t>(popped_ + unpopped_); }
  Buffer& buffer_at(std::size_t number) { return buffers_[number & (buffers_.size() - 1)]; }
  const Buffer& buffer_at(std::size_t number) const { return buffers_[number & (buffers_.size() - 1)]; }
  // An empty one, behind the others.
  Buffer& add_buffer();
  // Adds an element to a chain; `entries` is the size of the table that `next` points into. An INDIRECT one begins a
  // table: the buffer then wants a table_fetch().
  RingFault take(Buffer& buffer, const Descriptor& descriptor, unsigned entries);
  Fetch table_fetch(std::uint16_t number, std::uint16_t kind);
  // Takes entries while they lie within the bytes that came; the chain may go on elsewhere in the table.
  RingFault table_fed(Buffer& buffer, ConstBytes bytes);
  // An entry of an indirect table of this format.
  virtual Descriptor table_entry(const std::uint8_t* bytes, unsigned index, unsigned entries) const = 0;
  void count_ready() {
    while (ready_ < unpopped_ && buffer_at(popped_ + ready_).complete) ++ready_;
  }

  // ---- doorbells
  // A look at the ring has ended at `position` (the format's own way to name the next buffer to come) and found nothing
  // there; `found`: but it had found something before. Without EVENT_IDX the driver notifies always.
  void look_ended(std::uint16_t position, bool found) {
    if (!options_.event_idx) {
      watch_ = Watch::quiet;
    } else if (found) {
      watch_ = Watch::look;
    } else {
      watch_ = told_ == position ? Watch::quiet : Watch::tell;
    }
  }
  // The look behind it decides whether the queue may rest.
  void tell(std::uint16_t position) {
    told_ = position;
    watch_ = Watch::look;
  }

  // ---- interrupts
  // `steps` further positions of the used ring can be seen by the driver.
  void published(std::uint64_t steps) { fresh_ += steps; }
  void sample_published() { undecided_ += std::exchange(fresh_, 0); }
  // Positions published before the last sample and not decided yet.
  std::uint64_t take_undecided() { return std::exchange(undecided_, 0); }

  const unsigned size_;
  const QueueAddresses addresses_;
  const RingOptions options_;
  RingFault fault_ = RingFault::none;
  bool kicked_ = false;  // and the look that follows has not been handed out yet
  Watch watch_ = Watch::quiet;
  unsigned outstanding_ = 0;                      // fetches handed out and not fed
  std::size_t ready_ = 0;                         // leading buffers that are complete
  std::uint16_t popped_ = 0;                      // number of the first buffer
  boost::circular_buffer<std::uint16_t> wanted_;  // numbers of buffers that wait for a descriptor or table fetch

 private:
  RingFault begin_table(Buffer& buffer, const Descriptor& descriptor) const;

  // Unpopped buffers by their numbers, modulo the size, a power of two: places are used again without being built anew.
  std::vector<Buffer> buffers_;
  std::size_t unpopped_ = 0;
  std::optional<std::uint16_t> told_;
  std::uint64_t fresh_ = 0;      // published since the last sample
  std::uint64_t undecided_ = 0;  // published before it
};

}  // namespace rssnic
