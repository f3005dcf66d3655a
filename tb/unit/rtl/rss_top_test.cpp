// The whole block: configured over AXI4-Lite by the driver header that users copy, frames in, results as the checker's
// oracle says; commits under traffic; counters against what was sent; register accesses while the results are blocked.
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>

#include "Vrss_top.h"
#include "Vrss_top_large.h"
#include "rtl/rss_driver.h"
#include "tb/unit/rtl/axil_master.h"
#include "tb/unit/rtl/header_frames.h"
#include "tb/unit/rtl/rtl_context.h"
#include "tb/unit/rtl/steering_judge.h"

namespace rssnic::test {
namespace {

constexpr unsigned kBeatBytes = 64;

template <typename Model>
class TopBenchOf {
 public:
  explicit TopBenchOf(std::uint32_t seed) : random_(seed), model_(&context_), axil_(model_, seed + 1) {
    model_.rst_ni = 0;
    edge();
    model_.rst_ni = 1;
    EXPECT_EQ(rss_probe(&bus_, &limits_), RSS_OK);
  }
  ~TopBenchOf() { context_.finish(model_); }
  TopBenchOf(const TopBenchOf&) = delete;
  TopBenchOf& operator=(const TopBenchOf&) = delete;

  // Percent of clocks without a beat, and without out_ready_i.
  unsigned gap_percent = 0, stall_percent = 0;

  Model& model() { return model_; }
  const rss_bus& bus() const { return bus_; }
  const rss_limits& limits() const { return limits_; }
  AxilMaster<Model>& axil() { return axil_; }
  void send(FrameBytes frame) { frames_.push_back(std::move(frame)); }

  // So far: frames whose first beat was taken, results in order, clocks in which either side waited.
  std::size_t begun() const { return begun_; }
  const std::vector<Steered>& results() const { return results_; }
  std::uint64_t input_stalls() const { return input_stalls_; }
  std::uint64_t result_stalls() const { return result_stalls_; }

  void clock() {
    if (!offered_ && !frames_.empty() && !percent(gap_percent)) {
      offered_ = true;
      put_beat();
    }
    model_.tvalid_i = offered_;
    model_.out_ready_i = !percent(stall_percent);
    axil_.drive();
    model_.clk_i = 0;
    model_.eval();
    axil_.observe();
    if (offered_ && model_.tready_o)
      take_beat();
    else
      input_stalls_ += offered_;
    if (model_.out_valid_o && model_.out_ready_i) {
      EXPECT_EQ(model_.out_id_o, results_.size() & 0xffff);
      results_.push_back({model_.out_hash_o, model_.out_report_o, model_.out_queue_o, model_.out_over_budget_o != 0});
    } else {
      result_stalls_ += model_.out_valid_o;
    }
    model_.clk_i = 1;
    model_.eval();
  }

  void drain() {
    for (unsigned quiet = 0; quiet < 100; ++quiet) {
      if (!frames_.empty() || results_.size() < begun_) quiet = 0;
      clock();
      if (++drained_ > 2000000) FAIL() << "results are missing";
    }
    EXPECT_EQ(results_.size(), begun_);
  }

  std::uint32_t read(std::uint32_t address) {
    axil_.queue_read(address);
    finish();
    const AxilAnswer answer = axil_.read_answers().back();
    EXPECT_FALSE(answer.refused) << "read of 0x" << std::hex << address;
    return answer.data;
  }
  void write(std::uint32_t address, std::uint32_t value) {
    axil_.queue_write(address, value);
    finish();
    EXPECT_FALSE(axil_.write_answers().back().refused) << "write to 0x" << std::hex << address;
  }

  // Stages and commits; traffic goes on meanwhile.
  void configure(const RssConfig& config) {
    const rss_config c{config.hash_types,
                       config.ex_report_always,
                       config.key.data(),
                       config.table.data(),
                       static_cast<std::uint32_t>(config.table.size()),
                       config.unclassified_queue};
    ASSERT_EQ(rss_configure(&bus_, &limits_, &c), RSS_OK);
  }
  void wait_for_commit() {
    for (unsigned polls = 0; !rss_commit_done(&bus_); ++polls) ASSERT_LT(polls, 20000u);
  }

