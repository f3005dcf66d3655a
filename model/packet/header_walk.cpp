// The header walk of docs/hashing.md: Ethernet, up to two VLAN tags, IPv4 or IPv6 with its extension headers, and the
// ports of TCP and UDP. Safe for any bytes of any length: a header is read only once the frame is known to hold all of
// it. Every extension header takes at least eight bytes, so the walk ends with the frame. No allocation.
#include "model/packet/header_walk.h"

#include <algorithm>

namespace rssnic {
namespace {

constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTpidCustomer = 0x8100;  // IEEE 802.1Q C-TAG
constexpr std::uint16_t kTpidService = 0x88a8;   // IEEE 802.1Q S-TAG
constexpr unsigned kMaxVlanTags = 2;

// IANA protocol numbers, as in the IPv4 Protocol and IPv6 Next Header fields.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::size_t kIpv4Bytes = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kMinExtensionBytes = 8;
constexpr std::size_t kTcpBytes = 20;
constexpr std::size_t kUdpBytes = 8;

ConstBytes from(ConstBytes bytes, std::size_t offset) { return {bytes.data + offset, bytes.size - offset}; }

//   0                   2
//  +-------------------+-------------------+
//  |    source port    | destination port  |   TCP: 20 bytes and options; UDP: 8 bytes
//  +-------------------+-------------------+
void read_transport(std::uint8_t protocol, ConstBytes header, HeaderFields& fields) {
  if (protocol == kTcp && header.size >= kTcpBytes) {
    fields.transport = Transport::tcp;
  } else if (protocol == kUdp && header.size >= kUdpBytes) {
    fields.transport = Transport::udp;
  } else {
    return;
  }
  fields.source_port = load_be16(header.data);
  fields.destination_port = load_be16(header.data + 2);
}

//   0         1         2         3
//  +----+----+---------+-------------------+
//  |  4 |IHL |   TOS   |   total length    |  0
//  +----+----+---------+--+----------------+
//  |  identification   |0DM| frag. offset  |  4    M: more fragments
//  +---------+---------+-------------------+
//  |   TTL   |protocol | header checksum   |  8
//  +---------+---------+-------------------+
//  |            source address             | 12
//  +---------------------------------------+
//  |          destination address          | 16
//  +---------------------------------------+
//  |        options up to IHL * 4          | 20
void walk_ipv4(ConstBytes packet, HeaderFields& fields) {
  if (packet.size < kIpv4Bytes || packet.data[0] >> 4 != 4) return;
  const std::size_t header_bytes = static_cast<std::size_t>(packet.data[0] & 0x0f) * 4;
  if (header_bytes < kIpv4Bytes) return;

  fields.network = Network::ipv4;
  std::memcpy(fields.source.data(), packet.data + 12, 4);
  std::memcpy(fields.destination.data(), packet.data + 16, 4);
  fields.ex_source = fields.source;
  fields.ex_destination = fields.destination;

  // The first fragment too: all fragments of a datagram are to meet in one queue.
  const bool fragment = (load_be16(packet.data + 6) & 0x3fff) != 0;
  if (fragment || packet.size < header_bytes) return;
  read_transport(packet.data[9], from(packet, header_bytes), fields);
}

// Home address option (RFC 6275, 6.3), anywhere among the options of a destination options header:
//
//   0         1         2 ...                  a one-byte Pad1 (type 0) has no length
//  +---------+---------+-------------------+
//  |  0xC9   |   16    |   home address    |
//  +---------+---------+-------------------+
//
// Null when there is none of the right length that lies in the header.
const std::uint8_t* find_home_address(ConstBytes header) {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kHomeAddress = 0xc9;
  std::size_t at = 2;
  while (at < header.size) {
    if (header.data[at] == kPad1) {
      ++at;
      continue;
    }
    if (header.size - at < 2) return nullptr;
    const std::size_t value_bytes = header.data[at + 1];
    if (header.size - at - 2 < value_bytes) return nullptr;
    if (header.data[at] == kHomeAddress && value_bytes == sizeof(Address)) return header.data + at + 2;
    at += 2 + value_bytes;
  }
  return nullptr;
}

// Type 2 routing header (RFC 6275, 6.4):
//
//   0         1         2         3
//  +---------+---------+---------+---------+
//  |  next   | len = 2 |type = 2 |segments |  0
//  +---------+---------+---------+---------+
//  |               reserved                |  4
//  +---------------------------------------+
//  |             home address              |  8..23
//
// Null for other types and for a header too short to hold the address; the segments left are not looked at.
const std::uint8_t* find_routing_address(ConstBytes header) {
  return header.data[2] == 2 && header.data[1] >= 2 ? header.data + 8 : nullptr;
}

//   0         1                              IPv6 fragment header (RFC 8200, 4.5):
//  +---------+---------+--------- - -         0         1         2            3
//  |  next   |   len   |                     +---------+---------+------------+--+-+
//  +---------+---------+--------- - -        |  next   |reserved | offset     |  |M|  and 4 bytes identification
//                                            +---------+---------+------------+--+-+
//
enum class Walk : std::uint8_t { found, cut, over_budget };

// Walks to the upper layer. `rest` is what may be read of the packet, which goes on behind it if `more`. Where an
// extension header runs past `rest`, what follows cannot be found.
Walk walk_extension_headers(std::uint8_t next, ConstBytes rest, bool more, unsigned most, HeaderFields& fields) {
  bool home_address_found = false;
  bool routing_address_found = false;
  const Walk short_of = more ? Walk::over_budget : Walk::cut;
  for (unsigned extension_headers = 0;; ++extension_headers) {
    switch (next) {
      case kHopByHop:
      case kRouting:
      case kFragment:
      case kAuthentication:
      case kDestinationOptions:
      case kMobility:
      case kHip:
      case kShim6:
        break;
      default:  // an upper layer, or opaque as ESP is
        read_transport(next, rest, fields);
        return more && rest.size < (next == kTcp ? kTcpBytes : next == kUdp ? kUdpBytes : 0) ? short_of : Walk::found;
    }
    fields.extension_headers = true;
    if (extension_headers == most) return Walk::over_budget;
    if (rest.size < kMinExtensionBytes) return short_of;
    std::size_t header_bytes = (rest.data[1] + std::size_t{1}) * 8;
    if (next == kFragment) header_bytes = 8;
    if (next == kAuthentication) header_bytes = (rest.data[1] + std::size_t{2}) * 4;
    if (rest.size < header_bytes) return short_of;

    const ConstBytes header(rest.data, header_bytes);
    if (next == kFragment) {
      // Atomic fragments (RFC 6946) are whole packets; behind any other fragment header the chain is not read.
      if ((load_be16(header.data + 2) & 0xfff9) != 0) return Walk::found;
    } else if (next == kDestinationOptions && !home_address_found) {
      if (const std::uint8_t* address = find_home_address(header)) {
        std::copy_n(address, sizeof(Address), fields.ex_source.begin());
        home_address_found = true;
      }
    } else if (next == kRouting && !routing_address_found) {
      if (const std::uint8_t* address = find_routing_address(header)) {
        std::copy_n(address, sizeof(Address), fields.ex_destination.begin());
        routing_address_found = true;
      }
    }
    next = header.data[0];
    rest = from(rest, header_bytes);
  }
}

//   0         1         2         3
//  +----+---------+------------------------+
//  |  6 | class   |       flow label       |  0
//  +----+---------+----+---------+---------+
//  |  payload length   |  next   |hop limit|  4
//  +-------------------+---------+---------+
//  |            source address             |  8..23
//  +---------------------------------------+
//  |          destination address          | 24..39
//  +---------------------------------------+
void walk_ipv6(ConstBytes packet, bool more, unsigned most_extension_headers, HeaderFields& fields) {
  if (packet.size < kIpv6Bytes || packet.data[0] >> 4 != 6) return;
  fields.network = Network::ipv6;
  std::copy_n(packet.data + 8, sizeof(Address), fields.source.begin());
  std::copy_n(packet.data + 24, sizeof(Address), fields.destination.begin());
  fields.ex_source = fields.source;
  fields.ex_destination = fields.destination;
  const Walk walk =
      walk_extension_headers(packet.data[6], from(packet, kIpv6Bytes), more, most_extension_headers, fields);
  if (walk == Walk::found) return;
  fields = HeaderFields{};
  fields.over_budget = walk == Walk::over_budget;
}

}  // namespace

//   0            6            12        14        16        18
//  +------------+------------+---------+- - - - -+- - - - -+- -
//  | to         | from       |8100/88a8|   TCI   |  type   | each tag moves the EtherType by four bytes
//  +------------+------------+---------+- - - - -+- - - - -+- -
HeaderFields walk_headers(ConstBytes frame, const HeaderBudget& budget) {
  HeaderFields fields;
  std::size_t header_bytes = kEthernetBytes;
  if (frame.size < header_bytes) return fields;
  std::uint16_t type = load_be16(frame.data + header_bytes - 2);
  for (unsigned tags = 0; tags < kMaxVlanTags && (type == kTpidCustomer || type == kTpidService); ++tags) {
    header_bytes += kVlanTagBytes;
    if (frame.size < header_bytes) return fields;
    type = load_be16(frame.data + header_bytes - 2);
  }
  if (type == kEtherTypeIpv4) walk_ipv4(from(frame, header_bytes), fields);
  if (type == kEtherTypeIpv6) {
    const ConstBytes read(frame.data, std::min(frame.size, budget.bytes));
    walk_ipv6(from(read, header_bytes), frame.size > read.size, budget.extension_headers, fields);
  }
  return fields;
}

}  // namespace rssnic
