#include "model/net/control_command.h"

#include <algorithm>

namespace rssnic {
namespace {

constexpr std::uint16_t kReservedQueueBit = 0x8000;  // bit 15 of an rss_rq_id (5.1.9.5.7.1)

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

// Commands of the class RX (5.1.9.5.1), by number.
struct ReceiveMode {
  const char* name;
  FeatureBits feature;
  bool ReceiveFilter::*mode;
};
constexpr ReceiveMode kReceiveModes[] = {
    {"PROMISC", VIRTIO_NET_F_CTRL_RX, &ReceiveFilter::promiscuous},
    {"ALLMULTI", VIRTIO_NET_F_CTRL_RX, &ReceiveFilter::all_multicast},
    {"ALLUNI", VIRTIO_NET_F_CTRL_RX_EXTRA, &ReceiveFilter::all_unicast},
    {"NOMULTI", VIRTIO_NET_F_CTRL_RX_EXTRA, &ReceiveFilter::no_multicast},
    {"NOUNI", VIRTIO_NET_F_CTRL_RX_EXTRA, &ReceiveFilter::no_unicast},
    {"NOBCAST", VIRTIO_NET_F_CTRL_RX_EXTRA, &ReceiveFilter::no_broadcast},
};

std::optional<CommandEffect> receive_mode(std::uint8_t command, ConstBytes data, const CommandContext& context) {
  if (command >= std::size(kReceiveModes) || data.size < 1) return std::nullopt;
  const ReceiveMode& named = kReceiveModes[command];
  if (!(context.features & named.feature)) return std::nullopt;
  return SetReceiveMode{named.mode, data.data[0] != 0};
}

// The address of a group is nobody's own (policy).
std::optional<CommandEffect> mac_address(ConstBytes data, const CommandContext& context) {
  SetMacAddress effect{};
  if (!(context.features & VIRTIO_NET_F_CTRL_MAC_ADDR) || data.size < effect.address.size()) return std::nullopt;
  std::memcpy(effect.address.data(), data.data, effect.address.size());
  if (effect.address[0] & 1) return std::nullopt;
  return effect;
}

std::optional<CommandEffect> vlan(bool member, ConstBytes data, const CommandContext& context) {
  if (!(context.features & VIRTIO_NET_F_CTRL_VLAN) || data.size < 2) return std::nullopt;
  const std::uint16_t number = load_le16(data.data);
  if (number >= kVlans) return std::nullopt;
  return SetVlan{number, member};
}

// virtio_net_ctrl_mac: le32 entries, then so many addresses. Moves `data` on. `total` counts all bytes that the driver
// gave from here on; `data` ends before them where the command is longer than is ever looked at, and a table that
// reaches beyond it overflows like one of too many entries.
std::optional<MacTable> parse_mac_table(ConstBytes& data, std::uint64_t& total) {
  const std::uint64_t entries = data.size < 4 ? 0 : load_le32(data.data);
  const std::uint64_t bytes = 4 + entries * sizeof(MacAddress);
  if (bytes > total) return std::nullopt;
  MacTable table;
  table.overflow = entries > kMacTableEntries || bytes > data.size;
  if (!table.overflow) {
    for (std::uint64_t i = 0; i < entries; ++i) {
      MacAddress address;
      std::memcpy(address.data(), data.data + 4 + i * address.size(), address.size());
      table.addresses.push_back(address);
    }
  }
  const std::size_t skip = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, data.size));
  data = {data.data + skip, data.size - skip};
  total -= bytes;
  return table;
}

std::optional<CommandEffect> mac_tables(ConstBytes data, std::uint64_t total) {
  SetMacTables effect;
  const std::optional<MacTable> unicast = parse_mac_table(data, total);
  if (!unicast) return std::nullopt;
  const std::optional<MacTable> multicast = parse_mac_table(data, total);
  if (!multicast) return std::nullopt;
  effect.unicast = *unicast;
  effect.multicast = *multicast;
  return effect;
}

