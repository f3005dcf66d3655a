// The vfio-user device: what each message of the client does, and what it is answered. One session; no sockets and no
// time here, so that any sequence of messages can be tried without them.
//
// Every message gets a reply, an error reply (EINVAL for what makes no sense, ENOTSUP for what is not there), or none
// where it asks for none. Whatever a message claims about sizes, counts and addresses is checked first.
//
// The client owns the MSI-X table (it shows the guest one of its own): the card's is programmed here, when MSI-X is
// switched on, so that each message is a write of the vector's number to kReservedAddress. The client's writes to the
// table in the BAR are ignored. Masking of vectors is the client's; the function's mask bit acts in the card.
#pragma once
#include <optional>

#include "tb/cosim/function_port.h"
#include "tb/cosim/guest_memory.h"
#include "tb/cosim/interrupts.h"

namespace rssnic::cosim {

// Finds a capability in configuration space; 0 when there is none.
unsigned find_capability(FunctionPort& function, std::uint8_t id);
unsigned msix_vectors(FunctionPort& function);

class Device {
 public:
  Device(FunctionPort& function, GuestMemory& memory, Interrupts& interrupts);

  // A new client, whose process is `peer` (0: not known).
  void connect(pid_t peer);
  // The client has gone: everything it gave is let go, the function is reset.
  void disconnect();

  // The reply to a command; nullopt when it asks for none.
  std::optional<std::vector<std::uint8_t>> handle(Message& message);

  bool negotiated() const { return negotiated_; }
  // Of data in one DMA_READ or DMA_WRITE.
  std::size_t max_transfer_bytes() const { return max_transfer_bytes_; }

 private:
  struct Answer {
    int error = 0;
    std::vector<std::uint8_t> payload;
  };

  Answer answer(Message& message);
  Answer version(const Message& message);
  Answer dma_map(Message& message);
  Answer dma_unmap(ConstBytes request);
  Answer device_info(ConstBytes request) const;
  Answer region_info(ConstBytes request) const;
  Answer irq_info(ConstBytes request) const;
  Answer set_irqs(Message& message);
  Answer region_read(ConstBytes request);
  Answer region_write(ConstBytes request);
  Answer region_write_multi(ConstBytes request);
  Answer reset_device(ConstBytes request);

  std::uint64_t region_size(std::uint32_t region) const;
  bool access_is_legal(const RegionAccess& access) const;
  void write(const RegionAccess& access, const std::uint8_t* data);
  void write_config(unsigned offset, unsigned size, std::uint32_t value);
  void program_msix_table();
  void reset_function();

  FunctionPort& function_;
  GuestMemory& memory_;
  Interrupts& interrupts_;
  const unsigned msix_capability_, express_capability_, msix_bar_;
  pid_t peer_ = 0;
  bool negotiated_ = false;
  std::size_t max_transfer_bytes_ = kMaxTransferBytes;
};

}  // namespace rssnic::cosim
