// The card's counters; they run from power-on and survive device resets.
#pragma once
#include <array>
#include <cstdint>

#include "model/net/observer.h"
#include "model/virtio/virtqueue.h"

namespace rssnic {

struct CardStatistics {
  std::uint64_t received = 0;   // frames accepted by the steering pipeline
  std::uint64_t delivered = 0;  // frames whose used entry the host can see
  std::uint64_t over_budget = 0;  // frames whose headers the pipeline does not read to their end
  std::array<std::uint64_t, kDropReasonNames.size()> dropped{};
  std::uint64_t transmitted = 0;
  std::uint64_t transmit_malformed = 0;  // consumed without being sent
  std::uint64_t transmit_no_link = 0;    // the same, for want of a link
  std::uint64_t commands = 0;            // control commands answered
  std::uint64_t commands_refused = 0;    // of these, with VIRTIO_NET_ERR
  std::uint64_t configurations = 0;      // steering configurations that took effect
  std::uint64_t device_resets = 0;
  std::uint64_t queue_resets = 0;
  std::array<std::uint64_t, 16> ring_faults{};  // by RingFault
  // Cycles in which a frame was ready at the input and could not enter the pipeline.
  std::uint64_t stalls_packet_buffer = 0;  // no packet-buffer slot free
  std::uint64_t stalls_pipeline = 0;       // the pipeline was not ready
};

}  // namespace rssnic
