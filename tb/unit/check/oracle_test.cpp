// The oracle against hand-built frames: each rule that virtio 1.4, 5.1.9.4.3 states, each policy where it is silent,
// Microsoft's verification vectors, and its hash table against a Toeplitz function that goes bit by bit. Expected
// hashes come from that function over inputs written out here, never from the oracle.
#include "tb/check/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tb/unit/check/frame_builder.h"

namespace rssnic::check {
namespace {

enum HashType : std::uint32_t {
  kTypeIpv4 = 1 << 0,
  kTypeTcpv4 = 1 << 1,
  kTypeUdpv4 = 1 << 2,
  kTypeIpv6 = 1 << 3,
  kTypeTcpv6 = 1 << 4,
  kTypeUdpv6 = 1 << 5,
  kTypeIpEx = 1 << 6,
  kTypeTcpEx = 1 << 7,
  kTypeUdpEx = 1 << 8,
  kAllTypes = 0x1ff,
};

const Octets kMicrosoftKey{0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                           0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                           0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
constexpr std::uint16_t kUnclassifiedQueue = 9;

using Words = std::vector<std::uint16_t>;

// The key moves past the input one bit at a time: where the input bit is set, the key's leading 32 bits are added.
std::uint32_t toeplitz_by_bits(const Octets& key, const Octets& input) {
  const auto key_bit = [&key](std::size_t bit) {
    return bit / 8 < key.size() ? static_cast<std::uint32_t>(key[bit / 8] >> (7 - bit % 8) & 1) : 0u;
  };
  std::uint32_t window = 0;
  for (std::size_t bit = 0; bit < 32; ++bit) window = window << 1 | key_bit(bit);
  std::uint32_t hash = 0;
  std::size_t incoming = 32;
  for (const std::uint8_t octet : input) {
    for (int mask = 0x80; mask != 0; mask >>= 1) {
      if (octet & mask) hash ^= window;
      window = window << 1 | key_bit(incoming++);
    }
  }
  return hash;
}

OracleConfig config_with(std::uint32_t hash_types) {
  OracleConfig config;
  config.hash_types = hash_types;
  config.key = kMicrosoftKey;
  config.table.resize(128);
  for (std::size_t i = 0; i < config.table.size(); ++i) config.table[i] = static_cast<std::uint16_t>(i % 4);
  config.unclassified_queue = kUnclassifiedQueue;
  return config;
}

testing::AssertionResult gives(const Oracle& oracle, const FrameBuilder& frame, const Verdict& expected) {
  const Octets exact(frame.frame());  // no spare capacity: the address sanitizer sees a read past the frame
  const Verdict verdict = oracle.judge(view(exact));
  if (verdict.report == expected.report && verdict.hash == expected.hash && verdict.queue == expected.queue) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << std::hex << "report " << verdict.report << ", hash " << verdict.hash
                                     << ", queue " << verdict.queue << "; expected report " << expected.report
                                     << ", hash " << expected.hash << ", queue " << expected.queue;
}

// With the table of config_with.
Verdict at_default_queue(std::uint16_t report, std::uint32_t hash) {
  return {report, hash, static_cast<std::uint16_t>(hash % 128 % 4)};
}

testing::AssertionResult hashes(const Oracle& oracle, const FrameBuilder& frame, std::uint16_t report,
                                const Octets& input) {
  return gives(oracle, frame, at_default_queue(report, toeplitz_by_bits(kMicrosoftKey, input)));
}
testing::AssertionResult hashes(const FrameBuilder& frame, std::uint16_t report, const Octets& input,
                                std::uint32_t hash_types = kAllTypes) {
  return hashes(Oracle(config_with(hash_types)), frame, report, input);
}

testing::AssertionResult unclassified(const FrameBuilder& frame, std::uint32_t hash_types = kAllTypes) {
  return gives(Oracle(config_with(hash_types)), frame, {0, 0, kUnclassifiedQueue});
}

constexpr std::uint16_t kSourcePort = 0x1234;
constexpr std::uint16_t kDestinationPort = 0xabcd;
const char* const kSource4 = "10.1.2.3";
const char* const kDestination4 = "192.168.77.200";
const char* const kSource6 = "2001:db8:1::17";
const char* const kDestination6 = "2001:db8:2:3:4:5:6:7";
const char* const kHome = "2001:db8:aaaa::1";
const char* const kOtherHome = "2001:db8:bbbb::2";
const char* const kFinal = "2001:db8:cccc::3";
const char* const kOtherFinal = "2001:db8:dddd::4";

Octets addresses(const std::string& source, const std::string& destination) {
  return address(source) + address(destination);
}
const Octets kPorts = be16(kSourcePort) + be16(kDestinationPort);
const Octets kAddresses4 = addresses(kSource4, kDestination4);
const Octets kAddresses6 = addresses(kSource6, kDestination6);

FrameBuilder ipv4(const Octets& options = {}) { return FrameBuilder().ipv4(kSource4, kDestination4, options); }
FrameBuilder ipv6() { return FrameBuilder().ipv6(kSource6, kDestination6); }
FrameBuilder with_tcp(FrameBuilder frame) { return frame.tcp(kSourcePort, kDestinationPort); }
FrameBuilder with_udp(FrameBuilder frame) { return frame.udp(kSourcePort, kDestinationPort); }
FrameBuilder with_icmp(FrameBuilder frame) { return frame.transport(58, Octets(24, 0x80)); }

// What follows the Ethernet header of a frame without tags.
Octets without_ethernet(const FrameBuilder& frame) { return Octets(frame.frame().begin() + 14, frame.frame().end()); }

// --- The hash function ---

struct Vector {
  const char* source;
  std::uint16_t source_port;
  const char* destination;
  std::uint16_t destination_port;
  std::uint32_t two_tuple;
  std::uint32_t four_tuple;
};

const Vector kIpv4Vectors[] = {
    {"66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2, 0x51ccc178},
    {"199.92.111.2", 14230, "65.69.140.83", 4739, 0xd718262a, 0xc626b0ea},
    {"24.19.198.95", 12898, "12.22.207.184", 38024, 0xd2d0a5de, 0x5c2b394a},
    {"38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xafc7327f},
    {"153.39.163.191", 44251, "202.188.127.2", 1303, 0x5d1809c5, 0x10e828a2},
};
const Vector kIpv6Vectors[] = {
    {"3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2cc18cd5, 0x40207d3d},
    {"3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0f0c461c, 0xdde51bbf},
    {"3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4b61e985, 0x02d1feef},
};

TEST(OracleToeplitz, AgreesWithMicrosoftsIpv4Vectors) {
  const Oracle oracle(config_with(kAllTypes));
  for (const Vector& v : kIpv4Vectors) {
    SCOPED_TRACE(v.source);
    const FrameBuilder ip = FrameBuilder().ipv4(v.source, v.destination);
    EXPECT_TRUE(gives(oracle, with_icmp(ip), at_default_queue(1, v.two_tuple)));
    EXPECT_TRUE(
        gives(oracle, FrameBuilder(ip).tcp(v.source_port, v.destination_port), at_default_queue(2, v.four_tuple)));
    EXPECT_TRUE(
        gives(oracle, FrameBuilder(ip).udp(v.source_port, v.destination_port), at_default_queue(3, v.four_tuple)));
  }
}

TEST(OracleToeplitz, AgreesWithMicrosoftsIpv6Vectors) {
  const Oracle oracle(config_with(kAllTypes));
  for (const Vector& v : kIpv6Vectors) {
    SCOPED_TRACE(v.source);
    const FrameBuilder ip = FrameBuilder().ipv6(v.source, v.destination);
    EXPECT_TRUE(gives(oracle, with_icmp(ip), at_default_queue(4, v.two_tuple)));
    EXPECT_TRUE(
        gives(oracle, FrameBuilder(ip).tcp(v.source_port, v.destination_port), at_default_queue(5, v.four_tuple)));
    EXPECT_TRUE(
        gives(oracle, FrameBuilder(ip).udp(v.source_port, v.destination_port), at_default_queue(6, v.four_tuple)));
  }
}

Octets random_octets(std::mt19937& random, std::size_t count) {
  Octets octets(count);
  for (std::uint8_t& octet : octets) octet = static_cast<std::uint8_t>(random());
  return octets;
}

TEST(OracleToeplitz, TableAgreesWithTheBitByBitFunctionForRandomKeysAndInputs) {
  constexpr unsigned kSeed = 20240607;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    OracleConfig config;
    config.key = random_octets(random, random() % 65);
    const Oracle oracle(config);
    for (int i = 0; i < 50; ++i) {
      const Octets input = random_octets(random, random() % (Oracle::kMaxInputBytes + 1));
      ASSERT_EQ(oracle.toeplitz(view(input)), toeplitz_by_bits(config.key, input))
          << "key of " << config.key.size() << " bytes, input of " << input.size();
    }
  }
}

TEST(OracleToeplitz, EveryInputBitAddsItsOwnKeyWindow) {
  const Oracle oracle(config_with(kAllTypes));
  for (std::size_t bit = 0; bit < Oracle::kMaxInputBytes * 8; ++bit) {
    Octets input(Oracle::kMaxInputBytes);
    input[bit / 8] = static_cast<std::uint8_t>(0x80 >> bit % 8);
    ASSERT_EQ(oracle.toeplitz(view(input)), toeplitz_by_bits(kMicrosoftKey, input)) << "bit " << bit;
  }
}

TEST(OracleToeplitz, ShortKeysAreFollowedByZeros) {
  const Octets input = kAddresses6 + kPorts;
  for (std::size_t size = 0; size <= 40; ++size) {
    OracleConfig short_key;
    short_key.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.begin() + static_cast<std::ptrdiff_t>(size));
    OracleConfig padded = short_key;
    padded.key.resize(40, 0);
    EXPECT_EQ(Oracle(short_key).toeplitz(view(input)), Oracle(padded).toeplitz(view(input))) << size << " bytes";
  }
}

TEST(OracleToeplitz, KeyBytesPastTheFortiethPlayNoPart) {
  OracleConfig config;
  config.key = kMicrosoftKey + Octets(12, 0xff);
  EXPECT_EQ(Oracle(config).toeplitz(view(kAddresses6 + kPorts)), toeplitz_by_bits(kMicrosoftKey, kAddresses6 + kPorts));
}

TEST(OracleToeplitz, EmptyKeyStillClassifies) {
  OracleConfig config = config_with(kAllTypes);
  config.key.clear();
  EXPECT_TRUE(gives(Oracle(config), with_tcp(ipv4()), {2, 0, 0}));
}

TEST(OracleToeplitz, RefusesInputsThatNoHashTypeHas) {
  const Octets input(Oracle::kMaxInputBytes + 1);
  EXPECT_THROW(Oracle(OracleConfig{}).toeplitz(view(input)), std::invalid_argument);
}

// --- Which type: the plain text of virtio 1.4, 5.1.9.4.3.2 to 5.1.9.4.3.4 ---

struct Choice {
  std::uint16_t report;
  Octets input;
};
struct PacketKind {
  const char* name;
  FrameBuilder frame;
  std::vector<Choice> in_order;  // the first one whose type is enabled is reported
};

void expect_choices_for_every_mask(const std::vector<PacketKind>& kinds, bool ex_report_always) {
  for (std::uint32_t types = 0; types <= kAllTypes; ++types) {
    OracleConfig config = config_with(types);
    config.ex_report_always = ex_report_always;
    const Oracle oracle(config);
    for (const PacketKind& kind : kinds) {
      const auto choice = std::find_if(kind.in_order.begin(), kind.in_order.end(),
                                       [types](const Choice& c) { return (types >> (c.report - 1) & 1) != 0; });
      if (choice == kind.in_order.end()) {
        ASSERT_TRUE(gives(oracle, kind.frame, {0, 0, kUnclassifiedQueue})) << kind.name << ", types " << types;
      } else {
        ASSERT_TRUE(hashes(oracle, kind.frame, choice->report, choice->input)) << kind.name << ", types " << types;
      }
    }
  }
}

TEST(OracleSelection, EveryMaskTakesTheFirstEnabledTypeInTheSpecifiedOrder) {
  const Octets mobile = addresses(kHome, kFinal);
  FrameBuilder extended = ipv6();
  extended.routing(2, 1, address(kFinal)).destination_options(home_address_option(kHome));
  expect_choices_for_every_mask(
      {
          {"IPv4 TCP", with_tcp(ipv4()), {{2, kAddresses4 + kPorts}, {1, kAddresses4}}},
          {"IPv4 UDP", with_udp(ipv4()), {{3, kAddresses4 + kPorts}, {1, kAddresses4}}},
          {"IPv4 ICMP", with_icmp(ipv4()), {{1, kAddresses4}}},
          {"IPv6 TCP", with_tcp(ipv6()), {{5, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"IPv6 UDP", with_udp(ipv6()), {{6, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"IPv6 ICMP", with_icmp(ipv6()), {{4, kAddresses6}}},
          {"extended TCP",
           with_tcp(extended),
           {{8, mobile + kPorts}, {7, mobile}, {5, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"extended UDP",
           with_udp(extended),
           {{9, mobile + kPorts}, {7, mobile}, {6, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"extended ICMP", with_icmp(extended), {{7, mobile}, {4, kAddresses6}}},
          {"ARP", FrameBuilder().ethertype(0x0806).payload(46), {}},
      },
      false);
}

TEST(OracleSelection, IpExBeatsTcpv6BehindAHopByHopHeader) {
  EXPECT_TRUE(hashes(with_tcp(ipv6().hop_by_hop()), 7, kAddresses6, kTypeIpEx | kTypeTcpv6));
}

TEST(OracleSelection, ExTypesAloneDoNotClassifyPacketsWithoutExtensionHeaders) {
  EXPECT_TRUE(unclassified(with_tcp(ipv6()), kTypeIpEx | kTypeTcpEx | kTypeUdpEx));
  EXPECT_TRUE(unclassified(with_icmp(ipv6()), kTypeIpEx));
}

TEST(OracleSelection, TcpAndUdpWhoseTypeIsOffFallToTheTwoTuple) {
  EXPECT_TRUE(hashes(with_tcp(ipv4()), 1, kAddresses4, kTypeIpv4 | kTypeUdpv4));
  EXPECT_TRUE(hashes(with_udp(ipv6()), 4, kAddresses6, kTypeIpv6 | kTypeTcpv6));
}

TEST(OracleSelection, OtherProtocolsHashAddressesOnly) {
  for (const std::uint8_t protocol : Octets{1, 2, 33, 47, 50, 58, 59, 89, 132, 136, 255}) {
    SCOPED_TRACE(static_cast<int>(protocol));
    EXPECT_TRUE(hashes(ipv4().transport(protocol, kPorts + Octets(36)), 1, kAddresses4));
    EXPECT_TRUE(hashes(ipv6().transport(protocol, kPorts + Octets(36)), 4, kAddresses6));
    EXPECT_TRUE(hashes(ipv6().hop_by_hop().transport(protocol, kPorts + Octets(36)), 7, kAddresses6));
  }
}

TEST(OracleSelection, Ipv6ExtensionHeaderNumbersMeanNothingInIpv4) {
  for (const std::uint8_t protocol : Octets{0, 43, 44, 51, 60, 135, 139, 140}) {
    EXPECT_TRUE(hashes(ipv4().transport(protocol, Octets{6, 0} + Octets(40)), 1, kAddresses4))
        << static_cast<int>(protocol);
  }
}

TEST(OracleSelection, Ipv4OptionsAreSkipped) {
  for (std::size_t words = 0; words <= 10; ++words) {
    EXPECT_TRUE(hashes(with_tcp(ipv4(Octets(words * 4, 0xff))), 2, kAddresses4 + kPorts)) << words << " words";
  }
}

TEST(OracleSelection, HashTypeBitsAboveTheNinthMeanNothing) {
  EXPECT_TRUE(unclassified(with_tcp(ipv4()), ~std::uint32_t{kAllTypes}));
}

TEST(OracleSelection, TunnelsHashTheOuterHeader) {
  const Octets inner = without_ethernet(with_tcp(FrameBuilder().ipv4("1.1.1.1", "2.2.2.2")));
  EXPECT_TRUE(hashes(ipv4().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2), 1, kAddresses4));
  EXPECT_TRUE(hashes(ipv4().ipv6("fe80::1", "fe80::2").tcp(1, 2), 1, kAddresses4));
  EXPECT_TRUE(hashes(ipv6().ipv4("1.1.1.1", "2.2.2.2").tcp(1, 2), 4, kAddresses6));
  EXPECT_TRUE(hashes(ipv6().destination_options().ipv6("fe80::1", "fe80::2").tcp(1, 2), 7, kAddresses6));
  EXPECT_TRUE(hashes(ipv4().transport(47, Octets{0, 0, 8, 0}).payload(inner), 1, kAddresses4));
  const Octets vxlan{8, 0, 0, 0, 0, 0, 1, 0};
  EXPECT_TRUE(hashes(ipv4().udp(kSourcePort, 4789).payload(vxlan + FrameBuilder().ipv4("1.1.1.1", "2.2.2.2").frame()),
                     3, kAddresses4 + be16(kSourcePort) + be16(4789)));
}

TEST(OracleSelection, ChecksumsPlayNoPart) {
  EXPECT_TRUE(hashes(with_tcp(ipv4().set16(10, 0xdead)).set16(16, 0xbeef), 2, kAddresses4 + kPorts));
  EXPECT_TRUE(hashes(with_udp(ipv6()).set16(6, 0xbeef), 6, kAddresses6 + kPorts));
}

// --- Which addresses: virtio 1.4, 5.1.9.4.3.4 ---

TEST(OracleExAddresses, HomeAddressReplacesTheSourceOnly) {
  const FrameBuilder frame = ipv6().destination_options(home_address_option(kHome));
  EXPECT_TRUE(hashes(with_tcp(frame), 8, addresses(kHome, kDestination6) + kPorts));
  EXPECT_TRUE(hashes(with_udp(frame), 9, addresses(kHome, kDestination6) + kPorts));
  EXPECT_TRUE(hashes(with_icmp(frame), 7, addresses(kHome, kDestination6)));
}

TEST(OracleExAddresses, RoutingHeaderType2ReplacesTheDestinationOnly) {
  const FrameBuilder frame = ipv6().routing(2, 1, address(kFinal));
  EXPECT_TRUE(hashes(with_tcp(frame), 8, addresses(kSource6, kFinal) + kPorts));
  EXPECT_TRUE(hashes(with_udp(frame), 9, addresses(kSource6, kFinal) + kPorts));
  EXPECT_TRUE(hashes(with_icmp(frame), 7, addresses(kSource6, kFinal)));
}

TEST(OracleExAddresses, WithoutEitherTheIpv6HeaderIsHashedUnderTheExType) {
  EXPECT_TRUE(hashes(with_tcp(ipv6().hop_by_hop()), 8, kAddresses6 + kPorts));
  EXPECT_TRUE(hashes(with_udp(ipv6().destination_options()), 9, kAddresses6 + kPorts));
}

TEST(OracleExAddresses, SkippedExtensionHeadersLeaveThePlainAddresses) {
  const FrameBuilder frame = ipv6().destination_options(home_address_option(kHome)).routing(2, 1, address(kFinal));
  EXPECT_TRUE(hashes(with_tcp(frame), 5, kAddresses6 + kPorts, kTypeTcpv6 | kTypeUdpEx));
  EXPECT_TRUE(hashes(with_tcp(frame), 4, kAddresses6, kTypeIpv6 | kTypeUdpEx));
}

TEST(OracleExAddresses, OtherRoutingTypesLeaveTheDestination) {
  for (const std::uint8_t type : Octets{0, 1, 3, 4, 253}) {
    EXPECT_TRUE(hashes(with_tcp(ipv6().routing(type, 1, address(kFinal))), 8, kAddresses6 + kPorts))
        << static_cast<int>(type);
  }
}

TEST(OracleExAddresses, HomeAddressIsNotLookedForInHopByHop) {
  EXPECT_TRUE(hashes(with_tcp(ipv6().hop_by_hop(home_address_option(kHome))), 8, kAddresses6 + kPorts));
}

TEST(OracleExAddresses, HomeAddressIsFoundBehindAnyNumberOfOptions) {
  Octets options;
  while (options.size() < 1500) {
    options = options + Octets{0} + ipv6_option(1, Octets(3)) + ipv6_option(0x3e, Octets(7, 0xc9)) + ipv6_option(5, {});
  }
  EXPECT_TRUE(hashes(with_tcp(ipv6().destination_options(options + home_address_option(kHome))), 8,
                     addresses(kHome, kDestination6) + kPorts));
}

TEST(OracleExAddresses, HomeAddressIsFoundInALaterDestinationOptionsHeader) {
  const FrameBuilder frame = ipv6().destination_options().routing(0, 0).destination_options(home_address_option(kHome));
  EXPECT_TRUE(hashes(with_tcp(frame), 8, addresses(kHome, kDestination6) + kPorts));
}

TEST(OracleExAddresses, FirstOfSeveralHomeAddressesWins) {
  const FrameBuilder one_header =
      ipv6().destination_options(home_address_option(kHome) + home_address_option(kOtherHome));
  const FrameBuilder two_headers =
      ipv6().destination_options(home_address_option(kHome)).destination_options(home_address_option(kOtherHome));
  EXPECT_TRUE(hashes(with_tcp(one_header), 8, addresses(kHome, kDestination6) + kPorts));
  EXPECT_TRUE(hashes(with_tcp(two_headers), 8, addresses(kHome, kDestination6) + kPorts));
}

TEST(OracleExAddresses, HomeAddressOptionOfAnotherLengthIsIgnored) {
  for (const std::size_t length : {0, 4, 15, 17, 32}) {
    SCOPED_TRACE(length);
    Octets data = address(kHome);
    data.resize(length);
    EXPECT_TRUE(hashes(with_tcp(ipv6().destination_options(ipv6_option(0xc9, data))), 8, kAddresses6 + kPorts));
    EXPECT_TRUE(hashes(with_tcp(ipv6().destination_options(ipv6_option(0xc9, data) + home_address_option(kOtherHome))),
                       8, addresses(kOtherHome, kDestination6) + kPorts));
  }
}

TEST(OracleExAddresses, HomeAddressThatRunsPastItsHeaderIsIgnored) {
  // Length 1 makes the header 16 bytes; the option's last 4 then lie behind it, in front of the TCP header.
  FrameBuilder frame = ipv6().extension(60, home_address_option(kHome) + Octets(4)).set8(1, 1);
  FrameBuilder cut = with_tcp(frame.drop_last(8));
  EXPECT_TRUE(hashes(cut, 8, kAddresses6 + kPorts));
}

TEST(OracleExAddresses, OptionTypeWithoutRoomForItsLengthEndsTheSearch) {
  const FrameBuilder frame = ipv6().destination_options({1, 3, 0, 0, 0, 0xc9});
  EXPECT_TRUE(hashes(with_tcp(frame), 8, kAddresses6 + kPorts));
  EXPECT_TRUE(hashes(frame, 7, kAddresses6));
}

TEST(OracleExAddresses, OtherOptionsOfSixteenOctetsAreNoHomeAddress) {
  for (int type = 0; type < 256; ++type) {
    if (type == 0xc9) continue;
    EXPECT_TRUE(
        hashes(with_tcp(ipv6().destination_options(ipv6_option(static_cast<std::uint8_t>(type), Octets(16, 1)))), 8,
               kAddresses6 + kPorts))
        << type;
  }
}

TEST(OracleExAddresses, SegmentsLeftPlaysNoPart) {
  for (const std::uint8_t segments_left : Octets{0, 1, 2, 255}) {
    EXPECT_TRUE(
        hashes(with_tcp(ipv6().routing(2, segments_left, address(kFinal))), 8, addresses(kSource6, kFinal) + kPorts))
        << static_cast<int>(segments_left);
  }
}

TEST(OracleExAddresses, RoutingHeaderType2TooShortForAnAddressLeavesTheDestination) {
  for (const std::size_t room : {0, 8}) {
    EXPECT_TRUE(hashes(with_tcp(ipv6().routing(2, 1, Octets(room, 0x77))), 8, kAddresses6 + kPorts)) << room;
  }
}

TEST(OracleExAddresses, LongRoutingHeaderType2GivesItsFirstAddress) {
  for (const std::size_t extra : {8, 16, 160}) {
    EXPECT_TRUE(hashes(with_tcp(ipv6().routing(2, 1, address(kFinal) + Octets(extra, 0x77))), 8,
                       addresses(kSource6, kFinal) + kPorts))
        << extra;
  }
}

TEST(OracleExAddresses, FirstOfSeveralRoutingHeadersWithAnAddressWins) {
  const FrameBuilder two = ipv6().routing(2, 1, address(kFinal)).routing(2, 1, address(kOtherFinal));
  EXPECT_TRUE(hashes(with_tcp(two), 8, addresses(kSource6, kFinal) + kPorts));
  const FrameBuilder short_first = ipv6().routing(2, 1).routing(2, 1, address(kOtherFinal));
  EXPECT_TRUE(hashes(with_tcp(short_first), 8, addresses(kSource6, kOtherFinal) + kPorts));
}

// --- Fragments ---

constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kReservedFlag = 0x8000;

TEST(OracleFragments, AllIpv4FragmentsHashAddressesOnly) {
  for (const int word : {int{kMoreFragments}, kMoreFragments | 0x0123, 0x0001, 0x1fff, 0x1000}) {
    SCOPED_TRACE(word);
    EXPECT_TRUE(hashes(with_tcp(ipv4().set16(6, static_cast<std::uint16_t>(word))), 1, kAddresses4));
    EXPECT_TRUE(hashes(with_udp(ipv4().set16(6, static_cast<std::uint16_t>(word))), 1, kAddresses4));
  }
}

TEST(OracleFragments, Ipv4FragmentIsUnclassifiedWithoutTheTwoTupleType) {
  EXPECT_TRUE(unclassified(with_tcp(ipv4().set16(6, kMoreFragments)), kTypeTcpv4 | kTypeUdpv4));
}

TEST(OracleFragments, DontFragmentAndTheReservedFlagMakeNoIpv4Fragment) {
  EXPECT_TRUE(hashes(with_tcp(ipv4().set16(6, kDontFragment)), 2, kAddresses4 + kPorts));
  EXPECT_TRUE(hashes(with_tcp(ipv4().set16(6, kReservedFlag)), 2, kAddresses4 + kPorts));
}

TEST(OracleFragments, AllRealIpv6FragmentsHashAddressesOnlyUnderIpEx) {
  for (const auto& [offset, more] : {std::pair<int, bool>{0, true}, {1, true}, {1, false}, {0x1fff, false}}) {
    SCOPED_TRACE(offset);
    const FrameBuilder frame = ipv6().fragment(static_cast<std::uint16_t>(offset), more);
    EXPECT_TRUE(hashes(with_tcp(frame), 7, kAddresses6));
    EXPECT_TRUE(hashes(with_udp(frame), 7, kAddresses6));
    EXPECT_TRUE(hashes(with_tcp(frame), 4, kAddresses6, kAllTypes & ~kTypeIpEx));
    EXPECT_TRUE(unclassified(with_tcp(frame), kTypeTcpEx | kTypeTcpv6));
  }
}

TEST(OracleFragments, NothingIsReadBehindARealIpv6FragmentHeader) {
  const FrameBuilder first = ipv6().fragment(0, true);
  EXPECT_TRUE(hashes(with_tcp(FrameBuilder(first).destination_options(home_address_option(kHome))), 7, kAddresses6));
  EXPECT_TRUE(hashes(with_tcp(FrameBuilder(first).routing(2, 1, address(kFinal))), 7, kAddresses6));
  EXPECT_TRUE(hashes(FrameBuilder(first).destination_options().drop_last(7), 7, kAddresses6));
}

TEST(OracleFragments, HomeAddressBeforeARealIpv6FragmentHeaderCounts) {
  const FrameBuilder frame = ipv6().destination_options(home_address_option(kHome)).fragment(5, false);
  EXPECT_TRUE(hashes(with_tcp(frame), 7, addresses(kHome, kDestination6)));
}

TEST(OracleFragments, AtomicIpv6FragmentIsAWholePacket) {
  const FrameBuilder frame = ipv6().fragment(0, false);
  EXPECT_TRUE(hashes(with_tcp(frame), 8, kAddresses6 + kPorts));
  EXPECT_TRUE(hashes(with_udp(frame), 9, kAddresses6 + kPorts));
  EXPECT_TRUE(hashes(with_tcp(frame), 5, kAddresses6 + kPorts, kTypeTcpv6));
}

TEST(OracleFragments, ReservedBitsOfTheIpv6FragmentHeaderPlayNoPart) {
  EXPECT_TRUE(hashes(with_tcp(ipv6().fragment(0, false).set16(2, 0x0006)), 8, kAddresses6 + kPorts));
  // The second octet is reserved, not a length.
  EXPECT_TRUE(hashes(with_tcp(ipv6().fragment(0, false).set8(1, 0xff)), 8, kAddresses6 + kPorts));
}

TEST(OracleFragments, ChainGoesOnBehindAnAtomicFragmentHeader) {
  const FrameBuilder atomic = ipv6().fragment(0, false);
  EXPECT_TRUE(hashes(with_tcp(FrameBuilder(atomic).destination_options(home_address_option(kHome))), 8,
                     addresses(kHome, kDestination6) + kPorts));
  EXPECT_TRUE(hashes(with_tcp(FrameBuilder(atomic).fragment(0, true)), 7, kAddresses6));
}

// --- Ethernet and VLAN ---

TEST(OracleEthernet, UpToTwoVlanTagsOfEitherKindAreSkipped) {
  for (const std::uint16_t outer : Words{0x8100, 0x88a8}) {
    SCOPED_TRACE(outer);
    EXPECT_TRUE(hashes(with_tcp(FrameBuilder().vlan(outer).ipv4(kSource4, kDestination4)), 2, kAddresses4 + kPorts));
    EXPECT_TRUE(hashes(with_udp(FrameBuilder().vlan(outer).ipv6(kSource6, kDestination6)), 6, kAddresses6 + kPorts));
    for (const std::uint16_t inner : Words{0x8100, 0x88a8}) {
      SCOPED_TRACE(inner);
      const FrameBuilder tags = FrameBuilder().vlan(outer).vlan(inner);
      EXPECT_TRUE(hashes(with_tcp(FrameBuilder(tags).ipv4(kSource4, kDestination4)), 2, kAddresses4 + kPorts));
      EXPECT_TRUE(
          hashes(with_tcp(FrameBuilder(tags).ipv6(kSource6, kDestination6).hop_by_hop()), 8, kAddresses6 + kPorts));
    }
  }
}

TEST(OracleEthernet, ThirdTagAndOtherTpidsAreNotIp) {
  for (const std::uint16_t tpid : Words{0x8100, 0x88a8}) {
    EXPECT_TRUE(unclassified(with_tcp(FrameBuilder().vlan().vlan(0x88a8).vlan(tpid).ipv4(kSource4, kDestination4))));
  }
  for (const std::uint16_t tpid : Words{0x9100, 0x9200, 0x8101}) {
    SCOPED_TRACE(tpid);
    EXPECT_TRUE(unclassified(with_tcp(FrameBuilder().vlan(tpid).ipv4(kSource4, kDestination4))));
    EXPECT_TRUE(unclassified(with_tcp(FrameBuilder().vlan().vlan(tpid).ipv4(kSource4, kDestination4))));
  }
}

TEST(OracleEthernet, LlcSnapIsNotIp) {
  const Octets ip = without_ethernet(with_tcp(ipv4()));
  const Octets snap = Octets{0xaa, 0xaa, 3, 0, 0, 0, 8, 0} + ip;
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(static_cast<std::uint16_t>(snap.size())).payload(snap)));
}

TEST(OracleEthernet, IpBehindOtherEtherTypesIsNotIp) {
  const Octets ip = without_ethernet(with_tcp(ipv4()));
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(0x8847).payload(Octets{0, 1, 1, 64} + ip)));
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(0x8864).payload(Octets{0x11, 0, 0, 1, 0, 42, 0, 0x21} + ip)));
  for (const std::uint16_t type : Words{0x0000, 0x0806, 0x0801, 0x0008, 0x86dc, 0xdd86, 0xffff}) {
    EXPECT_TRUE(unclassified(FrameBuilder().ethertype(type).payload(ip))) << type;
  }
}

TEST(OracleEthernet, FramesThatEndInTheEthernetOrVlanHeaderAreUnclassified) {
  for (std::size_t size = 0; size < 14; ++size) EXPECT_TRUE(unclassified(with_tcp(ipv4()).keep(size))) << size;
  const FrameBuilder tagged = with_tcp(FrameBuilder().vlan().vlan().ipv4(kSource4, kDestination4));
  for (std::size_t size = 14; size < 22; ++size) EXPECT_TRUE(unclassified(FrameBuilder(tagged).keep(size))) << size;
}

TEST(OracleEthernet, EmptyFrameWithoutMemoryIsUnclassified) {
  const Verdict verdict = Oracle(config_with(kAllTypes)).judge({});
  EXPECT_EQ(verdict.report, 0);
  EXPECT_EQ(verdict.queue, kUnclassifiedQueue);
}

// --- Cut and malformed headers ---

TEST(OracleMalformed, TcpHeaderCountsOnlyWhole) {
  for (std::size_t missing = 1; missing <= 20; ++missing) {
    SCOPED_TRACE(missing);
    EXPECT_TRUE(hashes(with_tcp(ipv4()).drop_last(missing), 1, kAddresses4));
    EXPECT_TRUE(hashes(with_tcp(ipv6()).drop_last(missing), 4, kAddresses6));
    EXPECT_TRUE(hashes(with_tcp(ipv6().hop_by_hop()).drop_last(missing), 7, kAddresses6));
    EXPECT_TRUE(unclassified(with_tcp(ipv4()).drop_last(missing), kTypeTcpv4));
  }
}

TEST(OracleMalformed, UdpHeaderCountsOnlyWhole) {
  for (std::size_t missing = 1; missing <= 8; ++missing) {
    SCOPED_TRACE(missing);
    EXPECT_TRUE(hashes(with_udp(ipv4()).drop_last(missing), 1, kAddresses4));
    EXPECT_TRUE(hashes(with_udp(ipv6()).drop_last(missing), 4, kAddresses6));
    EXPECT_TRUE(hashes(with_udp(ipv6().hop_by_hop()).drop_last(missing), 7, kAddresses6));
  }
}

TEST(OracleMalformed, IpLengthsAreNotLookedAt) {
  for (const std::uint16_t length : Words{0, 1, 19, 20, 24, 39, 0xffff}) {
    SCOPED_TRACE(length);
    const Octets field = be16(length);
    Octets v4 = without_ethernet(with_tcp(ipv4()));
    std::copy(field.begin(), field.end(), v4.begin() + 2);
    EXPECT_TRUE(hashes(FrameBuilder().ethertype(0x0800).payload(v4), 2, kAddresses4 + kPorts));
    Octets v6 = without_ethernet(with_tcp(ipv6()));
    std::copy(field.begin(), field.end(), v6.begin() + 4);
    EXPECT_TRUE(hashes(FrameBuilder().ethertype(0x86dd).payload(v6), 5, kAddresses6 + kPorts));
  }
}

TEST(OracleMalformed, ExtensionHeaderPastThePayloadLengthIsStillRead) {
  Octets octets = without_ethernet(with_tcp(ipv6().destination_options(home_address_option(kHome))));
  octets[4] = 0;
  octets[5] = 8;
  EXPECT_TRUE(hashes(FrameBuilder().ethertype(0x86dd).payload(octets), 8, addresses(kHome, kDestination6) + kPorts));
}

TEST(OracleMalformed, PaddingBehindAnIpHeaderIsTakenAsItsPayload) {
  EXPECT_TRUE(hashes(ipv4().transport(6, {}).payload(Octets(26)), 2, kAddresses4 + Octets(4)));
}

TEST(OracleMalformed, TcpDataOffsetPlaysNoPart) {
  for (std::uint8_t offset = 0; offset < 16; ++offset) {
    EXPECT_TRUE(hashes(with_tcp(ipv4()).set8(12, static_cast<std::uint8_t>(offset << 4)), 2, kAddresses4 + kPorts))
        << static_cast<int>(offset);
  }
}

TEST(OracleMalformed, VersionThatContradictsTheEtherTypeIsUnclassified) {
  for (unsigned version = 0; version < 16; ++version) {
    SCOPED_TRACE(version);
    const FrameBuilder v4 = with_tcp(ipv4().set8(0, static_cast<std::uint8_t>(version << 4 | 5)));
    const FrameBuilder v6 = with_tcp(ipv6().set8(0, static_cast<std::uint8_t>(version << 4)));
    EXPECT_EQ(bool{unclassified(v4)}, version != 4);
    EXPECT_EQ(bool{unclassified(v6)}, version != 6);
  }
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(0x0800).payload(without_ethernet(with_tcp(ipv6())))));
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(0x86dd).payload(without_ethernet(with_tcp(ipv4())))));
}

TEST(OracleMalformed, Ipv4HeaderLengthBelowFiveIsUnclassified) {
  for (unsigned ihl = 0; ihl < 5; ++ihl) {
    EXPECT_TRUE(unclassified(with_tcp(ipv4().set8(0, static_cast<std::uint8_t>(0x40 | ihl))))) << ihl;
  }
}

TEST(OracleMalformed, CutIpHeadersAreUnclassified) {
  for (std::size_t kept = 0; kept < 20; ++kept) EXPECT_TRUE(unclassified(with_tcp(ipv4()).keep(14 + kept))) << kept;
  for (std::size_t kept = 0; kept < 40; ++kept) EXPECT_TRUE(unclassified(with_tcp(ipv6()).keep(14 + kept))) << kept;
}

TEST(OracleMalformed, WholeIpHeadersAloneHashTheirAddresses) {
  EXPECT_TRUE(hashes(with_tcp(ipv4()).keep(14 + 20), 1, kAddresses4));
  EXPECT_TRUE(hashes(with_tcp(ipv6()).keep(14 + 40), 4, kAddresses6));
}

TEST(OracleMalformed, CutIpv4OptionsHashAddressesOnly) {
  const FrameBuilder frame = with_tcp(ipv4(Octets(40, 1)));
  for (std::size_t kept = 20; kept <= 60; ++kept) {
    EXPECT_TRUE(hashes(FrameBuilder(frame).keep(14 + kept), 1, kAddresses4)) << kept;
  }
}

TEST(OracleMalformed, CutExtensionHeaderIsUnclassifiedWhateverIsEnabled) {
  const FrameBuilder frame = with_tcp(ipv6().hop_by_hop().destination_options(home_address_option(kHome)));
  constexpr std::size_t kFirst = 14 + 40;
  constexpr std::size_t kEnd = kFirst + 8 + 24;
  for (std::size_t kept = kFirst; kept < kEnd; ++kept) {
    SCOPED_TRACE(kept);
    EXPECT_TRUE(unclassified(FrameBuilder(frame).keep(kept)));
    EXPECT_TRUE(unclassified(FrameBuilder(frame).keep(kept), kTypeIpv6));
  }
  EXPECT_TRUE(hashes(FrameBuilder(frame).keep(kEnd), 7, addresses(kHome, kDestination6)));
}

TEST(OracleMalformed, CutFragmentAndAuthenticationHeadersAreUnclassified) {
  for (std::size_t missing = 1; missing <= 8; ++missing) {
    EXPECT_TRUE(unclassified(ipv6().fragment(3, true).drop_last(missing))) << missing;
  }
  for (std::size_t missing = 1; missing <= 24; ++missing) {
    EXPECT_TRUE(unclassified(ipv6().authentication(12).drop_last(missing))) << missing;
  }
}

// --- The extension header chain ---

TEST(OracleChain, EveryKindOfExtensionHeaderIsSkippedByItsOwnLength) {
  for (const std::uint8_t protocol : Octets{0, 43, 60, 135, 139, 140}) {
    for (const std::size_t content_bytes : {6, 14, 46, 2046}) {
      SCOPED_TRACE(protocol);
      SCOPED_TRACE(content_bytes);
      const FrameBuilder frame = ipv6().extension(protocol, Octets(content_bytes));
      EXPECT_TRUE(hashes(with_tcp(frame), 8, kAddresses6 + kPorts));
      EXPECT_TRUE(hashes(with_udp(frame), 6, kAddresses6 + kPorts, kTypeUdpv6));
    }
  }
}

TEST(OracleChain, AuthenticationHeaderCountsInUnitsOfFourOctets) {
  for (const std::size_t check_value_bytes : {0, 4, 12, 16, 32, 1012}) {
    EXPECT_TRUE(hashes(with_tcp(ipv6().authentication(check_value_bytes)), 8, kAddresses6 + kPorts))
        << check_value_bytes;
  }
}

TEST(OracleChain, EspIsOpaquePayloadAndNoExtensionHeader) {
  const Octets esp = Octets{6, 0} + Octets(46);
  EXPECT_TRUE(hashes(ipv6().transport(50, esp), 4, kAddresses6));
  EXPECT_TRUE(hashes(ipv6().hop_by_hop().transport(50, esp), 7, kAddresses6));
}

TEST(OracleChain, UnlistedNumbersAreNotExtensionHeaders) {
  for (int protocol = 0; protocol < 256; ++protocol) {
    const bool listed = protocol == 0 || protocol == 43 || protocol == 44 || protocol == 51 || protocol == 60 ||
                        protocol == 135 || protocol == 139 || protocol == 140;
    if (listed || protocol == 6 || protocol == 17) continue;
    EXPECT_TRUE(
        hashes(ipv6().transport(static_cast<std::uint8_t>(protocol), Octets{6, 0} + Octets(46)), 4, kAddresses6))
        << protocol;
  }
}

TEST(OracleChain, HasNoLimitButTheFrame) {
  FrameBuilder frame = ipv6();
  for (int i = 0; i < 8000; ++i) frame.hop_by_hop();
  frame.destination_options(home_address_option(kHome));
  EXPECT_TRUE(hashes(with_tcp(frame), 8, addresses(kHome, kDestination6) + kPorts));
}

// --- The queue: virtio 1.4, 5.1.9.5.7.3 ---

TEST(OracleQueue, LowHashBitsIndexTheTable) {
  for (std::size_t size = 1; size <= 65536; size *= 2) {
    OracleConfig config = config_with(kAllTypes);
    config.table.resize(size);
    for (std::size_t i = 0; i < size; ++i) config.table[i] = static_cast<std::uint16_t>(i ^ 0x5aa5);
    const std::uint16_t queue = static_cast<std::uint16_t>((0x51ccc178 & (size - 1)) ^ 0x5aa5);
    EXPECT_TRUE(gives(Oracle(config), FrameBuilder().ipv4("66.9.149.187", "161.142.100.80").tcp(2794, 1766),
                      {2, 0x51ccc178, queue}))
        << size;
  }
}

TEST(OracleQueue, PacketsWithoutHashGoToTheUnclassifiedQueueWithReportZero) {
  EXPECT_TRUE(unclassified(FrameBuilder().ethertype(0x0806).payload(46)));
  EXPECT_TRUE(unclassified(with_tcp(ipv4()), 0));
}

TEST(OracleQueue, TableSizeThatIsNoPowerOfTwoIsRefused) {
  for (const std::size_t size : {0, 3, 127, 129}) {
    OracleConfig config;
    config.table.resize(size);
    EXPECT_THROW(Oracle{config}, std::invalid_argument) << size;
  }
}

// --- QEMU's way of reporting IPv6 ---

TEST(OracleExReportAlways, TreatsEveryIpv6PacketAsOneWithExtensionHeaders) {
  const Octets mobile = addresses(kHome, kFinal);
  FrameBuilder extended = ipv6();
  extended.destination_options(home_address_option(kHome)).routing(2, 1, address(kFinal));
  expect_choices_for_every_mask(
      {
          {"IPv4 TCP", with_tcp(ipv4()), {{2, kAddresses4 + kPorts}, {1, kAddresses4}}},
          {"IPv6 TCP",
           with_tcp(ipv6()),
           {{8, kAddresses6 + kPorts}, {7, kAddresses6}, {5, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"IPv6 UDP",
           with_udp(ipv6()),
           {{9, kAddresses6 + kPorts}, {7, kAddresses6}, {6, kAddresses6 + kPorts}, {4, kAddresses6}}},
          {"IPv6 ICMP", with_icmp(ipv6()), {{7, kAddresses6}, {4, kAddresses6}}},
          {"extended TCP",
           with_tcp(extended),
           {{8, mobile + kPorts}, {7, mobile}, {5, kAddresses6 + kPorts}, {4, kAddresses6}}},
      },
      true);
}

TEST(OracleExReportAlways, ReportsExForACutTcpHeaderAndNothingForACutExtensionHeader) {
  OracleConfig config = config_with(kAllTypes);
  config.ex_report_always = true;
  const Oracle oracle(config);
  EXPECT_TRUE(hashes(oracle, with_tcp(ipv6()).drop_last(1), 7, kAddresses6));
  EXPECT_TRUE(gives(oracle, ipv6().hop_by_hop().drop_last(1), {0, 0, kUnclassifiedQueue}));
}

// --- Frames that nobody designed ---

TEST(OracleRobustness, DamagedFramesGiveVerdictsThatFitTheConfiguration) {
  constexpr unsigned kSeed = 71;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const FrameBuilder originals[] = {
      with_tcp(ipv4(Octets(12, 1))),
      with_udp(FrameBuilder().vlan().vlan(0x88a8).ipv6(kSource6, kDestination6)),
      with_tcp(ipv6()
                   .hop_by_hop()
                   .routing(2, 1, address(kFinal))
                   .fragment(0, false)
                   .authentication()
                   .destination_options(home_address_option(kHome))),
  };
  for (int round = 0; round < 50000; ++round) {
    Octets octets = originals[random() % 3].frame();
    const std::size_t changes = random() % 4;
    for (std::size_t i = 0; i < changes; ++i) octets[random() % octets.size()] = static_cast<std::uint8_t>(random());
    // A copy of the exact size, so that the address sanitizer sees a read past the frame.
    const Octets frame(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(random() % (octets.size() + 1)));
    static const Oracle kOracle(config_with(kAllTypes & ~kTypeUdpv6));
    const Verdict verdict = kOracle.judge(view(frame));
    ASSERT_LE(verdict.report, 9);
    ASSERT_NE(verdict.report, 6);
    if (verdict.report == 0) {
      ASSERT_EQ(verdict.hash, 0u);
      ASSERT_EQ(verdict.queue, kUnclassifiedQueue);
    } else {
      ASSERT_EQ(verdict.queue, verdict.hash % 4);
    }
  }
}

}  // namespace
}  // namespace rssnic::check
