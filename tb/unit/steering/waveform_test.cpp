// The waveform of a traced engine, as fst2vcd reads it back: its time axis, its probes, its window; and that the traced
// engine is the same pipeline as the untraced one.
#include "model/steering/waveform.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tb/unit/steering/engine_driver.h"
#include "tb/unit/vcd.h"

namespace rssnic::test {
namespace {

constexpr std::uint64_t kPeriod = 4000;

class WaveformTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rssnic-wave-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.path = (folder_ / "run.fst").string();
    options_.period_ps = kPeriod;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void start() {
    traced_ = make_traced_rtl_engine(options_);
    engine().reset();
    engine().result_space(1000);
  }
  SteeringEngine& engine() { return *traced_.engine; }
  Waveform& wave() { return *traced_.waveform; }
  // The card's way to a cycle: the pipeline's edges before it are executed or, when it is idle, skipped.
  void go_to(Cycle cycle) {
    while (engine().edge() < cycle && !engine().idle()) engine().clock_until(cycle);
    if (engine().edge() < cycle) engine().skip_to(cycle);
  }
  Vcd close_and_read(const std::vector<std::string>& names) {
    wave().close();
    return read_fst(options_.path, names);
  }

  std::filesystem::path folder_;
  WaveformOptions options_;
  TracedEngine traced_;
  FrameOffers offers_;
};

TEST_F(WaveformTest, TheTracedPipelineActsAtTheSameCyclesAsTheUntraced) {
  constexpr std::uint32_t kSeed = 4711;
  SCOPED_TRACE(kSeed);
  RandomFrames random(kSeed);
  Traffic traffic;
  for (int i = 0; i < 300; ++i) traffic.frames.push_back(random.frame());
  traffic.configurations[100] = random_config(random);
  traffic.stalls = true;
  traffic.seed = kSeed;
  traced_ = make_traced_rtl_engine(options_);
  const Sent traced = send(engine(), traffic);
  const Sent plain = send(*make_rtl_engine(), traffic);
  ASSERT_TRUE(plain.finished);
  EXPECT_EQ(traced.order, plain.order);
  for (std::size_t i = 0; i < plain.journeys.size(); ++i) {
    EXPECT_EQ(traced.journeys[i].accepted_at, plain.journeys[i].accepted_at) << i;
    EXPECT_EQ(traced.journeys[i].result.decided, plain.journeys[i].result.decided) << i;
    EXPECT_EQ(decision_of(traced.journeys[i].result), decision_of(plain.journeys[i].result)) << i;
  }
}

TEST_F(WaveformTest, TheClockFallsAtTheBeginningOfACycleAndRisesInItsMiddle) {
  start();
  engine().stage(RssConfig{});
  go_to(20);
  const Vcd vcd = close_and_read({"clk_i"});
  EXPECT_EQ(vcd.timescale, "1ps");
  const auto& clock = vcd.at("clk_i").changes();
  ASSERT_GE(clock.size(), 30u);
  for (std::size_t i = 0; i < clock.size(); ++i) {
    EXPECT_EQ(clock[i].first, i / 2 * kPeriod + i % 2 * kPeriod / 2);
    EXPECT_EQ(clock[i].second, i % 2 == 0 ? "0" : "1");
  }
}

TEST_F(WaveformTest, TheClockStandsStillLowWhereThePipelineIsIdle) {
  start();
  go_to(1);
  go_to(1000);
  wave().on_doorbell(3);
  go_to(1001);
  const Vcd vcd = close_and_read({"clk_i"});
  const auto& clock = vcd.at("clk_i").changes();
  ASSERT_EQ(clock.size(), 3u);  // the reset edge of cycle 0 alone
  EXPECT_EQ(clock[2].first, kPeriod);
  EXPECT_EQ(clock[2].second, "0");
}

TEST_F(WaveformTest, AnEventStandsForItsCycleAndItsValuesStayUntilTheNextOne) {
  start();
  go_to(10);
  wave().on_request(true, {"payload", 4}, 0x123456789abc, 300);
  go_to(50);
  wave().on_request(false, {"desc", 6}, 0x1000, 64);
  go_to(60);
  const Vcd vcd = close_and_read(
      {"request_event", "request_purpose", "request_queue", "request_address", "request_bytes", "request_count"});
  const VcdSignal& event = vcd.at("request_event");
  EXPECT_EQ(event.text(10 * kPeriod - 1), "");
  EXPECT_EQ(event.text(10 * kPeriod), "MWr");
  EXPECT_EQ(event.text(11 * kPeriod - 1), "MWr");
  EXPECT_EQ(event.text(11 * kPeriod), "");
  EXPECT_EQ(event.text(50 * kPeriod), "MRd");
  EXPECT_EQ(vcd.at("request_purpose").text(50 * kPeriod - 1), "payload");
  EXPECT_EQ(vcd.at("request_queue").number(50 * kPeriod - 1), 4u);
  EXPECT_EQ(vcd.at("request_address").number(50 * kPeriod - 1), 0x123456789abcu);
  EXPECT_EQ(vcd.at("request_bytes").number(50 * kPeriod - 1), 300u);
  EXPECT_EQ(vcd.at("request_purpose").text(60 * kPeriod), "desc");
  EXPECT_EQ(vcd.at("request_count").number(60 * kPeriod), 2u);
}

TEST_F(WaveformTest, EveryKindOfEventHasItsProbe) {
  start();
  go_to(10);
  wave().on_write_visible({"used", 2}, 0x2000, 8);
  wave().on_completion({"desc", 3}, 0x3000, 16, true);
  wave().on_device_status(15, "DRIVER_OK");
  wave().on_fetch(1, 128);
  wave().on_fed(5, 7);
  wave().on_publish(6, 9);
  wave().on_published(7, 10);
  wave().on_vector(11);
  wave().on_intx(true);
  wave().on_command("RSS_CONFIG");
  wave().on_answer(false);
  wave().on_payload(12, 8, 1518);
  wave().on_deliver(13, 2);
  wave().on_drop(14, "no-buffer");
  go_to(11);
  const std::vector<std::string> texts = {"visible_event", "visible_purpose", "completion_event", "completion_purpose",
                                          "status_event",  "fetch_event",     "fed_event",        "publish_event",
                                          "used_event",    "vector_event",    "command_event",    "answer_event",
                                          "payload_event", "deliver_event",   "drop_event"};
  const std::vector<std::string> due_texts = {"MWr",        "used", "CplD",    "desc",    "DRIVER_OK",
                                              "fetch",      "fed",  "publish", "used",    "MSI-X",
                                              "RSS_CONFIG", "ERR",  "payload", "deliver", "no-buffer"};
  const std::map<std::string, std::uint64_t> numbers = {{"visible_queue", 2},     {"visible_address", 0x2000},
                                                        {"visible_bytes", 8},     {"completion_queue", 3},
                                                        {"completion_bytes", 16}, {"device_status", 15},
                                                        {"fetch_queue", 1},       {"fetch_bytes", 128},
                                                        {"fed_queue", 5},         {"fed_ready", 7},
                                                        {"publish_queue", 6},     {"publish_buffers", 9},
                                                        {"used_queue", 7},        {"used_buffers", 10},
                                                        {"vector_number", 11},    {"inta", 1},
                                                        {"payload_tag", 12},      {"payload_queue", 8},
                                                        {"payload_bytes", 1518},  {"deliver_tag", 13},
                                                        {"deliver_queue", 2},     {"drop_tag", 14}};
  std::vector<std::string> names = texts;
  for (const auto& [name, value] : numbers) names.push_back(name);
  const Vcd vcd = close_and_read(names);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(vcd.at(texts[i]).text(10 * kPeriod), due_texts[i]) << texts[i];
  }
  for (const auto& [name, value] : numbers) EXPECT_EQ(vcd.at(name).number(10 * kPeriod), value) << name;
}

