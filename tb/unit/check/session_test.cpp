// Whole runs over a machine without SystemC: a sound card comes through without a mismatch, and of a card with one
// planted fault the checkers report that fault and nothing else. The faults sit in the steering engine, behind its own
// interface, and in the host's memory.
#include "tb/check/session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tb/check/timing_checker.h"
#include "tb/host/plain_machine.h"
#include "tb/wire/generator.h"

namespace rssnic::check {
namespace {

using Outcome = SteeringEngine::Outcome;

// The reference engine with something done to the results on their way out.
class SpoiltEngine : public SteeringEngine {
 public:
  bool offer(std::uint16_t token, ConstBytes frame) override {
    if (!inner_->offer(token, frame)) return false;
    inside_.push_back(token);
    return true;
  }
  void result_space(unsigned free_slots) override { inner_->result_space(free_slots); }
  void stage(const RssConfig& config) override { inner_->stage(config); }
  bool swapping() const override { return inner_->swapping(); }
  std::uint8_t active_bank() const override { return inner_->active_bank(); }
  void reset() override {
    inside_.clear();
    inner_->reset();
  }
  bool idle() const override { return inner_->idle(); }
  Cycle edge() const override { return inner_->edge(); }
  void skip_to(Cycle edge) override { inner_->skip_to(edge); }
  Outcome clock_until(Cycle limit) override {
    Outcome outcome = inner_->clock_until(limit);
    if (outcome.decided) {
      spoil(results_++, outcome);
      inside_.pop_front();
    }
    return outcome;
  }

 protected:
  // `number` counts the results from 0, as the packets' tags do.
  virtual void spoil(std::uint64_t number, Outcome& outcome) = 0;
  // Tokens in the pipeline and at its input, that of the present result first.
  const std::deque<std::uint16_t>& inside() const { return inside_; }

 private:
  const std::unique_ptr<SteeringEngine> inner_ = make_reference_engine();
  std::deque<std::uint16_t> inside_;
  std::uint64_t results_ = 0;
};

constexpr std::uint64_t kVictim = 100;

class SpoiltOnce final : public SpoiltEngine {
 public:
  explicit SpoiltOnce(std::function<void(Outcome&)> fault) : fault_(std::move(fault)) {}

 private:
  void spoil(std::uint64_t number, Outcome& outcome) override {
    if (number == kVictim) fault_(outcome);
  }
  const std::function<void(Outcome&)> fault_;
};

class TwoTokensSwapped final : public SpoiltEngine {
 private:
  void spoil(std::uint64_t number, Outcome& outcome) override {
    if (number == kVictim) {
      ASSERT_GE(inside().size(), 2u) << "the next packet is not in the pipeline yet";
      held_ = outcome.result.token;
      outcome.result.token = inside()[1];
    } else if (number == kVictim + 1) {
      outcome.result.token = held_;
    }
  }
  std::uint16_t held_ = 0;
};

RssCommand four_queues() {
  RssCommand rss;
  rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  rss.table.resize(128);
  for (std::size_t i = 0; i < rss.table.size(); ++i) rss.table[i] = static_cast<std::uint16_t>(i % 4);
  rss.max_tx_vq = 4;
  return rss;
}

GeneratorParameters mixed_traffic(std::uint64_t packets = 2000) {
  GeneratorParameters traffic;
  traffic.packets = packets;
  traffic.flows = 200;
  traffic.ipv6_percent = 40;
  traffic.tcp_percent = 60;
  return traffic;
}

SessionOptions with_rss() {
  SessionOptions options;
  options.driver.queue_pairs = 4;
  options.rss = four_queues();
  return options;
}

// A card, its driver and the checkers, with generated traffic.
template <typename MachineKind = PlainMachine>
class Replay {
 public:
  explicit Replay(const GeneratorParameters& traffic, std::unique_ptr<SteeringEngine> engine = make_reference_engine(),
                  const SessionOptions& options = with_rss(), const CardParameters& card = {})
      : generator_(traffic),
        scoreboard(generator_, {}, [this](const PacketRow& row) { rows.push_back(row); }),
        machine(card, std::move(engine), &scoreboard, nullptr, &scoreboard),
        session(machine, scoreboard, options, [this] { machine.card().wire_ready(); }) {}

