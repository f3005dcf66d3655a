// What a run amounts to: counts, per-queue, per-report and per-capture totals, the checks and what they found, faults,
// latency distribution, times. Fed row by row; memory does not grow with the number of packets.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/net/statistics.h"
#include "tb/check/checks.h"
#include "tb/check/fault.h"
#include "tb/check/scoreboard.h"

namespace rssnic::report {

// Counts of cycles: exact below 2048, then in steps of at most 1/1024 of the value.
class CycleHistogram {
 public:
  void add(Cycle value);
  // The smallest value (its step's lower end) that `share` of all values do not exceed; 0 when empty.
  Cycle percentile(double share) const;
  Cycle max() const { return max_; }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  Cycle max_ = 0;
};

struct QueueTotal {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

constexpr std::size_t kNotesKept = 10;  // of each list of notes

// Mismatches in words: the first ones, and how many there were.
struct Findings {
  std::uint64_t count = 0;
  std::vector<std::string> notes;
  void add(const std::string& note) {
    ++count;
    if (notes.size() < kNotesKept) notes.push_back(note);
  }
};

struct CaptureTotal {
  std::string file;  // its base name, or its path where several captures share that
  std::uint64_t packets = 0, skipped = 0, delivered = 0, dropped = 0;
  Findings mismatches;  // packets
  std::string error;    // unreadable or damaged; empty: neither
  double seconds = 0;   // of wall time
};

class RunSummary {
 public:
  void add(const check::PacketRow& row);  // not of a stray
  // What is wrong with this row or stray, named by `where`; once a row.
  void add_mismatch(const check::PacketRow& row, const std::string& where, CaptureTotal* capture);
  void add_timing_violations(std::uint64_t count, const std::vector<std::string>& complaints);

  // Filled by the run.
  bool has_cycles = true;  // false: a functional run without stamps
  unsigned queues = 1;
  double clock_mhz = 250;
  std::uint64_t skipped = 0;  // records of other link types
  std::vector<CaptureTotal> captures;
  std::vector<check::Fault> faults;
  bool timing_checked = false;
  double expected_mpps = 0;  // 0: no expectation
  bool interrupted = false;
  std::string failure;  // what ended the run early; empty: nothing
  std::uint64_t over_budget = 0;  // packets whose headers the pipeline does not read to their end
  std::uint64_t stalls_packet_buffer = 0;
  std::uint64_t stalls_pipeline = 0;
  Cycle simulated_cycles = 0;  // from power-on
  double cpu_s = 0, wall_s = 0;

  const Findings& mismatches() const { return mismatches_; }  // packets and timing
  const Findings& mismatches_of(check::Check check) const { return checks_[static_cast<std::size_t>(check)]; }
  bool too_slow() const { return expected_mpps > 0 && !interrupted && mpps() < expected_mpps; }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t delivered_bytes() const { return delivered_bytes_; }
  const std::array<std::uint64_t, kDropReasonNames.size()>& dropped() const { return dropped_; }
  std::uint64_t dropped_total() const;
  const std::vector<QueueTotal>& queue_totals() const { return queue_totals_; }
  const std::array<std::uint64_t, 10>& reports() const { return reports_; }
  const CycleHistogram& latency() const { return latency_; }
  // From the first packet's ingress to the last one's delivery.
  Cycle cycles() const { return delivered_ == 0 ? 0 : last_deliver_ - first_ingress_ + 1; }
  double packets_per_cycle() const;
  double mpps() const { return packets_per_cycle() * clock_mhz; }
  double gbps() const;

 private:
  std::uint64_t packets_ = 0, delivered_ = 0, delivered_bytes_ = 0;
  std::array<std::uint64_t, kDropReasonNames.size()> dropped_{};
  std::vector<QueueTotal> queue_totals_;
  std::array<std::uint64_t, 10> reports_{};
  Findings mismatches_;
  check::PerCheck<Findings> checks_;
  CycleHistogram latency_;
  Cycle first_ingress_ = 0, last_deliver_ = 0;
};

std::string to_json(const RunSummary& summary);
// For CI servers: a suite `captures` with a case a capture, and a suite `checks` with a case a check.
std::string to_junit(const RunSummary& summary);
// For people: counts, a bar a queue, hash reports, pipeline, simulation speed.
std::string to_table(const RunSummary& summary);

}  // namespace rssnic::report
