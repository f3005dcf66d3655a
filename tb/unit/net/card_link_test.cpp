// The link's state and the request to announce (virtio 1.4, 5.1.4, 5.1.9.5.4): what the driver is told and when, and
// where frames stay while there is no link.
#include "tb/unit/net/controlled_card.h"

namespace rssnic::test {
namespace {

constexpr std::uint64_t kUp = 1, kAnnounce = 2;
constexpr FeatureBits kLink = kPlain | VIRTIO_NET_F_STATUS;
constexpr FeatureBits kAnnouncing = kLink | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_GUEST_ANNOUNCE;

std::uint8_t acknowledge(Controlled& card) { return card.command(3, 0); }

// ---- what the driver is told

TEST(CardLink, EachChangeIsShownWithANewGenerationAndOneInterrupt) {
  Controlled card(kAnnouncing & ~VIRTIO_NET_F_GUEST_ANNOUNCE);
  EXPECT_EQ(card.status(), kUp);
  std::uint64_t generation = card.generation();
  for (unsigned change = 1; change <= 300; ++change) {
    const bool up = change % 2 == 0;
    card.bench.card().set_link(up);
    EXPECT_EQ(card.bench.card().link_up(), up);
    EXPECT_EQ(card.status(), up ? kUp : 0);
    EXPECT_NE(std::exchange(generation, card.generation()), card.generation()) << change;
    card.bench.settle();
    EXPECT_EQ(card.guest.count(0), change);
  }
}

TEST(CardLink, WhatStaysAsItIsIsNotNotified) {
  Controlled card(kAnnouncing);
  card.bench.card().set_link(true);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 0u);
  card.bench.card().set_link(false);
  card.bench.card().set_link(false);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 1u);
}

TEST(CardLink, AChangeBeforeDriverOkIsNotifiedBehindIt) {
  Bench bench;
  Guest guest(bench, kLink);
  bench.card().set_link(false);
  bench.settle();
  EXPECT_EQ(guest.count(0), 0u);
  guest.go();
  bench.settle();
  EXPECT_EQ(guest.count(0), 1u);
}

TEST(CardLink, ItIsTheCablesAndSurvivesADeviceReset) {
  Controlled card(kAnnouncing);
  card.bench.card().set_link(false);
  card.guest.negotiate(kLink);
  EXPECT_EQ(card.status(), 0u);
  card.bench.card().set_link(true);
  EXPECT_EQ(card.status(), kUp);
  card.bench.card().set_link(false);
  card.bench.card().function().function_reset();
  EXPECT_FALSE(card.bench.card().link_up());
}

TEST(CardLink, WithoutStatusOfferedTheFieldIsEmptyAndNobodyIsNotified) {
  CardParameters parameters;
  parameters.features &= ~VIRTIO_NET_F_STATUS;
  Controlled card(kAnnouncing & ~VIRTIO_NET_F_STATUS, parameters);
  for (const bool up : {false, true}) {
    card.bench.card().set_link(up);
    card.bench.card().announce();
    EXPECT_EQ(card.status(), 0u);
  }
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 0u);
}

// ---- frames

TEST(CardLinkDown, ReceivedFramesWaitOnTheWireAndComeWhenTheLinkIsBack) {
  Controlled card(kLink | VIRTIO_NET_F_CTRL_VQ);
  card.bench.card().set_link(false);
  for (unsigned i = 0; i < 100; ++i) card.bench.send(flow_frame(1, 60, i), card.bench.machine.now() + 100 * i);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.ended(), 0u);
  EXPECT_FALSE(card.bench.wire.empty());
  EXPECT_EQ(card.rx.used_index(), 0u);
  card.bench.card().set_link(true);
  for (unsigned i = 0; i < 100; ++i) {
    const auto packet = card.guest.take(card.rx);
    ASSERT_TRUE(packet) << i;
    EXPECT_EQ(number_of(packet->frame), i);
  }
}

TEST(CardLinkDown, WhatHasComeInBeforeIsDelivered) {
  Controlled card(kLink | VIRTIO_NET_F_CTRL_VQ);
  for (unsigned i = 0; i < 20; ++i) card.bench.send(flow_frame(1, 1000, i));
  ASSERT_TRUE(card.bench.until([&] { return card.bench.observer[0].steered.has_value(); }));
  ASSERT_EQ(card.bench.observer.ended(), 0u);
  ASSERT_TRUE(card.bench.wire.empty());
  card.bench.card().set_link(false);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.delivered, 20u);
}

TEST(CardLinkDown, TransmittedFramesAreCompletedCountedAndGoNowhere) {
  Bench bench;
  Guest guest(bench, kLink);
  GuestQueue& tx = guest.transmit_queue(0);
  guest.go();
  const auto transmit = [&](unsigned number) {
    tx.add({FrameBytes(12), flow_frame(2, 60, number)}, {});
    guest.publish(tx);
    bench.settle();
  };
  transmit(0);
  bench.card().set_link(false);
  transmit(1);
  transmit(2);
  bench.card().set_link(true);
  transmit(3);
  EXPECT_EQ(tx.used_index(), 4u);
  ASSERT_EQ(bench.sink.frames.size(), 2u);
  EXPECT_EQ(number_of(bench.sink.frames[0]), 0u);
  EXPECT_EQ(number_of(bench.sink.frames[1]), 3u);
  EXPECT_EQ(bench.statistics().transmitted, 2u);
  EXPECT_EQ(bench.statistics().transmit_no_link, 2u);
  EXPECT_EQ(bench.statistics().transmit_malformed, 0u);
}

