// The steering pipeline in plain C++: it checks the RTL and stands in for it where no stamps are wanted. A beat a
// clock; a result leaves kLatency edges after its frame's first beat was taken. When the oldest stage holds a result
// that may not leave, the whole pipeline stands still and takes nothing in. The latency and the time to stage a
// configuration are this model's own and say nothing about those of the RTL.
#include <stdexcept>
#include <string>

#include "model/steering/field_selection.h"
#include "model/steering/steering_engine.h"
#include "model/steering/toeplitz.h"

namespace rssnic {
namespace {

constexpr unsigned kLatency = 4;
constexpr unsigned kStagingEdges = 4;

struct Bank {
  RssConfig config;  // hashes nothing, all to queue 0
  ToeplitzTable toeplitz{config.key};
};

class ReferenceEngine final : public SteeringEngine {
 public:
  bool offer(std::uint16_t token, ConstBytes frame) override {
    if (beats_left_ > 0) return false;
    beats_left_ = beats_of(frame.size);
    begun_ = false;
    offered_token_ = token;
    offered_fields_ = walk_headers(frame, kHeaderBudget);
    return true;
  }

  void result_space(unsigned free_slots) override { result_space_ = free_slots; }

  void stage(const RssConfig& config) override {
    if (swapping()) throw std::logic_error("steering: stage() before the last configuration was swapped in");
    const std::size_t entries = config.table.size();
    if (entries == 0 || entries > kMaxTableEntries || (entries & (entries - 1)) != 0) {
      throw std::invalid_argument("steering: indirection table of " + std::to_string(entries) +
                                  " entries; allowed are powers of two up to " + std::to_string(kMaxTableEntries));
    }
    // Nothing reads the idle bank: frames in the pipeline were decided when their first beats were taken.
    banks_[active_bank_ ^ 1] = Bank{config, ToeplitzTable(config.key)};
    staging_edges_left_ = kStagingEdges;
  }

  bool swapping() const override { return staging_edges_left_ > 0; }
  std::uint8_t active_bank() const override { return active_bank_; }

  // The frame at the input is lost with those in the pipeline. What the engine is told from here on acts after the
  // reset edge.
  void reset() override {
    reset_pending_ = true;
    beats_left_ = 0;
    staging_edges_left_ = 0;
    active_bank_ = 0;
    banks_ = {};
    pipeline_ = {};
    in_flight_ = 0;
  }

  bool idle() const override {
    return !reset_pending_ && !swapping() && (blocked() || (in_flight_ == 0 && beats_left_ == 0));
  }

  Cycle edge() const override { return edge_; }
  void skip_to(Cycle edge) override {
    if (!idle() || edge < edge_) throw std::logic_error("steering: skip_to() goes forwards, and only while idle()");
    edge_ = edge;
  }

  Outcome clock_until(Cycle limit) override {
    Outcome outcome;
    while (edge_ < limit && !outcome.any()) {
      if (idle()) {
        edge_ = limit;
        break;
      }
      clock(outcome);
      ++edge_;
    }
    return outcome;
  }

 private:
  struct Stage {
    bool valid = false;
    SteerResult result;
  };

  bool blocked() const { return pipeline_[oldest_].valid && result_space_ == 0; }

  void clock(Outcome& outcome) {
    if (reset_pending_) {
      reset_pending_ = false;
      return;
    }
    if (!blocked()) move(outcome);
    if (staging_edges_left_ > 0 && --staging_edges_left_ == 0) {  // a frame taken at this edge still has the old bank
      active_bank_ ^= 1;
      outcome.swapped = true;
    }
  }

  // The oldest stage gives up its result, takes the frame that begins at the input, and so becomes the youngest.
  void move(Outcome& outcome) {
    Stage& stage = pipeline_[oldest_];
    if (stage.valid) {
      stage.result.decided = edge_;
      outcome.decided = true;
      outcome.result = stage.result;
      --result_space_;
      --in_flight_;
    }
    stage.valid = beats_left_ > 0 && !begun_;
    if (stage.valid) {
      stage.result = decide();
      outcome.accepted = begun_ = true;
      ++in_flight_;
    }
    outcome.complete = beats_left_ > 0 && --beats_left_ == 0;
    oldest_ = (oldest_ + 1) % kLatency;
  }

  SteerResult decide() const {
    const Bank& bank = banks_[active_bank_];
    const HashInput input = select_hash_input(offered_fields_, bank.config.hash_types, bank.config.ex_report_always);
    SteerResult result;
    result.token = offered_token_;
    result.over_budget = offered_fields_.over_budget;
    result.bank = active_bank_;
    result.report = input.report;
    result.queue = bank.config.unclassified_queue;
    if (input.report != HashReport::none) {
      result.hash = bank.toeplitz.hash(input.view());
      result.queue = bank.config.table[result.hash & (bank.config.table.size() - 1)];
    }
    return result;
  }

  Cycle edge_ = 0;
  unsigned result_space_ = 0;
  bool reset_pending_ = false;

  Cycle beats_left_ = 0;  // of the frame at the input; 0: none is there
  bool begun_ = false;    // its first beat was taken
  std::uint16_t offered_token_ = 0;
  HeaderFields offered_fields_;

  std::array<Stage, kLatency> pipeline_;
  unsigned oldest_ = 0;
  unsigned in_flight_ = 0;

  std::array<Bank, 2> banks_;
  std::uint8_t active_bank_ = 0;
  unsigned staging_edges_left_ = 0;
};

}  // namespace

std::unique_ptr<SteeringEngine> make_reference_engine() { return std::make_unique<ReferenceEngine>(); }

}  // namespace rssnic
