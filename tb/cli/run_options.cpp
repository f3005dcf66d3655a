#include "tb/cli/run_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tb/cli/options.h"
#include "tb/cli/values.h"

namespace rssnic::cli {
namespace {

namespace po = boost::program_options;

constexpr const char* kCaptures = " pcap";  // of the positional arguments; nobody can write it as an option
constexpr unsigned kDefaultTableSize = 128;

// One of a few words.
template <typename T>
T parse_choice(const std::string& option, const std::string& value,
               const std::vector<std::pair<std::string, T>>& choices) {
  std::string allowed;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].first == value) return choices[i].second;
    allowed += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i].first;
  }
  bad_value(option, value, allowed + " is");
}

bool is_power_of_two(std::uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

std::uint64_t parse_power_of_two(const std::string& option, const std::string& value, std::uint64_t high) {
  const std::uint64_t parsed = is_number(value) ? parse_number(option, value, 0, ~std::uint64_t{0}) : 0;
  if (!is_power_of_two(parsed) || parsed > high)
    bad_value(option, value, fmt::format("a power of two up to {} is", high));
  return parsed;
}

// Every option as text; the parsers in values.h word the errors.
struct Texts {
  std::string queues, ring_size, features, steering, hash_types, hash_key, table_size, table, unclassified, ex_report,
      engine, stepping, pace, line_rate, clock, pcie, expect, csv, json, repeat, max_packets, progress;
  std::vector<std::string> captures;
};

po::options_description describe(Texts& texts) {
  const auto text = [](std::string& into, const char* name, const char* fallback) {
    auto* const value = po::value(&into)->value_name(name);
    if (*fallback != '\0') value->default_value(fallback);
    return value;
  };
  po::options_description card("the card", 100, 60);
  card.add_options()                                                                                              //
      ("queues", text(texts.queues, "N", "4"), "queue pairs, 1 to 32767")                                         //
      ("ring-size", text(texts.ring_size, "N", "256"), "entries of every virtqueue, a power of two up to 32768")  //
      ("features", text(texts.features, "+a,-b", ""),
       "features to add to or take from the default: all that rssnic info lists but mtu")                             //
      ("clock-mhz", text(texts.clock, "F", "250"), "core clock, 1 to 10000")                                          //
      ("pcie", text(texts.pcie, "GENxLANES", "4x16"), "PCI Express link: generation 1 to 5; 1, 2, 4, 8 or 16 lanes")  //
      ("engine", text(texts.engine, "E", "rtl"), "rtl: the Verilated pipeline; reference: C++, without stamps")       //
      ("stepping", text(texts.stepping, "S", "burst"),
       "how SystemC time advances: burst, 64 cycles at once; lockstep, one at a time. The results are the same");
  po::options_description steering("steering", 100, 60);
  steering.add_options()                                                                                      //
      ("steering", text(texts.steering, "MODE", "rss"), "rss, or single: everything to queue 0")              //
      ("hash-types", text(texts.hash_types, "TYPES", "0x1ff"), "mask, or names such as ipv4,tcpv4,udpv6_ex")  //
      ("hash-key", text(texts.hash_key, "HEX", ""), "1 to 40 bytes (default: Microsoft's verification key)")  //
      ("table-size", text(texts.table_size, "N", ""),
       "indirection table with entry i = i mod queues (default: 128)")                                      //
      ("indirection-table", text(texts.table, "Q,Q,...", ""), "the table itself, instead of --table-size")  //
      ("unclassified-queue", text(texts.unclassified, "Q", "0"), "for packets without a hash")              //
      ("ex-report", text(texts.ex_report, "WHEN", "spec"),
       "spec: *_ex types for IPv6 packets with extension headers; always: for all (as QEMU does)");
  po::options_description traffic("traffic", 100, 60);
  traffic.add_options()  //
      ("pace", text(texts.pace, "P", "back-to-back"),
       "back-to-back: the source waits, nothing is lost; recorded, line-rate: it does not wait")      //
      ("line-rate-gbps", text(texts.line_rate, "F", "100"), "with --pace line-rate, 0.001 to 10000")  //
      ("repeat", text(texts.repeat, "N", "1"), "passes over all captures")                            //
      ("max-packets", text(texts.max_packets, "N", ""), "stop after so many");
  po::options_description output("output", 100, 60);
  output.add_options()                                                                          //
      ("csv", text(texts.csv, "FILE", ""), "a row a packet")                                    //
      ("json", text(texts.json, "FILE", ""), "the summary for programs")                        //
      ("expect-mpps", text(texts.expect, "F", ""), "exit with 1 when the pipeline was slower")  //
      ("progress", text(texts.progress, "WHEN", "auto"), "auto (on a terminal), on or off")     //
      ("help,h", "print this");
  po::options_description all;
  all.add(card).add(steering).add(traffic).add(output);
  return all;
}

RssCommand parse_rss(const po::variables_map& given, const Texts& texts, unsigned queues) {
  RssCommand rss;
  rss.hash_types = parse_hash_types("--hash-types", texts.hash_types);
  rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  if (given.count("hash-key")) rss.key = parse_key("--hash-key", texts.hash_key);
  if (given.count("indirection-table")) {
    if (given.count("table-size")) throw UsageError("--table-size and --indirection-table exclude each other");
    rss.table = parse_queue_list("--indirection-table", texts.table, queues);
  } else {
    rss.table.resize(given.count("table-size") ? static_cast<std::size_t>(parse_power_of_two(
                                                     "--table-size", texts.table_size, kMaxTableEntries))
                                               : kDefaultTableSize);
    for (std::size_t i = 0; i < rss.table.size(); ++i) rss.table[i] = static_cast<std::uint16_t>(i % queues);
  }
  rss.unclassified_queue =
      static_cast<std::uint16_t>(parse_number("--unclassified-queue", texts.unclassified, 0, queues - 1));
  rss.max_tx_vq = static_cast<std::uint16_t>(queues);
  return rss;
}

// An output must not destroy an input or another output.
void check_outputs(const RunOptions& run) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code error;
    return a == b || std::filesystem::equivalent(a, b, error);
  };
  for (const auto& [option, path] : {std::pair{"--csv", run.csv}, {"--json", run.json}}) {
    if (path.empty()) continue;
    for (const std::string& capture : run.player.files) {
      if (same(path, capture)) bad_value(option, path, "it is one of the captures; another file is");
    }
  }
  if (!run.csv.empty() && !run.json.empty() && same(run.csv, run.json)) {
    bad_value("--json", run.json, "it is the --csv file; another file is");
  }
}

}  // namespace