 private:
  bool percent(unsigned n) { return n != 0 && random_() % 100 < n; }
  void edge() {
    model_.clk_i = 0;
    model_.eval();
    model_.clk_i = 1;
    model_.eval();
  }
  void finish() {
    for (unsigned clocks = 0; !axil_.idle(); ++clocks) {
      ASSERT_LT(clocks, 10u) << "an access without an answer";
      clock();
    }
  }
  void put_beat() {
    const FrameBytes& frame = frames_.front();
    const std::size_t count = std::min<std::size_t>(kBeatBytes, frame.size() - at_);
    std::uint8_t data[kBeatBytes], keep[kBeatBytes / 8] = {};
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random_());
    if (count != 0) std::memcpy(data, frame.data() + at_, count);
    for (std::size_t byte = 0; byte < count; ++byte) keep[byte / 8] |= static_cast<std::uint8_t>(1u << byte % 8);
    std::memcpy(&model_.tdata_i, data, sizeof data);
    std::memcpy(&model_.tkeep_i, keep, sizeof keep);
    model_.tlast_i = at_ + count == frame.size();
    model_.tuser_i = static_cast<std::uint16_t>(begun_);
    model_.start_offset_i = 0;
  }
  void take_beat() {
    begun_ += at_ == 0;
    at_ += kBeatBytes;
    if (at_ >= frames_.front().size()) {
      frames_.pop_front();
      at_ = 0;
    }
    offered_ = false;
  }

  std::mt19937 random_;
  RtlContext context_;
  Model model_;
  AxilMaster<Model> axil_;
  const rss_bus bus_{this,
                     [](void* bench, std::uint32_t address) { return static_cast<TopBenchOf*>(bench)->read(address); },
                     [](void* bench, std::uint32_t address, std::uint32_t value) {
                       static_cast<TopBenchOf*>(bench)->write(address, value);
                     }};
  rss_limits limits_{};
  std::deque<FrameBytes> frames_;
  std::size_t at_ = 0, begun_ = 0;
  std::uint64_t input_stalls_ = 0, result_stalls_ = 0, drained_ = 0;
  bool offered_ = false;
  std::vector<Steered> results_;
};
using TopBench = TopBenchOf<Vrss_top>;
using LargeTableBench = TopBenchOf<Vrss_top_large>;  // 32768 entries, the hash from tables

TEST(RssTop, IsFoundWithItsParameters) {
  TopBench bench(1);
  EXPECT_EQ(bench.limits().lanes, 1u);
  EXPECT_EQ(bench.limits().data_bits, 512u);
  EXPECT_EQ(bench.limits().header_bytes, 256u);
  EXPECT_EQ(bench.limits().max_extensions, 4u);
  EXPECT_EQ(bench.limits().start_offset, 1u);
  EXPECT_EQ(bench.limits().table_entries, 512u);
  EXPECT_EQ(bench.limits().hash_types, kAllHashTypes);
}

TEST(RssTop, TheDriverRefusesWhatTheBlockCannotDoAndAsksToWaitWhileACommitIsUnderWay) {
  TopBench bench(2);
  const std::vector<std::uint16_t> table(1024);
  rss_config config{kAllHashTypes, 0, kMicrosoftKey.data(), table.data(), 128, 0};
  for (const std::uint32_t entries : {0u, 3u, 100u, 1024u}) {
    config.table_entries = entries;
    EXPECT_EQ(rss_configure(&bench.bus(), &bench.limits(), &config), RSS_INVALID);
  }
  config.table_entries = 128;
  config.hash_types = 0x200;
  EXPECT_EQ(rss_configure(&bench.bus(), &bench.limits(), &config), RSS_INVALID);
  config.hash_types = 0x1ff;
  EXPECT_EQ(rss_configure(&bench.bus(), &bench.limits(), &config), RSS_OK);
  EXPECT_EQ(rss_configure(&bench.bus(), &bench.limits(), &config), RSS_BUSY);
  bench.wait_for_commit();
  EXPECT_EQ(bench.read(RSS_STATUS) & RSS_STATUS_REFUSED, 0u);
}

TEST(RssTop, FramesAreSteeredAsConfiguredOverTheRegisters) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    TopBench bench(seed);
    HeaderFrames generator(seed);
    const RssConfig config = numbered_config(generator.random(), seed);
    const SteeringJudge judge(config);
    bench.configure(config);
    bench.wait_for_commit();
    bench.gap_percent = seed % 3 * 30;
    bench.stall_percent = seed / 3 * 30;
    std::vector<FrameBytes> frames(2000);
    for (FrameBytes& frame : frames) bench.send(frame = generator.frame());
    bench.drain();
    ASSERT_EQ(bench.results().size(), frames.size());
    for (std::size_t n = 0; n < frames.size(); ++n)
      ASSERT_EQ(bench.results()[n], judge.due(frames[n])) << "frame " << n;
  }
}

