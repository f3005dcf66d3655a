// A driver that notifies a queue all the time without giving it buffers gains nothing and stops nobody.
#include <gtest/gtest.h>

#include "tb/check/session.h"
#include "tb/host/plain_machine.h"
#include "tb/wire/generator.h"

namespace rssnic {
namespace {

TEST(CardDoorbellStorm, DoesNotKeepThePacketsOfAnEmptyQueueForEver) {
  CardParameters card;
  card.packet_slots = 16;
  card.no_buffer_wait_cycles = 2000;
  GeneratorParameters load;
  load.packets = 2000;
  load.flows = 64;
  Generator generator(load);
  check::ScoreboardOptions options;
  options.tolerated_drops = {DropReason::no_buffer};
  std::uint64_t mismatches = 0;
  check::Scoreboard scoreboard(generator, options,
                               [&](const check::PacketRow& row) { mismatches += !row.mismatch.empty(); });
  PlainMachine machine(card, make_reference_engine(), &scoreboard, nullptr, &scoreboard);
  check::SessionOptions session_options;
  session_options.driver.queue_pairs = 2;
  session_options.driver.ring_size = 64;
  RssCommand rss;
  rss.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  rss.table = {0, 1};
  session_options.rss = rss;
  check::Session session(machine, scoreboard, session_options, [&] { machine.card().wire_ready(); });
  session.begin();
  session.driver().withhold_buffers(0, true);
  for (unsigned window = 0; window < 4000; ++window) {
    session.poll();
    session.driver().notify(0);
    machine.wait_window();
  }
  const CardStatistics& statistics = machine.card().statistics();
  EXPECT_GT(statistics.dropped[static_cast<std::size_t>(DropReason::no_buffer)], 0u);
  EXPECT_GT(statistics.delivered, 900u) << "queue 1 goes on";
  EXPECT_EQ(scoreboard.in_flight(), 0u) << "nothing waits for ever";
  EXPECT_EQ(mismatches, 0u);
}

}  // namespace
}  // namespace rssnic
