// Receive through the whole card: the header, how a packet lies in its buffers, which lengths are taken, and the order
// (virtio 1.4, 5.1.9.3 and 5.1.9.4).
#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kMergeable = kPlain | VIRTIO_NET_F_MRG_RXBUF;

FrameBytes header_of(unsigned num_buffers, std::size_t bytes, std::uint32_t hash = 0, std::uint16_t report = 0) {
  FrameBytes header(bytes);
  store_le16(&header[10], static_cast<std::uint16_t>(num_buffers));
  if (bytes == 20) {
    store_le32(&header[12], hash);
    store_le16(&header[16], report);
  }
  return header;
}

// ---- the header

TEST(CardReceiveHeader, Is12ZeroBytesButForNumBuffersWithoutHashReport) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 1);
  guest.go();
  bench.send(flow_frame(1));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header, header_of(1, 12));
  EXPECT_EQ(packet->lengths[0], 12u + 60u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveHeader, Is20BytesWithHashReportAndReportsNoneBeforeAnyConfiguration) {
  Bench bench;
  Guest guest(bench, kPlain | VIRTIO_NET_F_HASH_REPORT);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 1);
  guest.go();
  bench.send(flow_frame(1));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header, header_of(1, 20));
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

class CardReceiveHeaderByEngine : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Both, CardReceiveHeaderByEngine, testing::Values(Engine::reference, Engine::rtl));

TEST_P(CardReceiveHeaderByEngine, HoldsHashAndReportLittleEndianAndZeroPadding) {
  Bench bench({}, GetParam());
  Guest guest(bench, kSteering);
  GuestQueue& rx = guest.receive_queue(0);
  GuestQueue& control = guest.control_queue();
  guest.fill(rx, 4);
  guest.go();
  const RssCommand rss = rss_command({0});
  ASSERT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  const check::Oracle oracle = oracle_for(rss);
  const std::vector<FrameBytes> frames = {flow_frame(7),
                                          FrameBuilder().ipv4().tcp(2794, 1766).raw(junk_frame(20)).bytes(),
                                          FrameBuilder().ipv6().home_address({1, 2, 3}).tcp(4, 5).bytes(),
                                          FrameBuilder().ipv4().raw(junk_frame(30)).bytes()};
  for (const FrameBytes& frame : frames) {
    bench.send(frame);
    const check::Verdict due = oracle.judge(view(frame));
    ASSERT_NE(due.report, 0);
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header, header_of(1, 20, due.hash, due.report));
    EXPECT_EQ(packet->frame, frame);
  }
}

TEST(CardReceiveHeader, NumBuffersIsOneWithoutMergeableBuffersHoweverManyDescriptors) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  rx.add({}, {30, 30, 30, 30});
  guest.publish(rx);
  guest.go();
  bench.send(flow_frame(1, 90));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 1u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
}

TEST(CardReceiveHeader, MergedPacketHasOneHeaderInItsFirstBuffer) {
  Bench bench;
  Guest guest(bench, kSteering);
  GuestQueue& rx = guest.receive_queue(0);
  GuestQueue& control = guest.control_queue();
  guest.fill(rx, 8, 64);
  guest.go();
  const RssCommand rss = rss_command({0});
  ASSERT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  bench.send(flow_frame(3, 200));
  const check::Verdict due = oracle_for(rss).judge(view(bench.wire.frame(0)));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->header, header_of(4, 20, due.hash, due.report));
  EXPECT_EQ(packet->frame, bench.wire.frame(0)) << "the buffers behind the first hold nothing but packet bytes";
}

// The slots of the packet buffer are the same ones as before the reset, and headers of both sizes end at one place.
TEST(CardReceiveHeader, PaddingIsZeroAlsoWhereASessionWith12ByteHeadersWentBefore) {
  CardParameters parameters;
  parameters.packet_slots = 1;
  Bench bench(parameters);
  Guest guest(bench);
  for (const FeatureBits features : {kMergeable, kMergeable | VIRTIO_NET_F_HASH_REPORT, kMergeable}) {
    guest.negotiate(features);
    GuestQueue& rx = guest.receive_queue(0);
    guest.fill(rx, 8, 64);
    guest.go();
    for (unsigned i = 0; i < 2; ++i) {
      bench.send(flow_frame(i, 100));
      const auto packet = guest.take(rx);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->header, header_of(2, features & VIRTIO_NET_F_HASH_REPORT ? 20 : 12));
    }
  }
}

