// A wire to something that lives in real time: a network of the host, a tap device, or nothing but its other end. What
// comes from there waits in a queue until the card takes it; when the queue is full, frames are lost and counted. The
// owner polls the wire's descriptors together with its own, and is told when the card should look at the queue.
// Received frames are numbered from 0: that is their tag.
#pragma once
#include <poll.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "model/recycling_queue.h"
#include "model/sim/wire_port.h"

namespace rssnic {

class LiveWire : public WireSource, public WireSink {
 public:
  static constexpr std::size_t kQueuedFrames = 1024;

  // Called when a frame has come in, perhaps from within the card's own call to transmit().
  void on_frame(std::function<void()> call) { on_frame_ = std::move(call); }

  bool link_up() const { return link_up_; }  // at the other end; changes in polled() only

  const WireFrame* front() override;
  void pop() override {
    frames_.pop();
    ++frame_.tag;
  }

  // Appends what poll() shall wait for, and shortens the time that it may wait.
  virtual void prepare(std::vector<pollfd>& /*polls*/, std::chrono::nanoseconds& /*timeout*/) {}
  // The same descriptors with what poll() found; called also when nothing was found.
  virtual void polled(const pollfd* /*polls*/, std::size_t /*count*/) {}

  virtual std::string description() const = 0;               // for people: what the wire is, and how it is
  std::uint64_t frames_lost() const { return lost_; }        // that came in and found no room
  std::uint64_t frames_refused() const { return refused_; }  // that the other end did not take

 protected:
  bool has_room() const { return frames_.size() < kQueuedFrames; }
  void receive(ConstBytes frame);
  void refuse() { ++refused_; }
  void set_link(bool up) { link_up_ = up; }
  void tell() const {
    if (on_frame_) on_frame_();
  }

 private:
  RecyclingQueue<std::vector<std::uint8_t>> frames_;
  WireFrame frame_;
  std::uint64_t lost_ = 0, refused_ = 0;
  bool link_up_ = true;
  std::function<void()> on_frame_;
};

// What is sent comes back.
class LoopbackWire final : public LiveWire {
 public:
  void transmit(ConstBytes frame, Cycle) override { receive(frame); }
  std::string description() const override { return "loopback"; }
};

}  // namespace rssnic
