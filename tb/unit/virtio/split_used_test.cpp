// What a split virtqueue writes, and when the driver is to be notified (virtio 1.4, 2.7.7, 2.7.8, 2.7.10).
#include <gtest/gtest.h>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0x4000;

std::vector<std::uint16_t> make_ready(SplitBench& bench, unsigned count) {
  std::vector<std::uint16_t> heads;
  for (unsigned i = 0; i < count; ++i) heads.push_back(bench.driver.add({{kData, 64, true}}));
  bench.publish_kick_fetch();
  return heads;
}

std::vector<UsedEntry> pop_all(SplitBench& bench) {
  std::vector<UsedEntry> entries;
  while (bench.queue->chains_ready() > 0) {
    const Chain chain = bench.queue->pop();
    entries.push_back({chain.id, 0, chain.slots});
  }
  return entries;
}

// D-SPLITUSED-001, D-SPLITUSED-004, D-SPLITUSED-005
TEST(SplitUsed, EntryOf32BitIdAndLengthIsWrittenBeforeTheIndex) {
  SplitBench bench(512);
  make_ready(bench, 400);
  const auto chains = pop_all(bench);
  bench.queue->push({chains[300].id, 0x01020304, 1});
  const auto entry = bench.queue->next_store();
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->address, bench.driver.addresses().device + 4);
  const std::vector<std::uint8_t> expected = {300 & 0xff, 300 >> 8, 0, 0, 4, 3, 2, 1};
  EXPECT_EQ(std::vector<std::uint8_t>(entry->bytes.data, entry->bytes.data + entry->bytes.size), expected);
  const auto index = bench.queue->next_store();
  ASSERT_TRUE(index.has_value());
  EXPECT_EQ(index->address, bench.driver.addresses().device + 2);
  ASSERT_EQ(index->bytes.size, 2u);
  EXPECT_EQ(load_le16(index->bytes.data), 1);
  EXPECT_FALSE(bench.queue->next_store().has_value());
}

TEST(SplitUsed, NothingStagedWritesNothing) {
  SplitBench bench(8);
  make_ready(bench, 3);
  pop_all(bench);
  EXPECT_FALSE(bench.queue->next_store().has_value());
}

// D-NETRX-004 builds on this: the buffers of one packet appear together.
TEST(SplitUsed, WhatIsStagedTogetherAppearsInOneJumpOfTheIndex) {
  SplitBench bench(16);
  make_ready(bench, 5);
  for (const UsedEntry& chain : pop_all(bench)) bench.queue->push({chain.id, 10u + chain.id, 1});
  bench.perform(*bench.queue->next_store());
  EXPECT_EQ(bench.driver.used_index(), 0);
  bench.perform(*bench.queue->next_store());
  EXPECT_EQ(bench.driver.used_index(), 5);
  EXPECT_FALSE(bench.queue->next_store().has_value());
  EXPECT_EQ(bench.driver.poll().back(), (SplitDriver::Used{4, 14}));
}

TEST(SplitUsed, EntriesAreWrittenInRunsThatEndAtTheRingsEnd) {
  SplitBench bench(8);
  make_ready(bench, 5);
  while (bench.queue->chains_ready() > 0) bench.use();
  bench.driver.poll();
  const auto heads = make_ready(bench, 7);
  for (const UsedEntry& chain : pop_all(bench)) bench.queue->push({chain.id, 0, 1});
  const std::uint64_t ring = bench.driver.addresses().device + 4;
  const auto first = bench.queue->next_store();
  EXPECT_EQ(first->address, ring + 8 * 5);
  EXPECT_EQ(first->bytes.size, 8 * 3u);
  bench.perform(*first);
  const auto second = bench.queue->next_store();
  EXPECT_EQ(second->address, ring);
  EXPECT_EQ(second->bytes.size, 8 * 4u);
  bench.perform(*second);
  bench.store_all();
  const auto used = bench.driver.poll();
  ASSERT_EQ(used.size(), heads.size());
  for (std::size_t i = 0; i < heads.size(); ++i) EXPECT_EQ(used[i].id, heads[i]);
}

TEST(SplitUsed, PushBetweenTheStoresJoinsThePublication) {
  SplitBench bench(8);
  make_ready(bench, 3);
  const auto chains = pop_all(bench);
  bench.queue->push({chains[0].id, 1, 1});
  bench.perform(*bench.queue->next_store());
  bench.queue->push({chains[1].id, 2, 1});
  bench.queue->push({chains[2].id, 3, 1});
  bench.perform(*bench.queue->next_store());
  EXPECT_EQ(bench.driver.used_index(), 0);
  bench.store_all();
  const std::vector<SplitDriver::Used> expected = {{0, 1}, {1, 2}, {2, 3}};
  EXPECT_EQ(bench.driver.poll(), expected);
}