// ---- how the packet lies in its buffers

TEST(CardReceiveBuffers, AllButTheLastBufferOfAMergedPacketAreFull) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  for (const std::uint32_t length : {64u, 12u, 100u, 33u, 64u, 64u}) rx.add_buffer(length);
  guest.publish(rx);
  guest.go();
  bench.send(junk_frame(200));  // with the header 212 bytes: 64 + 12 + 100 + 33 + 3
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->lengths, (std::vector<std::uint32_t>{64, 12, 100, 33, 3}));
  EXPECT_EQ(packet->num_buffers, 5u);
  EXPECT_EQ(packet->chains, (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveBuffers, APacketThatFillsItsBuffersExactlyTakesNoFurtherOne) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 4, 106);
  guest.go();
  bench.send(junk_frame(200));  // 212 bytes with the header
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->lengths, (std::vector<std::uint32_t>{106, 106}));
  EXPECT_EQ(packet->num_buffers, 2u);
}

TEST(CardReceiveBuffers, UsedIndexJumpsOnceByTheNumberOfBuffers) {
  Bench bench({}, Engine::reference, 1);  // looks at every cycle
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 10, 64);
  guest.go();
  bench.send(junk_frame(500));
  std::vector<std::uint16_t> seen{rx.used_index()};
  ASSERT_TRUE(bench.until([&] {
    if (rx.used_index() != seen.back()) seen.push_back(rx.used_index());
    return bench.observer.ended() == 1;
  }));
  bench.settle();
  EXPECT_EQ(seen, (std::vector<std::uint16_t>{0, 8}));
  EXPECT_EQ(rx.used_index(), 8);
}

// Every element and every byte it speaks of are there when used.idx tells of them (2.7.8.2).
TEST(CardReceiveBuffers, BytesAndUsedElementsAreVisibleBeforeTheUsedIndex) {
  Bench bench({}, Engine::reference, 1);
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.fill(rx, 64, 128);
  guest.go();
  for (unsigned i = 0; i < 8; ++i) bench.send(flow_frame(i, 400, i));
  std::size_t packets = 0;
  ASSERT_TRUE(bench.until([&] {
    while (rx.ring.used_ready() > 0) {  // in the very cycle in which the index changed
      const auto packet = guest.take(rx);
      if (!packet || packet->frame != bench.wire.frame(packets)) return true;
      ++packets;
    }
    return packets == 8;
  }));
  EXPECT_EQ(packets, 8u);
}

// What the card says of a packet to its observer is what the driver can see in that cycle.
TEST(CardReceiveBuffers, APacketCountsAsDeliveredWhenItsUsedEntryIsVisible) {
  Bench bench({}, Engine::reference, 1);
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 256);
  guest.fill(rx, 200, 128);
  guest.go();
  for (unsigned i = 0; i < 200; ++i) bench.send(flow_frame(i), bench.machine.now() + 4 * i);
  EXPECT_TRUE(bench.until([&] {
    EXPECT_EQ(bench.observer.delivered, rx.used_index());
    return bench.observer.delivered == 200 || testing::Test::HasFailure();
  }));
  EXPECT_EQ(bench.statistics().delivered, 200u);
}

struct SplitCase {
  const char* name;
  std::vector<std::uint32_t> parts;
};
class CardReceiveSplit : public testing::TestWithParam<SplitCase> {};
INSTANTIATE_TEST_SUITE_P(Odd, CardReceiveSplit,
                         testing::Values(SplitCase{"HeaderByteByByte", std::vector<std::uint32_t>(20, 1)},
                                         SplitCase{"MidHashValue", {14, 500}}, SplitCase{"MidHeaderTwice", {7, 6, 500}},
                                         SplitCase{"HeaderAlone", {20, 500}}, SplitCase{"OneByteOfFrame", {21, 500}},
                                         SplitCase{"AllButTheLastByte", {319, 1}}, SplitCase{"Exact", {320}},
                                         SplitCase{"OddParts", {3, 17, 1, 99, 1, 1, 255}},
                                         SplitCase{"EmptyParts", {0, 5, 0, 0, 300, 0, 100, 0}}),
                         [](const auto& test) { return test.param.name; });