TEST(CardLinkDown, ACardThatStartsWithoutALinkWorksOnceItIsThere) {
  Bench bench;
  bench.card().set_link(false);
  bench.send(flow_frame(1));
  Guest guest(bench, kLink);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 16);
  guest.go();
  bench.settle();
  EXPECT_EQ(bench.observer.ended(), 0u);
  bench.card().set_link(true);
  EXPECT_TRUE(guest.take(rx));
}

// The same packets at the same cycles whether the card advances by windows or by single cycles.
TEST(CardLinkDown, TheSteppingMakesNoDifference) {
  const auto ends = [](Cycle window_step) {
    ScriptedWire wire;
    RecordingSink sink;
    RecordingObserver observer;
    PlainMachine machine({}, make_reference_engine(), &wire, &sink, &observer, window_step, 64);
    DriverOptions options;
    VirtioNetDriver driver(machine, options);
    driver.start();
    driver.set_promiscuous(true);
    for (unsigned i = 0; i < 200; ++i) wire.add(flow_frame(i), machine.now() + 37 * i, false);
    machine.card().wire_ready();
    std::vector<Cycle> cycles;
    for (unsigned window = 0; window < 400; ++window) {
      if (window % 40 == 10) machine.card().set_link(false);
      if (window % 40 == 30) machine.card().set_link(true);
      machine.wait_window();
      driver.poll([](const ReceivedPacket&) {});
    }
    for (std::uint64_t tag = 0; tag < 200; ++tag) cycles.push_back(observer[tag].ended_at);
    EXPECT_EQ(observer.ended(), 200u);
    return cycles;
  };
  EXPECT_EQ(ends(64), ends(1));
}

// ---- announcement

TEST(CardAnnounce, ARequestIsShownAndNotified) {
  Controlled card(kAnnouncing);
  const std::uint64_t generation = card.generation();
  card.bench.card().announce();
  EXPECT_EQ(card.status(), kUp | kAnnounce);
  EXPECT_NE(card.generation(), generation);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 1u);
}

TEST(CardAnnounce, NothingIsAskedOfADriverThatHasNotNegotiatedIt) {
  for (const FeatureBits missing : {VIRTIO_NET_F_GUEST_ANNOUNCE, VIRTIO_NET_F_STATUS}) {
    Controlled card(kAnnouncing & ~missing);
    card.bench.card().announce();
    EXPECT_EQ(card.status(), kUp);
    card.bench.settle();
    EXPECT_EQ(card.guest.count(0), 0u);
    for (const bool up : {false, true}) card.bench.card().set_link(up);
    EXPECT_EQ(card.status(), kUp);
  }
  Bench bench;
  bench.card().announce();
  Guest guest(bench, kAnnouncing);
  guest.go();
  bench.settle();
  EXPECT_EQ(guest.count(0), 0u) << "asked before anybody had negotiated anything";
}

TEST(CardAnnounce, ALinkThatIsBackAsksForOneWithASingleInterrupt) {
  Controlled card(kAnnouncing);
  card.bench.card().set_link(false);
  EXPECT_EQ(card.status(), 0u);
  card.bench.settle();
  card.bench.card().set_link(true);
  EXPECT_EQ(card.status(), kUp | kAnnounce);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 2u);
}

TEST(CardAnnounce, TheAcknowledgementClearsItBeforeItsBufferIsUsedAndLeavesTheLinkAlone) {
  Bench bench({}, Engine::reference, 1);
  Guest guest(bench, kAnnouncing);
  GuestQueue& control = guest.control_queue();
  guest.go();
  const auto status = [&] { return bench.machine.mmio_read(guest.layout().device.address + 6, 2); };
  for (unsigned round = 0; round < 3; ++round) {
    bench.card().announce();
    ASSERT_EQ(status(), kUp | kAnnounce);
    control.add({{3, 0}}, {1});
    guest.publish(control);
    bool cleared = false;
    for (unsigned cycle = 0; control.used_index() == round; ++cycle) {
      ASSERT_LT(cycle, 100000u);
      cleared = status() == kUp;
      bench.run(1);
    }
    EXPECT_TRUE(cleared) << "in the cycle before the used entry becomes visible";
    EXPECT_EQ(guest.answer(control), VIRTIO_NET_OK);
  }
}

TEST(CardAnnounce, TheAcknowledgementShowsInTheGenerationAndIsNotNotified) {
  Controlled card(kAnnouncing);
  card.bench.card().announce();
  card.status();
  const std::uint64_t generation = card.generation();
  ASSERT_EQ(acknowledge(card), VIRTIO_NET_OK);
  EXPECT_EQ(card.status(), kUp);
  EXPECT_NE(card.generation(), generation);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 1u) << "for the request alone";
}

TEST(CardAnnounce, AnAcknowledgementOfNothingIsNoError) {
  Controlled card(kAnnouncing);
  EXPECT_EQ(acknowledge(card), VIRTIO_NET_OK);
  EXPECT_EQ(card.status(), kUp);
  card.bench.card().set_link(false);
  EXPECT_EQ(acknowledge(card), VIRTIO_NET_OK);
  EXPECT_EQ(card.status(), 0u);
}

TEST(CardAnnounce, WithoutTheFeatureTheAcknowledgementIsRefused) {
  Controlled card(kAnnouncing & ~VIRTIO_NET_F_GUEST_ANNOUNCE);
  EXPECT_EQ(acknowledge(card), VIRTIO_NET_ERR);
}

TEST(CardAnnounce, DeviceResetTakesTheRequestBack) {
  Controlled card(kAnnouncing);
  card.bench.card().announce();
  card.guest.negotiate(kAnnouncing);
  EXPECT_EQ(card.status(), kUp);
}

}  // namespace
}  // namespace rssnic::test
