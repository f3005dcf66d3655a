// The control queue of the whole card: framing, answers, order, and the receive filter that commands set
// (virtio 1.4, 5.1.9.5, 5.1.9.5.1 and 5.1.9.5.2).
#include "tb/unit/net/controlled_card.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kFiltering = kPlain | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX;

std::vector<FrameBytes> cut(const FrameBytes& bytes, const std::vector<std::size_t>& lengths) {
  std::vector<FrameBytes> parts;
  auto at = bytes.begin();
  for (const std::size_t length : lengths) {
    const auto end = at + static_cast<std::ptrdiff_t>(std::min<std::size_t>(length, bytes.end() - at));
    parts.emplace_back(at, end);
    at = end;
  }
  if (at != bytes.end()) parts.emplace_back(at, bytes.end());
  return parts;
}

// ---- framing

TEST(CardControlFraming, AShortCommandMayBeCutAtEveryByte) {
  Controlled card;
  const FrameBytes command{4, 0, 3, 0};
  for (unsigned cuts = 0; cuts < 8; ++cuts) {  // one bit a boundary
    std::vector<std::size_t> lengths;
    std::size_t length = 1;
    for (unsigned boundary = 0; boundary < 3; ++boundary, ++length) {
      if (cuts >> boundary & 1) lengths.push_back(std::exchange(length, 0));
    }
    EXPECT_EQ(card.send(cut(command, lengths), {1}), VIRTIO_NET_OK) << "cuts " << cuts;
    EXPECT_EQ(card.send(cut({4, 0, 0, 0}, lengths), {1}), VIRTIO_NET_ERR) << "cuts " << cuts;
  }
  EXPECT_EQ(card.bench.statistics().configurations, 8u);
}

TEST(CardControlFraming, AnRssConfigurationMayBeCutAnywhere) {
  Controlled card;
  const RssCommand rss = rss_command(std::vector<std::uint16_t>(128, 0));
  FrameBytes command{4, 1};
  const FrameBytes data = rss.encode();
  command.insert(command.end(), data.begin(), data.end());
  const FrameBytes probe = flow_frame(5);
  const check::Verdict due = oracle_for(rss).judge(view(probe));
  for (const std::vector<std::size_t>& lengths : std::vector<std::vector<std::size_t>>{{1},
                                                                                       {2},
                                                                                       {3},
                                                                                       {2, 4, 2, 2},
                                                                                       {7, 1, 5},
                                                                                       {2, 8, 255, 1, 2, 1},
                                                                                       {265, 1, 1},
                                                                                       {308},
                                                                                       std::vector<std::size_t>(100, 1),
                                                                                       {0, 2, 0, 0, 300, 0}}) {
    ASSERT_EQ(card.guest.command(card.control, 4, 1, rss_command({0}, 0).encode()), VIRTIO_NET_OK);
    EXPECT_EQ(card.send(cut(command, lengths), {1}), VIRTIO_NET_OK);
    card.bench.send(probe);
    const auto packet = card.guest.take(card.rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->report, due.report);
    EXPECT_EQ(packet->hash, due.hash);
  }
}

TEST(CardControlFraming, ACommandLongerThanAReadRequestIsReadWhole) {
  Controlled card;
  RssCommand rss = rss_command(std::vector<std::uint16_t>(512, 0));
  EXPECT_GT(rss.encode().size(), 2 * 512u);
  EXPECT_EQ(card.guest.configure(card.control, rss), VIRTIO_NET_OK);
  card.bench.send(flow_frame(5));
  const auto packet = card.guest.take(card.rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->hash, oracle_for(rss).judge(view(card.bench.wire.frame(0))).hash);
}

TEST(CardControlFraming, TheAnswerIsTheFirstWritableByteWhereverItLies) {
  Controlled card;
  const FrameBytes command{4, 0, 1, 0};
  for (const std::vector<std::uint32_t>& writable :
       std::vector<std::vector<std::uint32_t>>{{1}, {8}, {1, 1}, {0, 1}, {0, 0, 16, 4}, {100, 100}}) {
    EXPECT_EQ(card.send({command}, writable), VIRTIO_NET_OK);  // answer() checks used.len and every other byte
    EXPECT_EQ(card.send({{99, 99}}, writable), VIRTIO_NET_ERR);
  }
}

TEST(CardControlFraming, ACommandWithoutAByteToAnswerInStopsTheDevice) {
  for (const std::vector<std::uint32_t>& writable : std::vector<std::vector<std::uint32_t>>{{}, {0}}) {
    Controlled card;
    card.control.add({{4, 0, 1, 0}}, writable);
    card.guest.publish(card.control);
    card.bench.settle();
    EXPECT_TRUE(card.guest.needs_reset());
    EXPECT_EQ(card.guest.count(0), 1u) << "with a configuration change notification";
    EXPECT_EQ(card.control.used_index(), 0);
  }
}

