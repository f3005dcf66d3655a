// Faults that a session plants: each strikes, the card answers as it may, the run goes on to the last packet, and
// nothing but what the fault costs is missing. With both engines, both ring formats, and in SystemC with both steppings
// the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tb/check/session.h"
#include "tb/host/plain_machine.h"
#include "tb/wire/generator.h"

namespace rssnic::check {
namespace {

struct Variant {
  const char* name;
  std::unique_ptr<SteeringEngine> (*engine)();
  bool packed;
};

constexpr std::uint64_t kPackets = 6000;

GeneratorParameters traffic_of(std::uint64_t packets) {
  GeneratorParameters traffic;
  traffic.packets = packets;
  traffic.flows = 200;
  traffic.ipv6_percent = 40;
  traffic.imix = true;
  return traffic;
}

SessionOptions options_of(const Variant& setup, std::vector<FaultRequest> faults) {
  SessionOptions options;
  options.driver.queue_pairs = 4;
  options.driver.ring_size = 64;
  if (setup.packed) options.driver.wanted |= VIRTIO_F_RING_PACKED;
  options.rss.emplace();
  options.rss->key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  options.rss->table = {0, 1, 2, 3};
  options.rss->max_tx_vq = 4;
  options.faults = std::move(faults);
  return options;
}

// A card, its driver and the scoreboard around generated traffic.
class FaultyRun {
 public:
  FaultyRun(const Variant& setup, std::vector<FaultRequest> faults,
            const GeneratorParameters& traffic = traffic_of(kPackets))
      : generator_(traffic),
        scoreboard(generator_, {}, [this](const PacketRow& row) { rows.push_back(row); }),
        machine(card_of(setup), setup.engine(), &scoreboard, nullptr, &scoreboard),
        session(machine, scoreboard, options_of(setup, std::move(faults)), [this] { machine.card().wire_ready(); }) {
    session.begin();
    session.run(stop);
    for (const PacketRow& row : rows) {
      EXPECT_TRUE(row.mismatch.empty()) << row.tag << ": " << row.mismatch;
      if (row.dropped) ++dropped[*row.dropped];
    }
    EXPECT_EQ(rows.size(), traffic.packets);
  }
  const Fault& fault(std::size_t index = 0) const { return session.faults().at(index); }
  std::uint64_t dropped_total() const {
    std::uint64_t total = 0;
    for (const auto& [reason, packets] : dropped) total += packets;
    return total;
  }

 private:
  static CardParameters card_of(const Variant& setup) {
    CardParameters card;
    if (setup.packed) card.features |= VIRTIO_F_RING_PACKED;
    return card;
  }
  Generator generator_;

