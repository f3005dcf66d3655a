#include "model/net/receive_ingress.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace rssnic {

ReceiveIngress::ReceiveIngress(const CardParameters& parameters, Calendar& calendar, SteeringEngine& engine,
                               PacketBuffer& packets, WireSource* source, PacketObserver& observer,
                               CardStatistics& statistics, CardProbe* probe)
    : parameters_(parameters),
      calendar_(calendar),
      engine_(engine),
      packets_(packets),
      source_(source),
      observer_(observer),
      statistics_(statistics),
      probe_(probe) {}

void ReceiveIngress::run(bool running) {
  running_ = running;
  waiting_since_ = kNever;
  if (running_) arm(calendar_.now());
}

void ReceiveIngress::wire_ready() {
  fill_fifo();
  arm(calendar_.now());
}

void ReceiveIngress::link(bool up) {
  link_up_ = up;
  if (up) wire_ready();
}

void ReceiveIngress::slot_released() {
  if (waiting_since_ != kNever) offer();
}

void ReceiveIngress::take_back_offered() {
  if (!std::exchange(offered_, false) || begun_) return;
  std::swap(fifo_.push_front(), packets_[offered_slot_].frame);
  packets_.release(offered_slot_);
}

std::uint16_t ReceiveIngress::accepted(Cycle edge) {
  begun_ = true;
  statistics_.stalls_pipeline += edge - ready_since_;
  const Cycle beats = beats_of(packets_[offered_slot_].frame.buffer.size());
  ready_since_ = edge + beats - 1;  // of the last beat
  return offered_slot_;
}

std::uint16_t ReceiveIngress::complete(Cycle edge) {
  offered_ = false;
  statistics_.stalls_pipeline += edge - ready_since_;
  packets_[offered_slot_].complete = edge + 1;
  arm(edge + 1);
  return offered_slot_;
}

void ReceiveIngress::arm(Cycle when) {
  if (armed_) return;
  armed_ = true;
  calendar_.at(when, Rank::receive, this, [](void* self, std::uint64_t) {
    auto& ingress = *static_cast<ReceiveIngress*>(self);
    ingress.armed_ = false;
    ingress.fill_fifo();
    ingress.offer();
  });
}

// Takes over what has come in by now; a frame that lies in the future gets an event of its own.
void ReceiveIngress::fill_fifo() {
  if (source_ == nullptr || !link_up_) return;
  while (const WireFrame* const next = source_->front()) {
    if (next->arrival > calendar_.now()) {
      if (next->arrival < arrival_armed_) {
        arrival_armed_ = next->arrival;
        calendar_.at(arrival_armed_, Rank::receive, this, [](void* self, std::uint64_t) {
          auto& ingress = *static_cast<ReceiveIngress*>(self);
          ingress.arrival_armed_ = kNever;
          ingress.wire_ready();
        });
      }
      return;
    }
    const bool full = fifo_.size() >= parameters_.mac_fifo_frames;
    if (full && next->may_wait) return;
    const std::uint64_t tag = next->tag;
    std::optional<DropReason> refused;
    if (next->bytes.size == 0) {
      refused = DropReason::runt;
    } else if (next->bytes.size > kMaxFrameBytes) {
      refused = DropReason::oversize;
    } else if (full) {
      refused = DropReason::fifo;
    } else {
      ReceivedFrame& frame = fifo_.push();
      frame.tag = tag;
      frame.buffer.assign(next->bytes);
    }
    source_->pop();
    if (refused) {
      ++statistics_.dropped[static_cast<std::size_t>(*refused)];
      observer_.on_drop(tag, *refused, calendar_.now());
    }
  }
}

void ReceiveIngress::offer() {
  if (!running_ || offered_ || fifo_.empty()) return;
  if (packets_.full()) {
    if (waiting_since_ == kNever) waiting_since_ = calendar_.now();
    return;
  }
  if (waiting_since_ != kNever) {
    statistics_.stalls_packet_buffer += calendar_.now() - waiting_since_;
    waiting_since_ = kNever;
  }
  offered_slot_ = packets_.take();
  PacketSlot& slot = packets_[offered_slot_];
  std::swap(slot.frame, fifo_.front());
  fifo_.pop();
  offered_ = true;
  begun_ = false;
  packets_[offered_slot_].complete = kNever;
  ready_since_ = calendar_.now();
  if (probe_ != nullptr) probe_->on_offer(offered_slot_, slot.frame.tag);
  engine_.offer(offered_slot_, slot.frame.buffer.frame());
  fill_fifo();
}

}  // namespace rssnic
