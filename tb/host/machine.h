// A computer as a driver sees it: the card's configuration space and BARs, memory, messages that have come in, and time
// that passes. Two forms: PlainMachine around a Card alone (unit tests, no SystemC), RootComplex around a VirtioNic.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "model/pci/virtio_function.h"
#include "tb/host/host_ram.h"

namespace rssnic {

// MSI-X messages are writes to this window; the data is the machine's own interrupt number.
constexpr std::uint64_t kMessageWindow = 0xfee00000;
constexpr std::uint64_t kMessageWindowBytes = 0x100000;

class Machine {
 public:
  virtual ~Machine() = default;

  virtual std::uint32_t config_read(unsigned offset, unsigned size) = 0;
  virtual void config_write(unsigned offset, unsigned size, std::uint32_t value) = 0;
  // Tells the bridge where a BAR lies, as the driver has written it into configuration space.
  void map_bar(unsigned bar, std::uint64_t address, std::uint64_t size) { bars_[bar] = {address, size}; }
  // Memory-mapped I/O at bus addresses; an address in no BAR reads as all ones.
  std::uint64_t mmio_read(std::uint64_t address, unsigned size);
  void mmio_write(std::uint64_t address, unsigned size, std::uint64_t value);

  HostRam& ram() { return ram_; }
  // The data of the messages received since the last call, in order.
  std::vector<std::uint32_t> take_messages();
  virtual bool inta() const = 0;

  virtual Cycle now() const = 0;
  // Waits for the next window edge.
  virtual void wait_window() = 0;
  // Waits for the next window edge before which something has happened; false when nothing will.
  virtual bool wait_activity() = 0;

 protected:
  virtual std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) = 0;
  // What a DMA of the card meets: memory, or the message window.
  DmaStatus dma_read(std::uint64_t address, Bytes into);
  DmaStatus dma_write(std::uint64_t address, ConstBytes from);

 private:
  struct Window {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };
  int find_bar(std::uint64_t address, unsigned size) const;

  HostRam ram_;
  std::array<Window, kBars> bars_{};
  std::vector<std::uint32_t> messages_;
};

}  // namespace rssnic