// ahead: more frames than the next configuration takes clocks to write and commit.
template <typename Bench>
void check_commits_under_traffic(std::uint32_t seeds, std::size_t ahead) {
  for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Bench bench(seed);
    HeaderFrames generator(seed);
    bench.gap_percent = seed % 2 * 40;
    bench.stall_percent = seed / 2 * 30;
    std::vector<FrameBytes> frames;
    std::vector<std::unique_ptr<SteeringJudge>> judges;
    std::vector<std::size_t> begun_when_asked, begun_when_done;
    constexpr unsigned kConfigs = 12;
    for (unsigned number = 0; number < kConfigs; ++number) {
      const RssConfig config = numbered_config(generator.random(), number);
      judges.push_back(std::make_unique<SteeringJudge>(config));
      begun_when_asked.push_back(bench.begun());
      bench.configure(config);
      bench.wait_for_commit();
      begun_when_done.push_back(bench.begun());
      while (frames.size() < bench.begun() + ahead) {
        frames.push_back(generator.frame());
        bench.send(frames.back());
      }
      for (unsigned clocks = 0; clocks < 50 * (number % 4); ++clocks) bench.clock();
    }
    bench.drain();
    ASSERT_EQ(bench.results().size(), frames.size());
    unsigned config = 0;
    for (std::size_t n = 0; n < frames.size(); ++n) {
      const Steered& result = bench.results()[n];
      ASSERT_GE(result.queue / kQueuesOfOne, config) << "frame " << n << ": back to an old configuration";
      config = result.queue / kQueuesOfOne;
      ASSERT_LT(config, kConfigs);
      ASSERT_EQ(result, judges[config]->due(frames[n])) << "frame " << n << ", configuration " << config;
      if (config + 1 < kConfigs) {
        ASSERT_LT(n, begun_when_done[config + 1]) << "configuration " << config;
      }
    }
    EXPECT_EQ(config, kConfigs - 1);
    EXPECT_GT(begun_when_done.back(), begun_when_asked.back()) << "no traffic during the commits";
    EXPECT_EQ(bench.read(RSS_COMMITS), kConfigs);
  }
}

TEST(RssTop, ACommitUnderTrafficComesBetweenTwoPacketsAndIsInForceWhenItSaysSo) {
  check_commits_under_traffic<TopBench>(4, 3000);
}

