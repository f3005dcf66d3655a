#pragma once
#include <stdexcept>

namespace rssnic {

// What the card did that a driver cannot work with.
class DriverError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace rssnic
