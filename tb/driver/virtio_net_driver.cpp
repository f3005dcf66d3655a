#include "tb/driver/virtio_net_driver.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "model/net/control_command.h"
#include "model/pci/common_config.h"

namespace rssnic {
namespace {

constexpr unsigned kConfigVector = 0;  // MSI-X vector of configuration changes; the queues share the others
// In struct virtio_net_config (5.1.4).
constexpr unsigned kConfigMac = 0;
constexpr unsigned kConfigStatus = 6;
constexpr unsigned kConfigMaxPairs = 8;
constexpr std::uint16_t VIRTIO_NET_S_LINK_UP = 1;
constexpr std::uint16_t VIRTIO_NET_S_ANNOUNCE = 2;
constexpr std::array<std::uint8_t, 6> kLocalAddress = {0x02, 0, 0, 0x72, 0x73, 0x73};  // of a card that shows none
constexpr std::size_t kCommandBytes = 16384;
constexpr std::size_t kAnswerBytes = 1 + kCoalescingBytes;  // room for the answer behind the command
constexpr unsigned kControlRingSize = 64;                   // a command takes two descriptors
constexpr std::size_t kTransmitBytes = 20 + 65536;          // of each transmit buffer
constexpr unsigned kPoisonChecked = 16;                     // bytes behind the last one
constexpr std::uint32_t kPoisonedAtFirst = 2048 + 64;
constexpr unsigned kMaxSegments = DriverRing::kTableParts;
constexpr unsigned kSegmentsOfWholeFrames = 4;
constexpr unsigned kPatienceWindows = 200000;  // for an answer of the card
constexpr unsigned kPatienceReads = 1000;      // of a configuration that changes

constexpr auto filled_with(std::uint8_t value) {
  std::array<std::uint8_t, kPoisonChecked> bytes{};
  for (std::uint8_t& byte : bytes) byte = value;
  return bytes;
}
constexpr auto kPoisonBytes = filled_with(kPoison);
constexpr auto kZeroBytes = filled_with(0);

unsigned power_of_two_below(unsigned value) {
  while (value & (value - 1)) value &= value - 1;
  return value;
}

}  // namespace

unsigned DriverOptions::segments(FeatureBits features, unsigned entries) const {
  const unsigned wished = buffer_segments != 0                ? buffer_segments
                          : features & VIRTIO_NET_F_MRG_RXBUF ? 1
                                                              : kSegmentsOfWholeFrames;
  return std::min({wished, kMaxSegments, entries, buffer_bytes});
}

unsigned DriverOptions::buffers(FeatureBits features, unsigned entries) const {
  return features & VIRTIO_F_INDIRECT_DESC ? entries : entries / segments(features, entries);
}

std::vector<std::uint8_t> RssCommand::encode() const {
  std::vector<std::uint8_t> data(11 + 2 * table.size() + key.size());
  store_le32(&data[0], hash_types);
  store_le16(&data[4], static_cast<std::uint16_t>(table.size() - 1));
  store_le16(&data[6], unclassified_queue);
  for (std::size_t i = 0; i < table.size(); ++i) store_le16(&data[8 + 2 * i], table[i]);
  const std::size_t tail = 8 + 2 * table.size();
  store_le16(&data[tail], max_tx_vq);
  data[tail + 2] = static_cast<std::uint8_t>(key.size());
  std::copy(key.begin(), key.end(), data.begin() + static_cast<std::ptrdiff_t>(tail + 3));
  return data;
}

std::vector<std::uint8_t> HashCommand::encode() const {
  constexpr std::size_t kKeyAt = 13;  // behind the types, eight reserved bytes of zeros and the key's length
  std::vector<std::uint8_t> data(kKeyAt + key.size());
  store_le32(&data[0], hash_types);
  data[kKeyAt - 1] = static_cast<std::uint8_t>(key.size());
  std::copy(key.begin(), key.end(), data.begin() + kKeyAt);
  return data;
}

VirtioNetDriver::VirtioNetDriver(Machine& machine, const DriverOptions& options)
    : machine_(machine), options_(options) {}

std::uint8_t VirtioNetDriver::status() { return static_cast<std::uint8_t>(read_common(kDeviceStatus, 1)); }

void VirtioNetDriver::start() {
  layout_ = probe_virtio_net(machine_);
  stop();
  write_common(kDeviceStatus, 1, VIRTIO_STATUS_ACKNOWLEDGE);
  write_common(kDeviceStatus, 1, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
  negotiate();
  set_up_msix();

  const unsigned pairs = options_.queue_pairs;
  pairs_.resize(pairs);
  for (unsigned pair = 0; pair < pairs; ++pair) {
    ReceiveRing& receive = pairs_[pair].receive;
    receive.ring = set_up_queue(2 * pair, options_.ring_size);
    fill(receive);
    pairs_[pair].transmit.ring = set_up_queue(2 * pair + 1, options_.ring_size);
  }
  if (features_ & VIRTIO_NET_F_CTRL_VQ) {
    control_ = set_up_queue(control_queue_, kControlRingSize);
    control_buffer_ = machine_.ram().allocate(kCommandBytes + kAnswerBytes);
  }
  write_common(kDeviceStatus, 1, status() | VIRTIO_STATUS_DRIVER_OK);
  for (unsigned pair = 0; pair < pairs; ++pair) notify(2 * pair);
  look_at_link();
  const auto own = options_.mac.value_or(mac_);
  const bool card_shows_none = !(features_ & VIRTIO_NET_F_MAC) && (features_ & VIRTIO_NET_F_CTRL_MAC_ADDR);
  if (own != mac_ || card_shows_none) set_mac(own);  // 5.1.9.5.2.2
}

void VirtioNetDriver::stop() {
  write_common(kDeviceStatus, 1, 0);
  for (unsigned window = 0; status() != 0; ++window) {
    if (window == kPatienceWindows) throw DriverError("the device does not finish its reset");
    machine_.wait_window();
  }
  machine_.take_messages();
  config_changed_ = false;
  pairs_.clear();
  control_.reset();
  features_ = 0;
}

void VirtioNetDriver::negotiate() {
  FeatureBits offered = 0;
  for (unsigned select = 0; select < 2; ++select) {
    write_common(kDeviceFeatureSelect, 4, select);
    offered |= read_common(kDeviceFeature, 4) << (32 * select);
  }
  features_ = offered & options_.wanted;
  if (!(features_ & VIRTIO_F_VERSION_1)) throw DriverError("the device does not offer VERSION_1");
  for (unsigned select = 0; select < 2; ++select) {
    write_common(kDriverFeatureSelect, 4, select);
    write_common(kDriverFeature, 4, static_cast<std::uint32_t>(features_ >> (32 * select)));
  }
  write_common(kDeviceStatus, 1, status() | VIRTIO_STATUS_FEATURES_OK);
  if (!(status() & VIRTIO_STATUS_FEATURES_OK)) {
    throw DriverError("the device does not accept the features " + feature_names(features_));
  }
  mac_ = kLocalAddress;
  if (features_ & VIRTIO_NET_F_MAC) {
    const std::vector<std::uint8_t> shown = read_config(kConfigMac, 6);
    std::copy(shown.begin(), shown.end(), mac_.begin());
  }
  const bool multiqueue = features_ & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS);
  const unsigned max_pairs =
      static_cast<unsigned>(multiqueue ? machine_.mmio_read(layout_.device.address + kConfigMaxPairs, 2) : 1);
  control_queue_ = 2 * max_pairs;  // 2 for a driver that takes neither MQ nor RSS (5.1.2)
  notify_offsets_.assign(control_queue_ + 1, 0);
  if (options_.queue_pairs < 1 || options_.queue_pairs > max_pairs) {
    throw DriverError(fmt::format("{} queue pairs wanted, the device has {}", options_.queue_pairs, max_pairs));
  }
}

// Byte by byte, and again when something changed meanwhile (2.5.1).
std::vector<std::uint8_t> VirtioNetDriver::read_config(unsigned offset, unsigned size) {
  std::vector<std::uint8_t> bytes(size);
  for (unsigned attempt = 0; attempt < kPatienceReads; ++attempt) {
    const std::uint64_t generation = read_common(kConfigGeneration, 1);
    for (unsigned i = 0; i < size; ++i) {
      bytes[i] = static_cast<std::uint8_t>(machine_.mmio_read(layout_.device.address + offset + i, 1));
    }
    if (read_common(kConfigGeneration, 1) == generation) return bytes;
  }
  throw DriverError("the device configuration does not stop changing");
}

// Returns the status field.
std::uint16_t VirtioNetDriver::look_at_link() {
  std::uint16_t status = VIRTIO_NET_S_LINK_UP;
  if (features_ & VIRTIO_NET_F_STATUS) {
    status = static_cast<std::uint16_t>(machine_.mmio_read(layout_.device.address + kConfigStatus, 2));
  }
  link_up_ = status & VIRTIO_NET_S_LINK_UP;
  return status;
}

// Every vector sends its own number to the message window, vector 0 for configuration changes.
void VirtioNetDriver::set_up_msix() {
  vectors_ = layout_.msix_vectors;
  raised_.assign((vectors_ + 63) / 64, 0);
  if (vectors_ < 2) throw DriverError("the function has no MSI-X vector for its queues");
  for (unsigned vector = 0; vector < vectors_; ++vector) {
    const std::uint64_t entry = layout_.msix_table + 16 * vector;
    machine_.mmio_write(entry, 4, kMessageWindow);
    machine_.mmio_write(entry + 4, 4, 0);
    machine_.mmio_write(entry + 8, 4, vector);
    machine_.mmio_write(entry + 12, 4, 0);  // not masked
  }
  const std::uint32_t control = machine_.config_read(layout_.msix_capability + 2, 2);
  machine_.config_write(layout_.msix_capability + 2, 2, (control | 0x8000) & ~std::uint32_t{0x4000});
  write_common(kConfigMsixVector, 2, kConfigVector);
  if (read_common(kConfigMsixVector, 2) != kConfigVector) throw DriverError("the device refuses MSI-X vector 0");
}

std::unique_ptr<DriverRing> VirtioNetDriver::set_up_queue(unsigned queue, unsigned ring_size) {
  write_common(kQueueSelect, 2, queue);
  const auto maximum = static_cast<unsigned>(read_common(kQueueSize, 2));
  if (maximum == 0) throw DriverError(fmt::format("queue {} does not exist", queue));
  unsigned size = std::min(ring_size, maximum);
  if (!(features_ & VIRTIO_F_RING_PACKED)) size = power_of_two_below(size);
  auto ring = make_driver_ring(machine_.ram(), queue, size, features_);
  write_common(kQueueSize, 2, ring->size());
  const auto write64 = [&](unsigned offset, std::uint64_t value) {
    write_common(offset, 4, static_cast<std::uint32_t>(value));
    write_common(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
  };
  write64(kQueueDesc, ring->addresses().descriptor);
  write64(kQueueDriver, ring->addresses().driver);
  write64(kQueueDevice, ring->addresses().device);
  write_common(kQueueMsixVector, 2, vector_of(queue));
  if (read_common(kQueueMsixVector, 2) != vector_of(queue)) {
    throw DriverError(fmt::format("the device refuses MSI-X vector {} for queue {}", vector_of(queue), queue));
  }
  notify_offsets_[queue] = read_common(kQueueNotifyOff, 2) * layout_.notify_off_multiplier;
  write_common(kQueueEnable, 2, 1);
  return ring;
}

void VirtioNetDriver::notify(unsigned queue) {
  machine_.mmio_write(layout_.notify.address + notify_offsets_[queue], 2, queue);
}

// Buffers as many as the ring can hold, cut into parts that lie side by side.
void VirtioNetDriver::fill(ReceiveRing& receive) {
  HostRam& ram = machine_.ram();
  const unsigned entries = receive.ring->size();
  const unsigned segments = options_.segments(features_, entries);
  const std::uint32_t part = options_.buffer_bytes / segments;
  receive.layout.clear();
  for (unsigned i = 0; i < segments; ++i) {
    const std::uint32_t start = i * part;
    receive.layout.push_back({start, i + 1 < segments ? part : options_.buffer_bytes - start});
  }
  const unsigned buffers = options_.buffers(features_, entries);
  const std::size_t bytes = std::size_t{buffers} * options_.buffer_bytes;
  receive.buffers = ram.allocate(bytes);
  receive.bytes = ram.pointer(receive.buffers, bytes);
  receive.poisoned.assign(buffers, 0);
  for (unsigned buffer = 0; buffer < buffers; ++buffer) {
    poison(receive, buffer, std::min(options_.buffer_bytes, kPoisonedAtFirst));
    post_buffer(receive, buffer);
  }
  receive.ring->publish();
}

void VirtioNetDriver::post_buffer(ReceiveRing& receive, std::uint32_t buffer) {
  const std::uint64_t address = receive.buffers + std::uint64_t{buffer} * options_.buffer_bytes;
  std::array<GuestBuffer, kMaxSegments> parts;
  for (std::size_t i = 0; i < receive.layout.size(); ++i) {
    parts[i] = {address + receive.layout[i].address, receive.layout[i].length};
  }
  receive.ring->add({}, {parts.data(), receive.layout.size()}, buffer);
}

// What lies behind a buffer's poison has never been written, so memory is poisoned only as far as it is used.
void VirtioNetDriver::poison(ReceiveRing& receive, std::uint32_t buffer, std::uint32_t bytes) {
  if (!options_.check_poison) return;
  std::memset(buffer_bytes(receive, buffer), kPoison, bytes);
  receive.poisoned[buffer] = std::max(receive.poisoned[buffer], bytes);
}

// Whether the bytes behind the used ones are as they were when the buffer was posted.
bool VirtioNetDriver::is_intact(const ReceiveRing& receive, const DriverRing::Used& part) const {
  const std::uint32_t behind = std::min(kPoisonChecked, options_.buffer_bytes - part.length);
  const std::uint32_t extent = std::max(receive.poisoned[part.cookie], part.length);
  const std::uint32_t poisoned = std::min(behind, extent - part.length);
  const std::uint8_t* const bytes = buffer_bytes(receive, part.cookie) + part.length;
  return std::memcmp(bytes, kPoisonBytes.data(), poisoned) == 0 &&
         std::memcmp(bytes + poisoned, kZeroBytes.data(), behind - poisoned) == 0;
}

std::uint8_t VirtioNetDriver::command(std::uint8_t command_class, std::uint8_t command,
                                      const std::vector<std::uint8_t>& data, const std::function<void()>& meanwhile) {
  return exchange(command_class, command, data, 1, meanwhile)[0];
}

// The answer has so many bytes.
std::vector<std::uint8_t> VirtioNetDriver::exchange(std::uint8_t command_class, std::uint8_t command,
                                                    const std::vector<std::uint8_t>& data, std::uint32_t answer_bytes,
                                                    const std::function<void()>& meanwhile) {
  if (!control_) throw DriverError("a control command without a control queue");
  const std::size_t size = data.size() + 2;
  if (size > kCommandBytes) throw DriverError(fmt::format("a command of {} bytes; at most {}", size, kCommandBytes));
  std::uint8_t* const bytes = machine_.ram().pointer(control_buffer_, kCommandBytes + kAnswerBytes);
  bytes[0] = command_class;
  bytes[1] = command;
  std::copy(data.begin(), data.end(), bytes + 2);
  std::fill_n(bytes + kCommandBytes, answer_bytes, kPoison);
  const GuestBuffer request{control_buffer_, static_cast<std::uint32_t>(size)};
  const GuestBuffer answer{control_buffer_ + kCommandBytes, answer_bytes};
  if (!control_->add({&request, 1}, {&answer, 1}, 0)) {
    throw DriverError(fmt::format("queue {}: a ring of {} entries holds no command", control_queue_, control_->size()));
  }
  if (control_->publish()) notify(control_queue_);
  for (unsigned window = 0; control_->used_ready() == 0; ++window) {
    if (window == kPatienceWindows) {
      throw DriverError(fmt::format("no answer to control command {}/{}", command_class, command));
    }
    if (needs_reset()) {
      throw DriverError(
          fmt::format("no answer to control command {}/{}: the device asks for a reset", command_class, command));
    }
    machine_.wait_window();
    if (meanwhile) meanwhile();
  }
  const auto used = control_->take_used();
  if (used->length != answer_bytes) {
    throw DriverError(fmt::format("a control answer of {} bytes; {} is due", used->length, answer_bytes));
  }
  return {bytes + kCommandBytes, bytes + kCommandBytes + answer_bytes};
}

void VirtioNetDriver::set_promiscuous(bool on) { set_receive_mode(VIRTIO_NET_CTRL_RX_PROMISC, on); }

void VirtioNetDriver::set_receive_mode(std::uint8_t mode, bool on) {
  if (command(VIRTIO_NET_CTRL_RX, mode, {static_cast<std::uint8_t>(on)}) != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device refuses receive mode {}", mode));
  }
}

void VirtioNetDriver::set_mac(const std::array<std::uint8_t, 6>& address) {
  if (command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET, {address.begin(), address.end()}) != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device refuses the address {:02x}", fmt::join(address, ":")));
  }
  mac_ = address;
}

void VirtioNetDriver::add_vlan(std::uint16_t vlan) { set_vlan(VIRTIO_NET_CTRL_VLAN_ADD, vlan); }

void VirtioNetDriver::delete_vlan(std::uint16_t vlan) { set_vlan(VIRTIO_NET_CTRL_VLAN_DEL, vlan); }

void VirtioNetDriver::set_vlan(std::uint8_t number, std::uint16_t vlan) {
  const std::vector<std::uint8_t> data = {static_cast<std::uint8_t>(vlan), static_cast<std::uint8_t>(vlan >> 8)};
  if (command(VIRTIO_NET_CTRL_VLAN, number, data) != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device refuses VLAN {}", vlan));
  }
}

bool VirtioNetDriver::attend_config_change() {
  if (!take_config_change()) return false;
  if (!(look_at_link() & VIRTIO_NET_S_ANNOUNCE) || !(features_ & VIRTIO_NET_F_GUEST_ANNOUNCE)) return false;
  if (command(VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK, {}) != VIRTIO_NET_OK) {
    throw DriverError("the device refuses ANNOUNCE_ACK");
  }
  return true;
}

void VirtioNetDriver::set_queue_pairs(unsigned pairs) {
  const std::vector<std::uint8_t> data = {static_cast<std::uint8_t>(pairs), static_cast<std::uint8_t>(pairs >> 8)};
  if (command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, data) != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device refuses {} queue pairs", pairs));
  }
}

