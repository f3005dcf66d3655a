#include "tb/check/scoreboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace rssnic::check {
namespace {

constexpr std::size_t kSpareBytes = 4096;

}  // namespace

Scoreboard::Scoreboard(WireSource& source, ScoreboardOptions options, OnRow on_row)
    : source_(source), options_(std::move(options)), on_row_(std::move(on_row)) {
  device_was_reset();
}

// ---- what is expected

Verdict Scoreboard::Rules::judge(ConstBytes frame) const {
  Verdict verdict = oracle->judge(frame);
  if (!steers) verdict.queue = 0;
  return verdict;
}

void Scoreboard::begin_change(const Expectation& next) {
  next_rules_ = Rules{std::make_unique<Oracle>(next.rss), next.steers};
  change_ = std::make_shared<ChangeOrder>();
  // What has entered, but has not been decided, may meet the new rules on its way.
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (!entry.entered || entry.row.steered || entry.done) continue;
    entry.change = change_;
    entry.next = next_rules_->judge({entry.bytes.data(), entry.bytes.size()});
  }
}

void Scoreboard::end_change() {
  rules_ = std::move(*next_rules_);
  next_rules_.reset();
  change_.reset();
}

void Scoreboard::device_was_reset() {
  rules_ = Rules{std::make_unique<Oracle>(OracleConfig{0, {}, {0}, 0, false}), false};
  next_rules_.reset();
  change_.reset();
  for (std::deque<std::uint64_t>& queue : announced_) {
    for (const std::uint64_t tag : queue) {
      if (Entry* const entry = find(tag)) entry->done = true;
    }
    queue.clear();
  }
  emit_done();
}

void Scoreboard::all_rings_read() {
  for (std::deque<std::uint64_t>& queue : announced_) {
    for (const std::uint64_t tag : queue) {
      if (Entry* const entry = find(tag)) lose(*entry);
    }
    queue.clear();
  }
  emit_done();
}

// ---- from the wire into the card

void Scoreboard::open_gate(Cycle now) {
  gate_open_ = true;
  if (!opened_) opened_ = now;
}

bool Scoreboard::source_waits() {
  const WireFrame* const frame = source_.front();
  return frame != nullptr && frame->may_wait;
}

const WireFrame* Scoreboard::front() {
  const WireFrame* const frame = gate_open_ ? source_.front() : nullptr;
  if (frame == nullptr) return nullptr;
  front_ = *frame;
  front_.arrival += *opened_;
  return &front_;
}

void Scoreboard::pop() {
  const WireFrame& frame = *source_.front();
  if (entries_.empty()) first_tag_ = frame.tag;
  Entry& entry = entries_.push();
  std::vector<std::uint8_t> bytes = std::move(entry.bytes);
  bytes.assign(frame.bytes.data, frame.bytes.data + frame.bytes.size);
  entry = Entry{};
  entry.bytes = std::move(bytes);
  entry.row.tag = frame.tag;
  entry.row.length = frame.bytes.size;
  entry.arrival = front_.arrival;
  entry.may_wait = frame.may_wait;
  ++in_fifo_;
  ++taken_;
  source_.pop();
}

void Scoreboard::on_ingress(std::uint64_t tag, Cycle when) {
  Entry* const entry = find(tag);
  if (entry == nullptr) return;
  if (entry->entered || entry->row.dropped)
    return fail(entry->row, Check::delivery, "enters, and entered or was dropped before");
  --in_fifo_;
  entry->entered = true;
  entry->row.ingress = when;
  if (when < entry->arrival)
    fail(entry->row, Check::stamps, fmt::format("taken in cycle {}, on the wire until cycle {}", when, entry->arrival));
  const ConstBytes frame = {entry->bytes.data(), entry->bytes.size()};
  entry->now = rules_.judge(frame);
  entry->row.searched = entry->now.searched;
  entry->change = change_;
  if (change_) entry->next = next_rules_->judge(frame);
}

