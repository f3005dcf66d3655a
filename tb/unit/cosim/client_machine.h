// A machine whose card is reached through a vfio-user client, as a guest of QEMU reaches it: the MSI-X table is the
// client's own, interrupts come as eventfds, register writes are posted. Memory lies in memfds, shared, mapped
// privately, or not passed along at all.
#pragma once
#include <algorithm>
#include <map>
#include <memory>

#include "tb/host/machine.h"
#include "tb/unit/cosim/client.h"

namespace rssnic::test {

enum class MemoryMode : std::uint8_t { shared, mapped_privately, by_messages };

inline FileDescriptor make_memfd(std::size_t size) {
  FileDescriptor fd(::memfd_create("guest", MFD_CLOEXEC));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) throw std::runtime_error("memfd");
  return fd;
}

class ClientMachine final : public Machine {
 public:
  ClientMachine(const std::string& path, const Card& card, MemoryMode mode = MemoryMode::shared)
      : Machine([this](std::uint64_t start, std::size_t size) { return make_arena(start, size); }),
        client_(path),
        card_(card),
        mode_(mode) {
    client_.memory = [this](std::uint64_t address, std::size_t size) { return ram().pointer(address, size); };
    client_.call(1, Fields().u16(0).u16(0).text(
                        R"({"capabilities": {"pgsizes": 4096, "max_msg_fds": 16, "max_dma_maps": 65535, )"
                        R"("max_data_xfer_size": 1048576, "write_multiple": true}})"));
    const unsigned capability = find_msix();
    msix_control_ = capability + 2;
    table_.resize((config_read(msix_control_, 2) & 0x7ff) + 1);
    eventfds_.resize(table_.size());
  }

  Client& client() { return client_; }
  bool interrupted() const {  // by any vector, not yet taken
    return std::any_of(eventfds_.begin(), eventfds_.end(), [](const FileDescriptor& fd) {
      pollfd readable{fd.get(), POLLIN, 0};
      return ::poll(&readable, 1, 0) > 0;
    });
  }

  std::uint32_t config_read(unsigned offset, unsigned size) override {
    return static_cast<std::uint32_t>(region_read(7, offset, size));
  }
  void config_write(unsigned offset, unsigned size, std::uint32_t value) override {
    client_.call(10, write_payload(7, offset, size, value));
    if (msix_control_ == 0 || offset != msix_control_) return;
    if (value & 0x8000) {
      enable_msix();
    } else {
      client_.call(8, Fields().u32(20).u32(0x21).u32(2).u32(0).u32(0));
    }
  }
  bool inta() const override { return false; }
  void stall_link(Cycle) override {}
  const Card& card() const override { return card_; }
  Cycle now() const override { return windows_; }

  // A round trip, in which the server gets on; then what has come by interrupt.
  void wait_window() override {
    ++windows_;
    config_read(0, 4);
    for (std::size_t vector = 0; vector < eventfds_.size(); ++vector) {
      std::uint64_t count = 0;
      if (!eventfds_[vector] || ::read(eventfds_[vector].get(), &count, sizeof count) != sizeof count) continue;
      dma_write(table_[vector].address, {table_[vector].data.data(), 4});
    }
  }
  bool wait_activity() override {
    wait_window();
    return true;
  }

 private:
  struct Entry {
    std::uint64_t address = 0;
    std::array<std::uint8_t, 4> data{};
  };
  static constexpr unsigned kMsixBar = 2;

  std::shared_ptr<std::uint8_t> make_arena(std::uint64_t start, std::size_t size) {
    FileDescriptor fd = make_memfd(size);
    const int kind = mode_ == MemoryMode::shared ? MAP_SHARED : MAP_PRIVATE;
    void* const bytes = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, kind, fd.get(), 0);
    if (bytes == MAP_FAILED) return nullptr;
    const std::vector<int> fds = mode_ == MemoryMode::by_messages ? std::vector<int>{} : std::vector<int>{fd.get()};
    const Reply reply = client_.call(2, Fields().u32(32).u32(3).u64(0).u64(start).u64(size), fds);
    if (reply.error != 0) throw std::runtime_error("DMA_MAP refused");
    return {static_cast<std::uint8_t*>(bytes), [size](std::uint8_t* p) { ::munmap(p, size); }};
  }
  unsigned find_msix() {
    unsigned at = config_read(0x34, 1);
    while (at != 0 && config_read(at, 1) != 0x11) at = config_read(at + 1, 1);
    return at;
  }
  void enable_msix() {
    for (std::size_t vector = 0; vector < eventfds_.size(); ++vector) {
      eventfds_[vector] = FileDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
      client_.call(8, Fields().u32(20).u32(0x24).u32(2).u32(vector).u32(1), {eventfds_[vector].get()});
    }
  }

  static ByteVector write_payload(unsigned region, std::uint64_t offset, unsigned size, std::uint64_t value) {
    return Fields().u64(offset).u32(region).u32(size).put(value, size);
  }
  std::uint64_t region_read(unsigned region, std::uint64_t offset, unsigned size) {
    const Reply reply = client_.call(9, Fields().u64(offset).u32(region).u32(size));
    return reply.payload.size() == 16 + size ? load_le(reply.payload.data() + 16, size) : ~std::uint64_t{0};
  }
  std::uint64_t bar_read(unsigned bar, std::uint64_t offset, unsigned size) override {
    return region_read(bar, offset, size);
  }
  void bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) override {
    if (bar != kMsixBar || offset / 16 >= table_.size())
      return client_.post(10, write_payload(bar, offset, size, value));
    Entry& entry = table_[offset / 16];
    if (offset % 16 == 0) entry.address = value;
    if (offset % 16 == 8) store_le32(entry.data.data(), static_cast<std::uint32_t>(value));
  }

  Client client_;
  const Card& card_;
  const MemoryMode mode_;
  unsigned msix_control_ = 0;
  std::vector<Entry> table_;
  std::vector<FileDescriptor> eventfds_;
  Cycle windows_ = 0;
};

}  // namespace rssnic::test
