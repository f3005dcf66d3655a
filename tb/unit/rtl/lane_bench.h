// Drives a Verilated receive steering (or rss_top) with several lanes through its pins: a queue of frames a lane, each
// with gaps at random, results with back-pressure. In every clock it checks what rtl/README.md, "Lanes", promises of
// order and handshakes: groups leave whole and in the order in which they began, each result is the next one of its
// lane, a waiting group stands still, and neither side's valid or ready depends on the other side's in the same clock.
// What the results should be is the tests' affair. Pins that are not valid are junk.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <type_traits>
#include <vector>

#include "model/steering/config_words.h"
#include "tb/unit/rtl/parser_bench.h"
#include "tb/unit/rtl/rtl_context.h"
#include "tb/unit/rtl/steering_judge.h"

namespace rssnic::test {

struct LaneResult {
  Steered steered;
  unsigned bank = 0;
  std::uint64_t group = 0;  // its number, from the reset on
  std::uint64_t sent_at = 0, given_at = 0;
  bool operator==(const LaneResult& other) const {
    return steered == other.steered && bank == other.bank && group == other.group && sent_at == other.sent_at &&
           given_at == other.given_at;
  }
  friend std::ostream& operator<<(std::ostream& out, const LaneResult& r) {
    return out << r.steered << " bank " << r.bank << " group " << r.group << " from " << r.sent_at << " to "
               << r.given_at;
  }
};

template <typename Model, unsigned kLaneCount>
class LaneBench {
 public:
  static constexpr unsigned kLanes = kLaneCount;
  static constexpr std::size_t kBeatBytes = 64;

  explicit LaneBench(std::uint32_t seed, int rtl_seed = RtlContext::default_seed())
      : random_(seed), context_(rtl_seed), model_(&context_) {
    reset();
  }
  ~LaneBench() { context_.finish(model_); }
  LaneBench(const LaneBench&) = delete;
  LaneBench& operator=(const LaneBench&) = delete;

  // Percent of clocks without a beat, by lane, and without out_ready_i.
  std::array<unsigned, kLanes> gap_percent{};
  unsigned stall_percent = 0;
  // The lane's source stops in front of the beat with this number of its frame in hand; 0: never.
  std::array<std::size_t, kLanes> stop_at_beat{};

  Model& model() { return model_; }
  std::uint64_t clocks() const { return clocks_; }
  void send(unsigned lane, SentFrame frame) { lanes_[lane].frames.push_back(std::move(frame)); }
  // So far: frames begun, and results, of a lane; clocks in which it, any lane, or a group of results waited.
  std::size_t begun(unsigned lane) const { return lanes_[lane].begun; }
  const std::vector<LaneResult>& results(unsigned lane) const { return lanes_[lane].results; }
  std::uint64_t stalls(unsigned lane) const { return lanes_[lane].stalls; }
  std::uint64_t any_stalls() const { return any_stalls_; }
  std::uint64_t result_stalls() const { return result_stalls_; }

  // What was on its way is gone; the frames in hand are begun again.
  void reset() {
    for (Lane& lane : lanes_) {
      lane = Lane{std::move(lane.frames), lane.at};
      if (lane.at != 0) lane.frames.pop_front();
      lane.at = 0;
    }
    groups_.clear();
    group_ = 0;
    waits_ = false;
    put_junk();
    set_bits(model_.tvalid_i, 0);
    model_.out_ready_i = 0;
    model_.rst_ni = 0;
    settle();
    rise();
    model_.rst_ni = 1;
  }

  void forget_frames() {
    for (Lane& lane : lanes_) lane.frames.clear();
  }

  // A clock is these four; who drives other pins too does it in between.
  void offer() {
    put_junk();
    for (unsigned n = 0; n < kLanes; ++n) {
      Lane& lane = lanes_[n];
      if (!lane.offered) lane.offered = !lane.frames.empty() && !stopped(n) && !percent(gap_percent[n]);
    }
    if (random_() % 8 == 0) probe();
    std::uint64_t valid = 0, last = 0, starts = 0;
    for (unsigned n = 0; n < kLanes; ++n) put_beat(n, valid, last, starts);
    set_bits(model_.tvalid_i, valid);
    set_bits(model_.tlast_i, last);
    set_bits(model_.start_offset_i, starts);
    model_.out_ready_i = !percent(stall_percent);
  }
  void settle() {
    model_.clk_i = 0;
    model_.eval();
  }
  void watch() {
    watch_results();
    watch_frames();
  }
  void rise() {
    model_.clk_i = 1;
    model_.eval();
    ++clocks_;
  }
  void clock() {
    offer();
    settle();
    watch();
    rise();
  }
  // With all inputs as they are.
  void edge() {
    settle();
    rise();
  }

