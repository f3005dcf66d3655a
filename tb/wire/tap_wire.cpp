#include "tb/wire/tap_wire.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rssnic {
namespace {

constexpr std::size_t kBufferBytes = 65536 + 64;  // the longest frame that a tap device gives
constexpr unsigned kFramesAtATime = 64;           // so that a busy tap does not hold up everything else
constexpr unsigned kMostQueues = 256;             // of a tap device

// Attaches a queue to the device; the descriptor, or the negative errno.
int open_queue(const std::string& name, short flags) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  ifreq request{};
  std::memcpy(request.ifr_name, name.c_str(), name.size());
  request.ifr_flags = flags;
  if (::ioctl(fd, TUNSETIFF, &request) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return -error;
}

// A descriptor that tells of changes to devices; -1 where there is none, and the link is then looked at when a frame
// fails.
int open_change_monitor() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK;
  if (fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

}  // namespace

TapWire::TapWire(const std::string& name, unsigned queues) : name_(name), buffer_(kBufferBytes) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    throw std::runtime_error(
        fmt::format("tap device '{}': a name of {} bytes; 1 to {} are allowed", name, name.size(), IFNAMSIZ - 1));
  }
  open_queues(name, std::clamp(queues, 1u, kMostQueues));
  changes_ = open_change_monitor();
  look_at_link();
}

// A device that was made without queues is opened as it is.
void TapWire::open_queues(const std::string& name, unsigned count) {
  constexpr short kFlags = IFF_TAP | IFF_NO_PI;
  int fd = open_queue(name, kFlags | IFF_MULTI_QUEUE);
  const bool several = fd >= 0;
  if (fd == -EINVAL) fd = open_queue(name, kFlags);
  if (fd < 0) throw std::runtime_error(fmt::format("tap device '{}': {}", name, std::strerror(-fd)));
  queues_.push_back({fd});
  while (several && queues_.size() < count && (fd = open_queue(name, kFlags | IFF_MULTI_QUEUE)) >= 0) {
    queues_.push_back({fd});
  }
}

TapWire::~TapWire() {
  close_all();
  if (changes_ >= 0) ::close(changes_);
}

void TapWire::close_all() {
  for (const Queue& queue : queues_) ::close(queue.fd);
  queues_.clear();
}

std::string TapWire::description() const {
  if (queues_.empty()) return fmt::format("tap {}, gone", name_);
  return fmt::format("tap {}, {} queue{}, {}", name_, queues_.size(), queues_.size() == 1 ? "" : "s",
                     link_up() ? "up" : "down");
}

// The kernel calls a queue writable while its device is up.
void TapWire::look_at_link() {
  if (queues_.empty()) return set_link(false);
  pollfd look{queues_[0].fd, POLLOUT, 0};
  if (::poll(&look, 1, 0) < 0) return;
  if (look.revents & POLLERR) close_all();  // the device has been deleted
  set_link(!queues_.empty() && (look.revents & POLLOUT) != 0);
}

void TapWire::transmit_from(unsigned queue, ConstBytes frame, Cycle) {
  if (!queues_.empty() && ::write(queues_[queue % queues_.size()].fd, frame.data, frame.size) >= 0) return;
  refuse();
  suspect_ = true;
}

void TapWire::prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds& timeout) {
  if (suspect_) timeout = std::chrono::nanoseconds(0);
  const short input = has_room() ? POLLIN : 0;  // otherwise the frames wait in the kernel's queues
  for (const Queue& queue : queues_) polls.push_back({queue.fd, input, 0});
  if (!queues_.empty() && !link_up()) polls.back().events |= POLLOUT;
  polls.push_back({changes_, POLLIN, 0});
}

void TapWire::polled(const pollfd* polls, std::size_t count) {
  if (count != queues_.size() + 1) return;
  bool readable = false, changed = std::exchange(suspect_, false) || polls[count - 1].revents != 0;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    queues_[i].readable = (polls[i].revents & POLLIN) != 0;
    readable |= queues_[i].readable;
    changed |= (polls[i].revents & ~POLLIN) != 0;
  }
  if (readable) read_frames();
  if (!changed) return;
  while (changes_ >= 0 && ::recv(changes_, buffer_.data(), buffer_.size(), 0) > 0) continue;  // only that there was one
  look_at_link();
}

// One frame of each queue in turn, so that a busy one does not keep the others waiting.
void TapWire::read_frames() {
  unsigned idle = 0;  // queues in a row that had nothing
  for (unsigned frames = 0; frames < kFramesAtATime && has_room() && idle < queues_.size();) {
    Queue& queue = queues_[next_++ % queues_.size()];
    queue.readable = queue.readable && read_frame(queue);
    idle = queue.readable ? 0 : idle + 1;
    frames += queue.readable;
  }
  next_ %= queues_.size();
}

bool TapWire::read_frame(Queue& queue) {
  const ssize_t size = ::read(queue.fd, buffer_.data(), buffer_.size());
  if (size <= 0) return false;
  ++queue.received;
  receive({buffer_.data(), static_cast<std::size_t>(size)});
  return true;
}

}  // namespace rssnic
