// Values that users write on the command line. Each parser throws UsageError naming the option, the value and what is
// allowed.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/sim/pcie_link.h"
#include "model/steering/rss_config.h"
#include "model/virtio/features.h"

namespace rssnic::cli {

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// "--queues: '0' is not allowed; 1 to 32767 is"
[[noreturn]] void bad_value(const std::string& option, const std::string& value, const std::string& allowed);

bool is_number(const std::string& value);
std::uint64_t parse_number(const std::string& option, const std::string& value, std::uint64_t low, std::uint64_t high);
std::uint64_t parse_power_of_two(const std::string& option, const std::string& value, std::uint64_t high);
double parse_real(const std::string& option, const std::string& value, double low, double high);
// 1 to 40 bytes as hex digits; ':' between bytes is taken.
std::vector<std::uint8_t> parse_key(const std::string& option, const std::string& value);
// A mask such as 0x1ff, or names such as ipv4,tcpv4.
std::uint32_t parse_hash_types(const std::string& option, const std::string& value);
// Receive queue numbers, comma-separated; how many is a power of two.
std::vector<std::uint16_t> parse_queue_list(const std::string& option, const std::string& value, unsigned queues);
// +name to add, -name to take away, comma-separated, from `base`.
FeatureBits parse_features(const std::string& option, const std::string& value, FeatureBits base);
// GENxLANES, such as 4x16.
void parse_pcie(const std::string& option, const std::string& value, PcieParameters& into);

// One of a few words.
template <typename T>
T parse_choice(const std::string& option, const std::string& value,
               const std::vector<std::pair<std::string, T>>& choices) {
  std::string allowed;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].first == value) return choices[i].second;
    allowed += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i].first;
  }
  bad_value(option, value, allowed + " is");
}

struct AddressPair {
  bool ipv6 = false;
  std::vector<std::uint8_t> source, destination;  // 4 or 16 bytes, network order
};
AddressPair parse_addresses(const std::string& source, const std::string& destination);

}  // namespace rssnic::cli
