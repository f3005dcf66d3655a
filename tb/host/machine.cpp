#include "tb/host/machine.h"

namespace rssnic {

int Machine::find_bar(std::uint64_t address, unsigned size) const {
  for (unsigned bar = 0; bar < kBars; ++bar) {
    const Window& window = bars_[bar];
    if (window.size >= size && address >= window.address && address - window.address <= window.size - size) {
      return static_cast<int>(bar);
    }
  }
  return -1;
}

std::uint64_t Machine::mmio_read(std::uint64_t address, unsigned size) {
  const int bar = find_bar(address, size);
  return bar < 0 ? ~std::uint64_t{0} : bar_read(static_cast<unsigned>(bar), address - bars_[bar].address, size);
}

void Machine::mmio_write(std::uint64_t address, unsigned size, std::uint64_t value) {
  const int bar = find_bar(address, size);
  if (bar >= 0) bar_write(static_cast<unsigned>(bar), address - bars_[bar].address, size, value);
}

std::vector<std::uint32_t> Machine::take_messages() {
  std::vector<std::uint32_t> taken;
  take_messages(taken);
  return taken;
}

void Machine::take_messages(std::vector<std::uint32_t>& into) {
  into.clear();
  into.swap(messages_);
}

void Machine::count_dma(OnStrike on_strike) {
  on_strike_ = std::move(on_strike);
  counting_dma_ = true;
}

void Machine::strike(std::size_t fault, bool message) { on_strike_(fault, card().event_cycle(), message); }

DmaStatus Machine::dma_read(std::uint64_t address, Bytes into, Cycle& extra) {
  if (!counting_dma_) return ram_.read(address, into, extra);
  ++dma_reads_;
  DmaStatus status = DmaStatus::ok;
  for (std::size_t i = 0; i < dma_faults_.size(); ++i) {
    const DmaFault& fault = dma_faults_[i];
    if (fault.at != dma_reads_ || fault.kind == DmaFault::Kind::write_error) continue;
    if (fault.kind == DmaFault::Kind::read_error) status = DmaStatus::bus_error;
    extra += fault.late_cycles;
    strike(i, false);
  }
  return status == DmaStatus::ok ? ram_.read(address, into, extra) : status;
}

DmaStatus Machine::dma_write(std::uint64_t address, ConstBytes from) {
  const bool message = address >= kMessageWindow && address < kMessageWindow + kMessageWindowBytes;
  if (counting_dma_) {
    ++dma_writes_;
    for (std::size_t i = 0; i < dma_faults_.size(); ++i) {
      if (dma_faults_[i].at != dma_writes_ || dma_faults_[i].kind != DmaFault::Kind::write_error) continue;
      strike(i, message);
      return DmaStatus::bus_error;
    }
  }
  if (message) {
    if (from.size != 4) return DmaStatus::bus_error;
    messages_.push_back(load_le32(from.data));
    return DmaStatus::ok;
  }
  Cycle extra = 0;
  return ram_.write(address, from, extra);
}

}  // namespace rssnic
