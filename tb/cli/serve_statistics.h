// What a server has done so far, for people and for programs.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/net/statistics.h"
#include "model/steering/hash_types.h"
#include "tb/cosim/bridge.h"

namespace rssnic::cli {

struct ServeStatistics {
  bool connected = false;
  std::uint8_t device_status = 0;
  cosim::BridgeStatistics bridge;
  CardStatistics card;
  Cycle cycles = 0;
  double card_s = 0, wall_s = 0;
  std::string wire;  // in words
  bool link_up = true;
  std::uint64_t wire_lost = 0, wire_refused = 0;
  std::vector<std::uint64_t> by_queue;  // delivered packets
  std::array<std::uint64_t, kHashReportNames.size()> by_report{};

  // Packets of either direction in a second of card time.
  double received_per_s() const { return per_card_second(card.delivered); }
  double transmitted_per_s() const { return per_card_second(card.transmitted); }

 private:
  double per_card_second(std::uint64_t count) const { return card_s > 0 ? static_cast<double>(count) / card_s : 0; }
};

std::string to_text(const ServeStatistics& statistics);
// The keys are a contract with users: docs/json.md.
std::string to_json(const ServeStatistics& statistics);

}  // namespace rssnic::cli
