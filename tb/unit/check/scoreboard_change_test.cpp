// The scoreboard while things change around the packets: the gate, a new configuration in traffic, a device reset.
#include "tb/unit/check/scoreboard_bench.h"

namespace rssnic::check {
namespace {

// ---- the gate

TEST(ScoreboardGate, HoldsTheSourceBackAndShiftsArrivals) {
  HandWire wire;
  Scoreboard scoreboard(wire, {}, [](const PacketRow&) {});
  wire.add(flow_frame(1), true, 7);
  wire.add(flow_frame(1), true, 9);
  EXPECT_EQ(scoreboard.front(), nullptr);
  EXPECT_TRUE(scoreboard.source_is_empty());
  scoreboard.open_gate(500);
  ASSERT_NE(scoreboard.front(), nullptr);
  EXPECT_EQ(scoreboard.front()->arrival, 507u);
  scoreboard.pop();
  EXPECT_EQ(scoreboard.in_flight(), 1u);
  scoreboard.close_gate();
  EXPECT_TRUE(scoreboard.source_is_empty());
  scoreboard.open_gate(800);  // time has gone on since the first opening
  ASSERT_NE(scoreboard.front(), nullptr);
  EXPECT_EQ(scoreboard.front()->arrival, 509u);
}

TEST(ScoreboardGate, WhatIsInFlightIsForgottenWhenItIsOut) {
  Board board;
  for (unsigned round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> tags;
    for (unsigned i = 0; i < 8; ++i) tags.push_back(board.steered(flow_frame(i)));
    EXPECT_EQ(board.scoreboard.in_flight(), 8u);
    for (const std::uint64_t tag : tags) board.land(tag);
    EXPECT_EQ(board.scoreboard.in_flight(), 0u);
  }
  EXPECT_EQ(board.scoreboard.mismatches(), 0u);
  EXPECT_EQ(board.rows.size(), 400u);
}

// ---- changes of the configuration

// Old and new send every packet to different queues.
class ScoreboardChange : public testing::Test {
 protected:
  const Expectation old_rules = steer_by({0});
  const Expectation new_rules = steer_by({1});
  Board board{{}, old_rules};

