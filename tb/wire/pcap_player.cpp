#include "tb/wire/pcap_player.h"

#include <algorithm>
#include <utility>

namespace rssnic {

PcapPlayer::PcapPlayer(PlayerParameters parameters, OnFrame on_frame)
    : parameters_(std::move(parameters)), on_frame_(std::move(on_frame)) {
  check_clock(parameters_.clock_mhz);
  if (parameters_.pace == Pace::line_rate) line_.emplace(parameters_.line_rate_gbps, parameters_.clock_mhz);
  for (const std::string& path : parameters_.files) files_.push_back({path, 0, 0, ""});
  finished_ = files_.empty() || parameters_.passes == 0;
  frame_.may_wait = parameters_.pace == Pace::back_to_back;
}

const WireFrame* PcapPlayer::front() {
  if (at_front_) return &frame_;
  if (finished_ || frame_.tag == parameters_.max_packets) return nullptr;
  const CaptureRecord* record = next_record();
  if (record == nullptr) return nullptr;
  at_front_ = true;
  pass_is_empty_ = false;
  origin_.index = record->index;
  ++files_[origin_.file].packets;
  frame_.bytes = record->bytes;
  frame_.arrival = arrival(*record);
  if (on_frame_) on_frame_(frame_, origin_);
  return &frame_;
}

void PcapPlayer::pop() {
  at_front_ = false;
  ++frame_.tag;
}

// The next record of the list of files; null when all passes are done.
const CaptureRecord* PcapPlayer::next_record() {
  while (!finished_) {
    PlayedFile& file = files_[origin_.file];
    if (!capture_) {
      capture_.emplace(file.path);
      seen_skipped_ = 0;
      first_time_ns_.reset();
      base_ = frame_.arrival;
    }
    const CaptureRecord* record = capture_->next();
    file.skipped += capture_->skipped() - seen_skipped_;
    seen_skipped_ = capture_->skipped();
    if (record != nullptr) return record;

    if (file.error.empty()) file.error = capture_->error();
    capture_.reset();
    if (++origin_.file < files_.size()) continue;
    finished_ = pass_is_empty_ || origin_.pass == parameters_.passes;
    origin_.file = 0;
    ++origin_.pass;
    pass_is_empty_ = true;
  }
  return nullptr;
}

Cycle PcapPlayer::arrival(const CaptureRecord& record) {
  if (parameters_.pace == Pace::back_to_back) return 0;
  if (parameters_.pace == Pace::line_rate) return line_->send(record.bytes.size);
  if (!first_time_ns_) first_time_ns_ = latest_time_ns_ = record.time_ns;
  if (record.time_ns > latest_time_ns_ + kLongestPauseNs) {
    *first_time_ns_ += record.time_ns - latest_time_ns_ - kLongestPauseNs;  // cuts the rest of the pause out
  }
  latest_time_ns_ = std::max(latest_time_ns_, record.time_ns);
  if (record.time_ns <= *first_time_ns_) return frame_.arrival;
  const Cycle since = cycles_of_ns(static_cast<double>(record.time_ns - *first_time_ns_), parameters_.clock_mhz);
  return std::max(frame_.arrival, std::min(base_ + since, kLatestArrival));
}

}  // namespace rssnic
