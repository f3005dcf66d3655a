#include "tb/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace rssnic::cli {
namespace {

using std::chrono::steady_clock;
constexpr auto kFirst = std::chrono::seconds(1);  // short runs show nothing
constexpr auto kEvery = std::chrono::milliseconds(200);
constexpr unsigned kCallsBetweenLooks = 64;
constexpr int kWidth = 30;

}  // namespace

ProgressBar::ProgressBar(Progress when, const PlayerParameters& player)
    : on_(when == Progress::on || (when == Progress::automatic && isatty(STDERR_FILENO))),
      started_(steady_clock::now()),
      next_(started_ + kFirst) {
  for (const std::string& file : player.files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (!error) total_bytes_ += size * player.passes;
  }
  if (player.max_packets != ~std::uint64_t{0}) total_packets_ = player.max_packets;
}

void ProgressBar::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

void ProgressBar::draw() {
  if (!on_ || ++calls_ % kCallsBetweenLooks != 0) return;
  const auto now = steady_clock::now();
  if (now < next_) return;
  next_ = now + kEvery;
  drawn_ = true;
  double share = total_bytes_ > 0 ? static_cast<double>(done_bytes_) / static_cast<double>(total_bytes_) : 0;
  if (total_packets_ > 0) share = std::max(share, static_cast<double>(packets_) / static_cast<double>(total_packets_));
  share = std::min(share, 1.0);
  const int filled = static_cast<int>(share * kWidth);
  const double seconds = std::chrono::duration<double>(now - started_).count();
  fmt::print(stderr, "\r\033[K[{}{}] {:3.0f}%  {} packets, {:.2f} M/s", std::string(filled, '#'),
             std::string(kWidth - filled, '.'), share * 100, packets_, static_cast<double>(packets_) / seconds / 1e6);
  std::fflush(stderr);
}

}  // namespace rssnic::cli
