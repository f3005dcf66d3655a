// EVENT_IDX of split rings (virtio 1.4, 2.7.7, 2.7.10): when the driver is interrupted, and when the device tells it to
// notify.
#include <gtest/gtest.h>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr RingOptions kEventIdx{false, true};
constexpr std::uint64_t kData = 0x4000;

void add_buffers(SplitBench& bench, unsigned count) {
  for (unsigned i = 0; i < count; ++i) bench.driver.add({{kData, 64, true}});
}

// Gives back that many buffers at once.
void use_batch(SplitBench& bench, unsigned count) {
  add_buffers(bench, count);
  bench.publish_kick_fetch();
  for (unsigned i = 0; i < count; ++i) {
    const Chain chain = bench.queue->pop();
    bench.queue->push({chain.id, 0, chain.slots});
  }
  bench.store_all();
  bench.driver.poll();
}

// D-SPLITUSEDNOTIFY-005, -006: every distance of the event from the batch, near 0 and where the index wraps.
TEST(SplitEvent, InterruptComesWhenTheBatchHoldsThePositionOfTheEventAndOnlyThen) {
  for (const unsigned start : {0u, 3u, 65530u, 65535u}) {
    for (const unsigned batch : {1u, 2u, 8u}) {
      SplitBench bench(8, kEventIdx);
      for (unsigned at = 0; at != start;) {
        const unsigned count = std::min(8u, start - at);
        use_batch(bench, count);
        at += count;
      }
      bench.interrupt();
      unsigned position = start;
      for (int offset = -20; offset < 20; ++offset, position += batch) {
        bench.driver.write_used_event(static_cast<std::uint16_t>(position + static_cast<unsigned>(offset)));
        use_batch(bench, batch);
        EXPECT_EQ(bench.interrupt(), offset >= 0 && offset < static_cast<int>(batch)) << position << ' ' << offset;
      }
    }
  }
}

TEST(SplitEvent, WhatWasPublishedSinceTheLastDecisionCountsTogether) {
  SplitBench bench(8, kEventIdx);
  bench.driver.write_used_event(1);
  use_batch(bench, 1);
  EXPECT_FALSE(bench.interrupt());
  use_batch(bench, 1);  // position 1
  use_batch(bench, 3);
  EXPECT_TRUE(bench.interrupt());
  EXPECT_FALSE(bench.interrupt());
  bench.driver.write_used_event(3);  // decided already
  use_batch(bench, 1);
  EXPECT_FALSE(bench.interrupt());
}

TEST(SplitEvent, AWholeTurnOfTheIndexWithoutADecisionHoldsEveryPosition) {
  SplitBench bench(8, kEventIdx);
  for (unsigned i = 0; i < 65536 / 8; ++i) use_batch(bench, 8);
  bench.driver.write_used_event(100);
  EXPECT_TRUE(bench.interrupt());
}

TEST(SplitEvent, WhatIsPublishedDuringTheReadIsDecidedByTheNext) {
  SplitBench bench(8, kEventIdx);
  bench.driver.write_used_event(1);
  use_batch(bench, 1);
  const Fetch fetch = bench.queue->suppression_fetch();
  EXPECT_EQ(fetch.address, bench.driver.addresses().driver + 4 + 2 * 8);
  EXPECT_EQ(fetch.length, 2u);
  use_batch(bench, 1);
  EXPECT_FALSE(bench.queue->interrupt_wanted(bench.read(fetch)));
  EXPECT_TRUE(bench.interrupt());
}

// D-SPLITUSEDNOTIFY-004
TEST(SplitEvent, AvailFlagsAreIgnored) {
  for (const unsigned flags : {0u, 1u, 0xffffu}) {
    SplitBench bench(8, kEventIdx);
    bench.driver.set_avail_flags(static_cast<std::uint16_t>(flags));
    use_batch(bench, 1);
    EXPECT_TRUE(bench.interrupt());
    use_batch(bench, 1);
    EXPECT_FALSE(bench.interrupt());
  }
}

// D-SPLITAVAILNOTIFY-004
TEST(SplitDoorbell, QueueThatRunsDryLooksOnceMoreTellsTheDriverAndLooksBehindThat) {
  SplitBench bench(8, kEventIdx);
  add_buffers(bench, 3);
  bench.driver.publish();
  bench.queue->kick();
  const QueueAddresses& at = bench.driver.addresses();
  for (const std::uint64_t address : {at.driver + 2, at.driver + 4, at.descriptor, at.driver + 2}) {
    EXPECT_FALSE(bench.queue->event_store().has_value());
    const auto fetch = bench.queue->next_fetch(8);
    ASSERT_TRUE(fetch.has_value());
    EXPECT_EQ(fetch->address, address);
    bench.feed(*fetch);
    EXPECT_FALSE(bench.queue->exhausted());
  }
  const auto event = bench.queue->event_store();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->address, at.device + 4 + 8 * 8);
  ASSERT_EQ(event->bytes.size, 2u);
  EXPECT_EQ(load_le16(event->bytes.data), 3);
  EXPECT_FALSE(bench.queue->event_store().has_value());
  EXPECT_FALSE(bench.queue->exhausted());
  const auto look = bench.queue->next_fetch(8);
  ASSERT_TRUE(look.has_value());
  EXPECT_EQ(look->address, at.driver + 2);
  EXPECT_FALSE(bench.queue->drained());
  bench.feed(*look);
  EXPECT_TRUE(bench.queue->exhausted());
  EXPECT_TRUE(bench.queue->drained());
  EXPECT_FALSE(bench.queue->event_store().has_value());
  EXPECT_FALSE(bench.queue->next_fetch(8).has_value());
}

