// Capture files made byte by byte, for tests: nothing here uses libpcap, so damage of every kind can be written.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rssnic {

enum class Endian { little, big };

// Bytes with numbers in either byte order.
class ByteWriter {
 public:
  explicit ByteWriter(Endian endian = Endian::little) : endian_(endian) {}
  void set_endian(Endian endian) { endian_ = endian; }
  ByteWriter& number(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t place = endian_ == Endian::little ? i : size - 1 - i;
      bytes_.push_back(static_cast<char>(value >> (8 * place)));
    }
    return *this;
  }
  ByteWriter& u16(std::uint64_t value) { return number(value, 2); }
  ByteWriter& u32(std::uint64_t value) { return number(value, 4); }
  ByteWriter& raw(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }
  void cut(std::size_t bytes) { bytes_.resize(bytes_.size() - bytes); }

 protected:
  std::string bytes_;

 private:
  Endian endian_;
};

class PcapBytes : public ByteWriter {
 public:
  static constexpr std::uint32_t kMicro = 0xa1b2c3d4;
  static constexpr std::uint32_t kNano = 0xa1b23c4d;
  explicit PcapBytes(Endian endian = Endian::little, std::uint32_t magic = kMicro, std::uint32_t link_type = 1,
                     std::uint32_t snaplen = 65535)
      : ByteWriter(endian) {
    u32(magic).u16(2).u16(4).u32(0).u32(0).u32(snaplen).u32(link_type);
  }
  PcapBytes& record(const std::string& frame, std::uint32_t seconds = 0, std::uint32_t fraction = 0) {
    u32(seconds).u32(fraction).u32(frame.size()).u32(frame.size()).raw(frame);
    return *this;
  }
};

class PcapngBytes : public ByteWriter {
 public:
  explicit PcapngBytes(Endian endian = Endian::little) : ByteWriter(endian) { section(endian); }
  PcapngBytes& section(Endian endian) {
    set_endian(endian);
    ByteWriter body(endian);
    body.u32(0x1a2b3c4d).u16(1).u16(0).number(~std::uint64_t{0}, 8);
    return block(0x0a0d0d0a, body.bytes(), endian);
  }
  // tsresol: digits of a second's fraction; 6 is the default of the format and written as no option.
  PcapngBytes& interface(Endian endian, std::uint16_t link_type, std::uint32_t snaplen, unsigned tsresol = 6) {
    ByteWriter body(endian);
    body.u16(link_type).u16(0).u32(snaplen);
    if (tsresol != 6) body.u16(9).u16(1).number(tsresol, 1).raw(std::string(3, '\0')).u32(0);
    return block(1, body.bytes(), endian);
  }
  PcapngBytes& enhanced(Endian endian, std::uint32_t interface, const std::string& frame, std::uint64_t time = 0) {
    ByteWriter body(endian);
    body.u32(interface).u32(time >> 32).u32(time & 0xffffffff).u32(frame.size()).u32(frame.size());
    return block(6, body.raw(padded(frame)).bytes(), endian);
  }
  PcapngBytes& obsolete(Endian endian, std::uint16_t interface, const std::string& frame) {
    ByteWriter body(endian);
    body.u16(interface).u16(0).u32(0).u32(0).u32(frame.size()).u32(frame.size());
    return block(2, body.raw(padded(frame)).bytes(), endian);
  }
  // `frame` is what was captured of a packet of `length` bytes.
  PcapngBytes& simple(Endian endian, const std::string& frame, std::size_t length) {
    ByteWriter body(endian);
    return block(3, body.u32(length).raw(padded(frame)).bytes(), endian);
  }
  PcapngBytes& block(std::uint32_t type, const std::string& body, Endian endian) {
    ByteWriter whole(endian);
    whole.u32(type).u32(body.size() + 12).raw(body).u32(body.size() + 12);
    bytes_ += whole.bytes();
    return *this;
  }

 private:
  static std::string padded(std::string frame) {
    frame.resize((frame.size() + 3) / 4 * 4, '\0');
    return frame;
  }
};

// A frame of `size` bytes, each `fill`.
inline std::string frame_of(std::size_t size, char fill = 'x') { return std::string(size, fill); }

// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rssnic-wire-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rssnic
