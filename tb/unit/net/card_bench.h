// What the tests of the whole card plug it into: a wire with the frames that a test sends, a sink and an observer that
// remember, and a guest without a driver's habits: it negotiates step by step, and its queues take chains of any shape.
// Every part of a chain lies between guard bytes, and take() tells whether the card wrote where it may not.
//
// It judges nothing by itself but what no test wants: a packet that ends twice, a device that refuses features or a
// command that is never answered fail the test at once.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "tb/check/oracle.h"
#include "tb/driver/pci_probe.h"
#include "tb/driver/split_ring.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"
#include "tb/unit/frame_builder.h"

namespace rssnic::test {

constexpr FeatureBits kPlain = VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC;
// Everything about steering; without CTRL_RX every frame is accepted.
constexpr FeatureBits kSteering = kPlain | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_MQ |
                                  VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_RSS;

// Offsets in struct virtio_pci_common_cfg (4.1.4.3).
namespace reg {
constexpr unsigned device_feature_select = 0, device_feature = 4, driver_feature_select = 8, driver_feature = 12,
                   config_msix_vector = 16, num_queues = 18, device_status = 20, queue_select = 22, queue_size = 24,
                   queue_msix_vector = 26, queue_enable = 28, queue_notify_off = 30, queue_desc = 32, queue_driver = 40,
                   queue_device = 48;
}  // namespace reg

// ---- frames

// `size` bytes without any header that means something; different for each `number`.
inline FrameBytes junk_frame(std::size_t size, unsigned number = 0) {
  FrameBytes frame(size);
  for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::uint8_t>(0x10 + 7 * i + 31 * number + (i >> 8));
  return frame;
}

// A UDP packet of `flow`, of `size` bytes, with `number` in its payload.
inline FrameBytes flow_frame(unsigned flow, std::size_t size = 60, unsigned number = 0) {
  Ipv4Header ip;
  ip.source = {10, static_cast<std::uint8_t>(flow >> 16), static_cast<std::uint8_t>(flow >> 8),
               static_cast<std::uint8_t>(flow)};
  FrameBytes frame = FrameBuilder()
                         .ipv4(ip)
                         .udp(static_cast<std::uint16_t>(1024 + flow), 4789)
                         .raw(junk_frame(size - 42, number))
                         .bytes();
  store_le32(&frame[42], number);
  return frame;
}
inline unsigned number_of(const FrameBytes& frame) { return load_le32(&frame[42]); }

// ---- the card's surroundings

class ScriptedWire final : public WireSource {
 public:
  std::uint64_t add(FrameBytes bytes, Cycle arrival, bool may_wait) {
    last_arrival_ = std::max(last_arrival_, arrival);
    frames_.push_back({std::move(bytes), last_arrival_, may_wait});
    return frames_.size() - 1;
  }
  const FrameBytes& frame(std::uint64_t tag) const { return frames_.at(tag).bytes; }
  std::size_t sent() const { return frames_.size(); }
  bool empty() const { return next_ == frames_.size(); }

  const WireFrame* front() override {
    if (empty()) return nullptr;
    const Scripted& next = frames_[next_];
    front_ = {view(next.bytes), next.arrival, next.may_wait, next_};
    return &front_;
  }
  void pop() override { ++next_; }

 private:
  struct Scripted {
    FrameBytes bytes;
    Cycle arrival;
    bool may_wait;
  };
  std::deque<Scripted> frames_;
  std::size_t next_ = 0;
  Cycle last_arrival_ = 0;
  WireFrame front_;
};

class RecordingSink final : public WireSink {
 public:
  void transmit(ConstBytes frame, Cycle when) override {
    frames.emplace_back(frame.data, frame.data + frame.size);
    EXPECT_GE(when, last_) << "a frame ends before the one ahead of it";
    last_ = when;
  }
  std::vector<FrameBytes> frames;