std::optional<CommandEffect> vq_pairs_set(ConstBytes data, const CommandContext& context) {
  if (!(context.features & VIRTIO_NET_F_MQ) || data.size < 2) return std::nullopt;
  const unsigned pairs = load_le16(data.data);
  if (pairs < 1 || pairs > context.max_pairs) return std::nullopt;
  SteeringConfig config = context.steering;
  config.mode = pairs == 1 ? SteeringMode::single : SteeringMode::automatic;
  config.receive_queues = config.transmit_queues = pairs;
  return config;
}

// Hash types and, behind them, the trailer {u8 hash_key_length, key} at `key_at`, common to both configuration
// commands.
bool parse_types_and_key(ConstBytes data, std::size_t key_at, const CommandContext& context, RssConfig& rss) {
  if (data.size < key_at + 1) return false;
  const std::uint32_t types = load_le32(data.data);
  const std::size_t key_bytes = data.data[key_at];
  if (types & ~context.supported_hash_types) return false;
  if (key_bytes > kHashKeyBytes || data.size - key_at - 1 < key_bytes) return false;
  if (key_bytes == 0 && types != 0) return false;
  rss.hash_types = types;
  rss.key.fill(0);
  std::copy_n(data.data + key_at + 1, key_bytes, rss.key.begin());
  return true;
}

// struct virtio_net_rss_config (5.1.9.5.7.1)
//   0           4     6             8              8+2n        10+2n
//   +-----------+-----+-------------+--------------+-----------+---------+-----
//   | hash_types| mask| unclassified| table, n le16| max_tx_vq | key_len | key
//   +-----------+-----+-------------+--------------+-----------+---------+-----
std::optional<CommandEffect> rss_config(ConstBytes data, const CommandContext& context) {
  if (!(context.features & VIRTIO_NET_F_RSS) || data.size < 8) return std::nullopt;
  const std::uint32_t entries = load_le16(data.data + 4) + 1u;
  if (!is_power_of_two(entries) || entries > kMaxTableEntries) return std::nullopt;
  const std::size_t max_tx_at = 8 + 2 * entries;
  if (data.size < max_tx_at + 2) return std::nullopt;

  const auto usable = [&](std::uint16_t queue) {
    return !(queue & kReservedQueueBit) && queue < context.max_pairs && context.receive_queue_enabled(queue);
  };
  SteeringConfig config = context.steering;
  config.mode = SteeringMode::rss;
  config.rss.unclassified_queue = load_le16(data.data + 6);
  if (!usable(config.rss.unclassified_queue)) return std::nullopt;
  config.rss.table.resize(entries);
  for (std::uint32_t i = 0; i < entries; ++i) {
    config.rss.table[i] = load_le16(data.data + 8 + 2 * i);
    if (!usable(config.rss.table[i])) return std::nullopt;
  }
  config.transmit_queues = load_le16(data.data + max_tx_at);
  if (config.transmit_queues < 1 || config.transmit_queues > context.max_pairs) return std::nullopt;
  if (!parse_types_and_key(data, max_tx_at + 2, context, config.rss)) return std::nullopt;
  return config;
}

// struct virtio_net_hash_config (5.1.9.5.6.4): le32 hash_types, 8 reserved bytes, u8 key length, key. Steering stays.
std::optional<CommandEffect> hash_config(ConstBytes data, const CommandContext& context) {
  if (!(context.features & VIRTIO_NET_F_HASH_REPORT) || context.steering.mode == SteeringMode::rss) return std::nullopt;
  SteeringConfig config = context.steering;
  if (!parse_types_and_key(data, 12, context, config.rss)) return std::nullopt;
  return config;
}

std::optional<CommandEffect> coalescing(bool transmit, ConstBytes data, const CommandContext& context) {
  if (!(context.features & VIRTIO_NET_F_NOTF_COAL) || data.size < kCoalescingBytes) return std::nullopt;
  return SetCoalescing{transmit, {load_le32(data.data), load_le32(data.data + 4)}};
}

