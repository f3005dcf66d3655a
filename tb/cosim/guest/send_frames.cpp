// For the guest of scripts/cosim test: sends the frames of a capture out of an interface, as they are or with another
// destination address and a VLAN tag. With a wire that loops back, the card then receives them. One file, POSIX and
// Linux only, linked statically: the guest has no C++ library. Not part of rssnic.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr unsigned kLongest = 1518;  // with a VLAN tag

struct FileHeader {
  std::uint32_t magic, version, zone, accuracy, snap_length, link_type;
};
struct RecordHeader {
  std::uint32_t seconds, microseconds, captured, original;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int open_interface(const char* name) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);  // protocol 0: it sends only
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(name));
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) fail(name);
  return fd;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3 || count > 5) {
    std::fprintf(stderr, "usage: send_frames INTERFACE CAPTURE [DESTINATION [VLAN]]\n");
    return 2;
  }
  unsigned char destination[6];
  if (count > 3 && std::sscanf(arguments[3], "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &destination[0], &destination[1],
                               &destination[2], &destination[3], &destination[4], &destination[5]) != 6) {
    std::fprintf(stderr, "send_frames: '%s' is no address\n", arguments[3]);
    return 2;
  }
  std::FILE* const file = std::fopen(arguments[2], "rb");
  FileHeader header;
  if (file == nullptr) fail(arguments[2]);
  if (std::fread(&header, sizeof header, 1, file) != 1 || header.magic != 0xa1b2c3d4 || header.link_type != 1) {
    std::fprintf(stderr, "send_frames: %s is no little-endian Ethernet capture\n", arguments[2]);
    return 1;
  }
  const int fd = open_interface(arguments[1]);
  RecordHeader record;
  while (std::fread(&record, sizeof record, 1, file) == 1) {
    unsigned char frame[kLongest];
    std::size_t size = record.captured;
    if (size < ETH_HLEN || size > kLongest - 4 || std::fread(frame, 1, size, file) != size) {
      std::fprintf(stderr, "send_frames: a frame of %zu bytes, or the capture ends within it\n", size);
      return 1;
    }
    if (count > 3) std::memcpy(frame, destination, sizeof destination);
    if (count > 4) {
      const std::uint16_t tag[] = {htons(ETHERTYPE_VLAN), htons(static_cast<std::uint16_t>(std::atoi(arguments[4])))};
      std::memmove(frame + 16, frame + 12, size - 12);
      std::memcpy(frame + 12, tag, sizeof tag);
      size += sizeof tag;
    }
    if (send(fd, frame, size, 0) != static_cast<ssize_t>(size)) fail("send");
  }
  return 0;
}
