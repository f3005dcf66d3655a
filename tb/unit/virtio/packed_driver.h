// A driver that keeps a packed ring (virtio 1.4, 2.8) for tests. See ring_driver.h. Positions are counted from the
// beginning: the slot is the position modulo the size, and the wrap counter is 1 in every other lap, the first
// included.
#pragma once
#include "tb/unit/virtio/ring_driver.h"

namespace rssnic {

class PackedDriver final : public RingDriver {
 public:
  static constexpr unsigned kAvail = 1 << 7, kUsed = 1 << 15;
  static constexpr unsigned kEnable = 0, kDisable = 1, kDesc = 2;

  static std::size_t memory_needed(unsigned size) { return 16 * size + 4 + 4; }
  static std::unique_ptr<Virtqueue> make_queue(unsigned size, const QueueAddresses& addresses,
                                               const RingOptions& options) {
    return make_packed_virtqueue(size, addresses, options);
  }

  PackedDriver(GuestMemory& memory, unsigned size, const RingOptions& options = {})
      : RingDriver(memory, size, options), slots_of_(size) {
    addresses_.descriptor = memory.base();
    addresses_.driver = addresses_.descriptor + 16 * size;
    addresses_.device = addresses_.driver + 4;
    // The ids do not run with the slots.
    for (unsigned i = size; i > 0; --i) free_ids_.push_back(static_cast<std::uint16_t>(i - 1));
  }

  std::size_t free_descriptors() const override { return size_ - static_cast<std::size_t>(added_ - polled_); }
  std::uint16_t next_id() const override { return free_ids_.front(); }

  std::uint16_t add(const std::vector<BufferPart>& parts, const IndirectTable& table = {}) override {
    const std::size_t slots = table.address == 0 ? parts.size() : 1;
    if (table.direct != 0) throw std::invalid_argument("a packed buffer is all direct or one table");
    if (slots == 0 || slots > free_descriptors()) throw std::out_of_range("no free descriptors");
    const std::uint16_t id = free_ids_.front();
    free_ids_.pop_front();
    slots_of_[id] = slots;
    for (std::size_t i = 0; i < slots; ++i, ++added_) {
      const bool last = i + 1 == slots;
      BufferPart part = parts.at(i);
      unsigned flags = last ? 0 : kNext;
      if (table.address != 0) {
        write_table(table.address, parts);
        part = {table.address, static_cast<std::uint32_t>(16 * parts.size()), id % 2 != 0};
        flags |= kIndirect;
      }
      if (part.writable) flags |= kWrite;
      // Only the last one's id counts.
      write_descriptor(slot_of(added_), part.address, part.length, last ? id : id + 1u,
                       i == 0 ? unavailable() : flags | available_flags(added_));
      if (i == 0) heads_.push_back({added_, flags});
    }
    return id;
  }

  bool publish() override {
    for (const Head& head : heads_) write_flags(slot_of(head.position), head.flags | available_flags(head.position));
    heads_.clear();
    const std::uint64_t old = std::exchange(visible_, added_);
    const unsigned mode = memory_.load16(addresses_.device + 2);
    if (mode != kDesc) return mode == kEnable && old != added_;
    return covers(memory_.load16(addresses_.device), old, added_);
  }

  std::uint64_t used_position() override {
    std::uint64_t position = polled_;
    while (is_used(position)) position += slots_of_.at(id_at(position));
    return position;
  }
  std::uint64_t polled_position() const override { return polled_; }
  std::vector<Used> poll() override {
    std::vector<Used> used;
    while (is_used(polled_)) {
      const std::uint16_t id = id_at(polled_);
      const bool written = (flags_at(polled_) & kWrite) != 0;
      used.push_back({id, written ? memory_.load32(descriptor(slot_of(polled_)) + 8) : 0});
      polled_ += slots_of_.at(id);
      free_ids_.push_back(id);
    }
    return used;
  }

  void disable_interrupts() override { write_suppression(0, kDisable); }
  void enable_interrupts(unsigned at) override {
    if (!options_.event_idx) return write_suppression(0, kEnable);
    write_suppression(event_of(polled_ + at - 1), kDesc);
  }
  bool interrupt_due(ConstBytes suppression, std::uint64_t from, std::uint64_t to) const override {
    const unsigned mode = load_le16(suppression.data + 2);
    if (mode != kDesc) return mode == kEnable && from != to;
    return covers(load_le16(suppression.data), std::max(from, to - std::min<std::uint64_t>(to, size_)), to);
  }

  // ---- positions
  unsigned slot_of(std::uint64_t position) const { return static_cast<unsigned>(position % size_); }
  bool wrap_of(std::uint64_t position) const { return position / size_ % 2 == 0; }
  std::uint16_t event_of(std::uint64_t position) const {
    return static_cast<std::uint16_t>(slot_of(position) | (wrap_of(position) ? 0x8000u : 0u));
  }
  unsigned available_flags(std::uint64_t position) const { return wrap_of(position) ? kAvail : kUsed; }
  std::uint64_t descriptor(unsigned slot) const { return addresses_.descriptor + 16 * slot; }

  // What a broken driver does, too.
  void write_descriptor(unsigned slot, std::uint64_t address, std::uint32_t length, unsigned id, unsigned flags) {
    write_entry(descriptor(slot), address, length, id, flags);
  }
  void write_entry(std::uint64_t at, std::uint64_t address, std::uint32_t length, unsigned id, unsigned flags) {
    memory_.store(at, address, 8);
    memory_.store(at + 8, length, 4);
    memory_.store(at + 12, id, 2);
    memory_.store(at + 14, flags, 2);
  }
  void write_flags(unsigned slot, unsigned flags) { memory_.store(descriptor(slot) + 14, flags, 2); }
  void write_suppression(std::uint16_t event, unsigned flags) {
    memory_.store(addresses_.driver, event, 2);
    memory_.store(addresses_.driver + 2, flags, 2);
  }

 private:
  struct Head {
    std::uint64_t position;
    unsigned flags;
  };

  // Within a table only WRITE means something; the rest is noise.
  void write_table(std::uint64_t table, const std::vector<BufferPart>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const unsigned noise = static_cast<unsigned>(i * 0x9e3779b1u >> 7) & 0xfffdu;
      write_entry(table + 16 * i, parts[i].address, parts[i].length, noise, noise | (parts[i].writable ? kWrite : 0));
    }
  }
  unsigned flags_at(std::uint64_t position) { return memory_.load16(descriptor(slot_of(position)) + 14); }
  std::uint16_t id_at(std::uint64_t position) { return memory_.load16(descriptor(slot_of(position)) + 12); }
  unsigned unavailable() const { return wrap_of(added_) ? 0 : kAvail | kUsed; }
  bool is_used(std::uint64_t position) {
    if (position == visible_) return false;
    const unsigned expected = wrap_of(position) ? kAvail | kUsed : 0;
    return (flags_at(position) & (kAvail | kUsed)) == expected;
  }
  bool covers(std::uint16_t event, std::uint64_t from, std::uint64_t to) const {
    for (std::uint64_t position = from; position != to; ++position) {
      if (event_of(position) == event) return true;
    }
    return false;
  }

  std::uint64_t added_ = 0;    // descriptors, free running
  std::uint64_t visible_ = 0;  // of them published
  std::uint64_t polled_ = 0;   // of them given back
  std::deque<std::uint16_t> free_ids_;
  std::vector<std::size_t> slots_of_;  // by id
  std::vector<Head> heads_;            // added and not published
};

using PackedBench = RingBench<PackedDriver>;

}  // namespace rssnic