 private:
  Cycle last_ = 0;
};

struct Fate {
  std::optional<Steered> steered;
  std::optional<unsigned> delivered_to;  // receive queue
  std::optional<DropReason> dropped;
  Cycle steered_at = 0, ended_at = 0;
  bool ended() const { return delivered_to || dropped; }
};

class RecordingObserver final : public PacketObserver {
 public:
  void on_steer(std::uint64_t tag, const Steered& decision, Cycle when) override {
    (*this)[tag].steered = decision;
    (*this)[tag].steered_at = when;
  }
  void on_deliver(std::uint64_t tag, unsigned queue, Cycle when) override {
    end(tag, when).delivered_to = queue;
    ++delivered;
  }
  void on_drop(std::uint64_t tag, DropReason reason, Cycle when) override {
    end(tag, when).dropped = reason;
    ++dropped[reason];
  }
  Fate& operator[](std::uint64_t tag) {
    if (tag >= fates_.size()) fates_.resize(tag + 1);
    return fates_[tag];
  }
  std::size_t ended() const { return ended_; }

  std::size_t delivered = 0;
  std::map<DropReason, std::size_t> dropped;

 private:
  Fate& end(std::uint64_t tag, Cycle when) {
    Fate& fate = (*this)[tag];
    EXPECT_FALSE(fate.ended()) << "packet " << tag << " ends a second time";
    fate.ended_at = when;
    ++ended_;
    return fate;
  }
  std::vector<Fate> fates_;
  std::size_t ended_ = 0;
};

enum class Engine { reference, rtl };

class Bench {
 public:
  explicit Bench(const CardParameters& parameters = {}, Engine engine = Engine::reference, Cycle window = 64)
      : machine(parameters, engine == Engine::rtl ? make_rtl_engine() : make_reference_engine(), &wire, &sink,
                &observer, window, window) {}

  std::uint64_t send(FrameBytes frame, Cycle arrival = 0, bool may_wait = true) {
    const std::uint64_t tag = wire.add(std::move(frame), arrival, may_wait);
    card().wire_ready();
    return tag;
  }
  Card& card() { return machine.card(); }
  const CardStatistics& statistics() { return card().statistics(); }
  std::uint64_t dropped(DropReason reason) { return statistics().dropped[static_cast<std::size_t>(reason)]; }
  std::uint64_t faults(RingFault fault) { return statistics().ring_faults[static_cast<std::size_t>(fault)]; }

  void run(Cycle cycles) {
    const Cycle end = machine.now() + cycles;
    while (machine.now() < end) machine.wait_window();
  }
  // False when it does not come true although everything has happened that could.
  template <typename Condition>
  bool until(Condition&& condition, Cycle patience = 2'000'000) {
    const Cycle end = machine.now() + patience;
    while (!condition()) {
      if (machine.now() >= end || !machine.wait_activity()) return condition();
    }
    return true;
  }
  // Until nothing happens any more by itself.
  void settle() {
    EXPECT_FALSE(until([] { return false; }));
    EXPECT_EQ(card().next_activity(), kNever) << "the card does not come to rest";
  }

  ScriptedWire wire;
  RecordingSink sink;
  RecordingObserver observer;
  PlainMachine machine;
};

// ---- a guest

// One virtqueue of the guest. Chains are posted in any shape; their memory is never reused.
class GuestQueue {
 public:
  struct Used {
    std::uint32_t chain = 0;  // its number, counted from 0 in the order of posting
    std::uint32_t length = 0;
    FrameBytes written;   // the first `length` writable bytes
    bool intact = false;  // nothing else changed: guards, readable parts, writable bytes behind `length`
  };

  GuestQueue(HostRam& ram, unsigned index, unsigned size) : ring(ram, size), index_(index), ram_(ram) {}

  unsigned index() const { return index_; }
  std::size_t posted() const { return chains_.size(); }

