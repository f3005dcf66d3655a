#include "model/pci/virtio_function.h"

#include <algorithm>
#include <utility>

#include "model/pci/common_config.h"
#include "model/pci/function_layout.h"
#include "model/pci/msix.h"

namespace rssnic {
namespace {

// ISR status (virtio 1.4, 4.1.4.5).
constexpr std::uint8_t kIsrQueue = 1;
constexpr std::uint8_t kIsrConfig = 2;

constexpr unsigned kMaxConfigAccess = 4;
constexpr unsigned kMaxBarAccess = 8;

// The bit of the device status that says most about it.
const char* status_name(std::uint8_t bits) {
  constexpr std::pair<std::uint8_t, const char*> kNames[] = {
      {VIRTIO_STATUS_FAILED, "FAILED"},       {VIRTIO_STATUS_DEVICE_NEEDS_RESET, "NEEDS_RESET"},
      {VIRTIO_STATUS_DRIVER_OK, "DRIVER_OK"}, {VIRTIO_STATUS_FEATURES_OK, "FEATURES_OK"},
      {VIRTIO_STATUS_DRIVER, "DRIVER"},       {VIRTIO_STATUS_ACKNOWLEDGE, "ACKNOWLEDGE"}};
  for (const auto& [bit, name] : kNames) {
    if (bits & bit) return name;
  }
  return "";
}

bool natural(std::uint64_t offset, unsigned size, unsigned max_size) {
  return (size == 1 || size == 2 || size == 4 || size == 8) && size <= max_size && offset % size == 0;
}

}  // namespace

struct VirtioFunction::State {
  State(VirtioDevice& d, DmaPort& dma, InterruptPort& i, unsigned vectors, const PcieParameters& link)
      : device(d),
        interrupts(i),
        layout(make_function_layout(d.num_queues(), d.device_config().size, vectors, link)),
        config(layout.power_on),
        msix(dma, vectors),
        common(d, vectors) {}

  bool status_has(std::uint8_t bit) const { return (common.device_status() & bit) != 0; }
  bool driver_ok() const {
    return status_has(VIRTIO_STATUS_DRIVER_OK) && !status_has(VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  }
  unsigned power_state() const { return config.get(layout.power_management + kPowerControl, 2) & kPowerStateMask; }
  // A Command bit that has its effect in D0 only: in D3hot the function neither decodes memory nor masters the bus.
  bool command_effective(std::uint16_t bit) const {
    return power_state() == 0 && (config.get(kCommandRegister, 2) & bit) != 0;
  }
  std::uint64_t bar_size(unsigned bar) const {
    if (bar == kRegisterBar) return layout.register_bar_bytes;
    return bar == kMsixBar ? kMsixBarBytes : 0;
  }

  std::uint32_t config_read(unsigned offset, unsigned size);
  void config_write(unsigned offset, unsigned size, std::uint32_t value);
  void config_applied();
  bool touches_pci_cfg_data(unsigned offset) const;
  void read_through_window();
  void write_through_window();

  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size);
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value);
  std::uint32_t register_read(std::uint64_t offset, unsigned size);
  void register_write(std::uint64_t offset, unsigned size, std::uint32_t value);
  std::uint32_t read_device_config(std::uint64_t offset, unsigned size);
  std::uint8_t read_isr();
  void doorbell(std::uint16_t queue);

  void device_reset();
  void function_reset();
  void queue_reset(unsigned queue);
  void driver_is_ready();
  void notify_config();
  void interrupt(std::uint8_t isr_bit, std::uint16_t vector);
  void update_intx();
  void tell_status(std::uint8_t before) const;

  VirtioDevice& device;
  InterruptPort& interrupts;
  const FunctionLayout layout;
  ConfigSpace config;
  Msix msix;
  CommonConfig common;
  std::uint8_t isr = 0;
  bool config_notification_owed = false;  // raised before DRIVER_OK; sent when that is set
  bool bus_master = false;                // as the device knows it
  bool intx = false;                      // as the interrupt port knows it
  CardProbe* probe = nullptr;
};

