// rssnic run: captures through the SystemC card, every packet checked, a report at the end.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <systemc>

#include "tb/check/timing_checker.h"
#include "tb/cli/commands.h"
#include "tb/cli/interruption.h"
#include "tb/cli/progress.h"
#include "tb/cli/rerun.h"
#include "tb/cli/run_options.h"
#include "tb/cli/wave_output.h"
#include "tb/host/root_complex.h"
#include "tb/report/csv_writer.h"
#include "tb/report/run_summary.h"
#include "tb/report/wave_observer.h"
#include "tb/report/wave_save_file.h"

namespace rssnic::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What a system call says that a signal has ended. It is no fault of the file.
bool is_interruption(const std::string& error) {
  return interrupted && error.find(std::strerror(EINTR)) != std::string::npos;
}

check::TimingParameters timing_parameters(const RunOptions& options) {
  check::TimingParameters timing = check::timing_parameters(options.nic.card, options.session.driver);
  timing.window_cycles = options.nic.window_cycles;
  timing.back_to_back = options.player.pace == Pace::back_to_back && options.session.faults.empty();
  return timing;
}

// Everything between the capture files and the report.
class Run {
 public:
  // `arguments` are what the options were parsed from.
  Run(const RunOptions& options, const std::vector<std::string>& arguments)
      : options_(options),
        arguments_(arguments),
        player_(options.player, [this](const WireFrame&, const PacketOrigin& origin) { origins_.push_back(origin); }),
        scoreboard_(player_, scoreboard_options(options), [this](const check::PacketRow& row) { on_row(row); }),
        timing_(timing_parameters(options)),
        progress_(options.progress, options.player),
        wave_(options.wave, options.nic.card.pcie.clock_mhz),
        waveform_(wave_.waveform()),
        wave_observer_(waveform_ ? std::make_unique<report::WaveObserver>(scoreboard_, *waveform_) : nullptr),
        nic_("nic", options.nic, wave_.engine(options.reference_engine), &scoreboard_, nullptr,
             wave_observer_ ? static_cast<PacketObserver*>(wave_observer_.get()) : &scoreboard_, waveform_),
        root_complex_("root_complex", nic_),
        session_(root_complex_, scoreboard_, options.session, [this] { nic_.wire_ready(); }),
        driver_thread_("driver", [this] { drive(); }) {
    summary_.has_cycles = !options.reference_engine;
    summary_.queues = options.session.driver.queue_pairs;
    summary_.clock_mhz = options.nic.card.pcie.clock_mhz;
    summary_.expected_mpps = options.expect_mpps;
    for (const std::string& file : options.player.files) {
      summary_.captures.emplace_back();
      summary_.captures.back().file = name_in_reports(file);
    }
    if (options.wave.on_mismatch) {  // what an earlier run has left is not about this one
      std::filesystem::remove(options.wave.path);
      std::filesystem::remove(report::wave_save_path(options.wave.path));
    }
    for (const std::string& output : {options.json, options.junit}) {
      if (!output.empty()) report::check_writable(output);
    }
    if (!options.csv.empty()) csv_.emplace(options.csv, summary_.has_cycles);
  }

  int execute() {
    const Clock::time_point wall = capture_began_ = Clock::now();
    const std::clock_t cpu = std::clock();
    sc_core::sc_start();
    summary_.wall_s = seconds_since(wall);
    summary_.cpu_s = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    return report();
  }

