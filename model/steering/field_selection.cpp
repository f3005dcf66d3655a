// The three lists of docs/hashing.md. The EX list comes first for packets with extension headers; where none of its
// types is enabled the plain list applies, with the addresses of the IPv6 header.
#include "model/steering/field_selection.h"

#include <algorithm>

namespace rssnic {
namespace {

// The three types that one family of addresses is hashed by.
struct Family {
  HashReport addresses;
  HashReport tcp;
  HashReport udp;
};
constexpr Family kIpv4 = {HashReport::ipv4, HashReport::tcpv4, HashReport::udpv4};
constexpr Family kIpv6 = {HashReport::ipv6, HashReport::tcpv6, HashReport::udpv6};
constexpr Family kIpv6Ex = {HashReport::ipv6_ex, HashReport::tcpv6_ex, HashReport::udpv6_ex};

HashReport choose(const Family& family, Transport transport, std::uint32_t hash_types) {
  const auto enabled = [hash_types](HashReport report) { return (hash_types & hash_type_of(report)) != 0; };
  if (transport == Transport::tcp && enabled(family.tcp)) return family.tcp;
  if (transport == Transport::udp && enabled(family.udp)) return family.udp;
  return enabled(family.addresses) ? family.addresses : HashReport::none;
}

HashInput fill(HashReport report, const Family& family, const Address& source, const Address& destination,
               std::size_t address_bytes, const HeaderFields& fields) {
  HashInput input;
  input.report = report;
  auto end = std::copy_n(source.begin(), address_bytes, input.bytes.begin());
  end = std::copy_n(destination.begin(), address_bytes, end);
  if (report != family.addresses) {
    for (const std::uint16_t port : {fields.source_port, fields.destination_port}) {
      *end++ = static_cast<std::uint8_t>(port >> 8);
      *end++ = static_cast<std::uint8_t>(port);
    }
  }
  input.size = static_cast<std::uint8_t>(end - input.bytes.begin());
  return input;
}

}  // namespace

HashInput select_hash_input(const HeaderFields& fields, std::uint32_t hash_types, bool ex_report_always) {
  if (fields.network == Network::ipv4) {  // 5.1.9.4.3.2
    const HashReport report = choose(kIpv4, fields.transport, hash_types);
    if (report == HashReport::none) return {};
    return fill(report, kIpv4, fields.source, fields.destination, 4, fields);
  }
  if (fields.network == Network::ipv6) {
    if (fields.extension_headers || ex_report_always) {  // 5.1.9.4.3.4
      const HashReport report = choose(kIpv6Ex, fields.transport, hash_types);
      if (report != HashReport::none) {
        return fill(report, kIpv6Ex, fields.ex_source, fields.ex_destination, sizeof(Address), fields);
      }
    }
    const HashReport report = choose(kIpv6, fields.transport, hash_types);  // 5.1.9.4.3.3
    if (report == HashReport::none) return {};
    return fill(report, kIpv6, fields.source, fields.destination, sizeof(Address), fields);
  }
  return {};
}

}  // namespace rssnic
