#include "tb/check/oracle.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace rssnic::check {
namespace {

// Values of virtio_net_hdr.hash_report (virtio 1.4, 5.1.9.4.5). The type that enables one is bit (value - 1).
enum HashReport : std::uint16_t {
  kNone = 0,
  kIpv4 = 1,
  kTcpv4 = 2,
  kUdpv4 = 3,
  kIpv6 = 4,
  kTcpv6 = 5,
  kUdpv6 = 6,
  kIpv6Ex = 7,
  kTcpv6Ex = 8,
  kUdpv6Ex = 9,
};

// EtherTypes, the two VLAN TPIDs among them.
constexpr std::uint16_t kEtherTypeIpv4 = 0x0800;
constexpr std::uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr std::uint16_t kTpidCustomer = 0x8100;
constexpr std::uint16_t kTpidService = 0x88a8;

// IP protocol numbers; those from kHopByHop on are IPv6 extension headers. ESP (50) is opaque payload.
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

constexpr std::uint8_t kPad1 = 0;
constexpr std::uint8_t kHomeAddress = 0xc9;
constexpr std::size_t kIpv4AddressBytes = 4;
constexpr std::size_t kIpv6AddressBytes = 16;
constexpr std::size_t kPortsBytes = 4;
constexpr std::size_t kLeastHomeAddressHeaderBytes = 24;  // 2 and the option's 18, in units of 8

// What can be hashed of a packet. Pointers lead into the frame.
struct Packet {
  enum class Network { none, ipv4, ipv6 } network = Network::none;
  enum class Transport { none, tcp, udp } transport = Transport::none;
  const std::uint8_t* source = nullptr;
  const std::uint8_t* destination = nullptr;
  const std::uint8_t* ports = nullptr;  // set unless transport is none
  bool has_extension_headers = false;
  bool may_have_home_address = false;                 // there are destination options with room for it
  const std::uint8_t* home_address = nullptr;         // of the first good home address option
  const std::uint8_t* routing_destination = nullptr;  // of the first type 2 routing header that holds an address
};

bool holds(ConstBytes bytes, std::size_t at, std::size_t count) { return at <= bytes.size && count <= bytes.size - at; }

// A packet has a TCP or UDP header if the whole fixed header is in the frame, whatever its fields or the IP length say.
void read_transport(ConstBytes frame, std::size_t at, std::uint8_t protocol, Packet& packet) {
  if (protocol == kTcp && holds(frame, at, 20)) {
    packet.transport = Packet::Transport::tcp;
  } else if (protocol == kUdp && holds(frame, at, 8)) {
    packet.transport = Packet::Transport::udp;
  } else {
    return;
  }
  packet.ports = frame.data + at;
}

Packet read_ipv4(ConstBytes frame, std::size_t at) {
  Packet packet;
  if (!holds(frame, at, 20)) return packet;
  const std::uint8_t* header = frame.data + at;
  const std::size_t header_bytes = std::size_t{4} * (header[0] & 0x0f);
  if (header[0] >> 4 != 4 || header_bytes < 20) return packet;
  packet.network = Packet::Network::ipv4;
  packet.source = header + 12;
  packet.destination = header + 16;
  // More-fragments or an offset: also the first fragment goes without ports, so that a datagram stays in one queue.
  const bool is_fragment = (load_be16(header + 6) & 0x3fff) != 0;
  if (!is_fragment) read_transport(frame, at + header_bytes, header[9], packet);
  return packet;
}

bool is_extension_header(std::uint8_t protocol) {
  switch (protocol) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAuthentication:
    case kDestinationOptions:
    case kMobility:
    case kHip:
    case kShim6:
      return true;
    default:
      return false;
  }
}

// `header` starts with the next header and length octets, which are in the frame.
std::size_t extension_header_bytes(std::uint8_t protocol, const std::uint8_t* header) {
  if (protocol == kFragment) return 8;
  if (protocol == kAuthentication) return (std::size_t{header[1]} + 2) * 4;
  return (std::size_t{header[1]} + 1) * 8;
}

