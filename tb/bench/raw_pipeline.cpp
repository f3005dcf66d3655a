#include "tb/bench/raw_pipeline.h"

#include <fmt/format.h>

#include "Vsteering_pipeline.h"
#include "model/packet/header_walk.h"
#include "model/steering/config_words.h"
#include "tb/check/oracle.h"
#include "verilated.h"

namespace rssnic::bench {
namespace {

struct Pins {
  VlWide<4> source, destination, ex_source, ex_destination;
  SData source_port, destination_port;
  CData network, transport, extension_headers;
};

// Verilator keeps a 128-bit port as four words, the last bits first.
void put_address(VlWide<4>& port, const Address& address) {
  for (std::size_t word = 0; word < 4; ++word) port[3 - word] = load_be32(&address[4 * word]);
}

Pins pins_of(const HeaderFields& fields) {
  Pins pins;
  put_address(pins.source, fields.source);
  put_address(pins.destination, fields.destination);
  put_address(pins.ex_source, fields.ex_source);
  put_address(pins.ex_destination, fields.ex_destination);
  pins.source_port = fields.source_port;
  pins.destination_port = fields.destination_port;
  pins.network = static_cast<CData>(fields.network);
  pins.transport = static_cast<CData>(fields.transport);
  pins.extension_headers = fields.extension_headers;
  return pins;
}

std::uint64_t weight(std::uint32_t hash, std::uint32_t report, std::uint32_t queue) {
  return hash + (std::uint64_t{report} << 32) + (std::uint64_t{queue} << 40);
}

class RawPipeline final : public Subject {
 public:
  explicit RawPipeline(const RssConfig& config);
  ~RawPipeline() override { pipeline_.final(); }

  void begin(const Load& load, std::uint64_t packets) override;
  void run() override;
  void end() override;

 private:
  void clock() {
    pipeline_.clk_i = 0;
    pipeline_.eval();
    pipeline_.clk_i = 1;
    pipeline_.eval();
  }
  void put(const Pins& pins);
  void compare_one_pass();
  // Sends `packets` packets through, on_result(): a result is at the pins.
  template <typename OnResult>
  void steer(std::uint64_t packets, const OnResult& on_result);

  VerilatedContext context_;
  Vsteering_pipeline pipeline_;
  const check::Oracle oracle_;
  const Load* load_ = nullptr;
  std::vector<Pins> pins_;                // by number of the frame
  std::vector<check::Verdict> expected_;  // likewise
  std::uint64_t packets_ = 0;
  std::uint64_t sum_ = 0;
};

RawPipeline::RawPipeline(const RssConfig& config)
    : pipeline_(&context_),
      oracle_({config.hash_types,
               {config.key.begin(), config.key.end()},
               config.table,
               config.unclassified_queue,
               config.ex_report_always}) {
  pipeline_.rst_ni = 0;
  clock();
  pipeline_.rst_ni = 1;
  pipeline_.out_ready_i = 1;
  pipeline_.cfg_valid_i = 1;
  for (const ConfigWord& word : config_words(config)) {  // taken at once: the pipeline is empty
    pipeline_.cfg_addr_i = word.address;
    pipeline_.cfg_data_i = word.data;
    clock();
  }
  pipeline_.cfg_valid_i = 0;
}

void RawPipeline::begin(const Load& load, std::uint64_t packets) {
  packets_ = packets;
  if (load_ == &load) return;
  load_ = &load;
  pins_.clear();
  expected_.clear();
  for (std::size_t number = 0; number < load.distinct(); ++number) {
    pins_.push_back(pins_of(walk_headers(load.frame(number))));
    expected_.push_back(oracle_.judge(load.frame(number)));
  }
  compare_one_pass();
}

inline void RawPipeline::put(const Pins& pins) {
  pipeline_.in_network_i = pins.network;
  pipeline_.in_transport_i = pins.transport;
  pipeline_.in_extension_headers_i = pins.extension_headers;
  pipeline_.in_source_i = pins.source;
  pipeline_.in_destination_i = pins.destination;
  pipeline_.in_ex_source_i = pins.ex_source;
  pipeline_.in_ex_destination_i = pins.ex_destination;
  pipeline_.in_source_port_i = pins.source_port;
  pipeline_.in_destination_port_i = pins.destination_port;
}

// The result side is always ready, so the pipeline takes a packet at every clock.
template <typename OnResult>
void RawPipeline::steer(std::uint64_t packets, const OnResult& on_result) {
  const std::vector<std::uint32_t>& order = load_->order();
  std::size_t position = 0;
  std::uint64_t results = 0;
  pipeline_.in_valid_i = 1;
  for (std::uint64_t sent = 0; sent < packets; ++sent) {
    put(pins_[order[position]]);
    if (++position == order.size()) position = 0;
    pipeline_.in_id_i = static_cast<SData>(sent);
    clock();
    if (pipeline_.out_valid_o) {
      on_result();
      ++results;
    }
  }
  pipeline_.in_valid_i = 0;
  constexpr unsigned kMoreThanItsDepth = 64;
  for (unsigned edge = 0; edge < kMoreThanItsDepth; ++edge) {
    clock();
    if (pipeline_.out_valid_o) {
      on_result();
      ++results;
    }
  }
  if (results != packets) {
    throw WrongResult(fmt::format("the pipeline gave {} results for {} packets", results, packets));
  }
}

void RawPipeline::compare_one_pass() {
  std::uint64_t result = 0;
  steer(load_->order().size(), [&] {
    const check::Verdict& due = expected_[load_->order()[result]];
    if (pipeline_.out_id_o != static_cast<SData>(result) || pipeline_.out_hash_o != due.hash ||
        pipeline_.out_report_o != due.report || pipeline_.out_queue_o != due.queue) {
      throw WrongResult(fmt::format("packet {}: the pipeline says hash {:08x} report {} queue {}, due are {:08x} {} {}",
                                    result, pipeline_.out_hash_o, pipeline_.out_report_o, pipeline_.out_queue_o,
                                    due.hash, due.report, due.queue));
    }
    ++result;
  });
}

void RawPipeline::run() {
  sum_ = 0;
  steer(packets_, [this] { sum_ += weight(pipeline_.out_hash_o, pipeline_.out_report_o, pipeline_.out_queue_o); });
}

void RawPipeline::end() {
  const std::vector<std::uint32_t>& order = load_->order();
  std::uint64_t due = 0;
  for (std::uint64_t packet = 0; packet < packets_; ++packet) {
    const check::Verdict& verdict = expected_[order[packet % order.size()]];
    due += weight(verdict.hash, verdict.report, verdict.queue);
  }
  if (sum_ != due) throw WrongResult(fmt::format("the results sum up to {:x}, due is {:x}", sum_, due));
}

}  // namespace

std::unique_ptr<Subject> make_raw_pipeline(const RssConfig& config) { return std::make_unique<RawPipeline>(config); }

std::string verilator_version() { return Verilated::productVersion(); }

}  // namespace rssnic::bench
