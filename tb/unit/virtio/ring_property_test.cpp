// Both kinds of virtqueue, with every option, under random use by a driver that keeps the rules, against a queue as
// anybody would draw it: nothing is lost, duplicated or reordered, the driver never sleeps over a used buffer nor the
// device over an available one, and no interrupt comes that the driver did not ask for. Requests run through one line,
// in order, and are performed at any later moment; answers come later still, as behind a PCIe link. Now and then the
// queue is destroyed amid traffic and set up anew.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "tb/unit/virtio/packed_driver.h"
#include "tb/unit/virtio/split_driver.h"

namespace rssnic {
namespace {

constexpr RingOptions kAllOptions[] = {{false, false}, {true, false}, {false, true}, {true, true}};

std::string text(const RingOptions& options) {
  return std::string(options.indirect_desc ? "indirect_desc " : "") + (options.event_idx ? "event_idx" : "");
}

template <class Driver>
class RandomUse {
 public:
  RandomUse(unsigned seed, unsigned size, const RingOptions& options) : random_(seed), size_(size), options_(options) {
    max_table_ = std::min(size, 48u);
    reset();
  }

  void run(unsigned steps) {
    for (unsigned i = 1; i <= steps && !testing::Test::HasFatalFailure(); ++i) {
      step();
      if (i % 400 == 0) settle();
      if (below(1500) == 0) reset();
    }
    settle();
    EXPECT_GT(completed_, steps / 500u);
    EXPECT_GT(interrupts_, 0u);
    EXPECT_GT(doorbells_, 0u);
  }

 private:
  using Used = RingDriver::Used;
  struct Request {  // on its way to the memory
    std::uint64_t address;
    std::vector<std::uint8_t> bytes;  // of a write
    std::optional<Fetch> fetch;       // a read otherwise
    bool suppression;
  };
  struct Answer {
    Fetch fetch;
    bool suppression;
    std::vector<std::uint8_t> bytes;
    std::uint64_t used_position;
  };

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  // As after a reset of the device: the driver sets the rings up anew, and the device looks at them once by itself.
  void reset() {
    bench_ = std::make_unique<RingBench<Driver>>(size_, options_, std::size_t{16} * max_table_ * size_);
    available_.clear();
    held_.clear();
    pushed_.clear();
    requests_.clear();
    answers_.clear();
    suppression_due_ = suppression_outstanding_ = interrupt_pending_ = false;
    decided_ = 0;
    bench_->queue->kick();
    interrupts_on(1);
  }

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
        return memory_performs();
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
    Driver& driver = bench_->driver;
    if (driver.free_descriptors() == 0) return;
    const bool indirect = options_.indirect_desc && below(2) == 0;
    const unsigned most = indirect ? max_table_ : size_;
    const unsigned count = 1 + below(below(8) == 0 ? most : std::min(most, 4u));
    IndirectTable table;
    if (indirect) {
      table.address = bench_->spare + std::uint64_t{16} * max_table_ * driver.next_id();
      table.scattered = below(2) == 0;
      const bool mixed = std::is_same_v<Driver, SplitDriver> && below(2) == 0;
      if (mixed) table.direct = std::min<std::size_t>(below(count), driver.free_descriptors() - 1);
    } else if (driver.free_descriptors() < count) {
      return;
    }
    std::vector<BufferPart> parts;
    const unsigned readable = below(count + 1);
    for (unsigned i = 0; i < count; ++i) parts.push_back({random_(), 1 + below(10000), i >= readable});
    available_.push_back({driver.add(parts, table), parts});
    if (below(3) != 0) driver_publishes();
  }
  void driver_publishes() {
    if (!bench_->driver.publish()) return;
    ++doorbells_;
    bench_->queue->kick();
  }
  void interrupts_on(unsigned at) {
    bench_->driver.enable_interrupts(at);
    sleeping_ = true;
    driver_polls();  // looks again after enabling, then relies on the interrupt
  }
  void driver_changes_suppression() {
    if (below(2) == 0) return interrupts_on(1 + below(below(4) == 0 ? size_ : 2));
    bench_->driver.disable_interrupts();
    sleeping_ = false;
    if (below(2) == 0) driver_polls();
  }
  void driver_takes_interrupt() {
    if (!std::exchange(interrupt_pending_, false)) return;
    driver_polls();
    progress_ = true;
  }
  void driver_polls() {
    for (const Used& used : bench_->driver.poll()) {
      ASSERT_FALSE(pushed_.empty());
      ASSERT_EQ(used, pushed_.front());
      pushed_.pop_front();
      ++completed_;
    }
  }

