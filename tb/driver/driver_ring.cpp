#include "tb/driver/driver_ring.h"

#include <fmt/format.h>

#include "tb/driver/driver_error.h"
#include "tb/driver/packed_ring.h"
#include "tb/driver/split_ring.h"

namespace rssnic {

DriverRing::DriverRing(HostRam& ram, unsigned queue, unsigned size, const RingOptions& options)
    : size_(size), options_(options), free_descriptors_(size), posted_(size), ram_(ram), queue_(queue) {}

void DriverRing::fail(const std::string& what) const { throw DriverError(fmt::format("queue {}: {}", queue_, what)); }

std::uint8_t* DriverRing::allocate(std::uint64_t& address, std::size_t size, std::size_t alignment) {
  address = ram_.allocate(size, alignment);
  return ram_.pointer(address, size);
}

std::uint64_t DriverRing::table_address(unsigned id) {
  constexpr std::size_t kTableBytes = kTableParts * kDescriptorBytes;
  if (table_bytes_ == nullptr) table_bytes_ = allocate(tables_, size_ * kTableBytes, kDescriptorBytes);
  return tables_ + id * kTableBytes;
}

void DriverRing::post(unsigned id, GuestBuffers writable, std::uint32_t cookie, std::size_t descriptors) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < writable.size(); ++i) bytes += writable[i].length;
  posted_[id] = {bytes, cookie, static_cast<std::uint16_t>(descriptors)};
  free_descriptors_ -= static_cast<unsigned>(descriptors);
}

const DriverRing::Posted& DriverRing::used(std::uint32_t id, std::uint64_t length) const {
  if (id >= size_ || posted_[id].descriptors == 0) {
    fail(fmt::format("buffer {} is used, which the device does not have; its ring has {} entries", id, size_));
  }
  if (length > posted_[id].writable_bytes) {
    fail(
        fmt::format("buffer {} is used with length {}; at most {} is allowed", id, length, posted_[id].writable_bytes));
  }
  return posted_[id];
}

std::unique_ptr<DriverRing> make_driver_ring(HostRam& ram, unsigned queue, unsigned size, FeatureBits features) {
  const RingOptions options{(features & VIRTIO_F_INDIRECT_DESC) != 0, (features & VIRTIO_F_EVENT_IDX) != 0};
  if (features & VIRTIO_F_RING_PACKED) return std::make_unique<PackedRing>(ram, size, options, queue);
  return std::make_unique<SplitRing>(ram, size, options, queue);
}

}  // namespace rssnic