  // One chain: readable parts of these contents, then writable parts of these lengths. Not visible yet.
  std::uint32_t add(const std::vector<FrameBytes>& readable, const std::vector<std::uint32_t>& writable) {
    std::vector<Part> parts;
    std::vector<GuestBuffer> inputs, outputs;
    for (const FrameBytes& bytes : readable) {
      parts.push_back(allocate(static_cast<std::uint32_t>(bytes.size()), false));
      std::copy(bytes.begin(), bytes.end(), parts.back().bytes);
      parts.back().expected.assign(bytes.begin(), bytes.end());
      inputs.push_back({parts.back().address, parts.back().length});
    }
    for (const std::uint32_t length : writable) {
      parts.push_back(allocate(length, true));
      outputs.push_back({parts.back().address, length});
    }
    const auto chain = static_cast<std::uint32_t>(chains_.size());
    EXPECT_TRUE(ring.add(inputs, outputs, chain)) << "the ring of queue " << index_ << " is full";
    chains_.push_back(std::move(parts));
    return chain;
  }
  std::uint32_t add_buffer(std::uint32_t length) { return add({}, {length}); }
  std::optional<Used> take() {
    const auto used = ring.take_used();
    if (!used) return std::nullopt;
    Used result;
    result.chain = used->cookie;
    result.length = used->length;
    result.intact = true;
    std::uint32_t left = used->length;
    for (const Part& part : chains_.at(used->cookie)) {
      const std::uint32_t written = part.writable ? std::min(left, part.length) : 0;
      left -= written;
      result.written.insert(result.written.end(), part.bytes, part.bytes + written);
      const bool guards = std::all_of(part.bytes - kGuard, part.bytes, is_poison) &&
                          std::all_of(part.bytes + part.length, part.bytes + part.length + kGuard, is_poison);
      const bool rest = part.writable ? std::all_of(part.bytes + written, part.bytes + part.length, is_poison)
                                      : std::equal(part.expected.begin(), part.expected.end(), part.bytes);
      result.intact = result.intact && guards && rest;
    }
    EXPECT_EQ(left, 0u) << "more bytes used than the chain can hold";
    return result;
  }
  // No byte of any chain differs from what the guest put there.
  bool untouched() const {
    return std::all_of(chains_.begin(), chains_.end(), [](const std::vector<Part>& parts) {
      return std::all_of(parts.begin(), parts.end(), [](const Part& part) {
        return part.writable ? std::all_of(part.bytes - kGuard, part.bytes + part.length + kGuard, is_poison)
                             : std::equal(part.expected.begin(), part.expected.end(), part.bytes);
      });
    });
  }
  // Forgets what has been written into the buffers so far: from here on untouched() speaks of later writes.
  void poison_again() {
    for (const auto& parts : chains_) {
      for (const Part& part : parts) {
        if (part.writable) std::memset(part.bytes, kPoison, part.length);
      }
    }
  }
  std::uint64_t address(std::uint32_t chain, std::size_t part) const { return chains_.at(chain).at(part).address; }

  // The ring as bytes, for guests that write nonsense into it.
  std::uint8_t* descriptor(unsigned number) { return ram_.pointer(ring.descriptor_address() + 16 * number, 16); }
  std::uint8_t* available() { return ram_.pointer(ring.available_address(), 6 + 2 * ring.size()); }
  std::uint8_t* used() { return ram_.pointer(ring.used_address(), 6 + 8 * ring.size()); }
  std::uint16_t used_index() { return load_le16(used() + 2); }
  void set_available_index(std::uint16_t index) { store_le16(available() + 2, index); }

  SplitRing ring;

 private:
  static constexpr std::uint32_t kGuard = 32;
  struct Part {
    std::uint64_t address = 0;
    std::uint8_t* bytes = nullptr;
    std::uint32_t length = 0;
    bool writable = false;
    FrameBytes expected;  // of a readable part
  };
  static bool is_poison(std::uint8_t byte) { return byte == kPoison; }
  Part allocate(std::uint32_t length, bool writable) {
    Part part;
    part.address = ram_.allocate(length + 2 * kGuard, 1) + kGuard;
    part.bytes = ram_.pointer(part.address - kGuard, length + 2 * kGuard) + kGuard;
    std::memset(part.bytes - kGuard, kPoison, length + 2 * kGuard);
    part.length = length;
    part.writable = writable;
    return part;
  }

  const unsigned index_;
  HostRam& ram_;
  std::vector<std::vector<Part>> chains_;
};

struct Packet {
  FrameBytes header, frame;
  unsigned num_buffers = 0;
  std::uint32_t hash = 0;
  std::uint16_t report = 0;
  std::vector<std::uint32_t> chains, lengths;  // of the buffers it came in
  bool intact = true;
};

class Guest {
 public:
  // Finds the function; nothing is reset or negotiated yet.
  explicit Guest(Bench& bench) : bench_(bench), layout_(probe_virtio_net(bench.machine)) {}
  // Ready for queues: reset, features negotiated, MSI-X on with vector v sending v.
  Guest(Bench& bench, FeatureBits features) : Guest(bench) { negotiate(features); }

