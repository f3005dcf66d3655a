// From the wire to the input of the steering pipeline: MAC FIFO, one packet-buffer slot a frame, and the data path's
// width (a frame of b bytes occupies it for ceil(b / 64) cycles). Frames that may wait are left at the source while the
// FIFO is full; others are lost there. While the device is not running nothing leaves the FIFO.
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
  void slot_released();
  void take_back_offered();  // the pipeline is being reset: the frame at its input goes back to the FIFO,
                             // and what is on the data path is gone
  // The pipeline took the offered frame at this edge; returns its slot.
  std::uint16_t accepted(Cycle edge);

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
  RecyclingQueue<ReceivedFrame> fifo_;
  Cycle arrival_armed_ = kNever;  // the cycle of the pending arrival event
  Cycle data_path_free_ = 0;      // the next frame may start then
  bool armed_ = false;            // an event will try to offer
  bool offered_ = false;
  std::uint16_t offered_slot_ = 0;
  Cycle ready_since_ = 0;         // the cycle from which the offered frame could have been taken
  Cycle waiting_since_ = kNever;  // for a slot
};

}  // namespace rssnic
