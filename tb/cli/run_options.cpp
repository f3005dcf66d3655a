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
// Offered only where --features asks: a run has no use for them.
constexpr FeatureBits kOnRequest = VIRTIO_NET_F_MTU | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_CTRL_RX_EXTRA |
                                   VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_NOTF_COAL |
                                   VIRTIO_NET_F_VQ_NOTF_COAL;

// Every option as text; the parsers in values.h word the errors.
struct Texts {
  std::string queues, ring, ring_size, buffer_segments, features, steering, hash_types, hash_key, table_size, table,
      unclassified, ex_report, engine, stepping, pace, line_rate, clock, pcie, expect, csv, json, junit, wave,
      wave_from, wave_to, repeat, max_packets, progress;
  std::vector<std::string> faults, captures;
};

po::options_description describe(Texts& texts) {
  const auto text = [](std::string& into, const char* name, const char* fallback) {
    auto* const value = po::value(&into)->value_name(name);
    if (*fallback != '\0') value->default_value(fallback);
    return value;
  };
  po::options_description card("the card", 100, 60);
  card.add_options()                                                                              //
      ("queues", text(texts.queues, "N", "4"), "queue pairs, 1 to 32767")                         //
      ("ring", text(texts.ring, "FORMAT", "split"), "format of the virtqueues: split or packed")  //
      ("ring-size", text(texts.ring_size, "N", "256"),
       "entries of every virtqueue, a power of two up to 32768; any number up to 32768 with --ring packed")  //
      ("buffer-segments", text(texts.buffer_segments, "N", ""),
       "parts of each receive buffer, 1 to 16 (default: 1; 4 without mrg_rxbuf)")  //
      ("features", text(texts.features, "+a,-b", ""),
       "features to add to or take from the default: all that rssnic info lists but mtu, ctrl_vlan, ctrl_rx_extra, "
       "guest_announce, ctrl_mac_addr, notf_coal, vq_notf_coal and ring_packed (see --ring)")                         //
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
      ("max-packets", text(texts.max_packets, "N", ""), "stop after so many")                         //
      ("fault", po::value(&texts.faults)->value_name("KIND@N"),
       "something that goes wrong, several times where wanted: dma-read-error, dma-write-error, late-completion "
       "at the N-th read or write; link-stall, ring-head, ring-index, ring-loop, no-buffers, reset at packet N");
  po::options_description output("output", 100, 60);
  output.add_options()                                                                              //
      ("csv", text(texts.csv, "FILE", ""), "a row a packet")                                        //
      ("json", text(texts.json, "FILE", ""), "the summary for programs")                            //
      ("junit", text(texts.junit, "FILE", ""), "captures and checks as JUnit XML, for CI servers")  //
      ("wave", text(texts.wave, "FILE", ""),
       "waveform (FST): the RTL's signals and the card's events; beside it a save file for GTKWave")               //
      ("wave-from", text(texts.wave_from, "CYCLE", ""), "with --wave: the first cycle recorded")                   //
      ("wave-to", text(texts.wave_to, "CYCLE", ""), "with --wave: the last one")                                   //
      ("wave-on-mismatch", "with --wave: only the first packet that differs, by a second run; nothing otherwise")  //
      ("expect-mpps", text(texts.expect, "F", ""), "exit with 1 when the pipeline was slower")                     //
      ("progress", text(texts.progress, "WHEN", "auto"), "auto (on a terminal), on or off")                        //
      ("help,h", "print this");
  po::options_description all;
  all.add(card).add(steering).add(traffic).add(output);
  return all;
}