  bool done() const {
    return groups_.empty() &&
           std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.frames.empty(); });
  }
  // One clock as the bench's owner has it, until everything is through; then some more.
  template <typename Clock>
  void drain(const Clock& one) {
    for (unsigned quiet = 0; !done(); ++quiet) {
      ASSERT_LT(quiet, 3000u) << "results are missing";
      const std::uint64_t left = group_;
      one();
      if (group_ != left) quiet = 0;
    }
    for (unsigned clocks = 0; clocks < 100; ++clocks) one();
    for (const Lane& lane : lanes_) EXPECT_EQ(lane.results.size(), lane.begun);
  }
  void drain() {
    drain([this] { clock(); });
  }

 private:
  struct Lane {
    std::deque<SentFrame> frames;
    std::size_t at = 0;  // of the frame in hand
    bool offered = false;
    std::size_t begun = 0, stalls = 0;
    std::deque<std::uint64_t> begun_at{};  // of the frames without a result
    std::vector<LaneResult> results{};
  };

  bool percent(unsigned n) { return n != 0 && random_() % 100 < n; }
  bool stopped(unsigned n) const {
    return stop_at_beat[n] != 0 && lanes_[n].at == stop_at_beat[n] * kBeatBytes && lanes_[n].at != 0;
  }

  // Pins of several lanes: up to 64 bits a number, whatever else bytes in a row.
  template <typename Pin>
  static void set_bits(Pin& pin, std::uint64_t bits) {
    pin = static_cast<Pin>(bits);
  }
  template <typename Pin>
  static std::uint8_t* bytes(Pin& pin) {
    return reinterpret_cast<std::uint8_t*>(&pin);
  }
  template <typename T, typename Pin>
  static T part(Pin& pin, unsigned lane) {
    T value;
    std::memcpy(&value, bytes(pin) + sizeof(T) * lane, sizeof value);
    return value;
  }

  void put_junk() {
    std::uint32_t junk[kLanes * kBeatBytes / 4];
    for (std::uint32_t& word : junk) word = static_cast<std::uint32_t>(random_());
    std::memcpy(&model_.tdata_i, junk, kLanes * kBeatBytes);
    std::memcpy(&model_.tkeep_i, junk, kLanes * kBeatBytes / 8);
    std::memcpy(&model_.tuser_i, junk, 2 * kLanes);
  }
  void put_beat(unsigned n, std::uint64_t& valid, std::uint64_t& last, std::uint64_t& starts) {
    const Lane& lane = lanes_[n];
    std::uint64_t start = random_() & 0x3ff;
    if (lane.offered) {
      const SentFrame& frame = lane.frames.front();
      const std::size_t count = std::min(kBeatBytes, frame.bytes.size() - lane.at);
      std::uint8_t keep[kBeatBytes / 8] = {};
      for (std::size_t byte = 0; byte < count; ++byte) keep[byte / 8] |= static_cast<std::uint8_t>(1u << byte % 8);
      if (count != 0) std::memcpy(bytes(model_.tdata_i) + n * kBeatBytes, frame.bytes.data() + lane.at, count);
      std::memcpy(bytes(model_.tkeep_i) + n * sizeof keep, keep, sizeof keep);
      if (lane.at == 0) {
        start = frame.start & 0x3ff;
        const std::uint16_t id = id_of(n, lane.begun);
        std::memcpy(bytes(model_.tuser_i) + n * sizeof id, &id, sizeof id);
      }
      valid |= std::uint64_t{1} << n;
      last |= std::uint64_t{lane.at + count == frame.bytes.size()} << n;
    } else {
      last |= (random_() & 1) << n;
    }
    starts |= start << 10 * n;
  }
  static std::uint16_t id_of(unsigned lane, std::size_t number) {
    return static_cast<std::uint16_t>(lane << 14 | (number & 0x3fff));
  }

  // Neither tready_o nor out_valid_o depends on an input of its clock.
  void probe() {
    std::uint64_t ready[2], valid[2];
    for (const unsigned n : {0u, 1u}) {
      set_bits(model_.tvalid_i, n == 0 ? 0 : random_() & ((1u << kLanes) - 1));
      set_bits(model_.tlast_i, random_() & ((1u << kLanes) - 1));
      model_.out_ready_i = n != 0;
      settle();
      ready[n] = model_.tready_o;
      valid[n] = model_.out_valid_o;
    }
    EXPECT_EQ(ready[0], ready[1]) << "tready_o depends on an input";
    EXPECT_EQ(valid[0], valid[1]) << "out_valid_o depends on an input";
  }

  void watch_results() {
    const std::uint64_t valid = model_.out_valid_o;
    if (valid == 0) {
      EXPECT_FALSE(waits_) << "a waiting group went away";
      return;
    }
    if (groups_.empty()) {
      ADD_FAILURE() << "results without frames";
      return;
    }
    ASSERT_EQ(valid, groups_.front()) << "not the oldest group";
    std::array<LaneResult, kLanes> now{};
    for (unsigned n = 0; n < kLanes; ++n) {
      if ((valid >> n & 1) == 0) continue;
      Lane& lane = lanes_[n];
      ASSERT_FALSE(lane.begun_at.empty());
      EXPECT_EQ(part<std::uint16_t>(model_.out_id_o, n), id_of(n, lane.results.size()));
      now[n].steered = {part<std::uint32_t>(model_.out_hash_o, n),
                        bytes(model_.out_report_o)[n / 2] >> n % 2 * 4 & 0xfu,
                        part<std::uint16_t>(model_.out_queue_o, n), (model_.out_over_budget_o >> n & 1) != 0};
      now[n].bank = model_.out_bank_o >> n & 1;
      if (waits_) {
        EXPECT_EQ(now[n].steered, waiting_[n].steered) << "a waiting result changed";
        EXPECT_EQ(now[n].bank, waiting_[n].bank);
      }
    }
    waiting_ = now;
    waits_ = !model_.out_ready_i;
    result_stalls_ += waits_;
    if (waits_) return;
    for (unsigned n = 0; n < kLanes; ++n) {
      if ((valid >> n & 1) == 0) continue;
      Lane& lane = lanes_[n];
      now[n].group = group_;
      now[n].sent_at = lane.begun_at.front();
      now[n].given_at = clocks_;
      lane.begun_at.pop_front();
      lane.results.push_back(now[n]);
    }
    groups_.pop_front();
    ++group_;
  }

  void watch_frames() {
    std::uint64_t begun = 0;
    bool stalls = false;
    for (unsigned n = 0; n < kLanes; ++n) {
      Lane& lane = lanes_[n];
      if (!lane.offered) continue;
      if ((model_.tready_o >> n & 1) == 0) {
        ++lane.stalls;
        stalls = true;
        continue;
      }
      if (lane.at == 0) {
        begun |= std::uint64_t{1} << n;
        lane.begun_at.push_back(clocks_);
        ++lane.begun;
      }
      lane.at += kBeatBytes;
      if (lane.at >= lane.frames.front().bytes.size()) {
        lane.frames.pop_front();
        lane.at = 0;
      }
      lane.offered = false;
    }
    if (begun != 0) groups_.push_back(begun);
    any_stalls_ += stalls;
  }

  std::mt19937 random_;
  RtlContext context_;
  Model model_;
  std::array<Lane, kLanes> lanes_{};
  std::deque<std::uint64_t> groups_;  // that have not left, a bit a lane
  std::uint64_t group_ = 0;           // that have left
  std::uint64_t clocks_ = 0, any_stalls_ = 0, result_stalls_ = 0;
  bool waits_ = false;
  std::array<LaneResult, kLanes> waiting_{};
};

