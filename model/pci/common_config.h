// The common configuration structure of virtio-pci (virtio 1.4, 4.1.4.3): feature negotiation, device status, queue
// set-up and interrupt vectors. It tells the device about accepted features and enabled queues; a reset and DRIVER_OK
// concern the whole function and are handed to the caller.
//
// Policy where the specification only binds the driver:
// - A write acts on the fields that it covers whole; a part of a field can be read, but not written.
// - device_status: bits are only added. A write that would clear one (and is not 0) is ignored, and so are bits that
//   are unknown or the device's; DRIVER_OK is ignored until FEATURES_OK is set.
// - driver_feature is kept as written, for the check at FEATURES_OK; it is frozen then. Bits from 64 on are dropped.
// - An enabled queue keeps its size and addresses until reset. A queue_size that is 0, no power of two or above the
//   maximum is not taken. queue_enable takes only 1, only after FEATURES_OK and only for a queue that exists.
// - Fields of a queue that does not exist read as 0, except that its vector reads as unmapped.
// - queue_reset takes only 1, only with RING_RESET and only for an enabled queue: of any other queue nothing is left to
//   be reset. From then on queue_enable reads as 0, and size, addresses and vector have their values of after a device
//   reset, which the driver may change only when queue_reset reads as 0 again (2.6.1.1.1: everything of the queue
//   returns to the default state).
// - Fields of features that are not offered or not accepted (queue reset, notification data, admin queues) read as 0.
#pragma once
#include <cstdint>
#include <vector>

#include "model/pci/virtio_device.h"

namespace rssnic {

constexpr unsigned kCommonConfigBytes = 64;

// Offsets in struct virtio_pci_common_cfg.
enum CommonConfigOffset : unsigned {
  kDeviceFeatureSelect = 0,
  kDeviceFeature = 4,
  kDriverFeatureSelect = 8,
  kDriverFeature = 12,
  kConfigMsixVector = 16,
  kNumQueues = 18,
  kDeviceStatus = 20,
  kConfigGeneration = 21,
  kQueueSelect = 22,
  kQueueSize = 24,
  kQueueMsixVector = 26,
  kQueueEnable = 28,
  kQueueNotifyOff = 30,
  kQueueDesc = 32,
  kQueueDriver = 40,
  kQueueDevice = 48,
  kQueueReset = 58,
};

class CommonConfig {
 public:
  enum class Effect : std::uint8_t { none, reset, driver_ok, queue_reset };

  CommonConfig(VirtioDevice& device, unsigned vectors);

  // The state after a device reset.
  void reset();

  // Size 1, 2 or 4, naturally aligned, within the structure.
  std::uint32_t read(unsigned offset, unsigned size) const;
  // reset: the driver wrote 0 to device_status, nothing has been done about it. driver_ok: the bit has just become set.
  // queue_reset: the driver asks for a reset of the selected queue, which may have one; nothing has been done about it.
  Effect write(unsigned offset, unsigned size, std::uint32_t value);

  FeatureBits features() const;  // accepted; 0 before FEATURES_OK
  std::uint8_t device_status() const { return status_; }
  void set_needs_reset();
  std::uint16_t config_msix_vector() const { return config_vector_; }
  std::uint16_t queue_msix_vector(unsigned queue) const { return queues_[queue].vector; }
  bool queue_is_enabled(unsigned queue) const { return queue < queues_.size() && queues_[queue].enabled; }
  unsigned selected_queue() const { return queue_select_; }
  // The queue's registers as after a device reset; queue_reset reads as 1 until the reset is done.
  void begin_queue_reset(unsigned queue);
  void end_queue_reset(unsigned queue) { queues_[queue].resetting = false; }
  // Whether some event, of a queue or of the configuration, has this vector.
  bool vector_is_mapped(std::uint16_t vector) const;

  // config_generation changes with the first read that follows a change, so that it cannot wrap between two reads.
  void device_config_changed() { config_changed_ = true; }
  void device_config_read();

 private:
  struct Queue {
    QueueAddresses addresses;
    std::uint16_t size;
    std::uint16_t vector;
    bool enabled;
    bool resetting;
  };

  std::uint32_t read_field(unsigned offset) const;
  std::uint32_t read_queue_field(unsigned offset, const Queue& queue) const;
  Effect write_field(unsigned offset, std::uint32_t value);
  Effect write_status(std::uint8_t value);
  Queue initial_queue(unsigned queue) const;
  std::uint16_t allowed_size(std::uint16_t size) const;
  void write_driver_feature(std::uint32_t value);
  Effect write_queue_field(unsigned offset, std::uint32_t value, Queue& queue);
  void enable(Queue& queue);
  std::uint16_t mapped(std::uint32_t vector) const;

  VirtioDevice& device_;
  const unsigned vectors_;
  std::vector<Queue> queues_;
  std::uint32_t device_feature_select_ = 0;
  std::uint32_t driver_feature_select_ = 0;
  FeatureBits driver_features_ = 0;
  std::uint16_t config_vector_ = 0;
  std::uint16_t queue_select_ = 0;
  std::uint8_t status_ = 0;
  std::uint8_t config_generation_ = 0;
  bool config_changed_ = false;  // since the last read of the device configuration
};

}  // namespace rssnic
