// What receive steering in RTL must answer to a frame, by the checker's oracle and the parser's budget; and random
// configurations whose queues tell which of them steered a packet.
#pragma once
#include <ostream>

#include "model/steering/rss_config.h"
#include "tb/check/oracle.h"
#include "tb/unit/random_frame.h"
#include "tb/unit/rtl/budget.h"

namespace rssnic::test {

struct Steered {
  std::uint32_t hash = 0;
  unsigned report = 0;
  unsigned queue = 0;
  bool over_budget = false;
  bool operator==(const Steered& other) const {
    return hash == other.hash && report == other.report && queue == other.queue && over_budget == other.over_budget;
  }
  friend std::ostream& operator<<(std::ostream& out, const Steered& s) {
    return out << "report " << s.report << " hash " << std::hex << s.hash << std::dec << " queue " << s.queue
               << (s.over_budget ? " over budget" : "");
  }
};

class SteeringJudge {
 public:
  explicit SteeringJudge(const RssConfig& config, const Budget& budget = {})
      : budget_(budget),
        oracle_({config.hash_types,
                 {config.key.begin(), config.key.end()},
                 config.table,
                 config.unclassified_queue,
                 config.ex_report_always}) {}

  // start: bytes before the Ethernet header.
  Steered due(const FrameBytes& frame, std::size_t start = 0) const {
    const std::size_t begin = std::min(start, frame.size());
    const FrameBytes inner(frame.begin() + static_cast<std::ptrdiff_t>(begin), frame.end());
    const bool over = over_budget(inner, budget_);
    const check::Verdict verdict = oracle_.judge(over ? ConstBytes() : view(inner));
    return {verdict.hash, verdict.report, verdict.queue, over};
  }

 private:
  const Budget budget_;
  const check::Oracle oracle_;
};

// Configuration `number` steers to queues 64 * number to 64 * number + 63 only, so that a queue tells whose it is.
constexpr unsigned kQueuesOfOne = 64;
inline RssConfig numbered_config(RandomFrames& random, unsigned number, unsigned largest_table_log2 = 9) {
  const auto queue = [&] { return static_cast<std::uint16_t>(kQueuesOfOne * number + random.below(kQueuesOfOne)); };
  RssConfig config;
  config.hash_types = random.one_in(2) ? kAllHashTypes : random.below(kAllHashTypes + 1);
  for (std::uint8_t& byte : config.key) byte = random.byte();
  config.table.resize(std::size_t{1} << random.below(largest_table_log2 + 1));
  for (std::uint16_t& entry : config.table) entry = queue();
  config.unclassified_queue = queue();
  config.ex_report_always = random.one_in(3);
  return config;
}

}  // namespace rssnic::test
