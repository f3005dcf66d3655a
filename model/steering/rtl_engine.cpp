// The steering engine that runs the Verilated RTL (rtl/steering_pipeline.sv): every hash, report, queue and cycle is
// what the pins showed. Software walks the headers and puts the fields on the input port; the configuration goes over
// the configuration bus, a word a clock.
//
// At an edge the pins decide: a frame is accepted where in_valid and in_ready are high, a result leaves where out_valid
// and out_ready are. This is the only file that includes the Verilated class; no file that sees it includes SystemC.
#include <stdexcept>
#include <string>

#include "Vsteering_pipeline.h"
#include "model/packet/header_walk.h"
#include "model/steering/steering_engine.h"
#include "verilated.h"

namespace rssnic {
namespace {

// The configuration bus's map (rtl/rss_pkg.sv).
constexpr std::uint16_t kCfgTable = 0x000;
constexpr std::uint16_t kCfgKey = 0x100;
constexpr std::uint16_t kCfgTypes = 0x110;
constexpr std::uint16_t kCfgMask = 0x111;
constexpr std::uint16_t kCfgUnclassified = 0x112;
constexpr std::uint16_t kCfgCommit = 0x11f;
constexpr std::uint32_t kCfgExAlways = 1u << 16;

// The codes of in_network_i and in_transport_i are the values of these enumerations.
static_assert(static_cast<int>(Network::ipv4) == 1 && static_cast<int>(Network::ipv6) == 2);
static_assert(static_cast<int>(Transport::tcp) == 1 && static_cast<int>(Transport::udp) == 2);

// Verilator keeps a 128-bit port as four words, the last bits first.
void put_address(VlWide<4>& port, const Address& address) {
  for (std::size_t word = 0; word < 4; ++word) port[3 - word] = load_be32(&address[4 * word]);
}

class RtlEngine final : public SteeringEngine {
 public:
  RtlEngine();
  ~RtlEngine() override { pipeline_.final(); }

  bool offer(std::uint16_t token, ConstBytes frame) override;
  void result_space(unsigned free_slots) override;
  void stage(const RssConfig& config) override;
  bool swapping() const override { return !words_.empty(); }
  std::uint8_t active_bank() const override { return active_bank_; }
  void reset() override;
  bool idle() const override { return !pipeline_.in_valid_i && in_flight_ == 0 && words_.empty() && !reset_pending_; }
  Cycle edge() const override { return edge_; }
  void skip_to(Cycle edge) override;
  Outcome clock_until(Cycle limit) override;

 private:
  struct Word {
    std::uint16_t address;
    std::uint32_t data;
  };

  void settle();  // the outputs that answer inputs in the same clock
  void rise();    // the clock edge
  void reset_edge();
  void put_word();
  void clock(Outcome& outcome);

