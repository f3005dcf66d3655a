// The registers as the generated header lists them, for tests that hold for all of them: a register that is added to
// rtl/registers.toml is tested by being there.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "rtl/rss_registers.h"

namespace rssnic::test {

enum class Access { ro, rw, w1, w1c };

struct Field {
  std::string name;
  unsigned low, width;
  Access access;
  std::uint32_t reset;
  std::string parameter;  // that gives the reset value, or ""

  std::uint64_t mask() const { return (width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1) << low; }
  std::uint32_t bits_at_reset() const { return low < 32 ? reset << low : 0; }
};

struct Register {
  std::string name;
  std::uint32_t address;
  unsigned count, bits;
  bool locked, kept;
  std::vector<Field> fields;

  std::uint32_t words() const { return count * bits / 32; }
  std::uint32_t mask_of(Access access) const {
    std::uint64_t mask = 0;
    for (const Field& field : fields) mask |= field.access == access ? field.mask() : 0;
    return static_cast<std::uint32_t>(mask);
  }
  bool writable() const { return (mask_of(Access::rw) | mask_of(Access::w1) | mask_of(Access::w1c)) != 0; }
  friend std::ostream& operator<<(std::ostream& out, const Register& r) { return out << r.name; }
};

// What is there in a block with these parameters; TABLE is cut to its entries.
inline std::vector<Register> register_map(const std::map<std::string, std::uint32_t>& parameters) {
  std::vector<Register> registers;
#define RSSNIC_REGISTER(name, address, count, bits, locked, kept) \
  registers.push_back({#name, address, count, bits, locked != 0, kept != 0, {}});
  RSS_REGISTER_TABLE(RSSNIC_REGISTER)
#undef RSSNIC_REGISTER
  const auto named = [&registers](const std::string& name) -> Register& {
    for (Register& r : registers) {
      if (r.name == name) return r;
    }
    throw std::logic_error("no register " + name);
  };
#define RSSNIC_FIELD(register_name, name, low, width, access, reset, parameter) \
  named(#register_name)                                                         \
      .fields.push_back(                                                        \
          {#name, low, width, Access::access, *parameter ? parameters.at(parameter) : reset, parameter});
  RSS_FIELD_TABLE(RSSNIC_FIELD)
#undef RSSNIC_FIELD
  named("TABLE").count = std::max(1u, parameters.at("Entries") / 2);
  return registers;
}

}  // namespace rssnic::test