 public:
  std::vector<PacketRow> rows;
  std::map<DropReason, std::uint64_t> dropped;
  Scoreboard scoreboard;
  PlainMachine machine;
  Session session;
  std::atomic<bool> stop{false};
};

class FaultRun : public testing::TestWithParam<Variant> {};
INSTANTIATE_TEST_SUITE_P(Setups, FaultRun,
                         testing::Values(Variant{"ReferenceSplit", make_reference_engine, false},
                                         Variant{"RtlSplit", make_rtl_engine, false},
                                         Variant{"ReferencePacked", make_reference_engine, true},
                                         Variant{"RtlPacked", make_rtl_engine, true}),
                         [](const auto& test) { return test.param.name; });

// The card has stopped, was reset and went on to the last packet; what it cost is told.
void expect_recovered(const FaultyRun& run, const std::string& reason) {
  const Fault& fault = run.fault();
  ASSERT_TRUE(fault.struck);
  EXPECT_TRUE(fault.settled);
  EXPECT_FALSE(fault.wrong);
  EXPECT_EQ(fault.outcome.find(reason + ", DEVICE_NEEDS_RESET after "), 0u) << fault.outcome;
  EXPECT_NE(fault.outcome.find("reset, back after "), std::string::npos) << fault.outcome;
  EXPECT_EQ(run.machine.card().statistics().device_resets, 3u);
  EXPECT_EQ(fault.packets_lost, run.dropped_total());
  EXPECT_LT(fault.packets_lost, 1000u);
  EXPECT_FALSE(run.rows.back().dropped) << "the last packet comes through";
}

TEST_P(FaultRun, AReadErrorEndsInAResetAndTheRunGoesOn) {
  const FaultyRun run(GetParam(), {{FaultKind::dma_read_error, 500}});
  expect_recovered(run, "bus_error");
}

TEST_P(FaultRun, AWriteErrorEndsInAResetAndTheRunGoesOn) {
  const FaultyRun run(GetParam(), {{FaultKind::dma_write_error, 500}});
  expect_recovered(run, "bus_error");
}

// Whatever access it is: ring, descriptor, payload, used entry, suppression, message.
TEST_P(FaultRun, AnErrorOfAnyOfTheFirstAccessesIsSurvived) {
  unsigned messages = 0;
  for (std::uint64_t access = 1; access <= 120; ++access) {
    for (const FaultKind kind : {FaultKind::dma_read_error, FaultKind::dma_write_error}) {
      SCOPED_TRACE(to_string(FaultRequest{kind, access}));
      const FaultyRun run(GetParam(), {{kind, access}}, traffic_of(300));
      ASSERT_TRUE(run.fault().struck);
      EXPECT_TRUE(run.fault().settled);
      EXPECT_FALSE(run.fault().wrong) << run.fault().outcome;
      const bool message = run.fault().outcome.find("an interrupt lost") == 0;
      messages += message;
      EXPECT_EQ(run.machine.card().statistics().device_resets, message ? 1u : 3u) << run.fault().outcome;
      EXPECT_TRUE(!message || run.dropped_total() == 0);
    }
  }
  EXPECT_GT(messages, 0u);
}

TEST_P(FaultRun, ALateCompletionCostsTimeAndNoPacket) {
  const FaultyRun calm(GetParam(), {});
  const FaultyRun run(GetParam(), {{FaultKind::late_completion, 500}});
  EXPECT_TRUE(run.fault().settled);
  EXPECT_EQ(run.dropped_total(), 0u);
  EXPECT_GT(run.machine.now(), calm.machine.now() + kFaultCycles / 2);
  EXPECT_EQ(run.machine.card().statistics().device_resets, 1u);
}

TEST_P(FaultRun, ASilentLinkCostsTimeAndNoPacket) {
  const FaultyRun calm(GetParam(), {});
  const FaultyRun run(GetParam(), {{FaultKind::link_stall, 1000}});
  EXPECT_TRUE(run.fault().settled);
  EXPECT_EQ(run.dropped_total(), 0u);
  EXPECT_GT(run.machine.now(), calm.machine.now() + kFaultCycles / 2);
  // Nothing becomes visible but what was under way.
  for (const PacketRow& row : run.rows) {
    const Cycle quiet = run.fault().cycle + 200;
    EXPECT_FALSE(row.deliver > quiet && row.deliver < run.fault().cycle + kFaultCycles) << row.tag;
  }
}

TEST_P(FaultRun, NonsenseInARingEndsInAResetAndTheRunGoesOn) {
  {
    const FaultyRun run(GetParam(), {{FaultKind::ring_head, 1000}});
    expect_recovered(run, "head_out_of_range");
  }
  const FaultyRun run(GetParam(), {{FaultKind::ring_loop, 1000}});
  expect_recovered(run, "loop");
  if (GetParam().packed) return;  // packed rings have no index
  const FaultyRun jump(GetParam(), {{FaultKind::ring_index, 1000}});
  expect_recovered(jump, "too_many_available");
}

TEST_P(FaultRun, WithoutBuffersPacketsAreDroppedUntilThereAreSomeAgain) {
  const FaultyRun run(GetParam(), {{FaultKind::no_buffers, 1000}});
  EXPECT_TRUE(run.fault().settled);
  EXPECT_GT(run.dropped.count(DropReason::no_buffer), 0u);
  EXPECT_EQ(run.dropped.size(), 1u);
  EXPECT_EQ(run.fault().packets_lost, run.dropped_total());
  EXPECT_FALSE(run.rows.back().dropped);
  EXPECT_EQ(run.machine.card().statistics().device_resets, 1u);
}

TEST_P(FaultRun, AResetInTrafficLosesOnlyWhatWasInside) {
  const FaultyRun run(GetParam(), {{FaultKind::reset, 3000}});
  EXPECT_EQ(run.fault().outcome.find("reset, back after "), 0u) << run.fault().outcome;
  EXPECT_EQ(run.machine.card().statistics().device_resets, 3u);
  EXPECT_GT(run.dropped.at(DropReason::reset), 0u);
  EXPECT_EQ(run.fault().packets_lost, run.dropped_total());
  EXPECT_LT(run.dropped_total(), 1000u);
  EXPECT_FALSE(run.rows.back().dropped);
}

TEST_P(FaultRun, ManyFaultsInOneRunAreAllSettled) {
  const FaultyRun run(GetParam(), {{FaultKind::dma_read_error, 100},
                                   {FaultKind::dma_read_error, 101},
                                   {FaultKind::dma_write_error, 900},
                                   {FaultKind::late_completion, 1200},
                                   {FaultKind::no_buffers, 2000},
                                   {FaultKind::reset, 2000},
                                   {FaultKind::link_stall, 2001},
                                   {FaultKind::ring_head, 2001},
                                   {FaultKind::no_buffers, 4000},
                                   {FaultKind::reset, 6000}});
  std::uint64_t lost = 0;
  for (const Fault& fault : run.session.faults()) {
    EXPECT_TRUE(fault.settled) << to_string(fault.request);
    EXPECT_FALSE(fault.wrong) << to_string(fault.request) << ": " << fault.outcome;
    lost += fault.packets_lost;
  }
  EXPECT_EQ(lost, run.dropped_total());
}

// A second error while the driver brings the card up again, at every access that this takes.
TEST(FaultDuringRestart, ASecondErrorIsSurvivedToo) {
  const Variant setup{"", make_reference_engine, false};
  std::uint64_t first_reads = 0;
  for (std::uint64_t later = 1; later <= 40; ++later) {
    SCOPED_TRACE(later);
    const FaultyRun run(setup, {{FaultKind::dma_read_error, 50}, {FaultKind::dma_read_error, 50 + later}},
                        traffic_of(500));
    for (const Fault& fault : run.session.faults()) {
      EXPECT_TRUE(fault.settled);
      EXPECT_FALSE(fault.wrong) << fault.outcome;
    }
    first_reads += run.fault(1).cycle < run.fault(0).cycle + 300;
  }
  EXPECT_LT(first_reads, 40u);
}

TEST(FaultThatDoesNotCome, HasNotStruck) {
  const FaultyRun run({"", make_reference_engine, false},
                      {{FaultKind::reset, kPackets + 1}, {FaultKind::dma_read_error, 1'000'000'000}});
  EXPECT_FALSE(run.fault(0).struck);
  EXPECT_FALSE(run.fault(1).struck);
  EXPECT_EQ(run.dropped_total(), 0u);
}

// What nobody asked for is not excused: the same error, planted behind the session's back.
TEST(FaultThatNobodyAskedFor, EndsTheRun) {
  const Variant setup{"", make_reference_engine, false};
  Generator generator(traffic_of(kPackets));
  Scoreboard scoreboard(generator, {}, [](const PacketRow&) {});
  PlainMachine machine({}, setup.engine(), &scoreboard, nullptr, &scoreboard);
  Session session(machine, scoreboard, options_of(setup, {{FaultKind::reset, kPackets + 1}}),
                  [&] { machine.card().wire_ready(); });
  const std::atomic<bool> stop{false};
  session.begin();
  machine.fail_dma(1000);
  EXPECT_THROW(session.run(stop), DriverError);
}

// The driver hears of it by the configuration interrupt, not when the card has come to rest.
TEST(FaultThatNobodyAskedFor, IsNoticedWhileFramesKeepComing) {
  const Variant setup{"", make_reference_engine, false};
  GeneratorParameters endless = traffic_of(100'000'000);
  endless.line_rate_gbps = 100;
  Generator generator(endless);
  Scoreboard scoreboard(generator, {}, [](const PacketRow&) {});
  PlainMachine machine({}, setup.engine(), &scoreboard, nullptr, &scoreboard);
  Session session(machine, scoreboard, options_of(setup, {}), [&] { machine.card().wire_ready(); });
  const std::atomic<bool> stop{false};
  session.begin();
  machine.fail_dma(1000);
  EXPECT_THROW(session.run(stop), DriverError);
  EXPECT_LT(scoreboard.taken(), 100'000u);
}

}  // namespace
}  // namespace rssnic::check
