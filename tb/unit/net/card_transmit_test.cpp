// Transmit through the whole card: from chains of any shape to frames on the wire (virtio 1.4, 5.1.9.2).
#include <random>

#include "tb/unit/net/card_bench.h"

namespace rssnic::test {
namespace {

FrameBytes with_header(const FrameBytes& frame, std::size_t header_bytes = 12) {
  FrameBytes bytes(header_bytes + frame.size());
  std::copy(frame.begin(), frame.end(), bytes.begin() + static_cast<std::ptrdiff_t>(header_bytes));
  return bytes;
}
std::vector<FrameBytes> in_parts(const FrameBytes& bytes, const std::vector<std::size_t>& lengths) {
  std::vector<FrameBytes> parts;
  std::size_t at = 0;
  for (const std::size_t length : lengths) {
    const std::size_t end = std::min(bytes.size(), at + length);
    parts.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                       bytes.begin() + static_cast<std::ptrdiff_t>(end));
    at = end;
  }
  parts.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end());
  return parts;
}

struct Sender {
  explicit Sender(FeatureBits features = kPlain, const CardParameters& parameters = {}, unsigned size = 256)
      : bench(parameters), guest(bench, features), tx(guest.transmit_queue(0, size)) {
    guest.go();
  }
  void send(const std::vector<FrameBytes>& parts, const std::vector<std::uint32_t>& writable = {}) {
    tx.add(parts, writable);
    guest.publish(tx);
  }
  // Every chain posted so far has come back, in order, with length 0 and unchanged.
  void expect_all_used() {
    bench.settle();
    for (; taken < tx.posted(); ++taken) {
      const auto used = tx.take();
      ASSERT_TRUE(used) << "chain " << taken << " has not come back";
      EXPECT_EQ(used->chain, taken);
      EXPECT_EQ(used->length, 0u);
      EXPECT_TRUE(used->intact) << "chain " << taken;
    }
    EXPECT_FALSE(guest.needs_reset());
  }
  Bench bench;
  Guest guest;
  GuestQueue& tx;
  std::size_t taken = 0;
};

// ---- the header

TEST(CardTransmitHeader, Of12BytesIsTakenOffWithoutHashReport) {
  Sender sender;
  sender.send({with_header(flow_frame(1), 12)});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>{flow_frame(1)});
}

TEST(CardTransmitHeader, Of20BytesIsTakenOffWithHashReport) {
  Sender sender(kPlain | VIRTIO_NET_F_HASH_REPORT);
  sender.send({with_header(flow_frame(1), 20)});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>{flow_frame(1)});
}

// Flags, hdr_len, gso_size, csum_start, csum_offset and num_buffers mean nothing without offloads, nor do the hash
// fields in this direction.
TEST(CardTransmitHeader, FieldsWithoutMeaningAreIgnored) {
  Sender sender(kPlain | VIRTIO_NET_F_HASH_REPORT);
  FrameBytes bytes = with_header(flow_frame(1), 20);
  for (std::size_t i = 0; i < 20; ++i) {
    if (i != 1) bytes[i] = 0xff;
  }
  sender.send({bytes});
  for (unsigned flag = 0; flag < 8; ++flag) {
    bytes = with_header(flow_frame(2 + flag), 20);
    bytes[0] = static_cast<std::uint8_t>(1u << flag);
    sender.send({bytes});
  }
  sender.expect_all_used();
  ASSERT_EQ(sender.bench.sink.frames.size(), 9u);
  for (unsigned i = 0; i < 9; ++i) EXPECT_EQ(sender.bench.sink.frames[i], flow_frame(1 + i)) << "unchanged bytes";
}

// ---- chains

TEST(CardTransmitChain, MayBeCutAtAnyByte) {
  Sender sender(kPlain | VIRTIO_NET_F_HASH_REPORT);
  const FrameBytes bytes = with_header(flow_frame(1), 20);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) sender.send(in_parts(bytes, {cut}));
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>(bytes.size() + 1, flow_frame(1)));
}

