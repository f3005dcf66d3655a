#include "model/pci/function_layout.h"

#include <stdexcept>
#include <string>

#include "model/pci/common_config.h"

namespace rssnic {
namespace {

constexpr std::uint8_t kPowerManagementId = 0x01;
constexpr std::uint8_t kVendorSpecificId = 0x09;
constexpr std::uint8_t kPciExpressId = 0x10;
constexpr std::uint8_t kMsixId = 0x11;

void check_range(const char* what, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return;
  throw std::invalid_argument(std::string(what) + " is " + std::to_string(value) + "; allowed are " +
                              std::to_string(low) + " to " + std::to_string(high));
}

// virtio 1.4, 4.1.2: identification of a function that has no legacy interface.
void add_header(ConfigSpace& config) {
  config.set(0x00, 2, 0x1af4);    // vendor
  config.set(0x02, 2, 0x1041);    // device: 0x1040 + the virtio id of a network card
  config.set(0x08, 1, 1);         // revision
  config.set(0x09, 3, 0x020000);  // Ethernet controller
  config.set(0x2c, 2, 0x1af4);    // subsystem vendor
  config.set(0x2e, 2, 0x0040);    // subsystem device: below 0x40 would be a transitional function's
  config.set(0x3d, 1, 1);         // INTA
  config.set(kStatusRegister, 2, kStatusCapabilityList);
  config.allow_write(
      kCommandRegister, 2,
      kCommandMemory | kCommandBusMaster | kCommandParityResponse | kCommandSerr | kCommandInterruptDisable);
  config.clear_by_one(kStatusRegister, 2, kStatusErrorBits);
  config.allow_write(0x0c, 1, 0xff);  // cache line size: without effect on PCI Express, but kept
  config.allow_write(0x3c, 1, 0xff);  // interrupt line: software's note
}

// Every PCI Express function has one. No_Soft_Reset: the way back from D3hot keeps all state.
unsigned add_power_management(ConfigSpace& config) {
  const unsigned cap = config.add_capability(kPowerManagementId, 8);
  config.set(cap + 2, 2, 3);  // version 1.2; neither D1, D2 nor PME
  config.set(cap + kPowerControl, 2, 1u << 3);
  config.allow_write(cap + kPowerControl, 2, kPowerStateMask);
  return cap;
}

// A version 2 capability of an endpoint. Software's settings are kept, yet the link's timing follows its parameters.
unsigned add_pci_express(ConfigSpace& config, const PcieParameters& link) {
  unsigned payload_code = 0;
  while (payload_code < 5 && (256u << payload_code) <= link.max_payload_bytes) ++payload_code;
  const unsigned speed_and_width = link.generation | link.lanes << 4;

  const unsigned cap = config.add_capability(kPciExpressId, 60);
  config.set(cap + 2, 2, 2);
  // Device capabilities: payload size, 8-bit tags, role-based error reporting, function level reset.
  config.set(cap + 4, 4, payload_code | 1u << 5 | 1u << 15 | 1u << 28);
  // Device control: relaxed ordering and no snoop on, read requests of 512 bytes, payloads of 128: the specified reset
  // values. The reset bit is writable only until the function acts on it.
  config.set(cap + kDeviceControl, 2, 0x2810);
  config.allow_write(cap + kDeviceControl, 2, 0x79ff | kInitiateFunctionLevelReset);
  config.clear_by_one(cap + 10, 2, 0x000f);
  // Link: no ASPM (and compliant with its being optional); status says what the capabilities say.
  config.set(cap + 12, 4, speed_and_width | 1u << 22);
  config.allow_write(cap + 16, 2, 0x00cb);
  config.set(cap + 18, 2, speed_and_width | 1u << 12);
  // Completion timeout can be disabled, its range is fixed.
  config.set(cap + 36, 4, 1u << 4);
  config.allow_write(cap + 40, 2, 1u << 4);
  // Supported speeds, and the target speed.
  config.set(cap + 44, 4, ((1u << link.generation) - 1) << 1);
  config.set(cap + 48, 2, link.generation);
  config.allow_write(cap + 48, 2, 0x000f);
  return cap;
}

unsigned add_msix(ConfigSpace& config, unsigned vectors) {
  const unsigned cap = config.add_capability(kMsixId, 12);
  config.set(cap + kMsixMessageControl, 2, vectors - 1);
  config.allow_write(cap + kMsixMessageControl, 2, kMsixEnable | kMsixFunctionMask);
  config.set(cap + 4, 4, kMsixBar);
  config.set(cap + 8, 4, static_cast<std::uint32_t>(kMsixPbaOffset) | kMsixBar);
  return cap;
}

unsigned add_virtio(ConfigSpace& config, std::uint8_t cfg_type, unsigned cap_len, std::uint64_t offset,
                    std::uint64_t length) {
  const unsigned cap = config.add_capability(kVendorSpecificId, cap_len);
  config.set(cap + 2, 1, cap_len);
  config.set(cap + 3, 1, cfg_type);
  config.set(cap + kCapBar, 1, kRegisterBar);
  config.set(cap + kCapOffset, 4, static_cast<std::uint32_t>(offset));
  config.set(cap + kCapLength, 4, static_cast<std::uint32_t>(length));
  return cap;
}

}  // namespace

FunctionLayout make_function_layout(unsigned num_queues, std::size_t device_config_bytes, unsigned vectors,
                                    const PcieParameters& link) {
  check_range("number of virtqueues", num_queues, 1, kMaxQueues);
  check_range("device configuration size in bytes", device_config_bytes, 1, kMaxDeviceConfigBytes);
  check_range("number of MSI-X vectors", vectors, 1, kMaxVectors);
  check_range("PCI Express generation", link.generation, 1, 5);
  check_range("number of PCI Express lanes", link.lanes, 1, 16);

  const std::uint64_t notify_bytes = std::uint64_t{kNotifyOffMultiplier} * num_queues;
  FunctionLayout layout;
  layout.register_bar_bytes = 0x8000;
  while (layout.register_bar_bytes < kNotifyOffset + notify_bytes) layout.register_bar_bytes *= 2;

  ConfigSpace& config = layout.power_on;
  add_header(config);
  config.add_memory_bar(kRegisterBar, layout.register_bar_bytes);
  config.add_memory_bar(kMsixBar, kMsixBarBytes);
  layout.power_management = add_power_management(config);
  layout.pci_express = add_pci_express(config, link);
  layout.msix = add_msix(config, vectors);

  add_virtio(config, VIRTIO_PCI_CAP_COMMON_CFG, 16, kCommonConfigOffset, kCommonConfigBytes);
  const unsigned notify = add_virtio(config, VIRTIO_PCI_CAP_NOTIFY_CFG, 20, kNotifyOffset, notify_bytes);
  config.set(notify + 16, 4, kNotifyOffMultiplier);
  add_virtio(config, VIRTIO_PCI_CAP_ISR_CFG, 16, kIsrOffset, 1);
  add_virtio(config, VIRTIO_PCI_CAP_DEVICE_CFG, 16, kDeviceConfigOffset, device_config_bytes);
  layout.pci_cfg = add_virtio(config, VIRTIO_PCI_CAP_PCI_CFG, 20, 0, 0);
  config.allow_write(layout.pci_cfg + kCapBar, 1, 0xff);
  config.allow_write(layout.pci_cfg + kCapOffset, 4, 0xffffffff);
  config.allow_write(layout.pci_cfg + kCapLength, 4, 0xffffffff);
  config.allow_write(layout.pci_cfg + kPciCfgData, 4, 0xffffffff);
  return layout;
}

}  // namespace rssnic
