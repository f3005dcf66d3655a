// What the vfio-user device asks of the PCI function behind it. Accesses are naturally aligned and 1, 2 or 4 bytes
// wide (BARs also 8), within the space; they act at once and never wait.
#pragma once
#include <cstdint>

namespace rssnic::cosim {

class FunctionPort {
 public:
  virtual ~FunctionPort() = default;
  virtual std::uint32_t config_read(unsigned offset, unsigned size) = 0;
  virtual void config_write(unsigned offset, unsigned size, std::uint32_t value) = 0;
  // All ones and without effect while the function does not decode memory.
  virtual std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) = 0;
  virtual std::uint64_t bar_size(unsigned bar) const = 0;  // 0: there is none
  // Guest addresses that have been mapped or unmapped; nothing may be remembered of them.
  virtual void memory_changed(std::uint64_t first, std::uint64_t last) = 0;
};

}  // namespace rssnic::cosim
