// A PCI Express link as busy-until times: bandwidth in both directions, one-way latency, maximum payload and read
// request sizes, overhead a TLP, and a finite number of tags. Requests share the upstream direction in the order of the
// calls, so posted writes stay in order and reads do not pass them. docs/timing.md names every default and its source.
// What it does not model: flow-control credits, DLLP traffic, relaxed ordering, errors below the transaction layer.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "model/recycling_queue.h"
#include "model/sim/dma_port.h"

namespace rssnic {

struct PcieParameters {
  unsigned generation = 4;           // 1 to 5: 2.5, 5, 8, 16, 32 GT/s a lane
  unsigned lanes = 16;               // 1, 2, 4, 8, 16
  double clock_mhz = 250.0;          // of the card's core clock, in which all cycles are counted
  unsigned max_payload_bytes = 256;  // of one write or completion TLP
  unsigned max_read_bytes = 512;     // of one read request
  unsigned header_bytes = 24;        // a request TLP: 4 DW header, sequence number, LCRC, framing
  unsigned completion_bytes = 20;    // a completion TLP: 3 DW header and the same framing
  unsigned tags = 64;                // reads outstanding
  Cycle latency_cycles = 62;         // one way, card to memory: 250 ns at 250 MHz

  // Bytes a core cycle in one direction, after line coding (8b/10b, or 128b/130b from generation 3 on).
  double bytes_per_cycle() const;
};

class PcieLink final : public DmaPort {
 public:
  PcieLink(Calendar& calendar, HostMemory& memory, const PcieParameters& parameters);

  unsigned tags_free() const override { return parameters_.tags - tags_used_; }
  void want_tag(DmaClient& client) override;
  std::size_t max_read_bytes() const override { return parameters_.max_read_bytes; }
  void read(DmaClient& client, std::uint32_t ticket, std::uint64_t address, Bytes into) override;
  void write(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) override;
  void write_in_place(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) override;
  Cycle posted_backlog() const override;
  void cancel(DmaClient& client) override;
  void cancel_all() override;

  // The link carries nothing more in either direction before `until`; what is under way by then still arrives.
  void stall(Cycle until);

  void observe(CardProbe* probe) { probe_ = probe; }  // null: nobody listens
  const PcieParameters& parameters() const { return parameters_; }
  std::uint64_t upstream_bytes() const { return upstream_bytes_; }      // TLP bytes sent, overhead included
  std::uint64_t downstream_bytes() const { return downstream_bytes_; }  // TLP bytes received

 private:
  // Time within a cycle, in 1/65536 cycle: link times are not whole cycles.
  using Fine = std::uint64_t;
  static constexpr unsigned kFineBits = 16;
  struct Moment {
    Cycle cycle = 0;
    Fine fine = 0;  // below one cycle
  };

  struct Write {
    DmaClient* client = nullptr;
    std::uint32_t ticket = 0;
    std::uint64_t address = 0;
    ConstBytes bytes;  // in `copy`, or where the client keeps them
    std::vector<std::uint8_t> copy;
    bool discarded = false;
  };
  struct Read {
    DmaClient* client = nullptr;  // null: tag free, or the read was cancelled
    std::uint32_t ticket = 0;
    DmaStatus status = DmaStatus::ok;
    std::uint64_t address = 0;
    Bytes into;
  };

  Cycle occupy(Moment& busy, Cycle ready, std::uint64_t bytes) const;
  Cycle send_upstream(std::uint64_t address, std::size_t payload, std::size_t limit, std::size_t payload_on_link);
  void post(Write& write, DmaClient* client, std::uint32_t ticket, std::uint64_t address);
  void on_write_arrives();
  void on_read_arrives(std::uint32_t tag);
  void on_read_completes(std::uint32_t tag);

  Calendar& calendar_;
  HostMemory& memory_;
  const PcieParameters parameters_;
  const double fine_per_byte_;  // rounded once a transfer, not once a byte: any clock keeps its rate
  Moment upstream_busy_;        // until when the link sends to the host
  Moment downstream_busy_;      // until when it receives
  unsigned tags_used_ = 0;
  std::uint64_t upstream_bytes_ = 0;
  std::uint64_t downstream_bytes_ = 0;
  RecyclingQueue<Write> writes_;  // posted, not yet visible; in order
  std::vector<Read> reads_;       // by tag
  std::vector<std::uint32_t> free_tags_;
  std::deque<DmaClient*> waiting_for_tag_;
  CardProbe* probe_ = nullptr;
};

}  // namespace rssnic
