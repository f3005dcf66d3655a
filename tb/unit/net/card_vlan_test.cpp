// VLANs and the receive modes of CTRL_RX_EXTRA in the whole card (virtio 1.4, 5.1.9.5.1 and 5.1.9.5.3): what commands
// let through, what is dropped and counted, and that a reset forgets it. Every rule of the filter itself is shown in
// receive_filter_test.cpp.
#include "tb/unit/net/controlled_card.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kVlanFiltering = kPlain | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_VLAN;
constexpr FeatureBits kExtraModes = kPlain | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA;

FrameBytes tagged(unsigned vlan, std::uint16_t tpid = 0x8100) {
  return FrameBuilder().vlan(tpid, static_cast<std::uint16_t>(vlan)).ipv4().udp(1, 2).raw(junk_frame(20)).bytes();
}
FrameBytes le16(unsigned value) { return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8)}; }

TEST(CardVlan, WithoutCtrlVlanEveryVlanPassesAndTheCommandsAreRefused) {
  Controlled card(kVlanFiltering & ~VIRTIO_NET_F_CTRL_VLAN);
  EXPECT_EQ(card.command(2, 0, le16(10)), VIRTIO_NET_ERR);
  EXPECT_EQ(card.command(2, 1, le16(10)), VIRTIO_NET_ERR);
  for (const unsigned vlan : {0u, 1u, 10u, 4095u}) {
    EXPECT_TRUE(card.receives(tagged(vlan)));
    EXPECT_TRUE(card.receives(tagged(vlan, 0x88a8)));
  }
}

TEST(CardVlan, TheTableStartsEmptyAndFramesWithoutATagPass) {
  Controlled card(kVlanFiltering);
  for (const unsigned vlan : {0u, 1u, 10u, 4095u}) {
    EXPECT_FALSE(card.receives(tagged(vlan)));
    EXPECT_FALSE(card.receives(tagged(vlan, 0x88a8)));
  }
  EXPECT_TRUE(card.receives(flow_frame(1)));
  EXPECT_EQ(card.bench.dropped(DropReason::filter), 8u);
}

TEST(CardVlan, AddedVlansPassUntilTheyAreDeleted) {
  Controlled card(kVlanFiltering);
  for (const unsigned vlan : {0u, 10u, 4095u}) ASSERT_EQ(card.command(2, 0, le16(vlan)), VIRTIO_NET_OK);
  for (const unsigned vlan : {0u, 10u, 4095u}) EXPECT_TRUE(card.receives(tagged(vlan)));
  EXPECT_TRUE(card.receives(tagged(10, 0x88a8)));
  EXPECT_FALSE(card.receives(tagged(11)));
  ASSERT_EQ(card.command(2, 1, le16(10)), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(tagged(10)));
  EXPECT_TRUE(card.receives(tagged(0)));
  EXPECT_TRUE(card.receives(tagged(4095)));
}

TEST(CardVlan, AddingTwiceAndDeletingWhatIsNotThereAreNoErrors) {
  Controlled card(kVlanFiltering);
  for (unsigned i = 0; i < 2; ++i) ASSERT_EQ(card.command(2, 0, le16(10)), VIRTIO_NET_OK);
  ASSERT_EQ(card.command(2, 1, le16(11)), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(tagged(10)));
  for (unsigned i = 0; i < 2; ++i) ASSERT_EQ(card.command(2, 1, le16(10)), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(tagged(10)));
}

TEST(CardVlan, ANumberBeyond4095IsRefusedAndChangesNothing) {
  Controlled card(kVlanFiltering);
  ASSERT_EQ(card.command(2, 0, le16(10)), VIRTIO_NET_OK);
  for (const unsigned number : {4096u, 4096u + 10, 4096u + 11, 0x8000u, 0xffffu}) {
    EXPECT_EQ(card.command(2, 0, le16(number)), VIRTIO_NET_ERR) << number;
    EXPECT_EQ(card.command(2, 1, le16(number)), VIRTIO_NET_ERR) << number;
  }
  EXPECT_EQ(card.command(2, 0, {11}), VIRTIO_NET_ERR) << "half a number";
  EXPECT_TRUE(card.receives(tagged(10)));
  EXPECT_FALSE(card.receives(tagged(11)));
}

