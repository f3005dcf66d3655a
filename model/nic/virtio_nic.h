// The card as a SystemC module with TLM-2.0 sockets.
//
//   pci_target     configuration space and BARs: an extension (PciSpace) names the space, the address is the offset in
//                  it. 1, 2, 4 bytes, BARs also 8; naturally aligned; byte enables are refused. What PCIe calls an
//                  unsupported request (no such BAR, outside its size) is TLM_ADDRESS_ERROR_RESPONSE; a size, alignment
//                  or byte enables that the function does not take (completer abort) are TLM_BURST_ERROR_RESPONSE and
//                  TLM_BYTE_ENABLE_ERROR_RESPONSE; a command other than read and write is TLM_COMMAND_ERROR_RESPONSE.
//   dma_initiator  64-bit host addresses: descriptors, payload, rings, MSI-X messages. DMI is used where it is granted.
//   inta           INTA#, for drivers that leave MSI-X disabled.
//
// While it serves a read of dma_initiator, and only then, the host may access registers within the card's own call: a
// bridge may have to answer its peer before the peer gives the data. Such an access acts at the cycle of the read. If
// it resets the device (CardStatistics::device_resets), the memory that the read was to fill exists no more; a reset
// of a queue leaves it alone until the call has returned.
//
// Time: one cycle is clock_period. The card executes the cycles of a window when the window has passed, so everything
// that happens outside at a window edge (event `window_edge`, every window_cycles cycles) finds all earlier cycles done
// and none later. A register access at any other time first brings the card up to that time. Host memory may change
// only at window edges or after a register access at the same time. Burst stepping executes a window at once, lockstep
// one cycle a wait; the sequence of events is the same.
#pragma once
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <map>
#include <memory>
#include <systemc>
#include <tlm>

#include "model/net/card.h"

namespace rssnic {

enum class Stepping : std::uint8_t { burst, lockstep };

// Which space of the function an access through pci_target means.
struct PciSpace final : tlm::tlm_extension<PciSpace> {
  static constexpr int kConfiguration = -1;
  int space = kConfiguration;  // or a BAR, 0 to 5
  tlm_extension_base* clone() const override { return new PciSpace(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const PciSpace&>(other); }
};

struct NicParameters {
  CardParameters card;
  Stepping stepping = Stepping::burst;
  Cycle window_cycles = 64;
};

class VirtioNic final : public sc_core::sc_module, private HostMemory, private InterruptPort {
 public:
  tlm_utils::simple_target_socket<VirtioNic> pci_target;
  tlm_utils::simple_initiator_socket<VirtioNic> dma_initiator;
  sc_core::sc_signal<bool, sc_core::SC_MANY_WRITERS> inta;  // card and register accesses drive it
  sc_core::sc_event window_edge;

  VirtioNic(const sc_core::sc_module_name& name, const NicParameters& parameters,
            std::unique_ptr<SteeringEngine> engine, WireSource* receive, WireSink* transmit, PacketObserver* observer,
            CardProbe* probe = nullptr);

  // The period in whole picoseconds of a clock of so many MHz; 0 where there is none.
  static std::uint64_t period_ps(double clock_mhz);
  // Cycle numbers and SystemC time; the period is whole picoseconds.
  const sc_core::sc_time& clock_period() const { return period_; }
  Cycle cycle_now() const;
  Cycle window_cycles() const { return parameters_.window_cycles; }
  void wire_ready();  // the receive source has frames again
  // See Card; at a window edge.
  void set_link(bool up);
  void announce();
  // The next window edge comes even if the card has nothing to do until then (a driver that polls). Without a request,
  // windows in which nothing happens have no edge.
  void request_edge();
  // See PcieLink; for a test bench, at a window edge.
  void stall_link(Cycle until) { card_->stall_link(until); }
  const Card& card() const { return *card_; }

 private:
  void run();
  sc_core::sc_time time_until(Cycle cycle) const;
  Cycle cycles_of(const sc_core::sc_time& time) const;
  void b_transport(tlm::tlm_generic_payload& access, sc_core::sc_time& delay);
  void invalidate_dmi(sc_dt::uint64 first, sc_dt::uint64 last);
  void wake();
  void advance(Cycle limit);
  template <typename Action>
  void act_from_outside(Action&& action);

  // HostMemory: bytes through dma_initiator
  DmaStatus read(std::uint64_t address, Bytes into, Cycle& extra) override;
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle& extra) override;
  DmaStatus transfer(tlm::tlm_command command, std::uint64_t address, std::uint8_t* data, std::size_t size,
                     Cycle& extra);
  std::uint8_t* dmi_pointer(std::uint64_t address, std::size_t size);
  void remember_dmi(tlm::tlm_generic_payload& access);
  // InterruptPort
  void intx(bool asserted) override;

  const NicParameters parameters_;
  const sc_core::sc_time period_;
  std::unique_ptr<Card> card_;
  tlm::tlm_generic_payload dma_payload_;
  std::map<std::uint64_t, tlm::tlm_dmi> dmi_regions_;  // by start address
  const tlm::tlm_dmi* dmi_last_ = nullptr;             // the region used last
  bool dmi_written_ = false;                           // since the last read by DMI
  bool advancing_ = false;                             // within Card::advance()
  bool host_reads_ = false;                            // within a read of dma_initiator
  bool edge_requested_ = false;
  bool asleep_ = false;  // run() waits beyond the next window edge, or for ever
  sc_core::sc_event woken_;
};

}  // namespace rssnic
