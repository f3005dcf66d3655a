// rssnic serve as its user starts and ends it.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <csignal>

#include "tb/driver/virtio_net_driver.h"
#include "tb/host/plain_machine.h"
#include "tb/unit/cli/serve_bench.h"
#include "tb/unit/cosim/client_machine.h"

namespace rssnic::test {
namespace {

using Serve = ServeBench;

const ByteVector kVersion = Fields().u16(0).u16(0).text("{}");

TEST_F(Serve, EndsCleanlyOnTermAndInt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start({"--wire", "loopback"});
    EXPECT_EQ(end(signal), 0);
    EXPECT_FALSE(std::filesystem::exists(socket()));
  }
}

TEST_F(Serve, EndsCleanlyWhileAClientIsConnected) {
  start({});
  Client client(socket());
  EXPECT_EQ(client.call(1, kVersion).error, 0);
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, PrintsStatisticsWhenAsked) {
  start({"--wire", "loopback"});
  Client client(socket());
  EXPECT_EQ(client.call(1, kVersion).error, 0);
  EXPECT_EQ(client.call(4, Fields().u32(16).u32(0).u32(0).u32(0)).error, 0);
  ::kill(process_, SIGUSR1);
  const std::string text = read_to("resets");
  EXPECT_NE(text.find("connected, 1 so far"), std::string::npos) << text;
  EXPECT_NE(text.find("2 from the client"), std::string::npos) << text;
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, PrintsStatisticsByItself) {
  start({"--wire", "loopback", "--stats-interval", "1"});
  EXPECT_NE(read_to("resets").find("transmitted"), std::string::npos);
  EXPECT_EQ(end(SIGTERM), 0);
}

// The driver hears of the cable that is pulled out and plugged in again, and announces itself when asked.
TEST_F(Serve, PullsTheCableForASecondWhenAsked) {
  start({"--wire", "loopback"});
  const PlainMachine no_card({}, make_reference_engine(), nullptr, nullptr, nullptr);
  {
    ClientMachine machine(socket(), no_card.card());
    VirtioNetDriver driver(machine, {});
    driver.start();
    const auto until = [&](const auto& condition) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (!condition() && std::chrono::steady_clock::now() < end) {
        machine.wait_window();
        driver.poll([](const ReceivedPacket&) {});
      }
    };
    ASSERT_TRUE(driver.link_up());
    ::kill(process_, SIGUSR2);
    until([&] { return !driver.attend_config_change() && !driver.link_up(); });
    EXPECT_FALSE(driver.link_up());
    bool asked = false;
    until([&] {
      asked |= driver.attend_config_change();  // the register may show the link before the interrupt is here
      return asked && driver.link_up();
    });
    EXPECT_TRUE(driver.link_up());
    EXPECT_TRUE(asked);
  }
  EXPECT_NE(read_to("plugged in again").find("pulled out"), std::string::npos);
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, SurvivesAClientThatIsKilledAndServesTheNext) {
  start({"--wire", "loopback"});
  for (unsigned round = 0; round < 5; ++round) {
    Client client(socket());
    EXPECT_EQ(client.call(1, kVersion).error, 0);
    client.send({1, 2, 3});  // and gone
  }
  Client client(socket());
  EXPECT_EQ(load_le32(&client.call(1, kVersion).payload[0]), 0u);
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, ReplacesTheSocketOfAServerThatWasKilled) {
  start({"--wire", "loopback"});
  EXPECT_EQ(end(SIGKILL), 1000 + SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(socket()));
  start({"--wire", "loopback"});
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, TwoServersDoNotShareASocket) {
  start({"--wire", "loopback"});
  const CommandResult second = rssnic({"serve", "--socket", socket()});
  EXPECT_EQ(second.status, 3);
  EXPECT_NE(second.err.find("another server"), std::string::npos) << second.err;
  EXPECT_EQ(end(SIGTERM), 0);
}

