// The Toeplitz hash against published vectors and against its own definition.
#include "model/steering/toeplitz.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tb/unit/microsoft_vectors.h"

namespace rssnic::test {
namespace {

using ByteVector = std::vector<std::uint8_t>;

void append_address(ByteVector& to, const char* text) {
  std::uint8_t address[16];
  std::size_t size = 4;
  if (inet_pton(AF_INET, text, address) != 1) {
    size = 16;
    ASSERT_EQ(inet_pton(AF_INET6, text, address), 1) << text;
  }
  to.insert(to.end(), address, address + size);
}

void append_port(ByteVector& to, std::uint16_t port) {
  to.push_back(static_cast<std::uint8_t>(port >> 8));
  to.push_back(static_cast<std::uint8_t>(port));
}

ConstBytes view(const ByteVector& bytes) { return {bytes.data(), bytes.size()}; }

ByteVector random_bytes(std::mt19937& random, std::size_t size) {
  ByteVector bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}
HashKey random_key(std::mt19937& random) {
  HashKey key;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
  return key;
}

TEST(Toeplitz, GivesMicrosoftsPublishedValues) {
  const ToeplitzTable table(kMicrosoftKey);
  for (const MicrosoftVector& vector : kMicrosoftVectors) {
    SCOPED_TRACE(vector.source);
    ByteVector input;
    append_address(input, vector.source);
    append_address(input, vector.destination);
    EXPECT_EQ(toeplitz(kMicrosoftKey, view(input)), vector.addresses_hash);
    EXPECT_EQ(table.hash(view(input)), vector.addresses_hash);
    append_port(input, vector.source_port);
    append_port(input, vector.destination_port);
    EXPECT_EQ(toeplitz(kMicrosoftKey, view(input)), vector.ports_hash);
    EXPECT_EQ(table.hash(view(input)), vector.ports_hash);
  }
}

TEST(Toeplitz, NothingHashesToZero) {
  EXPECT_EQ(toeplitz(kMicrosoftKey, {}), 0u);
  EXPECT_EQ(ToeplitzTable(kMicrosoftKey).hash({}), 0u);
}

TEST(Toeplitz, EachInputBitSelectsTheKeyWindowAtItsNumber) {
  const auto key_bit = [](std::size_t bit) { return kMicrosoftKey[bit / 8] >> (7 - bit % 8) & 1u; };
  for (std::size_t bit = 0; bit < kMaxHashInputBytes * 8; ++bit) {
    SCOPED_TRACE(bit);
    std::uint32_t window = 0;
    for (std::size_t i = 0; i < 32; ++i) window = window << 1 | key_bit(bit + i);
    ByteVector input(kMaxHashInputBytes);
    input[bit / 8] = static_cast<std::uint8_t>(0x80u >> bit % 8);
    EXPECT_EQ(toeplitz(kMicrosoftKey, view(input)), window);
  }
}

TEST(Toeplitz, TableEqualsTheFunctionForRandomKeysAndInputs) {
  constexpr std::uint32_t kSeed = 11;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int keys = 0; keys < 20; ++keys) {
    const HashKey key = random_key(random);
    const ToeplitzTable table(key);
    for (std::size_t size = 0; size <= kMaxHashInputBytes; ++size) {
      for (int inputs = 0; inputs < 20; ++inputs) {
        const ByteVector input = random_bytes(random, size);
        ASSERT_EQ(table.hash(view(input)), toeplitz(key, view(input)));
      }
    }
  }
}

}  // namespace
}  // namespace rssnic::test
