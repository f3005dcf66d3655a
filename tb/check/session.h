// One replay on any machine: brings the card up through the driver, configures steering, opens the wire, and goes on
// until every packet has come out or been dropped. The caller looks at the scoreboard afterwards.
//
// Faults may be asked for. A device that stops because of one is reset and brought up again, and the run goes on;
// packets that this costs are excused, for as long as it lasts and no longer. A device that stops for any other reason
// ends the run.
#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tb/check/fault_plan.h"
#include "tb/check/scoreboard.h"
#include "tb/driver/virtio_net_driver.h"

namespace rssnic::check {

struct SessionOptions {
  DriverOptions driver;
  std::optional<RssCommand> rss;    // none: everything to receive queue 0
  std::optional<HashCommand> hash;  // without RSS: what the hash report is to say; none: nothing
  bool ex_report_always = false;
  std::vector<FaultRequest> faults;
};

class Session {
 public:
  // `wire_ready` tells the card that the gate is open.
  Session(Machine& machine, Scoreboard& scoreboard, SessionOptions options, std::function<void()> wire_ready);

  // Up to the open gate. Throws DriverError.
  void begin();
  // Until nothing is left, or `stop` is set: then no further frames enter, and those inside are finished.
  // `every_window` runs once a window. Throws DriverError when the card talks nonsense or asks for a reset.
  void run(const std::atomic<bool>& stop, const std::function<void()>& every_window = {});
  // One window of run(): takes what has come.
  void poll();

  // Changes the RSS configuration while packets flow. Throws DriverError when the card refuses.
  void change_rss(const RssCommand& rss);
  // Likewise the hash report of a card that does not use RSS.
  void change_hash(const HashCommand& hash);

  VirtioNetDriver& driver() { return driver_; }
  // In the order of the options.
  const std::vector<Fault>& faults() const { return faults_.faults(); }

 private:
  void bring_up();
  std::size_t take_all();
  bool wait();
  void attend();
  void device_stopped();
  void restart();

  Machine& machine_;
  Scoreboard& scoreboard_;
  const SessionOptions options_;
  const std::function<void()> wire_ready_;
  VirtioNetDriver driver_;
  FaultPlan faults_;
};

}  // namespace rssnic::check
