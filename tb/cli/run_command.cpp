// rssnic run: captures through the SystemC card, every packet checked, a report at the end.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <systemc>

#include "tb/check/timing_checker.h"
#include "tb/cli/commands.h"
#include "tb/cli/progress.h"
#include "tb/cli/run_options.h"
#include "tb/host/root_complex.h"
#include "tb/report/csv_writer.h"
#include "tb/report/run_summary.h"

namespace rssnic::cli {
namespace {

constexpr std::size_t kNotesShown = 10;

std::atomic<bool> interrupted{false};
extern "C" void on_interrupt(int signal) {
  interrupted = true;
  std::signal(signal, SIG_DFL);  // a second one ends at once
}

check::TimingParameters timing_parameters(const RunOptions& options) {
  check::TimingParameters timing = check::timing_parameters(options.nic.card, options.session.driver);
  timing.window_cycles = options.nic.window_cycles;
  timing.back_to_back = options.player.pace == Pace::back_to_back;
  return timing;
}

// Everything between the capture files and the report.
class Run {
 public:
  explicit Run(const RunOptions& options)
      : options_(options),
        player_(options.player, [this](const WireFrame&, const PacketOrigin& origin) { origins_.push_back(origin); }),
        scoreboard_(player_, scoreboard_options(options), [this](const check::PacketRow& row) { on_row(row); }),
        timing_(timing_parameters(options)),
        progress_(options.progress, options.player),
        nic_("nic", options.nic, options.reference_engine ? make_reference_engine() : make_rtl_engine(), &scoreboard_,
             nullptr, &scoreboard_),
        root_complex_("root_complex", nic_),
        session_(root_complex_, scoreboard_, options.session, [this] { nic_.wire_ready(); }),
        driver_thread_("driver", [this] { drive(); }) {
    summary_.has_cycles = !options.reference_engine;
    summary_.queues = options.session.driver.queue_pairs;
    summary_.clock_mhz = options.nic.card.pcie.clock_mhz;
    if (!options.json.empty()) report::check_writable(options.json);
    if (!options.csv.empty()) csv_.emplace(options.csv, summary_.has_cycles);
  }

  int execute() {
    const auto wall = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    sc_core::sc_start();
    summary_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count();
    summary_.cpu_s = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    return report();
  }

 private:
  // The driver's SC_THREAD; SystemC threads need a module around them.
  struct DriverThread final : sc_core::sc_module {
    DriverThread(const sc_core::sc_module_name& name, std::function<void()> body)
        : sc_module(name), body_(std::move(body)) {
      SC_HAS_PROCESS(DriverThread);
      SC_THREAD(run);
      set_stack_size(1 << 20);
    }
    void run() { body_(); }
    const std::function<void()> body_;
  };

  static check::ScoreboardOptions scoreboard_options(const RunOptions& options) {
    check::ScoreboardOptions scoreboard;
    scoreboard.mac_fifo_frames = options.nic.card.mac_fifo_frames;
    const CardParameters& card = options.nic.card;
    // One VLAN tag is allowed on top of the MTU and the Ethernet header.
    if (card.features & VIRTIO_NET_F_MTU) scoreboard.max_frame_bytes = card.mtu + 14u + 4u;
    return scoreboard;
  }

  void drive() {
    try {
      session_.begin();
      session_.run(interrupted, [this] { progress_.draw(); });
    } catch (const DriverError& error) {
      failure_ = error.what();
      failure_status_ = kExitMismatch;
    } catch (const std::bad_alloc&) {
      failure_ = "out of memory: fewer queues or smaller rings need less";
      failure_status_ = kExitInput;
    } catch (const std::exception& error) {
      failure_ = error.what();
      failure_status_ = kExitInput;
    }
    sc_core::sc_stop();
  }

  void on_row(const check::PacketRow& row) {
    if (row.stray) {
      if (summary_.notes.size() < kNotesShown) summary_.notes.push_back(row.mismatch);
      return;
    }
    summary_.add(row);
    progress_.packet(row.length);
    timing_.row(row);
    const PacketOrigin origin = origins_.empty() ? PacketOrigin{} : origins_.front();
    if (!origins_.empty()) origins_.pop_front();
    if (!row.mismatch.empty() && summary_.notes.size() < kNotesShown) {
      summary_.notes.push_back(
          fmt::format("{} pass {} packet {}: {}", base_name(origin.file), origin.pass, origin.index, row.mismatch));
    }
    if (csv_) csv_->row(base_name(origin.file), origin.pass, origin.index, row);
  }

  std::string base_name(std::size_t file) const {
    return std::filesystem::path(options_.player.files[file]).filename().string();
  }

  int report() {
    summary_.mismatches = scoreboard_.mismatches();
    if (!options_.reference_engine && failure_.empty() && !interrupted) {
      for (std::string& complaint : timing_.finish()) {
        if (summary_.notes.size() < kNotesShown) summary_.notes.push_back("timing: " + std::move(complaint));
      }
      summary_.mismatches += timing_.violations();
    }
    const CardStatistics& statistics = nic_.card().statistics();
    summary_.stalls_packet_buffer = statistics.stalls_packet_buffer;
    summary_.stalls_pipeline = statistics.stalls_pipeline;
    summary_.simulated_cycles = nic_.card().now();
    for (const PlayedFile& file : player_.files()) summary_.skipped += file.skipped;

    if (csv_) csv_->close();
    if (!options_.json.empty()) report::write_file(options_.json, report::to_json(summary_));
    progress_.clear();
    if (summary_.packets() > 0 || !unreadable()) fmt::print("{}", report::to_table(summary_));
    std::fflush(stdout);
    return exit_status();
  }

  bool unreadable() const {
    return std::any_of(player_.files().begin(), player_.files().end(),
                       [](const PlayedFile& file) { return !file.error.empty(); });
  }

  int exit_status() {
    int status = kExitOk;
    if (interrupted) {
      fmt::print(stderr, "rssnic: interrupted; the report is about what was done until then\n");
      status = kExitInterrupted;
    }
    for (const PlayedFile& file : player_.files()) {
      if (file.error.empty()) continue;
      fmt::print(stderr, "rssnic: {}\n", file.error);
      status = kExitInput;
    }
    if (options_.expect_mpps > 0 && summary_.mpps() < options_.expect_mpps) {
      fmt::print(stderr, "rssnic: {:.2f} Mpps, --expect-mpps asks for {:g}\n", summary_.mpps(), options_.expect_mpps);
      status = kExitMismatch;
    }
    if (!failure_.empty()) {
      fmt::print(stderr, "rssnic: {}\n", failure_);
      status = failure_status_;
    }
    return summary_.mismatches > 0 ? kExitMismatch : status;
  }

  const RunOptions& options_;
  std::deque<PacketOrigin> origins_;  // of the packets that have no row yet
  PcapPlayer player_;
  check::Scoreboard scoreboard_;
  check::TimingChecker timing_;
  report::RunSummary summary_;
  ProgressBar progress_;
  std::optional<report::CsvWriter> csv_;
  VirtioNic nic_;
  RootComplex root_complex_;
  check::Session session_;
  DriverThread driver_thread_;
  std::string failure_;  // what ended the run early
  int failure_status_ = kExitOk;
};

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  const std::optional<RunOptions> options = parse_run_options(arguments);
  if (!options) return kExitOk;
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  Run run(*options);
  return run.execute();
}

}  // namespace rssnic::cli
