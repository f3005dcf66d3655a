// The form of the Toeplitz hash without block RAM in RTL against the checker's: every bit, random keys and tuples, key
// changes under traffic.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

#include "Vtoeplitz_karatsuba_hash.h"
#include "model/bytes.h"
#include "tb/check/oracle.h"
#include "tb/unit/rtl/rtl_context.h"

namespace rssnic::test {
namespace {

using Key = std::vector<std::uint8_t>;
using Tuple = std::array<std::uint8_t, 36>;

class KaratsubaBench {
 public:
  explicit KaratsubaBench(std::uint32_t seed) : random_(seed), model_(&context_) {
    model_.rst_ni = 0;
    clock();
    model_.rst_ni = 1;
    model_.load_i = 0xf;
  }
  ~KaratsubaBench() { context_.finish(model_); }

  Key random_key() {
    Key key(40);
    for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random_());
    return key;
  }

  // Gives the key's words as fast as they are taken while tuples come under `old_key`, then swaps.
  void change(const Key& old_key, const Key& key) {
    unsigned clocks = 0;
    for (std::size_t word = 0; word < 10; ++word) {
      model_.key_valid_i = 1;
      model_.key_word_i = load_be32(&key[4 * word]);
      while (!model_.key_ready_o) clock_with_tuple(old_key, ++clocks);
      clock_with_tuple(old_key, ++clocks);
    }
    model_.key_valid_i = 0;
    while (!model_.key_ready_o) clock_with_tuple(old_key, ++clocks);
    EXPECT_EQ(clocks, 10u * 33);
    model_.swap_i = 1;
    clock_with_tuple(key, 288);  // comes in with the swap: the new key already
    model_.swap_i = 0;
  }

  // One clock with a tuple, which has only this bit, or random ones; compares the hash that comes out with the one that was due.
  void clock_with_tuple(const Key& key, unsigned only_bit) {
    Tuple tuple{};
    if (only_bit < 288 && single_bits_) {
      tuple[only_bit / 8] = static_cast<std::uint8_t>(0x80 >> only_bit % 8);
    } else {
      for (std::uint8_t& byte : tuple) byte = static_cast<std::uint8_t>(random_());
    }
    for (std::size_t word = 0; word < 9; ++word) model_.tuple_i[8 - word] = load_be32(&tuple[4 * word]);
    due_.push_back(hash_of(key, tuple));
    clock();
    if (due_.size() < 4) return;
    if (compares_) {
      EXPECT_EQ(model_.hash_o, due_.front());
    }
    due_.pop_front();
  }

  void clock() {
    model_.clk_i = 0;
    model_.eval();
    model_.clk_i = 1;
    model_.eval();
  }
  void compare(bool on) { compares_ = on; }
  void single_bits(bool on) { single_bits_ = on; }
  Vtoeplitz_karatsuba_hash& model() { return model_; }

 private:
  static std::uint32_t hash_of(const Key& key, const Tuple& tuple) {
    check::OracleConfig config;
    config.key = key;
    return check::Oracle(config).toeplitz({tuple.data(), tuple.size()});
  }

  std::mt19937 random_;
  RtlContext context_;
  Vtoeplitz_karatsuba_hash model_;
  std::deque<std::uint32_t> due_;
  bool compares_ = false;
  bool single_bits_ = false;
};

TEST(ToeplitzKaratsubaHash, EveryTupleBitAddsItsWindowOfTheKey) {
  KaratsubaBench bench(51);
  for (unsigned round = 0; round < 4; ++round) {
    const Key key = bench.random_key();
    bench.compare(false);
    bench.change(key, key);
    for (unsigned fill = 0; fill < 4; ++fill) bench.clock_with_tuple(key, 288);
    bench.compare(true);
    bench.single_bits(true);
    for (unsigned bit = 0; bit < 288; ++bit) bench.clock_with_tuple(key, bit);
    bench.single_bits(false);
    for (unsigned tuples = 0; tuples < 500; ++tuples) bench.clock_with_tuple(key, 288);
  }
}

TEST(ToeplitzKaratsubaHash, TuplesKeepTheOldKeyUntilTheSwap) {
  constexpr std::uint32_t kSeed = 52;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  KaratsubaBench bench(kSeed);
  Key key = bench.random_key();
  bench.change(key, key);
  for (unsigned fill = 0; fill < 4; ++fill) bench.clock_with_tuple(key, 288);
  bench.compare(true);
  for (unsigned round = 0; round < 20; ++round) {
    const Key next = bench.random_key();
    bench.change(key, next);
    key = next;
    for (unsigned tuples = 0; tuples < 40; ++tuples) bench.clock_with_tuple(key, 288);
  }
}

TEST(ToeplitzKaratsubaHash, AKeyBegunAfterAResetIsWhole) {
  KaratsubaBench bench(53);
  auto& model = bench.model();
  model.key_valid_i = 1;
  model.key_word_i = 0x12345678;
  for (unsigned clocks = 0; clocks < 45; ++clocks) bench.clock();
  model.rst_ni = 0;
  bench.clock();
  model.rst_ni = 1;
  model.eval();
  EXPECT_TRUE(model.key_ready_o);
  const Key key = bench.random_key();
  bench.change(key, key);
  for (unsigned fill = 0; fill < 4; ++fill) bench.clock_with_tuple(key, 288);
  bench.compare(true);
  for (unsigned tuples = 0; tuples < 300; ++tuples) bench.clock_with_tuple(key, 288);
}

}  // namespace
}  // namespace rssnic::test
