// rssnic hash: both forms of the Toeplitz value of an address pair.
#include <fmt/format.h>

#include <boost/program_options.hpp>

#include "model/steering/toeplitz.h"
#include "tb/cli/commands.h"
#include "tb/cli/options.h"
#include "tb/cli/values.h"

namespace rssnic::cli {

int hash_command(const std::vector<std::string>& arguments) {
  namespace po = boost::program_options;
  std::string source, destination, source_port, destination_port, key_text;
  po::options_description options("options");
  options.add_options()("help,h", "print this")                                                 //
      ("src", po::value(&source)->value_name("A"), "source address, IPv4 or IPv6")              //
      ("dst", po::value(&destination)->value_name("B"), "destination address")                  //
      ("sport", po::value(&source_port)->value_name("N"), "source port, 0 to 65535")            //
      ("dport", po::value(&destination_port)->value_name("N"), "destination port, 0 to 65535")  //
      ("hash-key", po::value(&key_text)->value_name("HEX"),
       "key of 1 to 40 bytes; zeros follow a shorter one\n"
       "(default: Microsoft's verification key)");
  const auto given = parse_options(options, {}, arguments);
  if (given.count("help")) {
    fmt::print("usage: rssnic hash --src A --dst B [--sport N --dport N] [--hash-key HEX]\n\n{}", to_text(options));
    return kExitOk;
  }
  if (!given.count("src") || !given.count("dst")) throw UsageError("hash: --src and --dst are needed");
  if (given.count("sport") != given.count("dport")) throw UsageError("hash: --sport and --dport go together");

  const AddressPair pair = parse_addresses(source, destination);
  HashKey key = kMicrosoftKey;
  if (given.count("hash-key")) {
    const std::vector<std::uint8_t> bytes = parse_key("--hash-key", key_text);
    key.fill(0);
    std::copy(bytes.begin(), bytes.end(), key.begin());
  }
  std::vector<std::uint8_t> ports;
  if (given.count("sport")) {
    for (const std::uint64_t port :
         {parse_number("--sport", source_port, 0, 65535), parse_number("--dport", destination_port, 0, 65535)}) {
      ports.push_back(static_cast<std::uint8_t>(port >> 8));
      ports.push_back(static_cast<std::uint8_t>(port));
    }
  }

  const char* const family = pair.ipv6 ? "ipv6" : "ipv4";
  std::vector<std::uint8_t> input = pair.source;
  input.insert(input.end(), pair.destination.begin(), pair.destination.end());
  fmt::print("{:<12} {:08x}\n", family, toeplitz(key, {input.data(), input.size()}));
  if (!ports.empty()) {
    input.insert(input.end(), ports.begin(), ports.end());
    fmt::print("{:<12} {:08x}\n", fmt::format("{} + ports", family), toeplitz(key, {input.data(), input.size()}));
  }
  return kExitOk;
}

}  // namespace rssnic::cli