TEST_P(CardReceiveSplit, HeaderAndFrameRunThroughTheDescriptorsOfAChain) {
  Bench bench;
  Guest guest(bench, kPlain | VIRTIO_NET_F_HASH_REPORT);
  GuestQueue& rx = guest.receive_queue(0, 32);
  std::vector<std::uint32_t> parts = GetParam().parts;
  if (parts.size() == 20) parts.push_back(500);
  rx.add({}, parts);
  guest.publish(rx);
  guest.go();
  bench.send(junk_frame(300));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->lengths[0], 320u);
  EXPECT_EQ(packet->header, header_of(1, 20));
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact) << "bytes outside the writable parts have changed";
}

TEST(CardReceiveBuffers, AnySplitPointOfAChainOfTwoGivesTheSamePacket) {
  Bench bench;
  Guest guest(bench, kPlain | VIRTIO_NET_F_HASH_REPORT);
  GuestQueue& rx = guest.receive_queue(0, 256);
  constexpr unsigned kTotal = 80;
  for (unsigned first = 0; first <= kTotal; ++first) {
    rx.add({}, {first, kTotal - first});
  }
  guest.publish(rx);
  guest.go();
  for (unsigned first = 0; first <= kTotal; ++first) {
    bench.send(flow_frame(first, 60, first));
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet) << first;
    EXPECT_EQ(packet->header, header_of(1, 20)) << first;
    EXPECT_EQ(packet->frame, bench.wire.frame(first)) << first;
    EXPECT_TRUE(packet->intact) << first;
  }
}

TEST(CardReceiveBuffers, MergedBuffersMayBeChainsThemselves) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 32);
  rx.add({}, {5, 40, 19});
  rx.add({}, {1, 63});
  rx.add({}, {64, 64, 64});
  guest.publish(rx);
  guest.go();
  bench.send(junk_frame(150));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->lengths, (std::vector<std::uint32_t>{64, 64, 34}));
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveBuffers, ReadablePartsOfAReceiveChainAreLeftAlone) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  rx.add({junk_frame(100, 5)}, {2048});
  guest.publish(rx);
  guest.go();
  bench.send(flow_frame(1));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveBuffers, DescriptorTableAndAvailableRingAreReadOnlyToTheCard) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  for (unsigned i = 0; i < 5; ++i) rx.add({}, {50, 50, 50});
  guest.publish(rx);
  const FrameBytes descriptors(rx.descriptor(0), rx.descriptor(0) + 16 * 16);
  const FrameBytes available(rx.available(), rx.available() + 6 + 2 * 16);
  guest.go();
  for (unsigned i = 0; i < 3; ++i) bench.send(junk_frame(200, i));
  bench.settle();
  EXPECT_GT(rx.used_index(), 0);
  EXPECT_EQ(FrameBytes(rx.descriptor(0), rx.descriptor(0) + 16 * 16), descriptors);
  EXPECT_EQ(FrameBytes(rx.available(), rx.available() + 6 + 2 * 16), available);
}

TEST(CardReceiveBuffers, WithoutMergeableBuffersAPacketThatDoesNotFitIsDroppedAndTheBufferStays) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  rx.add_buffer(100);
  rx.add_buffer(2048);
  guest.publish(rx);
  guest.go();
  const auto large = bench.send(junk_frame(89));  // 101 bytes with the header
  const auto fits = bench.send(junk_frame(88));
  bench.settle();
  EXPECT_EQ(bench.observer[large].dropped, DropReason::no_buffer);
  EXPECT_EQ(bench.observer[fits].delivered_to, 0u);
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->chains, (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(packet->num_buffers, 1u);
  EXPECT_EQ(packet->frame, bench.wire.frame(fits));
  EXPECT_TRUE(packet->intact) << "the packet that was dropped has left bytes behind";
}

