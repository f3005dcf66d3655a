#include "model/virtio/virtqueue_base.h"

#include <cassert>
#include <utility>

namespace rssnic {
namespace {

constexpr std::uint64_t kMaxChainBytes = std::uint64_t{1} << 32;  // 2.7.5.2

}  // namespace

const Chain& VirtqueueBase::chain(std::size_t index) const {
  assert(index < chains_ready());
  return buffer_at(popped_ + index).chain;
}

const Chain& VirtqueueBase::pop() {
  assert(chains_ready() > 0);
  const Chain& chain = buffer_at(popped_).chain;
  ++popped_;
  --unpopped_;
  --ready_;
  return chain;
}

VirtqueueBase::Buffer& VirtqueueBase::add_buffer() {
  if (unpopped_ == buffers_.size()) {
    std::vector<Buffer> larger(std::max<std::size_t>(16, 2 * buffers_.size()));
    for (std::size_t number = popped_; number != popped_ + unpopped_; ++number) {
      larger[number & (larger.size() - 1)] = std::move(buffer_at(number));
    }
    buffers_.swap(larger);
  }
  Buffer& buffer = buffer_at(next_number());
  ++unpopped_;
  buffer.chain.id = buffer.chain.slots = 0;
  buffer.chain.readable.clear();
  buffer.chain.writable.clear();
  buffer.bytes = 0;
  buffer.table_entries = 0;
  buffer.next = 0;
  buffer.descriptors = 0;
  buffer.writable_seen = false;
  buffer.complete = false;
  return buffer;
}

RingFault VirtqueueBase::take(Buffer& buffer, const Descriptor& descriptor, unsigned entries) {
  if ((descriptor.flags & VIRTQ_DESC_F_INDIRECT) != 0) return begin_table(buffer, descriptor);

  const bool writable = (descriptor.flags & VIRTQ_DESC_F_WRITE) != 0;
  if (buffer.writable_seen && !writable) return RingFault::write_order;  // 2.7.4.2, 2.8.17
  buffer.writable_seen = writable;

  const Segment& segment = descriptor.segment;
  buffer.bytes += segment.length;
  if (buffer.bytes > kMaxChainBytes) return RingFault::too_long;
  if (segment.length != 0) (writable ? buffer.chain.writable : buffer.chain.readable).push_back(segment);

  ++buffer.descriptors;
  buffer.complete = (descriptor.flags & VIRTQ_DESC_F_NEXT) == 0;
  if (buffer.complete) return RingFault::none;
  if (descriptor.next >= entries) return RingFault::next_out_of_range;
  if (buffer.descriptors == size_) return RingFault::loop;  // a chain without a loop has ended by now
  buffer.next = descriptor.next;
  return RingFault::none;
}

// 2.7.5.3.1, 2.8.19. The table's own WRITE flag means nothing (2.7.5.3.2, 2.8.7). An element of a chain longer than the
// queue is not allowed, wherever it lies, so a table of more entries than the queue has none to show.
RingFault VirtqueueBase::begin_table(Buffer& buffer, const Descriptor& descriptor) const {
  const std::uint32_t length = descriptor.segment.length;
  const bool nested = buffer.table_entries != 0;
  if (!options_.indirect_desc || nested || (descriptor.flags & VIRTQ_DESC_F_NEXT) != 0) return RingFault::bad_indirect;
  if (length == 0 || length % kDescriptorBytes != 0 || length / kDescriptorBytes > size_) {
    return RingFault::bad_indirect;
  }
  buffer.table = descriptor.segment.address;
  buffer.table_entries = static_cast<std::uint16_t>(length / kDescriptorBytes);
  buffer.next = 0;
  return RingFault::none;
}

Fetch VirtqueueBase::table_fetch(std::uint16_t number, std::uint16_t kind) {
  const Buffer& buffer = buffer_at(number);
  const unsigned entries_to_end = buffer.table_entries - buffer.next;
  const unsigned count = std::min<unsigned>(entries_to_end, kMaxFetchBytes / kDescriptorBytes);
  const std::uint64_t address = buffer.table + std::uint64_t{buffer.next} * kDescriptorBytes;
  return hand_out({address, count * kDescriptorBytes, kind, number});
}

// Descriptors follow each other in the table as a rule, so one piece serves many of them.
RingFault VirtqueueBase::table_fed(Buffer& buffer, ConstBytes bytes) {
  const unsigned first = buffer.next;
  const auto end = static_cast<unsigned>(first + bytes.size / kDescriptorBytes);
  while (!buffer.complete && buffer.next >= first && buffer.next < end) {
    const std::uint8_t* const entry = bytes.data + (buffer.next - first) * kDescriptorBytes;
    const RingFault fault = take(buffer, table_entry(entry, buffer.next, buffer.table_entries), buffer.table_entries);
    if (fault != RingFault::none) return fault;
  }
  return RingFault::none;
}

}  // namespace rssnic
