// What the tests of the PCI function plug it into: a device that records what it is told, a DMA port that records what
// is posted, an interrupt line, and a small driver that finds the registers through the capabilities, as a guest does.
#pragma once
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/pci/virtio_function.h"

namespace rssnic {

constexpr FeatureBits kOffered = VIRTIO_NET_F_MAC | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS |
                                 VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MQ |
                                 VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_RSS | VIRTIO_F_VERSION_1 | VIRTIO_F_RING_RESET;

// Offsets in struct virtio_pci_common_cfg, written down here once more: the model's own constants are under test.
namespace common {
constexpr unsigned device_feature_select = 0, device_feature = 4, driver_feature_select = 8, driver_feature = 12,
                   config_msix_vector = 16, num_queues = 18, device_status = 20, config_generation = 21,
                   queue_select = 22, queue_size = 24, queue_msix_vector = 26, queue_enable = 28, queue_notify_off = 30,
                   queue_desc = 32, queue_driver = 40, queue_device = 48, queue_notif_config_data = 56,
                   queue_reset = 58, admin_queue_index = 60, admin_queue_num = 62;
}  // namespace common

class FakeDma final : public DmaPort {
 public:
  struct Write {
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;
  };
  unsigned tags_free() const override { return 0; }
  void want_tag(DmaClient&) override { ADD_FAILURE() << "the function asks for a tag"; }
  std::size_t max_read_bytes() const override { return 512; }
  void read(DmaClient&, std::uint32_t, std::uint64_t, Bytes) override { ADD_FAILURE() << "the function reads memory"; }
  void write(DmaClient*, std::uint32_t, std::uint64_t address, ConstBytes from) override {
    in_flight.push_back({address, std::vector<std::uint8_t>(from.data, from.data + from.size)});
  }
  void write_in_place(DmaClient* client, std::uint32_t ticket, std::uint64_t address, ConstBytes from) override {
    write(client, ticket, address, from);
  }
  void cancel(DmaClient&) override { ADD_FAILURE() << "the function is no client that could be cancelled"; }
  void cancel_all() override { in_flight.clear(); }

  std::vector<Write> in_flight;  // posted, not yet seen by the host
};

class FakeInterrupts final : public InterruptPort {
 public:
  void intx(bool level) override {
    EXPECT_NE(level, asserted) << "the line is told a level that it has";
    asserted = level;
  }
  bool asserted = false;
};

class FakeDevice final : public VirtioDevice {
 public:
  FakeDevice(FakeDma& dma, unsigned queues) : dma_(dma), queues_(queues) {}

  FeatureBits offered_features() const override { return offered; }
  unsigned num_queues() const override { return queues_; }
  unsigned max_queue_size(unsigned queue) const override { return queue == absent_queue ? 0 : largest_queue; }
  ConstBytes device_config() const override { return {config.data(), config_bytes}; }
  void features_accepted(FeatureBits features) override { log("features", features); }
  void driver_ok() override { log("driver_ok"); }
  void queue_enabled(unsigned queue, const QueueSetup& setup) override {
    EXPECT_LT(queue, queues_);
    EXPECT_TRUE(setup.size != 0 && (setup.size & (setup.size - 1)) == 0 && setup.size <= largest_queue) << setup.size;
    setups[queue] = setup;
    log("enable", queue);
  }
  void queue_reset(unsigned queue) override {
    EXPECT_LT(queue, queues_);
    log("queue_reset", queue);
  }
  void notify(unsigned queue) override {
    EXPECT_LT(queue, queues_);
    log("notify", queue);
  }
  void bus_master(bool enabled) override { log("bus_master", enabled); }
  void reset() override {
    dma_.cancel_all();
    log("reset");
  }

  std::vector<std::string> take_calls() { return std::move(calls); }

  FeatureBits offered = kOffered;
  unsigned largest_queue = 256;
  unsigned absent_queue = ~0u;
  std::array<std::uint8_t, 28> config{0x52, 0x54, 0x00, 0x72, 0x73, 0x73, 0x01, 0x00, 0x04, 0x00};
  std::size_t config_bytes = config.size();
  std::map<unsigned, QueueSetup> setups;
  std::vector<std::string> calls;

