// Start, stop and failure of the whole card: nothing before DRIVER_OK, nothing after a reset, and DEVICE_NEEDS_RESET on
// what cannot be worked with (virtio 1.4, 2.1.2, 2.4 and 3.1.1).
#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

FrameBytes transmit_chain(unsigned number, std::size_t header_bytes, std::size_t size = 60) {
  FrameBytes bytes(header_bytes + size);
  const FrameBytes frame = flow_frame(number, size, number);
  std::copy(frame.begin(), frame.end(), bytes.begin() + static_cast<std::ptrdiff_t>(header_bytes));
  return bytes;
}

constexpr unsigned kRing = 256;
constexpr std::size_t kUsedBytes = 6 + 8 * kRing;

// Four pairs and the control queue with work on all of them.
struct Busy {
  explicit Busy(const CardParameters& parameters = {}, Engine engine = Engine::reference) : bench(parameters, engine) {}
  // Up to the queues, all filled; not further.
  void prepare(FeatureBits features = kSteering) {
    guest.negotiate(features);
    header_bytes = features & VIRTIO_NET_F_HASH_REPORT ? 20 : 12;
    rx.clear();
    tx.clear();
    const unsigned pairs = features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS) ? 4 : 1;
    for (unsigned i = 0; i < pairs; ++i) {
      rx.push_back(&guest.receive_queue(i, kRing));
      tx.push_back(&guest.transmit_queue(i, kRing));
      for (unsigned buffer = 0; buffer < 60; ++buffer) rx.back()->add({}, {7, 300, 100, 600});
      rx.back()->ring.publish();
    }
    control = features & VIRTIO_NET_F_RSS ? &guest.control_queue(kRing) : nullptr;
    add_work();
  }
  // Frames to send and commands to answer; visible, but without a notification.
  void add_work() {
    for (GuestQueue* queue : tx) {
      for (unsigned frame = 0; frame < 12; ++frame) {
        queue->add({transmit_chain(frame, header_bytes, frame % 4 == 0 ? 1400 : 60)}, {});
      }
      queue->ring.publish();
    }
    if (control == nullptr) return;
    for (unsigned i = 0; i < 4; ++i) {
      RssCommand rss = rss_command({0, 1, 2, 3});
      std::rotate(rss.table.begin(), rss.table.begin() + i, rss.table.end());
      rss.max_tx_vq = 4;
      FrameBytes command{4, 1};
      for (const std::uint8_t byte : rss.encode()) command.push_back(byte);
      control->add({command}, {1});
    }
    control->ring.publish();
  }
  // A card that runs, has its receive buffers at hand, and gets work in all directions from now on.
  void work_hard(unsigned frames, Cycle apart) {
    bench.settle();
    add_work();
    for (GuestQueue* queue : tx) guest.notify(queue->index());
    if (control != nullptr) guest.notify(control->index());
    send_frames(frames, apart);
  }
  void send_frames(unsigned count, Cycle apart = 10) {
    for (unsigned i = 0; i < count; ++i) {
      const auto number = static_cast<unsigned>(bench.wire.sent());
      bench.send(flow_frame(number, number % 5 == 0 ? 900 : 60, number), bench.machine.now() + apart * i);
    }
  }
  std::vector<GuestQueue*> queues() {
    std::vector<GuestQueue*> all = rx;
    all.insert(all.end(), tx.begin(), tx.end());
    if (control != nullptr) all.push_back(control);
    return all;
  }
  // The card works: packets come, frames go, commands are answered.
  void expect_work(FeatureBits features = kSteering) {
    bench.settle();  // what a reset left on the wire is dropped while no driver runs, or waits
    const std::size_t sent_before = bench.sink.frames.size();
    prepare(features);
    guest.go();
    bench.settle();
    const std::size_t ended_before = bench.observer.ended();
    const std::size_t delivered_before = bench.observer.delivered;
    send_frames(8);
    bench.settle();
    EXPECT_EQ(bench.observer.ended(), ended_before + 8);
    EXPECT_EQ(bench.observer.delivered, delivered_before + 8);
    EXPECT_EQ(bench.sink.frames.size(), sent_before + 12 * tx.size());
    if (control != nullptr) {
      EXPECT_EQ(control->used_index(), 4);
    }
    EXPECT_FALSE(guest.needs_reset());
  }
  // Every frame that has left the wire has one end, as far as it is not held back at the entrance.
  void expect_all_accounted() {
    std::uint64_t dropped = 0;
    for (const std::uint64_t count : bench.statistics().dropped) dropped += count;
    EXPECT_EQ(bench.statistics().received, bench.statistics().delivered + dropped);
    EXPECT_EQ(bench.observer.ended(), bench.statistics().delivered + dropped);
  }

  Bench bench;
  Guest guest{bench};
  std::vector<GuestQueue*> rx, tx;
  GuestQueue* control = nullptr;
  std::size_t header_bytes = 20;
};

