// What every kind of virtqueue shares: sums over a chain and the names of the faults.
#include "model/virtio/virtqueue.h"

namespace rssnic {
namespace {

template <class Segments>
std::uint64_t total_bytes(const Segments& segments) {
  std::uint64_t total = 0;
  for (const Segment& segment : segments) total += segment.length;
  return total;
}

}  // namespace

std::uint64_t Chain::readable_bytes() const { return total_bytes(readable); }
std::uint64_t Chain::writable_bytes() const { return total_bytes(writable); }

const char* to_string(RingFault fault) {
  switch (fault) {
    case RingFault::none:
      return "none";
    case RingFault::head_out_of_range:
      return "head_out_of_range";
    case RingFault::next_out_of_range:
      return "next_out_of_range";
    case RingFault::loop:
      return "loop";
    case RingFault::too_many_available:
      return "too_many_available";
    case RingFault::incomplete_chain:
      return "incomplete_chain";
    case RingFault::write_order:
      return "write_order";
    case RingFault::bad_indirect:
      return "bad_indirect";
    case RingFault::too_long:
      return "too_long";
    case RingFault::bus_error:
      return "bus_error";
  }
  return "unknown";
}

}  // namespace rssnic
