#include "tb/wire/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace rssnic {
namespace {

constexpr std::uint32_t kEthernetBytes = 14;
constexpr std::uint32_t kIpv4Bytes = 20;
constexpr std::uint32_t kIpv6Bytes = 40;
constexpr std::uint32_t kTcpBytes = 20;
constexpr std::uint32_t kUdpBytes = 8;
constexpr std::uint8_t kProtocolTcp = 6;
constexpr std::uint8_t kProtocolUdp = 17;
constexpr std::size_t kImixBytes[] = {60, 566, 1514};                          // 64, 570, 1518 with the FCS
constexpr std::uint8_t kImixOrder[12] = {0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 1, 0};  // 7:4:1

struct Flow {
  bool ipv6;
  bool tcp;
  std::uint32_t source;  // host part of the address
  std::uint32_t destination;
  std::uint16_t source_port;
  std::uint16_t destination_port;
};

class FrameWriter {
 public:
  explicit FrameWriter(std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}
  std::size_t position() const { return bytes_.size(); }
  FrameWriter& u8(std::uint32_t value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  FrameWriter& u16(std::uint32_t value) { return u8(value >> 8).u8(value & 0xff); }
  FrameWriter& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
  void pad_to(std::size_t position) {
    for (std::uint32_t i = 0; bytes_.size() < position; ++i) u8(i & 0xff);
  }
  void patch16(std::size_t position, std::uint32_t value) {
    bytes_[position] = static_cast<std::uint8_t>(value >> 8);
    bytes_[position + 1] = static_cast<std::uint8_t>(value);
  }
  // The Internet checksum (RFC 1071) of everything from `begin`, with `extra` added to the sum.
  std::uint16_t checksum(std::size_t begin, std::uint32_t extra) const {
    std::uint64_t sum = extra;
    for (std::size_t i = begin; i < bytes_.size(); ++i) sum += (i - begin) % 2 == 0 ? bytes_[i] << 8 : bytes_[i];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  }

 private:
  std::vector<std::uint8_t>& bytes_;
};

std::size_t header_bytes(const Flow& flow) {
  return kEthernetBytes + (flow.ipv6 ? kIpv6Bytes : kIpv4Bytes) + (flow.tcp ? kTcpBytes : kUdpBytes);
}

void write_address(FrameWriter& frame, const Flow& flow, std::uint32_t host) {
  if (flow.ipv6) {
    frame.u32(0x20010002).u32(0).u32(0).u32(host);
  } else {
    frame.u32(0xc6120000 | host);  // 198.18.0.0/15: 17 bits of host
  }
}

void write_frame(std::vector<std::uint8_t>& bytes, const Flow& flow, std::size_t frame_bytes) {
  FrameWriter frame(bytes);
  const std::size_t end = frame.position() + frame_bytes;
  frame.u16(0x0200).u32(0x00000001).u16(0x0200).u32(0x00000002).u16(flow.ipv6 ? 0x86dd : 0x0800);

  const std::size_t ip = frame.position();
  const auto ip_bytes = static_cast<std::uint32_t>(end - ip);
  const std::uint8_t protocol = flow.tcp ? kProtocolTcp : kProtocolUdp;
  if (flow.ipv6) {
    frame.u32(0x60000000).u16(ip_bytes - kIpv6Bytes).u8(protocol).u8(64);
  } else {
    frame.u16(0x4500).u16(ip_bytes).u16(0).u16(0x4000).u8(64).u8(protocol).u16(0);
  }
  const std::size_t addresses = frame.position();
  write_address(frame, flow, flow.source);
  write_address(frame, flow, flow.destination);
  if (!flow.ipv6) frame.patch16(ip + 10, frame.checksum(ip, 0));

  const std::size_t transport = frame.position();
  const auto transport_bytes = static_cast<std::uint32_t>(end - transport);
  frame.u16(flow.source_port).u16(flow.destination_port);
  if (flow.tcp) {
    frame.u32(1).u32(1).u16(0x5010).u16(0xffff).u16(0).u16(0);  // 20 bytes of header, ACK
  } else {
    frame.u16(transport_bytes).u16(0);
  }
  frame.pad_to(end);
  // The addresses stand right before the transport header, so the sum takes in most of the pseudo-header; RFC
  // 9293, 3.1.
  const std::uint16_t checksum = frame.checksum(addresses, transport_bytes + protocol);
  const bool no_zero = !flow.tcp && checksum == 0;  // RFC 768: 0 would mean "none"
  frame.patch16(transport + (flow.tcp ? 16 : 6), no_zero ? 0xffff : checksum);
}

}  // namespace

Generator::Generator(const GeneratorParameters& parameters) : parameters_(parameters), random_(parameters.seed) {
  check_range("number of flows", parameters.flows, 1, 1 << 20);
  check_range("frame size in bytes", static_cast<double>(parameters.frame_bytes), kEthernetBytes, kMaxGeneratedBytes);
  check_range("share of IPv6 in percent", parameters.ipv6_percent, 0, 100);
  check_range("share of TCP in percent", parameters.tcp_percent, 0, 100);
  if (parameters.line_rate_gbps != 0) line_.emplace(parameters.line_rate_gbps, parameters.clock_mhz);

  std::vector<std::size_t> sizes{parameters.frame_bytes};
  if (parameters.imix) sizes.assign(std::begin(kImixBytes), std::end(kImixBytes));
  constexpr std::size_t kLargestHeaders = kEthernetBytes + kIpv6Bytes + kTcpBytes;
  std::size_t total_bytes = 0;
  for (const std::size_t size : sizes) total_bytes += std::max(size, kLargestHeaders) * parameters.flows;
  if (total_bytes > kMaxTotalBytes) {
    throw std::invalid_argument(fmt::format("{} flows need {} bytes of frames: at most {} are allowed",
                                            parameters.flows, total_bytes, kMaxTotalBytes));
  }

  std::vector<Flow> flows(parameters.flows);
  std::uint32_t number = 0;
  for (Flow& flow : flows) {
    flow.ipv6 = random_.below(100) < parameters.ipv6_percent;
    flow.tcp = random_.below(100) < parameters.tcp_percent;
    flow.destination = random_.below(1 << 16) | 1 << 16;
    flow.destination_port = static_cast<std::uint16_t>(1 + random_.below(65'535));
    flow.source = number & 0xffff;  // source address and port make the flows differ
    flow.source_port = static_cast<std::uint16_t>(1024 + (number >> 16) * 4000 + random_.below(4000));
    ++number;
  }
  bytes_.reserve(total_bytes);
  for (const std::size_t size : sizes) {
    for (const Flow& flow : flows) {
      const Slice slice{bytes_.size(), std::max(size, header_bytes(flow))};
      write_frame(bytes_, flow, slice.size);
      frames_.push_back(slice);
    }
  }
  frame_.may_wait = !line_;
}

const WireFrame* Generator::front() {
  if (at_front_) return &frame_;
  if (frame_.tag == parameters_.packets) return nullptr;
  const std::size_t size = parameters_.imix ? kImixOrder[frame_.tag % std::size(kImixOrder)] : 0;
  const Slice& slice = frames_[size * parameters_.flows + random_.below(parameters_.flows)];
  frame_.bytes = {bytes_.data() + slice.offset, slice.size};
  if (line_) frame_.arrival = line_->send(slice.size);
  at_front_ = true;
  return &frame_;
}

void Generator::pop() {
  at_front_ = false;
  ++frame_.tag;
}

}  // namespace rssnic