// ---- configuration space

std::uint32_t VirtioFunction::State::config_read(unsigned offset, unsigned size) {
  if (!natural(offset, size, kMaxConfigAccess)) return 0;
  if (touches_pci_cfg_data(offset)) read_through_window();
  return config.read(offset, size);
}

void VirtioFunction::State::config_write(unsigned offset, unsigned size, std::uint32_t value) {
  if (!natural(offset, size, kMaxConfigAccess)) return;
  const unsigned power_before = power_state();
  config.write(offset, size, value);
  if ((config.get(layout.pci_express + kDeviceControl, 2) & kInitiateFunctionLevelReset) != 0) {
    function_reset();
    return;
  }
  if (power_state() == 1 || power_state() == 2) {  // PCI PM 1.2, 3.2.4: an unsupported state is not entered
    const unsigned control = layout.power_management + kPowerControl;
    config.set(control, 2, (config.get(control, 2) & ~unsigned{kPowerStateMask}) | power_before);
  }
  config_applied();
  if (touches_pci_cfg_data(offset)) write_through_window();
}

// Brings everything that depends on configuration registers into line with them.
void VirtioFunction::State::config_applied() {
  const bool master = command_effective(kCommandBusMaster);
  const unsigned message_control = config.get(layout.msix + kMsixMessageControl, 2);
  msix.control((message_control & kMsixEnable) != 0, (message_control & kMsixFunctionMask) != 0, master);
  update_intx();
  if (master != bus_master) {
    bus_master = master;
    device.bus_master(master);
  }
}

bool VirtioFunction::State::touches_pci_cfg_data(unsigned offset) const {
  const unsigned data = layout.pci_cfg + kPciCfgData;
  return offset >= data && offset < data + 4;  // an aligned access cannot begin before it and reach into it
}

// virtio 1.4, 4.1.4.9: the window is an access to the BAR with all its effects, whatever the Command register says. The
// length decides, not the size of the access to pci_cfg_data.
void VirtioFunction::State::read_through_window() {
  const unsigned length = config.get(layout.pci_cfg + kCapLength, 4);
  std::uint64_t value = 0;
  if (length <= kMaxConfigAccess) {
    value = bar_read(config.get(layout.pci_cfg + kCapBar, 1), config.get(layout.pci_cfg + kCapOffset, 4), length);
  }
  config.set(layout.pci_cfg + kPciCfgData, 4, static_cast<std::uint32_t>(value));
}

void VirtioFunction::State::write_through_window() {
  const unsigned length = config.get(layout.pci_cfg + kCapLength, 4);
  if (length > kMaxConfigAccess) return;
  bar_write(config.get(layout.pci_cfg + kCapBar, 1), config.get(layout.pci_cfg + kCapOffset, 4), length,
            config.get(layout.pci_cfg + kPciCfgData, 4));
}

// ---- BARs

std::uint64_t VirtioFunction::State::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  if (!natural(offset, size, kMaxBarAccess) || offset >= bar_size(bar))
    return 0;  // sizes are powers of two: the end fits as well
  if (size == 8) {
    const std::uint64_t low = bar_read(bar, offset, 4);
    return low | bar_read(bar, offset + 4, 4) << 32;
  }
  return bar == kMsixBar ? msix.read(offset, size) : register_read(offset, size);
}

void VirtioFunction::State::bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
  if (!natural(offset, size, kMaxBarAccess) || offset >= bar_size(bar)) return;
  if (size == 8) {
    bar_write(bar, offset, 4, value & 0xffffffff);
    bar_write(bar, offset + 4, 4, value >> 32);
  } else if (bar == kMsixBar) {
    msix.write(offset, size, static_cast<std::uint32_t>(value));
  } else {
    register_write(offset, size, static_cast<std::uint32_t>(value));
  }
}

std::uint32_t VirtioFunction::State::register_read(std::uint64_t offset, unsigned size) {
  if (offset < kCommonConfigBytes) return common.read(static_cast<unsigned>(offset), size);
  if (offset == kIsrOffset) return read_isr();
  if (offset >= kDeviceConfigOffset && offset < kNotifyOffset) {
    return read_device_config(offset - kDeviceConfigOffset, size);
  }
  return 0;
}