TEST_F(Serve, WrongValuesAreNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases = {
      {{}, {"--socket"}},
      {{"--socket", "s", "--wire", "string"}, {"--wire", "'string'", "tap:NAME"}},
      {{"--socket", "s", "--wire", "tap:"}, {"--wire", "'tap:'"}},
      {{"--socket", "s", "--wire", "user:x"}, {"--wire", "'user:x'"}},
      {{"--socket", "s", "--sync", "x"}, {"--sync", "'x'", "paced"}},
      {{"--socket", "s", "--mac", "01:00:00:00:00:00"}, {"--mac", "unicast"}},
      {{"--socket", "s", "--mac", "52:54:00:12:34:56:78"}, {"--mac"}},
      {{"--socket", "s", "--queues", "0"}, {"--queues", "'0'"}},
      {{"--socket", "s", "--stats-interval", "-1"}, {"--stats-interval", "'-1'"}},
      {{"--socket", "s", "--pace", "recorded"}, {"--pace", "pcap"}},
      {{"--socket", "s", "--features", "+walk"}, {"--features", "walk"}},
      {{"--socket", "s", "--wave", "x.gtkw"}, {"--wave", "'x.gtkw'", ".gtkw"}},
      {{"--socket", "s", "--wave", "/dev/null"}, {"--wave", "'/dev/null'", "regular"}},
      {{"--socket", "s", "--wave", "x.fst", "--engine", "reference"}, {"--wave", "reference"}},
      {{"--socket", "s", "--wave-from", "9"}, {"--wave-from", "only with --wave"}},
      {{"--socket", "s", "--wave", "x.fst", "--wave-from", "9", "--wave-to", "8"}, {"--wave-to", "'8'", "9 to"}},
      {{"--socket", "s", "--json", ""}, {"--json", "''"}},
      {{"--socket", "s", "--json", "x", "--capture", "./x"}, {"--json", "'x'", "--capture"}},
      {{"--socket", "s", "--wave", "x.fst", "--json", "x.gtkw"}, {"--wave", "'x.gtkw'", "--json"}},
      {{"--socket", "s", "--wire", "pcap:x.pcap", "--capture", "./x.pcap"}, {"--capture", "'./x.pcap'", "captures"}},
      {{"--socket", "s", "extra"}, {"positional"}}};
  for (const auto& [options, named] : cases) {
    std::vector<std::string> arguments = {"serve"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = rssnic(arguments);
    EXPECT_EQ(result.status, 2) << result.err;
    for (const std::string& word : named) EXPECT_NE(result.err.find(word), std::string::npos) << result.err;
  }
}

TEST_F(Serve, WhatCannotBeUsedIsNamed) {
  const std::string missing = file("missing/capture.pcap").string();
  const CommandResult played = rssnic({"serve", "--socket", socket(), "--wire", "pcap:" + missing});
  EXPECT_EQ(played.status, 3);
  EXPECT_NE(played.err.find(missing), std::string::npos) << played.err;
  const CommandResult recorded = rssnic({"serve", "--socket", socket(), "--wire", "loopback", "--capture", missing});
  EXPECT_EQ(recorded.status, 3);
  EXPECT_NE(recorded.err.find(missing), std::string::npos) << recorded.err;
  const CommandResult json = rssnic({"serve", "--socket", socket(), "--wire", "loopback", "--json", missing});
  EXPECT_EQ(json.status, 3);
  EXPECT_NE(json.err.find(missing), std::string::npos) << json.err;
  const CommandResult wave = rssnic({"serve", "--socket", socket(), "--wire", "loopback", "--wave", missing});
  EXPECT_EQ(wave.status, 3);
  EXPECT_NE(wave.err.find(missing), std::string::npos) << wave.err;
  const CommandResult tap = rssnic({"serve", "--socket", socket(), "--wire", "tap:a-name-that-is-too-long"});
  EXPECT_EQ(tap.status, 3);
  EXPECT_NE(tap.err.find("a-name-that-is-too-long"), std::string::npos) << tap.err;
}

}  // namespace
}  // namespace rssnic::test
