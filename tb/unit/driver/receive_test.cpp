// The driver model's receive path over the real card, without SystemC: frames of all lengths through rings of both
// formats and buffers of several parts, the poison behind the last byte, and how often the driver writes registers.
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "model/net/net_header.h"
#include "model/pci/common_config.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"

namespace rssnic {
namespace {

using FrameBytes = std::vector<std::uint8_t>;

class Frames final : public WireSource {
 public:
  void send(FrameBytes bytes) { frames_.push_back(std::move(bytes)); }
  const WireFrame* front() override {
    if (frames_.empty()) return nullptr;
    front_.bytes = {frames_.front().data(), frames_.front().size()};
    return &front_;
  }
  void pop() override {
    frames_.pop_front();
    ++front_.tag;
  }

 private:
  std::deque<FrameBytes> frames_;
  WireFrame front_;
};

class CountingMachine final : public PlainMachine {
 public:
  CountingMachine(const CardParameters& parameters, WireSource& source)
      : PlainMachine(parameters, make_reference_engine(), &source, nullptr, nullptr) {}
  std::uint64_t register_writes = 0, register_reads = 0;

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    ++register_reads;
    return card().function().bar_read(bar, offset, size);
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    ++register_writes;
    card().function().bar_write(bar, offset, size, value);
  }
};

struct Received {
  FrameBytes header, frame;
  const std::uint8_t* at = nullptr;  // where the frame lay
  unsigned buffers = 0;
  bool poison_intact = false;
};

class DriverBench {
 public:
  explicit DriverBench(const DriverOptions& options, const CardParameters& parameters = {})
      : machine(parameters, source), driver(machine, options) {
    driver.start();
    driver.set_promiscuous(true);
  }
  // Lets time pass until the card is at rest.
  void rest() {
    machine.card().wire_ready();
    while (machine.wait_activity()) continue;
  }
  std::vector<Received> poll() {
    std::vector<Received> packets;
    driver.poll([&](const ReceivedPacket& packet) {
      EXPECT_EQ(packet.queue, 0u);
      packets.push_back({FrameBytes(packet.header.data, packet.header.data + packet.header.size),
                         FrameBytes(packet.frame.data, packet.frame.data + packet.frame.size), packet.frame.data,
                         packet.buffers, packet.poison_intact});
    });
    return packets;
  }
  std::vector<Received> receive(FrameBytes frame) {
    source.send(std::move(frame));
    rest();
    return poll();
  }

  Frames source;
  CountingMachine machine;
  VirtioNetDriver driver;
};

FrameBytes frame_of(std::size_t size) {
  FrameBytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + size);
  return bytes;
}

// ---- frames of all lengths

struct Shape {
  FeatureBits without = 0;
  unsigned segments = 0;
  unsigned ring_size = 256;
};

DriverOptions shaped(const Shape& shape) {
  DriverOptions options;
  options.wanted = all_implemented_features() & ~VIRTIO_NET_F_MTU & ~shape.without;
  options.ring_size = shape.ring_size;
  options.buffer_segments = shape.segments;
  if (shape.without & VIRTIO_NET_F_MRG_RXBUF) options.buffer_bytes = kMaxFrameBytes + kMaxNetHeaderBytes;
  return options;
}

class DriverReceive : public testing::TestWithParam<Shape> {};

