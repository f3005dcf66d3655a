// The card's PCI function: configuration space, capabilities, BARs, MSI-X, and the virtio-pci register blocks in front
// of a VirtioDevice (virtio 1.4, 4.1). Modern only: 1af4:1041, class 020000. Register accesses act at once; none
// blocks.
//
// BAR 0 (64-bit, memory): common configuration, ISR, device configuration, notification (4 bytes a queue, so its size
// follows the number of queues). BAR 2 (64-bit, memory): MSI-X table and pending bit array.
#pragma once
#include <cstdint>
#include <memory>

#include "model/pci/virtio_device.h"
#include "model/sim/dma_port.h"
#include "model/sim/interrupt_port.h"
#include "model/sim/pcie_link.h"

namespace rssnic {

// device_status bits (virtio 1.4, 2.1)
constexpr std::uint8_t VIRTIO_STATUS_ACKNOWLEDGE = 1;
constexpr std::uint8_t VIRTIO_STATUS_DRIVER = 2;
constexpr std::uint8_t VIRTIO_STATUS_DRIVER_OK = 4;
constexpr std::uint8_t VIRTIO_STATUS_FEATURES_OK = 8;
constexpr std::uint8_t VIRTIO_STATUS_DEVICE_NEEDS_RESET = 64;
constexpr std::uint8_t VIRTIO_STATUS_FAILED = 128;

constexpr unsigned kBars = 6;
constexpr std::uint16_t VIRTIO_MSI_NO_VECTOR = 0xffff;

class VirtioFunction {
 public:
  // `vectors`: MSI-X table size, 1 to 2048. MSI-X messages are posted through `dma`. `link` is what the PCI Express
  // capability describes. Throws std::invalid_argument for sizes that the layout has no room for.
  VirtioFunction(VirtioDevice& device, DmaPort& dma, InterruptPort& interrupts, unsigned vectors,
                 const PcieParameters& link = {});
  ~VirtioFunction();

  // ---- from the bus. Offsets and sizes are checked here: size is 1, 2 or 4 (BARs: also 8); what lies outside, or is
  // not naturally aligned, reads as 0 and is ignored when written. `bar` is 0 to 5, `offset` relative to it.
  std::uint32_t config_read(unsigned offset, unsigned size);
  void config_write(unsigned offset, unsigned size, std::uint32_t value);
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size);
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value);
  // The decoder's view of a BAR: its size (0: there is none) and where it is mapped. Memory decoding is on with
  // Command bit 1 in power state D0; the decoder asks memory_enabled(), bar_read() and bar_write() do not.
  std::uint64_t bar_size(unsigned bar) const;
  std::uint64_t bar_address(unsigned bar) const;
  bool memory_enabled() const;
  // Conventional reset or FLR: everything, configuration space included, returns to its power-on state. Software asks
  // for it by Initiate Function Level Reset in the PCI Express capability.
  void function_reset();

  void observe(CardProbe* probe);  // null: nobody listens

  // ---- from the device
  FeatureBits features() const;  // accepted; 0 before FEATURES_OK
  std::uint8_t device_status() const;
  bool driver_ok() const;           // DRIVER_OK set and not DEVICE_NEEDS_RESET
  bool bus_master_enabled() const;  // Command bit 2, in power state D0
  bool queue_is_enabled(unsigned queue) const;
  // The reset that VirtioDevice::queue_reset() began is complete: the driver may set the queue up anew.
  void queue_reset_done(unsigned queue);
  // A used buffer notification (4.1.5.3): MSI-X message of the queue's vector, or ISR bit 0 and INTx. Ignored unless
  // driver_ok() and the queue is enabled.
  void notify_used(unsigned queue);
  // The device changed device_config(): generation, ISR bit 1, configuration vector (4.1.5.4). Before DRIVER_OK the
  // notification is held back until that is set; a reset drops it, since the driver then reads everything anew.
  void config_changed();
  // The same for a change that the driver has asked for by a command: the generation alone; the driver knows.
  void config_changed_by_driver();
  // DEVICE_NEEDS_RESET (2.1.2), until reset, with the configuration change notification once DRIVER_OK is set.
  void needs_reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rssnic
