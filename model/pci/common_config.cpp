#include "model/pci/common_config.h"

#include <algorithm>

#include "model/pci/virtio_function.h"

namespace rssnic {
namespace {

struct Field {
  unsigned offset;
  unsigned size;
};
// 64-bit fields are two of 32 bits (4.1.3.1). Those at 56 and from 60 on are of features that the card does not offer.
constexpr Field kFields[] = {
    {kDeviceFeatureSelect, 4}, {kDeviceFeature, 4}, {kDriverFeatureSelect, 4}, {kDriverFeature, 4},
    {kConfigMsixVector, 2},    {kNumQueues, 2},     {kDeviceStatus, 1},        {kConfigGeneration, 1},
    {kQueueSelect, 2},         {kQueueSize, 2},     {kQueueMsixVector, 2},     {kQueueEnable, 2},
    {kQueueNotifyOff, 2},      {kQueueDesc, 4},     {kQueueDesc + 4, 4},       {kQueueDriver, 4},
    {kQueueDriver + 4, 4},     {kQueueDevice, 4},   {kQueueDevice + 4, 4},     {kQueueReset, 2},
};

constexpr std::uint8_t kDriverBits = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_DRIVER_OK |
                                     VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_FAILED;

std::uint32_t window(FeatureBits features, std::uint32_t select) {
  return select < 2 ? static_cast<std::uint32_t>(features >> 32 * select) : 0;
}

std::uint64_t with_half(std::uint64_t whole, bool high, std::uint32_t half) {
  const unsigned shift = high ? 32 : 0;
  return (whole & ~(std::uint64_t{0xffffffff} << shift)) | std::uint64_t{half} << shift;
}

// The address field of which `offset` is a half; the addresses const or not.
template <typename Addresses>
auto& address_field(Addresses& queue_addresses, unsigned offset) {
  if (offset < kQueueDriver) return queue_addresses.descriptor;
  return offset < kQueueDevice ? queue_addresses.driver : queue_addresses.device;
}

}  // namespace

CommonConfig::CommonConfig(VirtioDevice& device, unsigned vectors)
    : device_(device), vectors_(vectors), queues_(device.num_queues()) {
  reset();
}

void CommonConfig::reset() {
  device_feature_select_ = driver_feature_select_ = 0;
  driver_features_ = 0;
  config_vector_ = VIRTIO_MSI_NO_VECTOR;
  queue_select_ = 0;
  status_ = config_generation_ = 0;
  config_changed_ = false;
  for (unsigned i = 0; i < queues_.size(); ++i) queues_[i] = initial_queue(i);
}

CommonConfig::Queue CommonConfig::initial_queue(unsigned queue) const {
  const auto maximum = static_cast<std::uint16_t>(device_.max_queue_size(queue));
  return {{}, allowed_size(maximum), VIRTIO_MSI_NO_VECTOR, false, false};
}

// 4.1.4.3.1: once a driver has accepted features without packed rings, every size is a power of two.
std::uint16_t CommonConfig::allowed_size(std::uint16_t size) const {
  if (features() == 0 || (features() & VIRTIO_F_RING_PACKED)) return size;
  while (size & (size - 1)) size &= static_cast<std::uint16_t>(size - 1);
  return size;
}

std::uint32_t CommonConfig::read(unsigned offset, unsigned size) const {
  std::uint8_t word[4] = {};
  for (const Field& field : kFields) {
    if (field.offset / 4 == offset / 4) store_le(word + field.offset % 4, read_field(field.offset), field.size);
  }
  return static_cast<std::uint32_t>(load_le(word + offset % 4, size));
}

CommonConfig::Effect CommonConfig::write(unsigned offset, unsigned size, std::uint32_t value) {
  std::uint8_t bytes[4];
  store_le32(bytes, value);
  Effect effect = Effect::none;
  for (const Field& field : kFields) {
    if (field.offset < offset || field.offset + field.size > offset + size) continue;
    const auto part = static_cast<std::uint32_t>(load_le(bytes + (field.offset - offset), field.size));
    const Effect field_effect = write_field(field.offset, part);
    if (field_effect != Effect::none) effect = field_effect;
  }
  return effect;
}

FeatureBits CommonConfig::features() const { return status_ & VIRTIO_STATUS_FEATURES_OK ? driver_features_ : 0; }

void CommonConfig::set_needs_reset() { status_ |= VIRTIO_STATUS_DEVICE_NEEDS_RESET; }

void CommonConfig::device_config_read() {
  if (config_changed_) ++config_generation_;
  config_changed_ = false;
}

std::uint32_t CommonConfig::read_field(unsigned offset) const {
  switch (offset) {
    case kDeviceFeatureSelect:
      return device_feature_select_;
    case kDeviceFeature:
      return window(device_.offered_features(), device_feature_select_);
    case kDriverFeatureSelect:
      return driver_feature_select_;
    case kDriverFeature:
      return window(driver_features_, driver_feature_select_);
    case kConfigMsixVector:
      return config_vector_;
    case kNumQueues:
      return static_cast<std::uint32_t>(queues_.size());
    case kDeviceStatus:
      return status_;
    case kConfigGeneration:
      return config_generation_;
    case kQueueSelect:
      return queue_select_;
    default:
      break;
  }
  if (queue_select_ < queues_.size()) return read_queue_field(offset, queues_[queue_select_]);
  return offset == kQueueMsixVector ? VIRTIO_MSI_NO_VECTOR : 0;
}

std::uint32_t CommonConfig::read_queue_field(unsigned offset, const Queue& queue) const {
  switch (offset) {
    case kQueueSize:
      return queue.size;
    case kQueueMsixVector:
      return queue.vector;
    case kQueueEnable:
      return queue.enabled;
    case kQueueNotifyOff:
      return queue_select_;
    case kQueueReset:
      return queue.resetting;
    default:
      return static_cast<std::uint32_t>(address_field(queue.addresses, offset) >> (offset % 8 == 0 ? 0 : 32));
  }
}

CommonConfig::Effect CommonConfig::write_field(unsigned offset, std::uint32_t value) {
  switch (offset) {
    case kDeviceFeatureSelect:
      device_feature_select_ = value;
      break;
    case kDriverFeatureSelect:
      driver_feature_select_ = value;
      break;
    case kDriverFeature:
      write_driver_feature(value);
      break;
    case kConfigMsixVector:
      config_vector_ = mapped(value);
      break;
    case kDeviceStatus:
      return write_status(static_cast<std::uint8_t>(value));
    case kQueueSelect:
      queue_select_ = static_cast<std::uint16_t>(value);
      break;
    case kDeviceFeature:
    case kNumQueues:
    case kConfigGeneration:
    case kQueueNotifyOff:
      break;  // read-only
    default:
      if (queue_select_ < queues_.size()) return write_queue_field(offset, value, queues_[queue_select_]);
  }
  return Effect::none;
}

CommonConfig::Effect CommonConfig::write_status(std::uint8_t value) {
  if (value == 0) return Effect::reset;
  if ((status_ & kDriverBits & ~value) != 0) return Effect::none;
  std::uint8_t added = static_cast<std::uint8_t>(value & kDriverBits & ~status_);

  // 2.2.2: a set that cannot be taken leaves FEATURES_OK clear.
  if ((added & VIRTIO_STATUS_FEATURES_OK) != 0 &&
      !feature_error(device_.offered_features(), driver_features_).empty()) {
    added &= static_cast<std::uint8_t>(~VIRTIO_STATUS_FEATURES_OK);
  }
  if (((status_ | added) & VIRTIO_STATUS_FEATURES_OK) == 0)
    added &= static_cast<std::uint8_t>(~VIRTIO_STATUS_DRIVER_OK);
  status_ |= added;
  if ((added & VIRTIO_STATUS_FEATURES_OK) != 0) {
    for (Queue& queue : queues_) queue.size = allowed_size(queue.size);
    device_.features_accepted(driver_features_);
  }
  return (added & VIRTIO_STATUS_DRIVER_OK) != 0 ? Effect::driver_ok : Effect::none;
}

void CommonConfig::write_driver_feature(std::uint32_t value) {
  if (driver_feature_select_ >= 2 || (status_ & VIRTIO_STATUS_FEATURES_OK) != 0) return;
  driver_features_ = with_half(driver_features_, driver_feature_select_ == 1, value);
}

CommonConfig::Effect CommonConfig::write_queue_field(unsigned offset, std::uint32_t value, Queue& queue) {
  if (queue.resetting) return Effect::none;
  if (offset == kQueueReset) {
    const bool taken = value == 1 && queue.enabled && (features() & VIRTIO_F_RING_RESET);
    return taken ? Effect::queue_reset : Effect::none;
  }
  if (offset == kQueueMsixVector) {  // also on an enabled queue: a driver unmaps it before it lets the queue go
    queue.vector = mapped(value);
    return Effect::none;
  }
  if (queue.enabled) return Effect::none;
  if (offset == kQueueSize) {
    // 4.1.4.3.2: any size for packed rings, powers of two for split ones.
    const bool allowed = value != 0 && ((value & (value - 1)) == 0 || (features() & VIRTIO_F_RING_PACKED));
    if (allowed && value <= device_.max_queue_size(queue_select_)) queue.size = static_cast<std::uint16_t>(value);
  } else if (offset == kQueueEnable) {
    if (value == 1) enable(queue);
  } else {
    std::uint64_t& address = address_field(queue.addresses, offset);
    address = with_half(address, offset % 8 != 0, value);
  }
  return Effect::none;
}

void CommonConfig::begin_queue_reset(unsigned queue) {
  queues_[queue] = initial_queue(queue);
  queues_[queue].resetting = true;
}

bool CommonConfig::vector_is_mapped(std::uint16_t vector) const {
  return config_vector_ == vector ||
         std::any_of(queues_.begin(), queues_.end(), [=](const Queue& queue) { return queue.vector == vector; });
}

void CommonConfig::enable(Queue& queue) {
  if ((status_ & VIRTIO_STATUS_FEATURES_OK) == 0 || queue.size == 0) return;
  queue.enabled = true;
  device_.queue_enabled(queue_select_, QueueSetup{queue.size, queue.addresses});
}

// 4.1.5.1.2.1: a vector outside the table cannot be mapped, which the driver sees when it reads back.
std::uint16_t CommonConfig::mapped(std::uint32_t vector) const {
  return vector < vectors_ ? static_cast<std::uint16_t>(vector) : VIRTIO_MSI_NO_VECTOR;
}

}  // namespace rssnic
