// A guest that means harm: random registers, random rings, random memory, with packets flowing. The card must not
// crash, hang or touch memory of its own wrongly (run it with the sanitizers), and after a function reset it works
// again.
#include <random>

#include "tb/unit/net/card_bench.h"
#include "tb/unit/random_frame.h"

namespace rssnic::test {
namespace {

class Hostile {
 public:
  Hostile(std::uint32_t seed, const CardParameters& parameters, Engine engine)
      : random_(seed), frames_(seed), bench_(parameters, engine), guest_(bench_) {
    memory_ = bench_.machine.ram().allocate(kMemoryBytes, 4096);
    bytes_ = bench_.machine.ram().pointer(memory_, kMemoryBytes);
    for (std::size_t i = 0; i < kMemoryBytes; ++i) bytes_[i] = static_cast<std::uint8_t>(one_in(8) ? word() : 0);
  }

  void act(unsigned steps) {
    for (unsigned step = 0; step < steps; ++step) {
      if (guest_.status() != 15 && one_in(8)) start_properly();
      switch (below(16)) {
        case 0:
          if (one_in(3)) write_common();
          break;
        case 1:
          if (one_in(3)) set_up_queue();
          break;
        case 2:
        case 3:
        case 4:
          guest_.notify(below(2 * bench_.card().parameters().queue_pairs + 3));
          break;
        case 5:
        case 6:
          if (one_in(8)) scribble();
          break;
        case 7:
        case 8:
          plausible_ring();
          break;
        case 9:
          if (one_in(4)) write_msix();
          break;
        case 10:
          if (one_in(6)) write_config();
          break;
        case 11:
          if (one_in(4)) start_properly();
          break;
        case 12:
          if (one_in(8)) bench_.machine.fail_dma(1 + below(100));
          if (one_in(2)) reset_queue();
          break;
        default:
          if (one_in(10)) bench_.card().set_link(one_in(2));
          if (one_in(10)) bench_.card().announce();
          for (unsigned count = below(8); count > 0; --count) {
            FrameBytes frame = frames_.damaged_frame();
            if (one_in(30)) frame = junk_frame(below(90000));
            bench_.send(std::move(frame), bench_.machine.now() + below(200), one_in(2));
          }
          bench_.run(64 * below(40));
      }
    }
  }

  // After all that: a function reset, and the card does its work.
  void expect_recovery() {
    bench_.machine.fail_dma(0);
    bench_.card().function().function_reset();
    bench_.card().set_link(true);
    bench_.machine.ram().allocate(std::size_t{64} << 20);  // what follows lies in memory that no rogue buffer reached
    const std::uint64_t upstream = bench_.card().link().upstream_bytes();
    bench_.run(20000);
    EXPECT_EQ(bench_.card().link().upstream_bytes(), upstream);
    Guest guest(bench_, kSteering);
    GuestQueue& rx = guest.receive_queue(0, 256);
    GuestQueue& tx = guest.transmit_queue(0);
    GuestQueue& control = guest.control_queue();
    guest.fill(rx, 240, 4096);
    guest.go();
    bench_.settle();  // frames left at the entrance
    EXPECT_EQ(bench_.observer.ended(), bench_.wire.sent());
    while (guest.take(rx)) {
    }
    guest.fill(rx, 8, 4096);
    const RssCommand rss = rss_command({0});
    EXPECT_EQ(guest.configure(control, rss), VIRTIO_NET_OK);
    bench_.send(flow_frame(77));
    const auto packet = guest.take(rx);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->frame, flow_frame(77));
    EXPECT_EQ(packet->hash, oracle_for(rss).judge(view(packet->frame)).hash);
    bench_.sink.frames.clear();
    tx.add({FrameBytes(20), flow_frame(78)}, {});
    guest.publish(tx);
    bench_.settle();
    EXPECT_EQ(bench_.sink.frames, std::vector<FrameBytes>{flow_frame(78)});
    EXPECT_FALSE(guest.needs_reset());
  }

  const CardStatistics& statistics() { return bench_.statistics(); }
  std::size_t transmitted() const { return bench_.sink.frames.size(); }

 private:
  static constexpr std::size_t kMemoryBytes = 32768;
  static constexpr FeatureBits kResettable =
      kSteering | VIRTIO_F_RING_RESET | VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL;

