// The card's own address, set by MAC_ADDR_SET (virtio 1.4, 5.1.9.5.2): configuration space and receive filter change
// at one moment, before the command is answered.
#include <random>

#include "tb/unit/net/controlled_card.h"

namespace rssnic::test {
namespace {

constexpr FeatureBits kAddressing = kPlain | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_MAC_ADDR;

FrameBytes bytes_of(const MacAddress& address) { return {address.begin(), address.end()}; }

TEST(CardAddress, AnAddressThatIsSetReplacesTheOldOneEverywhere) {
  Controlled card(kAddressing);
  ASSERT_EQ(card.mac(), kOwn);
  ASSERT_EQ(card.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_OK);
  EXPECT_EQ(card.mac(), kForeign);
  EXPECT_TRUE(card.receives(to(kForeign)));
  EXPECT_FALSE(card.receives(to(kOwn)));
  EXPECT_FALSE(card.receives(to(kOtherForeign)));
  EXPECT_TRUE(card.receives(to(kBroadcast)));
}

TEST(CardAddress, ItNeedsItsOwnFeatureAlone) {
  Controlled without(kAddressing & ~VIRTIO_NET_F_CTRL_MAC_ADDR);
  EXPECT_EQ(without.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_ERR);
  EXPECT_EQ(without.mac(), kOwn);
  EXPECT_TRUE(without.receives(to(kOwn)));
  Controlled alone(kAddressing & ~VIRTIO_NET_F_CTRL_RX);
  EXPECT_EQ(alone.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_OK);
  EXPECT_EQ(alone.mac(), kForeign);
}

TEST(CardAddress, AGroupAddressAndShortDataAreRefusedAndChangeNothing) {
  Controlled card(kAddressing);
  const std::uint64_t generation = card.generation();
  EXPECT_EQ(card.command(1, 1, bytes_of(kMulticast)), VIRTIO_NET_ERR);
  EXPECT_EQ(card.command(1, 1, bytes_of(kBroadcast)), VIRTIO_NET_ERR);
  const FrameBytes whole = bytes_of(kForeign);
  for (std::ptrdiff_t size = 0; size < 6; ++size) {
    EXPECT_EQ(card.command(1, 1, {whole.begin(), whole.begin() + size}), VIRTIO_NET_ERR) << size;
  }
  EXPECT_EQ(card.mac(), kOwn);
  EXPECT_EQ(card.generation(), generation);
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_FALSE(card.receives(to(kForeign)));
}

TEST(CardAddress, TheGenerationShowsTheChangeAndNobodyIsNotified) {
  Controlled card(kAddressing);
  const std::uint64_t generation = card.generation();
  card.mac();
  ASSERT_EQ(card.generation(), generation) << "nothing has changed yet";
  ASSERT_EQ(card.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_OK);
  card.mac();
  EXPECT_NE(card.generation(), generation);
  card.bench.settle();
  EXPECT_EQ(card.guest.count(0), 0u) << "the driver knows what it has asked for";
}

// A guest that reads between any two cycles sees the old address or the new one, and the new one by the time it sees
// the answer.
TEST(CardAddress, NoHalfChangedAddressIsEverVisible) {
  Bench bench({}, Engine::reference, 1);
  Guest guest(bench, kAddressing);
  GuestQueue& control = guest.control_queue();
  guest.go();
  const auto shown = [&] {
    MacAddress address;
    for (unsigned i = 0; i < 6; ++i) {
      address[i] = static_cast<std::uint8_t>(bench.machine.mmio_read(guest.layout().device.address + i, 1));
    }
    return address;
  };
  FrameBytes command{1, 1};
  command.insert(command.end(), kForeign.begin(), kForeign.end());
  control.add({command}, {1});
  guest.publish(control);
  bool changed = false;
  for (unsigned cycle = 0; control.used_index() == 0; ++cycle) {
    ASSERT_LT(cycle, 100000u);
    const MacAddress address = shown();
    ASSERT_TRUE(address == kOwn || address == kForeign);
    if (changed) {
      ASSERT_EQ(address, kForeign);
    }
    changed = address == kForeign;
    bench.run(1);
  }
  EXPECT_TRUE(changed) << "the change comes before the answer";
  EXPECT_EQ(shown(), kForeign);
}

// Frames to both addresses while the address changes: each is judged by one of them, never by a mixture.
TEST(CardAddress, TheFilterChangesBetweenTwoFrames) {
  Controlled card(kAddressing);
  const MacAddress mixed = {kForeign[0], kForeign[1], kForeign[2], kOwn[3], kOwn[4], kOwn[5]};
  std::vector<std::uint64_t> tags;
  for (unsigned i = 0; i < 240; ++i) {
    const MacAddress& address = i % 3 == 0 ? kOwn : i % 3 == 1 ? kForeign : mixed;
    tags.push_back(card.bench.send(to(address), card.bench.machine.now() + 4 * i));
  }
  ASSERT_EQ(card.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_OK);
  card.bench.settle();
  std::size_t last_old = 0, first_new = tags.size(), old_taken = 0, new_taken = 0;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const bool taken = card.bench.observer[tags[i]].delivered_to.has_value();
    if (i % 3 == 2) {
      EXPECT_FALSE(taken) << i;
    } else if (taken && i % 3 == 0) {
      last_old = i;
      ++old_taken;
    } else if (taken) {
      first_new = std::min(first_new, i);
      ++new_taken;
    }
  }
  EXPECT_LT(last_old, first_new);
  EXPECT_GT(old_taken, 0u);
  EXPECT_GT(new_taken, 0u);
}

TEST(CardAddress, DeviceResetBringsThePermanentAddressBack) {
  Controlled card(kAddressing);
  ASSERT_EQ(card.command(1, 1, bytes_of(kForeign)), VIRTIO_NET_OK);
  card.guest.negotiate(kAddressing);
  EXPECT_EQ(card.mac(), kOwn);
  GuestQueue& rx = card.guest.receive_queue(0);
  card.guest.fill(rx, 16);
  card.guest.go();
  EXPECT_TRUE(card.receives(to(kOwn)));
  EXPECT_FALSE(card.receives(to(kForeign)));
}

TEST(CardAddress, TheFieldIsReadOnlyForTheDriver) {
  Controlled card(kAddressing);
  for (unsigned i = 0; i < 6; ++i) {
    card.bench.machine.mmio_write(card.guest.layout().device.address + i, 1, kForeign[i]);
  }
  EXPECT_EQ(card.mac(), kOwn);
  EXPECT_TRUE(card.receives(to(kOwn)));
}

}  // namespace
}  // namespace rssnic::test