TEST(RssTop, CountersEqualWhatWasSent) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    TopBench bench(seed);
    HeaderFrames generator(seed);
    RssConfig config = numbered_config(generator.random(), 1);
    config.hash_types = kAllHashTypes;
    bench.configure(config);
    bench.wait_for_commit();
    bench.gap_percent = 20 * (seed - 1);
    bench.stall_percent = 40;
    rss_counts sum{}, counts{}, due{};
    for (unsigned n = 0; n < 3000; ++n) bench.send(generator.frame());
    const auto add = [&](int clear) {
      rss_read_counts(&bench.bus(), clear, &counts);
      for (unsigned report = 0; report < RSS_PACKETS_COUNT; ++report) sum.packets[report] += counts.packets[report];
      sum.over_budget += counts.over_budget;
      sum.input_stalls += counts.input_stalls;
      sum.result_stalls += counts.result_stalls;
    };
    for (unsigned round = 0; round < 10; ++round) {
      for (unsigned clocks = 0; clocks < 300; ++clocks) bench.clock();
      add(1);
    }
    bench.drain();
    add(0);
    for (const Steered& result : bench.results()) {
      ++due.packets[result.report];
      due.over_budget += result.over_budget;
    }
    for (unsigned report = 0; report < RSS_PACKETS_COUNT; ++report) {
      EXPECT_EQ(sum.packets[report], due.packets[report]) << "report " << report;
      EXPECT_GT(due.packets[report], 0u);
    }
    EXPECT_EQ(sum.over_budget, due.over_budget);
    EXPECT_GT(due.over_budget, 0u);
    EXPECT_EQ(sum.input_stalls, bench.input_stalls());
    EXPECT_EQ(sum.result_stalls, bench.result_stalls());
    EXPECT_GT(bench.result_stalls(), 0u);
    EXPECT_EQ(rss_field_get(bench.read(RSS_OCCUPANCY), RSS_OCCUPANCY_NOW), 0u);
    EXPECT_GT(rss_field_get(bench.read(RSS_OCCUPANCY), RSS_OCCUPANCY_MAXIMUM), 1u);
  }
}

TEST(RssTop, RegistersAnswerAndCommitsGoThroughWhileResultsAreBlocked) {
  TopBench bench(5);
  HeaderFrames generator(5);
  std::vector<std::unique_ptr<SteeringJudge>> judges;
  const auto configure = [&](unsigned number) {
    const RssConfig config = numbered_config(generator.random(), number);
    judges.push_back(std::make_unique<SteeringJudge>(config));
    bench.configure(config);
  };
  configure(0);
  bench.wait_for_commit();
  std::vector<FrameBytes> frames(100);
  for (FrameBytes& frame : frames) bench.send(frame = generator.frame());
  bench.stall_percent = 100;
  for (unsigned clocks = 0; clocks < 200; ++clocks) bench.clock();
  const std::size_t begun = bench.begun();
  EXPECT_LT(begun, frames.size()) << "back-pressure did not reach the input";
  EXPECT_EQ(rss_field_get(bench.read(RSS_OCCUPANCY), RSS_OCCUPANCY_NOW), begun - bench.results().size());
  // The packets that wait have been decided: neither bank has any left.
  configure(1);
  bench.wait_for_commit();
  configure(2);
  bench.wait_for_commit();
  EXPECT_EQ(bench.read(RSS_COMMITS), 3u);
  bench.stall_percent = 0;
  bench.send(frames.emplace_back(generator.frame()));
  bench.drain();
  ASSERT_EQ(bench.results().size(), frames.size());
  for (std::size_t n = 0; n < frames.size(); ++n) {
    const unsigned config = bench.results()[n].queue / kQueuesOfOne;
    ASSERT_LT(config, judges.size());
    EXPECT_EQ(bench.results()[n], judges[config]->due(frames[n]));
  }
  EXPECT_EQ(bench.results().back().queue / kQueuesOfOne, 2u);
}

TEST(RssTopLargeTable, ACommitUnderTrafficComesBetweenTwoPacketsAndIsInForceWhenItSaysSo) {
  check_commits_under_traffic<LargeTableBench>(2, 15000);
}

