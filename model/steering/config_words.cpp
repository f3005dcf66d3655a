#include "model/steering/config_words.h"

#include <stdexcept>
#include <string>

#include "model/bytes.h"

namespace rssnic {
namespace {

constexpr std::uint32_t kCfgExAlways = 1u << 16;

}  // namespace

std::vector<ConfigWord> config_words(const RssConfig& config) {
  const std::size_t entries = config.table.size();
  if (entries == 0 || entries > kMaxTableEntries || (entries & (entries - 1)) != 0) {
    throw std::invalid_argument("steering: indirection table of " + std::to_string(entries) +
                                " entries: a power of two from 1 to " + std::to_string(kMaxTableEntries) +
                                " is needed");
  }
  std::vector<ConfigWord> words;
  for (std::size_t i = 0; i < entries; i += 2) {
    const std::uint32_t odd = i + 1 < entries ? config.table[i + 1] : 0;
    words.push_back({static_cast<std::uint16_t>(kCfgTable + i / 2), odd << 16 | config.table[i]});
  }
  for (std::size_t word = 0; word < kHashKeyBytes / 4; ++word) {
    words.push_back({static_cast<std::uint16_t>(kCfgKey + word), load_be32(&config.key[4 * word])});
  }
  words.push_back({kCfgTypes, (config.hash_types & kAllHashTypes) | (config.ex_report_always ? kCfgExAlways : 0)});
  words.push_back({kCfgMask, static_cast<std::uint32_t>(entries - 1)});
  words.push_back({kCfgUnclassified, config.unclassified_queue});
  words.push_back({kCfgCommit, 0});
  return words;
}

}  // namespace rssnic
