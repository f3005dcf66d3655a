#include "model/net/receive_queue.h"

#include <algorithm>

namespace rssnic {
namespace {

// In the ticket of a write, beside the packet's slot: it carries the packet's last byte.
constexpr std::uint32_t kLastWrite = 1u << 16;

}  // namespace

ReceiveQueue::ReceiveQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, unsigned ring_size, bool mergeable,
                           std::size_t header_bytes, const QueueServices& services, QueueHost& host)
    : queue_(queue),
      ring_size_(ring_size),
      mergeable_(mergeable),
      header_bytes_(header_bytes),
      services_(services),
      host_(host),
      engine_(queue, std::move(ring), services.dma, *this, services.probe),
      coalescing_(queue, services, host, engine_) {
  engine_.pump(services.parameters.prefetch_buffers);
}

void ReceiveQueue::kick() {
  starved_ = false;
  engine_.kick();
}

void ReceiveQueue::receive(std::uint16_t slot) {
  waiting_.push() = slot;
  if (waiting_.size() == 1) deliver_waiting();
}

void ReceiveQueue::on_chains(unsigned) { deliver_waiting(); }

void ReceiveQueue::deliver_waiting() {
  bool delivered = false;
  while (!waiting_.empty()) {
    if (deliver(waiting_.front())) {
      waiting_.pop();
      alarm_ = 0;
      delivered = true;
    } else if (wait_for_buffers()) {
      break;
    } else {
      drop_head();
    }
  }
  if (delivered) {
    engine_.publish();
    // Refilling from half full keeps the reads long.
    const unsigned prefetch = services_.parameters.prefetch_buffers;
    if (waiting_.empty() && engine_.ring().chains_ready() <= prefetch / 2) engine_.pump(prefetch);
  }
}

// Writes the packet if the buffers at hand can hold it.
bool ReceiveQueue::deliver(std::uint16_t slot_number) {
  PacketSlot& slot = services_.packets[slot_number];
  Virtqueue& ring = engine_.ring();
  const std::uint64_t bytes = header_bytes_ + slot.frame.buffer.size();
  std::uint64_t room = 0;
  unsigned buffers = 0;
  while (room < bytes && buffers < ring.chains_ready() && (mergeable_ || buffers == 0)) {
    room += ring.chain(buffers++).writable_bytes();
  }
  if (room < bytes) return false;

  const Bytes data = slot.frame.buffer.with_header(header_bytes_);
  write_receive_header(data.data, header_bytes_, static_cast<std::uint16_t>(buffers), slot.steering);
  std::size_t done = 0;
  for (unsigned i = 0; i < buffers; ++i) {
    const Chain& chain = ring.pop();
    std::uint32_t written = 0;
    for (const Segment& segment : chain.writable) {
      const auto part = static_cast<std::uint32_t>(std::min<std::size_t>(segment.length, data.size - done));
      if (part == 0) continue;
      const bool last = done + part == data.size;
      services_.dma.write_in_place(this, slot_number | (last ? kLastWrite : 0), segment.address,
                                   {data.data + done, part});
      done += part;
      written += part;
    }
    engine_.push({chain.id, written, chain.slots}, i + 1 == buffers);
  }
  if (services_.probe != nullptr) services_.probe->on_payload(slot.frame.tag, queue_, data.size);
  slot.delivered = true;
  publishing_.push() = {slot.frame.tag, buffers, slot_number};
  return true;
}

void ReceiveQueue::on_dma(std::uint32_t ticket, DmaStatus status) {
  if (status != DmaStatus::ok) {
    host_.ring_fault(queue_, RingFault::bus_error);
    return;
  }
  // Writes are posted in order: behind the last one the packet is in host memory, so the slot is free.
  if (!(ticket & kLastWrite)) return;
  ++landed_;
  host_.packet_done(static_cast<std::uint16_t>(ticket));
}

void ReceiveQueue::on_published(unsigned, std::size_t buffers) {
  published_buffers_ += buffers;
  while (!publishing_.empty() && published_buffers_ >= publishing_.front().buffers) {
    published_buffers_ -= publishing_.front().buffers;
    ++services_.statistics.delivered;
    services_.observer.on_deliver(publishing_.front().tag, queue_ / 2, services_.calendar.now());
    publishing_.pop();
    --landed_;  // its bytes went ahead of its used entry
  }
}

// The head cannot be delivered with the buffers at hand. Fetches more if the ring has more; if it has none, waits for
// the driver, but not for ever. False: there is nothing to wait for.
bool ReceiveQueue::wait_for_buffers() {
  Virtqueue& ring = engine_.ring();
  if (!mergeable_ && ring.chains_ready() > 0) return false;  // the next buffer is too small, and it is next
  if (ring.chains_ready() >= ring_size_) return false;       // all that the driver can ever post is too small
  engine_.pump(static_cast<unsigned>(ring.chains_ready()) + services_.parameters.prefetch_buffers);
  if (!ring.exhausted()) {
    alarm_ = 0;
    return true;
  }
  if (starved_) return false;
  if (alarm_ == 0) set_alarm();
  return true;
}

// A packet waits for buffers that the driver may have without knowing of it: best effort (5.1.9.5.10.6) does not go so
// far as to lose packets.
void ReceiveQueue::set_alarm() {
  coalescing_.hurry();
  fetches_at_alarm_ = engine_.fetches_done();
  const Cycle seen = services_.calendar.now() + services_.dma.posted_backlog();  // by the driver
  alarm_ = host_.set_alarm(queue_, seen + services_.parameters.no_buffer_wait_cycles);
}

// The wait is over, unless the link alone is slow: the driver has not been told yet of buffers that it could give back,
// or a look at the index has been asked for and has not come back. Notifying all the time without giving buffers gains
// nothing.
void ReceiveQueue::on_alarm(std::uint64_t alarm) {
  if (coalescing_.on_alarm(alarm) || alarm != alarm_) return;
  const bool link_is_behind = services_.dma.posted_backlog() > services_.parameters.pcie.latency_cycles +
                                                                   services_.parameters.no_buffer_wait_cycles / 16;
  const bool looks_for_buffers = engine_.fetching() && engine_.fetches_done() == fetches_at_alarm_;
  if (!publishing_.empty() || link_is_behind || looks_for_buffers) return set_alarm();
  starved_ = true;
  deliver_waiting();
}

void ReceiveQueue::drop_head() {
  const std::uint16_t slot = waiting_.front();
  waiting_.pop();
  alarm_ = 0;
  drop(services_.packets[slot].frame.tag, DropReason::no_buffer);
  host_.packet_done(slot);
}

void ReceiveQueue::drop(std::uint64_t tag, DropReason reason) {
  ++services_.statistics.dropped[static_cast<std::size_t>(reason)];
  services_.observer.on_drop(tag, reason, services_.calendar.now());
}

// The link takes no byte of a cancelled write, so slots are free at once.
void ReceiveQueue::stop() {
  services_.dma.cancel(*this);
  engine_.stop();
  for (std::size_t i = 0; i < publishing_.size(); ++i) {
    drop(publishing_[i].tag, DropReason::reset);
    if (i >= landed_) host_.packet_done(publishing_[i].slot);
  }
  publishing_.clear();
  for (; !waiting_.empty(); waiting_.pop()) {
    drop(services_.packets[waiting_.front()].frame.tag, DropReason::reset);
    host_.packet_done(waiting_.front());
  }
}

}  // namespace rssnic
