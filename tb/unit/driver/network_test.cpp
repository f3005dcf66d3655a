// What the driver model does about its place in the network: its address, VLANs, receive modes, the link, and requests
// to announce itself (virtio 1.4, 5.1.4.2 and 5.1.9.5).
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "model/net/control_command.h"
#include "model/pci/common_config.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"

namespace rssnic {
namespace {

using Address = std::array<std::uint8_t, 6>;
constexpr Address kMine = {0x02, 1, 2, 3, 4, 5};
constexpr Address kStranger = {0x02, 9, 9, 9, 9, 9};
constexpr Address kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

class Wire final : public WireSource {
 public:
  void add(std::vector<std::uint8_t> frame) { frames_.push_back(std::move(frame)); }
  const WireFrame* front() override {
    if (frames_.empty()) return nullptr;
    front_ = {{frames_.front().data(), frames_.front().size()}, 0, true, 0};
    return &front_;
  }
  void pop() override { frames_.pop_front(); }

 private:
  std::deque<std::vector<std::uint8_t>> frames_;
  WireFrame front_;
};

// The card, whose device configuration a test may show otherwise.
class WatchedMachine final : public PlainMachine {
 public:
  explicit WatchedMachine(Wire& wire, const CardParameters& parameters)
      : PlainMachine(parameters, make_reference_engine(), &wire, nullptr, nullptr) {}
  std::function<std::uint64_t(std::uint64_t offset, std::uint64_t value)> on_read;

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    const std::uint64_t value = card().function().bar_read(bar, offset, size);
    return on_read ? on_read(offset, value) : value;
  }
};

struct Network {
  explicit Network(DriverOptions options = {}, const CardParameters& parameters = {})
      : machine(wire, parameters), driver(machine, options) {
    driver.start();
  }
  bool receives(const Address& destination, unsigned vlan = 0) {
    std::vector<std::uint8_t> frame(60, 7);
    std::copy(destination.begin(), destination.end(), frame.begin());
    if (vlan != 0) {
      frame[12] = 0x81;
      frame[13] = 0;
      frame[14] = static_cast<std::uint8_t>(vlan >> 8);
      frame[15] = static_cast<std::uint8_t>(vlan);
    }
    wire.add(frame);
    machine.card().wire_ready();
    std::size_t packets = 0;
    do packets += driver.poll([](const ReceivedPacket&) {});
    while (machine.wait_activity());
    return packets + driver.poll([](const ReceivedPacket&) {}) > 0;
  }
  // Lets the card's interrupts come.
  bool attend() {
    while (machine.wait_activity()) {
    }
    driver.poll([](const ReceivedPacket&) {});
    return driver.attend_config_change();
  }
  std::uint64_t config(unsigned offset, unsigned size) {
    return machine.mmio_read(driver.layout().device.address + offset, size);
  }
  std::uint64_t commands() { return machine.card().statistics().commands; }