TEST_F(WaveformTest, EventsOfOneKindInOneCycleAreSpreadOverItsFirstHalf) {
  start();
  go_to(10);
  for (unsigned queue = 0; queue < 5; ++queue) wave().on_doorbell(2 * queue);
  wave().on_answer(true);
  go_to(11);
  const Vcd vcd = close_and_read({"doorbell_queue", "doorbell_count", "answer_event"});
  for (unsigned i = 0; i < 5; ++i) {
    const std::uint64_t at = 10 * kPeriod + i * (kPeriod / 2) / 5;
    EXPECT_EQ(vcd.at("doorbell_count").number(at), i + 1);
    EXPECT_EQ(vcd.at("doorbell_queue").number(at), 2 * i);
    EXPECT_EQ(vcd.at("answer_event").text(at), "OK");
  }
  EXPECT_EQ(vcd.at("answer_event").text(11 * kPeriod - 1), "OK");
}

TEST_F(WaveformTest, MoreEventsThanPicosecondsAreCountedAllTheSame) {
  options_.period_ps = 4;
  start();
  go_to(10);
  for (unsigned i = 0; i < 100; ++i) wave().on_doorbell(i);
  go_to(11);
  const Vcd vcd = close_and_read({"doorbell_queue", "doorbell_count"});
  EXPECT_EQ(vcd.at("doorbell_count").number(11 * 4), 100u);
  EXPECT_EQ(vcd.at("doorbell_queue").number(11 * 4), 99u);
}

