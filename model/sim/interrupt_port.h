// Where the function's interrupts leave the card. MSI-X messages are posted writes like any other (they cannot overtake
// the used ring), so only the level-triggered INTx line needs a port of its own.
#pragma once

namespace rssnic {

class InterruptPort {
 public:
  virtual ~InterruptPort() = default;
  // The state of INTA# (PCI 3.0, 2.2.6): true while an unmasked interrupt is pending and MSI-X is disabled.
  virtual void intx(bool asserted) = 0;
};

}  // namespace rssnic