  void reset() {
    write(reg::device_status, 1, 0);
    EXPECT_EQ(status(), 0);
    messages.clear();
    bench_.machine.take_messages();
    queues_.clear();
    features_ = 0;
  }
  void negotiate(FeatureBits features) {
    reset();
    features_ = features;
    add_status(VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(VIRTIO_STATUS_DRIVER);
    for (unsigned select = 0; select < 2; ++select) {
      write(reg::driver_feature_select, 4, select);
      write(reg::driver_feature, 4, static_cast<std::uint32_t>(features >> 32 * select));
    }
    add_status(VIRTIO_STATUS_FEATURES_OK);
    EXPECT_TRUE(status() & VIRTIO_STATUS_FEATURES_OK) << "features refused: " << feature_names(features);
    for (unsigned vector = 0; vector < layout_.msix_vectors; ++vector) {
      const std::uint64_t entry = layout_.msix_table + 16 * vector;
      bench_.machine.mmio_write(entry, 4, kMessageWindow);
      bench_.machine.mmio_write(entry + 4, 4, 0);
      bench_.machine.mmio_write(entry + 8, 4, vector);
      bench_.machine.mmio_write(entry + 12, 4, 0);
    }
    bench_.machine.config_write(layout_.msix_capability + 2, 2, 0x8000);
    write(reg::config_msix_vector, 2, 0);
  }
  // Sets the queue up and enables it, with vector `index` + 1.
  GuestQueue& queue(unsigned index, unsigned size = 16) {
    return queue(index, size, static_cast<std::uint16_t>(1 + index % (layout_.msix_vectors - 1)));
  }
  GuestQueue& queue(unsigned index, unsigned size, std::uint16_t vector) {
    auto made = std::make_unique<GuestQueue>(bench_.machine.ram(), index, size);
    write(reg::queue_select, 2, index);
    write(reg::queue_size, 2, size);
    EXPECT_EQ(read(reg::queue_size, 2), size) << "of queue " << index;
    write64(reg::queue_desc, made->ring.descriptor_address());
    write64(reg::queue_driver, made->ring.available_address());
    write64(reg::queue_device, made->ring.used_address());
    write(reg::queue_msix_vector, 2, vector);
    write(reg::queue_enable, 2, 1);
    queues_.push_back(std::move(made));
    return *queues_.back();
  }
  GuestQueue& receive_queue(unsigned number, unsigned size = 16) { return queue(2 * number, size); }
  GuestQueue& transmit_queue(unsigned number, unsigned size = 16) { return queue(2 * number + 1, size); }
  // 2N with N = max_virtqueue_pairs, or N = 1 without MQ and RSS (5.1.2).
  unsigned control_index() const {
    const bool many = features_ & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS);
    return many ? 2 * bench_.machine.card().parameters().queue_pairs : 2;
  }
  GuestQueue& control_queue(unsigned size = 16) { return queue(control_index(), size); }
  void go() { add_status(VIRTIO_STATUS_DRIVER_OK); }

  void publish(GuestQueue& queue) {
    queue.ring.publish();
    notify(queue.index());
  }
  void notify(unsigned queue) {
    bench_.machine.mmio_write(layout_.notify.address + std::uint64_t{queue} * layout_.notify_off_multiplier, 2, queue);
  }
  // `count` buffers of `length` bytes, visible at once.
  void fill(GuestQueue& queue, unsigned count, std::uint32_t length = 2048) {
    for (unsigned i = 0; i < count; ++i) queue.add_buffer(length);
    publish(queue);
  }

