// Receive steering with two and four lanes: each frame's result against the checker's oracle, and the rules of
// rtl/README.md, "Lanes": order, rates, back-pressure, who waits for whom, one configuration for all, resets, idle
// edges. The bench checks order and handshakes in every clock of every test.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "Vreceive_steering_lanes2.h"
#include "Vreceive_steering_lanes2___024root.h"
#include "Vreceive_steering_lanes4.h"
#include "Vreceive_steering_lanes4___024root.h"
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/lane_bench.h"

namespace rssnic::test {
namespace {

// kClocks: from the edge that takes the beat with all headers to the result. kDecided: to the edge at which the
// configuration in force is the packet's. Both without a search for home addresses, which may add kSearch.
constexpr unsigned kSearch = 64;
constexpr unsigned kGroups = 128;  // on their way or waiting
struct TwoWithTablesAndOffsets {
  using Model = Vreceive_steering_lanes2;
  static constexpr unsigned kLanes = 2, kClocks = 22, kDecided = 14, kConfigs = 4;
  static constexpr bool kOffsets = true;
};
struct FourDirect {
  using Model = Vreceive_steering_lanes4;
  static constexpr unsigned kLanes = 4, kClocks = 19, kDecided = 12, kConfigs = 12;
  static constexpr bool kOffsets = false;
};

template <typename Form>
class Lanes : public ::testing::Test {
 protected:
  using Bench = SteeringLaneBench<typename Form::Model, Form::kLanes>;
  using Frames = std::vector<std::vector<SentFrame>>;  // by lane
  static constexpr unsigned kLanes = Form::kLanes;

  static SentFrame random_frame(HeaderFrames& generator) {
    SentFrame frame;
    if (Form::kOffsets) {
      frame.bytes = generator.with_start(generator.frame(), frame.start);
    } else {
      frame.bytes = generator.frame();
    }
    return frame;
  }
  // Sends `count` frames on each lane.
  template <typename Make>
  static Frames send(Bench& bench, unsigned count, const Make& make) {
    Frames frames(kLanes);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      for (unsigned n = 0; n < count; ++n) {
        frames[lane].push_back(make(n));
        bench.send(lane, frames[lane].back());
      }
    }
    return frames;
  }
  // The results of each lane from number `first` on are those of the frames.
  static void check(const Bench& bench, const Frames& frames, const SteeringJudge& judge, std::size_t first = 0) {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      ASSERT_EQ(bench.results(lane).size(), first + frames[lane].size());
      for (std::size_t n = 0; n < frames[lane].size(); ++n) {
        const SentFrame& frame = frames[lane][n];
        ASSERT_EQ(bench.results(lane)[first + n].steered, judge.due(frame.bytes, frame.start))
            << "lane " << lane << " frame " << n;
      }
    }
  }
};
using Forms = ::testing::Types<TwoWithTablesAndOffsets, FourDirect>;
TYPED_TEST_SUITE(Lanes, Forms);

SentFrame short_frame(unsigned number) {
  const auto port = static_cast<std::uint16_t>(number);
  FrameBuilder builder;
  if (number % 2 == 0) {
    builder.ipv4().tcp(port, 80);
  } else {
    builder.ipv6().udp(port, 53);
  }
  FrameBytes bytes = builder.bytes();
  bytes.resize(number % 3 == 0 ? 64 : std::max<std::size_t>(bytes.size(), 60));
  return {bytes, 0};
}

TYPED_TEST(Lanes, RandomFramesAtRandomPaceGetTheOraclesAnswerInOrder) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    const RssConfig config = numbered_config(generator.random(), seed);
    typename TestFixture::Bench bench(seed);
    bench.configure(config);
    for (unsigned& percent : bench.gap_percent) percent = generator.random().below(3) * 30;
    bench.stall_percent = seed % 3 * 35;
    const auto frames =
        this->send(bench, 1500, [&generator](unsigned) { return TestFixture::random_frame(generator); });
    bench.drain();
    this->check(bench, frames, SteeringJudge(config));
  }
}