// The address in the first home address option that has the right length and fits the header; null without one.
const std::uint8_t* find_home_address(ConstBytes destination_options) {
  std::size_t at = 2;
  while (at < destination_options.size) {
    const std::uint8_t* option = destination_options.data + at;
    if (option[0] == kPad1) {
      ++at;
      continue;
    }
    if (!holds(destination_options, at, 2)) return nullptr;
    const std::size_t option_bytes = std::size_t{2} + option[1];
    if (!holds(destination_options, at, option_bytes)) return nullptr;
    if (option[0] == kHomeAddress && option[1] == kIpv6AddressBytes) return option + 2;
    at += option_bytes;
  }
  return nullptr;
}

// Segments left is not asked for: the text takes the address wherever a type 2 header is present.
const std::uint8_t* find_routing_destination(ConstBytes routing_header) {
  return routing_header.data[2] == 2 && routing_header.size >= 24 ? routing_header.data + 8 : nullptr;
}

Packet read_ipv6(ConstBytes whole, std::size_t at, const OracleConfig& config) {
  const bool is_limited = config.header_bytes > 0 && whole.size > config.header_bytes;
  const ConstBytes frame(whole.data, is_limited ? config.header_bytes : whole.size);
  Packet packet;
  if (!holds(frame, at, 40) || frame.data[at] >> 4 != 6) return packet;
  packet.source = frame.data + at + 8;
  packet.destination = frame.data + at + 24;
  std::uint8_t protocol = frame.data[at + 6];
  at += 40;
  bool is_fragment = false;
  unsigned extension_headers = 0;
  const auto without_headers = [&packet] {
    Packet nothing;
    nothing.may_have_home_address = packet.may_have_home_address;
    return nothing;
  };
  while (is_extension_header(protocol) && !is_fragment) {
    if (config.extension_headers > 0 && ++extension_headers > config.extension_headers) return without_headers();
    // A header that runs past the frame cannot be skipped: such a packet has no hash of any kind.
    if (!holds(frame, at, 2)) return without_headers();
    const ConstBytes header(frame.data + at, extension_header_bytes(protocol, frame.data + at));
    if (protocol == kDestinationOptions && header.size >= kLeastHomeAddressHeaderBytes) {
      packet.may_have_home_address = true;
    }
    if (!holds(frame, at, header.size)) return without_headers();
    packet.has_extension_headers = true;
    if (protocol == kDestinationOptions && !packet.home_address) packet.home_address = find_home_address(header);
    if (protocol == kRouting && !packet.routing_destination) {
      packet.routing_destination = find_routing_destination(header);
    }
    // Offset 0 and no more fragments is a whole packet (RFC 6946). Nothing is read behind a real fragment header.
    if (protocol == kFragment) is_fragment = (load_be16(header.data + 2) & 0xfff9) != 0;
    protocol = header.data[0];
    at += header.size;
  }
  packet.network = Packet::Network::ipv6;
  if (is_fragment) return packet;
  read_transport(frame, at, protocol, packet);
  const bool has_ports = protocol == kTcp || protocol == kUdp;
  if (is_limited && has_ports && packet.transport == Packet::Transport::none) return without_headers();  // behind
  return packet;
}

// EtherType decides: LLC/SNAP, MPLS, PPPoE, a third tag and other TPIDs are not IP.
Packet read_frame(ConstBytes frame, const OracleConfig& config) {
  std::size_t type_at = 12;
  for (int tags = 0; holds(frame, type_at, 2); ++tags, type_at += 4) {
    switch (load_be16(frame.data + type_at)) {
      case kEtherTypeIpv4:
        return read_ipv4(frame, type_at + 2);
      case kEtherTypeIpv6:
        return read_ipv6(frame, type_at + 2, config);
      case kTpidCustomer:
      case kTpidService:
        if (tags == 2) return Packet{};
        break;
      default:
        return Packet{};
    }
  }
  return Packet{};
}

