#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/steering/hash_types.h"
#include "tb/report/run_summary.h"

namespace rssnic::report {
namespace {

constexpr std::size_t kBarWidth = 40;
constexpr std::size_t kQueuesShown = 64;

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string bar(std::uint64_t part, std::uint64_t largest) {
  if (largest == 0 || part == 0) return "";
  const auto width = static_cast<std::size_t>(
      std::ceil(static_cast<double>(part) / static_cast<double>(largest) * static_cast<double>(kBarWidth)));
  return std::string(std::min(width, kBarWidth), '#');
}

std::string without_trailing_blanks(const std::string& text) {
  std::string out;
  for (const char character : text) {
    if (character == '\n') out.erase(out.find_last_not_of(' ') + 1);
    out += character;
  }
  return out;
}

std::string rate(double per_second) {
  if (per_second >= 1e9) return fmt::format("{:.2f} G", per_second / 1e9);
  if (per_second >= 1e6) return fmt::format("{:.2f} M", per_second / 1e6);
  if (per_second >= 1e3) return fmt::format("{:.1f} k", per_second / 1e3);
  return fmt::format("{:.0f} ", per_second);
}

}  // namespace

std::string to_table(const RunSummary& summary) {
  std::string out;
  const auto line = [&](const std::string& name, const std::string& value) {
    out += fmt::format("  {:<22}{}\n", name, value);
  };
  out += "packets\n";
  line("received", fmt::format("{:>14}", grouped(summary.packets())));
  line("delivered", fmt::format("{:>14}", grouped(summary.delivered())));
  for (std::size_t i = 0; i < kDropReasonNames.size(); ++i) {
    if (summary.dropped()[i] > 0) {
      line(fmt::format("dropped-{}", kDropReasonNames[i]), fmt::format("{:>14}", grouped(summary.dropped()[i])));
    }
  }
  if (summary.over_budget > 0) line("headers over budget", fmt::format("{:>14}", grouped(summary.over_budget)));
  if (summary.skipped > 0) line("skipped (link type)", fmt::format("{:>14}", grouped(summary.skipped)));
  line("mismatches", fmt::format("{:>14}", grouped(summary.mismatches().count)));

  out += "\nqueues                     packets  share\n";
  std::uint64_t largest = 0;
  for (const QueueTotal& total : summary.queue_totals()) largest = std::max(largest, total.packets);
  const std::size_t queues = std::max<std::size_t>(summary.queues, summary.queue_totals().size());
  for (std::size_t queue = 0; queue < std::min(queues, kQueuesShown); ++queue) {
    const QueueTotal total = queue < summary.queue_totals().size() ? summary.queue_totals()[queue] : QueueTotal{};
    out += fmt::format("  {:>5} {:>26} {:>5.1f}%  {}\n", queue, grouped(total.packets),
                       share(total.packets, summary.delivered()), bar(total.packets, largest));
  }
  if (queues > kQueuesShown) out += fmt::format("  ... and {} more (all of them with --json)\n", queues - kQueuesShown);

  out += "\nhash reports\n";
  for (std::size_t i = 0; i < kHashReportNames.size(); ++i) {
    if (summary.reports()[i] == 0) continue;
    out += fmt::format("  {:<8} {:>23} {:>5.1f}%\n", kHashReportNames[i], grouped(summary.reports()[i]),
                       share(summary.reports()[i], summary.delivered()));
  }

  if (summary.has_cycles) {
    out += "\npipeline\n";
    line("cycles", fmt::format("{:>14}  at {:g} MHz", grouped(summary.cycles()), summary.clock_mhz));
    line("packets per cycle", fmt::format("{:>14.3f}", summary.packets_per_cycle()));
    line("throughput", fmt::format("{:>14.2f}  Mpps, {:.2f} Gb/s", summary.mpps(), summary.gbps()));
    line("latency", fmt::format("{:>14}  cycles p50, {} p99, {} max", grouped(summary.latency().percentile(0.5)),
                                grouped(summary.latency().percentile(0.99)), grouped(summary.latency().max())));
    line("stalls", fmt::format("{:>14}  cycles for a packet-buffer slot, {} for the pipeline",
                               grouped(summary.stalls_packet_buffer), grouped(summary.stalls_pipeline)));
  }
  out += "\nsimulation\n";
  const double wall = std::max(summary.wall_s, 1e-9);
  line("speed", fmt::format("{}packets/s, {}cycles/s", rate(static_cast<double>(summary.packets()) / wall) + "",
                            rate(static_cast<double>(summary.simulated_cycles) / wall)));
  line("time", fmt::format("{:.2f} s, {:.2f} s CPU", summary.wall_s, summary.cpu_s));
  if (!summary.faults.empty()) {
    out += "\nfaults\n";
    for (const check::Fault& fault : summary.faults) {
      line(to_string(fault.request) + " ", !fault.struck
                                               ? "has not struck"
                                               : fmt::format("cycle {}: {}; {} packets lost", grouped(fault.cycle),
                                                             fault.outcome, grouped(fault.packets_lost)));
    }
  }
  if (!summary.mismatches().notes.empty()) {
    out += "\nmismatches\n";
    for (const std::string& note : summary.mismatches().notes) out += "  " + note + "\n";
  }
  return without_trailing_blanks(out);
}

}  // namespace rssnic::report
