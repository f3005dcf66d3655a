// The control queue: one command at a time, read whole, judged, applied, and answered once it is in force and nothing
// that an older configuration steered is left in the card (virtio 1.4, 5.1.9.5).
//
// The acknowledgement is the first writable byte. The values that VQ_GET asks for are command-specific data and stand
// in front of it, as the text has it, or behind it with CardParameters::vq_get_ack_first; with a refusal they are
// zeros. Without room for both the command is refused, in the first writable byte.
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
  // The queue is being reset: nothing is answered any more. What a command has changed stays so.
  void stop();
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
  bool has_room_for_values() const;
  void answer(std::uint8_t ack, const CoalescingParameters& values = {});

  const unsigned queue_;
  const QueueServices& services_;
  CommandTarget& target_;
  QueueHost& host_;
  QueueEngine engine_;
  bool busy_ = false;      // with chain_
  bool settling_ = false;  // waits until the target is settled,
  bool applied_ = false;  // to be answered then; else to be judged, since the queue was reset behind an earlier command
  Chain chain_;
  std::vector<std::uint8_t> command_;
  std::size_t segment_ = 0, offset_ = 0;  // where the next read starts
  std::size_t requested_ = 0;
  std::size_t reads_in_flight_ = 0;
};

}  // namespace rssnic
