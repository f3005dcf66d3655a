// A machine around a Card without SystemC: time passes when somebody waits.
#pragma once
#include "model/net/card.h"
#include "tb/host/machine.h"

namespace rssnic {

class PlainMachine : public Machine, private HostMemory, private InterruptPort {
 public:
  // `step`: cycles advanced at a time; must divide the window.
  PlainMachine(const CardParameters& parameters, std::unique_ptr<SteeringEngine> engine, WireSource* receive,
               WireSink* transmit, PacketObserver* observer, Cycle step = 64, Cycle window_cycles = 64);

  std::uint32_t config_read(unsigned offset, unsigned size) override;
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override;
  bool inta() const override { return inta_; }
  Cycle now() const override { return card_.now(); }
  void wait_window() override;
  bool wait_activity() override;

  void stall_link(Cycle cycles) override { card_.stall_link(card_.now() + cycles); }
  const Card& card() const override { return card_; }
  Card& card() { return card_; }
  // The DMA access with this number from now on, counted from 1, fails with a bus error; 0: none.
  void fail_dma(std::uint64_t count) { fail_countdown_ = count; }
  bool failure_is_to_come() const { return fail_countdown_ > 0; }

 private:
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override;
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override;
  DmaStatus read(std::uint64_t address, Bytes into, Cycle& extra) override;
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle& extra) override;
  void intx(bool asserted) override { inta_ = asserted; }
  bool fails_now();

  const Cycle step_;
  const Cycle window_cycles_;
  Card card_;
  bool inta_ = false;
  std::uint64_t fail_countdown_ = 0;
};

}  // namespace rssnic
