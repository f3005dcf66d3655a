// The project's answers where the hash specification is silent: one test or more for each row of the table in
// docs/hashing.md, named by the row's key.
#include <gtest/gtest.h>

#include "tb/unit/packet/walk.h"

namespace rssnic::test {
namespace {

TEST(HeaderWalkPolicy, VlanQinqUpToTwoTagsOfEitherKindAreSkipped) {
  const HeaderFields ipv4 = walk(FrameBuilder().ipv4().tcp(1, 2).bytes());
  const HeaderFields ipv6 = walk(FrameBuilder().ipv6().udp(1, 2).bytes());
  for (const std::uint16_t outer : std::initializer_list<std::uint16_t>{0x8100, 0x88a8}) {
    EXPECT_EQ(walk(FrameBuilder().vlan(outer).ipv4().tcp(1, 2).bytes()), ipv4);
    EXPECT_EQ(walk(FrameBuilder().vlan(outer).ipv6().udp(1, 2).bytes()), ipv6);
    for (const std::uint16_t inner : std::initializer_list<std::uint16_t>{0x8100, 0x88a8}) {
      EXPECT_EQ(walk(FrameBuilder().vlan(outer).vlan(inner, 0xffff).ipv4().tcp(1, 2).bytes()), ipv4);
      EXPECT_EQ(walk(FrameBuilder().vlan(outer).vlan(inner, 0xffff).ipv6().udp(1, 2).bytes()), ipv6);
    }
  }
}

TEST(HeaderWalkPolicy, TpidThirdTagIsNotIp) {
  EXPECT_EQ(walk(FrameBuilder().vlan().vlan().vlan().ipv4().tcp(1, 2).bytes()), HeaderFields{});
  EXPECT_EQ(walk(FrameBuilder().vlan(0x88a8).vlan().vlan(0x88a8).ipv6().tcp(1, 2).bytes()), HeaderFields{});
}

TEST(HeaderWalkPolicy, TpidOtherTagTypesAreNotIp) {
  for (const std::uint16_t tpid : std::initializer_list<std::uint16_t>{0x9100, 0x9200, 0x9300}) {
    EXPECT_EQ(walk(FrameBuilder().vlan(tpid).ipv4().tcp(1, 2).bytes()), HeaderFields{});
    EXPECT_EQ(walk(FrameBuilder().vlan().vlan(tpid).ipv4().tcp(1, 2).bytes()), HeaderFields{});
  }
}

TEST(HeaderWalkPolicy, SnapIsNotIp) {
  const FrameBytes packet = FrameBuilder().ipv4().tcp(1, 2).bytes();
  FrameBytes snap{0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
  snap.insert(snap.end(), packet.begin() + 14, packet.end());
  EXPECT_EQ(walk(FrameBuilder().ether_type(static_cast<std::uint16_t>(snap.size())).raw(snap).bytes()), HeaderFields{});
}

TEST(HeaderWalkPolicy, MplsAndPppoeAreNotIp) {
  const FrameBytes packet = FrameBuilder().ipv4().tcp(1, 2).bytes();
  FrameBytes mpls{0, 0, 0x11, 0x40};
  mpls.insert(mpls.end(), packet.begin() + 14, packet.end());
  EXPECT_EQ(walk(FrameBuilder().ether_type(0x8847).raw(mpls).bytes()), HeaderFields{});
  FrameBytes pppoe{0x11, 0, 0, 1, 0, 42, 0, 0x21};
  pppoe.insert(pppoe.end(), packet.begin() + 14, packet.end());
  EXPECT_EQ(walk(FrameBuilder().ether_type(0x8864).raw(pppoe).bytes()), HeaderFields{});
}

TEST(HeaderWalkPolicy, Frag1FirstIpv4FragmentHasNoTransport) {
  Ipv4Header header;
  header.more_fragments = true;
  const HeaderFields fields = walk(FrameBuilder().ipv4(header).udp(1, 2).bytes());
  EXPECT_EQ(fields.network, Network::ipv4);
  EXPECT_EQ(fields.transport, Transport::none);
  EXPECT_EQ(fields.source_port, 0);
}

TEST(HeaderWalkPolicy, Frag1ChainIsNotReadPastARealIpv6FragmentHeader) {
  struct Fragment {
    std::uint16_t offset;
    bool more;
  };
  for (const Fragment& fragment : {Fragment{0, true}, Fragment{1, false}, Fragment{0x1fff, true}}) {
    SCOPED_TRACE(fragment.offset);
    const HeaderFields fields = walk(FrameBuilder()
                                         .ipv6()
                                         .fragment(fragment.offset, fragment.more)
                                         .home_address(kHome)
                                         .routing(2, kVia)
                                         .tcp(1, 2)
                                         .bytes());
    EXPECT_EQ(fields.network, Network::ipv6);
    EXPECT_TRUE(fields.extension_headers);
    EXPECT_EQ(fields.transport, Transport::none);
    EXPECT_EQ(fields.ex_source, Ipv6Header{}.source);
    EXPECT_EQ(fields.ex_destination, Ipv6Header{}.destination);
  }
}

TEST(HeaderWalkPolicy, Frag1AddressesBeforeTheFragmentHeaderAreUsed) {
  const HeaderFields fields =
      walk(FrameBuilder().ipv6().home_address(kHome).routing(2, kVia).fragment(185, true).tcp(1, 2).bytes());
  EXPECT_EQ(fields.ex_source, kHome);
  EXPECT_EQ(fields.ex_destination, kVia);
  EXPECT_EQ(fields.transport, Transport::none);
}

TEST(HeaderWalkPolicy, Frag1CutChainBehindARealFragmentHeaderIsNotSeen) {
  FrameBuilder builder;
  builder.ipv6().fragment(9, true).hop_by_hop(FrameBytes(30));
  const HeaderFields fields = walk(builder.bytes(), builder.layer() + 1);
  EXPECT_EQ(fields.network, Network::ipv6);
  EXPECT_TRUE(fields.extension_headers);
}

TEST(HeaderWalkPolicy, AtomicFragmentIsAWholePacket) {
  FrameBuilder builder;
  builder.ipv6().fragment(0, false);
  FrameBytes frame = builder.home_address(kHome).tcp(1, 2).bytes();
  for (const std::uint8_t reserved : FrameBytes{0, 2, 4, 6}) {  // the two bits between offset and M mean nothing
    frame[14 + 40 + 3] = reserved;
    const HeaderFields fields = walk(frame);
    EXPECT_TRUE(fields.extension_headers);
    EXPECT_EQ(fields.transport, Transport::tcp);
    EXPECT_EQ(fields.ex_source, kHome);
  }
}

TEST(HeaderWalkPolicy, AtomicFragmentHeaderIsEightBytesWhateverItsReservedByte) {
  FrameBytes frame = FrameBuilder().ipv6().fragment(0, false).tcp(1, 2).bytes();
  frame[14 + 40 + 1] = 0xff;
  EXPECT_EQ(walk(frame).transport, Transport::tcp);
}

TEST(HeaderWalkPolicy, L4CutIncompleteTransportHeaderIsNone) {
  FrameBuilder tcp, udp;
  const FrameBytes tcp_frame = tcp.ipv4().tcp(1, 2).bytes();
  const FrameBytes udp_frame = udp.ipv6().hop_by_hop().udp(1, 2).bytes();
  for (std::size_t left = 0; left < 20; ++left) {
    SCOPED_TRACE(left);
    const HeaderFields fields = walk(tcp_frame, tcp.layer() + left);
    EXPECT_EQ(fields.network, Network::ipv4);
    EXPECT_EQ(fields.transport, Transport::none);
    EXPECT_EQ(fields.source_port, 0);  // L4CUT4 too: the ports are there, the header is not
  }
  EXPECT_EQ(walk(tcp_frame, tcp.layer() + 20).transport, Transport::tcp);
  for (std::size_t left = 0; left < 8; ++left) {
    SCOPED_TRACE(left);
    const HeaderFields fields = walk(udp_frame, udp.layer() + left);
    EXPECT_EQ(fields.network, Network::ipv6);
    EXPECT_EQ(fields.transport, Transport::none);
  }
  EXPECT_EQ(walk(udp_frame, udp.layer() + 8).transport, Transport::udp);
}

TEST(HeaderWalkPolicy, LenAndEhlenLengthFieldsAreNotLookedAt) {
  const FrameBytes ipv4 = FrameBuilder().ipv4().tcp(1, 2).bytes();
  const FrameBytes ipv6 = FrameBuilder().ipv6().hop_by_hop().udp(1, 2).bytes();
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 19, 20, 21, 39, 40, 41, 0xffff}) {
    SCOPED_TRACE(length);
    FrameBytes frame = ipv4;
    frame[14 + 2] = static_cast<std::uint8_t>(length >> 8);
    frame[14 + 3] = static_cast<std::uint8_t>(length);
    EXPECT_EQ(walk(frame), walk(ipv4));
    frame = ipv6;
    frame[14 + 4] = static_cast<std::uint8_t>(length >> 8);
    frame[14 + 5] = static_cast<std::uint8_t>(length);
    EXPECT_EQ(walk(frame), walk(ipv6));
  }
}

TEST(HeaderWalkPolicy, DoffDataOffsetIsNotLookedAt) {
  FrameBuilder builder;
  FrameBytes frame = builder.ipv4().tcp(1, 2).bytes();
  for (unsigned data_offset = 0; data_offset < 16; ++data_offset) {
    frame[builder.layer() + 12] = static_cast<std::uint8_t>(data_offset << 4);
    EXPECT_EQ(walk(frame).transport, Transport::tcp);
  }
}

TEST(HeaderWalkPolicy, BadverVersionMustFitTheEtherType) {
  FrameBytes ipv4 = FrameBuilder().ipv4().tcp(1, 2).bytes();
  FrameBytes ipv6 = FrameBuilder().ipv6().tcp(1, 2).bytes();
  for (unsigned version = 0; version < 16; ++version) {
    SCOPED_TRACE(version);
    ipv4[14] = static_cast<std::uint8_t>(version << 4 | 5);
    ipv6[14] = static_cast<std::uint8_t>(version << 4);
    EXPECT_EQ(walk(ipv4).network, version == 4 ? Network::ipv4 : Network::none);
    EXPECT_EQ(walk(ipv6).network, version == 6 ? Network::ipv6 : Network::none);
  }
}

TEST(HeaderWalkPolicy, BadihlHeaderLengthBelowFiveIsNotIp) {
  FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).raw(FrameBytes(60)).bytes();
  for (unsigned ihl = 0; ihl < 16; ++ihl) {
    SCOPED_TRACE(ihl);
    frame[14] = static_cast<std::uint8_t>(0x40 | ihl);
    EXPECT_EQ(walk(frame).network, ihl < 5 ? Network::none : Network::ipv4);
  }
}

