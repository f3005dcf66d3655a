// The common configuration structure: feature negotiation, status, queue set-up, generation, reset.
#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

TEST(PciFeatures, OfferedBitsAppearInTheirWindow) {
  PciBench bench;
  EXPECT_EQ(bench.offered(), kOffered);
  bench.write(common::device_feature_select, 4, 1);
  EXPECT_EQ(bench.read(common::device_feature, 4), static_cast<std::uint32_t>(kOffered >> 32));
}

TEST(PciFeatures, WindowsAboveTheOfferedBitsReadZero) {
  PciBench bench;
  for (const std::uint32_t select : {2u, 3u, 32u, 0x80000000u, 0xffffffffu}) {
    bench.write(common::device_feature_select, 4, select);
    bench.write(common::driver_feature_select, 4, select);
    bench.write(common::driver_feature, 4, 0xffffffff);
    EXPECT_EQ(bench.read(common::device_feature, 4), 0u) << select;
    EXPECT_EQ(bench.read(common::driver_feature, 4), 0u) << select;
    EXPECT_EQ(bench.read(common::device_feature_select, 4), select);
  }
  for (const unsigned select : {0u, 1u}) {
    bench.write(common::driver_feature_select, 4, select);
    EXPECT_EQ(bench.read(common::driver_feature, 4), 0u) << "written through another window";
  }
  bench.begin();
  EXPECT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
}

TEST(PciFeatures, DriverFeatureReadsBackPerWindow) {
  PciBench bench;
  bench.begin();
  bench.accept(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_RSS | VIRTIO_NET_F_CTRL_VQ);
  bench.write(common::driver_feature_select, 4, 0);
  EXPECT_EQ(bench.read(common::driver_feature, 4), 1u << 17);
  bench.write(common::driver_feature_select, 4, 1);
  EXPECT_EQ(bench.read(common::driver_feature, 4), 1u << (60 - 32) | 1u);
}

TEST(PciFeatures, ValidSubsetIsAcceptedAndHandedToTheDevice) {
  const FeatureBits subsets[] = {
      VIRTIO_F_VERSION_1,
      VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC,
      VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_RSS,  // RSS without MQ
      VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_MQ,
      kOffered,
  };
  for (const FeatureBits subset : subsets) {
    PciBench bench;
    bench.begin();
    bench.device.take_calls();
    EXPECT_EQ(bench.function.features(), 0u);
    EXPECT_TRUE(bench.negotiate(subset));
    EXPECT_EQ(bench.function.features(), subset);
    EXPECT_EQ(bench.device.take_calls(), Calls{"features " + std::to_string(subset)});
  }
}

TEST(PciFeatures, BitThatWasNotOfferedIsRefused) {
  PciBench bench;
  bench.begin();
  bench.device.take_calls();
  EXPECT_FALSE(bench.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MTU));
  EXPECT_FALSE(bench.negotiate(VIRTIO_F_VERSION_1 | feature(41)));
  EXPECT_EQ(bench.function.features(), 0u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(PciFeatures, BitWithoutItsPrerequisiteIsRefused) {
  PciBench bench;
  bench.begin();
  EXPECT_FALSE(bench.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_CTRL_RX));
  EXPECT_FALSE(bench.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_RSS));
}

TEST(PciFeatures, SetWithoutVersion1IsRefused) {
  PciBench bench;
  bench.begin();
  EXPECT_FALSE(bench.negotiate(VIRTIO_NET_F_MAC));
  EXPECT_FALSE(bench.negotiate(0));
}

TEST(PciFeatures, DriverCanAmendARefusedSet) {
  PciBench bench;
  bench.begin();
  EXPECT_FALSE(bench.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_RSS));
  EXPECT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_RSS | VIRTIO_NET_F_CTRL_VQ));
}

TEST(PciFeatures, WritesAfterFeaturesOkAreIgnored) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.accept(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC);
  EXPECT_EQ(bench.function.features(), VIRTIO_F_VERSION_1);
  bench.write(common::driver_feature_select, 4, 0);
  EXPECT_EQ(bench.read(common::driver_feature, 4), 0u);
}

