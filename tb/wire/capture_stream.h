// A capture file as a stdio stream that libpcap can read whole. libpcap keeps one link type, one snapshot length and
// one byte order a file: it cuts classic records to the header's snapshot length without a word, and refuses pcapng
// files whose interfaces or sections differ. This stream passes the file on with just those fields changed:
//  - snapshot lengths become 0, which libpcap reads as its own maximum (262144 for Ethernet);
//  - pcapng interfaces all claim Ethernet; packets of the others are passed on empty and marked (take_packet());
//  - the stream ends before a pcapng section of the other byte order; open() then gives the rest as a further stream.
// Everything else, damage included, goes through as it is: libpcap finds it and words the error. Memory is flat.
// The stream is read by one thread, and this object outlives it.
#pragma once
#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

namespace rssnic {

class CaptureStream {
 public:
  CaptureStream() = default;
  ~CaptureStream();
  CaptureStream(const CaptureStream&) = delete;
  CaptureStream& operator=(const CaptureStream&) = delete;

  // Opens the file; false with errno set when that fails.
  bool open_file(const std::string& path);
  // The stream to hand to libpcap, which closes it: from the start, or from where the last one ended. Null with errno.
  std::FILE* open();
  // True when the last stream ended before a section of the other byte order.
  bool has_more() const { return order_changes_; }
  // Whether the next packet in the order of the file came from an Ethernet interface; only for pcapng. Called once for
  // each packet that libpcap returns.
  bool take_packet();
  bool is_pcapng() const { return format_ == Format::pcapng; }

 private:
  enum class Format : std::uint8_t { unknown, pcapng, other };
  struct Interface {
    bool ethernet;
    std::uint32_t snaplen;
  };

  std::size_t read(char* into, std::size_t size);
  bool extend_head(std::size_t size);
  void begin_file();
  void begin_block();
  void pass_the_rest() { body_left_ = ~std::uint64_t{0}; }
  std::uint16_t load16(std::size_t offset) const;
  std::uint32_t load32(std::size_t offset) const;
  void store16(std::size_t offset, std::uint16_t value);
  void store32(std::size_t offset, std::uint32_t value);

  std::FILE* file_ = nullptr;
  Format format_ = Format::unknown;
  bool in_section_ = false;
  bool big_endian_ = false;              // the section's byte order
  bool order_changes_ = false;           // head_ holds the start of a section in the other order
  std::array<std::uint8_t, 32> head_{};  // the start of a block or file, changed where needed
  std::size_t head_size_ = 0;
  std::size_t head_at_ = 0;
  std::uint64_t body_left_ = 0;  // bytes to copy unchanged after the head
  std::vector<Interface> interfaces_;
  std::deque<bool> packets_;  // read ahead by stdio: Ethernet or not, in order
};

}  // namespace rssnic