TEST(RssTopLargeTable, EachOfItsEntriesIsReached) {
  constexpr std::size_t kEntries = 32768;
  LargeTableBench bench(61);
  ASSERT_EQ(bench.limits().table_entries, kEntries);
  RssConfig config;
  config.hash_types = kAllHashTypes;
  config.key[12] = 0x80;  // one bit: the hash's lowest 15 bits are the source port's, the other way round
  config.table.resize(kEntries);
  for (std::size_t n = 0; n < kEntries; ++n) config.table[n] = static_cast<std::uint16_t>(40503 * n + 7);  // all differ
  bench.configure(config);
  bench.wait_for_commit();
  const SteeringJudge judge(config);
  std::vector<FrameBytes> frames;
  for (unsigned port = 0; port < 0x10000; ++port) {
    frames.push_back(FrameBuilder().ipv4().tcp(static_cast<std::uint16_t>(port), 443).bytes());
    bench.send(frames.back());
  }
  bench.drain();
  ASSERT_EQ(bench.results().size(), frames.size());
  std::vector<bool> reached(0x10000);
  for (std::size_t n = 0; n < frames.size(); ++n) {
    ASSERT_EQ(bench.results()[n], judge.due(frames[n])) << "source port " << n;
    reached[bench.results()[n].queue] = true;
  }
  for (std::size_t n = 0; n < kEntries; ++n) ASSERT_TRUE(reached[config.table[n]]) << "entry " << n;
}

TEST(RssTopLargeTable, SteersByTablesOfEverySizeUpToItsOwn) {
  HeaderFrames generator(62);
  LargeTableBench bench(62);
  bench.gap_percent = 20;
  bench.stall_percent = 20;
  std::size_t seen = 0;
  for (unsigned log2 = 0; log2 <= 15; ++log2) {
    SCOPED_TRACE(::testing::Message() << (1u << log2) << " entries");
    RssConfig config = numbered_config(generator.random(), log2);
    config.hash_types = kAllHashTypes;
    config.table.resize(std::size_t{1} << log2);
    for (std::uint16_t& queue : config.table) {
      queue = static_cast<std::uint16_t>(kQueuesOfOne * log2 + generator.random().below(kQueuesOfOne));
    }
    bench.configure(config);
    bench.wait_for_commit();
    const SteeringJudge judge(config);
    std::vector<FrameBytes> frames(400);
    for (FrameBytes& frame : frames) {
      frame = generator.frame();
      bench.send(frame);
    }
    bench.drain();
    ASSERT_EQ(bench.results().size(), seen + frames.size());
    for (const FrameBytes& frame : frames) ASSERT_EQ(bench.results()[seen++], judge.due(frame));
  }
}

TEST(RssTop, BitsOfTheMaskBeyondTheTableCountAsZero) {
  HeaderFrames generator(63);
  TopBench bench(63);
  RssConfig config = numbered_config(generator.random(), 1);
  config.hash_types = kAllHashTypes;
  config.table.resize(512);
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(generator.random().below(0x10000));
  bench.configure(config);
  bench.wait_for_commit();
  bench.write(RSS_MASK, rss_field_put(RSS_MASK_MASK, 0x7fff));
  bench.write(RSS_COMMIT, RSS_COMMIT_START);
  bench.wait_for_commit();
  const SteeringJudge judge(config);
  std::vector<FrameBytes> frames(1000);
  for (FrameBytes& frame : frames) {
    frame = generator.frame();
    bench.send(frame);
  }
  bench.drain();
  ASSERT_EQ(bench.results().size(), frames.size());
  for (std::size_t n = 0; n < frames.size(); ++n) ASSERT_EQ(bench.results()[n], judge.due(frames[n])) << n;
}

TEST(RssTop, TellsHowItHashes) {
  TopBench direct(1);
  EXPECT_EQ(rss_field_get(direct.read(RSS_HASHING), RSS_HASHING_FORM), 0u);
  LargeTableBench tables(1);
  EXPECT_EQ(rss_field_get(tables.read(RSS_HASHING), RSS_HASHING_FORM), 1u);
}

// Tables hold anything before a key is worked into them.
TEST(RssTop, HashesNothingBeforeTheFirstCommit) {
  constexpr std::uint32_t kSeed = 9;
  LargeTableBench bench(kSeed);
  HeaderFrames generator(kSeed);
  for (unsigned n = 0; n < 100; ++n) bench.send(generator.frame());
  bench.drain();
  ASSERT_EQ(bench.results().size(), 100u);
  for (const Steered& result : bench.results()) EXPECT_EQ(result, (Steered{0, 0, 0, result.over_budget}));
}

}  // namespace
}  // namespace rssnic::test