TEST(SplitDoorbell, ABufferThatComesBeforeTheDriverIsToldIsFoundBehindIt) {
  SplitBench bench(8, kEventIdx);
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(8));
  const auto event = bench.queue->event_store();
  ASSERT_TRUE(event.has_value());
  add_buffers(bench, 1);
  bench.memory.store(event->address, 0x7777, 2);  // an old value, seen by the driver
  EXPECT_FALSE(bench.driver.publish());
  bench.perform(*event);
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(SplitDoorbell, NothingIsToldTwiceForAPosition) {
  SplitBench bench(8, kEventIdx);
  add_buffers(bench, 2);
  bench.publish_kick_fetch();
  EXPECT_EQ(bench.events_told, 1u);
  for (unsigned i = 0; i < 5; ++i) {
    bench.queue->kick();
    EXPECT_EQ(bench.fetch_all().size(), 1u);
    EXPECT_TRUE(bench.queue->drained());
  }
  EXPECT_EQ(bench.events_told, 1u);
  add_buffers(bench, 1);
  bench.publish_kick_fetch();
  EXPECT_EQ(bench.events_told, 2u);
  EXPECT_EQ(bench.driver.avail_event(), 3);
}

TEST(SplitDoorbell, FirstLookTellsTheDriverEvenThatNothingHasCome) {
  SplitBench bench(8, kEventIdx);
  bench.memory.store(bench.driver.addresses().device + 4 + 8 * 8, 0x1234, 2);
  bench.queue->kick();
  bench.fetch_all();
  EXPECT_EQ(bench.driver.avail_event(), 0);
  add_buffers(bench, 1);
  EXPECT_TRUE(bench.driver.publish());
}

// A prefetch that is full wants nothing more, so nothing is told; the driver may fill the ring in silence.
TEST(SplitDoorbell, NothingIsToldWhileThePrefetchIsFull) {
  SplitBench bench(16, kEventIdx);
  add_buffers(bench, 4);
  bench.publish_kick_fetch(4);
  EXPECT_EQ(bench.events_told, 0u);
  EXPECT_FALSE(bench.queue->exhausted());
  add_buffers(bench, 2);
  EXPECT_FALSE(bench.driver.publish());
  bench.queue->pop();
  bench.queue->pop();
  bench.fetch_all(4);
  EXPECT_EQ(bench.queue->chains_ready(), 4u);
  EXPECT_EQ(bench.events_told, 0u);
}

TEST(SplitDoorbell, UnderLoadThereAreNone) {
  SplitBench bench(64, kEventIdx);
  add_buffers(bench, 48);
  bench.publish_kick_fetch(32);
  unsigned doorbells = 0;
  for (unsigned i = 0; i < 100000; ++i) {
    bench.use();
    bench.driver.poll();
    add_buffers(bench, 1);
    if (bench.driver.publish()) ++doorbells;
    if (bench.queue->chains_ready() <= 16) bench.fetch_all(32);
  }
  EXPECT_LE(doorbells, 2u);  // one for each turn of the index at most
  EXPECT_EQ(bench.events_told, 0u);
}

TEST(SplitDoorbell, IndexOfTheEventWraps) {
  SplitBench bench(8, kEventIdx);
  for (unsigned i = 0; i < 65536 + 5; ++i) {
    add_buffers(bench, 1);
    ASSERT_TRUE(bench.driver.publish()) << i;
    bench.queue->kick();
    bench.fetch_all();
    ASSERT_EQ(bench.driver.avail_event(), static_cast<std::uint16_t>(i + 1));
    bench.use();
    bench.driver.poll();
  }
}

// D-SPLITAVAILNOTIFY-003
TEST(SplitDoorbell, UsedFlagsStay0AndOnlyAvailEventIsWritten) {
  for (const bool event_idx : {false, true}) {
    SplitBench bench(4, {false, event_idx});
    const std::uint64_t avail_event = bench.driver.addresses().device + 4 + 8 * 4;
    for (unsigned round = 0; round < 6; ++round) {
      add_buffers(bench, 3);
      bench.driver.publish();
      bench.queue->kick();
      for (;;) {
        const auto event = bench.queue->event_store();
        if (event) {
          EXPECT_TRUE(event_idx);
          EXPECT_EQ(event->address, avail_event);
          bench.perform(*event);
        }
        const auto fetch = bench.queue->next_fetch(8);
        if (!fetch) break;
        bench.feed(*fetch);
      }
      while (bench.queue->chains_ready() > 0) bench.use();
      bench.driver.poll();
    }
    EXPECT_EQ(bench.memory.load16(bench.driver.addresses().device), 0);
    EXPECT_EQ(bench.driver.avail_event(), event_idx ? 18 : 0);
  }
}

TEST(SplitDoorbell, AfterAFaultNothingIsTold) {
  SplitBench bench(8, kEventIdx);
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(8));
  bench.queue->fail(RingFault::bus_error);
  EXPECT_FALSE(bench.queue->event_store().has_value());
  EXPECT_TRUE(bench.queue->exhausted());
}

}  // namespace
}  // namespace rssnic