TYPED_TEST(Lanes, APacketAClockAndLaneOfMinimumSizeForAsLongAsTheyCome) {
  RandomFrames random(11);
  const RssConfig config = numbered_config(random, 1);
  typename TestFixture::Bench bench(11);
  bench.configure(config);
  constexpr unsigned kFrames = 3000;
  const auto frames = this->send(bench, kFrames, short_frame);
  const std::uint64_t begin = bench.clocks();
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
    EXPECT_EQ(bench.stalls(lane), 0u);
    for (std::size_t n = 0; n < kFrames; ++n) {
      ASSERT_EQ(bench.results(lane)[n].group, n);
      ASSERT_EQ(bench.results(lane)[n].given_at, begin + n + TypeParam::kClocks);
    }
  }
}

TYPED_TEST(Lanes, ABeatAClockAndLaneInAnyMix) {
  for (std::uint32_t seed = 21; seed < 24; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    const RssConfig config = numbered_config(generator.random(), 1);
    typename TestFixture::Bench bench(seed);
    bench.configure(config);
    const auto frames = this->send(bench, 1500, [&generator](unsigned n) {
      SentFrame frame{generator.random().one_in(2) ? generator.frame() : short_frame(n).bytes, 0};
      if (generator.random().one_in(10)) frame.bytes.resize(1514);
      return frame;
    });
    bench.drain();
    this->check(bench, frames, SteeringJudge(config));
    for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
      EXPECT_EQ(bench.stalls(lane), 0u);
      for (const LaneResult& result : bench.results(lane)) {
        ASSERT_GE(result.given_at - result.sent_at, TypeParam::kClocks);
        ASSERT_LE(result.given_at - result.sent_at, TypeParam::kClocks + 3 + kSearch) << "four beats are the budget";
      }
    }
  }
}

TYPED_TEST(Lanes, ALaneThatSearchesForHomeAddressesAllTheTimeCostsTheOthersNoClock) {
  HeaderFrames generator(26);
  const RssConfig config = numbered_config(generator.random(), 1);
  typename TestFixture::Bench bench(26);
  bench.configure(config);
  auto frames = this->send(bench, 0, short_frame);
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
    for (unsigned n = 0; n < 4000; ++n) {
      if (lane == 0) {
        FrameBuilder builder;
        builder.ipv6().destination_options(generator.options()).home_address(kHome).tcp(1, 2);
        SentFrame frame{builder.bytes(), TypeParam::kOffsets && generator.random().one_in(4) ? 1000u : 0u};
        frame.bytes.insert(frame.bytes.begin(), frame.start, 0);
        frames[lane].push_back(frame);
      } else {
        frames[lane].push_back(short_frame(n));
      }
      bench.send(lane, frames[lane].back());
    }
  }
  bench.drain();
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) EXPECT_EQ(bench.stalls(lane), 0u) << lane;
  this->check(bench, frames, SteeringJudge(config));
}

TYPED_TEST(Lanes, AFrameOfWhichNoMoreThanAByteBehindTheBudgetComesIsSteeredAsTheWhole) {
  constexpr std::size_t kBudgetBytes = 256;
  HeaderFrames generator(25);
  const RssConfig config = numbered_config(generator.random(), 1);
  typename TestFixture::Bench bench(25);
  bench.configure(config);
  unsigned cut = 0;
  auto frames = this->send(bench, 0, short_frame);
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
    for (unsigned n = 0; n < 1500; ++n) {
      FrameBytes whole = generator.frame();
      if (generator.random().one_in(4)) whole.resize(whole.size() + 400);
      FrameBytes head = whole;
      if (head.size() > kBudgetBytes) {
        head.resize(kBudgetBytes + 1);
        ++cut;
      }
      bench.send(lane, {std::move(head), 0});
      frames[lane].push_back({std::move(whole), 0});
    }
  }
  EXPECT_GT(cut, 500u);
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
}

