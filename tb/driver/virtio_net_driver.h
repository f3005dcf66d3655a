// A virtio-net driver for tests: brings the card up as a guest's driver does (virtio 1.4, 3.1.1 and 5.1.5), keeps the
// receive queues full of poisoned buffers, and configures it through the control queue. Rings are packed where
// `DriverOptions::wanted` says so and the device offers them. Public: users of the card write their own tests with it.
//
// Calls that wait for the card (start, command, stop) let time pass on the machine; poll() never waits.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "model/net/control_command.h"
#include "tb/driver/driver_ring.h"
#include "tb/driver/pci_probe.h"

namespace rssnic {

constexpr std::uint8_t kPoison = 0xa5;  // what receive buffers hold before the card writes to them

struct DriverOptions {
  // Taken where offered. With CTRL_VLAN the card drops packets of VLANs that are not added.
  FeatureBits wanted = all_implemented_features() & ~(VIRTIO_NET_F_MTU | VIRTIO_F_RING_PACKED | VIRTIO_NET_F_CTRL_VLAN);
  std::optional<std::array<std::uint8_t, 6>> mac;  // the driver's own address; none: the card's
  unsigned queue_pairs = 1;
  unsigned ring_size = 256;           // less where the device allows less; a split ring takes the power of two below
  std::uint32_t buffer_bytes = 2048;  // of each receive buffer, header included
  unsigned buffer_segments = 0;       // parts of each receive buffer, up to 16; 0: 1, and 4 without MRG_RXBUF
  bool check_poison = true;           // poison receive buffers, and look behind the last byte of each packet

  // What follows for a receive ring of so many entries with these features: parts of a buffer, and buffers.
  unsigned segments(FeatureBits features, unsigned entries) const;
  unsigned buffers(FeatureBits features, unsigned entries) const;
};

// What RSS_CONFIG carries (5.1.9.5.7.1).
struct RssCommand {
  std::uint32_t hash_types = 0x1ff;
  std::vector<std::uint8_t> key;
  std::vector<std::uint16_t> table{0};
  std::uint16_t unclassified_queue = 0;
  std::uint16_t max_tx_vq = 1;
  std::vector<std::uint8_t> encode() const;  // the command's data
};

// What HASH_CONFIG carries (5.1.9.5.6.4).
struct HashCommand {
  std::uint32_t hash_types = 0x1ff;
  std::vector<std::uint8_t> key;
  std::vector<std::uint8_t> encode() const;  // the command's data
};

// A received packet, valid during the callback.
struct ReceivedPacket {
  unsigned queue = 0;  // receive queue number from 0
  ConstBytes header;   // struct virtio_net_hdr: 20 bytes with HASH_REPORT, 12 without
  ConstBytes frame;
  unsigned buffers = 0;       // that it filled
  bool poison_intact = true;  // behind what was used of each nothing was written
};

class VirtioNetDriver {
 public:
  VirtioNetDriver(Machine& machine, const DriverOptions& options);

  // Probe, reset, negotiate, MSI-X, queues, DRIVER_OK. Throws DriverError when the card does not do its part.
  void start();
  // Resets the device and waits until it says so; start() may follow.
  void stop();

  // Sends a control command and waits for its answer: VIRTIO_NET_OK or VIRTIO_NET_ERR. While it waits, poll() is not
  // called; `meanwhile` is, once a window.
  std::uint8_t command(std::uint8_t command_class, std::uint8_t command, const std::vector<std::uint8_t>& data,
                       const std::function<void()>& meanwhile = {});
  void set_promiscuous(bool on);
  void set_receive_mode(std::uint8_t mode, bool on);  // a VIRTIO_NET_CTRL_RX_ number
  void set_mac(const std::array<std::uint8_t, 6>& address);
  void add_vlan(std::uint16_t vlan);
  void delete_vlan(std::uint16_t vlan);
  void set_queue_pairs(unsigned pairs);
  void configure_rss(const RssCommand& rss, const std::function<void()>& meanwhile = {});
  // Notification coalescing (5.1.9.5.10): of all receive or all transmit queues, or of one virtqueue.
  void set_receive_coalescing(const CoalescingParameters& parameters);
  void set_transmit_coalescing(const CoalescingParameters& parameters);
  void set_queue_coalescing(unsigned queue, const CoalescingParameters& parameters);
  CoalescingParameters queue_coalescing(unsigned queue);
  // Resets one virtqueue (RING_RESET; 2.6.1) and waits until the device says that it is done: from then on nothing of
  // it is touched, and it does nothing until enable_queue() sets it up anew. Packets that a receive queue delivered
  // before go to `on_packet`; frames that a transmit queue has not sent are lost.
  void reset_queue(unsigned queue, const std::function<void(const ReceivedPacket&)>& on_packet = {});
  // `ring_size` 0: as DriverOptions say. Rings and buffers are new ones.
  void enable_queue(unsigned queue, unsigned ring_size = 0);
  unsigned control_queue() const { return control_queue_; }
  // Hash types and key of the report where RSS is not in use.
  void configure_hash(const HashCommand& hash, const std::function<void()>& meanwhile = {});

