// Both kinds of the driver's ring against a device in zero time: what the device gets to see, what comes back, who
// wakes whom, and what the driver refuses.
#include <fmt/format.h>

#include <deque>
#include <random>

#include "tb/driver/driver_error.h"
#include "tb/driver/packed_ring.h"
#include "tb/driver/split_ring.h"
#include "tb/unit/driver/ring_device.h"

namespace rssnic::test {
namespace {

struct RingKind {
  bool packed = false;
  RingOptions options;
  unsigned size = 0;
  FeatureBits features() const {
    return (packed ? VIRTIO_F_RING_PACKED : 0) | (options.indirect_desc ? VIRTIO_F_INDIRECT_DESC : 0) |
           (options.event_idx ? VIRTIO_F_EVENT_IDX : 0);
  }
};

std::vector<RingKind> kinds(const std::vector<unsigned>& split_sizes, const std::vector<unsigned>& packed_sizes) {
  std::vector<RingKind> all;
  for (const bool indirect : {false, true}) {
    for (const bool event : {false, true}) {
      for (const unsigned size : split_sizes) all.push_back({false, {indirect, event}, size});
      for (const unsigned size : packed_sizes) all.push_back({true, {indirect, event}, size});
    }
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<RingKind>& info) {
  return std::string(info.param.packed ? "Packed" : "Split") + std::to_string(info.param.size) +
         (info.param.options.indirect_desc ? "Indirect" : "") + (info.param.options.event_idx ? "Event" : "");
}

constexpr unsigned kQueue = 6;

class DriverRingKind : public testing::TestWithParam<RingKind> {
 protected:
  HostRam ram_;
  const RingKind kind_ = GetParam();
  const std::unique_ptr<DriverRing> ring_ = make_driver_ring(ram_, kQueue, kind_.size, kind_.features());
  RingDevice device_{ram_, *ring_, kind_.packed, kind_.options};

  // The message of the DriverError that a call ends with.
  template <typename Call>
  static std::string error_of(Call call) {
    try {
      call();
    } catch (const DriverError& error) {
      return error.what();
    }
    return "no error";
  }
};
INSTANTIATE_TEST_SUITE_P(Rings, DriverRingKind, testing::ValuesIn(kinds({1, 2, 64}, {1, 3, 100})), name_of);

TEST_P(DriverRingKind, PartsAreAlignedAsTheSpecificationAsks) {
  EXPECT_EQ(ring_->addresses().descriptor % 16, 0u);
  EXPECT_EQ(ring_->addresses().driver % (kind_.packed ? 4 : 2), 0u);
  EXPECT_EQ(ring_->addresses().device % 4, 0u);
  EXPECT_EQ(ring_->size(), kind_.size);
}

// Buffers of random parts, published in batches, used in any order; the device sees each as it was added, in that
// order, and the driver gets each back once. Rings and tables take no further memory after the first rounds.
TEST_P(DriverRingKind, BuffersGoRoundManyTimesInAnyOrder) {
  const std::uint32_t seed = 20240611 + kind_.size;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  struct Added {
    std::vector<GuestBuffer> readable, writable;
    std::uint32_t cookie = 0;
  };
  std::deque<Added> added;  // not yet taken by the device
  std::vector<std::pair<RingDevice::Taken, std::uint32_t>> with_device;
  std::deque<DriverRing::Used> used;
  std::uint32_t cookies = 0, finished = 0;
  std::uint64_t table_memory = 0;
  for (unsigned round = 0; finished < 20 * kind_.size + 2000; ++round) {
    ASSERT_LT(round, 100000u);
    for (unsigned tries = below(8); tries > 0; --tries) {
      Added buffer;
      buffer.cookie = cookies;
      const unsigned parts = 1 + below(std::min(6u, kind_.size));
      const unsigned readable = below(parts + 1);
      for (unsigned i = 0; i < parts; ++i) {
        (i < readable ? buffer.readable : buffer.writable).push_back({random(), below(4096)});
      }
      const unsigned room = ring_->free_descriptors();
      const unsigned needed = kind_.options.indirect_desc ? 1 : parts;
      ASSERT_EQ(ring_->add(buffer.readable, buffer.writable, buffer.cookie), room >= needed);
      ASSERT_EQ(ring_->free_descriptors(), room >= needed ? room - needed : room);
      if (room < needed) continue;
      added.push_back(std::move(buffer));
      ++cookies;
    }
    if (table_memory == 0 && round == 20) table_memory = ram_.allocate(1, 1);
    ring_->publish();
    while (const auto taken = device_.take()) {
      ASSERT_FALSE(added.empty());
      const auto same = [](const GuestBuffer& a, const GuestBuffer& b) {
        return a.address == b.address && a.length == b.length;
      };
      const Added& expected = added.front();
      ASSERT_TRUE(std::equal(taken->readable.begin(), taken->readable.end(), expected.readable.begin(),
                             expected.readable.end(), same));
      ASSERT_TRUE(std::equal(taken->writable.begin(), taken->writable.end(), expected.writable.begin(),
                             expected.writable.end(), same));
      const std::size_t parts = expected.readable.size() + expected.writable.size();
      ASSERT_EQ(taken->indirect, kind_.options.indirect_desc && parts > 1);
      with_device.emplace_back(*taken, expected.cookie);
      added.pop_front();
    }
    ASSERT_TRUE(added.empty()) << "published and not seen";
    for (std::size_t count = below(with_device.size() + 1); count > 0; --count) {
      const std::size_t which = below(with_device.size());
      const auto [taken, cookie] = with_device[which];
      with_device.erase(with_device.begin() + static_cast<std::ptrdiff_t>(which));
      std::uint32_t room = 0;
      for (const GuestBuffer& part : taken.writable) room += part.length;
      const auto length = below(room + 1);
      device_.use(taken, length);
      used.push_back({cookie, length});
    }
    ASSERT_EQ(ring_->used_ready(), used.size());
    for (std::size_t count = below(used.size() + 2); count > 0; --count) {
      const auto taken = ring_->take_used();
      ASSERT_EQ(taken.has_value(), !used.empty());
      if (!taken) break;
      ASSERT_EQ(*taken, used.front());
      used.pop_front();
      ++finished;
    }
  }
  EXPECT_LE(ram_.allocate(1, 1), table_memory + 1 + (kind_.options.indirect_desc ? kind_.size * 256 + 16 : 0));
}

TEST_P(DriverRingKind, NothingIsVisibleBeforeItIsPublished) {
  const unsigned parts = std::min(kind_.size, 3u);
  for (unsigned lap = 0; lap < 3 * kind_.size; ++lap) {
    ASSERT_TRUE(ring_->add({}, std::vector<GuestBuffer>(parts, {0x1000, 64}), lap));
    ASSERT_FALSE(device_.take());
    ring_->publish();
    const auto taken = device_.take();
    ASSERT_TRUE(taken);
    device_.use(*taken, 1);
    ASSERT_EQ(ring_->take_used(), (DriverRing::Used{lap, 1}));
  }
}

TEST_P(DriverRingKind, ExposedDescriptorsAreLeftAloneUntilTheyAreUsed) {
  const unsigned half = std::max(1u, kind_.size / 2);  // the first slots of the ring
  const unsigned parts = kind_.size > 3 ? 2 : 1;
  const unsigned slots = kind_.options.indirect_desc ? half : half / parts * parts;
  for (unsigned i = 0; ring_->free_descriptors() > kind_.size - slots; ++i) {
    ASSERT_TRUE(ring_->add({}, std::vector<GuestBuffer>(parts, {0x1000 + i, 64}), i));
  }
  ring_->publish();
  const std::vector<std::uint8_t> exposed(device_.descriptor(0), device_.descriptor(slots));
  const std::uint8_t* const table = ram_.pointer(load_le64(device_.descriptor(0)), 32);
  const std::vector<std::uint8_t> entries(table, table == nullptr ? table : table + 32);
  while (ring_->add({}, {{0x2000, 64}}, 99)) ring_->publish();
  ring_->add({}, {{0x3000, 64}, {0x3000, 64}}, 99);
  ring_->enable_interrupts(true);
  EXPECT_EQ(ring_->take_used(), std::nullopt);
  EXPECT_TRUE(std::equal(exposed.begin(), exposed.end(), device_.descriptor(0)));
  EXPECT_TRUE(std::equal(entries.begin(), entries.end(), table));
}

TEST_P(DriverRingKind, ABufferOfMorePartsThanTheRingHasEntriesIsRefused) {
  EXPECT_FALSE(ring_->add({}, std::vector<GuestBuffer>(kind_.size + 1, {0x1000, 64}), 0));
  EXPECT_FALSE(ring_->add({}, {}, 0)) << "and one without any";
  EXPECT_EQ(ring_->free_descriptors(), kind_.size);
  EXPECT_TRUE(ring_->add({}, std::vector<GuestBuffer>(kind_.size, {0x1000, 1}), 0));
}

TEST_P(DriverRingKind, WithEventIdxADeviceIsNotifiedOfTheBufferItAskedForAndNoOther) {
  for (unsigned lap = 0; lap < 5 * kind_.size + 10; ++lap) {
    const bool asks = lap % 2 == 0 || lap % 7 == 5;
    if (kind_.options.event_idx && asks) device_.ask_for_next();
    ASSERT_TRUE(ring_->add({}, {{0x1000, 64}}, lap));
    ASSERT_EQ(ring_->publish(), asks || !kind_.options.event_idx) << lap;
    device_.use(*device_.take(), 1);
    ASSERT_TRUE(ring_->take_used());
  }
}

TEST_P(DriverRingKind, TheInterruptComesWithTheNextBufferHoweverItIsAsked) {
  const unsigned buffers = 4 * kind_.size + 20;
  for (unsigned lap = 0; lap < buffers; ++lap) {
    EXPECT_FALSE(ring_->enable_interrupts(true));
    ASSERT_TRUE(ring_->add({}, {{0x1000, 64}}, lap));
    ring_->publish();
    device_.use(*device_.take(), 3);
    ASSERT_TRUE(device_.interrupt_wanted()) << lap;
    ASSERT_TRUE(ring_->take_used());
    ASSERT_TRUE(ring_->add({}, {{0x1000, 64}}, lap));
    ring_->publish();
    ring_->enable_interrupts(false);
    device_.use(*device_.take(), 3);
    ASSERT_FALSE(device_.interrupt_wanted()) << lap;
    ASSERT_TRUE(ring_->take_used());
  }
}

TEST_P(DriverRingKind, WithEventIdxOneInterruptStandsForAllUntilTheDriverAsksAgain) {
  if (kind_.size < 3) return;  // three buffers are needed
  for (unsigned lap = 0; lap < 3 * kind_.size; ++lap) {
    for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(ring_->add({}, {{0x1000, 64}}, i));
    ring_->publish();
    ring_->enable_interrupts(true);
    for (unsigned i = 0; i < 3; ++i) {
      device_.use(*device_.take(), 3);
      ASSERT_EQ(device_.interrupt_wanted(), i == 0 || !kind_.options.event_idx) << i;
    }
    for (unsigned i = 0; i < 3; ++i) ASSERT_EQ(ring_->take_used()->cookie, i);
  }
}

TEST_P(DriverRingKind, ABufferUsedBeforeInterruptsAreAskedForIsNotSleptOver) {
  for (unsigned lap = 0; lap < 2 * kind_.size + 3; ++lap) {
    ring_->add({}, {{0x1000, 64}}, lap);
    ring_->publish();
    EXPECT_FALSE(ring_->enable_interrupts(true));
    ring_->enable_interrupts(false);
    device_.use(*device_.take(), 3);
    EXPECT_FALSE(ring_->enable_interrupts(false)) << "a driver that does not sleep";
    EXPECT_TRUE(ring_->enable_interrupts(true)) << "lap " << lap;
    ASSERT_TRUE(ring_->take_used());
    EXPECT_FALSE(ring_->enable_interrupts(true));
  }
}

TEST_P(DriverRingKind, WhatTheDeviceSaysOfAUsedBufferIsNotBelieved) {
  ring_->add({}, {{0x1000, 60}}, 7);
  ring_->publish();
  const RingDevice::Taken taken = *device_.take();
  const std::uint16_t id = taken.id;

  const auto error_when = [&](std::uint32_t claimed_id, std::uint32_t length) {
    RingDevice liar = device_;
    RingDevice::Taken claim = taken;
    claim.id = static_cast<std::uint16_t>(claimed_id);
    liar.use(claim, length);
    const std::string error = error_of([&] { ring_->take_used(); });
    if (!kind_.packed) store_le16(device_.device_area() + 2, 0);
    return error;
  };
  EXPECT_EQ(error_when(id, 61), fmt::format("queue 6: buffer {} is used with length 61; at most 60 is allowed", id));
  const std::string unknown = "queue 6: buffer {} is used, which the device does not have; its ring has {} entries";
  EXPECT_EQ(error_when(kind_.size, 60), fmt::format(fmt::runtime(unknown), kind_.size, kind_.size)) << "no such buffer";
  if (kind_.size > 1) {
    EXPECT_EQ(error_when(id + 1, 60), fmt::format(fmt::runtime(unknown), id + 1, kind_.size)) << "never given";
  }
  device_.use(taken, 60);
  EXPECT_EQ(ring_->take_used(), (DriverRing::Used{7, 60}));
  device_.use(taken, 60);
  EXPECT_NE(error_of([&] { ring_->take_used(); }).find("does not have"), std::string::npos) << "used twice";
}

TEST(DriverRingPacked, ALengthWithoutTheWriteFlagMeansNothing) {
  HostRam ram;
  PackedRing ring(ram, 5);
  ring.add({{0x1000, 64}}, {}, 9);
  ring.publish();
  std::uint8_t* const bytes = ram.pointer(ring.addresses().descriptor, 16);
  store_le32(bytes + 8, 0xdeadbeef);
  store_le16(bytes + 14, 0x8080);
  EXPECT_EQ(ring.take_used(), (DriverRing::Used{9, 0}));
}

class DriverRingPackedEvent : public testing::Test {
 protected:
  // Whether a ring with or without EVENT_IDX wants to notify when the device has written so.
  static bool publish(bool event_idx, std::uint16_t offset, std::uint16_t flags) {
    HostRam ram;
    PackedRing ring(ram, 5, {false, event_idx}, 12);
    std::uint8_t* const event = ram.pointer(ring.addresses().device, 4);
    store_le16(event, offset);
    store_le16(event + 2, flags);
    ring.add({}, {{0x1000, 64}}, 0);
    return ring.publish();
  }
};

TEST_F(DriverRingPackedEvent, EnableAndDisableAreHonoured) {
  for (const bool event_idx : {false, true}) {
    EXPECT_TRUE(publish(event_idx, 3, 0));
    EXPECT_FALSE(publish(event_idx, 0x8000, 1));
  }
}

TEST_F(DriverRingPackedEvent, OnlyWhatTheSpecificationKnowsIsTaken) {
  EXPECT_TRUE(publish(true, 0x8000, 2));
  EXPECT_FALSE(publish(true, 0x0000, 2)) << "the lap before";
  EXPECT_FALSE(publish(true, 0x8001, 2));
  for (const auto& [event_idx, offset, flags, text] : std::vector<std::tuple<bool, unsigned, unsigned, std::string>>{
           {false, 0x8000, 2, "queue 12: the device's event flags are 2; 0 or 1 is allowed"},
           {true, 0x8000, 3, "queue 12: the device's event flags are 3; 0, 1 or 2 is allowed"},
           {true, 0x8000, 6, "queue 12: the device's event flags are 6; 0, 1 or 2 is allowed"},
           {true, 0x8005, 2, "queue 12: the device's event offset is 5; 0 to 4 is allowed"}}) {
    try {
      publish(event_idx, static_cast<std::uint16_t>(offset), static_cast<std::uint16_t>(flags));
      ADD_FAILURE() << text;
    } catch (const DriverError& error) {
      EXPECT_EQ(error.what(), text);
    }
  }
}

// Every event of a ring of any size, at every position, for batches of every length: the driver notifies just when the
// batch covers the slot.
TEST_F(DriverRingPackedEvent, IsCrossedExactlyByTheBatchThatFillsItsSlot) {
  HostRam ram;
  for (const unsigned size : {1u, 2u, 3u, 5u, 8u}) {
    for (unsigned start = 0; start < 2 * size; ++start) {
      for (unsigned batch = 1; batch <= size; ++batch) {
        for (unsigned event = 0; event < size; ++event) {
          PackedRing ring(ram, size, {false, true});
          RingDevice device(ram, ring, true, {false, true});
          for (unsigned i = 0; i < start; ++i) {
            ring.add({}, {{0x1000, 64}}, 0);
            ring.publish();
            device.use(*device.take(), 1);
            ring.take_used();
          }
          // A device asks for a slot ahead of where it stands, in this lap or in the next.
          const unsigned absolute = start + event;
          const bool wrap = absolute / size % 2 == 0;
          store_le16(device.device_area(), static_cast<std::uint16_t>(absolute % size | (wrap ? 0x8000u : 0u)));
          store_le16(device.device_area() + 2, 2);
          for (unsigned i = 0; i < batch; ++i) ASSERT_TRUE(ring.add({}, {{0x1000, 64}}, 0));
          ASSERT_EQ(ring.publish(), event < batch) << size << " from " << start << " by " << batch << " at " << event;
        }
      }
    }
  }
}

TEST(DriverRingSplit, WithEventIdxTheFlagsAreLeftAndIgnored) {
  HostRam ram;
  SplitRing ring(ram, 4, {false, true});
  std::uint8_t* const used = ram.pointer(ring.used_address(), 6 + 8 * 4);
  const std::uint8_t* const available = ram.pointer(ring.available_address(), 6 + 2 * 4);
  store_le16(used, 1);  // NO_NOTIFY
  ring.add({}, {{0x1000, 64}}, 0);
  EXPECT_TRUE(ring.publish()) << "avail_event is 0";
  EXPECT_FALSE(ring.publish()) << "nothing new";
  for (const bool enabled : {false, true}) {
    ring.enable_interrupts(enabled);
    EXPECT_EQ(load_le16(available), 0u) << "avail.flags";
  }
}

TEST(DriverRingSplit, WithoutEventIdxFlagsRuleAndTheEventIsIgnored) {
  HostRam ram;
  SplitRing ring(ram, 4);
  std::uint8_t* const used = ram.pointer(ring.used_address(), 6 + 8 * 4);
  const std::uint8_t* const available = ram.pointer(ring.available_address(), 6 + 2 * 4);
  store_le16(used + 4 + 8 * 4, 0x7777);  // avail_event
  ring.add({}, {{0x1000, 64}}, 0);
  EXPECT_TRUE(ring.publish());
  ring.enable_interrupts(false);
  EXPECT_EQ(load_le16(available), 1u);
  ring.enable_interrupts(true);
  EXPECT_EQ(load_le16(available), 0u);
  EXPECT_EQ(load_le16(available + 4 + 2 * 4), 0u) << "used_event";
}

TEST(DriverRingSplit, TheChainOfABufferIsRememberedWhateverTheTableSays) {
  HostRam ram;
  SplitRing ring(ram, 4);
  RingDevice device(ram, ring, false, {});
  ring.add({{1, 1}, {2, 2}}, {{3, 3}}, 5);
  ring.publish();
  const auto taken = device.take();
  for (unsigned i = 0; i < 4; ++i) std::memset(device.descriptor(i), 0xff, 16);
  device.use(*taken, 3);
  EXPECT_EQ(ring.take_used(), (DriverRing::Used{5, 3}));
  EXPECT_EQ(ring.free_descriptors(), 4u);
  EXPECT_TRUE(ring.add({}, {{1, 1}, {2, 2}, {3, 3}, {4, 4}}, 6));
}

TEST(DriverRingIndirect, ABufferOfMorePartsThanATableHoldsIsAChain) {
  for (const bool packed : {false, true}) {
    HostRam ram;
    const FeatureBits features = VIRTIO_F_INDIRECT_DESC | (packed ? VIRTIO_F_RING_PACKED : 0);
    const auto ring = make_driver_ring(ram, 0, 64, features);
    RingDevice device(ram, *ring, packed, {true, false});
    for (const unsigned parts : {1u, 2u, DriverRing::kTableParts, DriverRing::kTableParts + 1, 40u}) {
      ASSERT_TRUE(ring->add({}, std::vector<GuestBuffer>(parts, {0x1000, 8}), parts));
      ring->publish();
      const auto taken = device.take();
      ASSERT_TRUE(taken);
      EXPECT_EQ(taken->indirect, parts > 1 && parts <= DriverRing::kTableParts) << parts;
      EXPECT_EQ(taken->writable.size(), parts);
      device.use(*taken, 8 * parts);
      EXPECT_EQ(ring->take_used(), (DriverRing::Used{parts, 8 * parts}));
    }
    EXPECT_EQ(ring->free_descriptors(), 64u);
  }
}

}  // namespace
}  // namespace rssnic::test