TYPED_TEST(Lanes, NoMoreGroupsAreLetInThanCanWaitWhileNoResultIsTakenAndNoneIsLost) {
  RandomFrames random(31);
  const RssConfig config = numbered_config(random, 1);
  typename TestFixture::Bench bench(31);
  bench.configure(config);
  const auto frames = this->send(bench, 600, short_frame);
  for (unsigned round = 0; round < 3; ++round) {
    const std::size_t taken = bench.results(0).size();
    bench.stall_percent = 100;
    for (unsigned clocks = 0; clocks < 300; ++clocks) bench.clock();
    for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) EXPECT_EQ(bench.begun(lane) - taken, kGroups);
    bench.stall_percent = 0;
    for (unsigned clocks = 0; clocks < 20; ++clocks) bench.clock();
  }
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
}

TYPED_TEST(Lanes, BackPressureHoldsAllLanesAlike) {
  RandomFrames random(32);
  const RssConfig config = numbered_config(random, 1);
  typename TestFixture::Bench bench(32);
  bench.configure(config);
  const auto frames = this->send(bench, 1000, short_frame);
  bench.stall_percent = 60;
  while (bench.begun(0) < 1000) {
    bench.clock();
    for (unsigned lane = 1; lane < TestFixture::kLanes; ++lane) ASSERT_EQ(bench.begun(lane), bench.begun(0));
  }
  EXPECT_GT(bench.stalls(0), 0u);
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
}

// `lane` stops within `frame`, the only one on it, behind the first beat; the others send `count` short frames each.
template <typename Bench>
std::vector<std::vector<SentFrame>> send_beside(Bench& bench, unsigned lane, FrameBytes frame, unsigned count) {
  std::vector<std::vector<SentFrame>> frames(Bench::kLanes);
  frames[lane].push_back({std::move(frame), 0});
  bench.stop_at_beat[lane] = 1;
  for (unsigned other = 0; other < Bench::kLanes; ++other) {
    for (unsigned n = 0; n < count && other != lane; ++n) frames[other].push_back(short_frame(n));
    for (const SentFrame& sent : frames[other]) bench.send(other, sent);
  }
  return frames;
}

TYPED_TEST(Lanes, AFrameThatStopsWithinItsHeadersHoldsBackTheOthersResultsAndThenTheirFrames) {
  RandomFrames random(33);
  const RssConfig config = numbered_config(random, 1);
  typename TestFixture::Bench bench(33);
  bench.configure(config);
  const unsigned stopped = TestFixture::kLanes - 1;
  FrameBuilder builder;
  builder.ipv6().hop_by_hop().routing(2, kVia).tcp(1, 2);
  const auto frames = send_beside(bench, stopped, builder.bytes(), 2 * kGroups);
  for (unsigned clocks = 0; clocks < 300; ++clocks) bench.clock();
  EXPECT_EQ(bench.begun(stopped), 1u);
  for (unsigned lane = 0; lane < stopped; ++lane) {
    EXPECT_EQ(bench.begun(lane), kGroups);
    EXPECT_EQ(bench.results(lane).size(), 0u);
  }
  bench.stop_at_beat[stopped] = 0;
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
}

TYPED_TEST(Lanes, AFrameThatStopsBehindItsHeadersHoldsBackNobody) {
  RandomFrames random(34);
  const RssConfig config = numbered_config(random, 1);
  typename TestFixture::Bench bench(34);
  bench.configure(config);
  FrameBytes frame = short_frame(0).bytes;
  frame.resize(1514);
  const auto frames = send_beside(bench, 0, frame, 1000);
  for (unsigned clocks = 0; clocks < 1000 + 50; ++clocks) bench.clock();
  for (unsigned lane = 1; lane < TestFixture::kLanes; ++lane) {
    EXPECT_EQ(bench.results(lane).size(), 1000u);
    EXPECT_EQ(bench.stalls(lane), 0u);
  }
  bench.stop_at_beat[0] = 0;
  bench.drain();
  this->check(bench, frames, SteeringJudge(config));
}

// Keeps frames on all lanes.
template <typename Bench>
class Traffic {
 public:
  using Make = std::function<SentFrame(unsigned)>;
  Traffic(Bench& bench, Make make) : bench_(bench), make_(std::move(make)), frames_(Bench::kLanes) {}