void VirtioNetDriver::configure_rss(const RssCommand& rss, const std::function<void()>& meanwhile) {
  if (command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG, rss.encode(), meanwhile) != VIRTIO_NET_OK) {
    throw DriverError("the device refuses the RSS configuration");
  }
}

void VirtioNetDriver::configure_hash(const HashCommand& hash, const std::function<void()>& meanwhile) {
  if (command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG, hash.encode(), meanwhile) != VIRTIO_NET_OK) {
    throw DriverError("the device refuses the configuration of the hash report");
  }
}

void VirtioNetDriver::set_receive_coalescing(const CoalescingParameters& parameters) {
  set_coalescing(VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, {}, parameters);
}

void VirtioNetDriver::set_transmit_coalescing(const CoalescingParameters& parameters) {
  set_coalescing(VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, {}, parameters);
}

void VirtioNetDriver::set_queue_coalescing(unsigned queue, const CoalescingParameters& parameters) {
  const std::vector<std::uint8_t> index = {static_cast<std::uint8_t>(queue), static_cast<std::uint8_t>(queue >> 8), 0,
                                           0};
  set_coalescing(VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET, index, parameters);
}

// `data` is what stands in front of the parameters.
void VirtioNetDriver::set_coalescing(std::uint8_t number, std::vector<std::uint8_t> data,
                                     const CoalescingParameters& parameters) {
  const std::size_t at = data.size();
  data.resize(at + kCoalescingBytes);
  store_le32(&data[at], parameters.max_packets);
  store_le32(&data[at + 4], parameters.max_usecs);
  if (command(VIRTIO_NET_CTRL_NOTF_COAL, number, data) != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device refuses notification coalescing of {} packets, {} us",
                                  parameters.max_packets, parameters.max_usecs));
  }
}

