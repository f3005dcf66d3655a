// Used buffer notifications of the whole card (virtio 1.4, 2.7.7, 2.7.10 and 4.1.5.3).
#include <random>

#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

struct Receiver {
  explicit Receiver(Cycle window = 64, unsigned size = 256)
      : bench({}, Engine::reference, window), guest(bench, kPlain), rx(guest.receive_queue(0, size)) {
    guest.fill(rx, size, 128);
    guest.go();
  }
  Bench bench;
  Guest guest;
  GuestQueue& rx;
};

TEST(CardInterrupt, OneForEachPacketThatComesAlone) {
  Receiver card;
  for (unsigned i = 1; i <= 20; ++i) {
    card.bench.send(flow_frame(i));
    card.bench.settle();
    EXPECT_EQ(card.rx.used_index(), i);
    EXPECT_EQ(card.guest.count_all(), i);
    EXPECT_EQ(card.guest.count(1), i);
  }
}

TEST(CardInterrupt, OneForEachTransmittedFrameAndEachCommandThatComesAlone) {
  Bench bench;
  Guest guest(bench, kSteering);
  GuestQueue& tx = guest.transmit_queue(0);
  GuestQueue& control = guest.control_queue();
  guest.go();
  for (unsigned i = 1; i <= 10; ++i) {
    FrameBytes bytes(80);
    tx.add({bytes}, {});
    guest.publish(tx);
    bench.settle();
    EXPECT_EQ(guest.set_pairs(control, i % 2), i % 2 ? VIRTIO_NET_OK : VIRTIO_NET_ERR);
    bench.settle();
    EXPECT_EQ(guest.count(2), i);
    EXPECT_EQ(guest.count(1 + control.index()), i);
  }
}

// With a packet every few cycles, buffers are published in batches: no more interrupts than changes of used.idx, and
// none of the changes stays without a later interrupt.
TEST(CardInterrupt, AtMostOneForEachPublishedBatchAndNoneIsForgotten) {
  Receiver card(1);
  for (unsigned i = 0; i < 250; ++i) card.bench.send(flow_frame(i), card.bench.machine.now() + 3 * i);
  unsigned batches = 0;
  std::uint16_t seen = 0;
  Cycle last_change = 0, last_message = 0;
  unsigned messages = 0;
  card.bench.until([&] {
    if (card.rx.used_index() != seen) {
      seen = card.rx.used_index();
      last_change = card.bench.machine.now();
      ++batches;
    }
    const unsigned count = card.guest.count_all();
    if (count != messages) last_message = card.bench.machine.now();
    messages = count;
    return false;
  });
  EXPECT_EQ(seen, 250);
  EXPECT_LT(batches, 200u) << "the load was to make batches";
  EXPECT_LE(messages, batches);
  EXPECT_GT(messages, 0u);
  EXPECT_GT(last_message, last_change);
}

// Publications follow each other faster than the driver's wish can be read: the last one is told of all the same.
TEST(CardInterrupt, TheEndOfABurstIsToldWhateverItsLength) {
  for (unsigned length = 1; length <= 64; ++length) {
    Receiver card(1);
    card.bench.settle();
    for (unsigned i = 0; i < length; ++i) card.bench.send(flow_frame(i), card.bench.machine.now() + 9 * i);
    std::uint16_t at_last_message = 0;
    unsigned messages = 0;
    card.bench.until([&] {
      if (std::exchange(messages, card.guest.count_all()) != card.guest.count_all()) {
        at_last_message = card.rx.used_index();
      }
      return false;
    });
    EXPECT_EQ(card.rx.used_index(), length);
    EXPECT_EQ(at_last_message, length);
  }
}

// The message is posted behind the used ring and cannot overtake it: at no cycle have more messages come than batches.
TEST(CardInterrupt, WhatItTellsOfIsVisibleBeforeIt) {
  Receiver card(1);
  for (unsigned i = 0; i < 100; ++i) card.bench.send(flow_frame(i), card.bench.machine.now() + 37 * i);
  std::uint16_t seen = 0;
  unsigned batches = 0;
  card.bench.until([&] {
    const unsigned messages = card.guest.count_all();
    if (std::exchange(seen, card.rx.used_index()) != card.rx.used_index()) ++batches;
    EXPECT_LE(messages, batches);
    return false;
  });
  EXPECT_EQ(seen, 100);
  EXPECT_GT(batches, 50u);
}

