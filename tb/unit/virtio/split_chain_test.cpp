// How descriptors become chains, and which rings end in which fault (virtio 1.4, 2.7.4, 2.7.5, 2.7.6).
#include <gtest/gtest.h>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0xfeed'0000'0000'0010;
constexpr unsigned kNext = SplitDriver::kNext;
constexpr unsigned kWrite = SplitDriver::kWrite;
constexpr unsigned kIndirect = SplitDriver::kIndirect;

// One buffer whose head is descriptor 0; the test wrote the table.
RingFault fault_of_head_0(SplitBench& bench) {
  bench.driver.write_avail_entry(0, 0);
  bench.driver.write_avail_index(1);
  bench.queue->kick();
  bench.fetch_all();
  return bench.queue->fault();
}

TEST(SplitChain, ReadableAndWritablePartsKeepTheirOrder) {
  SplitBench bench(8);
  bench.driver.add({{kData, 12, false}, {kData + 100, 60, false}, {kData + 200, 1, true}, {kData + 300, 4096, true}});
  bench.publish_kick_fetch();
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 72u);
  const Chain chain = bench.queue->pop();
  EXPECT_EQ(chain.slots, 1);
  ASSERT_EQ(chain.readable.size(), 2u);
  ASSERT_EQ(chain.writable.size(), 2u);
  EXPECT_EQ(chain.readable[0].address, kData);
  EXPECT_EQ(chain.readable[1].address, kData + 100);
  EXPECT_EQ(chain.writable[0].address, kData + 200);
  EXPECT_EQ(chain.writable[1].length, 4096u);
  EXPECT_EQ(chain.readable_bytes(), 72u);
  EXPECT_EQ(chain.writable_bytes(), 4097u);
}

// D-SPLITFRAMING-001: the same 20 bytes in every cut into three parts, empty ones included.
TEST(SplitChain, AnyFramingGivesTheSameBytes) {
  for (std::uint32_t a = 0; a <= 20; ++a) {
    for (std::uint32_t b = 0; a + b <= 20; ++b) {
      SplitBench bench(4);
      bench.driver.add({{kData, a, true}, {kData + a, b, true}, {kData + a + b, 20 - a - b, true}});
      bench.publish_kick_fetch();
      ASSERT_EQ(bench.queue->chains_ready(), 1u);
      const Chain chain = bench.queue->pop();
      std::uint64_t next = kData;
      for (const Segment& segment : chain.writable) {
        EXPECT_EQ(segment.address, next);
        EXPECT_GT(segment.length, 0u);
        next += segment.length;
      }
      EXPECT_EQ(next, kData + 20);
    }
  }
}

TEST(SplitChain, BufferOfNoLengthIsReadyAndEmpty) {
  SplitBench bench(4);
  bench.driver.add({{kData, 0, false}, {kData, 0, true}});
  bench.publish_kick_fetch();
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes() + bench.queue->chain(0).writable_bytes(), 0u);
}

// D-SPLITFRAMING-002, G-SPLITINDIRECT-002
TEST(SplitChain, MayBeAsLongAsTheQueue) {
  for (const unsigned size : {1u, 2u, 256u, 32768u}) {
    SplitBench bench(size);
    bench.driver.add(std::vector<BufferPart>(size, {kData, 3, false}));
    bench.publish_kick_fetch();
    ASSERT_EQ(bench.queue->chains_ready(), 1u) << size;
    EXPECT_EQ(bench.queue->chain(0).readable.size(), size);
    EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 3u * size);
  }
}

TEST(SplitChain, MayStartAnywhereAndRunBackwards) {
  SplitBench bench(4);
  bench.driver.write_descriptor(2, kData + 2, 2, kNext, 1);
  bench.driver.write_descriptor(1, kData + 1, 1, kNext, 3);
  bench.driver.write_descriptor(3, kData + 3, 3, 0, 0);
  bench.driver.write_avail_entry(0, 2);
  bench.driver.write_avail_index(1);
  bench.queue->kick();
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  const Chain chain = bench.queue->pop();
  EXPECT_EQ(chain.id, 2);
  ASSERT_EQ(chain.readable.size(), 3u);
  EXPECT_EQ(chain.readable[1].address, kData + 1);
  EXPECT_EQ(chain.readable[2].address, kData + 3);
}

