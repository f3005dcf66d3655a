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

void ControlQueue::stop() {
  services_.dma.cancel(*this);
  engine_.stop();
}

void ControlQueue::judge() {
  settling_ = !target_.is_settled();
  applied_ = false;
  if (settling_) return;
  if (services_.probe != nullptr) services_.probe->on_command(command_name({command_.data(), command_.size()}));
  const ConstBytes command = {command_.data(), command_.size()};
  const std::optional<CommandEffect> effect =
      judge_command(command, chain_.readable_bytes(), target_.command_context());
  if (!effect || (asks_for_coalescing(command) && !has_room_for_values())) {
    ++services_.statistics.commands_refused;
    answer(VIRTIO_NET_ERR);
    return;
  }
  if (const auto* const told = std::get_if<TellCoalescing>(&*effect)) return answer(VIRTIO_NET_OK, told->parameters);
  settling_ = applied_ = true;
  target_.apply(*effect);
  settled();
}

void ControlQueue::settled() {
  if (!settling_ || !target_.is_settled()) return;
  settling_ = false;
  applied_ ? answer(VIRTIO_NET_OK) : judge();
}

bool ControlQueue::has_room_for_values() const { return chain_.writable_bytes() > kCoalescingBytes; }

void ControlQueue::answer(std::uint8_t ack, const CoalescingParameters& values) {
  ++services_.statistics.commands;
  if (services_.probe != nullptr) services_.probe->on_answer(ack == VIRTIO_NET_OK);
  std::array<std::uint8_t, 1 + kCoalescingBytes> bytes{ack};
  std::size_t size = 1;
  if (asks_for_coalescing({command_.data(), command_.size()}) && has_room_for_values()) {
    size = bytes.size();
    const bool ack_first = services_.parameters.vq_get_ack_first;
    store_le32(&bytes[ack_first], values.max_packets);
    store_le32(&bytes[ack_first + 4u], values.max_usecs);
    bytes[ack_first ? 0 : kCoalescingBytes] = ack;
  }
  std::size_t done = 0;
  for (const Segment& segment : chain_.writable) {
    const std::size_t part = std::min<std::size_t>(segment.length, size - done);
    if (part == 0) continue;
    services_.dma.write(this, kAnswer, segment.address, {bytes.data() + done, part});
    done += part;
  }
  engine_.push({chain_.id, static_cast<std::uint32_t>(size), chain_.slots});
  engine_.publish();
  busy_ = false;
  next_command();
}

}  // namespace rssnic
