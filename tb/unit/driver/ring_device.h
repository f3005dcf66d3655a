// A device at the other end of a driver's ring, of either format, in zero time and written from the specification: it
// sees what a device may see, and uses buffers in any order.
#pragma once
#include <gtest/gtest.h>

#include "tb/driver/driver_ring.h"

namespace rssnic::test {

class RingDevice {
 public:
  struct Taken {
    std::vector<GuestBuffer> readable, writable;
    std::uint16_t id = 0;
    unsigned slots = 1;
    bool indirect = false;
  };

  RingDevice(HostRam& ram, const DriverRing& ring, bool packed, const RingOptions& options)
      : packed_(packed),
        options_(options),
        size_(ring.size()),
        ram_(ram),
        descriptors_(ram.pointer(ring.addresses().descriptor, 16 * size_)),
        driver_(ram.pointer(ring.addresses().driver, packed ? 4 : 6 + 2 * size_)),
        device_(ram.pointer(ring.addresses().device, packed ? 4 : 6 + 8 * size_)) {}

  std::uint8_t* descriptor(unsigned index) { return descriptors_ + 16 * index; }
  std::uint8_t* driver_area() { return driver_; }
  std::uint8_t* device_area() { return device_; }

  // The next buffer that has been made available.
  std::optional<Taken> take() { return packed_ ? take_packed() : take_split(); }

  void use(const Taken& buffer, std::uint32_t length) {
    if (packed_) {
      std::uint8_t* const bytes = descriptor(used_);
      store_le32(bytes + 8, length);
      store_le16(bytes + 12, buffer.id);
      store_le16(bytes + 14, static_cast<std::uint16_t>((used_wrap_ ? 0x8080 : 0) | (length > 0 ? 2 : 0)));
      advance(used_, used_wrap_, buffer.slots);
      used_slots_ += buffer.slots;
    } else {
      std::uint8_t* const entry = device_ + 4 + 8 * (used_ % size_);
      store_le32(entry, buffer.id);
      store_le32(entry + 4, length);
      used_ = (used_ + 1) & 0xffff;
      store_le16(device_ + 2, static_cast<std::uint16_t>(used_));
      ++used_slots_;
    }
  }
  // Whether the driver wants an interrupt for what has been used since the last call.
  bool interrupt_wanted() {
    const unsigned count = std::exchange(used_slots_, 0);
    if (count == 0) return false;
    if (!packed_) {
      if (!options_.event_idx) return !(load_le16(driver_) & 1);
      return load_le16(driver_) == 0 && crossed(used_, load_le16(driver_ + 4 + 2 * size_), count);
    }
    const unsigned flags = load_le16(driver_ + 2);
    if (flags != 2) return flags == 0;
    EXPECT_TRUE(options_.event_idx) << "DESC is for EVENT_IDX (2.8.10)";
    return crossed(used_, packed_event(driver_, used_wrap_), count);
  }
  // Asks to be notified of the next buffer, and not of others.
  void ask_for_next() {
    const unsigned at = packed_ ? next_ | (wrap_ ? 0x8000u : 0u) : next_;
    store_le16(packed_ ? device_ : device_ + 4 + 8 * size_, static_cast<std::uint16_t>(at));
    if (packed_) store_le16(device_ + 2, 2);
  }

 private:
  static bool crossed(unsigned now, unsigned event, unsigned count) {
    return static_cast<std::uint16_t>(now - event - 1) < count;
  }
  unsigned packed_event(const std::uint8_t* area, bool wrap) const {
    const unsigned at = load_le16(area);
    return (at & 0x7fff) - ((at >> 15 != 0) == wrap ? 0 : size_);
  }
  void advance(unsigned& slot, bool& wrap, unsigned slots) const {
    slot += slots;
    if (slot < size_) return;
    slot -= size_;
    wrap = !wrap;
  }
  static void add_part(Taken& buffer, const std::uint8_t* bytes, bool writable) {
    EXPECT_TRUE(writable || buffer.writable.empty()) << "readable parts come first (2.7.4.2, 2.8.17)";
    (writable ? buffer.writable : buffer.readable).push_back({load_le64(bytes), load_le32(bytes + 8)});
  }

