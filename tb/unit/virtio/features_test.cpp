// Feature names and the acceptance check of FEATURES_OK (virtio 1.4, 2.2.2, 5.1.3.1, 6.2).
#include "model/virtio/features.h"

#include <gtest/gtest.h>

namespace rssnic {
namespace {

constexpr FeatureBits kNeedCtrlVq[] = {VIRTIO_NET_F_CTRL_RX,   VIRTIO_NET_F_CTRL_VLAN,     VIRTIO_NET_F_GUEST_ANNOUNCE,
                                       VIRTIO_NET_F_MQ,        VIRTIO_NET_F_CTRL_MAC_ADDR, VIRTIO_NET_F_RSS,
                                       VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_VQ_NOTF_COAL};

bool mentions(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

TEST(Features, TableHoldsTheImplementedBitsInBitOrder) {
  const FeatureBits expected = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MTU |
                               VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS |
                               VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_GUEST_ANNOUNCE |
                               VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_MRG_RXBUF |
                               VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_RING_PACKED |
                               VIRTIO_F_RING_RESET | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL;
  EXPECT_EQ(all_implemented_features(), expected);
  FeatureBits last = 0;
  for (const FeatureInfo& info : implemented_features()) {
    EXPECT_EQ(info.bit & (info.bit - 1), 0u) << info.name;
    EXPECT_GT(info.bit, last) << info.name;
    last = info.bit;
  }
}

TEST(Features, BitNumbersAreThoseOfTheSpecification) {
  EXPECT_EQ(feature_by_name("mtu"), FeatureBits{1} << 3);
  EXPECT_EQ(feature_by_name("mac"), FeatureBits{1} << 5);
  EXPECT_EQ(feature_by_name("mrg_rxbuf"), FeatureBits{1} << 15);
  EXPECT_EQ(feature_by_name("status"), FeatureBits{1} << 16);
  EXPECT_EQ(feature_by_name("ctrl_vq"), FeatureBits{1} << 17);
  EXPECT_EQ(feature_by_name("ctrl_rx"), FeatureBits{1} << 18);
  EXPECT_EQ(feature_by_name("ctrl_vlan"), FeatureBits{1} << 19);
  EXPECT_EQ(feature_by_name("ctrl_rx_extra"), FeatureBits{1} << 20);
  EXPECT_EQ(feature_by_name("guest_announce"), FeatureBits{1} << 21);
  EXPECT_EQ(feature_by_name("mq"), FeatureBits{1} << 22);
  EXPECT_EQ(feature_by_name("ctrl_mac_addr"), FeatureBits{1} << 23);
  EXPECT_EQ(feature_by_name("indirect_desc"), FeatureBits{1} << 28);
  EXPECT_EQ(feature_by_name("event_idx"), FeatureBits{1} << 29);
  EXPECT_EQ(feature_by_name("version_1"), FeatureBits{1} << 32);
  EXPECT_EQ(feature_by_name("ring_packed"), FeatureBits{1} << 34);
  EXPECT_EQ(feature_by_name("ring_reset"), FeatureBits{1} << 40);
  EXPECT_EQ(feature_by_name("vq_notf_coal"), FeatureBits{1} << 52);
  EXPECT_EQ(feature_by_name("notf_coal"), FeatureBits{1} << 53);
  EXPECT_EQ(feature_by_name("hash_report"), FeatureBits{1} << 57);
  EXPECT_EQ(feature_by_name("rss"), FeatureBits{1} << 60);
}

TEST(Features, UnknownNameIsNoFeature) {
  for (const char* name : {"", "RSS", "rs", "rsss", "bit3"}) EXPECT_EQ(feature_by_name(name), std::nullopt) << name;
}

TEST(Features, NamesAreListedInBitOrderAndUnknownBitsByNumber) {
  EXPECT_EQ(feature_names(0), "");
  EXPECT_EQ(feature_names(VIRTIO_NET_F_RSS | VIRTIO_NET_F_MAC | feature(0) | feature(63)), "bit0,mac,rss,bit63");
}

// D-BASICFEATURES-001, D-NETFEATURES-007
TEST(Features, ImplementedSetObeysItsOwnRules) {
  EXPECT_EQ(feature_error(all_implemented_features(), all_implemented_features()), "");
}

// D-BASICFEATURES-002, D-NETFEATURES-007: all subsets against the rule written out here.
TEST(Features, ExactlyTheValidSubsetsAreAccepted) {
  const auto& features = implemented_features();
  ASSERT_LE(features.size(), 24u) << "too many for all subsets";
  unsigned accepted = 0;
  for (unsigned subset = 0; subset < 1u << features.size(); ++subset) {
    FeatureBits bits = 0;
    for (unsigned i = 0; i < features.size(); ++i) {
      if ((subset >> i & 1) != 0) bits |= features[i].bit;
    }
    bool valid = (bits & VIRTIO_F_VERSION_1) != 0;
    for (const FeatureBits bit : kNeedCtrlVq) {
      if ((bits & bit) != 0 && (bits & VIRTIO_NET_F_CTRL_VQ) == 0) valid = false;
    }
    EXPECT_EQ(feature_error(all_implemented_features(), bits).empty(), valid) << feature_names(bits);
    if (valid) ++accepted;
  }
  // The dependants with CTRL_VQ, or none of them without it; VERSION_1 always; all others as they like.
  const std::size_t dependants = std::size(kNeedCtrlVq);
  EXPECT_EQ(accepted, (1u << (features.size() - dependants - 2)) * ((1u << dependants) + 1));
}

TEST(Features, MissingPrerequisiteIsNamedTogetherWithWhatNeedsIt) {
  for (const FeatureBits bit : kNeedCtrlVq) {
    const std::string error = feature_error(all_implemented_features(), VIRTIO_F_VERSION_1 | bit);
    EXPECT_TRUE(mentions(error, feature_names(bit))) << error;
    EXPECT_TRUE(mentions(error, "ctrl_vq")) << error;
  }
}

TEST(Features, HashReportWithoutControlQueueIsAccepted) {
  EXPECT_EQ(feature_error(all_implemented_features(), VIRTIO_F_VERSION_1 | VIRTIO_NET_F_HASH_REPORT), "");
}

TEST(Features, ExtraReceiveModesWithoutControlQueueAreAccepted) {
  EXPECT_EQ(feature_error(all_implemented_features(), VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_RX_EXTRA), "");
}

TEST(Features, RssDoesNotNeedMultiqueue) {
  EXPECT_EQ(feature_error(all_implemented_features(), VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_RSS),
            "");
}

// D-BASICFEATURES-003: bits that the card knows but did not offer, and bits that it does not know.
TEST(Features, WhatWasNotOfferedIsRejectedByName) {
  const FeatureBits offered = all_implemented_features() & ~VIRTIO_NET_F_MTU;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((offered & feature(bit)) != 0) continue;
    const std::string error = feature_error(offered, offered | feature(bit));
    EXPECT_TRUE(mentions(error, feature_names(feature(bit)))) << bit << ": " << error;
  }
}

// D-BASICFEATURES-007
TEST(Features, Version1IsNeeded) {
  const std::string error = feature_error(all_implemented_features(), VIRTIO_NET_F_MAC);
  EXPECT_TRUE(mentions(error, "version_1")) << error;
  EXPECT_FALSE(feature_error(all_implemented_features(), 0).empty());
  EXPECT_EQ(feature_error(all_implemented_features(), VIRTIO_F_VERSION_1), "");
}

}  // namespace
}  // namespace rssnic
