// The scoreboard, fed by hand: what a sound card does passes, and each single thing that a broken card could do is
// found and named in the row of the packet that it happened to. What is due to a packet comes from the oracle, whose
// own tests stand beside these.
#include <random>

#include "tb/unit/check/scoreboard_bench.h"

namespace rssnic::check {
namespace {

// ---- one sound packet

TEST(ScoreboardPacket, ASoundPacketHasARowWithItsResultsAndStamps) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  EXPECT_TRUE(board.rows.empty());
  board.land(tag);
  const PacketRow& row = board.row(tag);
  EXPECT_EQ(row.mismatch, "");
  EXPECT_EQ(row.length, flow_frame(1).size());
  EXPECT_FALSE(row.dropped);
  EXPECT_FALSE(row.lost);
  EXPECT_TRUE(row.steered);
  EXPECT_EQ(row.report, 2);  // TCPv4
  EXPECT_EQ(row.hash, board.due(tag).hash);
  EXPECT_EQ(row.queue, board.due(tag).queue);
  EXPECT_EQ(row.ingress, 1001u);
  EXPECT_EQ(row.steer, 1002u);
  EXPECT_EQ(row.deliver, 1003u);
  EXPECT_EQ(board.scoreboard.mismatches(), 0u);
}

TEST(ScoreboardPacket, APacketWithoutAHashIsSound) {
  Board board;
  const std::uint64_t tag = board.steered(arp_frame());
  board.land(tag);
  EXPECT_EQ(board.mismatch(tag), "");
  EXPECT_EQ(board.row(tag).report, 0);
}

TEST(ScoreboardPacket, WithoutConfigurationEverythingIsDueInQueueZeroUnhashed) {
  Board board;
  board.scoreboard.device_was_reset();
  board.rules(steer_by({0}, 0));
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.land(tag);
  EXPECT_EQ(board.mismatch(tag), "");
  EXPECT_EQ(board.row(tag).report, 0);
}

TEST(ScoreboardPacket, WithoutSteeringTheHashIsReportedAndTheQueueIsZero) {
  Expectation hash_only = steer_by({3});
  hash_only.steers = false;
  Board board({}, hash_only);
  const std::uint64_t sound = board.steered(flow_frame(1));
  board.land(sound);
  EXPECT_EQ(board.mismatch(sound), "");
  EXPECT_NE(board.row(sound).hash, 0u);
  const std::uint64_t steered = board.steered(flow_frame(1));
  Delivery delivery = board.correct(steered);
  delivery.queue = 3;
  board.announce(steered, 3);
  board.receive(delivery);
  expect_named(board.mismatch(steered), "queue 3 report 2");
}

// ---- one packet, one thing wrong

struct Fault {
  const char* name;
  std::function<void(Delivery&)> spoil;
  const char* words;  // that name it
};
class ScoreboardFault : public testing::TestWithParam<Fault> {};

std::function<void(Delivery&)> set_header(std::size_t offset) {
  return [offset](Delivery& delivery) { delivery.header[offset] ^= 1; };
}

INSTANTIATE_TEST_SUITE_P(
    Single, ScoreboardFault,
    testing::Values(
        Fault{"FirstByteChanged", [](Delivery& d) { d.frame.front() ^= 0x80; }, "byte 0 received as 82, sent as 02"},
        Fault{"ByteChanged", [](Delivery& d) { d.frame[54] ^= 1; }, "byte 54 received as 00, sent as 01"},
        Fault{"LastByteChanged", [](Delivery& d) { d.frame.back() ^= 1; }, "byte 59 received as 01, sent as 00"},
        Fault{"ByteMissing", [](Delivery& d) { d.frame.pop_back(); }, "59 bytes received, 60 sent"},
        Fault{"ByteAdded", [](Delivery& d) { d.frame.push_back(0); }, "61 bytes received, 60 sent"},
        Fault{"FrameEmpty", [](Delivery& d) { d.frame.clear(); }, "0 bytes received, 60 sent"},
        Fault{"Poison", [](Delivery& d) { d.poison_intact = false; }, "written behind its last byte"},
        Fault{"Flags", set_header(0), "an offload field"}, Fault{"GsoType", set_header(1), "an offload field"},
        Fault{"HdrLen", set_header(2), "an offload field"}, Fault{"HdrLenHigh", set_header(3), "an offload field"},
        Fault{"GsoSize", set_header(4), "an offload field"}, Fault{"CsumStart", set_header(6), "an offload field"},
        Fault{"CsumOffset", set_header(8), "an offload field"},
        Fault{"CsumOffsetHigh", set_header(9), "an offload field"}, Fault{"HashLowBit", set_header(12), "due are"},
        Fault{"HashHighByte", set_header(15), "due are"}, Fault{"Report", set_header(16), "report 3 hash"},
        Fault{"ReportHigh", set_header(17), "report 258 hash"}, Fault{"Padding", set_header(18), "padding_reserved"},
        Fault{"PaddingHigh", set_header(19), "padding_reserved"}),
    [](const auto& test) { return test.param.name; });

TEST_P(ScoreboardFault, IsFoundAndNamedInItsRowOnly) {
  Board board;
  const std::uint64_t before = board.steered(flow_frame(1));
  const std::uint64_t bad = board.steered(flow_frame(1));
  const std::uint64_t after = board.steered(flow_frame(1));
  board.land(before);
  Delivery delivery = board.correct(bad);
  GetParam().spoil(delivery);
  board.announce(bad);
  board.receive(delivery);
  board.land(after);
  expect_named(board.mismatch(bad), GetParam().words);
  EXPECT_EQ(board.mismatch(bad).find(';'), std::string::npos) << "more than one complaint: " << board.mismatch(bad);
  EXPECT_EQ(board.mismatch(before), "");
  EXPECT_EQ(board.mismatch(after), "");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

TEST(ScoreboardFaults, SeveralOnOnePacketAreAllNamedAndCountOnce) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  Delivery delivery = board.correct(tag);
  delivery.frame.pop_back();
  delivery.poison_intact = false;
  delivery.header[18] = 1;
  board.announce(tag);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "59 bytes received");
  expect_named(board.mismatch(tag), "written behind");
  expect_named(board.mismatch(tag), "padding_reserved");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

TEST(ScoreboardFaults, AWrongQueueIsNamedBesideTheRightOne) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  Delivery delivery = board.correct(tag);
  const unsigned right = delivery.queue;
  delivery.queue = (right + 1) % 4;
  board.announce(tag, delivery.queue);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "queue " + std::to_string(delivery.queue) + " report 2");
  expect_named(board.mismatch(tag), "due are queue " + std::to_string(right) + " report 2");
}

