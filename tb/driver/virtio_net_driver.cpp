#include "tb/driver/virtio_net_driver.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/net/control_command.h"
#include "model/pci/common_config.h"

namespace rssnic {
namespace {

constexpr unsigned kConfigVector = 0;    // MSI-X vector of configuration changes; the queues share the others
constexpr unsigned kConfigMaxPairs = 8;  // max_virtqueue_pairs in struct virtio_net_config
constexpr std::size_t kCommandBytes = 16384;
constexpr unsigned kControlRingSize = 64;           // a command takes two descriptors
constexpr std::size_t kTransmitBytes = 20 + 65536;  // of each transmit buffer
constexpr std::size_t kPoisonChecked = 16;
constexpr unsigned kPatienceWindows = 200000;  // for an answer of the card

}  // namespace

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
    const unsigned size = receive.ring->size();
    receive.buffers = machine_.ram().allocate(std::size_t{size} * options_.buffer_bytes);
    receive.bytes = machine_.ram().pointer(receive.buffers, std::size_t{size} * options_.buffer_bytes);
    std::memset(receive.bytes, kPoison, std::size_t{size} * options_.buffer_bytes);
    for (unsigned i = 0; i < size; ++i) post_buffer(receive, i);
    receive.ring->publish();
    pairs_[pair].transmit.ring = set_up_queue(2 * pair + 1, options_.ring_size);
  }
  if (features_ & VIRTIO_NET_F_CTRL_VQ) {
    control_ = set_up_queue(control_queue_, kControlRingSize);
    control_buffer_ = machine_.ram().allocate(kCommandBytes + 1);
  }
  write_common(kDeviceStatus, 1, status() | VIRTIO_STATUS_DRIVER_OK);
  for (unsigned pair = 0; pair < pairs; ++pair) notify(2 * pair);
}

