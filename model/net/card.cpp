#include "model/net/card.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace rssnic {
namespace {

constexpr std::uint16_t VIRTIO_NET_S_LINK_UP = 1;
constexpr std::uint16_t VIRTIO_NET_S_ANNOUNCE = 2;
constexpr std::size_t kConfigStatus = 6;  // offset in struct virtio_net_config
constexpr std::size_t kEthernetHeaderBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;

struct NoInterrupts final : InterruptPort {
  void intx(bool) override {}
};

template <typename T>
void check(const char* name, T value, T low, T high) {
  if (value < low || value > high) {
    throw std::invalid_argument(fmt::format("{}: {} is not allowed; {} to {} is", name, value, low, high));
  }
}

void check_power_of_two(const char* name, unsigned value) {
  if (value & (value - 1)) {
    throw std::invalid_argument(fmt::format("{}: {} is not allowed; a power of two is", name, value));
  }
}

const CardParameters& checked(const CardParameters& p) {
  check("queue_pairs", p.queue_pairs, 1u, kMaxQueuePairs);
  check("max_queue_size", p.max_queue_size, 1u, kMaxQueueSize);
  if (!(p.features & VIRTIO_F_RING_PACKED)) check_power_of_two("max_queue_size", p.max_queue_size);
  check<unsigned>("mtu", p.mtu, 68, 65535);
  check("packet_slots", p.packet_slots, 1u, 65535u);
  check("mac_fifo_frames", p.mac_fifo_frames, 1u, 1u << 20);
  check("result_fifo", p.result_fifo, 1u, 65535u);
  check("dispatch_cycles", p.dispatch_cycles, 1u, 1024u);
  check("pcie.generation", p.pcie.generation, 1u, 5u);
  check("pcie.lanes", p.pcie.lanes, 1u, 16u);
  check_power_of_two("pcie.lanes", p.pcie.lanes);
  check("pcie.tags", p.pcie.tags, 1u, 1024u);
  check("pcie.max_payload_bytes", p.pcie.max_payload_bytes, 128u, 4096u);
  check("pcie.max_read_bytes", p.pcie.max_read_bytes, 512u, 4096u);
  check("pcie.clock_mhz", p.pcie.clock_mhz, 1.0, 10000.0);
  check<Cycle>("pcie.latency_cycles", p.pcie.latency_cycles, 0, 1u << 30);
  check("prefetch_buffers", p.prefetch_buffers, 1u, kMaxQueueSize);
  check("transmit_contexts", p.transmit_contexts, 1u, 1024u);
  check<Cycle>("no_buffer_wait_cycles", p.no_buffer_wait_cycles, 1, Cycle{1} << 40);
  check("supported_hash_types", p.supported_hash_types, 0u, kAllHashTypes);
  if (const FeatureBits unknown = p.features & ~all_implemented_features()) {
    throw std::invalid_argument(fmt::format("features: the card has no {}", feature_names(unknown)));
  }
  if (const std::string error = feature_error(p.features, p.features); !error.empty()) {
    throw std::invalid_argument("features: " + error);
  }
  return p;
}

}  // namespace

Card::Card(const CardParameters& parameters, std::unique_ptr<SteeringEngine> engine, const Sockets& sockets)
    : parameters_(checked(parameters)),
      link_(calendar_, *sockets.memory, parameters_.pcie),
      packets_(parameters_.packet_slots),
      engine_(std::move(engine)),
      observer_(sockets.observer ? *sockets.observer : silent_observer_),
      services_{parameters_, calendar_, link_, packets_, statistics_, observer_, sockets.probe},
      no_interrupts_(std::make_unique<NoInterrupts>()),
      function_(*this, link_, sockets.interrupts ? *sockets.interrupts : *no_interrupts_, parameters_.msix_vectors(),
                parameters_.pcie),
      wire_(parameters_, calendar_, sockets.transmit),
      ingress_(parameters_, calendar_, *engine_, packets_, sockets.receive, observer_, statistics_, sockets.probe),
      queues_(parameters_.num_queues()) {
  fill_config();
  link_.observe(sockets.probe);
  function_.observe(sockets.probe);
  engine_->reset();
  engine_->result_space(parameters_.result_fifo);
}

Card::~Card() = default;

// ---- time

