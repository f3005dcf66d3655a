#include "tb/driver/packed_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace rssnic {
namespace {

constexpr std::uint16_t VIRTQ_DESC_F_AVAIL = 1u << 7;
constexpr std::uint16_t VIRTQ_DESC_F_USED = 1u << 15;
constexpr std::uint16_t RING_EVENT_FLAGS_ENABLE = 0;
constexpr std::uint16_t RING_EVENT_FLAGS_DISABLE = 1;
constexpr std::uint16_t RING_EVENT_FLAGS_DESC = 2;
constexpr std::uint16_t kEventOffset = 0x7fff;  // desc_event_off; the wrap counter is above it
constexpr std::size_t kEventBytes = 4;

// All of a descriptor but its flags, which say whose it is.
void write_descriptor(std::uint8_t* bytes, std::uint64_t address, std::uint32_t length, unsigned id) {
  store_le64(bytes, address);
  store_le32(bytes + 8, length);
  store_le16(bytes + 12, static_cast<std::uint16_t>(id));
}

void write_flags(std::uint8_t* bytes, unsigned flags) { store_le16(bytes + 14, static_cast<std::uint16_t>(flags)); }

}  // namespace

PackedRing::PackedRing(HostRam& ram, unsigned size, const RingOptions& options, unsigned queue)
    : DriverRing(ram, queue, size, options),
      descriptors_(allocate(addresses_.descriptor, kDescriptorBytes * size, 16)),
      driver_event_(allocate(addresses_.driver, kEventBytes, 4)),
      device_event_(allocate(addresses_.device, kEventBytes, 4)),
      free_ids_(size),
      free_id_count_(size) {
  std::iota(free_ids_.rbegin(), free_ids_.rend(), std::uint16_t{0});
  enable_interrupts(true);
}

void PackedRing::advance(Cursor& cursor, unsigned slots) const {
  cursor.slot += slots;
  if (cursor.slot < size_) return;
  cursor.slot -= size_;
  cursor.wrap = !cursor.wrap;
}

bool PackedRing::add(GuestBuffers readable, GuestBuffers writable, std::uint32_t cookie) {
  const std::size_t parts = readable.size() + writable.size();
  const bool indirect = goes_indirect(parts);
  const std::size_t descriptors = indirect ? 1 : parts;
  if (parts == 0 || descriptors > free_descriptors_) return false;
  const unsigned id = free_ids_[--free_id_count_];
  const Cursor first = next_available_;
  // 2.8.1: available is AVAIL as the wrap counter and USED as its inverse.
  const auto available = [](bool wrap) { return wrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED; };
  unsigned first_flags = available(first.wrap);
  if (indirect) {
    write_descriptor(descriptor(first.slot), table_address(id), static_cast<std::uint32_t>(kDescriptorBytes * parts),
                     id);
    first_flags |= VIRTQ_DESC_F_INDIRECT;
  }
  std::uint8_t* const table = indirect ? table_bytes(id) : nullptr;
  for (std::size_t i = 0; i < parts; ++i) {
    const bool device_writes = i >= readable.size();
    const GuestBuffer& part = device_writes ? writable[i - readable.size()] : readable[i];
    unsigned flags = device_writes ? VIRTQ_DESC_F_WRITE : 0u;
    if (indirect) {  // 2.8.7: the entries follow each other, WRITE is all that they may carry
      write_descriptor(table + kDescriptorBytes * i, part.address, part.length, 0);
      write_flags(table + kDescriptorBytes * i, flags);
      continue;
    }
    if (i + 1 < parts) flags |= VIRTQ_DESC_F_NEXT;
    std::uint8_t* const bytes = descriptor(next_available_.slot);
    write_descriptor(bytes, part.address, part.length, id);
    if (i == 0) {
      first_flags |= flags;
    } else {
      write_flags(bytes, flags | available(next_available_.wrap));
    }
    advance(next_available_, 1);
  }
  if (indirect) advance(next_available_, 1);
  post(id, writable, cookie, descriptors);
  // The first flags of the batch are for publish(); those of a later buffer follow its other descriptors (2.8.17).
  if (added_ == 0) {
    first_slot_ = first.slot;
    first_flags_ = static_cast<std::uint16_t>(first_flags);
  } else {
    before_publishing();
    write_flags(descriptor(first.slot), first_flags);
  }
  added_ += static_cast<unsigned>(descriptors);
  return true;
}