// ---- before DRIVER_OK

TEST(CardStart, BeforeDriverOkTheCardTouchesNoMemoryAndSendsNoInterrupt) {
  Busy card;
  card.prepare();
  card.send_frames(20);
  const std::uint64_t upstream = card.bench.card().link().upstream_bytes();
  for (unsigned queue = 0; queue < 9; ++queue) card.guest.notify(queue);
  card.bench.run(20000);
  EXPECT_EQ(card.bench.card().link().upstream_bytes(), upstream) << "a request has left the card";
  EXPECT_EQ(card.guest.count_all(), 0u);
  for (GuestQueue* queue : card.queues()) {
    EXPECT_EQ(queue->used_index(), 0) << queue->index();
    EXPECT_TRUE(queue->untouched()) << queue->index();
  }
  EXPECT_TRUE(card.bench.sink.frames.empty());
}

TEST(CardStart, AtDriverOkPrefilledRingsAreFoundWithoutANotification) {
  Busy card;
  card.prepare();
  card.guest.go();
  card.bench.settle();
  EXPECT_EQ(card.control->used_index(), 4);
  for (GuestQueue* queue : card.tx) EXPECT_EQ(queue->used_index(), 12);
  EXPECT_EQ(card.bench.sink.frames.size(), 48u);
  card.send_frames(20);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.delivered, 20u);
}

TEST(CardStart, FramesThatCameBeforeDriverOkWaitForIt) {
  Busy card;
  card.send_frames(10);
  card.prepare(kPlain);
  card.bench.run(5000);
  EXPECT_EQ(card.bench.observer.ended(), 0u);
  card.guest.go();
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.delivered, 10u);
}

TEST(CardStart, QueuesEnabledAfterDriverOkWorkAsWell) {
  Bench bench;
  Guest guest(bench, kPlain);
  guest.go();
  GuestQueue& rx = guest.receive_queue(0);
  guest.fill(rx, 4);
  bench.send(flow_frame(1));
  bench.settle();
  EXPECT_EQ(rx.used_index(), 1);
}

TEST(CardStart, NotificationsWithoutAnythingNewAreHarmless) {
  Busy card;
  card.prepare();
  card.guest.go();
  card.bench.settle();
  const std::size_t sent = card.bench.sink.frames.size();
  for (unsigned round = 0; round < 20; ++round) {
    for (const unsigned queue : {0u, 1u, 2u, 7u, 8u, 9u, 500u, 65535u}) card.guest.notify(queue);
    card.bench.run(64 * (round % 3));
  }
  card.bench.settle();
  EXPECT_EQ(card.bench.sink.frames.size(), sent);
  EXPECT_FALSE(card.guest.needs_reset());
}

// ---- reset

class CardReset : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Both, CardReset, testing::Values(Engine::reference, Engine::rtl),
                         [](const auto& test) { return test.param == Engine::rtl ? "Rtl" : "Reference"; });

// Status reads 0 at once, so from there on no request leaves the card and no byte of memory changes; every packet
// inside is accounted for, and after a new start the card works.
TEST_P(CardReset, InMidTrafficStopsAllDmaAndInterruptsAndAccountsForEveryPacket) {
  for (Cycle delay = 0; delay < 3200; delay += GetParam() == Engine::rtl ? 160 : 32) {
    SCOPED_TRACE(testing::Message() << "reset after " << delay << " cycles");
    Busy card({}, GetParam());
    card.prepare();
    card.guest.go();
    if (delay < 1600) {
      card.work_hard(150, 6);
      card.bench.run(delay);
    } else {  // while the card fetches its first buffers
      card.send_frames(150, 6);
      card.bench.run(delay - 1600);
    }
    const std::vector<GuestQueue*> queues = card.queues();
    card.guest.write(reg::device_status, 1, 0);
    ASSERT_EQ(card.guest.status(), 0);
    card.bench.machine.take_messages();
    card.expect_all_accounted();

    for (GuestQueue* queue : queues) {
      queue->poison_again();
      std::memset(queue->used(), 0x5a, kUsedBytes);
    }
    const std::uint64_t upstream = card.bench.card().link().upstream_bytes();
    card.bench.run(20000);
    EXPECT_EQ(card.bench.card().link().upstream_bytes(), upstream) << "a request has left the card";
    EXPECT_TRUE(card.bench.machine.take_messages().empty());
    for (GuestQueue* queue : queues) {
      EXPECT_TRUE(queue->untouched()) << queue->index();
      const std::uint8_t* const used = queue->used();
      EXPECT_TRUE(std::all_of(used, used + kUsedBytes, [](std::uint8_t byte) { return byte == 0x5a; }))
          << queue->index();
    }
    card.expect_all_accounted();
    const std::uint64_t left_on_wire = card.bench.wire.sent() - card.bench.observer.ended();

    card.prepare(kSteering);
    card.guest.go();
    card.bench.settle();
    EXPECT_EQ(card.bench.observer.ended(), card.bench.wire.sent()) << left_on_wire << " were left on the wire";
    EXPECT_EQ(card.control->used_index(), 4);
    EXPECT_FALSE(card.guest.needs_reset());
  }
}