void Card::advance(Cycle limit) {
  for (;;) {
    Cycle until = std::min(calendar_.next(), limit);
    Cycle edge = engine_->edge();
    while (edge < until && !engine_->idle()) {
      const SteeringEngine::Outcome outcome = engine_->clock_until(until);
      edge = engine_->edge();
      if (!outcome.any()) continue;
      calendar_.skip_to(edge);
      engine_did(outcome, edge - 1);
      until = std::min(calendar_.next(), limit);
    }
    if (edge < until) engine_->skip_to(until);
    if (until >= limit) break;
    calendar_.run_cycle(until);
  }
  now_ = std::max(now_, limit);
  if (calendar_.now() < now_) calendar_.skip_to(now_);
}

Cycle Card::next_activity() const { return std::min(calendar_.next(), engine_->idle() ? kNever : engine_->edge()); }

// What the pipeline showed at its last edge acts from the next cycle on.
void Card::engine_did(const SteeringEngine::Outcome& outcome, Cycle edge) {
  if (outcome.accepted) {
    const std::uint16_t slot = ingress_.accepted(edge);
    packets_[slot].epoch = epoch_;
    ++packets_of_epoch_[epoch_];
    ++statistics_.received;
    observer_.on_ingress(packets_[slot].frame.tag, edge);
  }
  if (outcome.complete) {
    const std::uint16_t slot = ingress_.complete(edge);
    if (!results_.empty() && results_.front() == slot) arm_dispatch();
  }
  if (outcome.swapped) {
    epoch_ ^= 1;
    ++statistics_.configurations;
    calendar_.at(edge + 1, Rank::control, this, [](void* self, std::uint64_t) {
      auto& card = *static_cast<Card*>(self);
      if (!card.running()) return;
      const SteeringConfig& old = card.steering_[card.engine_->active_bank() ^ 1];
      for (unsigned queue = 0; queue < card.queues_.size(); ++queue) {
        if (!card.names(old, queue)) card.kick(queue);  // the new configuration may bring it into operation
      }
    });
    settle_soon();
  }
  if (outcome.decided) {
    PacketSlot& slot = packets_[outcome.result.token];
    slot.steering = outcome.result;
    statistics_.over_budget += outcome.result.over_budget;
    const SteerResult& result = outcome.result;
    observer_.on_steer(
        slot.frame.tag,
        {result.hash, static_cast<std::uint16_t>(result.report), static_cast<std::uint16_t>(receive_queue_for(result))},
        result.decided);
    results_.push() = outcome.result.token;
    arm_dispatch();
  }
}

// ---- receive: from the pipeline's result to a receive queue

void Card::arm_dispatch() {
  if (dispatch_armed_ || results_.empty()) return;
  const Cycle complete = packets_[results_.front()].complete;
  if (complete == kNever) return;  // store and forward: no byte leaves before the last is in
  dispatch_armed_ = true;
  calendar_.at(
      std::max({calendar_.now(), dispatch_free_, complete}), Rank::receive, this,
      [](void* self, std::uint64_t resets) {
        auto& card = *static_cast<Card*>(self);
        if (resets == card.statistics_.device_resets) card.dispatch();  // else it was about a packet that is gone
      },
      statistics_.device_resets);
}

void Card::dispatch() {
  dispatch_armed_ = false;
  const std::uint16_t slot = results_.front();
  results_.pop();
  engine_->result_space(parameters_.result_fifo - static_cast<unsigned>(results_.size()));
  dispatch_free_ = calendar_.now() + parameters_.dispatch_cycles;
  arm_dispatch();

  if (broken_) return drop(slot, DropReason::reset);  // any other end of operation is a reset, which leaves no results
  const ConstBytes frame = packets_[slot].frame.buffer.frame();
  if (mtu_limit() != 0 && frame.size > mtu_limit()) return drop(slot, DropReason::oversize);
  if (!filter_.accepts(frame)) return drop(slot, DropReason::filter);
  const unsigned number = receive_queue_for(packets_[slot].steering);
  ReceiveQueue* const queue = number < parameters_.queue_pairs ? queue_as<ReceiveQueue>(2 * number) : nullptr;
  if (queue == nullptr) return drop(slot, DropReason::no_queue);
  queue->receive(slot);
}

// Receive queue number from 0. Automatic steering knows no flows yet, and a flow it does not know may go to any enabled
// queue (5.1.9.5.6): it goes to the first.
unsigned Card::receive_queue_for(const SteerResult& result) const {
  const SteeringConfig& steering = steering_[result.bank];
  if (steering.mode == SteeringMode::rss) return result.queue;
  for (unsigned number = 0; number < steering.receive_queues; ++number) {
    if (queue_as<ReceiveQueue>(2 * number) != nullptr) return number;
  }
  return 0;
}

