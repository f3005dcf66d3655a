// struct virtio_net_hdr of a received packet (virtio 1.4, 5.1.9) and the sizes it takes.
#pragma once
#include <cstddef>

#include "model/steering/steering_engine.h"
#include "model/virtio/features.h"

namespace rssnic {

constexpr std::size_t kMaxNetHeaderBytes = 20;

// 12 bytes, or 20 with HASH_REPORT; the same for both directions (5.1.9.3.1).
inline std::size_t net_header_bytes(FeatureBits features) { return features & VIRTIO_NET_F_HASH_REPORT ? 20 : 12; }

// No offload is negotiated, so every field but num_buffers and the hash is 0.
inline void write_receive_header(std::uint8_t* header, std::size_t size, std::uint16_t num_buffers,
                                 const SteerResult& steering) {
  std::memset(header, 0, size);
  store_le16(header + 10, num_buffers);
  if (size >= 20) {
    store_le32(header + 12, steering.hash);
    store_le16(header + 16, static_cast<std::uint16_t>(steering.report));
  }
}

}  // namespace rssnic
