// Checks every received packet against the specification, packet by packet: it stands between the wire and the card, so
// it knows each frame; it observes the card's stamps and drops; and the driver hands it what came out of the rings.
//
// For each packet: bytes, queue, hash and report as the oracle says; order within its queue; delivered once or dropped
// for a reason that the scoreboard's own bookkeeping confirms. Results leave as rows in the order of the tags. Memory
// grows with the packets inside the card, not with those that have passed.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/net/observer.h"
#include "model/recycling_queue.h"
#include "model/sim/wire_port.h"
#include "tb/check/checks.h"
#include "tb/check/oracle.h"
#include "tb/driver/virtio_net_driver.h"

namespace rssnic::check {

// How packets are to be steered: by RSS, or all to one queue.
struct Expectation {
  OracleConfig rss;    // hash types and key also serve the hash report without RSS
  bool steers = true;  // false: every packet goes to receive queue 0
};

struct PacketRow {
  bool stray = false;  // of no packet of the source: only what is wrong, and where it was seen
  std::uint64_t tag = 0;
  std::size_t length = 0;
  std::optional<DropReason> dropped;  // none: delivered, or lost
  bool lost = false;                  // neither delivered nor dropped
  bool steered = false;               // report, hash and queue are valid
  bool searched = false;              // for a home address, which takes the pipeline longer
  std::uint16_t report = 0;
  std::uint32_t hash = 0;
  std::uint16_t queue = 0;
  Cycle ingress = 0, steer = 0, deliver = 0;
  std::string mismatch;             // what is wrong; empty: as the specification says
  std::uint16_t failed_checks = 0;  // bit = Check
  bool fails(Check check) const { return (failed_checks >> static_cast<unsigned>(check) & 1) != 0; }
};

struct ScoreboardOptions {
  unsigned mac_fifo_frames = 64;
  std::size_t max_frame_bytes = kMaxFrameBytes;  // the longest frame that the card must, and may, deliver
  std::set<DropReason> tolerated_drops;          // accepted without a reason of the scoreboard's own
};

class Scoreboard final : public WireSource, public PacketObserver {
 public:
  using OnRow = std::function<void(const PacketRow&)>;

  // The source numbers its frames without gaps.
  Scoreboard(WireSource& source, ScoreboardOptions options, OnRow on_row);

  // The source's frames are held back until the gate is open; arrival times count from its opening.
  void open_gate(Cycle now);
  void close_gate() { gate_open_ = false; }
  // Whether the source has a frame and would wait with it for as long as the gate is closed.
  bool source_waits();

  // From now on packets may be steered in the new way as well; after end_change() only so. Between the two, no packet
  // that came in later than one steered in the new way may be steered in the old.
  void begin_change(const Expectation& next);
  void end_change();

  // The driver has reset the device: it is without configuration, and what lay in the rings unread is gone.
  void device_was_reset();
  // The driver has just read all rings: a packet that the card has announced and that was not there is lost.
  void all_rings_read();

  // For the time being drops for this reason are to be expected, because the bench has caused them.
  void excuse(DropReason reason, bool excused) { excused_[static_cast<std::size_t>(reason)] = excused; }
  std::uint64_t excused_drops() const { return excused_drops_; }

  void received(const ReceivedPacket& packet);

  std::size_t in_flight() const { return entries_.size(); }
  bool source_is_empty() { return front() == nullptr; }
  std::uint64_t taken() const { return taken_; }  // frames that the card has taken from the wire
  std::uint64_t mismatches() const { return mismatches_; }
  // Packets still in flight will never come: they are lost, and reported so.
  void finish();

  const WireFrame* front() override;
  void pop() override;
  void on_ingress(std::uint64_t tag, Cycle when) override;
  void on_steer(std::uint64_t tag, const Steered& decision, Cycle when) override;
  void on_deliver(std::uint64_t tag, unsigned queue, Cycle when) override;
  void on_drop(std::uint64_t tag, DropReason reason, Cycle when) override;

 private:
  struct Rules {
    std::unique_ptr<Oracle> oracle;
    bool steers;
    Verdict judge(ConstBytes frame) const;
  };
  // Of one change: the packets known to have been steered in one way only.
  struct ChangeOrder {
    std::optional<std::uint64_t> last_old, first_new;
  };
  struct Entry {
    PacketRow row;
    std::vector<std::uint8_t> bytes;
    Verdict now, next;  // by the rules in force when it entered and, during a change, by the coming ones
    std::shared_ptr<ChangeOrder> change;  // the one during which it entered; null: none
    Cycle arrival = 0;
    bool may_wait = true;
    bool entered = false;    // the pipeline
    bool delivered = false;  // said the card
    bool done = false;       // received or dropped
  };

  Entry* find(std::uint64_t tag);
  void fail(PacketRow& row, Check check, const std::string& what);
  void report_stray(PacketRow row);
  void check_bytes(PacketRow& row, ConstBytes sent, ConstBytes received);
  void check_steering(Entry& entry);
  void lose(Entry& entry);
  void emit_done();

  WireSource& source_;
  const ScoreboardOptions options_;
  const OnRow on_row_;
  bool gate_open_ = false;
  std::optional<Cycle> opened_;  // when the gate opened first
  WireFrame front_;              // of the source, with the arrival shifted

  Rules rules_;
  std::optional<Rules> next_rules_;
  std::shared_ptr<ChangeOrder> change_;  // as long as it goes on; its packets may be received after that

  RecyclingQueue<Entry> entries_;  // in tag order; the first has tag first_tag_
  std::uint64_t first_tag_ = 0;
  std::size_t in_fifo_ = 0;                             // taken from the source, neither entered nor dropped
  std::vector<std::deque<std::uint64_t>> announced_;    // by queue: delivered, said the card; not yet received
  std::vector<std::optional<std::uint64_t>> last_tag_;  // by queue
  std::uint64_t mismatches_ = 0;
  std::uint64_t taken_ = 0;
  std::array<bool, kDropReasonNames.size()> excused_{};
  std::uint64_t excused_drops_ = 0;
};

}  // namespace rssnic::check
