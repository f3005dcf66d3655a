// rssnic serve: the card as a vfio-user device, for QEMU and other clients.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <csignal>
#include <systemc>

#include "model/steering/steering_engine.h"
#include "tb/cli/commands.h"
#include "tb/cli/serve_options.h"
#include "tb/cosim/bridge.h"
#include "tb/wire/pcap_recorder.h"
#include "tb/wire/pcap_wire.h"
#include "tb/wire/tap_wire.h"
#include "tb/wire/user_wire.h"

namespace rssnic::cli {
namespace {

// What the packets did, by queue and by report.
struct PacketCounts final : PacketObserver {
  explicit PacketCounts(unsigned queues) : by_queue(queues) {}
  void on_steer(std::uint64_t, const Steered& decision, Cycle) override {
    if (decision.report < by_report.size()) ++by_report[decision.report];
  }
  void on_deliver(std::uint64_t, unsigned queue, Cycle) override {
    if (queue < by_queue.size()) ++by_queue[queue];
  }
  std::vector<std::uint64_t> by_queue;
  std::array<std::uint64_t, kHashReportNames.size()> by_report{};
};

// What the card transmits goes to the wire, and into a capture where one is wanted.
struct Transmitter final : WireSink {
  void transmit(ConstBytes frame, Cycle when) override {
    if (recorder) recorder->transmit(frame, when);
    wire->transmit(frame, when);
  }
  LiveWire* wire = nullptr;
  std::optional<PcapRecorder> recorder;
};

// The signals that the loop deals with, as a descriptor; no handler runs at any other time.
FileDescriptor take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, signal);
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

void log(const std::string& line) { fmt::print(stderr, "rssnic: {}\n", line); }

class Server {
 public:
  explicit Server(const ServeOptions& options)
      : options_(options),
        wire_(make_wire()),
        counts_(options.nic.card.queue_pairs),
        listener_(options.socket),
        nic_("nic", options.nic, options.reference_engine ? make_reference_engine() : make_rtl_engine(), wire_.get(),
             &transmitter_, &counts_),
        bridge_("bridge", nic_, *wire_, listener_, options.sync, log) {
    transmitter_.wire = wire_.get();
    if (!options.capture.empty()) {
      transmitter_.recorder.emplace(options.capture, options.nic.card.pcie.clock_mhz);
      check_recorder();
    }
    bridge_.watch(signals_.get(), [this] { on_signal(); });
    if (options.stats_interval.count() > 0) {
      timer_ = make_timer(options.stats_interval);
      bridge_.watch(timer_.get(), [this] {
        std::uint64_t expirations = 0;
        if (::read(timer_.get(), &expirations, sizeof expirations) == sizeof expirations) print_statistics();
      });
    }
  }

  int execute() {
    log(fmt::format("listening on {}", options_.socket));
    sc_core::sc_start();
    if (transmitter_.recorder) {
      transmitter_.recorder->close();
      check_recorder();
    }
    return kExitOk;
  }

 private:
  std::unique_ptr<LiveWire> make_wire() {
    switch (options_.wire) {
      case WireKind::tap:
        return std::make_unique<TapWire>(options_.tap);
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

  void check_recorder() const {
    if (!transmitter_.recorder->error().empty()) throw std::runtime_error(transmitter_.recorder->error());
  }

  void on_signal() {
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGUSR1) {
        print_statistics();
      } else {
        bridge_.stop();
      }
    }
  }

  void print_statistics() {
    const CardStatistics& card = nic_.card().statistics();
    const cosim::BridgeStatistics bridge = bridge_.statistics();
    const auto line = [](const char* name, const std::string& value) {
      fmt::print(stderr, "  {:<16}{}\n", name, value);
    };
    fmt::print(stderr, "statistics\n");
    line("client", fmt::format("{}, {} so far, device status {:#04x}", bridge_.connected() ? "connected" : "none",
                               bridge.clients, bridge_.device_status()));
    line("messages", fmt::format("{} from the client, {} refused, {} for DMA; {} interrupts", bridge.messages,
                                 bridge.errors, bridge.dma_messages, bridge.interrupts));
    line("card time", fmt::format("{} cycles, {:.6f} s", nic_.card().now(), sc_core::sc_time_stamp().to_seconds()));
    line("received", fmt::format("{}, delivered {}", card.received, card.delivered));
    for (std::size_t reason = 0; reason < card.dropped.size(); ++reason) {
      if (card.dropped[reason] > 0)
        line("dropped", fmt::format("{} ({})", card.dropped[reason], kDropReasonNames[reason]));
    }
    if (wire_->frames_lost() > 0) line("lost on the wire", fmt::format("{}", wire_->frames_lost()));
    line("transmitted", fmt::format("{}, malformed {}", card.transmitted, card.transmit_malformed));
    line("commands", fmt::format("{}, refused {}; {} steering configurations", card.commands, card.commands_refused,
                                 card.configurations));
    line("resets", fmt::format("{}", card.device_resets));
    for (std::size_t fault = 0; fault < card.ring_faults.size(); ++fault) {
      if (card.ring_faults[fault] == 0) continue;
      line("ring fault", fmt::format("{} ({})", card.ring_faults[fault], to_string(static_cast<RingFault>(fault))));
    }
    for (std::size_t queue = 0; queue < counts_.by_queue.size(); ++queue) {
      if (counts_.by_queue[queue] > 0) line("queue", fmt::format("{}: {} packets", queue, counts_.by_queue[queue]));
    }
    for (std::size_t report = 0; report < counts_.by_report.size(); ++report) {
      if (counts_.by_report[report] == 0) continue;
      line("report", fmt::format("{}: {} packets", kHashReportNames[report], counts_.by_report[report]));
    }
    std::fflush(stderr);
  }

  const ServeOptions& options_;
  FileDescriptor signals_ = take_signals();  // first: threads that come later inherit the mask
  FileDescriptor timer_;
  std::unique_ptr<LiveWire> wire_;
  Transmitter transmitter_;
  PacketCounts counts_;
  cosim::Listener listener_;
  VirtioNic nic_;
  cosim::Bridge bridge_;
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
