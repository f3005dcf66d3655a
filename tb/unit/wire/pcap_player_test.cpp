// PcapPlayer and PcapRecorder: order, passes, paces, origins, errors, and the way out and back in.
#include "tb/wire/pcap_player.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tb/unit/wire/capture_builder.h"
#include "tb/wire/pcap_recorder.h"

namespace rssnic {
namespace {

struct Played {
  std::size_t size;
  Cycle arrival;
  bool may_wait;
  std::uint64_t tag;
};

std::vector<Played> play(PcapPlayer& player) {
  std::vector<Played> played;
  while (const WireFrame* frame = player.front()) {
    EXPECT_EQ(player.front(), frame) << "stays until pop()";
    played.push_back({frame->bytes.size, frame->arrival, frame->may_wait, frame->tag});
    player.pop();
  }
  EXPECT_EQ(player.front(), nullptr);
  return played;
}

std::vector<Cycle> arrivals(const PlayerParameters& parameters) {
  PcapPlayer player(parameters);
  std::vector<Cycle> result;
  for (const Played& frame : play(player)) result.push_back(frame.arrival);
  return result;
}

class PcapPlayerTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string two_ = folder_.write("two.pcap", PcapBytes().record(frame_of(60)).record(frame_of(61)).bytes());
  const std::string one_ = folder_.write("one.pcap", PcapBytes().record(frame_of(62)).bytes());
  const std::string damaged_ = folder_.write("damaged.pcap", PcapBytes().record(frame_of(63)).u32(1).u32(2).bytes());
  const std::string cooked_ =
      folder_.write("cooked.pcap", PcapBytes(Endian::little, PcapBytes::kMicro, 113).record(frame_of(64)).bytes());
};

TEST_F(PcapPlayerTest, FilesAndPassesFollowEachOtherWithRunningTags) {
  std::vector<PacketOrigin> origins;
  PcapPlayer player({{two_, one_}, 2}, [&](const WireFrame& frame, const PacketOrigin& origin) {
    EXPECT_EQ(frame.tag, origins.size());
    origins.push_back(origin);
  });
  const std::vector<Played> played = play(player);
  ASSERT_EQ(played.size(), 6u);
  ASSERT_EQ(origins.size(), 6u) << "told once a frame";
  const std::size_t sizes[] = {60, 61, 62, 60, 61, 62};
  const std::size_t files[] = {0, 0, 1, 0, 0, 1};
  const std::uint64_t indices[] = {1, 2, 1, 1, 2, 1};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(played[i].size, sizes[i]);
    EXPECT_EQ(played[i].tag, i);
    EXPECT_EQ(origins[i].file, files[i]);
    EXPECT_EQ(origins[i].pass, i / 3 + 1);
    EXPECT_EQ(origins[i].index, indices[i]);
  }
  EXPECT_EQ(player.packets(), 6u);
  EXPECT_EQ(player.files()[0].packets, 4u);
  EXPECT_EQ(player.files()[1].packets, 2u);
}

TEST_F(PcapPlayerTest, MaxPacketsEndsThePlayWithinAPass) {
  PcapPlayer player({{two_, one_}, 100, 4});
  EXPECT_EQ(play(player).size(), 4u);
  EXPECT_EQ(player.packets(), 4u);
}

TEST_F(PcapPlayerTest, NoPassesAndNoFilesGiveNothing) {
  PcapPlayer no_passes({{two_}, 0});
  EXPECT_TRUE(play(no_passes).empty());
  PcapPlayer no_files({{}, 3});
  EXPECT_TRUE(play(no_files).empty());
}

TEST_F(PcapPlayerTest, ErrorsAreKeptPerFileAndThePlayGoesOn) {
  const std::string missing = folder_.path("missing.pcap");
  PcapPlayer player({{damaged_, missing, one_}, 2});
  EXPECT_EQ(play(player).size(), 4u);
  EXPECT_NE(player.files()[0].error.find("damaged after record 1"), std::string::npos) << player.files()[0].error;
  EXPECT_EQ(player.files()[0].packets, 2u);
  EXPECT_NE(player.files()[1].error.find(missing), std::string::npos) << player.files()[1].error;
  EXPECT_EQ(player.files()[2].error, "");
}

