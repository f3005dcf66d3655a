// The driver's side of a split virtqueue (virtio 1.4, 2.7): descriptor table, available and used ring. Descriptors are
// reused in the order in which they came back. The links of a chain are remembered, not read back from the table.
#pragma once
#include "tb/driver/driver_ring.h"

namespace rssnic {

class SplitRing final : public DriverRing {
 public:
  // `size` is a power of two up to 32768.
  SplitRing(HostRam& ram, unsigned size, const RingOptions& options = {}, unsigned queue = 0);

  std::uint64_t descriptor_address() const { return addresses_.descriptor; }
  std::uint64_t available_address() const { return addresses_.driver; }
  std::uint64_t used_address() const { return addresses_.device; }

  bool add(GuestBuffers readable, GuestBuffers writable, std::uint32_t cookie) override;
  bool publish() override;
  bool enable_interrupts(bool enabled) override;
  std::optional<Used> take_used() override;
  unsigned used_ready() const override;
  void corrupt(RingNonsense nonsense) override;

 private:
  std::uint16_t take_descriptor() { return free_[free_first_++ & (size_ - 1)]; }

  std::uint8_t* const descriptors_;
  std::uint8_t* const available_;
  const std::uint8_t* const used_;
  std::vector<std::uint16_t> free_;  // a queue, as long as the ring: the free ones begin at free_first_
  unsigned free_first_ = 0, free_end_ = 0;
  std::vector<std::uint16_t> next_;  // in its chain, by descriptor
  std::uint16_t added_ = 0;          // avail.idx once everything added is visible
  std::uint16_t published_ = 0;      // avail.idx
  std::uint16_t taken_ = 0;          // used entries taken
};

}  // namespace rssnic