  void run() {
    session.begin();
    session.run(stop);
  }
  // "tag: what is wrong" of every row with a mismatch.
  std::vector<std::string> mismatches() const {
    std::vector<std::string> texts;
    for (const PacketRow& row : rows) {
      if (!row.mismatch.empty()) texts.push_back(fmt::format("{}: {}", row.tag, row.mismatch));
    }
    EXPECT_EQ(texts.size(), scoreboard.mismatches());
    return texts;
  }
  // What is due to a packet by four_queues().
  Verdict due(std::uint64_t tag, const GeneratorParameters& traffic) const {
    Generator again(traffic);
    while (again.front()->tag < tag) again.pop();
    const RssCommand rss = four_queues();
    return Oracle({rss.hash_types, rss.key, rss.table, rss.unclassified_queue, false}).judge(again.front()->bytes);
  }

 private:
  Generator generator_;

 public:
  std::vector<PacketRow> rows;
  Scoreboard scoreboard;
  MachineKind machine;
  Session session;
  std::atomic<bool> stop{false};
};

// A machine in whose memory one packet arrives otherwise than the card wrote it.
class SpoilingMachine final : public PlainMachine {
 public:
  using PlainMachine::PlainMachine;
  // Called for the victim's write: header, frame.
  std::function<void(std::vector<std::uint8_t>&)> spoil;

 private:
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle&) override {
    const std::uint8_t* const there = ram().pointer(address, from.size);
    const bool is_packet = from.size > 20 && there != nullptr && std::all_of(there, there + from.size, is_poison);
    if (!is_packet || packets_++ != kVictim) return dma_write(address, from);
    std::vector<std::uint8_t> bytes(from.data, from.data + from.size);
    spoil(bytes);
    return dma_write(address, {bytes.data(), bytes.size()});
  }
  static bool is_poison(std::uint8_t byte) { return byte == kPoison; }
  std::uint64_t packets_ = 0;
};

std::string text(const Verdict& verdict) {
  return fmt::format("queue {} report {} hash {:08x}", verdict.queue, verdict.report, verdict.hash);
}

// ---- sound cards

struct Sound {
  const char* name;
  std::unique_ptr<SteeringEngine> (*engine)();
};
class SessionSound : public testing::TestWithParam<Sound> {};
INSTANTIATE_TEST_SUITE_P(Engines, SessionSound,
                         testing::Values(Sound{"Reference", make_reference_engine}, Sound{"Rtl", make_rtl_engine}),
                         [](const auto& test) { return test.param.name; });

TEST_P(SessionSound, AWholeRunHasNoMismatch) {
  GeneratorParameters traffic = mixed_traffic(5000);
  traffic.imix = true;
  Replay replay(traffic, GetParam().engine());
  replay.run();
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
  ASSERT_EQ(replay.rows.size(), traffic.packets);
  EXPECT_EQ(replay.scoreboard.in_flight(), 0u);
  std::array<unsigned, 4> queues{};
  std::array<unsigned, 10> reports{};
  for (std::size_t i = 0; i < replay.rows.size(); ++i) {
    ASSERT_EQ(replay.rows[i].tag, i);
    ASSERT_FALSE(replay.rows[i].dropped);
    ++queues.at(replay.rows[i].queue);
    ++reports.at(replay.rows[i].report);
  }
  for (const unsigned packets : queues) EXPECT_GT(packets, 0u);
  for (const unsigned report : {2u, 3u, 5u, 6u}) EXPECT_GT(reports[report], 0u) << report;
}

TEST_P(SessionSound, WithoutRssEverythingComesOutOfQueueZero) {
  SessionOptions options = with_rss();
  options.rss.reset();
  Replay replay(mixed_traffic(500), GetParam().engine(), options);
  replay.run();
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
  ASSERT_EQ(replay.rows.size(), 500u);
  for (const PacketRow& row : replay.rows) EXPECT_EQ(row.queue, 0);
}

TEST_P(SessionSound, WhatTheMacFifoLosesIsAccepted) {
  GeneratorParameters traffic = mixed_traffic(5000);
  traffic.line_rate_gbps = 400;
  Replay replay(traffic, GetParam().engine());
  replay.run();
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
  EXPECT_EQ(replay.rows.size(), traffic.packets);
  const auto lost = std::count_if(replay.rows.begin(), replay.rows.end(),
                                  [](const PacketRow& row) { return row.dropped == DropReason::fifo; });
  EXPECT_GT(lost, 0);
}

TEST(SessionTiming, TheRtlTakesTheTimeThatItsParametersAllow) {
  for (const std::size_t frame_bytes : {60u, 1514u}) {
    SCOPED_TRACE(frame_bytes);
    GeneratorParameters traffic = mixed_traffic(20'000);
    traffic.frame_bytes = frame_bytes;
    Replay replay(traffic, make_rtl_engine());
    replay.run();
    TimingChecker timing(timing_parameters(replay.machine.card().parameters(), with_rss().driver));
    for (const PacketRow& row : replay.rows) timing.row(row);
    EXPECT_EQ(timing.finish(), std::vector<std::string>{});
  }
}

// Long frames through a few lanes: the link is what limits the run.
std::vector<std::string> complaints_when_told(unsigned told_lanes, unsigned real_lanes) {
  GeneratorParameters traffic = mixed_traffic(5000);
  traffic.frame_bytes = 1514;
  CardParameters told, real;
  told.pcie.lanes = told_lanes;
  real.pcie.lanes = real_lanes;
  Replay replay(traffic, make_rtl_engine(), with_rss(), real);
  replay.run();
  TimingChecker timing(timing_parameters(told, with_rss().driver));
  for (const PacketRow& row : replay.rows) timing.row(row);
  return timing.finish();
}

TEST(SessionTiming, ACardWithAFasterLinkThanItSaysIsFound) {
  EXPECT_EQ(complaints_when_told(4, 4), std::vector<std::string>{});
  const std::vector<std::string> complaints = complaints_when_told(2, 4);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("are needed"), std::string::npos) << complaints[0];
}

TEST(SessionTiming, ACardWithASlowerLinkThanItSaysIsFound) {
  const std::vector<std::string> complaints = complaints_when_told(4, 1);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("are allowed"), std::string::npos) << complaints[0];
}

