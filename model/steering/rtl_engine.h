// The steering engine that runs a Verilated steering pipeline (rtl/receive_steering.sv): every hash, report, queue and
// cycle is what the pins showed. Frames go in beat by beat, the configuration over its bus, a word a clock.
//
// At an edge the pins decide: a beat is taken where tvalid and tready are high, a result leaves where out_valid and
// out_ready are. A template, because two Verilated classes have these pins: the pipeline alone, and the pipeline with
// probes for waveforms. Included by the two files that instantiate it, and by no file that sees SystemC.
#pragma once
#include <stdexcept>
#include <vector>

#include "model/steering/config_words.h"
#include "model/steering/frame_beats.h"
#include "model/steering/steering_engine.h"
#include "verilated.h"

namespace rssnic {

// What RtlEngine tells of its pins as time passes; this one does not listen.
struct NoTrace {
  template <typename Pipeline>
  NoTrace(Pipeline& /*pipeline*/, const Cycle& /*edge*/) {}
  void input_changes() {}  // before an input changes in cycle `edge`
  void low(bool /*taken*/, bool /*given*/) {
  }               // settled, before the edge: whether a frame begins to enter, a result leaves
  void high() {}  // after the edge
};

template <typename Pipeline, typename Trace>
class RtlEngine final : public SteeringEngine {
 public:
  // The trace gets the pipeline, the number of the next edge, and these.
  template <typename... TraceArguments>
  explicit RtlEngine(TraceArguments&&... trace_arguments)
      : pipeline_(&context_), trace_(pipeline_, edge_, std::forward<TraceArguments>(trace_arguments)...) {
    reset_edge();
  }
  ~RtlEngine() override { pipeline_.final(); }

  bool offer(std::uint16_t token, ConstBytes frame) override;
  void result_space(unsigned free_slots) override;
  void stage(const RssConfig& config) override;
  bool swapping() const override { return !words_.empty(); }
  std::uint8_t active_bank() const override { return active_bank_; }
  void reset() override;
  bool idle() const override { return !pipeline_.tvalid_i && in_flight_ == 0 && words_.empty() && !reset_pending_; }
  Cycle edge() const override { return edge_; }
  void skip_to(Cycle edge) override;
  Outcome clock_until(Cycle limit) override;

  Trace& trace() { return trace_; }

 private:
  void settle();  // the outputs that answer inputs in the same clock
  void rise();    // the clock edge
  void reset_edge();
  void put_word();
  void clock(Outcome& outcome);

  VerilatedContext context_;
  Pipeline pipeline_;
  Cycle edge_ = 0;
  Trace trace_;
  unsigned space_ = 0;
  ConstBytes rest_;         // of the frame at the input, from the beat at the pins on
  bool begun_ = false;      // its first beat was taken
  unsigned in_flight_ = 0;  // accepted, not yet decided
  std::uint8_t active_bank_ = 0;
  bool reset_pending_ = false;
  std::vector<ConfigWord> words_;  // of the configuration being written, COMMIT last; empty when none is
  std::size_t next_word_ = 0;      // the one at the pins
};

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::settle() {
  pipeline_.clk_i = 0;
  pipeline_.eval();
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::rise() {
  pipeline_.clk_i = 1;
  pipeline_.eval();
  trace_.high();
}

// A frame offered or a configuration staged between reset() and the edge waits at the pins: nothing is transferred
// there.
template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::reset_edge() {
  trace_.input_changes();
  pipeline_.rst_ni = 0;
  settle();
  trace_.low(false, false);
  rise();
  pipeline_.rst_ni = 1;
  reset_pending_ = false;
}

template <typename Pipeline, typename Trace>
bool RtlEngine<Pipeline, Trace>::offer(std::uint16_t token, ConstBytes frame) {
  if (pipeline_.tvalid_i) return false;
  trace_.input_changes();
  pipeline_.tvalid_i = 1;
  pipeline_.tuser_i = token;
  rest_ = frame;
  begun_ = false;
  put_beat(pipeline_, rest_);
  return true;
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::result_space(unsigned free_slots) {
  trace_.input_changes();
  space_ = free_slots;
  pipeline_.out_ready_i = space_ > 0;
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::stage(const RssConfig& config) {
  if (swapping()) throw std::logic_error("steering: stage() while another configuration is being written");
  trace_.input_changes();
  words_ = config_words(config);
  next_word_ = 0;
  put_word();
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::put_word() {
  pipeline_.cfg_valid_i = 1;
  pipeline_.cfg_addr_i = words_[next_word_].address;
  pipeline_.cfg_data_i = words_[next_word_].data;
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::reset() {
  trace_.input_changes();
  pipeline_.tvalid_i = 0;
  pipeline_.cfg_valid_i = 0;
  words_.clear();
  in_flight_ = 0;
  active_bank_ = 0;
  reset_pending_ = true;
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::skip_to(Cycle edge) {
  if (!idle() || edge < edge_) throw std::logic_error("steering: skip_to() goes forwards, and only while idle()");
  edge_ = edge;
}

template <typename Pipeline, typename Trace>
SteeringEngine::Outcome RtlEngine<Pipeline, Trace>::clock_until(Cycle limit) {
  Outcome outcome;
  while (edge_ < limit && !outcome.any()) {
    if (reset_pending_) {
      reset_edge();
    } else {
      clock(outcome);
    }
    ++edge_;
  }
  return outcome;
}

template <typename Pipeline, typename Trace>
void RtlEngine<Pipeline, Trace>::clock(Outcome& outcome) {
  trace_.input_changes();
  settle();
  const bool beat_taken = pipeline_.tvalid_i && pipeline_.tready_o;
  outcome.accepted = beat_taken && !begun_;
  outcome.complete = beat_taken && pipeline_.tlast_i;
  outcome.decided = pipeline_.out_valid_o && pipeline_.out_ready_i;
  const bool word_taken = pipeline_.cfg_valid_i && pipeline_.cfg_ready_o;
  if (outcome.decided) {
    outcome.result = {pipeline_.out_id_o,
                      pipeline_.out_hash_o,
                      static_cast<HashReport>(pipeline_.out_report_o),
                      pipeline_.out_queue_o,
                      pipeline_.out_bank_o,
                      pipeline_.out_over_budget_o != 0,
                      edge_};
  }
  trace_.low(outcome.accepted, outcome.decided);
  rise();
  if (outcome.accepted) {
    begun_ = true;
    ++in_flight_;
  }
  if (outcome.complete) {
    pipeline_.tvalid_i = 0;
  } else if (beat_taken) {
    rest_ = behind_beat(rest_);
    put_beat(pipeline_, rest_);
  }
  if (outcome.decided) {
    --in_flight_;
    result_space(space_ - 1);
  }
  if (word_taken) {
    if (++next_word_ < words_.size()) {
      put_word();
    } else {
      words_.clear();
      pipeline_.cfg_valid_i = 0;
      active_bank_ = pipeline_.active_bank_o;
      outcome.swapped = true;
    }
  }
}

}  // namespace rssnic
