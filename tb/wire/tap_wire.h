// A tap device of the host: what the card transmits comes out of it, and what the host sends into it is received. The
// device may exist already or is made, for which the kernel asks for CAP_NET_ADMIN.
//
// It is opened with several queues where it has them or can have them. A frame leaves through the queue of its number
// (modulo how many there are), which is how the kernel learns to which queue the answers of its flow belong. What comes
// in from the queues is merged one frame at a time, each queue in its order.
//
// The line has a link while the device is up. A frame that the host does not take (device down or gone, no memory) is
// lost and counted, as on a real line.
#pragma once
#include <string>

#include "tb/wire/live_wire.h"

namespace rssnic {

class TapWire final : public LiveWire {
 public:
  // With up to so many queues. Throws std::runtime_error.
  explicit TapWire(const std::string& name, unsigned queues = 1);
  ~TapWire() override;
  TapWire(const TapWire&) = delete;
  TapWire& operator=(const TapWire&) = delete;

  void transmit(ConstBytes frame, Cycle when) override { transmit_from(0, frame, when); }
  void transmit_from(unsigned queue, ConstBytes frame, Cycle when) override;
  void prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds& timeout) override;
  void polled(const pollfd* polls, std::size_t count) override;
  std::string description() const override;

  std::size_t queues() const { return queues_.size(); }  // those of a device that is gone are no queues any more
  std::uint64_t received(std::size_t queue) const { return queues_.at(queue).received; }  // frames

 private:
  struct Queue {
    int fd;
    bool readable = false;  // as far as poll() has found
    std::uint64_t received = 0;
  };

  void open_queues(const std::string& name, unsigned count);
  void close_all();
  void look_at_link();
  void read_frames();
  bool read_frame(Queue& queue);

  const std::string name_;
  std::vector<Queue> queues_;
  int changes_ = -1;      // readable when a device of this network namespace has changed
  bool suspect_ = false;  // a frame was not taken: is there a link?
  std::size_t next_ = 0;  // the queue that is read first
  std::vector<std::uint8_t> buffer_;
};

}  // namespace rssnic
