// rssnic_bench: how fast the model is, in packets a second of CPU time: the Verilated pipeline alone, without
// and with its frame parser, the whole card without checks, with all checks, and with the C++ reference engine. One
// process, one simulation: all cards exist from the start and are measured in turn, kind after kind, load after load,
// and then again, so that a machine whose speed wanders does not favour one of them. What is measured and how stands in
// docs/performance.md.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <systemc>

#include "model/steering/toeplitz.h"
#include "tb/bench/card_subject.h"
#include "tb/bench/raw_pipeline.h"
#include "tb/bench/report.h"
#include "tb/cli/commands.h"
#include "tb/cli/options.h"
#include "tb/cli/values.h"
#include "tb/report/csv_writer.h"
#include "tb/wire/generator.h"
#include "tb/wire/pcap_player.h"

namespace rssnic::bench {
namespace {

namespace po = boost::program_options;

constexpr std::uint64_t kLoadPackets = 12 * 1024;  // of a generated load, which then begins again
constexpr std::uint64_t kWarmUpPackets = 20'000;

// Read by libsystemc before it calls sc_main(): no banner in front of what scripts read.
const int banner_off = setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);

struct Options {
  std::string json, capture, only, load;
  unsigned repetitions = 5;
  double seconds = 0.35;      // of a measurement, about
  std::uint64_t packets = 0;  // of a measurement; 0: as many as take that time
};

std::optional<Options> parse(const std::vector<std::string>& arguments) {
  Options options;
  std::string repetitions = "5", seconds = "0.35", packets;
  po::options_description visible("options", 100, 60);
  visible.add_options()                                                                                      //
      ("json", po::value(&options.json)->value_name("FILE"), "the figures for programs")                     //
      ("capture", po::value(&options.capture)->value_name("PCAP"), "a capture as a further load")            //
      ("only", po::value(&options.only)->value_name("KIND"), "only tuple, rtl, card, checked or reference")  //
      ("load", po::value(&options.load)->value_name("KEY"), "only frames_64, frames_1514, imix or capture")  //
      ("quick", "less exact: best of two, a tenth of a second each")                                         //
      ("repetitions", po::value(&repetitions)->value_name("N"), "best of so many (default: 5)")              //
      ("seconds", po::value(&seconds)->value_name("F"), "of each measurement, about (default: 0.35)")        //
      ("packets", po::value(&packets)->value_name("N"), "of each measurement, instead of --seconds")         //
      ("help,h", "print this");
  const po::variables_map given = cli::parse_options(visible, {}, arguments);
  if (given.count("help")) {
    fmt::print(
        "usage: rssnic_bench [OPTIONS]\n\nMeasures packets per second of CPU time.\n\n{}\n"
        "Exit status: 0 measured, whether targets are reached or not; 1 a wrong result; 2 wrong usage;\n"
        "3 an unreadable capture or an output that cannot be written.\n",
        cli::to_text(visible));
    return std::nullopt;
  }
  if (given.count("quick")) {
    if (!given.count("repetitions")) repetitions = "2";
    if (!given.count("seconds")) seconds = "0.1";
  }
  options.repetitions = static_cast<unsigned>(cli::parse_number("--repetitions", repetitions, 1, 1000));
  options.seconds = cli::parse_real("--seconds", seconds, 0.001, 60);
  if (!packets.empty()) options.packets = cli::parse_number("--packets", packets, 1, 1'000'000'000);
  if (given.count("only") && std::find(kKindNames.begin(), kKindNames.end(), options.only) == kKindNames.end()) {
    cli::bad_value("--only", options.only, "tuple, rtl, card, checked or reference is");
  }
  std::error_code error;
  if (!options.json.empty() && std::filesystem::equivalent(options.json, options.capture, error)) {
    cli::bad_value("--json", options.json, "it is the capture; another file is");
  }
  return options;
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The defaults of rssnic run; the capture that it asks for is not opened.
cli::RunOptions run_defaults(const char* engine = "rtl") {
  return *cli::parse_run_options({"--engine", engine, "unused"});
}

cli::RunOptions without_checks() {
  cli::RunOptions options = run_defaults();
  options.session.driver.check_poison = false;
  return options;
}

RssConfig config_of(const RssCommand& rss) {
  RssConfig config;
  config.hash_types = rss.hash_types;
  std::copy(rss.key.begin(), rss.key.end(), config.key.begin());
  config.table = rss.table;
  config.unclassified_queue = rss.unclassified_queue;
  return config;
}

Load generated(const char* name, std::size_t frame_bytes, bool imix) {
  GeneratorParameters parameters;
  parameters.packets = kLoadPackets;
  parameters.seed = 1;
  parameters.flows = 1024;
  parameters.frame_bytes = frame_bytes;
  parameters.imix = imix;
  Generator generator(parameters);
  return {name, generator};
}

// Throws std::runtime_error for a capture that is not readable to its end.
Load recorded(const std::string& path) {
  PlayerParameters parameters;
  parameters.files = {path};
  PcapPlayer player(parameters);
  const auto check = [&] {
    if (!player.files()[0].error.empty()) throw std::runtime_error(player.files()[0].error);
  };
  player.front();
  check();
  Load load(std::filesystem::path(path).filename().string(), player);
  check();
  return load;
}

class Benchmark {
 public:
  explicit Benchmark(const Options& options)
      : options_(options),
        card_("card", without_checks()),
        checked_("checked", run_defaults()),
        reference_("reference", run_defaults("reference")),
        tuples_(make_raw_tuples(config_of(*run_defaults().session.rss))),
        raw_(make_raw_pipeline(config_of(*run_defaults().session.rss))),
        thread_("benchmark", [this] { drive(); }) {
    const auto wanted = [&](const char* key) { return options.load.empty() || options.load == key; };
    if (wanted("frames_64")) add("frames_64", generated("64-byte frames", 60, false));
    if (wanted("frames_1514")) add("frames_1514", generated("1514-byte frames", 1514, false));
    if (wanted("imix")) add("imix", generated("IMIX", 60, true));
    if (wanted("capture") && !options.capture.empty()) {
      add("capture", recorded(options.capture));
    }
    if (loads_.empty()) {
      cli::bad_value("--load", options.load, "frames_64, frames_1514, imix, or, with --capture, capture is");
    }
    if (!options.json.empty()) report::check_writable(options.json);
  }

  void execute() {
    sc_core::sc_start();
    if (failure_) std::rethrow_exception(failure_);
    fmt::print("{}", to_table(figures_));
    if (std::fflush(stdout) != 0) throw std::runtime_error("standard output cannot be written");
    if (options_.json.empty()) return;
    if (const std::string error = report::write_file(options_.json, to_json(figures_)); !error.empty()) {
      throw std::runtime_error(error);
    }
  }

 private:
  struct Thread final : sc_core::sc_module {
    Thread(const sc_core::sc_module_name& name, std::function<void()> body) : sc_module(name), body_(std::move(body)) {
      SC_HAS_PROCESS(Thread);
      SC_THREAD(run);
      set_stack_size(1 << 20);
    }
    void run() { body_(); }
    const std::function<void()> body_;
  };

  void add(const char* key, Load load) {
    figures_.loads.push_back({key, load.name(), {}});
    loads_.push_back(std::move(load));
  }

  void drive() {
    try {
      figures_.repetitions = options_.repetitions;
      for (unsigned repetition = 0; repetition < options_.repetitions; ++repetition) {
        for (std::size_t i = 0; i < loads_.size(); ++i) measure(loads_[i], figures_.loads[i]);
      }
      if (options_.only.empty()) calibrate();
    } catch (...) {
      failure_ = std::current_exception();
    }
    sc_core::sc_stop();
  }

  static double time_of(Subject& subject, const Load& load, std::uint64_t packets) {
    subject.begin(load, packets);
    const double start = cpu_seconds();
    subject.run();
    const double took = cpu_seconds() - start;
    subject.end();
    return took;
  }

  // Each kind once more.
  void measure(const Load& load, LoadFigures& figures) {
    const std::array<Subject*, kKinds> subjects = {tuples_.get(), raw_.get(), &card_, &checked_, &reference_};
    for (unsigned kind = 0; kind < kKinds; ++kind) {
      if (!options_.only.empty() && options_.only != kKindNames[kind]) continue;
      try {
        std::optional<Figure>& figure = figures.kinds[kind];
        if (!figure) figure = Figure{packets_for(*subjects[kind], load), 1e300};
        figure->best_s = std::min(figure->best_s, time_of(*subjects[kind], load, figure->packets));
      } catch (const std::exception& error) {
        throw WrongResult(fmt::format("{}, {}: {}", load.name(), kKindNames[kind], error.what()));
      }
    }
  }

  std::uint64_t packets_for(Subject& subject, const Load& load) const {
    if (options_.packets > 0) return options_.packets;
    const double took = time_of(subject, load, kWarmUpPackets);
    return std::max(kWarmUpPackets,
                    static_cast<std::uint64_t>(static_cast<double>(kWarmUpPackets) * options_.seconds / took));
  }

  // The plain function on inputs that follow from one another, so that none can be left out.
  void calibrate() {
    const std::uint64_t hashes = options_.packets > 0 ? options_.packets : 1'000'000;
    for (unsigned repetition = 0; repetition < options_.repetitions; ++repetition) {
      std::array<std::uint8_t, 12> input = {198, 18, 0, 1, 198, 19, 0, 1, 4, 0, 0, 80};
      const double start = cpu_seconds();
      for (std::uint64_t i = 0; i < hashes; ++i)
        store_le32(&input[4 * (i % 3)], toeplitz(kMicrosoftKey, {input.data(), input.size()}));
      const double took = cpu_seconds() - start;
      figures_.toeplitz_per_s = std::max(figures_.toeplitz_per_s.value_or(0), static_cast<double>(hashes) / took);
    }
  }

  const Options options_;
  std::vector<Load> loads_;
  UncheckedCard card_;
  CheckedCard checked_;
  CheckedCard reference_;
  std::unique_ptr<Subject> tuples_, raw_;
  Thread thread_;
  Figures figures_;
  std::exception_ptr failure_;
};

}  // namespace
}  // namespace rssnic::bench

int sc_main(int count, char* values[]) {
  using namespace rssnic;
  try {
    const auto options = bench::parse({values + 1, values + count});
    if (!options) return cli::kExitOk;
    sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
    bench::Benchmark benchmark(*options);
    benchmark.execute();
    return cli::kExitOk;
  } catch (const cli::UsageError& error) {
    fmt::print(stderr, "rssnic_bench: {}\n", error.what());
    return cli::kExitUsage;
  } catch (const bench::WrongResult& error) {
    fmt::print(stderr, "rssnic_bench: {}\n", error.what());
    return cli::kExitMismatch;
  } catch (const std::exception& error) {
    fmt::print(stderr, "rssnic_bench: {}\n", error.what());
    return cli::kExitInput;
  }
}
