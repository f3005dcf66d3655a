// The frame parser in RTL against the header walk, field by field, in all its widths: all header combinations, cuts at
// every byte, budgets, start offsets, random frames at random pace; its clocks; and that nothing moves while it idles.
#include <gtest/gtest.h>

#include "Vframe_parser_512___024root.h"
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/parsers.h"

namespace rssnic::test {
namespace {

template <typename P>
class FrameParser : public ::testing::Test {};
using Parsers = ::testing::Types<Parser128, Parser256, Parser512, Parser1024, ParserLarge>;
TYPED_TEST_SUITE(FrameParser, Parsers);

std::vector<SentFrame> cuts_of(const FrameBytes& frame, std::size_t first, std::size_t step = 1) {
  std::vector<SentFrame> cuts;
  for (std::size_t size = first; size <= frame.size(); size += step) {
    cuts.push_back({FrameBytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)), 0});
  }
  return cuts;
}

void append(std::vector<SentFrame>& all, std::vector<SentFrame> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

TYPED_TEST(FrameParser, GivesTheFieldsOfIpv4FramesCutAtEveryByte) {
  std::vector<SentFrame> frames;
  for (unsigned tags = 0; tags < 3; ++tags) {
    for (unsigned option_words = 0; option_words <= 10; ++option_words) {
      for (unsigned transport = 0; transport < 3; ++transport) {
        FrameBuilder builder;
        add_tags(builder, tags);
        Ipv4Header header;
        header.options = FrameBytes(4 * option_words, 1);
        builder.ipv4(header);
        add_transport(builder, transport);
        append(frames, cuts_of(builder.bytes(), 0));
      }
    }
  }
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, GivesTheFieldsOfIpv4Fragments) {
  std::vector<SentFrame> frames;
  for (unsigned bits = 0; bits < 0x10000; bits += bits < 0x100 || bits >= 0x1f00 ? 1 : 0x20) {
    FrameBytes frame = FrameBuilder().ipv4().udp(1, 2).bytes();
    frame[14 + 6] = static_cast<std::uint8_t>(bits >> 8);
    frame[14 + 7] = static_cast<std::uint8_t>(bits);
    frames.push_back({frame, 0});
    if (bits >= 0x2000) bits += 0x1ff;
  }
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, GivesTheFieldsOfIpv6FramesCutAtEveryByte) {
  std::vector<SentFrame> frames;
  for_each_chain(2, [&frames](const std::vector<unsigned>& links) {
    for (unsigned tags = 0; tags < 3; ++tags) {
      for (unsigned transport = 0; transport < 3; ++transport) {
        FrameBuilder builder;
        add_tags(builder, tags);
        builder.ipv6();
        for (const unsigned link : links) add_chain_link(builder, link);
        add_transport(builder, transport);
        // Cuts among the headers that are the same for all were made with the first chain.
        append(frames, cuts_of(builder.bytes(), links.empty() ? 0 : 50 + 4 * tags));
      }
    }
  });
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, GivesTheFieldsOfAllChainsOfFourExtensionHeaders) {
  std::vector<SentFrame> frames;
  unsigned number = 0;
  for_each_chain(4, [&](const std::vector<unsigned>& links) {
    FrameBuilder builder;
    add_tags(builder, number % 3);
    builder.ipv6();
    for (const unsigned link : links) add_chain_link(builder, link);
    add_transport(builder, number++ / 3 % 3);
    frames.push_back({builder.bytes(), 0});
  });
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, EveryNextHeaderNumberIsTreatedAsTheHeaderWalkDoes) {
  std::vector<SentFrame> frames;
  for (unsigned number = 0; number < 256; ++number) {
    const std::uint8_t protocol = static_cast<std::uint8_t>(number);
    const FrameBytes rest(40, 0);
    frames.push_back({FrameBuilder().ipv4().protocol(protocol).raw(rest).bytes(), 0});
    frames.push_back({FrameBuilder().ipv6().protocol(protocol).raw(rest).bytes(), 0});
    frames.push_back({FrameBuilder().ipv6().hop_by_hop().protocol(protocol).raw(rest).bytes(), 0});
  }
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, EtherTypesOneBitOffAreNotIp) {
  std::vector<SentFrame> frames;
  for (const unsigned type : {0x0800u, 0x86ddu, 0x8100u, 0x88a8u}) {
    for (unsigned bit = 0; bit < 17; ++bit) {
      for (unsigned at = 12; at <= 20; at += 4) {
        FrameBytes frame = FrameBuilder().vlan().vlan().ipv6().udp(1, 2).bytes();
        const unsigned damaged = (type ^ 1u << bit) & 0xffff;  // bit 16: as it is
        frame[at] = static_cast<std::uint8_t>(damaged >> 8);
        frame[at + 1] = static_cast<std::uint8_t>(damaged);
        frames.push_back({frame, 0});
      }
    }
  }
  ParserBench<TypeParam>().check(frames);
}

TYPED_TEST(FrameParser, FindsAHomeAddressAtEveryPlaceBehindAnyNumberOfOptions) {
  std::vector<SentFrame> frames;
  for (unsigned tags = 0; tags < 3; ++tags) {
    for (unsigned before = 0; before < 180; ++before) {
      for (unsigned filling = 0; filling < 4; ++filling) {
        FrameBytes options;
        while (options.size() < before) {
          // Pad1, the shortest options with a length, options of three bytes, one long option.
          const std::size_t left = before - options.size();
          const std::size_t size = left == 1 ? 1 : std::min<std::size_t>(left, filling == 3 ? left : filling + 1);
          options.push_back(size == 1 ? 0 : 1);
          if (size > 1) options.push_back(static_cast<std::uint8_t>(size - 2));
          options.resize(options.size() + size - std::min<std::size_t>(size, 2), 0xc9);
        }
        const FrameBytes home = FrameBuilder::home_address_option(kHome);
        options.insert(options.end(), home.begin(), home.end());
        FrameBuilder builder;
        add_tags(builder, tags);
        frames.push_back({builder.ipv6().destination_options(options).udp(7, 8).bytes(), 0});
      }
    }
  }
  const auto results = ParserBench<TypeParam>().check(frames);
  ASSERT_EQ(results.size(), frames.size());
  EXPECT_EQ(results.front().result.fields.ex_source, kHome);
  EXPECT_EQ(results[150 * 4 + 1].result.fields.ex_source, kHome);
}

TYPED_TEST(FrameParser, BudgetOfHeaderBytesEndsTheWalkWhereTheFrameGoesOn) {
  constexpr std::size_t kBytes = TypeParam::kBudget.header_bytes;
  std::vector<SentFrame> frames;
  for (unsigned tags = 0; tags < 3; ++tags) {
    for (unsigned authentication = 0; authentication < 2; ++authentication) {
      for (std::size_t extension = (kBytes - 120) / 8; extension <= kBytes / 8; ++extension) {
        for (unsigned transport = 0; transport < 3; ++transport) {
          FrameBuilder builder;
          add_tags(builder, tags);
          builder.ipv6();
          if (authentication) builder.authentication(8);
          builder.extension(0, FrameBytes(8 * extension - 2));
          add_transport(builder, transport);
          const FrameBytes frame = builder.raw(FrameBytes(30)).bytes();
          for (std::size_t size = kBytes - 9; size <= std::min(frame.size(), kBytes + 9); ++size) {
            frames.push_back({FrameBytes(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)), 0});
          }
        }
      }
    }
  }
  const auto results = ParserBench<TypeParam>().check(frames);
  const auto over = [](const auto& timed) { return timed.result.over_budget; };
  EXPECT_GT(std::count_if(results.begin(), results.end(), over), 0);
}

