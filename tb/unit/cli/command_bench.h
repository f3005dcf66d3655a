// Runs the rssnic command as its user would, in a folder of its own.
#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace rssnic::test {

struct CommandResult {
  int status = -1;
  std::string out, err;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class CommandBench : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rssnic-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  static std::string bundled(const std::string& name) { return std::string(RSSNIC_SOURCE_DIR) + "/traces/" + name; }

  // The arguments are words; none needs quoting beyond single quotes.
  CommandResult rssnic(const std::vector<std::string>& arguments) const { return run(RSSNIC_COMMAND, arguments); }
  CommandResult run(const std::string& program, const std::vector<std::string>& arguments) const {
    std::string line = "'" + program + "'";
    for (const std::string& argument : arguments) line += " '" + argument + "'";
    line += " > '" + file("out").string() + "' 2> '" + file("err").string() + "'";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), read_text(file("out")),
            read_text(file("err"))};
  }
  std::filesystem::path folder_;
};

}  // namespace rssnic::test
