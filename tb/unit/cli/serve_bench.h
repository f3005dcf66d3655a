// Runs rssnic serve as a process of its own, and ends it by a signal.
#pragma once
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {

class ServeBench : public CommandBench {
 protected:
  void TearDown() override {
    if (process_ > 0) end(SIGKILL);
    CommandBench::TearDown();
  }
  std::string socket() const { return file("nic.sock").string(); }

  // Starts the server and reads up to the line that says that it listens.
  void start(std::vector<std::string> options, const char* engine = "reference") {
    options.insert(options.begin(), {RSSNIC_COMMAND, "serve", "--socket", socket(), "--engine", engine});
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

}  // namespace rssnic::test
