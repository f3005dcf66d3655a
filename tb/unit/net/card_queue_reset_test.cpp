// Reset of one virtqueue of a card that works (virtio 1.4, 2.6.1, 5.1.9.5.6.2, 5.1.9.5.7.3): what becomes of its
// packets, that nothing of it reaches the host once it is done, that the others notice nothing, and that it starts
// anew.
#include <algorithm>
#include <functional>
#include <set>

#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kFeatures = kSteering | VIRTIO_F_RING_RESET;
constexpr unsigned kQueueReset = 58;  // offset in struct virtio_pci_common_cfg

void ask_for_reset(Guest& guest, unsigned queue) {
  guest.write(reg::queue_select, 2, queue);
  ASSERT_EQ(guest.read(reg::queue_enable, 2), 1u) << "queue " << queue;
  guest.write(kQueueReset, 2, 1);
  EXPECT_EQ(guest.read(kQueueReset, 2), 1u) << "what is on its way cannot have arrived yet";
}

void reset_queue(Bench& bench, Guest& guest, unsigned queue) {
  ask_for_reset(guest, queue);
  EXPECT_TRUE(bench.until([&] { return guest.read(kQueueReset, 2) == 0; }, 5000)) << "the reset does not end";
  EXPECT_EQ(guest.read(reg::queue_enable, 2), 0u);
}

// Flows such that flow i goes to receive queue i.
std::vector<FrameBytes> frame_for_each_queue(const RssCommand& rss, unsigned queues) {
  const check::Oracle oracle = oracle_for(rss);
  std::vector<FrameBytes> frames(queues);
  unsigned found = 0;
  for (unsigned flow = 0; found < queues; ++flow) {
    FrameBytes frame = flow_frame(flow, 300);
    FrameBytes& place = frames[oracle.judge(view(frame)).queue];
    found += place.empty();
    place = std::move(frame);
  }
  return frames;
}

FrameBytes numbered(FrameBytes frame, unsigned number) {
  store_le32(&frame[42], number);
  return frame;
}

// Four queue pairs, steered by RSS, each receive ring full of buffers.
struct Four {
  static constexpr unsigned kQueues = 4;

  explicit Four(Engine engine = Engine::reference, const CardParameters& parameters = {}, Cycle window = 64,
                unsigned buffers = 250)
      : bench(parameters, engine, window), guest(bench, kFeatures), rss(rss_command({0, 1, 2, 3})) {
    rss.max_tx_vq = kQueues;
    for (unsigned i = 0; i < kQueues; ++i) {
      rx.push_back(&guest.receive_queue(i, 256));
      tx.push_back(&guest.transmit_queue(i, 64));
      if (buffers > 0) guest.fill(*rx[i], buffers, 512);
    }
    control = &guest.control_queue();
    guest.go();
    EXPECT_EQ(guest.configure(*control, rss), VIRTIO_NET_OK);
    bench.settle();
    frames = frame_for_each_queue(rss, kQueues);
  }
  // `count` packets for each queue, in turn; returns the first tag.
  std::uint64_t send(unsigned count) {
    const std::uint64_t first = bench.wire.sent();
    for (unsigned i = 0; i < kQueues * count; ++i) bench.send(numbered(frames[i % kQueues], i));
    return first;
  }
  // The numbers of the packets that a queue holds, and that each is whole.
  std::vector<unsigned> numbers(GuestQueue& queue) {
    std::vector<unsigned> found;
    while (queue.ring.used_ready() > 0) {
      const auto packet = guest.take(queue);
      if (!packet) break;
      EXPECT_TRUE(packet->intact);
      found.push_back(number_of(packet->frame));
      EXPECT_EQ(packet->frame, numbered(frames[queue.index() / 2], found.back()));
    }
    return found;
  }
  std::vector<unsigned> sent_to(unsigned queue, unsigned count) {
    std::vector<unsigned> sent;
    for (unsigned i = 0; i < count; ++i) sent.push_back(kQueues * i + queue);
    return sent;
  }

  Bench bench;
  Guest guest;
  RssCommand rss;
  std::vector<GuestQueue*> rx, tx;
  GuestQueue* control = nullptr;
  std::vector<FrameBytes> frames;
};