TEST_F(PcapPlayerTest, SkippedRecordsAreCountedInEveryPass) {
  PcapPlayer player({{cooked_, one_}, 3});
  EXPECT_EQ(play(player).size(), 3u);
  EXPECT_EQ(player.files()[0].skipped, 3u);
  EXPECT_EQ(player.files()[0].packets, 0u);
}

TEST_F(PcapPlayerTest, PassesWithoutAFrameEndAtOnce) {
  PcapPlayer player({{cooked_}, 1000});
  EXPECT_TRUE(play(player).empty());
  EXPECT_EQ(player.files()[0].skipped, 1u);
}

TEST_F(PcapPlayerTest, BackToBackFramesWait) {
  PcapPlayer player({{two_}});
  for (const Played& frame : play(player)) {
    EXPECT_TRUE(frame.may_wait);
    EXPECT_EQ(frame.arrival, 0u);
  }
}

TEST_F(PcapPlayerTest, RecordedPaceIsRelativeToTheFirstRecordAndNeverFalls) {
  const std::string path = folder_.write("times.pcap", PcapBytes(Endian::little, PcapBytes::kNano)
                                                           .record(frame_of(60), 100, 999'999'000)
                                                           .record(frame_of(60), 101, 0)
                                                           .record(frame_of(60), 99, 0)
                                                           .record(frame_of(60), 101, 500)
                                                           .bytes());
  // 1000 ns are 250 cycles of 250 MHz; the second pass starts where the first one ended.
  EXPECT_EQ(arrivals({{path}, 2, 100, Pace::recorded, 250}),
            (std::vector<Cycle>{0, 250, 250, 375, 375, 625, 625, 750}));
  EXPECT_EQ(arrivals({{path}, 1, 100, Pace::recorded, 1000}), (std::vector<Cycle>{0, 1000, 1000, 1500}));
  PcapPlayer player({{path}, 1, 100, Pace::recorded});
  EXPECT_FALSE(play(player)[0].may_wait);
}

