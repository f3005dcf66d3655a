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
  taken.swap(messages_);
  return taken;
}

DmaStatus Machine::dma_read(std::uint64_t address, Bytes into) {
  Cycle extra = 0;
  return ram_.read(address, into, extra);
}

DmaStatus Machine::dma_write(std::uint64_t address, ConstBytes from) {
  if (address >= kMessageWindow && address < kMessageWindow + kMessageWindowBytes) {
    if (from.size != 4) return DmaStatus::bus_error;
    messages_.push_back(load_le32(from.data));
    return DmaStatus::ok;
  }
  Cycle extra = 0;
  return ram_.write(address, from, extra);
}

}  // namespace rssnic
