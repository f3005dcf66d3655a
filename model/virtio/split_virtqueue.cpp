// The split virtqueue (virtio 1.4, 2.7) behind the Virtqueue seam.
//
// Reading: avail.idx (one read at a time, a kick during it asks for another), ring entries, descriptors; chains become
// ready strictly in the order of the available ring. Ring entries are fetched in runs, descriptors of consecutive
// buffers together where they lie side by side in the table; the rest of a chain follows link by link, an indirect
// table in pieces. Writing: used entries in contiguous runs, then used.idx once for everything staged, so that what was
// staged together appears in one jump. used.flags is never written and stays 0 (2.7.10); with EVENT_IDX avail_event
// says when the driver is to notify, without it the driver notifies every time.
//
// Not here: IN_ORDER.
#include <cassert>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/virtio/virtqueue_base.h"

namespace rssnic {
namespace {

constexpr unsigned VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

constexpr unsigned kAvailIndexOffset = 2;
constexpr unsigned kAvailRingOffset = 4;
constexpr unsigned kAvailEntryBytes = 2;
constexpr unsigned kUsedIndexOffset = 2;
constexpr unsigned kUsedRingOffset = 4;
constexpr unsigned kUsedEntryBytes = 8;

constexpr unsigned kMaxEntriesAFetch = 32;
constexpr unsigned kMaxDescriptorsAFetch = kMaxFetchBytes / kDescriptorBytes;

// Indices of both rings run freely and wrap at 65536 (2.7.13.3); a ring position is an index modulo the queue size.
// Buffers are numbered by the index of their available ring entry.
using Index = std::uint16_t;
constexpr Index distance(Index from, Index to) { return static_cast<Index>(to - from); }
constexpr Index advanced(Index index, std::size_t by) { return static_cast<Index>(index + by); }

class SplitVirtqueue final : public VirtqueueBase {
 public:
  SplitVirtqueue(unsigned size, const QueueAddresses& addresses, const RingOptions& options)
      : VirtqueueBase(size, addresses, options) {}

  std::optional<Store> event_store() override {
    if (fault_ != RingFault::none || watch_ != Watch::tell) return std::nullopt;
    assert(!index_outstanding_);  // the look behind the store must be one that is asked for behind it
    tell(available_);
    store_le16(avail_event_bytes_, available_);
    const std::uint64_t avail_event = addresses_.device + kUsedRingOffset + std::uint64_t{size_} * kUsedEntryBytes;
    return Store{avail_event, {avail_event_bytes_, sizeof avail_event_bytes_}};
  }

  std::optional<Fetch> next_fetch(unsigned prefetch_limit) override {
    if (fault_ != RingFault::none) return std::nullopt;
    if (kicked_ && !index_outstanding_) return index_fetch();
    if (!wanted_.empty()) return descriptor_fetch();
    const unsigned in_flight = distance(popped_, entries_asked_);
    if (in_flight >= prefetch_limit) return std::nullopt;
    if (entries_asked_ != available_) return entry_fetch(prefetch_limit - in_flight);
    if (watch_ == Watch::look && !index_outstanding_) return index_fetch();
    return std::nullopt;
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
      case kTable:
        return piece_fed(fetch.slot, bytes);
      default:
        assert(false);
    }
  }

  bool exhausted() const override {
    if (fault_ != RingFault::none) return true;
    return watch_ == Watch::quiet && distance(popped_, available_) == ready_;
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
    published(staged);
    staged_.clear();
    stored_ = 0;
    store_le16(used_index_bytes_, used_);
    return Store{addresses_.device + kUsedIndexOffset, {used_index_bytes_, sizeof used_index_bytes_}};
  }

  // avail.flags, or used_event behind the available ring.
  Fetch suppression_fetch() override {
    sample_published();
    sampled_used_ = used_;
    const unsigned used_event_offset = kAvailRingOffset + size_ * kAvailEntryBytes;
    return {addresses_.driver + (options_.event_idx ? used_event_offset : 0), 2, kSuppression, 0};
  }

