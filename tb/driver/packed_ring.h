// The driver's side of a packed virtqueue (virtio 1.4, 2.8): descriptor ring, driver and device event suppression.
// Whatever is added stays invisible until publish() writes the flags of the first descriptor of the batch: the device
// takes descriptors in ring order.
#pragma once
#include "tb/driver/driver_ring.h"

namespace rssnic {

class PackedRing final : public DriverRing {
 public:
  // `size` is 1 to 32768, not necessarily a power of two.
  PackedRing(HostRam& ram, unsigned size, const RingOptions& options = {}, unsigned queue = 0);

  bool add(GuestBuffers readable, GuestBuffers writable, std::uint32_t cookie) override;
  bool publish() override;
  bool enable_interrupts(bool enabled) override;
  std::optional<Used> take_used() override;
  unsigned used_ready() const override;
  void corrupt(RingNonsense nonsense) override;

 private:
  // A place in the ring, and the value that the wrap counter has there (2.8.1).
  struct Cursor {
    unsigned slot = 0;
    bool wrap = true;
  };
  void advance(Cursor& cursor, unsigned slots) const;
  std::uint8_t* descriptor(unsigned slot) const { return descriptors_ + kDescriptorBytes * slot; }
  bool is_used(const Cursor& cursor) const;

  std::uint8_t* const descriptors_;
  std::uint8_t* const driver_event_;
  const std::uint8_t* const device_event_;
  std::vector<std::uint16_t> free_ids_;  // a stack; the free ones are the first free_id_count_
  unsigned free_id_count_;
  Cursor next_available_, next_used_;
  unsigned added_ = 0;  // slots filled since publish()
  unsigned first_slot_ = 0;
  std::uint16_t first_flags_ = 0;  // of the slot where they begin, not written yet
};

}  // namespace rssnic
