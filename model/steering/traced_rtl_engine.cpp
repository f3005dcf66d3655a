// The steering engine around the traced pipeline with probes (rtl/sim/wave_top.sv), and the only caller of dump(): it
// knows when the clock is low, when it rises, and which cycle an event belongs to.
//
// Events are collected until their cycle is over on the card's side: at the cycle's own edge or, where the pipeline is
// idle and no edge is executed, when the card has gone on to a later cycle.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "Vwave_top.h"
#include "model/steering/rtl_engine.h"
#include "model/steering/waveform.h"
#include "verilated_fst_c.h"

namespace rssnic {
namespace {

// Characters as in a Verilog string: the last one in the lowest byte. Longer texts keep their beginning.
QData text64(std::string_view text) {
  QData packed = 0;
  for (const char character : text.substr(0, 8)) packed = packed << 8 | static_cast<unsigned char>(character);
  return packed;
}

void put_text128(VlWide<4>& port, std::string_view text) {
  const std::string_view shown = text.substr(0, 16);
  const std::string_view first = shown.substr(0, shown.size() > 8 ? shown.size() - 8 : 0);
  const QData high = text64(first);
  const QData low = text64(shown.substr(first.size()));
  port[0] = static_cast<EData>(low);
  port[1] = static_cast<EData>(low >> 32);
  port[2] = static_cast<EData>(high);
  port[3] = static_cast<EData>(high >> 32);
}

class FstTrace final : public Waveform {
 public:
  FstTrace(Vwave_top& top, const Cycle& edge, const WaveformOptions& options)
      : top_(top), edge_(edge), options_(options) {}
  ~FstTrace() override { close(); }

  // Nothing is recorded before: the engine's own reset at its birth is no part of the run.
  void open();
  void close() override;
  std::uint64_t points() const override { return points_; }

  // Trace of RtlEngine
  void input_changes() {
    if (!open_) return;
    enter();
    changed_ = changed_ || !clocked_;  // behind the edge it belongs to the next cycle
  }
  void low(bool taken, bool given);
  void high();

  // CardProbe. Names live as long as the program.
  void on_request(bool is_write, const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes) override {
    add({Kind::request, is_write ? "MWr" : "MRd", purpose.name, purpose.queue, address, bytes});
  }
  void on_write_visible(const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes) override {
    add({Kind::visible, "MWr", purpose.name, purpose.queue, address, bytes});
  }
  void on_completion(const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes, bool ok) override {
    add({Kind::completion, ok ? "CplD" : "error", purpose.name, purpose.queue, address, bytes});
  }
  void on_doorbell(unsigned queue) override { add({Kind::doorbell, "doorbell", "", queue, 0, 0}); }
  void on_device_status(std::uint8_t status, const char* change) override {
    add({Kind::status, change, "", 0, status, 0});
  }
  void on_fetch(unsigned queue, std::size_t bytes) override { add({Kind::fetch, "fetch", "", queue, 0, bytes}); }
  void on_fed(unsigned queue, std::size_t ready) override { add({Kind::fed, "fed", "", queue, 0, ready}); }
  void on_publish(unsigned queue, std::size_t buffers) override {
    add({Kind::publish, "publish", "", queue, 0, buffers});
  }
  void on_published(unsigned queue, std::size_t buffers) override { add({Kind::used, "used", "", queue, 0, buffers}); }
  void on_vector(unsigned vector) override { add({Kind::vector, "MSI-X", "", 0, vector, 0}); }
  void on_intx(bool asserted) override { add({Kind::intx, "", "", 0, asserted, 0}); }
  void on_command(const char* name) override { add({Kind::command, name, "", 0, 0, 0}); }
  void on_answer(bool ok) override { add({Kind::answer, ok ? "OK" : "ERR", "", 0, 0, 0}); }
  void on_offer(std::uint16_t token, std::uint64_t tag) override { tags_[token] = tag; }
  void on_payload(std::uint64_t tag, unsigned queue, std::size_t bytes) override {
    add({Kind::payload, "payload", "", queue, tag, bytes});
  }
  void on_deliver(std::uint64_t tag, unsigned queue) override { add({Kind::deliver, "deliver", "", queue, tag, 0}); }
  void on_drop(std::uint64_t tag, const char* reason) override { add({Kind::drop, reason, "", 0, tag, 0}); }

 private:
  enum class Kind : std::uint8_t {
    ingress,
    steer,
    payload,
    deliver,
    drop,
    doorbell,
    fetch,
    fed,
    publish,
    used,
    request,
    visible,
    completion,
    vector,
    intx,
    command,
    answer,
    status,
  };
  static constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::status) + 1;

