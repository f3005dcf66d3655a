// What a packed virtqueue writes, when the driver is interrupted and when it is told to notify (virtio 1.4, 2.8.3,
// 2.8.4, 2.8.6, 2.8.9, 2.8.10, 2.8.14).
#include <gtest/gtest.h>

#include "tb/unit/virtio/packed_driver.h"

namespace rssnic {
namespace {

constexpr std::uint64_t kData = 0x4000;
constexpr RingOptions kEventIdx{false, true};

void make_ready(PackedBench& bench, unsigned count, unsigned slots = 1) {
  for (unsigned i = 0; i < count; ++i) bench.driver.add(std::vector<BufferPart>(slots, {kData, 64, true}));
  bench.publish_kick_fetch();
  ASSERT_EQ(bench.queue->chains_ready(), count);
}

void push_all(PackedBench& bench, std::uint32_t length = 7) {
  while (bench.queue->chains_ready() > 0) {
    const Chain chain = bench.queue->pop();
    bench.queue->push({chain.id, length, chain.slots});
  }
}

// Gives back that many slots, each a buffer, at once.
void use_batch(PackedBench& bench, unsigned count) {
  make_ready(bench, count);
  push_all(bench);
  bench.store_all();
  bench.driver.poll();
}

// D-PACKEDWRAP-003, D-PACKEDDESC-001, -002, -010, D-PACKEDCHAIN-005
TEST(PackedUsed, DescriptorHoldsLengthIdAndFlagsAndIsWrittenInOneGo) {
  PackedBench bench(2);
  // flags: AVAIL and USED as the wrap counter, WRITE if something was written, nothing else
  const std::vector<std::uint8_t> first_lap = {4, 3, 2, 1, 0xff, 0, 0x82, 0x80};
  const std::vector<std::uint8_t> second_lap = {0, 0, 0, 0, 0xff, 0, 0, 0};
  for (unsigned i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const bool first = i < 2;
    const auto id = bench.driver.add({{kData, 64, true}});
    bench.publish_kick_fetch();
    const Chain chain = bench.queue->pop();
    ASSERT_EQ(chain.id, id);
    bench.queue->push({chain.id, first ? 0x01020304u : 0u, chain.slots});
    const auto store = bench.queue->next_store();
    ASSERT_TRUE(store.has_value());
    EXPECT_EQ(store->address, bench.driver.descriptor(i % 2) + 8);
    auto expected = first ? first_lap : second_lap;
    expected[4] = static_cast<std::uint8_t>(id);
    EXPECT_EQ(std::vector<std::uint8_t>(store->bytes.data, store->bytes.data + store->bytes.size), expected);
    bench.perform(*store);
    EXPECT_FALSE(bench.queue->next_store().has_value());
    bench.driver.poll();
  }
}

TEST(PackedUsed, WriteFlagOfTheFirstLapAndTheSecondDependsOnTheLengthAlone) {
  PackedBench bench(1);
  for (unsigned i = 0; i < 6; ++i) {
    make_ready(bench, 1);
    bench.use(i % 3);
    const unsigned lap_flags = i % 2 == 0 ? PackedDriver::kAvail | PackedDriver::kUsed : 0;
    EXPECT_EQ(bench.memory.load16(bench.driver.descriptor(0) + 14), lap_flags | (i % 3 != 0 ? 2u : 0u)) << i;
    bench.driver.poll();
  }
}

TEST(PackedUsed, NothingStagedWritesNothing) {
  PackedBench bench(8);
  make_ready(bench, 3);
  bench.queue->pop();
  EXPECT_FALSE(bench.queue->next_store().has_value());
}

// D-PACKEDMULTIBUF-001: the driver polls in order, so it sees nothing before the first descriptor.
TEST(PackedUsed, FirstDescriptorOfABatchIsWrittenLastSoAllAppearAtOnce) {
  for (const unsigned slots : {1u, 2u}) {
    for (unsigned before = 0; before < 12; ++before) {
      PackedBench bench(12);
      for (unsigned i = 0; i < before; ++i) {
        make_ready(bench, 1);
        bench.use();
        bench.driver.poll();
      }
      make_ready(bench, 5, slots);
      push_all(bench);
      auto store = bench.queue->next_store();
      for (;;) {
        const std::vector<std::uint8_t> bytes(store->bytes.data, store->bytes.data + store->bytes.size);
        const std::uint64_t address = store->address;
        store = bench.queue->next_store();
        EXPECT_EQ(address == bench.driver.descriptor(before) + 8, !store.has_value());
        EXPECT_FALSE(bench.driver.used_waiting());
        bench.perform({address, {bytes.data(), bytes.size()}});
        if (!store) break;
      }
      EXPECT_EQ(bench.driver.poll().size(), 5u);
    }
  }
}

TEST(PackedUsed, NeighboursShareAStoreAndTheRingsEndSeparatesThem) {
  PackedBench bench(8);
  use_batch(bench, 5);
  make_ready(bench, 7);
  push_all(bench);
  const auto at = [&](unsigned slot) { return bench.driver.descriptor(slot) + 8; };
  const std::pair<std::uint64_t, std::size_t> expected[] = {{at(6), 24}, {at(0), 56}, {at(5), 8}};
  for (const auto& [address, bytes] : expected) {
    const auto store = bench.queue->next_store();
    ASSERT_TRUE(store.has_value());
    EXPECT_EQ(store->address, address);
    EXPECT_EQ(store->bytes.size, bytes);
    bench.perform(*store);
  }
  EXPECT_FALSE(bench.queue->next_store().has_value());
  EXPECT_EQ(bench.driver.poll().size(), 7u);
}

// D-PACKEDCHAIN-002: what lies between stays as it is.
TEST(PackedUsed, OneDescriptorAChainAndThenAsManySlotsFurther) {
  PackedBench bench(7);
  for (unsigned round = 0; round < 20; ++round) {
    bench.driver.add({{kData, 1, true}, {kData, 1, true}, {kData, 1, true}});
    bench.driver.add({{kData, 1, true}});
    bench.driver.add({{kData, 1, true}, {kData, 1, true}});
    bench.publish_kick_fetch();
    const auto before = bench.memory.bytes();
    const std::uint64_t position = bench.driver.polled_position();
    push_all(bench);
    bench.store_all();
    for (const unsigned offset : {1u, 2u, 5u}) {
      const std::size_t at = 16 * bench.driver.slot_of(position + offset);
      EXPECT_TRUE(std::equal(&before[at], &before[at] + 16, &bench.memory.bytes()[at])) << round << ' ' << offset;
    }
    ASSERT_EQ(bench.driver.poll().size(), 3u);
    ASSERT_EQ(bench.driver.polled_position(), position + 6);
  }
}

// D-PACKEDDESC-004
TEST(PackedUsed, BuffersMayBeUsedInAnyOrder) {
  PackedBench bench(9);
  for (unsigned round = 0; round < 10; ++round) {
    std::vector<UsedEntry> entries;
    for (unsigned slots = 1; slots <= 3; ++slots) bench.driver.add(std::vector<BufferPart>(slots, {kData, 1, true}));
    bench.publish_kick_fetch();
    while (bench.queue->chains_ready() > 0) {
      const Chain chain = bench.queue->pop();
      entries.push_back({chain.id, 5, chain.slots});
    }
    std::vector<RingDriver::Used> expected;
    for (const std::size_t i : {2u, 0u, 1u}) {
      bench.queue->push(entries[i]);
      expected.push_back({entries[i].id, 5});
    }
    bench.store_all();
    EXPECT_EQ(bench.driver.poll(), expected);
  }
}

TEST(PackedUsed, PushBetweenTheStoresJoinsThePublication) {
  PackedBench bench(8);
  make_ready(bench, 4);
  for (unsigned i = 0; i < 2; ++i) {
    const Chain chain = bench.queue->pop();
    bench.queue->push({chain.id, 1, 1});
  }
  bench.perform(*bench.queue->next_store());
  push_all(bench);
  bench.perform(*bench.queue->next_store());
  EXPECT_FALSE(bench.driver.used_waiting());
  bench.store_all();
  EXPECT_EQ(bench.driver.poll().size(), 4u);
}

// D-PACKEDEVENT-001
TEST(PackedUsed, OnlyTheRingAndTheDeviceAreaAreWritten) {
  for (const bool event_idx : {false, true}) {
    PackedBench bench(5, {false, event_idx});
    bench.driver.write_suppression(0x1234, 0);
    const QueueAddresses& at = bench.driver.addresses();
    for (unsigned round = 0; round < 6; ++round) {
      bench.driver.add({{kData, 64, true}});
      bench.driver.publish();
      bench.queue->kick();
      for (;;) {
        if (const auto event = bench.queue->event_store()) {
          EXPECT_TRUE(event_idx);
          EXPECT_EQ(event->address, at.device);
          EXPECT_EQ(event->bytes.size, 4u);
          bench.perform(*event);
        }
        const auto fetch = bench.queue->next_fetch(5);
        if (!fetch) break;
        bench.feed(*fetch);
      }
      push_all(bench);
      while (const auto store = bench.queue->next_store()) {
        EXPECT_GE(store->address, at.descriptor);
        EXPECT_LE(store->address + store->bytes.size, at.descriptor + 16 * 5);
        bench.perform(*store);
      }
      bench.driver.poll();
    }
    EXPECT_EQ(bench.memory.load32(at.driver), 0x1234u);
    EXPECT_EQ(bench.memory.load32(at.device) != 0, event_idx);
  }
}

// D-PACKEDEVENT-004, -005
TEST(PackedNotify, EnableInterruptsForWhatIsPublishedAndDisableDoesNot) {
  for (const bool event_idx : {false, true}) {
    PackedBench bench(8, {false, event_idx});
    EXPECT_FALSE(bench.interrupt());
    use_batch(bench, 2);
    EXPECT_TRUE(bench.interrupt());
    EXPECT_FALSE(bench.interrupt());
    bench.driver.write_suppression(0, PackedDriver::kDisable);
    use_batch(bench, 2);
    EXPECT_FALSE(bench.interrupt());
    bench.driver.write_suppression(0, PackedDriver::kEnable);
    EXPECT_FALSE(bench.interrupt());  // decided already
    use_batch(bench, 1);
    EXPECT_TRUE(bench.interrupt());
    bench.driver.write_suppression(0xffff, 0xfffc);  // only the lowest two bits have a meaning
    use_batch(bench, 1);
    EXPECT_TRUE(bench.interrupt());
  }
}

TEST(PackedNotify, StagedOrPartlyStoredBuffersWantNone) {
  PackedBench bench(8);
  make_ready(bench, 2);
  push_all(bench);
  EXPECT_FALSE(bench.interrupt());
  bench.perform(*bench.queue->next_store());
  EXPECT_FALSE(bench.interrupt());
  bench.perform(*bench.queue->next_store());
  EXPECT_TRUE(bench.interrupt());
}

// D-PACKEDEVENT-002: without EVENT_IDX a position is not honoured, nor is what is reserved; neither loses an interrupt.
TEST(PackedNotify, PositionWithoutTheFeatureAndTheReservedModeAskForEveryInterrupt) {
  for (const bool event_idx : {false, true}) {
    for (const unsigned mode : {PackedDriver::kDesc, 3u}) {
      if (event_idx && mode == PackedDriver::kDesc) continue;
      PackedBench bench(8, {false, event_idx});
      bench.driver.write_suppression(0x8005, mode);
      use_batch(bench, 1);
      EXPECT_TRUE(bench.interrupt()) << mode;
    }
  }
}

// D-PACKEDEVENT-003: every position of the lap before, of this one and of the next, from every slot and for every
// batch.
TEST(PackedEvent, InterruptComesWhenTheBatchHoldsThePositionOfTheEventAndOnlyThen) {
  for (const unsigned size : {1u, 2u, 3u, 5u, 8u}) {
    for (unsigned batch = 1; batch <= size; ++batch) {
      SCOPED_TRACE(testing::Message() << size << ' ' << batch);
      PackedBench bench(size, kEventIdx);
      use_batch(bench, size);
      bench.interrupt();
      for (unsigned round = 0; round < 4 * size; ++round) {
        for (unsigned offset = 0; offset < 2 * size; ++offset) {
          const std::uint64_t old = bench.driver.polled_position();
          const std::uint64_t event = old + batch - size + offset;  // one lap behind the new position, or one before
          bench.driver.write_suppression(bench.driver.event_of(event), PackedDriver::kDesc);
          use_batch(bench, batch);
          ASSERT_EQ(bench.interrupt(), event >= old && event < old + batch) << old << ' ' << event;
        }
      }
    }
  }
}

TEST(PackedEvent, PositionWithinAChainCountsAsItsEnd) {
  PackedBench bench(7, kEventIdx);
  for (unsigned round = 0; round < 30; ++round) {
    const std::uint64_t old = bench.driver.polled_position();
    bench.driver.write_suppression(bench.driver.event_of(old + round % 5), PackedDriver::kDesc);
    make_ready(bench, 1, 3);
    push_all(bench);
    bench.store_all();
    bench.driver.poll();
    EXPECT_EQ(bench.interrupt(), round % 5 < 3) << round;
  }
}

TEST(PackedEvent, LargestRingWrapsWithinSixteenBits) {
  PackedBench bench(32768, kEventIdx);
  for (unsigned lap = 0; lap < 3; ++lap) {
    for (const unsigned offset : {0u, 32766u, 32767u}) {
      const std::uint64_t old = bench.driver.polled_position();
      bench.driver.write_suppression(bench.driver.event_of(old + offset), PackedDriver::kDesc);
      use_batch(bench, 32767);
      EXPECT_EQ(bench.interrupt(), offset < 32767) << offset;
    }
  }
}

TEST(PackedEvent, WhatWasPublishedSinceTheLastDecisionCountsTogether) {
  PackedBench bench(5, kEventIdx);
  bench.driver.write_suppression(bench.driver.event_of(3), PackedDriver::kDesc);
  use_batch(bench, 3);
  EXPECT_FALSE(bench.interrupt());
  use_batch(bench, 1);
  use_batch(bench, 3);
  EXPECT_TRUE(bench.interrupt());
  // Laps without a decision: the position of the last lap is there, that of the next one is not.
  for (unsigned i = 0; i < 7; ++i) use_batch(bench, 5);
  bench.driver.write_suppression(bench.driver.event_of(38), PackedDriver::kDesc);
  EXPECT_TRUE(bench.interrupt());
  for (unsigned i = 0; i < 7; ++i) use_batch(bench, 5);
  bench.driver.write_suppression(bench.driver.event_of(81), PackedDriver::kDesc);
  EXPECT_FALSE(bench.interrupt());
}

TEST(PackedEvent, WhatIsPublishedDuringTheReadIsDecidedByTheNext) {
  PackedBench bench(5, kEventIdx);
  bench.driver.write_suppression(bench.driver.event_of(1), PackedDriver::kDesc);
  use_batch(bench, 1);
  const Fetch fetch = bench.queue->suppression_fetch();
  EXPECT_EQ(fetch.address, bench.driver.addresses().driver);
  EXPECT_EQ(fetch.length, 4u);
  use_batch(bench, 1);
  EXPECT_FALSE(bench.queue->interrupt_wanted(bench.read(fetch)));
  EXPECT_TRUE(bench.interrupt());
}

// D-PACKEDEVENT-002, -006: position, wrap counter and mode in one store; a look in front of it and one behind.
TEST(PackedDoorbell, QueueThatRunsDryLooksOnceMoreTellsTheDriverAndLooksBehindThat) {
  PackedBench bench(3, kEventIdx);
  for (unsigned i = 0; i < 9; ++i) {
    SCOPED_TRACE(i);
    bench.driver.add({{kData, 64, true}});
    bench.driver.publish();
    bench.queue->kick();
    for (unsigned look = 0; look < 2; ++look) {
      EXPECT_FALSE(bench.queue->event_store().has_value());
      const auto fetch = bench.queue->next_fetch(3);
      ASSERT_TRUE(fetch.has_value());
      bench.feed(*fetch);
      EXPECT_FALSE(bench.queue->exhausted());
    }
    const auto event = bench.queue->event_store();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->address, bench.driver.addresses().device);
    ASSERT_EQ(event->bytes.size, 4u);
    EXPECT_EQ(load_le16(event->bytes.data), bench.driver.event_of(i + 1));
    EXPECT_EQ(load_le16(event->bytes.data + 2), 2);
    bench.perform(*event);
    EXPECT_FALSE(bench.queue->event_store().has_value());
    EXPECT_FALSE(bench.queue->exhausted());
    const auto behind = bench.queue->next_fetch(3);
    ASSERT_TRUE(behind.has_value());
    bench.feed(*behind);
    EXPECT_TRUE(bench.queue->drained());
    EXPECT_FALSE(bench.queue->event_store().has_value());
    EXPECT_FALSE(bench.queue->next_fetch(3).has_value());
    bench.use();
    bench.driver.poll();
  }
}

TEST(PackedDoorbell, ABufferThatComesBeforeTheDriverIsToldIsFoundBehindIt) {
  PackedBench bench(8, kEventIdx);
  bench.memory.store(bench.driver.addresses().device, 0x00028007, 4);  // an old position, seen by the driver
  bench.queue->kick();
  bench.feed(*bench.queue->next_fetch(8));
  const auto event = bench.queue->event_store();
  ASSERT_TRUE(event.has_value());
  bench.driver.add({{kData, 64, true}});
  bench.driver.publish();
  bench.perform(*event);
  bench.fetch_all();
  EXPECT_EQ(bench.queue->chains_ready(), 1u);
}

TEST(PackedDoorbell, NothingIsToldTwiceForAPosition) {
  PackedBench bench(8, kEventIdx);
  make_ready(bench, 2);
  EXPECT_EQ(bench.events_told, 1u);
  for (unsigned i = 0; i < 5; ++i) {
    bench.queue->kick();
    EXPECT_EQ(bench.fetch_all().size(), 1u);
    EXPECT_TRUE(bench.queue->drained());
  }
  EXPECT_EQ(bench.events_told, 1u);
}

TEST(PackedDoorbell, DriverIsToldEvenWhenEverySlotIsHeld) {
  PackedBench bench(4, kEventIdx);
  make_ready(bench, 4);
  EXPECT_TRUE(bench.queue->exhausted());
  EXPECT_EQ(bench.events_told, 1u);
  push_all(bench);
  bench.store_all();
  bench.driver.poll();
  bench.driver.add({{kData, 64, true}});
  EXPECT_TRUE(bench.driver.publish());
  bench.driver.add({{kData, 64, true}});
  EXPECT_FALSE(bench.driver.publish());
}

TEST(PackedDoorbell, NothingIsToldWhileThePrefetchIsFull) {
  PackedBench bench(16, kEventIdx);
  for (unsigned i = 0; i < 4; ++i) bench.driver.add({{kData, 64, true}});
  bench.publish_kick_fetch(4);
  EXPECT_EQ(bench.events_told, 0u);
  EXPECT_FALSE(bench.queue->exhausted());
  bench.queue->pop();
  bench.fetch_all(4);
  EXPECT_EQ(bench.events_told, 1u);
  EXPECT_TRUE(bench.queue->exhausted());
}

TEST(PackedDoorbell, UnderLoadThereAreNone) {
  PackedBench bench(64, kEventIdx);
  bench.queue->kick();
  bench.fetch_all();
  for (unsigned i = 0; i < 48; ++i) bench.driver.add({{kData, 64, true}});
  EXPECT_TRUE(bench.driver.publish());
  bench.queue->kick();
  bench.fetch_all(32);
  unsigned doorbells = 0;
  for (unsigned i = 0; i < 100000; ++i) {
    bench.use();
    bench.driver.poll();
    bench.driver.add({{kData, 64, true}});
    if (bench.driver.publish()) ++doorbells;
    if (bench.queue->chains_ready() <= 16) bench.fetch_all(32);
  }
  EXPECT_LE(doorbells, 100000u / 128 + 1);  // where an old position comes round again, every other lap
  EXPECT_EQ(bench.events_told, 1u);
}

TEST(PackedDoorbell, WithoutTheFeatureNothingIsTold) {
  PackedBench bench(8);
  for (unsigned i = 0; i < 20; ++i) use_batch(bench, 3);
  EXPECT_EQ(bench.events_told, 0u);
}

}  // namespace
}  // namespace rssnic
