// The options of rssnic run: what users write, checked, and what follows from it for card, driver and player.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/nic/virtio_nic.h"
#include "tb/check/session.h"
#include "tb/cli/output_options.h"
#include "tb/wire/pcap_player.h"

namespace rssnic::cli {

enum class Progress : std::uint8_t { automatic, on, off };

struct RunOptions {
  NicParameters nic;
  check::SessionOptions session;
  PlayerParameters player;
  bool reference_engine = false;
  double expect_mpps = 0;        // 0: no expectation
  std::string csv, json, junit;  // empty: none
  WaveOptions wave;
  Progress progress = Progress::automatic;
};

// nullopt: --help was asked for and printed. Throws UsageError.
std::optional<RunOptions> parse_run_options(const std::vector<std::string>& arguments);

}  // namespace rssnic::cli
