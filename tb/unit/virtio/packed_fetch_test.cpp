// What a packed virtqueue reads, when and where (virtio 1.4, 2.8.1, 2.8.2, 2.8.10): slots, wrap counters, lookahead.
#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

#include "tb/unit/virtio/packed_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0x8000'0000'0000;  // addresses in chains are carried, not followed

void add_buffers(PackedDriver& driver, unsigned count) {
  for (unsigned i = 0; i < count; ++i) driver.add({{kData + 4096 * i, 2048, true}});
}

void expect_look(PackedBench& bench, const std::optional<Fetch>& fetch, unsigned slot, unsigned count) {
  ASSERT_TRUE(fetch.has_value());
  EXPECT_EQ(fetch->address, bench.driver.descriptor(slot));
  EXPECT_EQ(fetch->length, 16 * count);
}

// D-PACKEDDESC-006
TEST(PackedLayout, SizeIs1To32768) {
  for (const unsigned size : {0u, 32769u, 65536u, 0x80000000u}) {
    EXPECT_THROW(make_packed_virtqueue(size, {}), std::invalid_argument) << size;
  }
  for (const unsigned size : {1u, 2u, 3u, 7u, 255u, 32767u, 32768u})
    EXPECT_NE(make_packed_virtqueue(size, {}), nullptr);
}

// D-PACKEDWRAP-001, -002, D-PACKEDDESC-006: every slot of several laps, through every kind of size and batch.
TEST(PackedLayout, SlotsAndWrapCountersGoRoundAtAnySize) {
  for (const unsigned size : {1u, 2u, 3u, 5u, 7u, 100u, 257u}) {
    for (const unsigned batch : {1u, 2u, size}) {
      if (batch > size) continue;
      SCOPED_TRACE(testing::Message() << size << ' ' << batch);
      PackedBench bench(size);
      for (unsigned total = 0; total < 10 * size + 3; total += batch) {
        std::vector<std::uint16_t> ids;
        for (unsigned i = 0; i < batch; ++i) ids.push_back(bench.driver.add({{kData + total + i, 64, true}}));
        bench.publish_kick_fetch();
        ASSERT_EQ(bench.queue->chains_ready(), batch);
        for (unsigned i = 0; i < batch; ++i) {
          const Chain chain = bench.queue->pop();
          ASSERT_EQ(chain.id, ids[i]);
          ASSERT_EQ(chain.slots, 1);
          ASSERT_EQ(chain.writable.at(0).address, kData + total + i);
          bench.queue->push({chain.id, i + 1, chain.slots});
        }
        bench.store_all();
        const auto used = bench.driver.poll();
        ASSERT_EQ(used.size(), batch);
        for (unsigned i = 0; i < batch; ++i) ASSERT_EQ(used[i], (RingDriver::Used{ids[i], i + 1}));
      }
    }
  }
}

TEST(PackedLayout, WholeRingCanBeAvailableAtOnce) {
  for (const unsigned size : {1u, 2u, 3u, 256u, 32768u}) {
    PackedBench bench(size);
    add_buffers(bench.driver, size);
    bench.publish_kick_fetch();
    EXPECT_EQ(bench.queue->chains_ready(), size);
    EXPECT_EQ(bench.queue->fault(), RingFault::none);
    EXPECT_TRUE(bench.queue->drained());
  }
}

TEST(PackedFetch, NothingIsReadBeforeTheFirstKick) {
  PackedBench bench(8);
  add_buffers(bench.driver, 3);
  bench.driver.publish();
  EXPECT_FALSE(bench.next_fetch().has_value());
  EXPECT_TRUE(bench.queue->drained());
}

// D-PACKEDDESC-009, G-PACKEDDESC-005: a ring of zeros has nothing to offer, however often the driver notifies.
TEST(PackedFetch, KickWithNothingAvailableReadsOnceAndNoMore) {
  PackedBench bench(8);
  for (unsigned i = 0; i < 3; ++i) {
    bench.queue->kick();
    EXPECT_FALSE(bench.queue->drained());
    EXPECT_EQ(bench.fetch_all().size(), 1u);
    EXPECT_TRUE(bench.queue->drained());
    EXPECT_TRUE(bench.queue->exhausted());
    EXPECT_EQ(bench.queue->chains_ready(), 0u);
  }
}

