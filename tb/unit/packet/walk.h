// Helpers of the header walk's tests.
#pragma once
#include <algorithm>
#include <memory>
#include <tuple>

#include "model/packet/header_walk.h"
#include "tb/unit/frame_builder.h"

namespace rssnic {

inline bool operator==(const HeaderFields& a, const HeaderFields& b) {
  const auto tie = [](const HeaderFields& f) {
    return std::tie(f.network, f.transport, f.extension_headers, f.source, f.destination, f.ex_source, f.ex_destination,
                    f.source_port, f.destination_port, f.over_budget);
  };
  return tie(a) == tie(b);
}

namespace test {

// Walks the first `size` bytes in a buffer of exactly that size, so that the sanitizer sees a read past the frame.
inline HeaderFields walk(const FrameBytes& frame, std::size_t size) {
  const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
  std::copy_n(frame.begin(), size, copy.get());
  return walk_headers({copy.get(), size});
}
inline HeaderFields walk(const FrameBytes& frame) { return walk(frame, frame.size()); }

inline Address padded(const Ipv4Address& address) {
  Address padded{};
  std::copy(address.begin(), address.end(), padded.begin());
  return padded;
}

constexpr Ipv6Address kHome = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01};
constexpr Ipv6Address kOtherHome = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x02};
constexpr Ipv6Address kVia = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x52, 0x01};
constexpr Ipv6Address kOtherVia = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x52, 0x02};

}  // namespace test
}  // namespace rssnic