  void clock() {
    for (unsigned lane = 0; lane < Bench::kLanes; ++lane) {
      if (frames_[lane].size() > bench_.begun(lane)) continue;
      frames_[lane].push_back(make_(static_cast<unsigned>(frames_[lane].size())));
      bench_.send(lane, frames_[lane].back());
    }
    bench_.clock();
  }
  // Until what is staged is in force.
  void commit() {
    for (unsigned clocks = 0; bench_.staged(); ++clocks) {
      ASSERT_LT(clocks, 50000u) << "a word is never taken";
      clock();
    }
  }
  void drain() {
    for (unsigned clocks = 0; clocks < 100; ++clocks) clock();
    bench_.drain();
  }
  const std::vector<SentFrame>& frames(unsigned lane) const { return frames_[lane]; }

 private:
  Bench& bench_;
  const Make make_;
  std::vector<std::vector<SentFrame>> frames_;
};

// Configuration follows configuration, each staged as soon as the one before is in force.
template <typename Bench>
std::vector<std::unique_ptr<SteeringJudge>> commit_under_traffic(Bench& bench, Traffic<Bench>& traffic,
                                                                 RandomFrames& random, unsigned configs) {
  std::vector<std::unique_ptr<SteeringJudge>> judges;
  for (unsigned number = 0; number < configs; ++number) {
    const RssConfig config = numbered_config(random, number, 6);
    judges.push_back(std::make_unique<SteeringJudge>(config));
    if (number == 0) {
      bench.configure(config);
      continue;
    }
    bench.stage(config);
    traffic.commit();
    for (unsigned clocks = number % 3 == 0 ? 100 : 0; clocks > 0; --clocks) traffic.clock();
  }
  traffic.drain();
  return judges;
}

TYPED_TEST(Lanes, CommitsUnderTrafficNeverMixConfigurationsAndNeverGoBackInALane) {
  for (const std::uint32_t seed : {41u, 42u}) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    typename TestFixture::Bench bench(seed);
    for (unsigned& percent : bench.gap_percent) percent = generator.random().below(3) * 30;
    bench.stall_percent = seed % 2 * 20;
    Traffic traffic(bench, [&](unsigned) { return TestFixture::random_frame(generator); });
    const auto judges = commit_under_traffic(bench, traffic, generator.random(), TypeParam::kConfigs);
    for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
      unsigned config = 0;
      ASSERT_EQ(bench.results(lane).size(), traffic.frames(lane).size());
      for (std::size_t n = 0; n < traffic.frames(lane).size(); ++n) {
        const LaneResult& result = bench.results(lane)[n];
        ASSERT_GE(result.steered.queue / kQueuesOfOne, config) << "lane " << lane << " frame " << n << ": back";
        config = result.steered.queue / kQueuesOfOne;
        ASSERT_LT(config, TypeParam::kConfigs);
        ASSERT_EQ(result.steered, judges[config]->due(traffic.frames(lane)[n].bytes, traffic.frames(lane)[n].start))
            << "lane " << lane << " frame " << n << " configuration " << config;
        ASSERT_EQ(result.bank, (config + 1) % 2);
      }
      EXPECT_EQ(config, TypeParam::kConfigs - 1);
    }
  }
}

// The number of commits that a result's frame had behind it when its configuration was decided: frames of a beat alone.
template <typename Form, typename Bench>
unsigned commits_before(const Bench& bench, const LaneResult& result) {
  const std::uint64_t decided = result.sent_at + Form::kDecided;
  return static_cast<unsigned>(std::count_if(bench.commits().begin(), bench.commits().end(),
                                             [decided](std::uint64_t clock) { return clock < decided; }));
}

TYPED_TEST(Lanes, ACommitActsOnAllLanesAtTheSameEdge) {
  RandomFrames random(43);
  typename TestFixture::Bench bench(43);
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) bench.gap_percent[lane] = 20 * lane;
  Traffic traffic(bench, short_frame);
  commit_under_traffic(bench, traffic, random, TypeParam::kConfigs);
  ASSERT_EQ(bench.commits().size(), TypeParam::kConfigs);
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
    for (const LaneResult& result : bench.results(lane)) {
      ASSERT_EQ(result.steered.queue / kQueuesOfOne + 1, commits_before<TypeParam>(bench, result)) << "lane " << lane;
    }
  }
}