TEST(PciFeatures, SetAcceptedOnceIsAcceptedAfterEveryKindOfReset) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(kOffered));
  bench.begin();
  EXPECT_EQ(bench.function.features(), 0u);
  EXPECT_TRUE(bench.negotiate(kOffered));
  bench.function.function_reset();
  bench.begin();
  EXPECT_TRUE(bench.negotiate(kOffered));
}

TEST(PciStatus, ReadsZeroAtPowerOn) {
  PciBench bench;
  EXPECT_EQ(bench.status(), 0u);
  EXPECT_FALSE(bench.function.driver_ok());
}

TEST(PciStatus, BitsAreAddedStepByStep) {
  PciBench bench;
  bench.add_status(VIRTIO_STATUS_ACKNOWLEDGE);
  EXPECT_EQ(bench.status(), 1u);
  bench.add_status(VIRTIO_STATUS_DRIVER);
  EXPECT_EQ(bench.status(), 3u);
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  EXPECT_EQ(bench.status(), 11u);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.status(), 15u);
  EXPECT_TRUE(bench.function.driver_ok());
  bench.add_status(VIRTIO_STATUS_FAILED);
  EXPECT_EQ(bench.status(), 143u);
}

TEST(PciStatus, WriteThatClearsABitIsIgnored) {
  PciBench bench;
  bench.start();
  bench.set_status(VIRTIO_STATUS_ACKNOWLEDGE);
  EXPECT_EQ(bench.status(), 15u);
  bench.set_status(VIRTIO_STATUS_FAILED);
  EXPECT_EQ(bench.status(), 15u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(PciStatus, BitsThatAreNotTheDriversAreIgnored) {
  PciBench bench;
  bench.begin();
  bench.add_status(16 | 32 | VIRTIO_STATUS_DEVICE_NEEDS_RESET);
  EXPECT_EQ(bench.status(), 3u);
}

TEST(PciStatus, DriverOkNeedsFeaturesOk) {
  PciBench bench;
  bench.begin();
  bench.device.take_calls();
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.status(), 3u);
  bench.add_status(VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);  // no valid set: neither bit
  EXPECT_EQ(bench.status(), 3u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(PciStatus, DeviceLearnsOfDriverOkOnce) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.device.take_calls();
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  bench.add_status(VIRTIO_STATUS_FAILED);
  EXPECT_EQ(bench.device.take_calls(), Calls{"driver_ok"});
}

TEST(PciStatus, DeviceLearnsOfDriverOkWithoutADoorbell) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.enable_queue(0);
  bench.device.take_calls();
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.device.take_calls(), Calls{"driver_ok"});
}

TEST(PciStatus, NeedsResetSurvivesUntilReset) {
  PciBench bench;
  bench.start();
  bench.function.needs_reset();
  EXPECT_EQ(bench.status(), 15u + 64u);
  EXPECT_FALSE(bench.function.driver_ok());
  bench.set_status(15 + 128);  // a driver that has not seen the bit
  EXPECT_EQ(bench.status(), 15u + 128u + 64u);
  bench.set_status(0);
  EXPECT_EQ(bench.status(), 0u);
  bench.start();
  EXPECT_TRUE(bench.function.driver_ok());
}

TEST(PciStatus, DriverOkDoesNotStartABrokenDevice) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.device.take_calls();
  bench.function.needs_reset();
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
  EXPECT_FALSE(bench.function.driver_ok());
}

TEST(PciStatus, FailedDeviceStartsAgainAfterReset) {
  PciBench bench;
  bench.begin();
  bench.add_status(VIRTIO_STATUS_FAILED);
  EXPECT_EQ(bench.status(), 131u);
  bench.start();
  EXPECT_TRUE(bench.function.driver_ok());
}

