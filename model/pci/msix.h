// The MSI-X table and its pending bits (PCI 3.0, 6.8.2). A vector that may not be sent now, because it or the function
// is masked or because the function is not bus master, stays pending and is sent once it may be.
//
// A message is a posted write of the entry's data in order with everything posted before, so it cannot overtake the
// used ring. The table is a DMA client of its own for one reason: a reset discards the messages that the host has not
// seen.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "model/sim/dma_port.h"

namespace rssnic {

class Msix {
 public:
  Msix(DmaPort& dma, unsigned vectors);

  // Power-on state: disabled, every entry masked and zero, nothing pending.
  void reset();
  // Message Control and Command as software left them. Disabling forgets what is pending.
  void control(bool enabled, bool function_masked, bool bus_master);
  bool enabled() const { return enabled_; }
  unsigned vectors() const { return static_cast<unsigned>(table_.size()); }

  // Sends the vector's message, or marks it pending. MSI-X is enabled and the vector lies within the table.
  void fire(unsigned vector);
  // Forgets what is pending, of all vectors (device reset) or of one; the table stays as it is.
  void clear_pending();
  void clear_pending(unsigned vector) { pending_[vector / 32] &= ~(std::uint32_t{1} << vector % 32); }

  // The BAR: table at 0, pending bits at kMsixPbaOffset. Size 1, 2 or 4, naturally aligned. Accesses narrower than 4
  // bytes are undefined in PCI; here they touch just those bytes.
  std::uint32_t read(std::uint64_t offset, unsigned size) const;
  void write(std::uint64_t offset, unsigned size, std::uint32_t value);

 private:
  using Entry = std::array<std::uint32_t, 4>;  // address low, address high, data, vector control

  bool may_send(unsigned vector) const;
  void send(unsigned vector);
  void send_pending();

  DmaPort& dma_;
  bool enabled_ = false;
  bool function_masked_ = false;
  bool bus_master_ = false;
  std::vector<Entry> table_;
  std::vector<std::uint32_t> pending_;  // one bit a vector; an even number of words, since the array is of 64-bit words
};

}  // namespace rssnic
