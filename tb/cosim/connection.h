// Messages over a connected stream socket: framing and file descriptors in, whole messages out. Receiving never blocks.
// Sending waits for room for a bounded time: a peer that does not read its replies is given up.
#pragma once
#include <sys/types.h>

#include <optional>
#include <stdexcept>

#include "tb/cosim/protocol.h"

namespace rssnic::cosim {

// The peer has gone, or has broken the framing so that nothing after it can be understood.
class ConnectionLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Connection {
 public:
  explicit Connection(FileDescriptor socket);

  int fd() const { return socket_.get(); }
  pid_t peer() const;  // its process; 0: not known

  // The next whole message; nullopt when it has not come in yet. Throws ConnectionLost.
  std::optional<Message> receive();
  void send(const std::vector<std::uint8_t>& message);  // throws ConnectionLost

 private:
  std::size_t receive_header();
  std::size_t receive_payload();

  FileDescriptor socket_;
  HeaderBytes header_bytes_{};
  std::size_t header_received_ = 0;
  std::size_t payload_received_ = 0;
  Message message_;  // the one that comes in
};

}  // namespace rssnic::cosim
