// The tap wire with real devices, each test in a process and a network namespace of its own. That takes /dev/net/tun
// and either root or user namespaces; where they are missing the tests are skipped with the reason, unless
// RSSNIC_REQUIRE_TAP is set.
#include "tb/wire/tap_wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <set>

namespace rssnic {
namespace {

using FrameBytes = std::vector<std::uint8_t>;

constexpr const char* kName = "rssnic0";
constexpr std::uint32_t kHost = 0x0a090001, kCard = 0x0a090002;  // 10.9.0.1, 10.9.0.2
constexpr std::uint16_t kHostPort = 7000;
constexpr std::uint8_t kCardMac[6] = {0x52, 0x54, 0, 1, 2, 3};

// Why no device can be made here; empty when one can. Moves this process into namespaces of its own.
std::string enter_namespace() {
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) return std::string("/dev/net/tun: ") + std::strerror(errno);
  if (::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0) return {};
  return std::string("no network namespace (needs root or user namespaces): ") + std::strerror(errno);
}

// Runs `body` in a process of its own. Its failures are printed there and are one of the test here.
void with_devices(const std::function<void()>& body) {
  constexpr int kImpossible = 77;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string reason = enter_namespace();
    if (!reason.empty()) {
      if (::write(ends[1], reason.data(), reason.size()) < 0) ::_exit(1);
      ::_exit(kImpossible);
    }
    try {
      body();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    std::fflush(nullptr);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  ::close(ends[1]);
  char reason[256] = "";
  while (::read(ends[0], reason, sizeof reason - 1) < 0 && errno == EINTR) continue;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kImpossible) {
    if (std::getenv("RSSNIC_REQUIRE_TAP") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }
  EXPECT_EQ(status, 0);
}

class Socket {
 public:
  Socket(int family, int type, int protocol = 0) : fd_(::socket(family, type | SOCK_CLOEXEC, protocol)) {
    if (fd_ < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
  }
  ~Socket() { ::close(fd_); }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

sockaddr_in address(std::uint32_t host, std::uint16_t port = 0) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

template <typename Request>
void control(unsigned long code, Request& request) {
  const Socket socket(AF_INET, SOCK_DGRAM);
  if (::ioctl(socket.fd(), code, &request) != 0)
    throw std::runtime_error(std::string("ioctl: ") + std::strerror(errno));
}

ifreq request_of_device() {
  ifreq request{};
  std::strcpy(request.ifr_name, kName);
  return request;
}

void set_up(bool up) {
  ifreq request = request_of_device();
  request.ifr_flags = static_cast<short>(up ? IFF_UP | IFF_RUNNING : 0);
  control(SIOCSIFFLAGS, request);
}

void delete_device() {
  struct {
    nlmsghdr header{};
    ifinfomsg device{};
  } message;
  ifreq request = request_of_device();
  control(SIOCGIFINDEX, request);
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = RTM_DELLINK;
  message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  message.device.ifi_index = request.ifr_ifindex;
  const Socket socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  char answer[1024];
  ASSERT_EQ(::send(socket.fd(), &message, sizeof message, 0), static_cast<ssize_t>(sizeof message));
  ASSERT_GT(::recv(socket.fd(), answer, sizeof answer, 0), 0);
}

// The host has an address on the device and knows the card's.
void configure() {
  ifreq request = request_of_device();
  const sockaddr_in host = address(kHost), mask = address(0xffffff00);
  std::memcpy(&request.ifr_addr, &host, sizeof host);
  control(SIOCSIFADDR, request);
  std::memcpy(&request.ifr_netmask, &mask, sizeof mask);
  control(SIOCSIFNETMASK, request);
  set_up(true);
  arpreq neighbour{};
  const sockaddr_in card = address(kCard);
  std::memcpy(&neighbour.arp_pa, &card, sizeof card);
  std::memcpy(neighbour.arp_ha.sa_data, kCardMac, sizeof kCardMac);
  neighbour.arp_ha.sa_family = ARPHRD_ETHER;
  neighbour.arp_flags = ATF_PERM | ATF_COM;
  std::strcpy(neighbour.arp_dev, kName);
  control(SIOCSARP, neighbour);
}

// One turn of the owner's loop, in which poll() waits for so long.
void turn(TapWire& wire, int milliseconds = 0) {
  std::vector<pollfd> polls;
  std::chrono::nanoseconds timeout = std::chrono::milliseconds(milliseconds);
  wire.prepare(polls, timeout);
  ::poll(polls.data(), polls.size(), static_cast<int>(timeout.count() / 1'000'000));
  wire.polled(polls.data(), polls.size());
}

template <typename Condition>
bool turn_until(TapWire& wire, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition() && std::chrono::steady_clock::now() < end) turn(wire, 100);
  return condition();
}

// The destination port of a UDP datagram to the card; 0 for other frames.
std::uint16_t port_of(const WireFrame& frame) {
  const ConstBytes bytes = frame.bytes;
  const bool udp = bytes.size >= 42 && bytes.data[12] == 8 && bytes.data[13] == 0 && bytes.data[23] == 17;
  return udp ? static_cast<std::uint16_t>(bytes.data[36] << 8 | bytes.data[37]) : 0;
}

std::vector<std::uint16_t> take_ports(TapWire& wire) {
  std::vector<std::uint16_t> ports;
  for (; wire.front() != nullptr; wire.pop()) {
    if (const std::uint16_t port = port_of(*wire.front())) ports.push_back(port);
  }
  return ports;
}

// A datagram of the card at `port` to the host.
FrameBytes datagram(TapWire&, std::uint16_t port) {
  ifreq request = request_of_device();
  control(SIOCGIFHWADDR, request);
  FrameBytes frame(14 + 20 + 8 + 4);
  std::memcpy(&frame[0], request.ifr_hwaddr.sa_data, 6);
  std::memcpy(&frame[6], kCardMac, 6);
  frame[12] = 8;
  const auto put = [&frame](std::size_t at, std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) frame[at + i] = static_cast<std::uint8_t>(value >> 8 * (size - 1 - i));
  };
  put(14, 0x45, 1);
  put(16, static_cast<std::uint32_t>(frame.size() - 14), 2);
  put(22, 64, 1);
  put(23, 17, 1);
  put(26, kCard, 4);
  put(30, kHost, 4);
  std::uint32_t sum = 0;
  for (std::size_t at = 14; at < 34; at += 2) sum += static_cast<std::uint32_t>(frame[at] << 8 | frame[at + 1]);
  sum = (sum & 0xffff) + (sum >> 16);
  put(24, ~(sum + (sum >> 16)), 2);
  put(34, port, 2);
  put(36, kHostPort, 2);
  put(38, 12, 2);
  return frame;
}

// The host's end of the datagrams.
class HostSocket : public Socket {
 public:
  HostSocket() : Socket(AF_INET, SOCK_DGRAM) {
    const sockaddr_in own = address(kHost, kHostPort);
    if (::bind(fd(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) throw std::runtime_error("bind");
    const timeval patience{20, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  std::uint16_t receive() {  // the port that a datagram came from; 0: none came
    sockaddr_in from{};
    socklen_t size = sizeof from;
    char data[64];
    const ssize_t got = ::recvfrom(fd(), data, sizeof data, 0, reinterpret_cast<sockaddr*>(&from), &size);
    return got < 0 ? 0 : ntohs(from.sin_port);
  }
  void send(std::uint16_t port) {
    const sockaddr_in to = address(kCard, port);
    EXPECT_EQ(::sendto(fd(), "abcd", 4, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 4);
  }
};

void make_persistent_device(short flags) {
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  ifreq request = request_of_device();
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | flags);
  ASSERT_EQ(::ioctl(fd, TUNSETIFF, &request), 0);
  ASSERT_EQ(::ioctl(fd, TUNSETPERSIST, 1), 0);
  ::close(fd);
}

TEST(TapWireDevice, IsMadeWithTheQueuesAskedForUpToWhatTheKernelHas) {
  with_devices([] {
    EXPECT_EQ(TapWire(kName, 1).queues(), 1u);
    EXPECT_EQ(TapWire(kName, 4).queues(), 4u);
    const std::size_t most = TapWire(kName, 32767).queues();
    EXPECT_GE(most, 8u);
    EXPECT_LE(most, 256u);
  });
}

TEST(TapWireDevice, OneThatWasMadeWithoutQueuesIsOpenedAsItIs) {
  with_devices([] {
    make_persistent_device(0);
    TapWire wire(kName, 4);
    EXPECT_EQ(wire.queues(), 1u);
    EXPECT_EQ(wire.description(), "tap rssnic0, 1 queue, down");
    EXPECT_THROW(TapWire(kName, 4), std::runtime_error) << "busy";
  });
}

TEST(TapWireDevice, OneThatWasMadeWithQueuesGetsThem) {
  with_devices([] {
    make_persistent_device(IFF_MULTI_QUEUE);
    EXPECT_EQ(TapWire(kName, 1).queues(), 1u);
    TapWire wire(kName, 4);
    EXPECT_EQ(wire.queues(), 4u);
    EXPECT_EQ(wire.description(), "tap rssnic0, 4 queues, down");
  });
}

TEST(TapWireDevice, AnswersOfAFlowComeThroughTheQueueThatItLeftBy) {
  with_devices([] {
    TapWire wire(kName, 4);
    configure();
    HostSocket host;
    for (unsigned transmit_queue = 0; transmit_queue < 8; ++transmit_queue) {  // modulo 4
      SCOPED_TRACE(transmit_queue);
      const auto port = static_cast<std::uint16_t>(5000 + transmit_queue);
      const FrameBytes frame = datagram(wire, port);
      wire.transmit_from(transmit_queue, {frame.data(), frame.size()}, 0);
      ASSERT_EQ(host.receive(), port);
      turn(wire);
      take_ports(wire);
      std::vector<std::uint64_t> before;
      for (std::size_t queue = 0; queue < 4; ++queue) before.push_back(wire.received(queue));
      for (unsigned i = 0; i < 10; ++i) host.send(port);
      std::vector<std::uint16_t> ports;
      ASSERT_TRUE(turn_until(wire, [&] {
        for (const std::uint16_t each : take_ports(wire)) ports.push_back(each);
        return ports.size() >= 10;
      }));
      EXPECT_EQ(ports, std::vector<std::uint16_t>(10, port));
      EXPECT_GE(wire.received(transmit_queue % 4) - before[transmit_queue % 4], 10u);
    }
    EXPECT_EQ(wire.frames_refused(), 0u);
  });
}

TEST(TapWireDevice, ABusyQueueDoesNotKeepTheOthersWaiting) {
  with_devices([] {
    TapWire wire(kName, 4);
    configure();
    HostSocket host;
    for (std::uint16_t queue = 0; queue < 4; ++queue) {
      const auto port = static_cast<std::uint16_t>(5000 + queue);
      const FrameBytes frame = datagram(wire, port);
      wire.transmit_from(queue, {frame.data(), frame.size()}, 0);
      ASSERT_EQ(host.receive(), port);
    }
    ASSERT_TRUE(turn_until(wire, [] { return true; }));
    for (unsigned i = 0; i < 10; ++i) turn(wire);
    take_ports(wire);
    for (unsigned i = 0; i < 200; ++i) host.send(5000);
    for (const std::uint16_t port : {5001, 5002, 5003}) host.send(port);
    turn(wire);
    const std::vector<std::uint16_t> ports = take_ports(wire);
    ASSERT_GE(ports.size(), 8u);
    EXPECT_EQ(std::set<std::uint16_t>(ports.begin(), ports.begin() + 8).size(), 4u) << "one of each in turn";
    EXPECT_LT(ports.size(), 203u) << "and not all at once";
    std::size_t all = ports.size();
    EXPECT_TRUE(turn_until(wire, [&] { return (all += take_ports(wire).size()) >= 203; }));
  });
}

TEST(TapWireDevice, ADeviceThatIsDownHasNoLinkAndTakesNothing) {
  with_devices([] {
    TapWire wire(kName, 2);
    EXPECT_FALSE(wire.link_up()) << "as it was made";
    const FrameBytes frame(60, 1);
    for (unsigned queue = 0; queue < 3; ++queue) wire.transmit_from(queue, {frame.data(), frame.size()}, 0);
    EXPECT_EQ(wire.frames_refused(), 3u);
    configure();
    EXPECT_TRUE(turn_until(wire, [&] { return wire.link_up(); }));
    wire.transmit({frame.data(), frame.size()}, 0);
    EXPECT_EQ(wire.frames_refused(), 3u);
    set_up(false);
    EXPECT_TRUE(turn_until(wire, [&] { return !wire.link_up(); })) << "told, not found out by a frame that is lost";
    configure();  // going down has made the host forget the card
    EXPECT_TRUE(turn_until(wire, [&] { return wire.link_up(); }));
    HostSocket host;
    host.send(5000);
    bool came = false;
    EXPECT_TRUE(turn_until(wire, [&] { return came = came || !take_ports(wire).empty(); }));
  });
}

TEST(TapWireDevice, ADeviceThatIsDeletedIsALineWithoutAnEnd) {
  with_devices([] {
    TapWire wire(kName, 2);
    configure();
    ASSERT_TRUE(turn_until(wire, [&] { return wire.link_up(); }));
    delete_device();
    EXPECT_TRUE(turn_until(wire, [&] { return !wire.link_up() && wire.queues() == 0; }));
    const FrameBytes frame(60, 1);
    wire.transmit_from(1, {frame.data(), frame.size()}, 0);
    EXPECT_EQ(wire.frames_refused(), 1u);
    turn(wire);
    std::vector<pollfd> polls;
    std::chrono::nanoseconds timeout = std::chrono::hours(1);
    wire.prepare(polls, timeout);
    EXPECT_EQ(timeout, std::chrono::hours(1));
    EXPECT_EQ(::poll(polls.data(), polls.size(), 0), 0) << "the owner's loop can sleep";
    EXPECT_EQ(wire.description(), "tap rssnic0, gone");
  });
}

}  // namespace
}  // namespace rssnic
