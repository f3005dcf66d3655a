// Random accesses of any kind: the function neither crashes nor ends in a state that its contract excludes.
#include <random>

#include "tb/unit/pci/pci_bench.h"

namespace rssnic {
namespace {

class Fuzzer {
 public:
  Fuzzer(std::uint64_t seed, unsigned queues, unsigned vectors)
      : random_(seed), queues_(queues), vectors_(vectors), bench_(queues, vectors) {
    for (unsigned offset = 0; offset < 0x40; offset += 4) header_.push_back(function().config_read(offset, 4));
    table_size_ = function().config_read(bench_.msix + 2, 2);
    register_bar_bytes_ = function().bar_size(0);
  }

  void step() {
    switch (pick(16)) {
      case 0:
        function().notify_used(pick(queues_ + 2));
        break;
      case 1:
        function().config_changed();
        break;
      case 2:
        if (pick(50) == 0) function().needs_reset();
        if (pick(4) == 0) function().queue_reset_done(pick(queues_));
        break;
      case 3:
        if (pick(50) == 0) function().function_reset();
        break;
      case 4:
        plausible_driver();
        break;
      case 5:
      case 6:
        function().config_read(config_offset(), size());
        break;
      case 7:
      case 8:
        function().config_write(config_offset(), size(), value());
        break;
      case 9:
      case 10:
      case 11:
        function().bar_read(pick(8), bar_offset(), size());
        break;
      default:
        function().bar_write(pick(3) == 0 ? pick(8) : 0, bar_offset(), size(), wide_value());
    }
  }

  void check() {
    EXPECT_EQ(function().config_read(0x00, 4), header_[0]);
    EXPECT_EQ(function().config_read(0x08, 4), header_[2]);
    EXPECT_EQ(function().config_read(0x2c, 4), header_[11]);
    EXPECT_EQ(function().config_read(0x34, 4), header_[13]);
    EXPECT_EQ(function().config_read(bench_.msix + 2, 2) & 0x7ff, table_size_ & 0x7ff);
    EXPECT_EQ(bench_.read(common::num_queues, 2), queues_);
    EXPECT_EQ(function().bar_size(0), register_bar_bytes_);
    EXPECT_EQ(function().bar_address(0) % register_bar_bytes_, 0u);

    const unsigned status = function().device_status();
    EXPECT_EQ(status & ~0xcfu, 0u);
    EXPECT_TRUE((status & VIRTIO_STATUS_DRIVER_OK) == 0 || (status & VIRTIO_STATUS_FEATURES_OK) != 0);
    EXPECT_EQ(function().driver_ok(), (status & 0x44) == 4);
    EXPECT_EQ(function().features() & ~kOffered, 0u);
    EXPECT_TRUE(function().features() == 0 || (function().features() & VIRTIO_F_VERSION_1) != 0);

    const unsigned command = function().config_read(4, 2);
    const bool interrupt_status = (function().config_read(6, 2) & 8) != 0;
    const bool msix = (function().config_read(bench_.msix + 2, 2) & 0x8000) != 0;
    const bool d0 = (function().config_read(bench_.power + 4, 2) & 3) == 0;
    EXPECT_EQ(bench_.line.asserted, interrupt_status && (command & 0x400) == 0 && d0);
    EXPECT_FALSE(msix && interrupt_status);
    const unsigned vector = bench_.read(common::config_msix_vector, 2);
    EXPECT_TRUE(vector < vectors_ || vector == 0xffff);

    for (const FakeDma::Write& write : bench_.dma.in_flight) {
      EXPECT_EQ(write.bytes.size(), 4u);
      EXPECT_EQ(write.address % 4, 0u);
    }
    bench_.dma.in_flight.clear();
    bench_.device.calls.clear();
  }

  unsigned resets = 0;  // of queues, that were taken

