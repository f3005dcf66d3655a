// Which drops the scoreboard accepts: those that its own bookkeeping, the options or the bench's excuse account for.
#include "tb/unit/check/scoreboard_bench.h"

namespace rssnic::check {
namespace {

// ---- drops

class ScoreboardDrop : public testing::TestWithParam<DropReason> {};
INSTANTIATE_TEST_SUITE_P(Reasons, ScoreboardDrop,
                         testing::Values(DropReason::fifo, DropReason::runt, DropReason::oversize, DropReason::filter,
                                         DropReason::no_queue, DropReason::no_buffer, DropReason::reset),
                         [](const auto& test) {
                           std::string name = kDropReasonNames[static_cast<std::size_t>(test.param)];
                           name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
                           return name;
                         });

TEST_P(ScoreboardDrop, WithoutAReasonIsFoundAtTheDoorAndInside) {
  Board board;
  const std::uint64_t at_the_door = board.take(flow_frame(1));
  const std::uint64_t inside = board.steered(flow_frame(1));
  board.drop(at_the_door, GetParam());
  board.drop(inside, GetParam());
  const std::string name = kDropReasonNames[static_cast<std::size_t>(GetParam())];
  EXPECT_EQ(board.mismatch(at_the_door), "dropped-" + name + " without a reason");
  EXPECT_EQ(board.mismatch(inside), "dropped-" + name + " without a reason");
  EXPECT_EQ(board.row(inside).dropped, GetParam());
  EXPECT_EQ(board.scoreboard.in_flight(), 0u);
}

TEST_P(ScoreboardDrop, IsAcceptedWhereItIsTolerated) {
  ScoreboardOptions options;
  options.tolerated_drops = {GetParam()};
  Board board(options);
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.drop(tag, GetParam());
  EXPECT_EQ(board.mismatch(tag), "");
  EXPECT_EQ(board.row(tag).dropped, GetParam());
  EXPECT_FALSE(board.row(tag).lost);
}

TEST(ScoreboardDropReason, RuntIsAFrameOfNoBytesAndNoOther) {
  Board board;
  const std::uint64_t empty = board.take({});
  board.drop(empty, DropReason::runt);
  EXPECT_EQ(board.mismatch(empty), "");
  const std::uint64_t one_byte = board.take({0x55});
  board.drop(one_byte, DropReason::runt);
  expect_named(board.mismatch(one_byte), "dropped-runt without a reason");
}

TEST(ScoreboardDropReason, OversizeIsAboveTheLimitOnly) {
  ScoreboardOptions options;
  options.max_frame_bytes = 1518;
  Board board(options);
  const std::uint64_t above = board.steered(Octets(1519));
  board.drop(above, DropReason::oversize);
  EXPECT_EQ(board.mismatch(above), "");
  const std::uint64_t at = board.steered(Octets(1518));
  board.drop(at, DropReason::oversize);
  expect_named(board.mismatch(at), "dropped-oversize without a reason");
}

TEST(ScoreboardDropReason, AFrameThatMustBeDroppedMayNotBeDelivered) {
  ScoreboardOptions options;
  options.max_frame_bytes = 1518;
  Board board(options);
  for (const std::size_t size : {0u, 1519u}) {
    const std::uint64_t tag = board.steered(Octets(size));
    board.land(tag);
    EXPECT_EQ(board.mismatch(tag), "delivered with " + std::to_string(size) + " bytes, 1 to 1518 are allowed");
  }
  const std::uint64_t longest = board.steered(Octets(1518));
  board.land(longest);
  EXPECT_EQ(board.mismatch(longest), "");
}

class ScoreboardFifo : public testing::Test {
 protected:
  static ScoreboardOptions four_frames() {
    ScoreboardOptions options;
    options.mac_fifo_frames = 4;
    return options;
  }
  Board board{four_frames()};
};

TEST_F(ScoreboardFifo, ALossIsAcceptedWhenAsManyFramesWait) {
  for (unsigned i = 0; i < 4; ++i) board.take(flow_frame(i), false);
  const std::uint64_t lost = board.take(flow_frame(4), false);
  board.drop(lost, DropReason::fifo);
  board.scoreboard.finish();
  EXPECT_EQ(board.mismatch(lost), "");
}

TEST_F(ScoreboardFifo, ALossIsFoundWhenOneFewerWaits) {
  for (unsigned i = 0; i < 3; ++i) board.take(flow_frame(i), false);
  const std::uint64_t lost = board.take(flow_frame(4), false);
  board.drop(lost, DropReason::fifo);
  board.scoreboard.finish();
  expect_named(board.mismatch(lost), "dropped-fifo without a reason");
}

TEST_F(ScoreboardFifo, FramesThatEnteredOrWereDroppedDoNotWait) {
  std::vector<std::uint64_t> tags;
  for (unsigned i = 0; i < 4; ++i) tags.push_back(board.take(flow_frame(i), false));
  const std::uint64_t lost = board.take(flow_frame(4), false);
  board.drop(lost, DropReason::fifo);
  board.enter(tags[0]);
  const std::uint64_t runt = board.take({}, false);
  board.drop(runt, DropReason::runt);
  const std::uint64_t early = board.take(flow_frame(5), false);
  board.drop(early, DropReason::fifo);
  board.take(flow_frame(6), false);
  const std::uint64_t late = board.take(flow_frame(7), false);
  board.drop(late, DropReason::fifo);
  board.scoreboard.finish();
  EXPECT_EQ(board.mismatch(lost), "");
  expect_named(board.mismatch(early), "dropped-fifo without a reason");  // three wait
  EXPECT_EQ(board.mismatch(late), "");
}

TEST_F(ScoreboardFifo, AFrameThatMayWaitIsNeverLost) {
  for (unsigned i = 0; i < 10; ++i) board.take(flow_frame(i), false);
  const std::uint64_t lost = board.take(flow_frame(10), true);
  board.drop(lost, DropReason::fifo);
  board.scoreboard.finish();
  expect_named(board.mismatch(lost), "dropped-fifo without a reason");
}

TEST_F(ScoreboardFifo, AFrameThatHasEnteredIsNotLostThere) {
  for (unsigned i = 0; i < 5; ++i) board.take(flow_frame(i), false);
  board.enter(0);
  board.drop(0, DropReason::fifo);
  EXPECT_EQ(board.mismatch(0), "dropped-fifo without a reason");
}

// ---- excused drops

TEST(ScoreboardExcuse, HoldsForItsReasonAndAsLongAsItLasts) {
  Board board;
  board.scoreboard.excuse(DropReason::no_buffer, true);
  const std::uint64_t excused = board.steered(flow_frame(1));
  board.drop(excused, DropReason::no_buffer);
  const std::uint64_t other = board.steered(flow_frame(1));
  board.drop(other, DropReason::reset);
  board.scoreboard.excuse(DropReason::no_buffer, false);
  const std::uint64_t later = board.steered(flow_frame(1));
  board.drop(later, DropReason::no_buffer);
  EXPECT_EQ(board.mismatch(excused), "");
  EXPECT_EQ(board.mismatch(other), "dropped-reset without a reason");
  EXPECT_EQ(board.mismatch(later), "dropped-no-buffer without a reason");
  EXPECT_EQ(board.scoreboard.excused_drops(), 1u);
}

TEST(ScoreboardExcuse, OfAResetIsOnlyForWhatWasInside) {
  Board board;
  board.scoreboard.excuse(DropReason::reset, true);
  const std::uint64_t outside = board.take(flow_frame(1));
  board.drop(outside, DropReason::reset);
  EXPECT_EQ(board.mismatch(outside), "dropped-reset without a reason");
}

TEST(ScoreboardExcuse, IsNotCountedWhereADropIsJustifiedAnyway) {
  Board board;
  board.scoreboard.excuse(DropReason::runt, true);
  board.drop(board.take({}), DropReason::runt);
  EXPECT_EQ(board.scoreboard.excused_drops(), 0u);
}

}  // namespace
}  // namespace rssnic::check
