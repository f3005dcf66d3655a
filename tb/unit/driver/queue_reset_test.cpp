// The driver model's reset of one queue (virtio 1.4, 2.6.1) and its commands for notification coalescing (5.1.9.5.10),
// over the real card with rings of both formats.
#include <gtest/gtest.h>

#include <deque>

#include "model/pci/common_config.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"

namespace rssnic {
namespace {

using FrameBytes = std::vector<std::uint8_t>;

class Frames final : public WireSource {
 public:
  void send(std::size_t size, std::uint8_t value) { frames_.emplace_back(size, value); }
  const WireFrame* front() override {
    if (frames_.empty()) return nullptr;
    front_.bytes = {frames_.front().data(), frames_.front().size()};
    return &front_;
  }
  void pop() override {
    frames_.pop_front();
    ++front_.tag;
  }

 private:
  std::deque<FrameBytes> frames_;
  WireFrame front_;
};

struct Sent final : WireSink {
  void transmit(ConstBytes frame, Cycle) override { frames.emplace_back(frame.data, frame.data + frame.size); }
  std::vector<FrameBytes> frames;
};

// Notes what the driver does to the common configuration from the reset of a queue on, and can make the card look slow.
class Watched final : public PlainMachine {
 public:
  Watched(WireSource& source, WireSink& sink)
      : PlainMachine({}, make_reference_engine(), &source, &sink, nullptr), common_(0) {}
  void watch(const VirtioPciLayout& layout) { common_ = layout.common.offset; }

  unsigned still_resetting = 0;   // so many reads of queue_reset say 1, whatever the card says
  unsigned reset_reads = 0;       // of queue_reset
  unsigned writes_meanwhile = 0;  // between the request and a read of 0

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    const std::uint64_t value = card().function().bar_read(bar, offset, size);
    if (bar != 0 || offset != common_ + kQueueReset) return value;
    ++reset_reads;
    if (still_resetting > 0) {
      --still_resetting;
      return 1;
    }
    under_way_ = under_way_ && value != 0;
    return value;
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    writes_meanwhile += under_way_;
    if (bar == 0 && offset == common_ + kQueueReset) under_way_ = true;
    card().function().bar_write(bar, offset, size, value);
  }
  std::uint64_t common_;
  bool under_way_ = false;
};

class DriverQueueReset : public testing::TestWithParam<FeatureBits> {
 protected:
  DriverQueueReset() : driver(machine, options()) {
    driver.start();
    driver.set_promiscuous(true);
    machine.watch(driver.layout());
  }
  static DriverOptions options() {
    DriverOptions options;
    options.wanted = (options.wanted & ~VIRTIO_F_RING_PACKED) | GetParam();
    options.ring_size = 64;
    return options;
  }
  // Frames of these many bytes come back from receive queue 0, in order.
  void expect_traffic(unsigned count) {
    for (unsigned i = 0; i < count; ++i) wire.send(60 + i, static_cast<std::uint8_t>(i));
    machine.card().wire_ready();
    unsigned next = 0;
    const auto take = [&](const ReceivedPacket& packet) {
      EXPECT_EQ(packet.frame.size, 60 + next);
      EXPECT_EQ(packet.frame.data[0], static_cast<std::uint8_t>(next));
      EXPECT_TRUE(packet.poison_intact);
      ++next;
    };
    while (machine.wait_activity()) driver.poll(take);
    driver.poll(take);
    EXPECT_EQ(next, count);
  }