// The longest frame that may pass with the negotiated MTU, one VLAN tag allowed on top; 0: no limit.
std::size_t Card::mtu_limit() const {
  return function_.features() & VIRTIO_NET_F_MTU ? parameters_.mtu + kEthernetHeaderBytes + kVlanTagBytes : 0;
}

void Card::drop(std::uint16_t slot, DropReason reason) {
  ++statistics_.dropped[static_cast<std::size_t>(reason)];
  observer_.on_drop(packets_[slot].frame.tag, reason, calendar_.now());
  packet_done(slot);
}

void Card::packet_done(std::uint16_t slot) {
  --packets_of_epoch_[packets_[slot].epoch];
  packets_.release(slot);
  settle_soon();
  ingress_.slot_released();
}

// A command that waits for the last packet of an old configuration is answered in an event of its own: what ended the
// packet is in the middle of its work.
void Card::settle_soon() {
  if (settle_armed_) return;
  ControlQueue* const control = queue_as<ControlQueue>(control_queue());
  if (control == nullptr || !control->settling()) return;
  settle_armed_ = true;
  calendar_.at(calendar_.now() + 1, Rank::control, this, [](void* self, std::uint64_t) {
    auto& card = *static_cast<Card*>(self);
    card.settle_armed_ = false;
    if (!card.running()) return;
    if (ControlQueue* const waiting = card.queue_as<ControlQueue>(card.control_queue())) waiting->settled();
  });
}

// An alarm's number holds the queue in its low 16 bits.
std::uint64_t Card::set_alarm(unsigned queue, Cycle when) {
  const std::uint64_t alarm = ++alarms_ << 16 | queue;
  calendar_.at(
      when, Rank::timer, this, [](void* self, std::uint64_t a) { static_cast<Card*>(self)->ring_alarm(a); }, alarm);
  return alarm;
}

void Card::ring_alarm(std::uint64_t alarm) {
  if (!running()) return;
  if (ReceiveQueue* const receive = queue_as<ReceiveQueue>(alarm & 0xffff)) receive->on_alarm(alarm);
  if (TransmitQueue* const transmit = queue_as<TransmitQueue>(alarm & 0xffff)) transmit->on_alarm(alarm);
}

// ---- configuration by the driver

void Card::fill_config() {
  const FeatureBits offered = parameters_.features;
  std::copy(parameters_.mac.begin(), parameters_.mac.end(), config_.begin());
  if (offered & VIRTIO_NET_F_STATUS) store_le16(&config_[kConfigStatus], link_up_ ? VIRTIO_NET_S_LINK_UP : 0);
  if (offered & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS)) {
    store_le16(&config_[8], static_cast<std::uint16_t>(parameters_.queue_pairs));
  }
  if (offered & VIRTIO_NET_F_MTU) store_le16(&config_[10], parameters_.mtu);
  if (offered & (VIRTIO_NET_F_RSS | VIRTIO_NET_F_HASH_REPORT)) {
    config_[17] = kHashKeyBytes;
    store_le32(&config_[20], parameters_.supported_hash_types);
  }
  if (offered & VIRTIO_NET_F_RSS) store_le16(&config_[18], kMaxTableEntries);
}

void Card::features_accepted(FeatureBits features) {
  filter_.filtering = features & VIRTIO_NET_F_CTRL_RX;
  filter_.filtering_vlans = features & VIRTIO_NET_F_CTRL_VLAN;
  filter_.own = parameters_.mac;
}

void Card::set_link(bool up) {
  if (up == link_up_) return;
  link_up_ = up;
  wire_.link(up);
  ingress_.link(up);
  if (!(parameters_.features & VIRTIO_NET_F_STATUS)) return;
  config_[kConfigStatus] ^= VIRTIO_NET_S_LINK_UP;
  if (up) ask_for_announcement();
  function_.config_changed();
}

void Card::announce() {
  if (ask_for_announcement()) function_.config_changed();
}

// The field that holds the bit belongs to STATUS.
bool Card::ask_for_announcement() {
  constexpr FeatureBits kNeeded = VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_STATUS;
  if ((function_.features() & kNeeded) != kNeeded) return false;
  config_[kConfigStatus] |= VIRTIO_NET_S_ANNOUNCE;
  return true;
}

