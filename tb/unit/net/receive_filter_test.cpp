// The receive filter against virtio 1.4, 5.1.9.5.1 to 5.1.9.5.3: modes, own address, tables, VLANs.
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

// ---- the modes of CTRL_RX_EXTRA

TEST(ReceiveFilter, AllUnicastTakesEveryUnicastAddressAndNoGroup) {
  ReceiveFilter filter = filtering();
  filter.all_unicast = true;
  EXPECT_TRUE(accepts(filter, kStranger));
  EXPECT_TRUE(accepts(filter, kNeighbour));
  EXPECT_TRUE(accepts(filter, kOwn));
  EXPECT_TRUE(accepts(filter, kBroadcast));
  EXPECT_FALSE(accepts(filter, kGroup));
}

TEST(ReceiveFilter, NoMulticastWinsOverAllMulticastAndTheTableButSparesBroadcast) {
  ReceiveFilter filter = filtering();
  filter.no_multicast = filter.all_multicast = filter.multicast.overflow = true;
  filter.multicast.addresses = {kGroup};
  EXPECT_FALSE(accepts(filter, kGroup));
  EXPECT_FALSE(accepts(filter, kOtherGroup));
  EXPECT_TRUE(accepts(filter, kBroadcast));
  EXPECT_TRUE(accepts(filter, kOwn));
}

TEST(ReceiveFilter, NoUnicastWinsOverAllUnicastTheTableAndTheOwnAddress) {
  ReceiveFilter filter = filtering();
  filter.no_unicast = filter.all_unicast = filter.unicast.overflow = true;
  filter.unicast.addresses = {kStranger};
  EXPECT_FALSE(accepts(filter, kOwn));
  EXPECT_FALSE(accepts(filter, kStranger));
  EXPECT_TRUE(accepts(filter, kBroadcast));
  filter.all_multicast = true;
  EXPECT_TRUE(accepts(filter, kGroup));
}

TEST(ReceiveFilter, NoBroadcastWinsOverAllMulticast) {
  ReceiveFilter filter = filtering();
  filter.no_broadcast = filter.all_multicast = filter.multicast.overflow = true;
  filter.multicast.addresses = {kBroadcast};
  EXPECT_FALSE(accepts(filter, kBroadcast));
  EXPECT_TRUE(accepts(filter, kGroup));
  EXPECT_TRUE(accepts(filter, kOwn));
}

TEST(ReceiveFilter, PromiscuousOverridesTheModesThatSuppress) {
  ReceiveFilter filter = filtering();
  filter.promiscuous = filter.no_broadcast = filter.no_multicast = filter.no_unicast = true;
  for (const MacAddress& destination : kEveryKind) EXPECT_TRUE(accepts(filter, destination));
}

TEST(ReceiveFilter, WithoutAddressFilteringAModeSuppressesItsKindAlone) {
  for (bool ReceiveFilter::*const mode :
       {&ReceiveFilter::no_broadcast, &ReceiveFilter::no_multicast, &ReceiveFilter::no_unicast}) {
    ReceiveFilter filter;
    filter.*mode = true;
    EXPECT_EQ(accepts(filter, kBroadcast), !filter.no_broadcast);
    EXPECT_EQ(accepts(filter, kGroup), !filter.no_multicast);
    EXPECT_EQ(accepts(filter, kStranger), !filter.no_unicast);
  }
}

// ---- VLANs

constexpr unsigned kVlanTag = 0x8100, kServiceTag = 0x88a8;

bool accepts_tagged(const ReceiveFilter& filter, unsigned tpid, unsigned tci, std::size_t size = 60,
                    unsigned inner_vlan = 0) {
  std::vector<std::uint8_t> frame(kOwn.begin(), kOwn.end());
  frame.resize(12);
  for (const unsigned field : {tpid, tci, kVlanTag, inner_vlan}) {
    frame.push_back(static_cast<std::uint8_t>(field >> 8));
    frame.push_back(static_cast<std::uint8_t>(field));
  }
  frame.resize(size);
  frame.shrink_to_fit();  // the sanitizer sees a look beyond
  return filter.accepts({frame.data(), frame.size()});
}

