// Both forms take their key windows from the same function; they differ only in when. Input sizes are the caller's
// promise (see the header), so no read leaves the key.
#include "model/steering/toeplitz.h"

namespace rssnic {
namespace {

// The window of the key that begins at bit `bit` (0 to 7) of byte `byte`; the key has four bytes more than any input.
std::uint32_t key_window(const HashKey& key, std::size_t byte, unsigned bit) {
  const std::uint64_t five_bytes = static_cast<std::uint64_t>(load_be32(&key[byte])) << 8 | key[byte + 4];
  return static_cast<std::uint32_t>(five_bytes >> (8 - bit));
}

}  // namespace

static_assert(kHashKeyBytes >= kMaxHashInputBytes + 4);

std::uint32_t toeplitz(const HashKey& key, ConstBytes input) {
  std::uint32_t hash = 0;
  for (std::size_t byte = 0; byte < input.size; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      if ((input.data[byte] & 0x80u >> bit) != 0) hash ^= key_window(key, byte, bit);
    }
  }
  return hash;
}

// The hash is linear: a value's share is its highest bit's window and the share of the value without that bit.
ToeplitzTable::ToeplitzTable(const HashKey& key) {
  for (std::size_t byte = 0; byte < by_byte_.size(); ++byte) {
    std::array<std::uint32_t, 256>& shares = by_byte_[byte];
    shares[0] = 0;
    for (unsigned highest = 1, bit = 7; highest < 256; highest *= 2, --bit) {
      const std::uint32_t window = key_window(key, byte, bit);
      for (unsigned rest = 0; rest < highest; ++rest) shares[highest + rest] = window ^ shares[rest];
    }
  }
}

std::uint32_t ToeplitzTable::hash(ConstBytes input) const {
  std::uint32_t hash = 0;
  for (std::size_t byte = 0; byte < input.size; ++byte) hash ^= by_byte_[byte][input.data[byte]];
  return hash;
}

}  // namespace rssnic