TYPED_TEST(FrameParser, BudgetOfExtensionHeadersEndsTheWalk) {
  constexpr unsigned kMost = TypeParam::kBudget.max_extensions;
  ParserBench<TypeParam> bench;
  for (unsigned extensions = 0; extensions < 12; ++extensions) {
    FrameBuilder builder;
    builder.ipv6();
    for (unsigned n = 0; n < extensions; ++n) builder.hop_by_hop();
    builder.tcp(1, 2);
    std::vector<SentFrame> frames = cuts_of(builder.bytes(), 54);
    append(frames, cuts_of(builder.raw(FrameBytes(300)).bytes(), 250, 7));
    for (const auto& timed : bench.check(frames)) {
      const bool last_one_is_whole = frames[timed.id].bytes.size() >= 54 + 8 * kMost;
      EXPECT_EQ(timed.result.over_budget, extensions > kMost && last_one_is_whole) << extensions << ' ' << timed.id;
    }
  }
}

TYPED_TEST(FrameParser, RandomFramesAtRandomPaceAreNeitherLostNorReorderedNorMisread) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    std::vector<SentFrame> frames(2500);
    for (SentFrame& frame : frames) frame.bytes = generator.with_start(generator.frame(), frame.start);
    const unsigned gaps = seed % 4 * 30;
    const unsigned stalls = seed / 4 % 3 * 40;
    ParserBench<TypeParam>(seed).check(frames, {gaps, stalls});
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(FrameParser, TakesABeatInEveryClockWhateverTheFrames) {
  HeaderFrames generator(99);
  std::vector<SentFrame> frames(3000);
  std::uint64_t beats = 0;
  ParserBench<TypeParam> bench;
  for (SentFrame& frame : frames) {
    frame.bytes = generator.with_start(generator.frame(), frame.start);
    beats += bench.beats(frame);
  }
  const std::uint64_t begin = bench.clocks();
  const auto results = bench.check(frames);
  ASSERT_EQ(results.size(), frames.size());
  EXPECT_LE(results.back().given_at - begin, beats + TypeParam::kClocks + TypeParam::kSearch);
}

