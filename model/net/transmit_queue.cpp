#include "model/net/transmit_queue.h"

#include <algorithm>

namespace rssnic {

bool TransmitWire::send(unsigned queue, ConstBytes frame) {
  if (!link_up_) return false;
  const Cycle beats = beats_of(frame.size);
  busy_until_ = std::max(busy_until_, calendar_.now()) + beats;
  if (sink_ != nullptr) sink_->transmit_from(queue, frame, busy_until_);
  return true;
}

TransmitQueue::TransmitQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, std::size_t header_bytes,
                             std::size_t mtu_limit, const QueueServices& services, TransmitWire& wire, QueueHost& host)
    : queue_(queue),
      header_bytes_(header_bytes),
      mtu_limit_(mtu_limit),
      services_(services),
      wire_(wire),
      host_(host),
      engine_(queue, std::move(ring), services.dma, *this, services.probe),
      coalescing_(queue, services, host, engine_) {
  engine_.pump(2 * services.parameters.transmit_contexts);
}

void TransmitQueue::stop() {
  services_.dma.cancel(*this);
  engine_.stop();
}

void TransmitQueue::on_chains(unsigned) { read_payload(); }

// Sends what has arrived; starts reads, in order over all contexts, while there are tags, chains and contexts.
void TransmitQueue::read_payload() {
  for (;;) {
    while (!contexts_.empty() && contexts_.front().arrived == contexts_.front().data.size()) finish_front();
    const auto unfinished = std::find_if(contexts_.begin(), contexts_.end(), [](const Context& context) {
      return context.requested < context.data.size();
    });
    if (unfinished != contexts_.end()) {
      if (!request_next(*unfinished)) return;
      continue;
    }
    if (contexts_.size() >= services_.parameters.transmit_contexts || engine_.ring().chains_ready() == 0) return;
    contexts_.emplace_back();
    Context& context = contexts_.back();
    context.chain = engine_.ring().pop();
    const std::uint64_t bytes = context.chain.readable_bytes();
    const bool readable = bytes > header_bytes_ && bytes - header_bytes_ <= kMaxFrameBytes;
    if (readable) context.data.resize(static_cast<std::size_t>(bytes));
    engine_.pump(2 * services_.parameters.transmit_contexts);
  }
}

// False: no tag is free; on_tag_free() goes on.
bool TransmitQueue::request_next(Context& context) {
  while (context.offset == context.chain.readable[context.segment].length) {
    ++context.segment;
    context.offset = 0;
  }
  if (services_.dma.tags_free() == 0) {
    services_.dma.want_tag(*this);
    return false;
  }
  const Segment& segment = context.chain.readable[context.segment];
  const std::size_t part = std::min<std::size_t>(segment.length - context.offset, services_.dma.max_read_bytes());
  services_.dma.read(*this, 0, segment.address + context.offset, {context.data.data() + context.requested, part});
  context.reads.push_back(part);
  context.requested += part;
  context.offset += part;
  return true;
}

// Completions come in the order of the requests, so this one belongs to the first context with a read in flight.
void TransmitQueue::on_dma(std::uint32_t, DmaStatus status) {
  if (status != DmaStatus::ok) {
    host_.ring_fault(queue_, RingFault::bus_error);
    return;
  }
  const auto context = std::find_if(contexts_.begin(), contexts_.end(),
                                    [](const Context& candidate) { return !candidate.reads.empty(); });
  context->arrived += context->reads.front();
  context->reads.pop_front();
  read_payload();
}

void TransmitQueue::finish_front() {
  const Context& context = contexts_.front();
  const ConstBytes header = {context.data.data(), std::min(header_bytes_, context.data.size())};
  const ConstBytes frame = {context.data.data() + header.size, context.data.size() - header.size};
  CardStatistics& statistics = services_.statistics;
  if (!sendable(header, frame)) {
    ++statistics.transmit_malformed;
  } else {
    ++(wire_.send(queue_ / 2, frame) ? statistics.transmitted : statistics.transmit_no_link);
  }
  engine_.push({context.chain.id, 0, context.chain.slots});
  contexts_.pop_front();
  engine_.publish();
}

bool TransmitQueue::sendable(ConstBytes header, ConstBytes frame) const {
  if (frame.size == 0) return false;
  if (header.data[1] != 0) return false;  // gso_type: no segmentation feature is offered
  return mtu_limit_ == 0 || frame.size <= mtu_limit_;
}

}  // namespace rssnic