TEST(ScoreboardFaults, AHashedPacketDeliveredAsUnclassifiedIsFound) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  Delivery delivery = board.correct(tag);
  delivery.queue = 0;
  std::fill(delivery.header.begin() + 12, delivery.header.end(), std::uint8_t{0});
  board.announce(tag, 0);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "queue 0 report 0 hash 00000000, due are queue");
}

TEST(ScoreboardFaults, AReportOnAPacketWithoutHashIsFound) {
  Board board;
  const std::uint64_t tag = board.steered(arp_frame());
  Delivery delivery = board.correct(tag);
  delivery.header[16] = 1;
  board.announce(tag);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "report 1 hash 00000000, due are queue 0 report 0 hash 00000000");
}

TEST(ScoreboardFaults, AHashOnAPacketWithoutReportIsFound) {
  Board board;
  const std::uint64_t tag = board.steered(arp_frame());
  Delivery delivery = board.correct(tag);
  delivery.header[12] = 1;
  board.announce(tag);
  board.receive(delivery);
  expect_named(board.mismatch(tag), "report 0 hash 00000001, due are");
}

// Without HASH_REPORT the header has no hash; what the pipeline decided is judged in its place.
TEST(ScoreboardFaults, WithoutHashReportAWrongDecisionOfThePipelineIsFound) {
  for (const bool wrong : {false, true}) {
    Board board;
    const std::uint64_t tag = board.take(flow_frame(1));
    board.enter(tag);
    const Verdict due = board.due(tag);
    board.scoreboard.on_steer(tag, {due.hash ^ (wrong ? 1u : 0u), due.report, due.queue}, ++board.clock);
    Delivery delivery = board.correct(tag);
    delivery.header.resize(12);
    board.announce(tag);
    board.receive(delivery);
    EXPECT_EQ(board.mismatch(tag).find("due are") != std::string::npos, wrong) << board.mismatch(tag);
  }
}

// ---- order, doubles and losses

