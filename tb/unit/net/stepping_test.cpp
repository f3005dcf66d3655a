// The step in which time advances changes nothing: stamps, drops and stall counts of the card are the same whether it
// is advanced a window, 16 cycles or one cycle at a time. Over all captures, and over random loads with stalls, a
// starved queue, coalesced notifications, a configuration swap, resets of a receive queue and a device reset in
// mid-traffic, which the tests also make sure have happened.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <random>

#include "tb/check/session.h"
#include "tb/host/plain_machine.h"
#include "tb/wire/generator.h"
#include "tb/wire/pcap_player.h"

namespace rssnic {
namespace {

// Everything that the step must not change, as one text a packet.
struct Trace {
  std::vector<std::string> packets;
  CardStatistics statistics;
  std::uint64_t mismatches = 0;
  std::string first_mismatch;
  std::uint64_t interrupts = 0;  // that the driver has had
  Cycle end = 0;
};

std::string stamps(const check::PacketRow& row) {
  const int drop = row.dropped ? static_cast<int>(*row.dropped) : -1;
  return fmt::format("{} drop {} queue {} at {} {} {}", row.tag, drop, row.queue, row.ingress, row.steer, row.deliver);
}

void expect_same(const Trace& wanted, const Trace& got, const std::string& what) {
  ASSERT_EQ(wanted.packets.size(), got.packets.size()) << what;
  for (std::size_t i = 0; i < wanted.packets.size(); ++i) ASSERT_EQ(wanted.packets[i], got.packets[i]) << what;
  EXPECT_EQ(wanted.statistics.stalls_packet_buffer, got.statistics.stalls_packet_buffer) << what;
  EXPECT_EQ(wanted.statistics.stalls_pipeline, got.statistics.stalls_pipeline) << what;
  EXPECT_EQ(wanted.statistics.dropped, got.statistics.dropped) << what;
  EXPECT_EQ(wanted.statistics.configurations, got.statistics.configurations) << what;
  EXPECT_EQ(wanted.interrupts, got.interrupts) << what;
  EXPECT_EQ(wanted.end, got.end) << what;
}

RssCommand rss_for(unsigned queues, unsigned shift = 0) {
  RssCommand rss;
  rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  rss.table.resize(128);
  for (std::size_t i = 0; i < rss.table.size(); ++i) rss.table[i] = static_cast<std::uint16_t>((i + shift) % queues);
  rss.max_tx_vq = static_cast<std::uint16_t>(queues);
  return rss;
}

// The mistake that these tests are there to find: where several edges are asked for and nothing happens, one is left
// out.
class OffByOneEngine final : public SteeringEngine {
 public:
  bool offer(std::uint16_t token, ConstBytes frame) override { return inner_->offer(token, frame); }
  void result_space(unsigned free_slots) override { inner_->result_space(free_slots); }
  void stage(const RssConfig& config) override { inner_->stage(config); }
  bool swapping() const override { return inner_->swapping(); }
  std::uint8_t active_bank() const override { return inner_->active_bank(); }
  void reset() override { inner_->reset(); }
  bool idle() const override { return inner_->idle(); }
  Cycle edge() const override { return inner_->edge() + lost_; }
  void skip_to(Cycle edge) override { inner_->skip_to(edge - lost_); }
  Outcome clock_until(Cycle limit) override {
    const Cycle lost = limit > edge() + 1 ? 1 : 0;
    Outcome outcome = inner_->clock_until(limit - lost_ - lost);
    if (!outcome.any()) lost_ += lost;
    outcome.result.decided += lost_;
    return outcome;
  }

 private:
  const std::unique_ptr<SteeringEngine> inner_ = make_rtl_engine();
  Cycle lost_ = 0;
};

Trace replay(const std::string& capture, Cycle step, std::unique_ptr<SteeringEngine> engine = make_rtl_engine()) {
  Trace trace;
  PlayerParameters parameters;
  parameters.files = {capture};
  PcapPlayer player(parameters);
  check::Scoreboard scoreboard(player, {}, [&](const check::PacketRow& row) {
    trace.packets.push_back(stamps(row));
    if (trace.first_mismatch.empty()) trace.first_mismatch = row.mismatch;
  });
  PlainMachine machine({}, std::move(engine), &scoreboard, nullptr, &scoreboard, step);
  check::SessionOptions options;
  options.driver.queue_pairs = 4;
  options.rss = rss_for(4);
  check::Session session(machine, scoreboard, options, [&] { machine.card().wire_ready(); });
  try {
    session.begin();
    session.run(std::atomic<bool>{false});
  } catch (const DriverError& error) {
    trace.packets.push_back(error.what());
  }
  trace.statistics = machine.card().statistics();
  trace.mismatches = scoreboard.mismatches();
  trace.end = machine.now();
  return trace;
}

std::vector<std::string> captures() {
  std::vector<std::string> files;
  const auto add = [&](const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".pcap" || extension == ".pcapng") files.push_back(entry.path().string());
    }
  };
  add(std::filesystem::path(RSSNIC_SOURCE_DIR) / "traces");
  if (const char* const extra = std::getenv("RSSNIC_EXTRA_TRACES")) add(extra);
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Stepping, EveryCaptureHasTheSameStampsInBurstAndLockstep) {
  ASSERT_FALSE(captures().empty());
  for (const std::string& capture : captures()) {
    const Trace burst = replay(capture, 64);
    EXPECT_EQ(burst.mismatches, 0u) << capture << ": " << burst.first_mismatch;
    expect_same(burst, replay(capture, 1), capture);
  }
}

