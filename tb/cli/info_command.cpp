// rssnic info: what the card is built with.
#include <fmt/format.h>

#include <systemc>

#include "model/net/parameters.h"
#include "model/steering/rss_config.h"
#include "model/virtio/virtqueue.h"
#include "tb/cli/commands.h"
#include "tb/cli/options.h"
#include "tb/cli/values.h"

namespace rssnic::cli {

int info_command(const std::vector<std::string>& arguments) {
  boost::program_options::options_description options("options");
  options.add_options()("help,h", "print this");
  const auto given = parse_options(options, {}, arguments);
  if (given.count("help")) {
    fmt::print("usage: rssnic info\n\n{}", to_text(options));
    return kExitOk;
  }
  const CardParameters card;
  fmt::print("card\n");
  fmt::print("  {:<26}1af4:1041, class 020000, revision 1\n", "PCI function");
  fmt::print("  {:<26}{}\n", "features", feature_names(all_implemented_features()));
  fmt::print("  {:<26}1 to {}\n", "queue pairs", kMaxQueuePairs);
  fmt::print("  {:<26}up to {}, shared beyond\n", "MSI-X vectors", kMaxMsixVectors);
  fmt::print("  {:<26}split and packed, up to {} entries\n", "rings", kMaxQueueSize);
  fmt::print("  {:<26}{} bytes\n", "longest frame", kMaxFrameBytes);
  fmt::print("\nsteering\n");
  fmt::print("  {:<26}{:#x}:", "hash types", kAllHashTypes);
  for (std::size_t report = 1; report < kHashReportNames.size(); ++report) fmt::print(" {}", kHashReportNames[report]);
  fmt::print("\n  {:<26}{} bytes\n", "hash key", kHashKeyBytes);
  fmt::print("  {:<26}1 to {} entries, a power of two\n", "indirection table", kMaxTableEntries);
  fmt::print("\ntiming (defaults)\n");
  fmt::print("  {:<26}{:g} MHz\n", "core clock", card.pcie.clock_mhz);
  fmt::print("  {:<26}generation {}, {} lanes: {:.1f} bytes a cycle each way\n", "PCI Express", card.pcie.generation,
             card.pcie.lanes, card.pcie.bytes_per_cycle());
  fmt::print("  {:<26}{} cycles one way, {} tags, payload {}, read request {} bytes\n", "", card.pcie.latency_cycles,
             card.pcie.tags, card.pcie.max_payload_bytes, card.pcie.max_read_bytes);
  fmt::print("  {:<26}{} frames\n", "MAC FIFO", card.mac_fifo_frames);
  fmt::print("  {:<26}{} slots\n", "packet buffer", card.packet_slots);
  fmt::print("  {:<26}{} buffers a receive queue\n", "prefetch", card.prefetch_buffers);
  fmt::print("\nbuilt with\n");
  fmt::print("  {:<26}{}\n", "SystemC", sc_core::sc_version());
  return kExitOk;
}

}  // namespace rssnic::cli
