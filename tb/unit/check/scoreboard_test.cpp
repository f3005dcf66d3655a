// The scoreboard, fed by hand: what a sound card does passes, and each single thing that a broken card could do is
// found and named in the row of the packet that it happened to. What is due to a packet comes from the oracle, whose
// own tests stand beside these.
#include "tb/check/scoreboard.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "model/steering/rss_config.h"
#include "tb/unit/check/frame_builder.h"

namespace rssnic::check {
namespace {

class HandWire final : public WireSource {
 public:
  std::uint64_t add(Octets frame, bool may_wait, Cycle arrival) {
    frames_.push_back({std::move(frame), may_wait, arrival});
    return frames_.size() - 1;
  }
  const WireFrame* front() override {
    if (next_ == frames_.size()) return nullptr;
    const Frame& frame = frames_[next_];
    front_ = {view(frame.octets), frame.arrival, frame.may_wait, next_};
    return &front_;
  }
  void pop() override { ++next_; }
  const Octets& frame(std::uint64_t tag) const { return frames_.at(tag).octets; }

 private:
  struct Frame {
    Octets octets;
    bool may_wait;
    Cycle arrival;
  };
  std::deque<Frame> frames_;
  std::size_t next_ = 0;
  WireFrame front_;
};

// What the driver takes out of a ring, for tests to spoil.
struct Delivery {
  unsigned queue = 0;
  Octets header = Octets(20);
  Octets frame;
  bool poison_intact = true;
};

Expectation steer_by(std::vector<std::uint16_t> table, std::uint32_t hash_types = 0x1ff) {
  Expectation expectation;
  expectation.rss.hash_types = hash_types;
  expectation.rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  expectation.rss.table = std::move(table);
  return expectation;
}
const std::vector<std::uint16_t> kFourQueues{0, 1, 2, 3};

// A TCP packet of this flow; frames of one flow are equal but for `number` in the last octet.
Octets flow_frame(unsigned flow, std::uint8_t number = 0) {
  return FrameBuilder()
      .ipv4("198.18.0.1", "198.18.0.2")
      .tcp(static_cast<std::uint16_t>(1000 + flow), 80)
      .payload(Octets{1, 2, 3, 4, 5, number})
      .frame();
}
Octets arp_frame() { return FrameBuilder().ethertype(0x0806).payload(46).frame(); }

// The scoreboard and everything around it; a step of a packet takes a cycle.
class Board {
 public:
  explicit Board(ScoreboardOptions options = {}, const Expectation& expectation = steer_by(kFourQueues))
      : scoreboard(wire, std::move(options), [this](const PacketRow& row) { rows.push_back(row); }) {
    scoreboard.begin_change(expectation);
    scoreboard.end_change();
    scoreboard.open_gate(clock);
    rules(expectation);
  }

  // By which rules correct() and steer() act; the scoreboard is told separately.
  void rules(const Expectation& expectation) {
    oracle_ = std::make_unique<Oracle>(expectation.rss);
    steers_ = expectation.steers;
  }
  Verdict due(std::uint64_t tag) const {
    Verdict verdict = oracle_->judge(view(wire.frame(tag)));
    if (!steers_) verdict.queue = 0;
    return verdict;
  }

  // The stages of a packet, as a sound card goes through them.
  std::uint64_t take(const Octets& frame, bool may_wait = true, Cycle arrival = 0) {
    const std::uint64_t tag = wire.add(frame, may_wait, arrival);
    EXPECT_NE(scoreboard.front(), nullptr);
    scoreboard.pop();
    return tag;
  }
  void enter(std::uint64_t tag) { scoreboard.on_ingress(tag, ++clock); }
  void steer(std::uint64_t tag) {
    const Verdict verdict = due(tag);
    scoreboard.on_steer(tag, {verdict.hash, verdict.report, verdict.queue}, ++clock);
  }
  std::uint64_t steered(const Octets& frame) {
    const std::uint64_t tag = take(frame);
    enter(tag);
    steer(tag);
    return tag;
  }
  void announce(std::uint64_t tag, unsigned queue) { scoreboard.on_deliver(tag, queue, ++clock); }
  void announce(std::uint64_t tag) { announce(tag, due(tag).queue); }
  Delivery correct(std::uint64_t tag) const {
    const Verdict verdict = due(tag);
    Delivery delivery;
    delivery.queue = verdict.queue;
    delivery.header[10] = 1;  // num_buffers
    store_le32(&delivery.header[12], verdict.hash);
    store_le16(&delivery.header[16], verdict.report);
    delivery.frame = wire.frame(tag);
    return delivery;
  }
  void receive(const Delivery& delivery) {
    ReceivedPacket packet;
    packet.queue = delivery.queue;
    packet.header = view(delivery.header);
    packet.frame = view(delivery.frame);
    packet.buffers = 1;
    packet.poison_intact = delivery.poison_intact;
    scoreboard.received(packet);
  }
  void land(std::uint64_t tag) {
    announce(tag);
    receive(correct(tag));
  }
  void drop(std::uint64_t tag, DropReason reason) { scoreboard.on_drop(tag, reason, ++clock); }

  // The row of a packet; a test fails unless it has exactly one.
  const PacketRow& row(std::uint64_t tag) const {
    static const PacketRow none;
    const PacketRow* found = nullptr;
    for (const PacketRow& row : rows) {
      if (row.stray || row.tag != tag) continue;
      if (found) ADD_FAILURE() << "packet " << tag << " has two rows";
      found = &row;
    }
    if (!found) ADD_FAILURE() << "packet " << tag << " has no row";
    return found ? *found : none;
  }
  std::string mismatch(std::uint64_t tag) const { return row(tag).mismatch; }
  // What is wrong beside the packets' own rows.
  std::vector<std::string> strays() const {
    std::vector<std::string> texts;
    for (const PacketRow& row : rows) {
      if (row.stray) texts.push_back(row.mismatch);
    }
    return texts;
  }

  HandWire wire;
  Cycle clock = 1000;
  std::vector<PacketRow> rows;
  Scoreboard scoreboard;

 private:
  std::unique_ptr<Oracle> oracle_;
  bool steers_ = true;
};

// Found is what a text contains; an empty text never is.
void expect_named(const std::string& mismatch, const std::string& words) {
  EXPECT_NE(mismatch.find(words), std::string::npos) << "\"" << mismatch << "\" does not say \"" << words << "\"";
}

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
