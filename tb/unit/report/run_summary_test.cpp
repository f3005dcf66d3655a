// Counts, percentiles and rates of a run's summary, and the JSON that carries them.
#include "tb/report/run_summary.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rssnic::report {
namespace {

check::PacketRow delivered(std::uint64_t tag, std::uint16_t queue, std::size_t length, Cycle ingress, Cycle deliver) {
  check::PacketRow row;
  row.tag = tag;
  row.length = length;
  row.steered = true;
  row.report = 2;
  row.queue = queue;
  row.ingress = ingress;
  row.steer = ingress + 6;
  row.deliver = deliver;
  return row;
}

TEST(CycleHistogram, PercentilesAreExactForSmallValues) {
  CycleHistogram histogram;
  for (Cycle value = 1; value <= 1000; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(0.5), 500u);
  EXPECT_EQ(histogram.percentile(0.99), 990u);
  EXPECT_EQ(histogram.max(), 1000u);
}

TEST(CycleHistogram, LargeValuesAreKeptToATenthOfAPercent) {
  for (const Cycle value : {Cycle{2047}, Cycle{2048}, Cycle{2049}, Cycle{1'000'000}, Cycle{123'456'789'012}}) {
    CycleHistogram histogram;
    histogram.add(value);
    EXPECT_LE(histogram.percentile(0.5), value);
    EXPECT_GE(histogram.percentile(0.5), value - value / 1000);
    EXPECT_EQ(histogram.max(), value);
  }
}

TEST(CycleHistogram, AnEmptyOneSaysZero) { EXPECT_EQ(CycleHistogram().percentile(0.5), 0u); }

TEST(RunSummary, RatesCountFromTheFirstIngressToTheLastDelivery) {
  RunSummary summary;
  summary.clock_mhz = 100;
  summary.add(delivered(0, 0, 100, 1000, 1100));
  summary.add(delivered(1, 2, 300, 1002, 1099));
  EXPECT_EQ(summary.cycles(), 101u);
  EXPECT_DOUBLE_EQ(summary.packets_per_cycle(), 2.0 / 101);
  EXPECT_DOUBLE_EQ(summary.mpps(), 200.0 / 101);
  EXPECT_DOUBLE_EQ(summary.gbps(), 400 * 8 / 101.0 * 100 / 1000);
}

TEST(RunSummary, JsonNamesEveryQueueAndEveryDropReasonThatOccurred) {
  RunSummary summary;
  summary.queues = 4;
  summary.add(delivered(0, 2, 60, 10, 100));
  check::PacketRow dropped;
  dropped.dropped = DropReason::fifo;
  summary.add(dropped);
  const auto json = nlohmann::json::parse(to_json(summary));
  EXPECT_EQ(json["packets"], 2);
  EXPECT_EQ(json["delivered"], 1);
  EXPECT_EQ(json["dropped"], nlohmann::json({{"fifo", 1}}));
  ASSERT_EQ(json["queues"].size(), 4u);
  EXPECT_EQ(json["queues"][2], nlohmann::json({{"queue", 2}, {"packets", 1}, {"bytes", 60}}));
  EXPECT_EQ(json["reports"], nlohmann::json({{"tcpv4", 1}}));
  EXPECT_EQ(json["pipeline"]["latency_cycles"]["max"], 90);
}

TEST(RunSummary, ALostPacketIsNeitherDeliveredNorDropped) {
  RunSummary summary;
  summary.add(delivered(0, 2, 60, 10, 100));
  check::PacketRow lost;
  lost.lost = true;
  lost.ingress = 20;
  summary.add(lost);
  EXPECT_EQ(summary.packets(), 2u);
  EXPECT_EQ(summary.delivered(), 1u);
  EXPECT_EQ(summary.dropped_total(), 0u);
  EXPECT_EQ(summary.latency().max(), 90u);
}

TEST(RunSummary, WithoutStampsThePipelineIsNull) {
  RunSummary summary;
  summary.has_cycles = false;
  EXPECT_TRUE(nlohmann::json::parse(to_json(summary))["pipeline"].is_null());
}

TEST(RunSummary, AnEmptyRunHasZeroesEverywhere) {
  const auto json = nlohmann::json::parse(to_json(RunSummary()));
  EXPECT_EQ(json["packets"], 0);
  EXPECT_EQ(json["pipeline"]["cycles"], 0);
  EXPECT_EQ(json["pipeline"]["mpps"], 0.0);
}

}  // namespace
}  // namespace rssnic::report
