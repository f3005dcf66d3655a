#include "tb/driver/split_ring.h"

#include <fmt/format.h>

#include <numeric>

namespace rssnic {
namespace {

constexpr std::uint16_t VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
constexpr std::uint16_t VIRTQ_USED_F_NO_NOTIFY = 1;

void write_descriptor(std::uint8_t* bytes, std::uint64_t address, std::uint32_t length, unsigned flags, unsigned next) {
  store_le64(bytes, address);
  store_le32(bytes + 8, length);
  store_le16(bytes + 12, static_cast<std::uint16_t>(flags));
  store_le16(bytes + 14, static_cast<std::uint16_t>(next));
}

}  // namespace

SplitRing::SplitRing(HostRam& ram, unsigned size, const RingOptions& options, unsigned queue)
    : DriverRing(ram, queue, size, options),
      descriptors_(allocate(addresses_.descriptor, kDescriptorBytes * size, 16)),
      available_(allocate(addresses_.driver, 6 + 2 * size, 2)),
      used_(allocate(addresses_.device, 6 + 8 * size, 4)),
      free_(size),
      free_end_(size),
      next_(size) {
  std::iota(free_.begin(), free_.end(), std::uint16_t{0});
}

bool SplitRing::add(GuestBuffers readable, GuestBuffers writable, std::uint32_t cookie) {
  const std::size_t parts = readable.size() + writable.size();
  const bool indirect = goes_indirect(parts);
  const std::size_t descriptors = indirect ? 1 : parts;
  if (parts == 0 || descriptors > free_descriptors_) return false;
  const std::uint16_t head = take_descriptor();
  std::uint8_t* table = nullptr;
  if (indirect) {
    write_descriptor(descriptors_ + kDescriptorBytes * head, table_address(head),
                     static_cast<std::uint32_t>(kDescriptorBytes * parts), VIRTQ_DESC_F_INDIRECT, 0);
    table = table_bytes(head);
  }
  std::uint16_t index = head;
  for (std::size_t i = 0; i < parts; ++i) {
    const bool last = i + 1 == parts;
    const bool device_writes = i >= readable.size();
    const GuestBuffer& part = device_writes ? writable[i - readable.size()] : readable[i];
    const unsigned flags = (device_writes ? VIRTQ_DESC_F_WRITE : 0u) | (last ? 0u : VIRTQ_DESC_F_NEXT);
    if (indirect) {
      write_descriptor(table + kDescriptorBytes * i, part.address, part.length, flags,
                       last ? 0 : static_cast<unsigned>(i + 1));
    } else {
      const std::uint16_t next = last ? std::uint16_t{0} : take_descriptor();
      write_descriptor(descriptors_ + kDescriptorBytes * index, part.address, part.length, flags, next);
      next_[index] = next;
      index = next;
    }
  }
  post(head, writable, cookie, descriptors);
  store_le16(available_ + 4 + 2 * (added_ & (size_ - 1)), head);
  ++added_;
  return true;
}

bool SplitRing::publish() {
  const std::uint16_t before = published_;
  published_ = added_;
  before_publishing();
  store_le16(available_ + 2, published_);
  behind_publishing();  // what the device wants is read behind the index (2.7.13.4.1)
  if (!options_.event_idx) return !(load_le16(used_) & VIRTQ_USED_F_NO_NOTIFY);
  const std::uint16_t avail_event = load_le16(used_ + 4 + 8 * size_);
  return static_cast<std::uint16_t>(published_ - avail_event - 1) < static_cast<std::uint16_t>(published_ - before);
}

bool SplitRing::enable_interrupts(bool enabled) {
  if (options_.event_idx) {
    // avail.flags stays 0 (2.7.7.1). An event just behind what was taken comes round after 65536 buffers.
    store_le16(available_ + 4 + 2 * size_, enabled ? taken_ : static_cast<std::uint16_t>(taken_ - 1));
  } else {
    store_le16(available_, enabled ? std::uint16_t{0} : VIRTQ_AVAIL_F_NO_INTERRUPT);
  }
  behind_publishing();
  return enabled && used_ready() > 0;
}

unsigned SplitRing::used_ready() const { return static_cast<std::uint16_t>(load_le16(used_ + 2) - taken_); }

std::optional<DriverRing::Used> SplitRing::take_used() {
  const unsigned ready = used_ready();
  if (ready == 0) return std::nullopt;
  behind_reading();
  if (ready > size_) fail(fmt::format("used.idx is {} entries ahead; at most {} is allowed", ready, size_));
  const std::uint8_t* const entry = used_ + 4 + 8 * (taken_ & (size_ - 1));
  const std::uint32_t id = load_le32(entry);
  const std::uint32_t length = load_le32(entry + 4);
  const Posted buffer = used(id, length);
  ++taken_;
  auto index = static_cast<std::uint16_t>(id);
  for (unsigned i = 0; i < buffer.descriptors; ++i) {
    free_[free_end_++ & (size_ - 1)] = index;
    index = next_[index];
  }
  free_descriptors_ += buffer.descriptors;
  posted_[id].descriptors = 0;
  return Used{buffer.cookie, length};
}

void SplitRing::corrupt(RingNonsense nonsense) {
  const std::uint16_t free = free_[free_first_ & (size_ - 1)];
  const bool loop = nonsense == RingNonsense::loop;
  if (loop)
    write_descriptor(descriptors_ + kDescriptorBytes * free, addresses_.descriptor, 64, VIRTQ_DESC_F_NEXT, free);
  store_le16(available_ + 4 + 2 * (added_ & (size_ - 1)), loop ? free : static_cast<std::uint16_t>(size_));
  const unsigned ahead = nonsense == RingNonsense::index ? size_ + 1 : 1;
  store_le16(available_ + 2, static_cast<std::uint16_t>(added_ + ahead));
}

}  // namespace rssnic
