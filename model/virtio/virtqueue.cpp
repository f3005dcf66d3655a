// The names of the faults.
#include "model/virtio/virtqueue.h"

namespace rssnic {
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
