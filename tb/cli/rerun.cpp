#include "tb/cli/rerun.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace rssnic::cli {
namespace {

// Options with a value that the second run does without.
constexpr const char* kDropped[] = {"--csv",         "--json",     "--junit",     "--report", "--capture",
                                    "--expect-mpps", "--progress", "--wave-from", "--wave-to"};

bool is_dropped(const std::string& option) {
  return std::any_of(std::begin(kDropped), std::end(kDropped), [&](const char* name) { return option == name; });
}

}  // namespace

std::vector<std::string> rerun_arguments(const std::vector<std::string>& arguments, const report::WaveWindow& window) {
  std::vector<std::string> again = {
      "--wave-from", std::to_string(window.from), "--wave-to", std::to_string(window.to), "--progress", "off"};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {  // captures only from here on
      again.insert(again.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    if (argument == "--wave-on-mismatch") continue;
    const std::size_t equals = argument.find('=');
    if (is_dropped(argument.substr(0, equals))) {
      if (equals == std::string::npos) ++i;  // its value
      continue;
    }
    again.push_back(argument);
  }
  return again;
}

int run_again(const std::vector<std::string>& arguments, const char* program) {
  std::vector<std::string> words = {"rssnic", "run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "--wave-on-mismatch: no second process");
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) {
      dup2(nowhere, STDOUT_FILENO);
      dup2(nowhere, STDERR_FILENO);  // it has nothing to say that the first run has not said
    }
    execv(program, pointers.data());
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "--wave-on-mismatch: second process");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace rssnic::cli
