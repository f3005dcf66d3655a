#include "tb/driver/pci_probe.h"

#include <fmt/format.h>

#include <algorithm>

namespace rssnic {
namespace {

constexpr std::uint64_t kBarSpace = 0xc000000000;
constexpr std::uint16_t kCommandMemory = 1 << 1;
constexpr std::uint16_t kCommandBusMaster = 1 << 2;
constexpr std::uint16_t kStatusCapabilities = 1 << 4;

enum ConfigOffset : unsigned {
  kVendor = 0x00,
  kDevice = 0x02,
  kCommand = 0x04,
  kStatus = 0x06,
  kBar0 = 0x10,
  kCapabilities = 0x34
};
enum CapabilityId : std::uint8_t { kVendorSpecific = 0x09, kMsix = 0x11 };

// Writes all ones, reads back which address bits stick, restores (PCI 3.0, 6.2.5.1); then places the BAR.
void place_bars(Machine& machine, VirtioPciLayout& layout) {
  const auto command = machine.config_read(kCommand, 2);
  machine.config_write(kCommand, 2, command & ~std::uint32_t{kCommandMemory});
  std::uint64_t next = kBarSpace;
  for (unsigned bar = 0; bar < kBars; ++bar) {
    const unsigned offset = kBar0 + 4 * bar;
    const std::uint32_t original = machine.config_read(offset, 4);
    if (original & 1) throw DriverError(fmt::format("BAR {} is an I/O BAR; this driver takes memory BARs", bar));
    const bool wide = (original & 6) == 4;
    machine.config_write(offset, 4, 0xffffffff);
    if (wide) machine.config_write(offset + 4, 4, 0xffffffff);
    const std::uint64_t low = machine.config_read(offset, 4) & ~std::uint64_t{0xf};
    const std::uint64_t high = wide ? machine.config_read(offset + 4, 4) : 0xffffffffu;
    const std::uint64_t mask = high << 32 | low;
    if (low == 0 && (!wide || high == 0)) continue;
    const std::uint64_t size = ~mask + 1;
    if (size & (size - 1)) throw DriverError(fmt::format("BAR {} has a size of {:#x}, no power of two", bar, size));
    next = (next + size - 1) & ~(size - 1);
    machine.config_write(offset, 4, static_cast<std::uint32_t>(next));
    if (wide) machine.config_write(offset + 4, 4, static_cast<std::uint32_t>(next >> 32));
    machine.map_bar(bar, next, size);
    layout.bar_size[bar] = size;
    layout.bar_address[bar] = next;
    next += size;
    if (wide) ++bar;
  }
  machine.config_write(kCommand, 2, command | kCommandMemory | kCommandBusMaster);
}

CapabilityRegion read_region(Machine& machine, const VirtioPciLayout& layout, unsigned capability) {
  CapabilityRegion region;
  region.bar = machine.config_read(capability + 4, 1);
  region.offset = machine.config_read(capability + 8, 4);
  region.length = machine.config_read(capability + 12, 4);
  if (region.bar >= kBars) return {};  // reserved: to be ignored (4.1.4.1)
  const std::uint64_t size = layout.bar_size[region.bar];
  if (region.offset > size || region.length > size - region.offset) {
    throw DriverError(fmt::format("capability at {:#x}: {:#x} bytes at offset {:#x} exceed BAR {} of {:#x} bytes",
                                  capability, region.length, region.offset, region.bar, size));
  }
  region.address = layout.bar_address[region.bar] + region.offset;
  return region;
}

void read_virtio_capability(Machine& machine, VirtioPciLayout& layout, unsigned capability) {
  const auto take = [&](CapabilityRegion& into) {
    if (into.length == 0) into = read_region(machine, layout, capability);  // the first usable one of a type counts
  };
  switch (machine.config_read(capability + 3, 1)) {
    case 1:
      take(layout.common);
      break;
    case 2:
      take(layout.notify);
      layout.notify_off_multiplier = machine.config_read(capability + 16, 4);
      break;
    case 3:
      take(layout.isr);
      break;
    case 4:
      take(layout.device);
      break;
    case 5:
      layout.pci_cfg_capability = capability;
      break;
    default:
      break;  // unknown types are skipped
  }
}

void read_msix_capability(Machine& machine, VirtioPciLayout& layout, unsigned capability) {
  layout.msix_capability = capability;
  layout.msix_vectors = (machine.config_read(capability + 2, 2) & 0x7ff) + 1;
  const auto locate = [&](unsigned offset) {
    const std::uint32_t value = machine.config_read(capability + offset, 4);
    const unsigned bar = value & 7;
    if (bar >= kBars || layout.bar_size[bar] == 0)
      throw DriverError(fmt::format("MSI-X names BAR {}, which is absent", bar));
    return layout.bar_address[bar] + (value & ~7u);
  };
  layout.msix_table = locate(4);
  layout.msix_pending = locate(8);
}

}  // namespace

VirtioPciLayout probe_virtio_net(Machine& machine) {
  const std::uint32_t vendor = machine.config_read(kVendor, 2);
  const std::uint32_t device = machine.config_read(kDevice, 2);
  if (vendor != 0x1af4 || device != 0x1041) {
    throw DriverError(
        fmt::format("function {:04x}:{:04x} is no modern virtio-net function (1af4:1041)", vendor, device));
  }
  VirtioPciLayout layout;
  place_bars(machine, layout);
  if (!(machine.config_read(kStatus, 2) & kStatusCapabilities))
    throw DriverError("the function has no capability list");
  unsigned capability = machine.config_read(kCapabilities, 1) & ~3u;
  for (unsigned seen = 0; capability != 0; ++seen) {
    if (seen == 48 || capability < 0x40) throw DriverError("the capability list does not end");
    const auto id = machine.config_read(capability, 1);
    if (id == kVendorSpecific) read_virtio_capability(machine, layout, capability);
    if (id == kMsix) read_msix_capability(machine, layout, capability);
    capability = machine.config_read(capability + 1, 1) & ~3u;
  }
  const auto need = [](const CapabilityRegion& region, std::uint32_t length, const char* name) {
    if (region.length < length) {
      throw DriverError(fmt::format("{}: {} bytes, {} are needed", name, region.length, length));
    }
  };
  need(layout.common, 56, "common configuration");
  need(layout.notify, 2, "notification");
  need(layout.isr, 1, "ISR");
  need(layout.device, 6, "device configuration");
  return layout;
}

}  // namespace rssnic
