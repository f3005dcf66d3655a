// A listening UNIX socket that only its owner may connect to. A stale file of a server that is gone is replaced; one
// that somebody listens on, or a file that is no socket, is an error. The file goes with the listener.
#pragma once
#include <optional>
#include <string>

#include "tb/cosim/file_descriptor.h"

namespace rssnic::cosim {

class Listener {
 public:
  explicit Listener(std::string path);  // throws std::runtime_error
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return socket_.get(); }
  FileDescriptor accept();  // empty when nobody waits

 private:
  const std::string path_;
  FileDescriptor socket_;
};

}  // namespace rssnic::cosim