TEST(CardTransmitChain, MayHaveManyPartsAndEmptyOnes) {
  Sender sender;
  const FrameBytes frame = junk_frame(500);
  const FrameBytes bytes = with_header(frame);
  const std::vector<std::vector<std::size_t>> shapes = {
      std::vector<std::size_t>(100, 1), {5, 5, 5, 5}, {0, 0, 12, 0, 1, 0}, {11, 2, 300, 1, 1, 1}, {12}, {511}};
  for (const auto& shape : shapes) sender.send(in_parts(bytes, shape));
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>(shapes.size(), frame));
}

TEST(CardTransmitChain, RandomFramesInRandomPartsComeOutAsTheyWentIn) {
  constexpr std::uint32_t kSeed = 4711;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  CardParameters parameters;
  parameters.pcie.max_read_bytes = 512;
  parameters.pcie.tags = 3;
  Sender sender(kPlain, parameters);
  std::vector<FrameBytes> due;
  for (unsigned round = 0; round < 20; ++round) {
    for (unsigned i = 0; i < 20; ++i) {
      due.push_back(junk_frame(1 + random() % (i == 0 ? 20000 : 1600), static_cast<unsigned>(random())));
      std::vector<std::size_t> lengths(random() % 10);
      for (std::size_t& length : lengths) length = random() % 3 == 0 ? random() % 16 : random() % 2000;
      sender.tx.add(in_parts(with_header(due.back()), lengths), {});
    }
    sender.guest.publish(sender.tx);
    sender.expect_all_used();
  }
  EXPECT_EQ(sender.bench.sink.frames, due);
}

class CardTransmitReads : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(MaxReadBytes, CardTransmitReads, testing::Values(512, 1024, 4096));

TEST_P(CardTransmitReads, AFrameLongerThanAReadRequestArrivesWhole) {
  CardParameters parameters;
  parameters.pcie.max_read_bytes = GetParam();
  for (const unsigned tags : {1u, 2u, 64u}) {
    parameters.pcie.tags = tags;
    Sender sender(kPlain, parameters);
    std::vector<FrameBytes> due;
    for (const std::size_t size : {GetParam() - 13u, GetParam() - 12u, GetParam() - 11u, 9000u, 3u}) {
      due.push_back(junk_frame(size));
      sender.send({with_header(due.back())});
    }
    sender.expect_all_used();
    EXPECT_EQ(sender.bench.sink.frames, due) << tags << " tags";
  }
}

TEST(CardTransmitChain, AFrameOf256KibIsSentAndALongerOneIsNot) {
  Sender sender;
  sender.send({with_header(junk_frame(262144))});
  sender.send({with_header(junk_frame(262145))});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>{junk_frame(262144)});
  EXPECT_EQ(sender.bench.statistics().transmit_malformed, 1u);
}

TEST(CardTransmitChain, AWritablePartIsToleratedAndLeftAlone) {
  Sender sender;
  sender.send({with_header(flow_frame(1))}, {100, 50});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>{flow_frame(1)});
}

struct Malformed {
  const char* name;
  std::vector<FrameBytes> parts;
  std::vector<std::uint32_t> writable;
};
FrameBytes with_gso(std::uint8_t type) {
  FrameBytes bytes = with_header(flow_frame(1));
  bytes[1] = type;
  return bytes;
}
class CardTransmitMalformed : public testing::TestWithParam<Malformed> {};
INSTANTIATE_TEST_SUITE_P(
    Chain, CardTransmitMalformed,
    testing::Values(Malformed{"NoReadableByte", {}, {100}}, Malformed{"EmptyPart", {{}}, {}},
                    Malformed{"OneByte", {{0}}, {}}, Malformed{"HeaderCut", {FrameBytes(11)}, {}},
                    Malformed{"HeaderAlone", {FrameBytes(12)}, {}},
                    Malformed{"HeaderAloneInParts", {FrameBytes(5), {}, FrameBytes(7)}, {}},
                    Malformed{"GsoTcpv4", {with_gso(1)}, {}}, Malformed{"GsoUdp", {with_gso(3)}, {}},
                    Malformed{"GsoTcpv6", {with_gso(4)}, {}}, Malformed{"GsoUdpL4", {with_gso(5)}, {}},
                    Malformed{"GsoEcnAlone", {with_gso(0x80)}, {}}, Malformed{"GsoUnknown", {with_gso(0xff)}, {}},
                    Malformed{"Megabytes", {FrameBytes(3u << 20)}, {}}),
    [](const auto& test) { return test.param.name; });

