// The whole block with four lanes: configured over AXI4-Lite, each lane's results as the checker's oracle says, and the
// counters count what all lanes do in a clock.
#include <gtest/gtest.h>

#include "Vrss_top_lanes4.h"
#include "rtl/rss_driver.h"
#include "tb/unit/rtl/axil_master.h"
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/lane_bench.h"

namespace rssnic::test {
namespace {

constexpr unsigned kLanes = 4;

class TopLanes : public LaneBench<Vrss_top_lanes4, kLanes> {
 public:
  explicit TopLanes(std::uint32_t seed) : LaneBench(seed), axil_(model(), seed + 1) {
    EXPECT_EQ(rss_probe(&bus_, &limits_), RSS_OK);
  }
  const rss_bus& bus() const { return bus_; }
  const rss_limits& limits() const { return limits_; }

  void clock() {
    offer();
    axil_.drive();
    settle();
    axil_.observe();
    watch();
    rise();
  }
  void drain() {
    LaneBench::drain([this] { clock(); });
  }
  std::uint32_t read(std::uint32_t address) {
    axil_.queue_read(address);
    finish();
    return axil_.read_answers().back().data;
  }
  void write(std::uint32_t address, std::uint32_t value) {
    axil_.queue_write(address, value);
    finish();
    EXPECT_FALSE(axil_.write_answers().back().refused) << "write to 0x" << std::hex << address;
  }
  void configure(const RssConfig& config) {
    const rss_config c{config.hash_types,
                       config.ex_report_always,
                       config.key.data(),
                       config.table.data(),
                       static_cast<std::uint32_t>(config.table.size()),
                       config.unclassified_queue};
    ASSERT_EQ(rss_configure(&bus_, &limits_, &c), RSS_OK);
    for (unsigned polls = 0; !rss_commit_done(&bus_); ++polls) ASSERT_LT(polls, 10000u);
  }

 private:
  void finish() {
    for (unsigned clocks = 0; !axil_.idle(); ++clocks) {
      ASSERT_LT(clocks, 10u) << "an access without an answer";
      clock();
    }
  }
  AxilMaster<Vrss_top_lanes4> axil_;
  const rss_bus bus_{this,
                     [](void* bench, std::uint32_t address) { return static_cast<TopLanes*>(bench)->read(address); },
                     [](void* bench, std::uint32_t address, std::uint32_t value) {
                       static_cast<TopLanes*>(bench)->write(address, value);
                     }};
  rss_limits limits_{};
};

TEST(RssTopLanes, AreShownToSoftware) {
  TopLanes bench(1);
  EXPECT_EQ(bench.limits().lanes, kLanes);
  EXPECT_EQ(bench.limits().table_entries, 128u);
}

TEST(RssTopLanes, AreSteeredByOneConfigurationAndCountedTogether) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    HeaderFrames generator(seed);
    TopLanes bench(seed);
    RssConfig config = numbered_config(generator.random(), 1, 7);
    config.hash_types = kAllHashTypes;
    if (seed == 1) config.table.resize(bench.limits().table_entries, config.table[0]);
    bench.configure(config);
    const SteeringJudge judge(config);
    for (unsigned& percent : bench.gap_percent) percent = generator.random().below(3) * 30;
    bench.stall_percent = 20 * seed;
    std::vector<std::vector<FrameBytes>> frames(kLanes);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      for (unsigned n = 0; n < 1500; ++n) {
        frames[lane].push_back(generator.frame());
        bench.send(lane, {frames[lane].back(), 0});
      }
    }
    rss_counts sum{}, counts{}, due{};
    const auto add = [&] {
      rss_read_counts(&bench.bus(), 1, &counts);
      for (unsigned report = 0; report < RSS_PACKETS_COUNT; ++report) sum.packets[report] += counts.packets[report];
      sum.over_budget += counts.over_budget;
      sum.input_stalls += counts.input_stalls;
      sum.result_stalls += counts.result_stalls;
    };
    for (unsigned round = 0; round < 5; ++round) {
      for (unsigned clocks = 0; clocks < 300; ++clocks) bench.clock();
      add();
    }
    bench.stall_percent = 100;
    for (unsigned clocks = 0; clocks < 300; ++clocks) bench.clock();
    std::size_t inside = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) inside += bench.begun(lane) - bench.results(lane).size();
    EXPECT_GT(inside, 128u) << "no more than one lane could hold";
    EXPECT_EQ(rss_field_get(bench.read(RSS_OCCUPANCY), RSS_OCCUPANCY_NOW), inside);
    bench.stall_percent = 20;
    bench.drain();
    add();
    EXPECT_EQ(rss_field_get(bench.read(RSS_OCCUPANCY), RSS_OCCUPANCY_NOW), 0u);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      ASSERT_EQ(bench.results(lane).size(), frames[lane].size());
      for (std::size_t n = 0; n < frames[lane].size(); ++n) {
        const Steered& result = bench.results(lane)[n].steered;
        ASSERT_EQ(result, judge.due(frames[lane][n])) << "lane " << lane << " frame " << n;
        ++due.packets[result.report];
        due.over_budget += result.over_budget;
      }
    }
    for (unsigned report = 0; report < RSS_PACKETS_COUNT; ++report) {
      EXPECT_EQ(sum.packets[report], due.packets[report]) << "report " << report;
    }
    EXPECT_EQ(sum.over_budget, due.over_budget);
    EXPECT_EQ(sum.input_stalls, bench.any_stalls());
    EXPECT_EQ(sum.result_stalls, bench.result_stalls());
  }
}

TEST(RssTopLanes, CountFourResultsOfOneClock) {
  HeaderFrames generator(1);
  TopLanes bench(1);
  const RssConfig config = numbered_config(generator.random(), 1, 7);
  bench.configure(config);
  bench.gap_percent = {};
  constexpr unsigned kFramesALane = 10;
  const FrameBytes frame = generator.frame();
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    for (unsigned n = 0; n < kFramesALane; ++n) bench.send(lane, {frame, 0});
  }
  bench.drain();
  for (unsigned n = 0; n < kFramesALane; ++n) {
    for (unsigned lane = 1; lane < kLanes; ++lane) {
      EXPECT_EQ(bench.results(lane)[n].given_at, bench.results(0)[n].given_at) << "lane " << lane << " frame " << n;
    }
  }
  rss_counts counts{};
  rss_read_counts(&bench.bus(), 1, &counts);
  EXPECT_EQ(counts.packets[SteeringJudge(config).due(frame).report], kLanes * kFramesALane);
}

}  // namespace
}  // namespace rssnic::test
