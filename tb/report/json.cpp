#include <nlohmann/json.hpp>

#include "model/steering/hash_types.h"
#include "tb/report/run_summary.h"

namespace rssnic::report {
namespace {

using nlohmann::ordered_json;

ordered_json captures_of(const RunSummary& summary) {
  ordered_json captures = ordered_json::array();
  for (const CaptureTotal& capture : summary.captures) {
    captures.push_back({{"file", capture.file},
                        {"packets", capture.packets},
                        {"skipped", capture.skipped},
                        {"delivered", capture.delivered},
                        {"dropped", capture.dropped},
                        {"mismatches", capture.mismatches.count},
                        {"error", nullptr}});
    if (!capture.error.empty()) captures.back()["error"] = capture.error;
  }
  return captures;
}

ordered_json faults_of(const RunSummary& summary) {
  ordered_json faults = ordered_json::array();
  for (const check::Fault& fault : summary.faults) {
    faults.push_back({{"fault", to_string(fault.request)},
                      {"struck", fault.struck},
                      {"as_allowed", fault.settled && !fault.wrong},
                      {"cycle", nullptr},
                      {"outcome", fault.outcome},
                      {"packets_lost", fault.packets_lost}});
    if (fault.struck) faults.back()["cycle"] = fault.cycle;
  }
  return faults;
}

}  // namespace

// The keys are a contract with users: docs/json.md.
std::string to_json(const RunSummary& summary) {
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
  json["over_budget"] = summary.over_budget;
  json["mismatches"] = summary.mismatches().count;
  ordered_json by_check = ordered_json::object();
  for (std::size_t i = 0; i < check::kCheckNames.size(); ++i) {
    by_check[check::kCheckNames[i]] = summary.mismatches_of(static_cast<check::Check>(i)).count;
  }
  json["mismatches_by_check"] = by_check;
  json["captures"] = captures_of(summary);
  json["faults"] = faults_of(summary);
  json["interrupted"] = summary.interrupted;
  json["failure"] = nullptr;
  if (!summary.failure.empty()) json["failure"] = summary.failure;
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
  // File names may hold any bytes; JSON holds Unicode.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace rssnic::report