TEST(CardVlan, PromiscuousModeTakesEveryVlan) {
  Controlled card(kVlanFiltering | VIRTIO_NET_F_CTRL_RX);
  ASSERT_EQ(card.command(0, 0, {1}), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(tagged(10)));
  ASSERT_EQ(card.command(0, 0, {0}), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(tagged(10)));
}

TEST(CardVlan, DeviceResetEmptiesTheTable) {
  Controlled card(kVlanFiltering);
  ASSERT_EQ(card.command(2, 0, le16(10)), VIRTIO_NET_OK);
  card.guest.negotiate(kVlanFiltering);
  GuestQueue& rx = card.guest.receive_queue(0);
  card.guest.fill(rx, 16);
  card.guest.go();
  EXPECT_FALSE(card.receives(tagged(10)));
  EXPECT_TRUE(card.receives(flow_frame(1)));
}

// ---- CTRL_RX_EXTRA

TEST(CardReceiveModes, WithoutCtrlRxExtraTheCommandsAreRefused) {
  Controlled card(kExtraModes & ~VIRTIO_NET_F_CTRL_RX_EXTRA);
  for (std::uint8_t mode = 2; mode <= 5; ++mode) EXPECT_EQ(card.command(0, mode, {1}), VIRTIO_NET_ERR) << +mode;
  EXPECT_FALSE(card.receives(to(kForeign)));
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_TRUE(card.receives(to(kBroadcast)));
}

TEST(CardReceiveModes, AllUnicastTakesUnicastOnly) {
  Controlled card(kExtraModes);
  ASSERT_EQ(card.command(0, 2, {1}), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
  ASSERT_EQ(card.command(0, 2, {0}), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(to(kForeign)));
}

TEST(CardReceiveModes, EachSuppressingModeWinsOverItsOpposite) {
  Controlled card(kExtraModes);
  for (std::uint8_t mode = 1; mode <= 2; ++mode) ASSERT_EQ(card.command(0, mode, {1}), VIRTIO_NET_OK);
  const std::pair<std::uint8_t, MacAddress> suppressed[] = {
      {std::uint8_t{3}, kMulticast}, {std::uint8_t{4}, kOwn}, {std::uint8_t{5}, kBroadcast}};
  for (const auto& [mode, victim] : suppressed) {
    SCOPED_TRACE(+mode);
    ASSERT_EQ(card.command(0, mode, {1}), VIRTIO_NET_OK);
    for (const MacAddress& address : {kMulticast, kOwn, kBroadcast}) {
      EXPECT_EQ(card.receives(to(address)), address != victim);
    }
    ASSERT_EQ(card.command(0, mode, {0}), VIRTIO_NET_OK);
    EXPECT_TRUE(card.receives(to(victim)));
  }
}

TEST(CardReceiveModes, PromiscuousModeOverridesThemAll) {
  Controlled card(kExtraModes);
  for (std::uint8_t mode = 3; mode <= 5; ++mode) ASSERT_EQ(card.command(0, mode, {1}), VIRTIO_NET_OK);
  ASSERT_EQ(card.command(0, 0, {1}), VIRTIO_NET_OK);
  for (const MacAddress& address : {kMulticast, kOwn, kForeign, kBroadcast}) EXPECT_TRUE(card.receives(to(address)));
}

TEST(CardReceiveModes, DeviceResetSwitchesThemOff) {
  Controlled card(kExtraModes);
  for (std::uint8_t mode = 2; mode <= 5; ++mode) ASSERT_EQ(card.command(0, mode, {1}), VIRTIO_NET_OK);
  card.guest.negotiate(kExtraModes);
  GuestQueue& rx = card.guest.receive_queue(0);
  card.guest.fill(rx, 16);
  card.guest.go();
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_TRUE(card.receives(to(kBroadcast)));
  EXPECT_FALSE(card.receives(to(kForeign)));
}

TEST(CardReceiveModes, ExtraModesWithoutAControlQueueAreHarmless) {
  Bench bench;
  Guest guest(bench, kPlain | VIRTIO_NET_F_CTRL_RX_EXTRA);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 16);
  guest.go();
  bench.send(to(kForeign));
  EXPECT_TRUE(guest.take(rx));
  EXPECT_FALSE(guest.needs_reset());
}

}  // namespace
}  // namespace rssnic::test
