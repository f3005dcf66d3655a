// Available buffer notifications: where the doorbells are, and which writes reach the device.
#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

TEST(PciDoorbell, MultiplierIsAPowerOfTwoOfAtLeastFour) {
  PciBench bench;
  const std::uint32_t multiplier = bench.function.config_read(bench.blocks[2].capability + 16, 4);
  EXPECT_GE(multiplier, 4u);
  EXPECT_EQ(multiplier & (multiplier - 1), 0u);
}

TEST(PciDoorbell, StructureCoversEveryQueueInBothForms) {
  for (const unsigned queues : {1u, 9u, 65535u}) {
    PciBench bench(queues, 2);
    const std::uint64_t multiplier = bench.function.config_read(bench.blocks[2].capability + 16, 4);
    EXPECT_EQ(bench.blocks[2].offset % 4, 0u);
    for (unsigned queue = 0; queue < queues; ++queue) {
      bench.select(queue);
      const std::uint64_t begin = bench.read(common::queue_notify_off, 2) * multiplier;
      ASSERT_GE(bench.blocks[2].length, begin + 4) << queue;
    }
  }
}

TEST(PciDoorbell, ReachesTheDeviceAtTheAddressOfTheQueue) {
  PciBench bench;
  bench.start();
  bench.ring(0, 0);
  bench.ring(1, 1);
  EXPECT_EQ(bench.device.take_calls(), (Calls{"notify 0", "notify 1"}));
}

TEST(PciDoorbell, LastOf65535QueuesRings) {
  PciBench bench(65535, 2);
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.enable_queue(65534);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  bench.device.take_calls();
  bench.ring(65534, 65534);
  bench.ring(65534, 65535);  // does not exist
  EXPECT_EQ(bench.device.take_calls(), Calls{"notify 65534"});
}

TEST(PciDoorbell, WrittenValueNamesTheQueue) {
  PciBench bench;
  bench.start();
  bench.ring(0, 1);
  EXPECT_EQ(bench.device.take_calls(), Calls{"notify 1"});
}

TEST(PciDoorbell, WideWriteCarriesTheQueueInItsLowHalf) {
  PciBench bench;
  bench.start();
  bench.ring(1, 0x80070001, 4);
  EXPECT_EQ(bench.device.take_calls(), Calls{"notify 1"});
}

TEST(PciDoorbell, BeforeDriverOkIsIgnored) {
  PciBench bench;
  bench.ring(0, 0);
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.enable_queue(0);
  bench.device.take_calls();
  bench.ring(0, 0);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  bench.ring(0, 0);
  EXPECT_EQ(bench.device.take_calls(), (Calls{"driver_ok", "notify 0"}));
}

TEST(PciDoorbell, OfAQueueThatIsNotEnabledIsIgnored) {
  PciBench bench;
  bench.start();
  bench.ring(5, 5);
  bench.ring(0, PciBench::kQueues);
  bench.ring(0, 0xffff);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(PciDoorbell, OfABrokenDeviceIsIgnored) {
  PciBench bench;
  bench.start();
  bench.function.needs_reset();
  bench.ring(0, 0);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(PciDoorbell, WritesElsewhereInTheStructureAreIgnored) {
  PciBench bench;
  bench.start();
  const std::uint32_t base = bench.blocks[2].offset;
  bench.function.bar_write(0, base, 1, 0);                          // too narrow
  bench.function.bar_write(0, base + 2, 2, 0);                      // between two doorbells
  bench.function.bar_write(0, base + 4 * PciBench::kQueues, 2, 0);  // behind the last one
  EXPECT_EQ(bench.device.take_calls(), Calls{});
  EXPECT_EQ(bench.function.bar_read(0, base, 4), 0u);
}

}  // namespace
}  // namespace rssnic