// ---- planted faults

TEST(SessionFault, AHashBitFlippedOnceIsThatPacketsMismatch) {
  const GeneratorParameters traffic = mixed_traffic();
  // A bit above the table's index: the queue stays right.
  Replay replay(traffic, std::make_unique<SpoiltOnce>([](Outcome& outcome) { outcome.result.hash ^= 1u << 20; }));
  replay.run();
  const Verdict due = replay.due(kVictim, traffic);
  Verdict got = due;
  got.hash ^= 1u << 20;
  EXPECT_EQ(replay.mismatches(), std::vector{fmt::format("100: {}, due are {}", text(got), text(due))});
  EXPECT_EQ(replay.rows.size(), traffic.packets);
}

TEST(SessionFault, AWrongQueueOnceIsThatPacketsMismatch) {
  const GeneratorParameters traffic = mixed_traffic();
  Replay replay(traffic, std::make_unique<SpoiltOnce>([](Outcome& outcome) {
                  outcome.result.queue = static_cast<std::uint16_t>((outcome.result.queue + 1) % 4);
                }));
  replay.run();
  const Verdict due = replay.due(kVictim, traffic);
  Verdict got = due;
  got.queue = static_cast<std::uint16_t>((due.queue + 1) % 4);
  EXPECT_EQ(replay.mismatches(), std::vector{fmt::format("100: {}, due are {}", text(got), text(due))});
}

TEST(SessionFault, AReportOffByOneIsThatPacketsMismatch) {
  const GeneratorParameters traffic = mixed_traffic();
  Replay replay(traffic, std::make_unique<SpoiltOnce>([](Outcome& outcome) {
                  outcome.result.report = static_cast<HashReport>(static_cast<unsigned>(outcome.result.report) + 1);
                }));
  replay.run();
  const Verdict due = replay.due(kVictim, traffic);
  Verdict got = due;
  ++got.report;
  EXPECT_EQ(replay.mismatches(), std::vector{fmt::format("100: {}, due are {}", text(got), text(due))});
}

TEST(SessionFault, TwoTokensSwappedAreTheMismatchesOfTheseTwoPackets) {
  const GeneratorParameters traffic = mixed_traffic();
  Replay replay(traffic, std::make_unique<TwoTokensSwapped>());
  replay.run();
  const Verdict first = replay.due(kVictim, traffic);
  const Verdict second = replay.due(kVictim + 1, traffic);
  ASSERT_NE(first.queue, second.queue) << "the seed gives packets that could overtake each other as well";
  EXPECT_EQ(replay.mismatches(), (std::vector{fmt::format("100: {}, due are {}", text(second), text(first)),
                                              fmt::format("101: {}, due are {}", text(first), text(second))}));
}

TEST(SessionFault, AResultSwallowedIsALostPacket) {
  const GeneratorParameters traffic = mixed_traffic();
  Replay replay(traffic, std::make_unique<SpoiltOnce>([](Outcome& outcome) { outcome.decided = false; }));
  replay.run();
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{"100: lost in the card"});
  ASSERT_EQ(replay.rows.size(), traffic.packets);
  EXPECT_TRUE(replay.rows[kVictim].lost);
}

