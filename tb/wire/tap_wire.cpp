#include "tb/wire/tap_wire.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace rssnic {
namespace {

constexpr std::size_t kBufferBytes = 65536 + 64;  // the longest frame that a tap device gives
constexpr unsigned kFramesAtATime = 64;           // so that a busy tap does not hold up everything else

}  // namespace

TapWire::TapWire(const std::string& name) : buffer_(kBufferBytes) {
  const auto fail = [&](const std::string& reason) {
    if (fd_ >= 0) ::close(fd_);
    throw std::runtime_error(fmt::format("tap device '{}': {}", name, reason));
  };
  if (name.empty() || name.size() >= IFNAMSIZ) {
    fail(fmt::format("a name of {} bytes; 1 to {} are allowed", name.size(), IFNAMSIZ - 1));
  }
  fd_ = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd_ < 0) fail(fmt::format("/dev/net/tun: {}", std::strerror(errno)));
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), name.size());
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(fd_, TUNSETIFF, &request) == 0) return;
  request.ifr_flags |= IFF_MULTI_QUEUE;  // one that was made with queues wants to be opened so
  if (errno == EINVAL && ::ioctl(fd_, TUNSETIFF, &request) == 0) return;
  fail(std::strerror(errno));
}

TapWire::~TapWire() { ::close(fd_); }

// A frame that the host does not take (the device is down, its queue is full) is lost, as on a real line.
void TapWire::transmit(ConstBytes frame, Cycle) {
  if (::write(fd_, frame.data, frame.size) < 0) return;
}

void TapWire::prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds&) {
  if (has_room()) polls.push_back({fd_, POLLIN, 0});  // otherwise the frames wait in the kernel's queue
}

void TapWire::polled(const pollfd* polls, std::size_t count) {
  if (count == 0 || polls[0].revents == 0) return;
  for (unsigned frame = 0; frame < kFramesAtATime && has_room(); ++frame) {
    const ssize_t size = ::read(fd_, buffer_.data(), buffer_.size());
    if (size <= 0) return;
    receive({buffer_.data(), static_cast<std::size_t>(size)});
  }
}

}  // namespace rssnic
