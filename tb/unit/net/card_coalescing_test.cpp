// Notification coalescing of the whole card (virtio 1.4, 5.1.9.5.10): when the driver is told of packets, how commands
// set and tell the parameters of each queue, and what resets make of them. The core clock makes 250 cycles a
// microsecond.
#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kCoalescing =
    kSteering | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL | VIRTIO_F_RING_RESET;
constexpr unsigned kQueueReset = 58;  // offset in struct virtio_pci_common_cfg
constexpr Cycle kMicrosecond = 250;
constexpr Cycle kQuiet = 1000;                           // by then a packet or frame that is told at once has been told
using Values = std::pair<std::uint32_t, std::uint32_t>;  // max_packets, max_usecs

FrameBytes values_bytes(std::uint32_t max_packets, std::uint32_t max_usecs) {
  FrameBytes bytes(8);
  store_le32(&bytes[0], max_packets);
  store_le32(&bytes[4], max_usecs);
  return bytes;
}

// Two pairs in use; packets of flow_to(n) go to receive queue n.
struct Card2 {
  explicit Card2(FeatureBits features = kCoalescing, const CardParameters& parameters = {}, Cycle window = 64,
                 unsigned buffers = 200)
      : bench(parameters, Engine::reference, window), guest(bench, features) {
    for (unsigned i = 0; i < 2; ++i) {
      rx[i] = &guest.receive_queue(i, 256);
      tx[i] = &guest.transmit_queue(i, 256);
      if (buffers > 0) guest.fill(*rx[i], buffers, 256);
    }
    control = &guest.control_queue(256);
    guest.go();
    RssCommand rss = rss_command({0, 1});
    rss.max_tx_vq = 2;
    EXPECT_EQ(guest.configure(*control, rss), VIRTIO_NET_OK);
    const check::Oracle oracle = oracle_for(rss);
    for (unsigned flow = 0; flow < 100; ++flow) frame[oracle.judge(view(flow_frame(flow))).queue] = flow_frame(flow);
    bench.settle();
  }
  std::uint8_t set(bool transmit, std::uint32_t max_packets, std::uint32_t max_usecs) {
    return guest.command(*control, 6, transmit ? 0 : 1, values_bytes(max_packets, max_usecs));
  }
  std::uint8_t set_queue(unsigned queue, std::uint32_t max_packets, std::uint32_t max_usecs) {
    FrameBytes data{static_cast<std::uint8_t>(queue), static_cast<std::uint8_t>(queue >> 8), 0, 0};
    const FrameBytes values = values_bytes(max_packets, max_usecs);
    data.insert(data.end(), values.begin(), values.end());
    return guest.command(*control, 6, 2, data);
  }
  // The whole answer to VQ_GET.
  FrameBytes ask(unsigned queue, const std::vector<std::uint32_t>& writable = {9}) {
    control->add({{6, 3, static_cast<std::uint8_t>(queue), static_cast<std::uint8_t>(queue >> 8), 0, 0}}, writable);
    guest.publish(*control);
    EXPECT_TRUE(bench.until([&] { return control->ring.used_ready() > 0; }));
    const auto used = control->take();
    EXPECT_TRUE(used->intact);
    return used->written;
  }
  std::optional<Values> get(unsigned queue) {
    const FrameBytes answer = ask(queue);
    EXPECT_EQ(answer.size(), 9u);
    if (answer.size() != 9 || answer[8] != VIRTIO_NET_OK) return std::nullopt;
    return Values{load_le32(&answer[0]), load_le32(&answer[4])};
  }
  // One packet, published and told if it is to be.
  void receive(unsigned queue = 0) {
    const std::uint64_t tag = bench.send(frame[queue]);
    bench.run(kQuiet);
    EXPECT_EQ(bench.observer[tag].delivered_to, queue);
  }
  void transmit(unsigned queue = 0) {
    tx[queue]->add({FrameBytes(20), frame[0]}, {});
    guest.publish(*tx[queue]);
    bench.run(kQuiet);
  }
  unsigned told_rx(unsigned queue = 0) { return guest.count(1 + 2 * queue); }
  unsigned told_tx(unsigned queue = 0) { return guest.count(2 + 2 * queue); }
  void reset_queue(unsigned queue) {
    guest.write(reg::queue_select, 2, queue);
    guest.write(kQueueReset, 2, 1);
    EXPECT_TRUE(bench.until([&] { return guest.read(kQueueReset, 2) == 0; }));
  }

  Bench bench;
  Guest guest;
  std::array<GuestQueue*, 2> rx{}, tx{};
  GuestQueue* control = nullptr;
  std::array<FrameBytes, 2> frame;
};

