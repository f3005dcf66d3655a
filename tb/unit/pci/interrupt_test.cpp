// Interrupts: the MSI-X table and its pending bits, vector mapping, the ISR and INTx.
#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

constexpr std::uint16_t kMsixOn = 0x8000;
constexpr std::uint16_t kFunctionMasked = 0x4000;

TEST(MsixCapability, TableSizeIsTheNumberOfVectorsLessOne) {
  for (const unsigned vectors : {1u, 2u, 10u, 2048u}) {
    PciBench bench(9, vectors);
    EXPECT_EQ(bench.function.config_read(bench.msix + 2, 2), vectors - 1);
    bench.set_msix_control(0x3fff);
    EXPECT_EQ(bench.function.config_read(bench.msix + 2, 2), vectors - 1) << "read-only";
  }
}

TEST(MsixCapability, TableAndPendingBitsLieWithinTheirBarAndApart) {
  PciBench bench(9, 2048);
  EXPECT_LE(bench.table_offset + 2048 * 16, bench.pba_offset);
  EXPECT_LE(bench.pba_offset + 2048 / 8, bench.function.bar_size(bench.pba_bar));
  EXPECT_GT(bench.function.bar_size(bench.table_bar), 0u);
}

TEST(MsixTable, StartsMaskedAndKeepsWhatIsWritten) {
  PciBench bench;
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 12, 4), 1u);
  bench.set_entry(3, 0x1fee03003, 0xcafe1234, true);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 0x30, 8), 0x1fee03000u) << "the low two bits are zero";
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 0x38, 4), 0xcafe1234u);
  bench.function.bar_write(bench.table_bar, 0x3c, 4, 0xfffffffe);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 0x3c, 4), 0u) << "only the mask bit is writable";
}

TEST(MsixTable, NarrowAccessesTouchTheirBytesOnly) {
  PciBench bench;
  bench.set_entry(0, 0, 0x11223344, true);
  bench.function.bar_write(bench.table_bar, 9, 1, 0xff);
  bench.function.bar_write(bench.table_bar, 10, 2, 0xaabb);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 8, 4), 0xaabbff44u);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, 10, 2), 0xaabbu);
}

TEST(MsixTable, NothingLiesBehindTheLastEntry) {
  PciBench bench;
  const std::uint64_t behind = 16 * PciBench::kVectors;
  bench.function.bar_write(bench.table_bar, behind, 8, ~std::uint64_t{0});
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, behind, 8), 0u);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, behind + 12, 4), 0u);
}

TEST(MsixVectors, ReadBackWhatIsMapped) {
  PciBench bench;
  for (unsigned vector = 0; vector < PciBench::kVectors; ++vector) {
    bench.write(common::config_msix_vector, 2, vector);
    EXPECT_EQ(bench.read(common::config_msix_vector, 2), vector);
    bench.select(vector % PciBench::kQueues);
    bench.write(common::queue_msix_vector, 2, vector);
    EXPECT_EQ(bench.read(common::queue_msix_vector, 2), vector);
  }
}

TEST(MsixVectors, StartUnmapped) {
  PciBench bench;
  EXPECT_EQ(bench.read(common::config_msix_vector, 2), 0xffffu);
  for (unsigned queue = 0; queue < PciBench::kQueues; ++queue) {
    bench.select(queue);
    EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
  }
}

TEST(MsixVectors, EntryOutsideTheTableCannotBeMapped) {
  PciBench bench;
  for (const unsigned vector : {PciBench::kVectors, 2048u, 0xfffeu}) {
    bench.write(common::config_msix_vector, 2, 0);
    bench.write(common::config_msix_vector, 2, vector);
    EXPECT_EQ(bench.read(common::config_msix_vector, 2), 0xffffu);
    bench.write(common::queue_msix_vector, 2, 0);
    bench.write(common::queue_msix_vector, 2, vector);
    EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
  }
}

TEST(MsixVectors, OfAQueueThatDoesNotExistCannotBeMapped) {
  PciBench bench;
  bench.select(PciBench::kQueues);
  bench.write(common::queue_msix_vector, 2, 0);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
}

TEST(MsixVectors, CanBeChangedOnAnEnabledQueue) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.select(0);
  bench.write(common::queue_msix_vector, 2, 7);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{7});
  bench.write(common::queue_msix_vector, 2, 0xffff);
  EXPECT_EQ(bench.read(common::queue_msix_vector, 2), 0xffffu);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{});
}

TEST(MsixMessage, IsTheEntryOfTheMappedVector) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.function.notify_used(0);
  bench.function.notify_used(1);
  bench.function.config_changed();
  EXPECT_EQ(bench.messages(), (Vectors{1, 2, 0}));
}

