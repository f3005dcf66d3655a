// Finds a virtio-net function the way an operating system does: identity, BARs (sized, placed and switched on), the
// capability list (virtio 1.4, 4.1.4 and PCI 3.0, 6.7).
#pragma once
#include "tb/driver/driver_error.h"
#include "tb/host/machine.h"

namespace rssnic {

struct CapabilityRegion {  // one virtio_pci_cap: a part of a BAR
  unsigned bar = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint64_t address = 0;  // on the bus
};

struct VirtioPciLayout {
  CapabilityRegion common, notify, isr, device;
  std::uint32_t notify_off_multiplier = 0;
  unsigned pci_cfg_capability = 0;  // offset in configuration space; 0: none
  unsigned msix_capability = 0;
  unsigned msix_vectors = 0;
  std::uint64_t msix_table = 0;  // bus address
  std::uint64_t msix_pending = 0;
  std::array<std::uint64_t, kBars> bar_size{};
  std::array<std::uint64_t, kBars> bar_address{};
};

// Memory BARs are placed from 0xc000000000 on; memory decoding and bus mastering are on afterwards. Throws DriverError.
VirtioPciLayout probe_virtio_net(Machine& machine);

}  // namespace rssnic
