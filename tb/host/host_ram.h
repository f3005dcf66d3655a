// Sparse host memory: 64-bit addresses, backed only where something was allocated; any other access is a bus error.
// Allocations come from large arenas, zeroed, and live as long as the memory. A machine whose memory others see too
// says where arenas come from.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "model/sim/dma_port.h"

namespace rssnic {

class HostRam final : public HostMemory {
 public:
  // Zeroed memory of so many bytes for an arena at this address; null when there is no more.
  using Source = std::function<std::shared_ptr<std::uint8_t>(std::uint64_t start, std::size_t size)>;

  explicit HostRam(Source source = from_heap);
  // `alignment` is a power of two. Throws std::bad_alloc when the machine has no more.
  std::uint64_t allocate(std::size_t size, std::size_t alignment = 64);
  // The bytes at an address; null unless all of them are backed by one arena.
  std::uint8_t* pointer(std::uint64_t address, std::size_t size);

  struct Region {
    std::uint64_t start = 0;
    std::size_t size = 0;
    std::uint8_t* bytes = nullptr;
  };
  // The arena around an address; size 0 when there is none.
  Region region(std::uint64_t address) const;

  DmaStatus read(std::uint64_t address, Bytes into, Cycle& extra) override;
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle& extra) override;

 private:
  static constexpr std::size_t kArenaBytes = 64u << 20;
  static constexpr std::uint64_t kFirstAddress = std::uint64_t{1} << 32;
  struct Arena {
    std::shared_ptr<std::uint8_t> bytes;
    std::size_t size = 0;
    std::size_t used = 0;
  };
  static std::shared_ptr<std::uint8_t> from_heap(std::uint64_t start, std::size_t size);

  const Source source_;
  std::map<std::uint64_t, Arena> arenas_;  // by start address
};

}  // namespace rssnic
