// One replay on any machine: brings the card up through the driver, configures steering, opens the wire, and goes on
// until every packet has come out or been dropped. The caller looks at the scoreboard afterwards.
#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "tb/check/scoreboard.h"
#include "tb/driver/virtio_net_driver.h"

namespace rssnic::check {

struct SessionOptions {
  DriverOptions driver;
  std::optional<RssCommand> rss;  // none: everything to receive queue 0
  bool ex_report_always = false;
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

  VirtioNetDriver& driver() { return driver_; }

 private:
  Machine& machine_;
  Scoreboard& scoreboard_;
  const SessionOptions options_;
  const std::function<void()> wire_ready_;
  VirtioNetDriver driver_;
};

}  // namespace rssnic::check
