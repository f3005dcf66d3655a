#include "model/net/control_command.h"

#include <algorithm>

namespace rssnic {
namespace {

constexpr std::uint16_t kReservedQueueBit = 0x8000;  // bit 15 of an rss_rq_id (5.1.9.5.7.1)

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

std::optional<bool> parse_switch(ConstBytes data) {
  if (data.size < 1) return std::nullopt;
  return data.data[0] != 0;
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

}  // namespace

const char* command_name(ConstBytes command) {
  if (command.size < 2) return "?";
  switch (command.data[0] << 8 | command.data[1]) {
    case VIRTIO_NET_CTRL_RX << 8 | VIRTIO_NET_CTRL_RX_PROMISC:
      return "PROMISC";
    case VIRTIO_NET_CTRL_RX << 8 | VIRTIO_NET_CTRL_RX_ALLMULTI:
      return "ALLMULTI";
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_TABLE_SET:
      return "TABLE_SET";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
      return "VQ_PAIRS_SET";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
      return "RSS_CONFIG";
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
      return "HASH_CONFIG";
    default:
      return "?";
  }
}

std::optional<CommandEffect> judge_command(ConstBytes command, std::uint64_t total, const CommandContext& context) {
  if (command.size < 2) return std::nullopt;
  const ConstBytes data = {command.data + 2, command.size - 2};
  const bool has_rx = context.features & VIRTIO_NET_F_CTRL_RX;
  switch (command.data[0] << 8 | command.data[1]) {
    case VIRTIO_NET_CTRL_RX << 8 | VIRTIO_NET_CTRL_RX_PROMISC:
      if (const auto on = parse_switch(data); on && has_rx) return SetPromiscuous{*on};
      return std::nullopt;
    case VIRTIO_NET_CTRL_RX << 8 | VIRTIO_NET_CTRL_RX_ALLMULTI:
      if (const auto on = parse_switch(data); on && has_rx) return SetAllMulticast{*on};
      return std::nullopt;
    case VIRTIO_NET_CTRL_MAC << 8 | VIRTIO_NET_CTRL_MAC_TABLE_SET:
      return has_rx ? mac_tables(data, total - 2) : std::nullopt;
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET:
      return vq_pairs_set(data, context);
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_RSS_CONFIG:
      return rss_config(data, context);
    case VIRTIO_NET_CTRL_MQ << 8 | VIRTIO_NET_CTRL_MQ_HASH_CONFIG:
      return hash_config(data, context);
    default:
      return std::nullopt;
  }
}

}  // namespace rssnic
