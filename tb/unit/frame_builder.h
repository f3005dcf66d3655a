// Builds test frames layer by layer: each call appends a layer and enters its number into the layer before it, so
//
//   FrameBuilder().vlan().ipv6().hop_by_hop().tcp(1, 2).bytes()
//
// is a well-formed frame. bytes() fills in the lengths of IP and UDP and the IPv4 header checksum; TCP and UDP
// checksums stay 0. `layer()` names the offset of the layer begun last, for tests that damage a field by hand.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/bytes.h"

namespace rssnic::test {

using FrameBytes = std::vector<std::uint8_t>;
using Ipv4Address = std::array<std::uint8_t, 4>;
using Ipv6Address = std::array<std::uint8_t, 16>;

inline ConstBytes view(const FrameBytes& frame) { return {frame.data(), frame.size()}; }

struct Ipv4Header {
  Ipv4Address source{10, 1, 2, 3};
  Ipv4Address destination{192, 168, 7, 9};
  FrameBytes options{};               // a multiple of four bytes, at most 40
  std::uint16_t fragment_offset = 0;  // in units of eight bytes
  bool more_fragments = false;
  bool dont_fragment = false;
};

struct Ipv6Header {
  Ipv6Address source{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
  Ipv6Address destination{0x20, 0x01, 0x0d, 0xb8, 0xff, 0, 0xfe, 0, 0xfd, 0, 0xfc, 0, 0xfb, 0, 0xfa, 0};
};

class FrameBuilder {
 public:
  FrameBuilder() : bytes_{0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0xff, 0xff} {}

  FrameBuilder& vlan(std::uint16_t tpid = 0x8100, std::uint16_t tci = 1) {
    ether_type(tpid);
    begin_layer(4);
    put16(layer_, tci);
    put16(layer_ + 2, 0xffff);
    type_at_ = layer_ + 2;
    return *this;
  }

  FrameBuilder& ipv4(const Ipv4Header& header = {}) {
    name_ip(0x0800, 4);
    begin_layer(20 + header.options.size());
    bytes_[layer_] = static_cast<std::uint8_t>(0x40 | (20 + header.options.size()) / 4);
    put16(layer_ + 6, static_cast<std::uint16_t>((header.dont_fragment ? 0x4000 : 0) |
                                                 (header.more_fragments ? 0x2000 : 0) | header.fragment_offset));
    bytes_[layer_ + 8] = 64;
    put(layer_ + 12, header.source);
    put(layer_ + 16, header.destination);
    put(layer_ + 20, header.options);
    name_next_at(layer_ + 9);
    lengths_.push_back({Length::ipv4, layer_});
    return *this;
  }

  FrameBuilder& ipv6(const Ipv6Header& header = {}) {
    name_ip(0x86dd, 41);
    begin_layer(40);
    bytes_[layer_] = 0x60;
    bytes_[layer_ + 7] = 64;
    put(layer_ + 8, header.source);
    put(layer_ + 24, header.destination);
    name_next_at(layer_ + 6);
    lengths_.push_back({Length::ipv6, layer_});
    return *this;
  }

  // An IPv6 extension header in the common layout: `body` follows the length byte and is padded with zeros to a
  // multiple of eight bytes, header included.
  FrameBuilder& extension(std::uint8_t number, const FrameBytes& body = {}) {
    const std::size_t units = (2 + body.size() + 7) / 8;
    begin_extension(number, units * 8, static_cast<std::uint8_t>(units - 1));
    put(layer_ + 2, body);
    return *this;
  }
  FrameBuilder& hop_by_hop(const FrameBytes& options = {}) { return extension(0, options); }
  FrameBuilder& destination_options(const FrameBytes& options = {}) { return extension(60, options); }
  FrameBuilder& home_address(const Ipv6Address& address) { return destination_options(home_address_option(address)); }
  FrameBuilder& routing(std::uint8_t type, const Ipv6Address& address, std::uint8_t segments_left = 1) {
    FrameBytes body{type, segments_left, 0, 0, 0, 0};
    body.insert(body.end(), address.begin(), address.end());
    return extension(43, body);
  }
  FrameBuilder& fragment(std::uint16_t offset_in_8_bytes, bool more) {
    begin_extension(44, 8, 0);
    put16(layer_ + 2, static_cast<std::uint16_t>(offset_in_8_bytes << 3 | (more ? 1 : 0)));
    return *this;
  }
  // RFC 4302: 12 fixed bytes and the integrity value, its length in units of four bytes less two.
  FrameBuilder& authentication(std::size_t integrity_bytes = 12) {
    begin_extension(51, 12 + integrity_bytes, static_cast<std::uint8_t>((12 + integrity_bytes) / 4 - 2));
    return *this;
  }

  FrameBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    protocol(6);
    begin_layer(20);
    put16(layer_, source_port);
    put16(layer_ + 2, destination_port);
    bytes_[layer_ + 12] = 0x50;
    return *this;
  }
  FrameBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port) {
    protocol(17);
    begin_layer(8);
    put16(layer_, source_port);
    put16(layer_ + 2, destination_port);
    lengths_.push_back({Length::udp, layer_});
    return *this;
  }

  FrameBuilder& raw(const FrameBytes& more) {
    begin_layer(more.size());
    put(layer_, more);
    return *this;
  }

  // What the layer before says of the one to come, where no layer of this builder does: the EtherType, the IP protocol.
  FrameBuilder& ether_type(std::uint16_t type) {
    put16(type_at_, type);
    return *this;
  }
  FrameBuilder& protocol(std::uint8_t number) {
    bytes_[next_at_] = number;
    return *this;
  }

  std::size_t layer() const { return layer_; }

  FrameBytes bytes() const {
    FrameBytes frame = bytes_;
    for (const auto& [kind, at] : lengths_) {
      const std::size_t left = frame.size() - at;
      if (kind == Length::ipv4) {
        store_be16(&frame[at + 2], left);
        store_be16(&frame[at + 10], ipv4_checksum(&frame[at]));
      } else {
        store_be16(&frame[at + 4], kind == Length::ipv6 ? left - 40 : left);
      }
    }
    return frame;
  }

  static FrameBytes home_address_option(const Ipv6Address& address) {
    FrameBytes option(2 + address.size());
    option[0] = 0xc9;
    option[1] = 16;
    std::copy(address.begin(), address.end(), option.begin() + 2);
    return option;
  }

 private:
  enum class Length { ipv4, ipv6, udp };
  struct LengthField {
    Length kind;
    std::size_t at;  // of the header
  };

  static void store_be16(std::uint8_t* p, std::size_t value) {
    p[0] = static_cast<std::uint8_t>(value >> 8);
    p[1] = static_cast<std::uint8_t>(value);
  }
  static std::size_t ipv4_checksum(const std::uint8_t* header) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < (header[0] & 0x0fu) * 4; i += 2) sum += load_be16(header + i);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
  }

  void begin_layer(std::size_t size) {
    layer_ = bytes_.size();
    bytes_.resize(bytes_.size() + size);
  }
  void begin_extension(std::uint8_t number, std::size_t size, std::uint8_t length_field) {
    protocol(number);
    begin_layer(size);
    bytes_[layer_ + 1] = length_field;
    name_next_at(layer_);
  }
  void name_ip(std::uint16_t ether_type_value, std::uint8_t protocol_number) {
    if (next_at_ != 0) {
      protocol(protocol_number);  // a tunnel
    } else {
      ether_type(ether_type_value);
    }
  }
  void name_next_at(std::size_t at) {
    next_at_ = at;
    bytes_[at] = 59;  // no next header
  }
  void put16(std::size_t at, std::uint16_t value) { store_be16(&bytes_[at], value); }
  template <typename Container>
  void put(std::size_t at, const Container& from) {
    for (const std::uint8_t byte : from) bytes_[at++] = byte;
  }

  FrameBytes bytes_;
  std::size_t layer_ = 0;
  std::size_t type_at_ = 12;  // the EtherType to be filled in
  std::size_t next_at_ = 0;   // the protocol or next header field to be filled in; 0: no IP header yet
  std::vector<LengthField> lengths_;
};

}  // namespace rssnic::test
