// One transmit queue: chains in ring order, payload by DMA, frames onto the wire in order (virtio 1.4, 5.1.9.2). A few
// frames are read at the same time. A chain that is no frame (no packet bytes, longer than kMaxFrameBytes, a GSO type
// that was not negotiated, above the MTU) is consumed and counted as malformed.
#pragma once
#include <deque>
#include <functional>

#include "model/net/notification_coalescing.h"
#include "model/sim/wire_port.h"

namespace rssnic {

// The one wire behind all transmit queues: frames leave one after another at the data path's width. Without a link they
// go nowhere.
class TransmitWire {
 public:
  TransmitWire(const CardParameters& parameters, Calendar& calendar, WireSink* sink)
      : parameters_(parameters), calendar_(calendar), sink_(sink) {}
  void link(bool up) { link_up_ = up; }
  bool send(unsigned queue, ConstBytes frame);  // of a transmit queue, from 0; false: there is no link

 private:
  const CardParameters& parameters_;
  Calendar& calendar_;
  WireSink* const sink_;
  Cycle busy_until_ = 0;
  bool link_up_ = true;
};

class TransmitQueue final : public QueueOwner, public DmaClient {
 public:
  // `mtu_limit`: longest frame in bytes that may leave; 0: no limit negotiated.
  TransmitQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, std::size_t header_bytes, std::size_t mtu_limit,
                const QueueServices& services, TransmitWire& wire, QueueHost& host);

  void kick() { engine_.kick(); }
  void on_alarm(std::uint64_t alarm) { coalescing_.on_alarm(alarm); }
  NotificationCoalescing& coalescing() { return coalescing_; }
  // The queue is being reset: frames that have not gone onto the wire whole are forgotten.
  void stop();

  bool on_publishing(std::size_t packets) override { return coalescing_.published(packets); }
  void on_chains(unsigned queue) override;
  void on_published(unsigned, std::size_t) override {}
  void on_interrupt(unsigned) override { host_.notify_used(queue_); }
  void on_ring_fault(unsigned, RingFault fault) override { host_.ring_fault(queue_, fault); }
  void on_dma(std::uint32_t ticket, DmaStatus status) override;
  DmaPurpose dma_purpose(std::uint32_t) const override { return {"frame", queue_}; }
  void on_tag_free() override { read_payload(); }

 private:
  struct Context {
    Chain chain;
    std::vector<std::uint8_t> data;  // header and frame
    std::size_t segment = 0;         // the next read starts there,
    std::size_t offset = 0;          // at this offset,
    std::size_t requested = 0;       // with so much asked for already
    std::size_t arrived = 0;
    std::deque<std::size_t> reads;  // sizes of the reads in flight
  };

  void read_payload();
  bool request_next(Context& context);
  void finish_front();
  bool sendable(ConstBytes header, ConstBytes frame) const;

  const unsigned queue_;
  const std::size_t header_bytes_;
  const std::size_t mtu_limit_;
  const QueueServices& services_;
  TransmitWire& wire_;
  QueueHost& host_;
  QueueEngine engine_;
  NotificationCoalescing coalescing_;
  std::deque<Context> contexts_;
};

}  // namespace rssnic
