// Builds Ethernet frames for tests, header by header. Each call appends one header and writes its own type into the
// field of the header before it that announces what follows, and the IP and UDP length fields grow along, so a chain of
// calls is a well-formed frame:
//   FrameBuilder().vlan().ipv6("fe80::1", "fe80::2").hop_by_hop().tcp(1, 2).payload(10).frame()
// Malformed frames come from set8 and set16, which overwrite fields of the header appended last, and from keep and
// drop_last. Checksums are left zero. What is appended after a set of a length or type field may overwrite it.
#pragma once
#include <arpa/inet.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "model/bytes.h"

namespace rssnic::check {

using Octets = std::vector<std::uint8_t>;

inline ConstBytes view(const Octets& octets) { return {octets.data(), octets.size()}; }

inline Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Octets be16(std::uint16_t value) {
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// The octets of an IPv4 or IPv6 address in text form.
inline Octets address(const std::string& text) {
  const bool is_ipv6 = text.find(':') != std::string::npos;
  Octets octets(is_ipv6 ? 16 : 4);
  if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text.c_str(), octets.data()) != 1) {
    throw std::invalid_argument("not an IP address: " + text);
  }
  return octets;
}

// An option of an IPv6 hop-by-hop or destination options header.
inline Octets ipv6_option(std::uint8_t type, const Octets& data) {
  return Octets{type, static_cast<std::uint8_t>(data.size())} + data;
}
inline Octets home_address_option(const std::string& home) { return ipv6_option(0xc9, address(home)); }

class FrameBuilder {
 public:
  FrameBuilder() : octets_{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 0} {}

  // Ethernet level
  FrameBuilder& vlan(std::uint16_t tpid = 0x8100, std::uint16_t tci = 1) {
    begin_ethernet(tpid, be16(tci) + be16(0));
    next_at_ = octets_.size() - 2;
    return *this;
  }
  FrameBuilder& ethertype(std::uint16_t type) { return begin_ethernet(type, {}); }

  // Network level. A second IP header makes an IP-in-IP tunnel; options are padded to four octets.
  FrameBuilder& ipv4(const std::string& source, const std::string& destination, Octets options = {}) {
    options.resize((options.size() + 3) / 4 * 4);
    const std::uint8_t version_and_ihl = static_cast<std::uint8_t>(0x45 + options.size() / 4);
    begin_ip(
        0x0800, 4,
        Octets{version_and_ihl, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0} + address(source) + address(destination) + options);
    next_at_ = layer_at_ + 9;
    return *this;
  }
  FrameBuilder& ipv6(const std::string& source, const std::string& destination) {
    begin_ip(0x86dd, 41, Octets{0x60, 0, 0, 0, 0, 0, kNoNextHeader, 64} + address(source) + address(destination));
    next_at_ = layer_at_ + 6;
    return *this;
  }

  // IPv6 extension headers. The content is what follows the length octet, zero-padded to the header's unit.
  FrameBuilder& extension(std::uint8_t protocol, Octets content) {
    content.resize((2 + content.size() + 7) / 8 * 8 - 2);
    const std::size_t length = (2 + content.size()) / 8 - 1;
    return begin_extension(protocol, Octets{kNoNextHeader, static_cast<std::uint8_t>(length)} + content);
  }
  FrameBuilder& hop_by_hop(const Octets& options = {1, 4, 0, 0, 0, 0}) { return extension(0, options); }
  FrameBuilder& destination_options(const Octets& options = {1, 4, 0, 0, 0, 0}) { return extension(60, options); }
  FrameBuilder& routing(std::uint8_t type, std::uint8_t segments_left, const Octets& addresses = {}) {
    return extension(43, Octets{type, segments_left, 0, 0, 0, 0} + addresses);
  }
  FrameBuilder& fragment(std::uint16_t offset_in_units_of_8, bool more_fragments) {
    const std::uint16_t word = static_cast<std::uint16_t>(offset_in_units_of_8 << 3 | (more_fragments ? 1 : 0));
    return begin_extension(44, Octets{kNoNextHeader, 0} + be16(word) + Octets{0, 0, 0, 7});
  }
  // The integrity check value's size is a multiple of four.
  FrameBuilder& authentication(std::size_t check_value_bytes = 12) {
    const std::size_t length = (12 + check_value_bytes) / 4 - 2;
    return begin_extension(51,
                           Octets{kNoNextHeader, static_cast<std::uint8_t>(length)} + Octets(10 + check_value_bytes));
  }