TEST(CardInterrupt, NoInterruptFlagIsHonouredAndUsedEventIgnored) {
  Receiver card;
  card.rx.ring.enable_interrupts(false);
  store_le16(card.rx.available() + 4 + 2 * 256, 3);  // used_event means nothing without EVENT_IDX
  for (unsigned i = 0; i < 10; ++i) {
    card.bench.send(flow_frame(i));
    card.bench.settle();
  }
  EXPECT_EQ(card.rx.used_index(), 10);
  EXPECT_EQ(card.guest.count_all(), 0u);
  card.rx.ring.enable_interrupts(true);
  store_le16(card.rx.available() + 4 + 2 * 256, 0xffff);
  card.bench.send(flow_frame(11));
  card.bench.settle();
  EXPECT_EQ(card.guest.count_all(), 1u);
}

TEST(CardInterrupt, SuppressionOfOneQueueLeavesTheOthersAlone) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0);
  GuestQueue& tx = guest.transmit_queue(0);
  guest.fill(rx, 4);
  guest.go();
  rx.ring.enable_interrupts(false);
  bench.send(flow_frame(1));
  tx.add({FrameBytes(80)}, {});
  guest.publish(tx);
  bench.settle();
  EXPECT_EQ(rx.used_index(), 1);
  EXPECT_EQ(guest.count(1), 0u);
  EXPECT_EQ(guest.count(2), 1u);
}

// 2.7.10: the driver switches interrupts on, then looks once more into the ring. Whatever the cycle in which it does
// so, it either finds the packet or gets the interrupt.
TEST(CardInterrupt, NoneIsLostWhicheverCycleTheDriverSwitchesThemOnAgain) {
  Receiver card(1);
  unsigned found = 0, interrupted = 0;
  for (Cycle delay = 0; delay < 700; ++delay) {
    card.bench.settle();
    const unsigned before = card.guest.count_all();
    card.rx.ring.enable_interrupts(false);
    card.bench.send(flow_frame(1));
    card.bench.run(delay);
    card.rx.ring.enable_interrupts(true);
    if (card.rx.ring.used_ready() > 0) {
      ++found;
    } else {
      card.bench.settle();
      ASSERT_EQ(card.guest.count_all(), before + 1) << "switched on " << delay << " cycles after the packet";
      ++interrupted;
    }
    card.bench.settle();
    ASSERT_TRUE(card.rx.take());
    card.guest.fill(card.rx, 1, 128);
  }
  EXPECT_GT(found, 100u);
  EXPECT_GT(interrupted, 50u);
}

// The same with a second packet close behind the first: its publication may come while the card reads the driver's wish
// for the first, and needs a reading of its own.
TEST(CardInterrupt, NoneIsLostForThePacketBehindTheOneThatWasTaken) {
  Receiver card(1);
  unsigned slept = 0;
  for (Cycle apart = 0; apart < 200; apart += 13) {
    for (Cycle delay = 80; delay < 450; delay += 5) {
      card.bench.settle();
      const unsigned before = card.guest.count_all();
      card.rx.ring.enable_interrupts(false);
      card.bench.send(flow_frame(1));
      card.bench.send(flow_frame(2), card.bench.machine.now() + apart);
      card.bench.run(delay);
      card.rx.ring.enable_interrupts(true);
      unsigned taken = 0;
      while (card.rx.take()) ++taken;
      card.bench.settle();
      if (taken < 2) {
        ++slept;
        ASSERT_GT(card.guest.count_all(), before) << apart << " cycles apart, looked after " << delay;
      }
      while (card.rx.take()) ++taken;
      ASSERT_EQ(taken, 2u);
      card.guest.fill(card.rx, 2, 128);
    }
  }
  EXPECT_GT(slept, 100u);
}

