// What the card shows a driver before it is configured: device configuration, queues, MSI-X vectors, features.
#include <gtest/gtest.h>

#include "model/pci/common_config.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"

namespace rssnic {
namespace {

struct ConfigBench {
  explicit ConfigBench(const CardParameters& parameters = {})
      : machine(parameters, make_reference_engine(), nullptr, nullptr, nullptr), layout(probe_virtio_net(machine)) {}
  std::uint64_t config(unsigned offset, unsigned size) {
    return machine.mmio_read(layout.device.address + offset, size);
  }
  std::uint64_t common(unsigned offset, unsigned size) {
    return machine.mmio_read(layout.common.address + offset, size);
  }
  void write_common(unsigned offset, unsigned size, std::uint64_t value) {
    machine.mmio_write(layout.common.address + offset, size, value);
  }
  PlainMachine machine;
  VirtioPciLayout layout;
};

TEST(CardConfig, ShowsMacLinkPairsMtuAndHashLimits) {
  CardParameters parameters;
  parameters.queue_pairs = 300;
  parameters.mtu = 9000;
  parameters.supported_hash_types = 0x3f;
  ConfigBench bench(parameters);
  for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(bench.config(i, 1), parameters.mac[i]);
  EXPECT_EQ(bench.config(6, 2), 1u) << "VIRTIO_NET_S_LINK_UP";
  EXPECT_EQ(bench.config(8, 2), 300u) << "max_virtqueue_pairs";
  EXPECT_EQ(bench.config(10, 2), 9000u) << "mtu";
  EXPECT_EQ(bench.config(17, 1), 40u) << "rss_max_key_size";
  EXPECT_EQ(bench.config(18, 2), 512u) << "rss_max_indirection_table_length";
  EXPECT_EQ(bench.config(20, 4), 0x3fu) << "supported_hash_types";
  EXPECT_EQ(bench.config(24, 4), 0u) << "supported_tunnel_types";
}

TEST(CardConfig, StaysAsItIsWhateverTheDriverWrites) {
  ConfigBench bench;
  std::vector<std::uint64_t> before;
  for (unsigned i = 0; i < 28; ++i) before.push_back(bench.config(i, 1));
  for (unsigned i = 0; i < 28; ++i) bench.machine.mmio_write(bench.layout.device.address + i, 1, 0xff);
  for (unsigned i = 0; i < 28; i += 4) bench.machine.mmio_write(bench.layout.device.address + i, 4, 0xffffffff);
  for (unsigned i = 0; i < 28; ++i) EXPECT_EQ(bench.config(i, 1), before[i]) << "offset " << i;
}

TEST(CardConfig, TheMtuLiesWithinTheLimitsOfTheSpecificationAndIsConstant) {
  EXPECT_GE(CardParameters().mtu, 1280);
  CardParameters parameters;
  parameters.mtu = 67;
  EXPECT_THROW(ConfigBench bench(parameters), std::invalid_argument);
  ConfigBench bench;
  EXPECT_EQ(bench.config(10, 2), 1500u);
  DriverOptions options;
  options.wanted |= VIRTIO_NET_F_MTU;
  VirtioNetDriver driver(bench.machine, options);
  driver.start();
  driver.set_promiscuous(true);
  EXPECT_EQ(bench.config(10, 2), 1500u);
}

TEST(CardConfig, PairsBeyondTheLimitAreRefused) {
  CardParameters parameters;
  for (const unsigned pairs : {0u, 32768u}) {
    parameters.queue_pairs = pairs;
    EXPECT_THROW(ConfigBench bench(parameters), std::invalid_argument) << pairs;
  }
}

TEST(CardConfig, ThereAreTwoQueuesAPairAndOneForControl) {
  for (const unsigned pairs : {1u, 4u, 100u, 32767u}) {
    CardParameters parameters;
    parameters.queue_pairs = pairs;
    ConfigBench bench(parameters);
    EXPECT_EQ(bench.common(kNumQueues, 2), 2 * pairs + 1);
    bench.write_common(kQueueSelect, 2, 2 * pairs);
    EXPECT_EQ(bench.common(kQueueSize, 2), 256u);
    bench.write_common(kQueueSelect, 2, 2 * pairs + 1);
    EXPECT_EQ(bench.common(kQueueSize, 2), 0u) << "no such queue";
  }
}

TEST(CardConfig, AdvertisesAVectorForEachQueueAndOneForTheConfigurationUpTo2048) {
  for (const auto& [pairs, vectors] :
       {std::pair{1u, 4u}, {4u, 10u}, {1022u, 2046u}, {1023u, 2048u}, {1024u, 2048u}, {32767u, 2048u}}) {
    CardParameters parameters;
    parameters.queue_pairs = pairs;
    EXPECT_EQ(ConfigBench(parameters).layout.msix_vectors, vectors) << pairs;
  }
}

TEST(CardConfig, WithoutTheControlQueueFeatureItsQueueDoesNothing) {
  CardParameters parameters;
  parameters.features = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | VIRTIO_NET_F_MRG_RXBUF;
  ConfigBench bench(parameters);
  VirtioNetDriver driver(bench.machine, {});
  driver.start();
  EXPECT_THROW(driver.command(0, 0, {1}), DriverError);
  EXPECT_FALSE(driver.needs_reset());
}

TEST(CardConfig, OffersWhatItImplementsAndNothingReserved) {
  ConfigBench bench;
  FeatureBits offered = 0;
  for (const unsigned select : {0u, 1u}) {
    bench.write_common(kDeviceFeatureSelect, 4, select);
    offered |= bench.common(kDeviceFeature, 4) << (32 * select);
  }
  EXPECT_EQ(offered, all_implemented_features());
  EXPECT_TRUE(offered & VIRTIO_F_VERSION_1);
  EXPECT_EQ(offered & feature(37), 0u) << "SR_IOV needs an extended capability that the function does not have";
}

TEST(CardConfig, HashReportWithoutAControlQueueIsHarmless) {
  CardParameters parameters;
  parameters.features = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_MRG_RXBUF;
  ConfigBench bench(parameters);
  VirtioNetDriver driver(bench.machine, {});
  driver.start();
  EXPECT_EQ(driver.header_bytes(), 20u);
  EXPECT_FALSE(driver.needs_reset());
}

}  // namespace
}  // namespace rssnic
