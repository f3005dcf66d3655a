// Owns the question whether the card took the time it should (docs/timing.md, "What the checker asks"): packets enter
// no faster than the data path carries them, the pipeline's latency is constant while nothing holds it up, but for
// searches for home addresses, and the whole run takes at least as long as the slowest resource needs and no longer
// than that plus a stated slack. The bounds come from the parameters by arithmetic of its own, not from the model.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/net/parameters.h"
#include "tb/check/scoreboard.h"

namespace rssnic::check {

struct TimingParameters {
  unsigned bus_bytes_per_cycle = 64;
  unsigned header_beats = 4;  // beats of a frame that the pipeline reads
  Cycle search_cycles = 48;   // that the search for a home address adds to a packet's way through it, at most
  double link_bytes_per_cycle = 126;
  Cycle link_latency_cycles = 62;
  unsigned max_payload_bytes = 256;
  unsigned tlp_overhead_bytes = 24;
  Cycle window_cycles = 64;
  unsigned tags = 64;
  unsigned receive_queues = 1;      // that the driver has filled
  unsigned prefetch_buffers = 128;  // that the card fetches for each of them
  unsigned fetches_in_flight = 8;   // of each queue
  unsigned ring_buffers = 256;      // that a receive ring holds
  unsigned round_latencies = 7;     // of the link, that a buffer needs at least before it can be used again
  unsigned chained_reads = 0;       // descriptors of a buffer that are read one after the other, beyond the first
  unsigned own_reads = 0;           // that serve one buffer alone
  std::uint32_t buffer_bytes = 2048;
  std::size_t header_bytes = 20;
  bool back_to_back = true;      // the source always has the next frame: the upper bound holds
  bool constant_latency = true;  // the dispatcher keeps pace with the pipeline
};

// Of a card with this driver. The window and the pace of the source are the caller's to say.
TimingParameters timing_parameters(const CardParameters& card, const DriverOptions& driver);

class TimingChecker {
 public:
  explicit TimingChecker(const TimingParameters& parameters) : parameters_(parameters) {}

  void row(const PacketRow& row);  // in tag order
  // What was wrong; empty: nothing. Ends with the check of the total.
  std::vector<std::string> finish();

  Cycle lower_bound() const;  // of the time from the first ingress to the last delivery
  Cycle upper_bound() const;
  Cycle total() const { return packets_ == 0 ? 0 : last_deliver_ - first_ingress_ + 1; }
  std::uint64_t violations() const { return violations_; }

 private:
  void check_latency(const PacketRow& row, Cycle beats);
  void complain(std::string what);

  const TimingParameters parameters_;
  std::vector<std::string> complaints_;
  std::uint64_t violations_ = 0;
  std::uint64_t packets_ = 0;
  Cycle first_ingress_ = 0, last_deliver_ = 0;
  Cycle least_latency_ = 0, most_latency_ = kNever;  // of the pipeline, by the packets seen
  bool search_before_ = false;  // the packet before was searched or may have waited for one that was
  Cycle steer_before_ = 0;
  std::optional<Cycle> next_ingress_;  // not before this
  std::uint64_t beats_ = 0;            // of delivered packets
  std::uint64_t dropped_beats_ = 0;    // of packets that took their time on the data path and were dropped behind it
  std::uint64_t upstream_bytes_ = 0;
  std::vector<std::uint64_t> buffers_;  // by queue
};

}  // namespace rssnic::check
