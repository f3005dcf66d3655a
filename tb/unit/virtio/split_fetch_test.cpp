// What a split virtqueue reads, when and where (virtio 1.4, 2.7.5, 2.7.6, 2.7.13): addresses, merging, prefetch, order.
#include <gtest/gtest.h>

#include <deque>
#include <numeric>
#include <random>
#include <stdexcept>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0x8000'0000'0000;  // addresses in chains are carried, not followed

void add_buffers(SplitDriver& driver, unsigned count) {
  for (unsigned i = 0; i < count; ++i) driver.add({{kData + 4096 * i, 2048, true}});
}

void expect_fetch(const std::optional<Fetch>& fetch, std::uint64_t address, std::uint32_t length) {
  ASSERT_TRUE(fetch.has_value());
  EXPECT_EQ(fetch->address, address);
  EXPECT_EQ(fetch->length, length);
}

// D-SPLITLAYOUT-001
TEST(SplitLayout, SizeMustBeAPowerOfTwoUpTo32768) {
  for (const unsigned size : {0u, 3u, 6u, 255u, 32767u, 32769u, 65536u, 0x80000000u}) {
    EXPECT_THROW(make_split_virtqueue(size, {}), std::invalid_argument) << size;
  }
  for (unsigned size = 1; size <= kMaxQueueSize; size *= 2) EXPECT_NE(make_split_virtqueue(size, {}), nullptr);
}

TEST(SplitLayout, FetchAddressesFollowFromThePartAddressesModuloTwoToThe64) {
  const QueueAddresses addresses{~std::uint64_t{0} - 31, 0x1000'0000'0000, 0x2000};
  const auto queue = make_split_virtqueue(8, addresses);
  queue->kick();
  const auto index = queue->next_fetch(8);
  expect_fetch(index, addresses.driver + 2, 2);
  const std::uint8_t one[] = {1, 0};
  queue->fed(*index, {one, 2});
  const auto entry = queue->next_fetch(8);
  expect_fetch(entry, addresses.driver + 4, 2);
  const std::uint8_t head[] = {3, 0};
  queue->fed(*entry, {head, 2});
  expect_fetch(queue->next_fetch(8), 16, 16);  // 2^64 - 32 + 3 * 16
  expect_fetch(queue->suppression_fetch(), addresses.driver, 2);
  const std::uint8_t descriptor[16] = {};
  queue->fed({16, 16, 2, 0}, {descriptor, 16});
}

// D-SPLITLAYOUT-001, D-SPLITLAYOUT-002: more buffers than fit the 16-bit index, through every kind of size.
TEST(SplitLayout, IndicesWrapAt65536AndRingPositionsAtTheQueueSize) {
  for (const unsigned size : {1u, 2u, 256u, 32768u}) {
    SCOPED_TRACE(size);
    SplitBench bench(size);
    const unsigned batch = size > 100 ? size - size / 3 : size;
    std::uint64_t total = 0;
    while (total < 140000) {
      std::vector<std::uint16_t> heads;
      for (unsigned i = 0; i < batch; ++i) heads.push_back(bench.driver.add({{kData + total + i, 64, true}}));
      bench.publish_kick_fetch();
      ASSERT_EQ(bench.queue->chains_ready(), batch);
      for (unsigned i = 0; i < batch; ++i) {
        const Chain chain = bench.queue->pop();
        ASSERT_EQ(chain.id, heads[i]);
        ASSERT_EQ(chain.writable.at(0).address, kData + total + i);
        bench.queue->push({chain.id, i, 1});
      }
      bench.store_all();
      total += batch;
      ASSERT_EQ(bench.driver.used_index(), static_cast<std::uint16_t>(total));
      const auto used = bench.driver.poll();
      ASSERT_EQ(used.size(), batch);
      for (unsigned i = 0; i < batch; ++i) ASSERT_EQ(used[i], (SplitDriver::Used{heads[i], i}));
    }
    EXPECT_EQ(bench.queue->fault(), RingFault::none);
  }
}

TEST(SplitLayout, WholeRingCanBeAvailableAtOnce) {
  for (const unsigned size : {1u, 2u, 256u, 32768u}) {
    SplitBench bench(size);
    add_buffers(bench.driver, size);
    bench.publish_kick_fetch();
    EXPECT_EQ(bench.queue->chains_ready(), size);
    EXPECT_TRUE(bench.queue->drained());
  }
}

TEST(SplitFetch, NothingIsReadBeforeTheFirstKick) {
  SplitBench bench(8);
  add_buffers(bench.driver, 3);
  bench.driver.publish();
  EXPECT_EQ(bench.queue->next_fetch(8), std::nullopt);
  EXPECT_TRUE(bench.queue->drained());
}

// D-SPLITAVAILNOTIFY-005
TEST(SplitFetch, KickWithNothingAvailableReadsTheIndexAndNoMore) {
  SplitBench bench(8);
  bench.queue->kick();
  EXPECT_FALSE(bench.queue->drained());
  EXPECT_EQ(bench.fetch_all().size(), 1u);
  EXPECT_TRUE(bench.queue->drained());
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  EXPECT_EQ(bench.queue->fault(), RingFault::none);
}

