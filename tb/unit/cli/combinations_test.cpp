// Every combination of ring format, ring features, steering and number of queues: all packets are delivered and no
// check complains. All 128 over the bundled captures; over the captures with known results (RSSNIC_EXTRA_TRACES) as
// many of each as it takes for all to be used.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"

namespace rssnic::test {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr unsigned kEvery = 9;  // coprime to 2, so that each choice is made both ways
constexpr unsigned kLeastEach = 1;
#else
constexpr unsigned kEvery = 1;
constexpr unsigned kLeastEach = 4;
#endif
constexpr unsigned kCombinations = 128;

std::vector<unsigned> numbers() {
  std::vector<unsigned> all;
  for (unsigned number = 0; number < kCombinations; number += kEvery) all.push_back(number);
  return all;
}

struct Combination {
  std::string ring, features, steering, queues;

  explicit Combination(unsigned number) {
    const auto choose = [&number](std::initializer_list<const char*> choices) {
      const char* const choice = choices.begin()[number % choices.size()];
      number /= static_cast<unsigned>(choices.size());
      return std::string(choice);
    };
    ring = choose({"split", "packed"});
    features = choose({"+mrg_rxbuf", "-mrg_rxbuf"});
    features += choose({",+event_idx", ",-event_idx"});
    features += choose({",+indirect_desc", ",-indirect_desc"});
    steering = choose({"rss", "single"});
    queues = choose({"1", "3", "4", "64"});
  }
  std::vector<std::string> arguments() const {
    return {"run", "--ring", ring, "--features", features, "--steering", steering, "--queues", queues};
  }
};

class Combinations : public CommandBench {
 protected:
  // Runs the captures; the number of packets.
  std::uint64_t expect_sound(unsigned number, const std::vector<std::string>& captures) {
    const Combination combination(number);
    std::vector<std::string> arguments = combination.arguments();
    arguments.insert(arguments.end(), {"--json", file("summary").string()});
    arguments.insert(arguments.end(), captures.begin(), captures.end());
    const CommandResult result = rssnic(arguments);
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    EXPECT_EQ(result.status, 0) << line << "\n" << result.err << result.out;
    if (result.status != 0) return 0;
    const auto json = nlohmann::json::parse(read_text(file("summary")));
    EXPECT_EQ(json["mismatches"], 0) << line;
    EXPECT_EQ(json["delivered"], json["packets"]) << line;
    std::uint64_t first_queue = 0;
    for (const auto& queue : json["queues"]) {
      if (queue["queue"] == 0) first_queue = queue["packets"];
    }
    EXPECT_TRUE(combination.steering == "rss" || json["delivered"] == first_queue) << line;
    return json["packets"];
  }
  static std::vector<std::string> captures_in(const std::filesystem::path& folder) {
    std::vector<std::string> captures;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".pcap" || extension == ".pcapng") captures.push_back(entry.path().string());
    }
    std::sort(captures.begin(), captures.end());
    return captures;
  }
};

class BundledCaptures : public Combinations, public testing::WithParamInterface<unsigned> {};

std::string name_of(const testing::TestParamInfo<unsigned>& info) {
  const Combination combination(info.param);
  std::string name = combination.ring + combination.features + "," + combination.steering + combination.queues;
  for (char& c : name) {
    if (c == '+') c = '1';
    if (c == '-') c = '0';
    if (c == ',') c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(Combinations, BundledCaptures, testing::ValuesIn(numbers()), name_of);

TEST_P(BundledCaptures, AreDeliveredWithoutAMismatch) {
  std::uint64_t packets = 0;
  std::ifstream catalogue(bundled("catalogue.csv"));
  std::string line;
  std::getline(catalogue, line);
  while (std::getline(catalogue, line)) {  // file, origin, licence, packets
    std::stringstream cells(line);
    std::string cell;
    for (int column = 0; column < 4; ++column) std::getline(cells, cell, ',');
    packets += std::stoull(cell);
  }
  EXPECT_EQ(expect_sound(GetParam(), captures_in(RSSNIC_SOURCE_DIR "/traces")), packets);
}

using ExtraCaptures = Combinations;

TEST_F(ExtraCaptures, AreDeliveredWithoutAMismatch) {
  const char* const folder = std::getenv("RSSNIC_EXTRA_TRACES");
  if (folder == nullptr) {
    std::printf("RSSNIC_EXTRA_TRACES is not set: 0 captures run\n");
    return;
  }
  const std::vector<std::string> captures = captures_in(folder);
  ASSERT_FALSE(captures.empty());
  const auto count = static_cast<unsigned>(captures.size());
  const unsigned each = std::max(kLeastEach, (kCombinations / kEvery + count - 1) / count);
  unsigned number = 0;
  for (const std::string& capture : captures) {
    // A step that has no factor in common with 128 comes by all of them, and changes most choices each time.
    for (unsigned i = 0; i < each; ++i, number = (number + 37) % kCombinations) expect_sound(number, {capture});
  }
  std::printf("%u captures run, %u combinations each\n", count, each);
}

}  // namespace
}  // namespace rssnic::test
