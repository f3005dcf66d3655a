// What the virtio-pci transport asks of the device behind it, and what the device may ask of the transport.
#pragma once
#include <cstdint>

#include "model/bytes.h"
#include "model/virtio/features.h"
#include "model/virtio/virtqueue.h"

namespace rssnic {

// How the driver set up a queue; latched when it writes 1 to queue_enable.
struct QueueSetup {
  unsigned size = 0;
  QueueAddresses addresses;
};

// Implemented by the device. Every call comes from a register access, between two clock cycles.
class VirtioDevice {
 public:
  virtual ~VirtioDevice() = default;
  virtual FeatureBits offered_features() const = 0;
  virtual unsigned num_queues() const = 0;                    // constant; at most 65535
  virtual unsigned max_queue_size(unsigned queue) const = 0;  // constant; a power of two unless RING_PACKED is offered
  virtual ConstBytes device_config() const = 0;               // constant size; little-endian, as the driver reads it
  // FEATURES_OK was written with this set, which lies within the offered one and obeys the rules: it is in force now.
  virtual void features_accepted(FeatureBits features) = 0;
  virtual void driver_ok() = 0;  // DRIVER_OK has just become set
  virtual void queue_enabled(unsigned queue, const QueueSetup& setup) = 0;
  // The driver resets an enabled queue (2.6.1): it is none from now on. The device forgets everything about it, takes
  // nothing more from its rings and notifies nobody, and says VirtioFunction::queue_reset_done() once nothing that it
  // did before can reach the host any more. It may say so within this call. Other queues go on undisturbed.
  virtual void queue_reset(unsigned queue) = 0;
  virtual void notify(unsigned queue) = 0;    // doorbell of an enabled queue, after DRIVER_OK
  virtual void bus_master(bool enabled) = 0;  // VirtioFunction::bus_master_enabled() has changed
  // Status 0 was written, or the function was reset: stop all DMA and forget everything before this returns. Writes
  // that the host has not seen yet are taken back (DmaPort::cancel_all), interrupt messages included.
  virtual void reset() = 0;
};

}  // namespace rssnic
