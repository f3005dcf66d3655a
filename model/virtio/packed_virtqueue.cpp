// The packed virtqueue (virtio 1.4, 2.8) behind the Virtqueue seam.
//
// Reading: descriptors in runs of up to 32 that never cross the end of the ring, from the first one not yet seen
// available. A run is a look: it ends at the first descriptor that is not available. While looks are wholly available
// further ones are handed out behind them without waiting; when one ends early, those are void. A run is taken as
// sampled at one moment or in rising order, and runs in the order in which they were handed out, so all that belongs to
// an available head is found available too (2.8.17).
// Writing: used descriptors, the first staged one last, so that everything staged becomes visible at once (2.8.9):
// the driver polls in order. Device event suppression says when the driver is to notify with EVENT_IDX; without it the
// area is never written and stays as the driver made it.
//
// Not here: IN_ORDER.
#include <cassert>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/virtio/virtqueue_base.h"

namespace rssnic {
namespace {

constexpr unsigned VIRTQ_DESC_F_AVAIL = 1 << 7;
constexpr unsigned VIRTQ_DESC_F_USED = 1 << 15;

constexpr unsigned RING_EVENT_FLAGS_DISABLE = 1;
constexpr unsigned RING_EVENT_FLAGS_DESC = 2;
constexpr unsigned kEventFlagsMask = 3;
constexpr unsigned kEventOffsetMask = 0x7fff;
constexpr unsigned kEventWrapShift = 15;
constexpr unsigned kEventBytes = 4;

constexpr unsigned kMaxDescriptorsAFetch = kMaxFetchBytes / kDescriptorBytes;
// A used descriptor is written from its length on: its address means nothing.
constexpr unsigned kUsedOffset = 8;

// A place in the ring and the wrap counter that belongs to it.
struct Cursor {
  std::uint16_t slot = 0;
  bool wrap = true;
  void advance(unsigned by, unsigned size) {
    const unsigned to = slot + by;
    if (to >= size) wrap = !wrap;
    slot = static_cast<std::uint16_t>(to >= size ? to - size : to);
  }
  std::uint16_t as_event() const { return static_cast<std::uint16_t>(slot | unsigned{wrap} << kEventWrapShift); }
};

class PackedVirtqueue final : public VirtqueueBase {
 public:
  PackedVirtqueue(unsigned size, const QueueAddresses& addresses, const RingOptions& options)
      : VirtqueueBase(size, addresses, options) {}

  std::optional<Store> event_store() override {
    if (fault_ != RingFault::none || watch_ != Watch::tell) return std::nullopt;
    assert(looked_ahead_ == 0);  // the look behind the store must be one that is asked for behind it
    tell(seen_.as_event());
    store_le16(device_event_bytes_, seen_.as_event());
    store_le16(device_event_bytes_ + 2, RING_EVENT_FLAGS_DESC);
    return Store{addresses_.device, {device_event_bytes_, sizeof device_event_bytes_}};
  }

  std::optional<Fetch> next_fetch(unsigned prefetch_limit) override {
    if (fault_ != RingFault::none) return std::nullopt;
    if (!wanted_.empty()) {
      const std::uint16_t number = wanted_.front();
      wanted_.pop_front();
      return table_fetch(number, kTable);
    }
    const bool kicked = kicked_ && looked_ahead_ == 0;
    const bool ahead = watch_ == Watch::look && (looked_ahead_ == 0 || plentiful_);
    return kicked || ahead ? look(prefetch_limit) : std::nullopt;
  }

  void fed(const Fetch& fetch, ConstBytes bytes) override {
    assert(bytes.size == fetch.length && outstanding_ > 0);
    --outstanding_;
    if (fault_ != RingFault::none) return;
    if (fetch.kind == kTable) {
      piece_fed(fetch.slot, bytes);
    } else if (fetch.slot == epoch_) {
      look_fed(bytes);
    }
  }

  bool exhausted() const override {
    if (fault_ != RingFault::none) return true;
    return watch_ == Watch::quiet && unpopped() == ready_;
  }