  std::optional<Taken> take_split() {
    const unsigned index = load_le16(driver_ + 2);
    if (index == next_) return std::nullopt;
    EXPECT_LE(static_cast<std::uint16_t>(index - next_), size_) << "avail.idx ran ahead";
    Taken buffer;
    buffer.id = load_le16(driver_ + 4 + 2 * (next_ % size_));
    next_ = (next_ + 1) & 0xffff;
    const std::uint8_t* table = descriptors_;
    unsigned entries = size_, at = buffer.id;
    if (at >= entries) {
      ADD_FAILURE() << "head " << at;
      return std::nullopt;
    }
    if (load_le16(descriptor(at) + 12) & 4) {
      EXPECT_TRUE(options_.indirect_desc) << "INDIRECT without the feature (2.7.5.3.1)";
      EXPECT_EQ(load_le16(descriptor(at) + 12) & 1, 0) << "INDIRECT and NEXT (2.7.5.3.1)";
      entries = load_le32(descriptor(at) + 8) / 16;
      table = ram_.pointer(load_le64(descriptor(at)), 16 * entries);
      EXPECT_NE(table, nullptr);
      buffer.indirect = true;
      at = 0;
    }
    for (unsigned count = 1;; ++count) {
      const std::uint8_t* const bytes = table + 16 * at;
      const unsigned flags = load_le16(bytes + 12);
      EXPECT_EQ(flags & ~3u, 0u) << "no further flags, no table inside a table";
      add_part(buffer, bytes, flags & 2);
      if (!(flags & 1)) return buffer;
      at = load_le16(bytes + 14);
      if (at >= entries || count >= size_) {
        ADD_FAILURE() << "next is " << at << " of " << entries << " after " << count << " descriptors";
        return std::nullopt;
      }
    }
  }

  std::optional<Taken> take_packed() {
    const auto available = [this](unsigned slot, bool wrap) {
      const unsigned flags = load_le16(descriptor(slot) + 14);
      return ((flags & 0x80) != 0) == wrap && ((flags & 0x8000) != 0) != wrap;
    };
    if (!available(next_, wrap_)) return std::nullopt;
    Taken buffer;
    buffer.slots = 0;
    for (bool more = true; more;) {
      const std::uint8_t* const bytes = descriptor(next_);
      const unsigned flags = load_le16(bytes + 14);
      EXPECT_TRUE(available(next_, wrap_)) << "every element of a list is available (2.8.6)";
      EXPECT_EQ(flags & ~0x8087u, 0u) << "reserved flags";
      buffer.id = load_le16(bytes + 12);
      more = flags & 1;
      if (flags & 4) {
        EXPECT_TRUE(options_.indirect_desc) << "INDIRECT without the feature (2.8.19)";
        EXPECT_TRUE(!more && buffer.slots == 0) << "an indirect descriptor within a list (2.8.19)";
        buffer.indirect = true;
        const unsigned entries = load_le32(bytes + 8) / 16;
        const std::uint8_t* const table = ram_.pointer(load_le64(bytes), 16 * entries);
        EXPECT_NE(table, nullptr);
        for (unsigned i = 0; i < entries; ++i) {
          EXPECT_EQ(load_le16(table + 16 * i + 14) & ~2u, 0u) << "only WRITE inside a table (2.8.19)";
          add_part(buffer, table + 16 * i, load_le16(table + 16 * i + 14) & 2);
        }
      } else {
        add_part(buffer, bytes, flags & 2);
      }
      advance(next_, wrap_, 1);
      if (++buffer.slots > size_) {
        ADD_FAILURE() << "a list longer than the ring (2.8.17)";
        return std::nullopt;
      }
    }
    return buffer;
  }

  const bool packed_;
  const RingOptions options_;
  const unsigned size_;
  HostRam& ram_;
  std::uint8_t* const descriptors_;
  std::uint8_t* const driver_;
  std::uint8_t* const device_;
  unsigned next_ = 0, used_ = 0;  // split: indices of 16 bits; packed: slots
  bool wrap_ = true, used_wrap_ = true;
  unsigned used_slots_ = 0;
};

}  // namespace rssnic::test
