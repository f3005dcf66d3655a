// The server with a client that behaves as QEMU does: the sequence of messages on connecting, a driver that brings the
// card up and passes packets, with shared and with private memory, resets, clients that come and go.
#include "tb/cosim/bridge.h"

#include <gtest/gtest.h>

#include <chrono>

#include "model/pci/common_config.h"
#include "model/pci/function_layout.h"
#include "tb/driver/virtio_net_driver.h"
#include "tb/unit/cosim/server_bench.h"

namespace rssnic::test {
namespace {

DriverOptions small_driver() {
  DriverOptions options;
  options.ring_size = 64;
  return options;
}

std::vector<std::uint8_t> numbered_frame(unsigned number) {
  std::vector<std::uint8_t> frame(60 + number % 1000);
  for (std::size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(number + i * 7);
  return frame;
}

std::string what_became_of_packets(const Card& card) {
  const CardStatistics& statistics = card.statistics();
  std::string text =
      "transmitted " + std::to_string(statistics.transmitted) + ", delivered " + std::to_string(statistics.delivered);
  for (std::size_t reason = 0; reason < kDropReasonNames.size(); ++reason) {
    text += std::string(", ") + kDropReasonNames[reason] + " " + std::to_string(statistics.dropped[reason]);
  }
  return text;
}

// Sends frames into the loopback wire and compares what comes back, byte by byte and in order.
void pass_packets(VirtioNetDriver& driver, ClientMachine& machine, unsigned count, unsigned on_their_way = 32) {
  unsigned sent = 0, received = 0;
  for (unsigned turn = 0; received < count; ++turn) {
    ASSERT_LT(turn, 1'000'000u) << sent << " sent, " << received << " received; "
                                << what_became_of_packets(machine.card());
    while (sent < count && sent - received < on_their_way) {
      const auto frame = numbered_frame(sent);
      if (!driver.transmit(0, {frame.data(), frame.size()}, sent % 3 == 0 ? 20 : 0)) break;
      ++sent;
    }
    machine.wait_window();
    driver.poll([&](const ReceivedPacket& packet) {
      const auto expected = numbered_frame(received++);
      EXPECT_EQ(std::vector<std::uint8_t>(packet.frame.data, packet.frame.data + packet.frame.size), expected);
      EXPECT_TRUE(packet.poison_intact);
    });
  }
  EXPECT_FALSE(driver.needs_reset());
}

// Memory is gone: the first frame that the card looks for stops it.
void expect_bus_error(VirtioNetDriver& driver, ClientMachine& machine) {
  const auto frame = numbered_frame(0);
  driver.transmit(0, {frame.data(), frame.size()});
  for (unsigned i = 0; i < 1000 && !driver.needs_reset(); ++i) machine.wait_window();
  EXPECT_TRUE(driver.needs_reset());
}

void bring_up_and_pass(ServerBench& bench, MemoryMode mode, unsigned count, FeatureBits more = 0) {
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), mode);
    DriverOptions options = small_driver();
    options.wanted |= more;
    VirtioNetDriver driver(machine, options);
    driver.start();
    EXPECT_EQ(driver.features() & more, more);
    driver.set_promiscuous(true);
    pass_packets(driver, machine, count);
    EXPECT_GT(driver.interrupts(), 0u) << "eventfds tell of packets";
  });
}

TEST(Cosim, ADriverPassesPacketsBothWaysInSharedMemory) {
  ServerBench bench;
  bring_up_and_pass(bench, MemoryMode::shared, 1000);
  EXPECT_EQ(bench.bridge().statistics().dma_messages, 0u) << "memory is accessed directly";
  EXPECT_EQ(bench.card().statistics().delivered, 1000u);
}

TEST(Cosim, ADriverWithPackedRingsPassesPackets) {
  ServerBench bench;
  bring_up_and_pass(bench, MemoryMode::shared, 500, VIRTIO_F_RING_PACKED);
}