TEST(MsixMessage, VectorCanBeShared) {
  PciBench bench(9, 1);
  bench.enable_msix(1);
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.write(common::config_msix_vector, 2, 0);
  bench.enable_queue(0, 0);
  bench.enable_queue(8, 0);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  bench.function.notify_used(0);
  bench.function.notify_used(8);
  bench.function.config_changed();
  EXPECT_EQ(bench.messages(), (Vectors{0, 0, 0}));
}

TEST(MsixMessage, UnmappedEventIsSilentAndNeverBecomesIntx) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.select(0);
  bench.write(common::queue_msix_vector, 2, 0xffff);
  bench.write(common::config_msix_vector, 2, 0xffff);
  bench.set_command(6);  // INTx not masked
  bench.function.notify_used(0);
  bench.function.config_changed();
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_FALSE(bench.line.asserted);
}

TEST(MsixMessage, NoneBeforeDriverOk) {
  PciBench bench;
  bench.enable_msix();
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.enable_queue(0, 1);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{});
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.messages(), Vectors{});
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{1});
}

TEST(MsixMessage, NoneForAQueueThatIsNotEnabled) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.select(6);
  bench.write(common::queue_msix_vector, 2, 3);
  bench.function.notify_used(6);
  bench.function.notify_used(1000);
  EXPECT_EQ(bench.messages(), Vectors{});
}

TEST(MsixMask, MaskedVectorStaysPendingAndFiresOnceUnmasked) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.mask(1, true);
  bench.function.notify_used(0);
  bench.function.notify_used(0);
  bench.function.notify_used(1);
  EXPECT_EQ(bench.messages(), Vectors{2});
  EXPECT_TRUE(bench.pending(1));
  EXPECT_FALSE(bench.pending(2));
  bench.mask(1, false);
  EXPECT_EQ(bench.messages(), Vectors{1});
  EXPECT_FALSE(bench.pending(1));
}

TEST(MsixMask, MessageIsTheEntryAsItIsWhenUnmasked) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.set_entry(1, 0, 0, true);
  bench.function.notify_used(0);
  bench.set_entry(1, PciBench::address_of(9), PciBench::data_of(9), false);
  EXPECT_EQ(bench.messages(), Vectors{9});
}

TEST(MsixMask, FunctionMaskHoldsEveryVector) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.set_msix_control(kMsixOn | kFunctionMasked);
  bench.function.notify_used(0);
  bench.function.config_changed();
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_TRUE(bench.pending(0) && bench.pending(1));
  bench.mask(1, true);
  bench.set_msix_control(kMsixOn);
  EXPECT_EQ(bench.messages(), Vectors{0}) << "vector 1 has a mask of its own";
  bench.mask(1, false);
  EXPECT_EQ(bench.messages(), Vectors{1});
}

TEST(MsixMask, MessagesWaitForBusMaster) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.set_command(2);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_TRUE(bench.pending(1));
  bench.set_command(6);
  EXPECT_EQ(bench.messages(), Vectors{1});
}

TEST(MsixMask, PendingBitsOfTheWholeTable) {
  PciBench bench(65535, 2048);
  bench.set_command(6);
  bench.set_msix_control(kMsixOn);  // every entry still masked
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  for (const unsigned vector : {0u, 31u, 32u, 63u, 64u, 2047u}) bench.enable_queue(vector, vector);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  for (const unsigned vector : {0u, 31u, 32u, 63u, 64u, 2047u}) {
    bench.function.notify_used(vector);
    EXPECT_TRUE(bench.pending(vector)) << vector;
  }
  EXPECT_FALSE(bench.pending(1));
  EXPECT_FALSE(bench.pending(2046));
}

TEST(MsixMask, PendingBitsAreReadOnly) {
  PciBench bench;
  bench.enable_msix();
  bench.function.bar_write(bench.pba_bar, bench.pba_offset, 8, ~std::uint64_t{0});
  EXPECT_EQ(bench.function.bar_read(bench.pba_bar, bench.pba_offset, 8), 0u);
  EXPECT_EQ(bench.messages(), Vectors{});
}

TEST(MsixMask, DisablingForgetsWhatIsPending) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.mask(1, true);
  bench.function.notify_used(0);
  bench.set_msix_control(0);
  EXPECT_FALSE(bench.pending(1));
  bench.set_msix_control(kMsixOn);
  bench.mask(1, false);
  EXPECT_EQ(bench.messages(), Vectors{});
}

TEST(PciIsr, QueueBitIsSetWithMsixDisabledOnly) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(0);
  EXPECT_EQ(bench.read_isr(), 1u);
  bench.enable_msix();
  bench.function.notify_used(0);
  EXPECT_EQ(bench.read_isr(), 0u);
}

