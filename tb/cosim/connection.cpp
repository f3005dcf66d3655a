#include "tb/cosim/connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace rssnic::cosim {
namespace {

constexpr int kSendPatienceMs = 5000;

[[noreturn]] void lost(const char* what) { throw ConnectionLost(fmt::format("{}: {}", what, std::strerror(errno))); }

// The result of a receive call: bytes, 0 when none are there now. Throws at the end of the stream.
std::size_t received(ssize_t result) {
  if (result > 0) return static_cast<std::size_t>(result);
  if (result == 0) throw ConnectionLost("the client has closed the connection");
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return 0;
  lost("receive");
}

}  // namespace

Connection::Connection(FileDescriptor socket) : socket_(std::move(socket)) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
}

pid_t Connection::peer() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  return ::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.pid : 0;
}

std::size_t Connection::receive_header() {
  iovec into{header_bytes_.data() + header_received_, kHeaderBytes - header_received_};
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxMessageFds * sizeof(int))];
  msghdr call{};
  call.msg_iov = &into;
  call.msg_iovlen = 1;
  call.msg_control = control;
  call.msg_controllen = sizeof control;
  const std::size_t size = received(::recvmsg(socket_.get(), &call, MSG_CMSG_CLOEXEC));
  if (size == 0) return 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&call); part != nullptr; part = CMSG_NXTHDR(&call, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      message_.fds.emplace_back(fd);
    }
  }
  if ((call.msg_flags & MSG_CTRUNC) != 0 || message_.fds.size() > kMaxMessageFds) {
    throw ConnectionLost(fmt::format("a message with more than {} file descriptors", kMaxMessageFds));
  }
  header_received_ += size;
  return size;
}

std::size_t Connection::receive_payload() {
  std::vector<std::uint8_t>& payload = message_.payload;
  const std::size_t size = received(
      ::recv(socket_.get(), payload.data() + payload_received_, payload.size() - payload_received_, MSG_DONTWAIT));
  payload_received_ += size;
  return size;
}

std::optional<Message> Connection::receive() {
  while (header_received_ < kHeaderBytes) {
    if (receive_header() == 0) return std::nullopt;
    if (header_received_ < kHeaderBytes) continue;
    message_.header = decode(header_bytes_);
    if (const std::string error = framing_error(message_.header); !error.empty()) throw ConnectionLost(error);
    message_.payload.resize(message_.header.size - kHeaderBytes);
    payload_received_ = 0;
  }
  while (payload_received_ < message_.payload.size()) {
    if (receive_payload() == 0) return std::nullopt;
  }
  header_received_ = 0;
  return std::exchange(message_, {});
}

void Connection::send(const std::vector<std::uint8_t>& message) {
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t result = ::send(socket_.get(), message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (result >= 0) {
      sent += static_cast<std::size_t>(result);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd room{socket_.get(), POLLOUT, 0};
      if (::poll(&room, 1, kSendPatienceMs) == 0) throw ConnectionLost("the client does not read its replies");
    } else if (errno != EINTR) {
      lost("send");
    }
  }
}

}  // namespace rssnic::cosim
