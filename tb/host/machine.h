// A computer as a driver sees it: the card's configuration space and BARs, memory, messages that have come in, and time
// that passes. Two forms: PlainMachine around a Card alone (unit tests, no SystemC), RootComplex around a VirtioNic.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/net/card.h"
#include "tb/host/host_ram.h"

namespace rssnic {

// MSI-X messages are writes to this window; the data is the machine's own interrupt number.
constexpr std::uint64_t kMessageWindow = 0xfee00000;
constexpr std::uint64_t kMessageWindowBytes = 0x100000;

// Something wrong with one access of the card to host memory: the at-th read or write since count_dma().
struct DmaFault {
  enum class Kind : std::uint8_t { read_error, write_error, late_completion };
  Kind kind = Kind::read_error;
  std::uint64_t at = 1;
  Cycle late_cycles = 0;  // of a late completion: so much longer than it would have taken
};

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
  void take_messages(std::vector<std::uint32_t>& into);  // the same, into memory that is used again and again
  virtual bool inta() const = 0;

  // Faults are armed before the card's first access: with one armed, no direct memory access is granted.
  void arm(const DmaFault& fault) { dma_faults_.push_back(fault); }
  // `on_strike` is called in the middle of the access, with the fault's place in the order of arm(), the cycle, and
  // whether the access is an interrupt message.
  using OnStrike = std::function<void(std::size_t fault, Cycle when, bool message)>;
  void count_dma(OnStrike on_strike);
  std::uint64_t dma_reads() const { return dma_reads_; }  // since count_dma()
  std::uint64_t dma_writes() const { return dma_writes_; }
  // The link carries nothing for so many cycles.
  virtual void stall_link(Cycle cycles) = 0;
  virtual const Card& card() const = 0;  // to look at

  virtual Cycle now() const = 0;
  // Waits for the next window edge.
  virtual void wait_window() = 0;
  // Waits for the next window edge before which something has happened; false when nothing will.
  virtual bool wait_activity() = 0;

 protected:
  Machine() = default;
  explicit Machine(HostRam::Source source) : ram_(std::move(source)) {}
  virtual std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) = 0;
  // What a DMA of the card meets: memory, or the message window. `extra`: as in HostMemory.
  DmaStatus dma_read(std::uint64_t address, Bytes into, Cycle& extra);
  DmaStatus dma_write(std::uint64_t address, ConstBytes from);
  bool faults_armed() const { return !dma_faults_.empty(); }

 private:
  struct Window {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };
  int find_bar(std::uint64_t address, unsigned size) const;
  void strike(std::size_t fault, bool message);

  HostRam ram_;
  std::array<Window, kBars> bars_{};
  std::vector<std::uint32_t> messages_;
  std::vector<DmaFault> dma_faults_;
  OnStrike on_strike_;
  bool counting_dma_ = false;
  std::uint64_t dma_reads_ = 0, dma_writes_ = 0;
};

}  // namespace rssnic