bool PackedRing::publish() {
  before_publishing();
  if (added_ > 0) write_flags(descriptor(first_slot_), first_flags_);
  behind_publishing();  // what the device wants is read behind the flags (2.8.21.3.1)
  const auto added = static_cast<std::uint16_t>(added_);
  added_ = 0;
  const std::uint16_t flags = load_le16(device_event_ + 2);
  if (flags == RING_EVENT_FLAGS_ENABLE) return true;
  if (flags == RING_EVENT_FLAGS_DISABLE) return false;
  if (flags != RING_EVENT_FLAGS_DESC || !options_.event_idx) {
    fail(fmt::format("the device's event flags are {}; {} is allowed", flags,
                     options_.event_idx ? "0, 1 or 2" : "0 or 1"));
  }
  const std::uint16_t event = load_le16(device_event_);
  const unsigned slot = event & kEventOffset;
  if (slot >= size_) fail(fmt::format("the device's event offset is {}; 0 to {} is allowed", slot, size_ - 1));
  // An event of the lap before lies below 0, in arithmetic of 16 bits as the rest.
  const bool wrap = event > kEventOffset;
  const unsigned at = wrap == next_available_.wrap ? slot : slot - size_;
  return static_cast<std::uint16_t>(next_available_.slot - at - 1) < added;
}

bool PackedRing::enable_interrupts(bool enabled) {
  if (options_.event_idx) {
    store_le16(driver_event_, static_cast<std::uint16_t>(next_used_.slot | (next_used_.wrap ? 0x8000u : 0u)));
  }
  const std::uint16_t on = options_.event_idx ? RING_EVENT_FLAGS_DESC : RING_EVENT_FLAGS_ENABLE;
  store_le16(driver_event_ + 2, enabled ? on : RING_EVENT_FLAGS_DISABLE);
  behind_publishing();
  return enabled && is_used(next_used_);
}

// 2.8.1: used is both flags as the wrap counter.
bool PackedRing::is_used(const Cursor& cursor) const {
  constexpr unsigned kBoth = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
  return (load_le16(descriptor(cursor.slot) + 14) & kBoth) == (cursor.wrap ? kBoth : 0u);
}

unsigned PackedRing::used_ready() const {
  unsigned ready = 0;
  unsigned slots = size_ - free_descriptors_;  // that the device may use
  for (Cursor cursor = next_used_; is_used(cursor); ++ready) {
    const unsigned id = load_le16(descriptor(cursor.slot) + 12);
    const unsigned skip = id < size_ ? posted_[id].descriptors : 0;
    if (skip == 0 || skip > slots) return ready + 1;  // nonsense: take_used() tells
    slots -= skip;
    advance(cursor, skip);
  }
  return ready;
}

std::optional<DriverRing::Used> PackedRing::take_used() {
  if (!is_used(next_used_)) return std::nullopt;
  behind_reading();
  const std::uint8_t* const bytes = descriptor(next_used_.slot);
  const std::uint16_t id = load_le16(bytes + 12);
  // The length counts only where something was written (2.8.4).
  const std::uint32_t length = load_le16(bytes + 14) & VIRTQ_DESC_F_WRITE ? load_le32(bytes + 8) : 0;
  const Posted buffer = used(id, length);
  advance(next_used_, buffer.descriptors);
  free_descriptors_ += buffer.descriptors;
  posted_[id].descriptors = 0;
  free_ids_[free_id_count_++] = id;
  return Used{buffer.cookie, length};
}

void PackedRing::corrupt(RingNonsense nonsense) {
  const bool loop = nonsense == RingNonsense::loop;
  Cursor cursor = next_available_;
  for (unsigned i = 0; i < (loop ? size_ : 1); ++i) {
    write_descriptor(descriptor(cursor.slot), addresses_.descriptor, 64, loop ? 0 : size_);
    write_flags(descriptor(cursor.slot),
                (cursor.wrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED) | (loop ? VIRTQ_DESC_F_NEXT : 0u));
    advance(cursor, 1);
  }
}

}  // namespace rssnic
