// Spans of bytes and access to little- and big-endian fields at any alignment. The spans own nothing and check
// nothing: whoever reads at an offset has compared it with the size first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rssnic {

struct Bytes {
  std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

struct ConstBytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  ConstBytes() = default;
  ConstBytes(const std::uint8_t* d, std::size_t n) : data(d), size(n) {}
  ConstBytes(Bytes b) : data(b.data), size(b.size) {}  // a view of writable bytes is a view
};

inline std::uint16_t load_be16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_be16(p)) << 16 | load_be16(p + 2);
}

inline std::uint16_t load_le16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] | p[1] << 8); }
inline std::uint32_t load_le32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_le16(p)) | static_cast<std::uint32_t>(load_le16(p + 2)) << 16;
}
inline std::uint64_t load_le64(const std::uint8_t* p) {
  return static_cast<std::uint64_t>(load_le32(p)) | static_cast<std::uint64_t>(load_le32(p + 4)) << 32;
}

// The low `size` bytes of a value, little-endian; size 1 to 8.
inline std::uint64_t load_le(const std::uint8_t* p, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | p[i];
  return value;
}
inline void store_le(std::uint8_t* p, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8) p[i] = static_cast<std::uint8_t>(value);
}
inline void store_le16(std::uint8_t* p, std::uint16_t value) { store_le(p, value, 2); }
inline void store_le32(std::uint8_t* p, std::uint32_t value) { store_le(p, value, 4); }
inline void store_le64(std::uint8_t* p, std::uint64_t value) { store_le(p, value, 8); }

}  // namespace rssnic
