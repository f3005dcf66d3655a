// What a split virtqueue costs in memory: a card has up to 65535 queues, and each packet passes through one of them.
// Replaces the program's operator new to count; the sanitizers still see the memory, since it comes from malloc.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tb/unit/virtio/split_driver.h"

namespace {
std::size_t allocations = 0;
std::size_t allocated_bytes = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  allocated_bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace rssnic {
namespace {

TEST(SplitMemory, UnusedQueueIsSmallHoweverLargeItsRings) {
  const std::size_t before = allocated_bytes;
  const auto queue = make_split_virtqueue(kMaxQueueSize, {});
  EXPECT_LT(allocated_bytes - before, 1024u);
}

TEST(SplitMemory, SteadyStateAllocatesNothing) {
  SplitBench bench(256);
  const std::vector<BufferPart> parts = {
      {0x1000, 12, false}, {0x2000, 1500, false}, {0x3000, 8, true}, {0x4000, 9, true}};
  std::size_t during = 0;
  for (unsigned round = 0; round < 100; ++round) {
    for (unsigned i = 0; i < 32; ++i) bench.driver.add(parts);
    bench.driver.publish();
    const std::size_t before = allocations;
    bench.queue->kick();
    while (const auto fetch = bench.queue->next_fetch(24)) bench.feed(*fetch);
    while (bench.queue->chains_ready() > 0) {
      const Chain chain = bench.queue->pop();
      bench.queue->push({chain.id, 17, chain.slots});
      while (const auto fetch = bench.queue->next_fetch(24)) bench.feed(*fetch);
    }
    bench.store_all();
    bench.interrupt();
    if (round > 0) during += allocations - before;
    ASSERT_EQ(bench.driver.poll().size(), 32u);
  }
  EXPECT_EQ(during, 0u);
}

}  // namespace
}  // namespace rssnic