TEST(CardReceiveBuffers, AMergedPacketThatTheWholeRingCannotHoldIsDropped) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 4);
  guest.fill(rx, 4, 64);
  guest.go();
  const auto large = bench.send(junk_frame(245));  // 257 bytes with the header
  const auto fits = bench.send(junk_frame(244));
  bench.settle();
  EXPECT_EQ(bench.observer[large].dropped, DropReason::no_buffer);
  EXPECT_LT(bench.observer[large].ended_at - bench.observer[large].steered_at,
            bench.card().parameters().no_buffer_wait_cycles)
      << "there is nothing to wait for";
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 4u);
  EXPECT_EQ(packet->frame, bench.wire.frame(fits));
}

TEST(CardReceiveBuffers, PacketsOfAQueueKeepTheOrderOfTheWire) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 256);
  guest.fill(rx, 256, 700);
  guest.go();
  for (unsigned i = 0; i < 120; ++i) bench.send(flow_frame(i % 5, i % 3 == 0 ? 1300 : 60, i));
  for (unsigned i = 0; i < 120; ++i) {
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    ASSERT_EQ(number_of(packet->frame), i);
    EXPECT_EQ(packet->frame, bench.wire.frame(i));
  }
}

// ---- lengths

TEST(CardReceiveLength, SuperFrameOf80054BytesFillsFortyBuffers) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.fill(rx, 64, 2048);
  guest.go();
  bench.send(junk_frame(80054));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 40u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveLength, SuperFrameTakesMoreBuffersThanTheCardPrefetches) {
  CardParameters parameters;
  parameters.prefetch_buffers = 8;
  parameters.max_queue_size = 1024;
  Bench bench(parameters);
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 1024);
  guest.fill(rx, 1024, 100);
  guest.go();
  bench.send(junk_frame(80054));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 801u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
}

TEST(CardReceiveLength, SuperFrameFitsOneLargeBuffer) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 1, 80066);
  guest.go();
  bench.send(junk_frame(80054));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 1u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
}

class CardReceiveLengthByEngine : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Both, CardReceiveLengthByEngine, testing::Values(Engine::reference, Engine::rtl));

TEST_P(CardReceiveLengthByEngine, FramesOf1To13BytesAreDeliveredUnclassified) {
  Bench bench({}, GetParam());
  Guest guest(bench, kSteering);
  GuestQueue& rx = guest.receive_queue(0);
  GuestQueue& unclassified = guest.receive_queue(1);
  GuestQueue& control = guest.control_queue();
  guest.fill(rx, 16);
  guest.fill(unclassified, 16);
  guest.go();
  ASSERT_EQ(guest.configure(control, rss_command({0}, 0x1ff, 1)), VIRTIO_NET_OK);
  for (unsigned size = 1; size <= 13; ++size) {
    bench.send(junk_frame(size, size));
    const auto packet = guest.take(unclassified);
    ASSERT_TRUE(packet) << size;
    EXPECT_EQ(packet->header, header_of(1, 20)) << size;
    EXPECT_EQ(packet->frame, bench.wire.frame(size - 1)) << size;
    EXPECT_TRUE(packet->intact) << size;
  }
  EXPECT_EQ(rx.used_index(), 0);
}

TEST(CardReceiveLength, AFrameOfNoBytesIsDroppedAsRunt) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 4);
  guest.go();
  const auto runt = bench.send({});
  const auto next = bench.send(flow_frame(1));
  bench.settle();
  EXPECT_EQ(bench.observer[runt].dropped, DropReason::runt);
  EXPECT_EQ(bench.observer[next].delivered_to, 0u);
  EXPECT_EQ(bench.dropped(DropReason::runt), 1u);
  EXPECT_EQ(rx.used_index(), 1);
}

TEST(CardReceiveLength, A256KibFrameIsDeliveredAndOneByteMoreIsDroppedAsOversize) {
  Bench bench;
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 256);
  guest.fill(rx, 256, 2048);
  guest.go();
  const auto largest = bench.send(junk_frame(262144));
  const auto too_large = bench.send(junk_frame(262145));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->frame, bench.wire.frame(largest));
  bench.settle();
  EXPECT_EQ(bench.observer[too_large].dropped, DropReason::oversize);
  EXPECT_EQ(rx.used_index(), packet->num_buffers);
}