TEST(CardControlFraming, TooFewBytesAreAnErrorAndNothingWorse) {
  Controlled card;
  EXPECT_EQ(card.send({}, {1}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.send({{}}, {1}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.send({{4}}, {1}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.send({{4, 0}}, {1}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.send({{4, 0, 1}}, {1}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.send({{4, 0, 1, 0}}, {1}), VIRTIO_NET_OK);
  EXPECT_EQ(card.bench.statistics().commands, 6u);
  EXPECT_EQ(card.bench.statistics().commands_refused, 5u);
}

TEST(CardControlFraming, UnknownClassesAndCommandsAreRefused) {
  Controlled card;
  for (unsigned command_class = 0; command_class < 256; ++command_class) {
    for (const unsigned command : {5u, 6u, 255u}) {
      const auto first = static_cast<std::uint8_t>(command_class), second = static_cast<std::uint8_t>(command);
      ASSERT_EQ(card.send({{first, second, 1, 0, 0, 0, 0, 0, 0, 0}}, {1}), VIRTIO_NET_ERR) << command_class;
    }
  }
}

// Nothing but reads of at most 64 KiB, whatever the guest claims.
TEST(CardControlFraming, ACommandOfManyMegabytesIsJudgedByItsBeginning) {
  Controlled card;
  FrameBytes huge(std::size_t{8} << 20);
  huge[0] = 4;
  huge[2] = 2;
  EXPECT_EQ(card.send({huge}, {1}), VIRTIO_NET_OK);
  huge[2] = 0;
  EXPECT_EQ(card.send({huge}, {1}), VIRTIO_NET_ERR);
}

TEST(CardControlFraming, CommandsQueuedTogetherAreAnsweredInOrderEachInItsOwnBuffer) {
  Controlled card;
  std::vector<std::uint8_t> due;
  for (unsigned i = 0; i < 60; ++i) {
    const bool good = i % 3 != 1;
    card.control.add({{4, 0, static_cast<std::uint8_t>(good ? 1 + i % 4 : 0), 0}}, {1});
    due.push_back(good ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
  }
  card.guest.publish(card.control);
  card.bench.settle();
  for (unsigned i = 0; i < 60; ++i) {
    const auto used = card.control.take();
    ASSERT_TRUE(used) << i;
    EXPECT_EQ(used->chain, i);
    EXPECT_EQ(used->written, FrameBytes{due[i]});
    EXPECT_TRUE(used->intact);
  }
}

TEST(CardControlFraming, CommandsTakeEffectInOrderBeforeTheirAnswer) {
  Controlled card(kFiltering);
  const FrameBytes foreign = flow_frame(1);
  for (unsigned i = 0; i < 4; ++i) {  // the last one counts
    card.control.add({{0, 0, static_cast<std::uint8_t>(i % 2)}}, {1});
  }
  card.guest.publish(card.control);
  ASSERT_TRUE(card.bench.until([&] { return card.control.used_index() == 4; }));
  EXPECT_TRUE(card.receives(foreign));
}

TEST(CardControlFraming, AWaitingControlQueueDoesNotDisturbTraffic) {
  Controlled card;
  for (unsigned i = 0; i < 50; ++i) {
    card.control.add({{4, 0, 1, 0}}, {1});
    card.bench.send(flow_frame(i, 60, i));
  }
  card.guest.publish(card.control);
  card.bench.settle();
  EXPECT_EQ(card.control.used_index(), 50);
  EXPECT_EQ(card.bench.observer.delivered, 50u);
}

// ---- the receive filter

FrameBytes mac_tables(const std::vector<MacAddress>& unicast, const std::vector<MacAddress>& multicast) {
  FrameBytes data;
  for (const auto* table : {&unicast, &multicast}) {
    const std::size_t at = data.size();
    data.resize(at + 4);
    store_le32(&data[at], static_cast<std::uint32_t>(table->size()));
    for (const MacAddress& address : *table) data.insert(data.end(), address.begin(), address.end());
  }
  return data;
}

TEST(CardFilter, AfterResetWithCtrlRxOnlyOwnAddressAndBroadcastPass) {
  Controlled card(kFiltering);
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_TRUE(card.receives(to(kBroadcast)));
  EXPECT_FALSE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
  EXPECT_EQ(card.bench.dropped(DropReason::filter), 2u);
}

TEST(CardFilter, WithoutCtrlRxEverythingPassesAndTheCommandsAreRefused) {
  Controlled card(kFiltering & ~VIRTIO_NET_F_CTRL_RX);
  for (const MacAddress& address : {kOwn, kBroadcast, kForeign, kMulticast}) EXPECT_TRUE(card.receives(to(address)));
  EXPECT_EQ(card.guest.command(card.control, 0, 0, {0}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.guest.command(card.control, 0, 1, {0}), VIRTIO_NET_ERR);
  EXPECT_EQ(card.guest.command(card.control, 1, 0, mac_tables({}, {})), VIRTIO_NET_ERR);
  EXPECT_TRUE(card.receives(to(kForeign)));
}

TEST(CardFilter, PromiscuousModeTakesEverythingUntilItIsSwitchedOff) {
  Controlled card(kFiltering);
  ASSERT_EQ(card.guest.command(card.control, 0, 0, {1}), VIRTIO_NET_OK);
  for (const MacAddress& address : {kOwn, kBroadcast, kForeign, kMulticast}) EXPECT_TRUE(card.receives(to(address)));
  EXPECT_TRUE(card.receives({1})) << "even a frame without an address";
  ASSERT_EQ(card.guest.command(card.control, 0, 0, {0}), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
}

TEST(CardFilter, AllMulticastTakesMulticastOnly) {
  Controlled card(kFiltering);
  ASSERT_EQ(card.guest.command(card.control, 0, 1, {1}), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(to(kMulticast)));
  EXPECT_TRUE(card.receives(to(kOtherMulticast)));
  EXPECT_FALSE(card.receives(to(kForeign)));
  ASSERT_EQ(card.guest.command(card.control, 0, 1, {0}), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(to(kMulticast)));
}

TEST(CardFilter, MacTableSetReplacesBothTables) {
  Controlled card(kFiltering);
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables({kForeign}, {kMulticast})), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(to(kForeign)));
  EXPECT_TRUE(card.receives(to(kMulticast)));
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_FALSE(card.receives(to(kOtherForeign)));
  EXPECT_FALSE(card.receives(to(kOtherMulticast)));
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables({}, {kOtherMulticast})), VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
  EXPECT_TRUE(card.receives(to(kOtherMulticast)));
}

TEST(CardFilter, ATableTooLongToHoldAcceptsAllOfItsKind) {
  Controlled card(kFiltering);
  const std::vector<MacAddress> many(65, kForeign);
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables(many, {})), VIRTIO_NET_OK);
  EXPECT_TRUE(card.receives(to(kOtherForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables({}, std::vector<MacAddress>(65, kMulticast))),
            VIRTIO_NET_OK);
  EXPECT_FALSE(card.receives(to(kOtherForeign)));
  EXPECT_TRUE(card.receives(to(kOtherMulticast)));
}

TEST(CardFilter, AMalformedMacTableIsRefusedAndTheOldOneStays) {
  Controlled card(kFiltering);
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables({kForeign}, {})), VIRTIO_NET_OK);
  const FrameBytes good = mac_tables({kOtherForeign}, {kMulticast});
  for (std::size_t size = 0; size < good.size(); ++size) {
    const FrameBytes cut_off(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(card.guest.command(card.control, 1, 0, cut_off), VIRTIO_NET_ERR) << size;
  }
  EXPECT_TRUE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kOtherForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
}

TEST(CardFilter, DeviceResetSwitchesAllModesOffAndEmptiesTheTables) {
  Controlled card(kFiltering);
  ASSERT_EQ(card.guest.command(card.control, 0, 1, {1}), VIRTIO_NET_OK);
  ASSERT_EQ(card.guest.command(card.control, 1, 0, mac_tables({kForeign}, {})), VIRTIO_NET_OK);
  card.guest.negotiate(kFiltering);
  GuestQueue& rx = card.guest.receive_queue(0);
  card.guest.fill(rx, 16);
  card.guest.go();
  EXPECT_FALSE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kMulticast)));
  EXPECT_TRUE(card.receives(to(kOwn)));
}

TEST(CardFilter, ComesBeforeSteering) {
  Bench bench;
  Guest guest(bench, kSteering | VIRTIO_NET_F_CTRL_RX);
  guest.receive_queue(0);  // no buffers: a frame that got so far would wait
  GuestQueue& control = guest.control_queue();
  guest.go();
  ASSERT_EQ(guest.configure(control, rss_command({0})), VIRTIO_NET_OK);
  const auto foreign = bench.send(to(kForeign));
  bench.settle();
  EXPECT_EQ(bench.observer[foreign].dropped, DropReason::filter);
  EXPECT_EQ(bench.dropped(DropReason::no_buffer), 0u);
}

}  // namespace
}  // namespace rssnic::test
