// The split virtqueue (virtio 1.4, 2.7) behind the Virtqueue seam.
//
// Reading: avail.idx (once a kick; one read at a time, a kick during it asks for another), ring entries, descriptors;
// chains become ready strictly in the order of the available ring. Ring entries are fetched in runs, descriptors of
// consecutive buffers together where they lie side by side in the table; the rest of a chain follows link by link.
// Writing: used entries in contiguous runs, then used.idx once for everything staged, so that what was staged together
// appears in one jump. used.flags is never written and stays 0: the driver notifies every time (2.7.10).
//
// Memory grows with the buffers in flight, not with the queue size; once grown, only chains of more segments than a
// Chain holds inline allocate. Not here: EVENT_IDX, indirect descriptors (a fault), IN_ORDER.
#include <algorithm>
#include <boost/circular_buffer.hpp>
#include <cassert>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/virtio/virtqueue.h"

namespace rssnic {
namespace {

constexpr unsigned VIRTQ_DESC_F_NEXT = 1;
constexpr unsigned VIRTQ_DESC_F_WRITE = 2;
constexpr unsigned VIRTQ_DESC_F_INDIRECT = 4;
constexpr unsigned VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

constexpr unsigned kDescriptorBytes = 16;
constexpr unsigned kAvailIndexOffset = 2;
constexpr unsigned kAvailRingOffset = 4;
constexpr unsigned kAvailEntryBytes = 2;
constexpr unsigned kUsedIndexOffset = 2;
constexpr unsigned kUsedRingOffset = 4;
constexpr unsigned kUsedEntryBytes = 8;

constexpr unsigned kMaxEntriesAFetch = 32;
constexpr unsigned kMaxDescriptorsAFetch = 8;
constexpr std::uint64_t kMaxChainBytes = std::uint64_t{1} << 32;  // 2.7.5.2

// Indices of both rings run freely and wrap at 65536 (2.7.13.3); a ring position is an index modulo the queue size.
using Index = std::uint16_t;
constexpr Index distance(Index from, Index to) { return static_cast<Index>(to - from); }
constexpr Index advanced(Index index, std::size_t by) { return static_cast<Index>(index + by); }

template <class T>
T& append(boost::circular_buffer<T>& ring) {
  if (ring.full()) ring.set_capacity(std::max<std::size_t>(16, 2 * ring.capacity()));
  ring.push_back(T{});
  return ring.back();
}

class SplitVirtqueue final : public Virtqueue {
 public:
  SplitVirtqueue(unsigned size, const QueueAddresses& addresses) : size_(size), addresses_(addresses) {}

  void kick() override { index_wanted_ = true; }

  std::optional<Fetch> next_fetch(unsigned prefetch_limit) override {
    if (fault_ != RingFault::none) return std::nullopt;
    if (index_wanted_ && !index_outstanding_) {
      index_wanted_ = false;
      index_outstanding_ = true;
      return hand_out({addresses_.driver + kAvailIndexOffset, 2, kIndex, 0});
    }
    if (!wanted_.empty()) return descriptor_fetch();
    return entry_fetch(prefetch_limit);
  }

  void fed(const Fetch& fetch, ConstBytes bytes) override {
    assert(bytes.size == fetch.length && outstanding_ > 0);
    --outstanding_;
    if (fault_ != RingFault::none) return;
    switch (fetch.kind) {
      case kIndex:
        return index_fed(load_le16(bytes.data));
      case kEntries:
        return entries_fed(bytes);
      case kDescriptors:
        return descriptors_fed(fetch.slot, bytes);
      default:
        assert(false);
    }
  }

  std::size_t chains_ready() const override { return fault_ == RingFault::none ? ready_ : 0; }

  const Chain& chain(std::size_t index) const override {
    assert(index < chains_ready());
    return buffers_[index].chain;
  }

  Chain pop() override {
    assert(chains_ready() > 0);
    Chain chain = std::move(buffers_.front().chain);
    buffers_.pop_front();
    popped_ = advanced(popped_, 1);
    --ready_;
    return chain;
  }

  bool drained() const override {
    if (fault_ != RingFault::none) return true;
    return !index_wanted_ && outstanding_ == 0 && wanted_.empty() && entries_asked_ == available_;
  }

