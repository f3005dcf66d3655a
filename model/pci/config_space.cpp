#include "model/pci/config_space.h"

#include <cassert>

#include "model/bytes.h"

namespace rssnic {
namespace {

constexpr std::uint32_t kBarType64 = 0x4;  // memory, 64 bits wide, not prefetchable: reading the ISR has a side effect
constexpr std::uint64_t kBarAddressBits = ~std::uint64_t{0xf};

}  // namespace

std::uint32_t ConfigSpace::read(unsigned offset, unsigned size) const {
  return offset < kBytes ? get(offset, size) : 0;
}

void ConfigSpace::write(unsigned offset, unsigned size, std::uint32_t value) {
  if (offset >= kBytes) return;
  for (unsigned i = offset; i < offset + size; ++i, value >>= 8) {
    const unsigned written = value & 0xff;
    const unsigned kept = value_[i] & ~unsigned{writable_[i]} & ~(written & clear_by_one_[i]);
    value_[i] = static_cast<std::uint8_t>(kept | (written & writable_[i]));
  }
}

std::uint32_t ConfigSpace::get(unsigned offset, unsigned size) const {
  assert(offset + size <= kBytes);
  return static_cast<std::uint32_t>(load_le(&value_[offset], size));
}

void ConfigSpace::set(unsigned offset, unsigned size, std::uint32_t value) {
  assert(offset + size <= kBytes);
  store_le(&value_[offset], value, size);
}

std::uint64_t ConfigSpace::bar_address(unsigned bar) const {
  return load_le64(&value_[kBaseAddressRegister + 4 * bar]) & kBarAddressBits;
}

void ConfigSpace::allow_write(unsigned offset, unsigned size, std::uint32_t mask) {
  assert(offset + size <= kBytes);
  store_le(&writable_[offset], mask, size);
}

void ConfigSpace::clear_by_one(unsigned offset, unsigned size, std::uint32_t mask) {
  assert(offset + size <= kBytes);
  store_le(&clear_by_one_[offset], mask, size);
}

void ConfigSpace::add_memory_bar(unsigned bar, std::uint64_t bytes) {
  assert(bar % 2 == 0 && bar < 6 && bytes >= 16 && (bytes & (bytes - 1)) == 0);
  const unsigned offset = kBaseAddressRegister + 4 * bar;
  set(offset, 4, kBarType64);
  store_le64(&writable_[offset], ~(bytes - 1));
}

unsigned ConfigSpace::add_capability(std::uint8_t id, unsigned bytes) {
  const unsigned offset = next_capability_;
  assert(bytes >= 2 && offset + bytes <= kBytes);
  next_capability_ = (offset + bytes + 3) / 4 * 4;
  set(last_link_, 1, offset);
  set(offset, 1, id);
  last_link_ = offset + 1;
  return offset;
}

}  // namespace rssnic
