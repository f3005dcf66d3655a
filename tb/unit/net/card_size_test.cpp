// The whole card in all its sizes: numbers of queue pairs up to the largest, ring sizes, small resources, and rings
// that wrap many times.
#include <random>

#include "tb/check/session.h"
#include "tb/unit/net/card_bench.h"
#include "tb/wire/generator.h"

namespace rssnic::test {
namespace {

struct Load {
  unsigned pairs = 4;
  unsigned ring_size = 256;
  std::uint64_t packets = 4000;
  std::uint32_t frame_bytes = 60;
  std::uint32_t buffer_bytes = 2048;
};

// Runs generated traffic over all queues through driver model and scoreboard; packets by queue.
std::vector<unsigned> run_load(const CardParameters& parameters, const Load& load, Engine engine) {
  GeneratorParameters traffic;
  traffic.packets = load.packets;
  traffic.flows = 4096;
  traffic.frame_bytes = load.frame_bytes;
  traffic.ipv6_percent = 30;
  Generator generator(traffic);
  std::vector<unsigned> by_queue(load.pairs);
  std::string first_mismatch;
  check::Scoreboard scoreboard(generator, {}, [&](const check::PacketRow& row) {
    if (row.queue < by_queue.size() && !row.dropped) ++by_queue[row.queue];
    if (first_mismatch.empty()) first_mismatch = row.mismatch;
  });
  PlainMachine machine(parameters, engine == Engine::rtl ? make_rtl_engine() : make_reference_engine(), &scoreboard,
                       nullptr, &scoreboard);
  check::SessionOptions options;
  options.driver.queue_pairs = load.pairs;
  options.driver.ring_size = load.ring_size;
  options.driver.buffer_bytes = load.buffer_bytes;
  std::vector<std::uint16_t> table(512);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<std::uint16_t>(i % load.pairs);
  options.rss = rss_command(table);
  check::Session session(machine, scoreboard, options, [&] { machine.card().wire_ready(); });
  session.begin();
  const std::atomic<bool> stop{false};
  session.run(stop);
  EXPECT_EQ(scoreboard.mismatches(), 0u) << first_mismatch;
  EXPECT_EQ(machine.card().statistics().delivered, load.packets);
  return by_queue;
}

class CardPairs : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Pairs, CardPairs, testing::Values(1, 2, 16, 64, 256));

TEST_P(CardPairs, AllReceive) {
  CardParameters parameters;
  parameters.queue_pairs = GetParam();
  Load load;
  load.pairs = GetParam();
  load.ring_size = 64;
  const std::vector<unsigned> by_queue = run_load(parameters, load, Engine::rtl);
  for (unsigned queue = 0; queue < GetParam(); ++queue) EXPECT_GT(by_queue[queue], 0u) << queue;
}

class CardRingSize : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Entries, CardRingSize, testing::Values(2, 4, 256, 1024));

TEST_P(CardRingSize, ServesTheDriverModelRoundManyTimes) {
  CardParameters parameters;
  parameters.max_queue_size = 1024;
  Load load;
  load.ring_size = GetParam();
  load.packets = GetParam() < 256 ? 2000 : 20000;
  run_load(parameters, load, Engine::reference);
}

TEST(CardRingSizes, MergedPacketsGoRoundARingOfFour) {
  Load load;
  load.ring_size = 4;
  load.frame_bytes = 700;
  load.buffer_bytes = 256;
  load.packets = 1000;
  run_load({}, load, Engine::reference);
}

// A ring of one entry: no control queue (a command takes two descriptors), one buffer at a time in each direction.
TEST(CardRingSizes, ARingOfOneEntryServesBothDirections) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& rx = guest.receive_queue(0, 1);
  GuestQueue& tx = guest.transmit_queue(0, 1);
  guest.go();
  for (unsigned i = 0; i < 70; ++i) {
    guest.fill(rx, 1);
    bench.send(flow_frame(1, 60, i));
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(number_of(packet->frame), i);
    FrameBytes bytes(12);
    for (const std::uint8_t byte : packet->frame) bytes.push_back(byte);
    tx.add({bytes}, {});
    guest.publish(tx);
    ASSERT_TRUE(bench.until([&] { return tx.ring.used_ready() == 1; }));
    EXPECT_EQ(tx.take()->length, 0u);
    EXPECT_EQ(bench.sink.frames.back(), packet->frame);
  }
}

// The indices are free-running 16-bit counters (2.7.13.3).
TEST(CardRingSizes, RingIndicesPass65535) {
  Load load;
  load.pairs = 1;
  load.ring_size = 128;
  load.packets = 70'000;
  run_load({}, load, Engine::reference);
}

