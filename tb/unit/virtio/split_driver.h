// The other side of a split virtqueue for tests: a small guest memory, a driver that keeps its rings in it, and a pump
// that serves a Virtqueue from it in zero time. Written from virtio 1.4, 2.7, sharing no code with the device side.
//
// Contract: the driver behaves unless a test pokes at the rings; an access outside of memory throws std::out_of_range,
// which fails the test. Not here: EVENT_IDX, indirect descriptors, time.
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
  std::uint8_t* at(std::uint64_t address, std::size_t size) {
    const std::uint64_t offset = address - base_;
    if (offset > bytes_.size() || size > bytes_.size() - offset) throw std::out_of_range("guest memory access");
    return bytes_.data() + offset;
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

class SplitDriver {
 public:
  static constexpr unsigned kNext = 1, kWrite = 2, kIndirect = 4;
  struct Used {
    std::uint32_t id;
    std::uint32_t length;
    bool operator==(const Used& other) const { return id == other.id && length == other.length; }
  };

  static std::size_t memory_needed(unsigned size) { return 16 * size + 6 + 2 * size + 2 + 6 + 8 * size; }

  SplitDriver(GuestMemory& memory, unsigned size) : memory_(memory), size_(size), next_of_(size) {
    addresses_.descriptor = memory.base();
    addresses_.driver = addresses_.descriptor + 16 * size;
    addresses_.device = (addresses_.driver + 6 + 2 * size + 3) & ~std::uint64_t{3};
    for (unsigned i = 0; i < size; ++i) free_.push_back(static_cast<std::uint16_t>(i));
  }

  const QueueAddresses& addresses() const { return addresses_; }
  std::size_t free_descriptors() const { return free_.size(); }

  // Puts a buffer into the ring; the device may see it after publish(). Descriptors are taken in the order in which
  // they became free. Returns its head.
  std::uint16_t add(const std::vector<BufferPart>& parts) {
    if (parts.empty() || parts.size() > free_.size()) throw std::out_of_range("no free descriptors");
    const std::uint16_t head = free_.front();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::uint16_t index = free_.front();
      free_.pop_front();
      const bool last = i + 1 == parts.size();
      const std::uint16_t next = last ? index : free_.front();
      write_descriptor(index, parts[i].address, parts[i].length, (last ? 0 : kNext) | (parts[i].writable ? kWrite : 0),
                       next);
      next_of_[index] = last ? kEndOfChain : next;
    }
    write_avail_entry(avail_index_++, head);
    return head;
  }
  void publish() { write_avail_index(avail_index_); }
  std::uint16_t avail_index() const { return avail_index_; }

  std::uint16_t used_index() const { return memory_.load16(addresses_.device + 2); }
  bool used_waiting() const { return used_index() != last_used_; }
  // Used entries since the last call, in order; their descriptors become free.
  std::vector<Used> poll() {
    std::vector<Used> used;
    for (const std::uint16_t end = used_index(); last_used_ != end; ++last_used_) {
      const std::uint64_t entry = addresses_.device + 4 + 8 * (last_used_ % size_);
      used.push_back({memory_.load32(entry), memory_.load32(entry + 4)});
      if (used.back().id >= size_) throw std::out_of_range("used id");
      for (std::uint32_t index = used.back().id; index != kEndOfChain; index = next_of_[index]) {
        free_.push_back(static_cast<std::uint16_t>(index));
      }
    }
    return used;
  }
  void set_avail_flags(std::uint16_t flags) { memory_.store(addresses_.driver, flags, 2); }

  // What a broken driver does.
  void write_descriptor(unsigned index, std::uint64_t address, std::uint32_t length, unsigned flags, unsigned next) {
    const std::uint64_t at = addresses_.descriptor + 16 * index;
    memory_.store(at, address, 8);
    memory_.store(at + 8, length, 4);
    memory_.store(at + 12, flags, 2);
    memory_.store(at + 14, next, 2);
  }
  void write_avail_entry(std::uint16_t index, std::uint16_t head) {
    memory_.store(addresses_.driver + 4 + 2 * (index % size_), head, 2);
  }
  void write_avail_index(std::uint16_t index) { memory_.store(addresses_.driver + 2, index, 2); }
  void write_used_event(std::uint16_t value) { memory_.store(addresses_.driver + 4 + 2 * size_, value, 2); }

 private:
  static constexpr std::uint32_t kEndOfChain = 0xffffffff;
  GuestMemory& memory_;
  const unsigned size_;
  QueueAddresses addresses_;
  std::uint16_t avail_index_ = 0;
  std::uint16_t last_used_ = 0;
  std::deque<std::uint16_t> free_;
  std::vector<std::uint32_t> next_of_;
};

// A queue with its driver and memory, and the pump between them. The memory lies far up so that addresses need 64 bits.
struct SplitBench {
  static constexpr std::uint64_t kBase = 0x0123'4567'0000'0000;
  static constexpr unsigned kNoLimit = kMaxQueueSize;

  explicit SplitBench(unsigned size)
      : memory(kBase, SplitDriver::memory_needed(size)),
        driver(memory, size),
        queue(make_split_virtqueue(size, driver.addresses())) {}

  ConstBytes read(const Fetch& fetch) { return {memory.at(fetch.address, fetch.length), fetch.length}; }
  void feed(const Fetch& fetch) { queue->fed(fetch, read(fetch)); }
  // Serves every fetch; returns them in order.
  std::vector<Fetch> fetch_all(unsigned prefetch_limit = kNoLimit) {
    std::vector<Fetch> fetches;
    while (const auto fetch = queue->next_fetch(prefetch_limit)) {
      feed(*fetch);
      fetches.push_back(*fetch);
    }
    return fetches;
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

  GuestMemory memory;
  SplitDriver driver;
  std::unique_ptr<Virtqueue> queue;
};

}  // namespace rssnic
