#include "model/net/receive_filter.h"

#include <algorithm>

namespace rssnic {

bool MacTable::holds(const std::uint8_t* address) const {
  return overflow || std::any_of(addresses.begin(), addresses.end(), [&](const MacAddress& entry) {
           return std::memcmp(entry.data(), address, entry.size()) == 0;
         });
}

bool ReceiveFilter::accepts(ConstBytes frame) const {
  if (!filtering || promiscuous) return true;
  if (frame.size < own.size()) return false;
  constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const std::uint8_t* const destination = frame.data;
  if (std::memcmp(destination, kBroadcast.data(), kBroadcast.size()) == 0) return true;
  if (destination[0] & 1) return all_multicast || multicast.holds(destination);
  return std::memcmp(destination, own.data(), own.size()) == 0 || unicast.holds(destination);
}

}  // namespace rssnic
