// Reset of single queues and notification coalescing through the server, as ethtool -G and -C make a guest's driver ask
// for them: with memory that the peer shares, and with memory that every access asks the peer for, who may reset a
// queue before it gives the data.
#include "tb/driver/virtio_net_driver.h"
#include "tb/unit/cosim/server_bench.h"

namespace rssnic::test {
namespace {

constexpr unsigned kQueueSelect = 22, kQueueReset = 58;  // offsets in struct virtio_pci_common_cfg

DriverOptions small_driver() {
  DriverOptions options;
  options.ring_size = 16;
  return options;
}

// Frames go out and come back over the loopback wire.
void pass_packets(VirtioNetDriver& driver, ClientMachine& machine, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const std::vector<std::uint8_t> frame(100 + i, static_cast<std::uint8_t>(i));
    ASSERT_TRUE(driver.transmit(0, {frame.data(), frame.size()}));
    unsigned received = 0;
    for (unsigned window = 0; window < 10'000 && received == 0; ++window) {
      machine.wait_window();
      driver.poll([&](const ReceivedPacket& packet) {
        EXPECT_EQ(packet.frame.size, frame.size());
        EXPECT_EQ(packet.frame.data[0], frame[0]);
        ++received;
      });
    }
    ASSERT_EQ(received, 1u) << "packet " << i;
  }
}

class CosimQueueResetMemory : public testing::TestWithParam<MemoryMode> {};

TEST_P(CosimQueueResetMemory, RingsTakeOtherSizesAndGoOn) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), GetParam());
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    for (const unsigned size : {8u, 128u, 16u}) {
      for (const unsigned queue : {0u, 1u, driver.control_queue()}) {
        driver.reset_queue(queue);
        driver.enable_queue(queue, size);
      }
      pass_packets(driver, machine, 10);
    }
    driver.set_receive_coalescing({32, 50});
    EXPECT_EQ(driver.queue_coalescing(0).max_usecs, 50u);
    pass_packets(driver, machine, 3);
    EXPECT_FALSE(driver.needs_reset());
  });
  EXPECT_EQ(bench.card().statistics().queue_resets, 9u);
}

INSTANTIATE_TEST_SUITE_P(Memory, CosimQueueResetMemory, testing::Values(MemoryMode::shared, MemoryMode::by_messages),
                         [](const auto& param) { return param.param == MemoryMode::shared ? "Shared" : "ByMessages"; });

TEST(CosimQueueReset, WhileTheCardWaitsForMemoryDoesNoHarm) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    for (unsigned round = 0; round < 30; ++round) {
      const std::vector<std::uint8_t> frame(900, 7);
      bool reset = false;
      driver.transmit(0, {frame.data(), frame.size()});
      machine.client().before_read_answer = [&] {
        driver.write_common(kQueueSelect, 2, 1);
        driver.write_common(kQueueReset, 2, 1);
        EXPECT_EQ(driver.read_common(kQueueReset, 2), 1u);
        reset = true;
      };
      for (unsigned i = 0; i < 1000 && !reset; ++i) machine.wait_window();
      EXPECT_TRUE(reset);
      for (unsigned i = 0; i < 1000 && driver.read_common(kQueueReset, 2) != 0; ++i) machine.wait_window();
      EXPECT_EQ(driver.read_common(kQueueReset, 2), 0u);
      driver.reset_queue(1);  // the driver learns of it: nothing is left to be reset
      driver.enable_queue(1);
    }
    for (unsigned i = 0; i < 100; ++i) {  // frames of the rounds
      machine.wait_window();
      driver.poll([](const ReceivedPacket&) {});
    }
    pass_packets(driver, machine, 20);
    EXPECT_FALSE(driver.needs_reset());
  });
  EXPECT_EQ(bench.card().statistics().queue_resets, 30u);
}

}  // namespace
}  // namespace rssnic::test