// ---- when the driver is told

TEST(CardCoalescing, AtFirstEveryPacketIsTold) {
  Card2 card;
  for (unsigned i = 1; i <= 5; ++i) {
    card.receive();
    card.transmit();
    EXPECT_EQ(card.told_rx(), i);
    EXPECT_EQ(card.told_tx(), i);
  }
}

TEST(CardCoalescing, TheDriverIsToldAtTheLastOfMaxPacketsAgainAndAgain) {
  Card2 card;
  ASSERT_EQ(card.set(false, 4, 4000), VIRTIO_NET_OK);
  for (unsigned i = 1; i <= 12; ++i) {
    card.receive();
    EXPECT_EQ(card.told_rx(), i / 4) << "after packet " << i;
  }
}

TEST(CardCoalescing, PacketsCountNotBuffers) {
  Card2 card(kCoalescing, {}, 64, 0);
  card.guest.fill(*card.rx[0], 250, 32);  // three or four a packet
  ASSERT_EQ(card.set(false, 4, 4000), VIRTIO_NET_OK);
  for (unsigned i = 1; i <= 8; ++i) {
    card.receive();
    EXPECT_EQ(card.told_rx(), i / 4) << "after packet " << i;
  }
}

TEST(CardCoalescing, OrMaxUsecsAfterTheFirstAndThatBeginsAnewWithTheNext) {
  Card2 card(kCoalescing, {}, 1);
  ASSERT_EQ(card.set(false, 100, 40), VIRTIO_NET_OK);
  for (unsigned round = 0; round < 3; ++round) {
    const std::uint64_t first = card.bench.send(card.frame[0]);
    for (unsigned i = 1; i < 4; ++i) card.bench.send(card.frame[0], card.bench.machine.now() + 2000 * i);
    const unsigned before = card.told_rx();
    ASSERT_TRUE(card.bench.until([&] { return card.told_rx() > before; }));
    EXPECT_EQ(card.rx[0]->used_index(), 4 * (round + 1)) << "all four were published before the message";
    // The used entry leaves a link latency before the host sees it; the wish is read, and then the message goes.
    const Cycle visible = card.bench.observer[first].ended_at;
    const Cycle waited = card.bench.machine.now() - visible;
    EXPECT_GE(waited, 40 * kMicrosecond - 100);
    EXPECT_LE(waited, 40 * kMicrosecond + 300);
    card.bench.run(60 * kMicrosecond);
    EXPECT_EQ(card.told_rx(), before + 1);
  }
}

TEST(CardCoalescing, WithEitherParameterZeroEveryPacketIsTold) {
  for (const Values& values : {Values{0, 1000}, Values{5, 0}, Values{0, 0}}) {
    Card2 card;
    ASSERT_EQ(card.set(false, values.first, values.second), VIRTIO_NET_OK);
    ASSERT_EQ(card.set(true, values.first, values.second), VIRTIO_NET_OK);
    for (unsigned i = 1; i <= 3; ++i) {
      card.receive();
      card.transmit();
      EXPECT_EQ(card.told_rx(), i);
      EXPECT_EQ(card.told_tx(), i);
    }
  }
}

TEST(CardCoalescing, EachQueueCountsForItself) {
  Card2 card;
  ASSERT_EQ(card.set(false, 4, 4000), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 3; ++i) {
    card.receive(0);
    card.receive(1);
  }
  EXPECT_EQ(card.told_rx(0) + card.told_rx(1), 0u);
  card.receive(1);
  EXPECT_EQ(card.told_rx(0), 0u);
  EXPECT_EQ(card.told_rx(1), 1u);
}

TEST(CardCoalescing, TransmittedFramesCountWhenTheyAreSent) {
  Card2 card;
  ASSERT_EQ(card.set(true, 4, 40), VIRTIO_NET_OK);
  for (unsigned i = 1; i <= 3; ++i) card.transmit();
  EXPECT_EQ(card.told_tx(), 0u);
  EXPECT_EQ(card.bench.sink.frames.size(), 3u) << "frames do not wait, the driver does";
  card.transmit();
  EXPECT_EQ(card.told_tx(), 1u);
  card.transmit();
  EXPECT_EQ(card.told_tx(), 1u);
  card.bench.run(50 * kMicrosecond);
  EXPECT_EQ(card.told_tx(), 2u) << "by time";
  card.receive();
  EXPECT_EQ(card.told_rx(), 1u) << "TX_SET is none of the receive queues' business";
}

