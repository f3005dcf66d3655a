// Generator: the same frames for the same parameters everywhere, valid ones, in the asked-for shares.
#include "tb/wire/generator.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <stdexcept>
#include <string>

namespace rssnic {
namespace {

struct Generated {
  std::string bytes;
  Cycle arrival;
  bool may_wait;
};

std::vector<Generated> generate(const GeneratorParameters& parameters) {
  Generator generator(parameters);
  std::vector<Generated> result;
  while (const WireFrame* frame = generator.front()) {
    EXPECT_EQ(frame->tag, result.size());
    result.push_back({std::string(reinterpret_cast<const char*>(frame->bytes.data), frame->bytes.size), frame->arrival,
                      frame->may_wait});
    generator.pop();
  }
  return result;
}

const std::uint8_t* data(const std::string& bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); }

bool is_ipv6(const std::string& frame) { return load_be16(data(frame) + 12) == 0x86dd; }
bool is_tcp(const std::string& frame) { return data(frame)[is_ipv6(frame) ? 20 : 23] == 6; }

// Ones' complement sum of 16-bit words; 0xffff over data with a valid checksum (RFC 1071).
std::uint32_t ones_sum(const std::string& bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += load_be16(data(bytes) + i);
  if (bytes.size() % 2 == 1) sum += static_cast<std::uint32_t>(data(bytes)[bytes.size() - 1]) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

GeneratorParameters mixed() {
  GeneratorParameters parameters;
  parameters.packets = 2000;
  parameters.flows = 200;
  parameters.ipv6_percent = 50;
  parameters.tcp_percent = 50;
  return parameters;
}

TEST(Generator, LengthsAndChecksumsAreValid) {
  for (const std::size_t size : {14u, 60u, 61u, 1514u, 9001u}) {
    SCOPED_TRACE(size);
    GeneratorParameters parameters = mixed();
    parameters.frame_bytes = size;
    std::set<std::pair<bool, bool>> kinds;
    for (const Generated& generated : generate(parameters)) {
      const std::string& frame = generated.bytes;
      const bool ipv6 = is_ipv6(frame);
      const std::size_t transport = ipv6 ? 54 : 34;
      if (ipv6) {
        ASSERT_EQ(load_be16(data(frame) + 18), frame.size() - 54);
      } else {
        ASSERT_EQ(load_be16(data(frame) + 16), frame.size() - 14);
        ASSERT_EQ(ones_sum(frame.substr(14, 20)), 0xffffu);
      }
      const auto length = static_cast<std::uint32_t>(frame.size() - transport);
      const std::string pseudo_and_data = frame.substr(ipv6 ? 22 : 26);
      ASSERT_EQ(ones_sum(pseudo_and_data, length + (is_tcp(frame) ? 6 : 17)), 0xffffu);
      if (!is_tcp(frame)) {
        ASSERT_EQ(load_be16(data(frame) + transport + 4), length);
        ASSERT_NE(load_be16(data(frame) + transport + 6), 0u);
      }
      kinds.insert({ipv6, is_tcp(frame)});
    }
    EXPECT_EQ(kinds.size(), 4u) << "IPv4 and IPv6, TCP and UDP";
  }
}

TEST(Generator, UdpChecksumZeroIsSentAsAllOnes) {
  GeneratorParameters parameters;
  parameters.flows = 200'000;
  parameters.packets = 1'000'000;
  parameters.tcp_percent = 0;
  Generator generator(parameters);
  unsigned all_ones = 0;
  while (const WireFrame* frame = generator.front()) {
    const std::uint16_t checksum = load_be16(frame->bytes.data + 40);
    ASSERT_NE(checksum, 0u);
    all_ones += checksum == 0xffff;
    generator.pop();
  }
  EXPECT_GT(all_ones, 0u) << "the case did not come up";
}

TEST(Generator, RandomNumbersAreThePublishedSplitMix64) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
}

// The digest pins the frames down: a change of it breaks everybody's recorded results for a seed.
TEST(Generator, SeedFixesTheFramesForGood) {
  std::uint64_t digest = 0xcbf29ce484222325;  // FNV-1a
  for (const Generated& frame : generate(mixed())) {
    for (const char byte : frame.bytes) digest = (digest ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3;
  }
  EXPECT_EQ(digest, 18336364288039977176u);
}

TEST(Generator, AnotherSeedGivesOtherFrames) {
  GeneratorParameters other = mixed();
  other.seed = 2;
  EXPECT_NE(generate(mixed())[0].bytes, generate(other)[0].bytes);
}

TEST(Generator, FlowsAreDistinctAndAllUsed) {
  GeneratorParameters parameters = mixed();
  parameters.flows = 70'000;  // more than there are source addresses
  parameters.packets = 1'000'000;
  Generator generator(parameters);
  std::set<std::string> flows;
  while (const WireFrame* frame = generator.front()) {
    flows.insert(std::string(reinterpret_cast<const char*>(frame->bytes.data), 58));
    generator.pop();
  }
  EXPECT_EQ(flows.size(), 70'000u);
}

TEST(Generator, SharesAreKept) {
  GeneratorParameters parameters = mixed();
  parameters.flows = 10'000;
  parameters.packets = 20'000;
  for (const unsigned percent : {0u, 30u, 100u}) {
    parameters.ipv6_percent = percent;
    parameters.tcp_percent = 100 - percent;
    std::size_t ipv6 = 0;
    std::size_t udp = 0;
    for (const Generated& frame : generate(parameters)) {
      ipv6 += is_ipv6(frame.bytes);
      udp += !is_tcp(frame.bytes);
    }
    const double expected = percent / 100.0 * 20'000;
    const double slack = percent == 30 ? 400 : 0;
    EXPECT_NEAR(static_cast<double>(ipv6), expected, slack);
    EXPECT_NEAR(static_cast<double>(udp), expected, slack);
  }
}

TEST(Generator, ImixIsSevenFourOne) {
  GeneratorParameters parameters;
  parameters.packets = 1200;
  parameters.imix = true;
  std::map<std::size_t, unsigned> sizes;
  for (const Generated& frame : generate(parameters)) ++sizes[frame.bytes.size() + 4];  // with the FCS
  EXPECT_EQ(sizes, (std::map<std::size_t, unsigned>{{64, 700}, {570, 400}, {1518, 100}}));
}

TEST(Generator, LineRateSpacesTheFrames) {
  GeneratorParameters parameters;
  parameters.packets = 3;
  EXPECT_TRUE(generate(parameters)[2].may_wait);
  EXPECT_EQ(generate(parameters)[2].arrival, 0u);
  parameters.line_rate_gbps = 10;  // 5 bytes a cycle of 250 MHz, 84 bytes a frame on the line
  const std::vector<Generated> frames = generate(parameters);
  EXPECT_FALSE(frames[0].may_wait);
  EXPECT_EQ(frames[0].arrival, 17u);
  EXPECT_EQ(frames[1].arrival, 34u);
  EXPECT_EQ(frames[2].arrival, 51u);
}

TEST(Generator, ParametersOutOfRangeAreRefused) {
  const auto refused = [](auto change) {
    GeneratorParameters parameters;
    change(parameters);
    EXPECT_THROW(Generator{parameters}, std::invalid_argument);
  };
  refused([](auto& p) { p.flows = 0; });
  refused([](auto& p) { p.flows = (1 << 20) + 1; });
  refused([](auto& p) { p.frame_bytes = 13; });
  refused([](auto& p) { p.frame_bytes = 65'001; });
  refused([](auto& p) { p.ipv6_percent = 101; });
  refused([](auto& p) { p.tcp_percent = 101; });
  refused([](auto& p) { p.line_rate_gbps = -1; });
  refused([](auto& p) {
    p.flows = 1 << 20;
    p.frame_bytes = 1514;
  });
}

}  // namespace
}  // namespace rssnic
