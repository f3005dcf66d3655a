// The driver model against cards that are not quite as the driver would like them: what it tolerates and what it
// refuses, as the specification asks of drivers. TamperedMachine changes what the driver reads; the card behind it is
// the real one.
#include <gtest/gtest.h>

#include <functional>

#include "tb/driver/split_ring.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"

namespace rssnic {
namespace {

class TamperedMachine final : public PlainMachine {
 public:
  explicit TamperedMachine(const CardParameters& parameters = {})
      : PlainMachine(parameters, make_reference_engine(), nullptr, nullptr, nullptr) {}

  // Looks at, and may change, what is read from configuration space.
  std::function<std::uint32_t(unsigned offset, unsigned size, std::uint32_t value)> on_config_read;
  std::vector<unsigned> configuration_writes;  // offsets
  std::vector<std::pair<unsigned, std::uint64_t>> bar_writes;
  std::vector<std::pair<unsigned, std::uint64_t>> bar_reads;

  std::uint32_t config_read(unsigned offset, unsigned size) override {
    const std::uint32_t value = PlainMachine::config_read(offset, size);
    return on_config_read ? on_config_read(offset, size, value) : value;
  }
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override {
    configuration_writes.push_back(offset);
    PlainMachine::config_write(offset, size, value);
  }

  // Where the capability of a configuration structure lies in configuration space.
  unsigned capability(unsigned type) {
    for (unsigned at = PlainMachine::config_read(0x34, 1); at != 0; at = PlainMachine::config_read(at + 1, 1)) {
      if (PlainMachine::config_read(at, 1) == 9 && PlainMachine::config_read(at + 3, 1) == type) return at;
    }
    return 0;
  }

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    bar_reads.emplace_back(bar, offset);
    return card().function().bar_read(bar, offset, size);
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    bar_writes.emplace_back(bar, offset);
    card().function().bar_write(bar, offset, size, value);
  }
};

TEST(DriverProbe, FindsEveryStructureAndPlacesTheBars) {
  TamperedMachine machine;
  const VirtioPciLayout layout = probe_virtio_net(machine);
  EXPECT_GE(layout.common.length, 56u);
  EXPECT_GE(layout.device.length, 24u);
  EXPECT_NE(layout.notify.address, 0u);
  EXPECT_NE(layout.isr.address, 0u);
  EXPECT_NE(layout.pci_cfg_capability, 0u);
  EXPECT_EQ(layout.msix_vectors, machine.card().parameters().msix_vectors());
  for (unsigned bar = 0; bar < kBars; ++bar) {
    if (layout.bar_size[bar] == 0) continue;
    EXPECT_EQ(layout.bar_address[bar] % layout.bar_size[bar], 0u) << "BAR " << bar << " is naturally aligned";
    EXPECT_EQ(machine.card().function().bar_address(bar), layout.bar_address[bar]);
  }
  EXPECT_TRUE(machine.card().function().memory_enabled());
  EXPECT_TRUE(machine.card().function().bus_master_enabled());
}

TEST(DriverProbe, RefusesAnotherFunctionByName) {
  TamperedMachine machine;
  machine.on_config_read = [](unsigned offset, unsigned, std::uint32_t value) { return offset == 2 ? 0x1000 : value; };
  try {
    probe_virtio_net(machine);
    FAIL();
  } catch (const DriverError& error) {
    EXPECT_NE(std::string(error.what()).find("1af4:1000"), std::string::npos);
  }
}

TEST(DriverProbe, AcceptsAnyRevision) {
  TamperedMachine machine;
  machine.on_config_read = [](unsigned offset, unsigned, std::uint32_t value) {
    return offset == 8 ? value | 0xff : value;
  };
  EXPECT_NO_THROW(probe_virtio_net(machine));
}

TEST(DriverProbe, SkipsUnknownCapabilityTypes) {
  TamperedMachine machine;
  const unsigned window = machine.capability(5);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    return offset == window + 3 ? 0x42 : value;
  };
  EXPECT_EQ(probe_virtio_net(machine).pci_cfg_capability, 0u);
}

