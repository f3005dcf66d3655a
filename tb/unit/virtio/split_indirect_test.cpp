// Indirect descriptor tables of split rings (virtio 1.4, 2.7.5.3): how they are read, and which end in which fault.
#include <gtest/gtest.h>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0xfeed'0000'0000'0010;
constexpr unsigned kNext = RingDriver::kNext;
constexpr unsigned kWrite = RingDriver::kWrite;
constexpr unsigned kIndirect = RingDriver::kIndirect;
constexpr RingOptions kIndirectDesc{true, false};

// One buffer whose head is descriptor 0; the test wrote the table.
RingFault fault_of_head_0(SplitBench& bench) {
  bench.driver.write_avail_entry(0, 0);
  bench.driver.write_avail_index(1);
  bench.queue->kick();
  bench.fetch_all();
  return bench.queue->fault();
}

// One buffer that is a table of that many bytes; the test wrote its entries.
RingFault fault_of_table(SplitBench& bench, std::uint32_t bytes) {
  bench.driver.write_descriptor(0, bench.spare, bytes, kIndirect, 0);
  return fault_of_head_0(bench);
}

std::vector<BufferPart> parts_of(std::size_t count) {
  std::vector<BufferPart> parts;
  for (std::size_t i = 0; i < count; ++i) {
    parts.push_back({kData + 4096 * i, static_cast<std::uint32_t>(1 + i), i >= count / 2});
  }
  return parts;
}

void expect_parts(const Chain& chain, const std::vector<BufferPart>& parts) {
  ASSERT_EQ(chain.readable.size() + chain.writable.size(), parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    ASSERT_EQ(parts[i].writable, i >= chain.readable.size());
    const Segment& segment = parts[i].writable ? chain.writable[i - chain.readable.size()] : chain.readable[i];
    EXPECT_EQ(segment.address, parts[i].address);
    EXPECT_EQ(segment.length, parts[i].length);
  }
}

// D-SPLITINDIRECT-003
TEST(SplitIndirect, ChainBeginsAtEntry0AndFollowsNextWithinTheTable) {
  for (const bool scattered : {false, true}) {
    SplitBench bench(8, kIndirectDesc, 128);
    const auto parts = parts_of(7);
    const std::uint16_t head = bench.driver.add(parts, {bench.spare, 0, scattered});
    bench.publish_kick_fetch();
    ASSERT_EQ(bench.queue->chains_ready(), 1u);
    const Chain chain = bench.queue->pop();
    EXPECT_EQ(chain.id, head);
    EXPECT_EQ(chain.slots, 1);
    expect_parts(chain, parts);
  }
}

TEST(SplitIndirect, EntriesBehindTheEndOfTheChainAreNotLookedAt) {
  SplitBench bench(8, kIndirectDesc, 64);
  bench.driver.write_entry(bench.spare, 0, kData, 5, kNext, 2);
  bench.driver.write_entry(bench.spare, 1, kData, 5, 0xffff, 0xffff);
  bench.driver.write_entry(bench.spare, 2, kData + 1, 6, 0, 0xffff);
  ASSERT_EQ(fault_of_table(bench, 64), RingFault::none);
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 11u);
}

// D-SPLITINDIRECT-001
TEST(SplitIndirect, WriteFlagOfTheTableItselfIsIgnored) {
  for (const unsigned flags : {kIndirect, kIndirect | kWrite}) {
    SplitBench bench(4, kIndirectDesc, 32);
    bench.driver.write_descriptor(0, bench.spare, 32, flags, 0);
    bench.driver.write_entry(bench.spare, 0, kData, 5, kNext, 1);
    bench.driver.write_entry(bench.spare, 1, kData, 6, kWrite, 0);
    ASSERT_EQ(fault_of_head_0(bench), RingFault::none);
    EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 5u);
    EXPECT_EQ(bench.queue->chain(0).writable_bytes(), 6u);
  }
}

// D-SPLITINDIRECT-002
TEST(SplitIndirect, AnyNumberOfDirectDescriptorsMayPrecedeTheTable) {
  for (std::size_t direct = 0; direct <= 5; ++direct) {
    SplitBench bench(8, kIndirectDesc, 128);
    const auto parts = parts_of(8);
    bench.driver.add(parts, {bench.spare, direct, false});
    bench.publish_kick_fetch();
    ASSERT_EQ(bench.queue->chains_ready(), 1u) << direct;
    expect_parts(bench.queue->chain(0), parts);
  }
}

