// The client's eventfds: one for each MSI-X vector, one for INTA#. An MSI-X vector that fires while it has no eventfd
// stays pending and fires once it gets one. INTA# is level triggered: an event is sent when the line is asserted, and
// the next one only after the client has unmasked it.
#pragma once
#include <cstdint>
#include <vector>

#include "model/bytes.h"
#include "tb/cosim/protocol.h"

namespace rssnic::cosim {

class Interrupts {
 public:
  explicit Interrupts(unsigned vectors);

  unsigned count(std::uint32_t index) const;  // of interrupts with this VFIO index
  static std::uint32_t flags(std::uint32_t index);

  // DEVICE_SET_IRQS; `data` is what follows its fixed part. 0 or an errno: then nothing has changed.
  int set(const SetIrqs& request, ConstBytes data, std::vector<FileDescriptor>& fds);

  void fire(unsigned vector);  // a number beyond the table is ignored: the guest may write anything
  void line(bool asserted);
  // Forgets what is pending; the eventfds stay (device reset).
  void clear_pending();
  void clear();

  std::uint64_t events() const { return events_; }  // sent

 private:
  struct Interrupt {
    FileDescriptor eventfd;
    bool pending = false;
  };

  std::vector<Interrupt>* group(std::uint32_t index);
  int trigger(const SetIrqs& request, ConstBytes data, std::vector<FileDescriptor>& fds);
  int mask(const SetIrqs& request, ConstBytes data, bool masked);
  void send(Interrupt& interrupt);

  std::vector<Interrupt> vectors_;
  std::vector<Interrupt> intx_{1};
  std::vector<Interrupt> error_{1};  // taken, never sent: it saves the client a warning
  bool asserted_ = false;
  bool masked_ = false;
  std::uint64_t events_ = 0;
};

}  // namespace rssnic::cosim