TEST(Cosim, ADriverPassesPacketsThroughMessagesWhereNoMemoryIsShared) {
  ServerBench bench;
  bring_up_and_pass(bench, MemoryMode::by_messages, 200);
  EXPECT_GT(bench.bridge().statistics().dma_messages, 1000u);
}

TEST(Cosim, PrivatelyMappedMemoryIsNamedAndReachedByMessages) {
  ServerBench bench;
  bring_up_and_pass(bench, MemoryMode::mapped_privately, 100);
  EXPECT_NE(bench.log().find("share=off"), std::string::npos) << bench.log();
  EXPECT_GT(bench.bridge().statistics().dma_messages, 500u);
}

TEST(Cosim, PacedTimeIsNeverAheadOfTheWall) {
  ServerBench bench({}, cosim::Sync::paced);
  const auto start = std::chrono::steady_clock::now();
  bring_up_and_pass(bench, MemoryMode::shared, 100);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  EXPECT_GT(bench.card().now(), 0u);
  EXPECT_LE(static_cast<double>(bench.card().now()) / 250e6, wall.count());
}

TEST(Cosim, TheSequenceOfMessagesOnConnectingIsAnsweredAsQemuExpects) {
  ServerBench bench;
  bench.run([&] {
    Client client(bench.path());
    const std::string capabilities =
        R"({"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, )"
        R"("max_data_xfer_size": 1048576, "migration": {"max_bitmap_size": 268435456, "pgsize": 4096}, "write_multiple": true}})";
    const ByteVector version = Fields().u16(0).u16(0).text(capabilities);
    const Reply answer = client.call(1, version);
    EXPECT_EQ(answer.flags, 1u);
    EXPECT_LE(answer.payload.size(), version.size()) << "QEMU's buffer is as long as its own message";
    EXPECT_EQ(load_le16(&answer.payload[0]), 0u);
    EXPECT_EQ(load_le16(&answer.payload[2]), 0u);
    EXPECT_EQ(answer.payload.back(), 0u);

    const FileDescriptor memory = make_memfd(1 << 20);
    EXPECT_EQ(client.call(2, Fields().u32(32).u32(3).u64(0).u64(0).u64(1 << 20), {memory.get()}).error, 0);
    EXPECT_EQ(client.call(2, Fields().u32(32).u32(1).u64(0).u64(0xfffc0000).u64(0x40000)).error, 0) << "a ROM";

    const Reply info = client.call(4, Fields().u32(16).u32(0).u32(0).u32(0));
    ASSERT_EQ(info.payload.size(), 16u);
    EXPECT_EQ(load_le32(&info.payload[4]), 3u) << "a PCI device that can be reset";
    EXPECT_EQ(load_le32(&info.payload[8]), 9u);
    EXPECT_EQ(load_le32(&info.payload[12]), 5u);

    std::array<std::uint64_t, 9> sizes{};
    for (unsigned region = 0; region < 9; ++region) {
      const Reply reply = client.call(5, Fields().u32(32).u32(0).u32(region).u32(0).u64(0).u64(0));
      ASSERT_EQ(reply.payload.size(), 32u);
      EXPECT_EQ(load_le32(&reply.payload[8]), region);
      sizes[region] = load_le64(&reply.payload[16]);
      EXPECT_EQ(load_le32(&reply.payload[4]), sizes[region] != 0 ? 3u : 0u);
    }
    EXPECT_EQ(sizes[7], 4096u);
    EXPECT_EQ(sizes[0], 0x8000u);
    EXPECT_EQ(sizes[2], 0x10000u);
    EXPECT_EQ(sizes[1] | sizes[3] | sizes[4] | sizes[5] | sizes[6] | sizes[8], 0u);
    const std::array<std::uint32_t, 5> irqs = {1, 0, bench.card().parameters().msix_vectors(), 1, 0};
    for (unsigned index = 0; index < 5; ++index) {
      const Reply reply = client.call(7, Fields().u32(16).u32(0).u32(index).u32(0));
      ASSERT_EQ(reply.payload.size(), 16u);
      EXPECT_EQ(load_le32(&reply.payload[12]), irqs[index]) << index;
    }

    const Reply config = client.call(9, Fields().u64(0).u32(7).u32(4096));
    ASSERT_EQ(config.payload.size(), 16u + 4096u);
    EXPECT_EQ(load_le32(&config.payload[16]), 0x10411af4u);
    EXPECT_EQ(client.call(10, Fields().u64(4).u32(7).u32(2).u16(6)).payload.size(), 16u) << "memory, bus master";
    EXPECT_EQ(load_le16(&client.call(9, Fields().u64(4).u32(7).u32(2)).payload[16]), 6u);
    EXPECT_EQ(load_le16(&client.call(9, Fields().u64(0x12).u32(0).u32(2)).payload[16]),
              bench.card().parameters().num_queues())
        << "num_queues";

    // A burst of remapping, as SeaBIOS makes QEMU do.
    for (unsigned i = 0; i < 20; ++i) {
      EXPECT_EQ(client.call(3, Fields().u32(24).u32(0).u64(0).u64(1 << 20)).payload.size(), 24u);
      EXPECT_EQ(client.call(2, Fields().u32(32).u32(3).u64(0).u64(0).u64(1 << 20), {memory.get()}).error, 0);
    }
    EXPECT_EQ(client.call(13, {}).error, 0);
    EXPECT_EQ(load_le16(&client.call(9, Fields().u64(4).u32(7).u32(2)).payload[16]), 0u) << "reset";
    for (const unsigned unknown : {0u, 6u, 14u, 16u, 99u}) EXPECT_EQ(client.call(unknown, {}).error, ENOTSUP);
  });
}