TEST(HeaderWalkPolicy, IpcutIncompleteIpHeaderIsNotIp) {
  const FrameBytes ipv4 = FrameBuilder().ipv4().tcp(1, 2).bytes();
  const FrameBytes ipv6 = FrameBuilder().ipv6().tcp(1, 2).bytes();
  for (std::size_t left = 0; left < 20; ++left) EXPECT_EQ(walk(ipv4, 14 + left), HeaderFields{});
  EXPECT_EQ(walk(ipv4, 14 + 20).network, Network::ipv4);
  for (std::size_t left = 0; left < 40; ++left) EXPECT_EQ(walk(ipv6, 14 + left), HeaderFields{});
  EXPECT_EQ(walk(ipv6, 14 + 40).network, Network::ipv6);
}

TEST(HeaderWalkPolicy, OptcutIpv4OptionsPastTheFrameLeaveTheAddresses) {
  Ipv4Header header;
  header.options.assign(40, 1);
  FrameBuilder builder;
  const FrameBytes frame = builder.ipv4(header).udp(1, 2).bytes();
  for (std::size_t size = 14 + 20; size < builder.layer(); ++size) {
    const HeaderFields fields = walk(frame, size);
    EXPECT_EQ(fields.network, Network::ipv4);
    EXPECT_EQ(fields.destination, padded(header.destination));
    EXPECT_EQ(fields.transport, Transport::none);
  }
}