class CardQueueReset : public testing::TestWithParam<Engine> {};

// Cut at many points of the traffic: packets in the pipeline, waiting, being written, being published.
TEST_P(CardQueueReset, InMidTrafficLosesNothingOfTheOtherQueuesAndAccountsForItsOwnPackets) {
  std::uint64_t by_reset = 0, by_no_queue = 0, before = 0;
  for (Cycle cut = 0; cut < 1300; cut += 64) {
    SCOPED_TRACE(testing::Message() << "reset after " << cut << " cycles");
    Four card(GetParam());
    constexpr unsigned kEach = 120;
    card.send(kEach);
    card.bench.run(cut);
    reset_queue(card.bench, card.guest, 2);
    const std::vector<unsigned> delivered = card.numbers(*card.rx[1]);
    card.bench.settle();
    for (const unsigned queue : {0u, 2u, 3u}) EXPECT_EQ(card.numbers(*card.rx[queue]), card.sent_to(queue, kEach));
    EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent());
    EXPECT_EQ(card.bench.observer.delivered, 3 * kEach + delivered.size());
    EXPECT_EQ(card.bench.dropped(DropReason::reset) + card.bench.dropped(DropReason::no_queue),
              kEach - delivered.size());
    // What was delivered came before everything that was lost.
    EXPECT_EQ(delivered, card.sent_to(1, static_cast<unsigned>(delivered.size())));
    EXPECT_FALSE(card.guest.needs_reset());
    EXPECT_EQ(card.bench.statistics().queue_resets, 1u);
    by_reset += card.bench.dropped(DropReason::reset);
    by_no_queue += card.bench.dropped(DropReason::no_queue);
    before += delivered.size();
  }
  EXPECT_GT(by_reset, 0u) << "no reset struck a packet in the queue's hands";
  EXPECT_GT(by_no_queue, 0u);
  EXPECT_GT(before, 0u);
}

// 2.6.1.1.2: the driver may free everything.
TEST_P(CardQueueReset, OnceItIsDoneNothingOfTheQueueReachesTheHost) {
  for (Cycle cut = 0; cut < 900; cut += 29) {
    SCOPED_TRACE(testing::Message() << "reset after " << cut << " cycles");
    Four card(GetParam(), {}, 1);
    for (unsigned i = 0; i < 30; ++i) card.tx[1]->add({FrameBytes(20), junk_frame(1000, i)}, {});
    card.send(60);
    card.guest.publish(*card.tx[1]);
    card.bench.run(cut);
    ask_for_reset(card.guest, 2);
    ask_for_reset(card.guest, 3);
    for (const unsigned queue : {2u, 3u}) {
      card.guest.write(reg::queue_select, 2, queue);
      EXPECT_TRUE(card.bench.until([&] { return card.guest.read(kQueueReset, 2) == 0; }));
    }
    for (GuestQueue* const queue : {card.rx[1], card.tx[1]}) {
      queue->poison_again();
      std::memset(queue->used(), kPoison, 6 + 8 * queue->ring.size());
      std::memset(queue->available(), kPoison, 6 + 2 * queue->ring.size());
      std::memset(queue->descriptor(0), kPoison, 16 * queue->ring.size());
    }
    const std::size_t sent = card.bench.sink.frames.size();
    const unsigned messages = card.guest.count(3) + card.guest.count(4);
    card.guest.notify(2);
    card.guest.notify(3);
    card.bench.settle();
    EXPECT_EQ(card.guest.count(3) + card.guest.count(4), messages);
    EXPECT_EQ(card.bench.sink.frames.size(), sent);
    for (GuestQueue* const queue : {card.rx[1], card.tx[1]}) {
      EXPECT_TRUE(queue->untouched());
      const auto is_poison = [](std::uint8_t byte) { return byte == kPoison; };
      EXPECT_TRUE(std::all_of(queue->used(), queue->used() + 6 + 8 * queue->ring.size(), is_poison));
    }
    EXPECT_FALSE(card.guest.needs_reset());
    EXPECT_EQ(card.numbers(*card.rx[0]), card.sent_to(0, 60));
  }
}

