// From the wire to the input of the steering pipeline: MAC FIFO and one packet-buffer slot a frame. Frames that may
// wait are left at the source while the FIFO is full; others are lost there. While the device is not running nothing
// leaves the FIFO; while there is no link nothing comes into it.
#pragma once
#include "model/net/observer.h"
#include "model/net/packet_buffer.h"
#include "model/net/parameters.h"
#include "model/net/statistics.h"
#include "model/recycling_queue.h"
#include "model/sim/wire_port.h"

namespace rssnic {

class ReceiveIngress {
 public:
  ReceiveIngress(const CardParameters& parameters, Calendar& calendar, SteeringEngine& engine, PacketBuffer& packets,
                 WireSource* source, PacketObserver& observer, CardStatistics& statistics, CardProbe* probe = nullptr);

  void run(bool running);
  void wire_ready();  // the source may have frames again
  void link(bool up);
  void slot_released();
  void take_back_offered();  // the pipeline is being reset: the frame at its input goes back to the FIFO,
                             // and what is on the data path is gone
  // The pipeline took the offered frame's first beat at this edge, or its last; both return its slot.
  std::uint16_t accepted(Cycle edge);
  std::uint16_t complete(Cycle edge);

 private:
  void arm(Cycle when);
  void fill_fifo();
  void offer();

  const CardParameters& parameters_;
  Calendar& calendar_;
  SteeringEngine& engine_;
  PacketBuffer& packets_;
  WireSource* const source_;
  PacketObserver& observer_;
  CardStatistics& statistics_;
  CardProbe* const probe_;

  bool running_ = false;
  bool link_up_ = true;
  RecyclingQueue<ReceivedFrame> fifo_;
  Cycle arrival_armed_ = kNever;  // the cycle of the pending arrival event
  bool armed_ = false;            // an event will try to offer
  bool offered_ = false;          // a frame is at the pipeline's input
  bool begun_ = false;            // and its first beat was taken
  std::uint16_t offered_slot_ = 0;
  Cycle ready_since_ = 0;         // the cycle from which the offered frame could have been taken
  Cycle waiting_since_ = kNever;  // for a slot
};

}  // namespace rssnic
