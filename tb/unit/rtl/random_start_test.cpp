// What registers and memories hold before the reset does not matter: the same frames at the same pace give the same
// results at the same clocks, whatever it was.
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/parsers.h"
#include "tb/unit/rtl/steering_bench.h"

namespace rssnic::test {
namespace {

constexpr int kSeeds[] = {1, 2, 3};

std::vector<SentFrame> some_frames(HeaderFrames& generator) {
  std::vector<SentFrame> frames(1500);
  for (SentFrame& frame : frames) frame.bytes = generator.with_start(generator.frame(), frame.start);
  return frames;
}

template <typename Result>
void expect_same(const std::vector<Timed<Result>>& a, const std::vector<Timed<Result>>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t n = 0; n < a.size(); ++n) {
    ASSERT_EQ(a[n].result, b[n].result) << "frame " << n;
    ASSERT_EQ(a[n].id, b[n].id) << "frame " << n;
    ASSERT_EQ(a[n].sent_at, b[n].sent_at) << "frame " << n;
    ASSERT_EQ(a[n].given_at, b[n].given_at) << "frame " << n;
  }
}

template <typename P>
class RandomStart : public ::testing::Test {};
using Parsers = ::testing::Types<Parser128, Parser256, Parser512, Parser1024, ParserLarge>;
TYPED_TEST_SUITE(RandomStart, Parsers);

TYPED_TEST(RandomStart, ParserGivesTheSameResultsAtTheSameClocks) {
  constexpr std::uint32_t kSeed = 21;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  HeaderFrames generator(kSeed);
  const auto frames = some_frames(generator);
  std::vector<Timed<Parsed>> first;
  for (const int seed : kSeeds) {
    SCOPED_TRACE(::testing::Message() << "registers' seed " << seed);
    auto results = ParserBench<TypeParam>(kSeed, seed).check(frames, {20, 20});
    if (first.empty()) {
      first = std::move(results);
    } else {
      expect_same(results, first);
    }
  }
}

TEST(ReceiveSteeringRandomStart, GivesTheSameResultsAtTheSameClocks) {
  constexpr std::uint32_t kSeed = 22;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  HeaderFrames generator(kSeed);
  const auto frames = some_frames(generator);
  RssConfig config;
  config.hash_types = kAllHashTypes;
  config.key = kMicrosoftKey;
  config.table.resize(64);
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(generator.random().below(0x8000));
  std::vector<Timed<Steered>> first;
  for (const int seed : kSeeds) {
    SCOPED_TRACE(::testing::Message() << "registers' seed " << seed);
    auto results = SteeringBench(config, kSeed, seed).check_frames(frames, {20, 20});
    if (first.empty()) {
      first = std::move(results);
    } else {
      expect_same(results, first);
    }
  }
}

}  // namespace
}  // namespace rssnic::test
