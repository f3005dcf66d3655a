#include "tb/check/fault_plan.h"

#include <fmt/format.h>

#include <algorithm>

namespace rssnic::check {
namespace {

// A driver that misses an interrupt looks for itself after this time, well before the card gives up a full queue.
constexpr Cycle kWatchdogCycles = 4096;

RingNonsense nonsense_of(FaultKind kind) {
  if (kind == FaultKind::ring_head) return RingNonsense::head;
  return kind == FaultKind::ring_index ? RingNonsense::index : RingNonsense::loop;
}

}  // namespace

FaultPlan::FaultPlan(Machine& machine, Scoreboard& scoreboard, VirtioNetDriver& driver,
                     const std::vector<FaultRequest>& requests)
    : machine_(machine), scoreboard_(scoreboard), driver_(driver) {
  for (const FaultRequest& request : requests) {
    faults_.emplace_back();
    faults_.back().request = request;
    if (!faults_.back().is_dma()) {
      ++to_come_;
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

void FaultPlan::begin() {
  if (dma_faults_.empty()) return;
  machine_.count_dma(
      [this](std::size_t fault, Cycle when, bool message) { dma_struck(faults_[dma_faults_[fault]], when, message); });
}

bool FaultPlan::attend() {
  if (look_at_ && machine_.now() >= *look_at_ && look_for_lost_message()) return true;
  if (withholding_ && scoreboard_.excused_drops() > lost_before_) {
    resume_buffers("packets dropped for want of buffers, until there were new ones");
  }
  bool restart = false;
  for (std::size_t i = 0; i < faults_.size() && to_come_ > 0; ++i) {
    const Fault& fault = faults_[i];
    if (!fault.struck && !fault.is_dma() && scoreboard_.taken() >= fault.request.at) restart |= strike(i);
  }
  return restart;
}

bool FaultPlan::at_rest() {
  if (withholding_) {
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

bool FaultPlan::is_open() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.struck && !fault.settled; });
}

bool FaultPlan::explains_stop() const {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (stops_device(i)) return true;
  }
  return false;
}

// Struck, and nothing has come of it yet but what a reset may follow.
bool FaultPlan::stops_device(std::size_t fault) const {
  const Fault& f = faults_[fault];
  return f.struck && !f.settled && f.request.kind != FaultKind::no_buffers &&
         std::find(causes_.begin(), causes_.end(), fault) == causes_.end();
}

void FaultPlan::settle(Fault& fault, std::string outcome) {
  fault.settled = true;
  fault.outcome = std::move(outcome);
  fault.packets_lost += scoreboard_.excused_drops() - lost_before_;
  lost_before_ = scoreboard_.excused_drops();
}

// True: the fault is that the driver restarts the device.
bool FaultPlan::strike(std::size_t number) {
  Fault& fault = faults_[number];
  --to_come_;
  fault.struck = true;
  fault.cycle = machine_.now();
  switch (fault.request.kind) {
    case FaultKind::link_stall:
      machine_.stall_link(kFaultCycles);
      settle(fault, fmt::format("the link silent for {} cycles", kFaultCycles));
      return false;
    case FaultKind::ring_head:
    case FaultKind::ring_index:
    case FaultKind::ring_loop:
      scoreboard_.excuse(DropReason::reset, true);
      driver_.corrupt_ring(nonsense_of(fault.request.kind));
      return false;
    case FaultKind::no_buffers:
      if (withholding_) {
        settle(fault, "no buffers were posted already");
        return false;
      }
      withholding_ = number;
      withhold_buffers(true);
      return false;
    case FaultKind::reset:
      return true;
    case FaultKind::dma_read_error:
    case FaultKind::dma_write_error:
    case FaultKind::late_completion:
      return false;  // the machine strikes
  }
  return false;
}

// In the middle of the card's access: only notes.
void FaultPlan::dma_struck(Fault& fault, Cycle when, bool message) {
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

// True: what the driver finds is a device that has stopped.
bool FaultPlan::look_for_lost_message() {
  look_at_.reset();
  if (driver_.needs_reset()) return true;
  const std::size_t found = driver_.take_all([this](const ReceivedPacket& packet) { scoreboard_.received(packet); });
  for (Fault& fault : faults_) {
    if (!fault.struck || fault.settled || fault.outcome.empty()) continue;
    settle(fault, fmt::format("{}the driver looked for itself and found {} packets", fault.outcome, found));
  }
  return false;
}

void FaultPlan::withhold_buffers(bool withhold) {
  for (unsigned queue = 0; queue < driver_.queue_pairs(); ++queue) driver_.withhold_buffers(queue, withhold);
  scoreboard_.excuse(DropReason::no_buffer, withhold);
}

void FaultPlan::resume_buffers(const char* outcome) {
  withhold_buffers(false);
  settle(faults_[*withholding_], outcome);
  withholding_.reset();
}

// What the card has counted since the last time it was asked.
std::string FaultPlan::new_ring_faults() {
  const auto& counters = machine_.card().statistics().ring_faults;
  std::string names;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] == ring_faults_[i]) continue;
    names += (names.empty() ? "" : " and ") + std::string(to_string(static_cast<RingFault>(i)));
  }
  ring_faults_ = counters;
  return names;
}

void FaultPlan::note_causes() {
  const bool stopped = driver_.needs_reset();
  const std::string reason = new_ring_faults();
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (!stops_device(i)) continue;
    causes_.push_back(i);
    Fault& fault = faults_[i];
    if (fault.request.kind == FaultKind::reset || !stopped) continue;
    fault.outcome = fmt::format("{}, DEVICE_NEEDS_RESET after {} cycles, ", reason, machine_.now() - fault.cycle);
  }
  look_at_.reset();
}

// The driver that comes up posts buffers anew.
void FaultPlan::device_was_reset() {
  if (!withholding_) return;
  scoreboard_.excuse(DropReason::no_buffer, false);
  settle(faults_[*withholding_], "ended by a reset of the device");
  withholding_.reset();
}

void FaultPlan::restarted(Cycle began) {
  for (const std::size_t cause : causes_) {
    Fault& fault = faults_[cause];
    settle(fault, fmt::format("{}reset, back after {} cycles", fault.outcome, machine_.now() - began));
  }
  causes_.clear();
}

}  // namespace rssnic::check
