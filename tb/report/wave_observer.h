// Passes on what the card tells about packets, and draws deliveries and drops. (Ingress and steer are drawn from the
// pipeline's own pins.)
#pragma once
#include "model/net/observer.h"
#include "model/steering/waveform.h"

namespace rssnic::report {

class WaveObserver final : public PacketObserver {
 public:
  WaveObserver(PacketObserver& next, Waveform& waveform) : next_(next), waveform_(waveform) {}

  void on_ingress(std::uint64_t tag, Cycle when) override { next_.on_ingress(tag, when); }
  void on_steer(std::uint64_t tag, const Steered& decision, Cycle when) override {
    next_.on_steer(tag, decision, when);
  }
  void on_deliver(std::uint64_t tag, unsigned queue, Cycle when) override {
    waveform_.on_deliver(tag, queue);
    next_.on_deliver(tag, queue, when);
  }
  void on_drop(std::uint64_t tag, DropReason reason, Cycle when) override {
    waveform_.on_drop(tag, kDropReasonNames[static_cast<std::size_t>(reason)]);
    next_.on_drop(tag, reason, when);
  }

 private:
  PacketObserver& next_;
  Waveform& waveform_;
};

}  // namespace rssnic::report
