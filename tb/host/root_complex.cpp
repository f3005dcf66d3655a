#include "tb/host/root_complex.h"

#include "tb/host/pci_access.h"

namespace rssnic {

RootComplex::RootComplex(const sc_core::sc_module_name& name, VirtioNic& nic, const HostAccess& host_access)
    : sc_module(name), pci_initiator("pci_initiator"), dma_target("dma_target"), nic_(nic), host_access_(host_access) {
  dma_target.register_b_transport(this, &RootComplex::b_transport);
  dma_target.register_get_direct_mem_ptr(this, &RootComplex::get_direct_mem_ptr);
  pci_initiator.bind(nic.pci_target);
  nic.dma_initiator.bind(dma_target);
}

// A request that the function does not support reads as all ones, as on a real bus.
std::uint64_t RootComplex::access(tlm::tlm_command command, int space, std::uint64_t offset, unsigned size,
                                  std::uint64_t value) {
  return pci_access(pci_initiator, command, space, offset, size, value).value_or(~std::uint64_t{0});
}

std::uint32_t RootComplex::config_read(unsigned offset, unsigned size) {
  return static_cast<std::uint32_t>(access(tlm::TLM_READ_COMMAND, PciSpace::kConfiguration, offset, size, 0));
}
void RootComplex::config_write(unsigned offset, unsigned size, std::uint32_t value) {
  access(tlm::TLM_WRITE_COMMAND, PciSpace::kConfiguration, offset, size, value);
}
std::uint64_t RootComplex::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  return access(tlm::TLM_READ_COMMAND, static_cast<int>(bar), offset, size, 0);
}
void RootComplex::bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
  access(tlm::TLM_WRITE_COMMAND, static_cast<int>(bar), offset, size, value);
}

void RootComplex::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  delay += host_access_.latency;
  std::uint8_t* const data = payload.get_data_ptr();
  const std::size_t size = payload.get_data_length();
  const std::uint64_t address = payload.get_address();
  Cycle extra = 0;
  const DmaStatus status =
      payload.is_read() ? dma_read(address, {data, size}, extra) : dma_write(address, {data, size});
  if (extra > 0) delay += static_cast<double>(extra) * nic_.clock_period();
  payload.set_dmi_allowed(grants_direct_memory() && ram().region(address).size > 0);
  payload.set_response_status(status == DmaStatus::ok ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool RootComplex::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& region) {
  const HostRam::Region found = ram().region(payload.get_address());
  if (found.size == 0 || !grants_direct_memory()) return false;
  region.set_dmi_ptr(found.bytes);
  region.set_start_address(found.start);
  region.set_end_address(found.start + found.size - 1);
  region.set_read_latency(host_access_.latency);
  region.set_write_latency(host_access_.latency);
  region.allow_read_write();
  return true;
}

void RootComplex::wait_window() {
  nic_.request_edge();
  wait(nic_.window_edge);
}

bool RootComplex::wait_activity() {
  if (nic_.card().next_activity() == kNever) return false;
  wait(nic_.window_edge);
  return true;
}

}  // namespace rssnic
