// A steering configuration as the words that go over the pipeline's configuration bus (map: rtl/rss_pkg.sv), in order,
// the commit last. It knows nothing of clocks; who writes them waits for cfg_ready_o.
#pragma once
#include <cstdint>
#include <vector>

#include "model/steering/rss_config.h"

namespace rssnic {

struct ConfigWord {
  std::uint16_t address;
  std::uint32_t data;
};

// Addresses.
constexpr std::uint16_t kCfgTable = 0x0000;
constexpr std::uint16_t kCfgKey = 0x4000;
constexpr std::uint16_t kCfgTypes = 0x4010;
constexpr std::uint16_t kCfgMask = 0x4011;
constexpr std::uint16_t kCfgUnclassified = 0x4012;
constexpr std::uint16_t kCfgCommit = 0x401f;

// Throws std::invalid_argument for a table that is no power of two up to kMaxTableEntries.
std::vector<ConfigWord> config_words(const RssConfig& config);

}  // namespace rssnic