TEST(SplitIndirect, TableIsReadInPiecesOfAtMost512Bytes) {
  SplitBench bench(128, kIndirectDesc, 16 * 128);
  const auto parts = parts_of(128);
  bench.driver.add(parts, {bench.spare, 0, false});
  const auto fetches = bench.publish_kick_fetch();
  ASSERT_EQ(fetches.size(), 3 + 4u);
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(fetches[3 + i].address, bench.spare + 512 * i);
    EXPECT_EQ(fetches[3 + i].length, 512u);
  }
  expect_parts(bench.queue->chain(0), parts);
}

TEST(SplitIndirect, OfTheTableNoMoreIsReadThanItHolds) {
  SplitBench bench(128, kIndirectDesc, 16 * 33);
  bench.driver.add(parts_of(33), {bench.spare, 0, false});
  EXPECT_EQ(bench.publish_kick_fetch().back().length, 16u);
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(SplitIndirect, TablesOfSeveralBuffersAreOutstandingTogetherAndBuffersKeepTheirOrder) {
  SplitBench bench(64, kIndirectDesc, 2048);
  const auto first = bench.driver.add(parts_of(40), {bench.spare, 0, false});
  const auto second = bench.driver.add(parts_of(3), {bench.spare + 1024, 0, false});
  const auto third = bench.driver.add(parts_of(1));
  bench.driver.publish();
  bench.queue->kick();
  for (unsigned i = 0; i < 3; ++i) bench.feed(*bench.next_fetch());  // index, entries, descriptors
  const auto first_piece = bench.next_fetch();
  const auto other_table = bench.next_fetch();
  ASSERT_TRUE(first_piece && other_table);
  EXPECT_EQ(other_table->address, bench.spare + 1024);
  bench.feed(*first_piece);
  bench.feed(*other_table);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);  // two are complete, but the first is not
  EXPECT_FALSE(bench.queue->exhausted());
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 3u);
  for (const auto id : {first, second, third}) EXPECT_EQ(bench.queue->pop().id, id);
}

// The second piece of the table begins at entry 32 while the first buffer goes on at the ring's descriptor 31.
TEST(SplitIndirect, PieceOfATableIsNotTakenForANeighbourInTheRing) {
  SplitBench bench(64, kIndirectDesc, 16 * 40);
  bench.driver.write_descriptor(5, kData, 1, kNext, 6);
  bench.driver.write_descriptor(6, kData, 1, kNext, 31);
  bench.driver.write_descriptor(31, kData, 1, 0, 0);
  bench.driver.write_descriptor(0, bench.spare, 16 * 40, kIndirect, 0);
  for (unsigned i = 0; i < 40; ++i) bench.driver.write_entry(bench.spare, i, kData, 1, i < 39 ? kNext : 0, i + 1);
  bench.driver.write_avail_entry(0, 5);
  bench.driver.write_avail_entry(1, 0);
  bench.driver.write_avail_index(2);
  bench.queue->kick();
  bench.feed(*bench.next_fetch());
  bench.feed(*bench.next_fetch());
  for (unsigned step = 0; step < 3; ++step) {
    const auto of_the_ring = bench.next_fetch();
    const auto of_the_other = bench.next_fetch();
    ASSERT_TRUE(of_the_ring && of_the_other);
    EXPECT_EQ(of_the_ring->length, 16u);
    bench.feed(*of_the_ring);
    bench.feed(*of_the_other);
  }
  EXPECT_EQ(bench.queue->chains_ready(), 2u);
}

TEST(SplitIndirect, TableMayLieAnywhereModuloTwoToThe64) {
  SplitBench bench(64, kIndirectDesc);
  bench.driver.write_descriptor(0, ~std::uint64_t{0} - 511, 16 * 40, kIndirect, 0);
  bench.driver.write_avail_index(1);
  bench.queue->kick();
  for (unsigned i = 0; i < 3; ++i) bench.feed(*bench.next_fetch());
  const auto piece = bench.next_fetch();
  EXPECT_EQ(piece->address, ~std::uint64_t{0} - 511);
  std::vector<std::uint8_t> entries(512);
  for (unsigned i = 0; i < 32; ++i) {
    store_le16(&entries[16 * i + 12], kNext);
    store_le16(&entries[16 * i + 14], static_cast<std::uint16_t>(i + 1));
  }
  bench.queue->fed(*piece, {entries.data(), entries.size()});
  EXPECT_EQ(bench.next_fetch()->address, 0u);
}