TEST_P(CardQueueReset, TheQueueStartsAnewWithAnotherSizeOtherAddressesAndAnotherVector) {
  Four card(GetParam());
  card.send(70);
  card.bench.settle();
  for (const unsigned size : {32u, 256u, 1u}) {
    reset_queue(card.bench, card.guest, 2);
    GuestQueue& fresh = card.guest.queue(2, size, 9);
    card.guest.fill(fresh, size, 512);
    const unsigned before = card.guest.count(9);
    const std::uint64_t tag = card.bench.send(numbered(card.frames[1], size));
    card.bench.settle();
    EXPECT_EQ(card.bench.observer[tag].delivered_to, 1u);
    EXPECT_EQ(fresh.used_index(), 1u) << "counted from 0";
    EXPECT_EQ(card.numbers(fresh), std::vector<unsigned>{size});
    EXPECT_EQ(card.guest.count(9), before + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, CardQueueReset, testing::Values(Engine::reference, Engine::rtl),
                         [](const auto& param) { return param.param == Engine::rtl ? "Rtl" : "Reference"; });

// ---- receive

TEST(CardQueueResetReceive, PacketsThatWaitForBuffersAreDroppedAndTheirSlotsFree) {
  CardParameters parameters;
  parameters.packet_slots = 16;
  Four card(Engine::reference, parameters, 64, 0);
  card.guest.fill(*card.rx[0], 250, 512);
  for (unsigned i = 0; i < 12; ++i) card.bench.send(numbered(card.frames[1], i));
  card.bench.run(3000);
  EXPECT_EQ(card.bench.observer.ended(), 0u) << "they wait";
  reset_queue(card.bench, card.guest, 2);
  EXPECT_EQ(card.bench.dropped(DropReason::reset), 12u);
  for (unsigned i = 0; i < 200; ++i) card.bench.send(numbered(card.frames[0], i));
  card.bench.settle();
  EXPECT_EQ(card.numbers(*card.rx[0]).size(), 200u) << "with the slots of the packets that were dropped";
  EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent());
}

TEST(CardQueueResetReceive, ACommandThatWaitedForItsPacketsIsAnswered) {
  CardParameters parameters;
  parameters.no_buffer_wait_cycles = 10'000'000;
  Four card(Engine::reference, parameters, 64, 0);
  for (unsigned i = 0; i < 5; ++i) card.bench.send(numbered(card.frames[1], i));
  card.bench.run(2000);
  FrameBytes command{4, 1};
  const FrameBytes data = rss_command({0, 2}).encode();
  command.insert(command.end(), data.begin(), data.end());
  card.control->add({command}, {1});
  card.guest.publish(*card.control);
  card.bench.run(5000);
  EXPECT_EQ(card.control->ring.used_ready(), 0u) << "packets of the old configuration wait in receiveq2";
  reset_queue(card.bench, card.guest, 2);
  card.bench.run(1000);
  ASSERT_EQ(card.control->ring.used_ready(), 1u);
  EXPECT_EQ(card.guest.answer(*card.control), VIRTIO_NET_OK);
}

// 5.1.9.5.7.3
TEST(CardQueueResetReceive, PacketsThatRssSteersToTheQueueAreDroppedUntilItIsBack) {
  Four card;
  reset_queue(card.bench, card.guest, 2);
  card.send(10);
  card.bench.settle();
  EXPECT_EQ(card.bench.dropped(DropReason::no_queue), 10u);
  for (const unsigned queue : {0u, 2u, 3u}) EXPECT_EQ(card.numbers(*card.rx[queue]).size(), 10u);
  card.guest.fill(card.guest.queue(2, 64), 60, 512);
  card.send(10);
  card.bench.settle();
  EXPECT_EQ(card.bench.dropped(DropReason::no_queue), 10u);
  EXPECT_EQ(card.bench.observer.delivered, 70u);
}

TEST(CardQueueResetReceive, ARssConfigurationThatNamesTheQueueIsRefusedUntilItIsBack) {
  Four card;
  reset_queue(card.bench, card.guest, 2);
  EXPECT_EQ(card.guest.configure(*card.control, card.rss), VIRTIO_NET_ERR);
  EXPECT_EQ(card.guest.configure(*card.control, rss_command({0, 2, 3, 3})), VIRTIO_NET_OK);
  card.guest.queue(2, 64);
  EXPECT_EQ(card.guest.configure(*card.control, card.rss), VIRTIO_NET_OK);
}

// 5.1.9.5.6.2
TEST(CardQueueResetReceive, AutomaticSteeringPassesTheQueueOverAndDropsOnlyWhereNoneIsLeft) {
  Four card;
  ASSERT_EQ(card.guest.set_pairs(*card.control, 2), VIRTIO_NET_OK);
  const auto delivered_to = [&] {
    const std::uint64_t tag = card.bench.send(card.frames[0]);
    card.bench.settle();
    const Fate& fate = card.bench.observer[tag];
    EXPECT_TRUE(fate.delivered_to || fate.dropped == DropReason::no_queue);
    return fate.delivered_to;
  };
  EXPECT_EQ(delivered_to(), 0u);
  reset_queue(card.bench, card.guest, 0);
  EXPECT_EQ(delivered_to(), 1u);
  reset_queue(card.bench, card.guest, 2);
  EXPECT_EQ(delivered_to(), std::nullopt) << "receiveq3 is beyond the two pairs";
  card.guest.fill(card.guest.queue(0, 64), 60, 512);
  EXPECT_EQ(delivered_to(), 0u);
}

TEST(CardQueueResetReceive, AMergedPacketIsDroppedOnceAndWhole) {
  for (Cycle cut = 0; cut < 700; cut += 23) {
    SCOPED_TRACE(testing::Message() << "reset after " << cut << " cycles");
    Bench bench({}, Engine::reference, 1);
    Guest guest(bench, kFeatures);
    GuestQueue& rx = guest.receive_queue(0, 256);
    guest.fill(rx, 200, 64);
    guest.go();
    bench.settle();
    for (unsigned i = 0; i < 6; ++i) bench.send(flow_frame(1, 1200, i));
    bench.run(cut);
    reset_queue(bench, guest, 0);
    unsigned taken = 0;
    while (rx.ring.used_ready() > 0) {
      const auto packet = guest.take(rx);
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->frame, flow_frame(1, 1200, taken++));
    }
    bench.settle();
    EXPECT_EQ(bench.observer.delivered, taken);
    EXPECT_EQ(bench.observer.ended(), 6u);
  }
}

