// What the header walk finds in well-formed frames.
#include <gtest/gtest.h>

#include "tb/unit/packet/walk.h"

namespace rssnic::test {
namespace {

TEST(HeaderWalk, Ipv4TcpGivesAddressesAndPorts) {
  const Ipv4Header header;
  const HeaderFields fields = walk(FrameBuilder().ipv4(header).tcp(0x1234, 0xfedc).raw({1, 2, 3}).bytes());
  EXPECT_EQ(fields.network, Network::ipv4);
  EXPECT_EQ(fields.transport, Transport::tcp);
  EXPECT_FALSE(fields.extension_headers);
  EXPECT_EQ(fields.source, padded(header.source));
  EXPECT_EQ(fields.destination, padded(header.destination));
  EXPECT_EQ(fields.ex_source, fields.source);
  EXPECT_EQ(fields.ex_destination, fields.destination);
  EXPECT_EQ(fields.source_port, 0x1234);
  EXPECT_EQ(fields.destination_port, 0xfedc);
}

TEST(HeaderWalk, Ipv4UdpGivesAddressesAndPorts) {
  const HeaderFields fields = walk(FrameBuilder().ipv4().udp(53, 40000).bytes());
  EXPECT_EQ(fields.network, Network::ipv4);
  EXPECT_EQ(fields.transport, Transport::udp);
  EXPECT_EQ(fields.source_port, 53);
  EXPECT_EQ(fields.destination_port, 40000);
}

TEST(HeaderWalk, Ipv6TcpGivesAddressesAndPorts) {
  const Ipv6Header header;
  const HeaderFields fields = walk(FrameBuilder().ipv6(header).tcp(0x1234, 0xfedc).bytes());
  EXPECT_EQ(fields.network, Network::ipv6);
  EXPECT_EQ(fields.transport, Transport::tcp);
  EXPECT_FALSE(fields.extension_headers);
  EXPECT_EQ(fields.source, header.source);
  EXPECT_EQ(fields.destination, header.destination);
  EXPECT_EQ(fields.ex_source, header.source);
  EXPECT_EQ(fields.ex_destination, header.destination);
  EXPECT_EQ(fields.source_port, 0x1234);
  EXPECT_EQ(fields.destination_port, 0xfedc);
}

TEST(HeaderWalk, Ipv6UdpGivesAddressesAndPorts) {
  const HeaderFields fields = walk(FrameBuilder().ipv6().udp(53, 40000).bytes());
  EXPECT_EQ(fields.network, Network::ipv6);
  EXPECT_EQ(fields.transport, Transport::udp);
  EXPECT_EQ(fields.source_port, 53);
  EXPECT_EQ(fields.destination_port, 40000);
}

TEST(HeaderWalk, OtherProtocolsHaveNoTransport) {
  const FrameBytes payload(40, 0xaa);
  // ICMP, IPv4 in IP, IPv6 in IP, GRE, ESP, ICMPv6, no next header, SCTP, UDP-Lite, experimental
  for (const std::uint8_t protocol : FrameBytes{1, 4, 41, 47, 50, 58, 59, 132, 136, 253, 254, 255}) {
    SCOPED_TRACE(static_cast<int>(protocol));
    const HeaderFields ipv4 = walk(FrameBuilder().ipv4().protocol(protocol).raw(payload).bytes());
    EXPECT_EQ(ipv4.network, Network::ipv4);
    EXPECT_EQ(ipv4.transport, Transport::none);
    EXPECT_EQ(ipv4.source_port, 0);
    EXPECT_EQ(ipv4.destination_port, 0);
    const HeaderFields ipv6 = walk(FrameBuilder().ipv6().protocol(protocol).raw(payload).bytes());
    EXPECT_EQ(ipv6.network, Network::ipv6);
    EXPECT_EQ(ipv6.transport, Transport::none);
    EXPECT_FALSE(ipv6.extension_headers);
  }
}

TEST(HeaderWalk, OtherEtherTypesAreNotIp) {
  const FrameBytes ip = FrameBuilder().ipv4().tcp(1, 2).bytes();
  // ARP, MPLS, PPPoE, 802.3 lengths (SNAP), provider tags of older equipment, anything else
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{0x0806, 0x8847, 0x8848, 0x8863, 0x8864, 0x0026,
                                                                       0x05dc, 0x9100, 0x9200, 0x0000, 0xffff}) {
    SCOPED_TRACE(type);
    FrameBytes frame = ip;
    frame[12] = static_cast<std::uint8_t>(type >> 8);
    frame[13] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(walk(frame), HeaderFields{});
  }
}

TEST(HeaderWalk, Ipv4OptionsAreSkippedByHeaderLength) {
  for (std::size_t words = 1; words <= 10; ++words) {
    SCOPED_TRACE(words);
    Ipv4Header header;
    header.options.assign(words * 4, 0xff);
    const HeaderFields fields = walk(FrameBuilder().ipv4(header).udp(7, 9).bytes());
    EXPECT_EQ(fields.transport, Transport::udp);
    EXPECT_EQ(fields.source_port, 7);
    EXPECT_EQ(fields.destination_port, 9);
  }
}

TEST(HeaderWalk, Ipv4LaterFragmentHasNoTransport) {
  for (const bool more : {false, true}) {
    for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{1, 0x1fff}) {
      Ipv4Header header;
      header.fragment_offset = offset;
      header.more_fragments = more;
      const HeaderFields fields = walk(FrameBuilder().ipv4(header).tcp(1, 2).bytes());
      EXPECT_EQ(fields.network, Network::ipv4);
      EXPECT_EQ(fields.transport, Transport::none);
    }
  }
}

