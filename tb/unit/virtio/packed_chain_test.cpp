// How descriptors of a packed ring and of its indirect tables become chains, and which end in which fault
// (virtio 1.4, 2.8.5 to 2.8.7, 2.8.17 to 2.8.19).
#include <gtest/gtest.h>

#include "tb/unit/virtio/packed_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0xfeed'0000'0000'0010;
constexpr unsigned kNext = RingDriver::kNext;
constexpr unsigned kWrite = RingDriver::kWrite;
constexpr unsigned kIndirect = RingDriver::kIndirect;
constexpr unsigned kAvail = PackedDriver::kAvail;
constexpr RingOptions kIndirectDesc{true, false};

RingFault fault_after_kick(PackedBench& bench) {
  bench.queue->kick();
  bench.fetch_all();
  return bench.queue->fault();
}

RingFault fault_of_table(PackedBench& bench, std::uint32_t bytes) {
  bench.driver.write_descriptor(0, bench.spare, bytes, 0, kIndirect | kAvail);
  return fault_after_kick(bench);
}

// D-PACKEDCHAIN-001, -003
TEST(PackedChain, PartsKeepTheirOrderAndTheIdIsThatOfTheLastDescriptor) {
  PackedBench bench(8);
  bench.driver.write_descriptor(0, kData, 12, 0xffff, kNext | kAvail);
  bench.driver.write_descriptor(1, kData + 100, 60, 3, kNext | kAvail);
  bench.driver.write_descriptor(2, kData + 200, 1, 4, kNext | kWrite | kAvail);
  bench.driver.write_descriptor(3, kData + 300, 4096, 5, kWrite | kAvail);
  bench.queue->kick();
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  const Chain chain = bench.queue->pop();
  EXPECT_EQ(chain.id, 5);
  EXPECT_EQ(chain.slots, 4);
  ASSERT_EQ(chain.readable.size(), 2u);
  ASSERT_EQ(chain.writable.size(), 2u);
  EXPECT_EQ(chain.readable[0].address, kData);
  EXPECT_EQ(chain.readable[1].address, kData + 100);
  EXPECT_EQ(chain.writable[0].length, 1u);
  EXPECT_EQ(chain.writable[1].address, kData + 300);
}

TEST(PackedChain, MayRunAcrossTheEndOfTheRing) {
  for (unsigned before = 0; before < 5; ++before) {
    PackedBench bench(5);
    for (unsigned i = 0; i < before; ++i) bench.driver.add({{kData, 1, true}});
    bench.publish_kick_fetch();
    while (bench.queue->chains_ready() > 0) bench.use();
    bench.driver.poll();
    const auto id = bench.driver.add({{kData, 1, false}, {kData, 2, false}, {kData, 4, true}, {kData, 8, true}});
    bench.publish_kick_fetch();
    ASSERT_EQ(bench.queue->chains_ready(), 1u) << before;
    const Chain chain = bench.use(12);
    EXPECT_EQ(chain.slots, 4);
    EXPECT_EQ(chain.readable_bytes(), 3u);
    EXPECT_EQ(chain.writable_bytes(), 12u);
    EXPECT_EQ(bench.driver.poll(), (std::vector<RingDriver::Used>{{id, 12}}));
    EXPECT_EQ(bench.driver.free_descriptors(), 5u);
  }
}

TEST(PackedChain, MayBeAsLongAsTheQueue) {
  for (const unsigned size : {1u, 2u, 3u, 33u, 257u}) {
    PackedBench bench(size);
    for (unsigned lap = 0; lap < 3; ++lap) {
      bench.driver.add(std::vector<BufferPart>(size, {kData, 3, false}));
      bench.publish_kick_fetch();
      ASSERT_EQ(bench.queue->chains_ready(), 1u) << size;
      EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 3u * size);
      EXPECT_EQ(bench.use().slots, size);
      bench.driver.poll();
    }
  }
}

TEST(PackedChain, EmptyPartsAndReservedFlagsAreIgnored) {
  PackedBench bench(4);
  bench.driver.write_descriptor(0, kData, 0, 0, kNext | kAvail);
  bench.driver.write_descriptor(1, kData, 5, 1, 0x7f78 | kWrite | kAvail);
  ASSERT_EQ(fault_after_kick(bench), RingFault::none);
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable.size(), 0u);
  EXPECT_EQ(bench.queue->chain(0).writable_bytes(), 5u);
}