// ---- transmit

TEST(CardQueueResetTransmit, NoFrameIsHalfSentAndTheOtherQueuesGoOn) {
  std::set<std::size_t> sent_before;
  for (Cycle cut = 0; cut < 4000; cut += 211) {
    SCOPED_TRACE(testing::Message() << "reset after " << cut << " cycles");
    Four card(Engine::reference, {}, 1);
    for (unsigned i = 0; i < 20; ++i) {
      card.tx[0]->add({FrameBytes(20), junk_frame(9000, i)}, {});
      card.tx[1]->add({FrameBytes(20), junk_frame(8000, 100 + i)}, {});
    }
    card.guest.publish(*card.tx[0]);
    card.guest.publish(*card.tx[1]);
    card.bench.run(cut);
    reset_queue(card.bench, card.guest, 3);
    GuestQueue& fresh = card.guest.queue(3, 32);
    fresh.add({FrameBytes(20), junk_frame(500, 999)}, {});
    card.guest.publish(fresh);
    card.bench.settle();
    unsigned undisturbed = 0, cut_short = 0;
    bool fresh_sent = false;
    for (const FrameBytes& frame : card.bench.sink.frames) {
      if (frame == junk_frame(9000, undisturbed)) {
        ++undisturbed;
      } else if (frame == junk_frame(8000, 100 + cut_short)) {
        ++cut_short;
        EXPECT_FALSE(fresh_sent) << "a frame of the old ring behind one of the new";
      } else {
        EXPECT_EQ(frame, junk_frame(500, 999));
        fresh_sent = true;
      }
    }
    EXPECT_EQ(undisturbed, 20u);
    EXPECT_TRUE(fresh_sent);
    EXPECT_EQ(card.tx[0]->used_index(), 20u);
    EXPECT_FALSE(card.guest.needs_reset());
    sent_before.insert(cut_short);
  }
  EXPECT_GT(sent_before.size(), 3u) << "the resets have struck at different frames";
}