// mtu + Ethernet header, and one VLAN tag on top (policy).
TEST(CardReceiveLength, WithTheMtuNegotiatedLongerFramesAreDropped) {
  CardParameters parameters;
  parameters.mtu = 1400;
  Bench bench(parameters);
  Guest guest(bench, kPlain | VIRTIO_NET_F_MTU);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 4);
  guest.go();
  const auto fits = bench.send(junk_frame(1418));
  const auto too_long = bench.send(junk_frame(1419));
  const auto after = bench.send(junk_frame(60));
  bench.settle();
  EXPECT_EQ(bench.observer[fits].delivered_to, 0u);
  EXPECT_EQ(bench.observer[too_long].dropped, DropReason::oversize);
  EXPECT_EQ(bench.observer[after].delivered_to, 0u);
}

TEST(CardReceiveLength, WithoutTheMtuNegotiatedLongerFramesAreDelivered) {
  CardParameters parameters;
  parameters.mtu = 1400;
  Bench bench(parameters);
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 4);
  guest.go();
  const auto frame = bench.send(junk_frame(1419));
  bench.settle();
  EXPECT_EQ(bench.observer[frame].delivered_to, 0u);
}

// ---- buffers that do not come

CardParameters impatient(Cycle wait) {
  CardParameters parameters;
  parameters.no_buffer_wait_cycles = wait;
  return parameters;
}

TEST(CardReceiveStarvation, APacketWithoutBuffersIsDroppedAfterTheStatedWait) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  guest.receive_queue(0);
  guest.go();
  bench.settle();
  const auto lost = bench.send(flow_frame(1));
  bench.settle();
  const Fate& fate = bench.observer[lost];
  EXPECT_EQ(fate.dropped, DropReason::no_buffer);
  EXPECT_GE(fate.ended_at - fate.steered_at, 5000u);
  EXPECT_LT(fate.ended_at - fate.steered_at, 6000u) << "the look into the ring takes a few hundred cycles at most";
}

TEST(CardReceiveStarvation, BuffersThatComeWithinTheWaitTakeThePacket) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.go();
  bench.send(flow_frame(1));
  bench.run(3000);
  EXPECT_EQ(bench.observer.ended(), 0u);
  guest.fill(rx, 1);
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
}

TEST(CardReceiveStarvation, AWaitThatEndedWellDoesNotShortenTheNextOne) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.go();
  bench.send(flow_frame(1));
  bench.run(3000);
  guest.fill(rx, 1);
  ASSERT_TRUE(guest.take(rx));
  const auto second = bench.send(flow_frame(2));
  bench.settle();
  EXPECT_EQ(bench.observer[second].dropped, DropReason::no_buffer);
  EXPECT_GE(bench.observer[second].ended_at - bench.observer[second].steered_at, 5000u);
}

TEST(CardReceiveStarvation, AfterTheFirstVainWaitFurtherPacketsAreDroppedAtOnceUntilANotification) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.go();
  bench.send(flow_frame(1));
  bench.settle();
  const auto second = bench.send(flow_frame(2));
  bench.settle();
  EXPECT_EQ(bench.observer[second].dropped, DropReason::no_buffer);
  EXPECT_LT(bench.observer[second].ended_at - bench.observer[second].steered_at, 1000u);
  guest.notify(0);  // a spurious one: the queue is still empty
  const auto third = bench.send(flow_frame(3));
  bench.settle();
  EXPECT_EQ(bench.observer[third].dropped, DropReason::no_buffer);
  EXPECT_GE(bench.observer[third].ended_at - bench.observer[third].steered_at, 5000u) << "it waits anew";
  guest.fill(rx, 4);
  const auto fourth = bench.send(flow_frame(4, 60, 4));
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->frame, bench.wire.frame(fourth));
  EXPECT_TRUE(packet->intact);
}

