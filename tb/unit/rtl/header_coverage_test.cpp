// Coverage of the headers that a frame can have, by the bins of coverage_table.h: frames steered into them, until each
// has been hit as often as the table asks, go through the Verilated receive steering and through the frame parser in
// each width. RTL, reference and oracle must agree on each of them; an empty bin fails, and so does a frame in a bin
// that cannot be. Prints its counts; RSSNIC_COVERAGE_CSV=FILE writes the counts of receive steering bin by bin,
// RSSNIC_COVERAGE_SEED=N takes another seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "model/steering/field_selection.h"
#include "model/steering/toeplitz.h"
#include "tb/unit/rtl/coverage_frames.h"
#include "tb/unit/rtl/parsers.h"
#include "tb/unit/rtl/steering_bench.h"

namespace rssnic::test::coverage {
namespace {

constexpr unsigned kAttemptsPerHit = 20000;  // a bin that is not met in so many is given up

std::uint32_t coverage_seed() {
  const char* seed = std::getenv("RSSNIC_COVERAGE_SEED");
  return seed ? static_cast<std::uint32_t>(std::strtoul(seed, nullptr, 10)) : 1;
}

const CoverageTable& coverage_table() {
  static const CoverageTable kTable(axis_table(), rule_table());
  return kTable;
}

bool within(const Wanted& wanted, const Point& point) {
  for (std::size_t axis = 0; axis < kAxes; ++axis) {
    if (wanted[axis] != kAny && wanted[axis] != point[axis]) return false;
  }
  return true;
}

// Frames for all bins that still need one and lie within `now`. complete(placed) fills in what it alone knows of a
// frame's point.
template <typename Complete>
std::vector<CoverageFrames::Placed> frames_for(CoverageBins& bins, CoverageFrames& frames, const Wanted& now,
                                               const Complete& complete) {
  std::vector<CoverageFrames::Placed> batch;
  for (const CoverageBins::Bin& bin : bins.unfilled(now)) {
    Wanted wanted = bins.wanted(bin);
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
      if (now[axis] != kAny) wanted[axis] = now[axis];
    }
    for (unsigned attempts = 0; attempts < kAttemptsPerHit && !bins.filled(bin); ++attempts) {
      auto placed = frames.attempt(wanted);
      if (!placed) continue;
      complete(*placed);
      if (!within(wanted, placed->point)) continue;
      const std::string broken = bins.count(placed->point);
      if (!broken.empty()) ADD_FAILURE() << broken << "\n  " << coverage_table().text(placed->point);
      batch.push_back(std::move(*placed));
      attempts = 0;
    }
    if (::testing::Test::HasFailure()) return batch;
  }
  return batch;
}

std::vector<SentFrame> sent(const std::vector<CoverageFrames::Placed>& batch) {
  std::vector<SentFrame> frames;
  frames.reserve(batch.size());
  for (const auto& placed : batch) frames.push_back(placed.frame);
  return frames;
}

void expect_filled(const CoverageBins& bins, const char* what) {
  std::cout << what << ", seed " << coverage_seed() << "\n" << bins;
  const auto empty = bins.unfilled(any_point());
  EXPECT_TRUE(empty.empty()) << empty.size() << " bins stayed empty";
  for (std::size_t n = 0; n < std::min<std::size_t>(empty.size(), 20); ++n) ADD_FAILURE() << bins.text(empty[n]);
}

// The reference's way: header walk, field selection, the model's own Toeplitz hash.
Steered reference_of(const RssConfig& config, const CoverageFrames::Placed& placed) {
  const HashInput input = select_hash_input(placed.parsed.fields, config.hash_types, config.ex_report_always);
  Steered steered;
  steered.over_budget = placed.parsed.over_budget;
  steered.report = static_cast<unsigned>(input.report);
  steered.queue = config.unclassified_queue;
  if (input.report == HashReport::none) return steered;
  steered.hash = toeplitz(config.key, input.view());
  steered.queue = config.table[steered.hash & (config.table.size() - 1)];
  return steered;
}

RssConfig config_of(unsigned types, bool ex_report_always, RandomFrames& random) {
  RssConfig config;
  config.hash_types = types < 9 ? 1u << types : types == 9 ? kAllHashTypes : 0;
  config.ex_report_always = ex_report_always;
  for (std::uint8_t& byte : config.key) byte = random.byte();
  config.table.resize(std::size_t{1} << random.below(10));
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(random.below(0x8000));
  config.unclassified_queue = static_cast<std::uint16_t>(random.below(0x8000));
  return config;
}

TEST(HeaderCoverage, ReceiveSteeringReferenceAndOracleAgreeInEveryBin) {
  SCOPED_TRACE(::testing::Message() << "seed " << coverage_seed());
  CoverageBins bins(coverage_table(), cross_table(), any_point());
  CoverageFrames frames(coverage_seed(), {});
  RandomFrames random(coverage_seed());
  for (unsigned types = 0; types < coverage_table().values(kTypes).size(); ++types) {
    for (const bool always : {false, true}) {
      const RssConfig config = config_of(types, always, random);
      SteeringBench bench(config, coverage_seed() + types);
      Wanted now = any_point();
      now[kTypes] = static_cast<int>(types);
      now[kExReport] = always;
      const auto batch = frames_for(bins, frames, now, [&](CoverageFrames::Placed& placed) {
        placed.point[kTypes] = static_cast<std::uint8_t>(types);
        placed.point[kExReport] = always;
        placed.point[kReport] = static_cast<std::uint8_t>(bench.due(placed.frame).report);
      });
      bench.check_frames(sent(batch), {random.below(3) * 25, random.below(3) * 25});
      for (const auto& placed : batch) {
        ASSERT_EQ(reference_of(config, placed), bench.due(placed.frame)) << coverage_table().text(placed.point);
      }
      if (HasFailure()) return;
    }
  }
  expect_filled(bins, "receive_steering");
  if (const char* file = std::getenv("RSSNIC_COVERAGE_CSV")) {
    std::ofstream out(file);
    bins.write_csv(out);
    EXPECT_TRUE(out.flush()) << "cannot write " << file;
  }
}

template <typename P>
class ParserCoverage : public ::testing::Test {};
using Parsers = ::testing::Types<Parser128, Parser256, Parser512, Parser1024, ParserLarge>;
TYPED_TEST_SUITE(ParserCoverage, Parsers);

// The parser knows no hash types: bins as with all of them. Where it has no start offset, the bins without one.
TYPED_TEST(ParserCoverage, ParserAndHeaderWalkAgreeInEveryBin) {
  SCOPED_TRACE(::testing::Message() << "seed " << coverage_seed());
  Wanted fixed = any_point();
  const auto all = static_cast<std::uint8_t>(coverage_table().values(kTypes).size() - 2);
  fixed[kTypes] = all;
  fixed[kExReport] = 0;
  if (!TypeParam::kStartOffset) fixed[kStart] = fixed[kStartPhase] = 0;
  CoverageBins bins(coverage_table(), cross_table(), fixed);
  CoverageFrames frames(coverage_seed() + TypeParam::kWidth, TypeParam::kBudget);
  const auto batch = frames_for(bins, frames, fixed, [&](CoverageFrames::Placed& placed) {
    placed.point[kTypes] = all;
    placed.point[kReport] =
        static_cast<std::uint8_t>(select_hash_input(placed.parsed.fields, kAllHashTypes, false).report);
  });
  ParserBench<TypeParam>(coverage_seed()).check(sent(batch), {frames.random(3) * 25, frames.random(3) * 25});
  expect_filled(bins, ("frame_parser of " + std::to_string(8 * TypeParam::kWidth) + " bits").c_str());
}

TEST(CoverageTable, NoRuleIsWithoutEffectOrReason) {
  const CoverageBins bins(coverage_table(), cross_table(), any_point());
  std::cout << "excluded  rule\n";
  for (std::size_t n = 0; n < bins.taken_out().size(); ++n) {
    const RuleRow& row = coverage_table().rules()[n].row;
    std::cout << std::setw(8) << bins.taken_out()[n] << "  " << row.combinations << ": " << row.reason << '\n';
    EXPECT_NE(std::string(row.reason), "");
    // One that says "never" may be there only for the frames, of axes that no cross has together.
    EXPECT_GT(bins.taken_out()[n] + (row.why == Why::never), 0u) << row.combinations;
  }
}

TEST(CoverageTable, ARowWithAnUnknownNameIsRefused) {
  for (const char* bad : {"linc=untagged", "link=untaged", "link", "=untagged", "link!untagged"}) {
    EXPECT_THROW(CoverageTable(axis_table(), {{Why::never, bad, ""}}), std::invalid_argument) << bad;
  }
}

TEST(CoverageTable, ABinIsFilledByItsOwnHitsAloneAndAFrameWhereNoneCanBeIsNamed) {
  const CoverageTable table(axis_table(), {{Why::never, "network=ipv4 fragment=atomic", "no such thing"},
                                           {Why::same, "network!=ipv4,ipv6", "not asked"}});
  CoverageBins bins(table, {{"small", {kNetwork, kFragment}, 2}}, any_point());
  EXPECT_EQ(bins.unfilled(any_point()).size(), 2u * 5 - 1);
  EXPECT_EQ(bins.taken_out(), (std::vector<std::size_t>{1, 4 * 5}));
  Point point{};
  EXPECT_EQ(bins.count(point), "");
  EXPECT_EQ(bins.unfilled(any_point()).size(), 9u);
  EXPECT_EQ(bins.count(point), "");
  EXPECT_EQ(bins.unfilled(any_point()).size(), 8u);
  point[kNetwork] = kBadIhl;
  EXPECT_EQ(bins.count(point), "");
  EXPECT_EQ(bins.unfilled(any_point()).size(), 8u);
  point[kNetwork] = kIpv4;
  point[kFragment] = kAtomic;
  EXPECT_NE(bins.count(point).find("no such thing"), std::string::npos);
  Wanted fixed = any_point();
  fixed[kFragment] = kLast;
  EXPECT_EQ(CoverageBins(table, {{"small", {kNetwork, kFragment}, 2}}, fixed).unfilled(any_point()).size(), 2u);
}

}  // namespace
}  // namespace rssnic::test::coverage
