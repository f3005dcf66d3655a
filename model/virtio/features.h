// Feature bits that the card knows, by their names in the specification, and the rules between them
// (virtio 1.4, 2.2, 5.1.3 and 6).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rssnic {

using FeatureBits = std::uint64_t;  // bits 0 to 63; the card offers none above
constexpr FeatureBits feature(unsigned bit) { return FeatureBits{1} << bit; }

constexpr FeatureBits VIRTIO_NET_F_MTU = feature(3);
constexpr FeatureBits VIRTIO_NET_F_MAC = feature(5);
constexpr FeatureBits VIRTIO_NET_F_MRG_RXBUF = feature(15);
constexpr FeatureBits VIRTIO_NET_F_STATUS = feature(16);
constexpr FeatureBits VIRTIO_NET_F_CTRL_VQ = feature(17);
constexpr FeatureBits VIRTIO_NET_F_CTRL_RX = feature(18);
constexpr FeatureBits VIRTIO_NET_F_CTRL_VLAN = feature(19);
constexpr FeatureBits VIRTIO_NET_F_CTRL_RX_EXTRA = feature(20);
constexpr FeatureBits VIRTIO_NET_F_GUEST_ANNOUNCE = feature(21);
constexpr FeatureBits VIRTIO_NET_F_MQ = feature(22);
constexpr FeatureBits VIRTIO_NET_F_CTRL_MAC_ADDR = feature(23);
constexpr FeatureBits VIRTIO_NET_F_VQ_NOTF_COAL = feature(52);
constexpr FeatureBits VIRTIO_NET_F_NOTF_COAL = feature(53);
constexpr FeatureBits VIRTIO_NET_F_HASH_REPORT = feature(57);
constexpr FeatureBits VIRTIO_NET_F_RSS = feature(60);
constexpr FeatureBits VIRTIO_F_INDIRECT_DESC = feature(28);
constexpr FeatureBits VIRTIO_F_EVENT_IDX = feature(29);
constexpr FeatureBits VIRTIO_F_VERSION_1 = feature(32);
constexpr FeatureBits VIRTIO_F_RING_PACKED = feature(34);
constexpr FeatureBits VIRTIO_F_RING_RESET = feature(40);

struct FeatureInfo {
  FeatureBits bit;
  const char* name;       // as users write it: lower case without the prefix, such as mrg_rxbuf
  FeatureBits requires_;  // all of these; 0: none
};
// Every feature that the card implements, in bit order.
const std::vector<FeatureInfo>& implemented_features();
FeatureBits all_implemented_features();
std::optional<FeatureBits> feature_by_name(const std::string& name);
std::string feature_names(FeatureBits bits);  // comma-separated; unknown bits as bitN

// Why a set that a driver accepted cannot be taken (2.2.2): empty when it can. The set must lie within `offered`, hold
// VERSION_1 (policy) and be closed under the dependency rules.
std::string feature_error(FeatureBits offered, FeatureBits accepted);

}  // namespace rssnic
