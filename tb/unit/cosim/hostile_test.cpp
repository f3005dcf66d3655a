// A client that means harm: generated messages, well-formed and broken, against the device with a real card behind it,
// and broken streams against the framing. Every message gets the reply that is due, and nothing else happens.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "model/net/card.h"
#include "model/steering/steering_engine.h"
#include "tb/cosim/connection.h"
#include "tb/cosim/device.h"
#include "tb/unit/cosim/client_machine.h"

namespace rssnic::test {
namespace {

using cosim::Message;

// A card without SystemC whose host memory is what the client has mapped.
class PlainBridge final : public cosim::FunctionPort, public HostMemory {
 public:
  PlainBridge()
      : card_({}, make_reference_engine(), Card::Sockets{this, nullptr, nullptr, nullptr, nullptr, nullptr}) {}

  Card& card() { return card_; }
  cosim::GuestMemory& memory() { return memory_; }

  std::uint32_t config_read(unsigned offset, unsigned size) override {
    return card_.function().config_read(offset, size);
  }
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override {
    card_.function().config_write(offset, size, value);
  }
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    return card_.function().bar_read(bar, offset, size);
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    card_.function().bar_write(bar, offset, size, value);
  }
  std::uint64_t bar_size(unsigned bar) const override { return bar == 0 ? 0x8000 : bar == 2 ? 0x10000 : 0; }
  void memory_changed(std::uint64_t, std::uint64_t) override {}

  DmaStatus read(std::uint64_t address, Bytes into, Cycle&) override {
    std::uint8_t* const bytes = pointer(address, into.size);
    if (bytes == nullptr) return DmaStatus::bus_error;
    std::memcpy(into.data, bytes, into.size);
    return DmaStatus::ok;
  }
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle&) override {
    std::uint8_t* const bytes = pointer(address, from.size);
    if (bytes == nullptr || !memory_.find(address)->writable) return DmaStatus::bus_error;
    std::memcpy(bytes, from.data, from.size);
    return DmaStatus::ok;
  }

 private:
  std::uint8_t* pointer(std::uint64_t address, std::size_t size) const {
    const auto* const region = memory_.find(address);
    if (region == nullptr || region->bytes == nullptr || size > region->size - (address - region->address)) {
      return nullptr;
    }
    return region->bytes + (address - region->address);
  }

  cosim::GuestMemory memory_{[](const std::string&) {}};
  Card card_;
};

// Messages that a client might send, and some that none should.
class Attacker {
 public:
  explicit Attacker(unsigned seed) : random_(seed), memory_(make_memfd(kMemoryBytes)) {
    void* const bytes = ::mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    for (std::size_t i = 0; i < kMemoryBytes; ++i) static_cast<std::uint8_t*>(bytes)[i] = below(4) ? 0 : byte();
    ::munmap(bytes, kMemoryBytes);
  }

  Message next() {
    if (!sent_.empty() && below(20) == 0) return copy(sent_[below(sent_.size())]);  // replayed, out of order
    Message message;
    message.header.id = static_cast<std::uint16_t>(random_());
    message.header.command = static_cast<std::uint16_t>(pick_command());
    message.payload = payload_for(message.header.command);
    if (below(8) == 0) damage(message);
    message.header.size = static_cast<std::uint32_t>(16 + message.payload.size());
    if (below(6) == 0) message.header.flags = 0x10;
    if (below(50) == 0) message.header.flags |= static_cast<std::uint32_t>(random_()) & ~0xfu;
    const unsigned fds = message.header.command == 2 ? below(4) != 0 : message.header.command == 8 ? wanted_fds_ : 0;
    for (unsigned i = 0; i < fds; ++i) message.fds.push_back(descriptor(message.header.command));
    if (below(40) == 0) message.fds.push_back(descriptor(8));
    if (sent_.size() < 64) {
      sent_.push_back(copy(message));
    } else {
      sent_[below(64)] = copy(message);
    }
    return message;
  }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  static constexpr std::size_t kMemoryBytes = 1 << 20;

  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
  static Message copy(const Message& message) { return {message.header, message.payload, {}}; }

