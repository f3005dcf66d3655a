// Gives a Virtqueue time: turns its wishes into DMA reads and writes, and publishes used buffers. One for each enabled
// queue. At most one publication is under way; what is staged meanwhile goes out with the next one, so used writes are
// batched exactly when the link is the bottleneck. The decision on an interrupt is taken from suppression fields that
// were read after the publication was visible (virtio 1.4, 2.7.10).
#pragma once
#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "model/sim/dma_port.h"
#include "model/virtio/virtqueue.h"

namespace rssnic {

class QueueOwner {
 public:
  virtual void on_chains(unsigned queue) = 0;  // chains_ready() or drained() may have changed
  // So many packets are being published. True: the driver is to be notified behind them; false: the owner calls
  // QueueEngine::notify() later.
  virtual bool on_publishing(std::size_t /*packets*/) { return true; }
  virtual void on_published(unsigned queue, std::size_t buffers) = 0;  // so many more pushed buffers are visible now
  virtual void on_interrupt(unsigned queue) = 0;                       // the driver is to be notified
  virtual void on_ring_fault(unsigned queue, RingFault fault) = 0;     // last call for this queue

 protected:
  ~QueueOwner() = default;
};

class QueueEngine final : public DmaClient {
 public:
  QueueEngine(unsigned queue, std::unique_ptr<Virtqueue> ring, DmaPort& dma, QueueOwner& owner,
              CardProbe* probe = nullptr);

  unsigned queue() const { return queue_; }
  Virtqueue& ring() { return *ring_; }
  void kick();
  // Fetches while the ring wants something; at most `buffers` are held ready from now on.
  void pump(unsigned buffers);
  void push(const UsedEntry& entry, bool ends_packet = true);
  void publish();  // everything pushed since the last call
  // Notifies the driver of everything published and not decided on yet, unless it has asked not to be.
  void notify();
  // The queue is being reset: no call of the owner comes any more, and nothing that the host has not seen reaches it.
  void stop() { dma_.cancel(*this); }
  bool fetching() const { return !fetches_.empty(); }
  std::uint64_t fetches_done() const { return fetches_done_; }

  void on_dma(std::uint32_t ticket, DmaStatus status) override;
  void on_tag_free() override;
  DmaPurpose dma_purpose(std::uint32_t ticket) const override;

 private:
  enum Ticket : std::uint32_t { kFetched, kStored, kSuppression, kEvent };
  static constexpr std::size_t kMaxFetches = 8;
  struct PendingFetch {
    Fetch fetch;
    std::array<std::uint8_t, kMaxFetchBytes> bytes;
  };

  void pump();
  void fetched();
  void stored();
  void read_suppression();
  bool check_fault();

  const unsigned queue_;
  const std::unique_ptr<Virtqueue> ring_;
  DmaPort& dma_;
  QueueOwner& owner_;
  CardProbe* const probe_;
  unsigned prefetch_ = 0;
  std::deque<std::unique_ptr<PendingFetch>> fetches_;  // in flight, in order
  std::vector<std::unique_ptr<PendingFetch>> spare_fetches_;
  std::uint64_t fetches_done_ = 0;
  std::size_t pushed_ = 0;      // buffers staged in the ring
  std::size_t packets_ = 0;     // of these: packets
  std::size_t publishing_ = 0;  // buffers of the publication under way
  unsigned stores_in_flight_ = 0;
  bool publish_wanted_ = false;
  bool suppression_in_flight_ = false;
  bool suppression_wanted_ = false;
  std::array<std::uint8_t, 8> suppression_{};
  std::size_t suppression_bytes_ = 0;
  bool faulted_ = false;
};

}  // namespace rssnic
