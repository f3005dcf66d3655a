#include "model/net/receive_filter.h"

#include <algorithm>

namespace rssnic {
namespace {

// Of a frame without a tag always true.
bool is_in_vlans(ConstBytes frame, const std::bitset<kVlans>& vlans) {
  constexpr std::size_t kTagAt = 12;  // behind the addresses
  if (frame.size < kTagAt + 2) return true;
  const unsigned tpid = frame.data[kTagAt] << 8 | frame.data[kTagAt + 1];
  if (tpid != 0x8100 && tpid != 0x88a8) return true;
  if (frame.size < kTagAt + 4) return false;
  return vlans[(frame.data[kTagAt + 2] << 8 | frame.data[kTagAt + 3]) % kVlans];
}

}  // namespace

bool MacTable::holds(const std::uint8_t* address) const {
  return overflow || std::any_of(addresses.begin(), addresses.end(), [&](const MacAddress& entry) {
           return std::memcmp(entry.data(), address, entry.size()) == 0;
         });
}

bool ReceiveFilter::accepts(ConstBytes frame) const {
  if (promiscuous) return true;
  if (filtering_vlans && !is_in_vlans(frame, vlans)) return false;
  if (!filtering && !no_multicast && !no_unicast && !no_broadcast) return true;
  if (frame.size < own.size()) return false;
  constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  const std::uint8_t* const destination = frame.data;
  if (std::memcmp(destination, kBroadcast.data(), kBroadcast.size()) == 0) return !no_broadcast;
  if (destination[0] & 1) return !no_multicast && (!filtering || all_multicast || multicast.holds(destination));
  if (no_unicast) return false;
  return !filtering || all_unicast || std::memcmp(destination, own.data(), own.size()) == 0 ||
         unicast.holds(destination);
}

}  // namespace rssnic
