// Faults that a session plants on purpose (docs/faults.md), and what became of each. A fault strikes once; what the
// card may do about it, and which packets it may lose by it, is decided by the session.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/sim/calendar.h"

namespace rssnic::check {

enum class FaultKind : std::uint8_t {
  dma_read_error,   // the n-th read of the card ends in a bus error
  dma_write_error,  // likewise the n-th write
  late_completion,  // the n-th read is answered kFaultCycles late
  link_stall,       // the link carries nothing for kFaultCycles from packet n on
  ring_head,        // nonsense in a ring when packet n has come in: a head that does not exist,
  ring_index,       // an index that is too far ahead,
  ring_loop,        // a chain without an end
  no_buffers,       // from packet n on no receive buffers, until the card has dropped a packet for it
  reset,            // the driver resets the device when packet n has come in
};
constexpr std::array<const char*, 9> kFaultNames = {"dma-read-error", "dma-write-error", "late-completion",
                                                    "link-stall",     "ring-head",       "ring-index",
                                                    "ring-loop",      "no-buffers",      "reset"};
constexpr Cycle kFaultCycles = 10'000;

struct FaultRequest {
  FaultKind kind = FaultKind::reset;
  std::uint64_t at = 1;  // n, from 1; DMA accesses are counted from the opening of the wire
};
// "reset@100"
std::string to_string(const FaultRequest& fault);

struct Fault {
  FaultRequest request;
  bool struck = false;
  bool settled = false;  // it has struck, and everything about it is over
  bool wrong = false;    // settled, but not as the specification allows
  Cycle cycle = 0;       // in which it struck
  std::string outcome;   // what the card did
  std::uint64_t packets_lost = 0;

  bool counts_reads() const {
    return request.kind == FaultKind::dma_read_error || request.kind == FaultKind::late_completion;
  }
  bool is_dma() const { return counts_reads() || request.kind == FaultKind::dma_write_error; }
};

}  // namespace rssnic::check