TEST(SessionFault, AQueueThatTheDriverDoesNotHaveIsADropWithoutReason) {
  Replay replay(mixed_traffic(), std::make_unique<SpoiltOnce>([](Outcome& outcome) { outcome.result.queue = 9; }));
  replay.run();
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{"100: dropped-no-queue without a reason"});
}

struct MemoryFault {
  const char* name;
  std::function<void(std::vector<std::uint8_t>&)> spoil;
  const char* mismatch;
};
class SessionMemoryFault : public testing::TestWithParam<MemoryFault> {};
INSTANTIATE_TEST_SUITE_P(
    Single, SessionMemoryFault,
    testing::Values(
        MemoryFault{"ByteChanged", [](std::vector<std::uint8_t>& bytes) { bytes[20 + 6] ^= 1; },
                    "100: byte 6 received as 03, sent as 02"},
        MemoryFault{"LastByteNotWritten", [](std::vector<std::uint8_t>& bytes) { bytes.pop_back(); },
                    "100: byte 73 received as a5"},
        MemoryFault{"ByteBehindTheEnd", [](std::vector<std::uint8_t>& bytes) { bytes.push_back(0); },
                    "100: written behind its last byte"},
        MemoryFault{"FlagsSet", [](std::vector<std::uint8_t>& bytes) { bytes[0] = 2; }, "100: an offload field"},
        MemoryFault{"PaddingSet", [](std::vector<std::uint8_t>& bytes) { bytes[19] = 1; }, "100: padding_reserved"}),
    [](const auto& test) { return test.param.name; });

TEST_P(SessionMemoryFault, IsThatPacketsMismatch) {
  GeneratorParameters traffic = mixed_traffic();
  traffic.frame_bytes = 74;
  SessionOptions one_queue = with_rss();
  one_queue.rss->table = {0};  // so that packets are written in the order of their tags
  Replay<SpoilingMachine> replay(traffic, make_reference_engine(), one_queue);
  replay.machine.spoil = GetParam().spoil;
  replay.run();
  const std::vector<std::string> mismatches = replay.mismatches();
  ASSERT_EQ(mismatches.size(), 1u) << testing::PrintToString(mismatches);
  EXPECT_EQ(mismatches[0].find(GetParam().mismatch), 0u) << mismatches[0];
}

// 5.1.9.4.1: one buffer without MRG_RXBUF. A driver that took two would put the packet together again, and nobody
// would notice.
TEST(SessionError, TwoBuffersForAPacketWithoutMergeableBuffersAreADriverError) {
  for (const bool mergeable : {true, false}) {
    SessionOptions options = with_rss();
    options.rss->table = {0};
    if (!mergeable) options.driver.wanted &= ~VIRTIO_NET_F_MRG_RXBUF;
    Replay<SpoilingMachine> replay(mixed_traffic(), make_reference_engine(), options);
    replay.machine.spoil = [](std::vector<std::uint8_t>& bytes) { bytes[10] = 2; };
    replay.session.begin();
    try {
      replay.session.run(replay.stop);
      EXPECT_TRUE(mergeable);
      EXPECT_GT(replay.scoreboard.mismatches(), 0u);
    } catch (const DriverError& error) {
      EXPECT_NE(std::string(error.what()).find("num_buffers is 2"), std::string::npos) << error.what();
    }
  }
}

// ---- a card that stops

// What may be said of packets in a run that a bus error ended; none that the driver has received is among them.
bool never_came(const PacketRow& row) {
  return row.mismatch == "lost in the card" || row.mismatch == "dropped-reset without a reason" ||
         row.mismatch == "delivered, but not found in its queue";
}

TEST(SessionError, ABusErrorEndsTheRunWithADriverError) {
  Replay replay(mixed_traffic());
  replay.session.begin();
  replay.machine.fail_dma(1000);
  try {
    replay.session.run(replay.stop);
    FAIL() << "the run ends as if nothing had happened";
  } catch (const DriverError& error) {
    EXPECT_NE(std::string(error.what()).find("DEVICE_NEEDS_RESET"), std::string::npos) << error.what();
  }
  const std::size_t before = replay.rows.size();
  EXPECT_GT(before, 0u);
  EXPECT_LT(before, 2000u);
  replay.scoreboard.finish();
  for (const PacketRow& row : replay.rows) EXPECT_TRUE(row.mismatch.empty() || never_came(row)) << row.mismatch;
}