TEST(PciReset, WritingZeroResetsTheDeviceAndStatusReadsZero) {
  PciBench bench;
  bench.start();
  bench.set_status(0);
  EXPECT_EQ(bench.status(), 0u);
  EXPECT_EQ(bench.device.take_calls(), Calls{"reset"});
}

TEST(PciReset, EveryRegisterReturnsToItsInitialValue) {
  PciBench bench;
  bench.start();
  for (unsigned queue = 0; queue < PciBench::kQueues; ++queue) {
    bench.select(queue);
    bench.write(common::queue_size, 2, 64);
    bench.enable_queue(queue, 3);
  }
  bench.function.config_changed();
  bench.read_config(0, 4);
  bench.write(common::device_feature_select, 4, 1);
  bench.set_status(0);
  PciBench fresh;
  for (unsigned offset = 0; offset < 64; offset += 4) EXPECT_EQ(bench.read(offset, 4), fresh.read(offset, 4)) << offset;
  for (unsigned queue = 0; queue < PciBench::kQueues; ++queue) {
    bench.select(queue);
    EXPECT_EQ(bench.read(common::queue_enable, 2), 0u);
    EXPECT_EQ(bench.read(common::queue_reset, 2), 0u);
    EXPECT_EQ(bench.read(common::queue_size, 2), 256u);
    EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
    EXPECT_FALSE(bench.function.queue_is_enabled(queue));
  }
  EXPECT_EQ(bench.read(common::config_msix_vector, 2), 0xffffu);
}

TEST(PciReset, StatusStillReadsNonZeroWhileTheDeviceStops) {
  struct Watching final : VirtioDevice {
    explicit Watching(FakeDma& dma) : fake(dma, 3) {}
    FeatureBits offered_features() const override { return fake.offered; }
    unsigned num_queues() const override { return 3; }
    unsigned max_queue_size(unsigned) const override { return 16; }
    ConstBytes device_config() const override { return fake.device_config(); }
    void features_accepted(FeatureBits) override {}
    void driver_ok() override {}
    void queue_enabled(unsigned, const QueueSetup&) override {}
    void queue_reset(unsigned) override {}
    void notify(unsigned) override {}
    void bus_master(bool) override {}
    void reset() override { status_seen = function->device_status(); }
    FakeDevice fake;
    VirtioFunction* function = nullptr;
    unsigned status_seen = 0;
  };
  FakeDma dma;
  FakeInterrupts line;
  Watching device(dma);
  VirtioFunction function(device, dma, line, 2);
  device.function = &function;
  function.bar_write(0, 0x14, 1, 3);
  function.bar_write(0, 0x14, 1, 0);
  EXPECT_EQ(device.status_seen, 3u);
  EXPECT_EQ(function.device_status(), 0u);
}

TEST(PciReset, ConfigurationSpaceAndMsixTableAreNotTheDevices) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.set_status(0);
  EXPECT_TRUE(bench.function.bus_master_enabled());
  EXPECT_EQ(bench.function.config_read(bench.msix + 2, 2) & 0x8000, 0x8000u);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, bench.table_offset + 8, 4), PciBench::data_of(0));
}

TEST(PciReset, NothingReachesTheHostAfterwards) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.mask(1, true);
  bench.function.notify_used(0);  // pending
  bench.function.notify_used(1);  // posted, not yet seen
  bench.function.config_changed();
  bench.set_status(0);
  bench.mask(1, false);
  bench.function.notify_used(1);
  bench.function.config_changed();
  bench.function.needs_reset();
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_FALSE(bench.pending(1));
  EXPECT_EQ(bench.read_isr(), 0u);
}

TEST(QueueRegisters, NumberOfQueuesIsTheDevices) {
  EXPECT_EQ(PciBench(9, 2).read(common::num_queues, 2), 9u);
  EXPECT_EQ(PciBench(65535, 2).read(common::num_queues, 2), 65535u);
}