  // ---- device
  void device_asks() {
    const unsigned limit = 1 + below(size_);
    for (;;) {
      if (const auto event = bench_->queue->event_store()) {
        ASSERT_TRUE(options_.event_idx);
        post(*event);
      }
      const auto fetch = bench_->queue->next_fetch(limit);
      if (!fetch) return;
      ASSERT_LE(fetch->length, kMaxFetchBytes);
      requests_.push_back({fetch->address, {}, fetch, false});
      if (below(3) == 0) return;
    }
  }
  void memory_performs() {
    if (requests_.empty()) return;
    progress_ = true;
    const Request request = std::move(requests_.front());
    requests_.pop_front();
    if (!request.fetch) {
      bench_->perform({request.address, {request.bytes.data(), request.bytes.size()}});
      return;
    }
    const ConstBytes bytes = bench_->read(*request.fetch);
    answers_.push_back({*request.fetch, request.suppression, {bytes.data, bytes.data + bytes.size}, 0});
    if (request.suppression) answers_.back().used_position = bench_->driver.used_position();
  }
  void memory_answers() {
    if (answers_.empty()) return;
    progress_ = true;
    const Answer answer = std::move(answers_.front());
    answers_.pop_front();
    const ConstBytes bytes(answer.bytes.data(), answer.bytes.size());
    if (!answer.suppression) {
      bench_->queue->fed(answer.fetch, bytes);
      ASSERT_EQ(bench_->queue->fault(), RingFault::none) << to_string(bench_->queue->fault());
      return;
    }
    const bool wanted = bench_->queue->interrupt_wanted(bytes);
    ASSERT_EQ(wanted, bench_->driver.interrupt_due(bytes, decided_, answer.used_position));
    decided_ = answer.used_position;
    if (wanted) {
      ++interrupts_;
      interrupt_pending_ = true;
    }
    suppression_outstanding_ = false;
    device_checks_suppression();
  }
  void device_pops() {
    while (bench_->queue->chains_ready() > 0) {
      progress_ = true;
      const Chain chain = bench_->queue->pop();
      ASSERT_FALSE(available_.empty());
      const auto [id, parts] = available_.front();
      available_.pop_front();
      ASSERT_EQ(chain.id, id);
      std::vector<Segment> expected[2];
      for (const BufferPart& part : parts) expected[part.writable].push_back({part.address, part.length});
      expect_same(chain.readable, expected[0]);
      expect_same(chain.writable, expected[1]);
      held_.push_back({chain.id, 0, chain.slots});
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
      progress_ = true;
      const unsigned which = below(static_cast<unsigned>(held_.size()));
      UsedEntry entry = held_[which];
      held_.erase(held_.begin() + which);
      entry.length = below(4) == 0 ? 0 : below(100000);
      bench_->queue->push(entry);
      pushed_.push_back({entry.id, entry.length});
      if (below(3) == 0) break;
    }
  }
  void device_stores() {
    while (const auto store = bench_->queue->next_store()) {
      progress_ = true;
      post(*store);
      suppression_due_ = true;
      if (below(4) == 0) break;
    }
    device_checks_suppression();
  }
  void post(const Store& store) {
    requests_.push_back({store.address, {store.bytes.data, store.bytes.data + store.bytes.size}, std::nullopt, false});
  }
  void device_checks_suppression() {
    if (!suppression_due_ || suppression_outstanding_) return;
    suppression_due_ = false;
    suppression_outstanding_ = true;
    const Fetch fetch = bench_->queue->suppression_fetch();
    requests_.push_back({fetch.address, {}, fetch, true});
  }

