// The control queue: one command at a time, read whole, judged, applied, and answered once it is in force and nothing
// that an older configuration steered is left in the card (virtio 1.4, 5.1.9.5).
#pragma once
#include "model/net/control_command.h"
#include "model/net/queue_services.h"

namespace rssnic {

class CommandTarget {
 public:
  virtual CommandContext command_context() const = 0;
  virtual void apply(const CommandEffect& effect) = 0;
  // True when what was applied last holds for every packet that can still be delivered. While it is false the target
  // calls ControlQueue::settled() later.
  virtual bool is_settled() const = 0;
  virtual void no_acknowledgement(unsigned queue) = 0;  // a command without a byte to answer in

 protected:
  ~CommandTarget() = default;
};

class ControlQueue final : public QueueOwner, public DmaClient {
 public:
  ControlQueue(unsigned queue, std::unique_ptr<Virtqueue> ring, const QueueServices& services, CommandTarget& target,
               QueueHost& host);

  void kick() { engine_.kick(); }
  bool settling() const { return settling_; }
  void settled();

  void on_chains(unsigned) override { next_command(); }
  void on_published(unsigned, std::size_t) override {}
  void on_interrupt(unsigned queue) override { host_.notify_used(queue); }
  void on_ring_fault(unsigned queue, RingFault fault) override { host_.ring_fault(queue, fault); }
  void on_dma(std::uint32_t ticket, DmaStatus status) override;
  DmaPurpose dma_purpose(std::uint32_t ticket) const override {
    return {ticket == kAnswer ? "ack" : "command", queue_};
  }
  void on_tag_free() override { read_command(); }

 private:
  enum Ticket : std::uint32_t { kCommand, kAnswer };

  void next_command();
  void read_command();
  void judge();
  void answer(std::uint8_t ack);

  const unsigned queue_;
  const QueueServices& services_;
  CommandTarget& target_;
  QueueHost& host_;
  QueueEngine engine_;
  bool busy_ = false;      // with chain_
  bool settling_ = false;  // applied, not yet answered
  Chain chain_;
  std::vector<std::uint8_t> command_;
  std::size_t segment_ = 0, offset_ = 0;  // where the next read starts
  std::size_t requested_ = 0;
  std::size_t reads_in_flight_ = 0;
};

}  // namespace rssnic
