// The Verilated steering pipeline alone, in a tight loop: a beat a clock, two evaluations a clock as the card's engine
// does them. Whole, as the card uses it, or without the frame parser: a packet a clock, header fields in the form of
// the pins before the clock starts. It knows neither SystemC nor the card.
//
// A run's results are summed up and the sum is compared with the oracle's; the first run on a load also compares each
// result of one pass, outside the timed part.
#pragma once
#include <memory>
#include <string>

#include "model/steering/rss_config.h"
#include "tb/bench/subject.h"

namespace rssnic::bench {

std::unique_ptr<Subject> make_raw_pipeline(const RssConfig& config);
std::unique_ptr<Subject> make_raw_tuples(const RssConfig& config);
std::string verilator_version();

}  // namespace rssnic::bench
