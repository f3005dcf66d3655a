// A split virtqueue under random use by a driver that keeps the rules, against a queue as anybody would draw it:
// nothing is lost, duplicated or reordered, and the driver never sleeps over a used buffer. Reads are sampled at any
// moment between request and answer, writes become visible later but in order, as behind a PCIe link.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>

#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

class RandomUse {
 public:
  RandomUse(unsigned seed, unsigned size) : random_(seed), size_(size), bench_(size) {}

  void run(unsigned steps) {
    for (unsigned i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) step();
    settle();
    EXPECT_GT(completed_, steps / 500u);
    EXPECT_GT(interrupts_, 0u);
  }

 private:
  struct Read {
    Fetch fetch;
    bool suppression;
    std::vector<std::uint8_t> bytes;  // empty: not sampled yet
  };
  struct Posted {
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;
  };

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  void step() {
    switch (below(12)) {
      case 0:
      case 1:
        return driver_adds();
      case 2:
        return driver_publishes();
      case 3:
        return driver_changes_suppression();
      case 4:
        return driver_takes_interrupt();
      case 5:
      case 6:
        return device_asks();
      case 7:
      case 8:
        return memory_answers();
      case 9:
        return device_pops();
      case 10:
        return device_pushes();
      default:
        return device_stores();
    }
  }

  // ---- driver
  void driver_adds() {
    const unsigned count = 1 + below(below(8) == 0 ? size_ : std::min(size_, 4u));
    if (bench_.driver.free_descriptors() < count) return;
    std::vector<BufferPart> parts;
    const unsigned readable = below(count + 1);
    for (unsigned i = 0; i < count; ++i) parts.push_back({random_(), 1 + below(10000), i >= readable});
    const std::uint16_t head = bench_.driver.add(parts);
    available_.push_back({head, parts});
    if (below(3) != 0) driver_publishes();
  }
  void driver_publishes() {
    bench_.driver.publish();
    bench_.queue->kick();
  }
  void driver_changes_suppression() {
    sleeping_ = !sleeping_;
    bench_.driver.set_avail_flags(sleeping_ ? 0 : 1);
    if (sleeping_) driver_polls();  // looks again after enabling, then relies on the interrupt
    if (!sleeping_ && below(2) == 0) driver_polls();
  }
  void driver_takes_interrupt() {
    if (!interrupt_pending_) return;
    interrupt_pending_ = false;
    driver_polls();
  }
  void driver_polls() {
    for (const SplitDriver::Used& used : bench_.driver.poll()) {
      ASSERT_FALSE(pushed_.empty());
      ASSERT_EQ(used, pushed_.front());
      pushed_.pop_front();
      ++completed_;
    }
  }