 private:
  void log(const std::string& what) { calls.push_back(what); }
  void log(const std::string& what, std::uint64_t value) { calls.push_back(what + ' ' + std::to_string(value)); }

  FakeDma& dma_;
  const unsigned queues_;
};

// A capability as found in the list.
struct Capability {
  unsigned offset;
  std::uint8_t id;
};

struct Block {
  unsigned capability = 0;  // its offset in configuration space
  unsigned bar = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

class PciBench {
 public:
  static constexpr unsigned kQueues = 9;
  static constexpr unsigned kVectors = 10;

  explicit PciBench(unsigned queues = kQueues, unsigned vectors = kVectors, const PcieParameters& link = {})
      : device(dma, queues), function(device, dma, line, vectors, link) {
    for (const Capability& cap : capabilities()) {
      if (cap.id == 0x10) express = cap.offset;
      if (cap.id == 0x11) msix = cap.offset;
      if (cap.id == 0x01) power = cap.offset;
      if (cap.id != 0x09) continue;
      blocks[static_cast<std::uint8_t>(function.config_read(cap.offset + 3, 1))] = {
          cap.offset, function.config_read(cap.offset + 4, 1), function.config_read(cap.offset + 8, 4),
          function.config_read(cap.offset + 12, 4)};
    }
    if (msix == 0) return;
    const std::uint32_t table = function.config_read(msix + 4, 4);
    const std::uint32_t pba = function.config_read(msix + 8, 4);
    table_bar = table & 7;
    table_offset = table & ~7u;
    pba_bar = pba & 7;
    pba_offset = pba & ~7u;
  }

  std::vector<Capability> capabilities() {
    std::vector<Capability> found;
    unsigned offset = function.config_read(0x34, 1);
    while (offset != 0 && found.size() < 48) {
      found.push_back({offset, static_cast<std::uint8_t>(function.config_read(offset, 1))});
      offset = function.config_read(offset + 1, 1);
    }
    return found;
  }

  // ---- registers of the common configuration
  std::uint32_t read(unsigned field, unsigned size) {
    const Block& block = blocks[1];
    return static_cast<std::uint32_t>(function.bar_read(block.bar, block.offset + field, size));
  }
  void write(unsigned field, unsigned size, std::uint32_t value) {
    const Block& block = blocks[1];
    function.bar_write(block.bar, block.offset + field, size, value);
  }
  std::uint32_t status() { return read(common::device_status, 1); }
  void set_status(std::uint8_t value) { write(common::device_status, 1, value); }
  void add_status(std::uint8_t bits) { set_status(static_cast<std::uint8_t>(status() | bits)); }
  void select(unsigned queue) { write(common::queue_select, 2, queue); }
  FeatureBits offered() {
    FeatureBits bits = 0;
    for (unsigned i = 0; i < 2; ++i) {
      write(common::device_feature_select, 4, i);
      bits |= FeatureBits{read(common::device_feature, 4)} << 32 * i;
    }
    return bits;
  }
  void accept(FeatureBits bits) {
    for (unsigned i = 0; i < 2; ++i) {
      write(common::driver_feature_select, 4, i);
      write(common::driver_feature, 4, static_cast<std::uint32_t>(bits >> 32 * i));
    }
  }
  // ---- other blocks
  std::uint32_t read_isr() { return static_cast<std::uint32_t>(function.bar_read(blocks[3].bar, blocks[3].offset, 1)); }
  std::uint32_t read_config(unsigned offset, unsigned size) {
    return static_cast<std::uint32_t>(function.bar_read(blocks[4].bar, blocks[4].offset + offset, size));
  }
  // Rings queue `value` at the doorbell of queue `at`.
  void ring(unsigned at, std::uint32_t value, unsigned size = 2) {
    const std::uint32_t multiplier = function.config_read(blocks[2].capability + 16, 4);
    function.bar_write(blocks[2].bar, blocks[2].offset + at * multiplier, size, value);
  }