TEST(HeaderWalkPolicy, EhcutExtensionHeaderPastTheFrameIsUnclassified) {
  for (const std::uint8_t number : FrameBytes{0, 43, 60, 135, 139, 140}) {
    FrameBuilder builder;
    const std::size_t begin = 14 + 40 + 24;
    const FrameBytes frame = builder.ipv6().home_address(kHome).extension(number, FrameBytes(30)).tcp(1, 2).bytes();
    for (std::size_t size = begin; size < builder.layer(); ++size) {
      SCOPED_TRACE(::testing::Message() << static_cast<int>(number) << " cut after " << size - begin << " bytes");
      EXPECT_EQ(walk(frame, size), HeaderFields{});
    }
    EXPECT_EQ(walk(frame, builder.layer()).network, Network::ipv6);
  }
}

TEST(HeaderWalkPolicy, EhcutFragmentAndAuthenticationHeadersPastTheFrameAreUnclassified) {
  FrameBuilder fragment, authentication;
  const FrameBytes fragment_frame = fragment.ipv6().fragment(3, true).bytes();
  const FrameBytes authentication_frame = authentication.ipv6().authentication(12).bytes();
  for (std::size_t left = 0; left < 8; ++left) EXPECT_EQ(walk(fragment_frame, 54 + left), HeaderFields{});
  EXPECT_EQ(walk(fragment_frame, 54 + 8).network, Network::ipv6);
  for (std::size_t left = 0; left < 24; ++left) EXPECT_EQ(walk(authentication_frame, 54 + left), HeaderFields{});
  EXPECT_EQ(walk(authentication_frame, 54 + 24).network, Network::ipv6);
}