TEST(SplitChain, ReservedDescriptorFlagsAndTheNextOfALastDescriptorAreIgnored) {
  SplitBench bench(2);
  bench.driver.write_descriptor(0, kData, 5, 0xfff8 | kWrite, 0xffff);
  ASSERT_EQ(fault_of_head_0(bench), RingFault::none);
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).writable_bytes(), 5u);
}

// G-SPLITDESC-001
TEST(SplitChain, ExactlyFourGibibytesAreAllowed) {
  SplitBench bench(4);
  bench.driver.add({{kData, 0xffffffff, false}, {kData, 1, true}});
  bench.publish_kick_fetch();
  ASSERT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 0xffffffffu);
}

TEST(SplitFault, MoreThanFourGibibytes) {
  SplitBench bench(4);
  bench.driver.add({{kData, 0xffffffff, false}, {kData, 2, true}});
  bench.publish_kick_fetch();
  EXPECT_EQ(bench.queue->fault(), RingFault::too_long);
}

TEST(SplitFault, HeadOutOfRange) {
  for (const unsigned head : {8u, 9u, 0xffffu}) {
    SplitBench bench(8);
    bench.driver.write_avail_entry(0, static_cast<std::uint16_t>(head));
    bench.driver.write_avail_index(1);
    bench.queue->kick();
    bench.fetch_all();
    EXPECT_EQ(bench.queue->fault(), RingFault::head_out_of_range) << head;
  }
}

TEST(SplitFault, NextOutOfRange) {
  for (const unsigned next : {8u, 0xffffu}) {
    SplitBench bench(8);
    bench.driver.write_descriptor(0, kData, 1, kNext, next);
    EXPECT_EQ(fault_of_head_0(bench), RingFault::next_out_of_range) << next;
  }
}

// G-SPLITDESC-001: loops of every length end once as many descriptors as the queue has were read, not later.
TEST(SplitFault, Loop) {
  for (const unsigned size : {1u, 2u, 8u, 32768u}) {
    for (unsigned length = 1; length <= size; length = length < 2 ? 2 : length * length) {
      SplitBench bench(size);
      for (unsigned i = 0; i < length; ++i) bench.driver.write_descriptor(i, kData, 1, kNext, (i + 1) % length);
      bench.driver.write_avail_entry(0, 0);
      bench.driver.write_avail_index(1);
      bench.queue->kick();
      EXPECT_EQ(bench.fetch_all().size(), 2 + size) << size << ' ' << length;
      EXPECT_EQ(bench.queue->fault(), RingFault::loop) << size << ' ' << length;
    }
  }
}

// G-SPLITFRAMING-001: also when the part that comes too late is empty.
TEST(SplitFault, ReadablePartAfterAWritableOne) {
  for (const std::uint32_t late_length : {0u, 1u}) {
    for (const std::uint32_t early_length : {0u, 1u}) {
      SplitBench bench(4);
      bench.driver.add({{kData, 1, false}, {kData, early_length, true}, {kData, late_length, false}});
      bench.publish_kick_fetch();
      EXPECT_EQ(bench.queue->fault(), RingFault::write_order);
    }
  }
}

// G-SPLITINDIRECT-001: without the feature the flag is a fault wherever it stands.
TEST(SplitFault, IndirectDescriptor) {
  for (const unsigned flags : {kIndirect, kIndirect | kWrite, kIndirect | kNext}) {
    SplitBench bench(4);
    bench.driver.write_descriptor(0, kData, 16, flags, 1);
    EXPECT_EQ(fault_of_head_0(bench), RingFault::bad_indirect);
  }
  SplitBench bench(4);
  bench.driver.write_descriptor(0, kData, 16, kNext, 1);
  bench.driver.write_descriptor(1, kData, 16, kIndirect, 0);
  EXPECT_EQ(fault_of_head_0(bench), RingFault::bad_indirect);
}

// G-SPLITAVAIL-001
TEST(SplitFault, MoreAvailableThanTheQueueHolds) {
  for (const unsigned size : {1u, 8u, 32768u}) {
    SplitBench bench(size);
    bench.driver.write_avail_index(static_cast<std::uint16_t>(size + 1));
    bench.queue->kick();
    bench.fetch_all(0);
    EXPECT_EQ(bench.queue->fault(), RingFault::too_many_available) << size;
  }
}

