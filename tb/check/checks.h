// What a run is checked for, by the names that reports use. A mismatch belongs to one check.
#pragma once
#include <array>
#include <cstdint>

namespace rssnic::check {

enum class Check : std::uint8_t {
  bytes,     // a packet comes out as it went in, with nothing written behind it
  order,     // within its queue
  steering,  // queue, hash and report
  header,    // the other fields of struct virtio_net_hdr
  delivery,  // nothing lost, invented or delivered twice
  drops,     // what is dropped is dropped for a good reason
  stamps,    // arrival, ingress, steer and deliver in this order
  timing,    // docs/timing.md, "What the checker asks"
};
constexpr std::array<const char*, 8> kCheckNames = {"bytes",    "order", "steering", "header",
                                                    "delivery", "drops", "stamps",   "timing"};
template <typename T>
using PerCheck = std::array<T, kCheckNames.size()>;

}  // namespace rssnic::check
