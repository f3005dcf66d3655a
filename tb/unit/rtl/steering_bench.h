// The Verilated receive steering under test, its configuration, and what the checker's oracle says it must answer.
#pragma once
#include "Vreceive_steering_direct.h"
#include "Vreceive_steering_offset.h"
#include "model/steering/config_words.h"
#include "tb/unit/rtl/parser_bench.h"
#include "tb/unit/rtl/steering_judge.h"

namespace rssnic::test {

template <typename Model>
Steered read_steered(const Model& model) {
  return {model.out_hash_o, model.out_report_o, model.out_queue_o, model.out_over_budget_o != 0};
}

template <typename Model>
class SteeringBenchOf : public StreamBench<Model, 64, Steered> {
  using Bench = StreamBench<Model, 64, Steered>;

 public:
  using Bench::clock;
  using Bench::model;
  using Bench::run;

  explicit SteeringBenchOf(const RssConfig& config, std::uint32_t seed = 1, int rtl_seed = RtlContext::default_seed(),
                           const Budget& budget = {})
      : Bench(&read_steered<Model>, seed, rtl_seed), judge_(config, budget) {
    configure(config);
  }

  void configure(const RssConfig& config) {
    for (const ConfigWord& word : config_words(config)) {
      model().cfg_valid_i = 1;
      model().cfg_addr_i = word.address;
      model().cfg_data_i = word.data;
      model().eval();
      while (!model().cfg_ready_o) clock();  // the key's way into the tables
      clock();
    }
    model().cfg_valid_i = 0;
  }

  Steered due(const SentFrame& frame) const { return judge_.due(frame.bytes, frame.start); }

  std::vector<Timed<Steered>> check_frames(const std::vector<SentFrame>& frames, const Pace& pace = {}) {
    auto results = run(frames, pace);
    unsigned shown = 0;
    for (std::size_t n = 0; n < results.size() && shown < 3; ++n) {
      if (results[n].result == due(frames[n])) continue;
      ++shown;
      ADD_FAILURE() << "frame " << n << ": " << results[n].result << ", due " << due(frames[n]) << "\n  start "
                    << frames[n].start << " bytes " << ::testing::PrintToString(frames[n].bytes);
    }
    return results;
  }

 private:
  const SteeringJudge judge_;
};

using SteeringBench = SteeringBenchOf<Vreceive_steering_offset>;
// Without start offsets, and with the hash that needs no tables.
using DirectBench = SteeringBenchOf<Vreceive_steering_direct>;

}  // namespace rssnic::test