ReceiveFilter filtering_vlans() {
  ReceiveFilter filter = filtering();
  filter.filtering_vlans = true;
  return filter;
}

TEST(ReceiveFilter, WithoutVlanFilteringEveryVlanIsTaken) {
  for (unsigned vlan = 0; vlan < kVlans; ++vlan) EXPECT_TRUE(accepts_tagged(filtering(), kVlanTag, vlan));
}

TEST(ReceiveFilter, AtFirstNoVlanIsTakenAndFramesWithoutATagPass) {
  const ReceiveFilter filter = filtering_vlans();
  for (unsigned vlan = 0; vlan < kVlans; ++vlan) EXPECT_FALSE(accepts_tagged(filter, kVlanTag, vlan)) << vlan;
  for (const unsigned type : {0x0800u, 0x86ddu, 0x0806u, 0x0000u, 0xffffu, 0x9100u, 0x8101u, 0x88a9u, 0x0081u}) {
    EXPECT_TRUE(accepts_tagged(filter, type, 5)) << type;
  }
}

TEST(ReceiveFilter, EachVlanIsTakenOnItsOwnByEitherTag) {
  for (const unsigned member : {0u, 1u, 63u, 64u, 2048u, 4095u}) {
    ReceiveFilter filter = filtering_vlans();
    filter.vlans.set(member);
    for (unsigned vlan = 0; vlan < kVlans; ++vlan) {
      EXPECT_EQ(accepts_tagged(filter, kVlanTag, vlan), vlan == member) << vlan;
      EXPECT_EQ(accepts_tagged(filter, kServiceTag, vlan), vlan == member) << vlan;
    }
  }
}

TEST(ReceiveFilter, PriorityBitsOfATagDoNotCount) {
  ReceiveFilter filter = filtering_vlans();
  filter.vlans.set(0x123);
  for (unsigned upper = 0; upper < 16; ++upper) {
    EXPECT_TRUE(accepts_tagged(filter, kVlanTag, upper << 12 | 0x123));
    EXPECT_FALSE(accepts_tagged(filter, kVlanTag, upper << 12 | 0x124));
  }
}

TEST(ReceiveFilter, TheOutermostTagDecides) {
  ReceiveFilter filter = filtering_vlans();
  filter.vlans.set(10);
  EXPECT_TRUE(accepts_tagged(filter, kServiceTag, 10, 60, 20));
  EXPECT_FALSE(accepts_tagged(filter, kServiceTag, 20, 60, 10));
}

TEST(ReceiveFilter, AMemberOfAVlanNeedsARightAddressAsWell) {
  ReceiveFilter filter = filtering_vlans();
  filter.vlans.set(10);
  filter.own = kStranger;
  EXPECT_FALSE(accepts_tagged(filter, kVlanTag, 10));
  filter.filtering = false;
  EXPECT_TRUE(accepts_tagged(filter, kVlanTag, 10));
  EXPECT_FALSE(accepts_tagged(filter, kVlanTag, 11)) << "VLANs count without address filtering too";
}

TEST(ReceiveFilter, PromiscuousOverridesVlans) {
  ReceiveFilter filter = filtering_vlans();
  filter.promiscuous = true;
  EXPECT_TRUE(accepts_tagged(filter, kVlanTag, 10));
}

TEST(ReceiveFilter, AFrameThatEndsWithinItsTagBelongsToNoVlan) {
  ReceiveFilter filter = filtering_vlans();
  filter.vlans.set();
  for (const std::size_t size : {6u, 11u, 12u, 13u}) EXPECT_TRUE(accepts_tagged(filter, kVlanTag, 0, size)) << size;
  for (const std::size_t size : {14u, 15u}) EXPECT_FALSE(accepts_tagged(filter, kVlanTag, 0, size)) << size;
  EXPECT_TRUE(accepts_tagged(filter, kVlanTag, 0, 16));
}

TEST(ReceiveFilter, ADestinationAloneIsEnough) {
  EXPECT_TRUE(filtering().accepts({kOwn.data(), kOwn.size()}));
  EXPECT_FALSE(filtering().accepts({kStranger.data(), kStranger.size()}));
}

}  // namespace
}  // namespace rssnic
