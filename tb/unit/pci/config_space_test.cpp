// The function as PCI sees it: header, BARs, capability list, power management, PCI Express, resets.
#include <set>
#include <stdexcept>

#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

TEST(PciHeader, IdentifiesANonTransitionalNetworkCard) {
  PciBench bench;
  EXPECT_EQ(bench.function.config_read(0x00, 2), 0x1af4u);
  EXPECT_EQ(bench.function.config_read(0x02, 2), 0x1041u);
  EXPECT_GE(bench.function.config_read(0x08, 1), 1u);
  EXPECT_EQ(bench.function.config_read(0x08, 4) >> 8, 0x020000u);
  EXPECT_EQ(bench.function.config_read(0x2c, 2), 0x1af4u);
  EXPECT_GE(bench.function.config_read(0x2e, 2), 0x40u);
  EXPECT_EQ(bench.function.config_read(0x0e, 1), 0u);  // type 0, one function
  EXPECT_EQ(bench.function.config_read(0x3d, 1), 1u);  // INTA
}

TEST(PciHeader, EveryNaturalSizeReadsTheSameBytes) {
  PciBench bench;
  for (unsigned offset = 0; offset < 0x40; offset += 4) {
    const std::uint32_t whole = bench.function.config_read(offset, 4);
    for (unsigned i = 0; i < 4; ++i) {
      EXPECT_EQ(bench.function.config_read(offset + i, 1), whole >> 8 * i & 0xff) << offset + i;
    }
    EXPECT_EQ(bench.function.config_read(offset + 2, 2), whole >> 16) << offset;
  }
}

TEST(PciHeader, UnnaturalAccessesReadZeroAndChangeNothing) {
  PciBench bench;
  EXPECT_EQ(bench.function.config_read(1, 2), 0u);
  EXPECT_EQ(bench.function.config_read(2, 4), 0u);
  EXPECT_EQ(bench.function.config_read(0, 3), 0u);
  EXPECT_EQ(bench.function.config_read(0, 8), 0u);
  EXPECT_EQ(bench.function.config_read(0, 0), 0u);
  EXPECT_EQ(bench.function.config_read(~3u, 4), 0u);
  bench.function.config_write(3, 2, 0xffff);
  bench.function.config_write(4, 8, 0xffffffff);
  EXPECT_EQ(bench.function.config_read(4, 2), 0u);
}

TEST(PciHeader, ExtendedSpaceReadsZero) {
  PciBench bench;
  for (unsigned offset = 0x100; offset < 0x1000; offset += 4) {
    bench.function.config_write(offset, 4, 0xffffffff);
    EXPECT_EQ(bench.function.config_read(offset, 4), 0u) << offset;
  }
}

TEST(PciHeader, CommandKeepsOnlyTheBitsThatAPciExpressEndpointHas) {
  PciBench bench;
  bench.set_command(0xffff);
  EXPECT_EQ(bench.function.config_read(4, 2), 0x0546u);
  bench.function.config_write(5, 1, 0);  // one byte of it
  EXPECT_EQ(bench.function.config_read(4, 2), 0x0046u);
}

TEST(PciHeader, WritesDoNotChangeReadOnlyRegisters) {
  PciBench bench;
  std::map<unsigned, std::uint32_t> before;
  for (const unsigned offset : {0x00u, 0x08u, 0x18u + 8u, 0x2cu, 0x30u, 0x34u, 0x38u}) {
    before[offset] = bench.function.config_read(offset, 4);
    bench.function.config_write(offset, 4, ~before[offset]);
  }
  for (const auto& [offset, value] : before) EXPECT_EQ(bench.function.config_read(offset, 4), value) << offset;
  bench.function.config_write(0x3c, 2, 0xaa0b);
  EXPECT_EQ(bench.function.config_read(0x3c, 2), 0x010bu);  // the line is software's, the pin is not
}

TEST(PciHeader, WritingStatusErrorBitsLeavesTheRestOfStatusAlone) {
  PciBench bench;
  bench.function.config_write(6, 2, 0xffff);
  EXPECT_EQ(bench.function.config_read(6, 2), 0x0010u);  // capability list, and no error
}

