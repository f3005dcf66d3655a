// The faults that a session plants, from asking for them to what became of each (docs/faults.md). It strikes when its
// time has come, excuses the packets that a fault may cost for as long as it lasts, and says when the device has to be
// restarted; the session does that.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tb/check/fault.h"
#include "tb/check/scoreboard.h"
#include "tb/driver/virtio_net_driver.h"

namespace rssnic::check {

class FaultPlan {
 public:
  FaultPlan(Machine& machine, Scoreboard& scoreboard, VirtioNetDriver& driver,
            const std::vector<FaultRequest>& requests);

  // The wire opens: accesses to memory are counted from now on.
  void begin();
  // Once a window. True: the device is to be restarted.
  bool attend();
  // The card has come to rest by itself, and runs. True: something was done that may wake it.
  bool at_rest();
  // A fault has struck, and not everything about it is over.
  bool is_open() const;
  // Something happens at a time that the card does not know of.
  bool watches_clock() const { return look_at_.has_value(); }
  // A fault that no restart has been put down to yet may have stopped the device.
  bool explains_stop() const;

  // A restart, between two calls of attend(): note_causes() and then device_was_reset() in each attempt to bring the
  // device up, restarted() at its end.
  void note_causes();
  void device_was_reset();
  void restarted(Cycle began);

  // In the order of the requests.
  const std::vector<Fault>& faults() const { return faults_; }

 private:
  bool stops_device(std::size_t fault) const;
  bool strike(std::size_t fault);
  void dma_struck(Fault& fault, Cycle when, bool message);
  void settle(Fault& fault, std::string outcome);
  bool look_for_lost_message();
  void withhold_buffers(bool withhold);
  void resume_buffers(const char* outcome);
  std::string new_ring_faults();

  Machine& machine_;
  Scoreboard& scoreboard_;
  VirtioNetDriver& driver_;
  std::vector<Fault> faults_;
  std::vector<std::size_t> dma_faults_;          // places in faults_, in the order in which they were armed
  std::size_t to_come_ = 0;                      // of those that wait for a packet
  std::vector<std::size_t> causes_;              // of the restart under way: places in faults_
  std::uint64_t lost_before_ = 0;                // excused drops that have been put down to a fault
  std::optional<Cycle> look_at_;                 // when the driver looks whether a message was lost
  std::optional<std::size_t> withholding_;       // the fault for which no buffers are posted
  std::array<std::uint64_t, 16> ring_faults_{};  // of the card's counters, seen so far
};

}  // namespace rssnic::check
