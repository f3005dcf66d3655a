// The frame builder against octets written out by hand: a mistake in it would be a mistake in every test that uses it.
#include "tb/unit/check/frame_builder.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace rssnic::check {
namespace {

TEST(FrameBuilder, ChainsTypeAndLengthFieldsOfATaggedIpv4Frame) {
  const Octets expected{2,    0,    0,   0,  0, 1, 2, 0, 0,  0, 0, 2,                                 // MAC addresses
                        0x88, 0xa8, 0,   7,  8, 0,                                                    // tag, EtherType
                        0x46, 0,    0,   47, 0, 1, 0, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2,  // IPv4
                        1,    1,    1,   0,                                                           // options
                        0x12, 0x34, 0,   80, 0, 0, 0, 1, 0,  0, 0, 1, 0x50, 0x10, 1, 0, 0,  0, 0, 0,  // TCP
                        0xa5, 0xa5, 0xa5};
  EXPECT_EQ(FrameBuilder().vlan(0x88a8, 7).ipv4("10.0.0.1", "10.0.0.2", {1, 1, 1}).tcp(0x1234, 80).payload(3).frame(),
            expected);
}

TEST(FrameBuilder, ChainsNextHeaderFieldsOfAnExtendedIpv6Frame) {
  const Octets source = address("fe80::1");
  const Octets destination = address("ff02::2");
  const Octets expected = Octets{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd} + Octets{0x60, 0, 0, 0, 0, 56, 0, 64} +
                          source + destination +                   //
                          Octets{43, 0, 1, 4, 0, 0, 0, 0} +        // hop-by-hop
                          Octets{44, 0, 4, 2, 0, 0, 0, 0} +        // routing
                          Octets{51, 0, 0x00, 0x29, 0, 0, 0, 7} +  // fragment
                          Octets{17, 4} + Octets(22) +             // authentication
                          Octets{0, 1, 0, 2, 0, 8, 0, 0};          // UDP
  EXPECT_EQ(FrameBuilder()
                .ipv6("fe80::1", "ff02::2")
                .hop_by_hop()
                .routing(4, 2)
                .fragment(5, true)
                .authentication(12)
                .udp(1, 2)
                .frame(),
            expected);
}

TEST(FrameBuilder, GrowsBothLengthsOfATunnel) {
  const FrameBuilder frame = FrameBuilder().ipv4("10.0.0.1", "10.0.0.2").ipv6("fe80::1", "fe80::2").payload(5);
  EXPECT_EQ(load_be16(&frame.frame()[14 + 2]), 20 + 40 + 5);
  EXPECT_EQ(frame.frame()[14 + 9], 41);
  EXPECT_EQ(load_be16(&frame.frame()[14 + 20 + 4]), 5);
}

TEST(FrameBuilder, SetsFieldsOfTheLastHeaderAndCutsTheEnd) {
  const FrameBuilder frame =
      FrameBuilder().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).set16(6, 0xbeef).payload(9).drop_last(9);
  EXPECT_EQ(frame.size(), 14u + 20 + 8);
  EXPECT_EQ(load_be16(&frame.frame()[14 + 20 + 6]), 0xbeef);
  EXPECT_EQ(load_be16(&frame.frame()[14 + 2]), 20 + 8 + 9);
  EXPECT_EQ(load_be16(&frame.frame()[14 + 20 + 4]), 8 + 9);
}

TEST(FrameBuilder, RefusesWhatIsNoAddressAndFieldsThatAreNotThere) {
  EXPECT_THROW(address("10.0.0"), std::invalid_argument);
  EXPECT_THROW(FrameBuilder().ethertype(0x0806).set8(0, 1), std::out_of_range);
  EXPECT_THROW(FrameBuilder().keep(15), std::invalid_argument);
  EXPECT_THROW(FrameBuilder().drop_last(15), std::invalid_argument);
}

}  // namespace
}  // namespace rssnic::check