TEST(DriverProbe, IgnoresACapabilityThatNamesAReservedBar) {
  TamperedMachine machine;
  const unsigned isr = machine.capability(3);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    return offset == isr + 4 ? 6 : value;
  };
  try {
    probe_virtio_net(machine);
    FAIL() << "no usable ISR is left";
  } catch (const DriverError& error) {
    EXPECT_NE(std::string(error.what()).find("ISR"), std::string::npos) << error.what();
  }
}

TEST(DriverProbe, TakesTheFirstUsableOfSeveralCapabilities) {
  TamperedMachine machine;
  const unsigned first = machine.capability(1);
  const unsigned second = machine.capability(5);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    return offset == second + 3 ? 1 : value;  // the window's capability poses as a second common configuration
  };
  const VirtioPciLayout layout = probe_virtio_net(machine);
  EXPECT_LT(first, second);
  EXPECT_EQ(layout.common.offset, machine.config_read(first + 8, 4));
  EXPECT_GE(layout.common.length, 56u);
}

TEST(DriverProbe, AcceptsLongerCapabilitiesAndLongerStructures) {
  TamperedMachine machine;
  const unsigned common = machine.capability(1);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    if (offset == common + 2) return 64u;       // cap_len
    if (offset == common + 12) return 0x1000u;  // length of the structure
    return value;
  };
  EXPECT_EQ(probe_virtio_net(machine).common.length, 0x1000u);
}

TEST(DriverProbe, RefusesACapabilityThatReachesOutOfItsBar) {
  TamperedMachine machine;
  const unsigned notify = machine.capability(2);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    return offset == notify + 12 ? 0xffffffffu : value;
  };
  EXPECT_THROW(probe_virtio_net(machine), DriverError);
}

TEST(DriverProbe, FailsGracefullyWithoutTheVirtioCapabilities) {
  for (const unsigned type : {1u, 2u, 3u, 4u}) {
    TamperedMachine machine;
    const unsigned at = machine.capability(type);
    machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
      return offset == at + 3 ? 0x42 : value;
    };
    EXPECT_THROW(probe_virtio_net(machine), DriverError) << type;
  }
}

TEST(DriverProbe, ACapabilityListThatRunsInACircleEnds) {
  TamperedMachine machine;
  const unsigned first = machine.config_read(0x34, 1);
  machine.on_config_read = [=](unsigned offset, unsigned, std::uint32_t value) {
    return offset == first + 1 ? first : value;
  };
  EXPECT_THROW(probe_virtio_net(machine), DriverError);
}

TEST(DriverStart, WritesConfigurationSpaceOnlyWhereADriverMay) {
  TamperedMachine machine;
  VirtioNetDriver driver(machine, {});
  driver.start();
  const unsigned msix = driver.layout().msix_capability;
  for (const unsigned offset : machine.configuration_writes) {
    EXPECT_TRUE(offset == 4 || (offset >= 0x10 && offset < 0x28) || offset == msix + 2) << "offset " << offset;
  }
}

TEST(DriverStart, NeverWritesTheDeviceConfiguration) {
  TamperedMachine machine;
  VirtioNetDriver driver(machine, {});
  driver.start();
  driver.set_promiscuous(true);
  const CapabilityRegion& device = driver.layout().device;
  for (const auto& [bar, offset] : machine.bar_writes) {
    EXPECT_FALSE(bar == device.bar && offset >= device.offset && offset < device.offset + device.length);
  }
}

TEST(DriverStart, DoesNotReadTheIsrWithMsix) {
  TamperedMachine machine;
  VirtioNetDriver driver(machine, {});
  driver.start();
  driver.set_promiscuous(true);
  const CapabilityRegion& isr = driver.layout().isr;
  for (const auto& [bar, offset] : machine.bar_reads) EXPECT_FALSE(bar == isr.bar && offset == isr.offset);
}

TEST(DriverStart, TakesWhatIsOfferedOfWhatItWants) {
  CardParameters parameters;
  parameters.features = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS;
  TamperedMachine machine(parameters);
  VirtioNetDriver driver(machine, {});
  driver.start();
  EXPECT_EQ(driver.features(), parameters.features);
  EXPECT_EQ(driver.mac(), parameters.mac);
}