TEST_P(CardTransmitMalformed, IsConsumedAndCountedAndTheNextFrameGoesOut) {
  Sender sender;
  sender.send({with_header(flow_frame(7))});
  sender.send(GetParam().parts, GetParam().writable);
  sender.send({with_header(flow_frame(8))});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.statistics().transmit_malformed, 1u);
  EXPECT_EQ(sender.bench.statistics().transmitted, 2u);
  EXPECT_EQ(sender.bench.sink.frames, (std::vector<FrameBytes>{flow_frame(7), flow_frame(8)}));
}

TEST(CardTransmitChain, MoreBytesThanFitInto32BitsAreNotAFrame) {
  Sender sender;
  const std::uint64_t address = sender.bench.machine.ram().allocate(4096);
  for (unsigned i = 0; i < 2; ++i) {  // together 2^32 bytes, the most a chain may have (2.7.5.2)
    store_le64(sender.tx.descriptor(i), address);
    store_le32(sender.tx.descriptor(i) + 8, 0x80000000);
    store_le16(sender.tx.descriptor(i) + 12, i == 0 ? 1 : 0);
    store_le16(sender.tx.descriptor(i) + 14, 1);
  }
  sender.tx.set_available_index(1);
  sender.guest.notify(1);
  sender.bench.settle();
  EXPECT_EQ(sender.tx.used_index(), 1);
  EXPECT_EQ(sender.bench.statistics().transmit_malformed, 1u);
  EXPECT_FALSE(sender.guest.needs_reset());
}

TEST(CardTransmitMtu, FramesUpToTheNegotiatedMtuPassUnchangedAndLongerOnesAreMalformed) {
  CardParameters parameters;
  parameters.mtu = 1400;
  Sender sender(kPlain | VIRTIO_NET_F_MTU, parameters);
  sender.send({with_header(junk_frame(1414))});
  sender.send({with_header(junk_frame(1419))});
  sender.send({with_header(junk_frame(60))});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, (std::vector<FrameBytes>{junk_frame(1414), junk_frame(60)}));
  EXPECT_EQ(sender.bench.statistics().transmit_malformed, 1u);
}

TEST(CardTransmitMtu, WithoutTheMtuNegotiatedLongerFramesPass) {
  CardParameters parameters;
  parameters.mtu = 1400;
  Sender sender(kPlain, parameters);
  sender.send({with_header(junk_frame(9000))});
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, std::vector<FrameBytes>{junk_frame(9000)});
}

// ---- queues

TEST(CardTransmitQueues, FramesOfOneQueueKeepTheirOrderWhateverTheirSizes) {
  Sender sender;
  std::vector<FrameBytes> due;
  for (unsigned i = 0; i < 100; ++i) {
    due.push_back(flow_frame(1, i % 7 == 0 ? 9000 : 60 + i, i));
    sender.tx.add({with_header(due.back())}, {});
  }
  sender.guest.publish(sender.tx);
  sender.expect_all_used();
  EXPECT_EQ(sender.bench.sink.frames, due);
}

struct ManyQueues {
  ManyQueues() : guest(bench, kSteering) {
    for (unsigned i = 0; i < 4; ++i) {
      guest.fill(guest.receive_queue(i), 4);
      tx.push_back(&guest.transmit_queue(i, 64));
    }
    control = &guest.control_queue();
    guest.go();
  }
  void send(unsigned queue, const FrameBytes& frame) {
    tx[queue]->add({with_header(frame, 20)}, {});
    guest.publish(*tx[queue]);
  }
  Bench bench;
  Guest guest;
  std::vector<GuestQueue*> tx;
  GuestQueue* control;
};

TEST(CardTransmitQueues, AllQueuesSendEachInItsOwnOrder) {
  ManyQueues card;
  ASSERT_EQ(card.guest.set_pairs(*card.control, 4), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 40; ++i) {
    for (unsigned queue = 0; queue < 4; ++queue) card.send(queue, flow_frame(queue, 60 + 100 * queue, i));
  }
  card.bench.settle();
  ASSERT_EQ(card.bench.sink.frames.size(), 160u);
  std::vector<unsigned> next(4);
  for (const FrameBytes& frame : card.bench.sink.frames) {
    const unsigned queue = frame[29];
    ASSERT_LT(queue, 4u);
    EXPECT_EQ(frame, flow_frame(queue, 60 + 100 * queue, next[queue]++));
  }
  for (GuestQueue* queue : card.tx) EXPECT_EQ(queue->used_index(), 40);
}