TEST(HeaderWalkPolicy, EhoddAuthenticationMobilityHipAndShim6AreExtensionHeaders) {
  EXPECT_TRUE(walk(FrameBuilder().ipv6().authentication().bytes()).extension_headers);
  for (const std::uint8_t number : FrameBytes{135, 139, 140}) {
    EXPECT_TRUE(walk(FrameBuilder().ipv6().extension(number).bytes()).extension_headers);
  }
}

TEST(HeaderWalkPolicy, EspIsOpaque) {
  const HeaderFields plain = walk(FrameBuilder().ipv6().extension(50).tcp(1, 2).bytes());
  EXPECT_EQ(plain.network, Network::ipv6);
  EXPECT_FALSE(plain.extension_headers);
  EXPECT_EQ(plain.transport, Transport::none);
  const HeaderFields behind = walk(FrameBuilder().ipv6().hop_by_hop().extension(50).tcp(1, 2).bytes());
  EXPECT_TRUE(behind.extension_headers);
  EXPECT_EQ(behind.transport, Transport::none);
}

TEST(HeaderWalkPolicy, Rh2slSegmentsLeftAreNotLookedAt) {
  for (const std::uint8_t segments_left : FrameBytes{0, 1, 2, 255}) {
    const HeaderFields fields = walk(FrameBuilder().ipv6().routing(2, kVia, segments_left).tcp(1, 2).bytes());
    EXPECT_EQ(fields.ex_destination, kVia);
  }
}

TEST(HeaderWalkPolicy, Rh2badTooShortForAnAddressIsIgnored) {
  for (const std::size_t body_bytes : std::initializer_list<std::size_t>{6, 14}) {  // header lengths 0 and 1
    FrameBytes body(body_bytes, 0x77);
    body[0] = 2;
    const HeaderFields fields = walk(FrameBuilder().ipv6().extension(43, body).tcp(1, 2).bytes());
    EXPECT_TRUE(fields.extension_headers);
    EXPECT_EQ(fields.ex_destination, Ipv6Header{}.destination);
    EXPECT_EQ(fields.transport, Transport::tcp);
  }
}