  // ---- steps of initialisation (virtio 1.4, 3.1.1)
  void begin() {
    set_status(0);
    add_status(VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(VIRTIO_STATUS_DRIVER);
  }
  bool negotiate(FeatureBits bits) {
    accept(bits);
    add_status(VIRTIO_STATUS_FEATURES_OK);
    return (status() & VIRTIO_STATUS_FEATURES_OK) != 0;
  }
  void set_address(unsigned field, std::uint64_t address) {
    write(field, 4, static_cast<std::uint32_t>(address));
    write(field + 4, 4, static_cast<std::uint32_t>(address >> 32));
  }
  void enable_queue(unsigned queue, unsigned vector = VIRTIO_MSI_NO_VECTOR) {
    select(queue);
    write(common::queue_msix_vector, 2, vector);
    set_address(common::queue_desc, 0x100000000 + 0x10000 * queue);
    set_address(common::queue_driver, 0x200000000 + 0x10000 * queue);
    set_address(common::queue_device, 0x300000000 + 0x10000 * queue);
    write(common::queue_enable, 2, 1);
  }
  // A driver that is up, with queue 0 on vector 1 and queue 1 on vector 2, and configuration changes on vector 0.
  void start() {
    begin();
    EXPECT_TRUE(negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC));
    write(common::config_msix_vector, 2, 0);
    enable_queue(0, 1);
    enable_queue(1, 2);
    add_status(VIRTIO_STATUS_DRIVER_OK);
    device.take_calls();
  }

  // ---- PCI
  void set_command(std::uint16_t value) { function.config_write(4, 2, value); }
  void set_msix_control(std::uint16_t value) { function.config_write(msix + 2, 2, value); }
  void set_entry(unsigned vector, std::uint64_t address, std::uint32_t data, bool masked) {
    const std::uint64_t entry = table_offset + 16 * std::uint64_t{vector};
    function.bar_write(table_bar, entry, 4, address & 0xffffffff);
    function.bar_write(table_bar, entry + 4, 4, address >> 32);
    function.bar_write(table_bar, entry + 8, 4, data);
    function.bar_write(table_bar, entry + 12, 4, masked);
  }
  void mask(unsigned vector, bool masked) {
    function.bar_write(table_bar, table_offset + 16 * std::uint64_t{vector} + 12, 4, masked);
  }
  bool pending(unsigned vector) {
    const std::uint64_t word = function.bar_read(pba_bar, pba_offset + vector / 64 * 8, 8);
    return (word >> vector % 64 & 1) != 0;
  }
  // Every entry programmed and unmasked, MSI-X on, bus master on. Vector v writes 0x40 + v to 0xfee00000 + 0x1000 v.
  void enable_msix(unsigned vectors = kVectors) {
    set_command(0x406);
    set_msix_control(0xc000);
    for (unsigned v = 0; v < vectors; ++v) set_entry(v, address_of(v), data_of(v), false);
    set_msix_control(0x8000);
  }
  static std::uint64_t address_of(unsigned vector) { return 0x1fee00000 + 0x1000 * std::uint64_t{vector}; }
  static std::uint32_t data_of(unsigned vector) { return 0x12340040 + vector; }
  // The vectors of the messages posted since the last call; each is checked to be whole.
  std::vector<unsigned> messages() {
    std::vector<unsigned> vectors;
    for (const FakeDma::Write& write : dma.in_flight) {
      EXPECT_EQ(write.bytes.size(), 4u);
      const unsigned vector = static_cast<unsigned>((write.address - address_of(0)) / 0x1000);
      EXPECT_EQ(write.address, address_of(vector));
      EXPECT_EQ(load_le32(write.bytes.data()), data_of(vector));
      vectors.push_back(vector);
    }
    dma.in_flight.clear();
    return vectors;
  }

  FakeDma dma;
  FakeInterrupts line;
  FakeDevice device;
  VirtioFunction function;

  unsigned express = 0;
  unsigned msix = 0;
  unsigned power = 0;
  std::map<std::uint8_t, Block> blocks;  // virtio capabilities by cfg_type
  unsigned table_bar = 0, pba_bar = 0;
  std::uint64_t table_offset = 0, pba_offset = 0;
};

using Calls = std::vector<std::string>;
using Vectors = std::vector<unsigned>;

}  // namespace rssnic