TEST(BarSizing, SoftwareFindsSizeAndTypeByWritingOnes) {
  PciBench bench;
  for (const unsigned bar : {0u, 2u}) {
    bench.function.config_write(0x10 + 4 * bar, 4, 0xffffffff);
    bench.function.config_write(0x14 + 4 * bar, 4, 0xffffffff);
    const std::uint64_t low = bench.function.config_read(0x10 + 4 * bar, 4);
    const std::uint64_t high = bench.function.config_read(0x14 + 4 * bar, 4);
    EXPECT_EQ(low & 0xf, 0x4u) << "64-bit memory, not prefetchable";
    const std::uint64_t size = ~(high << 32 | (low & ~0xfull)) + 1;
    EXPECT_EQ(size, bench.function.bar_size(bar));
  }
  for (const unsigned bar : {4u, 5u}) {
    bench.function.config_write(0x10 + 4 * bar, 4, 0xffffffff);
    EXPECT_EQ(bench.function.config_read(0x10 + 4 * bar, 4), 0u);
  }
  for (const unsigned bar : {1u, 3u, 4u, 5u, 6u}) EXPECT_EQ(bench.function.bar_size(bar), 0u);
}

TEST(BarSizing, AddressIsWhatSoftwareWroteWithoutTheTypeBits) {
  PciBench bench;
  bench.function.config_write(0x10, 4, 0xfeb00000);
  bench.function.config_write(0x14, 4, 0x12);
  bench.function.config_write(0x18, 4, 0xfea12345);
  EXPECT_EQ(bench.function.bar_address(0), 0x12feb00000u);
  EXPECT_EQ(bench.function.bar_address(2), 0xfea10000u) << "aligned to the size";
  EXPECT_EQ(bench.function.bar_address(1), 0u);
  EXPECT_EQ(bench.function.bar_address(7), 0u);
}

TEST(BarSizing, RegisterBarGrowsWithTheNumberOfQueues) {
  EXPECT_EQ(PciBench(3, 2).function.bar_size(0), 0x8000u);
  EXPECT_EQ(PciBench(0x1000, 2).function.bar_size(0), 0x8000u);
  EXPECT_EQ(PciBench(0x1001, 2).function.bar_size(0), 0x10000u);
  EXPECT_EQ(PciBench(65535, 2).function.bar_size(0), 0x80000u);
}

TEST(BarSizing, MemoryEnableFollowsCommandBit1) {
  PciBench bench;
  EXPECT_FALSE(bench.function.memory_enabled());
  bench.set_command(2);
  EXPECT_TRUE(bench.function.memory_enabled());
}

TEST(BarSizing, AccessesOutsideAnyBarAreHarmless) {
  PciBench bench;
  bench.start();
  for (const unsigned bar : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 1000u}) {
    for (const std::uint64_t offset : {bench.function.bar_size(bar), ~std::uint64_t{7}, std::uint64_t{1} << 32}) {
      bench.function.bar_write(bar, offset, 4, 0);
      bench.function.bar_write(bar, offset, 8, 0);
      EXPECT_EQ(bench.function.bar_read(bar, offset, 8), 0u) << bar << ' ' << offset;
    }
  }
  for (const unsigned bar : {1u, 3u, 4u, 5u, 6u, 1000u}) bench.function.bar_write(bar, common::device_status, 1, 0);
  bench.function.bar_write(0, bench.function.bar_size(0) + common::device_status, 1, 0);
  bench.function.bar_write(0, 0x15, 2, 0);
  bench.function.bar_write(0, 0x14, 3, 0);
  EXPECT_TRUE(bench.function.driver_ok());
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(CapabilityList, IsAlignedFiniteAndWithoutOverlap) {
  PciBench bench;
  const std::map<std::uint8_t, unsigned> sizes = {{0x01, 8}, {0x10, 60}, {0x11, 12}};
  std::set<unsigned> used;
  const auto list = bench.capabilities();
  EXPECT_EQ(list.size(), 8u);
  for (const Capability& cap : list) {
    EXPECT_EQ(cap.offset % 4, 0u);
    EXPECT_GE(cap.offset, 0x40u);
    const unsigned size = cap.id == 0x09 ? bench.function.config_read(cap.offset + 2, 1) : sizes.at(cap.id);
    EXPECT_LE(cap.offset + size, 0x100u);
    for (unsigned i = 0; i < size; ++i) EXPECT_TRUE(used.insert(cap.offset + i).second) << cap.offset + i;
  }
  EXPECT_TRUE(bench.function.config_read(6, 2) & 0x10);
}

