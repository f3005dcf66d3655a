// One thing whose speed is measured. begin() and end() are outside the timed part; run() is all of it.
#pragma once
#include <stdexcept>

#include "tb/bench/load.h"

namespace rssnic::bench {

// What was measured did not do its work: a packet lost, a wrong hash.
class WrongResult : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual void begin(const Load& load, std::uint64_t packets) = 0;
  virtual void run() = 0;
  virtual void end() = 0;  // throws WrongResult
};

}  // namespace rssnic::bench