void Scoreboard::on_steer(std::uint64_t tag, const Steered& decision, Cycle when) {
  Entry* const entry = find(tag);
  if (entry == nullptr) return;
  if (!entry->entered) fail(entry->row, Check::delivery, "steered, but never entered");
  if (entry->row.steered) fail(entry->row, Check::delivery, "steered a second time");
  entry->row.steer = when;
  entry->row.steered = true;
  entry->row.report = decision.report;
  entry->row.hash = decision.hash;
  entry->row.queue = decision.queue;
  if (when <= entry->row.ingress)
    fail(entry->row, Check::stamps, fmt::format("steered in cycle {}, taken in cycle {}", when, entry->row.ingress));
}

// ---- out of the card

void Scoreboard::on_deliver(std::uint64_t tag, unsigned queue, Cycle when) {
  Entry* const entry = find(tag);
  if (entry == nullptr) return;
  PacketRow& row = entry->row;
  if (entry->delivered || row.dropped) fail(row, Check::delivery, "delivered, and delivered or dropped before");
  entry->delivered = true;
  row.deliver = when;
  if (!row.steered) fail(row, Check::delivery, "delivered, but never steered");
  if (when <= row.steer)
    fail(row, Check::stamps, fmt::format("delivered in cycle {}, steered in cycle {}", when, row.steer));
  if (row.length == 0 || row.length > options_.max_frame_bytes)
    fail(row, Check::drops,
         fmt::format("delivered with {} bytes, 1 to {} are allowed", row.length, options_.max_frame_bytes));
  if (announced_.size() <= queue) {
    announced_.resize(queue + 1);
    last_tag_.resize(queue + 1);
  }
  announced_[queue].push_back(tag);
}

void Scoreboard::on_drop(std::uint64_t tag, DropReason reason, Cycle) {
  Entry* const entry = find(tag);
  if (entry == nullptr) return;
  PacketRow& row = entry->row;
  if (entry->delivered || row.dropped) fail(row, Check::delivery, "dropped, and delivered or dropped before");
  const bool at_the_door = !entry->entered && !row.dropped;
  if (at_the_door) --in_fifo_;
  bool justified = options_.tolerated_drops.count(reason) > 0;
  // A reset takes only what is inside.
  const bool excused = excused_[static_cast<std::size_t>(reason)] && (reason != DropReason::reset || entry->entered);
  if (reason == DropReason::runt) justified = justified || row.length == 0;
  if (reason == DropReason::oversize) justified = justified || row.length > options_.max_frame_bytes;
  if (reason == DropReason::fifo)
    justified = justified || (at_the_door && !entry->may_wait && in_fifo_ >= options_.mac_fifo_frames);
  if (!justified && excused) ++excused_drops_;
  if (!justified && !excused)
    fail(row, Check::drops,
         fmt::format("dropped-{} without a reason", kDropReasonNames[static_cast<std::size_t>(reason)]));
  row.dropped = reason;
  entry->done = true;
  emit_done();
}

void Scoreboard::received(const ReceivedPacket& packet) {
  if (packet.queue >= announced_.size() || announced_[packet.queue].empty()) {
    PacketRow row;
    row.length = packet.frame.size;
    row.queue = static_cast<std::uint16_t>(packet.queue);
    row.mismatch = fmt::format("queue {} holds a packet of {} bytes that was never delivered there", packet.queue,
                               packet.frame.size);
    return report_stray(std::move(row));
  }
  const std::uint64_t tag = announced_[packet.queue].front();
  announced_[packet.queue].pop_front();
  Entry* const entry = find(tag);
  if (entry == nullptr) return;
  PacketRow& row = entry->row;

  if (last_tag_[packet.queue] && tag < *last_tag_[packet.queue]) {
    fail(row, Check::order, fmt::format("overtaken by packet {} on queue {}", *last_tag_[packet.queue], packet.queue));
  }
  last_tag_[packet.queue] = tag;
  check_bytes(row, {entry->bytes.data(), entry->bytes.size()}, packet.frame);
  if (!packet.poison_intact) fail(row, Check::bytes, "written behind its last byte");
  const std::uint8_t* const header = packet.header.data;
  // No offload is negotiated: flags, gso_type, hdr_len, gso_size, csum_start and csum_offset are 0 (5.1.9.4.1).
  if (std::any_of(header, header + 10, [](std::uint8_t byte) { return byte != 0; }))
    fail(row, Check::header, "an offload field of the header is set");
  row.queue = static_cast<std::uint16_t>(packet.queue);
  if (packet.header.size >= 20) {  // with HASH_REPORT
    row.hash = load_le32(header + 12);
    row.report = load_le16(header + 16);
    if (load_le16(header + 18) != 0) fail(row, Check::header, "padding_reserved of the header is not 0");
  }
  check_steering(*entry);
  entry->done = true;
  emit_done();
}