 private:
  VirtioFunction& function() { return bench_.function; }
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  unsigned size() {
    constexpr unsigned kSizes[] = {1, 1, 2, 2, 2, 4, 4, 4, 4, 8, 0, 3, 5, 16, 0xffffffff};
    return kSizes[pick(std::size(kSizes))];
  }
  std::uint32_t value() {
    switch (pick(4)) {
      case 0:
        return pick(16);
      case 1:
        return std::uint32_t{1} << pick(32);
      case 2:
        return ~std::uint32_t{0};
      default:
        return static_cast<std::uint32_t>(random_());
    }
  }
  std::uint64_t wide_value() { return std::uint64_t{value()} << 32 | value(); }
  unsigned config_offset() {
    switch (pick(16)) {
      case 0:
        return static_cast<unsigned>(random_());
      case 1:
        return bench_.msix + 2;
      case 2:
      case 3:
      case 4:
        return bench_.blocks[5].capability + 4 * (1 + pick(4));  // the window
      default:
        return pick(0x104);
    }
  }
  std::uint64_t bar_offset() {
    switch (pick(8)) {
      case 0:
        return random_();
      case 1:
        return 0x1000 + pick(4);
      case 2:
        return 0x2000 + pick(40);
      case 3:
        return 0x4000 + 4 * std::uint64_t{pick(queues_ + 2)};
      case 4:
        return 0x8000 + pick(0x110);
      case 5:
        return 16 * std::uint64_t{pick(vectors_ + 2)} + pick(16);
      default:
        return pick(64);
    }
  }
  // A queue that is being reset is none, whatever came before.
  void reset_queue(unsigned queue) {
    bench_.select(queue);
    const bool enabled = bench_.read(common::queue_enable, 2) != 0;
    const bool taken = enabled && (function().features() & VIRTIO_F_RING_RESET) != 0;
    bench_.write(common::queue_reset, 2, 1);
    EXPECT_EQ(function().queue_is_enabled(queue), enabled && !taken);
    if (taken) {
      EXPECT_EQ(bench_.read(common::queue_reset, 2), 1u);
      ++resets;
    }
  }
  // Brings the device up or sets up a queue, so that random accesses meet every state.
  void plausible_driver() {
    switch (pick(6)) {
      case 0:
        bench_.begin();
        break;
      case 1:
        bench_.negotiate(VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | (pick(4) != 0 ? VIRTIO_F_RING_RESET : 0));
        break;
      case 2:
        bench_.enable_queue(pick(queues_), pick(vectors_));
        break;
      case 3:
        bench_.add_status(VIRTIO_STATUS_DRIVER_OK);
        break;
      case 4:
        reset_queue(pick(queues_));
        break;
      default:
        bench_.enable_msix(pick(vectors_) + 1);
    }
  }

  std::mt19937_64 random_;
  const unsigned queues_;
  const unsigned vectors_;
  PciBench bench_;
  std::vector<std::uint32_t> header_;
  unsigned table_size_ = 0;
  std::uint64_t register_bar_bytes_ = 0;
};

void fuzz(std::uint64_t seed, unsigned queues, unsigned vectors, unsigned steps) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", queues " + std::to_string(queues) + ", vectors " +
               std::to_string(vectors));
  Fuzzer fuzzer(seed, queues, vectors);
  for (unsigned i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    fuzzer.step();
    fuzzer.check();
  }
  EXPECT_TRUE(fuzzer.resets > 0 || queues > 9) << "no queue was ever reset";
}

TEST(RegisterFuzz, FewQueues) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) fuzz(seed, 9, 10, 40000);
}

TEST(RegisterFuzz, OneVector) {
  for (std::uint64_t seed = 11; seed <= 14; ++seed) fuzz(seed, 3, 1, 40000);
}

TEST(RegisterFuzz, LargestLayout) {
  for (std::uint64_t seed = 21; seed <= 22; ++seed) fuzz(seed, 65535, 2048, 5000);
}

}  // namespace
}  // namespace rssnic