TEST(QueueRegisters, EveryIndexCanBeDiscovered) {
  PciBench bench(65535, 2);
  for (unsigned queue = 0; queue <= 65535; ++queue) {
    bench.select(queue);
    ASSERT_EQ(bench.read(common::queue_select, 2), queue);
    ASSERT_EQ(bench.read(common::queue_size, 2), queue < 65535 ? 256u : 0u) << queue;
    ASSERT_EQ(bench.read(common::queue_notify_off, 2), queue < 65535 ? queue : 0u);
  }
}

TEST(QueueRegisters, QueueThatDoesNotExistReadsZeroAndTakesNothing) {
  PciBench bench;
  bench.device.absent_queue = 5;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.device.take_calls();
  for (const unsigned queue : {5u, PciBench::kQueues, 1000u, 65535u}) {
    bench.enable_queue(queue);
    bench.write(common::queue_size, 2, 16);
    EXPECT_EQ(bench.read(common::queue_size, 2), 0u) << queue;
    EXPECT_EQ(bench.read(common::queue_enable, 2), 0u) << queue;
    EXPECT_FALSE(bench.function.queue_is_enabled(queue));
  }
  EXPECT_EQ(bench.read(common::queue_desc, 4), 0u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueRegisters, SizeStartsAtTheMaximumAndTakesSmallerPowersOfTwo) {
  PciBench bench;
  EXPECT_EQ(bench.read(common::queue_size, 2), 256u);
  for (const unsigned size : {1u, 2u, 64u, 256u}) {
    bench.write(common::queue_size, 2, size);
    EXPECT_EQ(bench.read(common::queue_size, 2), size);
  }
}

TEST(QueueRegisters, ImpossibleSizeIsNotTaken) {
  PciBench bench;
  bench.write(common::queue_size, 2, 32);
  for (const unsigned size : {0u, 3u, 48u, 255u, 257u, 512u, 0x8000u, 0xffffu}) {
    bench.write(common::queue_size, 2, size);
    EXPECT_EQ(bench.read(common::queue_size, 2), 32u) << size;
  }
}

TEST(QueueRegisters, LargestQueueOfTheSpecificationFits) {
  PciBench bench;
  bench.device.largest_queue = 32768;
  bench.set_status(0);
  EXPECT_EQ(bench.read(common::queue_size, 2), 32768u);
}

TEST(QueueRegisters, SetupIsLatchedAtEnable) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.device.take_calls();
  bench.select(4);
  bench.write(common::queue_size, 2, 32);
  bench.enable_queue(4);
  EXPECT_EQ(bench.device.take_calls(), Calls{"enable 4"});
  const QueueSetup& setup = bench.device.setups[4];
  EXPECT_EQ(setup.size, 32u);
  EXPECT_EQ(setup.addresses.descriptor, 0x100040000u);
  EXPECT_EQ(setup.addresses.driver, 0x200040000u);
  EXPECT_EQ(setup.addresses.device, 0x300040000u);
  EXPECT_TRUE(bench.function.queue_is_enabled(4));
  EXPECT_FALSE(bench.function.queue_is_enabled(3));
}

TEST(QueueRegisters, EnabledQueueIsFrozen) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.enable_queue(2);
  bench.device.take_calls();
  bench.write(common::queue_size, 2, 16);
  bench.set_address(common::queue_desc, 0xdead0000);
  bench.set_address(common::queue_driver, 0xdead0000);
  bench.set_address(common::queue_device, 0xdead0000);
  bench.write(common::queue_enable, 2, 1);
  EXPECT_EQ(bench.read(common::queue_size, 2), 256u);
  EXPECT_EQ(bench.read(common::queue_desc, 4), 0x20000u);
  EXPECT_EQ(bench.read(common::queue_driver, 4), 0x20000u);
  EXPECT_EQ(bench.read(common::queue_device, 4), 0x20000u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueRegisters, EnableTakesOnlyOne) {
  PciBench bench;
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.device.take_calls();
  for (const unsigned value : {0u, 2u, 0x100u, 0xffffu}) bench.write(common::queue_enable, 2, value);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 0u);
  bench.enable_queue(0);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 1u);
  bench.write(common::queue_enable, 2, 0);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 1u) << "a queue cannot be disabled";
  EXPECT_EQ(bench.device.take_calls(), Calls{"enable 0"});
}

