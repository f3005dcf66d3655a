// The packet buffer: a finite number of slots, one a received frame from the time it enters the steering pipeline until
// its last byte has left for the host. A free slot is the credit without which no frame enters.
#pragma once
#include <cstdint>
#include <vector>

#include "model/net/net_header.h"
#include "model/steering/steering_engine.h"

namespace rssnic {

// A frame with room in front, so that header and frame leave in one write.
class FrameBuffer {
 public:
  void assign(ConstBytes frame) {
    storage_.resize(kMaxNetHeaderBytes + frame.size);
    std::memcpy(storage_.data() + kMaxNetHeaderBytes, frame.data, frame.size);
  }
  ConstBytes frame() const { return {storage_.data() + kMaxNetHeaderBytes, storage_.size() - kMaxNetHeaderBytes}; }
  std::size_t size() const { return storage_.size() - kMaxNetHeaderBytes; }
  // The frame with `header_bytes` of writable header directly in front of it.
  Bytes with_header(std::size_t header_bytes) {
    const std::size_t at = kMaxNetHeaderBytes - header_bytes;
    return {storage_.data() + at, storage_.size() - at};
  }

  // The frame is done with. Memory of a super frame is not kept, else in the long run every slot would have it.
  void let_go() {
    if (storage_.capacity() > kKeptBytes) std::vector<std::uint8_t>(kMaxNetHeaderBytes).swap(storage_);
  }

 private:
  static constexpr std::size_t kKeptBytes = 4096;
  std::vector<std::uint8_t> storage_ = std::vector<std::uint8_t>(kMaxNetHeaderBytes);
};

struct ReceivedFrame {
  std::uint64_t tag = 0;
  FrameBuffer buffer;
};

struct PacketSlot {
  ReceivedFrame frame;
  SteerResult steering;
  Cycle complete = 0;      // when its last byte is in the slot; kNever: nobody knows yet
  std::uint8_t epoch = 0;  // of the steering configuration when it entered
  bool used = false;
  bool delivered = false;  // written into buffers; what happens to it from here on is the receive queue's to tell
};

class PacketBuffer {
 public:
  explicit PacketBuffer(unsigned slots) : slots_(slots) {
    clear([](const PacketSlot&) {});
  }
  bool full() const { return free_.empty(); }
  std::size_t used() const { return slots_.size() - free_.size(); }
  std::uint16_t take() {  // only while !full()
    const std::uint16_t slot = free_.back();
    free_.pop_back();
    slots_[slot].used = true;
    slots_[slot].delivered = false;
    return slot;
  }
  void release(std::uint16_t slot) {
    slots_[slot].used = false;
    slots_[slot].frame.buffer.let_go();
    free_.push_back(slot);
  }
  // Empties the buffer, after a last look at every packet in it.
  template <typename Visitor>
  void clear(Visitor&& visit) {
    free_.clear();
    for (std::size_t slot = slots_.size(); slot-- > 0;) {
      if (slots_[slot].used) visit(slots_[slot]);
      slots_[slot].used = false;
      free_.push_back(static_cast<std::uint16_t>(slot));
    }
  }
  PacketSlot& operator[](std::uint16_t slot) { return slots_[slot]; }

 private:
  std::vector<PacketSlot> slots_;
  std::vector<std::uint16_t> free_;
};

}  // namespace rssnic
