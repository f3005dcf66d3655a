// From an Ethernet frame to the header fields that receive-side hashing may use. Looks at headers only as far as the
// frame reaches; checksums and length fields play no part. The rules for VLAN tags, fragments, extension headers and
// damaged headers stand in docs/hashing.md.
#pragma once
#include <array>
#include <cstdint>
#include <limits>

#include "model/bytes.h"

namespace rssnic {

enum class Network : std::uint8_t { none, ipv4, ipv6 };
enum class Transport : std::uint8_t { none, tcp, udp };  // none: no complete TCP or UDP header of a whole packet

using Address = std::array<std::uint8_t, 16>;  // network order; an IPv4 address in the first four bytes, then zeros

struct HeaderFields {
  Network network = Network::none;
  Transport transport = Transport::none;
  bool extension_headers = false;  // IPv6 only
  Address source{};
  Address destination{};
  Address ex_source{};       // home address option where there is one, else `source`
  Address ex_destination{};  // address of a type 2 routing header where there is one, else `destination`
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  bool over_budget = false;  // the headers go beyond the budget: everything else is as of a frame without a network
};

// How far headers are read (rtl/README.md, "Budget"): bytes from the frame's start on, at least 64, and IPv6 extension
// headers.
struct HeaderBudget {
  std::size_t bytes = std::numeric_limits<std::size_t>::max();
  unsigned extension_headers = std::numeric_limits<unsigned>::max();
};

HeaderFields walk_headers(ConstBytes frame, const HeaderBudget& budget = {});

}  // namespace rssnic