// The values stand in front of the acknowledgement, and mean nothing with a refusal (5.1.9.5.10.5).
CoalescingParameters VirtioNetDriver::queue_coalescing(unsigned queue) {
  const std::vector<std::uint8_t> index = {static_cast<std::uint8_t>(queue), static_cast<std::uint8_t>(queue >> 8), 0,
                                           0};
  const std::vector<std::uint8_t> answer =
      exchange(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET, index, kAnswerBytes);
  if (answer[kCoalescingBytes] != VIRTIO_NET_OK) {
    throw DriverError(fmt::format("the device does not tell the notification coalescing of queue {}", queue));
  }
  return {load_le32(&answer[0]), load_le32(&answer[4])};
}

void VirtioNetDriver::reset_queue(unsigned queue, const std::function<void(const ReceivedPacket&)>& on_packet) {
  check_queue(queue);
  if (!(features_ & VIRTIO_F_RING_RESET)) throw DriverError("the reset of a queue without RING_RESET");
  write_common(kQueueSelect, 2, queue);
  write_common(kQueueReset, 2, 1);
  for (unsigned window = 0; read_common(kQueueReset, 2) != 0; ++window) {
    if (window == kPatienceWindows) throw DriverError(fmt::format("the device does not reset queue {}", queue));
    machine_.wait_window();
  }
  if (read_common(kQueueEnable, 2) != 0) throw DriverError(fmt::format("queue {} is enabled after its reset", queue));
  if (queue == control_queue_) {
    control_.reset();
  } else if (queue % 2 == 1) {
    pairs_[queue / 2].transmit = {};
  } else {
    ReceiveRing& receive = pairs_[queue / 2].receive;
    receive.withhold = true;
    take_packets(queue / 2, [&](const ReceivedPacket& packet) {
      if (on_packet) on_packet(packet);
    });
    receive = {};
  }
}