  VerilatedContext context_;
  Vsteering_pipeline pipeline_;
  Cycle edge_ = 0;
  unsigned space_ = 0;
  unsigned in_flight_ = 0;  // accepted, not yet decided
  std::uint8_t active_bank_ = 0;
  bool reset_pending_ = false;
  std::vector<Word> words_;    // of the configuration being written, COMMIT last; empty when none is
  std::size_t next_word_ = 0;  // the one at the pins
};

RtlEngine::RtlEngine() : pipeline_(&context_) { reset_edge(); }

void RtlEngine::settle() {
  pipeline_.clk_i = 0;
  pipeline_.eval();
}

void RtlEngine::rise() {
  pipeline_.clk_i = 1;
  pipeline_.eval();
}

// A frame offered or a configuration staged between reset() and the edge waits at the pins: nothing is transferred
// there.
void RtlEngine::reset_edge() {
  pipeline_.rst_ni = 0;
  settle();
  rise();
  pipeline_.rst_ni = 1;
  reset_pending_ = false;
}

bool RtlEngine::offer(std::uint16_t token, ConstBytes frame) {
  if (pipeline_.in_valid_i) return false;
  const HeaderFields fields = walk_headers(frame);
  pipeline_.in_valid_i = 1;
  pipeline_.in_id_i = token;
  pipeline_.in_network_i = static_cast<CData>(fields.network);
  pipeline_.in_transport_i = static_cast<CData>(fields.transport);
  pipeline_.in_extension_headers_i = fields.extension_headers;
  put_address(pipeline_.in_source_i, fields.source);
  put_address(pipeline_.in_destination_i, fields.destination);
  put_address(pipeline_.in_ex_source_i, fields.ex_source);
  put_address(pipeline_.in_ex_destination_i, fields.ex_destination);
  pipeline_.in_source_port_i = fields.source_port;
  pipeline_.in_destination_port_i = fields.destination_port;
  return true;
}

void RtlEngine::result_space(unsigned free_slots) {
  space_ = free_slots;
  pipeline_.out_ready_i = space_ > 0;
}

void RtlEngine::stage(const RssConfig& config) {
  const std::size_t entries = config.table.size();
  if (swapping()) throw std::logic_error("steering: stage() while another configuration is being written");
  if (entries == 0 || entries > kMaxTableEntries || (entries & (entries - 1)) != 0) {
    throw std::invalid_argument("steering: indirection table of " + std::to_string(entries) +
                                " entries: a power of two from 1 to " + std::to_string(kMaxTableEntries) +
                                " is needed");
  }
  for (std::size_t i = 0; i < entries; i += 2) {
    const std::uint32_t odd = i + 1 < entries ? config.table[i + 1] : 0;
    words_.push_back({static_cast<std::uint16_t>(kCfgTable + i / 2), odd << 16 | config.table[i]});
  }
  for (std::size_t word = 0; word < kHashKeyBytes / 4; ++word) {
    words_.push_back({static_cast<std::uint16_t>(kCfgKey + word), load_be32(&config.key[4 * word])});
  }
  words_.push_back({kCfgTypes, (config.hash_types & kAllHashTypes) | (config.ex_report_always ? kCfgExAlways : 0)});
  words_.push_back({kCfgMask, static_cast<std::uint32_t>(entries - 1)});
  words_.push_back({kCfgUnclassified, config.unclassified_queue});
  words_.push_back({kCfgCommit, 0});
  next_word_ = 0;
  put_word();
}

void RtlEngine::put_word() {
  pipeline_.cfg_valid_i = 1;
  pipeline_.cfg_addr_i = words_[next_word_].address;
  pipeline_.cfg_data_i = words_[next_word_].data;
}

void RtlEngine::reset() {
  pipeline_.in_valid_i = 0;
  pipeline_.cfg_valid_i = 0;
  words_.clear();
  in_flight_ = 0;
  active_bank_ = 0;
  reset_pending_ = true;
}

void RtlEngine::skip_to(Cycle edge) {
  if (!idle() || edge < edge_) throw std::logic_error("steering: skip_to() goes forwards, and only while idle()");
  edge_ = edge;
}

SteeringEngine::Outcome RtlEngine::clock_until(Cycle limit) {
  Outcome outcome;
  while (edge_ < limit && !outcome.any()) {
    if (reset_pending_) {
      reset_edge();
    } else {
      clock(outcome);
    }
    ++edge_;
  }
  return outcome;
}

void RtlEngine::clock(Outcome& outcome) {
  settle();
  outcome.accepted = pipeline_.in_valid_i && pipeline_.in_ready_o;
  outcome.decided = pipeline_.out_valid_o && pipeline_.out_ready_i;
  const bool word_taken = pipeline_.cfg_valid_i && pipeline_.cfg_ready_o;
  if (outcome.decided) {
    outcome.result = {pipeline_.out_id_o,    pipeline_.out_hash_o, static_cast<HashReport>(pipeline_.out_report_o),
                      pipeline_.out_queue_o, pipeline_.out_bank_o, edge_};
  }
  rise();
  if (outcome.accepted) {
    pipeline_.in_valid_i = 0;
    ++in_flight_;
  }
  if (outcome.decided) {
    --in_flight_;
    result_space(space_ - 1);
  }
  if (word_taken) {
    if (++next_word_ < words_.size()) {
      put_word();
    } else {
      words_.clear();
      pipeline_.cfg_valid_i = 0;
      active_bank_ = pipeline_.active_bank_o;
      outcome.swapped = true;
    }
  }
}

}  // namespace

std::unique_ptr<SteeringEngine> make_rtl_engine() { return std::make_unique<RtlEngine>(); }

}  // namespace rssnic