TEST(ScoreboardOrder, RowsComeInTagOrderWhateverTheOrderOfCompletion) {
  const unsigned seed = 1;
  SCOPED_TRACE(seed);
  Board board({}, steer_by({0, 1, 2, 3, 4, 5, 6, 7}));
  std::vector<std::uint64_t> tags;
  for (unsigned i = 0; i < 200; ++i) tags.push_back(board.steered(flow_frame(i)));
  // Each queue goes in order, the queues among each other at random.
  std::vector<std::deque<std::uint64_t>> queues(8);
  for (const std::uint64_t tag : tags) queues[board.due(tag).queue].push_back(tag);
  std::mt19937 random(seed);
  for (std::size_t left = tags.size(); left > 0;) {
    auto& queue = queues[random() % 8];
    if (queue.empty()) continue;
    board.land(queue.front());
    queue.pop_front();
    --left;
    EXPECT_LE(board.rows.size(), tags.size() - left);
  }
  ASSERT_EQ(board.rows.size(), tags.size());
  for (std::size_t i = 0; i < tags.size(); ++i) EXPECT_EQ(board.rows[i].tag, tags[i]);
  EXPECT_EQ(board.scoreboard.mismatches(), 0u);
  EXPECT_EQ(board.scoreboard.in_flight(), 0u);
}

TEST(ScoreboardOrder, TwoPacketsThatTheCardDeliversInTheWrongOrderAreFound) {
  Board board;
  const std::uint64_t first = board.steered(flow_frame(1, 1));
  const std::uint64_t second = board.steered(flow_frame(1, 2));
  const std::uint64_t third = board.steered(flow_frame(1, 3));
  board.land(second);
  board.land(first);
  board.land(third);
  expect_named(board.mismatch(first), "overtaken by packet 1 on queue");
  EXPECT_EQ(board.mismatch(second), "");
  EXPECT_EQ(board.mismatch(third), "");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

TEST(ScoreboardOrder, TwoPacketsThatLieSwappedInTheRingAreFound) {
  Board board;
  const std::uint64_t first = board.steered(flow_frame(1, 1));
  const std::uint64_t second = board.steered(flow_frame(1, 2));
  board.announce(first);
  board.announce(second);
  board.receive(board.correct(second));
  board.receive(board.correct(first));
  expect_named(board.mismatch(first), "byte 59 received as 02, sent as 01");
  expect_named(board.mismatch(second), "byte 59 received as 01, sent as 02");
}

TEST(ScoreboardOrder, PacketsOfDifferentQueuesMayOvertakeEachOther) {
  Board board;
  const std::uint64_t first = board.steered(flow_frame(1));
  std::uint64_t second = board.steered(flow_frame(2));
  for (unsigned flow = 3; board.due(second).queue == board.due(first).queue; ++flow) {
    board.land(second);
    second = board.steered(flow_frame(flow));
  }
  board.land(second);
  board.land(first);
  EXPECT_EQ(board.mismatch(second), "");
}

TEST(ScoreboardDouble, APacketDeliveredTwiceIsFoundWhileItsRowIsHeldBack) {
  Board board;
  const std::uint64_t held = board.steered(arp_frame());
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.land(tag);
  board.land(tag);
  board.land(held);
  EXPECT_EQ(board.mismatch(tag), "delivered, and delivered or dropped before");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

TEST(ScoreboardDouble, APacketDeliveredTwiceIsFoundAfterItsRow) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.land(tag);
  board.land(tag);
  EXPECT_EQ(board.mismatch(tag), "");  // its row is gone
  ASSERT_EQ(board.strays().size(), 2u);
  expect_named(board.strays()[0], "reports on packet 0, which it does not have");
  expect_named(board.strays()[1], "never delivered there");
  EXPECT_EQ(board.scoreboard.mismatches(), 2u);
}

TEST(ScoreboardDouble, ACopyInTheRingThatTheCardDoesNotAnnounceIsFound) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.land(tag);
  board.receive(board.correct(tag));
  ASSERT_EQ(board.strays().size(), 1u);
  expect_named(board.strays()[0], "holds a packet of 60 bytes that was never delivered there");
  EXPECT_EQ(board.scoreboard.mismatches(), 1u);
}

TEST(ScoreboardDouble, APacketInAnotherQueueThanAnnouncedIsStrayHereAndMissingThere) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.announce(tag);
  Delivery delivery = board.correct(tag);
  delivery.queue += 1;
  board.receive(delivery);
  board.scoreboard.finish();
  EXPECT_EQ(board.strays().size(), 1u);
  expect_named(board.mismatch(tag), "delivered, but not found in its queue");
  EXPECT_TRUE(board.row(tag).lost);
}

