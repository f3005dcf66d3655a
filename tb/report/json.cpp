#include <nlohmann/json.hpp>

#include "model/steering/hash_types.h"
#include "tb/report/run_summary.h"

namespace rssnic::report {

// The keys are a contract with users: docs/json.md.
std::string to_json(const RunSummary& summary) {
  using nlohmann::ordered_json;
  ordered_json dropped = ordered_json::object();
  for (std::size_t i = 0; i < kDropReasonNames.size(); ++i) {
    if (summary.dropped()[i] > 0) dropped[kDropReasonNames[i]] = summary.dropped()[i];
  }
  ordered_json queues = ordered_json::array();
  for (std::size_t queue = 0; queue < std::max<std::size_t>(summary.queues, summary.queue_totals().size()); ++queue) {
    const QueueTotal total = queue < summary.queue_totals().size() ? summary.queue_totals()[queue] : QueueTotal{};
    queues.push_back({{"queue", queue}, {"packets", total.packets}, {"bytes", total.bytes}});
  }
  ordered_json reports = ordered_json::object();
  for (std::size_t i = 0; i < kHashReportNames.size(); ++i) {
    if (summary.reports()[i] > 0) reports[kHashReportNames[i]] = summary.reports()[i];
  }
  ordered_json json;
  json["packets"] = summary.packets();
  json["delivered"] = summary.delivered();
  json["skipped"] = summary.skipped;
  json["dropped"] = dropped;
  json["mismatches"] = summary.mismatches;
  json["queues"] = queues;
  json["reports"] = reports;
  if (summary.has_cycles) {
    json["pipeline"] = {
        {"cycles", summary.cycles()},
        {"packets_per_cycle", summary.packets_per_cycle()},
        {"mpps", summary.mpps()},
        {"gbps", summary.gbps()},
        {"latency_cycles",
         {{"p50", summary.latency().percentile(0.5)},
          {"p99", summary.latency().percentile(0.99)},
          {"max", summary.latency().max()}}},
        {"stalls", {{"packet_buffer", summary.stalls_packet_buffer}, {"pipeline", summary.stalls_pipeline}}}};
  } else {
    json["pipeline"] = nullptr;
  }
  const auto per_second = [&](double count) { return summary.wall_s > 0 ? count / summary.wall_s : 0; };
  json["simulation"] = {{"cpu_s", summary.cpu_s},
                        {"wall_s", summary.wall_s},
                        {"packets_per_s", per_second(static_cast<double>(summary.packets()))},
                        {"cycles_per_s", per_second(static_cast<double>(summary.simulated_cycles))}};
  return json.dump(2) + "\n";
}

}  // namespace rssnic::report
