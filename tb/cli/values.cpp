#include "tb/cli/values.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

namespace rssnic::cli {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  if (!text.empty() && text.back() == separator) parts.emplace_back();
  return parts;
}

std::optional<std::uint64_t> number(std::string_view text) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string feature_list() { return feature_names(all_implemented_features()); }

}  // namespace

void bad_value(const std::string& option, const std::string& value, const std::string& allowed) {
  throw UsageError(fmt::format("{}: '{}' is not allowed; {}", option, value, allowed));
}

bool is_number(const std::string& value) { return number(value).has_value(); }

std::uint64_t parse_number(const std::string& option, const std::string& value, std::uint64_t low, std::uint64_t high) {
  const auto parsed = number(value);
  if (!parsed || *parsed < low || *parsed > high) {
    bad_value(option, value, fmt::format("a whole number from {} to {} is", low, high));
  }
  return *parsed;
}

std::uint64_t parse_power_of_two(const std::string& option, const std::string& value, std::uint64_t high) {
  const std::uint64_t parsed = is_number(value) ? parse_number(option, value, 0, ~std::uint64_t{0}) : 0;
  const bool is_power_of_two = parsed != 0 && (parsed & (parsed - 1)) == 0;
  if (!is_power_of_two || parsed > high) bad_value(option, value, fmt::format("a power of two up to {} is", high));
  return parsed;
}

double parse_real(const std::string& option, const std::string& value, double low, double high) {
  double parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(parsed) || parsed < low ||
      parsed > high) {
    bad_value(option, value, fmt::format("a number from {:g} to {:g} is", low, high));
  }
  return parsed;
}

std::vector<std::uint8_t> parse_key(const std::string& option, const std::string& value) {
  const std::string allowed = fmt::format("1 to {} bytes as pairs of hex digits are", kHashKeyBytes);
  std::string digits;
  std::copy_if(value.begin(), value.end(), std::back_inserter(digits), [](char c) { return c != ':'; });
  const bool hex = std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isxdigit(c); });
  if (!hex) bad_value(option, value, allowed);
  if (digits.empty() || digits.size() % 2 != 0 || digits.size() > 2 * kHashKeyBytes) {
    bad_value(option, value, fmt::format("it has {} digits; {}", digits.size(), allowed));
  }
  std::vector<std::uint8_t> key;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    key.push_back(static_cast<std::uint8_t>(std::stoul(digits.substr(i, 2), nullptr, 16)));
  }
  return key;
}

std::uint32_t parse_hash_types(const std::string& option, const std::string& value) {
  std::string names;
  for (std::size_t report = 1; report < kHashReportNames.size(); ++report) {
    names += (report > 1 ? "," : "") + std::string(kHashReportNames[report]);
  }
  const std::string allowed = fmt::format("a mask up to {:#x}, or some of {}, is", kAllHashTypes, names);
  if (const auto mask = number(value)) {
    if (*mask > kAllHashTypes) bad_value(option, value, allowed);
    return static_cast<std::uint32_t>(*mask);
  }
  std::uint32_t types = 0;
  for (const std::string& name : split(value, ',')) {
    const auto found = std::find(kHashReportNames.begin() + 1, kHashReportNames.end(), name);
    if (found == kHashReportNames.end()) bad_value(option, name, allowed);
    types |= hash_type_of(static_cast<HashReport>(found - kHashReportNames.begin()));
  }
  if (types == 0) bad_value(option, value, allowed);
  return types;
}

std::vector<std::uint16_t> parse_queue_list(const std::string& option, const std::string& value, unsigned queues) {
  std::vector<std::uint16_t> list;
  for (const std::string& part : split(value, ',')) {
    const auto queue = number(part);
    if (!queue || *queue >= queues) bad_value(option, part, fmt::format("queues are 0 to {}", queues - 1));
    list.push_back(static_cast<std::uint16_t>(*queue));
  }
  if (list.empty() || (list.size() & (list.size() - 1)) != 0 || list.size() > kMaxTableEntries) {
    bad_value(option, value,
              fmt::format("it has {} entries; a power of two up to {} is", list.size(), kMaxTableEntries));
  }
  return list;
}

FeatureBits parse_features(const std::string& option, const std::string& value, FeatureBits base) {
  for (const std::string& part : split(value, ',')) {
    const bool signed_name = part.size() > 1 && (part[0] == '+' || part[0] == '-');
    const auto bit = signed_name ? feature_by_name(part.substr(1)) : std::nullopt;
    if (!bit) bad_value(option, part, fmt::format("+NAME or -NAME is, with NAME one of {}", feature_list()));
    base = part[0] == '+' ? base | *bit : base & ~*bit;
  }
  if (const std::string error = feature_error(base, base); !error.empty()) bad_value(option, value, error);
  return base;
}

void parse_pcie(const std::string& option, const std::string& value, PcieParameters& into) {
  const std::string allowed = "GENxLANES is, with GEN 1 to 5 and LANES 1, 2, 4, 8 or 16 (4x16)";
  const std::vector<std::string> parts = split(value, 'x');
  if (parts.size() != 2) bad_value(option, value, allowed);
  const auto generation = number(parts[0]);
  const auto lanes = number(parts[1]);
  const bool lanes_ok = lanes && *lanes >= 1 && *lanes <= 16 && (*lanes & (*lanes - 1)) == 0;
  if (!generation || *generation < 1 || *generation > 5 || !lanes_ok) bad_value(option, value, allowed);
  into.generation = static_cast<unsigned>(*generation);
  into.lanes = static_cast<unsigned>(*lanes);
}

AddressPair parse_addresses(const std::string& source, const std::string& destination) {
  const auto parse = [](const std::string& option, const std::string& text) {
    std::vector<std::uint8_t> bytes(16);
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
    bytes.resize(4);
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return bytes;
    bad_value(option, text, "an IPv4 or IPv6 address is");
  };
  AddressPair pair;
  pair.source = parse("--src", source);
  pair.destination = parse("--dst", destination);
  if (pair.source.size() != pair.destination.size()) {
    bad_value("--dst", destination, fmt::format("--src is '{}': both are IPv4 or both IPv6", source));
  }
  pair.ipv6 = pair.source.size() == 16;
  return pair;
}

}  // namespace rssnic::cli