TEST(Stepping, AnEdgeTooFewShowsInTheStamps) {
  const std::string capture = RSSNIC_SOURCE_DIR "/traces/vlan-qinq.pcap";
  const Trace burst = replay(capture, 64, std::make_unique<OffByOneEngine>());
  const Trace lockstep = replay(capture, 1, std::make_unique<OffByOneEngine>());
  EXPECT_NE(burst.packets, lockstep.packets);
}

// A random load on a card with tight resources; the driver starves queue 1 for a while, coalesces its notifications,
// swaps the configuration and resets queue 2 in mid-traffic, and resets the device once.
Trace torture(std::uint64_t seed, Cycle step) {
  std::mt19937_64 random(seed);
  const auto pick = [&](std::uint64_t low, std::uint64_t high) { return low + random() % (high - low + 1); };
  CardParameters card;
  card.mac_fifo_frames = static_cast<unsigned>(pick(4, 64));
  card.packet_slots = static_cast<unsigned>(pick(16, 96));
  card.result_fifo = static_cast<unsigned>(pick(1, 4));
  card.dispatch_cycles = static_cast<unsigned>(pick(2, 3));
  card.prefetch_buffers = static_cast<unsigned>(pick(8, 64));
  card.no_buffer_wait_cycles = 2000;
  card.max_queue_size = 64;
  card.pcie.tags = static_cast<unsigned>(pick(4, 32));
  card.pcie.lanes = pick(0, 1) ? 16 : 8;

  GeneratorParameters load;
  load.imix = true;
  load.flows = 64;
  load.seed = seed;
  load.packets = 4000;
  load.line_rate_gbps = seed % 2 == 0 ? 0 : 150;
  Generator generator(load);

  Trace trace;
  check::ScoreboardOptions tolerant;
  tolerant.mac_fifo_frames = card.mac_fifo_frames;
  tolerant.tolerated_drops = {DropReason::no_buffer, DropReason::no_queue, DropReason::reset, DropReason::filter};
  check::Scoreboard scoreboard(generator, tolerant, [&](const check::PacketRow& row) {
    trace.packets.push_back(stamps(row));
    if (trace.first_mismatch.empty()) trace.first_mismatch = row.mismatch;
  });
  PlainMachine machine(card, make_rtl_engine(), &scoreboard, nullptr, &scoreboard, step);
  check::SessionOptions options;
  options.driver.queue_pairs = 4;
  options.driver.ring_size = 64;
  options.rss = rss_for(4);
  check::Session session(machine, scoreboard, options, [&] { machine.card().wire_ready(); });
  session.begin();
  const auto windows = [&](unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      session.poll();
      machine.wait_window();
    }
  };
  windows(20);
  session.driver().withhold_buffers(1, true);
  windows(120);
  session.driver().withhold_buffers(1, false);
  session.driver().set_receive_coalescing(
      {static_cast<std::uint32_t>(pick(2, 40)), static_cast<std::uint32_t>(pick(1, 8))});
  windows(20);
  for (unsigned i = 0; i < 3; ++i) {
    session.driver().reset_queue(4, [&](const ReceivedPacket& packet) { scoreboard.received(packet); });
    windows(static_cast<unsigned>(pick(0, 3)));
    session.driver().enable_queue(4, i == 1 ? 16 : 64);
    windows(8);
  }
  session.change_rss(rss_for(4, 1));
  windows(20);
  session.poll();
  scoreboard.close_gate();
  session.driver().stop();
  scoreboard.device_was_reset();
  session.begin();
  session.run(std::atomic<bool>{false});
  trace.statistics = machine.card().statistics();
  trace.mismatches = scoreboard.mismatches();
  trace.interrupts = session.driver().interrupts();
  trace.end = machine.now();
  return trace;
}

TEST(Stepping, RandomLoadsHaveTheSameStampsInAnyStep) {
  CardStatistics seen;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const Trace burst = torture(seed, 64);
    EXPECT_EQ(burst.mismatches, 0u) << burst.first_mismatch;
    EXPECT_EQ(burst.packets.size(), 4000u);
    expect_same(burst, torture(seed, 16), "16 cycles a step");
    expect_same(burst, torture(seed, 1), "one cycle a step");
    seen.stalls_packet_buffer += burst.statistics.stalls_packet_buffer;
    seen.stalls_pipeline += burst.statistics.stalls_pipeline;
    for (std::size_t i = 0; i < seen.dropped.size(); ++i) seen.dropped[i] += burst.statistics.dropped[i];
    EXPECT_EQ(burst.statistics.configurations, 3u);
    EXPECT_EQ(burst.statistics.device_resets, 3u);
    EXPECT_EQ(burst.statistics.queue_resets, 3u);
  }
  // The loads have met what could make a difference.
  EXPECT_GT(seen.stalls_packet_buffer, 0u);
  EXPECT_GT(seen.stalls_pipeline, 0u);
  EXPECT_GT(seen.dropped[static_cast<std::size_t>(DropReason::no_buffer)], 0u);
  EXPECT_GT(seen.dropped[static_cast<std::size_t>(DropReason::no_queue)], 0u);
  EXPECT_GT(seen.dropped[static_cast<std::size_t>(DropReason::fifo)], 0u);
  EXPECT_GT(seen.dropped[static_cast<std::size_t>(DropReason::reset)], 0u);
}

}  // namespace
}  // namespace rssnic
