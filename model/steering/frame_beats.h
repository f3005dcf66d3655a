// A frame on the pins of a Verilated steering pipeline (AXI4-Stream, rtl/receive_steering.sv), a beat at a time.
#pragma once
#include <cstring>

#include "model/steering/steering_engine.h"

namespace rssnic {

// Puts the beat with which `rest` of a frame begins at the pins: data, keep and last. Behind a frame's end are zeros.
template <typename Pipeline>
void put_beat(Pipeline& pipeline, ConstBytes rest) {
  std::uint8_t padded[kBeatBytes];
  const std::uint8_t* bytes = rest.data;
  if (rest.size < kBeatBytes) {
    std::memset(padded, 0, kBeatBytes);
    if (rest.size > 0) std::memcpy(padded, rest.data, rest.size);
    bytes = padded;
  }
  // Byte n is in bits 8n to 8n + 7, and Verilator keeps the lowest bits in the first word.
  for (std::size_t word = 0; word < kBeatBytes / 4; ++word) pipeline.tdata_i[word] = load_le32(bytes + 4 * word);
  pipeline.tkeep_i = rest.size < kBeatBytes ? (std::uint64_t{1} << rest.size) - 1 : ~std::uint64_t{0};
  pipeline.tlast_i = rest.size <= kBeatBytes;
}

// What follows the first beat.
inline ConstBytes behind_beat(ConstBytes rest) { return {rest.data + kBeatBytes, rest.size - kBeatBytes}; }

}  // namespace rssnic
