#include "tb/host/plain_machine.h"

#include <algorithm>

namespace rssnic {

PlainMachine::PlainMachine(const CardParameters& parameters, std::unique_ptr<SteeringEngine> engine,
                           WireSource* receive, WireSink* transmit, PacketObserver* observer, Cycle step,
                           Cycle window_cycles)
    : step_(step),
      window_cycles_(window_cycles),
      card_(parameters, std::move(engine), Card::Sockets{this, this, receive, transmit, observer}) {}

std::uint32_t PlainMachine::config_read(unsigned offset, unsigned size) {
  return card_.function().config_read(offset, size);
}
void PlainMachine::config_write(unsigned offset, unsigned size, std::uint32_t value) {
  card_.function().config_write(offset, size, value);
}
std::uint64_t PlainMachine::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  return card_.function().bar_read(bar, offset, size);
}
void PlainMachine::bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
  card_.function().bar_write(bar, offset, size, value);
}

void PlainMachine::wait_window() {
  const Cycle edge = (card_.now() / window_cycles_ + 1) * window_cycles_;
  while (card_.now() < edge) card_.advance(std::min(edge, card_.now() + step_));
}

bool PlainMachine::wait_activity() {
  const Cycle activity = card_.next_activity();
  if (activity == kNever) return false;
  const Cycle first_window = activity / window_cycles_ * window_cycles_;
  if (first_window > card_.now()) card_.advance(first_window);
  wait_window();
  return true;
}

bool PlainMachine::fails_now() { return fail_countdown_ > 0 && --fail_countdown_ == 0; }

DmaStatus PlainMachine::read(std::uint64_t address, Bytes into, Cycle& extra) {
  return fails_now() ? DmaStatus::bus_error : dma_read(address, into, extra);
}
DmaStatus PlainMachine::write(std::uint64_t address, ConstBytes from, Cycle&) {
  return fails_now() ? DmaStatus::bus_error : dma_write(address, from);
}

}  // namespace rssnic
