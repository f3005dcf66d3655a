// Replies of the vfio-user device that depend on the message alone.
#include "tb/cosim/device.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tb/unit/cosim/client_machine.h"

namespace rssnic::test {
namespace {

using cosim::Message;

// A function of nothing but configuration space: an MSI-X capability at 0x40 and a PCI Express one at 0x50.
class FakeFunction final : public cosim::FunctionPort {
 public:
  FakeFunction() {
    config[0x34] = 0x40;
    config[0x40] = 0x11;
    config[0x41] = 0x50;
    config[0x42] = 3;  // four vectors
    config[0x44] = 2;
    config[0x50] = 0x10;
  }
  std::uint32_t config_read(unsigned offset, unsigned size) override {
    EXPECT_EQ(offset % size, 0u);
    return static_cast<std::uint32_t>(load_le(&config[offset], size));
  }
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override {
    EXPECT_EQ(offset % size, 0u);
    store_le(&config[offset], value, size);
    config_writes.emplace_back(offset, size);
  }
  std::uint64_t bar_read(unsigned, std::uint64_t offset, unsigned size) override { return offset << 8 | size; }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    bar_writes.push_back({bar, offset, size, value});
  }
  std::uint64_t bar_size(unsigned bar) const override { return bar == 0 ? 0x1000 : bar == 2 ? 0x10000 : 0; }
  void memory_changed(std::uint64_t first, std::uint64_t last) override { changed.emplace_back(first, last); }

  struct Write {
    unsigned bar;
    std::uint64_t offset;
    unsigned size;
    std::uint64_t value;
  };
  std::array<std::uint8_t, 4096> config{};
  std::vector<std::pair<unsigned, unsigned>> config_writes;
  std::vector<Write> bar_writes;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> changed;
};

class CosimDevice : public testing::Test {
 protected:
  CosimDevice() { device_.connect(::getpid()); }
  Reply call(unsigned command, const ByteVector& payload, unsigned flags = 0) {
    Message message;
    message.header.id = 0x1234;
    message.header.command = static_cast<std::uint16_t>(command);
    message.header.flags = flags;
    message.payload = payload;
    const auto bytes = device_.handle(message);
    if (!bytes) return {};
    Reply reply;
    reply.id = load_le16(bytes->data());
    reply.command = load_le16(bytes->data() + 2);
    reply.flags = load_le32(bytes->data() + 8);
    reply.error = static_cast<int>(load_le32(bytes->data() + 12));
    reply.payload.assign(bytes->begin() + 16, bytes->end());
    return reply;
  }
  Reply say_version(const std::string& json) { return call(1, Fields().u16(0).u16(0).text(json)); }

