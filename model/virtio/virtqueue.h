// A virtqueue seen from the device, without I/O and without time: it says what it wants to read and to write, whoever
// owns it does so and feeds the bytes back. A pump of a few lines runs it in zero time; a queue engine gives it time.
//
// Life of a buffer: kick() -> event_store(), next_fetch()/fed() until chain_ready() -> pop() -> (the device uses the
// chain) -> push() -> next_store() until it has nothing more. Nothing the guest writes is trusted: what the
// specification forbids ends in a fault, after which the queue wants nothing any more.
#pragma once
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "model/bytes.h"

namespace rssnic {

constexpr unsigned kMaxQueueSize = 32768;  // virtio 1.4, 2.7
constexpr std::size_t kMaxFetchBytes = 512;

struct Fetch {
  std::uint64_t address = 0;
  std::uint32_t length = 0;  // 1 to kMaxFetchBytes
  std::uint16_t kind = 0;    // the queue's own; handed back with fed()
  std::uint16_t slot = 0;    // the queue's own
};

struct Store {
  std::uint64_t address = 0;
  ConstBytes bytes;  // valid until the next call of a non-const member
};

struct Segment {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
};

// A buffer as the driver made it available: device-readable segments first, then device-writable ones. Segments of no
// length are left out.
struct Chain {
  std::uint16_t id = 0;     // goes back with push()
  std::uint16_t slots = 0;  // ring slots that it occupies (split rings: 1; packed: its descriptors in the ring)
  boost::container::small_vector<Segment, 2> readable;
  boost::container::small_vector<Segment, 2> writable;
  std::uint64_t readable_bytes() const { return total_bytes(readable); }
  std::uint64_t writable_bytes() const { return total_bytes(writable); }

 private:
  template <typename Segments>
  static std::uint64_t total_bytes(const Segments& segments) {
    std::uint64_t total = 0;
    for (const Segment& segment : segments) total += segment.length;
    return total;
  }
};

struct UsedEntry {
  std::uint16_t id = 0;
  std::uint32_t length = 0;  // bytes written, counted from the first writable byte
  std::uint16_t slots = 0;
};

enum class RingFault : std::uint8_t {
  none,
  head_out_of_range,   // avail ring entry, or buffer id of a packed ring, not below the queue size
  next_out_of_range,   // descriptor's next not below the queue size
  loop,                // chain longer than the queue size
  too_many_available,  // avail.idx ran ahead by more than the queue size, or a slot is available that was not returned
  incomplete_chain,    // packed ring: a chain goes on at a descriptor that is not available
  write_order,         // device-readable descriptor after a device-writable one
  bad_indirect,        // INDIRECT without the feature, or a malformed table
  too_long,            // chain of more than 2^32 bytes
  bus_error,           // reported by the owner of the queue through fail()
};
const char* to_string(RingFault fault);

struct QueueAddresses {
  std::uint64_t descriptor = 0;  // queue_desc: descriptor table
  std::uint64_t driver = 0;      // queue_driver: available ring, or driver event suppression of a packed ring
  std::uint64_t device = 0;      // queue_device: used ring, or device event suppression
};

// What driver and device have agreed on beyond the format (virtio 1.4, 6).
struct RingOptions {
  bool indirect_desc = false;
  bool event_idx = false;
};

class Virtqueue {
 public:
  virtual ~Virtqueue() = default;

  // The driver notified the queue, or the device has its own reason to look for new buffers.
  virtual void kick() = 0;
  // With EVENT_IDX: what tells the driver from which buffer on it shall notify again. Asked for before each
  // next_fetch(), and written before that fetch is: the queue looks at the ring once more behind it, so no buffer that
  // was made available meanwhile is missed. nullopt: nothing to tell.
  virtual std::optional<Store> event_store() = 0;
  // The next read that the queue wants, with at most `prefetch_limit` buffers fetched or being fetched but not popped.
  // Several reads may be outstanding. nullopt: nothing wanted now.
  virtual std::optional<Fetch> next_fetch(unsigned prefetch_limit) = 0;
  // The bytes of a fetch, in the order in which the fetches were handed out, and sampled in that order too.
  virtual void fed(const Fetch& fetch, ConstBytes bytes) = 0;
  // Buffers ready for pop(), and access to them in order.
  virtual std::size_t chains_ready() const = 0;
  virtual const Chain& chain(std::size_t index) const = 0;
  virtual const Chain& pop() = 0;  // valid until the next fed()
  // True when the queue has seen every buffer made available that it knows of: no fetch is wanted or outstanding. True
  // after a fault.
  virtual bool drained() const = 0;
  // True when nothing but a new look at the ring could bring a further buffer, and the driver knows that it is to
  // notify about the next one. True after a fault.
  virtual bool exhausted() const = 0;

  // Stages a used buffer; the driver does not see it before next_store() has handed out its last store.
  virtual void push(const UsedEntry& entry) = 0;
  // The next write; the last one publishes everything staged at once, so the driver must see the writes in this order.
  // nullopt: nothing staged.
  virtual std::optional<Store> next_store() = 0;
  // Where the driver says whether it wants an interrupt; read it after the publishing store is visible. One such read
  // at a time; what is published while it is outstanding needs another one.
  virtual Fetch suppression_fetch() = 0;
  // Decides, with the bytes of the last suppression_fetch(), on everything published before that call and not decided
  // yet.
  virtual bool interrupt_wanted(ConstBytes suppression) = 0;

  virtual RingFault fault() const = 0;
  virtual void fail(RingFault fault) = 0;
};

// A split virtqueue (virtio 1.4, 2.7). `size` is a power of two, 1 to 32768.
std::unique_ptr<Virtqueue> make_split_virtqueue(unsigned size, const QueueAddresses& addresses,
                                                const RingOptions& options = {});
// A packed virtqueue (virtio 1.4, 2.8). `size` is 1 to 32768.
std::unique_ptr<Virtqueue> make_packed_virtqueue(unsigned size, const QueueAddresses& addresses,
                                                 const RingOptions& options = {});

}  // namespace rssnic