  // Lets everything come to rest. The driver acts on interrupts and the device on doorbells, and on nothing else.
  void settle() {
    driver_publishes();
    interrupts_on(1);
    unsigned idle = 0;
    for (unsigned i = 0; i < 50000 && idle < 20 && !testing::Test::HasFatalFailure(); ++i) {
      progress_ = false;
      device_asks();
      memory_performs();
      memory_answers();
      device_pops();
      device_pushes();
      device_stores();
      driver_takes_interrupt();
      bench_->driver.enable_interrupts(1);
      driver_polls_if_it_raced();
      idle = progress_ ? 0 : idle + 1;
    }
    if (testing::Test::HasFatalFailure()) return;
    ASSERT_GE(idle, 20u) << "never at rest";
    ASSERT_TRUE(bench_->queue->drained());
    ASSERT_TRUE(bench_->queue->exhausted());
    ASSERT_TRUE(available_.empty());
    ASSERT_TRUE(held_.empty());
    ASSERT_FALSE(bench_->driver.used_waiting());
    ASSERT_TRUE(pushed_.empty());
    ASSERT_EQ(bench_->driver.free_descriptors(), size_);
  }
  // Only directly after the position of the event has moved; otherwise the interrupt must come.
  void driver_polls_if_it_raced() {
    if (std::exchange(polled_at_, bench_->driver.polled_position()) != bench_->driver.polled_position()) driver_polls();
  }

