// What the card reports about each received frame, for checkers and waveforms. A frame is known by the tag its source
// gave it. Calls come in the order in which things happen; observing changes nothing.
#pragma once
#include <array>
#include <cstdint>

#include "model/sim/calendar.h"

namespace rssnic {

enum class DropReason : std::uint8_t {
  fifo,       // the MAC FIFO was full when the frame came in
  runt,       // zero bytes
  oversize,   // longer than kMaxFrameBytes, or than the negotiated MTU allows
  filter,     // the receive filter (addresses, VLANs, receive modes) refused it
  no_queue,   // the receive queue it was steered to is not enabled, or is being reset
  no_buffer,  // the receive queue had no buffers for too long, or cannot hold the frame at all
  reset,      // inside the card when the driver reset it, or in a receive queue's hands when it reset that
};
constexpr std::array<const char*, 7> kDropReasonNames = {"fifo",     "runt",      "oversize", "filter",
                                                         "no-queue", "no-buffer", "reset"};

// What the steering pipeline decided: the fields of the received packet's header, and the receive queue from 0.
struct Steered {
  std::uint32_t hash = 0;
  std::uint16_t report = 0;
  std::uint16_t queue = 0;
};

class PacketObserver {
 public:
  virtual ~PacketObserver() = default;
  virtual void on_ingress(std::uint64_t /*tag*/, Cycle /*when*/) {}  // accepted by the steering pipeline
  virtual void on_steer(std::uint64_t /*tag*/, const Steered& /*decision*/, Cycle /*when*/) {}
  virtual void on_deliver(std::uint64_t /*tag*/, unsigned /*queue*/, Cycle /*when*/) {
  }  // used entry visible to the host
  virtual void on_drop(std::uint64_t /*tag*/, DropReason /*reason*/, Cycle /*when*/) {}
};

}  // namespace rssnic