// G-SPLITAVAIL-002: entries are asked for once the index has come, descriptors once the entry has.
TEST(SplitFetch, IndexThenEntriesThenDescriptors) {
  SplitBench bench(8);
  add_buffers(bench.driver, 1);
  bench.driver.publish();
  bench.queue->kick();
  const QueueAddresses& at = bench.driver.addresses();
  for (const std::uint64_t address : {at.driver + 2, at.driver + 4, at.descriptor}) {
    const auto fetch = bench.queue->next_fetch(8);
    ASSERT_TRUE(fetch.has_value());
    EXPECT_EQ(fetch->address, address);
    EXPECT_EQ(bench.queue->next_fetch(8), std::nullopt);
    EXPECT_FALSE(bench.queue->drained());
    EXPECT_EQ(bench.queue->chains_ready(), 0u);
    bench.feed(*fetch);
  }
  EXPECT_EQ(bench.queue->next_fetch(8), std::nullopt);
  EXPECT_TRUE(bench.queue->drained());
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(SplitFetch, KickDuringAnIndexReadLeadsToAnother) {
  SplitBench bench(8);
  bench.queue->kick();
  const auto first = bench.queue->next_fetch(8);
  std::vector<std::uint8_t> stale(2);  // the index as it was before the driver moved it
  add_buffers(bench.driver, 1);
  bench.driver.publish();
  bench.queue->kick();
  bench.queue->kick();
  EXPECT_EQ(bench.queue->next_fetch(8), std::nullopt);  // one at a time
  bench.queue->fed(*first, {stale.data(), 2});
  EXPECT_FALSE(bench.queue->drained());
  EXPECT_EQ(bench.fetch_all().size(), 3u);  // index once more, entry, descriptor
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(SplitFetch, EntriesComeInRunsOfAtMost32EndingAtTheRingsEnd) {
  SplitBench bench(64);
  add_buffers(bench.driver, 50);
  bench.publish_kick_fetch();
  while (bench.queue->chains_ready() > 0) bench.use();
  bench.driver.poll();
  add_buffers(bench.driver, 60);  // positions 50 to 63, then 0 to 45
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(64));
  const std::uint64_t ring = bench.driver.addresses().driver + 4;
  expect_fetch(bench.queue->next_fetch(64), ring + 2 * 50, 2 * 14);
  expect_fetch(bench.queue->next_fetch(64), ring, 2 * 32);
  expect_fetch(bench.queue->next_fetch(64), ring + 2 * 32, 2 * 14);
  EXPECT_EQ(bench.queue->next_fetch(64), std::nullopt);
}

TEST(SplitFetch, NeighbouringDescriptorsOfConsecutiveBuffersShareAFetchOfAtMost32) {
  SplitBench bench(64);
  std::vector<std::uint16_t> heads(40);
  std::iota(heads.begin(), heads.end(), std::uint16_t{0});
  heads.insert(heads.end(), {50, 51, 53, 52, 61, 0});
  for (unsigned i = 0; i < 64; ++i) bench.driver.write_descriptor(i, kData + i, 1, 0, 0);
  for (std::uint16_t i = 0; i < heads.size(); ++i) bench.driver.write_avail_entry(i, heads[i]);
  bench.driver.write_avail_index(static_cast<std::uint16_t>(heads.size()));
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(64));
  const Fetch entries = *bench.queue->next_fetch(64);
  const Fetch more_entries = *bench.queue->next_fetch(64);
  bench.feed(entries);
  bench.feed(more_entries);
  const std::uint64_t table = bench.driver.addresses().descriptor;
  std::vector<Fetch> fetches;
  const std::pair<unsigned, unsigned> expected[] = {{0, 32}, {32, 8}, {50, 2}, {53, 1}, {52, 1}, {61, 1}, {0, 1}};
  for (const auto& [first, count] : expected) {
    const auto fetch = bench.queue->next_fetch(64);
    expect_fetch(fetch, table + 16 * first, 16 * count);
    fetches.push_back(*fetch);
  }
  EXPECT_EQ(bench.queue->next_fetch(64), std::nullopt);
  for (const Fetch& fetch : fetches) bench.feed(fetch);
  ASSERT_EQ(bench.queue->chains_ready(), heads.size());
  for (std::size_t i = 0; i < heads.size(); ++i) {
    EXPECT_EQ(bench.queue->chain(i).readable.at(0).address, kData + heads[i]);
  }
}

TEST(SplitFetch, FetchesStayWithinTheirParts) {
  for (const unsigned size : {1u, 2u, 256u}) {
    SplitBench bench(size);
    const QueueAddresses& at = bench.driver.addresses();
    for (unsigned round = 0; round < 5; ++round) {
      add_buffers(bench.driver, (size + 1) / 2);
      for (const Fetch& fetch : bench.publish_kick_fetch()) {
        ASSERT_GE(fetch.length, 1u);
        ASSERT_LE(fetch.length, kMaxFetchBytes);
        const bool in_table =
            fetch.address >= at.descriptor && fetch.address + fetch.length <= at.descriptor + 16 * size;
        const bool in_avail = fetch.address >= at.driver && fetch.address + fetch.length <= at.driver + 4 + 2 * size;
        ASSERT_TRUE(in_table || in_avail);
      }
      while (bench.queue->chains_ready() > 0) bench.use();
      bench.driver.poll();
    }
  }
}