  // ---- device
  void device_asks() {
    const unsigned limit = 1 + below(size_);
    while (const auto fetch = bench_.queue->next_fetch(limit)) {
      reads_.push_back({*fetch, false, {}});
      if (below(3) == 0) break;
    }
  }
  void memory_answers() {
    if (reads_.empty()) return memory_shows_write();
    for (Read& read : reads_) {
      if (read.bytes.empty() && below(3) == 0) sample(read);
    }
    Read read = std::move(reads_.front());
    reads_.pop_front();
    if (read.bytes.empty()) sample(read);
    const ConstBytes bytes(read.bytes.data(), read.bytes.size());
    if (!read.suppression) {
      bench_.queue->fed(read.fetch, bytes);
      ASSERT_EQ(bench_.queue->fault(), RingFault::none) << to_string(bench_.queue->fault());
    } else {
      suppression_outstanding_ = false;
      if (bench_.queue->interrupt_wanted(bytes)) {
        ++interrupts_;
        interrupt_pending_ = true;
      }
      device_checks_suppression();
    }
  }
  void memory_shows_write() {
    if (posted_.empty()) return;
    bench_.perform({posted_.front().address, {posted_.front().bytes.data(), posted_.front().bytes.size()}});
    posted_.pop_front();
    if (posted_.empty()) device_checks_suppression();
  }
  void sample(Read& read) {
    const ConstBytes bytes = bench_.read(read.fetch);
    read.bytes.assign(bytes.data, bytes.data + bytes.size);
  }
  void device_pops() {
    while (bench_.queue->chains_ready() > 0) {
      const Chain chain = bench_.queue->pop();
      ASSERT_FALSE(available_.empty());
      const auto [head, parts] = available_.front();
      available_.pop_front();
      ASSERT_EQ(chain.id, head);
      std::vector<Segment> expected[2];
      for (const BufferPart& part : parts) expected[part.writable].push_back({part.address, part.length});
      expect_same(chain.readable, expected[0]);
      expect_same(chain.writable, expected[1]);
      held_.push_back(chain);
      if (below(2) == 0) break;
    }
  }
  template <class Segments>
  void expect_same(const Segments& actual, const std::vector<Segment>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(actual[i].address, expected[i].address);
      ASSERT_EQ(actual[i].length, expected[i].length);
    }
  }
  void device_pushes() {
    while (!held_.empty()) {
      const unsigned which = below(static_cast<unsigned>(held_.size()));
      const Chain chain = held_[which];
      held_.erase(held_.begin() + which);
      const std::uint32_t length = below(100000);
      bench_.queue->push({chain.id, length, chain.slots});
      pushed_.push_back({chain.id, length});
      if (below(3) == 0) break;
    }
  }
  void device_stores() {
    while (const auto store = bench_.queue->next_store()) {
      posted_.push_back({store->address, {store->bytes.data, store->bytes.data + store->bytes.size}});
      suppression_due_ = true;
      if (below(4) == 0) break;
    }
  }
  void device_checks_suppression() {
    if (!suppression_due_ || suppression_outstanding_ || !posted_.empty()) return;
    suppression_due_ = false;
    suppression_outstanding_ = true;
    reads_.push_back({bench_.queue->suppression_fetch(), true, {}});
  }

  // Lets everything come to rest. The driver acts on interrupts and on nothing else.
  void settle() {
    if (!sleeping_) driver_changes_suppression();
    driver_publishes();
    for (unsigned i = 0; i < 20000 && !testing::Test::HasFatalFailure(); ++i) {
      device_asks();
      memory_answers();
      memory_shows_write();
      device_pops();
      device_pushes();
      device_stores();
      driver_takes_interrupt();
    }
    EXPECT_TRUE(bench_.queue->drained());
    EXPECT_TRUE(available_.empty());
    EXPECT_TRUE(held_.empty());
    EXPECT_TRUE(pushed_.empty());
    EXPECT_FALSE(bench_.driver.used_waiting());
    EXPECT_EQ(bench_.driver.free_descriptors(), size_);
  }

  std::mt19937_64 random_;
  const unsigned size_;
  SplitBench bench_;
  // The model: buffers go through these three lines.
  std::deque<std::pair<std::uint16_t, std::vector<BufferPart>>> available_;
  std::vector<Chain> held_;
  std::deque<SplitDriver::Used> pushed_;
  // The link.
  std::deque<Read> reads_;
  std::deque<Posted> posted_;
  bool suppression_due_ = false;
  bool suppression_outstanding_ = false;
  // The driver.
  bool sleeping_ = true;
  bool interrupt_pending_ = false;
  unsigned completed_ = 0;
  unsigned interrupts_ = 0;
};

TEST(SplitProperty, RandomUseLosesDuplicatesAndReordersNothingAndMissesNoNotification) {
  for (const unsigned size : {1u, 2u, 4u, 16u, 64u, 256u}) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      SCOPED_TRACE(testing::Message() << "size " << size << ", seed " << seed);
      RandomUse(seed, size).run(50000);
      if (HasFailure()) return;
    }
  }
}

// Any ring contents: the queue ends in a fault or in rest, with every fetch and chain within its bounds.
TEST(SplitProperty, RandomRingContentsEndInAFaultOrInRest) {
  std::map<RingFault, unsigned> seen;
  for (unsigned seed = 1; seed <= 20000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto below16 = [&below](std::uint32_t n) { return static_cast<std::uint16_t>(below(n)); };
    const unsigned size = 1u << below(5);
    SplitBench bench(size);
    for (unsigned i = 0; i < size; ++i) {
      const unsigned rare = below(16);
      const unsigned next_flag = below(3) == 0 ? SplitDriver::kNext : 0;
      const unsigned flags = rare == 0 ? below(65536) : next_flag | (below(2) == 0 ? SplitDriver::kWrite : 0);
      const unsigned next = rare == 1 ? below(65536) : below(size);
      bench.driver.write_descriptor(i, random(), rare == 2 ? 0xffffffff : below(100), flags, next);
      bench.driver.write_avail_entry(static_cast<std::uint16_t>(i), below16(rare == 3 ? 65536 : size));
    }
    bench.driver.write_avail_index(below16(size + 1 + below(2)));
    bench.queue->kick();
    unsigned fetches = 0;
    while (const auto fetch = bench.queue->next_fetch(size)) {
      ASSERT_LT(++fetches, 2000u);
      ASSERT_LE(fetch->length, kMaxFetchBytes);
      bench.feed(*fetch);  // throws outside of the rings
    }
    EXPECT_TRUE(bench.queue->drained());
    EXPECT_LE(bench.queue->chains_ready(), size);
    while (bench.queue->chains_ready() > 0) {
      const Chain chain = bench.use();
      EXPECT_LT(chain.id, size);
      EXPECT_LE(chain.readable.size() + chain.writable.size(), size);
    }
    ++seen[bench.queue->fault()];
  }
  EXPECT_EQ(seen.size(), 8u);  // every fault that a ring can cause, and none
}

}  // namespace
}  // namespace rssnic