TEST(PciIsr, ConfigurationBitIsSetEvenWithMsixEnabled) {
  PciBench bench;
  bench.start();
  bench.function.config_changed();
  EXPECT_EQ(bench.read_isr(), 2u);
  bench.enable_msix();
  bench.function.config_changed();
  EXPECT_EQ(bench.read_isr(), 2u);
}

TEST(PciIsr, OneInterruptSignalsBoth) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(1);
  bench.function.config_changed();
  EXPECT_TRUE(bench.line.asserted);
  EXPECT_EQ(bench.read_isr(), 3u);
}

TEST(PciIsr, ReadClearsItAndDeassertsTheLine) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(0);
  EXPECT_TRUE(bench.line.asserted);
  EXPECT_EQ(bench.read_isr(), 1u);
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.read_isr(), 0u);
}

TEST(PciIsr, WritesAndReadsBesideItDoNotClearIt) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(0);
  bench.function.bar_write(0, bench.blocks[3].offset, 1, 0xff);
  bench.function.bar_write(0, bench.blocks[3].offset, 4, 0);
  EXPECT_EQ(bench.function.bar_read(0, bench.blocks[3].offset + 1, 1), 0u);
  EXPECT_EQ(bench.function.bar_read(0, bench.blocks[3].offset + 4, 4), 0u);
  EXPECT_TRUE(bench.line.asserted);
  EXPECT_EQ(bench.function.bar_read(0, bench.blocks[3].offset, 4), 1u) << "a wider read holds it in its first byte";
}

TEST(PciIntx, InterruptStatusIsTheOrOfTheIsrBits) {
  PciBench bench;
  bench.start();
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 0u);
  bench.function.config_changed();
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 8u);
  bench.function.config_write(6, 2, 0xffff);
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 8u) << "read-only";
  bench.read_isr();
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 0u);
  bench.function.notify_used(0);
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 8u);
}

TEST(PciIntx, CommandBit10MasksTheLineButNotTheStatus) {
  PciBench bench;
  bench.start();
  bench.set_command(0x400);
  bench.function.notify_used(0);
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 8u);
  bench.set_command(0);
  EXPECT_TRUE(bench.line.asserted);
  bench.set_command(0x400);
  EXPECT_FALSE(bench.line.asserted);
}

TEST(PciIntx, IsNotUsedWithMsixEnabled) {
  PciBench bench;
  bench.start();
  bench.function.config_changed();
  EXPECT_TRUE(bench.line.asserted);
  bench.set_msix_control(kMsixOn);
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 0u);
}

TEST(PciIntx, DeviceResetDeassertsTheLine) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(0);
  bench.set_status(0);
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.read_isr(), 0u);
}

TEST(PciIntx, FunctionResetDeassertsTheLine) {
  PciBench bench;
  bench.start();
  bench.function.notify_used(0);
  bench.function.function_reset();
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.function.config_read(6, 2) & 8, 0u);
}

TEST(PciIntx, NothingIsAssertedInD3hot) {
  PciBench bench;
  bench.start();
  bench.function.config_write(bench.power + 4, 2, 3);
  bench.function.config_changed();
  EXPECT_FALSE(bench.line.asserted);
  bench.function.config_write(bench.power + 4, 2, 0);
  EXPECT_TRUE(bench.line.asserted);
}

TEST(ConfigNotification, NeedsResetRaisesItOnce) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.function.needs_reset();
  bench.function.needs_reset();
  EXPECT_EQ(bench.messages(), Vectors{0});
  EXPECT_EQ(bench.read_isr(), 2u);
}

TEST(ConfigNotification, ChangeBeforeDriverOkIsTheDriversOnceItIsUp) {
  PciBench bench;
  bench.enable_msix();
  bench.begin();
  ASSERT_TRUE(bench.negotiate(VIRTIO_F_VERSION_1));
  bench.write(common::config_msix_vector, 2, 4);
  bench.function.config_changed();
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_EQ(bench.read_isr(), 0u);
  bench.add_status(VIRTIO_STATUS_DRIVER_OK);
  EXPECT_EQ(bench.messages(), Vectors{4});
  EXPECT_EQ(bench.read_isr(), 2u);
}

TEST(ConfigNotification, ChangeBeforeAResetIsForgotten) {
  PciBench bench;
  bench.enable_msix();
  bench.function.config_changed();
  bench.start();
  EXPECT_EQ(bench.messages(), Vectors{});
  EXPECT_EQ(bench.read_isr(), 0u);
}

TEST(ConfigNotification, BrokenDeviceSendsNoUsedNotification) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.function.needs_reset();
  bench.messages();
  bench.function.notify_used(0);
  EXPECT_EQ(bench.messages(), Vectors{});
}

}  // namespace
}  // namespace rssnic
