// The card: a virtio-net PCI function with its PCIe link, queues and steering pipeline, in cycles of one core clock.
// Plain C++, no SystemC, single-threaded; nothing in it blocks. Two cards share nothing.
//
// Order within cycle c: register accesses made while now() == c, the events of c, then the pipeline's clock edge c.
#pragma once
#include <memory>
#include <variant>

#include "model/net/control_queue.h"
#include "model/net/receive_ingress.h"
#include "model/net/receive_queue.h"
#include "model/net/transmit_queue.h"
#include "model/pci/virtio_function.h"

namespace rssnic {

class Card final : private VirtioDevice, private QueueHost, private CommandTarget {
 public:
  // What the card is plugged into. Memory is required; the rest may be null.
  struct Sockets {
    HostMemory* memory = nullptr;
    InterruptPort* interrupts = nullptr;
    WireSource* receive = nullptr;
    WireSink* transmit = nullptr;
    PacketObserver* observer = nullptr;
    CardProbe* probe = nullptr;
  };

  // Throws std::invalid_argument, naming the parameter, its value and what is allowed.
  Card(const CardParameters& parameters, std::unique_ptr<SteeringEngine> engine, const Sockets& sockets);
  ~Card();

  // Runs every cycle below `limit`, in the same sequence whatever the steps in which `limit` grows.
  void advance(Cycle limit);
  Cycle now() const { return now_; }
  // The next cycle in which something happens by itself; kNever when nothing will until the outside acts.
  Cycle next_activity() const;

  VirtioFunction& function() { return function_; }  // register accesses happen at now()
  void wire_ready() { ingress_.wire_ready(); }      // the receive source has frames again
  // The cable is plugged in (as at first) or pulled out. Without a link frames are not taken from the wire, where they
  // wait, and transmitted ones are counted and go nowhere; what has come in before goes its way. The driver is told
  // where STATUS is offered, and asked to announce itself when the link is back.
  void set_link(bool up);
  bool link_up() const { return link_up_; }
  // Asks the driver to announce itself to the network (5.1.9.5.4), if it has negotiated that.
  void announce();
  const CardParameters& parameters() const { return parameters_; }
  const CardStatistics& statistics() const { return statistics_; }
  const PcieLink& link() const { return link_; }
  void stall_link(Cycle until) { link_.stall(until); }
  Cycle event_cycle() const { return calendar_.now(); }  // in a callback: the cycle of what happens

 private:
  using Queue = std::variant<std::monostate, std::unique_ptr<ReceiveQueue>, std::unique_ptr<TransmitQueue>,
                             std::unique_ptr<ControlQueue>>;

  // VirtioDevice
  FeatureBits offered_features() const override { return parameters_.features; }
  unsigned num_queues() const override { return parameters_.num_queues(); }
  unsigned max_queue_size(unsigned) const override { return parameters_.max_queue_size; }
  ConstBytes device_config() const override { return {config_.data(), config_.size()}; }
  void features_accepted(FeatureBits features) override;
  void driver_ok() override;
  void queue_enabled(unsigned queue, const QueueSetup& setup) override;
  void queue_reset(unsigned queue) override;
  void notify(unsigned queue) override;
  void bus_master(bool enabled) override;
  void reset() override;
  // QueueHost
  void notify_used(unsigned queue) override { function_.notify_used(queue); }
  void ring_fault(unsigned queue, RingFault fault) override;
  void packet_done(std::uint16_t slot) override;
  std::uint64_t set_alarm(unsigned queue, Cycle when) override;
  // CommandTarget
  CommandContext command_context() const override;
  void apply(const CommandEffect& effect) override;
  bool is_settled() const override;
  void no_acknowledgement(unsigned queue) override { ring_fault(queue, RingFault::write_order); }

  void fill_config();
  bool ask_for_announcement();
  bool running() const { return function_.driver_ok() && function_.bus_master_enabled() && !broken_; }
  void start();
  void fail();
  unsigned control_queue() const;
  bool operates(unsigned queue) const;
  bool names(const SteeringConfig& steering, unsigned queue) const;
  void kick(unsigned queue);
  void kick_all();
  void engine_did(const SteeringEngine::Outcome& outcome, Cycle edge);
  void arm_dispatch();
  void dispatch();
  unsigned receive_queue_for(const SteerResult& result) const;
  std::size_t mtu_limit() const;
  void drop(std::uint16_t slot, DropReason reason);
  void ring_alarm(std::uint64_t alarm);
  void queue_reset_done(std::uint64_t reset);
  NotificationCoalescing* coalescing_of(unsigned queue) const;
  void settle_soon();
  template <typename Kind>
  Kind* queue_as(std::size_t queue) const {
    auto* const found = std::get_if<std::unique_ptr<Kind>>(&queues_[queue]);
    return found ? found->get() : nullptr;
  }

  const CardParameters parameters_;
  Cycle now_ = 0;
  CardStatistics statistics_;
  Calendar calendar_;
  PcieLink link_;
  PacketBuffer packets_;
  std::unique_ptr<SteeringEngine> engine_;
  PacketObserver silent_observer_;
  PacketObserver& observer_;
  QueueServices services_;
  std::unique_ptr<InterruptPort> no_interrupts_;
  VirtioFunction function_;
  TransmitWire wire_;
  ReceiveIngress ingress_;

  std::array<std::uint8_t, 28> config_{};  // struct virtio_net_config (5.1.4)
  std::vector<Queue> queues_;
  // Queues that are being reset. The host may be serving a read of theirs, so they exist to the end.
  struct QueueInReset {
    std::uint64_t reset;  // its number
    unsigned number;
    Queue queue;
  };
  std::vector<QueueInReset> in_reset_;
  std::array<CoalescingParameters, 2> coalescing_;  // by the last RX_SET and TX_SET, for queues that are enabled
  bool broken_ = false;                             // a fault that only a reset ends
  ReceiveFilter filter_;
  bool link_up_ = true;

  // Steering. The pipeline's banks hold what is below; a packet carries the number of the bank that steered it.
  std::array<SteeringConfig, 2> steering_;
  std::uint8_t epoch_ = 0;                         // flips with every swap
  std::array<std::size_t, 2> packets_of_epoch_{};  // in the card, by the epoch in which they entered
  RecyclingQueue<std::uint16_t> results_;          // steered, not yet dispatched
  bool dispatch_armed_ = false;
  Cycle dispatch_free_ = 0;
  bool settle_armed_ = false;
  std::uint64_t alarms_ = 0;
};

}  // namespace rssnic
