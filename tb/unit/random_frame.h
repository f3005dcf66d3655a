// Random frames of every kind the header walk tells apart, some of them damaged. The same seed gives the same frames.
#pragma once
#include <algorithm>
#include <random>

#include "tb/unit/frame_builder.h"

namespace rssnic::test {

class RandomFrames {
 public:
  explicit RandomFrames(std::uint32_t seed) : random_(seed) {}

  // 0 to bound - 1.
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool one_in(unsigned n) { return below(n) == 0; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
  FrameBytes junk(std::size_t size) {
    FrameBytes bytes(size);
    for (std::uint8_t& b : bytes) b = byte();
    return bytes;
  }

  // Well formed, except that headers may be out of the usual order and options are arbitrary bytes.
  FrameBytes frame() {
    FrameBuilder builder;
    for (unsigned tags = one_in(3) ? 1 + below(3) : 0; tags > 0; --tags) builder.vlan(one_in(2) ? 0x8100 : 0x88a8);
    if (one_in(2)) {
      add_ipv4(builder);
    } else {
      builder.ipv6({address<16>(), address<16>()});
      if (one_in(2)) {
        for (unsigned headers = 1 + below(5); headers > 0; --headers) add_extension(builder);
      }
    }
    const std::uint16_t source_port = port();
    const std::uint16_t destination_port = port();
    switch (below(5)) {
      case 0:
      case 1:
        builder.tcp(source_port, destination_port);
        break;
      case 2:
      case 3:
        builder.udp(source_port, destination_port);
        break;
      default:
        builder.protocol(byte());
    }
    return builder.raw(junk(below(one_in(10) ? 1400 : 60))).bytes();
  }

  // As frame(), but every other one is cut short or has a few bytes changed, mostly among the headers.
  FrameBytes damaged_frame() {
    FrameBytes bytes = frame();
    if (one_in(4)) bytes.resize(below(static_cast<unsigned>(bytes.size() + 1)));
    if (one_in(4) && !bytes.empty()) {
      for (unsigned changes = 1 + below(4); changes > 0; --changes) {
        const std::size_t reach = one_in(4) ? bytes.size() : std::min<std::size_t>(bytes.size(), 70);
        bytes[below(static_cast<unsigned>(reach))] = byte();
      }
    }
    return bytes;
  }

 private:
  template <std::size_t Size>
  std::array<std::uint8_t, Size> address() {
    std::array<std::uint8_t, Size> a;
    for (std::uint8_t& b : a) b = byte();
    return a;
  }
  std::uint16_t port() { return static_cast<std::uint16_t>(random_()); }

  void add_ipv4(FrameBuilder& builder) {
    Ipv4Header header;
    header.source = address<4>();
    header.destination = address<4>();
    if (one_in(4)) header.options = junk(4 * (1 + below(10)));
    if (one_in(6)) header.fragment_offset = static_cast<std::uint16_t>(below(0x2000));
    header.more_fragments = one_in(8);
    header.dont_fragment = one_in(2);
    builder.ipv4(header);
  }

  void add_extension(FrameBuilder& builder) {
    static constexpr std::array<std::uint8_t, 6> kNumbers = {0, 43, 60, 135, 139, 140};
    switch (below(6)) {
      case 0:
        builder.home_address(address<16>());
        break;
      case 1: {
        const std::uint8_t type = one_in(4) ? byte() : 2;
        builder.routing(type, address<16>());
      } break;
      case 2:
        if (one_in(4)) {
          builder.fragment(static_cast<std::uint16_t>(below(0x2000)), true);
        } else {
          builder.fragment(0, false);
        }
        break;
      case 3:
        builder.authentication(4 * below(8));
        break;
      default:
        builder.extension(kNumbers[below(kNumbers.size())], junk(below(40)));
    }
  }

  std::mt19937 random_;
};

}  // namespace rssnic::test