TEST(CardQueueResetTransmit, AQueueThatWaitsForATagLeavesTheLineToTheOthers) {
  CardParameters parameters;
  parameters.pcie.tags = 1;
  Four card(Engine::reference, parameters);
  for (unsigned i = 0; i < 10; ++i) {
    card.tx[0]->add({FrameBytes(20), junk_frame(1000, i)}, {});
    card.tx[1]->add({FrameBytes(20), junk_frame(1000, 100 + i)}, {});
  }
  card.guest.publish(*card.tx[0]);
  card.guest.publish(*card.tx[1]);
  card.bench.run(2000);
  reset_queue(card.bench, card.guest, 3);
  card.bench.settle();
  EXPECT_EQ(card.tx[0]->used_index(), 10u);
}

// ---- the control queue

TEST(CardQueueResetControl, WorksAgainWhereverTheCommandBeforeWasCut) {
  for (Cycle cut = 0; cut < 1500; cut += 41) {
    SCOPED_TRACE(testing::Message() << "reset after " << cut << " cycles");
    Four card(Engine::rtl, {}, 1);
    FrameBytes command{4, 1};
    const FrameBytes data = rss_command({3, 2, 1, 0}).encode();
    command.insert(command.end(), data.begin(), data.end());
    card.control->add({command}, {1});
    card.guest.publish(*card.control);
    card.bench.run(cut);
    reset_queue(card.bench, card.guest, card.guest.control_index());
    GuestQueue& fresh = card.guest.control_queue();
    EXPECT_EQ(card.guest.configure(fresh, rss_command({2, 2, 2, 2})), VIRTIO_NET_OK);
    const std::uint64_t tag = card.bench.send(card.frames[0]);
    card.bench.settle();
    EXPECT_EQ(card.bench.observer[tag].delivered_to, 2u);
  }
}

// What the cut command has changed holds, and the next one begins only when it does for every packet.
TEST(CardQueueResetControl, TheNextCommandWaitsForTheOneThatNobodyIsToldOf) {
  CardParameters parameters;
  parameters.no_buffer_wait_cycles = 10'000;
  Four card(Engine::reference, parameters, 64, 0);
  for (unsigned i = 0; i < 5; ++i) card.bench.send(numbered(card.frames[1], i));
  card.bench.run(2000);  // they wait for buffers
  FrameBytes command{4, 1};
  const FrameBytes data = rss_command({3}).encode();
  command.insert(command.end(), data.begin(), data.end());
  card.control->add({command}, {1});
  card.guest.publish(*card.control);
  card.bench.run(1000);
  reset_queue(card.bench, card.guest, card.guest.control_index());
  GuestQueue& fresh = card.guest.control_queue();
  FrameBytes next{4, 1};
  const FrameBytes next_data = rss_command({2}).encode();
  next.insert(next.end(), next_data.begin(), next_data.end());
  fresh.add({next}, {1});
  card.guest.publish(fresh);
  card.bench.run(2000);
  EXPECT_EQ(fresh.ring.used_ready(), 0u);
  EXPECT_EQ(card.bench.observer.ended(), 0u);
  EXPECT_EQ(card.guest.answer(fresh), VIRTIO_NET_OK);
  EXPECT_EQ(card.bench.dropped(DropReason::no_buffer), 5u) << "the old packets are out";
  EXPECT_EQ(card.bench.statistics().configurations, 3u);
}

// ---- while the host serves a read

// A host that resets a queue before it gives the data of one of its reads (a co-simulation's peer may).
class ResettingHost final : public PlainMachine {
 public:
  explicit ResettingHost(RecordingSink& sink) : PlainMachine({}, make_reference_engine(), nullptr, &sink, nullptr, 1) {}
  std::function<void()> before_data;
  std::uint64_t reads = 0, strike_at = 0;

 private:
  DmaStatus read(std::uint64_t address, Bytes into, Cycle&) override {
    if (++reads == strike_at) before_data();
    std::memcpy(into.data, ram().pointer(address, into.size), into.size);
    return DmaStatus::ok;
  }
};

