// A card whose guest has one receive queue full of buffers and a control queue: for tests of what commands do.
#pragma once
#include "tb/unit/net/card_bench.h"

namespace rssnic::test {

struct Controlled {
  explicit Controlled(FeatureBits features = kSteering, const CardParameters& parameters = {})
      : bench(parameters), guest(bench, features), rx(guest.receive_queue(0, 256)), control(guest.control_queue(256)) {
    guest.fill(rx, 256);
    guest.go();
  }
  std::uint8_t send(const std::vector<FrameBytes>& readable, const std::vector<std::uint32_t>& writable) {
    control.add(readable, writable);
    guest.publish(control);
    return guest.answer(control);
  }
  std::uint8_t command(std::uint8_t command_class, std::uint8_t command, const FrameBytes& data = {}) {
    return guest.command(control, command_class, command, data);
  }
  bool receives(const FrameBytes& frame) {
    const auto tag = bench.send(frame);
    bench.settle();
    const Fate& fate = bench.observer[tag];
    EXPECT_TRUE(fate.delivered_to || fate.dropped == DropReason::filter);
    return fate.delivered_to.has_value();
  }
  // Of struct virtio_net_config (5.1.4).
  std::uint64_t config(unsigned offset, unsigned size) {
    return bench.machine.mmio_read(guest.layout().device.address + offset, size);
  }
  std::uint64_t status() { return config(6, 2); }
  MacAddress mac() {
    MacAddress address;
    for (unsigned i = 0; i < 6; ++i) address[i] = static_cast<std::uint8_t>(config(i, 1));
    return address;
  }
  std::uint64_t generation() { return guest.read(21, 1); }

  Bench bench;
  Guest guest;
  GuestQueue& rx;
  GuestQueue& control;
};

inline FrameBytes to(const MacAddress& destination) {
  FrameBytes frame = flow_frame(1);
  std::copy(destination.begin(), destination.end(), frame.begin());
  return frame;
}

inline constexpr MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
inline constexpr MacAddress kMulticast{0x01, 0x00, 0x5e, 1, 2, 3};
inline constexpr MacAddress kOtherMulticast{0x33, 0x33, 0, 0, 0, 1};
inline constexpr MacAddress kForeign{0x02, 9, 9, 9, 9, 9};
inline constexpr MacAddress kOtherForeign{0x02, 9, 9, 9, 9, 8};
inline const MacAddress kOwn = CardParameters{}.mac;

}  // namespace rssnic::test
