#include "tb/report/run_summary.h"

#include <algorithm>
#include <numeric>

namespace rssnic::report {
namespace {

constexpr unsigned kSubBits = 10;  // 1024 steps an octave

std::size_t bucket_of(Cycle value) {
  if (value < (Cycle{2} << kSubBits)) return static_cast<std::size_t>(value);
  const unsigned shift = 63u - static_cast<unsigned>(__builtin_clzll(value)) - kSubBits;
  return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(value >> shift);
}

Cycle lower_end(std::size_t bucket) {
  if (bucket < (std::size_t{2} << kSubBits)) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  return (bucket - (shift << kSubBits)) << shift;
}

}  // namespace

void CycleHistogram::add(Cycle value) {
  const std::size_t bucket = bucket_of(value);
  if (counts_.size() <= bucket) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++total_;
  max_ = std::max(max_, value);
}

Cycle CycleHistogram::percentile(double share) const {
  const double wanted = share * static_cast<double>(total_);
  double seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += static_cast<double>(counts_[bucket]);
    if (counts_[bucket] > 0 && seen >= wanted) return lower_end(bucket);
  }
  return 0;
}

void RunSummary::add(const check::PacketRow& row) {
  ++packets_;
  if (row.dropped) {
    ++dropped_[static_cast<std::size_t>(*row.dropped)];
    return;
  }
  if (row.lost) return;  // neither delivered nor dropped: a mismatch
  if (delivered_++ == 0) first_ingress_ = row.ingress;
  last_deliver_ = std::max(last_deliver_, row.deliver);
  delivered_bytes_ += row.length;
  latency_.add(row.deliver - row.ingress);
  if (queue_totals_.size() <= row.queue) queue_totals_.resize(row.queue + std::size_t{1});
  ++queue_totals_[row.queue].packets;
  queue_totals_[row.queue].bytes += row.length;
  if (row.report < reports_.size()) ++reports_[row.report];
}

void RunSummary::add_mismatch(const check::PacketRow& row, const std::string& where, CaptureTotal* capture) {
  const std::string note = where + row.mismatch;
  mismatches_.add(note);
  if (capture != nullptr) capture->mismatches.add(note);
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    if (row.fails(static_cast<check::Check>(i))) checks_[i].add(note);
  }
}

void RunSummary::add_timing_violations(std::uint64_t count, const std::vector<std::string>& complaints) {
  Findings& timing = checks_[static_cast<std::size_t>(check::Check::timing)];
  for (const std::string& complaint : complaints) {
    mismatches_.add("timing: " + complaint);
    timing.add(complaint);
  }
  mismatches_.count += count - complaints.size();
  timing.count += count - complaints.size();
}

std::uint64_t RunSummary::dropped_total() const {
  return std::accumulate(dropped_.begin(), dropped_.end(), std::uint64_t{0});
}

double RunSummary::packets_per_cycle() const {
  return cycles() == 0 ? 0 : static_cast<double>(delivered_) / static_cast<double>(cycles());
}

double RunSummary::gbps() const {
  if (cycles() == 0) return 0;
  return static_cast<double>(delivered_bytes_) * 8 / static_cast<double>(cycles()) * clock_mhz / 1000;
}

}  // namespace rssnic::report
