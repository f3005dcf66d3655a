#include "tb/report/wave_save_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace rssnic::report {
namespace {

// Two round trips to memory with what the card does in between.
constexpr Cycle kMargin = 500;
constexpr Cycle kBeforeOnScreen = 60;
constexpr Cycle kAfterOnScreen = 180;  // an interrupt takes two round trips from the delivery on
constexpr double kWavePixels = 1250;   // of a window 1600 wide
constexpr double kFramePixels = 200;   // GTKWave's zoom is the width in time of so many, as a power of two

// The flags of a trace in a save file (hexadecimal there), and colours by their numbers.
enum class Shown : unsigned { hex = 0x22, decimal = 0x24, bit = 0x28, text = 0x820 };
enum class Colour : unsigned { normal = 0, red = 1, orange = 2, yellow = 3, green = 4, violet = 7 };

struct Trace {
  const char* name;  // below TOP.wave_top., with its range: GTKWave finds no other
  Shown shown = Shown::hex;
  Colour colour = Colour::normal;
};
struct Group {
  const char* name;
  bool open;
  std::vector<Trace> traces;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"Clock and handshake",
       true,
       {{"clk_i", Shown::bit},
        {"rst_ni", Shown::bit},
        {"tvalid_i", Shown::bit},
        {"tready_o", Shown::bit},
        {"tlast_i", Shown::bit},
        {"out_valid_o", Shown::bit},
        {"out_ready_i", Shown::bit}}},
      {"Receive path",
       true,
       {{"ingress_event[63:0]", Shown::text, Colour::green},
        {"ingress_tag[63:0]", Shown::decimal, Colour::green},
        {"steer_event[63:0]", Shown::text, Colour::yellow},
        {"steer_tag[63:0]", Shown::decimal, Colour::yellow},
        {"steer_queue[15:0]", Shown::decimal, Colour::yellow},
        {"payload_event[63:0]", Shown::text, Colour::orange},
        {"payload_tag[63:0]", Shown::decimal, Colour::orange},
        {"payload_bytes[31:0]", Shown::decimal, Colour::orange},
        {"deliver_event[63:0]", Shown::text, Colour::orange},
        {"deliver_tag[63:0]", Shown::decimal, Colour::orange},
        {"deliver_queue[15:0]", Shown::decimal, Colour::orange},
        {"drop_event[127:0]", Shown::text, Colour::red},
        {"drop_tag[63:0]", Shown::decimal, Colour::red}}},
      {"Descriptors and used ring",
       true,
       {{"doorbell_event[63:0]", Shown::text, Colour::violet},
        {"doorbell_queue[15:0]", Shown::decimal, Colour::violet},
        {"fetch_event[63:0]", Shown::text, Colour::green},
        {"fetch_queue[15:0]", Shown::decimal, Colour::green},
        {"fed_event[63:0]", Shown::text, Colour::green},
        {"fed_queue[15:0]", Shown::decimal, Colour::green},
        {"fed_ready[15:0]", Shown::decimal, Colour::green},
        {"publish_event[63:0]", Shown::text, Colour::yellow},
        {"publish_queue[15:0]", Shown::decimal, Colour::yellow},
        {"used_event[63:0]", Shown::text, Colour::orange},
        {"used_queue[15:0]", Shown::decimal, Colour::orange},
        {"used_buffers[15:0]", Shown::decimal, Colour::orange}}},
      {"Interrupts and commands",
       true,
       {{"vector_event[63:0]", Shown::text, Colour::red},
        {"vector_number[15:0]", Shown::decimal, Colour::red},
        {"inta", Shown::bit, Colour::red},
        {"command_event[127:0]", Shown::text, Colour::violet},
        {"answer_event[63:0]", Shown::text, Colour::violet},
        {"status_event[127:0]", Shown::text, Colour::violet},
        {"device_status[7:0]", Shown::hex, Colour::violet}}},
      {"PCI Express",
       true,
       {{"request_event[63:0]", Shown::text, Colour::yellow},
        {"request_purpose[63:0]", Shown::text, Colour::yellow},
        {"request_queue[15:0]", Shown::decimal, Colour::yellow},
        {"request_address[63:0]", Shown::hex, Colour::yellow},
        {"request_bytes[31:0]", Shown::decimal, Colour::yellow},
        {"visible_event[63:0]", Shown::text, Colour::orange},
        {"visible_purpose[63:0]", Shown::text, Colour::orange},
        {"completion_event[63:0]", Shown::text, Colour::green},
        {"completion_purpose[63:0]", Shown::text, Colour::green},
        {"completion_bytes[31:0]", Shown::decimal, Colour::green}}},
      {"Frames", false, {{"tuser_i[15:0]", Shown::decimal}, {"tdata_i[511:0]"}, {"tkeep_i[63:0]"}}},
      {"Header fields",
       false,
       {{"u_pipeline.g_lane[0].u_lane.valid", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.id[15:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.network[1:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.transport[1:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.extension_headers", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.over_budget", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.source[127:0]"},
        {"u_pipeline.g_lane[0].u_lane.destination[127:0]"},
        {"u_pipeline.g_lane[0].u_lane.ex_source[127:0]"},
        {"u_pipeline.g_lane[0].u_lane.ex_destination[127:0]"},
        {"u_pipeline.g_lane[0].u_lane.source_port[15:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.destination_port[15:0]", Shown::decimal}}},
      {"Pipeline stages",
       false,
       {{"u_pipeline.groups_q[6:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.u_parser.valid_q[7:0]", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.u_parser.left_q[2:0]", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.u_steering.valid_q[6:0]", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.u_steering.bank_q[6:0]", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.u_steering.report[3:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.u_steering.tuple[287:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.g_direct.u_hash.ninth_q[287:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.g_direct.u_hash.third_q[95:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.hash[31:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.out_valid_o", Shown::bit}}},
      {"Result",
       false,
       {{"out_id_o[15:0]", Shown::decimal},
        {"out_hash_o[31:0]"},
        {"out_report_o[3:0]", Shown::decimal},
        {"out_queue_o[15:0]", Shown::decimal},
        {"out_bank_o", Shown::bit},
        {"out_over_budget_o", Shown::bit}}},
      {"Configuration",
       false,
       {{"cfg_valid_i", Shown::bit},
        {"cfg_ready_o", Shown::bit},
        {"cfg_addr_i[14:0]"},
        {"cfg_data_i[31:0]"},
        {"active_bank_o", Shown::bit},
        {"u_pipeline.g_lane[0].u_lane.u_steering.rules0[63:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.mask0[14:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.unclassified0[15:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.u_steering.key0[319:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.rules1[63:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.mask1[14:0]"},
        {"u_pipeline.g_lane[0].u_lane.u_steering.unclassified1[15:0]", Shown::decimal},
        {"u_pipeline.g_lane[0].u_lane.u_steering.key1[319:0]"}}},
  };
  return all;
}

}  // namespace

WaveWindow window_around(const check::PacketRow& row, Cycle noticed) {
  const bool delivered = !row.dropped && !row.lost && row.deliver > 0;
  const Cycle end = delivered ? row.deliver : std::max({noticed, row.ingress, row.steer});
  const Cycle begin = row.ingress > 0 ? row.ingress : end;
  return {begin > kMargin ? begin - kMargin : 0, end + kMargin};
}

WaveView view_of(const check::PacketRow& row, std::uint64_t period_ps, Cycle last) {
  WaveView view;
  view.period_ps = period_ps;
  view.ingress = row.ingress;
  view.steer = row.steer;
  view.deliver = row.deliver;
  const Cycle end = std::max({row.ingress, row.steer, row.deliver});
  view.from = row.ingress > kBeforeOnScreen ? row.ingress - kBeforeOnScreen : 0;
  view.to = end + kAfterOnScreen;
  // GTKWave starts at the beginning of the file when its window would reach beyond the end.
  if (view.to > last) {
    const Cycle shift = std::min(view.to - last, view.from);
    view.from -= shift;
    view.to -= shift;
  }
  return view;
}

void check_room_for_wave(const std::string& wave_path) {
  constexpr std::uintmax_t kLeastBytes = std::uintmax_t{4} << 20;
  const std::filesystem::path folder = std::filesystem::absolute(wave_path).parent_path();
  std::error_code error;
  const std::filesystem::space_info room = std::filesystem::space(folder, error);
  if (!error && room.available < kLeastBytes) {
    throw std::runtime_error(fmt::format("{}: cannot be written: less than 4 MiB are free there", wave_path));
  }
}

// A block is a byte for its kind and eight for its length, which counts itself, most significant byte first. A file is
// closed with its hierarchy (kinds 4, 6 and 7).
bool wave_is_complete(const std::string& wave_path) {
  std::ifstream file(wave_path, std::ios::binary);
  const std::uint64_t size = std::filesystem::file_size(wave_path);
  bool hierarchy = false;
  std::uint64_t at = 0;
  while (at < size) {
    std::array<char, 9> head{};
    if (!file.seekg(static_cast<std::streamoff>(at)).read(head.data(), head.size())) return false;
    std::uint64_t length = 0;
    for (std::size_t i = 1; i < head.size(); ++i) length = length << 8 | static_cast<unsigned char>(head[i]);
    if (length < 8 || length > size - at - 1) return false;
    hierarchy = hierarchy || head[0] == 4 || head[0] == 6 || head[0] == 7;
    at += 1 + length;
  }
  return hierarchy;
}

std::string wave_save_path(const std::string& wave_path) {
  return std::filesystem::path(wave_path).replace_extension(".gtkw").string();
}

std::string wave_save_file(const std::string& wave_path, const WaveView& view) {
  const auto time = [&](Cycle cycle) { return cycle * view.period_ps; };
  const double span = static_cast<double>(std::max<Cycle>(time(view.to - view.from), 1));
  std::string out = "[*] rssnic: groups and markers are explained in docs/waveforms.md\n";
  out += fmt::format("[dumpfile] \"{}\"\n", std::filesystem::path(wave_path).filename().string());
  out += fmt::format("[timestart] {}\n", time(view.from));
  out += "[size] 1600 1300\n[pos] -1 -1\n";
  // The zoom, then the primary marker and the markers A to Z; -1: not set. What happens at an
  // edge is marked at the edge, in the middle of its cycle.
  const auto mark = [&](Cycle cycle, Cycle offset) {
    return cycle == 0 ? std::string(" -1") : fmt::format(" {}", time(cycle) + offset);
  };
  const Cycle middle = view.period_ps / 2;
  out += fmt::format("*{:.6f}", -std::log2(span / kWavePixels * kFramePixels));
  out += mark(view.ingress, middle) + mark(view.ingress, middle) + mark(view.steer, middle) + mark(view.deliver, 0);
  for (int unset = 3; unset < 26; ++unset) out += " -1";
  out += "\n[sst_width] 200\n[signals_width] 290\n[sst_expanded] 0\n";
  for (const Group& group : groups()) {
    const unsigned closed = group.open ? 0 : 0x400000;
    out += fmt::format("@{:x}\n-{}\n", 0x800200 | closed, group.name);
    for (const Trace& trace : group.traces) {
      out += fmt::format("@{:x}\n[color] {}\nTOP.wave_top.{}\n", static_cast<unsigned>(trace.shown),
                         static_cast<unsigned>(trace.colour), trace.name);
    }
    out += fmt::format("@{:x}\n-{}\n", 0x1000200 | closed, group.name);
  }
  return out;
}

}  // namespace rssnic::report
