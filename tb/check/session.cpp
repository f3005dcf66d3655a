#include "tb/check/session.h"

namespace rssnic::check {

Session::Session(Machine& machine, Scoreboard& scoreboard, SessionOptions options, std::function<void()> wire_ready)
    : machine_(machine),
      scoreboard_(scoreboard),
      options_(std::move(options)),
      wire_ready_(std::move(wire_ready)),
      driver_(machine, options_.driver) {}

void Session::begin() {
  driver_.start();
  if (driver_.features() & VIRTIO_NET_F_CTRL_RX) driver_.set_promiscuous(true);
  if (options_.rss) change_rss(*options_.rss);
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

void Session::poll() {
  driver_.poll([this](const ReceivedPacket& packet) { scoreboard_.received(packet); });
}

void Session::run(const std::atomic<bool>& stop, const std::function<void()>& every_window) {
  for (;;) {
    poll();
    if (every_window) every_window();
    if (stop) scoreboard_.close_gate();
    if (scoreboard_.in_flight() == 0 && scoreboard_.source_is_empty()) return;
    if (!machine_.wait_activity()) break;
  }
  if (driver_.needs_reset()) throw DriverError("the device has stopped and asks for a reset (DEVICE_NEEDS_RESET)");
  scoreboard_.finish();
}

}  // namespace rssnic::check
