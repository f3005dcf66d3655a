// One access to a VirtioNic through its pci_target, as a bus makes it.
#pragma once
#include <optional>

#include "model/nic/virtio_nic.h"

namespace rssnic {

// Reads, or writes `value`; what was read, or the value written. nullopt when the function does not support the
// request. `size` is 1 to 8.
template <typename Initiator>
std::optional<std::uint64_t> pci_access(Initiator& initiator, tlm::tlm_command command, int space, std::uint64_t offset,
                                        unsigned size, std::uint64_t value) {
  std::uint8_t data[8] = {};
  store_le(data, value, 8);
  PciSpace extension;
  extension.space = space;
  tlm::tlm_generic_payload payload;
  payload.set_command(command);
  payload.set_address(offset);
  payload.set_data_ptr(data);
  payload.set_data_length(size);
  payload.set_streaming_width(size);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  payload.set_extension(&extension);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  try {
    initiator->b_transport(payload, delay);
  } catch (...) {
    payload.clear_extension(&extension);  // the payload would delete it
    throw;
  }
  payload.clear_extension(&extension);
  if (!payload.is_response_ok()) return std::nullopt;
  return load_le(data, size);
}

}  // namespace rssnic