  bool exhausted() const override {
    if (fault_ != RingFault::none) return true;
    return outstanding_ == (index_outstanding_ ? 1u : 0u) && wanted_.empty() && entries_asked_ == available_;
  }

  void push(const UsedEntry& entry) override {
    const std::size_t end = staged_.size();
    assert(end / kUsedEntryBytes < distance(used_, popped_));
    staged_.resize(end + kUsedEntryBytes);
    store_le32(&staged_[end], entry.id);
    store_le32(&staged_[end + 4], entry.length);
  }

  std::optional<Store> next_store() override {
    if (fault_ != RingFault::none || staged_.empty()) return std::nullopt;
    const std::size_t staged = staged_.size() / kUsedEntryBytes;
    if (stored_ < staged) {
      const unsigned position = position_of(advanced(used_, stored_));
      const std::size_t count = std::min<std::size_t>(staged - stored_, size_ - position);
      const ConstBytes run(&staged_[stored_ * kUsedEntryBytes], count * kUsedEntryBytes);
      stored_ += count;
      return Store{addresses_.device + kUsedRingOffset + std::uint64_t{position} * kUsedEntryBytes, run};
    }
    used_ = advanced(used_, staged);
    staged_.clear();
    stored_ = 0;
    published_ = true;
    store_le16(used_index_bytes_, used_);
    return Store{addresses_.device + kUsedIndexOffset, {used_index_bytes_, sizeof used_index_bytes_}};
  }

  Fetch suppression_fetch() override {
    undecided_ |= std::exchange(published_, false);
    return {addresses_.driver, 2, kSuppression, 0};
  }

  // 2.7.7.2, without EVENT_IDX: bit 0 of avail.flags decides, used_event is not looked at.
  bool interrupt_wanted(ConstBytes suppression) override {
    assert(suppression.size == 2);
    return std::exchange(undecided_, false) && (load_le16(suppression.data) & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
  }

  RingFault fault() const override { return fault_; }

  // The first fault stands.
  void fail(RingFault fault) override {
    if (fault_ == RingFault::none) fault_ = fault;
  }

 private:
  enum Kind : std::uint16_t { kIndex, kEntries, kDescriptors, kSuppression };

  // A buffer whose ring entry is known and which has not been popped.
  struct Buffer {
    Chain chain;
    std::uint64_t bytes = 0;
    std::uint16_t descriptor = 0;   // the one to be fetched, or in flight
    std::uint16_t descriptors = 0;  // walked so far
    bool writable_seen = false;
    bool complete = false;
  };

  unsigned position_of(Index index) const { return index & (size_ - 1); }
  Buffer& buffer_at(Index index) { return buffers_[distance(popped_, index)]; }

  Fetch hand_out(const Fetch& fetch) {
    ++outstanding_;
    return fetch;
  }

  std::optional<Fetch> entry_fetch(unsigned prefetch_limit) {
    const unsigned in_flight = distance(popped_, entries_asked_);
    const unsigned available = distance(entries_asked_, available_);
    if (available == 0 || in_flight >= prefetch_limit) return std::nullopt;
    const unsigned position = position_of(entries_asked_);
    const unsigned count = std::min({available, prefetch_limit - in_flight, size_ - position, kMaxEntriesAFetch});
    entries_asked_ = advanced(entries_asked_, count);
    const std::uint64_t address = addresses_.driver + kAvailRingOffset + std::uint64_t{position} * kAvailEntryBytes;
    return hand_out({address, count * kAvailEntryBytes, kEntries, 0});
  }

  Fetch descriptor_fetch() {
    const Index first = wanted_.front();
    const unsigned descriptor = buffer_at(first).descriptor;
    unsigned count = 0;
    do {
      wanted_.pop_front();
      ++count;
    } while (count < kMaxDescriptorsAFetch && !wanted_.empty() && wanted_.front() == advanced(first, count) &&
             buffer_at(wanted_.front()).descriptor == descriptor + count);
    const std::uint64_t address = addresses_.descriptor + std::uint64_t{descriptor} * kDescriptorBytes;
    return hand_out({address, count * kDescriptorBytes, kDescriptors, first});
  }

  void index_fed(Index index) {
    index_outstanding_ = false;
    // Each buffer that has not been returned holds a descriptor of its own, so there are never more than `size_`. This
    // also catches an index that moved backwards (2.7.6.1).
    const unsigned unreturned = distance(used_, available_);
    if (unreturned + distance(available_, index) > size_) return fail(RingFault::too_many_available);
    available_ = index;
  }

  void entries_fed(ConstBytes bytes) {
    for (std::size_t offset = 0; offset < bytes.size; offset += kAvailEntryBytes) {
      const std::uint16_t head = load_le16(bytes.data + offset);
      if (head >= size_) return fail(RingFault::head_out_of_range);
      append(wanted_) = advanced(popped_, buffers_.size());
      Buffer& buffer = append(buffers_);
      buffer.chain.id = head;
      buffer.chain.slots = 1;
      buffer.descriptor = head;
    }
  }

  void descriptors_fed(Index first, ConstBytes bytes) {
    const std::size_t count = bytes.size / kDescriptorBytes;
    for (std::size_t i = 0; i < count; ++i) {
      const Index index = advanced(first, i);
      Buffer& buffer = buffer_at(index);
      const RingFault fault = walk(buffer, bytes.data + i * kDescriptorBytes);
      if (fault != RingFault::none) return fail(fault);
      if (!buffer.complete) append(wanted_) = index;
    }
    while (ready_ < buffers_.size() && buffers_[ready_].complete) ++ready_;
  }

  // Adds one descriptor to its chain. Flags other than the three are reserved and ignored.
  RingFault walk(Buffer& buffer, const std::uint8_t* descriptor) {
    const Segment segment{load_le64(descriptor), load_le32(descriptor + 8)};
    const unsigned flags = load_le16(descriptor + 12);
    const std::uint16_t next = load_le16(descriptor + 14);
    if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) return RingFault::bad_indirect;  // 2.7.5.3.1: the feature is not offered

    const bool writable = (flags & VIRTQ_DESC_F_WRITE) != 0;
    if (buffer.writable_seen && !writable) return RingFault::write_order;  // 2.7.4.2
    buffer.writable_seen = writable;

    buffer.bytes += segment.length;
    if (buffer.bytes > kMaxChainBytes) return RingFault::too_long;
    if (segment.length != 0) (writable ? buffer.chain.writable : buffer.chain.readable).push_back(segment);

    ++buffer.descriptors;
    buffer.complete = (flags & VIRTQ_DESC_F_NEXT) == 0;
    if (buffer.complete) return RingFault::none;
    if (next >= size_) return RingFault::next_out_of_range;
    if (buffer.descriptors == size_) return RingFault::loop;  // a chain without a loop has ended by now
    buffer.descriptor = next;
    return RingFault::none;
  }

