// The register side of queue reset (virtio 1.4, 2.6.1 and 4.1.4.3): queue_reset, what a reset does to the queue's other
// registers and to an interrupt that is pending for it, and what is not taken.
#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

constexpr FeatureBits kWithReset = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | VIRTIO_F_RING_RESET;

// Queues 0 and 1 run, on vectors 1 and 2; queue 0 is selected.
struct Running : PciBench {
  explicit Running(FeatureBits features = kWithReset) {
    begin();
    EXPECT_TRUE(negotiate(features));
    write(common::config_msix_vector, 2, 0);
    enable_queue(1, 2);
    enable_queue(0, 1);
    add_status(VIRTIO_STATUS_DRIVER_OK);
    device.take_calls();
  }
  void reset_selected() { write(common::queue_reset, 2, 1); }
};

TEST(QueueReset, ReadsOneUntilTheDeviceIsDoneAndThenZeroAsQueueEnableDoes) {
  Running bench;
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  bench.reset_selected();
  EXPECT_EQ(bench.device.take_calls(), Calls{"queue_reset 0"});
  EXPECT_EQ(bench.read(common::queue_reset, 2), 1u);
  bench.function.queue_reset_done(0);
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 0u);
}

TEST(QueueReset, IsOfTheSelectedQueueAlone) {
  Running bench;
  bench.reset_selected();
  EXPECT_FALSE(bench.function.queue_is_enabled(0));
  bench.select(1);
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 1u);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 2u);
  bench.device.take_calls();
  bench.ring(1, 1);
  EXPECT_EQ(bench.device.take_calls(), Calls{"notify 1"});
}

TEST(QueueReset, ReturnsTheQueuesRegistersToTheirInitialValues) {
  Running bench;
  bench.select(2);
  bench.write(common::queue_size, 2, 64);
  bench.enable_queue(2, 3);
  bench.reset_selected();
  EXPECT_EQ(bench.read(common::queue_size, 2), 256u);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
  for (const unsigned field : {common::queue_desc, common::queue_driver, common::queue_device}) {
    EXPECT_EQ(bench.read(field, 4), 0u);
    EXPECT_EQ(bench.read(field + 4, 4), 0u);
  }
}

TEST(QueueReset, ReturnsTheSizeToAPowerOfTwoForSplitRingsAndToTheMaximumForPackedOnes) {
  for (const bool packed : {false, true}) {
    PciBench bench;
    bench.device.offered |= VIRTIO_F_RING_PACKED;
    bench.device.largest_queue = 200;
    bench.begin();
    ASSERT_TRUE(bench.negotiate(kWithReset | (packed ? VIRTIO_F_RING_PACKED : 0)));
    bench.select(0);
    bench.write(common::queue_size, 2, 64);
    bench.enable_queue(0);
    bench.write(common::queue_reset, 2, 1);
    EXPECT_EQ(bench.read(common::queue_size, 2), packed ? 200u : 128u);
  }
}

TEST(QueueReset, WhileItIsUnderWayTheQueueTakesNothing) {
  Running bench;
  bench.reset_selected();
  bench.device.take_calls();
  bench.write(common::queue_size, 2, 16);
  bench.enable_queue(0, 5);
  bench.reset_selected();
  bench.ring(0, 0);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
  EXPECT_EQ(bench.read(common::queue_size, 2), 256u);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
  EXPECT_EQ(bench.read(common::queue_desc + 4, 4), 0u);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 0u);
  EXPECT_EQ(bench.read(common::queue_reset, 2), 1u);
}

TEST(QueueReset, AfterwardsTheQueueIsSetUpAnewWithOtherSizeAddressesAndVector) {
  Running bench;
  bench.reset_selected();
  bench.function.queue_reset_done(0);
  bench.device.take_calls();
  bench.write(common::queue_size, 2, 32);
  bench.write(common::queue_msix_vector, 2, 7);
  bench.set_address(common::queue_desc, 0x1111111111111110);
  bench.set_address(common::queue_driver, 0x2222222222222220);
  bench.set_address(common::queue_device, 0x3333333333333330);
  bench.write(common::queue_enable, 2, 1);
  EXPECT_EQ(bench.device.take_calls(), Calls{"enable 0"});
  EXPECT_EQ(bench.device.setups[0].size, 32u);
  EXPECT_EQ(bench.device.setups[0].addresses.descriptor, 0x1111111111111110u);
  EXPECT_EQ(bench.device.setups[0].addresses.driver, 0x2222222222222220u);
  EXPECT_EQ(bench.device.setups[0].addresses.device, 0x3333333333333330u);
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 1u);
  bench.enable_msix();
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{7});
}