// 5.1.9.5.10.6: what the ring says at the moment when the driver would be told.
TEST(CardCoalescing, TheRingsSuppressionHasTheLastWord) {
  Card2 card;
  ASSERT_EQ(card.set(false, 4, 4000), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 3; ++i) card.receive();
  card.rx[0]->ring.enable_interrupts(false);
  card.receive();
  card.bench.settle();
  EXPECT_EQ(card.told_rx(), 0u) << "asked for silence before the last packet";
  for (unsigned i = 0; i < 3; ++i) card.receive();
  card.rx[0]->ring.enable_interrupts(true);
  card.receive();
  EXPECT_EQ(card.told_rx(), 1u) << "asked for messages before the last packet";
  card.receive();
  card.rx[0]->ring.enable_interrupts(false);
  card.bench.settle();
  EXPECT_EQ(card.told_rx(), 1u) << "the time has passed in silence";
}

// Best effort (5.1.9.5.10.6): packets wait for buffers that the driver does not know to be its own again.
TEST(CardCoalescing, AReceiveQueueThatRunsOutOfBuffersTellsAtOnce) {
  Card2 card(kCoalescing, {}, 64, 0);
  ASSERT_EQ(card.set(false, 1000, 1000), VIRTIO_NET_OK);
  card.guest.fill(*card.rx[0], 8, 256);
  for (unsigned i = 0; i < 40; ++i) card.bench.send(card.frame[0]);
  for (unsigned told = 1; told <= 4; ++told) {
    const Cycle began = card.bench.machine.now();
    ASSERT_TRUE(card.bench.until([&] { return card.told_rx() >= told; }));
    EXPECT_LT(card.bench.machine.now() - began, card.bench.card().parameters().no_buffer_wait_cycles);
    while (card.rx[0]->ring.used_ready() > 0) card.rx[0]->take();
    card.guest.fill(*card.rx[0], 8, 256);
  }
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.delivered, 40u);
}

TEST(CardCoalescing, AReceiveQueueThatFindsItselfWithoutBuffersTellsWhatItHasHeldBack) {
  Card2 card(kCoalescing, {}, 64, 0);
  ASSERT_EQ(card.set(false, 1000, 4000), VIRTIO_NET_OK);
  card.guest.fill(*card.rx[0], 8, 256);
  for (unsigned i = 0; i < 8; ++i) card.receive();
  EXPECT_EQ(card.told_rx(), 0u);
  const std::uint64_t tag = card.bench.send(card.frame[0]);
  card.bench.run(kQuiet);
  EXPECT_EQ(card.told_rx(), 1u);
  card.guest.fill(*card.rx[0], 8, 256);
  card.bench.run(kQuiet);
  EXPECT_EQ(card.bench.observer[tag].delivered_to, 0u);
}

TEST(CardCoalescing, TheLargestParametersHoldBackForEver) {
  Card2 card;
  ASSERT_EQ(card.set(false, 0xffffffff, 0xffffffff), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 50; ++i) card.receive();
  card.bench.run(40'000'000);  // several of the card's longest alarms
  EXPECT_EQ(card.told_rx(), 0u);
  ASSERT_EQ(card.set(false, 50, 0xffffffff), VIRTIO_NET_OK);
  card.bench.run(kQuiet);
  EXPECT_EQ(card.told_rx(), 1u);
}

// ---- changes while packets are held back (5.1.9.5.10.4)

struct Change {
  Values from, to;
  bool at_once;
};

TEST(CardCoalescingChange, TellsAtOnceWhereTheNewParametersSaySo) {
  for (const Change& change :
       {Change{{10, 4000}, {3, 4000}, true}, Change{{10, 4000}, {2, 4000}, true}, Change{{10, 4000}, {0, 4000}, true},
        Change{{10, 4000}, {10, 0}, true}, Change{{10, 4000}, {10, 5}, true}, Change{{10, 4000}, {4, 4000}, false},
        Change{{10, 4000}, {20, 4001}, false}}) {
    for (const bool one_queue : {false, true}) {
      SCOPED_TRACE(testing::Message() << "to " << change.to.first << " packets, " << change.to.second << " us");
      Card2 card;
      ASSERT_EQ(card.set(false, change.from.first, change.from.second), VIRTIO_NET_OK);
      for (unsigned i = 0; i < 3; ++i) card.receive();
      ASSERT_EQ(one_queue ? card.set_queue(0, change.to.first, change.to.second)
                          : card.set(false, change.to.first, change.to.second),
                VIRTIO_NET_OK);
      card.bench.run(kQuiet);
      EXPECT_EQ(card.told_rx(), change.at_once ? 1u : 0u);
    }
  }
}