TEST_F(WaveformTest, IngressAndSteerAreThePinsHandshakesWithThePacketsTags) {
  start();
  RandomFrames random(1);
  std::map<std::uint16_t, Cycle> ingress, steer;
  for (std::uint16_t token = 0; token < 20; ++token) {
    wave().on_offer(token, 1000u + token);
    ASSERT_TRUE(offers_.offer(engine(), token, random.frame()));
    for (bool taken = false; !taken;) {
      const SteeringEngine::Outcome outcome = engine().clock_until(engine().edge() + 1);
      taken = outcome.complete;
      if (outcome.accepted) ingress[token] = engine().edge() - 1;
      if (outcome.decided) steer[outcome.result.token] = outcome.result.decided;
    }
  }
  while (steer.size() < ingress.size()) {
    const SteeringEngine::Outcome outcome = engine().clock_until(engine().edge() + 100);
    ASSERT_TRUE(outcome.decided);
    steer[outcome.result.token] = outcome.result.decided;
  }
  const Vcd vcd = close_and_read({"ingress_event", "ingress_tag", "steer_event", "steer_tag"});
  for (const auto& [token, cycle] : ingress) {
    EXPECT_EQ(vcd.at("ingress_event").text(cycle * kPeriod), "ingress");
    EXPECT_EQ(vcd.at("ingress_tag").number(cycle * kPeriod), 1000u + token);
  }
  for (const auto& [token, cycle] : steer) {
    EXPECT_EQ(vcd.at("steer_event").text(cycle * kPeriod), "steer");
    EXPECT_EQ(vcd.at("steer_tag").number(cycle * kPeriod), 1000u + token);
  }
}

TEST_F(WaveformTest, InputsChangeAtTheBeginningOfTheirCycleAndNotBefore) {
  start();
  go_to(1);
  go_to(100);
  offers_.offer(engine(), 77, FrameBuilder().ipv4().udp(1, 2).bytes());
  go_to(110);
  const Vcd vcd = close_and_read({"tvalid_i", "tuser_i"});
  const auto& valid = vcd.at("tvalid_i").changes();
  ASSERT_EQ(valid.size(), 3u);
  EXPECT_EQ(valid[1].first, 100 * kPeriod);
  EXPECT_EQ(valid[2].first, 101 * kPeriod);
  EXPECT_EQ(vcd.at("tuser_i").number(100 * kPeriod), 77u);
}

