// Receive steering where its forms differ, and what holds for both: the hash without tables, no start offset, constant
// latency, the credits that stand in for stalls, and that nothing moves while it idles.
#include <gtest/gtest.h>

#include "Vreceive_steering_direct___024root.h"
#include "Vreceive_steering_large.h"
#include "Vreceive_steering_offset___024root.h"
#include "Vreceive_steering_synthesised.h"
#include "Vreceive_steering_synthesised___024root.h"
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/steering_bench.h"

namespace rssnic::test {
namespace {

RssConfig config_of(RandomFrames& random) {
  RssConfig config;
  config.hash_types = kAllHashTypes;
  for (std::uint8_t& byte : config.key) byte = random.byte();
  config.table.resize(128);
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.unclassified_queue = 77;
  return config;
}

// Of the pipeline with start offset and tables, of the one without either, and of the one that scripts/synth measures:
// its registers load in every clock. Latency, and how many frames may be on their way.
struct Tables {
  using Model = Vreceive_steering_offset;
  static constexpr unsigned kClocks = 22, kPlaces = 128;
};
struct Direct {
  using Model = Vreceive_steering_direct;
  static constexpr unsigned kClocks = 19, kPlaces = 64;
};
struct Synthesised {
  using Model = Vreceive_steering_synthesised;
  static constexpr unsigned kClocks = 20, kPlaces = 64;
};

// What looking for a home address may add.
constexpr unsigned kSearch = 40;

template <typename Form>
class ReceiveSteeringForms : public ::testing::Test {
 protected:
  using Bench = SteeringBenchOf<typename Form::Model>;
};
using Forms = ::testing::Types<Tables, Direct, Synthesised>;
using FormsWithHoldIdle = ::testing::Types<Tables, Direct>;
TYPED_TEST_SUITE(ReceiveSteeringForms, Forms);

TYPED_TEST(ReceiveSteeringForms, RandomFramesAtRandomPaceGetTheOraclesAnswer) {
  for (std::uint32_t seed = 31; seed < 37; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    std::vector<SentFrame> frames(3000);
    for (SentFrame& frame : frames) frame.bytes = generator.frame();
    typename TestFixture::Bench bench(config_of(generator.random()), seed);
    bench.check_frames(frames, {seed % 2 * 30, seed % 3 * 40});
  }
}

TYPED_TEST(ReceiveSteeringForms, ResultsComeAConstantTimeAfterTheFirstBeat) {
  RandomFrames random(41);
  typename TestFixture::Bench bench(config_of(random));
  std::vector<SentFrame> frames;
  for (unsigned n = 0; n < 200; ++n) {
    FrameBuilder builder;
    if (n % 3 == 0) builder.vlan();
    if (n % 2 == 0) {
      builder.ipv4().tcp(1, 2);
    } else {
      builder.ether_type(0x0806).raw(FrameBytes(46));
    }
    FrameBytes bytes = builder.bytes();
    bytes.resize(n % 5 == 0 ? 1500 : 64);
    frames.push_back({bytes, 0});
  }
  for (const unsigned gaps : {0u, 40u}) {
    for (const auto& timed : bench.check_frames(frames, {gaps, 0})) {
      EXPECT_EQ(timed.given_at - timed.sent_at, TypeParam::kClocks) << timed.id;
    }
  }
}

TYPED_TEST(ReceiveSteeringForms, ABeatIsTakenInEveryClockWhileResultsAreTaken) {
  HeaderFrames generator(42);
  typename TestFixture::Bench bench(config_of(generator.random()));
  std::vector<SentFrame> frames(4000);
  std::uint64_t beats = 0;
  for (SentFrame& frame : frames) {
    frame.bytes = generator.random().one_in(2) ? generator.frame() : FrameBuilder().ipv4().tcp(1, 2).bytes();
    beats += bench.beats(frame);
  }
  const std::uint64_t begin = bench.clocks();
  const auto results = bench.check_frames(frames);
  ASSERT_EQ(results.size(), frames.size());
  EXPECT_LE(results.back().given_at - begin, beats + TypeParam::kClocks + kSearch);
}

// The longest walk, the longest budget.
class LargeBench : public SteeringBenchOf<Vreceive_steering_large> {
 public:
  explicit LargeBench(const RssConfig& config) : SteeringBenchOf(config, 1, RtlContext::default_seed(), {1024, 16}) {}
};

TEST(ReceiveSteeringLarge, FindsAHomeAddressAtEveryPlaceOfItsBudget) {
  RandomFrames random(45);
  LargeBench bench(config_of(random));
  const FrameBytes home = FrameBuilder::home_address_option(kHome);
  std::vector<SentFrame> frames;
  unsigned over = 0;
  for (std::size_t before = 0; before < 1024; ++before) {
    FrameBytes options(before, 0);  // Pad1
    options.insert(options.end(), home.begin(), home.end());
    frames.push_back({FrameBuilder().ipv6().destination_options(options).udp(1, 2).bytes(), 0});
    frames.back().bytes.resize(1100);
    over += bench.due(frames.back()).over_budget;
    // Its beats count from its own first.
    if (before % 16 == 0) frames.push_back({FrameBuilder().ether_type(0x0806).raw(FrameBytes(1400)).bytes(), 0});
  }
  EXPECT_GT(over, 60u);
  bench.check_frames(frames);
}

// One frame keeps all behind it waiting for longest.
TEST(ReceiveSteeringLarge, TakesABeatInEveryClockBehindTheLongestSearch) {
  RandomFrames random(46);
  LargeBench bench(config_of(random));
  FrameBytes longest = FrameBuilder().ipv6().destination_options(FrameBytes(22)).udp(1, 2).bytes();
  longest.resize(1024);
  std::vector<SentFrame> frames{{longest, 0}};
  for (unsigned n = 0; n < 600; ++n) frames.push_back({FrameBuilder().ipv4().tcp(1, 2).bytes(), 0});
  const std::uint64_t begin = bench.clocks();
  const auto results = bench.check_frames(frames);
  ASSERT_EQ(results.size(), frames.size());
  EXPECT_GT(results[1].given_at - results[1].sent_at, 150u) << "nothing was waited for";
  EXPECT_EQ(results.back().sent_at - begin, bench.beats(frames[0]) + frames.size() - 2);
}

TYPED_TEST(ReceiveSteeringForms, AsManyFramesAreLetInAsThereArePlacesWhileNoResultIsTakenAndNoneIsLost) {
  RandomFrames random(43);
  typename TestFixture::Bench bench(config_of(random));
  auto& model = bench.model();
  const FrameBytes frame = FrameBuilder().ipv4().tcp(1, 2).bytes();
  for (unsigned round = 0; round < 3; ++round) {
    model.out_ready_i = 0;
    unsigned taken = 0;
    for (unsigned edge = 0; edge < 200; ++edge) {
      std::memcpy(&model.tdata_i, frame.data(), frame.size());
      std::memset(&model.tkeep_i, 0xff, sizeof model.tkeep_i);
      model.tvalid_i = 1;
      model.tlast_i = 1;
      model.tuser_i = static_cast<std::uint16_t>(taken);
      model.clk_i = 0;
      model.eval();
      taken += model.tready_o;
      bench.clock();
    }
    EXPECT_EQ(taken, TypeParam::kPlaces);
    model.tvalid_i = 0;
    model.out_ready_i = 1;
    unsigned given = 0;
    for (unsigned edge = 0; edge < 200; ++edge) {
      model.clk_i = 0;
      model.eval();
      if (model.out_valid_o) {
        EXPECT_EQ(model.out_id_o, given++);
      }
      bench.clock();
    }
    EXPECT_EQ(given, TypeParam::kPlaces);
  }
}

// The whole state of the model, clock and inputs included.
template <typename Model>
std::vector<std::uint8_t> state_of(const Model& model) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(model.rootp);
  return {bytes, bytes + sizeof *model.rootp};
}

// Those with HoldIdle.
template <typename Form>
class ReceiveSteeringIdle : public ReceiveSteeringForms<Form> {};
TYPED_TEST_SUITE(ReceiveSteeringIdle, FormsWithHoldIdle);

TYPED_TEST(ReceiveSteeringIdle, IdleEdgesChangeNoRegister) {
  HeaderFrames generator(44);
  typename TestFixture::Bench bench(config_of(generator.random()));
  for (unsigned round = 0; round < 10; ++round) {
    std::vector<SentFrame> frames(100);
    for (SentFrame& frame : frames) frame.bytes = generator.frame();
    bench.check_frames(frames, {50, 30});
    const auto before = state_of(bench.model());
    for (unsigned edge = 0; edge < 10; ++edge) bench.clock();
    ASSERT_EQ(state_of(bench.model()), before);
  }
}

TEST(ReceiveSteeringCommit, FramesGoOnUnderTheOldKeyWhileTheNewOneIsWorkedIntoTheTables) {
  RandomFrames random(45);
  const RssConfig old_config = config_of(random);
  const RssConfig new_config = config_of(random);
  SteeringBench bench(old_config);
  auto& model = bench.model();
  for (const ConfigWord& word : config_words(new_config)) {
    model.cfg_valid_i = 1;
    model.cfg_addr_i = word.address;
    model.cfg_data_i = word.data;
    if (word.address == kCfgCommit) break;
    bench.clock();
  }
  const SteeringBench old_judge(old_config), new_judge(new_config);
  HeaderFrames generator(45);
  std::vector<SentFrame> frames(1500);
  for (SentFrame& frame : frames) frame.bytes = generator.frame();
  const unsigned bank = model.active_bank_o;
  const auto results = bench.run(frames, {20, 0});  // COMMIT is offered all the while
  ASSERT_EQ(model.active_bank_o, bank);
  for (std::size_t n = 0; n < frames.size(); ++n) ASSERT_EQ(results[n].result, old_judge.due(frames[n])) << n;
  unsigned clocks = 0;
  model.eval();
  while (!model.cfg_ready_o && ++clocks < 10000) bench.clock();
  bench.clock();
  model.cfg_valid_i = 0;
  EXPECT_NE(model.active_bank_o, bank);
  const auto after = bench.run(frames);
  for (std::size_t n = 0; n < frames.size(); ++n) ASSERT_EQ(after[n].result, new_judge.due(frames[n])) << n;
}

}  // namespace
}  // namespace rssnic::test