  FakeFunction function_;
  cosim::GuestMemory memory_{[](const std::string&) {}};
  cosim::Interrupts interrupts_{4};
  cosim::Device device_{function_, memory_, interrupts_};
};

TEST_F(CosimDevice, TheVersionComesFirstAndOnce) {
  EXPECT_EQ(call(4, Fields().u32(16).u32(0).u32(0).u32(0)).error, EINVAL);
  EXPECT_EQ(say_version("{}").error, 0);
  EXPECT_EQ(say_version("{}").error, EINVAL);
  device_.disconnect();
  device_.connect(0);
  EXPECT_EQ(say_version("{}").error, 0);
}

TEST_F(CosimDevice, AVersionThatMakesNoSenseIsRefused) {
  EXPECT_EQ(call(1, {}).error, EINVAL);
  EXPECT_EQ(call(1, Fields().u16(1).u16(0).text("{}")).error, EINVAL) << "another major version";
  EXPECT_EQ(call(1, Fields().u16(0).u16(0).put('x', 1)).error, EINVAL) << "no end of the text";
  for (const char* const json :
       {"", "[]", "{", "7", "{\"capabilities\":7}", "{\"capabilities\":{\"max_data_xfer_size\":0}}",
        "{\"capabilities\":{\"max_data_xfer_size\":-1}}", "{\"capabilities\":{\"max_data_xfer_size\":\"x\"}}"}) {
    EXPECT_EQ(say_version(json).error, EINVAL) << json;
  }
  EXPECT_EQ(say_version(std::string(4000, '[')).error, EINVAL);
  EXPECT_EQ(say_version("{" + std::string(5000, ' ') + "}").error, EINVAL) << "too long";
  EXPECT_EQ(say_version("{\"surprise\":[1,2,3]}").error, 0) << "what is not known is ignored";
}

TEST_F(CosimDevice, TheVersionReplyFitsTheClientsBuffer) {
  for (std::size_t spaces = 0; spaces < 300; spaces += 10) {
    device_.disconnect();
    device_.connect(0);
    const ByteVector request = Fields().u16(0).u16(0).text("{" + std::string(spaces, ' ') + "}");
    const Reply reply = call(1, request);
    EXPECT_EQ(reply.error, 0);
    EXPECT_LE(reply.payload.size(), request.size());
  }
  device_.disconnect();
  device_.connect(0);
  EXPECT_EQ(call(1, Fields().u16(0).u16(0)).payload.size(), 4u) << "no capabilities at all";
}

TEST_F(CosimDevice, DataIsCutToWhatTheClientTakes) {
  say_version("{\"capabilities\":{\"max_data_xfer_size\":4096}}");
  EXPECT_EQ(device_.max_transfer_bytes(), 4096u);
  device_.disconnect();
  device_.connect(0);
  say_version("{\"capabilities\":{\"max_data_xfer_size\":99999999999}}");
  EXPECT_EQ(device_.max_transfer_bytes(), std::size_t{1} << 20);
}

TEST_F(CosimDevice, NothingIsSaidWhereNoReplyIsWanted) {
  say_version("{}");
  EXPECT_EQ(call(10, Fields().u64(8).u32(0).u32(4).u32(5), 0x10).id, 0u);
  EXPECT_EQ(function_.bar_writes.size(), 1u);
  EXPECT_EQ(call(99, {}, 0x10).id, 0u) << "nor of an error";
}

TEST_F(CosimDevice, ReadsAndWritesOutsideARegionAreErrors) {
  say_version("{}");
  const auto read = [&](std::uint64_t offset, unsigned region, std::uint64_t count) {
    return call(9, Fields().u64(offset).u32(region).u32(count)).error;
  };
  EXPECT_EQ(read(0xffc, 0, 4), 0);
  EXPECT_EQ(read(0x1000, 0, 4), EINVAL);
  EXPECT_EQ(read(~0ull - 3, 0, 4), EINVAL);
  EXPECT_EQ(read(~0ull, 7, 4), EINVAL);
  EXPECT_EQ(read(4094, 7, 4), EINVAL);
  EXPECT_EQ(read(0, 7, 4096), 0);
  EXPECT_EQ(read(0, 7, 4097), EINVAL);
  EXPECT_EQ(read(0, 7, 0), EINVAL);
  EXPECT_EQ(read(0, 1, 4), EINVAL) << "no such BAR";
  EXPECT_EQ(read(0, 9, 4), EINVAL);
  EXPECT_EQ(read(0, 0xffffffff, 4), EINVAL);
  EXPECT_EQ(read(2, 0, 4), EINVAL) << "not aligned";
  EXPECT_EQ(read(0, 0, 3), EINVAL);
  EXPECT_EQ(read(0, 0, 16), EINVAL);
  EXPECT_EQ(read(8, 0, 8), 0);
  EXPECT_EQ(call(9, Fields().u64(0).u32(0).u32(4).u32(0)).error, EINVAL) << "too long";
  EXPECT_EQ(call(10, Fields().u64(0).u32(0).u32(4).u16(0)).error, EINVAL) << "too little data";
  EXPECT_EQ(call(10, Fields().u64(0).u32(0).u32(4).u64(0)).error, EINVAL) << "too much";
}

TEST_F(CosimDevice, ConfigurationSpaceIsAccessedInAlignedPieces) {
  say_version("{}");
  for (unsigned i = 0; i < 64; ++i) function_.config[0x80 + i] = static_cast<std::uint8_t>(i);
  const Reply reply = call(9, Fields().u64(0x81).u32(7).u32(10));
  ASSERT_EQ(reply.payload.size(), 26u);
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(reply.payload[16 + i], 1 + i);
  EXPECT_EQ(call(10, Fields().u64(0x83).u32(7).u32(7).put(0x77665544332211, 7)).error, 0);
  const std::vector<std::pair<unsigned, unsigned>> pieces = {{0x83, 1}, {0x84, 4}, {0x88, 2}};
  EXPECT_EQ(function_.config_writes, pieces);
}

TEST_F(CosimDevice, TheCardsTableIsProgrammedWhenMsixIsSwitchedOn) {
  say_version("{}");
  EXPECT_EQ(call(10, Fields().u64(0x42).u32(7).u32(2).u16(0x8003)).error, 0);
  ASSERT_EQ(function_.bar_writes.size(), 8u);
  for (unsigned vector = 0; vector < 4; ++vector) {
    EXPECT_EQ(function_.bar_writes[2 * vector].offset, 16 * vector);
    EXPECT_EQ(function_.bar_writes[2 * vector].value, cosim::kReservedAddress);
    EXPECT_EQ(function_.bar_writes[2 * vector + 1].value, vector);
  }
  function_.bar_writes.clear();
  EXPECT_EQ(call(10, Fields().u64(0).u32(2).u32(4).u32(0xfee00000)).error, 0);
  EXPECT_TRUE(function_.bar_writes.empty()) << "the client has no business in it";
}

TEST_F(CosimDevice, SeveralWritesActAllOrNotAtAll) {
  say_version("{}");
  EXPECT_EQ(call(15, Fields().u64(2).u64(0).u32(0).u32(4).u64(1).u64(8).u32(0).u32(2).u64(2)).error, 0);
  EXPECT_EQ(function_.bar_writes.size(), 2u);
  EXPECT_EQ(call(15, Fields().u64(2).u64(0).u32(0).u32(4).u64(1).u64(8).u32(0).u32(16).u64(2)).error, EINVAL);
  EXPECT_EQ(call(15, Fields().u64(3).u64(0).u32(0).u32(4).u64(1)).error, EINVAL);
  EXPECT_EQ(call(15, Fields().u64(~0ull).u64(0).u32(0).u32(4).u64(1)).error, EINVAL);
  EXPECT_EQ(call(15, {}).error, EINVAL);
  EXPECT_EQ(function_.bar_writes.size(), 2u);
}

TEST_F(CosimDevice, WhatIsUnmappedIsForgottenBeforeTheReply) {
  say_version("{}");
  EXPECT_EQ(call(2, Fields().u32(32).u32(3).u64(0).u64(0x1000).u64(0x1000)).error, 0);
  EXPECT_EQ(call(2, Fields().u32(32).u32(3).u64(0).u64(0x1800).u64(0x1000)).error, EEXIST);
  EXPECT_EQ(call(2, Fields().u32(32).u32(4).u64(0).u64(0x9000).u64(0x1000)).error, EINVAL) << "flags";
  EXPECT_EQ(call(3, Fields().u32(24).u32(1).u64(0x1000).u64(0x1000)).error, ENOTSUP) << "dirty pages";
  EXPECT_EQ(call(3, Fields().u32(24).u32(0).u64(0x1000).u64(0x1000)).payload.size(), 24u);
  ASSERT_EQ(function_.changed.size(), 1u);
  EXPECT_EQ(function_.changed[0], std::pair(std::uint64_t{0x1000}, std::uint64_t{0x1fff}));
  EXPECT_EQ(call(3, Fields().u32(24).u32(0).u64(0x1000).u64(0x1000)).error, ENOENT);
  EXPECT_EQ(call(3, Fields().u32(24).u32(2).u64(1).u64(0)).error, EINVAL);
}

TEST_F(CosimDevice, AResetIsTheFunctionsOwn) {
  say_version("{}");
  EXPECT_EQ(call(13, Fields().u32(0)).error, EINVAL);
  EXPECT_EQ(call(13, {}).error, 0);
  EXPECT_TRUE(load_le16(&function_.config[0x58]) & 0x8000) << "Initiate Function Level Reset";
}

}  // namespace
}  // namespace rssnic::test