void VirtioFunction::State::register_write(std::uint64_t offset, unsigned size, std::uint32_t value) {
  if (offset < kCommonConfigBytes) {
    const std::uint8_t status_before = common.device_status();
    const CommonConfig::Effect effect = common.write(static_cast<unsigned>(offset), size, value);
    tell_status(status_before);
    switch (effect) {
      case CommonConfig::Effect::none:
        break;
      case CommonConfig::Effect::reset:
        device_reset();
        break;
      case CommonConfig::Effect::driver_ok:
        driver_is_ready();
        break;
      case CommonConfig::Effect::queue_reset:
        queue_reset(common.selected_queue());
        break;
    }
    return;
  }
  const bool doorbell_address = offset >= kNotifyOffset && offset % kNotifyOffMultiplier == 0 &&
                                (offset - kNotifyOffset) / kNotifyOffMultiplier < device.num_queues();
  if (doorbell_address && size >= 2) doorbell(static_cast<std::uint16_t>(value));
}

std::uint32_t VirtioFunction::State::read_device_config(std::uint64_t offset, unsigned size) {
  const ConstBytes bytes = device.device_config();
  if (offset >= bytes.size) return 0;
  common.device_config_read();
  return static_cast<std::uint32_t>(
      load_le(bytes.data + offset, std::min<std::size_t>(size, bytes.size - static_cast<std::size_t>(offset))));
}

std::uint8_t VirtioFunction::State::read_isr() {
  const std::uint8_t value = isr;
  isr = 0;
  update_intx();
  return value;
}

// The written value names the queue (virtio 1.4, 4.1.5.2). Early and spurious doorbells have no effect: the device
// looks at all its rings when DRIVER_OK is set.
void VirtioFunction::State::doorbell(std::uint16_t queue) {
  if (probe != nullptr) probe->on_doorbell(queue);
  if (driver_ok() && common.queue_is_enabled(queue)) device.notify(queue);
}

// ---- resets and status

// Status reads as 0 only once nothing of the past can reach the host any more (virtio 1.4, 2.4.1): the device takes
// back what is posted and not yet seen, messages included.
void VirtioFunction::State::device_reset() {
  if (probe != nullptr) probe->on_device_status(0, "reset");
  device.reset();
  msix.clear_pending();
  common.reset();
  config_notification_owed = false;
  isr = 0;
  update_intx();
}

void VirtioFunction::State::function_reset() {
  device_reset();
  msix.reset();
  config = layout.power_on;
  config_applied();
}

// An interrupt that is pending for the queue alone is dropped. Where others share the vector it may be theirs: one too
// many does no harm, one too few would. ISR and INTx are shared by all queues.
void VirtioFunction::State::queue_reset(unsigned queue) {
  const std::uint16_t vector = common.queue_msix_vector(queue);
  common.begin_queue_reset(queue);
  if (vector != VIRTIO_MSI_NO_VECTOR && !common.vector_is_mapped(vector)) msix.clear_pending(vector);
  device.queue_reset(queue);
}

void VirtioFunction::State::driver_is_ready() {
  if (driver_ok()) device.driver_ok();
  if (config_notification_owed) notify_config();
}

// ---- interrupts

// virtio 1.4, 2.4.1: after a reset nothing is sent until the driver has initialised the device again.
void VirtioFunction::State::notify_config() {
  config_notification_owed = !status_has(VIRTIO_STATUS_DRIVER_OK);
  if (!config_notification_owed) interrupt(kIsrConfig, common.config_msix_vector());
}

