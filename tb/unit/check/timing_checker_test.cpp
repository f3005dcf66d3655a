// The timing checker, fed rows by hand: each rule it holds the card to lets the last allowed cycle pass and finds the
// next, and its bounds are those that arithmetic on paper gives.
#include "tb/check/timing_checker.h"

#include <gtest/gtest.h>

namespace rssnic::check {
namespace {

constexpr Cycle kLatency = 3;

PacketRow packet(Cycle ingress, std::size_t length = 60, Cycle deliver = 0, std::uint16_t queue = 0) {
  PacketRow row;
  row.length = length;
  row.steered = true;
  row.queue = queue;
  row.ingress = ingress;
  row.steer = ingress + kLatency;
  row.deliver = deliver > 0 ? deliver : ingress + 500;
  return row;
}

// A checker that has seen `count` equal packets, `spacing` cycles apart, all delivered in cycle `end`.
TimingChecker fed(const TimingParameters& parameters, unsigned count, std::size_t length, Cycle spacing, Cycle end = 0,
                  unsigned queues = 1) {
  TimingChecker checker(parameters);
  for (unsigned i = 0; i < count; ++i) {
    checker.row(packet(i * spacing, length, end, static_cast<std::uint16_t>(i % queues)));
  }
  return checker;
}

// ---- from packet to packet

TEST(TimingDataPath, AFrameOccupiesItForAsManyCyclesAsItHasBeats) {
  struct Case {
    std::size_t length;
    Cycle beats;
  };
  for (const Case& c : {Case{0, 1}, Case{1, 1}, Case{64, 1}, Case{65, 2}, Case{128, 2}, Case{1514, 24}}) {
    SCOPED_TRACE(c.length);
    TimingChecker sound({});
    sound.row(packet(100, c.length));
    sound.row(packet(100 + c.beats));
    EXPECT_EQ(sound.violations(), 0u);
    TimingChecker fast({});
    fast.row(packet(100, c.length));
    fast.row(packet(100 + c.beats - 1));
    EXPECT_EQ(fast.violations(), 1u);
  }
}

TEST(TimingDataPath, TheComplaintNamesPacketAndCycles) {
  TimingChecker checker({});
  checker.row(packet(100, 640));
  PacketRow early = packet(109);
  early.tag = 7;
  checker.row(early);
  ASSERT_EQ(checker.finish().size(), 1u);
  EXPECT_EQ(checker.finish()[0], "packet 7 entered in cycle 109, the one before it occupies the data path up to 110");
}

TEST(TimingDataPath, ANarrowerOneTakesMoreBeats) {
  TimingParameters parameters;
  parameters.bus_bytes_per_cycle = 8;
  TimingChecker checker(parameters);
  checker.row(packet(0, 60));  // 8 beats
  checker.row(packet(7));
  EXPECT_EQ(checker.violations(), 1u);
}

TEST(TimingDataPath, ADroppedPacketThatEnteredOccupiesItToo) {
  TimingChecker checker({});
  PacketRow dropped = packet(100, 640);
  dropped.dropped = DropReason::filter;
  checker.row(dropped);
  checker.row(packet(105));
  EXPECT_EQ(checker.violations(), 1u);
}

TEST(TimingDataPath, APacketLostAtTheDoorDoesNot) {
  TimingChecker checker({});
  PacketRow at_the_door = packet(100, 640);
  at_the_door.steered = false;
  at_the_door.dropped = DropReason::fifo;
  checker.row(at_the_door);
  checker.row(packet(101));
  EXPECT_EQ(checker.violations(), 0u);
}

TEST(TimingLatency, OfThePipelineIsTheSameForAllPackets) {
  TimingChecker checker({});
  checker.row(packet(100));
  checker.row(packet(200));
  PacketRow slow = packet(300);
  slow.tag = 2;
  ++slow.steer;
  checker.row(slow);
  checker.row(packet(400));
  ASSERT_EQ(checker.violations(), 1u);
  EXPECT_EQ(checker.finish()[0], "packet 2 took 4 cycles through the pipeline, by the others it takes 3");
}

// Of each packet it counts from the beat with which its headers end, one of the first four.
TEST(TimingLatency, MayCountFromALaterBeatOfTheHeaders) {
  TimingChecker checker({});
  PacketRow later = packet(100, 640);
  later.steer += 3;
  checker.row(later);
  checker.row(packet(200));
  checker.row(packet(300, 64));
  EXPECT_EQ(checker.violations(), 0u);
  PacketRow too_late = packet(400, 640);
  too_late.steer += 4;
  checker.row(too_late);
  EXPECT_EQ(checker.violations(), 1u);
  PacketRow one_beat = packet(500, 64);
  ++one_beat.steer;
  checker.row(one_beat);
  EXPECT_EQ(checker.violations(), 2u);
}

TEST(TimingLatency, IsOneThatFitsAllPackets) {
  TimingChecker checker({});
  checker.row(packet(100, 128));
  PacketRow later = packet(200, 128);
  later.steer += 2;  // one beat may be explained, two not
  checker.row(later);
  EXPECT_EQ(checker.violations(), 1u);
}

TEST(TimingLatency, MayBeLongerWhereAHomeAddressIsLookedFor) {
  TimingChecker checker({});
  checker.row(packet(100));
  PacketRow searched = packet(200, 128);
  searched.searched = true;
  searched.steer += 40;
  checker.row(searched);
  PacketRow behind = packet(210);  // came in before the searched one came out
  behind.steer = searched.steer + 1;
  checker.row(behind);
  EXPECT_EQ(checker.violations(), 0u);
  PacketRow alone = packet(behind.steer);
  ++alone.steer;
  checker.row(alone);
  EXPECT_EQ(checker.violations(), 1u);
  PacketRow never = packet(400, 128);
  never.searched = true;
  never.steer += 50;
  checker.row(never);
  EXPECT_EQ(checker.violations(), 2u);
}

TEST(TimingLatency, IsNeverShorterForASearch) {
  TimingChecker checker({});
  checker.row(packet(100));
  PacketRow searched = packet(200, 128);
  searched.searched = true;
  --searched.steer;
  checker.row(searched);
  EXPECT_EQ(checker.violations(), 1u);
}

TEST(TimingLatency, IsCheckedOfDroppedPacketsToo) {
  TimingChecker checker({});
  checker.row(packet(100));
  PacketRow fast = packet(200);
  --fast.steer;
  fast.dropped = DropReason::no_queue;
  checker.row(fast);
  EXPECT_EQ(checker.violations(), 1u);
}

TEST(TimingLatency, MayVaryWhereTheDispatcherHoldsThePipelineUp) {
  TimingParameters parameters;
  parameters.constant_latency = false;
  TimingChecker checker(parameters);
  checker.row(packet(100));
  PacketRow slow = packet(200);
  slow.steer += 40;
  checker.row(slow);
  EXPECT_EQ(checker.violations(), 0u);
}

// ---- the bounds of the whole

TEST(TimingBounds, BeatsLimitANarrowDataPath) {
  TimingParameters parameters;
  parameters.bus_bytes_per_cycle = 8;
  // 100 frames of 64 bytes: 8 beats each. The link needs (64 + 20 + 24 + 8) * 100 / 126 = 92 cycles, the ring none.
  EXPECT_EQ(fed(parameters, 100, 64, 8).lower_bound(), 800u);
  // Twice that, one round of the ring (9 * 62 + 3 * 64), the first fetches (257 reads of 124 cycles over 64 tags),
  // 4000.
  EXPECT_EQ(fed(parameters, 100, 64, 8).upper_bound(), 1600u + 750 + 497 + 4000);
}

TEST(TimingBounds, TheLinkLimitsLongFrames) {
  TimingParameters parameters;
  parameters.link_bytes_per_cycle = 2;
  // With its header a packet has 1024 bytes in 4 TLPs of 256, each with 24 bytes of overhead, and a used entry of 8:
  // 1128 bytes. Beats: 16 a packet.
  EXPECT_EQ(fed(parameters, 10, 1004, 16).lower_bound(), 5640u);
  // One byte more takes a fifth TLP.
  EXPECT_EQ(fed(parameters, 10, 1005, 16).lower_bound(), 5765u);
  // In buffers of 512 bytes it takes a second used entry.
  parameters.buffer_bytes = 512;
  EXPECT_EQ(fed(parameters, 10, 1004, 16).lower_bound(), 5680u);
  // Without the hash report the header has 12 bytes.
  parameters.header_bytes = 12;
  EXPECT_EQ(fed(parameters, 10, 1004, 16).lower_bound(), 5640u);
}

TEST(TimingBounds, ASmallRingLimitsItsQueue) {
  TimingParameters parameters;
  parameters.ring_buffers = 4;
  // 10 buffers go three times round; between two rounds lie 7 latencies of 62 cycles.
  EXPECT_EQ(fed(parameters, 10, 60, 1).lower_bound(), 868u);
  EXPECT_EQ(fed(parameters, 10, 60, 1).upper_bound(), 2u * 868 + 3 * 750 + 17 + 4000);
  // The first fill of the ring costs nothing; 8 buffers take one more, 9 two.
  EXPECT_EQ(fed(parameters, 8, 60, 1).lower_bound(), 434u);
  EXPECT_EQ(fed(parameters, 9, 60, 1).lower_bound(), 868u);
  // The fullest queue counts: 5 buffers each on two.
  EXPECT_EQ(fed(parameters, 10, 60, 1, 0, 2).lower_bound(), 434u);
  EXPECT_EQ(fed(parameters, 10, 60, 1, 0, 2).upper_bound(), 2u * 434 + 4 * 750 + 17 + 4000);
  parameters.receive_queues = 1000;
  EXPECT_EQ(fed(parameters, 10, 60, 1).upper_bound(), 2u * 868 + 3 * 750 + 17437 + 4000)
      << "all queues are filled first";
}

TEST(TimingBounds, ReadsOneAfterTheOtherMakeARoundLonger) {
  TimingParameters parameters;
  parameters.ring_buffers = 4;
  parameters.round_latencies = 3;
  EXPECT_EQ(fed(parameters, 9, 60, 1).lower_bound(), 2u * 3 * 62);
  EXPECT_EQ(fed(parameters, 9, 60, 1).upper_bound(), 2u * 2 * 3 * 62 + 3 * (5 * 62 + 192) + 17 + 4000);
  parameters.chained_reads = 3;
  EXPECT_EQ(fed(parameters, 9, 60, 1).upper_bound(), 2u * 2 * 3 * 62 + 3 * (11 * 62 + 192) + 17 + 4000);
}

TEST(TimingBounds, ReadsForOneBufferAloneMayTakeTheirTime) {
  TimingParameters parameters;
  const Cycle before = fed(parameters, 10, 60, 1).upper_bound();
  parameters.own_reads = 4;
  // The first fetches: 1 + 6 * 128 reads instead of 1 + 2 * 128. Then 10 buffers, 8 at a time.
  EXPECT_EQ(fed(parameters, 10, 60, 1).upper_bound(), before - 497 + 1489 + 4 * 124 * 2);
  // On two queues of 5 buffers a queue is done at once, and the 64 tags are enough.
  EXPECT_EQ(fed(parameters, 10, 60, 1, 0, 2).upper_bound(), before - 497 + 1489 + 750 + 4 * 124);
  parameters.tags = 2;
  EXPECT_EQ(fed(parameters, 10, 60, 1, 0, 2).upper_bound(), before - 497 + 47678 + 750 + 4 * 124 * 5);
}

TEST(TimingBounds, PacketsThatWereNotDeliveredDoNotCount) {
  TimingParameters parameters;
  parameters.bus_bytes_per_cycle = 8;
  TimingChecker run = fed(parameters, 100, 64, 8, 5000);
  const Cycle total = run.total();
  PacketRow dropped = packet(9000, 6400, 90000);
  dropped.dropped = DropReason::filter;
  run.row(dropped);
  PacketRow lost = packet(9900, 6400, 90000);
  lost.lost = true;
  run.row(lost);
  EXPECT_EQ(run.lower_bound(), 800u);
  EXPECT_EQ(run.total(), total);
}

TEST(TimingTotal, GoesFromTheFirstIngressToTheLastDelivery) {
  TimingChecker checker({});
  checker.row(packet(100, 60, 900));
  checker.row(packet(101, 60, 700));  // another queue was faster
  EXPECT_EQ(checker.total(), 801u);
}

TEST(TimingTotal, BelowTheLowerBoundIsFound) {
  TimingParameters parameters;
  parameters.bus_bytes_per_cycle = 8;
  EXPECT_TRUE(fed(parameters, 100, 64, 8, 799).finish().empty());  // 800 cycles: 0 to 799
  TimingChecker fast = fed(parameters, 100, 64, 8, 798);
  ASSERT_EQ(fast.finish().size(), 1u);
  EXPECT_EQ(fast.violations(), 1u);
  parameters.back_to_back = false;
  EXPECT_EQ(fed(parameters, 100, 64, 8, 798).finish(),
            std::vector<std::string>{"799 cycles in all, at least 800 are needed"});
}

TEST(TimingTotal, AboveTheUpperBoundIsFoundWhenTheSourceAlwaysHasAFrame) {
  TimingParameters parameters;
  parameters.bus_bytes_per_cycle = 8;
  EXPECT_TRUE(fed(parameters, 100, 64, 8, 6846).finish().empty());
  EXPECT_EQ(fed(parameters, 100, 64, 8, 6847).finish(),
            std::vector<std::string>{"6848 cycles in all, at most 6847 are allowed"});
  parameters.back_to_back = false;
  EXPECT_TRUE(fed(parameters, 100, 64, 8, 1'000'000).finish().empty());
}

TEST(TimingTotal, ARunWithoutDeliveriesHasNone) {
  TimingChecker checker({});
  EXPECT_TRUE(checker.finish().empty());
  EXPECT_EQ(checker.total(), 0u);
  PacketRow dropped = packet(100);
  dropped.dropped = DropReason::filter;
  checker.row(dropped);
  EXPECT_TRUE(checker.finish().empty());
  EXPECT_EQ(checker.total(), 0u);
}

TEST(TimingParametersOf, ACardAndItsDriverAreTheirOwn) {
  CardParameters card;
  card.pcie.generation = 2;  // 5 GT/s with 8b/10b: half a byte per ns and lane
  card.pcie.lanes = 4;
  card.pcie.clock_mhz = 250;
  card.pcie.latency_cycles = 11;
  card.pcie.max_payload_bytes = 512;
  card.pcie.header_bytes = 28;
  DriverOptions driver;
  driver.ring_size = 64;
  driver.buffer_bytes = 1024;
  const TimingParameters timing = timing_parameters(card, driver);
  EXPECT_DOUBLE_EQ(timing.link_bytes_per_cycle, 4 * 0.5 * 4);
  EXPECT_EQ(timing.link_latency_cycles, 11u);
  EXPECT_EQ(timing.max_payload_bytes, 512u);
  EXPECT_EQ(timing.tlp_overhead_bytes, 28u);
  EXPECT_EQ(timing.ring_buffers, 64u);
  EXPECT_EQ(timing.buffer_bytes, 1024u);
  EXPECT_EQ(timing.header_bytes, 20u);
  EXPECT_TRUE(timing.constant_latency);
  driver.wanted &= ~VIRTIO_NET_F_HASH_REPORT;
  EXPECT_EQ(timing_parameters(card, driver).header_bytes, 12u);
  card.dispatch_cycles = 2;
  EXPECT_FALSE(timing_parameters(card, driver).constant_latency);
}

TEST(TimingParametersOf, RingsTakeTheReadsOfTheirFormat) {
  struct Case {
    FeatureBits features;
    unsigned segments, ring_buffers, round_latencies, chained_reads, own_reads;
  };
  constexpr FeatureBits kMergeable = VIRTIO_NET_F_MRG_RXBUF;
  for (const Case& c :
       {Case{kMergeable, 0, 64, 7, 0, 0}, Case{kMergeable | VIRTIO_F_RING_PACKED, 0, 64, 3, 0, 0},
        Case{0, 0, 16, 7, 3, 4}, Case{VIRTIO_F_INDIRECT_DESC, 0, 64, 9, 0, 1},
        Case{VIRTIO_F_RING_PACKED, 0, 16, 3, 0, 0}, Case{VIRTIO_F_RING_PACKED | VIRTIO_F_INDIRECT_DESC, 0, 64, 5, 0, 1},
        Case{0, 1, 64, 7, 0, 0}, Case{kMergeable, 3, 21, 7, 2, 3}}) {
    DriverOptions driver;
    driver.ring_size = 64;
    driver.wanted = VIRTIO_F_VERSION_1 | c.features;
    driver.buffer_segments = c.segments;
    const TimingParameters timing = timing_parameters({}, driver);
    EXPECT_EQ(timing.ring_buffers, c.ring_buffers) << feature_names(c.features);
    EXPECT_EQ(timing.round_latencies, c.round_latencies) << feature_names(c.features);
    EXPECT_EQ(timing.chained_reads, c.chained_reads) << feature_names(c.features);
    EXPECT_EQ(timing.own_reads, c.own_reads) << feature_names(c.features);
  }
}

TEST(TimingComplaints, AreAllCountedAndTheFirstKept) {
  TimingChecker checker({});
  for (unsigned i = 0; i < 100; ++i) checker.row(packet(5));  // all in the same cycle
  EXPECT_EQ(checker.violations(), 99u);
  const std::vector<std::string> kept = checker.finish();
  EXPECT_GE(kept.size(), 10u);
  EXPECT_LT(kept.size(), 99u);
}

}  // namespace
}  // namespace rssnic::check