TEST(CardReceiveStarvation, AnEmptyQueueDoesNotHoldUpTheOthers) {
  Bench bench(impatient(20000));
  Guest guest(bench, kSteering);
  guest.receive_queue(0);  // without a single buffer
  GuestQueue& fed = guest.receive_queue(1, 256);
  GuestQueue& control = guest.control_queue();
  guest.fill(fed, 256);
  guest.go();
  const RssCommand rss = rss_command({0, 1});
  ASSERT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  const check::Oracle oracle = oracle_for(rss);
  std::size_t to_fed = 0, to_starved = 0;
  for (unsigned i = 0; i < 300; ++i) {
    const FrameBytes frame = flow_frame(i, 60, i);
    ++(oracle.judge(view(frame)).queue == 1 ? to_fed : to_starved);
    bench.send(frame);
  }
  ASSERT_GT(to_fed, 100u);
  ASSERT_GT(to_starved, 100u);
  EXPECT_TRUE(bench.until([&] { return bench.observer.delivered == to_fed; }, 15000))
      << "the fed queue got " << bench.observer.delivered << " of " << to_fed << " before the other gave up";
  EXPECT_TRUE(bench.observer.dropped.empty());
  bench.settle();
  EXPECT_EQ(bench.dropped(DropReason::no_buffer), to_starved);
  EXPECT_EQ(bench.observer.delivered, to_fed);
}

TEST(CardReceiveStarvation, AStarvedQueueRecoversAfterANotificationAndKeepsTheOrder) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.go();
  for (unsigned i = 0; i < 10; ++i) bench.send(flow_frame(1, 60, i));
  bench.settle();
  EXPECT_EQ(bench.dropped(DropReason::no_buffer), 10u);
  guest.fill(rx, 20);
  for (unsigned i = 10; i < 30; ++i) bench.send(flow_frame(1, 60, i));
  for (unsigned i = 10; i < 30; ++i) {
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(number_of(packet->frame), i);
  }
}

TEST(CardReceiveStarvation, AMergedPacketWaitsUntilItsLastBufferIsThereAndNothingOfItIsPublishedBefore) {
  Bench bench(impatient(5000));
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 3, 100);
  guest.go();
  bench.send(junk_frame(330));  // needs four
  bench.run(2000);
  EXPECT_EQ(rx.used_index(), 0);
  EXPECT_TRUE(rx.untouched()) << "bytes of a packet that may still be dropped";
  rx.add_buffer(100);
  guest.publish(rx);
  const auto packet = guest.take(rx);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->num_buffers, 4u);
  EXPECT_EQ(packet->frame, bench.wire.frame(0));
}

TEST(CardReceiveStarvation, WhatAFullPacketBufferHoldsBackIsNotLost) {
  CardParameters parameters = impatient(1'000'000);
  parameters.packet_slots = 4;
  parameters.mac_fifo_frames = 4;
  Bench bench(parameters);
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.go();
  for (unsigned i = 0; i < 40; ++i) bench.send(flow_frame(1, 60, i));
  bench.run(4000);
  EXPECT_EQ(bench.observer.ended(), 0u);
  EXPECT_EQ(bench.statistics().received, 4u) << "one slot a frame";
  guest.fill(rx, 40);
  for (unsigned i = 0; i < 40; ++i) {
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(number_of(packet->frame), i);
  }
}

TEST(CardReceiveStarvation, FramesThatMayNotWaitAreLostAtTheFullFifoAndNowhereElse) {
  CardParameters parameters = impatient(1'000'000);
  parameters.packet_slots = 4;
  parameters.mac_fifo_frames = 4;
  Bench bench(parameters);
  Guest guest(bench, kMergeable);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.go();
  for (unsigned i = 0; i < 40; ++i) bench.send(flow_frame(1, 60, i), bench.machine.now() + 100 + 10 * i, false);
  bench.run(4000);
  EXPECT_EQ(bench.dropped(DropReason::fifo), 32u) << "four in slots, four in the FIFO";
  guest.fill(rx, 40);
  bench.settle();
  EXPECT_EQ(bench.observer.delivered, 8u);
  EXPECT_EQ(bench.observer.ended(), 40u);
}

}  // namespace
}  // namespace rssnic::test
