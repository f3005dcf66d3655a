#include "tb/cosim/listener.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace rssnic::cosim {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw std::runtime_error(fmt::format("cannot listen on '{}': {}", path, reason));
}

FileDescriptor make_socket() {
  return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

void remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(path, "a file that is no socket is there");
  const FileDescriptor probe = make_socket();
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    fail(path, "another server listens there");
  }
  if (errno != ECONNREFUSED) fail(path, std::strerror(errno));
  ::unlink(path.c_str());
}

}  // namespace

Listener::Listener(std::string path) : path_(std::move(path)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.empty() || path_.size() >= sizeof address.sun_path) {
    fail(path_, fmt::format("the path has {} bytes; 1 to {} are allowed", path_.size(), sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path_.c_str(), path_.size());
  remove_stale(path_, address);
  socket_ = make_socket();
  // The permissions are there from the first moment: between bind() and chmod() anybody could connect.
  const mode_t mask = ::umask(0177);
  const int bound = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(mask);
  if (bound != 0) fail(path_, std::strerror(error));
  if (::listen(socket_.get(), 1) != 0) fail(path_, std::strerror(errno));
}

Listener::~Listener() {
  if (socket_) ::unlink(path_.c_str());
}

FileDescriptor Listener::accept() { return FileDescriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

}  // namespace rssnic::cosim
