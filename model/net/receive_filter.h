// Which received frames the function takes (virtio 1.4, 5.1.9.5.1 and 5.1.9.5.2). Without CTRL_RX it takes all.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "model/bytes.h"

namespace rssnic {

using MacAddress = std::array<std::uint8_t, 6>;
constexpr std::size_t kMacTableEntries = 64;  // of each table; a longer list degrades to accepting all of its kind

struct MacTable {
  bool overflow = false;  // too many addresses to hold: accept every address of this kind
  std::vector<MacAddress> addresses;
  bool holds(const std::uint8_t* address) const;
};

struct ReceiveFilter {
  bool filtering = false;  // CTRL_RX negotiated
  bool promiscuous = false;
  bool all_multicast = false;
  MacAddress own{};
  MacTable unicast;
  MacTable multicast;

  // A frame too short for a destination address passes only where nothing is filtered.
  bool accepts(ConstBytes frame) const;
};

}  // namespace rssnic