// Whichever access fails, with packets in several buffers among them. Messages are the exception: an interrupt lost is
// not the card's to notice, and the next one makes up for it.
TEST(SessionError, NoBusErrorGoesUnnoticed) {
  SessionOptions options = with_rss();
  options.driver.buffer_bytes = 512;
  GeneratorParameters traffic = mixed_traffic(60);
  traffic.imix = true;
  Replay undisturbed(traffic, make_reference_engine(), options);
  undisturbed.run();
  EXPECT_EQ(undisturbed.mismatches(), std::vector<std::string>{});
  unsigned unnoticed = 0;
  for (std::uint64_t access = 1; access <= 150; ++access) {
    SCOPED_TRACE(access);
    Replay replay(traffic, make_reference_engine(), options);
    replay.session.begin();
    replay.machine.fail_dma(access);
    try {
      replay.session.run(replay.stop);
      ++unnoticed;
    } catch (const DriverError&) {
      replay.scoreboard.finish();
    }
    for (const PacketRow& row : replay.rows) EXPECT_TRUE(row.mismatch.empty() || never_came(row)) << row.mismatch;
  }
  EXPECT_LE(unnoticed, undisturbed.session.driver().interrupts());
}

TEST(SessionError, ABusErrorDuringStartIsADriverErrorToo) {
  Replay replay(mixed_traffic());
  replay.machine.fail_dma(1);
  EXPECT_THROW(replay.session.begin(), DriverError);
}

TEST(SessionError, AConfigurationThatTheCardRefusesIsADriverError) {
  SessionOptions options = with_rss();
  options.rss->table[5] = 40;  // no such queue
  Replay replay(mixed_traffic(), make_reference_engine(), options);
  EXPECT_THROW(replay.session.begin(), DriverError);
}

// ---- stopping early

TEST(SessionStop, EndsEarlyAndCleanly) {
  Replay replay(mixed_traffic(1'000'000));
  replay.session.begin();
  unsigned windows = 0;
  replay.session.run(replay.stop, [&] { replay.stop = ++windows == 50; });
  EXPECT_GT(replay.rows.size(), 100u);
  EXPECT_LT(replay.rows.size(), 100'000u);
  EXPECT_EQ(replay.scoreboard.in_flight(), 0u) << "what was inside has come out";
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
  for (const PacketRow& row : replay.rows) ASSERT_FALSE(row.dropped || row.lost);
}

TEST(SessionStop, SetBeforeTheRunLeavesOnlyWhatHasEntered) {
  Replay replay(mixed_traffic(1'000'000));
  replay.session.begin();
  replay.stop = true;
  replay.session.run(replay.stop);
  EXPECT_EQ(replay.scoreboard.in_flight(), 0u);
  EXPECT_LE(replay.rows.size(), 1000u);
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
}

// ---- changes

TEST(SessionChange, InMidTrafficIsSound) {
  Replay replay(mixed_traffic(20'000));
  replay.session.begin();
  unsigned changes = 0;
  replay.session.run(replay.stop, [&] {
    if (replay.scoreboard.source_is_empty()) return;
    RssCommand next = four_queues();
    next.table.assign(1, static_cast<std::uint16_t>(++changes % 4));
    replay.session.change_rss(next);
  });
  EXPECT_GT(changes, 5u);
  EXPECT_EQ(replay.mismatches(), std::vector<std::string>{});
  EXPECT_EQ(replay.rows.size(), 20'000u);
}

// A card whose swap comes too late: the answer is there, and packets are still steered in the old way.
class StaleEngine final : public SpoiltEngine {
 private:
  void spoil(std::uint64_t number, Outcome& outcome) override {
    if (number < 1000) {
      old_queue_ = outcome.result.queue;
    } else if (number == 5000) {
      outcome.result.queue = old_queue_;
    }
  }
  std::uint16_t old_queue_ = 0;
};

TEST(SessionChange, APacketSteeredInTheOldWayAfterItIsFound) {
  SessionOptions options = with_rss();
  options.rss->table.assign(1, 1);
  Replay replay(mixed_traffic(20'000), std::make_unique<StaleEngine>(), options);
  replay.session.begin();
  bool changed = false;
  replay.session.run(replay.stop, [&] {
    if (changed || replay.rows.size() < 1000) return;
    changed = true;
    RssCommand next = four_queues();
    next.table.assign(1, 2);
    replay.session.change_rss(next);
  });
  const std::vector<std::string> mismatches = replay.mismatches();
  ASSERT_EQ(mismatches.size(), 1u) << testing::PrintToString(mismatches);
  EXPECT_EQ(mismatches[0].find("5000: queue 1 report"), 0u) << mismatches[0];
}

}  // namespace
}  // namespace rssnic::check
