// Synthetic receive traffic: IPv4 and IPv6, TCP and UDP, any number of flows, with valid lengths and checksums. The
// same parameters give the same frames on every machine and standard library. Frames are built once a flow and size, so
// a frame costs a few nanoseconds; memory is flows times frame size. Addresses come from the benchmarking ranges
// 198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180). It does not act out protocols: each packet of a flow is alike.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "model/sim/wire_port.h"
#include "tb/wire/pace.h"

namespace rssnic {

// SplitMix64: small, fast, and defined to the bit.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // 0 to limit - 1; the bias is below limit / 2^32.
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>((next() >> 32) * limit >> 32); }

 private:
  std::uint64_t state_;
};

struct GeneratorParameters {
  std::uint64_t packets = 10'000;
  std::uint64_t seed = 1;
  std::uint32_t flows = 1024;
  std::size_t frame_bytes = 60;  // without FCS; raised to what the headers of a flow need (at most 74)
  bool imix = false;             // instead: 64, 570 and 1518 bytes on the line (with FCS) in 7:4:1
  unsigned ipv6_percent = 0;     // of the flows
  unsigned tcp_percent = 100;    // of the flows; the others are UDP
  double line_rate_gbps = 0;     // 0: back to back, the line waits for the card; else the line does not wait
  double clock_mhz = 250;        // of the card's core clock, for the line rate
};

class Generator final : public WireSource {
 public:
  static constexpr std::size_t kMaxGeneratedBytes = 65'000;            // a frame: IPv4's total length has 16 bits
  static constexpr std::size_t kMaxTotalBytes = std::size_t{1} << 28;  // all frames together

  // Throws std::invalid_argument for parameters out of range.
  explicit Generator(const GeneratorParameters& parameters);

  const WireFrame* front() override;
  void pop() override;

 private:
  struct Slice {
    std::size_t offset;
    std::size_t size;
  };

  const GeneratorParameters parameters_;
  SplitMix64 random_;
  std::optional<LineRate> line_;
  std::vector<std::uint8_t> bytes_;
  std::vector<Slice> frames_;  // size by size, each with all flows
  WireFrame frame_;
  bool at_front_ = false;
};

}  // namespace rssnic
