// Control queue commands (virtio 1.4, 5.1.9.5): a command is parsed and validated whole; only then does it say what it
// changes. What the specification leaves to the device on bad commands is answered VIRTIO_NET_ERR, and nothing changes.
#pragma once
#include <functional>
#include <optional>
#include <variant>

#include "model/bytes.h"
#include "model/net/receive_filter.h"
#include "model/steering/rss_config.h"
#include "model/virtio/features.h"

namespace rssnic {

constexpr std::uint8_t VIRTIO_NET_OK = 0;
constexpr std::uint8_t VIRTIO_NET_ERR = 1;

constexpr std::uint8_t VIRTIO_NET_CTRL_RX = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_PROMISC = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_ALLMULTI = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_ALLUNI = 2;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_NOMULTI = 3;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_NOUNI = 4;
constexpr std::uint8_t VIRTIO_NET_CTRL_RX_NOBCAST = 5;
constexpr std::uint8_t VIRTIO_NET_CTRL_MAC = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_MAC_TABLE_SET = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_MAC_ADDR_SET = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_VLAN = 2;
constexpr std::uint8_t VIRTIO_NET_CTRL_VLAN_ADD = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_VLAN_DEL = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_ANNOUNCE = 3;
constexpr std::uint8_t VIRTIO_NET_CTRL_ANNOUNCE_ACK = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_MQ = 4;
constexpr std::uint8_t VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_MQ_RSS_CONFIG = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_MQ_HASH_CONFIG = 2;
constexpr std::uint8_t VIRTIO_NET_CTRL_NOTF_COAL = 6;
constexpr std::uint8_t VIRTIO_NET_CTRL_NOTF_COAL_TX_SET = 0;
constexpr std::uint8_t VIRTIO_NET_CTRL_NOTF_COAL_RX_SET = 1;
constexpr std::uint8_t VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET = 2;
constexpr std::uint8_t VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET = 3;

// How received packets find their queue (5.1.9.5.5): the last successful command decides.
enum class SteeringMode : std::uint8_t { single, automatic, rss };

struct SteeringConfig {
  SteeringMode mode = SteeringMode::single;
  unsigned transmit_queues = 1;  // transmitq1 to this one may be used
  unsigned receive_queues = 1;   // automatic steering: receiveq1 to this one
  RssConfig rss;                 // hash types and key also serve the hash report in the other modes
};

// struct virtio_net_ctrl_coal (5.1.9.5.10)
struct CoalescingParameters {
  std::uint32_t max_packets = 0;
  std::uint32_t max_usecs = 0;
};
constexpr std::size_t kCoalescingBytes = 8;

// What a command is judged by.
struct CommandContext {
  FeatureBits features = 0;  // negotiated
  unsigned max_pairs = 1;
  std::uint32_t supported_hash_types = kAllHashTypes;
  std::function<bool(unsigned)> receive_queue_enabled;  // receive queue number from 0, below max_pairs
  SteeringConfig steering;                              // in force
  // Of a virtqueue; nullopt: it is no receive or transmit queue, or not enabled.
  std::function<std::optional<CoalescingParameters>(unsigned)> coalescing;
};

struct SetReceiveMode {
  bool ReceiveFilter::*mode;
  bool on;
};
struct SetMacTables {
  MacTable unicast, multicast;
};
struct SetMacAddress {
  MacAddress address;
};
struct SetVlan {
  std::uint16_t vlan;  // below kVlans
  bool member;
};
struct AcknowledgeAnnounce {};
struct SetCoalescing {
  bool transmit;  // all transmit queues, else all receive queues, and those that are enabled later
  CoalescingParameters parameters;
};
struct SetQueueCoalescing {
  unsigned queue;
  CoalescingParameters parameters;
};
struct TellCoalescing {  // changes nothing; the answer carries them
  CoalescingParameters parameters;
};
using CommandEffect = std::variant<SetReceiveMode, SetMacTables, SetMacAddress, SetVlan, AcknowledgeAnnounce,
                                   SetCoalescing, SetQueueCoalescing, TellCoalescing, SteeringConfig>;

// More of a command than this is never looked at: room for over 10,000 MAC addresses.
constexpr std::size_t kMaxCommandBytes = 65536;

// The command's name in the specification without VIRTIO_NET_CTRL_ and, where it says enough, without that of its
// class, such as "RSS_CONFIG"; "?" for one that the card does not know.
const char* command_name(ConstBytes command);
// Whether the command asks for struct virtio_net_ctrl_coal beside the acknowledgement.
bool asks_for_coalescing(ConstBytes command);

// `command` is class, command and data, at most kMaxCommandBytes of it; `total` is how many bytes the driver gave.
// nullopt: VIRTIO_NET_ERR. Trailing bytes are ignored.
std::optional<CommandEffect> judge_command(ConstBytes command, std::uint64_t total, const CommandContext& context);

}  // namespace rssnic
