// What happens inside the card beyond the received packets' own way (PacketObserver), for whoever draws or logs it. The
// card tells it with one null test where nobody listens. Calls come in the order in which things happen, in the cycle
// in which they happen; listening changes nothing.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rssnic {

// What a transfer over the link is for: a word of at most eight letters, and the virtqueue.
struct DmaPurpose {
  const char* name = "";
  unsigned queue = 0;
};

class CardProbe {
 public:
  virtual ~CardProbe() = default;

  // The link: a request starts upstream; a posted write is in host memory; the data of a read is back.
  virtual void on_request(bool is_write, const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes) = 0;
  virtual void on_write_visible(const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes) = 0;
  virtual void on_completion(const DmaPurpose& purpose, std::uint64_t address, std::size_t bytes, bool ok) = 0;

  // Registers. `change` names the bit that has become set, or is "reset" with a status of 0.
  virtual void on_doorbell(unsigned queue) = 0;
  virtual void on_device_status(std::uint8_t status, const char* change) = 0;

  // Virtqueues: a read of the ring is asked for, its bytes are in (so many buffers are ready now); used buffers are
  // written, and the driver can see them.
  virtual void on_fetch(unsigned queue, std::size_t bytes) = 0;
  virtual void on_fed(unsigned queue, std::size_t buffers_ready) = 0;
  virtual void on_publish(unsigned queue, std::size_t buffers) = 0;
  virtual void on_published(unsigned queue, std::size_t buffers) = 0;

  // Interrupts: a vector fires (masked or not), and the level of INTA#.
  virtual void on_vector(unsigned vector) = 0;
  virtual void on_intx(bool asserted) = 0;

  // Control commands; `name` as the specification writes it, without VIRTIO_NET_CTRL_ and the class.
  virtual void on_command(const char* name) = 0;
  virtual void on_answer(bool ok) = 0;

  // The frame with this tag stands at the steering pipeline's input, with this token.
  virtual void on_offer(std::uint16_t token, std::uint64_t tag) = 0;
  // Header and frame of the packet with this tag are being written into buffers of this virtqueue.
  virtual void on_payload(std::uint64_t tag, unsigned queue, std::size_t bytes) = 0;
};

}  // namespace rssnic