TEST(HeaderWalkPolicy, Rh2badLongerHeadersGiveTheirFirstAddress) {
  FrameBytes body{2, 1, 0, 0, 0, 0};
  body.insert(body.end(), kVia.begin(), kVia.end());
  body.insert(body.end(), kOtherVia.begin(), kOtherVia.end());
  const HeaderFields fields = walk(FrameBuilder().ipv6().extension(43, body).tcp(1, 2).bytes());
  EXPECT_EQ(fields.ex_destination, kVia);
  EXPECT_EQ(fields.transport, Transport::tcp);
}

TEST(HeaderWalkPolicy, Rh2x2FirstRoutingHeaderWins) {
  const FrameBytes frame = FrameBuilder().ipv6().routing(2, kVia).routing(2, kOtherVia).tcp(1, 2).bytes();
  EXPECT_EQ(walk(frame).ex_destination, kVia);
}

TEST(HeaderWalkPolicy, Rh2x2IgnoredHeadersDoNotCountAsFirst) {
  const FrameBytes frame =
      FrameBuilder().ipv6().extension(43, {2, 1, 0, 0, 0, 0}).routing(0, kOtherVia).routing(2, kVia).tcp(1, 2).bytes();
  EXPECT_EQ(walk(frame).ex_destination, kVia);
}

TEST(HeaderWalkPolicy, Hao2FirstHomeAddressWins) {
  EXPECT_EQ(walk(FrameBuilder().ipv6().home_address(kHome).home_address(kOtherHome).tcp(1, 2).bytes()).ex_source,
            kHome);
  FrameBytes two = FrameBuilder::home_address_option(kHome);
  const FrameBytes other = FrameBuilder::home_address_option(kOtherHome);
  two.insert(two.end(), other.begin(), other.end());
  EXPECT_EQ(walk(FrameBuilder().ipv6().destination_options(two).tcp(1, 2).bytes()).ex_source, kHome);
}

TEST(HeaderWalkPolicy, HaobadOtherLengthsAreIgnored) {
  for (unsigned length = 0; length < 60; ++length) {
    if (length == 16) continue;
    SCOPED_TRACE(length);
    FrameBytes options{0xc9, static_cast<std::uint8_t>(length)};
    options.resize(2 + length, 0x77);
    const HeaderFields alone = walk(FrameBuilder().ipv6().destination_options(options).tcp(1, 2).bytes());
    EXPECT_EQ(alone.ex_source, Ipv6Header{}.source);
    EXPECT_TRUE(alone.extension_headers);
    EXPECT_EQ(alone.transport, Transport::tcp);

    const FrameBytes good = FrameBuilder::home_address_option(kHome);
    options.insert(options.end(), good.begin(), good.end());
    EXPECT_EQ(walk(FrameBuilder().ipv6().destination_options(options).tcp(1, 2).bytes()).ex_source, kHome);
  }
}

TEST(HeaderWalkPolicy, HaobadOptionPastItsHeaderIsIgnored) {
  // The header says eight bytes; the option's value would lie in the TCP header.
  const HeaderFields fields = walk(FrameBuilder().ipv6().destination_options({0xc9, 16, 1, 2, 3, 4}).tcp(1, 2).bytes());
  EXPECT_EQ(fields.ex_source, Ipv6Header{}.source);
  EXPECT_EQ(fields.transport, Transport::tcp);
  // The option's type is the header's last byte.
  const HeaderFields last =
      walk(FrameBuilder().ipv6().destination_options({0, 0, 0, 0, 0, 0xc9}).tcp(0x1000, 2).bytes());
  EXPECT_EQ(last.ex_source, Ipv6Header{}.source);
  EXPECT_EQ(last.transport, Transport::tcp);
}

TEST(HeaderWalkPolicy, RuntEmptyVlancutAreUnclassified) {
  const FrameBytes frame = FrameBuilder().vlan(0x88a8).vlan().ipv4().tcp(1, 2).bytes();
  for (std::size_t size = 0; size <= 14 + 8; ++size) EXPECT_EQ(walk(frame, size), HeaderFields{});
  EXPECT_EQ(walk_headers({}), HeaderFields{});
}

}  // namespace
}  // namespace rssnic::test