TEST(CardTransmitQueues, Transmitq2IsNotServedBeforeAnMqCommandAndThenWithoutAnotherNotification) {
  ManyQueues card;
  card.send(1, flow_frame(1));
  card.bench.settle();
  EXPECT_EQ(card.tx[1]->used_index(), 0);
  EXPECT_TRUE(card.bench.sink.frames.empty());
  ASSERT_EQ(card.guest.set_pairs(*card.control, 2), VIRTIO_NET_OK);
  card.bench.settle();
  EXPECT_EQ(card.tx[1]->used_index(), 1);
  EXPECT_EQ(card.bench.sink.frames, std::vector<FrameBytes>{flow_frame(1)});
}

TEST(CardTransmitQueues, AfterAResetTransmitq2IsNotServedAgain) {
  ManyQueues card;
  for (unsigned bank = 0; bank < 2; ++bank) ASSERT_EQ(card.guest.set_pairs(*card.control, 4), VIRTIO_NET_OK);
  card.guest.negotiate(kSteering);
  GuestQueue& tx = card.guest.transmit_queue(1);
  tx.add({with_header(flow_frame(1), 20)}, {});
  tx.ring.publish();
  card.guest.go();
  card.guest.notify(tx.index());
  card.bench.settle();
  EXPECT_EQ(tx.used_index(), 0);
}

TEST(CardTransmitQueues, MaxTxVqOfRssConfigIsACountOfTransmitQueues) {
  ManyQueues card;
  RssCommand rss = rss_command({0, 1, 2, 3});
  rss.max_tx_vq = 3;
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (unsigned queue = 0; queue < 4; ++queue) card.send(queue, flow_frame(queue));
  card.bench.settle();
  for (unsigned queue = 0; queue < 3; ++queue) EXPECT_EQ(card.tx[queue]->used_index(), 1) << queue;
  EXPECT_EQ(card.tx[3]->used_index(), 0);
}

TEST(CardTransmitQueues, ReceiveTransmitAndCommandsShareASingleTag) {
  CardParameters parameters;
  parameters.pcie.tags = 1;
  Bench bench(parameters);
  Guest guest(bench, kSteering);
  std::vector<GuestQueue*> rx, tx;
  for (unsigned i = 0; i < 4; ++i) {
    rx.push_back(&guest.receive_queue(i, 64));
    tx.push_back(&guest.transmit_queue(i, 64));
    guest.fill(*rx[i], 64);
  }
  GuestQueue& control = guest.control_queue(64);
  guest.go();
  RssCommand rss = rss_command({0, 1, 2, 3});
  rss.max_tx_vq = 4;
  ASSERT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 20; ++i) {
    for (GuestQueue* queue : tx) {
      queue->add({with_header(flow_frame(i, 1000, i), 20)}, {});
      guest.publish(*queue);
    }
    bench.send(flow_frame(i));
    EXPECT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  }
  bench.settle();
  EXPECT_EQ(bench.observer.delivered, 20u);
  EXPECT_EQ(bench.sink.frames.size(), 80u);
}

TEST(CardTransmitQueues, TheDriverModelsFramesArriveWhole) {
  Bench bench;
  DriverOptions options;
  options.queue_pairs = 4;
  VirtioNetDriver driver(bench.machine, options);
  driver.start();
  driver.set_queue_pairs(4);
  std::vector<FrameBytes> due;
  for (unsigned i = 0; i < 400; ++i) {
    due.push_back(flow_frame(i, 60 + 3 * i, i));
    while (!driver.transmit(0, view(due.back()), i % 90)) {  // the ring is full: wait for sent frames
      ASSERT_TRUE(bench.machine.wait_activity());
      driver.poll([](const ReceivedPacket&) {});
    }
  }
  bench.settle();
  EXPECT_EQ(bench.sink.frames, due);
}

}  // namespace
}  // namespace rssnic::test
