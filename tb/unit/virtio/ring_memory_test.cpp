// What a virtqueue costs in memory: a card has up to 65535 queues, and each packet passes through one of them.
// Replaces the program's operator new to count; the sanitizers still see the memory, since it comes from malloc.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tb/unit/virtio/packed_driver.h"
#include "tb/unit/virtio/split_driver.h"

namespace {
std::size_t allocations = 0;
std::size_t allocated_bytes = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace rssnic {
namespace {

std::size_t bytes_of_unused(std::unique_ptr<Virtqueue> (*make)(unsigned, const QueueAddresses&, const RingOptions&)) {
  const std::size_t before = allocated_bytes;
  const auto queue = make(kMaxQueueSize, {}, {true, true});
  return allocated_bytes - before;
}

TEST(SplitMemory, UnusedQueueIsSmallHoweverLargeItsRings) { EXPECT_LT(bytes_of_unused(make_split_virtqueue), 1024u); }

TEST(PackedMemory, UnusedQueueIsSmallHoweverLargeItsRing) { EXPECT_LT(bytes_of_unused(make_packed_virtqueue), 1024u); }

// Allocations of the device side after the first round of many.
template <class Driver>
std::size_t steady_allocations(bool indirect) {
  RingBench<Driver> bench(256, {true, true}, 256 * 64);
  const std::vector<BufferPart> parts = {
      {0x1000, 12, false}, {0x2000, 1500, false}, {0x3000, 8, true}, {0x4000, 9, true}};
  std::size_t during = 0;
  for (unsigned round = 0; round < 100; ++round) {
    for (unsigned i = 0; i < 32; ++i) {
      bench.driver.add(parts, {indirect ? bench.spare + 64 * bench.driver.next_id() : 0, 0, false});
    }
    bench.driver.publish();
    const std::size_t before = allocations;
    bench.queue->kick();
    while (const auto fetch = bench.next_fetch(24)) bench.feed(*fetch);
    while (bench.queue->chains_ready() > 0) {
      const Chain chain = bench.queue->pop();
      bench.queue->push({chain.id, 17, chain.slots});
      while (const auto fetch = bench.next_fetch(24)) bench.feed(*fetch);
    }
    bench.store_all();
    bench.interrupt();
    if (round > 0) during += allocations - before;
    EXPECT_EQ(bench.driver.poll().size(), 32u);
  }
  return during;
}

TEST(SplitMemory, SteadyStateAllocatesNothing) {
  EXPECT_EQ(steady_allocations<SplitDriver>(false), 0u);
  EXPECT_EQ(steady_allocations<SplitDriver>(true), 0u);
}

TEST(PackedMemory, SteadyStateAllocatesNothing) {
  EXPECT_EQ(steady_allocations<PackedDriver>(false), 0u);
  EXPECT_EQ(steady_allocations<PackedDriver>(true), 0u);
}

}  // namespace
}  // namespace rssnic
