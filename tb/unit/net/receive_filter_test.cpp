// The receive filter against virtio 1.4, 5.1.9.5.1 and 5.1.9.5.2: modes, own address, tables.
#include "model/net/receive_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace rssnic {
namespace {

constexpr MacAddress kOwn = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
constexpr MacAddress kNeighbour = {0x52, 0x54, 0x00, 0x12, 0x34, 0x57};
constexpr MacAddress kStranger = {0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc};
constexpr MacAddress kGroup = {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfb};
constexpr MacAddress kOtherGroup = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};
constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kEveryKind[] = {kOwn, kStranger, kGroup, kBroadcast};

// As a driver finds it after reset with CTRL_RX negotiated.
ReceiveFilter filtering() {
  ReceiveFilter filter;
  filter.filtering = true;
  filter.own = kOwn;
  return filter;
}

bool accepts(const ReceiveFilter& filter, const MacAddress& destination) {
  std::vector<std::uint8_t> frame(destination.begin(), destination.end());
  frame.resize(60);
  return filter.accepts({frame.data(), frame.size()});
}

TEST(ReceiveFilter, WithoutFilteringEveryFrameIsTaken) {
  ReceiveFilter filter = filtering();
  filter.filtering = false;
  for (const MacAddress& destination : kEveryKind) EXPECT_TRUE(accepts(filter, destination));
}

TEST(ReceiveFilter, AtFirstOwnAddressAndBroadcastPassAlone) {
  const ReceiveFilter filter = filtering();
  EXPECT_TRUE(accepts(filter, kOwn));
  EXPECT_TRUE(accepts(filter, kBroadcast));
  EXPECT_FALSE(accepts(filter, kStranger));
  EXPECT_FALSE(accepts(filter, kNeighbour));
  EXPECT_FALSE(accepts(filter, kGroup));
}

TEST(ReceiveFilter, EveryBitOfAnAddressCounts) {
  ReceiveFilter filter = filtering();
  filter.unicast.addresses = {kStranger};
  filter.multicast.addresses = {kGroup};
  for (const MacAddress& known : {kOwn, kStranger, kGroup, kBroadcast}) {
    for (unsigned bit = 0; bit < 48; ++bit) {
      MacAddress other = known;
      other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ 1u << bit % 8);
      EXPECT_FALSE(accepts(filter, other)) << "bit " << bit << " of the address that starts with " << +known[0];
    }
  }
}

TEST(ReceiveFilter, PromiscuousOverridesAllElse) {
  ReceiveFilter filter = filtering();
  filter.promiscuous = true;
  for (const MacAddress& destination : kEveryKind) EXPECT_TRUE(accepts(filter, destination));
}

TEST(ReceiveFilter, AllMulticastTakesEveryGroupAndNoUnicast) {
  ReceiveFilter filter = filtering();
  filter.all_multicast = true;
  EXPECT_TRUE(accepts(filter, kGroup));
  EXPECT_TRUE(accepts(filter, kOtherGroup));
  EXPECT_TRUE(accepts(filter, kBroadcast));
  EXPECT_TRUE(accepts(filter, kOwn));
  EXPECT_FALSE(accepts(filter, kStranger));
}

TEST(ReceiveFilter, UnicastTableAddsToTheOwnAddress) {
  ReceiveFilter filter = filtering();
  filter.unicast.addresses = {kNeighbour, kStranger};
  EXPECT_TRUE(accepts(filter, kNeighbour));
  EXPECT_TRUE(accepts(filter, kStranger));
  EXPECT_TRUE(accepts(filter, kOwn));
  EXPECT_FALSE(accepts(filter, kGroup));
}

TEST(ReceiveFilter, MulticastTableTakesItsGroupsOnly) {
  ReceiveFilter filter = filtering();
  filter.multicast.addresses = {kOtherGroup, kGroup};
  EXPECT_TRUE(accepts(filter, kGroup));
  EXPECT_TRUE(accepts(filter, kOtherGroup));
  EXPECT_FALSE(accepts(filter, {0x01, 0x00, 0x5e, 0x00, 0x00, 0xfc}));
  EXPECT_FALSE(accepts(filter, kStranger));
}

TEST(ReceiveFilter, TheLastEntryOfAFullTableCounts) {
  ReceiveFilter filter = filtering();
  filter.unicast.addresses.assign(kMacTableEntries, kNeighbour);
  filter.unicast.addresses.back() = kStranger;
  EXPECT_TRUE(accepts(filter, kStranger));
}

TEST(ReceiveFilter, AnOverflowingTableTakesEveryAddressOfItsKindOnly) {
  ReceiveFilter unicast = filtering();
  unicast.unicast.overflow = true;
  EXPECT_TRUE(accepts(unicast, kStranger));
  EXPECT_FALSE(accepts(unicast, kGroup));

  ReceiveFilter multicast = filtering();
  multicast.multicast.overflow = true;
  EXPECT_TRUE(accepts(multicast, kGroup));
  EXPECT_FALSE(accepts(multicast, kStranger));
}

TEST(ReceiveFilter, AFrameWithoutAWholeDestinationPassesOnlyWhereNothingIsFiltered) {
  for (std::size_t size = 0; size < kOwn.size(); ++size) {
    SCOPED_TRACE(std::to_string(size) + " bytes");
    const std::vector<std::uint8_t> frame(kBroadcast.begin(), kBroadcast.begin() + static_cast<std::ptrdiff_t>(size));
    ReceiveFilter filter = filtering();
    filter.all_multicast = filter.unicast.overflow = filter.multicast.overflow = true;
    EXPECT_FALSE(filter.accepts({frame.data(), frame.size()}));
    filter.promiscuous = true;
    EXPECT_TRUE(filter.accepts({frame.data(), frame.size()}));
    filter.promiscuous = filter.filtering = false;
    EXPECT_TRUE(filter.accepts({frame.data(), frame.size()}));
  }
}

TEST(ReceiveFilter, ADestinationAloneIsEnough) {
  EXPECT_TRUE(filtering().accepts({kOwn.data(), kOwn.size()}));
  EXPECT_FALSE(filtering().accepts({kStranger.data(), kStranger.size()}));
}

}  // namespace
}  // namespace rssnic