// The frame that waits at the entrance of a pipeline that stands still goes back to where it came from.
TEST(CardResetAgain, WithAStalledPipelineLosesNoFrameThatHadNotEnteredIt) {
  CardParameters parameters;
  parameters.result_fifo = 1;
  parameters.dispatch_cycles = 200;
  for (const Engine engine : {Engine::reference, Engine::rtl}) {
    for (Cycle delay = 64; delay < 1000; delay += 128) {
      Busy card(parameters, engine);
      card.prepare();
      card.guest.go();
      card.work_hard(30, 2);
      card.bench.run(delay);
      const std::uint64_t entered = card.bench.statistics().received;
      card.guest.write(reg::device_status, 1, 0);
      EXPECT_EQ(card.bench.observer.ended(), entered);
      card.expect_all_accounted();
      card.prepare();
      card.guest.go();
      card.bench.settle();
      EXPECT_EQ(card.bench.observer.ended(), 30u);
      EXPECT_EQ(card.bench.observer.delivered + card.bench.dropped(DropReason::reset), 30u);
    }
  }
}

TEST(CardResetAgain, TwentyCyclesOfStartTrafficAndResetLeaveACardThatWorks) {
  Busy card;
  for (unsigned round = 0; round < 20; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    const FeatureBits features = round % 3 == 0 ? kPlain : round % 3 == 1 ? kSteering : kSteering & ~VIRTIO_NET_F_MQ;
    card.expect_work(features);
    card.work_hard(40, 3);
    card.bench.run(64 * (1 + round % 8));
    card.guest.write(reg::device_status, 1, 0);
    EXPECT_EQ(card.guest.status(), 0);
  }
  card.expect_work();
}

TEST(CardResetAgain, AFeatureSetOnceAcceptedIsAcceptedAgain) {
  Bench bench;
  Guest guest(bench);
  for (unsigned round = 0; round < 3; ++round) {
    for (const FeatureBits features :
         {kPlain, kSteering, all_implemented_features(), kPlain | VIRTIO_NET_F_HASH_REPORT}) {
      guest.negotiate(features);  // expects FEATURES_OK to stay
      EXPECT_EQ(bench.card().function().features(), features);
    }
  }
}

TEST(CardResetAgain, AFunctionLevelResetInMidTrafficStopsEverythingToo) {
  for (Cycle delay = 64; delay < 1600; delay += 192) {
    Busy card;
    card.prepare();
    card.guest.go();
    card.work_hard(100, 6);
    card.bench.run(delay);
    card.bench.card().function().function_reset();
    const std::uint64_t upstream = card.bench.card().link().upstream_bytes();
    card.bench.machine.take_messages();
    card.bench.run(20000);
    EXPECT_EQ(card.bench.card().link().upstream_bytes(), upstream);
    EXPECT_TRUE(card.bench.machine.take_messages().empty());
    card.expect_all_accounted();
    probe_virtio_net(card.bench.machine);
    card.prepare();
    card.guest.go();
    card.bench.settle();
    EXPECT_EQ(card.bench.sink.frames.empty(), false);
  }
}

// ---- ring faults

