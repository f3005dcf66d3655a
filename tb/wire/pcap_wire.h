// Captures as the far end of a wire. They are played from the first frame on that the card transmits: then a guest has
// its interface up and its filters set, which nothing else shows. What the card transmits goes nowhere.
#pragma once
#include <optional>

#include "tb/wire/live_wire.h"
#include "tb/wire/pcap_player.h"

namespace rssnic {

class PcapWire final : public LiveWire {
 public:
  explicit PcapWire(PlayerParameters parameters) : name_(parameters.files.at(0)), player_(std::move(parameters)) {}

  const WireFrame* front() override {
    const WireFrame* const next = start_ ? player_.front() : nullptr;
    if (next == nullptr) return nullptr;
    frame_ = *next;
    frame_.arrival += *start_;
    return &frame_;
  }
  void pop() override { player_.pop(); }
  std::string description() const override { return "capture " + name_ + (start_ ? "" : ", not started yet"); }
  void transmit(ConstBytes, Cycle when) override {
    if (start_) return;
    start_ = when;
    tell();
  }

 private:
  const std::string name_;
  PcapPlayer player_;
  std::optional<Cycle> start_;
  WireFrame frame_;
};

}  // namespace rssnic
