// Which hash each kind of packet gets, for every set of enabled types.
#include "model/steering/field_selection.h"

#include <gtest/gtest.h>

#include <vector>

namespace rssnic::test {
namespace {

using Preference = std::vector<HashReport>;  // the first enabled one is reported

constexpr Address kSource = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
                             0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};
constexpr Address kDestination = {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7,
                                  0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf};
constexpr Address kHomeAddress = {0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
                                  0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf};
constexpr Address kRoutingAddress = {0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7,
                                     0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf};

struct Kind {
  const char* name;
  Network network;
  Transport transport;
  bool extension_headers;
  Preference spec;
  Preference ex_always;
};

// The order of tests of virtio 1.4, 5.1.9.4.3.2 to 5.1.9.4.3.4, written out.
std::vector<Kind> kinds() {
  using R = HashReport;
  return {
      {"not IP", Network::none, Transport::none, false, {}, {}},
      {"IPv4", Network::ipv4, Transport::none, false, {R::ipv4}, {R::ipv4}},
      {"IPv4 TCP", Network::ipv4, Transport::tcp, false, {R::tcpv4, R::ipv4}, {R::tcpv4, R::ipv4}},
      {"IPv4 UDP", Network::ipv4, Transport::udp, false, {R::udpv4, R::ipv4}, {R::udpv4, R::ipv4}},
      {"IPv6", Network::ipv6, Transport::none, false, {R::ipv6}, {R::ipv6_ex, R::ipv6}},
      {"IPv6 TCP",
       Network::ipv6,
       Transport::tcp,
       false,
       {R::tcpv6, R::ipv6},
       {R::tcpv6_ex, R::ipv6_ex, R::tcpv6, R::ipv6}},
      {"IPv6 UDP",
       Network::ipv6,
       Transport::udp,
       false,
       {R::udpv6, R::ipv6},
       {R::udpv6_ex, R::ipv6_ex, R::udpv6, R::ipv6}},
      {"IPv6 extended", Network::ipv6, Transport::none, true, {R::ipv6_ex, R::ipv6}, {R::ipv6_ex, R::ipv6}},
      {"IPv6 extended TCP",
       Network::ipv6,
       Transport::tcp,
       true,
       {R::tcpv6_ex, R::ipv6_ex, R::tcpv6, R::ipv6},
       {R::tcpv6_ex, R::ipv6_ex, R::tcpv6, R::ipv6}},
      {"IPv6 extended UDP",
       Network::ipv6,
       Transport::udp,
       true,
       {R::udpv6_ex, R::ipv6_ex, R::udpv6, R::ipv6},
       {R::udpv6_ex, R::ipv6_ex, R::udpv6, R::ipv6}},
  };
}

HeaderFields fields_of(const Kind& kind) {
  HeaderFields fields;
  fields.network = kind.network;
  fields.transport = kind.transport;
  fields.extension_headers = kind.extension_headers;
  fields.source = kSource;
  fields.destination = kDestination;
  fields.ex_source = kHomeAddress;
  fields.ex_destination = kRoutingAddress;
  fields.source_port = 0x1122;
  fields.destination_port = 0x3344;
  return fields;
}

std::vector<std::uint8_t> join(const Address& source, const Address& destination, std::size_t address_bytes,
                               bool ports) {
  std::vector<std::uint8_t> bytes(source.begin(), source.begin() + address_bytes);
  bytes.insert(bytes.end(), destination.begin(), destination.begin() + address_bytes);
  if (ports) bytes.insert(bytes.end(), {0x11, 0x22, 0x33, 0x44});
  return bytes;
}

std::vector<std::uint8_t> input_of(HashReport report) {
  switch (report) {
    case HashReport::none:
      return {};
    case HashReport::ipv4:
      return join(kSource, kDestination, 4, false);
    case HashReport::tcpv4:
    case HashReport::udpv4:
      return join(kSource, kDestination, 4, true);
    case HashReport::ipv6:
      return join(kSource, kDestination, 16, false);
    case HashReport::tcpv6:
    case HashReport::udpv6:
      return join(kSource, kDestination, 16, true);
    case HashReport::ipv6_ex:
      return join(kHomeAddress, kRoutingAddress, 16, false);
    case HashReport::tcpv6_ex:
    case HashReport::udpv6_ex:
      return join(kHomeAddress, kRoutingAddress, 16, true);
  }
  return {};
}

void expect_preferences(bool ex_report_always) {
  for (const Kind& kind : kinds()) {
    for (std::uint32_t types = 0; types <= kAllHashTypes; ++types) {
      SCOPED_TRACE(::testing::Message() << kind.name << ", types 0x" << std::hex << types);
      HashReport expected = HashReport::none;
      for (const HashReport report : ex_report_always ? kind.ex_always : kind.spec) {
        if ((types & hash_type_of(report)) != 0) {
          expected = report;
          break;
        }
      }
      const HashInput input = select_hash_input(fields_of(kind), types, ex_report_always);
      ASSERT_EQ(input.report, expected);
      ASSERT_LE(input.size, kMaxHashInputBytes);
      ASSERT_EQ(std::vector<std::uint8_t>(input.bytes.begin(), input.bytes.begin() + input.size), input_of(expected));
    }
  }
}

TEST(FieldSelection, FollowsTheOrderOfTestsForEveryKindAndSetOfTypes) { expect_preferences(false); }

TEST(FieldSelection, ExReportAlwaysTreatsEveryIpv6PacketAsExtended) { expect_preferences(true); }

TEST(FieldSelection, AddressesOfExtendedHeadersBeatPortsOfThePlainType) {
  HeaderFields fields;
  fields.network = Network::ipv6;
  fields.transport = Transport::tcp;
  fields.extension_headers = true;
  const std::uint32_t types = hash_type_of(HashReport::ipv6_ex) | hash_type_of(HashReport::tcpv6);
  EXPECT_EQ(select_hash_input(fields, types, false).report, HashReport::ipv6_ex);
}

TEST(FieldSelection, UnknownTypeBitsEnableNothing) {
  for (const Kind& kind : kinds()) {
    EXPECT_EQ(select_hash_input(fields_of(kind), ~kAllHashTypes, true).report, HashReport::none) << kind.name;
  }
}

}  // namespace
}  // namespace rssnic::test
