#include "tb/wire/user_wire.h"

#include <arpa/inet.h>
#include <slirp/libslirp.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace rssnic {
namespace {

constexpr std::size_t kLongestFrame = 65535;  // that libslirp takes

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// poll()'s bits and libslirp's.
constexpr std::pair<int, short> kEvents[] = {{SLIRP_POLL_IN, POLLIN},
                                             {SLIRP_POLL_OUT, POLLOUT},
                                             {SLIRP_POLL_PRI, POLLPRI},
                                             {SLIRP_POLL_ERR, POLLERR},
                                             {SLIRP_POLL_HUP, POLLHUP}};

struct Polls {  // what polled() was given
  const pollfd* data;
  std::size_t size;
};

}  // namespace

struct UserWire::Callbacks {
  static UserWire& wire(void* opaque) { return *static_cast<UserWire*>(opaque); }

  static ssize_t send_packet(const void* bytes, std::size_t size, void* opaque) {
    wire(opaque).receive({static_cast<const std::uint8_t*>(bytes), size});
    return static_cast<ssize_t>(size);
  }
  static void guest_error(const char*, void*) {}  // a frame that makes no sense is dropped; that is all
  static std::int64_t clock(void*) { return now_ns(); }
  static void* timer_new(SlirpTimerCb call, void* argument, void* opaque) {
    return &wire(opaque).timers_.emplace_back(Timer{call, argument, -1});
  }
  static void timer_free(void* timer, void* opaque) {
    wire(opaque).timers_.remove_if([timer](const Timer& each) { return &each == timer; });
  }
  static void timer_set(void* timer, std::int64_t due_ms, void*) { static_cast<Timer*>(timer)->due_ms = due_ms; }
  // Every descriptor is named before each poll, so there is nothing to note or to wake.
  static void descriptor(int, void*) {}
  static void notify(void*) {}

  static int add_poll(int fd, int events, void* opaque) {
    auto& polls = *static_cast<std::vector<pollfd>*>(opaque);
    pollfd poll{fd, 0, 0};
    for (const auto& [theirs, ours] : kEvents) {
      // POLLERR and POLLHUP are reported in any case.
      if ((events & theirs) && theirs != SLIRP_POLL_ERR && theirs != SLIRP_POLL_HUP) poll.events |= ours;
    }
    polls.push_back(poll);
    return static_cast<int>(polls.size()) - 1;
  }
};

UserWire::UserWire() {
  std::signal(SIGPIPE, SIG_IGN);  // libslirp writes to sockets whose other end has gone, and looks at the error
  static const SlirpCb kCallbacks = [] {
    SlirpCb callbacks{};
    callbacks.send_packet = Callbacks::send_packet;
    callbacks.guest_error = Callbacks::guest_error;
    callbacks.clock_get_ns = Callbacks::clock;
    callbacks.timer_new = Callbacks::timer_new;
    callbacks.timer_free = Callbacks::timer_free;
    callbacks.timer_mod = Callbacks::timer_set;
    callbacks.register_poll_fd = Callbacks::descriptor;
    callbacks.unregister_poll_fd = Callbacks::descriptor;
    callbacks.notify = Callbacks::notify;
    return callbacks;
  }();
  SlirpConfig config{};
  config.version = 1;
  config.in_enabled = true;
  inet_pton(AF_INET, "10.0.2.0", &config.vnetwork);
  inet_pton(AF_INET, "255.255.255.0", &config.vnetmask);
  inet_pton(AF_INET, "10.0.2.2", &config.vhost);
  inet_pton(AF_INET, "10.0.2.15", &config.vdhcp_start);
  inet_pton(AF_INET, "10.0.2.3", &config.vnameserver);
  config.in6_enabled = true;
  inet_pton(AF_INET6, "fec0::", &config.vprefix_addr6);
  config.vprefix_len = 64;
  inet_pton(AF_INET6, "fec0::2", &config.vhost6);
  inet_pton(AF_INET6, "fec0::3", &config.vnameserver6);
  slirp_ = slirp_new(&config, &kCallbacks, this);
  if (slirp_ == nullptr) throw std::runtime_error("the user-mode network (libslirp) does not start");
}

UserWire::~UserWire() { slirp_cleanup(slirp_); }

void UserWire::transmit(ConstBytes frame, Cycle) {
  if (frame.size <= kLongestFrame) slirp_input(slirp_, frame.data, static_cast<int>(frame.size));
}

// libslirp is given the positions in the owner's list; polled() sees its own part of it.
void UserWire::prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds& timeout) {
  own_polls_.clear();
  std::uint32_t timeout_ms = ~std::uint32_t{0};
  slirp_pollfds_fill(slirp_, &timeout_ms, Callbacks::add_poll, &own_polls_);
  polls.insert(polls.end(), own_polls_.begin(), own_polls_.end());
  if (timeout_ms != ~std::uint32_t{0}) {
    timeout = std::min<std::chrono::nanoseconds>(timeout, std::chrono::milliseconds(timeout_ms));
  }
  for (const Timer& timer : timers_) {
    if (timer.due_ms < 0) continue;
    const auto left = std::chrono::nanoseconds(std::max<std::int64_t>(timer.due_ms * 1'000'000 - now_ns(), 0));
    timeout = std::min(timeout, left);
  }
}

void UserWire::polled(const pollfd* polls, std::size_t count) {
  Polls found{polls, count};
  slirp_pollfds_poll(
      slirp_, 0,
      [](int index, void* opaque) {
        const Polls& all = *static_cast<Polls*>(opaque);
        if (index < 0 || static_cast<std::size_t>(index) >= all.size) return 0;
        int events = 0;
        for (const auto& [theirs, ours] : kEvents) {
          if (all.data[index].revents & ours) events |= theirs;
        }
        return events;
      },
      &found);
  for (Timer& timer : timers_) {
    if (timer.due_ms < 0 || timer.due_ms * 1'000'000 > now_ns()) continue;
    timer.due_ms = -1;
    timer.call(timer.argument);
  }
}

}  // namespace rssnic
