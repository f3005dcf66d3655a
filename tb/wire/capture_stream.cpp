#include "tb/wire/capture_stream.h"

#include <sys/types.h>

#include <algorithm>
#include <cstring>

#include "model/bytes.h"

namespace rssnic {
namespace {

// pcapng (draft-ietf-opsawg-pcapng), section 4: block types and the byte-order magic.
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;  // reads the same in both byte orders
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kPacket = 2;  // obsolete
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::size_t kBlockHeader = 8;     // type, total length
constexpr std::size_t kBlockOverhead = 12;  // and the total length again at the end
constexpr std::uint16_t kLinkTypeEthernet = 1;

// Classic pcap: magic numbers of micro- and nanosecond files and of the variant with longer record headers.
constexpr std::uint32_t kPcapMagics[] = {0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34};
constexpr std::size_t kPcapHeader = 24;
constexpr std::size_t kPcapSnaplen = 16;

bool is_pcap_magic(std::uint32_t magic) {
  return std::find(std::begin(kPcapMagics), std::end(kPcapMagics), magic) != std::end(kPcapMagics);
}

}  // namespace

CaptureStream::~CaptureStream() {
  if (file_ != nullptr) std::fclose(file_);
}

bool CaptureStream::open_file(const std::string& path) {
  file_ = std::fopen(path.c_str(), "rbe");
  return file_ != nullptr;
}

std::FILE* CaptureStream::open() {
  order_changes_ = false;
  cookie_io_functions_t functions{};
  functions.read = [](void* self, char* into, std::size_t size) noexcept -> ssize_t {
    auto& stream = *static_cast<CaptureStream*>(self);
    std::size_t got = 0;
    while (const std::size_t part = stream.read(into + got, size - got)) got += part;
    return got == 0 && std::ferror(stream.file_) != 0 ? -1 : static_cast<ssize_t>(got);
  };
  return fopencookie(this, "rb", functions);
}

bool CaptureStream::take_packet() {
  if (packets_.empty()) return true;  // libpcap took a block for a packet that this stream did not: let it be seen
  const bool ethernet = packets_.front();
  packets_.pop_front();
  return ethernet;
}

std::size_t CaptureStream::read(char* into, std::size_t size) {
  if (order_changes_) return 0;
  if (head_at_ == head_size_ && body_left_ == 0) {
    head_at_ = head_size_ = 0;
    format_ == Format::unknown ? begin_file() : begin_block();
    if (order_changes_) return 0;
  }
  if (head_at_ < head_size_) {
    const std::size_t part = std::min(size, head_size_ - head_at_);
    std::memcpy(into, head_.data() + head_at_, part);
    head_at_ += part;
    return part;
  }
  const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(size, body_left_));
  const std::size_t got = std::fread(into, 1, part, file_);
  body_left_ -= got;
  return got;
}

// Reads on until the head holds `size` bytes; false at the end of the file.
bool CaptureStream::extend_head(std::size_t size) {
  head_size_ += std::fread(head_.data() + head_size_, 1, size - head_size_, file_);
  return head_size_ == size;
}

void CaptureStream::begin_file() {
  format_ = Format::other;
  if (extend_head(4)) {
    const std::uint32_t magic = load_be32(head_.data());
    if (magic == kSectionHeader) {
      format_ = Format::pcapng;
      return begin_block();
    }
    const bool little_endian = is_pcap_magic(load_le32(head_.data()));
    if ((little_endian || is_pcap_magic(magic)) && extend_head(kPcapHeader)) {
      std::fill_n(head_.begin() + kPcapSnaplen, 4, std::uint8_t{0});
    }
  }
  pass_the_rest();
}

// One pcapng block: reads as much of it as has to be understood or changed. What does not make sense is passed on.
void CaptureStream::begin_block() {
  if (!extend_head(kBlockHeader)) return;
  if (load_be32(head_.data()) == kSectionHeader) {
    if (!extend_head(kBlockHeader + 4)) return;
    const bool big_endian = load_be32(head_.data() + kBlockHeader) == kByteOrderMagic;
    if (!big_endian && load_le32(head_.data() + kBlockHeader) != kByteOrderMagic) return pass_the_rest();
    order_changes_ = in_section_ && big_endian != big_endian_;
    in_section_ = true;
    big_endian_ = big_endian;
    interfaces_.clear();
  }
  const std::uint32_t type = load32(0);
  const std::uint32_t length = load32(4);
  std::size_t needed = head_size_;  // for the fields of this block type
  if (type == kInterfaceDescription) needed = kBlockHeader + 8;
  if (type == kSimplePacket) needed = kBlockHeader + 4;
  if (type == kPacket || type == kEnhancedPacket) needed = kBlockHeader + 16;
  if (length % 4 != 0 || length < needed + 4 || length < kBlockOverhead) return pass_the_rest();
  if (!extend_head(needed)) return;
  body_left_ = length - needed;

  if (type == kInterfaceDescription) {
    // link type (2), reserved (2), snapshot length (4)
    interfaces_.push_back({load16(8) == kLinkTypeEthernet, load32(12)});
    store16(8, kLinkTypeEthernet);
    store32(12, 0);
  } else if (type == kPacket || type == kEnhancedPacket) {
    // interface (4; in the obsolete block 2, then drops), time stamp (8), captured length (4)
    const std::uint32_t interface = type == kPacket ? load16(8) : load32(8);
    packets_.push_back(interface >= interfaces_.size() || interfaces_[interface].ethernet);
    if (!packets_.back()) store32(20, 0);
  } else if (type == kSimplePacket) {
    // original length (4) of a packet of the first interface, cut to its snapshot length
    packets_.push_back(interfaces_.empty() || interfaces_[0].ethernet);
    const std::uint32_t snaplen = interfaces_.empty() ? 0 : interfaces_[0].snaplen;
    if (!packets_.back()) store32(8, 0);
    if (snaplen != 0) store32(8, std::min(load32(8), snaplen));
  }
}

std::uint16_t CaptureStream::load16(std::size_t offset) const {
  return big_endian_ ? load_be16(head_.data() + offset) : load_le16(head_.data() + offset);
}

std::uint32_t CaptureStream::load32(std::size_t offset) const {
  return big_endian_ ? load_be32(head_.data() + offset) : load_le32(head_.data() + offset);
}

void CaptureStream::store16(std::size_t offset, std::uint16_t value) {
  store_le16(head_.data() + offset, value);
  if (big_endian_) std::reverse(head_.begin() + offset, head_.begin() + offset + 2);
}

void CaptureStream::store32(std::size_t offset, std::uint32_t value) {
  store_le32(head_.data() + offset, value);
  if (big_endian_) std::reverse(head_.begin() + offset, head_.begin() + offset + 4);
}

}  // namespace rssnic
