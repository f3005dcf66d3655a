// What a queue of the network device may ask of the card around it.
#pragma once
#include "model/net/observer.h"
#include "model/net/packet_buffer.h"
#include "model/net/parameters.h"
#include "model/net/queue_engine.h"
#include "model/net/statistics.h"

namespace rssnic {

struct QueueServices {
  const CardParameters& parameters;
  Calendar& calendar;
  DmaPort& dma;
  PacketBuffer& packets;
  CardStatistics& statistics;
  PacketObserver& observer;
  CardProbe* probe = nullptr;  // null: nobody listens
};

class QueueHost {
 public:
  virtual void notify_used(unsigned queue) = 0;
  virtual void ring_fault(unsigned queue, RingFault fault) = 0;
  // A received packet has left its slot's last use: the slot is free, and what waited for it may go on.
  virtual void packet_done(std::uint16_t slot) = 0;
  // Calls on_alarm(alarm) of the queue at that cycle, unless the queue is gone by then. Returns the alarm's number.
  virtual std::uint64_t set_alarm(unsigned queue, Cycle when) = 0;

 protected:
  ~QueueHost() = default;
};

}  // namespace rssnic
