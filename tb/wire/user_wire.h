// A network in user space (libslirp), as QEMU's -netdev user: the guest reaches the world through the sockets of this
// process, without any rights. Network 10.0.2.0/24 with DHCP (10.0.2.15), gateway 10.0.2.2, name server 10.0.2.3, and
// fec0::/64 likewise. Nothing from outside reaches the guest by itself.
#pragma once
#include <list>

#include "tb/wire/live_wire.h"

struct Slirp;

namespace rssnic {

class UserWire final : public LiveWire {
 public:
  UserWire();  // throws std::runtime_error
  ~UserWire() override;
  UserWire(const UserWire&) = delete;
  UserWire& operator=(const UserWire&) = delete;

  void transmit(ConstBytes frame, Cycle when) override;
  void prepare(std::vector<pollfd>& polls, std::chrono::nanoseconds& timeout) override;
  void polled(const pollfd* polls, std::size_t count) override;
  std::string description() const override { return "user-mode network"; }

 private:
  struct Callbacks;  // what libslirp calls
  struct Timer {
    void (*call)(void*);
    void* argument;
    std::int64_t due_ms;  // -1: not set
  };

  std::list<Timer> timers_;
  std::vector<pollfd> own_polls_;
  Slirp* slirp_ = nullptr;
};

}  // namespace rssnic