TEST(HeaderWalk, Ipv4DontFragmentIsNoFragment) {
  Ipv4Header header;
  header.dont_fragment = true;
  EXPECT_EQ(walk(FrameBuilder().ipv4(header).tcp(1, 2).bytes()).transport, Transport::tcp);
}

TEST(HeaderWalk, Ipv4InIpIsSeenAsItsOuterHeader) {
  Ipv4Header inner;
  inner.source = {1, 1, 1, 1};
  const HeaderFields fields = walk(FrameBuilder().ipv4().ipv4(inner).tcp(1, 2).bytes());
  EXPECT_EQ(fields.source, padded(Ipv4Header{}.source));
  EXPECT_EQ(fields.transport, Transport::none);
}

TEST(HeaderWalk, Ipv6ExtensionHeadersAreSkipped) {
  // hop-by-hop, routing, destination options, mobility, HIP, shim6
  for (const std::uint8_t number : FrameBytes{0, 43, 60, 135, 139, 140}) {
    for (const std::size_t body_bytes : std::initializer_list<std::size_t>{0, 6, 7, 22, 200, 2046}) {
      SCOPED_TRACE(::testing::Message() << static_cast<int>(number) << ", " << body_bytes << " bytes");
      const HeaderFields fields =
          walk(FrameBuilder().ipv6().extension(number, FrameBytes(body_bytes)).tcp(21, 22).bytes());
      EXPECT_EQ(fields.network, Network::ipv6);
      EXPECT_TRUE(fields.extension_headers);
      EXPECT_EQ(fields.transport, Transport::tcp);
      EXPECT_EQ(fields.source_port, 21);
      EXPECT_EQ(fields.destination_port, 22);
      EXPECT_EQ(fields.ex_source, fields.source);
      EXPECT_EQ(fields.ex_destination, fields.destination);
    }
  }
}

TEST(HeaderWalk, AuthenticationHeaderLengthCountsFourByteWords) {
  for (std::size_t integrity_bytes = 0; integrity_bytes <= 1012; integrity_bytes += 4) {
    SCOPED_TRACE(integrity_bytes);
    const HeaderFields fields = walk(FrameBuilder().ipv6().authentication(integrity_bytes).udp(3, 4).bytes());
    EXPECT_TRUE(fields.extension_headers);
    EXPECT_EQ(fields.transport, Transport::udp);
    EXPECT_EQ(fields.source_port, 3);
  }
}

TEST(HeaderWalk, LongChainsOfExtensionHeadersAreWalkedToTheEnd) {
  FrameBuilder builder;
  builder.ipv6();
  for (int i = 0; i < 200; ++i) builder.hop_by_hop().authentication().fragment(0, false);
  const HeaderFields fields = walk(builder.home_address(kHome).tcp(5, 6).bytes());
  EXPECT_EQ(fields.transport, Transport::tcp);
  EXPECT_EQ(fields.ex_source, kHome);
}