void VirtioNetDriver::stop() {
  write_common(kDeviceStatus, 1, 0);
  for (unsigned window = 0; status() != 0; ++window) {
    if (window == kPatienceWindows) throw DriverError("the device does not finish its reset");
    machine_.wait_window();
  }
  machine_.take_messages();
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
  for (std::size_t i = 0; i < mac_.size(); ++i) {
    mac_[i] = static_cast<std::uint8_t>(machine_.mmio_read(layout_.device.address + i, 1));
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

// Every vector sends its own number to the message window, vector 0 for configuration changes.
void VirtioNetDriver::set_up_msix() {
  vectors_ = layout_.msix_vectors;
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

std::unique_ptr<SplitRing> VirtioNetDriver::set_up_queue(unsigned queue, unsigned ring_size) {
  write_common(kQueueSelect, 2, queue);
  const auto maximum = static_cast<unsigned>(read_common(kQueueSize, 2));
  if (maximum == 0) throw DriverError(fmt::format("queue {} does not exist", queue));
  auto ring = std::make_unique<SplitRing>(machine_.ram(), std::min(ring_size, maximum));
  write_common(kQueueSize, 2, ring->size());
  const auto write64 = [&](unsigned offset, std::uint64_t value) {
    write_common(offset, 4, static_cast<std::uint32_t>(value));
    write_common(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
  };
  write64(kQueueDesc, ring->descriptor_address());
  write64(kQueueDriver, ring->available_address());
  write64(kQueueDevice, ring->used_address());
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

void VirtioNetDriver::post_buffer(ReceiveRing& receive, std::uint32_t buffer) {
  part_.assign(1, {receive.buffers + std::uint64_t{buffer} * options_.buffer_bytes, options_.buffer_bytes});
  receive.ring->add({}, part_, buffer);
}

std::uint8_t VirtioNetDriver::command(std::uint8_t command_class, std::uint8_t command,
                                      const std::vector<std::uint8_t>& data, const std::function<void()>& meanwhile) {
  if (!control_) throw DriverError("a control command without a control queue");
  const std::size_t size = data.size() + 2;
  if (size > kCommandBytes) throw DriverError(fmt::format("a command of {} bytes; at most {}", size, kCommandBytes));
  std::uint8_t* const bytes = machine_.ram().pointer(control_buffer_, kCommandBytes + 1);
  bytes[0] = command_class;
  bytes[1] = command;
  std::copy(data.begin(), data.end(), bytes + 2);
  bytes[kCommandBytes] = kPoison;
  control_->add({{control_buffer_, static_cast<std::uint32_t>(size)}}, {{control_buffer_ + kCommandBytes, 1}}, 0);
  if (control_->publish()) notify(control_queue_);
  for (unsigned window = 0; control_->used_ready() == 0; ++window) {
    if (window == kPatienceWindows) {
      throw DriverError(fmt::format("no answer to control command {}/{}", command_class, command));
    }
    machine_.wait_window();
    if (meanwhile) meanwhile();
  }
  const auto used = control_->take_used();
  if (used->length != 1) throw DriverError(fmt::format("a control answer of {} bytes; 1 is due", used->length));
  return bytes[kCommandBytes];
}

void VirtioNetDriver::set_promiscuous(bool on) {
  if (command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, {static_cast<std::uint8_t>(on)}) != VIRTIO_NET_OK) {
    throw DriverError("the device refuses promiscuous mode");
  }
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

std::size_t VirtioNetDriver::poll(const std::function<void(const ReceivedPacket&)>& on_packet) {
  std::vector<std::uint32_t> vectors = machine_.take_messages();
  interrupts_ += vectors.size();
  std::sort(vectors.begin(), vectors.end());
  vectors.erase(std::unique(vectors.begin(), vectors.end()), vectors.end());
  std::size_t packets = 0;
  for (const std::uint32_t vector : vectors) {
    if (vector == kConfigVector || vector >= vectors_) continue;
    for (std::size_t queue = vector - 1; queue < 2 * pairs_.size();
         queue += vectors_ - 1) {  // the queues that share it
      const auto pair = static_cast<unsigned>(queue / 2);
      if (queue % 2 == 0) {
        packets += take_packets(pair, on_packet);
      } else {
        take_sent(pairs_[pair].transmit);
      }
    }
  }
  return packets;
}

std::size_t VirtioNetDriver::take_packets(unsigned pair, const std::function<void(const ReceivedPacket&)>& on_packet) {
  ReceiveRing& receive = pairs_[pair].receive;
  const std::size_t header_size = header_bytes();
  std::size_t packets = 0;
  bool posted = false;
  std::vector<SplitRing::Used> parts;
  while (const auto first = receive.ring->take_used()) {
    const auto buffer = [&](const SplitRing::Used& used) {
      return receive.bytes + std::size_t{used.cookie} * options_.buffer_bytes;
    };
    if (first->length < header_size || first->length > options_.buffer_bytes) {
      throw DriverError(fmt::format("queue {}: a buffer of {} bytes used with length {}", 2 * pair,
                                    options_.buffer_bytes, first->length));
    }
    parts.assign(1, *first);
    ReceivedPacket packet;
    packet.queue = pair;
    packet.header = {buffer(*first), header_size};
    packet.buffers = load_le16(packet.header.data + 10);
    // All buffers of a packet become visible together; without MRG_RXBUF there is one (5.1.9.4.1).
    const unsigned most = features_ & VIRTIO_NET_F_MRG_RXBUF ? 1 + receive.ring->used_ready() : 1;
    if (packet.buffers < 1 || packet.buffers > most) {
      throw DriverError(
          fmt::format("queue {}: num_buffers is {}, 1 to {} are allowed", 2 * pair, packet.buffers, most));
    }
    packet.frame = {packet.header.data + header_size, first->length - header_size};
    if (packet.buffers > 1) {
      assembled_.assign(packet.frame.data, packet.frame.data + packet.frame.size);
      for (unsigned i = 1; i < packet.buffers; ++i) {
        parts.push_back(*receive.ring->take_used());
        if (parts.back().length > options_.buffer_bytes) {
          throw DriverError(fmt::format("queue {}: a buffer of {} bytes used with length {}", 2 * pair,
                                        options_.buffer_bytes, parts.back().length));
        }
        assembled_.insert(assembled_.end(), buffer(parts.back()), buffer(parts.back()) + parts.back().length);
      }
      packet.frame = {assembled_.data(), assembled_.size()};
    }
    const SplitRing::Used& last = parts.back();
    const std::size_t behind = std::min<std::size_t>(kPoisonChecked, options_.buffer_bytes - last.length);
    packet.poison_intact = std::all_of(buffer(last) + last.length, buffer(last) + last.length + behind,
                                       [](std::uint8_t byte) { return byte == kPoison; });
    on_packet(packet);
    ++packets;
    for (const SplitRing::Used& part : parts) {
      std::memset(buffer(part), kPoison, packet.poison_intact ? part.length : options_.buffer_bytes);
      if (receive.withhold) {
        receive.withheld.push_back(part.cookie);
      } else {
        post_buffer(receive, part.cookie);
        posted = true;
      }
    }
  }
  if (posted && receive.ring->publish()) notify(2 * pair);
  return packets;
}

void VirtioNetDriver::take_sent(TransmitRing& transmit) {
  while (const auto used = transmit.ring->take_used()) transmit.free.push_back(used->cookie);
}

void VirtioNetDriver::withhold_buffers(unsigned queue, bool withhold) {
  ReceiveRing& receive = pairs_[queue].receive;
  receive.withhold = withhold;
  if (withhold) return;
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
  std::vector<GuestBuffer> parts;
  if (split > 0 && split < size) parts.push_back({address, static_cast<std::uint32_t>(split)});
  const std::size_t done = parts.empty() ? 0 : split;
  parts.push_back({address + done, static_cast<std::uint32_t>(size - done)});
  if (!transmit.ring->add(parts, {}, buffer)) return false;
  transmit.free.pop_back();
  if (transmit.ring->publish()) notify(2 * pair + 1);
  return true;
}

}  // namespace rssnic
