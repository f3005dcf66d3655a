// docs/conformance.csv against the test programs: every test that it names exists, every row has a status, and a row
// counts as tested only with a test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <vector>

namespace {

const std::filesystem::path kSource = RSSNIC_SOURCE_DIR;

// RFC 4180: quoted fields may hold commas and doubled quotes.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> row(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      row.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      row.emplace_back();
    } else {
      row.back() += c;
    }
  }
  return row;
}

using Row = std::map<std::string, std::string>;

std::vector<Row> matrix() {
  std::ifstream file(kSource / "docs" / "conformance.csv");
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = fields(line);
  std::vector<Row> rows;
  while (std::getline(file, line)) {
    const std::vector<std::string> values = fields(line);
    Row row;
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = i < values.size() ? values[i] : "";
    rows.push_back(row);
  }
  return rows;
}

// Suite.Test of every TEST, TEST_F and TEST_P under tb/.
std::set<std::string> tests() {
  std::set<std::string> names;
  const std::regex macro(R"(TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / "tb")) {
    if (entry.path().extension() != ".cpp") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const std::string source = text.str();
    for (std::sregex_iterator match(source.begin(), source.end(), macro), end; match != end; ++match) {
      names.insert((*match)[1].str() + "." + (*match)[2].str());
    }
  }
  return names;
}

TEST(ConformanceMatrix, HasEveryRequirementOnce) {
  std::set<std::string> ids;
  for (const Row& row : matrix()) EXPECT_TRUE(ids.insert(row.at("id")).second) << row.at("id") << " stands twice";
  EXPECT_EQ(ids.size(), 637u);
}

TEST(ConformanceMatrix, EveryNamedTestExists) {
  const std::set<std::string> existing = tests();
  ASSERT_FALSE(existing.empty());
  for (const Row& row : matrix()) {
    std::stringstream list(row.at("tests"));
    for (std::string name; std::getline(list, name, ';');) {
      EXPECT_TRUE(existing.count(name)) << row.at("id") << " names the test " << name << ", which does not exist";
    }
  }
}

TEST(ConformanceMatrix, StatusAndTestsAgree) {
  const std::set<std::string> allowed = {"tested", "open", "not-offered", "out-of-scope"};
  for (const Row& row : matrix()) {
    const std::string& status = row.at("status");
    EXPECT_TRUE(allowed.count(status)) << row.at("id") << ": status '" << status << "'";
    EXPECT_EQ(status == "tested", !row.at("tests").empty()) << row.at("id") << ": tested means that a test is named";
  }
}

}  // namespace
