// What a card is built with: its identity, its features, and the sizes of its finite resources. docs/timing.md gives
// the reason for each default.
#pragma once
#include <array>
#include <cstdint>

#include "model/sim/pcie_link.h"
#include "model/sim/wire_port.h"
#include "model/steering/hash_types.h"
#include "model/virtio/features.h"

namespace rssnic {

constexpr unsigned kMaxQueuePairs = 32767;  // the control queue's index, 2N, must fit 16 bits
constexpr unsigned kMaxMsixVectors = 2048;

struct CardParameters {
  FeatureBits features = all_implemented_features();
  unsigned queue_pairs = 4;       // max_virtqueue_pairs, 1 to kMaxQueuePairs
  unsigned max_queue_size = 256;  // of every virtqueue, up to 32768; a power of two unless RING_PACKED is offered
  std::array<std::uint8_t, 6> mac = {0x52, 0x54, 0x00, 0x72, 0x73, 0x73};
  std::uint16_t mtu = 1500;  // device configuration field, with VIRTIO_NET_F_MTU
  std::uint32_t supported_hash_types = kAllHashTypes;
  bool ex_report_always = false;
  bool vq_get_ack_first = false;  // VQ_GET's values stand behind the acknowledgement, not in front of it (5.1.9.5.10)

  PcieParameters pcie;
  unsigned mac_fifo_frames = 64;        // frames that have come in and wait for a packet-buffer slot
  unsigned packet_slots = 512;          // frames in the packet buffer: in steering, waiting for buffers, or in DMA
  unsigned result_fifo = 16;            // steering results not yet dispatched
  unsigned dispatch_cycles = 1;         // cycles the dispatcher spends on a result
  unsigned prefetch_buffers = 128;      // buffers a receive queue holds ready
  unsigned transmit_contexts = 8;       // frames a transmit queue reads at the same time
  Cycle no_buffer_wait_cycles = 16384;  // how long the head of an empty receive queue may wait before it is dropped

  unsigned num_queues() const { return 2 * queue_pairs + 1; }
  unsigned msix_vectors() const { return num_queues() + 1 < kMaxMsixVectors ? num_queues() + 1 : kMaxMsixVectors; }
};

}  // namespace rssnic