TEST(SplitFetch, PrefetchStopsAtTheLimitUntilABufferIsPopped) {
  SplitBench bench(64);
  add_buffers(bench.driver, 64);
  bench.publish_kick_fetch(5);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  EXPECT_FALSE(bench.queue->drained());
  bench.queue->pop();
  bench.queue->pop();
  const auto fetches = bench.fetch_all(5);
  ASSERT_EQ(fetches.size(), 2u);
  EXPECT_EQ(fetches[0].length, 2 * 2u);
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  bench.fetch_all(3);  // a lower limit asks for nothing and takes nothing back
  EXPECT_EQ(bench.queue->chains_ready(), 5u);
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 62u);
  EXPECT_TRUE(bench.queue->drained());
}

TEST(SplitFetch, BuffersBeingFetchedCountAgainstTheLimit) {
  SplitBench bench(64);
  add_buffers(bench.driver, 64);
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(4));
  expect_fetch(bench.queue->next_fetch(4), bench.driver.addresses().driver + 4, 2 * 4);
  EXPECT_EQ(bench.queue->next_fetch(4), std::nullopt);
  expect_fetch(bench.queue->next_fetch(6), bench.driver.addresses().driver + 4 + 2 * 4, 2 * 2);
  EXPECT_EQ(bench.queue->next_fetch(6), std::nullopt);
}

TEST(SplitFetch, LimitOfNoBuffersStillLearnsTheIndex) {
  SplitBench bench(8);
  add_buffers(bench.driver, 1);
  EXPECT_EQ(bench.publish_kick_fetch(0).size(), 1u);
  EXPECT_FALSE(bench.queue->drained());
}

TEST(SplitFetch, LongChainBehindAShortOneDoesNotBlockIt) {
  SplitBench bench(8);
  const auto first = bench.driver.add({{kData, 1, false}, {kData, 2, false}, {kData, 3, false}});
  const auto second = bench.driver.add({{kData, 4, false}});
  bench.driver.publish();
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(8));
  bench.feed(*bench.queue->next_fetch(8));
  bench.feed(*bench.queue->next_fetch(8));  // first descriptor of the first chain
  bench.feed(*bench.queue->next_fetch(8));  // the second chain, complete
  EXPECT_EQ(bench.queue->chains_ready(), 0u);
  bench.fetch_all();
  ASSERT_EQ(bench.queue->chains_ready(), 2u);
  EXPECT_EQ(bench.queue->pop().id, first);
  EXPECT_EQ(bench.queue->pop().id, second);
}

// However many fetches are outstanding, and whenever they are answered, the chains are the same.
TEST(SplitFetch, AnyInterleavingOfOutstandingFetchesGivesTheSameChains) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    SplitBench bench(64);
    std::vector<std::vector<BufferPart>> expected;
    std::vector<std::uint16_t> heads;
    for (std::size_t n; bench.driver.free_descriptors() >= (n = 1 + random() % 5);) {
      std::vector<BufferPart> parts;
      for (std::size_t i = 0; i < n; ++i)
        parts.push_back({kData + random(), 1 + static_cast<std::uint32_t>(random() % 9000), i > n / 2});
      heads.push_back(bench.driver.add(parts));
      expected.push_back(parts);
    }
    bench.driver.publish();
    bench.queue->kick();
    std::deque<Fetch> outstanding;
    std::size_t popped = 0;
    for (unsigned step = 0; popped < expected.size(); ++step) {
      ASSERT_LT(step, 5000u);
      const auto fetch = random() % 2 ? bench.queue->next_fetch(1 + random() % 64) : std::nullopt;
      if (fetch) {
        outstanding.push_back(*fetch);
      } else if (!outstanding.empty()) {
        bench.feed(outstanding.front());
        outstanding.pop_front();
      }
      while (bench.queue->chains_ready() > 0 && random() % 2) {
        const Chain chain = bench.queue->pop();
        ASSERT_EQ(chain.id, heads[popped]);
        const auto& parts = expected[popped];
        ASSERT_EQ(chain.readable.size() + chain.writable.size(), parts.size());
        for (std::size_t i = 0; i < parts.size(); ++i) {
          ASSERT_EQ(parts[i].writable, i >= chain.readable.size());
          const Segment& segment = parts[i].writable ? chain.writable[i - chain.readable.size()] : chain.readable[i];
          ASSERT_EQ(segment.address, parts[i].address);
          ASSERT_EQ(segment.length, parts[i].length);
        }
        ++popped;
      }
    }
    EXPECT_TRUE(bench.queue->drained());
  }
}

}  // namespace

}  // namespace rssnic