  // 2.8.3, 2.8.4, 2.8.6: one used descriptor a chain, in the chain's first slot of those that are not used yet.
  void push(const UsedEntry& entry) override {
    assert(entry.slots >= 1 && staged_slots_ + entry.slots <= held_);
    const std::size_t end = staged_.size();
    staged_.resize(end + kDescriptorBytes);
    std::uint8_t* const descriptor = &staged_[end];
    unsigned flags = entry.length != 0 ? VIRTQ_DESC_F_WRITE : 0;
    if (used_.wrap) flags |= VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
    store_le32(descriptor + 8, entry.length);
    store_le16(descriptor + 12, entry.id);
    store_le16(descriptor + 14, static_cast<std::uint16_t>(flags));
    places_.push_back(used_.slot);
    used_.advance(entry.slots, size_);
    staged_slots_ += entry.slots;
  }

  std::optional<Store> next_store() override {
    if (fault_ != RingFault::none || places_.empty()) return std::nullopt;
    if (stored_ < places_.size()) {
      const std::size_t first = stored_++;
      while (stored_ < places_.size() && places_[stored_] == places_[stored_ - 1] + 1) ++stored_;
      const std::size_t bytes = (stored_ - first) * kDescriptorBytes - kUsedOffset;
      return Store{used_address(first), {&staged_[first * kDescriptorBytes + kUsedOffset], bytes}};
    }
    held_ -= staged_slots_;
    published(staged_slots_);
    published_ = used_;
    staged_slots_ = 0;
    stored_ = 1;
    const std::uint64_t address = used_address(0);
    std::copy_n(&staged_[kUsedOffset], sizeof first_used_bytes_, first_used_bytes_);
    places_.clear();
    staged_.clear();
    return Store{address, {first_used_bytes_, sizeof first_used_bytes_}};
  }

  Fetch suppression_fetch() override {
    sample_published();
    sampled_ = published_;
    return {addresses_.driver, kEventBytes, kSuppression, 0};
  }

  // 2.8.10: a position means something only with EVENT_IDX; what is reserved asks for every interrupt.
  bool interrupt_wanted(ConstBytes suppression) override {
    assert(suppression.size == kEventBytes);
    const std::uint64_t undecided = take_undecided();
    const unsigned position = load_le16(suppression.data);
    const unsigned mode = load_le16(suppression.data + 2) & kEventFlagsMask;
    if (undecided == 0 || mode == RING_EVENT_FLAGS_DISABLE) return false;
    if (mode != RING_EVENT_FLAGS_DESC || !options_.event_idx) return true;
    const unsigned lap = (position >> kEventWrapShift != 0) == sampled_.wrap ? 0 : size_;
    const auto event = static_cast<std::uint16_t>((position & kEventOffsetMask) - lap);
    // A position names a slot of this lap or of the one before, so no more than one lap is behind it.
    return need_event(event, sampled_.slot, std::min<std::uint64_t>(undecided, size_));
  }

 private:
  enum Kind : std::uint16_t { kLook, kTable, kSuppression };

  // Each descriptor that is looked at may be a buffer of its own. Slots that are held have nothing new to show, but one
  // is always looked at: it tells a full ring from one that the driver has run over.
  std::optional<Fetch> look(unsigned prefetch_limit) {
    const std::size_t in_flight = unpopped() - (chain_open_ ? 1 : 0) + looked_ahead_;
    if (in_flight >= prefetch_limit) return std::nullopt;
    const unsigned known = held_ + looked_ahead_;
    if (known >= size_ && looked_ahead_ != 0) return std::nullopt;
    const unsigned free = known == size_ ? 1 : size_ - known;
    const unsigned allowed = prefetch_limit - static_cast<unsigned>(in_flight);
    const unsigned count = std::min({kMaxDescriptorsAFetch, allowed, size_ - asked_.slot, free});
    const std::uint64_t address = addresses_.descriptor + std::uint64_t{asked_.slot} * kDescriptorBytes;
    if (looked_ahead_ == 0) kicked_ = false;
    looked_ahead_ += count;
    asked_.advance(count, size_);
    return hand_out({address, count * kDescriptorBytes, kLook, epoch_});
  }

  void look_fed(ConstBytes bytes) {
    for (std::size_t offset = 0; offset < bytes.size; offset += kDescriptorBytes) {
      const std::uint8_t* const descriptor = bytes.data + offset;
      if (!available(load_le16(descriptor + 14))) return look_cut_short(offset != 0);
      if (held_ == size_) return fail(RingFault::too_many_available);
      const RingFault fault = descriptor_seen(descriptor);
      if (fault != RingFault::none) return fail(fault);
      ++held_;
      seen_.advance(1, size_);
    }
    looked_ahead_ -= static_cast<unsigned>(bytes.size / kDescriptorBytes);
    plentiful_ = true;
    watch_ = Watch::look;
    count_ready();
  }