TEST(ScoreboardDouble, DroppedAndThenDeliveredIsFound) {
  ScoreboardOptions options;
  options.tolerated_drops = {DropReason::filter};
  Board board(options);
  const std::uint64_t held = board.steered(arp_frame());
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.drop(tag, DropReason::filter);
  board.land(tag);
  board.land(held);
  expect_named(board.mismatch(tag), "delivered or dropped before");
  EXPECT_EQ(board.mismatch(held), "");
}

TEST(ScoreboardDouble, DeliveredAndThenDroppedIsFound) {
  ScoreboardOptions options;
  options.tolerated_drops = {DropReason::no_buffer};
  Board board(options);
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.announce(tag);
  board.drop(tag, DropReason::no_buffer);
  expect_named(board.mismatch(tag), "dropped, and delivered or dropped before");
}

TEST(ScoreboardDouble, DroppedTwiceIsFoundAndDoesNotUpsetTheCountOfTheFifo) {
  ScoreboardOptions options;
  options.mac_fifo_frames = 1;
  Board board(options);
  board.steered(flow_frame(1));  // holds the rows back
  const std::uint64_t runt = board.take({});
  board.drop(runt, DropReason::runt);
  board.drop(runt, DropReason::runt);
  const std::uint64_t early = board.take(flow_frame(2), false);
  board.drop(early, DropReason::fifo);
  board.scoreboard.finish();
  expect_named(board.mismatch(runt), "dropped, and delivered or dropped before");
  expect_named(board.mismatch(early), "dropped-fifo without a reason");
}

TEST(ScoreboardDouble, EnteringTwiceIsFoundAndDoesNotUpsetTheCountOfTheFifo) {
  ScoreboardOptions options;
  options.mac_fifo_frames = 1;
  Board board(options);
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.enter(tag);
  const std::uint64_t early = board.take(flow_frame(2), false);
  board.drop(early, DropReason::fifo);
  board.land(tag);
  expect_named(board.mismatch(tag), "entered or was dropped before");
  expect_named(board.mismatch(early), "dropped-fifo without a reason");
}

TEST(ScoreboardLoss, APacketThatNeverComesOutIsLost) {
  Board board;
  const std::uint64_t waiting = board.take(flow_frame(1));
  const std::uint64_t steered = board.steered(flow_frame(2));
  const std::uint64_t sound = board.steered(flow_frame(3));
  board.land(sound);
  EXPECT_TRUE(board.rows.empty()) << "rows wait for those before them";
  board.scoreboard.finish();
  EXPECT_EQ(board.mismatch(waiting), "lost in the card");
  EXPECT_EQ(board.mismatch(steered), "lost in the card");
  EXPECT_TRUE(board.row(steered).lost);
  EXPECT_EQ(board.mismatch(sound), "");
  EXPECT_FALSE(board.row(sound).lost);
  EXPECT_EQ(board.scoreboard.mismatches(), 2u);
  EXPECT_EQ(board.scoreboard.in_flight(), 0u);
}

TEST(ScoreboardLoss, APacketAnnouncedAndNotInTheRingIsFound) {
  Board board;
  const std::uint64_t tag = board.steered(flow_frame(1));
  board.announce(tag);
  board.scoreboard.finish();
  EXPECT_EQ(board.mismatch(tag), "delivered, but not found in its queue");
}

TEST(ScoreboardTags, EveryReportOnATagThatTheCardDoesNotHaveIsFound) {
  for (const std::uint64_t tag : {std::uint64_t{0}, std::uint64_t{2}, ~std::uint64_t{0}}) {
    SCOPED_TRACE(tag);
    Board board;
    board.land(board.steered(arp_frame()));  // tag 0 has passed
    const std::uint64_t inside = board.steered(flow_frame(1));
    board.scoreboard.on_ingress(tag, ++board.clock);
    board.scoreboard.on_steer(tag, {}, ++board.clock);
    board.scoreboard.on_deliver(tag, 0, ++board.clock);
    board.scoreboard.on_drop(tag, DropReason::runt, ++board.clock);
    EXPECT_EQ(board.strays().size(), 4u);
    EXPECT_EQ(board.scoreboard.mismatches(), 4u);
    board.land(inside);
    EXPECT_EQ(board.mismatch(inside), "");
  }
}

// ---- stamps