  // Transport level
  FrameBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    return transport(
        6, be16(source_port) + be16(destination_port) + Octets{0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0} + Octets(4));
  }
  FrameBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port) {
    transport(17, be16(source_port) + be16(destination_port) + be16(8) + Octets(2));
    lengths_.push_back({layer_at_ + 4, layer_at_});
    return *this;
  }
  // Any other IP protocol with its octets.
  FrameBuilder& transport(std::uint8_t protocol, const Octets& octets) {
    announce8(protocol);
    return begin_layer(octets);
  }

  FrameBuilder& payload(std::size_t count) { return payload(Octets(count, 0xa5)); }
  FrameBuilder& payload(const Octets& octets) {
    append(octets);
    return *this;
  }

  // Overwrites a field, `offset` octets into the header appended last.
  FrameBuilder& set8(std::size_t offset, std::uint8_t value) {
    octets_.at(layer_at_ + offset) = value;
    return *this;
  }
  FrameBuilder& set16(std::size_t offset, std::uint16_t value) {
    set8(offset, static_cast<std::uint8_t>(value >> 8));
    return set8(offset + 1, static_cast<std::uint8_t>(value));
  }
  // Cuts the frame's end, as a short capture does; the length fields stay.
  FrameBuilder& keep(std::size_t count) {
    if (count > octets_.size()) throw std::invalid_argument("cannot keep more octets than the frame has");
    octets_.resize(count);
    return *this;
  }
  FrameBuilder& drop_last(std::size_t count) {
    if (count > octets_.size()) throw std::invalid_argument("cannot drop more octets than the frame has");
    return keep(octets_.size() - count);
  }

  std::size_t size() const { return octets_.size(); }
  const Octets& frame() const { return octets_; }

 private:
  static constexpr std::uint8_t kNoNextHeader = 59;
  struct Length {
    std::size_t field_at;
    std::size_t counted_from;
  };

  FrameBuilder& begin_layer(const Octets& octets) {
    layer_at_ = octets_.size();
    append(octets);
    return *this;
  }
  FrameBuilder& begin_ethernet(std::uint16_t type, const Octets& octets) {
    store16(next_at_, type);
    return begin_layer(octets);
  }
  void begin_ip(std::uint16_t ethertype, std::uint8_t protocol, const Octets& octets) {
    if (lengths_.empty()) {
      store16(next_at_, ethertype);
    } else {
      announce8(protocol);
    }
    const std::size_t start = octets_.size();
    const bool is_ipv6 = ethertype == 0x86dd;
    lengths_.push_back({start + (is_ipv6 ? 4u : 2u), start + (is_ipv6 ? 40u : 0u)});
    begin_layer(octets);
  }
  FrameBuilder& begin_extension(std::uint8_t protocol, const Octets& octets) {
    announce8(protocol);
    begin_layer(octets);
    next_at_ = layer_at_;
    return *this;
  }
  void announce8(std::uint8_t protocol) { octets_.at(next_at_) = protocol; }
  void append(const Octets& octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    for (const Length& length : lengths_) {
      store16(length.field_at, static_cast<std::uint16_t>(octets_.size() - length.counted_from));
    }
  }
  void store16(std::size_t at, std::uint16_t value) {
    octets_.at(at) = static_cast<std::uint8_t>(value >> 8);
    octets_.at(at + 1) = static_cast<std::uint8_t>(value);
  }

  Octets octets_;
  std::size_t layer_at_ = 0;     // start of the header appended last
  std::size_t next_at_ = 12;     // the field that announces the next header
  std::vector<Length> lengths_;  // of every IP and UDP header, outermost first
};

}  // namespace rssnic::check