TEST(CardCoalescingChange, CountsOnAndMeasuresFromTheFirstPacketAsBefore) {
  Card2 card;
  ASSERT_EQ(card.set(false, 10, 4000), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 3; ++i) card.receive();
  ASSERT_EQ(card.set(false, 4, 4000), VIRTIO_NET_OK);
  card.receive();
  EXPECT_EQ(card.told_rx(), 1u);
  for (const auto& [from, to] : {std::pair{4000u, 80u}, std::pair{40u, 80u}}) {  // shorter, and longer
    ASSERT_EQ(card.set(false, 10, from), VIRTIO_NET_OK);
    const unsigned before = card.told_rx();
    card.receive();
    ASSERT_EQ(card.set(false, 10, to), VIRTIO_NET_OK);
    card.bench.run(65 * kMicrosecond);
    EXPECT_EQ(card.told_rx(), before) << from;
    card.bench.run(20 * kMicrosecond);
    EXPECT_EQ(card.told_rx(), before + 1) << from;
  }
}

// ---- commands

TEST(CardCoalescingCommand, TheLastWriterWinsAndVqGetTellsWhatHolds) {
  Card2 card;
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_EQ(card.get(queue), Values(0, 0));
  ASSERT_EQ(card.set(false, 32, 50), VIRTIO_NET_OK);
  ASSERT_EQ(card.set(true, 1, 0), VIRTIO_NET_OK);
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_EQ(card.get(queue), queue % 2 ? Values(1, 0) : Values(32, 50));
  ASSERT_EQ(card.set_queue(2, 7, 0xfffffffe), VIRTIO_NET_OK);
  ASSERT_EQ(card.set_queue(1, 9, 10), VIRTIO_NET_OK);
  EXPECT_EQ(card.get(0), Values(32, 50));
  EXPECT_EQ(card.get(1), Values(9, 10));
  EXPECT_EQ(card.get(2), Values(7, 0xfffffffe));
  EXPECT_EQ(card.get(3), Values(1, 0));
  ASSERT_EQ(card.set(false, 5, 6), VIRTIO_NET_OK);
  EXPECT_EQ(card.get(0), Values(5, 6));
  EXPECT_EQ(card.get(1), Values(9, 10));
  EXPECT_EQ(card.get(2), Values(5, 6));
}

TEST(CardCoalescingCommand, OfAQueueThatIsNoEnabledReceiveOrTransmitQueueIsRefused) {
  Card2 card;
  const unsigned control = card.guest.control_index();
  for (const unsigned queue : {4u, 7u, control, control + 1, 65535u}) {  // neither rings nor rights
    EXPECT_EQ(card.set_queue(queue, 1, 1), VIRTIO_NET_ERR) << queue;
    EXPECT_EQ(card.ask(queue), (FrameBytes{0, 0, 0, 0, 0, 0, 0, 0, VIRTIO_NET_ERR})) << queue;
  }
  card.reset_queue(2);
  EXPECT_EQ(card.set_queue(2, 1, 1), VIRTIO_NET_ERR);
  EXPECT_EQ(card.get(2), std::nullopt);
  EXPECT_EQ(card.get(0), Values(0, 0));
}

