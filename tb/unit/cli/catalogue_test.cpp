// traces/catalogue.csv row by row: the file is the one that was catalogued, and the card treats it as written there, to
// the cycle. scripts/catalogue renews the figures.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

using Catalogue = CommandBench;

std::vector<std::vector<std::string>> rows() {
  std::vector<std::vector<std::string>> found;
  std::ifstream file(RSSNIC_SOURCE_DIR "/traces/catalogue.csv");
  for (std::string line; std::getline(file, line);) {
    found.emplace_back();
    std::stringstream cells(line + ",");
    for (std::string cell; std::getline(cells, cell, ',');) found.back().push_back(cell);
  }
  return found;
}

TEST_F(Catalogue, EveryCaptureIsCataloguedAndUnchanged) {
  std::uintmax_t bytes = 0;
  std::size_t captures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RSSNIC_SOURCE_DIR "/traces")) {
    if (entry.path().extension() != ".pcap" && entry.path().extension() != ".pcapng") continue;
    ++captures;
    bytes += entry.file_size();
  }
  EXPECT_EQ(captures, rows().size() - 1);
  EXPECT_LT(bytes, 8u << 20);
  for (std::size_t i = 1; i < rows().size(); ++i) {
    const std::vector<std::string> row = rows()[i];
    const std::string command = "sha256sum '" + bundled(row[0]) + "' > '" + file("sum").string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0) << row[0];
    EXPECT_EQ(read_text(file("sum")).substr(0, 64), row[5]) << row[0];
  }
}

TEST_F(Catalogue, EveryCaptureGivesItsHistogramAndItsExactCycles) {
  const auto catalogue = rows();
  ASSERT_GT(catalogue.size(), 1u);
  ASSERT_EQ(catalogue[0],
            (std::vector<std::string>{"file", "origin", "licence", "packets", "flows", "sha256", "queues", "cycles"}));
  for (std::size_t i = 1; i < catalogue.size(); ++i) {
    const std::vector<std::string>& row = catalogue[i];
    ASSERT_EQ(row.size(), 8u) << row[0];
    ASSERT_EQ(rssnic({"run", bundled(row[0]), "--json", file("j").string()}).status, 0) << row[0];
    const auto json = nlohmann::json::parse(read_text(file("j")));
    std::string queues;
    for (const auto& queue : json["queues"]) queues += (queues.empty() ? "" : ";") + queue["packets"].dump();
    EXPECT_EQ(json["packets"].dump(), row[3]) << row[0];
    EXPECT_EQ(queues, row[6]) << row[0];
    EXPECT_EQ(json["pipeline"]["cycles"].dump(), row[7]) << row[0];
  }
}

// But for what the machine's speed makes of it.
TEST_F(Catalogue, TheReadmeShowsWhatAllOfThemGive) {
  const auto up_to_speed = [](const std::string& text) { return text.substr(0, text.find("simulation\n")); };
  const std::string readme = read_text(RSSNIC_SOURCE_DIR "/README.md"), fence = "```\n";
  const std::size_t begin = readme.find(fence + "packets\n");
  ASSERT_NE(begin, std::string::npos);
  std::vector<std::string> arguments{"run"};
  const auto catalogue = rows();
  for (std::size_t i = 1; i < catalogue.size(); ++i) arguments.push_back(bundled(catalogue[i][0]));
  std::sort(arguments.begin() + 1, arguments.end());
  const CommandResult result = rssnic(arguments);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(up_to_speed(result.out), up_to_speed(readme.substr(begin + fence.size())));
}

}  // namespace
}  // namespace rssnic::test
