// The driver's side of a virtqueue (virtio 1.4, 2.6), split or packed behind one interface. A buffer goes in with
// add(), becomes visible with publish() and comes back from take_used(). Rings and indirect tables lie in host memory
// and stay there; a buffer of several parts goes through an indirect table where INDIRECT_DESC is negotiated.
//
// Bookkeeping is the driver's own, in arrays as long as the ring: no call allocates, but the first that needs indirect
// tables. Nothing the device writes is trusted: what a driver cannot work with is a DriverError that names queue, value
// and what is allowed. The ring neither notifies nor waits.
#pragma once
#include <atomic>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/virtio/features.h"
#include "model/virtio/virtqueue.h"
#include "tb/host/host_ram.h"

namespace rssnic {

struct GuestBuffer {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

// A view of the parts of a buffer; one made of a braced list is valid to the end of the full expression.
class GuestBuffers {
 public:
  GuestBuffers() = default;
  GuestBuffers(const GuestBuffer* data, std::size_t size) : data_(data), size_(size) {}
  GuestBuffers(const std::vector<GuestBuffer>& parts) : GuestBuffers(parts.data(), parts.size()) {}
  GuestBuffers(std::initializer_list<GuestBuffer> parts) : GuestBuffers(parts.begin(), parts.size()) {}
  std::size_t size() const { return size_; }
  const GuestBuffer& operator[](std::size_t index) const { return data_[index]; }

 private:
  const GuestBuffer* data_ = nullptr;
  std::size_t size_ = 0;
};

// What a broken driver may write into a ring, each time as if it had made one more buffer available.
enum class RingNonsense : std::uint8_t {
  head,   // a head, in packed rings a buffer id, that the ring does not have
  index,  // split rings: an index further ahead than the ring is long
  loop,   // a chain without an end
};

class DriverRing {
 public:
  static constexpr unsigned kTableParts = 16;  // of an indirect table; a longer buffer is a chain in the ring

  virtual ~DriverRing() = default;
  DriverRing(const DriverRing&) = delete;
  DriverRing& operator=(const DriverRing&) = delete;

  unsigned size() const { return size_; }
  const QueueAddresses& addresses() const { return addresses_; }
  unsigned free_descriptors() const { return free_descriptors_; }

  // Puts a buffer into the ring, not yet visible: `readable` parts first, then `writable` ones. `cookie` comes back
  // when it has been used. False: the ring has no room, or a buffer of so many parts is not allowed (2.7.5.3.1: at most
  // the ring's size).
  virtual bool add(GuestBuffers readable, GuestBuffers writable, std::uint32_t cookie) = 0;
  // Makes everything added visible. True: the device wants to be notified.
  virtual bool publish() = 0;
  // Whether the device may interrupt; with EVENT_IDX it does so once, at the next buffer that it uses, and is to be
  // asked again. True: buffers have been used meanwhile for which no interrupt need come; take them before sleeping.
  virtual bool enable_interrupts(bool enabled) = 0;

  struct Used {
    std::uint32_t cookie = 0;
    std::uint32_t length = 0;  // not more than the buffer's writable parts hold
    bool operator==(const Used& other) const { return cookie == other.cookie && length == other.length; }
  };
  // The next buffer that the device has used.
  virtual std::optional<Used> take_used() = 0;
  // How many used buffers are visible and not yet taken.
  virtual unsigned used_ready() const = 0;

  // For tests, on an idle ring: afterwards only a reset of the device makes it good for anything.
  virtual void corrupt(RingNonsense nonsense) = 0;

 protected:
  static constexpr std::uint16_t VIRTQ_DESC_F_NEXT = 1;
  static constexpr std::uint16_t VIRTQ_DESC_F_WRITE = 2;
  static constexpr std::uint16_t VIRTQ_DESC_F_INDIRECT = 4;
  static constexpr unsigned kDescriptorBytes = 16;  // of both formats

  // Virtio's barriers (2.7.13.3, 2.7.13.4): the device may run beside the driver. All that was written before is there when
  // what is written next is seen; what is read next is read behind what was read, or what was written, before.
  static void before_publishing() { std::atomic_thread_fence(std::memory_order_release); }
  static void behind_reading() { std::atomic_thread_fence(std::memory_order_acquire); }
  static void behind_publishing() { std::atomic_thread_fence(std::memory_order_seq_cst); }

  DriverRing(HostRam& ram, unsigned queue, unsigned size, const RingOptions& options);
  // Memory for a part of the ring: its address goes to `address`.
  std::uint8_t* allocate(std::uint64_t& address, std::size_t size, std::size_t alignment);

  struct Posted {
    std::uint64_t writable_bytes = 0;
    std::uint32_t cookie = 0;
    std::uint16_t descriptors = 0;  // in the ring; 0: the device does not have the buffer
  };

  bool goes_indirect(std::size_t parts) const {
    return options_.indirect_desc && parts > 1 && parts <= kTableParts && parts <= size_;
  }
  // The address of the indirect table that belongs to a buffer id, and its bytes.
  std::uint64_t table_address(unsigned id);
  std::uint8_t* table_bytes(unsigned id) { return table_bytes_ + id * kTableParts * kDescriptorBytes; }
  // The buffer as the device has it from now on.
  void post(unsigned id, GuestBuffers writable, std::uint32_t cookie, std::size_t descriptors);
  // Checks what the device says about a used buffer; the caller frees its descriptors.
  const Posted& used(std::uint32_t id, std::uint64_t length) const;
  [[noreturn]] void fail(const std::string& what) const;

  const unsigned size_;
  const RingOptions options_;
  QueueAddresses addresses_;
  unsigned free_descriptors_;
  std::vector<Posted> posted_;  // by buffer id

 private:
  HostRam& ram_;
  const unsigned queue_;
  std::uint64_t tables_ = 0;  // address of the first table; 0: none was needed yet
  std::uint8_t* table_bytes_ = nullptr;
};

// The ring that these features ask for: RING_PACKED, INDIRECT_DESC, EVENT_IDX. `queue` is for error messages.
std::unique_ptr<DriverRing> make_driver_ring(HostRam& ram, unsigned queue, unsigned size, FeatureBits features);

}  // namespace rssnic