enum class Kind { receive, transmit, control };
struct Fault {
  const char* name;
  RingFault fault;
  Kind kind;
};
std::vector<Fault> all_faults() {
  std::vector<Fault> all;
  static constexpr std::pair<const char*, RingFault> kFaults[] = {{"HeadOutOfRange", RingFault::head_out_of_range},
                                                                  {"NextOutOfRange", RingFault::next_out_of_range},
                                                                  {"Loop", RingFault::loop},
                                                                  {"TooManyAvailable", RingFault::too_many_available},
                                                                  {"WriteOrder", RingFault::write_order},
                                                                  {"BadIndirect", RingFault::bad_indirect},
                                                                  {"TooLong", RingFault::too_long},
                                                                  {"BusError", RingFault::bus_error}};
  for (const auto& [name, fault] : kFaults) {
    for (const Kind kind : {Kind::receive, Kind::transmit, Kind::control}) all.push_back({name, fault, kind});
  }
  return all;
}
class CardRingFault : public testing::TestWithParam<Fault> {};
constexpr const char* kKindNames[] = {"OnReceive", "OnTransmit", "OnControl"};
std::string name_of(const testing::TestParamInfo<Fault>& test) {
  return std::string(test.param.name) + kKindNames[static_cast<int>(test.param.kind)];
}
INSTANTIATE_TEST_SUITE_P(Ring, CardRingFault, testing::ValuesIn(all_faults()), name_of);

constexpr std::uint16_t kNext = 1, kWrite = 2, kIndirect = 4;

// Makes the ring's next chain one with this fault. Nothing of the ring is in use, and its size is 8.
void break_ring(GuestQueue& queue, RingFault fault, std::uint64_t memory, bool writable) {
  const auto descriptor = [&](unsigned number, std::uint64_t address, std::uint32_t length, unsigned flags,
                              std::uint16_t next) {
    store_le64(queue.descriptor(number), address);
    store_le32(queue.descriptor(number) + 8, length);
    store_le16(queue.descriptor(number) + 12, static_cast<std::uint16_t>(flags));
    store_le16(queue.descriptor(number) + 14, next);
  };
  const unsigned kind = writable ? kWrite : 0;
  std::uint16_t available = 1;
  std::uint16_t head = 0;
  switch (fault) {
    case RingFault::head_out_of_range:
      head = 8;
      break;
    case RingFault::next_out_of_range:
      descriptor(0, memory, 64, kind | kNext, 8);
      break;
    case RingFault::loop:
      descriptor(0, memory, 64, kind | kNext, 1);
      descriptor(1, memory, 64, kind | kNext, 0);
      break;
    case RingFault::too_many_available:
      available = 9;
      break;
    case RingFault::write_order:
      descriptor(0, memory, 64, kWrite | kNext, 1);
      descriptor(1, memory, 64, 0, 0);
      break;
    case RingFault::bad_indirect:
      descriptor(0, memory, 64, kind | kIndirect, 0);
      break;
    case RingFault::too_long:
      descriptor(0, memory, 0xffffffff, kind | kNext, 1);
      descriptor(1, memory, 2, kind, 0);
      break;
    case RingFault::bus_error:  // memory that does not exist; behind it a byte that takes an answer
      descriptor(0, 0x1000, 200, kind | kNext, 1);
      descriptor(1, memory, 64, kWrite, 0);
      break;
    default:
      FAIL();
  }
  store_le16(queue.available() + 4, head);
  queue.set_available_index(available);
}

TEST_P(CardRingFault, StopsTheDeviceWithACountedReasonUntilReset) {
  Busy card;
  Guest& guest = card.guest;
  guest.negotiate(kSteering);
  GuestQueue& rx = guest.receive_queue(0, 8);
  GuestQueue& tx = guest.transmit_queue(0, 8);
  GuestQueue& control = guest.control_queue(8);
  guest.go();
  GuestQueue& broken = GetParam().kind == Kind::receive ? rx : GetParam().kind == Kind::transmit ? tx : control;
  const std::uint64_t memory = card.bench.machine.ram().allocate(4096);
  break_ring(broken, GetParam().fault, memory, GetParam().kind == Kind::receive);
  guest.notify(broken.index());
  for (unsigned i = 0; i < 3; ++i) card.bench.send(flow_frame(i));
  card.bench.settle();

  EXPECT_TRUE(guest.needs_reset());
  EXPECT_EQ(card.bench.faults(GetParam().fault), 1u);
  EXPECT_EQ(guest.count(0), 1u) << "configuration change notification";
  EXPECT_EQ(guest.count_all(), 1u);
  EXPECT_EQ(broken.used_index(), 0);
  EXPECT_TRUE(guest.status() & VIRTIO_STATUS_DRIVER_OK) << "the driver's own bits stay";

  const std::uint64_t upstream = card.bench.card().link().upstream_bytes();
  for (unsigned queue = 0; queue < 9; ++queue) guest.notify(queue);
  card.bench.run(5000);
  EXPECT_EQ(card.bench.card().link().upstream_bytes(), upstream) << "a device that needs a reset does nothing";
  card.expect_work();
  card.expect_all_accounted();
}

// ---- bus errors