TEST(CardQueueResetInARead, TheDataGoesNowhereAndTheOtherQueueGoesOn) {
  bool struck = true;
  for (std::uint64_t strike = 1; struck; ++strike) {
    SCOPED_TRACE(testing::Message() << "in read " << strike);
    RecordingSink sink;
    ResettingHost host(sink);
    DriverOptions options;
    options.queue_pairs = 2;
    options.ring_size = 16;
    VirtioNetDriver driver(host, options);
    driver.start();
    driver.set_queue_pairs(2);
    const FrameBytes mine = junk_frame(1500, 1), other = junk_frame(1400, 2);
    struck = false;
    host.reads = 0;
    host.strike_at = strike;
    host.before_data = [&] {
      struck = true;
      driver.write_common(reg::queue_select, 2, 1);
      driver.write_common(kQueueReset, 2, 1);
      EXPECT_EQ(driver.read_common(kQueueReset, 2), 1u);
    };
    for (unsigned i = 0; i < 3; ++i) {
      EXPECT_TRUE(driver.transmit(0, view(mine)));
      EXPECT_TRUE(driver.transmit(1, view(other)));
    }
    while (host.wait_activity()) continue;
    EXPECT_EQ(std::count(sink.frames.begin(), sink.frames.end(), other), 3);
    EXPECT_LE(std::count(sink.frames.begin(), sink.frames.end(), mine), 3);
    EXPECT_EQ(std::count(sink.frames.begin(), sink.frames.end(), mine) + 3, sink.frames.size());
    EXPECT_FALSE(driver.needs_reset());
    if (struck) {
      EXPECT_EQ(driver.read_common(kQueueReset, 2), 0u);
    }
  }
}

// ---- resets within resets

TEST(CardQueueResetAgain, ADeviceResetMeanwhileEndsItAndALaterResetTakesItsOwnTime) {
  Four card(Engine::reference, {}, 1);
  card.send(30);
  card.bench.run(300);
  ask_for_reset(card.guest, 2);
  card.bench.run(20);
  card.guest.negotiate(kFeatures);
  GuestQueue& rx = card.guest.receive_queue(0, 256);
  card.guest.receive_queue(1, 256);
  card.guest.fill(rx, 250, 512);
  card.guest.go();
  ask_for_reset(card.guest, 2);
  const Cycle asked = card.bench.machine.now();
  EXPECT_TRUE(card.bench.until([&] { return card.guest.read(kQueueReset, 2) == 0; }));
  EXPECT_GE(card.bench.machine.now() - asked, card.bench.card().parameters().pcie.latency_cycles);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent());
}

TEST(CardQueueResetAgain, OnADeviceThatNeedsAResetItIsHarmless) {
  Four card;
  card.send(30);
  card.bench.run(320);
  card.tx[0]->set_available_index(1000);
  card.guest.notify(1);
  ASSERT_TRUE(card.bench.until([&] { return card.guest.needs_reset(); }));
  reset_queue(card.bench, card.guest, 2);
  reset_queue(card.bench, card.guest, 0);
  reset_queue(card.bench, card.guest, 1);
  card.bench.settle();
  card.guest.negotiate(kFeatures);
  EXPECT_EQ(
      card.bench.dropped(DropReason::reset) + card.bench.dropped(DropReason::no_queue) + card.bench.observer.delivered,
      card.bench.observer.ended());
  GuestQueue& rx = card.guest.receive_queue(0, 256);
  card.guest.fill(rx, 250, 512);
  card.guest.go();
  card.bench.send(card.frames[0]);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent());
}

TEST(CardQueueResetAgain, AThousandTimesInTraffic) {
  Four card;
  GuestQueue* rx = card.rx[1];
  for (unsigned round = 0; round < 1000; ++round) {
    card.bench.send(numbered(card.frames[1], round));
    card.bench.run(64 * (round % 12));
    reset_queue(card.bench, card.guest, 2);
    rx = &card.guest.queue(2, 1u << round % 9);
    card.guest.fill(*rx, rx->ring.size(), 512);
  }
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent());
  EXPECT_EQ(card.bench.statistics().queue_resets, 1000u);
  EXPECT_GT(card.bench.observer.delivered, 100u);
  EXPECT_GT(card.bench.dropped(DropReason::reset), 100u);
}

}  // namespace
}  // namespace rssnic::test
