#include "tb/bench/raw_pipeline.h"

#include <fmt/format.h>

#include "Vreceive_steering.h"
#include "Vsteering_core.h"
#include "model/steering/config_words.h"
#include "model/steering/frame_beats.h"
#include "tb/check/oracle.h"
#include "verilated.h"

namespace rssnic::bench {
namespace {

std::uint64_t weight(std::uint32_t hash, std::uint32_t report, std::uint32_t queue) {
  return hash + (std::uint64_t{report} << 32) + (std::uint64_t{queue} << 40);
}

// How packets get to the pins of a pipeline: connect() once, prepare() before the clock starts, then valid(), and
// send() for each packet, with all its clocks.

// Whole frames, beat by beat.
struct FrameInput {
  using Model = Vreceive_steering;

  static void connect(Model& model) { model.out_ready_i = 1; }
  void prepare(const Load& load) { load_ = &load; }
  static void valid(Model& model, bool valid) { model.tvalid_i = valid; }
  template <typename Clock>
  void send(Model& model, std::uint16_t id, std::uint32_t number, const Clock& clock) const {
    ConstBytes rest = load_->frame(number);
    model.tuser_i = id;
    put_beat(model, rest);
    clock();
    while (rest.size > kBeatBytes) {
      rest = behind_beat(rest);
      put_beat(model, rest);
      clock();
    }
  }

 private:
  const Load* load_ = nullptr;
};

// Header fields that software has read, in the form of the pins. Those that decide go in first, the others with the
// next clock, in which the next packet's begin.
class TupleInput {
 public:
  using Model = Vsteering_core;

  static void connect(Model& model) { model.cfg_go_i = 1; }
  void prepare(const Load& load) {
    pins_.clear();
    for (std::size_t number = 0; number < load.distinct(); ++number) {
      pins_.push_back(pins_of(walk_headers(load.frame(number), kHeaderBudget)));
    }
  }
  static void valid(Model& model, bool valid) { model.soon_valid_i = valid; }
  template <typename Clock>
  void send(Model& model, std::uint16_t id, std::uint32_t number, const Clock& clock) const {
    const Pins& pins = pins_[number];
    model.soon_network_i = pins.network;
    model.soon_transport_i = pins.transport;
    model.soon_extension_headers_i = pins.extension_headers;
    clock();
    model.in_id_i = id;
    model.in_source_i = pins.source;
    model.in_destination_i = pins.destination;
    model.in_ex_source_i = pins.ex_source;
    model.in_ex_destination_i = pins.ex_destination;
    model.in_source_port_i = pins.source_port;
    model.in_destination_port_i = pins.destination_port;
  }

 private:
  struct Pins {
    VlWide<4> source, destination, ex_source, ex_destination;
    SData source_port, destination_port;
    CData network, transport, extension_headers;
  };

  // Verilator keeps a 128-bit port as four words, the last bits first.
  static void put_address(VlWide<4>& port, const Address& address) {
    for (std::size_t word = 0; word < 4; ++word) port[3 - word] = load_be32(&address[4 * word]);
  }
  static Pins pins_of(const HeaderFields& fields) {
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

  std::vector<Pins> pins_;  // by number of the frame
};

template <typename Input>
class RawPipeline final : public Subject {
 public:
  explicit RawPipeline(const RssConfig& config)
      : pipeline_(&context_),
        oracle_({config.hash_types,
                 {config.key.begin(), config.key.end()},
                 config.table,
                 config.unclassified_queue,
                 config.ex_report_always,
                 kHeaderBudget.bytes,
                 kHeaderBudget.extension_headers}) {
    pipeline_.rst_ni = 0;
    clock();
    pipeline_.rst_ni = 1;
    Input::connect(pipeline_);
    pipeline_.cfg_valid_i = 1;
    for (const ConfigWord& word : config_words(config)) {  // taken at once: the pipeline is empty
      pipeline_.cfg_addr_i = word.address;
      pipeline_.cfg_data_i = word.data;
      clock();
    }
    pipeline_.cfg_valid_i = 0;
  }
  ~RawPipeline() override { pipeline_.final(); }