struct Outcome {
  bool needs_reset = false;
  std::size_t messages = 0;
  std::size_t delivered = 0, sent = 0, answered = 0;
  bool operator==(const Outcome& other) const {
    return needs_reset == other.needs_reset && messages == other.messages && delivered == other.delivered &&
           sent == other.sent && answered == other.answered;
  }
};

Outcome run_with_failing_dma(Busy& card, std::uint64_t number) {
  card.prepare();
  card.bench.machine.fail_dma(number);
  card.guest.go();
  card.send_frames(40, 20);
  EXPECT_FALSE(card.bench.until([] { return false; }));
  EXPECT_EQ(card.bench.card().next_activity(), kNever) << "the card does not come to rest";
  Outcome run;
  run.needs_reset = card.guest.needs_reset();
  run.messages = card.guest.count_all();
  run.delivered = card.bench.observer.delivered;
  run.sent = card.bench.sink.frames.size();
  run.answered = card.control->used_index();
  return run;
}

// The nth access of the card to memory fails, for every n: the device asks for a reset, or it was an interrupt message
// that was lost, which only the interrupt controller can know; all else went as it does without an error.
TEST(CardBusError, AtAnyDmaStopsTheDeviceWithACountedReasonAndAResetRecovers) {
  Busy untroubled;
  const Outcome reference = run_with_failing_dma(untroubled, 0);
  ASSERT_FALSE(reference.needs_reset);
  ASSERT_EQ(reference.delivered, 40u);
  ASSERT_EQ(reference.sent, 48u);
  unsigned stopped = 0, lost_messages = 0;
  for (std::uint64_t number = 1;; number += number < 200 ? 1 : 7) {
    SCOPED_TRACE(testing::Message() << "access " << number << " fails");
    Busy card;
    const Outcome run = run_with_failing_dma(card, number);
    if (card.bench.machine.failure_is_to_come()) break;  // there are fewer accesses
    if (run.needs_reset) {
      ++stopped;
      EXPECT_EQ(card.bench.faults(RingFault::bus_error), 1u);
      EXPECT_EQ(card.guest.count(0), 1u) << "configuration change notification";
    } else {
      ++lost_messages;
      Outcome without_one = reference;
      --without_one.messages;
      EXPECT_TRUE(run == without_one) << "nothing but a message may be lost in silence";
      EXPECT_EQ(card.bench.faults(RingFault::bus_error), 0u);
    }
    card.bench.machine.fail_dma(0);
    card.guest.write(reg::device_status, 1, 0);
    card.expect_all_accounted();
    card.bench.settle();
    card.expect_work();
    if (HasFailure()) return;
  }
  EXPECT_GT(stopped, 250u);
  EXPECT_GT(lost_messages, 0u);
}

// ---- bus mastering

TEST(CardBusMaster, WithoutItTheCardTouchesNoMemoryAndBeginsWhenItIsAllowed) {
  Busy card;
  card.prepare(kPlain);
  const std::uint32_t command = card.bench.machine.config_read(4, 2);
  card.bench.machine.config_write(4, 2, command & ~4u);
  card.guest.go();
  card.send_frames(5);
  card.bench.run(10000);
  EXPECT_EQ(card.bench.card().link().upstream_bytes(), 0u);
  card.bench.machine.config_write(4, 2, command);
  card.bench.settle();
  EXPECT_EQ(card.bench.observer.delivered, 5u);
  EXPECT_EQ(card.bench.sink.frames.size(), 12u);
}

TEST(CardBusMaster, TakenAwayInOperationStopsTheDeviceUntilReset) {
  for (Cycle delay = 64; delay < 640; delay += 64) {
    Busy card;
    card.prepare();
    card.guest.go();
    card.work_hard(50, 3);
    card.bench.run(delay);
    const std::uint32_t command = card.bench.machine.config_read(4, 2);
    card.bench.machine.config_write(4, 2, command & ~4u);
    const std::uint64_t upstream = card.bench.card().link().upstream_bytes();
    card.bench.machine.take_messages();
    card.bench.run(10000);
    EXPECT_TRUE(card.guest.needs_reset());
    EXPECT_EQ(card.bench.card().link().upstream_bytes(), upstream);
    EXPECT_TRUE(card.bench.machine.take_messages().empty());
    card.bench.machine.config_write(4, 2, command);
    card.bench.settle();
    EXPECT_EQ(card.bench.machine.take_messages(), std::vector<std::uint32_t>{0}) << "it tells as soon as it may";
    card.guest.write(reg::device_status, 1, 0);
    card.expect_all_accounted();
    card.expect_work();
  }
}

}  // namespace
}  // namespace rssnic::test