  // Takes what the receive queues hold and posts the buffers again; takes what transmit queues have sent. Looks only at
  // queues whose interrupt has come. Returns the number of packets.
  std::size_t poll(const std::function<void(const ReceivedPacket&)>& on_packet);
  // The same over all queues, whether an interrupt has come or not: for a driver that has reason to doubt them.
  std::size_t take_all(const std::function<void(const ReceivedPacket&)>& on_packet);
  // True once for configuration changes that poll() has heard of.
  bool take_config_change() { return std::exchange(config_changed_, false); }
  // What a driver does about such a change, once for each: looks at the link, and answers a request to announce itself.
  // True when it was asked for that: the packets that make it known are the caller's to send.
  bool attend_config_change();
  bool link_up() const { return link_up_; }  // as of the last look; always without STATUS (5.1.4.2)
  // Writes nonsense into transmitq1, which the card looks at at once.
  void corrupt_ring(RingNonsense nonsense);
  // Posting of receive buffers on one queue can be withheld (a driver that does not keep up).
  void withhold_buffers(unsigned queue, bool withhold);
  // Queues a frame on transmitq(pair + 1); false when the ring is full, or reset. Parts: `split` bytes in the first
  // descriptor.
  bool transmit(unsigned pair, ConstBytes frame, std::size_t split = 0);

  const VirtioPciLayout& layout() const { return layout_; }
  FeatureBits features() const { return features_; }
  std::size_t header_bytes() const { return features_ & VIRTIO_NET_F_HASH_REPORT ? 20 : 12; }
  unsigned queue_pairs() const { return static_cast<unsigned>(pairs_.size()); }
  std::array<std::uint8_t, 6> mac() const { return mac_; }
  std::uint8_t status();
  std::uint64_t interrupts() const { return interrupts_; }
  // The device says that it needs a reset.
  bool needs_reset() { return status() & VIRTIO_STATUS_DEVICE_NEEDS_RESET; }

  // Register access, for tests.
  std::uint64_t read_common(unsigned offset, unsigned size) {
    return machine_.mmio_read(layout_.common.address + offset, size);
  }
  void write_common(unsigned offset, unsigned size, std::uint64_t value) {
    machine_.mmio_write(layout_.common.address + offset, size, value);
  }
  void notify(unsigned queue);

 private:
  struct ReceiveRing {
    std::unique_ptr<DriverRing> ring;
    std::uint64_t buffers = 0;  // address of the first; each lies in one piece, whatever its parts
    std::uint8_t* bytes = nullptr;
    std::vector<std::uint32_t> poisoned;  // by buffer: how far; what lies behind has never been written and is zero
    std::vector<std::uint32_t> withheld;  // buffers taken and not posted again
    bool withhold = false;
    std::vector<GuestBuffer> layout;  // parts of a buffer, from its first byte on
  };
  struct TransmitRing {
    std::unique_ptr<DriverRing> ring;
    std::uint64_t buffers = 0;  // as above; 0: none yet
    std::vector<std::uint32_t> free;
  };
  struct Pair {
    ReceiveRing receive;
    TransmitRing transmit;
  };

  void negotiate();
  std::vector<std::uint8_t> exchange(std::uint8_t command_class, std::uint8_t command,
                                     const std::vector<std::uint8_t>& data, std::uint32_t answer_bytes,
                                     const std::function<void()>& meanwhile = {});
  void check_queue(unsigned queue) const;
  void set_coalescing(std::uint8_t command, std::vector<std::uint8_t> data, const CoalescingParameters& parameters);
  std::vector<std::uint8_t> read_config(unsigned offset, unsigned size);
  std::uint16_t look_at_link();
  void set_vlan(std::uint8_t command, std::uint16_t vlan);
  void set_up_msix();
  std::unique_ptr<DriverRing> set_up_queue(unsigned queue, unsigned ring_size);
  void fill(ReceiveRing& receive);
  void post_buffer(ReceiveRing& receive, std::uint32_t buffer);
  std::uint8_t* buffer_bytes(const ReceiveRing& receive, std::uint32_t buffer) const {
    return receive.bytes + std::size_t{buffer} * options_.buffer_bytes;
  }
  bool is_intact(const ReceiveRing& receive, const DriverRing::Used& part) const;
  void poison(ReceiveRing& receive, std::uint32_t buffer, std::uint32_t bytes);
  std::size_t take_packets(unsigned pair, const std::function<void(const ReceivedPacket&)>& on_packet);
  ReceivedPacket take_packet(unsigned pair, const DriverRing::Used& first);
  void take_sent(TransmitRing& transmit);
  unsigned vector_of(unsigned queue) const { return 1 + queue % (vectors_ - 1); }

  Machine& machine_;
  const DriverOptions options_;
  VirtioPciLayout layout_;
  FeatureBits features_ = 0;
  std::array<std::uint8_t, 6> mac_{};
  unsigned vectors_ = 2;
  unsigned control_queue_ = 2;
  std::vector<std::uint64_t> notify_offsets_;  // by queue, in the notification structure
  std::vector<Pair> pairs_;
  std::unique_ptr<DriverRing> control_;
  std::uint64_t control_buffer_ = 0;
  std::vector<DriverRing::Used> parts_;  // of the packet at hand
  std::vector<std::uint8_t> assembled_;  // a packet that spans buffers
  std::vector<std::uint32_t> messages_;
  std::vector<std::uint64_t> raised_;  // vectors whose message has come, a bit each
  std::uint64_t interrupts_ = 0;
  bool config_changed_ = false;
  bool link_up_ = true;
};

}  // namespace rssnic