  std::uint32_t word() { return static_cast<std::uint32_t>(random_()); }
  unsigned below(unsigned bound) { return word() % bound; }
  bool one_in(unsigned n) { return below(n) == 0; }
  // Mostly in the guest's memory, sometimes at its edge, sometimes anywhere.
  std::uint64_t address() {
    if (one_in(40)) return std::uint64_t{word()} << 32 | word();
    if (one_in(40)) return ~std::uint64_t{0} - below(64);
    if (one_in(40)) return kMessageWindow + below(8);
    return memory_ + below(kMemoryBytes);
  }
  unsigned status_bits() {
    constexpr unsigned kUseful[] = {0, 1, 3, 11, 15, 15, 143, 79};
    return one_in(3) ? below(256) : kUseful[below(8)];
  }

  void write_common() {
    constexpr unsigned kSizes[] = {1, 2, 4, 8};
    switch (below(4)) {
      case 0:
        guest_.write(reg::device_status, 1, status_bits());
        break;
      case 1:
        guest_.write(reg::queue_select, 2, one_in(8) ? word() : below(12));
        break;
      default:
        guest_.write(below(70), kSizes[below(4)], one_in(2) ? below(300) : word());
        guest_.read(below(70), kSizes[below(4)]);
    }
  }

  void set_up_queue() {
    const unsigned queue = below(2 * bench_.card().parameters().queue_pairs + 2);
    guest_.write(reg::queue_select, 2, queue);
    guest_.write(reg::queue_size, 2, one_in(5) ? word() : 1u << below(7));
    guest_.write64(reg::queue_desc, address() & ~std::uint64_t{15});
    guest_.write64(reg::queue_driver, address() & ~std::uint64_t{1});
    guest_.write64(reg::queue_device, address() & ~std::uint64_t{3});
    guest_.write(reg::queue_msix_vector, 2, below(14));
    guest_.write(reg::queue_enable, 2, 1);
  }

  static constexpr FeatureBits kFiltering = kSteering | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_CTRL_RX |
                                            VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_CTRL_VLAN |
                                            VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_GUEST_ANNOUNCE;
  // Resets a queue of start_properly(), and mostly enables it again, at once or when it may be.
  void reset_queue() {
    const unsigned queue = below(2 * bench_.card().parameters().queue_pairs + 1);
    guest_.write(reg::queue_select, 2, queue);
    guest_.write(58, 2, 1);
    if (one_in(4)) return;
    if (one_in(2)) bench_.run(64 * below(12));
    enable_queue(queue, 1u << below(5));
  }
  void enable_queue(unsigned queue, unsigned size) {
    guest_.write(reg::queue_select, 2, queue);
    guest_.write(reg::queue_size, 2, size);
    const std::uint64_t ring = memory_ + 512 * queue;
    guest_.write64(reg::queue_desc, ring);
    guest_.write64(reg::queue_driver, ring + 256);
    guest_.write64(reg::queue_device, ring + 320);
    std::memset(bytes_ + 512 * queue, 0, 512);
    guest_.write(reg::queue_msix_vector, 2, queue + 1);
    guest_.write(reg::queue_enable, 2, 1);
  }

  // A driver that begins well: queues with rings in the memory that is scribbled over.
  void start_properly() {
    guest_.write(reg::device_status, 1, 0);
    guest_.write(reg::device_status, 1, 1);
    guest_.write(reg::device_status, 1, 3);
    constexpr FeatureBits kSets[] = {kPlain,
                                     kSteering,
                                     kPlain | VIRTIO_NET_F_MRG_RXBUF,
                                     kSteering & ~VIRTIO_NET_F_RSS,
                                     kSteering | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_MTU,
                                     kResettable,
                                     kResettable,
                                     kResettable,
                                     kFiltering};
    const FeatureBits features = one_in(20) ? word() | kPlain : kSets[below(static_cast<unsigned>(std::size(kSets)))];
    for (unsigned select = 0; select < 2; ++select) {
      guest_.write(reg::driver_feature_select, 4, select);
      guest_.write(reg::driver_feature, 4, static_cast<std::uint32_t>(features >> 32 * select));
    }
    guest_.write(reg::device_status, 1, 11);
    for (unsigned queue = 0; queue <= 2 * bench_.card().parameters().queue_pairs; ++queue) {
      enable_queue(queue, 16);
    }
    for (unsigned queue = 0; queue < 8; ++queue) plausible_ring();
    guest_.write(reg::device_status, 1, 15);
  }

