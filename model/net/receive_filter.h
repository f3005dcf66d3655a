// Which received frames the function takes (virtio 1.4, 5.1.9.5.1 to 5.1.9.5.3). Without CTRL_RX every address is
// taken, without CTRL_VLAN every VLAN. Promiscuous mode overrides all else.
//
// Policy: the tag that counts is the outermost one, of TPID 0x8100 or 0x88a8. VLAN 0 (a priority tag) is a VLAN like
// any other. A frame that ends within its tag belongs to none. The modes of CTRL_RX_EXTRA that suppress hold without
// CTRL_RX as well.
#pragma once
#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "model/bytes.h"

namespace rssnic {

using MacAddress = std::array<std::uint8_t, 6>;
constexpr std::size_t kVlans = 4096;
constexpr std::size_t kMacTableEntries = 64;  // of each table; a longer list degrades to accepting all of its kind

struct MacTable {
  bool overflow = false;  // too many addresses to hold: accept every address of this kind
  std::vector<MacAddress> addresses;
  bool holds(const std::uint8_t* address) const;
};

struct ReceiveFilter {
  bool filtering = false;        // CTRL_RX negotiated
  bool filtering_vlans = false;  // CTRL_VLAN negotiated
  // What VIRTIO_NET_CTRL_RX switches. The latter three win over the ones before them, promiscuous mode over all.
  bool promiscuous = false;
  bool all_multicast = false;
  bool all_unicast = false;
  bool no_multicast = false;
  bool no_unicast = false;
  bool no_broadcast = false;
  MacAddress own{};
  MacTable unicast;
  MacTable multicast;
  std::bitset<kVlans> vlans;

  // A frame too short for a destination address passes only where addresses do not matter.
  bool accepts(ConstBytes frame) const;
};

}  // namespace rssnic