TEST(HeaderWalk, ExtensionHeaderBeforeNoNextHeaderCounts) {
  const HeaderFields fields = walk(FrameBuilder().ipv6().hop_by_hop().bytes());
  EXPECT_EQ(fields.network, Network::ipv6);
  EXPECT_TRUE(fields.extension_headers);
  EXPECT_EQ(fields.transport, Transport::none);
}

TEST(HeaderWalk, HomeAddressReplacesOnlyTheExtendedSource) {
  const HeaderFields fields = walk(FrameBuilder().ipv6().home_address(kHome).tcp(1, 2).bytes());
  EXPECT_EQ(fields.source, Ipv6Header{}.source);
  EXPECT_EQ(fields.ex_source, kHome);
  EXPECT_EQ(fields.ex_destination, Ipv6Header{}.destination);
  EXPECT_EQ(fields.transport, Transport::tcp);
}

TEST(HeaderWalk, RoutingHeaderType2ReplacesOnlyTheExtendedDestination) {
  const HeaderFields fields = walk(FrameBuilder().ipv6().routing(2, kVia).udp(1, 2).bytes());
  EXPECT_EQ(fields.destination, Ipv6Header{}.destination);
  EXPECT_EQ(fields.ex_destination, kVia);
  EXPECT_EQ(fields.ex_source, Ipv6Header{}.source);
  EXPECT_EQ(fields.transport, Transport::udp);
}

TEST(HeaderWalk, HomeAddressAndRoutingHeaderComeInAnyOrder) {
  for (const FrameBytes& frame : {FrameBuilder().ipv6().home_address(kHome).routing(2, kVia).tcp(1, 2).bytes(),
                                  FrameBuilder().ipv6().routing(2, kVia).home_address(kHome).tcp(1, 2).bytes()}) {
    const HeaderFields fields = walk(frame);
    EXPECT_EQ(fields.ex_source, kHome);
    EXPECT_EQ(fields.ex_destination, kVia);
  }
}

TEST(HeaderWalk, OtherRoutingTypesNeverChangeTheDestination) {
  for (unsigned type = 0; type < 256; ++type) {
    if (type == 2) continue;
    SCOPED_TRACE(type);
    const HeaderFields fields =
        walk(FrameBuilder().ipv6().routing(static_cast<std::uint8_t>(type), kVia).tcp(1, 2).bytes());
    EXPECT_TRUE(fields.extension_headers);
    EXPECT_EQ(fields.ex_destination, Ipv6Header{}.destination);
  }
}

TEST(HeaderWalk, HomeAddressIsFoundBehindOtherOptions) {
  for (std::size_t pads = 0; pads < 40; ++pads) {
    SCOPED_TRACE(pads);
    FrameBytes options{1, 0, 1, 3, 0, 0, 0, 0x1e, 1, 9};  // PadN of 0 and of 3 bytes, an unknown option
    options.resize(options.size() + pads, 0);             // Pad1
    const FrameBytes home = FrameBuilder::home_address_option(kHome);
    options.insert(options.end(), home.begin(), home.end());
    const HeaderFields fields = walk(FrameBuilder().ipv6().destination_options(options).tcp(1, 2).bytes());
    EXPECT_EQ(fields.ex_source, kHome);
    EXPECT_EQ(fields.transport, Transport::tcp);
  }
}

TEST(HeaderWalk, HomeAddressInsideAnotherOptionIsNotOne) {
  FrameBytes options{0x1e, 20, 0, 0};
  const FrameBytes home = FrameBuilder::home_address_option(kHome);
  options.insert(options.end(), home.begin(), home.end());
  EXPECT_EQ(walk(FrameBuilder().ipv6().destination_options(options).tcp(1, 2).bytes()).ex_source, Ipv6Header{}.source);
}

TEST(HeaderWalk, HomeAddressInHopByHopOptionsIsNotLookedFor) {
  const FrameBytes frame = FrameBuilder().ipv6().hop_by_hop(FrameBuilder::home_address_option(kHome)).tcp(1, 2).bytes();
  EXPECT_EQ(walk(frame).ex_source, Ipv6Header{}.source);
}

}  // namespace
}  // namespace rssnic::test