TEST(DriverStart, RefusesACardWithoutVersion1OrEnoughQueues) {
  CardParameters parameters;
  parameters.features &= ~VIRTIO_F_VERSION_1;
  EXPECT_THROW(TamperedMachine machine(parameters), std::invalid_argument) << "the card is not even built";
  TamperedMachine machine;
  DriverOptions options;
  options.queue_pairs = 5;
  VirtioNetDriver driver(machine, options);
  EXPECT_THROW(driver.start(), DriverError);
}

TEST(DriverRing, PartsAreAlignedAsTheSpecificationAsks) {
  HostRam ram;
  ram.allocate(1, 1);
  for (const unsigned size : {1u, 2u, 64u, 1024u}) {
    const SplitRing ring(ram, size);
    EXPECT_EQ(ring.descriptor_address() % 16, 0u);
    EXPECT_EQ(ring.available_address() % 2, 0u);
    EXPECT_EQ(ring.used_address() % 4, 0u);
    EXPECT_EQ(load_le16(ram.pointer(ring.used_address(), 2)), 0u) << "used.flags";
  }
}

class DriverRingUsed : public testing::Test {
 protected:
  void use(std::uint16_t position, std::uint32_t id, std::uint32_t length, std::uint16_t index) {
    std::uint8_t* const used = ram_.pointer(ring_.used_address(), 6 + 8 * 4);
    store_le32(used + 4 + 8 * (position % 4), id);
    store_le32(used + 8 + 8 * (position % 4), length);
    store_le16(used + 2, index);
  }
  HostRam ram_;
  SplitRing ring_{ram_, 4};
};

TEST_F(DriverRingUsed, ABufferThatTheDeviceDoesNotHaveIsRefused) {
  ring_.add({}, {{0x1000, 64}}, 7);
  use(0, 1, 10, 1);
  EXPECT_THROW(ring_.take_used(), DriverError);
  use(0, 4, 10, 1);
  EXPECT_THROW(ring_.take_used(), DriverError) << "beyond the ring";
  use(0, 0, 10, 1);
  EXPECT_EQ(ring_.take_used()->cookie, 7u);
  use(1, 0, 10, 2);
  EXPECT_THROW(ring_.take_used(), DriverError) << "used twice";
}

TEST_F(DriverRingUsed, AnIndexFartherAheadThanTheRingIsRefused) {
  use(0, 0, 0, 5);
  EXPECT_THROW(ring_.take_used(), DriverError);
}

TEST_F(DriverRingUsed, NoNotifyOfTheDeviceIsHonoured) {
  ring_.add({}, {{0x1000, 64}}, 0);
  EXPECT_TRUE(ring_.publish());
  store_le16(ram_.pointer(ring_.used_address(), 2), 1);
  EXPECT_FALSE(ring_.publish());
}

TEST_F(DriverRingUsed, AnInterruptWithoutNewsIsHarmless) { EXPECT_EQ(ring_.take_used(), std::nullopt); }

TEST_F(DriverRingUsed, DescriptorsComeBackAndARingIsNeverOverfilled) {
  for (unsigned round = 0; round < 40; ++round) {
    EXPECT_TRUE(ring_.add({{1, 1}, {2, 2}}, {{3, 3}}, round));
    EXPECT_FALSE(ring_.add({{1, 1}}, {{2, 2}}, 99)) << "one descriptor is left";
    ring_.publish();
    std::uint8_t* const available = ram_.pointer(ring_.available_address(), 6 + 2 * 4);
    const std::uint16_t head = load_le16(available + 4 + 2 * (round % 4));
    use(static_cast<std::uint16_t>(round), head, 3, static_cast<std::uint16_t>(round + 1));
    EXPECT_EQ(ring_.take_used()->cookie, round);
    EXPECT_EQ(ring_.free_descriptors(), 4u);
  }
}

}  // namespace
}  // namespace rssnic