std::vector<Shape> shapes() {
  constexpr FeatureBits kBits[] = {VIRTIO_F_RING_PACKED, VIRTIO_NET_F_MRG_RXBUF, VIRTIO_F_INDIRECT_DESC,
                                   VIRTIO_F_EVENT_IDX};
  std::vector<Shape> all;
  for (unsigned mask = 0; mask < 16; ++mask) {
    for (const unsigned segments : {0u, 1u, 3u, 16u}) {
      Shape shape{0, segments, 256};
      for (unsigned bit = 0; bit < 4; ++bit) shape.without |= mask >> bit & 1 ? kBits[bit] : 0;
      all.push_back(shape);
    }
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Shapes, DriverReceive, testing::ValuesIn(shapes()));

TEST_P(DriverReceive, EveryFrameArrivesWholeWhateverTheRingAndTheParts) {
  DriverBench bench(shaped(GetParam()));
  const bool mergeable = bench.driver.features() & VIRTIO_NET_F_MRG_RXBUF;
  // Merged packets of any number of buffers up to what the ring holds.
  const std::size_t longest =
      mergeable && GetParam().segments > 1 && GetParam().without & VIRTIO_F_INDIRECT_DESC ? 30000 : kMaxFrameBytes;
  for (unsigned round = 0; round < 3; ++round) {
    for (const std::size_t size : {1ul, 13ul, 60ul, 492ul, 1514ul, 2028ul, 2029ul, 9018ul, longest}) {
      const auto packets = bench.receive(frame_of(size));
      ASSERT_EQ(packets.size(), 1u) << size;
      EXPECT_EQ(packets[0].frame, frame_of(size));
      EXPECT_TRUE(packets[0].poison_intact) << size;
      EXPECT_EQ(packets[0].buffers, mergeable ? (20 + size + 2047) / 2048 : 1);
      EXPECT_EQ(packets[0].header.size(), 20u);
    }
  }
}

TEST_P(DriverReceive, ManyFramesAtOnceArriveInOrder) {
  DriverBench bench(shaped(GetParam()));
  std::size_t sent = 0, received = 0;
  for (; sent < 700; ++sent) bench.source.send(frame_of(60 + sent));
  while (received < sent) {
    bench.machine.card().wire_ready();
    ASSERT_TRUE(bench.machine.wait_activity()) << received << " have come: an interrupt or a notification is missing";
    for (const Received& packet : bench.poll()) {
      ASSERT_EQ(packet.frame.size(), 60 + received);
      ASSERT_EQ(packet.frame, frame_of(60 + received));
      ASSERT_TRUE(packet.poison_intact);
      ++received;
    }
  }
  EXPECT_FALSE(bench.driver.needs_reset());
}

TEST_P(DriverReceive, APollWritesOneRegisterHoweverManyPacketsItTakes) {
  DriverBench bench(shaped(GetParam()));
  for (unsigned i = 0; i < 12; ++i) bench.source.send(frame_of(60));
  bench.rest();
  const std::uint64_t writes = bench.machine.register_writes, reads = bench.machine.register_reads;
  EXPECT_EQ(bench.poll().size(), 12u);
  EXPECT_LE(bench.machine.register_writes - writes, 1u) << "one notification";
  EXPECT_EQ(bench.machine.register_reads, reads);
  EXPECT_TRUE(bench.poll().empty());
  EXPECT_LE(bench.machine.register_writes - writes, 1u);
}

TEST(DriverRingSize, APackedRingMayHaveAnyAndASplitRingTakesThePowerOfTwoBelow) {
  CardParameters card;
  card.max_queue_size = 300;
  for (const bool packed : {false, true}) {
    for (const unsigned wanted : {1u, 3u, 37u, 299u, 300u, 1000u}) {
      DriverOptions options = shaped({packed ? 0 : VIRTIO_F_RING_PACKED, 0, wanted});
      DriverBench bench(options, card);
      bench.driver.write_common(kQueueSelect, 2, 0);
      const auto size = bench.driver.read_common(kQueueSize, 2);
      unsigned due = std::min(wanted, 300u);
      while (!packed && (due & (due - 1))) due &= due - 1;
      EXPECT_EQ(size, due) << wanted;
      for (unsigned round = 0; round < 2 * due + 3; ++round) ASSERT_EQ(bench.receive(frame_of(60)).size(), 1u);
    }
  }
}

// ---- poison

// One buffer in the ring: every packet lies in the same place.
class DriverPoison : public testing::Test {
 protected:
  static DriverOptions options(bool check = true) {
    DriverOptions options = shaped({VIRTIO_NET_F_MRG_RXBUF, 0, 1});
    options.buffer_bytes = 8192;
    options.check_poison = check;
    return options;
  }
  // Sends a frame and changes a byte behind its last one before the driver looks.
  static bool intact_after(DriverBench& bench, std::size_t size, std::size_t behind, std::uint8_t value) {
    bench.source.send(frame_of(size));
    bench.rest();
    std::uint8_t* const buffer = const_cast<std::uint8_t*>(bench_buffer_);
    buffer[size + behind] = value;
    const auto packets = bench.poll();
    EXPECT_EQ(packets.size(), 1u);
    return packets.size() == 1 && packets[0].poison_intact;
  }
  static void find_buffer(DriverBench& bench) { bench_buffer_ = bench.receive(frame_of(1)).at(0).at; }
  static inline const std::uint8_t* bench_buffer_ = nullptr;  // where a frame begins
};

TEST_F(DriverPoison, ASingleByteBehindTheEndIsFoundWhereverTheFrameEnds) {
  // Within the part poisoned at first (2112 bytes, of which 20 are the header), across its end, and behind it.
  for (const std::size_t size : {60u, 1514u, 2076u, 2080u, 2091u, 2092u, 2093u, 5000u, 8156u}) {
    for (std::size_t behind = 0; behind < 16; ++behind) {
      for (const bool is_poison : {false, true}) {
        DriverBench bench(options());
        find_buffer(bench);
        const bool in_poison = 20 + size + behind < 2112;
        const std::uint8_t value = is_poison ? kPoison : 0;
        EXPECT_EQ(intact_after(bench, size, behind, value), in_poison == is_poison) << size << " + " << behind;
        EXPECT_FALSE(intact_after(bench, size, behind, 0x11)) << size << " + " << behind;
        const auto after = bench.receive(frame_of(size));
        ASSERT_EQ(after.size(), 1u);
        EXPECT_TRUE(after[0].poison_intact) << "an old offence is not held against the next packet";
      }
    }
  }
}

TEST_F(DriverPoison, GrowsWithTheLongestFrame) {
  DriverBench bench(options());
  find_buffer(bench);
  EXPECT_TRUE(intact_after(bench, 3000, 0, 0)) << "never written";
  EXPECT_TRUE(intact_after(bench, 2500, 0, kPoison)) << "written, and poisoned since";
  EXPECT_FALSE(intact_after(bench, 2500, 0, 0));
  EXPECT_EQ(bench.receive(frame_of(60)).at(0).poison_intact, true);
}

TEST_F(DriverPoison, IsLeftOutWhereNobodyAsksForIt) {
  DriverBench bench(options(false));
  find_buffer(bench);
  EXPECT_TRUE(intact_after(bench, 60, 0, 0x11));
  EXPECT_EQ(bench_buffer_[8000], 0) << "and the memory is untouched";
  EXPECT_NE(bench_buffer_[0], kPoison);
}

TEST_F(DriverPoison, IsCheckedInEachBufferOfAMergedPacket) {
  DriverOptions merged = options();
  merged.wanted |= VIRTIO_NET_F_MRG_RXBUF;
  merged.ring_size = 2;
  merged.buffer_bytes = 1024;
  for (const bool spoilt : {false, true}) {
    DriverBench bench(merged);
    const std::uint8_t* const first = bench.receive(frame_of(60)).at(0).at;
    const std::uint8_t* const second = bench.receive(frame_of(60)).at(0).at;
    bench.source.send(frame_of(1500));  // 1004 bytes and 496
    bench.rest();
    if (spoilt) const_cast<std::uint8_t*>(second)[-20 + 496 + 3] = 0;
    const auto packets = bench.poll();
    ASSERT_EQ(packets.size(), 1u);
    EXPECT_EQ(packets[0].buffers, 2u);
    EXPECT_EQ(packets[0].poison_intact, !spoilt);
    EXPECT_NE(first, second);
  }
}

// ---- the hash report without RSS

TEST(DriverHash, ConfiguresTheReportWithoutSteering) {
  for (const FeatureBits without : {FeatureBits{0}, VIRTIO_NET_F_RSS, VIRTIO_NET_F_RSS | VIRTIO_NET_F_MQ}) {
    DriverBench bench(shaped({without, 0, 256}));
    FrameBytes frame(34, 0);  // an IPv4 header
    frame[12] = 0x08;
    frame[14] = 0x45;
    frame[26] = 66, frame[27] = 9, frame[28] = 149, frame[29] = 187;
    frame[30] = 161, frame[31] = 142, frame[32] = 100, frame[33] = 80;
    EXPECT_EQ(load_le16(&bench.receive(frame).at(0).header[16]), 0u) << "nothing is configured yet";
    HashCommand hash;
    hash.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
    bench.driver.configure_hash(hash);
    const Received packet = bench.receive(frame).at(0);
    EXPECT_EQ(load_le16(&packet.header[16]), 1u);
    EXPECT_EQ(load_le32(&packet.header[12]), 0x323e8fc2u) << "Microsoft's published value";
    hash.hash_types = 0;
    bench.driver.configure_hash(hash);
    EXPECT_EQ(load_le16(&bench.receive(frame).at(0).header[16]), 0u);
  }
}

TEST(DriverHash, TheCommandIsLaidOutAsTheSpecificationSays) {
  EXPECT_EQ((HashCommand{0x123, {0xaa, 0xbb}}.encode()),
            (std::vector<std::uint8_t>{0x23, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xaa, 0xbb}));
}

TEST(DriverHash, AConfigurationThatTheCardRefusesIsAnError) {
  DriverBench bench(shaped({}));
  HashCommand hash;
  hash.key = {1};
  hash.hash_types = 0x200;
  EXPECT_THROW(bench.driver.configure_hash(hash), DriverError);
}

}  // namespace
}  // namespace rssnic
