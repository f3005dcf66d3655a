// What the frame parser must say of a frame: the header walk's fields, but nothing and "over budget" for a frame whose
// headers go beyond what the parser reads (rtl/README.md, "Budget").
#pragma once
#include <algorithm>
#include <ostream>

#include "tb/unit/packet/walk.h"

namespace rssnic::test {

struct Parsed {
  HeaderFields fields;
  bool over_budget = false;
  bool operator==(const Parsed& other) const { return fields == other.fields && over_budget == other.over_budget; }
  friend std::ostream& operator<<(std::ostream& out, const Parsed& p) {
    const auto address = [&out](const char* name, const Address& a) {
      out << ' ' << name << ' ' << std::hex;
      for (const std::uint8_t byte : a) out << (byte >> 4) << (byte & 15);
      out << std::dec;
    };
    const HeaderFields& f = p.fields;
    out << "network " << static_cast<int>(f.network) << " transport " << static_cast<int>(f.transport)
        << (f.extension_headers ? " with" : " without") << " extension headers";
    address("source", f.source);
    address("destination", f.destination);
    address("ex source", f.ex_source);
    address("ex destination", f.ex_destination);
    return out << " ports " << f.source_port << ' ' << f.destination_port << (p.over_budget ? " over budget" : "");
  }
};

struct Budget {
  std::size_t header_bytes = 256;
  unsigned max_extensions = 4;
};

// Whether an IPv6 frame's headers go beyond the budget while the frame itself does not end before.
inline bool over_budget(const FrameBytes& frame, const Budget& budget) {
  std::size_t at = 14;
  const auto type = [&] { return at <= frame.size() ? load_be16(&frame[at - 2]) : 0; };
  for (unsigned tags = 0; tags < 2 && (type() == 0x8100 || type() == 0x88a8); ++tags) at += 4;
  if (type() != 0x86dd || frame.size() < at + 40 || frame[at] >> 4 != 6) return false;
  const std::size_t visible = std::min(frame.size(), budget.header_bytes);
  const bool goes_on = frame.size() > visible;
  std::uint8_t next = frame[at + 6];
  at += 40;
  for (unsigned extensions = 0;; ++extensions) {
    static constexpr std::array<std::uint8_t, 8> kExtensions = {0, 43, 44, 51, 60, 135, 139, 140};
    if (std::find(kExtensions.begin(), kExtensions.end(), next) == kExtensions.end()) break;
    if (extensions == budget.max_extensions) return true;
    if (at + 8 > visible) return goes_on;
    const std::uint8_t length = frame[at + 1];
    const std::size_t bytes = next == 44 ? 8 : next == 51 ? (length + 2u) * 4 : (length + 1u) * 8;
    if (at + bytes > visible) return goes_on;
    if (next == 44 && (load_be16(&frame[at + 2]) & 0xfff9) != 0) return false;
    next = frame[at];
    at += bytes;
  }
  return at + (next == 6 ? 20 : next == 17 ? 8 : 0) > visible && goes_on;
}

inline Parsed expected_of(const FrameBytes& whole, unsigned start = 0, const Budget& budget = {}) {
  const FrameBytes frame(whole.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(start, whole.size())),
                         whole.end());
  if (over_budget(frame, budget)) return {{}, true};
  return {walk(frame), false};
}

}  // namespace rssnic::test