// 2N with N = max_virtqueue_pairs, or N = 1 for a driver that took neither MQ nor RSS (5.1.2).
unsigned Card::control_queue() const {
  return function_.features() & (VIRTIO_NET_F_MQ | VIRTIO_NET_F_RSS) ? 2 * parameters_.queue_pairs : 2;
}

void Card::queue_enabled(unsigned queue, const QueueSetup& setup) {
  const FeatureBits features = function_.features();
  const std::size_t header_bytes = net_header_bytes(features);
  const unsigned pairs = control_queue() / 2;
  const RingOptions options{(features & VIRTIO_F_INDIRECT_DESC) != 0, (features & VIRTIO_F_EVENT_IDX) != 0};
  auto ring = features & VIRTIO_F_RING_PACKED ? make_packed_virtqueue(setup.size, setup.addresses, options)
                                              : make_split_virtqueue(setup.size, setup.addresses, options);
  QueueHost& host = *this;
  CommandTarget& target = *this;
  if (queue == control_queue()) {
    if (!(features & VIRTIO_NET_F_CTRL_VQ)) return;
    queues_[queue] = std::make_unique<ControlQueue>(queue, std::move(ring), services_, target, host);
  } else if (queue / 2 >= pairs) {
    return;  // beyond what was negotiated
  } else if (queue % 2 == 0) {
    queues_[queue] = std::make_unique<ReceiveQueue>(queue, std::move(ring), setup.size,
                                                    features & VIRTIO_NET_F_MRG_RXBUF, header_bytes, services_, host);
  } else {
    queues_[queue] =
        std::make_unique<TransmitQueue>(queue, std::move(ring), header_bytes, mtu_limit(), services_, wire_, host);
  }
  // 5.1.9.5.10.6: what VQ_SET gave the queue before a reset does not come back.
  if (NotificationCoalescing* const coalescing = coalescing_of(queue)) coalescing->set(coalescing_[queue % 2]);
  if (running()) kick(queue);
}

// 2.6.1. What the queue has posted and the host has not seen is taken back. Its interrupt messages are on their way
// beside those of others: the reset is complete when they have arrived.
void Card::queue_reset(unsigned queue) {
  const std::uint64_t reset = ++statistics_.queue_resets;
  in_reset_.push_back({reset, queue, std::exchange(queues_[queue], std::monostate{})});
  std::visit(
      [](auto& kind) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(kind)>, std::monostate>) kind->stop();
      },
      in_reset_.back().queue);
  calendar_.at(
      calendar_.now() + link_.posted_backlog(), Rank::pci, this,
      [](void* self, std::uint64_t number) { static_cast<Card*>(self)->queue_reset_done(number); }, reset);
}

// A device reset meanwhile has done away with it.
void Card::queue_reset_done(std::uint64_t reset) {
  const auto found = std::find_if(in_reset_.begin(), in_reset_.end(),
                                  [reset](const QueueInReset& candidate) { return candidate.reset == reset; });
  if (found == in_reset_.end()) return;
  function_.queue_reset_done(found->number);
  in_reset_.erase(found);
}

// Null for a queue that is no receive or transmit queue, or not enabled.
NotificationCoalescing* Card::coalescing_of(unsigned queue) const {
  if (queue >= queues_.size()) return nullptr;
  if (ReceiveQueue* const receive = queue_as<ReceiveQueue>(queue)) return &receive->coalescing();
  if (TransmitQueue* const transmit = queue_as<TransmitQueue>(queue)) return &transmit->coalescing();
  return nullptr;
}

// Before an MQ class command only receiveq1, transmitq1 and the control queue do anything (5.1.9.5.5).
// The queues of the configuration before the present one go on until its last packet is out.
bool Card::operates(unsigned queue) const {
  const std::uint8_t bank = engine_->active_bank();
  return names(steering_[bank], queue) || (packets_of_epoch_[epoch_ ^ 1] > 0 && names(steering_[bank ^ 1], queue));
}

bool Card::names(const SteeringConfig& steering, unsigned queue) const {
  if (queue == control_queue()) return true;
  if (queue % 2 == 1) return queue / 2 < steering.transmit_queues;
  return steering.mode == SteeringMode::rss || queue / 2 < steering.receive_queues;
}

void Card::kick(unsigned queue) {
  if (!operates(queue)) return;
  std::visit(
      [](auto& kind) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(kind)>, std::monostate>) kind->kick();
      },
      queues_[queue]);
}

void Card::kick_all() {
  for (unsigned queue = 0; queue < queues_.size(); ++queue) kick(queue);
}

