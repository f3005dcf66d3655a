// Host memory as the card's engines see it: split transactions with tickets (nothing here blocks), and, on the far side
// of the link, plain bytes without time.
#pragma once
#include <cstdint>

#include "model/bytes.h"
#include "model/sim/calendar.h"
#include "model/sim/card_probe.h"

namespace rssnic {

enum class DmaStatus : std::uint8_t { ok, bus_error };

class DmaClient {
 public:
  // Called from the calendar at the cycle of completion; `ticket` is the client's own number for the request.
  virtual void on_dma(std::uint32_t ticket, DmaStatus status) = 0;
  // A tag has become free after tags_free() was 0 and this client asked for one with want_tag().
  virtual void on_tag_free() {}
  // For a CardProbe: what the transfer with this ticket is for. Asked for only where somebody listens.
  virtual DmaPurpose dma_purpose(std::uint32_t /*ticket*/) const { return {}; }

 protected:
  ~DmaClient() = default;

 private:
  friend class PcieLink;
  bool waits_for_tag_ = false;  // the port's own note
};

class DmaPort {
 public:
  virtual ~DmaPort() = default;
  // Outstanding non-posted reads still allowed.
  virtual unsigned tags_free() const = 0;
  // Calls on_tag_free() once, in the order of asking, when a tag can be had.
  virtual void want_tag(DmaClient& client) = 0;
  // Largest read that one tag may ask for, in bytes.
  virtual std::size_t max_read_bytes() const = 0;
  // Non-posted. Needs a free tag and 1 <= size <= max_read_bytes(). `into` stays valid until on_dma (or a cancel).
  // Completions of one client come in the order of its requests.
  virtual void read(DmaClient& client, std::uint32_t ticket, std::uint64_t address, Bytes into) = 0;
  // Posted: copied before return, and in order with every earlier write. A null client wants no completion; otherwise
  // on_dma comes at the cycle in which the host sees the last byte.
  virtual void write(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) = 0;
  // The same without the copy: the bytes stay where and as they are until on_dma (or a cancel).
  virtual void write_in_place(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) = 0;
  // Cycles until the host has seen everything asked for so far: posted writes, and the requests of reads.
  virtual Cycle posted_backlog() const { return 0; }
  // No further on_dma and no on_tag_free for this client; its posted writes that the host has not seen yet are
  // discarded, and its reads in flight keep their tags until they would have returned (queue reset). Memory that a read
  // was to fill is let alone, but for a read that the host is serving just now (HostMemory::read has not returned).
  virtual void cancel(DmaClient& client) = 0;
  // The same for all clients, and for writes of none (device reset).
  virtual void cancel_all() = 0;
};

// What the shell gives the link: bytes only. `extra` is latency in cycles that the target asked for (0 when it did
// not).
class HostMemory {
 public:
  virtual ~HostMemory() = default;
  virtual DmaStatus read(std::uint64_t address, Bytes into, Cycle& extra) = 0;
  virtual DmaStatus write(std::uint64_t address, ConstBytes from, Cycle& extra) = 0;
};

}  // namespace rssnic
