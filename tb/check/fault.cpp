#include "tb/check/fault.h"

#include <fmt/format.h>

namespace rssnic::check {

std::string to_string(const FaultRequest& fault) {
  return fmt::format("{}@{}", kFaultNames[static_cast<std::size_t>(fault.kind)], fault.at);
}

}  // namespace rssnic::check
