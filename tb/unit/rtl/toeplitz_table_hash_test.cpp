// The table form of the Toeplitz hash in RTL against the checker's: keys, key changes under traffic, and their clocks.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <random>

#include "Vtoeplitz_table_hash.h"
#include "tb/check/oracle.h"
#include "tb/unit/rtl/rtl_context.h"

namespace rssnic::test {
namespace {

using Key = std::vector<std::uint8_t>;
using Tuple = std::array<std::uint8_t, 36>;
constexpr unsigned kWalkClocks = 36 * 256 + 1;

class TableHashBench {
 public:
  explicit TableHashBench(std::uint32_t seed) : random_(seed), model_(&context_) {
    model_.key_valid_i = 0;
    model_.rst_ni = 0;
    clock();
    model_.rst_ni = 1;
    model_.load_i = 0xf;
  }
  ~TableHashBench() { context_.finish(model_); }

  Vtoeplitz_table_hash& model() { return model_; }

  Key random_key() {
    Key key(40);
    for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random_());
    return key;
  }

  // Gives the key with the next clock's edge, which brings no tuple of its own to be compared; the key is in force when
  // bank_o has changed.
  void give(const Key& key) {
    for (std::size_t word = 0; word < 10; ++word) model_.key_i[9 - word] = load_be32(&key[4 * word]);
    model_.key_valid_i = 1;
    clock();
    model_.key_valid_i = 0;
    due_.clear();
  }

  // One clock with a random tuple; compares the hash that comes out with the key that was due for its tuple.
  void clock_with_tuple(const Key& key, int only_bit = -1) {
    Tuple tuple{};
    if (only_bit < 0) {
      for (std::uint8_t& byte : tuple) byte = static_cast<std::uint8_t>(random_());
    } else {
      tuple[static_cast<unsigned>(only_bit) / 8] = static_cast<std::uint8_t>(0x80 >> only_bit % 8);
    }
    for (std::size_t word = 0; word < 9; ++word) model_.tuple_i[8 - word] = load_be32(&tuple[4 * word]);
    model_.bank_i = model_.bank_o;
    check::OracleConfig config;
    if (judged_key_ != key) {
      config.key = key;
      judge_ = std::make_unique<check::Oracle>(config);
      judged_key_ = key;
    }
    due_.push_back(judge_->toeplitz({tuple.data(), tuple.size()}));
    clock();
    if (due_.size() < 4) return;
    EXPECT_EQ(model_.hash_o, due_.front());
    due_.pop_front();
  }

  // One clock in which no stage loads: whatever the tuple, nothing moves.
  void stall() {
    const std::uint32_t hash = model_.hash_o;
    for (std::size_t word = 0; word < 9; ++word) model_.tuple_i[word] = static_cast<std::uint32_t>(random_());
    model_.load_i = 0;
    clock();
    model_.load_i = 0xf;
    EXPECT_EQ(model_.hash_o, hash);
  }
  bool one_in(unsigned n) { return random_() % n == 0; }

  void clock() {
    model_.clk_i = 0;
    model_.eval();
    model_.clk_i = 1;
    model_.eval();
  }

 private:
  std::mt19937 random_;
  RtlContext context_;
  Vtoeplitz_table_hash model_;
  Key judged_key_;
  std::unique_ptr<check::Oracle> judge_;
  std::deque<std::uint32_t> due_;
};

TEST(ToeplitzTableHash, EveryKeyIsInForceAfter9217ClocksAndTheOldOneUntilThen) {
  constexpr std::uint32_t kSeed = 11;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  TableHashBench bench(kSeed);
  auto& model = bench.model();
  Key key = bench.random_key();
  bench.give(key);
  for (unsigned clocks = 0; clocks < kWalkClocks; ++clocks) bench.clock();
  for (unsigned round = 0; round < 8; ++round) {
    const Key next = bench.random_key();
    const unsigned bank = model.bank_o;
    ASSERT_TRUE(model.key_ready_o);
    // The walk rewrites what tuples of the bank before still read; these have left after four clocks.
    for (unsigned leave = 0; leave < 4; ++leave) bench.clock_with_tuple(key);
    bench.give(next);
    for (unsigned clocks = 0; clocks < kWalkClocks; ++clocks) {
      ASSERT_FALSE(model.key_ready_o);
      ASSERT_EQ(model.bank_o, bank);
      bench.clock_with_tuple(key);
    }
    ASSERT_NE(model.bank_o, bank);
    key = next;
    for (unsigned tuples = 0; tuples < 300; ++tuples) bench.clock_with_tuple(key);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(ToeplitzTableHash, EveryTupleBitAddsItsWindowOfTheKey) {
  TableHashBench bench(12);
  const Key key = bench.random_key();
  bench.give(key);
  for (unsigned clocks = 0; clocks < kWalkClocks; ++clocks) bench.clock();
  for (int bit = 0; bit < 288; ++bit) bench.clock_with_tuple(key, bit);
  for (unsigned tail = 0; tail < 4; ++tail) bench.clock_with_tuple(key);
}

TEST(ToeplitzTableHash, StagesThatAreNotLoadedKeepTheirTuples) {
  constexpr std::uint32_t kSeed = 14;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  TableHashBench bench(kSeed);
  const Key key = bench.random_key();
  bench.give(key);
  for (unsigned clocks = 0; clocks < kWalkClocks; ++clocks) bench.clock();
  for (unsigned tuples = 0; tuples < 1000; ++tuples) {
    while (bench.one_in(2)) bench.stall();
    bench.clock_with_tuple(key);
  }
}

TEST(ToeplitzTableHash, ResetDropsTheWalkAndTheNextKeyIsWhole) {
  TableHashBench bench(13);
  auto& model = bench.model();
  bench.give(bench.random_key());
  for (unsigned clocks = 0; clocks < 5000; ++clocks) bench.clock();
  model.rst_ni = 0;
  bench.clock();
  model.rst_ni = 1;
  EXPECT_TRUE(model.key_ready_o);
  EXPECT_EQ(model.bank_o, 0);
  const Key key = bench.random_key();
  bench.give(key);
  for (unsigned clocks = 0; clocks < kWalkClocks; ++clocks) bench.clock();
  EXPECT_EQ(model.bank_o, 1);
  for (unsigned tuples = 0; tuples < 1000; ++tuples) bench.clock_with_tuple(key);
}

}  // namespace
}  // namespace rssnic::test