// D-PACKEDWRAP-004, D-PACKEDDESC-003
TEST(PackedFetch, WhatLiesBehindAnUnavailableSlotIsNotTaken) {
  PackedBench bench(8);
  bench.driver.write_descriptor(0, kData, 1, 0, PackedDriver::kAvail);
  bench.driver.write_descriptor(2, kData, 1, 2, PackedDriver::kAvail);
  bench.queue->kick();
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_TRUE(bench.queue->drained());
  bench.driver.write_descriptor(1, kData, 1, 1, PackedDriver::kAvail);
  bench.queue->kick();
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 3u);
  for (std::uint16_t id = 0; id < 3; ++id) EXPECT_EQ(bench.queue->pop().id, id);
}

// G-PACKEDWRAP-001: only AVAIL equal to the wrap counter and USED unequal to it is available.
TEST(PackedFetch, OtherCombinationsOfTheTwoFlagsAreNotAvailable) {
  for (const unsigned flags : {0u, PackedDriver::kUsed, PackedDriver::kUsed | PackedDriver::kAvail}) {
    PackedBench bench(4);
    bench.driver.write_descriptor(0, kData, 1, 0, flags);
    bench.queue->kick();
    bench.fetch_all();
    EXPECT_EQ(bench.queue->chains_ready(), 0u) << flags;
  }
}

TEST(PackedFetch, LookIsAtMost32SlotsAndEndsAtTheRingsEnd) {
  PackedBench bench(100);
  add_buffers(bench.driver, 90);
  bench.driver.publish();
  bench.queue->kick();
  expect_look(bench, bench.next_fetch(), 0, 32);
  bench.queue->fed({bench.driver.descriptor(0), 512, 0, 0}, {bench.memory.at(bench.driver.descriptor(0), 512), 512});
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 90u);
  while (bench.queue->chains_ready() > 0) bench.use();
  bench.driver.poll();
  add_buffers(bench.driver, 20);
  bench.driver.publish();
  bench.queue->kick();
  const auto to_the_end = bench.next_fetch();
  expect_look(bench, to_the_end, 90, 10);
  bench.feed(*to_the_end);
  expect_look(bench, bench.next_fetch(), 0, 32);
}

TEST(PackedFetch, SeveralLooksAreOutstandingOnlyBehindOneThatWasWhollyAvailable) {
  PackedBench bench(256);
  add_buffers(bench.driver, 200);
  bench.driver.publish();
  bench.queue->kick();
  const auto first = bench.next_fetch();
  expect_look(bench, first, 0, 32);
  EXPECT_FALSE(bench.next_fetch().has_value());
  bench.feed(*first);
  std::vector<Fetch> looks;
  for (unsigned i = 1; i < 8; ++i) {
    const auto look = bench.next_fetch();
    expect_look(bench, look, 32 * i, 32);
    looks.push_back(*look);
  }
  EXPECT_FALSE(bench.next_fetch().has_value());  // the whole ring has been asked for
  for (const Fetch& look : looks) bench.feed(look);
  EXPECT_EQ(bench.queue->chains_ready(), 200u);
  EXPECT_TRUE(bench.queue->drained());
}

TEST(PackedFetch, LooksBehindOneThatEndedEarlyAreVoid) {
  PackedBench bench(256);
  add_buffers(bench.driver, 40);
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.next_fetch());
  const auto ends_early = bench.next_fetch();
  const auto behind = bench.next_fetch();
  bench.feed(*ends_early);
  EXPECT_EQ(bench.queue->chains_ready(), 40u);
  EXPECT_TRUE(bench.queue->exhausted());
  add_buffers(bench.driver, 30);
  bench.driver.publish();
  EXPECT_FALSE(bench.queue->drained());
  bench.feed(*behind);  // shows some of the new ones, but not the first
  EXPECT_EQ(bench.queue->chains_ready(), 40u);
  EXPECT_TRUE(bench.queue->drained());
  bench.queue->kick();
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 70u);
  for (unsigned i = 0; i < 70; ++i) EXPECT_EQ(bench.queue->pop().id, 255 - i);
}