 private:
  // The base name; where several captures share it, the path as it was given.
  std::string name_in_reports(const std::string& file) const {
    const auto base = std::filesystem::path(file).filename();
    const auto same = std::count_if(options_.player.files.begin(), options_.player.files.end(), [&](const auto& other) {
      return other != file && std::filesystem::path(other).filename() == base;
    });
    return same == 0 ? base.string() : file;
  }

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
    if (row.stray) return summary_.add_mismatch(row, "", nullptr);
    summary_.add(row);
    look_at(row);
    progress_.packet(row.length);
    timing_.row(row);
    const PacketOrigin origin = origins_.empty() ? PacketOrigin{} : origins_.front();
    if (!origins_.empty()) origins_.pop_front();
    if (origin.file != present_capture_) {
      end_capture_time();
      present_capture_ = origin.file;
    }
    report::CaptureTotal& capture = summary_.captures[origin.file];
    ++capture.packets;
    capture.delivered += !row.dropped && !row.lost;
    capture.dropped += row.dropped.has_value();
    if (!row.mismatch.empty()) {
      summary_.add_mismatch(row, fmt::format("{} pass {} packet {}: ", capture.file, origin.pass, origin.index),
                            &capture);
    }
    if (csv_) csv_->row(capture.file, origin.pass, origin.index, row);
  }

  void end_capture_time() {
    summary_.captures[present_capture_].seconds += seconds_since(capture_began_);
    capture_began_ = Clock::now();
  }

  // Which packet the waveform is opened at, and which one it is about.
  void look_at(const check::PacketRow& row) {
    if (!row.mismatch.empty() && !first_mismatch_) {
      first_mismatch_ = row;
      mismatch_window_ = report::window_around(row, nic_.card().now());
    }
    const report::WaveWindow& window = options_.wave.window;
    if (!first_drawn_ && waveform_ != nullptr && row.deliver > 0 && row.ingress >= window.from &&
        row.deliver <= window.to) {
      first_drawn_ = row;
    }
  }

  void finish_waveform() {
    const check::PacketRow shown = first_mismatch_ ? *first_mismatch_ : first_drawn_.value_or(check::PacketRow{});
    note_failure(wave_.finish(shown, nic_.card().now()));
  }

  // The second run of --wave-on-mismatch, and where the waveform is.
  void tell_waveform() {
    const WaveOptions& wave = options_.wave;
    if (wave.path.empty()) return;
    report::WaveWindow window = wave.window;
    if (wave.on_mismatch) {
      if (interrupted || !first_mismatch_) {
        fmt::print("\nwaveform: none written, {}\n", interrupted ? "the run was interrupted" : "no packet differs");
        return;
      }
      window = mismatch_window_;
      std::fflush(stdout);
      const int status = run_again(rerun_arguments(arguments_, window));
      if (status != kExitMismatch) {
        fmt::print(stderr, "rssnic: --wave-on-mismatch: the second run ended with status {}, not with the mismatch\n",
                   status);
        return;
      }
    } else if (wave_.empty()) {
      fmt::print("\nwaveform: {} is empty, nothing happened in these cycles\n", wave.path);
      return;
    }
    fmt::print("\nwaveform: {}\n", describe_wave(wave.path, window));
  }

  int report() {
    expect_no_blocking();
    summary_.interrupted = interrupted;
    summary_.failure = failure_;
    summary_.faults = session_.faults();
    summary_.timing_checked = !options_.reference_engine && failure_.empty() && !interrupted;
    if (summary_.timing_checked) {
      const std::vector<std::string> complaints = timing_.finish();
      summary_.add_timing_violations(timing_.violations(), complaints);
    }
    const CardStatistics& statistics = nic_.card().statistics();
    summary_.over_budget = statistics.over_budget;
    summary_.stalls_packet_buffer = statistics.stalls_packet_buffer;
    summary_.stalls_pipeline = statistics.stalls_pipeline;
    summary_.simulated_cycles = nic_.card().now();
    end_capture_time();
    for (std::size_t i = 0; i < player_.files().size(); ++i) {
      const PlayedFile& file = player_.files()[i];
      summary_.skipped += file.skipped;
      summary_.captures[i].skipped = file.skipped;
      if (!is_interruption(file.error)) summary_.captures[i].error = file.error;
    }

    if (csv_) note_failure(csv_->close());
    finish_waveform();
    if (!options_.json.empty()) note_failure(report::write_file(options_.json, report::to_json(summary_)));
    if (!options_.junit.empty()) note_failure(report::write_file(options_.junit, report::to_junit(summary_)));
    progress_.clear();
    if (summary_.packets() > 0 || !unreadable()) fmt::print("{}", report::to_table(summary_));
    tell_waveform();
    std::fflush(stdout);
    return exit_status();
  }

  // An output that could not be written, if `error` says so; an earlier failure stands.
  void note_failure(const std::string& error) {
    if (error.empty() || !failure_.empty()) return;
    failure_ = error;
    failure_status_ = kExitInput;
  }

  bool unreadable() const {
    return std::any_of(summary_.captures.begin(), summary_.captures.end(),
                       [](const report::CaptureTotal& capture) { return !capture.error.empty(); });
  }

  int exit_status() {
    int status = kExitOk;
    if (summary_.interrupted) {
      fmt::print(stderr, "rssnic: interrupted; the report is about what was done until then\n");
      status = kExitInterrupted;
    }
    for (const report::CaptureTotal& capture : summary_.captures) {
      if (capture.error.empty()) continue;
      fmt::print(stderr, "rssnic: {}\n", capture.error);
      status = kExitInput;
    }
    if (summary_.packets() == 0 && status == kExitOk) {
      fmt::print(stderr, "rssnic: warning: there was no packet, so nothing was checked\n");
    }
    for (const check::Fault& fault : summary_.faults) {
      if ((fault.settled && !fault.wrong) || summary_.interrupted || !failure_.empty()) continue;
      fmt::print(stderr, "rssnic: --fault {}: {}\n", to_string(fault.request),
                 fault.struck ? fault.outcome : "has not struck; " + what_there_was(fault));
      status = kExitMismatch;
    }
    if (summary_.too_slow()) {
      fmt::print(stderr, "rssnic: {:.2f} Mpps, --expect-mpps asks for {:g}\n", summary_.mpps(), options_.expect_mpps);
      status = kExitMismatch;
    }
    if (!failure_.empty()) {
      fmt::print(stderr, "rssnic: {}\n", failure_);
      status = failure_status_;
    }
    return summary_.mismatches().count > 0 ? kExitMismatch : status;
  }

  // Where a fault asked for more than that.
  std::string what_there_was(const check::Fault& fault) const {
    if (!fault.is_dma()) return fmt::format("there were {} packets", scoreboard_.taken());
    return fault.counts_reads() ? fmt::format("the card made {} reads", root_complex_.dma_reads())
                                : fmt::format("the card made {} writes", root_complex_.dma_writes());
  }

  const RunOptions& options_;
  const std::vector<std::string>& arguments_;
  std::deque<PacketOrigin> origins_;  // of the packets that have no row yet
  PcapPlayer player_;
  check::Scoreboard scoreboard_;
  check::TimingChecker timing_;
  report::RunSummary summary_;
  ProgressBar progress_;
  std::optional<report::CsvWriter> csv_;
  WaveOutput wave_;
  Waveform* const waveform_;
  const std::unique_ptr<report::WaveObserver> wave_observer_;
  VirtioNic nic_;
  RootComplex root_complex_;
  check::Session session_;
  DriverThread driver_thread_;
  std::size_t present_capture_ = 0;  // of the last row
  Clock::time_point capture_began_;
  std::string failure_;  // what ended the run early
  int failure_status_ = kExitOk;
  std::optional<check::PacketRow> first_mismatch_, first_drawn_;
  report::WaveWindow mismatch_window_;
};

}  // namespace

int run_command(const std::vector<std::string>& arguments) {
  const std::optional<RunOptions> options = parse_run_options(arguments);
  if (!options) return kExitOk;
  catch_interruption();
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  try {
    Run run(*options, arguments);
    return run.execute();
  } catch (const std::exception& error) {
    if (!is_interruption(error.what())) throw;
    fmt::print(stderr, "rssnic: interrupted before the run began\n");
    return kExitInterrupted;
  }
}

}  // namespace rssnic::cli