// struct virtio_net_ctrl_coal_vq (5.1.9.5.10): le16 vq_index, le16 reserved, struct virtio_net_ctrl_coal. Of VQ_GET the
// driver gives the index, with or without the reserved bytes behind it.
std::optional<CommandEffect> queue_coalescing(bool set, ConstBytes data, const CommandContext& context) {
  constexpr std::size_t kCoalescingAt = 4;
  if (!(context.features & VIRTIO_NET_F_VQ_NOTF_COAL)) return std::nullopt;
  if (data.size < (set ? kCoalescingAt + kCoalescingBytes : 2)) return std::nullopt;
  const unsigned queue = load_le16(data.data);
  const std::optional<CoalescingParameters> present = context.coalescing(queue);
  if (!present) return std::nullopt;
  if (!set) return TellCoalescing{*present};
  return SetQueueCoalescing{queue, {load_le32(data.data + kCoalescingAt), load_le32(data.data + kCoalescingAt + 4)}};
}

}  // namespace

bool asks_for_coalescing(ConstBytes command) {
  return command.size >= 2 && command.data[0] == VIRTIO_NET_CTRL_NOTF_COAL &&
         command.data[1] == VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET;
}

const char* command_name(ConstBytes command) {
  if (command.size < 2) return "?";
  if (command.data[0] == VIRTIO_NET_CTRL_RX && command.data[1] < std::size(kReceiveModes)) {
    return kReceiveModes[command.data[1]].name;
  }
  switch (command.data[0] << 8 | command.data[1]) {
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_TABLE_SET:
      return "TABLE_SET";
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_ADDR_SET:
      return "ADDR_SET";
    case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_ADD:
      return "VLAN_ADD";
    case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_DEL:
      return "VLAN_DEL";
    case VIRTIO_NET_CTRL_ANNOUNCE << 8 | VIRTIO_NET_CTRL_ANNOUNCE_ACK:
      return "ANNOUNCE_ACK";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
      return "VQ_PAIRS_SET";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
      return "RSS_CONFIG";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
      return "HASH_CONFIG";
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_TX_SET:
      return "COAL_TX_SET";
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_RX_SET:
      return "COAL_RX_SET";
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET:
      return "COAL_VQ_SET";
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET:
      return "COAL_VQ_GET";
    default:
      return "?";
  }
}

std::optional<CommandEffect> judge_command(ConstBytes command, std::uint64_t total, const CommandContext& context) {
  if (command.size < 2) return std::nullopt;
  const ConstBytes data = {command.data + 2, command.size - 2};
  if (command.data[0] == VIRTIO_NET_CTRL_RX) return receive_mode(command.data[1], data, context);
  switch (command.data[0] << 8 | command.data[1]) {
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_TABLE_SET:
      return context.features & VIRTIO_NET_F_CTRL_RX ? mac_tables(data, total - 2) : std::nullopt;
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_ADDR_SET:
      return mac_address(data, context);
    case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_ADD:
      return vlan(true, data, context);
    case VIRTIO_NET_CTRL_VLAN << 8 | VIRTIO_NET_CTRL_VLAN_DEL:
      return vlan(false, data, context);
    case VIRTIO_NET_CTRL_ANNOUNCE << 8 | VIRTIO_NET_CTRL_ANNOUNCE_ACK:
      if (context.features & VIRTIO_NET_F_GUEST_ANNOUNCE) return AcknowledgeAnnounce{};
      return std::nullopt;
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
      return vq_pairs_set(data, context);
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
      return rss_config(data, context);
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
      return hash_config(data, context);
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_TX_SET:
      return coalescing(true, data, context);
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_RX_SET:
      return coalescing(false, data, context);
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET:
      return queue_coalescing(true, data, context);
    case VIRTIO_NET_CTRL_NOTF_COAL << 8 | VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET:
      return queue_coalescing(false, data, context);
    default:
      return std::nullopt;
  }
}

}  // namespace rssnic
