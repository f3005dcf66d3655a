// rssnic serve: the card as a vfio-user device, for QEMU and other clients.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <systemc>
#include <utility>

#include "model/steering/steering_engine.h"
#include "tb/cli/commands.h"
#include "tb/cli/serve_options.h"
#include "tb/cli/serve_statistics.h"
#include "tb/cli/wave_output.h"
#include "tb/cosim/bridge.h"
#include "tb/report/output_file.h"
#include "tb/report/wave_observer.h"
#include "tb/wire/pcap_recorder.h"
#include "tb/wire/pcap_wire.h"
#include "tb/wire/tap_wire.h"
#include "tb/wire/user_wire.h"

namespace rssnic::cli {
namespace {

// What the packets did, by queue and by report; and the way of the first one that is delivered within `window`.
class Packets final : public PacketObserver {
 public:
  Packets(unsigned queues, const report::WaveWindow& window) : by_queue(queues), window_(window) {}
  void on_ingress(std::uint64_t tag, Cycle when) override {
    if (state_ != Shown::none || when < window_.from) return;
    state_ = Shown::on_its_way;
    tag_ = tag;
    first.ingress = when;
  }
  void on_steer(std::uint64_t tag, const Steered& decision, Cycle when) override {
    if (decision.report < by_report.size()) ++by_report[decision.report];
    if (follows(tag)) first.steer = when;
  }
  void on_deliver(std::uint64_t tag, unsigned queue, Cycle when) override {
    if (queue < by_queue.size()) ++by_queue[queue];
    if (!follows(tag)) return;
    state_ = Shown::found;
    first.deliver = when;
    if (when > window_.to) first = {};
  }
  void on_drop(std::uint64_t tag, DropReason, Cycle) override {
    if (!follows(tag)) return;
    first = {};
    state_ = Shown::none;
  }

  std::vector<std::uint64_t> by_queue;
  std::array<std::uint64_t, kHashReportNames.size()> by_report{};
  check::PacketRow first;  // its cycles

 private:
  enum class Shown : std::uint8_t { none, on_its_way, found };
  bool follows(std::uint64_t tag) const { return state_ == Shown::on_its_way && tag == tag_; }

  const report::WaveWindow window_;
  Shown state_ = Shown::none;
  std::uint64_t tag_ = 0;
};

// What the card transmits goes to the wire, and into a capture where one is wanted.
struct Transmitter final : WireSink {
  void transmit(ConstBytes frame, Cycle when) override { transmit_from(0, frame, when); }
  void transmit_from(unsigned queue, ConstBytes frame, Cycle when) override {
    if (recorder) recorder->transmit(frame, when);
    wire->transmit_from(queue, frame, when);
  }
  LiveWire* wire = nullptr;
  std::optional<PcapRecorder> recorder;
};

constexpr auto kAnnouncementDelay = std::chrono::milliseconds(300);  // a guest has its carrier back by then

// The signals that the loop deals with, as a descriptor; no handler runs at any other time.
FileDescriptor take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return FileDescriptor(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

FileDescriptor make_timer(std::chrono::seconds interval) {
  FileDescriptor timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  itimerspec period{};
  period.it_interval.tv_sec = period.it_value.tv_sec = interval.count();
  timerfd_settime(timer.get(), 0, &period, nullptr);
  return timer;
}

// Zero stops it.
void start_once(const FileDescriptor& timer, std::chrono::nanoseconds delay) {
  itimerspec once{};
  once.it_value.tv_sec = static_cast<time_t>(delay.count() / 1'000'000'000);
  once.it_value.tv_nsec = delay.count() % 1'000'000'000;
  timerfd_settime(timer.get(), 0, &once, nullptr);
}

bool has_expired(const FileDescriptor& timer) {
  std::uint64_t expirations = 0;
  return ::read(timer.get(), &expirations, sizeof expirations) == sizeof expirations;
}

void log(const std::string& line) { fmt::print(stderr, "rssnic: {}\n", line); }

class Server {
 public:
  explicit Server(const ServeOptions& options)
      : options_(options),
        wire_(make_wire()),
        packets_(options.nic.card.queue_pairs, options.wave.window),
        listener_(options.socket),
        wave_(options.wave, options.nic.card.pcie.clock_mhz),
        wave_observer_(wave_.waveform() ? std::make_unique<report::WaveObserver>(packets_, *wave_.waveform())
                                        : nullptr),
        nic_("nic", options.nic, wave_.engine(options.reference_engine), wire_.get(), &transmitter_,
             wave_observer_ ? static_cast<PacketObserver*>(wave_observer_.get()) : &packets_, wave_.waveform()),
        bridge_("bridge", nic_, *wire_, listener_, options.sync, log) {
    transmitter_.wire = wire_.get();
    if (!options.capture.empty()) {
      transmitter_.recorder.emplace(options.capture, options.nic.card.pcie.clock_mhz);
      if (!transmitter_.recorder->error().empty()) throw std::runtime_error(transmitter_.recorder->error());
    }
    if (!options.json.empty()) report::check_writable(options.json);
    bridge_.each_turn([this] { on_turn(); });
    bridge_.watch(signals_.get(), [this] { on_signal(); });
    if (options.stats_interval.count() > 0) {
      timer_ = make_timer(options.stats_interval);
      bridge_.watch(timer_.get(), [this] {
        if (has_expired(timer_)) print_statistics();
      });
    }
    bridge_.watch(cable_.get(), [this] {
      if (has_expired(cable_)) plug_cable(true);
    });
    bridge_.watch(announcement_.get(), [this] {
      if (has_expired(announcement_)) nic_.announce();
    });
  }

  int execute() {
    log(fmt::format("listening on {}", options_.socket));
    try {
      sc_core::sc_start();
    } catch (const std::exception& error) {
      note_failure(error.what());
    }
    if (transmitter_.recorder) {
      transmitter_.recorder->close();
      note_failure(transmitter_.recorder->error());
    }
    finish_wave();
    if (!options_.json.empty()) {
      note_failure(report::write_file(options_.json, to_json(at_end_ ? *at_end_ : statistics())));
    }
    if (failure_.empty()) return kExitOk;
    log(failure_);
    return kExitInput;
  }

 private:
  std::unique_ptr<LiveWire> make_wire() {
    switch (options_.wire) {
      case WireKind::tap:
        return std::make_unique<TapWire>(options_.tap, options_.nic.card.queue_pairs);
      case WireKind::loopback:
        return std::make_unique<LoopbackWire>();
      case WireKind::pcap:
        if (const std::string error = CaptureFile(options_.player.files[0]).error(); !error.empty()) {
          throw std::runtime_error(error);
        }
        return std::make_unique<PcapWire>(options_.player);
      case WireKind::user:
        break;
    }
    return std::make_unique<UserWire>();
  }

  // The first one; the other outputs are still wanted.
  void note_failure(const std::string& error) {
    if (failure_.empty()) failure_ = error;
  }

  void on_turn() {
    const bool link = cable_in_ && wire_->link_up();
    if (link != nic_.card().link_up()) {
      nic_.set_link(link);
      // Linux obeys the request that comes with the link at once, when its own carrier is not back: nothing is sent.
      if (link) start_once(announcement_, kAnnouncementDelay);
    }
    // The waveform can be looked at as soon as nothing more belongs to it.
    const bool passed = nic_.card().now() > options_.wave.window.to;
    const bool client_left = std::exchange(had_client_, bridge_.connected()) && !bridge_.connected();
    if (drawing_ && (passed || (client_left && !wave_.empty()))) finish_wave();
  }

  void finish_wave() {
    if (!std::exchange(drawing_, false)) return;
    const std::string error = wave_.finish(packets_.first, nic_.card().now());
    note_failure(error);
    if (!error.empty()) {
      log(error);
    } else if (wave_.empty()) {
      log(fmt::format("waveform: {} is empty, nothing happened in these cycles", options_.wave.path));
    } else {
      log("waveform: " + describe_wave(options_.wave.path, options_.wave.window));
    }
  }

  void on_signal() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGUSR1) {
        print_statistics();
      } else if (signal.ssi_signo == SIGUSR2) {
        plug_cable(false);
      } else {
        if (!at_end_) at_end_ = statistics();  // the client is still there
        bridge_.stop();
      }
    }
  }

