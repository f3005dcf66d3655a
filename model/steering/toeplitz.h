// The Toeplitz hash of receive-side scaling (virtio 1.4, 5.1.3): the XOR of those 32-bit windows of the key that
// begin at the bit numbers of the input's set bits, most significant bit of the first byte first. Two forms with equal
// results: a plain function, and tables for one key, which cost 36 KiB and hash about ten times faster.
#pragma once
#include <array>
#include <cstdint>

#include "model/bytes.h"
#include "model/steering/rss_config.h"

namespace rssnic {

constexpr std::size_t kMaxHashInputBytes = 36;  // two IPv6 addresses and two ports

// `input` is at most kMaxHashInputBytes long.
std::uint32_t toeplitz(const HashKey& key, ConstBytes input);

class ToeplitzTable {
 public:
  explicit ToeplitzTable(const HashKey& key);
  // `input` is at most kMaxHashInputBytes long.
  std::uint32_t hash(ConstBytes input) const;

 private:
  std::array<std::array<std::uint32_t, 256>, kMaxHashInputBytes> by_byte_;  // the share of each value of each byte
};

}  // namespace rssnic
