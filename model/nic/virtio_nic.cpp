#include "model/nic/virtio_nic.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace rssnic {

using sc_core::sc_time;

namespace {

sc_time checked_period(const NicParameters& parameters) {
  if (parameters.window_cycles < 1 || parameters.window_cycles > 1u << 20) {
    throw std::invalid_argument("window_cycles: 1 to 1048576 are allowed");
  }
  const sc_time period(static_cast<double>(VirtioNic::period_ps(parameters.card.pcie.clock_mhz)), sc_core::SC_PS);
  if (period == sc_core::SC_ZERO_TIME) {
    throw std::invalid_argument(
        "clock_mhz: the clock period must be a whole number of SystemC's time units, and not 0");
  }
  return period;
}

}  // namespace

VirtioNic::VirtioNic(const sc_core::sc_module_name& name, const NicParameters& parameters,
                     std::unique_ptr<SteeringEngine> engine, WireSource* receive, WireSink* transmit,
                     PacketObserver* observer, CardProbe* probe)
    : sc_module(name),
      pci_target("pci_target"),
      dma_initiator("dma_initiator"),
      inta("inta"),
      window_edge("window_edge"),
      parameters_(parameters),
      period_(checked_period(parameters)),
      card_(std::make_unique<Card>(parameters.card, std::move(engine),
                                   Card::Sockets{this, this, receive, transmit, observer, probe})),
      woken_("woken") {
  pci_target.register_b_transport(this, &VirtioNic::b_transport);
  dma_initiator.register_invalidate_direct_mem_ptr(this, &VirtioNic::invalidate_dmi);
  SC_HAS_PROCESS(VirtioNic);
  SC_THREAD(run);
}

std::uint64_t VirtioNic::period_ps(double clock_mhz) {
  return clock_mhz > 0 ? static_cast<std::uint64_t>(std::llround(1e6 / clock_mhz)) : 0;
}

// Begun cycles count.
Cycle VirtioNic::cycles_of(const sc_time& time) const { return (time.value() + period_.value() - 1) / period_.value(); }

Cycle VirtioNic::cycle_now() const { return sc_core::sc_time_stamp().value() / period_.value(); }

// From now to the beginning of a cycle that lies ahead.
sc_time VirtioNic::time_until(Cycle cycle) const {
  if (cycle > sc_core::sc_max_time().value() / period_.value()) {
    throw std::overflow_error("simulated time ends: SystemC counts 213 days of picoseconds");
  }
  return sc_time::from_value(cycle * period_.value()) - sc_core::sc_time_stamp();
}

void VirtioNic::advance(Cycle limit) {
  advancing_ = true;
  card_->advance(limit);
  advancing_ = false;
}

// Something that is no register access happens to the card now.
template <typename Action>
void VirtioNic::act_from_outside(Action&& action) {
  if (!advancing_) advance(cycle_now());
  action(*card_);
  wake();
}

void VirtioNic::wire_ready() {
  act_from_outside([](Card& card) { card.wire_ready(); });
}

void VirtioNic::set_link(bool up) {
  act_from_outside([up](Card& card) { card.set_link(up); });
}

void VirtioNic::announce() {
  act_from_outside([](Card& card) { card.announce(); });
}

void VirtioNic::request_edge() {
  edge_requested_ = true;
  wake();
}

void VirtioNic::wake() {
  if (asleep_) woken_.notify(sc_core::SC_ZERO_TIME);
}

void VirtioNic::run() {
  const Cycle window = parameters_.window_cycles;
  for (;;) {
    const Cycle cycle = card_->now();
    const Cycle edge = (cycle / window + 1) * window;
    const Cycle activity = card_->next_activity();
    // Both steppings pass the same edges: a window, once begun, is finished; empty ones are passed over as a whole.
    Cycle target = parameters_.stepping == Stepping::lockstep && activity < edge ? cycle + 1 : edge;
    asleep_ = false;
    if (cycle % window == 0 && activity >= edge && !edge_requested_) {
      asleep_ = true;
      target = activity == kNever ? kNever : activity / window * window;
    }
    if (target == kNever) {
      wait(woken_);
    } else if (asleep_) {
      wait(time_until(target), woken_);
    } else {
      wait(time_until(target));
    }
    const Cycle reached = cycle_now();
    if (asleep_ && reached != target) {
      advance(reached);  // woken early: look again
      continue;
    }
    advance(reached);
    if (reached % window == 0) {
      edge_requested_ = false;
      window_edge.notify(sc_core::SC_ZERO_TIME);
      wait(sc_core::SC_ZERO_TIME);  // what waits for the edge acts now,
      wait(sc_core::SC_ZERO_TIME);  // and is done before the next window begins
    }
  }
}