TEST(QueueRegisters, EnableBeforeFeaturesOkIsIgnored) {
  PciBench bench;
  bench.begin();
  bench.device.take_calls();
  bench.enable_queue(0);
  EXPECT_EQ(bench.read(common::queue_enable, 2), 0u);
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(QueueRegisters, AddressHalvesAreIndependent) {
  PciBench bench;
  for (const unsigned field : {common::queue_desc, common::queue_driver, common::queue_device}) {
    bench.write(field + 4, 4, 0x11223344);  // the high half first
    bench.write(field, 4, 0x55667788);
    EXPECT_EQ(bench.read(field, 4), 0x55667788u);
    EXPECT_EQ(bench.read(field + 4, 4), 0x11223344u);
    bench.write(field + 4, 4, 0x99aabbcc);
    EXPECT_EQ(bench.read(field, 4), 0x55667788u);
    EXPECT_EQ(bench.function.bar_read(0, field, 8), 0x99aabbcc55667788u);
    bench.function.bar_write(0, field, 8, 0x0102030405060708);
    EXPECT_EQ(bench.read(field, 4), 0x05060708u);
    EXPECT_EQ(bench.read(field + 4, 4), 0x01020304u);
  }
  EXPECT_EQ(bench.read(common::queue_desc, 1), 0x08u) << "little-endian";
}

TEST(QueueRegisters, FieldsOfFeaturesThatAreNotOfferedReadZero) {
  PciBench bench;
  bench.start();
  for (const unsigned field :
       {common::queue_notif_config_data, common::queue_reset, common::admin_queue_index, common::admin_queue_num}) {
    bench.write(field, 2, 1);
    EXPECT_EQ(bench.read(field, 2), 0u) << field;
  }
  EXPECT_TRUE(bench.function.queue_is_enabled(1));
}

TEST(QueueRegisters, ReadOnlyFieldsIgnoreWrites) {
  PciBench bench;
  bench.start();
  const std::uint32_t features = bench.read(common::device_feature, 4);
  bench.write(common::device_feature, 4, ~features);
  bench.write(common::num_queues, 2, 1);
  bench.write(common::config_generation, 1, 77);
  bench.write(common::queue_notify_off, 2, 77);
  EXPECT_EQ(bench.read(common::device_feature, 4), features);
  EXPECT_EQ(bench.read(common::num_queues, 2), PciBench::kQueues);
  EXPECT_EQ(bench.read(common::config_generation, 1), 0u);
  EXPECT_EQ(bench.read(common::queue_notify_off, 2), 1u);
}

TEST(CommonConfigAccess, PartsOfAFieldCanBeRead) {
  PciBench bench;
  bench.write(common::driver_feature_select, 4, 0xa1b2c3d4);
  EXPECT_EQ(bench.read(common::driver_feature_select, 1), 0xd4u);
  EXPECT_EQ(bench.read(common::driver_feature_select + 1, 1), 0xc3u);
  EXPECT_EQ(bench.read(common::driver_feature_select + 2, 2), 0xa1b2u);
  bench.select(2);
  bench.set_status(3);
  EXPECT_EQ(bench.read(common::device_status, 4), 0x00020003u);
}

TEST(CommonConfigAccess, PartialWriteChangesNothing) {
  PciBench bench;
  bench.write(common::driver_feature_select, 2, 0xffff);
  bench.write(common::queue_select, 1, 3);
  bench.write(common::queue_desc + 4, 1, 0xff);
  EXPECT_EQ(bench.read(common::driver_feature_select, 4), 0u);
  EXPECT_EQ(bench.read(common::queue_select, 2), 0u);
  EXPECT_EQ(bench.read(common::queue_desc + 4, 4), 0u);
}

TEST(CommonConfigAccess, WideWriteActsOnEveryFieldThatItCovers) {
  PciBench bench;
  bench.write(common::device_status, 4, 0x00020003);
  EXPECT_EQ(bench.status(), 3u);
  EXPECT_EQ(bench.read(common::queue_select, 2), 2u);
  bench.write(common::queue_size, 4, 0x00050010);
  EXPECT_EQ(bench.read(common::queue_size, 2), 16u);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 5u);
}

