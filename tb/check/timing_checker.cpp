#include "tb/check/timing_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/net/net_header.h"

namespace rssnic::check {
namespace {

constexpr std::size_t kComplaintsKept = 20;
constexpr unsigned kUsedElementBytes = 8;
// The stated slack: a share of the bound for what the bound leaves out (descriptor reads, used indices, interrupt
// messages, uneven queues), and a constant for filling and draining.
constexpr double kSlackShare = 1.0;
constexpr Cycle kSlackCycles = 4000;

std::uint64_t pieces(std::uint64_t size, std::uint64_t limit) { return (size + limit - 1) / limit; }

}  // namespace

TimingParameters timing_parameters(const CardParameters& card, const DriverOptions& driver) {
  TimingParameters timing;
  timing.link_bytes_per_cycle = card.pcie.bytes_per_cycle();
  timing.link_latency_cycles = card.pcie.latency_cycles;
  timing.max_payload_bytes = card.pcie.max_payload_bytes;
  timing.tlp_overhead_bytes = card.pcie.header_bytes;
  timing.tags = card.pcie.tags;
  timing.receive_queues = driver.queue_pairs;
  timing.prefetch_buffers = card.prefetch_buffers;
  const FeatureBits features = card.features & driver.wanted;
  timing.ring_buffers = driver.buffers(features, driver.ring_size);
  // The used entry goes up; a split ring's index, entry and descriptor come down, a packed ring's descriptor alone.
  timing.round_latencies = features & VIRTIO_F_RING_PACKED ? 3 : 7;
  if (const unsigned segments = driver.segments(features, driver.ring_size); segments > 1) {
    if (features & VIRTIO_F_INDIRECT_DESC) {
      timing.round_latencies += 2;  // the table
      timing.own_reads = 1;
    } else if (!(features & VIRTIO_F_RING_PACKED)) {
      timing.chained_reads = segments - 1;
      timing.own_reads = segments;
    }
  }
  timing.buffer_bytes = driver.buffer_bytes;
  timing.header_bytes = net_header_bytes(features);
  timing.constant_latency = card.dispatch_cycles == 1;
  return timing;
}

void TimingChecker::complain(std::string what) {
  ++violations_;
  if (complaints_.size() < kComplaintsKept) complaints_.push_back(std::move(what));
}

void TimingChecker::row(const PacketRow& row) {
  if (!row.steered) return;
  const Cycle beats = std::max<Cycle>(pieces(row.length, parameters_.bus_bytes_per_cycle), 1);
  if (next_ingress_ && row.ingress < *next_ingress_) {
    complain(fmt::format("packet {} entered in cycle {}, the one before it occupies the data path up to {}", row.tag,
                         row.ingress, *next_ingress_));
  }
  next_ingress_ = row.ingress + beats;
  check_latency(row, std::min<Cycle>(beats, parameters_.header_beats));
  if (row.dropped || row.lost) {
    dropped_beats_ += beats;
    return;
  }

  if (packets_++ == 0) first_ingress_ = row.ingress;
  last_deliver_ = std::max(last_deliver_, row.deliver);
  beats_ += beats;
  const std::uint64_t bytes = parameters_.header_bytes + row.length;
  const std::uint64_t buffers = pieces(bytes, parameters_.buffer_bytes);
  upstream_bytes_ += bytes + pieces(bytes, parameters_.max_payload_bytes) * parameters_.tlp_overhead_bytes;
  upstream_bytes_ += buffers * kUsedElementBytes;
  if (buffers_.size() <= row.queue) buffers_.resize(row.queue + 1u);
  buffers_[row.queue] += buffers;
}

// The pipeline's latency counts from the beat with which the packet's headers end, which may be any of those that the
// parser reads. So each packet leaves a range for it, and one latency must lie in the ranges of all. A packet that is
// searched for a home address may take longer, and so may those that come up behind it in the pipeline.
void TimingChecker::check_latency(const PacketRow& row, Cycle beats) {
  const Cycle most = row.steer - row.ingress;
  const bool may_wait = row.searched || (search_before_ && row.ingress < steer_before_);
  const Cycle least = most - std::min(most, beats - 1 + (may_wait ? parameters_.search_cycles : 0));
  search_before_ = may_wait;
  steer_before_ = row.steer;
  if (!parameters_.constant_latency) return;
  if (most < least_latency_ || least > most_latency_) {
    return complain(fmt::format(
        "packet {} took {} cycles through the pipeline, by the others it takes {}{}", row.tag, most, least_latency_,
        least_latency_ == most_latency_ ? "" : fmt::format(" to {}", most_latency_ + beats - 1)));
  }
  least_latency_ = std::max(least_latency_, least);
  most_latency_ = std::min(most_latency_, most);
}

Cycle TimingChecker::lower_bound() const {
  const auto link = static_cast<Cycle>(static_cast<double>(upstream_bytes_) / parameters_.link_bytes_per_cycle);
  // A buffer comes round again at the earliest after its used entry has gone up, the driver has seen it at a window
  // edge, and what leads to it has been read, one after the other.
  const Cycle round = parameters_.round_latencies * parameters_.link_latency_cycles;
  Cycle rings = 0;
  for (const std::uint64_t buffers : buffers_)
    rings = std::max<Cycle>(rings, (pieces(buffers, parameters_.ring_buffers) - (buffers > 0)) * round);
  return std::max({static_cast<Cycle>(beats_), link, rings});
}

Cycle TimingChecker::upper_bound() const {
  const Cycle latency = parameters_.link_latency_cycles;
  const Cycle round =
      (parameters_.round_latencies + 2 + 2 * parameters_.chained_reads) * latency + 3 * parameters_.window_cycles;
  std::uint64_t rounds = 0, most = 0, all = 0;
  for (const std::uint64_t buffers : buffers_) {
    rounds += pieces(buffers, parameters_.ring_buffers);
    most = std::max(most, buffers);
    all += buffers;
  }
  // The first fetches of all queues share the tags: index, and for each buffer entry and descriptor, one read each at
  // worst, and what is read for it alone.
  const std::uint64_t reads =
      1 + std::uint64_t{2 + parameters_.own_reads} * std::min(parameters_.prefetch_buffers, parameters_.ring_buffers);
  const Cycle fill = parameters_.receive_queues * reads * 2 * latency / parameters_.tags;
  // Reads that serve one buffer alone go on all the time: so many at once for a queue, so many for all.
  const Cycle fetch = parameters_.own_reads * 2 * latency *
                      std::max(pieces(most, parameters_.fetches_in_flight), pieces(all, parameters_.tags));
  return static_cast<Cycle>(static_cast<double>(lower_bound()) * (1 + kSlackShare)) + rounds * round + fill + fetch +
         dropped_beats_ + kSlackCycles;
}

std::vector<std::string> TimingChecker::finish() {
  if (packets_ > 0) {
    if (total() < lower_bound()) {
      complain(fmt::format("{} cycles in all, at least {} are needed", total(), lower_bound()));
    }
    if (parameters_.back_to_back && total() > upper_bound()) {
      complain(fmt::format("{} cycles in all, at most {} are allowed", total(), upper_bound()));
    }
  }
  return complaints_;
}

}  // namespace rssnic::check
