#include "tb/bench/card_subject.h"

#include <fmt/format.h>

namespace rssnic::bench {
namespace {

std::unique_ptr<SteeringEngine> engine_of(const cli::RunOptions& options) {
  return options.reference_engine ? make_reference_engine() : make_rtl_engine();
}

// What the card still does for the last packets is no part of the next measurement.
void let_finish(Machine& machine) {
  while (machine.wait_activity()) {
  }
}

}  // namespace

// ---- unchecked

UncheckedCard::UncheckedCard(const char* name, const cli::RunOptions& options)
    : options_(options),
      nic_(name, options_.nic, engine_of(options_), &line_, nullptr, nullptr),
      root_complex_((std::string(name) + "_root_complex").c_str(), nic_),
      driver_(root_complex_, options_.session.driver) {}

void UncheckedCard::begin(const Load& load, std::uint64_t packets) {
  if (!running_) {
    driver_.start();
    driver_.set_promiscuous(true);
    driver_.configure_rss(*options_.session.rss);
    running_ = true;
  }
  let_finish(root_complex_);
  packets_ = packets;
  taken_ = 0;
  line_.play(load, packets);
}

void UncheckedCard::run() {
  nic_.wire_ready();
  while (taken_ < packets_ && root_complex_.wait_activity()) taken_ += driver_.poll([](const ReceivedPacket&) {});
}

void UncheckedCard::end() {
  if (taken_ != packets_) {
    throw WrongResult(fmt::format("the card delivered {} of {} packets", taken_, packets_));
  }
}

// ---- checked

CheckedCard::CheckedCard(const char* name, const cli::RunOptions& options)
    : options_(options),
      scoreboard_(line_, {}, [this](const check::PacketRow& row) { on_row(row); }),
      nic_(name, options_.nic, engine_of(options_), &scoreboard_, nullptr, &scoreboard_),
      root_complex_((std::string(name) + "_root_complex").c_str(), nic_),
      session_(root_complex_, scoreboard_, options_.session, [this] { nic_.wire_ready(); }) {}

void CheckedCard::on_row(const check::PacketRow& row) {
  if (!row.mismatch.empty() && complaint_.empty()) complaint_ = fmt::format("packet {}: {}", row.tag, row.mismatch);
  if (row.stray) return;
  delivered_ += !row.dropped && !row.lost;
  timing_->row(row);
}

void CheckedCard::begin(const Load& load, std::uint64_t packets) {
  if (!running_) {
    session_.begin();
    running_ = true;
  }
  let_finish(root_complex_);
  packets_ = packets;
  delivered_ = 0;
  check::TimingParameters timing = check::timing_parameters(options_.nic.card, options_.session.driver);
  timing.window_cycles = options_.nic.window_cycles;
  timing_.emplace(timing);
  line_.play(load, packets);
}

void CheckedCard::run() {
  nic_.wire_ready();
  session_.run(std::atomic<bool>{false});
}

void CheckedCard::end() {
  if (!options_.reference_engine) {  // which has no cycles to judge
    for (std::string& complaint : timing_->finish()) {
      if (complaint_.empty()) complaint_ = "timing: " + std::move(complaint);
    }
  }
  if (complaint_.empty() && delivered_ != packets_) {
    complaint_ = fmt::format("the card delivered {} of {} packets", delivered_, packets_);
  }
  if (!complaint_.empty()) throw WrongResult(complaint_);
}

}  // namespace rssnic::bench
