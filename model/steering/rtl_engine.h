// The steering engine that runs a Verilated steering pipeline (rtl/steering_pipeline.sv): every hash, report, queue and
// cycle is what the pins showed. Software walks the headers and puts the fields on the input port; the configuration
// goes over the configuration bus, a word a clock.
//
// At an edge the pins decide: a frame is accepted where in_valid and in_ready are high, a result leaves where out_valid
// and out_ready are. A template, because two Verilated classes have these pins: the pipeline alone, and the pipeline
// with probes for waveforms. Included by the two files that instantiate it, and by no file that sees SystemC.
#pragma once
#include <stdexcept>
#include <vector>

#include "model/packet/header_walk.h"
#include "model/steering/config_words.h"
#include "model/steering/steering_engine.h"
#include "verilated.h"

namespace rssnic {

// The codes of in_network_i and in_transport_i are the values of these enumerations.
static_assert(static_cast<int>(Network::ipv4) == 1 && static_cast<int>(Network::ipv6) == 2);
static_assert(static_cast<int>(Transport::tcp) == 1 && static_cast<int>(Transport::udp) == 2);

// What RtlEngine tells of its pins as time passes; this one does not listen.
struct NoTrace {
  template <typename Pipeline>
  NoTrace(Pipeline& /*pipeline*/, const Cycle& /*edge*/) {}
  void input_changes() {}                      // before an input changes in cycle `edge`
  void low(bool /*taken*/, bool /*given*/) {}  // settled, before the edge: whether a packet enters, a result leaves
  void high() {}                               // after the edge
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
  bool idle() const override { return !pipeline_.in_valid_i && in_flight_ == 0 && words_.empty() && !reset_pending_; }
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

  // Verilator keeps a 128-bit port as four words, the last bits first.
  static void put_address(VlWide<4>& port, const Address& address) {
    for (std::size_t word = 0; word < 4; ++word) port[3 - word] = load_be32(&address[4 * word]);
  }

  VerilatedContext context_;
  Pipeline pipeline_;
  Cycle edge_ = 0;
  Trace trace_;
  unsigned space_ = 0;
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
  if (pipeline_.in_valid_i) return false;
  trace_.input_changes();
  const HeaderFields fields = walk_headers(frame);
  pipeline_.in_valid_i = 1;
  pipeline_.in_id_i = token;
  pipeline_.in_network_i = static_cast<CData>(fields.network);
  pipeline_.in_transport_i = static_cast<CData>(fields.transport);
  pipeline_.in_extension_headers_i = fields.extension_headers;
  put_address(pipeline_.in_source_i, fields.source);
  put_address(pipeline_.in_destination_i, fields.destination);
  put_address(pipeline_.in_ex_source_i, fields.ex_source);
  put_address(pipeline_.in_ex_destination_i, fields.ex_destination);
  pipeline_.in_source_port_i = fields.source_port;
  pipeline_.in_destination_port_i = fields.destination_port;
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
  pipeline_.in_valid_i = 0;
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
  outcome.accepted = pipeline_.in_valid_i && pipeline_.in_ready_o;
  outcome.decided = pipeline_.out_valid_o && pipeline_.out_ready_i;
  const bool word_taken = pipeline_.cfg_valid_i && pipeline_.cfg_ready_o;
  if (outcome.decided) {
    outcome.result = {pipeline_.out_id_o,    pipeline_.out_hash_o, static_cast<HashReport>(pipeline_.out_report_o),
                      pipeline_.out_queue_o, pipeline_.out_bank_o, edge_};
  }
  trace_.low(outcome.accepted, outcome.decided);
  rise();
  if (outcome.accepted) {
    pipeline_.in_valid_i = 0;
    ++in_flight_;
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
