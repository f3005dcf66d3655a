// Which of a packet's header fields are hashed, and the report that says so: the order of tests of
// virtio 1.4, 5.1.9.4.3 (docs/hashing.md tells it in words). It does not hash and knows no key.
#pragma once
#include <array>
#include <cstdint>

#include "model/bytes.h"
#include "model/packet/header_walk.h"
#include "model/steering/hash_types.h"
#include "model/steering/toeplitz.h"

namespace rssnic {

struct HashInput {
  HashReport report = HashReport::none;  // none: no hash, no bytes
  std::uint8_t size = 0;                 // of `bytes`
  std::array<std::uint8_t, kMaxHashInputBytes> bytes{};

  ConstBytes view() const { return {bytes.data(), size}; }
};

// `hash_types` are the enabled types. `ex_report_always` treats every IPv6 packet as one with extension headers.
HashInput select_hash_input(const HeaderFields& fields, std::uint32_t hash_types, bool ex_report_always);

}  // namespace rssnic