  Frames wire;
  Sent sink;
  Watched machine{wire, sink};
  VirtioNetDriver driver;
};

TEST_P(DriverQueueReset, WaitsUntilTheDeviceSaysThatItIsDoneAndWritesNothingBefore) {
  machine.still_resetting = 7;
  driver.reset_queue(0);
  EXPECT_GE(machine.reset_reads, 8u);
  EXPECT_EQ(machine.writes_meanwhile, 0u);
}

TEST_P(DriverQueueReset, AReceiveQueueGoesOnWithAnotherSize) {
  expect_traffic(100);
  for (const unsigned size : {16u, 256u, 1u, 64u}) {
    driver.reset_queue(0);
    driver.enable_queue(0, size);
    driver.write_common(kQueueSelect, 2, 0);
    EXPECT_EQ(driver.read_common(kQueueSize, 2), size);
    EXPECT_EQ(driver.read_common(kQueueReset, 2), 0u);
    expect_traffic(100);
  }
  EXPECT_EQ(machine.card().statistics().queue_resets, 4u);
}

TEST_P(DriverQueueReset, HandsOutWhatWasDeliveredBefore) {
  wire.send(100, 1);
  wire.send(200, 2);
  machine.card().wire_ready();
  while (machine.wait_activity()) continue;
  std::vector<std::size_t> sizes;
  driver.reset_queue(0, [&](const ReceivedPacket& packet) { sizes.push_back(packet.frame.size); });
  EXPECT_EQ(sizes, (std::vector<std::size_t>{100, 200}));
}

TEST_P(DriverQueueReset, ATransmitQueueTakesNothingMeanwhileAndGoesOnAfterwards) {
  const FrameBytes frame(300, 0x5a);
  EXPECT_TRUE(driver.transmit(0, {frame.data(), frame.size()}));
  while (machine.wait_activity()) continue;
  driver.reset_queue(1);
  EXPECT_FALSE(driver.transmit(0, {frame.data(), frame.size()}));
  driver.poll([](const ReceivedPacket&) {});
  driver.enable_queue(1, 8);
  for (unsigned i = 0; i < 20; ++i) {
    EXPECT_TRUE(driver.transmit(0, {frame.data(), frame.size()}));
    while (machine.wait_activity()) continue;
    driver.poll([](const ReceivedPacket&) {});
  }
  EXPECT_EQ(sink.frames, std::vector<FrameBytes>(21, frame));
}

TEST_P(DriverQueueReset, TheControlQueueGoesOn) {
  driver.reset_queue(driver.control_queue());
  EXPECT_THROW(driver.set_promiscuous(true), DriverError);
  driver.enable_queue(driver.control_queue());
  for (unsigned i = 0; i < 100; ++i) driver.set_promiscuous(true);
  expect_traffic(10);
}

TEST_P(DriverQueueReset, OfAQueueThatTheDriverDoesNotUseIsRefused) {
  for (const unsigned queue : {2u, 7u, 9u, 65535u}) EXPECT_THROW(driver.reset_queue(queue), DriverError) << queue;
}

TEST_P(DriverQueueReset, CoalescingIsSetForAllAndForOneAndReadBack) {
  const auto expect = [&](unsigned queue, std::uint32_t max_packets, std::uint32_t max_usecs) {
    const CoalescingParameters got = driver.queue_coalescing(queue);
    EXPECT_EQ(got.max_packets, max_packets) << queue;
    EXPECT_EQ(got.max_usecs, max_usecs) << queue;
  };
  expect(0, 0, 0);
  driver.set_receive_coalescing({32, 50});
  driver.set_transmit_coalescing({8, 0x01020304});
  expect(0, 32, 50);
  expect(1, 8, 0x01020304);
  driver.set_queue_coalescing(0, {5, 6});
  expect(0, 5, 6);
  driver.set_receive_coalescing({0, 0});
  expect_traffic(30);
}

// 5.1.9.5.10.5: values that come with a refusal mean nothing, so there are none.
TEST_P(DriverQueueReset, CoalescingThatTheDeviceRefusesIsAnError) {
  EXPECT_THROW(driver.queue_coalescing(driver.control_queue()), DriverError);
  EXPECT_THROW(driver.set_queue_coalescing(6, {1, 1}), DriverError);
  driver.reset_queue(0);
  EXPECT_THROW(driver.queue_coalescing(0), DriverError);
}

INSTANTIATE_TEST_SUITE_P(Rings, DriverQueueReset, testing::Values(FeatureBits{0}, VIRTIO_F_RING_PACKED),
                         [](const auto& param) { return param.param != 0 ? "Packed" : "Split"; });

TEST(DriverQueueResetFeature, IsNeeded) {
  Frames wire;
  Sent sink;
  Watched machine(wire, sink);
  DriverOptions options;
  options.wanted &= ~VIRTIO_F_RING_RESET;
  VirtioNetDriver driver(machine, options);
  driver.start();
  EXPECT_THROW(driver.reset_queue(0), DriverError);
}

}  // namespace
}  // namespace rssnic