TEST(CapabilityList, CannotBeWritten) {
  PciBench bench;
  const Block window = bench.blocks[5];
  for (const Capability& cap : bench.capabilities()) {
    const std::uint32_t before = bench.function.config_read(cap.offset, 4);
    bench.function.config_write(cap.offset, 4, ~before & ~0xc0000000);  // leaves MSI-X enable and function mask alone
    EXPECT_EQ(bench.function.config_read(cap.offset, 4), before);
    if (cap.id != 0x09 || cap.offset == window.capability) continue;
    for (unsigned i = 4; i < bench.function.config_read(cap.offset + 2, 1); i += 4) {
      const std::uint32_t word = bench.function.config_read(cap.offset + i, 4);
      bench.function.config_write(cap.offset + i, 4, ~word);
      EXPECT_EQ(bench.function.config_read(cap.offset + i, 4), word);
    }
  }
}

TEST(VirtioCapabilities, EachStructureIsThereOnceAndNothingElse) {
  PciBench bench;
  std::set<std::uint8_t> types;
  unsigned vendor_capabilities = 0;
  for (const auto& [type, block] : bench.blocks) types.insert(type);
  for (const Capability& cap : bench.capabilities()) vendor_capabilities += cap.id == 0x09;
  EXPECT_EQ(types, (std::set<std::uint8_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(vendor_capabilities, 5u);
}

TEST(VirtioCapabilities, LengthCoversTheExtraFields) {
  PciBench bench;
  const std::map<std::uint8_t, unsigned> cap_len = {{1, 16}, {2, 20}, {3, 16}, {4, 16}, {5, 20}};
  for (const auto& [type, length] : cap_len) {
    EXPECT_EQ(bench.function.config_read(bench.blocks[type].capability + 2, 1), length) << unsigned{type};
  }
}

TEST(VirtioCapabilities, StructuresLieAlignedWithinTheirBarAndApart) {
  for (const unsigned queues : {1u, 3u, 9u, 65535u}) {
    PciBench bench(queues, 2);
    std::uint64_t end = 0;
    for (const std::uint8_t type : std::array<std::uint8_t, 4>{1, 3, 4, 2}) {  // in the order in which they lie
      const Block& block = bench.blocks[type];
      EXPECT_LT(block.bar, 6u);
      EXPECT_LE(std::uint64_t{block.offset} + block.length, bench.function.bar_size(block.bar));
      EXPECT_EQ(block.offset % 4, 0u);
      EXPECT_GE(block.length, 1u);
      EXPECT_GE(block.offset, end);
      end = block.offset + block.length;
    }
    EXPECT_GE(bench.blocks[1].length, 64u);
    EXPECT_GE(bench.blocks[4].length, bench.device.config.size());
  }
}

TEST(VirtioCapabilities, SizesWithoutRoomAreRefused) {
  FakeDma dma;
  FakeInterrupts line;
  const auto build = [&](unsigned queues, unsigned vectors, PcieParameters link) {
    FakeDevice device(dma, queues);
    VirtioFunction function(device, dma, line, vectors, link);
  };
  EXPECT_NO_THROW(build(1, 1, {}));
  EXPECT_NO_THROW(build(65535, 2048, {}));
  EXPECT_THROW(build(0, 1, {}), std::invalid_argument);
  EXPECT_THROW(build(65536, 1, {}), std::invalid_argument);
  EXPECT_THROW(build(1, 0, {}), std::invalid_argument);
  EXPECT_THROW(build(1, 2049, {}), std::invalid_argument);
  PcieParameters link;
  link.generation = 6;
  EXPECT_THROW(build(1, 1, link), std::invalid_argument);
}

TEST(PciExpress, DescribesAnEndpointAndItsLink) {
  PcieParameters link;
  link.generation = 3;
  link.lanes = 8;
  link.max_payload_bytes = 512;
  PciBench bench(9, 10, link);
  ASSERT_NE(bench.express, 0u);
  EXPECT_EQ(bench.function.config_read(bench.express + 2, 2), 0x0002u);  // version 2, endpoint
  const std::uint32_t device_capabilities = bench.function.config_read(bench.express + 4, 4);
  EXPECT_EQ(device_capabilities & 7, 2u);  // 512 bytes
  EXPECT_TRUE(device_capabilities & 1u << 15);
  EXPECT_TRUE(device_capabilities & 1u << 28);
  EXPECT_EQ(bench.function.config_read(bench.express + 12, 4) & 0x3ff, 0x083u);
  EXPECT_EQ(bench.function.config_read(bench.express + 18, 2) & 0x3ff, 0x083u);
  EXPECT_EQ(bench.function.config_read(bench.express + 44, 4) & 0xfe, 0x0eu);  // 2.5, 5 and 8 GT/s
  PcieParameters widest;
  widest.max_payload_bytes = 4096;
  PciBench wide(9, 10, widest);
  EXPECT_EQ(wide.function.config_read(wide.express + 4, 4) & 7, 5u);
}

TEST(PciExpress, PayloadSizeOfTheDefaultLinkIs256Bytes) {
  PciBench bench;
  EXPECT_EQ(bench.function.config_read(bench.express + 4, 4) & 7, 1u);
}

TEST(PciExpress, DeviceControlKeepsSettingsAndStartsAsSpecified) {
  PciBench bench;
  EXPECT_EQ(bench.function.config_read(bench.express + 8, 2), 0x2810u);
  bench.function.config_write(bench.express + 8, 2, 0x5920);
  EXPECT_EQ(bench.function.config_read(bench.express + 8, 2), 0x5920u);
}

TEST(PciExpress, FunctionLevelResetReturnsEverythingToPowerOn) {
  PciBench bench;
  bench.enable_msix();
  bench.start();
  bench.function.config_write(0x10, 4, 0xfeb00000);
  bench.function.config_write(bench.express + 8, 2, 0xa810);
  EXPECT_EQ(bench.device.take_calls(), (Calls{"reset", "bus_master 0"}));
  PciBench fresh;
  for (unsigned offset = 0; offset < 0x100; offset += 4) {
    if (offset == bench.blocks[5].capability + 16) continue;
    EXPECT_EQ(bench.function.config_read(offset, 4), fresh.function.config_read(offset, 4)) << offset;
  }
  for (unsigned offset = 0; offset < 64; offset += 4) EXPECT_EQ(bench.read(offset, 4), fresh.read(offset, 4)) << offset;
  for (unsigned offset = 0; offset < 16 * PciBench::kVectors; offset += 4) {
    EXPECT_EQ(bench.function.bar_read(bench.table_bar, offset, 4), offset % 16 == 12 ? 1u : 0u) << offset;
  }
  EXPECT_FALSE(bench.function.memory_enabled());
  EXPECT_FALSE(bench.function.bus_master_enabled());
}

TEST(PciExpress, OtherWritesToDeviceControlDoNotReset) {
  PciBench bench;
  bench.start();
  bench.function.config_write(bench.express + 8, 2, 0x7fff);
  bench.function.config_write(bench.express + 9, 1, 0x28);
  EXPECT_TRUE(bench.function.driver_ok());
  bench.function.config_write(bench.express + 9, 1, 0xa8);  // the byte that holds the bit is enough
  EXPECT_FALSE(bench.function.driver_ok());
  EXPECT_EQ(bench.device.take_calls(), Calls{"reset"});
}

TEST(PowerManagement, D3hotStopsMemoryDecodingAndBusMastering) {
  PciBench bench;
  bench.set_command(6);
  bench.device.take_calls();
  bench.function.config_write(bench.power + 4, 2, 3);
  EXPECT_FALSE(bench.function.memory_enabled());
  EXPECT_FALSE(bench.function.bus_master_enabled());
  EXPECT_EQ(bench.device.take_calls(), Calls{"bus_master 0"});
  bench.function.config_write(bench.power + 4, 2, 0);
  EXPECT_TRUE(bench.function.memory_enabled());
  EXPECT_EQ(bench.device.take_calls(), Calls{"bus_master 1"});
}

TEST(PowerManagement, StateSurvivesD3hot) {
  PciBench bench;
  bench.start();
  EXPECT_TRUE(bench.function.config_read(bench.power + 4, 2) & 1u << 3) << "No_Soft_Reset";
  bench.function.config_write(bench.power + 4, 2, 3);
  bench.function.config_write(bench.power + 4, 2, 0);
  EXPECT_TRUE(bench.function.driver_ok());
  EXPECT_TRUE(bench.function.queue_is_enabled(0));
}

TEST(PowerManagement, UnsupportedStatesAreNotEntered) {
  PciBench bench;
  bench.function.config_write(bench.power + 4, 2, 1);
  EXPECT_EQ(bench.function.config_read(bench.power + 4, 2) & 3, 0u);
  bench.function.config_write(bench.power + 4, 2, 3);
  bench.function.config_write(bench.power + 4, 2, 2);
  EXPECT_EQ(bench.function.config_read(bench.power + 4, 2) & 3, 3u);
}

TEST(PciBusMaster, DeviceIsToldOfChangesOnly) {
  PciBench bench;
  bench.set_command(4);
  bench.set_command(6);
  bench.set_command(2);
  bench.set_command(0);
  EXPECT_EQ(bench.device.take_calls(), (Calls{"bus_master 1", "bus_master 0"}));
}

}  // namespace
}  // namespace rssnic