TEST(FrameParserClocks, FramesOfBBytesTakeBDividedBy64ClocksEach) {
  for (std::size_t size : {std::size_t{60}, std::size_t{64}, std::size_t{65}, std::size_t{128}, std::size_t{129},
                           std::size_t{256}, std::size_t{257}, std::size_t{1500}, std::size_t{9000}}) {
    SCOPED_TRACE(size);
    constexpr std::size_t kFrames = 100;
    FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).bytes();
    frame.resize(size);
    ParserBench<Parser512> bench;
    const auto results = bench.check(std::vector<SentFrame>(kFrames, {frame, 0}));
    ASSERT_EQ(results.size(), kFrames);
    const std::uint64_t beats = (size + 63) / 64;
    EXPECT_EQ(results.back().sent_at - results.front().sent_at, (kFrames - 1) * beats);
    EXPECT_EQ(results.back().given_at - results.front().given_at, (kFrames - 1) * beats);
  }
}

TYPED_TEST(FrameParser, ResultComesAConstantTimeAfterTheBeatThatSettlesTheHeaders) {
  std::vector<SentFrame> frames;
  const auto add = [&frames](FrameBytes bytes) {
    for (const std::size_t size : {std::size_t{64}, std::size_t{200}, std::size_t{1500}}) {
      if (size < bytes.size()) continue;
      bytes.resize(size);
      frames.push_back({bytes, 0});
    }
  };
  add(FrameBuilder().ipv4().tcp(1, 2).bytes());
  add(FrameBuilder().vlan().vlan().ipv4().tcp(1, 2).bytes());
  add(FrameBuilder().ipv6().udp(1, 2).bytes());
  add(FrameBuilder().ipv6().fragment(1, true).bytes());
  add(FrameBuilder().ether_type(0x0806).raw(FrameBytes(46)).bytes());
  const auto results = ParserBench<TypeParam>().check(frames, {60, 0});
  if (TypeParam::kWidth < 64) return;  // packing waits for the other beats
  for (const auto& timed : results) EXPECT_EQ(timed.given_at - timed.sent_at, TypeParam::kClocks) << timed.id;
}

TEST(FrameParserClocks, FourExtensionHeadersNeedNoMoreThanTheirBeats) {
  const FrameBytes frame = FrameBuilder().ipv6().hop_by_hop().hop_by_hop().hop_by_hop().hop_by_hop().tcp(1, 2).bytes();
  ASSERT_GT(frame.size(), 64u);
  const auto results = ParserBench<Parser512>().check({{frame, 0}});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].given_at - results[0].sent_at, Parser512::kClocks + 1);  // the second beat settles it
}

TEST(FrameParserReset, FramesAndResultsOnTheirWayAreDropped) {
  ParserBench<Parser512> bench;
  HeaderFrames generator(5);
  auto& model = bench.model();
  for (unsigned clocks = 1; clocks < 20; ++clocks) {
    SCOPED_TRACE(clocks);
    model.tvalid_i = 1;
    model.tlast_i = 0;
    for (unsigned edge = 0; edge < clocks; ++edge) bench.clock();
    model.rst_ni = 0;
    bench.clock();
    model.rst_ni = 1;
    model.tvalid_i = 0;
    bench.clock();
    std::vector<SentFrame> frames(20);
    for (SentFrame& frame : frames) frame.bytes = generator.with_start(generator.frame(), frame.start);
    bench.check(frames);
  }
}

// The whole state of the model, clock and inputs included.
std::vector<std::uint8_t> state_of(const Vframe_parser_512& model) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(model.rootp);
  return {bytes, bytes + sizeof *model.rootp};
}

TEST(FrameParserIdle, EdgesWithoutABeatChangeNoRegister) {
  ParserBench<Parser512> bench;
  HeaderFrames generator(6);
  for (unsigned round = 0; round < 20; ++round) {
    std::vector<SentFrame> frames(50);
    for (SentFrame& frame : frames) frame.bytes = generator.with_start(generator.frame(), frame.start);
    bench.check(frames, {50, 30});
    const auto before = state_of(bench.model());
    for (unsigned edge = 0; edge < 10; ++edge) bench.clock();
    ASSERT_EQ(state_of(bench.model()), before);
  }
}

}  // namespace
}  // namespace rssnic::test
