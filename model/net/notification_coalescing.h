// Notification coalescing of one receive or transmit queue (virtio 1.4, 5.1.9.5.10): when the driver is to be notified
// of packets that have been published. With both parameters nonzero that is at the max_packets-th packet or max_usecs
// after the first one, whichever comes first, and then the next packet is a first one again; with either of them zero
// it is at every publication (5.1.9.5.10.1).
//
// It says when, not whether: the ring's suppression fields are read at that moment, so what the driver wants then has
// the last word, and decides about everything published up to then. A packet counts when its used entries leave for the
// host. A microsecond is as many cycles of the core clock as the clock makes in one, rounded up as a whole.
#pragma once
#include "model/net/control_command.h"
#include "model/net/queue_services.h"

namespace rssnic {

class NotificationCoalescing {
 public:
  NotificationCoalescing(unsigned queue, const QueueServices& services, QueueHost& host, QueueEngine& engine)
      : queue_(queue), services_(services), host_(host), engine_(engine) {}

  const CoalescingParameters& parameters() const { return parameters_; }
  // From now on, and for packets that are held back already: what is due by the new parameters is told at once
  // (5.1.9.5.10.4).
  void set(const CoalescingParameters& parameters);
  // So many packets are being published. False: the driver is told later, through QueueEngine::notify().
  bool published(std::size_t packets) { return !holds_back() || count(packets); }
  // Tells the driver what is held back, before its time: somebody has to wait for the driver.
  void hurry();
  // True: the alarm was this object's, and it has done what is due.
  bool on_alarm(std::uint64_t alarm);

 private:
  bool holds_back() const { return parameters_.max_packets != 0 && parameters_.max_usecs != 0; }
  bool count(std::size_t packets);
  Cycle deadline() const;
  void arm();
  void tell();

  const unsigned queue_;
  const QueueServices& services_;
  QueueHost& host_;
  QueueEngine& engine_;
  CoalescingParameters parameters_;
  std::uint64_t held_ = 0;   // packets that the driver has not been told of
  Cycle first_ = 0;          // when the first of them was published
  std::uint64_t alarm_ = 0;  // the next one to come; 0: none
  Cycle alarm_at_ = kNever;  // its cycle
};

}  // namespace rssnic