TEST(Cosim, ADriverIsBroughtUpAgainAfterADeviceReset) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card());
    for (unsigned round = 0; round < 3; ++round) {
      VirtioNetDriver driver(machine, small_driver());
      driver.start();
      driver.set_promiscuous(true);
      pass_packets(driver, machine, 50);
      EXPECT_EQ(machine.client().call(13, {}).error, 0);
    }
  });
}

TEST(Cosim, AClientThatVanishesInMidTrafficMakesRoomForTheNext) {
  ServerBench bench;
  bench.run([&] {
    for (const MemoryMode mode : {MemoryMode::shared, MemoryMode::by_messages, MemoryMode::shared}) {
      {
        ClientMachine machine(bench.path(), bench.card(), mode);
        VirtioNetDriver driver(machine, small_driver());
        driver.start();
        driver.set_promiscuous(true);
        for (unsigned i = 0; i < 30; ++i) {
          const auto frame = numbered_frame(i);
          driver.transmit(0, {frame.data(), frame.size()});
        }
      }
      ClientMachine machine(bench.path(), bench.card());
      VirtioNetDriver driver(machine, small_driver());
      driver.start();
      driver.set_promiscuous(true);
      machine.wait_window();
      unsigned left_over = 0;  // frames that were on the wire
      for (unsigned i = 0; i < 2000; ++i) {
        machine.wait_window();
        left_over += static_cast<unsigned>(driver.poll([](const ReceivedPacket&) {}));
      }
      EXPECT_LE(left_over, 30u);
      pass_packets(driver, machine, 50);
    }
  });
  EXPECT_EQ(bench.bridge().statistics().clients, 6u);
  EXPECT_EQ(bench.bridge().memory().regions(), 0u);
}

// The card looks for more and goes to sleep while the driver, beside it, gives more and looks whether it must tell.
TEST(Cosim, NoNotificationIsMissedWhereCardAndDriverMeet) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card());
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    for (unsigned round = 0; round < 50; ++round) pass_packets(driver, machine, 400, 1 + round % 3);
  });
}

// QEMU answers a DMA request only when none of its own waits: a register access that comes in while the card waits for
// memory must be answered first.
TEST(Cosim, RegisterAccessesAreAnsweredWhileTheCardWaitsForMemory) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    unsigned answered = 0;
    for (unsigned round = 0; round < 40; ++round) {
      machine.client().before_read_answer = [&] {  // the card waits for this very answer
        EXPECT_EQ(machine.config_read(0, 4), 0x10411af4u);
        EXPECT_EQ(driver.status() & VIRTIO_STATUS_DRIVER_OK, VIRTIO_STATUS_DRIVER_OK);
        ++answered;
      };
      pass_packets(driver, machine, 2);
    }
    EXPECT_EQ(answered, 40u);
  });
}