TEST(SplitFault, MoreAvailableThanTheQueueHoldsCountsBuffersThatAreNotReturned) {
  SplitBench bench(4);
  for (unsigned i = 0; i < 4; ++i) bench.driver.add({{kData, 1, true}});
  bench.publish_kick_fetch();
  bench.use();
  const Chain held = bench.queue->pop();
  bench.driver.write_avail_index(5);  // one returned, one more: within the rules
  bench.queue->kick();
  bench.fetch_all();
  EXPECT_EQ(bench.queue->fault(), RingFault::none);
  bench.queue->push({held.id, 0, 1});  // not published: the driver cannot know
  bench.driver.write_avail_index(6);
  bench.queue->kick();
  bench.fetch_all();
  EXPECT_EQ(bench.queue->fault(), RingFault::too_many_available);
}

// G-SPLITAVAIL-001
TEST(SplitFault, AvailableIndexMovesBackwards) {
  for (const unsigned size : {2u, 256u, 32768u}) {
    SplitBench bench(size);
    bench.driver.write_avail_index(2);
    bench.queue->kick();
    bench.fetch_all(0);
    bench.driver.write_avail_index(1);
    bench.queue->kick();
    bench.fetch_all(0);
    EXPECT_EQ(bench.queue->fault(), RingFault::too_many_available) << size;
  }
}

TEST(SplitFault, UnchangedAvailableIndexIsNone) {
  SplitBench bench(8);
  bench.driver.add({{kData, 1, true}});
  for (unsigned i = 0; i < 3; ++i) bench.publish_kick_fetch();
  EXPECT_EQ(bench.queue->fault(), RingFault::none);
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(SplitFault, AfterAFaultTheQueueWantsAndGivesNothing) {
  SplitBench bench(8);
  for (unsigned i = 0; i < 3; ++i) bench.driver.add({{kData, 1, true}});
  bench.publish_kick_fetch();
  const Chain chain = bench.queue->pop();
  bench.driver.write_avail_entry(3, 8);
  bench.driver.write_avail_index(4);
  bench.queue->kick();
  bench.fetch_all();
  ASSERT_EQ(bench.queue->fault(), RingFault::head_out_of_range);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  bench.queue->push({chain.id, 1, 1});
  bench.queue->kick();
  EXPECT_FALSE(bench.queue->next_fetch(SplitBench::kNoLimit).has_value());
  EXPECT_FALSE(bench.queue->next_store().has_value());
  EXPECT_FALSE(bench.interrupt());
  EXPECT_TRUE(bench.queue->drained());
}

TEST(SplitFault, FetchesStillOutstandingAreTakenAndIgnored) {
  SplitBench bench(64);
  for (unsigned i = 0; i < 64; ++i) bench.driver.add({{kData, 1, true}});
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(64));
  const auto entries = bench.queue->next_fetch(64);
  const auto more_entries = bench.queue->next_fetch(64);
  bench.feed(*entries);
  const auto descriptors = bench.queue->next_fetch(64);
  bench.queue->kick();
  const auto index = bench.queue->next_fetch(64);
  bench.queue->fail(RingFault::bus_error);
  for (const auto& fetch : {more_entries, descriptors, index}) {
    ASSERT_TRUE(fetch.has_value());
    bench.feed(*fetch);
  }
  EXPECT_EQ(bench.queue->fault(), RingFault::bus_error);
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
}

TEST(SplitFault, FirstFaultStands) {
  SplitBench bench(8);
  bench.driver.write_avail_index(9);
  bench.queue->kick();
  bench.fetch_all();
  bench.queue->fail(RingFault::bus_error);
  EXPECT_EQ(bench.queue->fault(), RingFault::too_many_available);
}

TEST(SplitFault, EveryFaultHasAName) {
  EXPECT_STREQ(to_string(RingFault::none), "none");
  EXPECT_STREQ(to_string(RingFault::head_out_of_range), "head_out_of_range");
  EXPECT_STREQ(to_string(RingFault::next_out_of_range), "next_out_of_range");
  EXPECT_STREQ(to_string(RingFault::loop), "loop");
  EXPECT_STREQ(to_string(RingFault::too_many_available), "too_many_available");
  EXPECT_STREQ(to_string(RingFault::incomplete_chain), "incomplete_chain");
  EXPECT_STREQ(to_string(RingFault::write_order), "write_order");
  EXPECT_STREQ(to_string(RingFault::bad_indirect), "bad_indirect");
  EXPECT_STREQ(to_string(RingFault::too_long), "too_long");
  EXPECT_STREQ(to_string(RingFault::bus_error), "bus_error");
}

}  // namespace
}  // namespace rssnic