TEST(PackedFetch, LookBehindAnEarlyEndIsAloneAgain) {
  PackedBench bench(256, {false, true});
  add_buffers(bench.driver, 40);
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.next_fetch());
  const auto ends_early = bench.next_fetch();
  const auto behind = bench.next_fetch();
  ASSERT_TRUE(ends_early && behind);
  bench.feed(*ends_early);
  expect_look(bench, bench.next_fetch(), 40, 32);  // once more, since it found something
  EXPECT_FALSE(bench.next_fetch().has_value());
}

TEST(PackedFetch, KickDuringALookThatFindsNothingLeadsToAnother) {
  PackedBench bench(8);
  bench.queue->kick();
  const auto look = bench.next_fetch();
  const std::vector<std::uint8_t> stale(look->length);
  add_buffers(bench.driver, 1);
  bench.driver.publish();
  bench.queue->kick();
  EXPECT_FALSE(bench.next_fetch().has_value());
  bench.queue->fed(*look, {stale.data(), stale.size()});
  EXPECT_FALSE(bench.queue->drained());
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(PackedFetch, PrefetchStopsAtTheLimitUntilABufferIsPopped) {
  PackedBench bench(64);
  add_buffers(bench.driver, 64);
  bench.publish_kick_fetch(5);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  EXPECT_FALSE(bench.queue->drained());
  EXPECT_FALSE(bench.queue->exhausted());
  bench.queue->pop();
  bench.queue->pop();
  const auto fetches = bench.fetch_all(5);
  ASSERT_EQ(fetches.size(), 1u);
  EXPECT_EQ(fetches[0].length, 16 * 2u);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  bench.fetch_all(3);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  bench.fetch_all(0);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 62u);
  EXPECT_TRUE(bench.queue->drained());
}

TEST(PackedFetch, ChainIsFetchedToItsEndWithALimitOfOneBuffer) {
  PackedBench bench(8);
  for (unsigned i = 0; i < 2; ++i) bench.driver.add({{kData, 1, false}, {kData, 2, false}, {kData, 3, true}});
  bench.publish_kick_fetch(1);
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
  EXPECT_EQ(bench.queue->chain(0).readable_bytes(), 3u);
  bench.queue->pop();
  bench.fetch_all(1);
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

// A slot that the device holds has nothing new to show; one look finds that out.
TEST(PackedFetch, SlotsThatAreHeldAreNotLookedAtAhead) {
  PackedBench bench(8);
  add_buffers(bench.driver, 8);
  bench.publish_kick_fetch();
  for (unsigned i = 0; i < 6; ++i) {
    const Chain chain = bench.queue->pop();
    bench.queue->push({chain.id, 0, 1});
  }
  bench.queue->kick();
  expect_look(bench, bench.next_fetch(), 0, 1);
  bench.feed({bench.driver.descriptor(0), 16, 0, 1});
  bench.store_all();
  bench.queue->kick();
  expect_look(bench, bench.next_fetch(), 0, 6);
}

TEST(PackedFetch, AddressesAreModuloTwoToThe64) {
  const QueueAddresses addresses{~std::uint64_t{0} - 31, 0x1000, 0x2000};
  const auto queue = make_packed_virtqueue(8, addresses);
  queue->kick();
  const auto look = queue->next_fetch(3);
  ASSERT_TRUE(look.has_value());
  EXPECT_EQ(look->address, addresses.descriptor);
  std::vector<std::uint8_t> bytes(48);
  for (unsigned i = 0; i < 3; ++i) store_le16(&bytes[16 * i + 14], PackedDriver::kAvail);
  queue->fed(*look, {bytes.data(), bytes.size()});
  EXPECT_EQ(queue->next_fetch(4)->address, 16u);
}

}  // namespace
}  // namespace rssnic