TEST(Cosim, AnInterruptWaitsUntilTheWritesBeforeItAreConfirmed) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    for (unsigned i = 0; i < 100; ++i) machine.wait_window();
    driver.poll([](const ReceivedPacket&) {});
    bool held = false;
    machine.client().before_write_answer = [&] {
      for (unsigned i = 0; i < 300; ++i) machine.config_read(0, 4);  // the card gets on, and has sent its message
      held = !machine.interrupted();
    };
    pass_packets(driver, machine, 1);
    EXPECT_TRUE(held);
    EXPECT_GT(driver.interrupts(), 0u);
  });
}

// Sends a frame and goes on until the card writes to memory, which is neither done nor confirmed.
void post_writes(VirtioNetDriver& driver, ClientMachine& machine) {
  machine.client().withholds_writes = true;
  const auto frame = numbered_frame(1);
  driver.transmit(0, {frame.data(), frame.size()});
  for (unsigned i = 0; i < 10'000 && machine.client().withheld_writes() == 0; ++i) {
    ASSERT_FALSE(machine.client().reply_within(10)) << "to nothing";
  }
  ASSERT_GT(machine.client().withheld_writes(), 0u);
}

const ByteVector kReadStatus = Fields().u64(kCommonConfigOffset + kDeviceStatus).u32(kRegisterBar).u32(1);

TEST(Cosim, AReplyWaitsUntilTheWritesBeforeItAreConfirmed) {
  ServerBench bench;
  bench.hold_replies_at_most(std::chrono::minutes(10));
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    Client& client = machine.client();
    client.answers_while_waiting = true;
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    post_writes(driver, machine);
    client.send(Client::frame(0x7001, 9, kReadStatus));
    client.send(Client::frame(0x7002, 9, kReadStatus));
    EXPECT_FALSE(client.reply_within(20));
    client.confirm_writes();
    for (const unsigned id : {0x7001u, 0x7002u}) {
      const std::optional<Reply> reply = client.reply_within(60'000);
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->id, id);
      EXPECT_EQ(reply->payload.back() & VIRTIO_STATUS_DRIVER_OK, VIRTIO_STATUS_DRIVER_OK);
    }
    driver.set_promiscuous(true);
    pass_packets(driver, machine, 20);
  });
  EXPECT_GE(bench.bridge().statistics().replies_held, 2u);
  EXPECT_EQ(bench.log().find("does not confirm"), std::string::npos) << bench.log();
}

TEST(Cosim, AClientThatConfirmsNothingWhileItWaitsIsRecognisedOnceAndGetsItsReplies) {
  ServerBench bench;
  bench.hold_replies_at_most(std::chrono::milliseconds(1));
  bench.run([&] {
    for (unsigned client = 0; client < 2; ++client) {
      ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
      VirtioNetDriver driver(machine, small_driver());
      driver.start();
      post_writes(driver, machine);
      for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(machine.config_read(0, 4), 0x10411af4u);
      machine.client().confirm_writes();
      driver.set_promiscuous(true);
      pass_packets(driver, machine, 20);
    }
  });
  const std::string& log = bench.log();
  const std::size_t first = log.find("does not confirm");
  ASSERT_NE(first, std::string::npos) << log;
  const std::size_t second = log.find("does not confirm", first + 1);
  ASSERT_NE(second, std::string::npos) << "of the next client nothing is known: " << log;
  EXPECT_EQ(log.find("does not confirm", second + 1), std::string::npos) << log;
}