  unsigned pick_command() {
    constexpr unsigned kCommon[] = {2, 2, 3, 4, 5, 7, 8, 8, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10, 10, 15, 15};
    const std::uint64_t rare = below(100);
    if (rare == 0) return 13;
    if (rare == 1) return static_cast<unsigned>(random_() & 0xffff);
    if (rare == 2) return static_cast<unsigned>(below(20));
    return kCommon[below(std::size(kCommon))];
  }
  std::uint64_t number() {
    constexpr std::uint64_t kInteresting[] = {0,        1,          2,         4,           0xfff,      0x1000,
                                              0x100000, 0x7fffffff, 0xffff,    0x80000000,  0xffffffff, 0x100000000,
                                              ~0ull,    ~0ull - 1,  ~0ull / 2, ~0ull - 4095};
    if (below(3) == 0) return kInteresting[below(std::size(kInteresting))];
    return random_() >> below(64);
  }
  std::uint64_t guest_address() { return below(8) == 0 ? number() : below(256) * 4096 + (below(4) ? 0 : below(4096)); }

  ByteVector payload_for(unsigned command) {
    switch (command) {
      case 1:
        return Fields().u16(below(3)).u16(below(3)).text(below(2) ? "{}"
                                                                  : R"({"capabilities":{"max_data_xfer_size":1}})");
      case 2: {
        const std::uint64_t pages = below(4) == 0 ? number() : (1 + below(128)) * 4096;
        return Fields()
            .u32(below(20) ? 32 : number())
            .u32(below(8) ? 3 : number())
            .u64(below(2) ? 0 : guest_address())
            .u64(guest_address())
            .u64(pages);
      }
      case 3:
        return Fields()
            .u32(24)
            .u32(below(10) ? 0 : below(4))
            .u64(guest_address())
            .u64(below(2) ? 4096 * below(256) : number());
      case 4:
        return Fields().u32(below(5) ? 16 : number()).u32(0).u32(0).u32(0);
      case 5:
        return Fields().u32(below(5) ? 32 : number()).u32(0).u32(below(12)).u32(0).u64(number()).u64(number());
      case 7:
        return Fields().u32(below(5) ? 16 : number()).u32(0).u32(below(8)).u32(number());
      case 8: {
        const std::uint64_t count = below(10) == 0 ? number() : below(4);
        const unsigned kind = 1u << below(3), action = 8u << below(3);
        wanted_fds_ = kind == 4 && below(4) != 0 ? static_cast<unsigned>(count & 15) : 0;
        Fields request;
        request.u32(20)
            .u32(below(20) ? kind | action : number())
            .u32(below(6))
            .u32(below(8) ? below(10) : number())
            .u32(count);
        if (kind == 2) request.bytes(ByteVector(count & 0xff, 1));
        return request;
      }
      case 9:
        return access();
      case 10: {
        Fields write;
        write.bytes(register_write());
        return write;
      }
      case 15: {
        Fields writes;
        const std::uint64_t count = below(5);
        writes.u64(below(10) ? count : number());
        for (std::uint64_t i = 0; i < count; ++i) {
          ByteVector write = register_write();
          write.resize(24);
          writes.bytes(write);
        }
        return writes;
      }
      default:
        return ByteVector(below(40), byte());
    }
  }
  ByteVector access() {
    const unsigned region = below(3) == 0 ? 7 : below(4) == 0 ? static_cast<unsigned>(below(12)) : 0;
    const std::uint64_t size = below(6) == 0 ? number() : 1u << below(4);
    return Fields().u64(below(8) ? below(0x5000) / 8 * 8 : number()).u32(region).u32(size);
  }
  // Registers with a preference for those that bring a device to life.
  ByteVector register_write() {
    struct Register {
      unsigned region, offset, size;
      std::uint64_t value;
    };
    const std::uint64_t address = guest_address() & ~std::uint64_t{15};
    const Register registers[] = {{7, 4, 2, 6},
                                  {7, 4, 2, below(8)},
                                  {0, 0x14, 1, 1},
                                  {0, 0x14, 1, 3},
                                  {0, 0x14, 1, 11},
                                  {0, 0x14, 1, 15},
                                  {0, 0x14, 1, 15},
                                  {0, 0x14, 1, below(64) != 0 ? 15u : 0u},
                                  {0, 8, 4, below(3)},
                                  {0, 12, 4, random_()},
                                  {0, 12, 4, below(2)},
                                  {0, 0x16, 2, below(10)},
                                  {0, 0x18, 2, 16},
                                  {0, 0x1c, 2, 1},
                                  {0, 0x1c, 2, 1},
                                  {0, 0x20, 8, address},
                                  {0, 0x28, 8, address},
                                  {0, 0x30, 8, address},
                                  {0, 0x1a, 2, below(10)},
                                  {0, 0x4000, 2, below(10)},
                                  {0, 0x4000, 2, 0},
                                  {7, 0x90 + 2, 2, 0x8000},
                                  {7, 0x84, 4, random_()},
                                  {7, static_cast<unsigned>(below(256)) & ~3u, 4, random_()},
                                  {2, 0, 4, random_()}};
    const Register& chosen = registers[below(std::size(registers))];
    if (below(10) == 0) return Fields().bytes(access()).bytes(ByteVector(below(9), byte()));
    return Fields().u64(chosen.offset).u32(chosen.region).u32(chosen.size).put(chosen.value, chosen.size);
  }
  void damage(Message& message) {
    switch (below(3)) {
      case 0:
        message.payload.resize(below(message.payload.size() + 1));
        break;
      case 1:
        message.payload.resize(message.payload.size() + below(100), byte());
        break;
      default:
        if (!message.payload.empty()) message.payload[below(message.payload.size())] = byte();
    }
  }
  FileDescriptor descriptor(unsigned command) {
    if (below(20) == 0) return FileDescriptor(::dup(STDERR_FILENO));
    if (command == 2) return FileDescriptor(::dup(memory_.get()));
    return FileDescriptor(::eventfd(0, 0));
  }