  // Pulled out, it is plugged in again a second later.
  void plug_cable(bool in) {
    cable_in_ = in;
    start_once(cable_, std::chrono::seconds(in ? 0 : 1));
    log(in ? "the cable is plugged in again" : "the cable is pulled out for a second");
  }

  ServeStatistics statistics() {
    ServeStatistics now;
    now.connected = bridge_.connected();
    now.device_status = static_cast<std::uint8_t>(bridge_.device_status());
    now.bridge = bridge_.statistics();
    now.card = nic_.card().statistics();
    now.cycles = nic_.card().now();
    now.card_s = sc_core::sc_time_stamp().to_seconds();
    now.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    now.wire = wire_->description();
    now.link_up = nic_.card().link_up();
    now.wire_lost = wire_->frames_lost();
    now.wire_refused = wire_->frames_refused();
    now.by_queue = packets_.by_queue;
    now.by_report = packets_.by_report;
    return now;
  }

  void print_statistics() {
    fmt::print(stderr, "{}", to_text(statistics()));
    std::fflush(stderr);
  }

  const ServeOptions& options_;
  FileDescriptor signals_ = take_signals();  // first: threads that come later inherit the mask
  FileDescriptor timer_;
  FileDescriptor cable_ = make_timer(std::chrono::seconds(0));         // runs while the cable is pulled out
  FileDescriptor announcement_ = make_timer(std::chrono::seconds(0));  // runs after the link has come back
  std::unique_ptr<LiveWire> wire_;
  Transmitter transmitter_;
  Packets packets_;
  cosim::Listener listener_;
  WaveOutput wave_;
  const std::unique_ptr<report::WaveObserver> wave_observer_;
  VirtioNic nic_;
  cosim::Bridge bridge_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  bool drawing_ = wave_.waveform() != nullptr;
  bool had_client_ = false;
  bool cable_in_ = true;
  std::optional<ServeStatistics> at_end_;
  std::string failure_;
};

}  // namespace

int serve_command(const std::vector<std::string>& arguments) {
  const std::optional<ServeOptions> options = parse_serve_options(arguments);
  if (!options) return kExitOk;
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  Server server(*options);
  return server.execute();
}

}  // namespace rssnic::cli