  // 2.7.7.2: with EVENT_IDX used_event decides and the flags are not looked at; without it bit 0 of avail.flags does.
  bool interrupt_wanted(ConstBytes suppression) override {
    assert(suppression.size == 2);
    const std::uint64_t undecided = take_undecided();
    const std::uint16_t value = load_le16(suppression.data);
    if (options_.event_idx) return need_event(value, sampled_used_, undecided);
    return undecided != 0 && (value & VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
  }

 private:
  enum Kind : std::uint16_t { kIndex, kEntries, kDescriptors, kSuppression, kTable };

  unsigned position_of(Index index) const { return index & (size_ - 1); }

  Fetch index_fetch() {
    kicked_ = false;
    index_outstanding_ = true;
    return hand_out({addresses_.driver + kAvailIndexOffset, 2, kIndex, 0});
  }

  Fetch entry_fetch(unsigned allowed) {
    const unsigned position = position_of(entries_asked_);
    const unsigned available = distance(entries_asked_, available_);
    const unsigned count = std::min({available, allowed, size_ - position, kMaxEntriesAFetch});
    entries_asked_ = advanced(entries_asked_, count);
    const std::uint64_t address = addresses_.driver + kAvailRingOffset + std::uint64_t{position} * kAvailEntryBytes;
    return hand_out({address, count * kAvailEntryBytes, kEntries, 0});
  }

  Fetch descriptor_fetch() {
    const Index first = wanted_.front();
    wanted_.pop_front();
    const Buffer& buffer = buffer_at(first);
    if (buffer.table_entries != 0) return table_fetch(first, kTable);
    unsigned count = 1;
    while (count < kMaxDescriptorsAFetch && !wanted_.empty() && wanted_.front() == advanced(first, count) &&
           lies_at(buffer_at(wanted_.front()), buffer.next + count)) {
      wanted_.pop_front();
      ++count;
    }
    const std::uint64_t address = addresses_.descriptor + std::uint64_t{buffer.next} * kDescriptorBytes;
    return hand_out({address, count * kDescriptorBytes, kDescriptors, first});
  }
  static bool lies_at(const Buffer& buffer, unsigned descriptor) {
    return buffer.table_entries == 0 && buffer.next == descriptor;
  }

  void index_fed(Index index) {
    index_outstanding_ = false;
    // Each buffer that has not been returned holds a descriptor of its own, so there are never more than `size_`. This
    // also catches an index that moved backwards (2.7.6.1).
    const unsigned unreturned = distance(used_, available_);
    const unsigned found = distance(available_, index);
    if (unreturned + found > size_) return fail(RingFault::too_many_available);
    available_ = index;
    look_ended(index, found != 0);
  }

  void entries_fed(ConstBytes bytes) {
    for (std::size_t offset = 0; offset < bytes.size; offset += kAvailEntryBytes) {
      const std::uint16_t head = load_le16(bytes.data + offset);
      if (head >= size_) return fail(RingFault::head_out_of_range);
      append(wanted_) = next_number();
      Buffer& buffer = add_buffer();
      buffer.chain.id = head;
      buffer.chain.slots = 1;
      buffer.next = head;
    }
  }

  void descriptors_fed(Index first, ConstBytes bytes) {
    const std::size_t count = bytes.size / kDescriptorBytes;
    for (std::size_t i = 0; i < count; ++i) {
      const Index index = advanced(first, i);
      Buffer& buffer = buffer_at(index);
      const RingFault fault = take(buffer, descriptor_at(bytes.data + i * kDescriptorBytes), size_);
      if (fault != RingFault::none) return fail(fault);
      if (!buffer.complete) append(wanted_) = index;
    }
    count_ready();
  }

  void piece_fed(Index index, ConstBytes bytes) {
    Buffer& buffer = buffer_at(index);
    const RingFault fault = table_fed(buffer, bytes);
    if (fault != RingFault::none) return fail(fault);
    if (!buffer.complete) append(wanted_) = index;
    count_ready();
  }

  // Flags other than the three are reserved and ignored.
  static Descriptor descriptor_at(const std::uint8_t* bytes) {
    return {{load_le64(bytes), load_le32(bytes + 8)}, load_le16(bytes + 12), load_le16(bytes + 14)};
  }
  Descriptor table_entry(const std::uint8_t* bytes, unsigned, unsigned) const override { return descriptor_at(bytes); }

  // Available ring, in its order: popped_ <= entries known (next_number()) <= entries_asked_ <= available_.
  Index entries_asked_ = 0;
  Index available_ = 0;  // avail.idx as last read
  bool index_outstanding_ = false;
  std::uint8_t avail_event_bytes_[2] = {};

  // Used ring.
  Index used_ = 0;                    // used.idx as last handed out
  Index sampled_used_ = 0;            // at the last suppression_fetch()
  std::vector<std::uint8_t> staged_;  // entries from used_ on, as they will lie in the ring
  std::size_t stored_ = 0;            // of them handed out
  std::uint8_t used_index_bytes_[2] = {};
};

}  // namespace

std::unique_ptr<Virtqueue> make_split_virtqueue(unsigned size, const QueueAddresses& addresses,
                                                const RingOptions& options) {
  if (size == 0 || size > kMaxQueueSize || (size & (size - 1)) != 0) {
    throw std::invalid_argument("split virtqueue size " + std::to_string(size) +
                                ": allowed are the powers of two from 1 to 32768");
  }
  return std::make_unique<SplitVirtqueue>(size, addresses, options);
}

}  // namespace rssnic
