// A progress bar on standard error, redrawn a few times a second; nothing at all when it is off.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tb/cli/run_options.h"

namespace rssnic::cli {

class ProgressBar {
 public:
  ProgressBar(Progress when, const PlayerParameters& player);
  ~ProgressBar() { clear(); }

  void packet(std::size_t length) {
    done_bytes_ += length + kRecordBytes;
    ++packets_;
  }
  void draw();  // cheap when called often
  void clear();

 private:
  static constexpr std::size_t kRecordBytes = 16;  // what a capture file spends on a record besides its bytes

  bool on_ = false;
  bool drawn_ = false;
  std::uint64_t total_bytes_ = 0;
  std::uint64_t total_packets_ = 0;  // 0: not known
  std::uint64_t done_bytes_ = 0;
  std::uint64_t packets_ = 0;
  unsigned calls_ = 0;
  std::chrono::steady_clock::time_point started_, next_;
};

}  // namespace rssnic::cli