// D-PACKEDINDIRECT-002, -003, -004: the driver writes noise into the fields that mean nothing.
TEST(PackedIndirect, EntriesAreUsedInTheirOrderAndOnlyWriteCounts) {
  for (const unsigned count : {1u, 2u, 31u, 32u, 33u, 100u}) {
    PackedBench bench(100, kIndirectDesc, 1600);
    std::vector<BufferPart> parts;
    for (unsigned i = 0; i < count; ++i) parts.push_back({kData + i, 1 + i, i >= count / 2});
    const auto id = bench.driver.add(parts, {bench.spare, 0, false});
    const auto fetches = bench.publish_kick_fetch();
    EXPECT_EQ(fetches.size(), 1 + (count + 31) / 32);
    ASSERT_EQ(bench.queue->chains_ready(), 1u);
    const Chain chain = bench.queue->pop();
    EXPECT_EQ(chain.id, id);
    EXPECT_EQ(chain.slots, 1);
    ASSERT_EQ(chain.readable.size(), count / 2);
    ASSERT_EQ(chain.writable.size(), count - count / 2);
    for (unsigned i = 0; i < count; ++i) {
      const Segment& segment = i < count / 2 ? chain.readable[i] : chain.writable[i - count / 2];
      EXPECT_EQ(segment.address, kData + i);
      EXPECT_EQ(segment.length, 1 + i);
    }
  }
}

TEST(PackedIndirect, FlagsOfEntriesOtherThanWriteMeanNothing) {
  PackedBench bench(8, kIndirectDesc, 64);
  bench.driver.write_entry(bench.spare, kData, 1, 0xffff, 0xffff & ~kWrite);
  bench.driver.write_entry(bench.spare + 16, kData, 2, 0xffff, 0xffff);
  bench.driver.write_entry(bench.spare + 32, kData, 4, 0, kWrite);
  ASSERT_EQ(fault_of_table(bench, 48), RingFault::none);
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 1u);
  EXPECT_EQ(bench.queue->chain(0).writable_bytes(), 6u);
}

// D-PACKEDINDIRECT-001
TEST(PackedIndirect, WriteFlagOfTheTableItselfIsIgnored) {
  for (const unsigned flags : {0u, kWrite}) {
    PackedBench bench(4, kIndirectDesc, 32);
    bench.driver.write_descriptor(0, bench.spare, 32, 2, kIndirect | kAvail | flags);
    bench.driver.write_entry(bench.spare, kData, 5, 0, 0);
    bench.driver.write_entry(bench.spare + 16, kData, 6, 0, kWrite);
    ASSERT_EQ(fault_after_kick(bench), RingFault::none);
    EXPECT_EQ(bench.queue->chain(0).id, 2);
    EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 5u);
    EXPECT_EQ(bench.queue->chain(0).writable_bytes(), 6u);
  }
}

// D-PACKEDINDIRECT-005
TEST(PackedIndirect, DirectAndIndirectBuffersMixAndKeepTheirOrder) {
  PackedBench bench(8, kIndirectDesc, 1024);
  const std::vector<BufferPart> three(3, {kData, 1, false});
  std::vector<std::uint16_t> ids;
  ids.push_back(bench.driver.add(three, {bench.spare, 0, false}));
  ids.push_back(bench.driver.add(three));
  ids.push_back(bench.driver.add(three, {bench.spare + 512, 0, false}));
  ids.push_back(bench.driver.add({{kData, 1, true}}));
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.next_fetch());
  const auto table = bench.next_fetch();
  const auto other_table = bench.next_fetch();
  ASSERT_TRUE(table && other_table);
  EXPECT_EQ(table->address, bench.spare);
  EXPECT_EQ(other_table->address, bench.spare + 512);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  bench.feed(*table);
  EXPECT_EQ(bench.queue->chains_ready(), 2u);
  EXPECT_FALSE(bench.queue->exhausted());
  bench.feed(*other_table);
  ASSERT_EQ(bench.queue->chains_ready(), 4u);
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(bench.queue->chain(i).id, ids[i]);
  for (const unsigned slots : {1u, 3u, 1u, 1u}) EXPECT_EQ(bench.use().slots, slots);
  EXPECT_EQ(bench.driver.poll().size(), 4u);
}

// G-PACKEDINDIRECT-001
TEST(PackedFault, IndirectWithoutTheFeature) {
  PackedBench bench(4, {}, 64);
  EXPECT_EQ(fault_of_table(bench, 16), RingFault::bad_indirect);
}

// G-PACKEDINDIRECT-002
TEST(PackedFault, IndirectWithinAListOfDescriptors) {
  PackedBench with_next(4, kIndirectDesc, 64);
  with_next.driver.write_descriptor(0, with_next.spare, 16, 0, kIndirect | kNext | kAvail);
  EXPECT_EQ(fault_after_kick(with_next), RingFault::bad_indirect);
  PackedBench at_the_end(4, kIndirectDesc, 64);
  at_the_end.driver.write_descriptor(0, kData, 16, 0, kNext | kAvail);
  at_the_end.driver.write_descriptor(1, at_the_end.spare, 16, 0, kIndirect | kAvail);
  EXPECT_EQ(fault_after_kick(at_the_end), RingFault::bad_indirect);
}