  std::uint64_t steered_by(const Expectation& expectation) {
    board.rules(expectation);
    return board.steered(flow_frame(1));
  }
  void land_by(const Expectation& expectation, std::uint64_t tag) {
    board.rules(expectation);
    board.land(tag);
  }
  std::uint64_t pass_by(const Expectation& expectation) {
    const std::uint64_t tag = steered_by(expectation);
    board.land(tag);
    return tag;
  }
};

TEST_F(ScoreboardChange, WhileItGoesOnBothWaysAreAccepted) {
  board.scoreboard.begin_change(new_rules);
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(board.mismatch(pass_by(old_rules)), "");
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(board.mismatch(pass_by(new_rules)), "");
  board.scoreboard.end_change();
  EXPECT_EQ(board.mismatch(pass_by(new_rules)), "");
}

TEST_F(ScoreboardChange, AThirdWayIsFoundAndBothAllowedOnesAreNamed) {
  board.scoreboard.begin_change(new_rules);
  const std::string mismatch = board.mismatch(pass_by(steer_by({2})));
  expect_named(mismatch, "queue 2 report 2");
  expect_named(mismatch, "due are queue 0 report 2");
  expect_named(mismatch, " or queue 1 report 2");
}

TEST_F(ScoreboardChange, HalfOldAndHalfNewIsFound) {
  board.scoreboard.begin_change(steer_by({1}, 0x1));  // IPv4 without ports
  const std::uint64_t tag = steered_by(old_rules);
  Delivery delivery = board.correct(tag);
  delivery.queue = 1;
  board.announce(tag, 1);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "queue 1 report 2");
}

TEST_F(ScoreboardChange, TheOldWayBehindTheNewIsFoundInThePacketThatSlidBack) {
  board.scoreboard.begin_change(new_rules);
  const std::uint64_t first_new = pass_by(new_rules);
  const std::uint64_t slid_back = pass_by(old_rules);
  const std::uint64_t after = pass_by(new_rules);
  EXPECT_EQ(board.mismatch(first_new), "");
  EXPECT_EQ(board.mismatch(slid_back), "packet 0 was steered in the new way, packet 1 after it in the old");
  EXPECT_EQ(board.mismatch(after), "");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

// Queues are read one after the other, so the later packet may be seen first.
TEST_F(ScoreboardChange, SlidingBackIsFoundWhicheverPacketIsReceivedFirst) {
  board.scoreboard.begin_change(new_rules);
  const std::uint64_t first = steered_by(new_rules);
  const std::uint64_t second = steered_by(old_rules);
  land_by(old_rules, second);
  land_by(new_rules, first);
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
  EXPECT_EQ(board.mismatch(first), "packet 0 was steered in the new way, packet 1 after it in the old");
}

TEST_F(ScoreboardChange, ReceivedInAnotherOrderOldBeforeNewIsSound) {
  board.scoreboard.begin_change(new_rules);
  const std::uint64_t first = steered_by(old_rules);
  const std::uint64_t second = steered_by(new_rules);
  land_by(new_rules, second);
  land_by(old_rules, first);
  EXPECT_EQ(board.scoreboard.mismatches(), 0u);
}

TEST_F(ScoreboardChange, SlidingBackIsFoundAlsoWhenThePacketsAreReceivedAfterTheEnd) {
  board.scoreboard.begin_change(new_rules);
  const std::uint64_t first = steered_by(new_rules);
  const std::uint64_t second = steered_by(old_rules);
  board.scoreboard.end_change();
  land_by(new_rules, first);
  land_by(old_rules, second);
  EXPECT_EQ(board.mismatch(second), "packet 0 was steered in the new way, packet 1 after it in the old");
}

// Two queues the old way, two others the new: packets of one way are not received in the order of their tags either.
TEST(ScoreboardChanges, SlidingBackIsFoundAcrossTheQueuesOfEachWay) {
  const Expectation old_rules = steer_by({0, 1});
  const Expectation new_rules = steer_by({2, 3});
  for (const bool old_first : {true, false}) {
    SCOPED_TRACE(old_first);
    Board board({}, old_rules);
    board.scoreboard.begin_change(new_rules);
    const auto steered = [&](const Expectation& expectation, unsigned odd) {
      board.rules(expectation);
      unsigned flow = 0;
      while ((Oracle(old_rules.rss).judge(view(flow_frame(flow))).hash & 1) != odd) ++flow;
      return board.steered(flow_frame(flow));
    };
    const auto land = [&](const Expectation& expectation, std::uint64_t tag) {
      board.rules(expectation);
      board.land(tag);
    };
    if (old_first) {  // old 0, new 1, old 2: received 2, 0, 1
      const std::uint64_t first = steered(old_rules, 0);
      const std::uint64_t slid_over = steered(new_rules, 0);
      const std::uint64_t last = steered(old_rules, 1);
      land(old_rules, last);
      land(old_rules, first);
      land(new_rules, slid_over);
      EXPECT_EQ(board.mismatch(slid_over), "packet 1 was steered in the new way, packet 2 after it in the old");
    } else {  // new 0, old 1, new 2: received 0, 2, 1
      const std::uint64_t first = steered(new_rules, 0);
      const std::uint64_t slid_back = steered(old_rules, 0);
      const std::uint64_t last = steered(new_rules, 1);
      land(new_rules, first);
      land(new_rules, last);
      land(old_rules, slid_back);
      EXPECT_EQ(board.mismatch(slid_back), "packet 0 was steered in the new way, packet 1 after it in the old");
    }
    EXPECT_EQ(board.scoreboard.mismatches(), 1u);
  }
}

TEST_F(ScoreboardChange, APacketThatBothWaysSteerAlikeProvesNothing) {
  board.scoreboard.begin_change(steer_by({0}, 0x1ff));  // the same once more
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(board.mismatch(pass_by(old_rules)), "");
}

TEST_F(ScoreboardChange, AfterItsEndTheOldWayIsFound) {
  board.scoreboard.begin_change(new_rules);
  board.scoreboard.end_change();
  expect_named(board.mismatch(pass_by(old_rules)), "queue 0 report 2");
  EXPECT_EQ(board.mismatch(pass_by(new_rules)), "");
}

TEST_F(ScoreboardChange, PacketsThatEnteredBeforeItAreSteeredInTheOldWayHoweverLateTheyComeOut) {
  const std::uint64_t sound = steered_by(old_rules);
  const std::uint64_t wrong = steered_by(new_rules);
  board.scoreboard.begin_change(new_rules);
  board.scoreboard.end_change();
  land_by(old_rules, sound);
  land_by(new_rules, wrong);
  EXPECT_EQ(board.mismatch(sound), "");
  expect_named(board.mismatch(wrong), "queue 1 report 2");
}

TEST_F(ScoreboardChange, PacketsThatWaitedOnTheWireAreJudgedWhenTheyEnter) {
  const std::uint64_t tag = board.take(flow_frame(1));
  board.scoreboard.begin_change(new_rules);
  board.scoreboard.end_change();
  board.rules(new_rules);
  board.enter(tag);
  board.steer(tag);
  board.land(tag);
  EXPECT_EQ(board.mismatch(tag), "");
}

TEST_F(ScoreboardChange, PacketsThatEnteredDuringItMayComeOutInTheOldWayAfterItsEnd) {
  board.scoreboard.begin_change(new_rules);
  const std::uint64_t tag = steered_by(old_rules);
  board.scoreboard.end_change();
  land_by(old_rules, tag);
  EXPECT_EQ(board.mismatch(tag), "");
}

TEST_F(ScoreboardChange, OneChangeKnowsNothingOfTheOneBefore) {
  board.scoreboard.begin_change(new_rules);
  EXPECT_EQ(board.mismatch(pass_by(new_rules)), "");
  board.scoreboard.end_change();
  board.scoreboard.begin_change(old_rules);  // and back
  EXPECT_EQ(board.mismatch(pass_by(new_rules)), "");
  EXPECT_EQ(board.mismatch(pass_by(old_rules)), "");
  EXPECT_EQ(board.scoreboard.mismatches(), 0u);
}

// ---- reset

TEST(ScoreboardReset, WhatLayInTheRingsUnreadIsNotLost) {
  Board board({}, steer_by({0}));
  const std::uint64_t unread = board.steered(flow_frame(1));
  board.announce(unread);
  board.scoreboard.device_was_reset();
  EXPECT_EQ(board.mismatch(unread), "");
  EXPECT_EQ(board.scoreboard.in_flight(), 0u);
  board.rules(steer_by({0}, 0));
  const std::uint64_t next = board.steered(flow_frame(2));
  board.land(next);
  EXPECT_EQ(board.mismatch(next), "") << "the rings are empty after a reset";
}

TEST(ScoreboardReset, WhatTheCardKeepsAcrossItIsStillDue) {
  Board board;
  const std::uint64_t kept = board.steered(flow_frame(1));
  board.scoreboard.device_was_reset();
  board.scoreboard.finish();
  EXPECT_EQ(board.mismatch(kept), "lost in the card");
}

TEST(ScoreboardReset, TheConfigurationIsGone) {
  Board board({}, steer_by({1}));
  board.scoreboard.device_was_reset();
  const std::uint64_t by_the_old = board.steered(flow_frame(1));
  board.land(by_the_old);
  expect_named(board.mismatch(by_the_old), "due are queue 0 report 0 hash 00000000");
}

TEST(ScoreboardReset, EndsAChangeThatWasGoingOn) {
  Board board;
  board.scoreboard.begin_change(steer_by({1}));
  board.scoreboard.device_was_reset();
  board.rules(steer_by({1}));
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.land(tag);
  expect_named(board.mismatch(tag), "due are queue 0 report 0");
}

TEST(ScoreboardReset, WhatWasAnnouncedAndIsNotInTheRingsIsLost) {
  Board board;
  const std::uint64_t read = board.steered(flow_frame(1));
  const std::uint64_t missing = board.steered(flow_frame(1));
  const std::uint64_t inside = board.steered(flow_frame(1));
  board.land(read);
  board.announce(missing);
  board.scoreboard.all_rings_read();
  EXPECT_EQ(board.mismatch(read), "");
  EXPECT_EQ(board.mismatch(missing), "delivered, but not found in its queue");
  EXPECT_TRUE(board.row(missing).lost);
  EXPECT_EQ(board.scoreboard.in_flight(), 1u) << inside;
}

}  // namespace
}  // namespace rssnic::check