TEST(Cosim, AResetIsNotDoneBeforeTheWritesAre) {
  ServerBench bench;
  bench.hold_replies_at_most(std::chrono::nanoseconds(0));
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    post_writes(driver, machine);
    driver.write_common(kDeviceStatus, 1, 0);
    for (unsigned i = 0; i < 10; ++i) EXPECT_NE(driver.status(), 0u) << "the card still writes to memory";
    machine.client().confirm_writes();
    unsigned reads = 0;
    while (driver.status() != 0 && ++reads < 10'000) continue;
    EXPECT_EQ(driver.status(), 0u);
  });
}

TEST(Cosim, AnInterruptLineRisesBehindTheWritesBeforeIt) {
  ServerBench bench;
  bench.hold_replies_at_most(std::chrono::nanoseconds(0));
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    machine.config_write(driver.layout().msix_capability + 2, 2, 0);  // INTA# from here on
    const FileDescriptor line(::eventfd(0, EFD_NONBLOCK));
    ASSERT_EQ(machine.client().call(8, Fields().u32(20).u32(0x24).u32(0).u32(0).u32(1), {line.get()}).error, 0);
    const auto fired = [&] {
      std::uint64_t count = 0;
      return ::read(line.get(), &count, sizeof count) == sizeof count;
    };
    post_writes(driver, machine);
    const auto asserted = [&] { return (machine.config_read(4, 4) >> 16 & 8) != 0; };
    for (unsigned i = 0; i < 100'000 && !asserted(); ++i) continue;
    EXPECT_TRUE(asserted()) << "in the card";
    machine.config_read(0, 4);
    EXPECT_FALSE(fired());
    machine.client().confirm_writes();
    bool seen = false;
    for (unsigned i = 0; i < 10'000 && !seen; ++i) {
      machine.config_read(0, 4);
      seen = fired();
    }
    EXPECT_TRUE(seen);
  });
}

TEST(Cosim, AResetWhileTheCardWaitsForMemoryDoesNoHarm) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    for (unsigned round = 0; round < 30; ++round) {
      VirtioNetDriver driver(machine, small_driver());
      driver.start();
      const auto frame = numbered_frame(round);
      driver.transmit(0, {frame.data(), frame.size()});
      bool reset = false;
      machine.client().before_read_answer = [&] {
        driver.write_common(20, 1, 0);
        EXPECT_EQ(driver.status(), 0u) << "at once: the driver waits for it";
        reset = true;
      };
      for (unsigned i = 0; i < 1000 && !reset; ++i) machine.wait_window();
      EXPECT_TRUE(reset);
    }
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    driver.set_promiscuous(true);
    pass_packets(driver, machine, 20);
  });
}

TEST(Cosim, MemoryThatTheClientTakesAwayIsABusErrorAndNothingWorse) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card());
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    EXPECT_EQ(machine.client().call(3, Fields().u32(24).u32(2).u64(0).u64(0)).error, 0) << "all of it";
    expect_bus_error(driver, machine);
  });
}

TEST(Cosim, MemoryThatTheClientDoesNotGiveIsABusError) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    machine.client().memory = nullptr;  // DMA messages are answered with an error
    expect_bus_error(driver, machine);
  });
}

TEST(Cosim, AnAnswerOfTheWrongLengthEndsTheConnection) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card(), MemoryMode::by_messages);
    VirtioNetDriver driver(machine, small_driver());
    machine.client().cut_answers = 1;
    EXPECT_THROW(
        {
          driver.start();
          for (unsigned i = 0; i < 1000; ++i) machine.wait_window();
        },
        std::runtime_error);
    ClientMachine next(bench.path(), bench.card());
    EXPECT_EQ(next.config_read(0, 4), 0x10411af4u);
  });
  EXPECT_NE(bench.log().find("DMA_READ"), std::string::npos) << bench.log();
}