  struct Event {
    Kind kind;
    const char* name;
    const char* purpose;
    unsigned queue;
    std::uint64_t value;    // address, tag, vector, status or level
    std::size_t size;       // bytes or buffers
    std::size_t order = 0;  // among those of its kind in its cycle
  };

  void add(const Event& event);
  void enter();
  void first_half();
  void clear_events();
  void show(const Event& event);
  bool recorded(Cycle cycle) const { return cycle >= options_.from && cycle <= options_.to; }
  std::uint64_t start_of(Cycle cycle) const { return cycle * options_.period_ps; }
  void dump(std::uint64_t time);

  Vwave_top& top_;
  const Cycle& edge_;  // of the engine: the cycle in which everything happens now
  const WaveformOptions options_;
  VerilatedFstC file_;
  bool open_ = false;
  std::uint64_t points_ = 0;
  std::uint64_t last_ = 0;  // point in time

  Cycle cycle_ = 0;       // the one that events_ and changed_ are of
  bool clocked_ = false;  // its edge has been executed
  bool changed_ = false;  // an input of the pipeline is not as it was
  bool written_ = false;  // something of this cycle stands in the file
  std::vector<Event> events_;
  std::array<std::size_t, kKinds> in_cycle_{};
  std::vector<std::uint64_t> tags_ = std::vector<std::uint64_t>(65536);  // by token
};

void FstTrace::open() {
  // The FST writer does not say why it fails.
  std::FILE* const probe = std::fopen(options_.path.c_str(), "a");
  if (probe == nullptr) throw std::runtime_error(options_.path + ": cannot be written: " + std::strerror(errno));
  std::fclose(probe);
  top_.contextp()->traceEverOn(true);
  top_.trace(&file_, 99);
  file_.set_time_unit("1ps");
  file_.set_time_resolution("1ps");
  file_.open(options_.path.c_str());
  if (!file_.isOpen()) throw std::runtime_error(options_.path + ": cannot be written");
  open_ = true;
}

void FstTrace::close() {
  if (!open_) return;
  if (!events_.empty() || changed_) first_half();
  if (written_) {
    clear_events();
    top_.clk_i = 0;
    top_.eval();
    dump(start_of(cycle_ + 1));
  }
  file_.close();
  open_ = false;
}

void FstTrace::add(const Event& event) {
  if (!open_) return;
  enter();
  events_.push_back(event);
  events_.back().order = in_cycle_[static_cast<std::size_t>(event.kind)]++;
}

// What stands in the file of the cycle before ends with that cycle, also where the clock then stands still.
void FstTrace::enter() {
  if (edge_ == cycle_) return;
  if (!events_.empty() || changed_) first_half();
  if (written_ && (edge_ > cycle_ + 1 || !recorded(edge_))) {
    clear_events();
    top_.clk_i = 0;
    top_.eval();
    dump(start_of(cycle_ + 1));
  }
  cycle_ = edge_;
  written_ = clocked_ = false;
}

void FstTrace::low(bool taken, bool given) {
  if (!open_) return;
  if (taken) add({Kind::ingress, "ingress", "", 0, tags_[top_.tuser_i], 0});
  if (given) add({Kind::steer, "steer", "", top_.out_queue_o, tags_[top_.out_id_o], 0});
  first_half();
}

void FstTrace::high() {
  if (!open_) return;
  if (recorded(cycle_)) dump(start_of(cycle_) + options_.period_ps / 2);
  clocked_ = true;
}

void FstTrace::first_half() {
  const std::uint64_t half = options_.period_ps / 2;
  const std::size_t steps = std::max<std::size_t>(1, *std::max_element(in_cycle_.begin(), in_cycle_.end()));
  clear_events();
  top_.clk_i = 0;
  std::uint64_t next = 0;  // the first point in time that is free
  for (std::size_t step = 0; step < steps; ++step) {
    for (const Event& event : events_) {
      if (event.order == step) show(event);
    }
    const std::uint64_t at = half * step / steps;
    if (!recorded(cycle_) || at < next) continue;  // more steps than picoseconds: the next one shows both
    top_.eval();
    dump(start_of(cycle_) + at);
    next = at + 1;
  }
  top_.eval();
  events_.clear();
  in_cycle_.fill(0);
  changed_ = false;
}

void FstTrace::dump(std::uint64_t time) {
  if (points_ > 0 && time <= last_) throw std::logic_error("waveform: time does not rise");
  last_ = time;
  file_.dump(time);
  written_ = true;
  ++points_;
}

void FstTrace::clear_events() {
  for (QData* const event :
       {&top_.ingress_event, &top_.steer_event, &top_.payload_event, &top_.deliver_event, &top_.doorbell_event,
        &top_.fetch_event, &top_.fed_event, &top_.publish_event, &top_.used_event, &top_.request_event,
        &top_.visible_event, &top_.completion_event, &top_.vector_event, &top_.answer_event}) {
    *event = 0;
  }
  for (VlWide<4>* const event : {&top_.drop_event, &top_.command_event, &top_.status_event}) put_text128(*event, "");
}

void FstTrace::show(const Event& event) {
  const QData name = text64(event.name);
  const QData purpose = text64(event.purpose);
  const auto queue = static_cast<SData>(event.queue);
  const auto size = static_cast<SData>(event.size);
  const auto transfer = [&](QData& kind, IData& count, QData& why, SData& ring, QData& address, IData& bytes) {
    kind = name;
    ++count;
    why = purpose;
    ring = queue;
    address = event.value;
    bytes = static_cast<IData>(event.size);
  };
  const auto ring = [&](QData& kind, IData& count, SData& number, SData& amount) {
    kind = name;
    ++count;
    number = queue;
    amount = size;
  };
  switch (event.kind) {
    case Kind::ingress:
      top_.ingress_event = name;
      ++top_.ingress_count;
      top_.ingress_tag = event.value;
      break;
    case Kind::steer:
      top_.steer_event = name;
      ++top_.steer_count;
      top_.steer_tag = event.value;
      top_.steer_queue = queue;
      break;
    case Kind::payload:
      top_.payload_event = name;
      ++top_.payload_count;
      top_.payload_tag = event.value;
      top_.payload_queue = queue;
      top_.payload_bytes = static_cast<IData>(event.size);
      break;
    case Kind::deliver:
      top_.deliver_event = name;
      ++top_.deliver_count;
      top_.deliver_tag = event.value;
      top_.deliver_queue = queue;
      break;
    case Kind::drop:
      put_text128(top_.drop_event, event.name);
      ++top_.drop_count;
      top_.drop_tag = event.value;
      break;
    case Kind::doorbell:
      top_.doorbell_event = name;
      ++top_.doorbell_count;
      top_.doorbell_queue = queue;
      break;
    case Kind::fetch:
      return ring(top_.fetch_event, top_.fetch_count, top_.fetch_queue, top_.fetch_bytes);
    case Kind::fed:
      return ring(top_.fed_event, top_.fed_count, top_.fed_queue, top_.fed_ready);
    case Kind::publish:
      return ring(top_.publish_event, top_.publish_count, top_.publish_queue, top_.publish_buffers);
    case Kind::used:
      return ring(top_.used_event, top_.used_count, top_.used_queue, top_.used_buffers);
    case Kind::request:
      return transfer(top_.request_event, top_.request_count, top_.request_purpose, top_.request_queue,
                      top_.request_address, top_.request_bytes);
    case Kind::visible:
      return transfer(top_.visible_event, top_.visible_count, top_.visible_purpose, top_.visible_queue,
                      top_.visible_address, top_.visible_bytes);
    case Kind::completion:
      return transfer(top_.completion_event, top_.completion_count, top_.completion_purpose, top_.completion_queue,
                      top_.completion_address, top_.completion_bytes);
    case Kind::vector:
      top_.vector_event = name;
      ++top_.vector_count;
      top_.vector_number = static_cast<SData>(event.value);
      break;
    case Kind::intx:
      top_.inta = event.value != 0;
      break;
    case Kind::command:
      put_text128(top_.command_event, event.name);
      ++top_.command_count;
      break;
    case Kind::answer:
      top_.answer_event = name;
      ++top_.answer_count;
      break;
    case Kind::status:
      put_text128(top_.status_event, event.name);
      ++top_.status_count;
      top_.device_status = static_cast<CData>(event.value);
      break;
  }
}

}  // namespace

TracedEngine make_traced_rtl_engine(const WaveformOptions& options) {
  if (options.period_ps < 2) throw std::invalid_argument("waveform: a clock period below 2 ps cannot be drawn");
  auto engine = std::make_unique<RtlEngine<Vwave_top, FstTrace>>(options);
  FstTrace& trace = engine->trace();
  trace.open();
  return {std::move(engine), &trace};
}

}  // namespace rssnic