// G-SPLITINDIRECT-003
TEST(SplitIndirectFault, NextTogetherWithIndirect) {
  SplitBench bench(4, kIndirectDesc, 64);
  bench.driver.write_descriptor(0, bench.spare, 16, kIndirect | kNext, 1);
  EXPECT_EQ(fault_of_head_0(bench), RingFault::bad_indirect);
}

// G-SPLITINDIRECT-001
TEST(SplitIndirectFault, TableWithinATable) {
  SplitBench bench(4, kIndirectDesc, 64);
  bench.driver.write_entry(bench.spare, 0, kData, 16, kNext, 1);
  bench.driver.write_entry(bench.spare, 1, bench.spare + 32, 16, kIndirect, 0);
  EXPECT_EQ(fault_of_table(bench, 32), RingFault::bad_indirect);
}

TEST(SplitIndirectFault, TableLengthThatIsNoNumberOfEntriesOrMoreThanTheQueueHas) {
  for (const std::uint32_t bytes : {0u, 1u, 15u, 17u, 63u, 80u, 0xffff'fff0u, 16u << 16}) {
    SplitBench bench(4, kIndirectDesc, 128);
    EXPECT_EQ(fault_of_table(bench, bytes), RingFault::bad_indirect) << bytes;
  }
  SplitBench bench(4, kIndirectDesc, 128);
  EXPECT_EQ(fault_of_table(bench, 64), RingFault::none);
}

TEST(SplitIndirectFault, LoopInATableEndsAfterAsManyEntriesAsTheQueueHas) {
  for (unsigned length = 1; length <= 64; length *= 4) {
    SplitBench bench(64, kIndirectDesc, 1024);
    for (unsigned i = 0; i < length; ++i) bench.driver.write_entry(bench.spare, i, kData, 1, kNext, (i + 1) % length);
    EXPECT_EQ(fault_of_table(bench, 1024), RingFault::loop) << length;
  }
}

// G-SPLITINDIRECT-002
TEST(SplitIndirectFault, DirectDescriptorsAndTableTogetherLongerThanTheQueue) {
  for (const std::size_t excess : {0u, 1u}) {
    SplitBench bench(8, kIndirectDesc, 128);
    bench.driver.add(std::vector<BufferPart>(8 + excess, {kData, 1, false}), {bench.spare, 3, false});
    bench.publish_kick_fetch();
    EXPECT_EQ(bench.queue->fault(), excess == 0 ? RingFault::none : RingFault::loop);
  }
  SplitBench bench(2, kIndirectDesc, 16);  // nothing may follow: the ring's own descriptors are as many as allowed
  bench.driver.write_descriptor(0, kData, 1, kNext, 1);
  bench.driver.write_descriptor(1, bench.spare, 16, kIndirect, 0);
  EXPECT_EQ(fault_of_head_0(bench), RingFault::none);
}

TEST(SplitIndirectFault, NextOutsideOfTheTable) {
  for (const unsigned next : {2u, 3u, 0xffffu}) {
    SplitBench bench(8, kIndirectDesc, 128);
    bench.driver.write_entry(bench.spare, 0, kData, 1, kNext, next);
    EXPECT_EQ(fault_of_table(bench, 32), RingFault::next_out_of_range) << next;
  }
}

TEST(SplitIndirectFault, ReadableEntryAfterAWritableOne) {
  SplitBench in_table(8, kIndirectDesc, 128);
  in_table.driver.add({{kData, 1, true}, {kData, 1, false}}, {in_table.spare, 0, false});
  in_table.publish_kick_fetch();
  EXPECT_EQ(in_table.queue->fault(), RingFault::write_order);
  SplitBench across(8, kIndirectDesc, 128);
  across.driver.add({{kData, 1, true}, {kData, 1, false}}, {across.spare, 1, false});
  across.publish_kick_fetch();
  EXPECT_EQ(across.queue->fault(), RingFault::write_order);
}

TEST(SplitIndirectFault, MoreThanFourGibibytes) {
  for (const std::uint32_t last : {1u, 2u}) {
    SplitBench bench(8, kIndirectDesc, 128);
    bench.driver.add({{kData, 0x80000000, false}, {kData, 0x7fffffff, false}, {kData, last, true}},
                     {bench.spare, 1, false});
    bench.publish_kick_fetch();
    EXPECT_EQ(bench.queue->fault(), last == 1 ? RingFault::none : RingFault::too_long);
  }
}

}  // namespace
}  // namespace rssnic