TEST(QueueReset, CanBeDoneAgainAndAgain) {
  Running bench;
  for (unsigned i = 0; i < 5; ++i) {
    bench.reset_selected();
    bench.function.queue_reset_done(0);
    bench.enable_queue(0, 1);
    EXPECT_EQ(bench.device.take_calls(), (Calls{"queue_reset 0", "enable 0"}));
  }
}

TEST(QueueReset, TakesNothingButOne) {
  for (const unsigned value : {0u, 2u, 0x100u, 0xfffeu, 0xffffu}) {
    Running bench;
    bench.write(common::queue_reset, 2, value);
    EXPECT_EQ(bench.read(common::queue_reset, 2), 0u) << value;
    EXPECT_TRUE(bench.function.queue_is_enabled(0)) << value;
  }
  Running bench;
  bench.write(common::queue_reset, 1, 1);  // half of the field
  EXPECT_TRUE(bench.function.queue_is_enabled(0));
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueReset, OfAQueueThatIsNotEnabledOrDoesNotExistHasNoEffect) {
  Running bench;
  for (const unsigned queue : {3u, PciBench::kQueues, 65535u}) {
    bench.select(queue);
    bench.write(common::queue_reset, 2, 1);
    EXPECT_EQ(bench.read(common::queue_reset, 2), 0u) << queue;
  }
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueReset, NeedsTheFeature) {
  Running bench(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC);
  bench.reset_selected();
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  EXPECT_TRUE(bench.function.queue_is_enabled(0));
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueReset, WorksBeforeDriverOk) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(kWithReset));
  bench.enable_queue(0);
  bench.device.take_calls();
  bench.write(common::queue_reset, 2, 1);
  EXPECT_EQ(bench.device.take_calls(), Calls{"queue_reset 0"});
}

TEST(QueueReset, ADeviceResetEndsIt) {
  Running bench;
  bench.reset_selected();
  bench.begin();
  EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
  ASSERT_TRUE(bench.negotiate(kWithReset));
  bench.enable_queue(0, 1);
  EXPECT_TRUE(bench.function.queue_is_enabled(0));
}

// ---- interrupts

TEST(QueueResetInterrupt, NoneIsSentForTheQueueFromThenOn) {
  Running bench;
  bench.enable_msix();
  bench.reset_selected();
  bench.function.notify_used(0);
  bench.function.queue_reset_done(0);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{});
  bench.function.notify_used(1);
  EXPECT_EQ(bench.messages(), Vectors{2});
}

TEST(QueueResetInterrupt, OneThatIsPendingForTheQueueAloneIsDropped) {
  Running bench;
  bench.enable_msix();
  bench.mask(1, true);
  bench.mask(2, true);
  bench.function.notify_used(0);
  bench.function.notify_used(1);
  ASSERT_TRUE(bench.pending(1));
  bench.reset_selected();
  EXPECT_FALSE(bench.pending(1));
  EXPECT_TRUE(bench.pending(2)) << "of another queue";
  bench.mask(1, false);
  bench.mask(2, false);
  EXPECT_EQ(bench.messages(), Vectors{2});
}

TEST(QueueResetInterrupt, OneThatMayBeAnotherQueuesOrTheConfigurationsStaysPending) {
  for (const unsigned shared : {2u, 0u}) {
    Running bench;
    bench.enable_msix();
    bench.write(common::queue_msix_vector, 2, shared);
    bench.mask(shared, true);
    bench.function.notify_used(0);
    bench.reset_selected();
    EXPECT_TRUE(bench.pending(shared));
    bench.mask(shared, false);
    EXPECT_EQ(bench.messages(), Vectors{shared});
  }
}

}  // namespace
}  // namespace rssnic