TEST(SplitUsed, BuffersMayBeUsedInAnyOrder) {
  SplitBench bench(8);
  make_ready(bench, 4);
  const auto chains = pop_all(bench);
  for (const std::size_t i : {2u, 0u, 3u, 1u}) bench.queue->push({chains[i].id, 0, 1});
  bench.store_all();
  const std::vector<SplitDriver::Used> expected = {{2, 0}, {0, 0}, {3, 0}, {1, 0}};
  EXPECT_EQ(bench.driver.poll(), expected);
}

// D-SPLITDESC-003, D-SPLITAVAILNOTIFY-001: table and available ring are read-only, used.flags and avail_event stay.
TEST(SplitUsed, OnlyUsedEntriesAndTheUsedIndexAreWritten) {
  for (const unsigned size : {1u, 2u, 256u}) {
    SplitBench bench(size);
    const std::uint64_t device = bench.driver.addresses().device;
    for (unsigned round = 0; round < 5; ++round) {
      make_ready(bench, (size + 1) / 2);
      for (const UsedEntry& chain : pop_all(bench)) bench.queue->push({chain.id, 7, 1});
      while (const auto store = bench.queue->next_store()) {
        const bool index = store->address == device + 2 && store->bytes.size == 2;
        const bool entries =
            store->address >= device + 4 && store->address + store->bytes.size <= device + 4 + 8 * size;
        ASSERT_TRUE(index || entries);
        bench.perform(*store);
      }
      bench.driver.poll();
    }
    EXPECT_EQ(bench.memory.load16(device), 0);
  }
}

// D-SPLITUSEDNOTIFY-003
TEST(SplitNotify, PublishedBuffersWantOneInterrupt) {
  SplitBench bench(8);
  make_ready(bench, 3);
  EXPECT_FALSE(bench.interrupt());
  bench.use();
  bench.use();
  EXPECT_TRUE(bench.interrupt());
  EXPECT_FALSE(bench.interrupt());
  bench.use();
  EXPECT_TRUE(bench.interrupt());
}

TEST(SplitNotify, StagedOrPartlyStoredBuffersWantNone) {
  SplitBench bench(8);
  make_ready(bench, 1);
  bench.queue->push({bench.queue->pop().id, 0, 1});
  EXPECT_FALSE(bench.interrupt());
  bench.perform(*bench.queue->next_store());
  EXPECT_FALSE(bench.interrupt());
  bench.perform(*bench.queue->next_store());
  EXPECT_TRUE(bench.interrupt());
}

// D-SPLITUSEDNOTIFY-002
TEST(SplitNotify, AvailFlagsBit0SuppressesTheInterrupt) {
  SplitBench bench(8);
  make_ready(bench, 3);
  bench.driver.set_avail_flags(1);
  bench.use();
  EXPECT_FALSE(bench.interrupt());
  bench.driver.set_avail_flags(0);
  EXPECT_FALSE(bench.interrupt());  // decided already: the driver looks at the ring after enabling
  bench.use();
  EXPECT_TRUE(bench.interrupt());
  bench.driver.set_avail_flags(0xfffe);  // only bit 0 has a meaning
  bench.use();
  EXPECT_TRUE(bench.interrupt());
}

// D-SPLITUSEDNOTIFY-001
TEST(SplitNotify, UsedEventIsIgnored) {
  for (const unsigned used_event : {0u, 1u, 2u, 100u, 0xffffu}) {
    for (const unsigned flags : {0u, 1u}) {
      SplitBench bench(4);
      bench.driver.write_used_event(static_cast<std::uint16_t>(used_event));
      bench.driver.set_avail_flags(static_cast<std::uint16_t>(flags));
      make_ready(bench, 2);
      bench.use();
      EXPECT_EQ(bench.interrupt(), flags == 0) << used_event;
      bench.use();
      EXPECT_EQ(bench.interrupt(), flags == 0) << used_event;
    }
  }
}

// A suppression field that was read before a publication says nothing about it.
TEST(SplitNotify, WhatIsPublishedDuringTheSuppressionReadIsDecidedByTheNext) {
  SplitBench bench(8);
  make_ready(bench, 2);
  bench.driver.set_avail_flags(1);
  bench.use();
  const Fetch fetch = bench.queue->suppression_fetch();
  const std::vector<std::uint8_t> old = {1, 0};
  ASSERT_EQ(fetch.length, old.size());
  bench.driver.set_avail_flags(0);
  bench.use();
  EXPECT_FALSE(bench.queue->interrupt_wanted({old.data(), old.size()}));
  EXPECT_TRUE(bench.interrupt());
  EXPECT_FALSE(bench.interrupt());
}

TEST(SplitNotify, RepeatedSuppressionReadStillDecides) {
  SplitBench bench(8);
  make_ready(bench, 1);
  bench.use();
  bench.queue->suppression_fetch();  // never answered
  EXPECT_TRUE(bench.interrupt());
}

}  // namespace
}  // namespace rssnic
