// Hash types and hash reports (virtio 1.4, 5.1.9.4.3 and 5.1.9.4.5). A report is the bit number of its type plus one.
#pragma once
#include <array>
#include <cstdint>

namespace rssnic {

enum class HashReport : std::uint16_t {
  none = 0,
  ipv4 = 1,
  tcpv4 = 2,
  udpv4 = 3,
  ipv6 = 4,
  tcpv6 = 5,
  udpv6 = 6,
  ipv6_ex = 7,
  tcpv6_ex = 8,
  udpv6_ex = 9,
};
constexpr unsigned kHashReports = 10;  // NONE included

// VIRTIO_NET_HASH_TYPE_xxx of a report other than NONE.
constexpr std::uint32_t hash_type_of(HashReport report) { return 1u << (static_cast<unsigned>(report) - 1); }
constexpr std::uint32_t kAllHashTypes = 0x1ff;

// By report value, as users write and read them.
constexpr std::array<const char*, kHashReports> kHashReportNames = {
    "none", "ipv4", "tcpv4", "udpv4", "ipv6", "tcpv6", "udpv6", "ipv6_ex", "tcpv6_ex", "udpv6_ex"};

}  // namespace rssnic
