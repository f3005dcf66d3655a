// The PCI_CFG capability: BAR accesses through configuration space (virtio 1.4, 4.1.4.9).
#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

struct WindowBench : PciBench {
  void aim(unsigned bar, std::uint32_t offset, std::uint32_t length) {
    const unsigned cap = blocks[5].capability;
    function.config_write(cap + 4, 1, bar);
    function.config_write(cap + 8, 4, offset);
    function.config_write(cap + 12, 4, length);
  }
  unsigned data() { return blocks[5].capability + 16; }
};

TEST(ConfigWindow, ReadsARegisterOfTheBar) {
  WindowBench bench;
  bench.aim(0, common::num_queues, 2);
  EXPECT_EQ(bench.function.config_read(bench.data(), 2), PciBench::kQueues);
  bench.aim(0, bench.blocks[4].offset, 4);
  EXPECT_EQ(bench.function.config_read(bench.data(), 4), 0x72005452u);
}

TEST(ConfigWindow, WritesARegisterOfTheBar) {
  WindowBench bench;
  bench.aim(0, common::device_status, 1);
  bench.function.config_write(bench.data(), 1, 3);
  EXPECT_EQ(bench.status(), 3u);
  bench.aim(0, common::queue_select, 2);
  bench.function.config_write(bench.data(), 2, 7);
  EXPECT_EQ(bench.read(common::queue_select, 2), 7u);
  EXPECT_EQ(bench.status(), 3u);
}

TEST(ConfigWindow, LengthDecidesNotTheSizeOfTheAccess) {
  WindowBench bench;
  bench.select(0x0103);
  bench.aim(0, common::queue_select, 1);
  EXPECT_EQ(bench.function.config_read(bench.data(), 4), 0x03u);
  bench.aim(0, common::device_status, 1);
  bench.function.config_write(bench.data(), 4, 0x00050003);  // the queue select beside it stays
  EXPECT_EQ(bench.status(), 3u);
  EXPECT_EQ(bench.read(common::queue_select, 2), 0x0103u);
}

TEST(ConfigWindow, ReadingTheIsrClearsIt) {
  WindowBench bench;
  bench.start();
  bench.function.notify_used(0);
  bench.aim(0, bench.blocks[3].offset, 1);
  EXPECT_TRUE(bench.line.asserted) << "aiming does not read";
  EXPECT_EQ(bench.function.config_read(bench.data(), 1), 1u);
  EXPECT_FALSE(bench.line.asserted);
  EXPECT_EQ(bench.function.config_read(bench.data(), 1), 0u);
}

TEST(ConfigWindow, RingsADoorbell) {
  WindowBench bench;
  bench.start();
  bench.aim(0, bench.blocks[2].offset + 4, 2);
  bench.function.config_write(bench.data(), 2, 1);
  EXPECT_EQ(bench.device.take_calls(), Calls{"notify 1"});
}

TEST(ConfigWindow, ReachesTheMsixTable) {
  WindowBench bench;
  bench.aim(bench.table_bar, static_cast<std::uint32_t>(bench.table_offset) + 8, 4);
  bench.function.config_write(bench.data(), 4, 0xabcd1234);
  EXPECT_EQ(bench.function.bar_read(bench.table_bar, bench.table_offset + 8, 4), 0xabcd1234u);
}

TEST(ConfigWindow, ReadsBackWhereItIsAimed) {
  WindowBench bench;
  bench.aim(0, 0x12345678, 4);
  const unsigned cap = bench.blocks[5].capability;
  EXPECT_EQ(bench.function.config_read(cap + 4, 4), 0u);
  EXPECT_EQ(bench.function.config_read(cap + 8, 4), 0x12345678u);
  EXPECT_EQ(bench.function.config_read(cap + 12, 4), 4u);
}

TEST(ConfigWindow, ImpossibleAimsAreHarmless) {
  WindowBench bench;
  bench.start();
  struct Aim {
    unsigned bar;
    std::uint32_t offset, length;
  };
  const Aim aims[] = {{1, 0, 4},          {6, 0, 4},          {255, 0, 4},           {0, 0, 0},
                      {0, 0x14, 3},       {0, 0x10, 8},       {0, 0x15, 2},          {0, 0x16, 4},
                      {0, 0xfffffffc, 4}, {0, 0xffffffff, 1}, {0, 0x14, 0xffffffff}, {2, 0x10000, 4}};
  for (const Aim& aim : aims) {
    bench.aim(aim.bar, aim.offset, aim.length);
    bench.function.config_write(bench.data(), 4, 0);  // would reset the device at device_status
    EXPECT_EQ(bench.function.config_read(bench.data(), 4), 0u) << aim.bar << ' ' << aim.offset << ' ' << aim.length;
  }
  EXPECT_TRUE(bench.function.driver_ok());
  EXPECT_EQ(bench.device.take_calls(), Calls{});
}

TEST(ConfigWindow, FailedReadDoesNotShowOldData) {
  WindowBench bench;
  bench.aim(0, common::num_queues, 2);
  EXPECT_EQ(bench.function.config_read(bench.data(), 2), PciBench::kQueues);
  bench.aim(5, 0, 4);
  EXPECT_EQ(bench.function.config_read(bench.data(), 4), 0u);
}

TEST(ConfigWindow, UnnaturalAccessesToTheDataDoNothing) {
  WindowBench bench;
  bench.start();
  bench.function.notify_used(0);
  bench.aim(0, bench.blocks[3].offset, 1);
  bench.function.config_read(bench.data() + 1, 2);
  bench.function.config_read(bench.data(), 8);
  bench.function.config_read(bench.data() + 4, 4);
  EXPECT_TRUE(bench.line.asserted);
}

}  // namespace
}  // namespace rssnic