  // The next packet; nullopt when none comes.
  std::optional<Packet> take(GuestQueue& queue) {
    if (!bench_.until([&] { return queue.ring.used_ready() > 0; })) return std::nullopt;
    Packet packet;
    const std::size_t header_bytes = features_ & VIRTIO_NET_F_HASH_REPORT ? 20 : 12;
    FrameBytes bytes;
    packet.num_buffers = 1;
    while (packet.chains.size() < packet.num_buffers || bytes.size() < header_bytes) {
      const auto used = queue.take();
      if (!used) {
        ADD_FAILURE() << "a packet without its end: " << packet.chains.size() << " buffers of " << packet.num_buffers;
        return std::nullopt;
      }
      packet.chains.push_back(used->chain);
      packet.lengths.push_back(used->length);
      packet.intact = packet.intact && used->intact;
      bytes.insert(bytes.end(), used->written.begin(), used->written.end());
      if (bytes.size() >= 12) packet.num_buffers = load_le16(&bytes[10]);
    }
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(header_bytes);
    packet.header.assign(bytes.begin(), end);
    packet.frame.assign(end, bytes.end());
    if (header_bytes == 20) {
      packet.hash = load_le32(&packet.header[12]);
      packet.report = load_le16(&packet.header[16]);
    }
    return packet;
  }

  // The answer to a command in the usual framing; the control queue is `control`.
  std::uint8_t command(GuestQueue& control, std::uint8_t command_class, std::uint8_t command, const FrameBytes& data) {
    FrameBytes bytes{command_class, command};
    bytes.insert(bytes.end(), data.begin(), data.end());
    control.add({bytes}, {1});
    publish(control);
    return answer(control);
  }
  std::uint8_t answer(GuestQueue& control) {
    if (!bench_.until([&] { return control.ring.used_ready() > 0; })) {
      ADD_FAILURE() << "no answer to a control command";
      return 0xff;
    }
    const auto used = control.take();
    EXPECT_EQ(used->length, 1u);
    EXPECT_TRUE(used->intact) << "written elsewhere than into the first writable byte";
    return used->written.empty() ? 0xff : used->written[0];
  }
  std::uint8_t configure(GuestQueue& control, const RssCommand& rss) { return command(control, 4, 1, rss.encode()); }
  std::uint8_t set_pairs(GuestQueue& control, unsigned pairs) {
    return command(control, 4, 0, {static_cast<std::uint8_t>(pairs), static_cast<std::uint8_t>(pairs >> 8)});
  }

  // Messages so far, by vector.
  unsigned count(std::uint32_t vector) {
    collect();
    return messages[vector];
  }
  unsigned count_all() {
    collect();
    unsigned sum = 0;
    for (const auto& [vector, number] : messages) sum += number;
    return sum;
  }

  std::uint8_t status() { return static_cast<std::uint8_t>(read(reg::device_status, 1)); }
  bool needs_reset() { return status() & VIRTIO_STATUS_DEVICE_NEEDS_RESET; }
  void add_status(unsigned bit) { write(reg::device_status, 1, status() | bit); }
  std::uint64_t read(unsigned offset, unsigned size) {
    return bench_.machine.mmio_read(layout_.common.address + offset, size);
  }
  void write(unsigned offset, unsigned size, std::uint64_t value) {
    bench_.machine.mmio_write(layout_.common.address + offset, size, value);
  }
  void write64(unsigned offset, std::uint64_t value) {
    write(offset, 4, static_cast<std::uint32_t>(value));
    write(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
  }
  const VirtioPciLayout& layout() const { return layout_; }

  std::map<std::uint32_t, unsigned> messages;

 private:
  void collect() {
    for (const std::uint32_t vector : bench_.machine.take_messages()) ++messages[vector];
  }

  Bench& bench_;
  VirtioPciLayout layout_;
  FeatureBits features_ = 0;
  std::vector<std::unique_ptr<GuestQueue>> queues_;
};

// ---- steering

inline RssCommand rss_command(std::vector<std::uint16_t> table, std::uint32_t hash_types = 0x1ff,
                              std::uint16_t unclassified_queue = 0) {
  RssCommand rss;
  rss.hash_types = hash_types;
  rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  rss.table = std::move(table);
  rss.unclassified_queue = unclassified_queue;
  return rss;
}
inline check::Oracle oracle_for(const RssCommand& rss, bool ex_report_always = false) {
  return check::Oracle({rss.hash_types, rss.key, rss.table, rss.unclassified_queue, ex_report_always,
                        kHeaderBudget.bytes, kHeaderBudget.extension_headers});
}

}  // namespace rssnic::test