  const unsigned size_;
  const QueueAddresses addresses_;
  RingFault fault_ = RingFault::none;

  // Available ring, in its order: popped_ <= entries known (popped_ + buffers_.size()) <= entries_asked_ <= available_.
  Index popped_ = 0;
  Index entries_asked_ = 0;
  Index available_ = 0;  // avail.idx as last read
  bool index_wanted_ = false;
  bool index_outstanding_ = false;
  unsigned outstanding_ = 0;                // fetches handed out and not fed
  std::size_t ready_ = 0;                   // leading buffers that are complete
  boost::circular_buffer<Buffer> buffers_;  // from popped_ on
  boost::circular_buffer<Index> wanted_;    // buffers that wait for a descriptor fetch

  // Used ring.
  Index used_ = 0;                    // used.idx as last handed out
  std::vector<std::uint8_t> staged_;  // entries from used_ on, as they will lie in the ring
  std::size_t stored_ = 0;            // of them handed out
  std::uint8_t used_index_bytes_[2] = {};
  bool published_ = false;  // since the last suppression_fetch()
  bool undecided_ = false;  // published before the last suppression_fetch(), interrupt not decided
};

}  // namespace

std::unique_ptr<Virtqueue> make_split_virtqueue(unsigned size, const QueueAddresses& addresses) {
  if (size == 0 || size > kMaxQueueSize || (size & (size - 1)) != 0) {
    throw std::invalid_argument("split virtqueue size " + std::to_string(size) +
                                ": allowed are the powers of two from 1 to 32768");
  }
  return std::make_unique<SplitVirtqueue>(size, addresses);
}

}  // namespace rssnic
