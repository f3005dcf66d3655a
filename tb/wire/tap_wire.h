// A tap device of the host: what the card transmits comes out of it, and what the host sends into it is received. The
// device may exist already (with or without queues) or is made, for which the kernel asks for CAP_NET_ADMIN.
#pragma once
#include <string>

#include "tb/wire/live_wire.h"

namespace rssnic {

class TapWire final : public LiveWire {
 public:
  explicit TapWire(const std::string& name);  // throws std::runtime_error
  ~TapWire() override;
  TapWire(const TapWire&) = delete;
  TapWire& operator=(const TapWire&) = delete;

  void transmit(ConstBytes frame, Cycle when) override;
  void prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds& timeout) override;
  void polled(const pollfd* polls, std::size_t count) override;

 private:
  int fd_ = -1;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace rssnic
