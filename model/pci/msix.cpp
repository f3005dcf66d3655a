#include "model/pci/msix.h"

#include <algorithm>
#include <cassert>

#include "model/pci/function_layout.h"

namespace rssnic {
namespace {

enum Word : unsigned { kAddressLow, kAddressHigh, kData, kVectorControl };
constexpr std::uint32_t kVectorMasked = 1;

std::uint32_t writable_bits(unsigned word) {
  if (word == kAddressLow) return ~std::uint32_t{3};
  return word == kVectorControl ? kVectorMasked : ~std::uint32_t{0};
}

std::uint32_t size_mask(unsigned size) { return size == 4 ? ~std::uint32_t{0} : (std::uint32_t{1} << 8 * size) - 1; }

}  // namespace

Msix::Msix(DmaPort& dma, unsigned vectors)
    : dma_(dma), table_(vectors, Entry{0, 0, 0, kVectorMasked}), pending_((vectors + 63) / 64 * 2, 0) {}

void Msix::reset() {
  enabled_ = function_masked_ = bus_master_ = false;
  std::fill(table_.begin(), table_.end(), Entry{0, 0, 0, kVectorMasked});
  clear_pending();
}

void Msix::control(bool enabled, bool function_masked, bool bus_master) {
  enabled_ = enabled;
  function_masked_ = function_masked;
  bus_master_ = bus_master;
  if (!enabled_) clear_pending();
  send_pending();
}

bool Msix::may_send(unsigned vector) const {
  return enabled_ && !function_masked_ && bus_master_ && (table_[vector][kVectorControl] & kVectorMasked) == 0;
}

void Msix::fire(unsigned vector) {
  assert(enabled_ && vector < vectors());
  if (may_send(vector)) {
    send(vector);
  } else {
    pending_[vector / 32] |= std::uint32_t{1} << vector % 32;
  }
}

void Msix::send(unsigned vector) {
  const Entry& entry = table_[vector];
  std::uint8_t data[4];
  store_le32(data, entry[kData]);
  dma_.write(nullptr, 0, std::uint64_t{entry[kAddressHigh]} << 32 | entry[kAddressLow], {data, sizeof data});
}

void Msix::send_pending() {
  for (unsigned word = 0; word < pending_.size(); ++word) {
    if (pending_[word] == 0) continue;
    for (unsigned bit = 0; bit < 32; ++bit) {
      const std::uint32_t mask = std::uint32_t{1} << bit;
      if ((pending_[word] & mask) == 0 || !may_send(32 * word + bit)) continue;
      pending_[word] &= ~mask;
      send(32 * word + bit);
    }
  }
}

void Msix::clear_pending() { std::fill(pending_.begin(), pending_.end(), 0); }

std::uint32_t Msix::read(std::uint64_t offset, unsigned size) const {
  const bool in_table = offset < kMsixPbaOffset;
  const std::uint64_t word = (in_table ? offset : offset - kMsixPbaOffset) / 4;
  std::uint32_t value = 0;
  if (in_table && word / 4 < table_.size()) value = table_[word / 4][word % 4];
  if (!in_table && word < pending_.size()) value = pending_[word];
  return value >> 8 * (offset % 4) & size_mask(size);
}

void Msix::write(std::uint64_t offset, unsigned size, std::uint32_t value) {
  const std::uint64_t word = offset / 4;
  if (word / 4 >= table_.size()) return;  // pending bits are read-only
  const unsigned shift = 8 * static_cast<unsigned>(offset % 4);
  const std::uint32_t mask = size_mask(size) << shift & writable_bits(word % 4);
  std::uint32_t& target = table_[word / 4][word % 4];
  target = (target & ~mask) | (value << shift & mask);
  if (word % 4 == kVectorControl) send_pending();
}

}  // namespace rssnic