void VirtioNetDriver::enable_queue(unsigned queue, unsigned ring_size) {
  check_queue(queue);
  if (queue == control_queue_) {
    control_ = set_up_queue(queue, ring_size != 0 ? ring_size : kControlRingSize);
    return;
  }
  std::unique_ptr<DriverRing> ring = set_up_queue(queue, ring_size != 0 ? ring_size : options_.ring_size);
  if (queue % 2 == 1) {
    pairs_[queue / 2].transmit.ring = std::move(ring);
  } else {
    ReceiveRing& receive = pairs_[queue / 2].receive;
    receive.ring = std::move(ring);
    fill(receive);
    notify(queue);
  }
}

void VirtioNetDriver::check_queue(unsigned queue) const {
  if (queue < 2 * pairs_.size() || (queue == control_queue_ && (features_ & VIRTIO_NET_F_CTRL_VQ))) return;
  throw DriverError(fmt::format("the driver does not use queue {}", queue));
}

std::size_t VirtioNetDriver::poll(const std::function<void(const ReceivedPacket&)>& on_packet) {
  machine_.take_messages(messages_);
  interrupts_ += messages_.size();
  for (const std::uint32_t vector : messages_) {
    if (vector == kConfigVector) config_changed_ = true;
    if (vector != kConfigVector && vector < vectors_) raised_[vector / 64] |= std::uint64_t{1} << vector % 64;
  }
  std::size_t packets = 0;
  for (std::size_t word = 0; word < raised_.size(); ++word) {
    for (std::uint64_t bits = std::exchange(raised_[word], 0), bit = 0; bits != 0; bits >>= 1, ++bit) {
      if (!(bits & 1)) continue;
      // The queues that share the vector.
      for (std::size_t queue = 64 * word + bit - 1; queue < 2 * pairs_.size(); queue += vectors_ - 1) {
        if (queue % 2 == 0) {
          packets += take_packets(static_cast<unsigned>(queue / 2), on_packet);
        } else {
          take_sent(pairs_[queue / 2].transmit);
        }
      }
    }
  }
  return packets;
}