  // Gives one of the rings of start_properly() a few more chains, nearly right ones.
  void plausible_ring() {
    const unsigned queue = below(2 * bench_.card().parameters().queue_pairs + 1);
    const bool control = queue == 2 * bench_.card().parameters().queue_pairs;
    std::uint8_t* const ring = bytes_ + 512 * queue;
    std::uint8_t* const available = ring + 256;
    for (unsigned i = 0; i < 16; ++i) {
      std::uint8_t* const descriptor = ring + 16 * i;
      const bool second = i % 2 == 1;
      const bool writable = (control ? second : queue % 2 == 0) != one_in(100);
      const bool next = !second && (control || one_in(3));
      store_le64(descriptor, one_in(300) ? address() : memory_ + 16384 + below(14000));
      store_le32(descriptor + 8, one_in(300) ? word() : below(one_in(3) ? 2000 : 200));
      store_le16(descriptor + 12,
                 static_cast<std::uint16_t>((next ? 1 : 0) | (writable ? 2 : 0) | (one_in(300) ? 4 : 0)));
      store_le16(descriptor + 14, static_cast<std::uint16_t>(one_in(100) ? word() : i + 1));
      store_le16(available + 4 + 2 * i, static_cast<std::uint16_t>(one_in(300) ? word() : 2 * below(8)));
    }
    store_le16(available, static_cast<std::uint16_t>(below(2)));
    const auto unreturned = static_cast<std::uint16_t>(load_le16(available + 2) - load_le16(ring + 320 + 2));
    const unsigned more = one_in(60) ? below(40) : below(unreturned < 16 ? 17 - unreturned : 1);
    store_le16(available + 2, static_cast<std::uint16_t>(load_le16(available + 2) + more));
    if (control && one_in(2)) {
      std::uint8_t* const command = bytes_ + (load_le64(ring) - memory_) % (kMemoryBytes - 16);
      command[0] = static_cast<std::uint8_t>(below(8));
      command[1] = static_cast<std::uint8_t>(below(7));
      for (unsigned i = 2; i < 16; ++i) command[i] = static_cast<std::uint8_t>(below(4));
    }
    guest_.notify(queue);
  }

  void scribble() {
    for (unsigned count = 1 + below(20); count > 0; --count) {
      bytes_[below(one_in(2) ? 8192 : kMemoryBytes)] = static_cast<std::uint8_t>(one_in(2) ? below(4) : word());
    }
  }

  void write_msix() {
    const std::uint64_t entry = guest_.layout().msix_table + 4 * below(60);
    bench_.machine.mmio_write(entry, 4, one_in(2) ? address() : below(4));
    bench_.machine.config_write(guest_.layout().msix_capability + 2, 2, one_in(4) ? word() & 0xffff : 0x8000);
  }

  void write_config() {
    constexpr unsigned kSizes[] = {1, 2, 4};
    const unsigned size = kSizes[below(3)];
    bench_.machine.config_write(below(256) / size * size, size, one_in(2) ? word() : below(8));
    bench_.machine.config_read(below(256), size);
    if (one_in(3)) return;
    bench_.machine.config_write(4, 2, 6);  // most often the function may go on
  }

  std::mt19937 random_;
  RandomFrames frames_;
  Bench bench_;
  Guest guest_;
  std::uint64_t memory_ = 0;
  std::uint8_t* bytes_ = nullptr;
};

void attack(std::uint32_t first_seed, unsigned runs, unsigned steps, Engine engine) {
  std::uint64_t delivered = 0, transmitted = 0, commands = 0, resets = 0, queue_resets = 0, faults = 0;
  for (std::uint32_t seed = first_seed; seed < first_seed + runs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    CardParameters parameters;
    parameters.queue_pairs = 1 + seed % 4;
    parameters.packet_slots = seed % 3 == 0 ? 4 : 512;
    parameters.mac_fifo_frames = seed % 5 == 0 ? 2 : 64;
    parameters.no_buffer_wait_cycles = 1000;
    parameters.pcie.tags = seed % 7 == 0 ? 2 : 64;
    Hostile hostile(seed, parameters, engine);
    hostile.act(steps);
    const CardStatistics& statistics = hostile.statistics();
    delivered += statistics.delivered;
    transmitted += statistics.transmitted;
    commands += statistics.commands;
    resets += statistics.device_resets;
    queue_resets += statistics.queue_resets;
    for (const std::uint64_t count : statistics.ring_faults) faults += count;
    hostile.expect_recovery();
    if (testing::Test::HasFailure()) return;
  }
  // The attack has to get past the door to be worth its name.
  EXPECT_GT(delivered, runs);
  EXPECT_GT(transmitted, runs);
  EXPECT_GT(commands, runs / 4);
  EXPECT_GT(resets, runs);
  EXPECT_GT(queue_resets, runs);
  EXPECT_GT(faults, runs / 2);
}

TEST(CardHostileGuest, DoesNoHarmToACardWithTheReferenceEngine) { attack(1000, 120, 400, Engine::reference); }

TEST(CardHostileGuest, DoesNoHarmToACardWithTheRtlEngine) { attack(5000, 15, 300, Engine::rtl); }

}  // namespace
}  // namespace rssnic::test
