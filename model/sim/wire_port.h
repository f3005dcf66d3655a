// The two directions of the wire. Received frames are pulled by the card, so that the source's state at a cycle does
// not depend on the steps in which time advances; transmitted frames are handed over whole.
#pragma once
#include <cstdint>

#include "model/bytes.h"
#include "model/sim/calendar.h"

namespace rssnic {

constexpr std::size_t kMaxFrameBytes = 256 * 1024;  // the longest frame that card and captures know

struct WireFrame {
  ConstBytes bytes;       // Ethernet header to the last byte, no FCS; owned by the source
  Cycle arrival = 0;      // the cycle at whose start the last byte has come in; never falls from frame to frame
  bool may_wait = true;   // true: the source holds the frame back until the MAC FIFO has room; false: it is lost then
  std::uint64_t tag = 0;  // the source's own number, reported with everything that happens to the frame
};

class WireSource {
 public:
  virtual ~WireSource() = default;
  // The next frame of the line; null when there is none now. Stays valid until pop().
  virtual const WireFrame* front() = 0;
  virtual void pop() = 0;
};

class WireSink {
 public:
  virtual ~WireSink() = default;
  // A frame whose last bit left the card in cycle `when`; the bytes are valid during the call only.
  virtual void transmit(ConstBytes frame, Cycle when) = 0;
  // The same for a sink that has queues of its own: `queue` is the transmit queue, from 0.
  virtual void transmit_from(unsigned /*queue*/, ConstBytes frame, Cycle when) { transmit(frame, when); }
};

}  // namespace rssnic
