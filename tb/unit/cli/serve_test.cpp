// rssnic serve as its user starts and ends it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tb/unit/cli/command_bench.h"
#include "tb/unit/cosim/client.h"

namespace rssnic::test {
namespace {

class Serve : public CommandBench {
 protected:
  void TearDown() override {
    if (process_ > 0) end(SIGKILL);
    CommandBench::TearDown();
  }
  std::string socket() const { return file("nic.sock").string(); }

  // Starts the server and reads up to the line that says that it listens.
  void start(std::vector<std::string> options) {
    options.insert(options.begin(), {RSSNIC_COMMAND, "serve", "--socket", socket(), "--engine", "reference"});
    std::vector<char*> arguments;
    for (std::string& option : options) arguments.push_back(option.data());
    arguments.push_back(nullptr);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDERR_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execv(RSSNIC_COMMAND, arguments.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    messages_ = ::fdopen(ends[0], "r");
    ASSERT_NE(read_to("listening on").find(socket()), std::string::npos);
  }
  // What the server says, up to a line that holds `text` or to the end.
  std::string read_to(const std::string& text) {
    std::string all;
    for (char line[256]; std::fgets(line, sizeof line, messages_) != nullptr;) {
      all += line;
      if (std::string(line).find(text) != std::string::npos) break;
    }
    return all;
  }
  int end(int signal) {
    ::kill(process_, signal);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    if (messages_ != nullptr) std::fclose(messages_);
    messages_ = nullptr;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  pid_t process_ = 0;
  std::FILE* messages_ = nullptr;
};

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
  const CommandResult tap = rssnic({"serve", "--socket", socket(), "--wire", "tap:a-name-that-is-too-long"});
  EXPECT_EQ(tap.status, 3);
  EXPECT_NE(tap.err.find("a-name-that-is-too-long"), std::string::npos) << tap.err;
}

}  // namespace
}  // namespace rssnic::test