TEST(CardRingSizes, ADriverMayTakeLessThanTheMaximumAndNotMore) {
  Bench bench;
  Guest guest(bench, kPlain);
  guest.write(reg::queue_select, 2, 0);
  EXPECT_EQ(guest.read(reg::queue_size, 2), 256u);
  guest.write(reg::queue_size, 2, 512);
  EXPECT_EQ(guest.read(reg::queue_size, 2), 256u);
  guest.write(reg::queue_size, 2, 8);
  EXPECT_EQ(guest.read(reg::queue_size, 2), 8u);
}

TEST(CardSizes, TheLargestCardPassesPacketsOnItsFirstAndItsLastPair) {
  CardParameters parameters;
  parameters.queue_pairs = kMaxQueuePairs;
  Bench bench(parameters, Engine::rtl);
  Guest guest(bench, kSteering);
  EXPECT_EQ(guest.read(reg::num_queues, 2), 65535u);
  EXPECT_EQ(guest.layout().msix_vectors, 2048u);
  constexpr std::uint16_t kLast = 32766;
  GuestQueue& first = guest.receive_queue(0);
  GuestQueue& last = guest.receive_queue(kLast);
  GuestQueue& tx = guest.transmit_queue(kLast);
  GuestQueue& control = guest.control_queue();
  EXPECT_EQ(control.index(), 65534u);
  guest.fill(first, 16);
  guest.fill(last, 16);
  guest.go();
  RssCommand rss = rss_command({0, kLast}, 0x1ff, kLast);
  rss.max_tx_vq = 32767;
  ASSERT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
  const check::Oracle oracle = oracle_for(rss);
  std::map<unsigned, unsigned> hits;
  for (unsigned flow = 1; flow < 1000; flow += 71) {
    const unsigned queue = oracle.judge(view(flow_frame(flow))).queue;
    bench.send(flow_frame(flow));
    const auto packet = guest.take(queue == 0 ? first : last);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->frame, flow_frame(flow));
    ++hits[queue];
  }
  EXPECT_EQ(hits.size(), 2u);
  tx.add({FrameBytes(20), flow_frame(3)}, {});
  guest.publish(tx);
  bench.settle();
  EXPECT_EQ(bench.sink.frames, std::vector<FrameBytes>{flow_frame(3)});
  rss.table = {0, 32767};
  EXPECT_EQ(guest.configure(control, rss), VIRTIO_NET_ERR);
}

TEST(CardSizes, TheSmallestResourcesStillLoseNothing) {
  CardParameters parameters;
  parameters.packet_slots = 1;
  parameters.mac_fifo_frames = 1;
  parameters.result_fifo = 1;
  parameters.dispatch_cycles = 9;
  parameters.prefetch_buffers = 1;
  parameters.transmit_contexts = 1;
  parameters.pcie.tags = 1;
  parameters.pcie.generation = 1;
  parameters.pcie.lanes = 1;
  for (const Engine engine : {Engine::reference, Engine::rtl}) {
    Load load;
    load.packets = 300;
    load.ring_size = 16;
    run_load(parameters, load, engine);
    load.frame_bytes = 3000;
    load.buffer_bytes = 512;
    run_load(parameters, load, engine);
  }
}

TEST(CardSizes, ParametersOutOfRangeAreRefusedByName) {
  const auto error = [](auto change) -> std::string {
    CardParameters parameters;
    change(parameters);
    try {
      Bench bench(parameters);
    } catch (const std::invalid_argument& refused) {
      return refused.what();
    }
    return "";
  };
  using P = CardParameters;
  EXPECT_NE(error([](P& p) { p.queue_pairs = 0; }).find("queue_pairs: 0"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.queue_pairs = 32768; }).find("queue_pairs: 32768"), std::string::npos);
  const auto size_of_3 = [](P& p) {
    p.max_queue_size = 3;
    p.features &= ~VIRTIO_F_RING_PACKED;
  };
  EXPECT_NE(error(size_of_3).find("max_queue_size: 3"), std::string::npos);
  EXPECT_EQ(error([](P& p) { p.max_queue_size = 3; }), "") << "packed rings may have any size";
  EXPECT_NE(error([](P& p) { p.max_queue_size = 65536; }).find("max_queue_size: 65536"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.mtu = 67; }).find("mtu: 67"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.packet_slots = 0; }).find("packet_slots: 0"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.pcie.tags = 0; }).find("pcie.tags: 0"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.features |= feature(33); }).find("features"), std::string::npos);
  EXPECT_NE(error([](P& p) { p.features &= ~VIRTIO_NET_F_CTRL_VQ; }).find("features"), std::string::npos);
}

}  // namespace
}  // namespace rssnic::test