TEST_F(WaveformTest, OnlyTheCyclesOfTheWindowAreRecorded) {
  options_.from = 20;
  options_.to = 29;
  start();
  engine().stage(RssConfig{});
  for (Cycle cycle = 1; cycle < 50; ++cycle) {
    go_to(cycle);
    wave().on_doorbell(static_cast<unsigned>(cycle));
  }
  const Vcd vcd = close_and_read({"doorbell_queue", "doorbell_count"});
  ASSERT_FALSE(vcd.times.empty());
  EXPECT_EQ(vcd.times.front(), 20 * kPeriod);
  EXPECT_EQ(vcd.times.back(), 30 * kPeriod);  // where the last cycle ends
  EXPECT_EQ(vcd.at("doorbell_queue").number(20 * kPeriod), 20u);
  EXPECT_EQ(vcd.at("doorbell_count").number(20 * kPeriod), 20u);  // those before the window are counted
  EXPECT_EQ(vcd.at("doorbell_queue").number(30 * kPeriod), 29u);
}

TEST_F(WaveformTest, AWindowInWhichNothingHappensHasNoPoints) {
  options_.from = 500;
  start();
  go_to(100);
  wave().close();
  EXPECT_EQ(wave().points(), 0u);
}

TEST_F(WaveformTest, AnEngineThatIsDestroyedLeavesACompleteFile) {
  start();
  go_to(10);
  wave().on_doorbell(6);
  traced_ = {};
  const Vcd vcd = read_fst(options_.path, {"doorbell_event", "doorbell_queue"});
  EXPECT_EQ(vcd.at("doorbell_queue").number(10 * kPeriod), 6u);
  EXPECT_EQ(vcd.at("doorbell_event").text(11 * kPeriod), "");
}

TEST_F(WaveformTest, TimesRiseStrictlyUnderRandomTraffic) {
  constexpr std::uint32_t kSeed = 99;
  SCOPED_TRACE(kSeed);
  RandomFrames random(kSeed);
  start();
  Cycle cycle = 0;
  for (int i = 0; i < 2000; ++i) {
    go_to(cycle);
    for (std::uint32_t n = random.below(4); n > 0; --n) wave().on_doorbell(n);
    if (random.one_in(3)) offers_.offer(engine(), static_cast<std::uint16_t>(i), random.frame());
    if (random.one_in(50) && !engine().swapping()) engine().stage(random_config(random));
    if (random.one_in(200)) engine().reset();
    engine().result_space(random.below(8) + 1);
    cycle = engine().edge() + random.below(12);
  }
  engine().result_space(100);
  go_to(cycle + 1000);
  const Vcd vcd = close_and_read({"doorbell_count"});
  for (std::size_t i = 1; i < vcd.times.size(); ++i) ASSERT_GT(vcd.times[i], vcd.times[i - 1]);
  const auto& counts = vcd.at("doorbell_count").changes();
  for (std::size_t i = 1; i < counts.size(); ++i) {
    EXPECT_EQ(std::stoull(counts[i].second, nullptr, 2), std::stoull(counts[i - 1].second, nullptr, 2) + 1);
  }
}

TEST_F(WaveformTest, AFileThatCannotBeWrittenIsNamed) {
  options_.path = (folder_ / "no such folder" / "run.fst").string();
  try {
    make_traced_rtl_engine(options_);
    FAIL() << "it was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(options_.path), std::string::npos);
  }
}

TEST_F(WaveformTest, APeriodWithoutAMiddleIsRefused) {
  options_.period_ps = 1;
  EXPECT_THROW(make_traced_rtl_engine(options_), std::invalid_argument);
}

}  // namespace
}  // namespace rssnic::test