// virtio 1.4, 5.1.9.4.3.2 to 5.1.9.4.3.4: the first enabled type of the list that fits the packet.
HashReport choose_report(const Packet& packet, const OracleConfig& config) {
  const auto enabled = [&config](HashReport report) { return (config.hash_types >> (report - 1) & 1) != 0; };
  const bool tcp = packet.transport == Packet::Transport::tcp;
  const bool udp = packet.transport == Packet::Transport::udp;
  switch (packet.network) {
    case Packet::Network::none:
      return kNone;
    case Packet::Network::ipv4:
      if (tcp && enabled(kTcpv4)) return kTcpv4;
      if (udp && enabled(kUdpv4)) return kUdpv4;
      return enabled(kIpv4) ? kIpv4 : kNone;
    case Packet::Network::ipv6:
      if (packet.has_extension_headers || config.ex_report_always) {
        if (tcp && enabled(kTcpv6Ex)) return kTcpv6Ex;
        if (udp && enabled(kUdpv6Ex)) return kUdpv6Ex;
        if (enabled(kIpv6Ex)) return kIpv6Ex;
      }
      if (tcp && enabled(kTcpv6)) return kTcpv6;
      if (udp && enabled(kUdpv6)) return kUdpv6;
      return enabled(kIpv6) ? kIpv6 : kNone;
  }
  return kNone;
}

// The bytes that a chosen type hashes, in network order.
class HashInput {
 public:
  HashInput(const Packet& packet, HashReport report) {
    const bool extended = report >= kIpv6Ex;
    const std::size_t address_bytes = report <= kUdpv4 ? kIpv4AddressBytes : kIpv6AddressBytes;
    append(extended && packet.home_address ? packet.home_address : packet.source, address_bytes);
    append(extended && packet.routing_destination ? packet.routing_destination : packet.destination, address_bytes);
    const bool addresses_only = report == kIpv4 || report == kIpv6 || report == kIpv6Ex;
    if (!addresses_only) append(packet.ports, kPortsBytes);
  }
  ConstBytes bytes() const { return {bytes_, size_}; }

 private:
  void append(const std::uint8_t* from, std::size_t count) {
    std::copy_n(from, count, bytes_ + size_);
    size_ += count;
  }

  std::uint8_t bytes_[Oracle::kMaxInputBytes];
  std::size_t size_ = 0;
};

// The 32 bits of the key that begin at a bit; zeros follow the key.
std::uint32_t key_window(const std::vector<std::uint8_t>& key, std::size_t first_bit) {
  std::uint32_t window = 0;
  for (std::size_t bit = first_bit; bit < first_bit + 32; ++bit) {
    const bool set = bit / 8 < key.size() && (key[bit / 8] >> (7 - bit % 8) & 1) != 0;
    window = window << 1 | (set ? 1u : 0u);
  }
  return window;
}

// Toeplitz is linear: the hash is the exclusive or of what each input byte contributes at its position.
std::vector<std::uint32_t> byte_contributions(const std::vector<std::uint8_t>& key) {
  std::vector<std::uint32_t> contribution(Oracle::kMaxInputBytes * 256, 0);
  for (std::size_t input_bit = 0; input_bit < Oracle::kMaxInputBytes * 8; ++input_bit) {
    const std::uint32_t window = key_window(key, input_bit);
    const std::size_t mask = std::size_t{0x80} >> input_bit % 8;
    for (std::size_t value = 0; value < 256; ++value) {
      if (value & mask) contribution[input_bit / 8 * 256 + value] ^= window;
    }
  }
  return contribution;
}

}  // namespace

Oracle::Oracle(OracleConfig config) : config_(std::move(config)), contribution_(byte_contributions(config_.key)) {
  const std::size_t size = config_.table.size();
  if (size == 0 || (size & (size - 1)) != 0) {
    throw std::invalid_argument("indirection table size " + std::to_string(size) + ": a power of two is allowed");
  }
}

Verdict Oracle::judge(ConstBytes frame) const {
  const Packet packet = read_frame(frame, config_);
  const HashReport report = choose_report(packet, config_);
  if (report == kNone) return {kNone, 0, config_.unclassified_queue, packet.may_have_home_address};
  const std::uint32_t hash = toeplitz(HashInput(packet, report).bytes());
  return {report, hash, config_.table[hash & (config_.table.size() - 1)], packet.may_have_home_address};
}

std::uint32_t Oracle::toeplitz(ConstBytes input) const {
  if (input.size > kMaxInputBytes) {
    throw std::invalid_argument("hash input of " + std::to_string(input.size) + " bytes: at most " +
                                std::to_string(kMaxInputBytes) + " are allowed");
  }
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < input.size; ++i) hash ^= contribution_[i * 256 + input.data[i]];
  return hash;
}

}  // namespace rssnic::check