  void look_cut_short(bool found) {
    if (chain_open_) return fail(RingFault::incomplete_chain);
    ++epoch_;
    looked_ahead_ = 0;
    asked_ = seen_;
    plentiful_ = false;
    look_ended(seen_.as_event(), found);
    count_ready();
  }

  // 2.8.1
  bool available(unsigned flags) const {
    return ((flags & VIRTQ_DESC_F_AVAIL) != 0) == seen_.wrap && ((flags & VIRTQ_DESC_F_USED) != 0) != seen_.wrap;
  }

  // Chains lie in consecutive slots; the last one's id is the buffer's (2.8.6).
  RingFault descriptor_seen(const std::uint8_t* bytes) {
    const Descriptor descriptor{{load_le64(bytes), load_le32(bytes + 8)}, load_le16(bytes + 14), 0};
    const bool indirect = (descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0;
    if (indirect && chain_open_) return RingFault::bad_indirect;  // 2.8.19
    Buffer& buffer = chain_open_ ? buffer_at(next_number() - 1u) : add_buffer();
    ++buffer.chain.slots;
    const RingFault fault = take(buffer, descriptor, size_);
    if (fault != RingFault::none) return fault;
    chain_open_ = !buffer.complete && !indirect;
    if (chain_open_) return RingFault::none;
    buffer.chain.id = load_le16(bytes + 12);
    if (buffer.chain.id >= size_) return RingFault::head_out_of_range;
    if (indirect) append(wanted_) = static_cast<std::uint16_t>(next_number() - 1);
    return RingFault::none;
  }

  void piece_fed(std::uint16_t number, ConstBytes bytes) {
    Buffer& buffer = buffer_at(number);
    const RingFault fault = table_fed(buffer, bytes);
    if (fault != RingFault::none) return fail(fault);
    if (!buffer.complete) append(wanted_) = number;
    count_ready();
  }

  // 2.8.7: all entries in their order, and nothing of them but WRITE has a meaning.
  Descriptor table_entry(const std::uint8_t* bytes, unsigned index, unsigned entries) const override {
    const unsigned next = index + 1 < entries ? VIRTQ_DESC_F_NEXT : 0;
    const unsigned flags = (load_le16(bytes + 14) & VIRTQ_DESC_F_WRITE) | next;
    return {{load_le64(bytes), load_le32(bytes + 8)}, flags, static_cast<std::uint16_t>(index + 1)};
  }

  std::uint64_t used_address(std::size_t staged) const {
    return addresses_.descriptor + std::uint64_t{places_[staged]} * kDescriptorBytes + kUsedOffset;
  }

  // Looking: seen_ is the next descriptor to be judged, asked_ the next to be fetched.
  Cursor seen_;
  Cursor asked_;
  unsigned looked_ahead_ = 0;  // descriptors from seen_ to asked_
  std::uint16_t epoch_ = 0;    // of looks that are not void
  bool plentiful_ = false;     // the last look was wholly available
  bool chain_open_ = false;    // the last buffer's chain goes on at seen_
  unsigned held_ = 0;          // slots before seen_ that have not been handed out as used
  std::uint8_t device_event_bytes_[kEventBytes] = {};

  // Using: used_ runs ahead of the driver's view by what is staged.
  Cursor used_;
  Cursor published_;
  Cursor sampled_;                     // published_ at the last suppression_fetch()
  std::vector<std::uint8_t> staged_;   // used descriptors
  std::vector<std::uint16_t> places_;  // and their slots
  std::uint8_t first_used_bytes_[kDescriptorBytes - kUsedOffset] = {};
  unsigned staged_slots_ = 0;
  std::size_t stored_ = 1;  // staged ones before this have been handed out; the first one comes last
};

}  // namespace

std::unique_ptr<Virtqueue> make_packed_virtqueue(unsigned size, const QueueAddresses& addresses,
                                                 const RingOptions& options) {
  if (size == 0 || size > kMaxQueueSize) {
    throw std::invalid_argument("packed virtqueue size " + std::to_string(size) + ": allowed is 1 to 32768");
  }
  return std::make_unique<PackedVirtqueue>(size, addresses, options);
}

}  // namespace rssnic
