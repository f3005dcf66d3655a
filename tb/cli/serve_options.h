// The options of rssnic serve.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "model/nic/virtio_nic.h"
#include "tb/cli/output_options.h"
#include "tb/cosim/bridge.h"
#include "tb/wire/pcap_player.h"

namespace rssnic::cli {

enum class WireKind : std::uint8_t { user, tap, pcap, loopback };

struct ServeOptions {
  std::string socket;
  NicParameters nic;
  bool reference_engine = false;
  WireKind wire = WireKind::user;
  std::string tap;            // the device
  PlayerParameters player;    // of WireKind::pcap
  std::string capture, json;  // empty: none
  WaveOptions wave;
  cosim::Sync sync = cosim::Sync::free;
  std::chrono::seconds stats_interval{0};  // 0: on SIGUSR1 only
};

// nullopt: --help was asked for and printed. Throws UsageError.
std::optional<ServeOptions> parse_serve_options(const std::vector<std::string>& arguments);

}  // namespace rssnic::cli
