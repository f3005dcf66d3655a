// The header walk on frames that end anywhere and on arbitrary bytes: nothing outside the frame is read (which the
// sanitizer build sees), and the result keeps the promises of its type.
#include <gtest/gtest.h>

#include "tb/unit/packet/walk.h"
#include "tb/unit/random_frame.h"

namespace rssnic::test {
namespace {

void expect_consistent(const HeaderFields& fields) {
  if (fields.network == Network::none) {
    EXPECT_EQ(fields, HeaderFields{});
  }
  if (fields.transport == Transport::none) {
    EXPECT_EQ(fields.source_port, 0);
    EXPECT_EQ(fields.destination_port, 0);
  }
  if (fields.network == Network::ipv4) {
    EXPECT_FALSE(fields.extension_headers);
    for (const Address& address : {fields.source, fields.destination}) {
      EXPECT_TRUE(std::all_of(address.begin() + 4, address.end(), [](std::uint8_t byte) { return byte == 0; }));
    }
  }
  if (!fields.extension_headers) {
    EXPECT_EQ(fields.ex_source, fields.source);
    EXPECT_EQ(fields.ex_destination, fields.destination);
  }
}

TEST(HeaderWalkRobustness, EveryCutGivesWhatTheBytesLeftCanTell) {
  struct Kind {
    FrameBytes frame;
    std::size_t network_bytes;    // with all extension headers
    std::size_t transport_bytes;  // to the end of the TCP or UDP header
  };
  Ipv4Header options;
  options.options.assign(12, 1);
  const Kind kinds[] = {
      {FrameBuilder().ipv4().tcp(1, 2).raw(FrameBytes(9)).bytes(), 34, 54},
      {FrameBuilder().vlan().vlan().ipv4(options).udp(1, 2).raw(FrameBytes(9)).bytes(), 42, 62},
      {FrameBuilder().vlan(0x88a8).ipv6().udp(1, 2).raw(FrameBytes(9)).bytes(), 58, 66},
      {FrameBuilder().ipv6().hop_by_hop().home_address(kHome).routing(2, kVia).tcp(1, 2).raw(FrameBytes(9)).bytes(),
       54 + 8 + 24 + 24, 54 + 8 + 24 + 24 + 20},
      {FrameBuilder().ipv6().fragment(0, false).authentication(12).udp(1, 2).raw(FrameBytes(9)).bytes(), 54 + 8 + 24,
       54 + 8 + 24 + 8},
  };
  for (const Kind& kind : kinds) {
    const HeaderFields whole = walk(kind.frame);
    ASSERT_NE(whole.transport, Transport::none);
    HeaderFields without_ports = whole;
    without_ports.transport = Transport::none;
    without_ports.source_port = without_ports.destination_port = 0;
    for (std::size_t size = 0; size <= kind.frame.size(); ++size) {
      SCOPED_TRACE(size);
      EXPECT_EQ(walk(kind.frame, size), size < kind.network_bytes     ? HeaderFields{}
                                        : size < kind.transport_bytes ? without_ports
                                                                      : whole);
    }
  }
}

TEST(HeaderWalkRobustness, EveryCutOfRandomFramesKeepsThePromises) {
  constexpr std::uint32_t kSeed = 1;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  RandomFrames random(kSeed);
  for (int i = 0; i < 300; ++i) {
    const FrameBytes frame = random.frame();
    const std::size_t most = std::min<std::size_t>(frame.size(), 300);
    for (std::size_t size = 0; size <= most; ++size) expect_consistent(walk(frame, size));
  }
}

TEST(HeaderWalkRobustness, MutatedFramesKeepThePromises) {
  constexpr std::uint32_t kSeed = 2;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  RandomFrames random(kSeed);
  for (int i = 0; i < 200000; ++i) expect_consistent(walk(random.damaged_frame()));
}

TEST(HeaderWalkRobustness, RandomBytesBehindAnEtherTypeKeepThePromises) {
  constexpr std::uint32_t kSeed = 3;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  RandomFrames random(kSeed);
  for (int i = 0; i < 200000; ++i) {
    FrameBytes frame = random.junk(random.below(200));
    if (frame.size() > 14) {
      const bool ipv6 = random.one_in(2);
      frame[12] = ipv6 ? 0x86 : 0x08;
      frame[13] = ipv6 ? 0xdd : 0x00;
      frame[14] = static_cast<std::uint8_t>((ipv6 ? 0x60 : 0x40) | (frame[14] & 0x0f));
      if (frame.size() > 20 && random.one_in(2)) frame[20] = 60;
    }
    expect_consistent(walk(frame));
  }
}

TEST(HeaderWalkRobustness, BytesBehindTheTransportHeaderChangeNothing) {
  constexpr std::uint32_t kSeed = 4;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  RandomFrames random(kSeed);
  for (int i = 0; i < 20000; ++i) {
    FrameBytes frame = random.frame();
    const HeaderFields fields = walk(frame);
    if (fields.transport == Transport::none) continue;
    const FrameBytes more = random.junk(random.below(50));
    frame.insert(frame.end(), more.begin(), more.end());
    EXPECT_EQ(walk(frame), fields);
  }
}

TEST(HeaderWalkRobustness, LargestFrameOfNothingButExtensionHeadersEnds) {
  FrameBuilder builder;
  builder.ipv6();
  FrameBytes frame = builder.bytes();
  frame[14 + 6] = 0;
  frame.resize(256 * 1024);                // hop-by-hop headers of eight bytes, each followed by another
  EXPECT_EQ(walk(frame), HeaderFields{});  // the last one is cut
}

}  // namespace
}  // namespace rssnic::test