  void begin(const Load& load, std::uint64_t packets) override {
    packets_ = packets;
    if (load_ == &load) return;
    load_ = &load;
    input_.prepare(load);
    expected_.clear();
    for (std::size_t number = 0; number < load.distinct(); ++number) {
      expected_.push_back(oracle_.judge(load.frame(number)));
    }
    compare_one_pass();
  }

  void run() override {
    sum_ = 0;
    steer(packets_, [this] { sum_ += weight(pipeline_.out_hash_o, pipeline_.out_report_o, pipeline_.out_queue_o); });
  }

  void end() override {
    const std::vector<std::uint32_t>& order = load_->order();
    std::uint64_t due = 0;
    for (std::uint64_t packet = 0; packet < packets_; ++packet) {
      const check::Verdict& verdict = expected_[order[packet % order.size()]];
      due += weight(verdict.hash, verdict.report, verdict.queue);
    }
    if (sum_ != due) throw WrongResult(fmt::format("the results sum up to {:x}, due is {:x}", sum_, due));
  }

 private:
  void clock() {
    pipeline_.clk_i = 0;
    pipeline_.eval();
    pipeline_.clk_i = 1;
    pipeline_.eval();
  }

  // Sends `packets` packets through, on_result(): a result is at the pins. The result side is always ready, so the
  // pipeline takes something at every clock.
  template <typename OnResult>
  void steer(std::uint64_t packets, const OnResult& on_result) {
    const std::vector<std::uint32_t>& order = load_->order();
    std::size_t position = 0;
    std::uint64_t results = 0;
    const auto clock_and_look = [&] {
      clock();
      if (!pipeline_.out_valid_o) return;
      on_result();
      ++results;
    };
    Input::valid(pipeline_, true);
    for (std::uint64_t sent = 0; sent < packets; ++sent) {
      input_.send(pipeline_, static_cast<std::uint16_t>(sent), order[position], clock_and_look);
      if (++position == order.size()) position = 0;
    }
    Input::valid(pipeline_, false);
    constexpr unsigned kMoreThanItsDepth = 64;
    for (unsigned edge = 0; edge < kMoreThanItsDepth; ++edge) clock_and_look();
    if (results != packets) {
      throw WrongResult(fmt::format("the pipeline gave {} results for {} packets", results, packets));
    }
  }

  void compare_one_pass() {
    std::uint64_t result = 0;
    steer(load_->order().size(), [&] {
      const check::Verdict& due = expected_[load_->order()[result]];
      if (pipeline_.out_id_o != static_cast<SData>(result) || pipeline_.out_hash_o != due.hash ||
          pipeline_.out_report_o != due.report || pipeline_.out_queue_o != due.queue) {
        throw WrongResult(fmt::format(
            "packet {}: the pipeline says hash {:08x} report {} queue {}, due are {:08x} {} {}", result,
            pipeline_.out_hash_o, pipeline_.out_report_o, pipeline_.out_queue_o, due.hash, due.report, due.queue));
      }
      ++result;
    });
  }

  VerilatedContext context_;
  typename Input::Model pipeline_;
  const check::Oracle oracle_;
  Input input_;
  const Load* load_ = nullptr;
  std::vector<check::Verdict> expected_;  // by number of the frame
  std::uint64_t packets_ = 0;
  std::uint64_t sum_ = 0;
};

}  // namespace

std::unique_ptr<Subject> make_raw_pipeline(const RssConfig& config) {
  return std::make_unique<RawPipeline<FrameInput>>(config);
}
std::unique_ptr<Subject> make_raw_tuples(const RssConfig& config) {
  return std::make_unique<RawPipeline<TupleInput>>(config);
}

std::string verilator_version() { return Verilated::productVersion(); }

}  // namespace rssnic::bench
