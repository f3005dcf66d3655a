#include "tb/cli/serve_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "tb/cli/options.h"
#include "tb/cli/values.h"

namespace rssnic::cli {
namespace {

namespace po = boost::program_options;

// A guest's driver needs more time to post buffers than the card's default allows, and under emulation much more.
constexpr double kNoBufferWaitSeconds = 0.1;

struct Texts {
  std::string socket, queues, ring_size, features, clock, pcie, engine, ex_report, mac, wire, pace, line_rate, capture,
      sync, interval, json, wave, wave_from, wave_to;
};

po::options_description describe(Texts& texts) {
  const auto text = [](std::string& into, const char* name, const char* fallback = "") {
    auto* const value = po::value(&into)->value_name(name);
    if (*fallback != '\0') value->default_value(fallback);
    return value;
  };
  po::options_description server("the server", 100, 60);
  server.add_options()                                                    //
      ("socket", text(texts.socket, "PATH"), "UNIX socket to listen on")  //
      ("sync", text(texts.sync, "S", "free"),
       "free: the card runs as fast as it can; paced: never ahead of the clock on the wall")  //
      ("stats-interval", text(texts.interval, "S", "0"),
       "statistics every S seconds, up to 86400 (0: only when SIGUSR1 asks for them)")  //
      ("help,h", "print this");
  po::options_description card("the card", 100, 60);
  card.add_options()                                                                                     //
      ("queues", text(texts.queues, "N", "4"), "queue pairs, 1 to 32767")                                //
      ("ring-size", text(texts.ring_size, "N", "256"), "largest virtqueue, a power of two up to 32768")  //
      ("features", text(texts.features, "+a,-b"),
       "features to add to or take from the default: all that rssnic info lists but mtu and ring_packed")  //
      ("mac", text(texts.mac, "MAC"), "address (default: 52:54:00:72:73:73)")                              //
      ("clock-mhz", text(texts.clock, "F", "250"), "core clock, 1 to 10000")                               //
      ("pcie", text(texts.pcie, "GENxLANES", "4x16"),
       "PCI Express link: generation 1 to 5; 1, 2, 4, 8 or 16 lanes")                            //
      ("engine", text(texts.engine, "E", "rtl"), "rtl: the Verilated pipeline; reference: C++")  //
      ("ex-report", text(texts.ex_report, "WHEN", "spec"),
       "spec: *_ex types for IPv6 packets with extension headers; always: for all (as QEMU does)");
  po::options_description wire("the wire", 100, 60);
  wire.add_options()  //
      ("wire", text(texts.wire, "W", "user"),
       "user: a network in user space with DHCP, as QEMU's; tap:NAME: a tap device, with as many queues as the card "
       "where it has or can have them; pcap:FILE: a capture is played "
       "into the card once the guest has sent its first frame; loopback: what is sent comes back")     //
      ("pace", text(texts.pace, "P", "back-to-back"), "of pcap: back-to-back, recorded or line-rate")  //
      ("line-rate-gbps", text(texts.line_rate, "F", "100"), "with --pace line-rate, 0.001 to 10000");
  po::options_description output("output", 100, 60);
  output.add_options()                                                                         //
      ("capture", text(texts.capture, "FILE"), "what the card transmits, as a pcap file")      //
      ("json", text(texts.json, "FILE"), "the statistics for programs, when the server ends")  //
      ("wave", text(texts.wave, "FILE"),
       "waveform (FST): the RTL's signals and the card's events; beside it a save file for GTKWave. Complete when its "
       "last cycle has passed, its client has gone or the server ends. Some 200 bytes a packet, and the card is slower "
       "by an order of magnitude: a long run wants a window")  //
      ("wave-from", text(texts.wave_from, "CYCLE"),
       "with --wave: the first cycle recorded; statistics (SIGUSR1) tell which cycle it is now")  //
      ("wave-to", text(texts.wave_to, "CYCLE"), "with --wave: the last one");
  po::options_description all;
  all.add(server).add(card).add(wire).add(output);
  return all;
}

std::array<std::uint8_t, 6> parse_mac(const std::string& value) {
  std::array<std::uint8_t, 6> mac{};
  unsigned bytes[6];
  int end = 0;
  const int fields = std::sscanf(value.c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
                                 &bytes[4], &bytes[5], &end);
  if (fields != 6 || static_cast<std::size_t>(end) != value.size() || (bytes[0] & 1) != 0) {
    bad_value("--mac", value, "a unicast address such as 52:54:00:72:73:73 is");
  }
  std::copy(std::begin(bytes), std::end(bytes), mac.begin());
  return mac;
}

void parse_wire(const Texts& texts, ServeOptions& serve) {
  const std::size_t colon = texts.wire.find(':');
  const std::string kind = texts.wire.substr(0, colon);
  const std::string name = colon == std::string::npos ? "" : texts.wire.substr(colon + 1);
  if (kind == "tap" && !name.empty()) {
    serve.wire = WireKind::tap;
    serve.tap = name;
  } else if (kind == "pcap" && !name.empty()) {
    serve.wire = WireKind::pcap;
    serve.player.files = {name};
  } else if (texts.wire == "user" || texts.wire == "loopback") {
    serve.wire = texts.wire == "user" ? WireKind::user : WireKind::loopback;
  } else {
    bad_value("--wire", texts.wire, "user, tap:NAME, pcap:FILE or loopback is");
  }
}

}  // namespace

std::optional<ServeOptions> parse_serve_options(const std::vector<std::string>& arguments) {
  Texts texts;
  const po::options_description visible = describe(texts);
  const po::variables_map given = parse_options(visible, {}, arguments);
  if (given.count("help")) {
    fmt::print(
        "usage: rssnic serve --socket PATH [OPTIONS]\n\nServes the card to QEMU (11.1 or later, vfio-user-pci) or "
        "another vfio-user client;\ndocs/co-simulation.md has the command line. SIGUSR1 prints statistics, SIGUSR2 "
        "pulls the cable\nfor a second, SIGTERM and Ctrl-C end it.\n{}\n"
        "Exit status: 0 ended by a signal, 2 wrong usage, 3 socket, wire or an output cannot be used.\n",
        to_text(visible));
    return std::nullopt;
  }
  if (texts.socket.empty()) throw UsageError("serve: --socket is needed");

  ServeOptions serve;
  serve.socket = texts.socket;
  CardParameters& card = serve.nic.card;
  card.queue_pairs = static_cast<unsigned>(parse_number("--queues", texts.queues, 1, kMaxQueuePairs));
  card.max_queue_size = static_cast<unsigned>(parse_power_of_two("--ring-size", texts.ring_size, kMaxQueueSize));
  card.features = all_implemented_features() & ~(VIRTIO_NET_F_MTU | VIRTIO_F_RING_PACKED);
  if (given.count("features")) card.features = parse_features("--features", texts.features, card.features);
  if (given.count("mac")) card.mac = parse_mac(texts.mac);
  card.pcie.clock_mhz = parse_real("--clock-mhz", texts.clock, 1, 10000);
  parse_pcie("--pcie", texts.pcie, card.pcie);
  card.no_buffer_wait_cycles = static_cast<Cycle>(kNoBufferWaitSeconds * card.pcie.clock_mhz * 1e6);
  card.ex_report_always = parse_choice<bool>("--ex-report", texts.ex_report, {{"spec", false}, {"always", true}});
  serve.reference_engine = parse_choice<bool>("--engine", texts.engine, {{"rtl", false}, {"reference", true}});
  serve.sync =
      parse_choice<cosim::Sync>("--sync", texts.sync, {{"free", cosim::Sync::free}, {"paced", cosim::Sync::paced}});
  serve.stats_interval = std::chrono::seconds(parse_number("--stats-interval", texts.interval, 0, 86400));

  parse_wire(texts, serve);
  serve.player.pace = parse_choice<Pace>(
      "--pace", texts.pace,
      {{"back-to-back", Pace::back_to_back}, {"recorded", Pace::recorded}, {"line-rate", Pace::line_rate}});
  serve.player.line_rate_gbps = parse_real("--line-rate-gbps", texts.line_rate, 0.001, 10000);
  serve.player.clock_mhz = card.pcie.clock_mhz;
  if (serve.wire != WireKind::pcap && !given["pace"].defaulted())
    throw UsageError("--pace: only with --wire pcap:FILE");
  if (serve.player.pace != Pace::line_rate && !given["line-rate-gbps"].defaulted()) {
    throw UsageError("--line-rate-gbps: only with --pace line-rate");
  }
  serve.capture = texts.capture;
  serve.json = texts.json;
  serve.wave = parse_wave(given, serve.reference_engine);
  check_outputs(given, {"capture", "json"}, serve.wave, serve.player.files);
  return serve;
}

}  // namespace rssnic::cli
