// Plays capture files into the card: a list of files, one after the other, as many passes as asked for. The tag of a
// frame is its running number from 0; on_frame tells where each one came from. A file that cannot be read or is damaged
// gives its good records, and the play goes on with the next; files() has the errors. Frames are not changed, zero-byte
// ones not left out. One record is in memory at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/sim/wire_port.h"
#include "tb/wire/capture_file.h"
#include "tb/wire/pace.h"

namespace rssnic {

struct PacketOrigin {
  std::size_t file = 0;     // position in the list
  std::uint64_t pass = 1;   // from 1
  std::uint64_t index = 0;  // 1-based record number in the file, skipped records counted
};

struct PlayerParameters {
  std::vector<std::string> files;
  std::uint64_t passes = 1;
  std::uint64_t max_packets = ~std::uint64_t{0};  // over all files and passes
  Pace pace = Pace::back_to_back;
  double clock_mhz = 250;       // of the card's core clock
  double line_rate_gbps = 100;  // for Pace::line_rate
};

struct PlayedFile {
  std::string path;
  std::uint64_t packets = 0;  // frames given, over all passes
  std::uint64_t skipped = 0;  // records of other link types, over all passes
  std::string error;          // the first one; empty when the file was read to its end
};

class PcapPlayer final : public WireSource {
 public:
  // Called when a frame comes to the front of the line.
  using OnFrame = std::function<void(const WireFrame&, const PacketOrigin&)>;

  // Throws std::invalid_argument for a clock or line rate that makes no sense; reads nothing yet.
  explicit PcapPlayer(PlayerParameters parameters, OnFrame on_frame = nullptr);

  const WireFrame* front() override;
  void pop() override;

  std::uint64_t packets() const { return frame_.tag + (at_front_ ? 1 : 0); }  // given so far, front() included
  const std::vector<PlayedFile>& files() const { return files_; }

 private:
  const CaptureRecord* next_record();
  Cycle arrival(const CaptureRecord& record);

  const PlayerParameters parameters_;
  const OnFrame on_frame_;
  std::vector<PlayedFile> files_;
  std::optional<CaptureFile> capture_;
  std::optional<LineRate> line_;
  PacketOrigin origin_;
  WireFrame frame_;
  bool at_front_ = false;
  bool finished_ = false;
  bool pass_is_empty_ = true;                   // a pass without a frame is the last one
  std::uint64_t seen_skipped_ = 0;              // of the open capture, already in files_
  std::optional<std::uint64_t> first_time_ns_;  // of the open capture, pauses that were cut out added
  std::uint64_t latest_time_ns_ = 0;            // of the open capture
  Cycle base_ = 0;                              // arrival of its first record
};

}  // namespace rssnic