// A driver that polls while there is work and sleeps when there is none, looking at the ring only when it is woken.
TEST(CardInterrupt, ADriverThatPollsAndSleepsNeverMissesAPacket) {
  constexpr std::uint32_t kSeed = 99;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  Bench bench({}, Engine::reference, 1);
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0, 64);
  guest.fill(rx, 64, 128);
  guest.go();
  constexpr unsigned kPackets = 2000;
  Cycle arrival = bench.machine.now();
  for (unsigned i = 0; i < kPackets; ++i) bench.send(flow_frame(1, 60, i), arrival += random() % 400);
  unsigned received = 0;
  unsigned woken = 0;
  while (received < kPackets) {
    ASSERT_TRUE(bench.until([&] { return guest.count_all() > 0; }))
        << "asleep with " << received << " packets received";
    guest.messages.clear();
    ++woken;
    rx.ring.enable_interrupts(false);
    for (;;) {
      while (rx.ring.used_ready() > 0) {
        const auto packet = guest.take(rx);
        ASSERT_TRUE(packet);
        ASSERT_EQ(number_of(packet->frame), received++);
        guest.fill(rx, 1, 128);
      }
      bench.run(random() % 300);
      if (rx.ring.used_ready() > 0) continue;
      rx.ring.enable_interrupts(true);
      if (rx.ring.used_ready() == 0) break;
      rx.ring.enable_interrupts(false);
    }
  }
  EXPECT_GT(woken, 100u);
  EXPECT_LT(woken, kPackets);
}

// ---- vectors

TEST(CardInterruptVector, SeveralQueuesAndTheConfigurationMayShareOne) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.queue(0, 16, 3);
  GuestQueue& tx = guest.queue(1, 16, 3);
  guest.write(reg::config_msix_vector, 2, 3);
  guest.fill(rx, 4);
  guest.go();
  bench.send(flow_frame(1));
  bench.settle();
  EXPECT_EQ(guest.count(3), 1u);
  tx.add({FrameBytes(80)}, {});
  guest.publish(tx);
  bench.settle();
  EXPECT_EQ(guest.count(3), 2u);
  rx.set_available_index(1000);  // a ring fault: a configuration change notification follows
  guest.notify(0);
  bench.settle();
  EXPECT_TRUE(guest.needs_reset());
  EXPECT_EQ(guest.count(3), 3u);
  EXPECT_EQ(guest.count_all(), 3u);
}

TEST(CardInterruptVector, AQueueWithoutOneIsSilent) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.queue(0, 16, VIRTIO_MSI_NO_VECTOR);
  guest.write(reg::config_msix_vector, 2, VIRTIO_MSI_NO_VECTOR);
  guest.fill(rx, 4);
  guest.go();
  bench.send(flow_frame(1));
  bench.settle();
  EXPECT_EQ(rx.used_index(), 1);
  rx.set_available_index(1000);
  guest.notify(0);
  bench.settle();
  EXPECT_TRUE(guest.needs_reset());
  EXPECT_EQ(guest.count_all(), 0u);
  EXPECT_FALSE(bench.machine.inta()) << "no fall-back to INTx";
}

TEST(CardInterruptVector, AMaskedVectorStaysPendingAndIsSentWhenUnmasked) {
  Receiver card;
  const std::uint64_t control = card.guest.layout().msix_table + 16 * 1 + 12;
  card.bench.machine.mmio_write(control, 4, 1);
  for (unsigned i = 0; i < 3; ++i) {
    card.bench.send(flow_frame(i));
    card.bench.settle();
  }
  EXPECT_EQ(card.guest.count_all(), 0u);
  EXPECT_EQ(card.bench.machine.mmio_read(card.guest.layout().msix_pending, 4), 2u);
  card.bench.machine.mmio_write(control, 4, 0);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(1), 1u);
  EXPECT_EQ(card.bench.machine.mmio_read(card.guest.layout().msix_pending, 4), 0u);
}

TEST(CardInterruptVector, WithMsixDisabledTheLineAndTheIsrTellOfUsedBuffers) {
  Receiver card;
  card.bench.machine.config_write(card.guest.layout().msix_capability + 2, 2, 0);
  card.bench.send(flow_frame(1));
  card.bench.settle();
  EXPECT_EQ(card.guest.count_all(), 0u);
  EXPECT_TRUE(card.bench.machine.inta());
  EXPECT_EQ(card.bench.machine.mmio_read(card.guest.layout().isr.address, 1), 1u);
  EXPECT_FALSE(card.bench.machine.inta());
  EXPECT_EQ(card.bench.machine.mmio_read(card.guest.layout().isr.address, 1), 0u);
}

}  // namespace
}  // namespace rssnic::test
