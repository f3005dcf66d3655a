#include "tb/host/host_ram.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace rssnic {

HostRam::HostRam(Source source) : source_(std::move(source)) {}

std::shared_ptr<std::uint8_t> HostRam::from_heap(std::uint64_t, std::size_t size) {
  auto* const bytes = static_cast<std::uint8_t*>(std::calloc(size, 1));  // pages come when they are touched
  return bytes != nullptr ? std::shared_ptr<std::uint8_t>(bytes, std::free) : nullptr;
}

std::uint64_t HostRam::allocate(std::size_t size, std::size_t alignment) {
  const auto place = [&](std::uint64_t start, Arena& arena) -> std::uint64_t {
    const std::uint64_t at = (start + arena.used + alignment - 1) & ~(std::uint64_t{alignment} - 1);
    if (at - start > arena.size || size > arena.size - (at - start)) return 0;
    arena.used = at - start + size;
    return at;
  };
  if (!arenas_.empty()) {
    auto last = std::prev(arenas_.end());
    if (const std::uint64_t at = place(last->first, last->second)) return at;
  }
  std::uint64_t start = kFirstAddress;
  if (!arenas_.empty()) {
    const auto last = std::prev(arenas_.end());
    start = (last->first + last->second.size + kArenaBytes) & ~(std::uint64_t{kArenaBytes} - 1);
    start += kArenaBytes;  // a gap, so that running over the end of an arena is a bus error
  }
  Arena arena;
  arena.size = std::max(size + alignment, kArenaBytes);
  arena.bytes = source_(start, arena.size);
  if (!arena.bytes) throw std::bad_alloc();
  return place(start, arenas_.emplace(start, std::move(arena)).first->second);
}

HostRam::Region HostRam::region(std::uint64_t address) const {
  auto after = arenas_.upper_bound(address);
  if (after == arenas_.begin()) return {};
  --after;
  if (address - after->first >= after->second.size) return {};
  return {after->first, after->second.size, after->second.bytes.get()};
}

std::uint8_t* HostRam::pointer(std::uint64_t address, std::size_t size) {
  const Region found = region(address);
  const std::uint64_t offset = address - found.start;
  if (found.size == 0 || size > found.size - offset) return nullptr;
  return found.bytes + offset;
}

DmaStatus HostRam::read(std::uint64_t address, Bytes into, Cycle&) {
  const std::uint8_t* const bytes = pointer(address, into.size);
  if (bytes == nullptr) return DmaStatus::bus_error;
  std::memcpy(into.data, bytes, into.size);
  return DmaStatus::ok;
}

DmaStatus HostRam::write(std::uint64_t address, ConstBytes from, Cycle&) {
  std::uint8_t* const bytes = pointer(address, from.size);
  if (bytes == nullptr) return DmaStatus::bus_error;
  std::memcpy(bytes, from.data, from.size);
  return DmaStatus::ok;
}

}  // namespace rssnic
