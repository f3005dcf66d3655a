// What a receive steering pipeline is programmed with: one value, replaced as a whole between two packets.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "model/steering/hash_types.h"

namespace rssnic {

constexpr std::size_t kHashKeyBytes = 40;      // rss_max_key_size: 36 bytes of input need 36 + 4 bytes of key
constexpr std::size_t kMaxTableEntries = 512;  // rss_max_indirection_table_length, the RTL's parameter
using HashKey = std::array<std::uint8_t, kHashKeyBytes>;

// The key of Microsoft's published verification suite.
constexpr HashKey kMicrosoftKey = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
                                   0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
                                   0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

struct RssConfig {
  std::uint32_t hash_types = 0;                // subset of kAllHashTypes
  HashKey key{};                               // shorter keys are zero-extended
  std::vector<std::uint16_t> table{0};         // 1 to kMaxTableEntries entries, a power of two; receive queue numbers from 0
  std::uint16_t unclassified_queue = 0;        // for packets without a hash
  bool ex_report_always = false;               // every IPv6 packet counts as one with extension headers (as in QEMU)

  bool operator==(const RssConfig& other) const {
    return hash_types == other.hash_types && key == other.key && table == other.table &&
           unclassified_queue == other.unclassified_queue && ex_report_always == other.ex_report_always;
  }
};

}  // namespace rssnic