TEST(PciDeviceConfig, ReadsAtEverySizeAndIsLittleEndian) {
  PciBench bench;
  EXPECT_EQ(bench.read_config(0, 1), 0x52u);
  EXPECT_EQ(bench.read_config(4, 2), 0x7373u);
  EXPECT_EQ(bench.read_config(8, 2), 4u);
  EXPECT_EQ(bench.read_config(0, 4), 0x72005452u);
  EXPECT_EQ(bench.function.bar_read(0, bench.blocks[4].offset, 8), 0x0001737372005452u);
}

TEST(PciDeviceConfig, IsReadableBeforeFeaturesOk) {
  PciBench bench;
  EXPECT_EQ(bench.read_config(8, 2), 4u);
  bench.begin();
  EXPECT_EQ(bench.read_config(8, 2), 4u) << "gated by an offered feature";
}

TEST(PciDeviceConfig, WritesHaveNoEffect) {
  PciBench bench;
  bench.start();
  const auto before = bench.device.config;
  for (unsigned offset = 0; offset < 32; ++offset)
    bench.function.bar_write(0, bench.blocks[4].offset + offset, 1, 0xee);
  EXPECT_EQ(bench.device.config, before);
  EXPECT_EQ(bench.read_config(0, 1), 0x52u);
}

TEST(PciDeviceConfig, ReadsBeyondTheEndAreZero) {
  PciBench bench;
  bench.device.config.back() = 0xab;
  EXPECT_EQ(bench.read_config(24, 4), 0xab000000u);
  EXPECT_EQ(bench.read_config(28, 4), 0u);
  EXPECT_EQ(bench.read_config(0x1ffc, 4), 0u);
  bench.device.config_bytes = 27;  // ends within the word
  bench.device.config[26] = 0xcd;
  EXPECT_EQ(bench.read_config(24, 4), 0x00cd0000u);
}

TEST(ConfigGeneration, DiffersOnceAChangedValueHasBeenRead) {
  PciBench bench;
  bench.start();
  const std::uint32_t before = bench.read(common::config_generation, 1);
  bench.read_config(0, 4);
  EXPECT_EQ(bench.read(common::config_generation, 1), before) << "nothing has changed";
  bench.function.config_changed();
  bench.read_config(4, 2);
  EXPECT_NE(bench.read(common::config_generation, 1), before);
}

TEST(ConfigGeneration, DoesNotWrapBackToAValueSeenBefore) {
  for (const unsigned changes : {1u, 2u, 255u, 256u, 257u, 512u}) {
    PciBench bench;
    bench.start();
    bench.read_config(0, 4);
    const std::uint32_t before = bench.read(common::config_generation, 1);
    for (unsigned i = 0; i < changes; ++i) bench.function.config_changed();
    bench.read_config(4, 2);
    EXPECT_NE(bench.read(common::config_generation, 1), before) << changes;
  }
}

TEST(ConfigGeneration, AChangeBetweenTwoPartsOfAReadIsNoticed) {
  PciBench bench;
  bench.start();
  const std::uint32_t before = bench.read(common::config_generation, 1);
  bench.read_config(0, 4);
  bench.function.config_changed();
  bench.read_config(4, 2);
  EXPECT_NE(bench.read(common::config_generation, 1), before);
  const std::uint32_t settled = bench.read(common::config_generation, 1);
  bench.read_config(0, 4);
  bench.read_config(4, 2);
  EXPECT_EQ(bench.read(common::config_generation, 1), settled) << "the driver's loop ends";
}

}  // namespace
}  // namespace rssnic