TEST_F(PcapPlayerTest, PausesOfMoreThanTenSecondsAreCutShort) {
  const std::string path = folder_.write("pauses.pcap", PcapBytes(Endian::little, PcapBytes::kNano)
                                                            .record(frame_of(60), 0, 0)
                                                            .record(frame_of(60), 10, 0)
                                                            .record(frame_of(60), 300'000'000, 0)
                                                            .record(frame_of(60), 300'000'000, 1'000)
                                                            .bytes());
  const Cycle second = 250'000'000;
  EXPECT_EQ(arrivals({{path}, 1, 100, Pace::recorded, 250}),
            (std::vector<Cycle>{0, 10 * second, 20 * second, 20 * second + 250}));
}

TEST_F(PcapPlayerTest, AbsurdTimeStampsNeitherOverflowNorGoBack) {
  PcapngBytes bytes;
  bytes.interface(Endian::little, 1, 0, 0);  // whole seconds
  bytes.enhanced(Endian::little, 0, frame_of(60), 0).enhanced(Endian::little, 0, frame_of(60), ~std::uint64_t{0});
  bytes.enhanced(Endian::little, 0, frame_of(60), 1).enhanced(Endian::little, 0, frame_of(60), 1ull << 63);
  const std::string path = folder_.write("absurd.pcapng", bytes.bytes());
  const std::vector<Cycle> cycles = arrivals({{path, path}, 10, 1000, Pace::recorded, 100'000});
  ASSERT_EQ(cycles.size(), 80u);
  for (std::size_t i = 1; i < cycles.size(); ++i) {
    ASSERT_GE(cycles[i], cycles[i - 1]);
    ASSERT_LE(cycles[i], kLatestArrival);
  }
}

TEST_F(PcapPlayerTest, LineRateCountsPreambleFcsAndGap) {
  const std::string path = folder_.write(
      "sizes.pcap", PcapBytes().record(frame_of(60)).record(frame_of(1514)).record(frame_of(14)).record("").bytes());
  // At 10 Gbit/s and 250 MHz a cycle is 5 bytes; 84, 84+1538, and short frames padded to 60: rounded up to whole
  // cycles.
  EXPECT_EQ(arrivals({{path}, 1, 100, Pace::line_rate, 250, 10}), (std::vector<Cycle>{17, 325, 342, 358}));
  PcapPlayer player({{path}, 1, 100, Pace::line_rate});
  EXPECT_FALSE(play(player)[0].may_wait);
}

TEST_F(PcapPlayerTest, SenselessClockAndLineRateAreRefused) {
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(PcapPlayer({{two_}, 1, 1, Pace::recorded, bad}), std::invalid_argument);
    EXPECT_THROW(PcapPlayer({{two_}, 1, 1, Pace::line_rate, 250, bad}), std::invalid_argument);
  }
}

TEST_F(PcapPlayerTest, ZeroByteRecordsArePlayed) {
  const std::string path = folder_.write("zero.pcap", PcapBytes().record("").record(frame_of(60)).bytes());
  PcapPlayer player({{path}});
  const std::vector<Played> played = play(player);
  ASSERT_EQ(played.size(), 2u);
  EXPECT_EQ(played[0].size, 0u);
}

TEST_F(PcapPlayerTest, RecorderAndPlayerAreInverse) {
  const std::string path = folder_.path("out.pcap");
  const std::vector<Cycle> when = {0, 1, 250'000'000, 250'000'001, 2'250'000'000};
  PcapRecorder recorder(path, 250);
  for (std::size_t i = 0; i < when.size(); ++i) {
    const std::string frame = frame_of(60 + i * 50'000, static_cast<char>('a' + i));
    recorder.transmit({reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size()}, when[i]);
  }
  recorder.close();
  EXPECT_EQ(recorder.error(), "");
  EXPECT_EQ(recorder.frames(), when.size());

  PcapPlayer player({{path}, 1, 100, Pace::recorded, 250});
  for (std::size_t i = 0; i < when.size(); ++i) {
    const WireFrame* frame = player.front();
    ASSERT_NE(frame, nullptr);
    EXPECT_EQ(frame->arrival, when[i]);
    ASSERT_EQ(frame->bytes.size, 60 + i * 50'000);
    EXPECT_EQ(frame->bytes.data[59], 'a' + i);
    player.pop();
  }
  EXPECT_EQ(player.front(), nullptr);
  EXPECT_EQ(player.files()[0].error, "");
}

TEST_F(PcapPlayerTest, RecorderReportsAFolderThatIsNotThere) {
  PcapRecorder recorder(folder_.path("nowhere/out.pcap"), 250);
  EXPECT_NE(recorder.error().find("nowhere/out.pcap"), std::string::npos);
  EXPECT_NE(recorder.error().find("No such file"), std::string::npos);
  const std::uint8_t byte = 0;
  recorder.transmit({&byte, 1}, 0);
  recorder.close();
  EXPECT_EQ(recorder.frames(), 0u);
}

TEST_F(PcapPlayerTest, RecorderReportsAFullDisk) {
  const std::vector<std::uint8_t> frame(1514);
  PcapRecorder at_close("/dev/full", 250);
  at_close.transmit({frame.data(), frame.size()}, 0);
  at_close.close();
  EXPECT_NE(at_close.error().find("No space left"), std::string::npos) << at_close.error();

  PcapRecorder in_between("/dev/full", 250);
  for (unsigned i = 0; i < 1000; ++i) in_between.transmit({frame.data(), frame.size()}, i);
  EXPECT_NE(in_between.error().find("No space left"), std::string::npos) << in_between.error();
  EXPECT_LT(in_between.frames(), 1000u);
}

}  // namespace
}  // namespace rssnic
