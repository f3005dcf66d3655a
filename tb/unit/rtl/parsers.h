// The Verilated frame parsers under test, by width, and how their pins are read.
#pragma once
#include "Vframe_parser_1024.h"
#include "Vframe_parser_128.h"
#include "Vframe_parser_256.h"
#include "Vframe_parser_512.h"
#include "Vframe_parser_large.h"
#include "tb/unit/rtl/budget.h"
#include "tb/unit/rtl/parser_bench.h"

namespace rssnic::test {

inline Address read_address(const VlWide<4>& port) {
  Address address{};
  for (std::size_t byte = 0; byte < 16; ++byte) {
    address[byte] = static_cast<std::uint8_t>(port[3 - byte / 4] >> (24 - 8 * (byte % 4)));
  }
  return address;
}

inline std::string in_hex(const FrameBytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  return text;
}

// Fields that mean nothing are left at their defaults.
template <typename Model>
Parsed read_parsed(const Model& model) {
  Parsed parsed;
  parsed.over_budget = model.out_over_budget_o;
  parsed.fields.network = static_cast<Network>(model.out_network_o);
  if (parsed.fields.network == Network::none) return parsed;
  parsed.fields.transport = static_cast<Transport>(model.out_transport_o);
  parsed.fields.extension_headers = model.out_extension_headers_o;
  parsed.fields.source = read_address(model.out_source_o);
  parsed.fields.destination = read_address(model.out_destination_o);
  parsed.fields.ex_source = read_address(model.out_ex_source_o);
  parsed.fields.ex_destination = read_address(model.out_ex_destination_o);
  if (parsed.fields.transport == Transport::none) return parsed;
  parsed.fields.source_port = model.out_source_port_o;
  parsed.fields.destination_port = model.out_destination_port_o;
  return parsed;
}

// A parser's class, beat and budget; kClocks: from the edge that takes the beat that settles a frame to the one that
// gives its result; kSearch: what looking for a home address may add to that, for a frame and for those behind it.
template <typename M, unsigned Width, bool StartOffset = true, unsigned HeaderBytes = 256, unsigned MaxExtensions = 4>
struct Parser {
  using Model = M;
  static constexpr unsigned kWidth = Width;
  static constexpr bool kStartOffset = StartOffset;
  static constexpr Budget kBudget{HeaderBytes, MaxExtensions};
  static constexpr unsigned kClocks = 2 * MaxExtensions + (StartOffset ? 7 : 5) + (Width < 64);
  static constexpr unsigned kSearch = HeaderBytes / 16 + 24;
};

using Parser128 = Parser<Vframe_parser_128, 16>;
using Parser256 = Parser<Vframe_parser_256, 32>;
using Parser512 = Parser<Vframe_parser_512, 64>;
using Parser1024 = Parser<Vframe_parser_1024, 128>;
using ParserLarge = Parser<Vframe_parser_large, 64, false, 512, 7>;

template <typename P>
class ParserBench : public StreamBench<typename P::Model, P::kWidth, Parsed> {
 public:
  explicit ParserBench(std::uint32_t seed = 1, int rtl_seed = RtlContext::default_seed())
      : StreamBench<typename P::Model, P::kWidth, Parsed>(&read_parsed<typename P::Model>, seed, rtl_seed) {}

  // Sends the frames and compares every field with what the header walk says; at most a few differences are shown.
  std::vector<Timed<Parsed>> check(const std::vector<SentFrame>& frames, const Pace& pace = {}) {
    auto results = this->run(frames, pace);
    unsigned shown = 0;
    for (std::size_t n = 0; n < results.size() && shown < 3; ++n) {
      const Parsed due = expected_of(frames[n].bytes, P::kStartOffset ? frames[n].start : 0, P::kBudget);
      if (results[n].result == due) continue;
      ++shown;
      ADD_FAILURE() << "frame " << n << " of " << frames[n].bytes.size() << " bytes, start " << frames[n].start
                    << "\n  is  " << results[n].result << "\n  due " << due << "\n  " << in_hex(frames[n].bytes);
    }
    return results;
  }
};

}  // namespace rssnic::test
