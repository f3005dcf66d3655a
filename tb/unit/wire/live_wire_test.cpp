// Wires that live in real time: the queue in front of the card, the loopback, captures with a beginning of their own,
// and the user-mode network, which answers DHCP and ARP.
#include "tb/wire/live_wire.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tb/unit/wire/capture_builder.h"
#include "tb/wire/pcap_wire.h"
#include "tb/wire/tap_wire.h"
#include "tb/wire/user_wire.h"

namespace rssnic {
namespace {

using FrameBytes = std::vector<std::uint8_t>;

FrameBytes take(WireSource& source) {
  const WireFrame* const frame = source.front();
  if (frame == nullptr) return {};
  FrameBytes bytes(frame->bytes.data, frame->bytes.data + frame->bytes.size);
  source.pop();
  return bytes;
}

TEST(LoopbackWire, WhatIsSentComesBackInOrder) {
  LoopbackWire wire;
  unsigned told = 0;
  wire.on_frame([&] { ++told; });
  for (std::uint8_t i = 0; i < 100; ++i) {
    const FrameBytes frame(60 + i, i);
    wire.transmit({frame.data(), frame.size()}, 0);
  }
  EXPECT_EQ(told, 100u);
  for (std::uint8_t i = 0; i < 100; ++i) EXPECT_EQ(take(wire), FrameBytes(60 + i, i));
  EXPECT_EQ(wire.front(), nullptr);
}

TEST(LoopbackWire, TheQueueIsBoundedAndLossesAreCounted) {
  LoopbackWire wire;
  const FrameBytes frame(60, 1);
  for (std::size_t i = 0; i < LiveWire::kQueuedFrames + 7; ++i) wire.transmit({frame.data(), frame.size()}, 0);
  EXPECT_EQ(wire.frames_lost(), 7u);
  std::size_t taken = 0;
  while (!take(wire).empty()) ++taken;
  EXPECT_EQ(taken, LiveWire::kQueuedFrames);
}

TEST(PcapWire, PlaysFromTheFirstTransmittedFrameOn) {
  TemporaryFolder folder;
  PlayerParameters player;
  player.files = {folder.write("a.pcap", PcapBytes().record(frame_of(60), 5, 0).record(frame_of(61), 5, 1).bytes())};
  player.pace = Pace::recorded;
  PcapWire wire(player);
  unsigned told = 0;
  wire.on_frame([&] { ++told; });
  EXPECT_EQ(wire.front(), nullptr);
  const FrameBytes sent(60, 1);
  wire.transmit({sent.data(), sent.size()}, 1'000'000);
  wire.transmit({sent.data(), sent.size()}, 2'000'000);
  EXPECT_EQ(told, 1u);
  ASSERT_NE(wire.front(), nullptr);
  EXPECT_EQ(wire.front()->arrival, 1'000'000u);
  wire.pop();
  ASSERT_NE(wire.front(), nullptr);
  EXPECT_EQ(wire.front()->arrival, 1'000'000u + 250) << "a microsecond later";
  wire.pop();
  EXPECT_EQ(wire.front(), nullptr);
}

TEST(TapWire, ADeviceThatCannotBeIsNamed) {
  for (const std::string name : {"", "a-name-that-is-too-long", "no/slash"}) {
    try {
      TapWire wire(name);
      FAIL() << name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("'" + name + "'"), std::string::npos) << error.what();
    }
  }
}

FrameBytes ethernet(const FrameBytes& payload, std::uint16_t type) {
  FrameBytes frame(12, 0xff);
  const FrameBytes source = {0x52, 0x54, 0, 1, 2, 3};
  std::copy(source.begin(), source.end(), frame.begin() + 6);
  frame.push_back(static_cast<std::uint8_t>(type >> 8));
  frame.push_back(static_cast<std::uint8_t>(type));
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

TEST(UserWire, AnswersForItsGateway) {
  UserWire wire;
  unsigned told = 0;
  wire.on_frame([&] { ++told; });
  // Who has 10.0.2.2? Tell 10.0.2.15.
  const FrameBytes request =
      ethernet({0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 1, 2, 3, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2}, 0x0806);
  wire.transmit({request.data(), request.size()}, 0);
  FrameBytes answer;
  while (wire.front() != nullptr) {  // there may be router advertisements as well
    FrameBytes frame = take(wire);
    if (frame.size() >= 42 && frame[12] == 8 && frame[13] == 6) answer = frame;
  }
  ASSERT_GE(answer.size(), 42u);
  EXPECT_EQ(answer[21], 2) << "a reply";
  EXPECT_EQ(FrameBytes(answer.begin() + 28, answer.begin() + 32), (FrameBytes{10, 0, 2, 2}));
  EXPECT_GT(told, 0u);
}

TEST(UserWire, NamesItsDescriptorsAndTakesWhatPollFound) {
  UserWire wire;
  std::vector<pollfd> polls;
  std::chrono::nanoseconds timeout = std::chrono::hours(1);
  wire.prepare(polls, timeout);
  EXPECT_LE(timeout, std::chrono::hours(1));
  wire.polled(polls.data(), polls.size());
  const FrameBytes nonsense(70000, 0xee);
  wire.transmit({nonsense.data(), nonsense.size()}, 0);
  wire.transmit({nonsense.data(), 13}, 0);
  wire.transmit({nonsense.data(), 1500}, 0);
}

}  // namespace
}  // namespace rssnic
