// Drives a Verilated frame parser or receive steering of any width through its pins: frames in as AXI4-Stream beats
// with gaps, results out with back-pressure, both at random (the parser alone knows none: it always takes and gives).
// Bytes that are not kept, and all inputs while they are not valid, are junk. It checks what the handshakes promise
// (results stand still while they wait) and counts clocks; what the results should be is the tests' affair.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <type_traits>
#include <vector>

#include "tb/unit/frame_builder.h"
#include "tb/unit/rtl/rtl_context.h"

namespace rssnic::test {

struct SentFrame {
  FrameBytes bytes;
  unsigned start = 0;  // start_offset_i
};

struct Pace {
  unsigned gap_percent = 0;    // clocks without a beat
  unsigned stall_percent = 0;  // clocks without out_ready_i
};

template <typename Result>
struct Timed {
  Result result;
  std::uint64_t id = 0;
  std::uint64_t sent_at = 0;   // clock that took the frame's first beat
  std::uint64_t given_at = 0;  // clock that gave the result
};

template <typename Model, typename = void>
struct Handshakes : std::false_type {};
template <typename Model>
struct Handshakes<Model, std::void_t<decltype(Model::tready_o)>> : std::true_type {};

// Model: the Verilated class. Width: bytes of a beat. read_result(model) gives its out_* pins as a Result that compares
// and prints.
template <typename Model, unsigned Width, typename Result>
class StreamBench {
 public:
  using ReadResult = Result (*)(const Model&);

  // rtl_seed: of what registers and memories hold at the start.
  StreamBench(ReadResult read_result, std::uint32_t seed, int rtl_seed = RtlContext::default_seed())
      : read_result_(read_result), random_(seed), context_(rtl_seed), model_(&context_) {
    model_.tvalid_i = 0;
    let_out(true);
    model_.rst_ni = 0;
    clock();
    model_.rst_ni = 1;
  }
  ~StreamBench() { context_.finish(model_); }
  StreamBench(const StreamBench&) = delete;
  StreamBench& operator=(const StreamBench&) = delete;

  Model& model() { return model_; }
  void clock() {
    settle();
    rise();
  }
  std::uint64_t clocks() const { return clocks_; }

  // Sends the frames with ids 0, 1, ... and collects a result for each.
  std::vector<Timed<Result>> run(const std::vector<SentFrame>& frames, const Pace& pace = {}) {
    std::vector<Timed<Result>> results;
    results.reserve(frames.size());
    std::vector<std::uint64_t> sent_at(frames.size());
    std::size_t frame = 0, at = 0;
    bool offered = false;
    unsigned idle_clocks = 0;
    constexpr unsigned kNothingMoreComes = 3000;
    while ((frame < frames.size() || results.size() < frames.size()) && idle_clocks < kNothingMoreComes) {
      if (!offered) {
        offered = frame < frames.size() && !percent(pace.gap_percent);
        if (offered) {
          put_beat(frames[frame], at);
          model_.tuser_i = static_cast<std::uint16_t>(frame);
        } else {
          put_junk();
        }
        model_.tvalid_i = offered;
      }
      let_out(!percent(pace.stall_percent));
      settle();
      ++idle_clocks;
      if (model_.out_valid_o) {
        const Result result = read_result_(model_);
        if (waits_) {
          EXPECT_EQ(result, waiting_) << "a waiting result changed";
        }
        waiting_ = result;
        waits_ = !taken();
        if (taken()) {
          const std::uint64_t id = model_.out_id_o;
          const std::size_t number = results.size();
          EXPECT_EQ(id, number & 0xffff);
          results.push_back({result, id, number < frames.size() ? sent_at[number] : 0, clocks_});
          idle_clocks = 0;
        }
      } else {
        EXPECT_FALSE(waits_) << "a waiting result went away";
      }
      if (offered && ready()) {
        if (at == 0) sent_at[frame] = clocks_;
        at += Width;
        if (at >= frames[frame].bytes.size()) {
          ++frame;
          at = 0;
        }
        offered = false;
        idle_clocks = 0;
      }
      rise();
    }
    EXPECT_EQ(results.size(), frames.size());
    model_.tvalid_i = 0;
    let_out(true);
    for (unsigned edge = 0; edge < 100; ++edge) {
      settle();
      EXPECT_FALSE(model_.out_valid_o) << "more results than frames";
      rise();
    }
    return results;
  }

  static std::uint64_t beats(const SentFrame& frame) {
    return frame.bytes.empty() ? 1 : (frame.bytes.size() + Width - 1) / Width;
  }

 private:
  void settle() {
    model_.clk_i = 0;
    model_.eval();
  }
  void rise() {
    model_.clk_i = 1;
    model_.eval();
    ++clocks_;
  }
  void let_out(bool ready) {
    if constexpr (Handshakes<Model>::value) model_.out_ready_i = ready;
  }
  bool taken() const {
    if constexpr (Handshakes<Model>::value) return model_.out_ready_i;
    return true;
  }
  bool ready() const {
    if constexpr (Handshakes<Model>::value) return model_.tready_o;
    return true;
  }
  bool percent(unsigned n) { return n != 0 && random_() % 100 < n; }

  void put_junk() {
    std::uint32_t junk[Width / 4];
    for (std::uint32_t& word : junk) word = static_cast<std::uint32_t>(random_());
    std::memcpy(&model_.tdata_i, junk, Width);
    std::memcpy(&model_.tkeep_i, junk, Width / 8);
    model_.tlast_i = junk[0] & 1;
    model_.start_offset_i = junk[0] >> 1 & 0x3ff;
    model_.tuser_i = static_cast<std::uint16_t>(junk[0] >> 11);
  }
  void put_beat(const SentFrame& frame, std::size_t at) {
    put_junk();
    const std::size_t count = std::min<std::size_t>(Width, frame.bytes.size() - at);
    std::uint8_t keep[Width / 8] = {};
    for (std::size_t byte = 0; byte < count; ++byte) keep[byte / 8] |= static_cast<std::uint8_t>(1u << byte % 8);
    if (count != 0) std::memcpy(&model_.tdata_i, frame.bytes.data() + at, count);
    std::memcpy(&model_.tkeep_i, keep, sizeof keep);
    model_.tlast_i = at + count == frame.bytes.size();
    if (at == 0) model_.start_offset_i = frame.start & 0x3ff;
  }

  const ReadResult read_result_;
  std::mt19937 random_;
  RtlContext context_;
  Model model_;
  std::uint64_t clocks_ = 0;
  bool waits_ = false;
  Result waiting_{};
};

}  // namespace rssnic::test