  std::mt19937_64 random_;
  const unsigned size_;
  const RingOptions options_;
  unsigned max_table_;
  std::unique_ptr<RingBench<Driver>> bench_;
  // The model: buffers go through these three lines.
  std::deque<std::pair<std::uint16_t, std::vector<BufferPart>>> available_;
  std::vector<UsedEntry> held_;
  std::deque<Used> pushed_;
  // The link.
  std::deque<Request> requests_;
  std::deque<Answer> answers_;
  bool suppression_due_ = false;
  bool suppression_outstanding_ = false;
  std::uint64_t decided_ = 0;  // used positions that an interrupt has been decided on
  // The driver.
  bool sleeping_ = true;
  bool interrupt_pending_ = false;
  std::uint64_t polled_at_ = 0;
  bool progress_ = false;
  unsigned completed_ = 0;
  unsigned interrupts_ = 0;
  unsigned doorbells_ = 0;
};

template <class Driver>
void random_use(std::initializer_list<unsigned> sizes) {
  for (const RingOptions& options : kAllOptions) {
    for (const unsigned size : sizes) {
      for (unsigned seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(testing::Message() << text(options) << " size " << size << ", seed " << seed);
        RandomUse<Driver>(seed, size, options).run(20000);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(SplitProperty, RandomUseLosesDuplicatesAndReordersNothingAndMissesNoNotification) {
  random_use<SplitDriver>({1, 2, 4, 16, 64, 256});
}

TEST(PackedProperty, RandomUseLosesDuplicatesAndReordersNothingAndMissesNoNotification) {
  random_use<PackedDriver>({1, 2, 3, 5, 16, 100, 256});
}

using Below = std::function<std::uint32_t(std::uint32_t)>;

// What a descriptor of a ring or of a table may hold: likely things, and now and then anything.
struct RandomDescriptor {
  RandomDescriptor(const Below& below, unsigned size, std::uint64_t tables)
      : address(tables + std::uint64_t{16} * below(128)), length(below(100)), link(below(size)) {
    const unsigned rare = below(64);
    flags = (below(3) == 0 ? RingDriver::kNext : 0) | (below(2) == 0 ? RingDriver::kWrite : 0);
    if (below(6) == 0) {
      flags = RingDriver::kIndirect | (rare < 4 ? RingDriver::kNext : 0);
      length = 16 * (1 + below(size + (rare < 8 ? 4 : 0))) + (rare == 8 ? 8 : 0);
    }
    if (rare == 9) flags = below(65536);
    if (rare == 10 || rare == 11) length = 0xffffffff;
    if (rare == 12 || rare == 13) link = below(65536);
  }
  std::uint64_t address;
  std::uint32_t length;
  unsigned link;  // next of a split ring, id of a packed one
  unsigned flags;
};

void fill_ring(SplitBench& bench, unsigned size, const Below& below) {
  for (unsigned i = 0; i < size; ++i) {
    const RandomDescriptor d(below, size, bench.spare);
    bench.driver.write_descriptor(i, d.address, d.length, d.flags, d.link);
    bench.driver.write_avail_entry(static_cast<std::uint16_t>(i),
                                   static_cast<std::uint16_t>(below(below(100) == 0 ? 65536 : size)));
  }
  bench.driver.write_avail_index(static_cast<std::uint16_t>(below(size + 1 + below(2))));
  bench.driver.write_used_event(static_cast<std::uint16_t>(below(65536)));
}

void fill_ring(PackedBench& bench, unsigned size, const Below& below) {
  for (unsigned i = 0; i < size; ++i) {
    const RandomDescriptor d(below, size, bench.spare);
    const unsigned available = below(8) != 0 ? PackedDriver::kAvail : 0;
    bench.driver.write_descriptor(i, d.address, d.length, d.link, d.flags | available);
  }
  bench.driver.write_suppression(static_cast<std::uint16_t>(below(65536)), below(65536));
}

void fill_table_entry(SplitBench& bench, std::uint64_t at, const RandomDescriptor& d) {
  bench.driver.write_entry(at, 0, d.address, d.length, d.flags, d.link);
}
void fill_table_entry(PackedBench& bench, std::uint64_t at, const RandomDescriptor& d) {
  bench.driver.write_entry(at, d.address, d.length, d.link, d.flags);
}

// Any contents of rings and tables, changed under the device's feet for a while: the queue ends in a fault or in rest
// after a bounded number of fetches, with every fetch of the rings within them and every chain within its bounds.
template <class Driver>
class RandomContents {
 public:
  explicit RandomContents(unsigned seed)
      : random_(seed),
        size_(std::is_same_v<Driver, SplitDriver> ? 1u << below(5) : 1 + below(16)),
        options_(kAllOptions[below(4)]),
        bench_(size_, options_, kSpareBytes),
        elsewhere_(kMaxFetchBytes, static_cast<std::uint8_t>(below(256))) {}

  void run() {
    const Below below = [this](std::uint32_t n) { return this->below(n); };
    for (unsigned i = 0; i < kSpareBytes; i += 16) {
      fill_table_entry(bench_, bench_.spare + i, RandomDescriptor(below, size_, bench_.spare));
    }
    fill_ring(bench_, size_, below);
    const unsigned changes = below(4) == 0 ? below(100) : 0;
    bench_.queue->kick();
    for (unsigned i = 0; i < 20000; ++i) {
      if (i < changes) {
        const std::size_t rings = Driver::memory_needed(size_);
        const auto bytes = static_cast<std::uint32_t>(below(2) == 0 ? rings : bench_.memory.bytes().size());
        *bench_.memory.at(bench_.memory.base() + below(bytes), 1) = static_cast<std::uint8_t>(below(256));
        if (below(8) == 0) bench_.queue->kick();
      }
      if (!fetch() && i >= changes) break;
      if (below(2) == 0) use();
      if (testing::Test::HasFatalFailure()) return;
    }
    while (bench_.queue->chains_ready() > 0 || fetch()) use();
    EXPECT_TRUE(bench_.queue->drained());
  }
  RingFault fault() const { return bench_.queue->fault(); }

 private:
  static constexpr unsigned kSpareBytes = 4096;

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool fetch() {
    const auto fetch = bench_.next_fetch(1 + below(size_));
    if (!fetch) return false;
    EXPECT_LT(++fetches_, 100000u);
    EXPECT_GE(fetch->length, 1u);
    EXPECT_LE(fetch->length, kMaxFetchBytes);
    const bool guest = bench_.memory.holds(fetch->address, fetch->length);
    EXPECT_TRUE(guest || options_.indirect_desc);  // only a table may lie anywhere
    bench_.queue->fed(*fetch, guest ? bench_.read(*fetch) : ConstBytes(elsewhere_.data(), fetch->length));
    return fetches_ < 100000;
  }
  void use() {
    while (bench_.queue->chains_ready() > 0) {
      const Chain chain = below(8) == 0 ? bench_.queue->pop() : bench_.use(below(2));
      ASSERT_LT(chain.id, size_);
      ASSERT_LE(chain.slots, size_);
      ASSERT_LE(chain.readable.size() + chain.writable.size(), size_);
    }
    bench_.interrupt();
  }

  std::mt19937 random_;
  const unsigned size_;
  const RingOptions options_;
  RingBench<Driver> bench_;
  std::vector<std::uint8_t> elsewhere_;
  unsigned fetches_ = 0;
};

template <class Driver>
void random_contents() {
  std::map<RingFault, unsigned> seen;
  for (unsigned seed = 1; seed <= 30000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomContents<Driver> contents(seed);
    contents.run();
    if (testing::Test::HasFailure()) return;
    ++seen[contents.fault()];
  }
  EXPECT_EQ(seen.size(), 8u);  // every fault that a ring of this format can cause, and none
}

TEST(SplitProperty, RandomRingContentsEndInAFaultOrInRest) { random_contents<SplitDriver>(); }

TEST(PackedProperty, RandomRingContentsEndInAFaultOrInRest) { random_contents<PackedDriver>(); }

}  // namespace
}  // namespace rssnic
