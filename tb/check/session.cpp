#include "tb/check/session.h"

#include <fmt/format.h>

#include <algorithm>

namespace rssnic::check {
namespace {

constexpr std::size_t kNone = ~std::size_t{0};
// A driver that misses an interrupt looks for itself after this time, well before the card gives up a full queue.
constexpr Cycle kWatchdogCycles = 4096;

RingNonsense nonsense_of(FaultKind kind) {
  if (kind == FaultKind::ring_head) return RingNonsense::head;
  return kind == FaultKind::ring_index ? RingNonsense::index : RingNonsense::loop;
}

}  // namespace

Session::Session(Machine& machine, Scoreboard& scoreboard, SessionOptions options, std::function<void()> wire_ready)
    : machine_(machine),
      scoreboard_(scoreboard),
      options_(std::move(options)),
      wire_ready_(std::move(wire_ready)),
      driver_(machine, options_.driver) {
  for (const FaultRequest& request : options_.faults) {
    faults_.emplace_back();
    faults_.back().request = request;
    if (!faults_.back().is_dma()) {
      ++faults_to_come_;
      continue;
    }
    dma_faults_.push_back(faults_.size() - 1);
    DmaFault fault;
    fault.at = request.at;
    if (request.kind == FaultKind::dma_write_error) fault.kind = DmaFault::Kind::write_error;
    if (request.kind == FaultKind::late_completion) {
      fault.kind = DmaFault::Kind::late_completion;
      fault.late_cycles = kFaultCycles;
    }
    machine_.arm(fault);
  }
}

void Session::bring_up() {
  driver_.start();
  if (driver_.features() & VIRTIO_NET_F_CTRL_RX) driver_.set_promiscuous(true);
  scoreboard_.excuse(DropReason::filter, false);
  if (options_.rss) {
    change_rss(*options_.rss);
  } else if (options_.hash) {
    change_hash(*options_.hash);
  }
}

void Session::begin() {
  bring_up();
  if (!dma_faults_.empty()) {
    machine_.count_dma([this](std::size_t fault, Cycle when, bool message) {
      dma_struck(faults_[dma_faults_[fault]], when, message);
    });
  }
  scoreboard_.open_gate(machine_.now());
  wire_ready_();
}

void Session::change_rss(const RssCommand& rss) {
  Expectation next;
  next.rss = {rss.hash_types, rss.key, rss.table, rss.unclassified_queue, options_.ex_report_always};
  next.steers = true;
  scoreboard_.begin_change(next);
  driver_.configure_rss(rss, [this] { poll(); });
  scoreboard_.end_change();
}

void Session::change_hash(const HashCommand& hash) {
  Expectation next;
  next.rss = {hash.hash_types, hash.key, {0}, 0, options_.ex_report_always};
  next.steers = false;
  scoreboard_.begin_change(next);
  driver_.configure_hash(hash, [this] { poll(); });
  scoreboard_.end_change();
}

void Session::poll() {
  driver_.poll([this](const ReceivedPacket& packet) { scoreboard_.received(packet); });
}

std::size_t Session::take_all() {
  return driver_.take_all([this](const ReceivedPacket& packet) { scoreboard_.received(packet); });
}

void Session::run(const std::atomic<bool>& stop, const std::function<void()>& every_window) {
  for (;;) {
    poll();
    if (every_window) every_window();
    if (stop) scoreboard_.close_gate();
    attend();
    if (stop) scoreboard_.close_gate();  // a restart opens it
    if (scoreboard_.in_flight() == 0 && scoreboard_.source_is_empty() && !any_fault_open()) return;
    if (!wait()) break;
  }
  scoreboard_.finish();
}

// False when nothing will happen any more.
bool Session::wait() {
  if (look_at_) {
    machine_.wait_window();
    return true;
  }
  return machine_.wait_activity() || wait_at_rest();
}

// The card has come to rest. It may have stopped without the driver's hearing of it.
bool Session::wait_at_rest() {
  if (driver_.needs_reset()) {
    device_stopped();
    return true;
  }
  if (withholding_ != kNone) {
    resume_buffers("the buffers that the card had were enough");
    return true;
  }
  for (Fault& fault : faults_) {
    if (!fault.struck || fault.settled) continue;
    settle(fault, "the card has not noticed it");
    fault.wrong = true;
  }
  return false;
}

void Session::attend() {
  if (driver_.take_config_change() && driver_.needs_reset()) device_stopped();
  if (!faults_.empty()) attend_faults();
}

void Session::attend_faults() {
  if (look_at_ && machine_.now() >= *look_at_) look_for_lost_message();
  if (withholding_ != kNone && scoreboard_.excused_drops() > lost_before_) {
    resume_buffers("packets dropped for want of buffers, until there were new ones");
  }
  if (faults_to_come_ == 0) return;
  for (Fault& fault : faults_) {
    if (!fault.struck && !fault.is_dma() && scoreboard_.taken() >= fault.request.at) strike(fault);
  }
}

bool Session::any_fault_open() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.struck && !fault.settled; });
}

void Session::settle(Fault& fault, std::string outcome) {
  fault.settled = true;
  fault.outcome = std::move(outcome);
  fault.packets_lost += scoreboard_.excused_drops() - lost_before_;
  lost_before_ = scoreboard_.excused_drops();
}