// G-PACKEDINDIRECT-003
TEST(PackedFault, TableLengthThatIsNoNumberOfEntriesOrMoreThanTheQueueHas) {
  for (const std::uint32_t bytes : {0u, 1u, 15u, 17u, 63u, 64u, 0xffff'fff0u, 16u << 16}) {
    PackedBench bench(3, kIndirectDesc, 128);
    EXPECT_EQ(fault_of_table(bench, bytes), RingFault::bad_indirect) << bytes;
  }
  PackedBench bench(3, kIndirectDesc, 128);
  EXPECT_EQ(fault_of_table(bench, 48), RingFault::none);
}

// G-PACKEDCHAIN-002
TEST(PackedFault, ReadablePartAfterAWritableOne) {
  for (const bool indirect : {false, true}) {
    PackedBench bench(4, kIndirectDesc, 64);
    bench.driver.add({{kData, 0, true}, {kData, 1, false}}, {indirect ? bench.spare : 0, 0, false});
    bench.publish_kick_fetch();
    EXPECT_EQ(bench.queue->fault(), RingFault::write_order);
  }
}

TEST(PackedFault, MoreThanFourGibibytes) {
  for (const bool indirect : {false, true}) {
    for (const std::uint32_t last : {1u, 2u}) {
      PackedBench bench(4, kIndirectDesc, 64);
      bench.driver.add({{kData, 0xffffffff, false}, {kData, last, true}}, {indirect ? bench.spare : 0, 0, false});
      bench.publish_kick_fetch();
      EXPECT_EQ(bench.queue->fault(), last == 1 ? RingFault::none : RingFault::too_long);
    }
  }
}

// G-PACKEDCHAIN-001
TEST(PackedFault, ChainThatGoesOnAfterAsManySlotsAsTheRingHas) {
  for (const unsigned size : {1u, 2u, 3u, 40u}) {
    PackedBench bench(size);
    for (unsigned slot = 0; slot < size; ++slot) bench.driver.write_descriptor(slot, kData, 1, 0, kNext | kAvail);
    EXPECT_EQ(fault_after_kick(bench), RingFault::loop) << size;
  }
}

// G-PACKEDCHAIN-003, -006
TEST(PackedFault, ChainThatGoesOnAtASlotThatIsNotAvailable) {
  PackedBench bench(4);
  bench.driver.write_descriptor(0, kData, 1, 0, kNext | kAvail);
  bench.driver.write_descriptor(1, kData, 1, 0, 0);
  EXPECT_EQ(fault_after_kick(bench), RingFault::incomplete_chain);
}

TEST(PackedFault, SlotThatIsAvailableAgainBeforeItWasReturned) {
  for (const unsigned size : {1u, 2u, 5u}) {
    PackedBench bench(size);
    for (unsigned i = 0; i < size; ++i) bench.driver.add({{kData, 1, true}});
    bench.publish_kick_fetch();
    bench.driver.write_descriptor(0, kData, 1, 0, PackedDriver::kUsed);  // as in the second lap
    EXPECT_EQ(fault_after_kick(bench), RingFault::too_many_available) << size;
  }
}

TEST(PackedFault, BufferIdOutOfRange) {
  for (const unsigned id : {3u, 4u, 0xffffu}) {
    for (const bool indirect : {false, true}) {
      PackedBench bench(3, kIndirectDesc, 64);
      bench.driver.write_descriptor(0, bench.spare, 16, id, (indirect ? kIndirect : 0) | kAvail);
      EXPECT_EQ(fault_after_kick(bench), RingFault::head_out_of_range) << id;
    }
  }
}

TEST(PackedFault, AfterAFaultTheQueueWantsAndGivesNothing) {
  PackedBench bench(8, {true, true}, 64);
  for (unsigned i = 0; i < 3; ++i) bench.driver.add({{kData, 1, true}});
  bench.publish_kick_fetch();
  const Chain chain = bench.queue->pop();
  bench.driver.write_descriptor(3, kData, 1, 8, kAvail);
  bench.queue->kick();
  const auto look = bench.next_fetch();
  ASSERT_TRUE(look.has_value());
  bench.queue->kick();
  bench.feed(*look);
  ASSERT_EQ(bench.queue->fault(), RingFault::head_out_of_range);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  bench.queue->push({chain.id, 1, 1});
  bench.queue->kick();
  EXPECT_FALSE(bench.queue->next_fetch(8).has_value());
  EXPECT_FALSE(bench.queue->event_store().has_value());
  EXPECT_FALSE(bench.queue->next_store().has_value());
  EXPECT_FALSE(bench.interrupt());
  EXPECT_TRUE(bench.queue->drained());
  EXPECT_TRUE(bench.queue->exhausted());
  bench.queue->fail(RingFault::bus_error);
  EXPECT_EQ(bench.queue->fault(), RingFault::head_out_of_range);  // the first one stands
}

TEST(PackedFault, FetchesStillOutstandingAreTakenAndIgnored) {
  PackedBench bench(128, kIndirectDesc, 64);
  for (unsigned i = 0; i < 100; ++i) bench.driver.add({{kData, 1, true}}, {i == 0 ? bench.spare : 0, 0, false});
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.next_fetch());
  const auto table = bench.next_fetch();
  const auto look = bench.next_fetch();
  ASSERT_TRUE(table && look);
  bench.queue->fail(RingFault::bus_error);
  bench.feed(*table);
  bench.feed(*look);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  EXPECT_EQ(bench.queue->fault(), RingFault::bus_error);
}

}  // namespace
}  // namespace rssnic