// Format and size of the rings, and the parts of each buffer.
void parse_rings(const po::variables_map& given, const Texts& texts, RunOptions& run) {
  CardParameters& card = run.nic.card;
  DriverOptions& driver = run.session.driver;
  const bool packed = parse_choice<bool>("--ring", texts.ring, {{"split", false}, {"packed", true}});
  card.features = all_implemented_features() & ~(kOnRequest | (packed ? 0 : VIRTIO_F_RING_PACKED));
  if (given.count("features")) card.features = parse_features("--features", texts.features, card.features);
  if (packed && !(card.features & VIRTIO_F_RING_PACKED)) {
    throw UsageError("--ring: 'packed' is not allowed; --features takes the feature ring_packed away");
  }
  // Without CTRL_VLAN packets of every VLAN come through.
  driver.wanted = card.features & ~(VIRTIO_NET_F_CTRL_VLAN | (packed ? 0 : VIRTIO_F_RING_PACKED));
  driver.ring_size = static_cast<unsigned>(packed ? parse_number("--ring-size", texts.ring_size, 1, kMaxQueueSize)
                                                  : parse_power_of_two("--ring-size", texts.ring_size, kMaxQueueSize));
  card.max_queue_size = std::max(driver.ring_size, card.max_queue_size);
  if (given.count("buffer-segments")) {
    const unsigned most = std::min(DriverRing::kTableParts, driver.ring_size);
    driver.buffer_segments = static_cast<unsigned>(parse_number("--buffer-segments", texts.buffer_segments, 1, most));
  }
  // The longest frame must fit the ring; without mergeable buffers it must fit one buffer.
  constexpr auto kLongest = static_cast<std::uint32_t>(kMaxFrameBytes + kMaxNetHeaderBytes);
  const unsigned buffers = driver.buffers(driver.wanted, driver.ring_size);
  const bool mergeable = driver.wanted & VIRTIO_NET_F_MRG_RXBUF;
  driver.buffer_bytes = mergeable ? std::max(2048u, (kLongest + buffers - 1) / buffers) : kLongest;
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

// Where packets go, and what the hash report says of them: with RSS both at once, without it the report alone.
void parse_steering(const po::variables_map& given, const Texts& texts, unsigned queues, RunOptions& run) {
  const FeatureBits features = run.nic.card.features;
  const bool can_rss = (features & VIRTIO_NET_F_RSS) != 0;
  const bool wants_rss = parse_choice<bool>("--steering", texts.steering, {{"rss", true}, {"single", false}});
  if (wants_rss && !can_rss && !given["steering"].defaulted()) {
    throw UsageError("--steering: 'rss' is not allowed; --features takes the feature rss away");
  }
  const bool steers = wants_rss && can_rss;
  const bool reports = (features & VIRTIO_NET_F_HASH_REPORT) && (features & VIRTIO_NET_F_CTRL_VQ);
  const auto refuse = [&given](std::initializer_list<const char*> options, const char* condition) {
    for (const char* const option : options) {
      if (given.count(option) && !given[option].defaulted()) {
        throw UsageError(fmt::format("--{}: only with {}", option, condition));
      }
    }
  };
  if (!steers) {
    refuse({"table-size", "indirection-table", "unclassified-queue"}, "--steering rss and the feature rss");
    if (!reports) refuse({"hash-types", "hash-key"}, "RSS, or the features hash_report and ctrl_vq");
  }
  const RssCommand rss = parse_rss(given, texts, queues);
  if (steers) {
    run.session.rss = rss;
  } else if (reports) {
    run.session.hash = HashCommand{rss.hash_types, rss.key};
  }
}

WaveOptions parse_run_wave(const po::variables_map& given, const RunOptions& run) {
  const bool on_mismatch = given.count("wave-on-mismatch") > 0;
  if (on_mismatch && !given.count("wave")) throw UsageError("--wave-on-mismatch: only with --wave");
  WaveOptions wave = parse_wave(given, run.reference_engine);
  wave.on_mismatch = on_mismatch;
  if (!wave.on_mismatch) return wave;
  if (given.count("wave-from") || given.count("wave-to")) {
    throw UsageError("--wave-on-mismatch: it chooses the cycles itself; not with --wave-from or --wave-to");
  }
  for (const std::string& capture : run.player.files) {
    std::error_code error;
    if (std::filesystem::exists(capture, error) && !std::filesystem::is_regular_file(capture, error)) {
      throw UsageError(
          fmt::format("--wave-on-mismatch: '{}' is not allowed; a file that can be read twice is", capture));
    }
  }
  return wave;
}

// KIND@N
check::FaultRequest parse_fault(const std::string& value, bool packed) {
  std::string kinds;
  for (const char* const name : check::kFaultNames) kinds += (kinds.empty() ? "" : ", ") + std::string(name);
  const std::size_t at = value.find('@');
  const auto kind = std::find(check::kFaultNames.begin(), check::kFaultNames.end(), value.substr(0, at));
  if (at == std::string::npos || kind == check::kFaultNames.end() || !is_number(value.substr(at + 1))) {
    bad_value("--fault", value, "KIND@N is, with N from 1 and KIND one of " + kinds);
  }
  check::FaultRequest fault;
  fault.kind = static_cast<check::FaultKind>(kind - check::kFaultNames.begin());
  fault.at = parse_number("--fault", value.substr(at + 1), 1, ~std::uint64_t{0});
  if (packed && fault.kind == check::FaultKind::ring_index) {
    bad_value("--fault", value, "packed rings have no index; ring-head and ring-loop are");
  }
  return fault;
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
        "Exit status: 0 as the specification says, 1 a mismatch, too slow or a --fault that has not struck,\n"
        "2 wrong usage, 3 unreadable or damaged input (what was good before the damage is processed), an output that\n"
        "cannot be written, or not enough memory, 130 interrupted.\n",
        to_text(visible));
    return std::nullopt;
  }
  if (texts.captures.empty()) throw UsageError("run: a capture file is needed");

  RunOptions run;
  CardParameters& card = run.nic.card;
  const auto queues = static_cast<unsigned>(parse_number("--queues", texts.queues, 1, kMaxQueuePairs));
  card.queue_pairs = queues;
  parse_rings(given, texts, run);
  card.pcie.clock_mhz = parse_real("--clock-mhz", texts.clock, 1, 10000);
  parse_pcie("--pcie", texts.pcie, card.pcie);
  card.ex_report_always = parse_choice<bool>("--ex-report", texts.ex_report, {{"spec", false}, {"always", true}});
  run.reference_engine = parse_choice<bool>("--engine", texts.engine, {{"rtl", false}, {"reference", true}});
  run.nic.stepping = parse_choice<Stepping>("--stepping", texts.stepping,
                                            {{"burst", Stepping::burst}, {"lockstep", Stepping::lockstep}});

  const bool multiqueue = card.features & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS);
  run.session.driver.queue_pairs = multiqueue ? queues : 1;
  parse_steering(given, texts, queues, run);
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
  for (const std::string& capture : player.files) {
    std::error_code error;
    if (player.passes > 1 && std::filesystem::is_fifo(capture, error)) {
      throw UsageError(
          fmt::format("--repeat: '{}' is a pipe, which can be read once; regular files can be repeated", capture));
    }
  }
  for (const std::string& fault : texts.faults) {
    const check::FaultRequest request = parse_fault(fault, (card.features & VIRTIO_F_RING_PACKED) != 0);
    for (const check::FaultRequest& other : run.session.faults) {
      if (other.kind == request.kind && other.at == request.at) bad_value("--fault", fault, "once is");
    }
    run.session.faults.push_back(request);
  }
  if (given.count("max-packets")) {
    player.max_packets = parse_number("--max-packets", texts.max_packets, 1, ~std::uint64_t{0});
  }
  if (given.count("expect-mpps")) run.expect_mpps = parse_real("--expect-mpps", texts.expect, 0, 1e6);
  if (run.expect_mpps > 0 && run.reference_engine) {
    throw UsageError("--expect-mpps: the reference engine has no cycles to measure");
  }
  run.csv = texts.csv;
  run.json = texts.json;
  run.junit = texts.junit;
  run.wave = parse_run_wave(given, run);
  check_outputs(given, {"csv", "json", "junit"}, run.wave, player.files);
  run.progress = parse_choice<Progress>("--progress", texts.progress,
                                        {{"auto", Progress::automatic}, {"on", Progress::on}, {"off", Progress::off}});
  return run;
}

}  // namespace rssnic::cli