std::size_t VirtioNetDriver::take_packets(unsigned pair, const std::function<void(const ReceivedPacket&)>& on_packet) {
  ReceiveRing& receive = pairs_[pair].receive;
  if (!receive.ring) return 0;  // reset
  std::size_t packets = 0;
  bool posted = false;
  do {
    while (const auto first = receive.ring->take_used()) {
      const ReceivedPacket packet = take_packet(pair, *first);
      on_packet(packet);
      ++packets;
      for (const DriverRing::Used& part : parts_) {
        poison(receive, part.cookie, packet.poison_intact ? part.length : options_.buffer_bytes);
        if (receive.withhold) {
          receive.withheld.push_back(part.cookie);
        } else {
          post_buffer(receive, part.cookie);
          posted = true;
        }
      }
    }
  } while (receive.ring->enable_interrupts(true));
  if (posted && receive.ring->publish()) notify(2 * pair);
  return packets;
}

// The packet that begins in a used buffer; its buffers are in parts_.
ReceivedPacket VirtioNetDriver::take_packet(unsigned pair, const DriverRing::Used& first) {
  ReceiveRing& receive = pairs_[pair].receive;
  const std::size_t header_size = header_bytes();
  if (first.length < header_size) {
    throw DriverError(fmt::format("queue {}: a packet's first buffer used with length {}; at least {} is allowed",
                                  2 * pair, first.length, header_size));
  }
  ReceivedPacket packet;
  packet.queue = pair;
  packet.header = {buffer_bytes(receive, first.cookie), header_size};
  packet.frame = {packet.header.data + header_size, first.length - header_size};
  packet.buffers = load_le16(packet.header.data + 10);
  // All buffers of a packet become visible together; without MRG_RXBUF there is one (5.1.9.4.1).
  const auto wrong_number = [&](std::size_t most) {
    throw DriverError(fmt::format("queue {}: num_buffers is {}, 1 to {} are allowed", 2 * pair, packet.buffers, most));
  };
  if (packet.buffers < 1 || (packet.buffers > 1 && !(features_ & VIRTIO_NET_F_MRG_RXBUF))) wrong_number(1);
  parts_.assign(1, first);
  if (packet.buffers > 1) {
    assembled_.assign(packet.frame.data, packet.frame.data + packet.frame.size);
    while (parts_.size() < packet.buffers) {
      const auto next = receive.ring->take_used();
      if (!next) wrong_number(parts_.size());
      parts_.push_back(*next);
      const std::uint8_t* const bytes = buffer_bytes(receive, next->cookie);
      assembled_.insert(assembled_.end(), bytes, bytes + next->length);
    }
    packet.frame = {assembled_.data(), assembled_.size()};
  }
  if (options_.check_poison) {
    packet.poison_intact = std::all_of(parts_.begin(), parts_.end(),
                                       [&](const DriverRing::Used& part) { return is_intact(receive, part); });
  }
  return packet;
}