void VirtioNic::b_transport(tlm::tlm_generic_payload& access, sc_time& delay) {
  const auto* const space = access.get_extension<PciSpace>();
  const int number = space ? space->space : PciSpace::kConfiguration;
  const bool configuration = number == PciSpace::kConfiguration;
  const unsigned size = access.get_data_length();
  const std::uint64_t address = access.get_address();
  VirtioFunction& function = card_->function();

  if (access.get_command() != tlm::TLM_READ_COMMAND && access.get_command() != tlm::TLM_WRITE_COMMAND) {
    return access.set_response_status(tlm::TLM_COMMAND_ERROR_RESPONSE);
  }
  if (access.get_byte_enable_ptr() != nullptr) {
    return access.set_response_status(tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  }
  const std::uint64_t space_size = configuration ? 4096
                                   : number >= 0 && number < static_cast<int>(kBars) && function.memory_enabled()
                                       ? function.bar_size(number)
                                       : 0;
  if (size > space_size || address > space_size - size) {
    return access.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  const bool size_ok = size == 1 || size == 2 || size == 4 || (size == 8 && !configuration);
  if (!size_ok || address % size != 0 || access.get_streaming_width() < size) {
    return access.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
  }

  if (advancing_ && !host_reads_) return access.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
  if (!advancing_) {
    advance(std::max<Cycle>(card_->now(), (sc_core::sc_time_stamp() + delay).value() / period_.value()));
  }
  std::uint8_t* const data = access.get_data_ptr();
  const auto offset = static_cast<unsigned>(address);
  if (access.is_read()) {
    store_le(data, configuration ? function.config_read(offset, size) : function.bar_read(number, address, size), size);
  } else if (configuration) {
    function.config_write(offset, size, static_cast<std::uint32_t>(load_le(data, size)));
  } else {
    function.bar_write(number, address, size, load_le(data, size));
  }
  access.set_response_status(tlm::TLM_OK_RESPONSE);
  wake();
}

DmaStatus VirtioNic::read(std::uint64_t address, Bytes into, Cycle& extra) {
  return transfer(tlm::TLM_READ_COMMAND, address, into.data, into.size, extra);
}

DmaStatus VirtioNic::write(std::uint64_t address, ConstBytes from, Cycle& extra) {
  return transfer(tlm::TLM_WRITE_COMMAND, address, const_cast<std::uint8_t*>(from.data), from.size, extra);
}

DmaStatus VirtioNic::transfer(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data, std::size_t size,
                              Cycle& extra) {
  const bool reads = command == tlm::TLM_READ_COMMAND;
  if (std::uint8_t* const direct = dmi_pointer(address, size)) {
    // The host may run beside the card. As over PCI it sees the card's writes in their order, and a read is done behind
    // the writes in front of it: else a notification could be missed (virtio 1.4, 2.7.10).
    if (reads) {
      if (std::exchange(dmi_written_, false)) std::atomic_thread_fence(std::memory_order_seq_cst);
      std::memcpy(data, direct, size);
      std::atomic_thread_fence(std::memory_order_acquire);
    } else {
      std::atomic_thread_fence(std::memory_order_release);
      std::memcpy(direct, data, size);
      dmi_written_ = true;
    }
    extra = cycles_of(reads ? dmi_last_->get_read_latency() : dmi_last_->get_write_latency());
    return DmaStatus::ok;
  }
  tlm::tlm_generic_payload& access = dma_payload_;
  access.set_command(command);
  access.set_address(address);
  access.set_data_ptr(data);
  access.set_data_length(static_cast<unsigned>(size));
  access.set_streaming_width(static_cast<unsigned>(size));
  access.set_byte_enable_ptr(nullptr);
  access.set_dmi_allowed(false);
  access.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_time delay = sc_core::SC_ZERO_TIME;
  host_reads_ = reads;
  dma_initiator->b_transport(access, delay);
  host_reads_ = false;
  extra = cycles_of(delay);
  access.set_address(address);  // interconnects may have changed it
  if (access.is_dmi_allowed()) remember_dmi(access);
  return access.is_response_ok() ? DmaStatus::ok : DmaStatus::bus_error;
}

void VirtioNic::remember_dmi(tlm::tlm_generic_payload& access) {
  tlm::tlm_dmi region;
  if (dma_initiator->get_direct_mem_ptr(access, region) && region.is_read_write_allowed()) {
    dmi_regions_[region.get_start_address()] = region;
    dmi_last_ = nullptr;
  }
}

// The bytes themselves where the host has granted access to all of them, else null.
std::uint8_t* VirtioNic::dmi_pointer(std::uint64_t address, std::size_t size) {
  const auto holds = [&](const tlm::tlm_dmi& region) {
    return address >= region.get_start_address() && address <= region.get_end_address() &&
           size - 1 <= region.get_end_address() - address;
  };
  if (dmi_last_ == nullptr || !holds(*dmi_last_)) {
    auto after = dmi_regions_.upper_bound(address);
    if (after == dmi_regions_.begin() || !holds((--after)->second)) return nullptr;
    dmi_last_ = &after->second;
  }
  return dmi_last_->get_dmi_ptr() + (address - dmi_last_->get_start_address());
}

void VirtioNic::invalidate_dmi(sc_dt::uint64 first, sc_dt::uint64 last) {
  dmi_last_ = nullptr;
  for (auto region = dmi_regions_.begin(); region != dmi_regions_.end();) {
    const bool overlaps = region->second.get_start_address() <= last && region->second.get_end_address() >= first;
    region = overlaps ? dmi_regions_.erase(region) : std::next(region);
  }
}

void VirtioNic::intx(bool asserted) { inta.write(asserted); }

}  // namespace rssnic