void Card::start() {
  if (!running()) return;
  ingress_.run(true);
  kick_all();  // buffers made available earlier need no notification (3.1.1)
}

void Card::driver_ok() { start(); }

void Card::notify(unsigned queue) {
  if (running()) kick(queue);
}

// A function that may not master the bus cannot end what it has begun: taking the right away in operation is an error.
void Card::bus_master(bool enabled) {
  if (enabled) {
    start();
  } else if (function_.driver_ok()) {
    fail();
  }
}

void Card::ring_fault(unsigned, RingFault fault) {
  ++statistics_.ring_faults[static_cast<std::size_t>(fault)];
  fail();
}

// Stops everything until the driver resets the device (2.1.2).
void Card::fail() {
  if (broken_) return;
  broken_ = true;
  link_.cancel_all();
  ingress_.run(false);
  function_.needs_reset();
}

void Card::reset() {
  ++statistics_.device_resets;
  link_.cancel_all();
  ingress_.run(false);
  ingress_.take_back_offered();
  engine_->reset();
  engine_->result_space(parameters_.result_fifo);
  results_.clear();
  dispatch_armed_ = false;
  dispatch_free_ = 0;
  const auto lost = [this](std::uint64_t tag) {
    ++statistics_.dropped[static_cast<std::size_t>(DropReason::reset)];
    observer_.on_drop(tag, DropReason::reset, calendar_.now());
  };
  packets_.clear([&](const PacketSlot& slot) {
    if (!slot.delivered) lost(slot.frame.tag);
  });
  for (Queue& queue : queues_) {
    if (auto* const receive = std::get_if<std::unique_ptr<ReceiveQueue>>(&queue))
      (*receive)->for_each_unpublished(lost);
    queue = std::monostate{};
  }
  in_reset_.clear();
  packets_of_epoch_ = {};
  steering_ = {};
  coalescing_ = {};
  filter_ = {};
  fill_config();  // the permanent address, and no announcement
  broken_ = false;
}

// ---- control commands

CommandContext Card::command_context() const {
  CommandContext context;
  context.features = function_.features();
  context.max_pairs = parameters_.queue_pairs;
  context.supported_hash_types = parameters_.supported_hash_types;
  context.receive_queue_enabled = [this](unsigned queue) { return function_.queue_is_enabled(2 * queue); };
  context.steering = steering_[engine_->active_bank()];
  context.coalescing = [this](unsigned queue) {
    const NotificationCoalescing* const found = coalescing_of(queue);
    return found != nullptr ? std::optional(found->parameters()) : std::nullopt;
  };
  return context;
}

void Card::apply(const CommandEffect& effect) {
  if (const auto* mode = std::get_if<SetReceiveMode>(&effect)) {
    filter_.*mode->mode = mode->on;
  } else if (const auto* tables = std::get_if<SetMacTables>(&effect)) {
    filter_.unicast = tables->unicast;
    filter_.multicast = tables->multicast;
  } else if (const auto* own = std::get_if<SetMacAddress>(&effect)) {
    filter_.own = own->address;
    std::copy(own->address.begin(), own->address.end(), config_.begin());
    function_.config_changed_by_driver();
  } else if (const auto* vlan = std::get_if<SetVlan>(&effect)) {
    filter_.vlans[vlan->vlan] = vlan->member;
  } else if (std::holds_alternative<AcknowledgeAnnounce>(effect)) {
    config_[kConfigStatus] &= static_cast<std::uint8_t>(~VIRTIO_NET_S_ANNOUNCE);
    function_.config_changed_by_driver();
  } else if (const auto* all = std::get_if<SetCoalescing>(&effect)) {
    coalescing_[all->transmit] = all->parameters;
    for (unsigned queue = all->transmit; queue < queues_.size(); queue += 2) {
      if (NotificationCoalescing* const coalescing = coalescing_of(queue)) coalescing->set(all->parameters);
    }
  } else if (const auto* one = std::get_if<SetQueueCoalescing>(&effect)) {
    coalescing_of(one->queue)->set(one->parameters);
  } else {
    SteeringConfig& shadow = steering_[engine_->active_bank() ^ 1];
    shadow = std::get<SteeringConfig>(effect);
    shadow.rss.ex_report_always = parameters_.ex_report_always;
    engine_->stage(shadow.rss);
  }
}

bool Card::is_settled() const { return !engine_->swapping() && packets_of_epoch_[epoch_ ^ 1] == 0; }

}  // namespace rssnic
