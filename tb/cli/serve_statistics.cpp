#include "tb/cli/serve_statistics.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace rssnic::cli {

std::string to_text(const ServeStatistics& statistics) {
  const CardStatistics& card = statistics.card;
  const cosim::BridgeStatistics& bridge = statistics.bridge;
  std::string text = "statistics\n";
  const auto line = [&text](const char* name, const std::string& value) {
    text += fmt::format("  {:<16}{}\n", name, value);
  };
  line("client", fmt::format("{}, {} so far, device status {:#04x}", statistics.connected ? "connected" : "none",
                             bridge.clients, statistics.device_status));
  line("messages", fmt::format("{} from the client, {} refused, {} for DMA; {} interrupts", bridge.messages,
                               bridge.errors, bridge.dma_messages, bridge.interrupts));
  if (bridge.replies_held > 0) line("replies held", fmt::format("{}, behind writes to memory", bridge.replies_held));
  line("card time",
       fmt::format("{} cycles, {:.6f} s of {:.1f} s", statistics.cycles, statistics.card_s, statistics.wall_s));
  line("throughput", fmt::format("{:.0f} packets received and {:.0f} transmitted in a second of card time",
                                 statistics.received_per_s(), statistics.transmitted_per_s()));
  line("wire", statistics.wire);
  line("received", fmt::format("{}, delivered {}", card.received, card.delivered));
  if (card.over_budget > 0) line("over budget", fmt::format("{} (headers longer than are read)", card.over_budget));
  for (std::size_t reason = 0; reason < card.dropped.size(); ++reason) {
    if (card.dropped[reason] > 0)
      line("dropped", fmt::format("{} ({})", card.dropped[reason], kDropReasonNames[reason]));
  }
  if (statistics.wire_lost > 0) line("lost on the wire", fmt::format("{}", statistics.wire_lost));
  line("transmitted", fmt::format("{}, malformed {}, without a link {}", card.transmitted, card.transmit_malformed,
                                  card.transmit_no_link));
  if (statistics.wire_refused > 0) line("not taken", fmt::format("{} by the wire", statistics.wire_refused));
  line("commands", fmt::format("{}, refused {}; {} steering configurations", card.commands, card.commands_refused,
                               card.configurations));
  line("resets", fmt::format("{}, of single queues {}", card.device_resets, card.queue_resets));
  for (std::size_t fault = 0; fault < card.ring_faults.size(); ++fault) {
    if (card.ring_faults[fault] == 0) continue;
    line("ring fault", fmt::format("{} ({})", card.ring_faults[fault], to_string(static_cast<RingFault>(fault))));
  }
  for (std::size_t queue = 0; queue < statistics.by_queue.size(); ++queue) {
    if (statistics.by_queue[queue] > 0) line("queue", fmt::format("{}: {} packets", queue, statistics.by_queue[queue]));
  }
  for (std::size_t report = 0; report < statistics.by_report.size(); ++report) {
    if (statistics.by_report[report] == 0) continue;
    line("report", fmt::format("{}: {} packets", kHashReportNames[report], statistics.by_report[report]));
  }
  return text;
}

std::string to_json(const ServeStatistics& statistics) {
  using nlohmann::ordered_json;
  const CardStatistics& card = statistics.card;
  const cosim::BridgeStatistics& bridge = statistics.bridge;
  // Counts that are not 0, by name.
  const auto named = [](const auto& counts, const auto& name_of) {
    ordered_json object = ordered_json::object();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0) object[name_of(i)] = counts[i];
    }
    return object;
  };
  ordered_json queues = ordered_json::array();
  for (std::size_t queue = 0; queue < statistics.by_queue.size(); ++queue) {
    queues.push_back({{"queue", queue}, {"packets", statistics.by_queue[queue]}});
  }
  ordered_json json;
  json["client"] = {
      {"connected", statistics.connected}, {"clients", bridge.clients}, {"device_status", statistics.device_status}};
  json["messages"] = {{"received", bridge.messages},
                      {"refused", bridge.errors},
                      {"dma", bridge.dma_messages},
                      {"interrupts", bridge.interrupts},
                      {"replies_held", bridge.replies_held}};
  json["time"] = {{"cycles", statistics.cycles}, {"card_s", statistics.card_s}, {"wall_s", statistics.wall_s}};
  json["throughput"] = {{"received_per_card_s", statistics.received_per_s()},
                        {"transmitted_per_card_s", statistics.transmitted_per_s()}};
  json["wire"] = {{"description", statistics.wire},
                  {"link_up", statistics.link_up},
                  {"lost", statistics.wire_lost},
                  {"not_taken", statistics.wire_refused}};
  json["received"] = card.received;
  json["over_budget"] = card.over_budget;
  json["delivered"] = card.delivered;
  json["dropped"] = named(card.dropped, [](std::size_t i) { return kDropReasonNames[i]; });
  json["transmitted"] = card.transmitted;
  json["transmit_malformed"] = card.transmit_malformed;
  json["transmit_no_link"] = card.transmit_no_link;
  json["commands"] = {{"answered", card.commands},
                      {"refused", card.commands_refused},
                      {"steering_configurations", card.configurations}};
  json["resets"] = card.device_resets;
  json["queue_resets"] = card.queue_resets;
  json["ring_faults"] = named(card.ring_faults, [](std::size_t i) { return to_string(static_cast<RingFault>(i)); });
  json["queues"] = queues;
  json["reports"] = named(statistics.by_report, [](std::size_t i) { return kHashReportNames[i]; });
  // The name of a device or capture may hold any bytes; JSON holds Unicode.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace rssnic::cli
