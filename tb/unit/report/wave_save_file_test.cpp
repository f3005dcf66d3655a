// The save file for GTKWave, and which cycles a waveform is about.
#include "tb/report/wave_save_file.h"

#include <gtest/gtest.h>

#include <sstream>

namespace rssnic::report {
namespace {

check::PacketRow row(Cycle ingress, Cycle steer, Cycle deliver) {
  check::PacketRow row;
  row.ingress = ingress;
  row.steer = steer;
  row.deliver = deliver;
  return row;
}

TEST(WaveWindow, HoldsThePacketsWayWithAMargin) {
  const WaveWindow window = window_around(row(10'000, 10'006, 10'400), 20'000);
  EXPECT_EQ(window.from, 9'500u);
  EXPECT_EQ(window.to, 10'900u);
}

TEST(WaveWindow, OfAPacketThatWasDroppedOrLostEndsWhereThatWasNoticed) {
  check::PacketRow dropped = row(10'000, 10'006, 0);
  dropped.dropped = DropReason::no_buffer;
  EXPECT_EQ(window_around(dropped, 30'000).to, 30'500u);
  check::PacketRow lost = row(10'000, 10'006, 10'100);
  lost.lost = true;
  EXPECT_EQ(window_around(lost, 30'000).to, 30'500u);
}

TEST(WaveWindow, OfAPacketThatNeverEnteredLiesWhereThatWasNoticed) {
  const WaveWindow window = window_around(row(0, 0, 0), 30'000);
  EXPECT_EQ(window.from, 29'500u);
  EXPECT_EQ(window.to, 30'500u);
}

TEST(WaveWindow, DoesNotBeginBeforeTheRun) { EXPECT_EQ(window_around(row(100, 106, 300), 400).from, 0u); }

TEST(WaveView, ShowsThePacketAndItsInterrupt) {
  const WaveView view = view_of(row(1000, 1006, 1200), 4000, 100'000);
  EXPECT_LT(view.from, 1000u);
  EXPECT_GT(view.to, 1326u);  // flags are read and the message sent: two round trips less one way
}

TEST(WaveView, DoesNotReachBeyondTheEnd) {
  const WaveView view = view_of(row(1000, 1006, 1200), 4000, 1210);
  EXPECT_EQ(view.to, 1210u);
  EXPECT_LT(view.from, 900u);
  EXPECT_EQ(view_of(row(10, 16, 80), 4000, 90).from, 0u);
}

TEST(WaveSaveFile, HasTheNameOfTheWaveformWithAnotherEnding) {
  EXPECT_EQ(wave_save_path("a/run.fst"), "a/run.gtkw");
  EXPECT_EQ(wave_save_path("run"), "run.gtkw");
}

TEST(WaveSaveFile, NamesTheWaveformWithoutItsFolder) {
  EXPECT_NE(wave_save_file("some/where/run.fst", {}).find("[dumpfile] \"run.fst\"\n"), std::string::npos);
}

TEST(WaveSaveFile, HasEveryGroupOnceOpenedAndClosed) {
  const std::string text = wave_save_file("run.fst", {});
  for (const char* const group :
       {"Clock and handshake", "Header fields", "Pipeline stages", "Result", "Configuration", "Receive path",
        "Descriptors and used ring", "PCI Express", "Interrupts and commands"}) {
    const std::string line = std::string("\n-") + group + "\n";
    const std::size_t first = text.find(line);
    ASSERT_NE(first, std::string::npos) << group;
    const std::size_t second = text.find(line, first + 1);
    ASSERT_NE(second, std::string::npos) << group;
    EXPECT_EQ(text.find(line, second + 1), std::string::npos) << group;
  }
}

TEST(WaveSaveFile, ShowsEventsAndPurposesAsText) {
  std::stringstream lines(wave_save_file("run.fst", {}));
  std::string flags;
  int texts = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line[0] == '@') flags = line;
    if (line.find("_event[") == std::string::npos && line.find("_purpose[") == std::string::npos) continue;
    EXPECT_EQ(flags, "@820") << line;
    ++texts;
  }
  EXPECT_GE(texts, 18);
}

TEST(WaveSaveFile, MarksIngressAndSteerAtTheirEdgesAndTheDeliveryAtItsCycle) {
  WaveView view;
  view.period_ps = 4000;
  view.from = 90;
  view.to = 300;
  view.ingress = 100;
  view.steer = 106;
  view.deliver = 200;
  const std::string text = wave_save_file("run.fst", view);
  EXPECT_NE(text.find("[timestart] 360000\n"), std::string::npos);
  EXPECT_NE(text.find(" 402000 402000 426000 800000 -1"), std::string::npos);
  view.steer = 0;
  EXPECT_NE(wave_save_file("run.fst", view).find(" 402000 402000 -1 800000 -1"), std::string::npos);
}

}  // namespace
}  // namespace rssnic::report