// With a configuration bus of its own, not rss_top's registers: words wait in line and go out a clock at a time.
template <typename Model, unsigned kLaneCount>
class SteeringLaneBench : public LaneBench<Model, kLaneCount> {
  using Bench = LaneBench<Model, kLaneCount>;

 public:
  using Bench::model;

  explicit SteeringLaneBench(std::uint32_t seed, int rtl_seed = RtlContext::default_seed()) : Bench(seed, rtl_seed) {
    model().cfg_valid_i = 0;
  }

  void stage(const RssConfig& config) {
    for (const ConfigWord& word : config_words(config)) words_.push_back(word);
  }
  void stage_commit() { words_.push_back({kCfgCommit, 0}); }
  bool staged() const { return !words_.empty(); }
  // The clocks whose edges took a COMMIT.
  const std::vector<std::uint64_t>& commits() const { return commits_; }

  void clock() {
    this->offer();
    const bool offers = !words_.empty();
    model().cfg_valid_i = offers;
    if (offers) {
      model().cfg_addr_i = words_.front().address;
      model().cfg_data_i = words_.front().data;
    }
    this->settle();
    this->watch();
    if (offers && model().cfg_ready_o) {
      if (words_.front().address == kCfgCommit) commits_.push_back(this->clocks());
      words_.pop_front();
    }
    this->rise();
  }
  void configure(const RssConfig& config) {
    stage(config);
    while (staged()) clock();
    model().cfg_valid_i = 0;
  }
  void drain() {
    Bench::drain([this] { clock(); });
  }

 private:
  std::deque<ConfigWord> words_;
  std::vector<std::uint64_t> commits_;
};

}  // namespace rssnic::test