TEST(ScoreboardStamps, MustRiseFromStageToStage) {
  Board board;
  const std::uint64_t early_steer = board.take(flow_frame(1));
  board.scoreboard.on_ingress(early_steer, 2000);
  const Verdict due = board.due(early_steer);
  board.scoreboard.on_steer(early_steer, {due.hash, due.report, due.queue}, 2000);
  board.scoreboard.on_deliver(early_steer, due.queue, 2001);
  board.receive(board.correct(early_steer));
  EXPECT_EQ(board.mismatch(early_steer), "steered in cycle 2000, taken in cycle 2000");

  const std::uint64_t early_deliver = board.steered(flow_frame(1));
  board.scoreboard.on_deliver(early_deliver, due.queue, board.clock);
  board.receive(board.correct(early_deliver));
  EXPECT_EQ(board.mismatch(early_deliver), "delivered in cycle 1002, steered in cycle 1002");
}

// Arrivals count from the opening of the gate, which is cycle 1000 here.
TEST(ScoreboardStamps, NoFrameEntersBeforeItHasComeIn) {
  Board board;
  const std::uint64_t sound = board.take(flow_frame(1), true, 50);
  board.scoreboard.on_ingress(sound, 1050);
  board.clock = 2000;
  board.steer(sound);
  board.land(sound);
  EXPECT_EQ(board.mismatch(sound), "");
  const std::uint64_t early = board.take(flow_frame(1), true, 1500);
  board.scoreboard.on_ingress(early, 2499);
  board.clock = 3000;
  board.steer(early);
  board.land(early);
  EXPECT_EQ(board.mismatch(early), "taken in cycle 2499, on the wire until cycle 2500");
}

TEST(ScoreboardStamps, NoStageMayBeLeftOut) {
  Board board;
  const std::uint64_t not_steered = board.take(flow_frame(1));
  board.enter(not_steered);
  board.announce(not_steered);
  board.receive(board.correct(not_steered));
  EXPECT_EQ(board.mismatch(not_steered), "delivered, but never steered");

  const std::uint64_t not_entered = board.take(flow_frame(1));
  board.steer(not_entered);
  board.drop(not_entered, DropReason::fifo);
  expect_named(board.mismatch(not_entered), "steered, but never entered");

  const std::uint64_t twice = board.steered(flow_frame(1));
  board.steer(twice);
  board.land(twice);
  EXPECT_EQ(board.mismatch(twice), "steered a second time");
}

// ---- checks

TEST(ScoreboardChecks, EachMismatchBelongsToItsCheck) {
  const auto failed = [](const std::function<std::uint64_t(Board&)>& what) {
    Board board;
    const std::uint64_t tag = what(board);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < kCheckNames.size(); ++i) {
      if (board.row(tag).fails(static_cast<Check>(i))) names.emplace_back(kCheckNames[i]);
    }
    return names;
  };
  const auto spoilt = [](const std::function<void(Delivery&)>& spoil) {
    return [spoil](Board& board) {
      const std::uint64_t tag = board.steered(flow_frame(1));
      Delivery delivery = board.correct(tag);
      spoil(delivery);
      board.announce(tag, delivery.queue);
      board.receive(delivery);
      return tag;
    };
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(failed(spoilt([](Delivery&) {})), Names{});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.frame[3] ^= 1; })), Names{"bytes"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.frame.pop_back(); })), Names{"bytes"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.poison_intact = false; })), Names{"bytes"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.header[0] = 1; })), Names{"header"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.header[18] = 1; })), Names{"header"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.header[12] ^= 1; })), Names{"steering"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) { d.queue = (d.queue + 1) % 4; })), Names{"steering"});
  EXPECT_EQ(failed(spoilt([](Delivery& d) {
              d.frame[3] ^= 1;
              d.header[0] = 1;
            })),
            (Names{"bytes", "header"}));
  EXPECT_EQ(failed([](Board& board) {
              const std::uint64_t tag = board.steered(flow_frame(1));
              board.drop(tag, DropReason::reset);
              return tag;
            }),
            Names{"drops"});
  EXPECT_EQ(failed([](Board& board) {
              const std::uint64_t tag = board.steered(flow_frame(1));
              board.scoreboard.finish();
              return tag;
            }),
            Names{"delivery"});
  EXPECT_EQ(failed([](Board& board) {
              const std::uint64_t tag = board.take(flow_frame(1), false, 1'000'000);
              board.enter(tag);
              board.steer(tag);
              board.land(tag);
              return tag;
            }),
            Names{"stamps"});
  EXPECT_EQ(failed([](Board& board) {
              const std::uint64_t early = board.steered(flow_frame(1));
              board.land(board.steered(flow_frame(1)));
              board.land(early);
              return early;
            }),
            Names{"order"});
}

}  // namespace
}  // namespace rssnic::check