// With MSI-X enabled, an event without a vector is silent: it never becomes INTx (virtio 1.4, 4.1.5.3.1, 4.1.5.4.1).
// The configuration bit is set all the same, the queue bit is not (4.1.4.5.1).
void VirtioFunction::State::interrupt(std::uint8_t isr_bit, std::uint16_t vector) {
  if (isr_bit == kIsrConfig || !msix.enabled()) isr |= isr_bit;
  if (!msix.enabled()) {
    update_intx();
  } else if (vector != VIRTIO_MSI_NO_VECTOR) {
    if (probe != nullptr) probe->on_vector(vector);
    msix.fire(vector);
  }
}

// Interrupt Status is the OR of the ISR bits while MSI-X is disabled; the line follows it unless the Command register
// masks it (virtio 1.4, 4.1.4.5.1; PCI 3.0, 6.2.3).
void VirtioFunction::State::update_intx() {
  const bool pending = isr != 0 && !msix.enabled();
  const unsigned status = config.get(kStatusRegister, 2) & ~unsigned{kStatusInterrupt};
  config.set(kStatusRegister, 2, pending ? status | kStatusInterrupt : status);

  const bool masked = (config.get(kCommandRegister, 2) & kCommandInterruptDisable) != 0 || power_state() != 0;
  if (intx == (pending && !masked)) return;
  intx = !intx;
  if (probe != nullptr) probe->on_intx(intx);
  interrupts.intx(intx);
}

void VirtioFunction::State::tell_status(std::uint8_t before) const {
  const std::uint8_t status = common.device_status();
  if (probe != nullptr && status != before) {
    probe->on_device_status(status, status_name(static_cast<std::uint8_t>(status & ~before)));
  }
}

// ---- the public face

VirtioFunction::VirtioFunction(VirtioDevice& device, DmaPort& dma, InterruptPort& interrupts, unsigned vectors,
                               const PcieParameters& link)
    : state_(std::make_unique<State>(device, dma, interrupts, vectors, link)) {}

VirtioFunction::~VirtioFunction() = default;

std::uint32_t VirtioFunction::config_read(unsigned offset, unsigned size) { return state_->config_read(offset, size); }

void VirtioFunction::config_write(unsigned offset, unsigned size, std::uint32_t value) {
  state_->config_write(offset, size, value);
}

std::uint64_t VirtioFunction::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  return state_->bar_read(bar, offset, size);
}

void VirtioFunction::bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
  state_->bar_write(bar, offset, size, value);
}

std::uint64_t VirtioFunction::bar_size(unsigned bar) const { return state_->bar_size(bar); }

std::uint64_t VirtioFunction::bar_address(unsigned bar) const {
  return bar_size(bar) != 0 ? state_->config.bar_address(bar) : 0;
}

bool VirtioFunction::memory_enabled() const { return state_->command_effective(kCommandMemory); }

void VirtioFunction::observe(CardProbe* probe) { state_->probe = probe; }

void VirtioFunction::function_reset() { state_->function_reset(); }

FeatureBits VirtioFunction::features() const { return state_->common.features(); }

std::uint8_t VirtioFunction::device_status() const { return state_->common.device_status(); }

bool VirtioFunction::driver_ok() const { return state_->driver_ok(); }

bool VirtioFunction::bus_master_enabled() const { return state_->command_effective(kCommandBusMaster); }

bool VirtioFunction::queue_is_enabled(unsigned queue) const { return state_->common.queue_is_enabled(queue); }

void VirtioFunction::queue_reset_done(unsigned queue) { state_->common.end_queue_reset(queue); }

void VirtioFunction::notify_used(unsigned queue) {
  if (!state_->driver_ok() || !state_->common.queue_is_enabled(queue)) return;
  state_->interrupt(kIsrQueue, state_->common.queue_msix_vector(queue));
}

void VirtioFunction::config_changed() {
  config_changed_by_driver();
  state_->notify_config();
}

void VirtioFunction::config_changed_by_driver() { state_->common.device_config_changed(); }

void VirtioFunction::needs_reset() {
  if (state_->status_has(VIRTIO_STATUS_DEVICE_NEEDS_RESET)) return;
  const std::uint8_t before = device_status();
  state_->common.set_needs_reset();
  state_->tell_status(before);
  state_->notify_config();
}

}  // namespace rssnic