void Scoreboard::check_bytes(PacketRow& row, ConstBytes sent, ConstBytes received) {
  if (received.size != sent.size)
    return fail(row, Check::bytes, fmt::format("{} bytes received, {} sent", received.size, sent.size));
  if (sent.size == 0 || std::memcmp(sent.data, received.data, sent.size) == 0) return;
  const std::uint8_t* const end = sent.data + sent.size;
  const auto [wanted, got] = std::mismatch(sent.data, end, received.data);
  fail(row, Check::bytes, fmt::format("byte {} received as {:02x}, sent as {:02x}", wanted - sent.data, *got, *wanted));
}

// Queue, hash and report by one of the rules that may apply; and no way back from the new to the old.
void Scoreboard::check_steering(Entry& entry) {
  PacketRow& row = entry.row;
  const auto fits = [&](const Verdict& verdict) {
    return row.queue == verdict.queue && row.report == verdict.report && row.hash == verdict.hash;
  };
  const auto text = [](const Verdict& verdict) {
    return fmt::format("queue {} report {} hash {:08x}", verdict.queue, verdict.report, verdict.hash);
  };
  const bool fits_now = fits(entry.now);
  const bool fits_next = entry.change && fits(entry.next);
  if (!fits_now && !fits_next) {
    fail(row, Check::steering,
         fmt::format("{}, due are {}{}", text({row.report, row.hash, row.queue}), text(entry.now),
                     entry.change ? " or " + text(entry.next) : ""));
  }
  if (!entry.change || fits_now == fits_next) return;
  ChangeOrder& change = *entry.change;
  const auto back = [&](std::uint64_t in_the_new, std::uint64_t in_the_old) {
    fail(row, Check::steering,
         fmt::format("packet {} was steered in the new way, packet {} after it in the old", in_the_new, in_the_old));
  };
  if (fits_now) {
    if (change.first_new && row.tag > *change.first_new) back(*change.first_new, row.tag);
    change.last_old = std::max(change.last_old.value_or(0), row.tag);
  } else {
    if (change.last_old && row.tag < *change.last_old) back(row.tag, *change.last_old);
    change.first_new = std::min(change.first_new.value_or(row.tag), row.tag);
  }
}

void Scoreboard::finish() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].done) lose(entries_[i]);
  }
  emit_done();
}

void Scoreboard::lose(Entry& entry) {
  fail(entry.row, Check::delivery, entry.delivered ? "delivered, but not found in its queue" : "lost in the card");
  entry.row.lost = true;
  entry.done = true;
}

// ---- bookkeeping

Scoreboard::Entry* Scoreboard::find(std::uint64_t tag) {
  if (tag >= first_tag_ && tag - first_tag_ < entries_.size()) return &entries_[tag - first_tag_];
  PacketRow row;
  row.tag = tag;
  row.mismatch = fmt::format("the card reports on packet {}, which it does not have", tag);
  report_stray(std::move(row));
  return nullptr;
}

void Scoreboard::report_stray(PacketRow row) {
  ++mismatches_;
  row.stray = true;
  row.failed_checks = 1u << static_cast<unsigned>(Check::delivery);
  on_row_(row);
}

void Scoreboard::fail(PacketRow& row, Check check, const std::string& what) {
  if (row.mismatch.empty()) ++mismatches_;
  row.mismatch += (row.mismatch.empty() ? "" : "; ") + what;
  row.failed_checks |= static_cast<std::uint16_t>(1u << static_cast<unsigned>(check));
}

void Scoreboard::emit_done() {
  while (!entries_.empty() && entries_.front().done) {
    Entry& entry = entries_.front();
    on_row_(entry.row);
    // Memory of super frames is not kept, else in the long run all entries would have it.
    if (entry.bytes.capacity() > kSpareBytes) std::vector<std::uint8_t>().swap(entry.bytes);
    entries_.pop();
    ++first_tag_;
  }
}

}  // namespace rssnic::check
