// Where the function's registers lie: the layout of its BARs, and the configuration space as it is at power-on (header,
// power management, PCI Express and MSI-X capabilities, and the five virtio capabilities of virtio 1.4, 4.1.4).
// Data only; what the registers do is the business of VirtioFunction.
#pragma once
#include <cstdint>

#include "model/pci/config_space.h"
#include "model/sim/pcie_link.h"

namespace rssnic {

// BAR 0: the virtio register blocks.
constexpr unsigned kRegisterBar = 0;
constexpr std::uint64_t kCommonConfigOffset = 0x0000;
constexpr std::uint64_t kIsrOffset = 0x1000;
constexpr std::uint64_t kDeviceConfigOffset = 0x2000;
constexpr std::uint64_t kNotifyOffset = 0x4000;
constexpr unsigned kNotifyOffMultiplier = 4;
constexpr unsigned kMaxDeviceConfigBytes = kNotifyOffset - kDeviceConfigOffset;
constexpr unsigned kMaxQueues = 65535;

// BAR 2: MSI-X. Room for the largest table, so that its size does not depend on the number of vectors.
constexpr unsigned kMsixBar = 2;
constexpr unsigned kMaxVectors = 2048;
constexpr unsigned kMsixEntryBytes = 16;
constexpr std::uint64_t kMsixPbaOffset = kMaxVectors * kMsixEntryBytes;
constexpr std::uint64_t kMsixBarBytes = 2 * kMsixPbaOffset;

// Within the power management capability (PCI PM 1.2, 3.2).
constexpr unsigned kPowerControl = 4;
constexpr std::uint16_t kPowerStateMask = 3;  // 0: D0, 3: D3hot; D1 and D2 are not supported
// Within the PCI Express capability (PCIe 4.0, 7.5.3).
constexpr unsigned kDeviceControl = 8;
constexpr std::uint16_t kInitiateFunctionLevelReset = 1u << 15;
// Within the MSI-X capability (PCI 3.0, 6.8.2).
constexpr unsigned kMsixMessageControl = 2;
constexpr std::uint16_t kMsixFunctionMask = 1u << 14;
constexpr std::uint16_t kMsixEnable = 1u << 15;
// Within struct virtio_pci_cap and virtio_pci_cfg_cap (virtio 1.4, 4.1.4 and 4.1.4.9).
constexpr unsigned kCapBar = 4;
constexpr unsigned kCapOffset = 8;
constexpr unsigned kCapLength = 12;
constexpr unsigned kPciCfgData = 16;

constexpr std::uint8_t VIRTIO_PCI_CAP_COMMON_CFG = 1;
constexpr std::uint8_t VIRTIO_PCI_CAP_NOTIFY_CFG = 2;
constexpr std::uint8_t VIRTIO_PCI_CAP_ISR_CFG = 3;
constexpr std::uint8_t VIRTIO_PCI_CAP_DEVICE_CFG = 4;
constexpr std::uint8_t VIRTIO_PCI_CAP_PCI_CFG = 5;

struct FunctionLayout {
  ConfigSpace power_on;
  std::uint64_t register_bar_bytes = 0;
  // Offsets of the capabilities whose registers act.
  unsigned power_management = 0;
  unsigned pci_express = 0;
  unsigned msix = 0;
  unsigned pci_cfg = 0;
};

// Throws std::invalid_argument for more queues, vectors or bytes than the layout has room for.
FunctionLayout make_function_layout(unsigned num_queues, std::size_t device_config_bytes, unsigned vectors,
                                    const PcieParameters& link);

}  // namespace rssnic
