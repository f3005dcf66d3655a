// A frame on the pins of a Verilated steering pipeline (AXI4-Stream, rtl/receive_steering.sv), a beat at a time.
#pragma once
#include <cstring>

#include "model/steering/steering_engine.h"

namespace rssnic {

// Puts the beat with which `rest` of a frame begins at the pins: data, keep and last. Behind a frame's end are zeros.
template <typename Pipeline>
void put_beat(Pipeline& pipeline, ConstBytes rest) {
  auto& words = pipeline.tdata_i;
  static_assert(sizeof words == kBeatBytes);
  auto* const bytes = reinterpret_cast<std::uint8_t*>(words.data());
  if (rest.size < kBeatBytes) {
    std::memset(bytes, 0, kBeatBytes);
    if (rest.size > 0) std::memcpy(bytes, rest.data, rest.size);
  } else {
    std::memcpy(bytes, rest.data, kBeatBytes);
  }
  // Byte n is in bits 8n to 8n + 7, and Verilator keeps the lowest bits in the first word: on a host with the lowest byte
  // first they are where they belong.
  for (std::size_t word = 0; word < kBeatBytes / 4; ++word) words[word] = load_le32(bytes + 4 * word);
  pipeline.tkeep_i = rest.size < kBeatBytes ? (std::uint64_t{1} << rest.size) - 1 : ~std::uint64_t{0};
  pipeline.tlast_i = rest.size <= kBeatBytes;
}

// What follows the first beat.
inline ConstBytes behind_beat(ConstBytes rest) { return {rest.data + kBeatBytes, rest.size - kBeatBytes}; }

}  // namespace rssnic
