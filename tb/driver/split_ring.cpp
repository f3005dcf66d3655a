#include "tb/driver/split_ring.h"

#include <fmt/format.h>

#include "tb/driver/driver_error.h"

namespace rssnic {
namespace {
constexpr std::uint16_t VIRTQ_DESC_F_NEXT = 1;
constexpr std::uint16_t VIRTQ_DESC_F_WRITE = 2;
constexpr std::uint16_t VIRTQ_AVAIL_F_NO_INTERRUPT = 1;
constexpr std::uint16_t VIRTQ_USED_F_NO_NOTIFY = 1;
}  // namespace

SplitRing::SplitRing(HostRam& ram, unsigned size)
    : size_(size),
      descriptors_(ram.allocate(16 * size, 16)),
      available_(ram.allocate(6 + 2 * size, 2)),
      used_(ram.allocate(6 + 8 * size, 4)),
      descriptor_bytes_(ram.pointer(descriptors_, 16 * size)),
      available_bytes_(ram.pointer(available_, 6 + 2 * size)),
      used_bytes_(ram.pointer(used_, 6 + 8 * size)),
      posted_(size) {
  for (unsigned index = 0; index < size; ++index) free_.push_back(static_cast<std::uint16_t>(index));
}

bool SplitRing::add(const std::vector<GuestBuffer>& readable, const std::vector<GuestBuffer>& writable,
                    std::uint32_t cookie) {
  const std::size_t count = readable.size() + writable.size();
  if (count == 0 || count > free_.size()) return false;
  const std::uint16_t head = free_.front();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t index = free_.front();
    free_.pop_front();
    const bool last = i + 1 == count;
    const bool device_writes = i >= readable.size();
    const GuestBuffer& part = device_writes ? writable[i - readable.size()] : readable[i];
    std::uint8_t* const bytes = descriptor(index);
    store_le64(bytes, part.address);
    store_le32(bytes + 8, part.length);
    store_le16(bytes + 12, (device_writes ? VIRTQ_DESC_F_WRITE : 0) | (last ? 0 : VIRTQ_DESC_F_NEXT));
    store_le16(bytes + 14, last ? 0 : free_.front());
  }
  posted_[head] = {static_cast<unsigned>(count), cookie};
  store_le16(available_bytes_ + 4 + 2 * (added_ % size_), head);
  ++added_;
  return true;
}

bool SplitRing::publish() {
  store_le16(available_bytes_ + 2, added_);
  return !(load_le16(used_bytes_) & VIRTQ_USED_F_NO_NOTIFY);
}

void SplitRing::enable_interrupts(bool enabled) {
  store_le16(available_bytes_, enabled ? std::uint16_t{0} : VIRTQ_AVAIL_F_NO_INTERRUPT);
}

unsigned SplitRing::used_ready() const { return static_cast<std::uint16_t>(load_le16(used_bytes_ + 2) - taken_); }

std::optional<SplitRing::Used> SplitRing::take_used() {
  const unsigned ready = used_ready();
  if (ready == 0) return std::nullopt;
  if (ready > size_) {
    throw DriverError(fmt::format("used.idx is {} entries ahead of a ring of {}", ready, size_));
  }
  const std::uint8_t* const entry = used_bytes_ + 4 + 8 * (taken_ % size_);
  const std::uint32_t id = load_le32(entry);
  if (id >= size_ || posted_[id].descriptors == 0) {
    throw DriverError(fmt::format("used entry {} names buffer {}, which the device does not have", taken_, id));
  }
  ++taken_;
  std::uint16_t index = static_cast<std::uint16_t>(id);
  for (unsigned left = posted_[id].descriptors; left > 0; --left) {
    free_.push_back(index);
    index = load_le16(descriptor(index) + 14);
    if (index >= size_) throw DriverError(fmt::format("the descriptor table was overwritten: next is {}", index));
  }
  posted_[id].descriptors = 0;
  return Used{posted_[id].cookie, load_le32(entry + 4)};
}

}  // namespace rssnic
