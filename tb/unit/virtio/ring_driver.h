// The other side of a virtqueue for tests: a small guest memory and what the drivers of both formats have in common.
// Written from virtio 1.4, 2.7 and 2.8, sharing no code with the device side; event rules are decided position by
// position, not by the arithmetic of 2.7.7.2.
//
// Contract: the driver behaves unless a test pokes at the rings; an access outside of memory throws std::out_of_range,
// which fails the test. Not here: time.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

#include "model/virtio/virtqueue.h"

namespace rssnic {

class GuestMemory {
 public:
  GuestMemory(std::uint64_t base, std::size_t size) : base_(base), bytes_(size) {}

  std::uint64_t base() const { return base_; }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  bool holds(std::uint64_t address, std::size_t size) const {
    const std::uint64_t offset = address - base_;
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  std::uint8_t* at(std::uint64_t address, std::size_t size) {
    if (!holds(address, size)) throw std::out_of_range("guest memory access");
    return bytes_.data() + (address - base_);
  }
  std::uint16_t load16(std::uint64_t address) { return load_le16(at(address, 2)); }
  std::uint32_t load32(std::uint64_t address) { return load_le32(at(address, 4)); }
  void store(std::uint64_t address, std::uint64_t value, std::size_t size) { store_le(at(address, size), value, size); }

 private:
  std::uint64_t base_;
  std::vector<std::uint8_t> bytes_;
};

struct BufferPart {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  bool writable = false;
};

// Where the parts of a buffer go: the first `direct` ones into the ring, the others into a table. No table: all direct.
struct IndirectTable {
  std::uint64_t address = 0;
  std::size_t direct = 0;
  bool scattered = false;  // split rings: entries do not follow each other
};

class RingDriver {
 public:
  static constexpr unsigned kNext = 1, kWrite = 2, kIndirect = 4;
  struct Used {
    std::uint32_t id;
    std::uint32_t length;
    bool operator==(const Used& other) const { return id == other.id && length == other.length; }
  };

  virtual ~RingDriver() = default;
  const QueueAddresses& addresses() const { return addresses_; }
  virtual std::size_t free_descriptors() const = 0;
  virtual std::uint16_t next_id() const = 0;
  // Puts a buffer into the ring; the device may see it after publish(). Descriptors are taken in the order in which
  // they became free. Returns its id.
  virtual std::uint16_t add(const std::vector<BufferPart>& parts, const IndirectTable& table = {}) = 0;
  // True when the device is to be notified about what has become visible by this call.
  virtual bool publish() = 0;
  // Positions of the used ring that the device has filled, from the beginning; of them polled.
  virtual std::uint64_t used_position() = 0;
  virtual std::uint64_t polled_position() const = 0;
  // Used entries since the last call, in order; their descriptors become free.
  virtual std::vector<Used> poll() = 0;
  virtual void disable_interrupts() = 0;
  // With EVENT_IDX at the given one of the positions that are not polled yet (1: the next); otherwise at all.
  virtual void enable_interrupts(unsigned at) = 0;
  // Whether the device is to interrupt for used positions from..to-1, given what it read about suppression.
  virtual bool interrupt_due(ConstBytes suppression, std::uint64_t from, std::uint64_t to) const = 0;

  bool used_waiting() { return used_position() != polled_position(); }

 protected:
  RingDriver(GuestMemory& memory, unsigned size, const RingOptions& options)
      : memory_(memory), size_(size), options_(options) {}

  GuestMemory& memory_;
  const unsigned size_;
  const RingOptions options_;
  QueueAddresses addresses_;
};

// A queue with its driver and memory, and the pump between them. The memory lies far up so that addresses need 64 bits;
// behind the rings are `spare_bytes` for tables.
template <class Driver>
struct RingBench {
  static constexpr std::uint64_t kBase = 0x0123'4567'0000'0000;
  static constexpr unsigned kNoLimit = 2 * kMaxQueueSize;

  explicit RingBench(unsigned size, const RingOptions& options = {}, std::size_t spare_bytes = 0)
      : spare(kBase + ((Driver::memory_needed(size) + 15) & ~std::size_t{15})),
        memory(kBase, static_cast<std::size_t>(spare - kBase) + spare_bytes),
        driver(memory, size, options),
        queue(Driver::make_queue(size, driver.addresses(), options)) {}

  ConstBytes read(const Fetch& fetch) { return {memory.at(fetch.address, fetch.length), fetch.length}; }
  void feed(const Fetch& fetch) { queue->fed(fetch, read(fetch)); }
  // Serves every fetch; returns them in order.
  std::vector<Fetch> fetch_all(unsigned prefetch_limit = kNoLimit) {
    std::vector<Fetch> fetches;
    while (const auto fetch = next_fetch(prefetch_limit)) {
      feed(*fetch);
      fetches.push_back(*fetch);
    }
    return fetches;
  }
  std::optional<Fetch> next_fetch(unsigned prefetch_limit = kNoLimit) {
    if (const auto event = queue->event_store()) {
      perform(*event);
      ++events_told;
    }
    return queue->next_fetch(prefetch_limit);
  }
  std::vector<Fetch> publish_kick_fetch(unsigned prefetch_limit = kNoLimit) {
    driver.publish();
    queue->kick();
    return fetch_all(prefetch_limit);
  }
  void perform(const Store& store) {
    std::copy_n(store.bytes.data, store.bytes.size, memory.at(store.address, store.bytes.size));
  }
  void store_all() {
    while (const auto store = queue->next_store()) perform(*store);
  }
  bool interrupt() { return queue->interrupt_wanted(read(queue->suppression_fetch())); }
  // Pops the oldest chain and gives it back at once.
  Chain use(std::uint32_t length = 0) {
    Chain chain = queue->pop();
    queue->push({chain.id, length, chain.slots});
    store_all();
    return chain;
  }

  const std::uint64_t spare;
  GuestMemory memory;
  Driver driver;
  std::unique_ptr<Virtqueue> queue;
  unsigned events_told = 0;
};

}  // namespace rssnic
