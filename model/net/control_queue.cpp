#include "model/net/control_queue.h"

#include <algorithm>

namespace rssnic {

ControlQueue::ControlQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, const QueueServices& services,
                           CommandTarget& target, QueueHost& host)
    : queue_(queue),
      services_(services),
      target_(target),
      host_(host),
      engine_(queue, std::move(ring), services.dma, *this, services.probe) {
  engine_.pump(1);
}

void ControlQueue::next_command() {
  if (busy_ || engine_.ring().chains_ready() == 0) return;
  chain_ = engine_.ring().pop();
  engine_.pump(1);
  if (chain_.writable_bytes() == 0) {
    target_.no_acknowledgement(queue_);
    return;
  }
  busy_ = true;
  command_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(chain_.readable_bytes(), kMaxCommandBytes)));
  segment_ = offset_ = requested_ = 0;
  read_command();
}

void ControlQueue::read_command() {
  while (busy_ && requested_ < command_.size()) {
    if (offset_ == chain_.readable[segment_].length) {
      ++segment_;
      offset_ = 0;
      continue;
    }
    if (services_.dma.tags_free() == 0) {
      services_.dma.want_tag(*this);
      return;
    }
    const std::size_t part = std::min(
        {chain_.readable[segment_].length - offset_, command_.size() - requested_, services_.dma.max_read_bytes()});
    services_.dma.read(*this, kCommand, chain_.readable[segment_].address + offset_,
                       {command_.data() + requested_, part});
    ++reads_in_flight_;
    offset_ += part;
    requested_ += part;
  }
  if (busy_ && !settling_ && reads_in_flight_ == 0) judge();
}

void ControlQueue::on_dma(std::uint32_t ticket, DmaStatus status) {
  if (status != DmaStatus::ok) {
    host_.ring_fault(queue_, RingFault::bus_error);
    return;
  }
  if (ticket == kAnswer) return;
  --reads_in_flight_;
  read_command();
}

void ControlQueue::judge() {
  if (services_.probe != nullptr) services_.probe->on_command(command_name({command_.data(), command_.size()}));
  const std::optional<CommandEffect> effect =
      judge_command({command_.data(), command_.size()}, chain_.readable_bytes(), target_.command_context());
  if (!effect) {
    ++services_.statistics.commands_refused;
    answer(VIRTIO_NET_ERR);
    return;
  }
  settling_ = true;
  target_.apply(*effect);
  settled();
}

void ControlQueue::settled() {
  if (!settling_ || !target_.is_settled()) return;
  settling_ = false;
  answer(VIRTIO_NET_OK);
}

void ControlQueue::answer(std::uint8_t ack) {
  ++services_.statistics.commands;
  if (services_.probe != nullptr) services_.probe->on_answer(ack == VIRTIO_NET_OK);
  const auto segment = std::find_if(chain_.writable.begin(), chain_.writable.end(),
                                    [](const Segment& candidate) { return candidate.length > 0; });
  services_.dma.write(this, kAnswer, segment->address, {&ack, 1});
  engine_.push({chain_.id, 1, chain_.slots});
  engine_.publish();
  busy_ = false;
  next_command();
}

}  // namespace rssnic