std::size_t VirtioNetDriver::take_all(const std::function<void(const ReceivedPacket&)>& on_packet) {
  std::size_t packets = 0;
  for (unsigned pair = 0; pair < pairs_.size(); ++pair) {
    packets += take_packets(pair, on_packet);
    take_sent(pairs_[pair].transmit);
  }
  return packets;
}

void VirtioNetDriver::corrupt_ring(RingNonsense nonsense) {
  pairs_[0].transmit.ring->corrupt(nonsense);
  notify(1);
}

void VirtioNetDriver::take_sent(TransmitRing& transmit) {
  if (!transmit.ring) return;  // reset
  do {
    while (const auto used = transmit.ring->take_used()) transmit.free.push_back(used->cookie);
  } while (transmit.ring->enable_interrupts(true));
}

void VirtioNetDriver::withhold_buffers(unsigned queue, bool withhold) {
  ReceiveRing& receive = pairs_[queue].receive;
  receive.withhold = withhold;
  if (withhold || !receive.ring) return;
  for (const std::uint32_t buffer : receive.withheld) post_buffer(receive, buffer);
  receive.withheld.clear();
  if (receive.ring->publish()) notify(2 * queue);
}

bool VirtioNetDriver::transmit(unsigned pair, ConstBytes frame, std::size_t split) {
  TransmitRing& transmit = pairs_[pair].transmit;
  HostRam& ram = machine_.ram();
  if (frame.size + header_bytes() > kTransmitBytes) {
    throw DriverError(
        fmt::format("a frame of {} bytes to transmit; at most {}", frame.size, kTransmitBytes - header_bytes()));
  }
  if (!transmit.ring) return false;
  const unsigned ring_size = transmit.ring->size();
  if (transmit.buffers == 0) {
    transmit.buffers = ram.allocate(ring_size * kTransmitBytes);
    for (unsigned buffer = ring_size; buffer-- > 0;) transmit.free.push_back(buffer);
  }
  if (transmit.free.empty()) return false;
  const std::uint32_t buffer = transmit.free.back();
  const std::uint64_t address = transmit.buffers + buffer * kTransmitBytes;
  const std::size_t size = header_bytes() + frame.size;
  std::uint8_t* const bytes = ram.pointer(address, size);
  std::memset(bytes, 0, header_bytes());
  std::memcpy(bytes + header_bytes(), frame.data, frame.size);
  const std::size_t first = split < size ? split : 0;
  const std::array<GuestBuffer, 2> parts = {GuestBuffer{address, static_cast<std::uint32_t>(first)},
                                            GuestBuffer{address + first, static_cast<std::uint32_t>(size - first)}};
  const GuestBuffers readable = first > 0 ? GuestBuffers(parts.data(), 2) : GuestBuffers(&parts[1], 1);
  if (!transmit.ring->add(readable, {}, buffer)) return false;
  transmit.free.pop_back();
  if (transmit.ring->publish()) notify(2 * pair + 1);
  return true;
}

}  // namespace rssnic