TEST(Cosim, AnInterruptLineIsAnEventOnceUntilItIsUnmasked) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card());
    VirtioNetDriver driver(machine, small_driver());
    driver.start();
    machine.config_write(driver.layout().msix_capability + 2, 2, 0);  // INTA# from here on
    const FileDescriptor line(::eventfd(0, EFD_NONBLOCK));
    ASSERT_EQ(machine.client().call(8, Fields().u32(20).u32(0x24).u32(0).u32(0).u32(1), {line.get()}).error, 0);
    const auto fired = [&] {
      std::uint64_t count = 0;
      for (unsigned i = 0; i < 300; ++i) {
        machine.wait_window();
        if (::read(line.get(), &count, sizeof count) == sizeof count) return count;
      }
      return std::uint64_t{0};
    };
    const auto send = [&] {
      const auto frame = numbered_frame(1);
      driver.transmit(0, {frame.data(), frame.size()});
    };
    send();
    EXPECT_EQ(fired(), 1u);
    send();
    EXPECT_EQ(fired(), 0u) << "masked since the event";
    const ByteVector unmask = Fields().u32(20).u32(0x11).u32(0).u32(0).u32(1);
    EXPECT_EQ(machine.client().call(8, unmask).error, 0);
    EXPECT_EQ(fired(), 1u) << "the line is still asserted";
    EXPECT_NE(machine.mmio_read(driver.layout().isr.address, 1), 0u);
    EXPECT_EQ(machine.client().call(8, unmask).error, 0);
    EXPECT_EQ(fired(), 0u) << "reading the ISR has taken it back";
  });
}

TEST(Cosim, ASecondClientWaitsUntilTheFirstHasGone) {
  ServerBench bench;
  bench.run([&] {
    auto first = std::make_unique<ClientMachine>(bench.path(), bench.card());
    Client second(bench.path());
    second.send(Client::frame(7, 1, Fields().u16(0).u16(0).text("{}")));
    for (unsigned i = 0; i < 20; ++i) first->wait_window();
    std::uint8_t byte = 0;
    EXPECT_LT(::recv(second.fd(), &byte, 1, MSG_DONTWAIT), 0);
    first.reset();
    EXPECT_EQ(second.receive().id, 7u);
  });
}

TEST(Cosim, WritesInOneMessageAllAct) {
  ServerBench bench;
  bench.run([&] {
    ClientMachine machine(bench.path(), bench.card());
    Fields writes;
    writes.u64(3);
    writes.u64(4).u32(7).u32(2).u64(2);       // memory decoding
    writes.u64(0x16).u32(0).u32(2).u64(3);    // queue_select
    writes.u64(0x18).u32(0).u32(2).u64(128);  // queue_size
    machine.client().post(15, writes);
    EXPECT_EQ(load_le16(&machine.client().call(9, Fields().u64(0x18).u32(0).u32(2)).payload[16]), 128u);
    EXPECT_EQ(load_le16(&machine.client().call(9, Fields().u64(0x16).u32(0).u32(2)).payload[16]), 3u);
  });
}

TEST(Cosim, BrokenFramingEndsTheConnectionAndOnlyThat) {
  ServerBench bench;
  bench.run([&] {
    const std::vector<ByteVector> broken = {
        Fields().u16(0).u16(1).u32(15).u32(0).u32(0),          // shorter than its header
        Fields().u16(0).u16(1).u32(0xffffffff).u32(0).u32(0),  // longer than anything
        Fields().u16(0).u16(1).u32(16).u32(2).u32(0),          // neither command nor reply
        Fields().u16(0).u16(11).u32(16).u32(1).u32(0),         // a reply to nothing
        Fields().u16(9).u16(12).u32(32).u32(1).u32(0).u64(0).u64(0)};
    for (const ByteVector& bytes : broken) {
      Client client(bench.path());
      client.send(bytes);
      EXPECT_TRUE(client.closed());
    }
    {
      Client client(bench.path());
      const std::vector<int> many(17, STDERR_FILENO);
      client.send(Client::frame(0, 1, {}), many);
      EXPECT_TRUE(client.closed()) << "more file descriptors than a message may have";
    }
    Client client(bench.path());
    client.send({1, 0, 1});  // and gone in the middle of a header
    ::shutdown(client.fd(), SHUT_WR);
    EXPECT_TRUE(client.closed());
    ClientMachine machine(bench.path(), bench.card());
    EXPECT_EQ(machine.config_read(0, 4), 0x10411af4u);
  });
}

}  // namespace
}  // namespace rssnic::test