  Wire wire;
  WatchedMachine machine;
  VirtioNetDriver driver;
};

DriverOptions wanting(FeatureBits more, FeatureBits less = 0) {
  DriverOptions options;
  options.wanted = (options.wanted | more) & ~less;
  return options;
}

// ---- the address

TEST(DriverAddress, TheCardsOwnIsTakenWithoutACommand) {
  Network network;
  EXPECT_EQ(network.driver.mac(), CardParameters{}.mac);
  EXPECT_EQ(network.commands(), 0u);
}

TEST(DriverAddress, AnotherOneIsSetAtTheStartAndAgainAfterAReset) {
  DriverOptions options;
  options.mac = kMine;
  Network network(options);
  for (unsigned start = 0; start < 2; ++start) {
    EXPECT_EQ(network.driver.mac(), kMine);
    for (unsigned i = 0; i < 6; ++i) EXPECT_EQ(network.config(i, 1), kMine[i]);
    EXPECT_TRUE(network.receives(kMine));
    EXPECT_FALSE(network.receives(CardParameters{}.mac));
    network.driver.stop();
    network.driver.start();
  }
}

TEST(DriverAddress, OfACardThatShowsNoneItIsALocalOne) {
  Network network(wanting(0, VIRTIO_NET_F_MAC));
  const Address mine = network.driver.mac();
  EXPECT_EQ(mine[0] & 3, 2) << "locally administered, no group";
  EXPECT_TRUE(network.receives(mine));
  EXPECT_FALSE(network.receives(kStranger));
}

TEST(DriverAddress, ItIsReadAgainWhereItChangedMeanwhile) {
  Wire wire;
  WatchedMachine machine(wire, {});
  VirtioNetDriver driver(machine, {});
  const VirtioPciLayout layout = probe_virtio_net(machine);
  unsigned reads = 0;
  // Behind its third byte the address becomes another one, and the generation says so.
  machine.on_read = [&](std::uint64_t offset, std::uint64_t value) -> std::uint64_t {
    const bool changed = reads > 3;
    if (offset == layout.common.offset + kConfigGeneration) return value + (changed ? 1 : 0);
    if (offset < layout.device.offset || offset >= layout.device.offset + 6) return value;
    ++reads;
    return (reads > 3 ? kMine : kStranger)[offset - layout.device.offset];
  };
  driver.start();
  EXPECT_EQ(driver.mac(), kMine);
  EXPECT_EQ(reads, 12u);
}

TEST(DriverAddress, AConfigurationThatNeverStopsChangingIsAnError) {
  Wire wire;
  WatchedMachine machine(wire, {});
  const VirtioPciLayout layout = probe_virtio_net(machine);
  std::uint64_t reads = 0;
  machine.on_read = [&](std::uint64_t offset, std::uint64_t value) {
    return offset == layout.common.offset + kConfigGeneration ? ++reads & 0xff : value;
  };
  VirtioNetDriver driver(machine, {});
  EXPECT_THROW(driver.start(), DriverError);
}

TEST(DriverAddress, ARefusalIsAnError) {
  Network network(wanting(0, VIRTIO_NET_F_CTRL_MAC_ADDR));
  EXPECT_THROW(network.driver.set_mac(kMine), DriverError);
  EXPECT_EQ(network.driver.mac(), CardParameters{}.mac);
}

// ---- VLANs and receive modes

TEST(DriverVlan, WithoutBeingAskedItDoesNotTakeCtrlVlanAndEveryVlanComes) {
  Network network;
  EXPECT_FALSE(network.driver.features() & VIRTIO_NET_F_CTRL_VLAN);
  EXPECT_TRUE(network.receives(kBroadcast, 10));
  EXPECT_THROW(network.driver.add_vlan(10), DriverError);
}

TEST(DriverVlan, AddedVlansComeUntilTheyAreDeleted) {
  Network network(wanting(VIRTIO_NET_F_CTRL_VLAN));
  EXPECT_FALSE(network.receives(kBroadcast, 10));
  network.driver.add_vlan(10);
  network.driver.add_vlan(4095);
  EXPECT_TRUE(network.receives(kBroadcast, 10));
  EXPECT_TRUE(network.receives(kBroadcast, 4095));
  EXPECT_FALSE(network.receives(kBroadcast, 11));
  network.driver.delete_vlan(10);
  EXPECT_FALSE(network.receives(kBroadcast, 10));
  EXPECT_TRUE(network.receives(kBroadcast));
  EXPECT_THROW(network.driver.add_vlan(4096), DriverError);
}

TEST(DriverReceiveMode, ExtraModesAreSwitchedWhereTheyAreNegotiated) {
  Network network;
  network.driver.set_receive_mode(VIRTIO_NET_CTRL_RX_ALLUNI, true);
  EXPECT_TRUE(network.receives(kStranger));
  network.driver.set_receive_mode(VIRTIO_NET_CTRL_RX_NOBCAST, true);
  EXPECT_FALSE(network.receives(kBroadcast));
  Network without(wanting(0, VIRTIO_NET_F_CTRL_RX_EXTRA));
  EXPECT_THROW(without.driver.set_receive_mode(VIRTIO_NET_CTRL_RX_ALLUNI, true), DriverError);
}

// ---- the link

TEST(DriverLink, FollowsTheStatusField) {
  Network network(wanting(0, VIRTIO_NET_F_GUEST_ANNOUNCE));
  EXPECT_TRUE(network.driver.link_up());
  for (const bool up : {false, true, false}) {
    network.machine.card().set_link(up);
    EXPECT_EQ(network.driver.link_up(), !up) << "before the interrupt";
    EXPECT_FALSE(network.attend());
    EXPECT_EQ(network.driver.link_up(), up);
  }
}

TEST(DriverLink, IsLookedAtAtTheStart) {
  Wire wire;
  WatchedMachine machine(wire, {});
  machine.card().set_link(false);
  VirtioNetDriver driver(machine, {});
  driver.start();
  EXPECT_FALSE(driver.link_up());
}

TEST(DriverLink, WithoutStatusItIsAlwaysUpAndTheFieldIsNotRead) {
  CardParameters parameters;
  parameters.features &= ~VIRTIO_NET_F_STATUS;
  Wire wire;
  WatchedMachine machine(wire, parameters);
  const VirtioPciLayout layout = probe_virtio_net(machine);
  machine.on_read = [&](std::uint64_t offset, std::uint64_t value) {
    EXPECT_NE(offset, layout.device.offset + 6);
    return value;
  };
  VirtioNetDriver driver(machine, {});
  driver.start();
  EXPECT_TRUE(driver.link_up());
  machine.card().set_link(false);
  while (machine.wait_activity()) {
  }
  driver.poll([](const ReceivedPacket&) {});
  driver.attend_config_change();
  EXPECT_TRUE(driver.link_up());
}

// ---- announcements

TEST(DriverAnnounce, ARequestIsAcknowledgedOnceAndReported) {
  Network network;
  EXPECT_FALSE(network.attend()) << "nothing has been asked";
  network.machine.card().announce();
  EXPECT_TRUE(network.attend());
  EXPECT_EQ(network.config(6, 2), 1u) << "acknowledged";
  EXPECT_EQ(network.commands(), 1u);
  EXPECT_FALSE(network.attend()) << "once";
  EXPECT_EQ(network.commands(), 1u);
}

TEST(DriverAnnounce, ACableThatIsPluggedInAgainAsksForOne) {
  Network network;
  network.machine.card().set_link(false);
  EXPECT_FALSE(network.attend());
  EXPECT_FALSE(network.driver.link_up());
  network.machine.card().set_link(true);
  EXPECT_TRUE(network.attend());
  EXPECT_TRUE(network.driver.link_up());
  EXPECT_EQ(network.config(6, 2), 1u);
}

TEST(DriverAnnounce, WithoutTheFeatureNothingIsSent) {
  Network network(wanting(0, VIRTIO_NET_F_GUEST_ANNOUNCE));
  network.machine.card().announce();
  for (const bool up : {false, true}) network.machine.card().set_link(up);
  EXPECT_FALSE(network.attend());
  EXPECT_EQ(network.commands(), 0u);
}

}  // namespace
}  // namespace rssnic
