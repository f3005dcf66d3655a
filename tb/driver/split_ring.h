// The driver's side of a split virtqueue (virtio 1.4, 2.7): descriptors, available and used ring in host memory.
// Bookkeeping is the driver's own; nothing the device writes is trusted (a used id that names no buffer is an error).
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "tb/host/host_ram.h"

namespace rssnic {

struct GuestBuffer {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

class SplitRing {
 public:
  // `size` is a power of two. Memory comes from `ram` and stays there.
  SplitRing(HostRam& ram, unsigned size);

  std::uint64_t descriptor_address() const { return descriptors_; }
  std::uint64_t available_address() const { return available_; }
  std::uint64_t used_address() const { return used_; }
  unsigned size() const { return size_; }
  unsigned free_descriptors() const { return static_cast<unsigned>(free_.size()); }

  // Puts a buffer into the ring, not yet visible: `readable` parts first, then `writable` ones. `cookie` comes back
  // when it has been used. False: there are not enough free descriptors.
  bool add(const std::vector<GuestBuffer>& readable, const std::vector<GuestBuffer>& writable, std::uint32_t cookie);
  // Makes everything added visible. True: the device wants to be notified.
  bool publish();
  // Whether the device may interrupt (avail.flags).
  void enable_interrupts(bool enabled);

  struct Used {
    std::uint32_t cookie = 0;
    std::uint32_t length = 0;
    bool operator==(const Used& other) const { return cookie == other.cookie && length == other.length; }
  };
  // The next buffer that the device has used. Throws DriverError when the device wrote nonsense.
  std::optional<Used> take_used();
  // How many used buffers are visible and not yet taken.
  unsigned used_ready() const;

 private:
  std::uint8_t* descriptor(unsigned index) { return descriptor_bytes_ + 16 * index; }

  const unsigned size_;
  std::uint64_t descriptors_, available_, used_;
  std::uint8_t* descriptor_bytes_;
  std::uint8_t* available_bytes_;
  const std::uint8_t* used_bytes_;
  std::deque<std::uint16_t> free_;  // descriptors, reused in the order in which they came back
  struct Posted {
    unsigned descriptors = 0;  // 0: not with the device
    std::uint32_t cookie = 0;
  };
  std::vector<Posted> posted_;  // by head
  std::uint16_t added_ = 0;     // avail.idx once everything added is visible
  std::uint16_t taken_ = 0;     // used entries taken
};

}  // namespace rssnic
