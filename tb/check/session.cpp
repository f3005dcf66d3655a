#include "tb/check/session.h"

namespace rssnic::check {
Session::Session(Machine& machine, Scoreboard& scoreboard, SessionOptions options, std::function<void()> wire_ready)
    : machine_(machine),
      scoreboard_(scoreboard),
      options_(std::move(options)),
      wire_ready_(std::move(wire_ready)),
      driver_(machine, options_.driver),
      faults_(machine, scoreboard, driver_, options_.faults) {}

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
  faults_.begin();
  scoreboard_.open_gate(machine_.now());
  wire_ready_();
}

void Session::change_rss(const RssCommand& rss) {
  Expectation next;
  next.rss = {rss.hash_types,
              rss.key,
              rss.table,
              rss.unclassified_queue,
              options_.ex_report_always,
              kHeaderBudget.bytes,
              kHeaderBudget.extension_headers};
  next.steers = true;
  scoreboard_.begin_change(next);
  driver_.configure_rss(rss, [this] { poll(); });
  scoreboard_.end_change();
}

void Session::change_hash(const HashCommand& hash) {
  Expectation next;
  next.rss = {hash.hash_types,
              hash.key,
              {0},
              0,
              options_.ex_report_always,
              kHeaderBudget.bytes,
              kHeaderBudget.extension_headers};
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
    if (scoreboard_.in_flight() == 0 && scoreboard_.source_is_empty() && !faults_.is_open()) return;
    if (!wait()) break;
  }
  scoreboard_.finish();
}

// False when nothing will happen any more.
bool Session::wait() {
  if (faults_.watches_clock()) {
    machine_.wait_window();
    return true;
  }
  if (machine_.wait_activity()) return true;
  // The card has come to rest. It may have stopped without the driver's hearing of it.
  if (!driver_.needs_reset()) return faults_.at_rest();
  device_stopped();
  return true;
}

void Session::attend() {
  if (driver_.take_config_change() && driver_.needs_reset()) device_stopped();
  if (faults_.attend()) restart();
}

// DEVICE_NEEDS_RESET (virtio 1.4, 2.1.2).
void Session::device_stopped() {
  if (!faults_.explains_stop()) {
    take_all();
    throw DriverError("the device has stopped and asks for a reset (DEVICE_NEEDS_RESET)");
  }
  restart();
}

// Resets the device and brings it up again. A source that can wait does so meanwhile.
void Session::restart() {
  const Cycle began = machine_.now();
  for (;;) {
    faults_.note_causes();
    take_all();
    scoreboard_.all_rings_read();
    if (scoreboard_.source_waits()) scoreboard_.close_gate();
    scoreboard_.excuse(DropReason::reset, true);
    driver_.stop();
    scoreboard_.excuse(DropReason::reset, false);
    scoreboard_.device_was_reset();
    faults_.device_was_reset();
    // Frames that wait in the MAC FIFO come in before the driver can set promiscuous mode.
    scoreboard_.excuse(DropReason::filter, true);
    try {
      bring_up();
      break;
    } catch (const DriverError&) {
      if (!faults_.explains_stop() || !driver_.needs_reset()) throw;
    }
  }
  faults_.restarted(began);
  scoreboard_.open_gate(machine_.now());
  wire_ready_();
}

}  // namespace rssnic::check