void Session::strike(Fault& fault) {
  --faults_to_come_;
  fault.struck = true;
  fault.cycle = machine_.now();
  switch (fault.request.kind) {
    case FaultKind::link_stall:
      machine_.stall_link(kFaultCycles);
      return settle(fault, fmt::format("the link silent for {} cycles", kFaultCycles));
    case FaultKind::ring_head:
    case FaultKind::ring_index:
    case FaultKind::ring_loop:
      scoreboard_.excuse(DropReason::reset, true);
      return driver_.corrupt_ring(nonsense_of(fault.request.kind));
    case FaultKind::no_buffers:
      if (withholding_ != kNone) return settle(fault, "no buffers were posted already");
      withholding_ = static_cast<std::size_t>(&fault - faults_.data());
      for (unsigned queue = 0; queue < driver_.queue_pairs(); ++queue) driver_.withhold_buffers(queue, true);
      return scoreboard_.excuse(DropReason::no_buffer, true);
    case FaultKind::reset:
      return restart();
    case FaultKind::dma_read_error:
    case FaultKind::dma_write_error:
    case FaultKind::late_completion:
      return;  // the machine strikes
  }
}

// In the middle of the card's access: only notes.
void Session::dma_struck(Fault& fault, Cycle when, bool message) {
  fault.struck = true;
  fault.cycle = when;
  if (fault.request.kind == FaultKind::late_completion) {
    return settle(fault, fmt::format("answered {} cycles late", kFaultCycles));
  }
  if (message) {
    // Nobody can tell the card (docs/limits.md).
    look_at_ = when + kWatchdogCycles;
    fault.outcome = "an interrupt lost; ";
  } else {
    scoreboard_.excuse(DropReason::reset, true);
  }
}

void Session::look_for_lost_message() {
  look_at_.reset();
  if (driver_.needs_reset()) return device_stopped();
  const std::size_t found = take_all();
  for (Fault& fault : faults_) {
    if (!fault.struck || fault.settled || fault.outcome.empty()) continue;
    settle(fault, fmt::format("{}the driver looked for itself and found {} packets", fault.outcome, found));
  }
}

void Session::resume_buffers(const char* outcome) {
  for (unsigned queue = 0; queue < driver_.queue_pairs(); ++queue) driver_.withhold_buffers(queue, false);
  scoreboard_.excuse(DropReason::no_buffer, false);
  settle(faults_[std::exchange(withholding_, kNone)], outcome);
}

// DEVICE_NEEDS_RESET (virtio 1.4, 2.1.2).
void Session::device_stopped() {
  if (std::none_of(faults_.begin(), faults_.end(), [this](const Fault& fault) { return stops_device(fault); })) {
    take_all();
    throw DriverError("the device has stopped and asks for a reset (DEVICE_NEEDS_RESET)");
  }
  restart();
}

// Struck, and nothing has come of it yet but what a reset may follow.
bool Session::stops_device(const Fault& fault) const {
  return fault.struck && !fault.settled && fault.request.kind != FaultKind::no_buffers;
}

// What the card has counted since the last time it was asked.
std::string Session::new_ring_faults() {
  const auto& counters = machine_.card().statistics().ring_faults;
  std::string names;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] == ring_faults_[i]) continue;
    names += (names.empty() ? "" : " and ") + std::string(to_string(static_cast<RingFault>(i)));
  }
  ring_faults_ = counters;
  return names;
}

// Resets the device and brings it up again. A source that can wait does so meanwhile.
void Session::restart() {
  const Cycle began = machine_.now();
  std::vector<Fault*> causes;
  for (;;) {
    const bool stopped = driver_.needs_reset();
    const std::string reason = new_ring_faults();
    for (Fault& fault : faults_) {
      if (!stops_device(fault) || std::find(causes.begin(), causes.end(), &fault) != causes.end()) continue;
      causes.push_back(&fault);
      if (fault.request.kind == FaultKind::reset || !stopped) continue;
      fault.outcome = fmt::format("{}, DEVICE_NEEDS_RESET after {} cycles, ", reason, machine_.now() - fault.cycle);
    }
    look_at_.reset();
    take_all();
    scoreboard_.all_rings_read();
    if (scoreboard_.source_waits()) scoreboard_.close_gate();
    scoreboard_.excuse(DropReason::reset, true);
    driver_.stop();
    scoreboard_.excuse(DropReason::reset, false);
    scoreboard_.device_was_reset();
    if (withholding_ != kNone) {
      scoreboard_.excuse(DropReason::no_buffer, false);
      settle(faults_[std::exchange(withholding_, kNone)], "ended by a reset of the device");
    }
    // Frames that wait in the MAC FIFO come in before the driver can set promiscuous mode.
    scoreboard_.excuse(DropReason::filter, true);
    try {
      bring_up();
      break;
    } catch (const DriverError&) {
      const bool further_fault = std::any_of(faults_.begin(), faults_.end(), [&](Fault& fault) {
        return stops_device(fault) && std::find(causes.begin(), causes.end(), &fault) == causes.end();
      });
      if (!further_fault || !driver_.needs_reset()) throw;
    }
  }
  for (Fault* const fault : causes) {
    settle(*fault, fmt::format("{}reset, back after {} cycles", fault->outcome, machine_.now() - began));
  }
  scoreboard_.open_gate(machine_.now());
  wire_ready_();
}

}  // namespace rssnic::check
