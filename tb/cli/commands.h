// The subcommands of rssnic. Each takes what follows its name and returns the exit status: 0 as the specification says,
// 1 a mismatch or too slow, 2 wrong usage, 3 unreadable or damaged input.
#pragma once
#include <string>
#include <vector>

namespace rssnic::cli {

constexpr int kExitOk = 0;
constexpr int kExitMismatch = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInput = 3;
constexpr int kExitInterrupted = 130;

int run_command(const std::vector<std::string>& arguments);
int hash_command(const std::vector<std::string>& arguments);
int serve_command(const std::vector<std::string>& arguments);
int info_command(const std::vector<std::string>& arguments);

}  // namespace rssnic::cli