std::optional<RunOptions> parse_run_options(const std::vector<std::string>& arguments) {
  Texts texts;
  const po::options_description visible = describe(texts);
  po::options_description all;
  all.add(visible).add_options()(kCaptures, po::value(&texts.captures));
  po::positional_options_description positional;
  positional.add(kCaptures, -1);
  const po::variables_map given = parse_options(all, positional, arguments);
  if (given.count("help")) {
    fmt::print(
        "usage: rssnic run [OPTIONS] PCAP...\n\nReplays captures (pcap, pcapng) through the card and checks every "
        "packet.\n{}\n"
        "Exit status: 0 as the specification says, 1 a mismatch or too slow, 2 wrong usage,\n"
        "3 unreadable or damaged input (what was good before the damage is processed), 130 interrupted.\n",
        to_text(visible));
    return std::nullopt;
  }
  if (texts.captures.empty()) throw UsageError("run: a capture file is needed");

  RunOptions run;
  CardParameters& card = run.nic.card;
  const auto queues = static_cast<unsigned>(parse_number("--queues", texts.queues, 1, kMaxQueuePairs));
  const auto ring_size = static_cast<unsigned>(parse_power_of_two("--ring-size", texts.ring_size, kMaxQueueSize));
  card.queue_pairs = queues;
  card.max_queue_size = std::max(ring_size, card.max_queue_size);
  card.features = all_implemented_features() & ~VIRTIO_NET_F_MTU;
  if (given.count("features")) card.features = parse_features("--features", texts.features, card.features);
  card.pcie.clock_mhz = parse_real("--clock-mhz", texts.clock, 1, 10000);
  parse_pcie("--pcie", texts.pcie, card.pcie);
  card.ex_report_always = parse_choice<bool>("--ex-report", texts.ex_report, {{"spec", false}, {"always", true}});
  run.reference_engine = parse_choice<bool>("--engine", texts.engine, {{"rtl", false}, {"reference", true}});
  run.nic.stepping = parse_choice<Stepping>("--stepping", texts.stepping,
                                            {{"burst", Stepping::burst}, {"lockstep", Stepping::lockstep}});

  DriverOptions& driver = run.session.driver;
  driver.wanted = card.features;
  driver.ring_size = ring_size;
  const bool multiqueue = card.features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS);
  driver.queue_pairs = multiqueue ? queues : 1;
  // The longest frame must fit the ring; without mergeable buffers it must fit one buffer.
  constexpr auto kLongest = static_cast<std::uint32_t>(kMaxFrameBytes + kMaxNetHeaderBytes);
  const bool mergeable = card.features & VIRTIO_NET_F_MRG_RXBUF;
  driver.buffer_bytes = mergeable ? std::max(2048u, (kLongest + ring_size - 1) / ring_size) : kLongest;

  const bool can_rss = (card.features & VIRTIO_NET_F_RSS) != 0;
  const bool wants_rss = parse_choice<bool>("--steering", texts.steering, {{"rss", true}, {"single", false}});
  if (wants_rss && !can_rss && !given["steering"].defaulted()) {
    throw UsageError("--steering: 'rss' is not allowed; --features takes the feature rss away");
  }
  if (!wants_rss || !can_rss) {
    for (const char* const option :
         {"hash-types", "hash-key", "table-size", "indirection-table", "unclassified-queue"}) {
      if (given.count(option) && !given[option].defaulted()) {
        throw UsageError(fmt::format("--{}: only with --steering rss and the feature rss", option));
      }
    }
  }
  const RssCommand rss = parse_rss(given, texts, queues);
  if (wants_rss && can_rss) run.session.rss = rss;
  run.session.ex_report_always = card.ex_report_always;

  PlayerParameters& player = run.player;
  player.files = texts.captures;
  player.pace = parse_choice<Pace>(
      "--pace", texts.pace,
      {{"back-to-back", Pace::back_to_back}, {"recorded", Pace::recorded}, {"line-rate", Pace::line_rate}});
  player.line_rate_gbps = parse_real("--line-rate-gbps", texts.line_rate, 0.001, 10000);
  if (player.pace != Pace::line_rate && !given["line-rate-gbps"].defaulted()) {
    throw UsageError("--line-rate-gbps: only with --pace line-rate");
  }
  player.clock_mhz = card.pcie.clock_mhz;
  player.passes = parse_number("--repeat", texts.repeat, 1, 1'000'000'000);
  if (given.count("max-packets")) {
    player.max_packets = parse_number("--max-packets", texts.max_packets, 1, ~std::uint64_t{0});
  }
  if (given.count("expect-mpps")) run.expect_mpps = parse_real("--expect-mpps", texts.expect, 0, 1e6);
  if (run.expect_mpps > 0 && run.reference_engine) {
    throw UsageError("--expect-mpps: the reference engine has no cycles to measure");
  }
  run.csv = texts.csv;
  run.json = texts.json;
  check_outputs(run);
  run.progress = parse_choice<Progress>("--progress", texts.progress,
                                        {{"auto", Progress::automatic}, {"on", Progress::on}, {"off", Progress::off}});
  return run;
}

}  // namespace rssnic::cli