TYPED_TEST(Lanes, ACommitBehindACommitWaitsForTheLaneThatIsStillBusyWithTheBank) {
  RandomFrames random(44);
  typename TestFixture::Bench bench(44);
  bench.configure(numbered_config(random, 0, 3));
  bench.configure(numbered_config(random, 1, 3));
  for (unsigned lane = 1; lane < TestFixture::kLanes; ++lane) bench.gap_percent[lane] = 90;
  Traffic traffic(bench, short_frame);
  for (unsigned clocks = 0; clocks < 100; ++clocks) traffic.clock();
  for (unsigned commit = 0; commit < 4; ++commit) bench.stage_commit();
  traffic.commit();
  traffic.drain();
  ASSERT_EQ(bench.commits().size(), 2u + 4u);
  for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
    for (const LaneResult& result : bench.results(lane)) {
      ASSERT_EQ(result.steered.queue / kQueuesOfOne, (commits_before<TypeParam>(bench, result) + 1) % 2) << lane;
    }
  }
}

TYPED_TEST(Lanes, AResetInTheMiddleDropsAllLanesAndWhatComesAfterwardsIsWhole) {
  HeaderFrames generator(51);
  typename TestFixture::Bench bench(51);
  for (unsigned round = 0; round < 40; ++round) {
    SCOPED_TRACE(::testing::Message() << "round " << round);
    const RssConfig config = numbered_config(generator.random(), round % 8, 3);
    for (unsigned& percent : bench.gap_percent) percent = generator.random().below(3) * 30;
    bench.stall_percent = generator.random().below(3) * 40;
    for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) {
      for (unsigned n = 0; n < 100; ++n) bench.send(lane, TestFixture::random_frame(generator));
    }
    for (unsigned clocks = generator.random().below(150); clocks > 0; --clocks) bench.clock();
    bench.reset();
    bench.forget_frames();
    bench.configure(config);
    const auto frames = this->send(bench, 20, [&generator](unsigned) { return TestFixture::random_frame(generator); });
    bench.drain();
    this->check(bench, frames, SteeringJudge(config));
    bench.reset();
  }
}

template <typename Model>
std::vector<std::uint8_t> state_of(const Model& model) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(model.rootp);
  return {bytes, bytes + sizeof *model.rootp};
}

TYPED_TEST(Lanes, IdleEdgesChangeNoRegister) {
  HeaderFrames generator(61);
  typename TestFixture::Bench bench(61);
  bench.configure(numbered_config(generator.random(), 1));
  for (unsigned round = 0; round < 10; ++round) {
    for (unsigned& percent : bench.gap_percent) percent = generator.random().below(3) * 30;
    bench.stall_percent = round % 3 * 35;
    this->send(bench, 50, [&generator](unsigned) { return TestFixture::random_frame(generator); });
    bench.drain();
    bench.edge();
    const auto before = state_of(bench.model());
    for (unsigned edge = 0; edge < 10; ++edge) bench.edge();
    ASSERT_EQ(state_of(bench.model()), before);
  }
}

TYPED_TEST(Lanes, WhatRegistersHoldBeforeTheResetDoesNotMatter) {
  std::vector<std::vector<LaneResult>> first;
  for (const int rtl_seed : {1, 2, 3}) {
    SCOPED_TRACE(::testing::Message() << "registers' seed " << rtl_seed);
    HeaderFrames generator(71);
    typename TestFixture::Bench bench(71, rtl_seed);
    const RssConfig config = numbered_config(generator.random(), 1);
    bench.configure(config);
    bench.gap_percent.fill(20);
    bench.stall_percent = 20;
    const auto frames = this->send(bench, 500, [&generator](unsigned) { return TestFixture::random_frame(generator); });
    bench.drain();
    this->check(bench, frames, SteeringJudge(config));
    std::vector<std::vector<LaneResult>> all;
    for (unsigned lane = 0; lane < TestFixture::kLanes; ++lane) all.push_back(bench.results(lane));
    if (first.empty()) first = all;
    EXPECT_EQ(all, first);
  }
}

}  // namespace
}  // namespace rssnic::test