TEST(CardCoalescingCommand, NeedsItsFeature) {
  for (const FeatureBits missing : {VIRTIO_NET_F_NOTF_COAL, VIRTIO_NET_F_VQ_NOTF_COAL}) {
    Card2 card(kCoalescing & ~missing);
    const bool all = missing != VIRTIO_NET_F_NOTF_COAL;
    EXPECT_EQ(card.set(false, 1, 1), all ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
    EXPECT_EQ(card.set(true, 1, 1), all ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
    EXPECT_EQ(card.set_queue(0, 1, 1), all ? VIRTIO_NET_ERR : VIRTIO_NET_OK);
    EXPECT_EQ(card.get(0).has_value(), !all);
  }
}

TEST(CardCoalescingCommand, VqGetsAnswerMayBeCutAnywhere) {
  for (const std::vector<std::uint32_t>& writable :
       std::vector<std::vector<std::uint32_t>>{{9}, {8, 1}, {1, 8}, {4, 4, 1}, {3, 0, 5, 1}, {20}, {8, 12}}) {
    Card2 card;
    ASSERT_EQ(card.set_queue(0, 0x01020304, 0x11121314), VIRTIO_NET_OK);
    EXPECT_EQ(card.ask(0, writable), (FrameBytes{4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11, VIRTIO_NET_OK}));
  }
}

TEST(CardCoalescingCommand, VqGetsValuesStandBehindTheAcknowledgementWhereTheCardIsBuiltSo) {
  CardParameters parameters;
  parameters.vq_get_ack_first = true;
  Card2 card(kCoalescing, parameters);
  ASSERT_EQ(card.set_queue(0, 0x01020304, 0x11121314), VIRTIO_NET_OK);
  EXPECT_EQ(card.ask(0), (FrameBytes{VIRTIO_NET_OK, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11}));
  EXPECT_EQ(card.ask(99), (FrameBytes{VIRTIO_NET_ERR, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(CardCoalescingCommand, VqGetWithoutRoomForItsAnswerIsRefused) {
  Card2 card;
  for (const std::vector<std::uint32_t>& writable : std::vector<std::vector<std::uint32_t>>{{1}, {8}, {4, 4}}) {
    EXPECT_EQ(card.ask(0, writable), FrameBytes{VIRTIO_NET_ERR});
  }
}

// ---- resets (5.1.9.5.10.6)

TEST(CardCoalescingReset, AQueueThatIsEnabledAgainHasTheValuesOfTheLastTxSetOrRxSet) {
  Card2 card;
  ASSERT_EQ(card.set_queue(0, 7, 8), VIRTIO_NET_OK);
  ASSERT_EQ(card.set_queue(1, 9, 10), VIRTIO_NET_OK);
  for (const unsigned queue : {0u, 1u}) {
    card.reset_queue(queue);
    card.guest.queue(queue, 64);
    EXPECT_EQ(card.get(queue), Values(0, 0)) << "none was sent";
  }
  ASSERT_EQ(card.set(false, 32, 50), VIRTIO_NET_OK);
  ASSERT_EQ(card.set(true, 16, 20), VIRTIO_NET_OK);
  ASSERT_EQ(card.set_queue(0, 7, 8), VIRTIO_NET_OK);
  card.reset_queue(0);
  card.reset_queue(1);
  ASSERT_EQ(card.set(true, 17, 21), VIRTIO_NET_OK) << "while it is away";
  card.guest.queue(0, 64);
  card.guest.queue(1, 64);
  EXPECT_EQ(card.get(0), Values(32, 50));
  EXPECT_EQ(card.get(1), Values(17, 21));
  card.guest.queue(4, 64);
  EXPECT_EQ(card.get(4), Values(32, 50)) << "enabled for the first time";
}

TEST(CardCoalescingReset, WhatAQueueHeldBackIsNotToldAfterItsReset) {
  Card2 card;
  ASSERT_EQ(card.set(false, 10, 40), VIRTIO_NET_OK);
  ASSERT_EQ(card.set(true, 10, 40), VIRTIO_NET_OK);
  card.receive();
  card.transmit();
  card.reset_queue(0);
  card.reset_queue(1);
  card.guest.fill(card.guest.queue(0, 64), 60, 256);
  card.guest.queue(1, 64);
  card.bench.settle();
  EXPECT_EQ(card.told_rx() + card.told_tx(), 0u);
}

TEST(CardCoalescingReset, OfTheDeviceZeroesAllParameters) {
  Card2 card;
  ASSERT_EQ(card.set(false, 32, 50), VIRTIO_NET_OK);
  ASSERT_EQ(card.set(true, 32, 50), VIRTIO_NET_OK);
  card.guest.negotiate(kCoalescing);
  for (unsigned queue = 0; queue < 4; ++queue) card.guest.queue(queue, 64);
  card.control = &card.guest.control_queue();
  card.guest.go();
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_EQ(card.get(queue), Values(0, 0));
}

// ---- with the driver model, in traffic

TEST(CardCoalescingTraffic, FewInterruptsTellOfEveryPacketInEveryRing) {
  for (const FeatureBits packed : {FeatureBits{0}, VIRTIO_F_RING_PACKED}) {
    for (const FeatureBits event_idx : {FeatureBits{0}, VIRTIO_F_EVENT_IDX}) {
      SCOPED_TRACE(feature_names(packed | event_idx));
      Bench bench;
      DriverOptions options;
      options.wanted = kCoalescing | packed | event_idx;
      VirtioNetDriver driver(bench.machine, options);
      driver.start();
      driver.set_receive_coalescing({32, 50});
      const std::uint64_t before = driver.interrupts();
      for (unsigned i = 0; i < 1000; ++i) bench.send(flow_frame(i), bench.machine.now() + 64 * i);
      std::size_t packets = 0;
      bench.until([&] {
        packets += driver.poll([](const ReceivedPacket&) {});
        return false;
      });
      EXPECT_EQ(packets, 1000u) << "each was told of";
      EXPECT_LE(driver.interrupts() - before, 1000u / 32 + 2);
      EXPECT_GE(driver.interrupts() - before, 10u);
    }
  }
}

}  // namespace
}  // namespace rssnic::test
