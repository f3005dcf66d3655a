// A machine around a VirtioNic: root complex, memory and interrupt controller as one SystemC module. The driver runs in
// an SC_THREAD and acts at window edges.
#pragma once
#include "model/nic/virtio_nic.h"
#include "tb/host/machine.h"

namespace rssnic {

// How the host lets the card at its memory.
struct HostAccess {
  bool direct_memory = true;                         // DMI granted
  sc_core::sc_time latency = sc_core::SC_ZERO_TIME;  // of every access, annotated
};

class RootComplex final : public sc_core::sc_module, public Machine {
 public:
  tlm_utils::simple_initiator_socket<RootComplex> pci_initiator;
  tlm_utils::simple_target_socket<RootComplex> dma_target;

  // Binds both sockets to the card.
  RootComplex(const sc_core::sc_module_name& name, VirtioNic& nic, const HostAccess& host_access = {});

  std::uint32_t config_read(unsigned offset, unsigned size) override;
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override;
  bool inta() const override { return nic_.inta.read(); }
  Cycle now() const override { return nic_.cycle_now(); }
  void stall_link(Cycle cycles) override { nic_.stall_link(now() + cycles); }
  const Card& card() const override { return nic_.card(); }
  void wait_window() override;
  bool wait_activity() override;

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override;
  std::uint64_t access(tlm::tlm_command command, int space, std::uint64_t offset, unsigned size, std::uint64_t value);
  bool grants_direct_memory() const { return host_access_.direct_memory && !faults_armed(); }
  void b_transport(tlm::tlm_generic_payload& access, sc_core::sc_time& delay);
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& access, tlm::tlm_dmi& region);

  VirtioNic& nic_;
  const HostAccess host_access_;
};

}  // namespace rssnic
