// Frames to receive queues in RTL alone: frame parser and steering pipeline against the checker's oracle, over random
// frames and all bundled captures; latency, and that the over-budget flag stays with its frame.
#include <gtest/gtest.h>

#include <filesystem>

#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/steering_bench.h"
#include "tb/wire/capture_file.h"

namespace rssnic::test {
namespace {

RssConfig some_config(RandomFrames& random) {
  RssConfig config;
  config.hash_types = random.one_in(2) ? kAllHashTypes : random.below(kAllHashTypes + 1);
  for (std::uint8_t& byte : config.key) byte = random.byte();
  config.table.resize(std::size_t{1} << random.below(10));
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.unclassified_queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.ex_report_always = random.one_in(3);
  return config;
}

TEST(ReceiveSteering, RandomFramesGetTheOraclesHashReportAndQueue) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    std::vector<SentFrame> frames(3000);
    for (SentFrame& frame : frames) frame.bytes = generator.with_start(generator.frame(), frame.start);
    SteeringBench(some_config(generator.random()), seed).check_frames(frames, {seed % 3 * 30, seed / 3 % 3 * 30});
  }
}

TEST(ReceiveSteering, BundledCapturesGetTheOraclesHashReportAndQueue) {
  RssConfig config;
  config.hash_types = kAllHashTypes;
  config.key = kMicrosoftKey;
  config.table.resize(128);
  for (std::uint16_t entry = 0; entry < config.table.size(); ++entry) config.table[entry] = entry % 7;
  SteeringBench bench(config);
  unsigned captures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RSSNIC_SOURCE_DIR "/traces")) {
    if (entry.path().extension() != ".pcap") continue;
    SCOPED_TRACE(entry.path().filename());
    ++captures;
    CaptureFile file(entry.path().string());
    std::vector<SentFrame> frames;
    while (const CaptureRecord* record = file.next()) {
      frames.push_back({FrameBytes(record->bytes.data, record->bytes.data + record->bytes.size), 0});
    }
    EXPECT_EQ(file.error(), "");
    EXPECT_FALSE(frames.empty());
    bench.check_frames(frames);
    bench.check_frames(frames, {20, 20});
  }
  EXPECT_GT(captures, 0u);
}

TEST(ReceiveSteering, AnInnerFrameBehindAStartOffsetIsSteeredAsIfItWereAlone) {
  RandomFrames random(3);
  SteeringBench bench(some_config(random));
  const FrameBytes inner = FrameBuilder().vlan().ipv6().home_address(kHome).tcp(5, 6).bytes();
  const FrameBytes tunnelled = FrameBuilder().ipv4().udp(1, 4789).raw(FrameBytes(8)).raw(inner).bytes();
  const auto results = bench.check_frames({{inner, 0}, {tunnelled, 14 + 20 + 8 + 8}, {tunnelled, 0}});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].result, results[1].result);
}

TEST(ReceiveSteering, ResultLeavesTwentyTwoClocksAfterTheBeatThatSettlesTheFrame) {
  RandomFrames random(4);
  SteeringBench bench(some_config(random));
  const FrameBytes short_frame = FrameBuilder().ipv4().tcp(1, 2).raw(FrameBytes(10)).bytes();
  FrameBuilder builder;
  builder.ipv6().hop_by_hop().hop_by_hop().routing(2, kVia).fragment(0, false).tcp(1, 2);
  const auto results = bench.check_frames({{short_frame, 0}, {builder.bytes(), 0}});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].given_at - results[0].sent_at, 22u);
  EXPECT_EQ(results[1].given_at - results[1].sent_at, 22u + 1);  // the second beat settles it
}

TEST(ReceiveSteering, AFrameThatIsSearchedForAHomeAddressTakesLongerAndTheNextOneWaitsForIt) {
  RandomFrames random(4);
  SteeringBench bench(some_config(random));
  FrameBuilder searched;
  searched.ipv6().home_address(kHome).tcp(1, 2);
  const FrameBytes next = FrameBuilder().ipv4().tcp(1, 2).raw(FrameBytes(10)).bytes();
  const auto results = bench.check_frames({{searched.bytes(), 0}, {next, 0}, {next, 0}});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_GT(results[0].given_at - results[0].sent_at, 22u + 1);
  EXPECT_LE(results[0].given_at - results[0].sent_at, 21u + 1 + 40);
  EXPECT_EQ(results[1].given_at, results[0].given_at + 1);
  EXPECT_EQ(results[2].given_at, results[1].given_at + 1);
}

TEST(ReceiveSteering, ConfigurationChangesBetweenFrames) {
  RandomFrames random(8);
  const RssConfig first = some_config(random);
  SteeringBench bench(first, 8);
  HeaderFrames generator(8);
  for (unsigned round = 0; round < 5; ++round) {
    std::vector<SentFrame> frames(100);
    for (SentFrame& frame : frames) frame.bytes = generator.frame();
    const RssConfig config = some_config(random);
    bench.configure(config);
    const SteeringBench judge(config);
    const auto results = bench.run(frames);
    ASSERT_EQ(results.size(), frames.size());
    for (std::size_t n = 0; n < frames.size(); ++n) EXPECT_EQ(results[n].result, judge.due(frames[n]));
  }
}

}  // namespace
}  // namespace rssnic::test
