// One receive queue: packets in arrival order, each written into as many buffers as it needs (one without
// MRG_RXBUF), header in the first (virtio 1.4, 5.1.9.4). All buffers of a packet are published together.
// A packet that finds no buffers waits in its slot. When the queue knows of no further buffer, the wait ends after
// no_buffer_wait_cycles, later while the link is behind; so a dead queue delays the others for a bounded time only.
#pragma once
#include "model/net/notification_coalescing.h"
#include "model/recycling_queue.h"

namespace rssnic {

class ReceiveQueue final : public QueueOwner, public DmaClient {
 public:
  ReceiveQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, unsigned ring_size, bool mergeable,
               std::size_t header_bytes, const QueueServices& services, QueueHost& host);

  void kick();
  void receive(std::uint16_t slot);  // takes over the packet in this slot
  void on_alarm(std::uint64_t alarm);
  NotificationCoalescing& coalescing() { return coalescing_; }
  // The queue is being reset: its packets are dropped, but for those whose used entry the host can see.
  void stop();
  // The tags of packets written into buffers that the driver has not been told of.
  template <typename Visitor>
  void for_each_unpublished(Visitor&& visit) const {
    for (std::size_t i = 0; i < publishing_.size(); ++i) visit(publishing_[i].tag);
  }

  void on_chains(unsigned queue) override;
  bool on_publishing(std::size_t packets) override { return alarm_ != 0 || coalescing_.published(packets); }
  void on_published(unsigned queue, std::size_t buffers) override;
  void on_interrupt(unsigned queue) override { host_.notify_used(queue); }
  void on_ring_fault(unsigned queue, RingFault fault) override { host_.ring_fault(queue, fault); }
  void on_dma(std::uint32_t ticket, DmaStatus status) override;
  DmaPurpose dma_purpose(std::uint32_t) const override { return {"payload", queue_}; }

 private:
  struct Published {
    std::uint64_t tag;
    unsigned buffers;
    std::uint16_t slot;
  };

  void deliver_waiting();
  bool deliver(std::uint16_t slot);
  bool wait_for_buffers();
  void set_alarm();
  void drop_head();
  void drop(std::uint64_t tag, DropReason reason);

  const unsigned queue_;
  const unsigned ring_size_;
  const bool mergeable_;
  const std::size_t header_bytes_;
  const QueueServices& services_;
  QueueHost& host_;
  QueueEngine engine_;
  NotificationCoalescing coalescing_;
  RecyclingQueue<std::uint16_t> waiting_;
  RecyclingQueue<Published> publishing_;  // delivered, used entry not yet visible
  std::size_t landed_ = 0;                // of publishing_: packets whose last byte is in host memory, their slots free
  std::size_t published_buffers_ = 0;     // of the packet at the front of publishing_
  std::uint64_t fetches_at_alarm_ = 0;
  std::uint64_t alarm_ = 0;  // ends the present wait for buffers; 0: none
  bool starved_ = false;     // a wait has ended in vain, and the driver has not notified since
};

}  // namespace rssnic