  std::mt19937_64 random_;
  const FileDescriptor memory_;
  std::vector<Message> sent_;
  unsigned wanted_fds_ = 0;
};

Message version() {
  Message message;
  message.header.command = 1;
  message.payload = Fields().u16(0).u16(0).text("{}");
  return message;
}

TEST(CosimHostile, EveryGeneratedMessageGetsTheReplyThatIsDue) {
  constexpr unsigned kMessages = 300'000;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Attacker attacker(seed);
  PlainBridge bridge;
  cosim::Interrupts interrupts(cosim::msix_vectors(bridge));
  cosim::Device device(bridge, bridge.memory(), interrupts);
  device.connect(0);
  unsigned errors = 0, resets = 0;
  for (unsigned i = 0; i < kMessages; ++i) {
    if (attacker.below(5000) == 0) {
      device.disconnect();
      device.connect(0);
      ++resets;
    }
    Message message = !device.negotiated() && attacker.below(4) == 0 ? version() : attacker.next();
    const cosim::Header request = message.header;
    const auto reply = device.handle(message);
    ASSERT_EQ(reply.has_value(), (request.flags & 0x10) == 0);
    if (reply) {
      cosim::HeaderBytes bytes;
      std::copy_n(reply->begin(), bytes.size(), bytes.begin());
      const cosim::Header header = cosim::decode(bytes);
      ASSERT_EQ(header.id, request.id);
      ASSERT_EQ(header.command, request.command);
      ASSERT_EQ(header.size, reply->size());
      ASSERT_TRUE(header.flags == 1 || header.flags == 0x21);
      ASSERT_EQ(header.error != 0, header.flags == 0x21);
      ASSERT_TRUE(header.error == 0 || header.size == 16);
      errors += header.error != 0;
    }
    if (attacker.below(8) == 0) bridge.card().advance(bridge.card().now() + attacker.below(3000));
    if (attacker.below(100) == 0) bridge.memory().release_unused();
  }
  EXPECT_GT(errors, kMessages / 20) << "many are refused,";
  EXPECT_LT(errors, kMessages / 10 * 8) << "and many are not";
  EXPECT_GT(bridge.card().statistics().device_resets, resets);
  EXPECT_GT(bridge.card().link().upstream_bytes(), 0u) << "rings were looked at";
}

TEST(CosimHostile, BrokenStreamsGiveMessagesOrEndTheConnection) {
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  unsigned messages = 0, lost = 0;
  for (unsigned round = 0; round < 400; ++round) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cosim::Connection connection{FileDescriptor(ends[0])};
    const FileDescriptor client(ends[1]);
    ByteVector stream;
    for (unsigned i = 0; i < 50; ++i) {
      const ByteVector message = Client::frame(i, static_cast<unsigned>(random() % 20), ByteVector(random() % 100, 7));
      stream.insert(stream.end(), message.begin(), message.end());
    }
    for (unsigned damage = random() % 4; damage > 0; --damage) {
      stream[random() % stream.size()] = static_cast<std::uint8_t>(random());
    }
    try {
      for (std::size_t at = 0; at < stream.size();) {
        const std::size_t part = std::min<std::size_t>(1 + random() % 200, stream.size() - at);
        ASSERT_EQ(::send(client.get(), &stream[at], part, MSG_NOSIGNAL), static_cast<ssize_t>(part));
        at += part;
        while (const auto message = connection.receive()) {
          ASSERT_EQ(message->header.size, 16 + message->payload.size());
          ++messages;
        }
      }
    } catch (const cosim::ConnectionLost&) {
      ++lost;
    }
  }
  EXPECT_GT(messages, 1000u);
  EXPECT_GT(lost, 10u);
}

}  // namespace
}  // namespace rssnic::test
