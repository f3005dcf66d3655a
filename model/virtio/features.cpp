// The table of implemented features and the checks made from it (virtio 1.4, 2.2.2 and 5.1.3.1). A new feature is one
// row.
#include "model/virtio/features.h"

namespace rssnic {

const std::vector<FeatureInfo>& implemented_features() {
  // HASH_REPORT and CTRL_RX_EXTRA without CTRL_VQ are only discouraged (5.1.4): no rule. RSS does not need MQ.
  static const std::vector<FeatureInfo> kFeatures = {
      {VIRTIO_NET_F_MTU, "mtu", 0},
      {VIRTIO_NET_F_MAC, "mac", 0},
      {VIRTIO_NET_F_MRG_RXBUF, "mrg_rxbuf", 0},
      {VIRTIO_NET_F_STATUS, "status", 0},
      {VIRTIO_NET_F_CTRL_VQ, "ctrl_vq", 0},
      {VIRTIO_NET_F_CTRL_RX, "ctrl_rx", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_CTRL_VLAN, "ctrl_vlan", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_CTRL_RX_EXTRA, "ctrl_rx_extra", 0},
      {VIRTIO_NET_F_GUEST_ANNOUNCE, "guest_announce", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_MQ, "mq", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_CTRL_MAC_ADDR, "ctrl_mac_addr", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_F_INDIRECT_DESC, "indirect_desc", 0},
      {VIRTIO_F_EVENT_IDX, "event_idx", 0},
      {VIRTIO_F_VERSION_1, "version_1", 0},
      {VIRTIO_F_RING_PACKED, "ring_packed", 0},
      {VIRTIO_F_RING_RESET, "ring_reset", 0},
      {VIRTIO_NET_F_VQ_NOTF_COAL, "vq_notf_coal", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_NOTF_COAL, "notf_coal", VIRTIO_NET_F_CTRL_VQ},
      {VIRTIO_NET_F_HASH_REPORT, "hash_report", 0},
      {VIRTIO_NET_F_RSS, "rss", VIRTIO_NET_F_CTRL_VQ},
  };
  return kFeatures;
}

FeatureBits all_implemented_features() {
  FeatureBits bits = 0;
  for (const FeatureInfo& info : implemented_features()) bits |= info.bit;
  return bits;
}

std::optional<FeatureBits> feature_by_name(const std::string& name) {
  for (const FeatureInfo& info : implemented_features()) {
    if (name == info.name) return info.bit;
  }
  return std::nullopt;
}

namespace {

std::string name_of(unsigned bit) {
  for (const FeatureInfo& info : implemented_features()) {
    if (info.bit == feature(bit)) return info.name;
  }
  return "bit" + std::to_string(bit);
}

}  // namespace

std::string feature_names(FeatureBits bits) {
  std::string names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((bits & feature(bit)) == 0) continue;
    if (!names.empty()) names += ',';
    names += name_of(bit);
  }
  return names;
}

std::string feature_error(FeatureBits offered, FeatureBits accepted) {
  if ((accepted & ~offered) != 0) return "not offered, but accepted: " + feature_names(accepted & ~offered);
  if ((accepted & VIRTIO_F_VERSION_1) == 0) return "version_1 must be accepted: the card has no legacy interface";
  for (const FeatureInfo& info : implemented_features()) {
    const FeatureBits missing = info.requires_ & ~accepted;
    if ((accepted & info.bit) != 0 && missing != 0) {
      return std::string(info.name) + " needs " + feature_names(missing) + ", which was not accepted";
    }
  }
  return {};
}

}  // namespace rssnic
