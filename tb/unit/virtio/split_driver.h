// A driver that keeps split rings (virtio 1.4, 2.7) for tests. See ring_driver.h.
#pragma once
#include "tb/unit/virtio/ring_driver.h"

namespace rssnic {

class SplitDriver final : public RingDriver {
 public:
  static std::size_t memory_needed(unsigned size) { return 16 * size + 6 + 2 * size + 2 + 6 + 8 * size; }
  static std::unique_ptr<Virtqueue> make_queue(unsigned size, const QueueAddresses& addresses,
                                               const RingOptions& options) {
    return make_split_virtqueue(size, addresses, options);
  }

  SplitDriver(GuestMemory& memory, unsigned size, const RingOptions& options = {})
      : RingDriver(memory, size, options), next_of_(size) {
    addresses_.descriptor = memory.base();
    addresses_.driver = addresses_.descriptor + 16 * size;
    addresses_.device = (addresses_.driver + 6 + 2 * size + 3) & ~std::uint64_t{3};
    for (unsigned i = 0; i < size; ++i) free_.push_back(static_cast<std::uint16_t>(i));
  }

  std::size_t free_descriptors() const override { return free_.size(); }
  std::uint16_t next_id() const override { return free_.front(); }

  std::uint16_t add(const std::vector<BufferPart>& parts, const IndirectTable& table = {}) override {
    const std::size_t direct = table.address == 0 ? parts.size() : table.direct;
    const std::size_t needed = table.address == 0 ? direct : direct + 1;
    if (needed == 0 || needed > free_.size()) throw std::out_of_range("no free descriptors");
    const std::uint16_t head = free_.front();
    for (std::size_t i = 0; i < needed; ++i) {
      const std::uint16_t index = free_.front();
      free_.pop_front();
      const bool last = i + 1 == needed;
      const std::uint16_t next = last ? index : free_.front();
      if (i < direct) {
        const unsigned flags = (last ? 0 : kNext) | (parts[i].writable ? kWrite : 0);
        write_descriptor(index, parts[i].address, parts[i].length, flags, next);
      } else {
        write_table(table, parts);
        const auto bytes = static_cast<std::uint32_t>(16 * (parts.size() - direct));
        write_descriptor(index, table.address, bytes, kIndirect | (index % 2 ? kWrite : 0), next);
      }
      next_of_[index] = last ? kEndOfChain : next;
    }
    write_avail_entry(avail_index_++, head);
    return head;
  }

  bool publish() override {
    write_avail_index(avail_index_);
    const std::uint16_t old = std::exchange(published_, avail_index_);
    if (!options_.event_idx) return old != avail_index_ && (memory_.load16(addresses_.device) & 1) == 0;
    for (std::uint16_t placed = old; placed != avail_index_; ++placed) {
      if (placed == avail_event()) return true;
    }
    return false;
  }
  std::uint16_t avail_index() const { return avail_index_; }
  std::uint16_t avail_event() { return memory_.load16(addresses_.device + 4 + 8 * size_); }

  std::uint16_t used_index() { return memory_.load16(addresses_.device + 2); }
  std::uint64_t used_position() override {
    return polled_ + static_cast<std::uint16_t>(used_index() - static_cast<std::uint16_t>(polled_));
  }
  std::uint64_t polled_position() const override { return polled_; }
  std::vector<Used> poll() override {
    std::vector<Used> used;
    for (const std::uint64_t end = used_position(); polled_ != end; ++polled_) {
      const std::uint64_t entry = addresses_.device + 4 + 8 * (polled_ % size_);
      used.push_back({memory_.load32(entry), memory_.load32(entry + 4)});
      if (used.back().id >= size_) throw std::out_of_range("used id");
      for (std::uint32_t index = used.back().id; index != kEndOfChain; index = next_of_[index]) {
        free_.push_back(static_cast<std::uint16_t>(index));
      }
    }
    return used;
  }

  void disable_interrupts() override {
    if (!options_.event_idx) set_avail_flags(1);
  }
  void enable_interrupts(unsigned at) override {
    if (!options_.event_idx) return set_avail_flags(0);
    write_used_event(static_cast<std::uint16_t>(polled_ + at - 1));
  }
  bool interrupt_due(ConstBytes suppression, std::uint64_t from, std::uint64_t to) const override {
    const std::uint16_t value = load_le16(suppression.data);
    if (!options_.event_idx) return from != to && (value & 1) == 0;
    for (std::uint64_t placed = from; placed != to; ++placed) {
      if (static_cast<std::uint16_t>(placed) == value) return true;
    }
    return false;
  }

  void set_avail_flags(std::uint16_t flags) { memory_.store(addresses_.driver, flags, 2); }

  // What a broken driver does.
  void write_descriptor(unsigned index, std::uint64_t address, std::uint32_t length, unsigned flags, unsigned next) {
    write_entry(addresses_.descriptor, index, address, length, flags, next);
  }
  void write_entry(std::uint64_t table, std::size_t index, std::uint64_t address, std::uint32_t length, unsigned flags,
                   std::size_t next) {
    const std::uint64_t at = table + 16 * index;
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

  void write_table(const IndirectTable& table, const std::vector<BufferPart>& parts) {
    const std::size_t entries = parts.size() - table.direct;
    // Scattered: from the first entry to the last one in the table, and backwards from there.
    const auto place = [&](std::size_t i) { return table.scattered && i != 0 ? entries - i : i; };
    for (std::size_t i = 0; i < entries; ++i) {
      const BufferPart& part = parts[table.direct + i];
      const bool last = i + 1 == entries;
      const unsigned flags = (last ? 0 : kNext) | (part.writable ? kWrite : 0);
      write_entry(table.address, place(i), part.address, part.length, flags, last ? 0xffff : place(i + 1));
    }
  }

  std::uint16_t avail_index_ = 0;
  std::uint16_t published_ = 0;
  std::uint64_t polled_ = 0;
  std::deque<std::uint16_t> free_;
  std::vector<std::uint32_t> next_of_;
};

using SplitBench = RingBench<SplitDriver>;

}  // namespace rssnic
