// A small vfio-user client, written from the protocol and sharing no code with the server: it frames messages itself.
// Like QEMU it does not answer DMA requests while a request of its own waits for its reply, unless it is told to.
#pragma once
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "model/bytes.h"
#include "tb/cosim/file_descriptor.h"

namespace rssnic::test {

using ByteVector = std::vector<std::uint8_t>;

// Bytes of a payload, field by field.
class Fields {
 public:
  Fields& u16(std::uint64_t value) { return put(value, 2); }
  Fields& u32(std::uint64_t value) { return put(value, 4); }
  Fields& u64(std::uint64_t value) { return put(value, 8); }
  Fields& put(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    store_le(&bytes_[bytes_.size() - size], value, size);
    return *this;
  }
  Fields& text(const std::string& text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    bytes_.push_back(0);
    return *this;
  }
  Fields& bytes(const ByteVector& more) {
    bytes_.insert(bytes_.end(), more.begin(), more.end());
    return *this;
  }
  operator const ByteVector&() const { return bytes_; }

 private:
  ByteVector bytes_;
};

struct Reply {
  unsigned id = 0, command = 0, flags = 0;
  int error = 0;
  ByteVector payload;
};

class Client {
 public:
  explicit Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    const timeval patience{30, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  // The memory that DMA messages mean: null where there is none.
  std::function<std::uint8_t*(std::uint64_t address, std::size_t size)> memory;
  std::size_t cut_answers = 0;  // so many bytes are missing at the end of the data of DMA_READ
  std::function<void()> before_read_answer, before_write_answer;  // called once, for DMA
  bool answers_while_waiting = false;
  bool withholds_writes = false;  // DMA_WRITE is neither carried out nor answered before confirm_writes()

  int fd() const { return socket_.get(); }

  static ByteVector frame(unsigned id, unsigned command, const ByteVector& payload, unsigned flags = 0) {
    return Fields().u16(id).u16(command).u32(16 + payload.size()).u32(flags).u32(0).bytes(payload);
  }
  void send(const ByteVector& message, const std::vector<int>& fds = {}) {
    iovec data{const_cast<std::uint8_t*>(message.data()), message.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
    msghdr call{};
    call.msg_iov = &data;
    call.msg_iovlen = 1;
    if (!fds.empty()) {
      call.msg_control = control;
      call.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* const part = CMSG_FIRSTHDR(&call);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(part), fds.data(), fds.size() * sizeof(int));
    }
    if (::sendmsg(socket_.get(), &call, MSG_NOSIGNAL) != static_cast<ssize_t>(message.size())) fail("send");
  }

  Reply call(unsigned command, const ByteVector& payload, const std::vector<int>& fds = {}) {
    const unsigned id = next_id_++ & 0xffff;
    send(frame(id, command, payload), fds);
    for (;;) {
      Reply message = receive();
      if ((message.flags & 0xf) == 0) {
        dma_.push_back(std::move(message));
        if (answers_while_waiting) answer_dma();
        continue;
      }
      if (message.id != id || message.command != command) throw std::runtime_error("a reply to something else");
      answer_dma();
      return message;
    }
  }
  void post(unsigned command, const ByteVector& payload) {  // wants no reply
    send(frame(next_id_++ & 0xffff, command, payload, 0x10));
  }

  // Answers DMA requests that have come in.
  void answer_dma() {
    while (!dma_.empty() || (!answers_while_waiting && readable(0))) {
      if (dma_.empty()) dma_.push_back(receive());
      const Reply request = std::move(dma_.front());
      dma_.pop_front();
      answer(request);
    }
  }
  // Answers DMA requests until a reply comes in; nullopt when nothing at all has come for so long.
  std::optional<Reply> reply_within(int milliseconds) {
    while (readable(milliseconds)) {
      Reply message = receive();
      if ((message.flags & 0xf) != 0) return message;
      answer(message);
    }
    return std::nullopt;
  }
  std::size_t withheld_writes() const { return withheld_.size(); }
  void confirm_writes() {
    withholds_writes = false;
    for (const Reply& request : std::exchange(withheld_, {})) answer(request);
  }

  Reply receive() {
    std::array<std::uint8_t, 16> header{};
    read_all(header.data(), header.size());
    Reply message;
    message.id = load_le16(&header[0]);
    message.command = load_le16(&header[2]);
    message.flags = load_le32(&header[8]);
    message.error = static_cast<int>(load_le32(&header[12]));
    message.payload.resize(load_le32(&header[4]) - 16);
    read_all(message.payload.data(), message.payload.size());
    return message;
  }
  // Whether the server has closed the connection; waits for it to say something.
  bool closed() {
    std::uint8_t byte = 0;
    const ssize_t size = ::recv(socket_.get(), &byte, 1, 0);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }

 private:
  bool readable(int milliseconds) const {
    pollfd poll{socket_.get(), POLLIN, 0};
    return ::poll(&poll, 1, milliseconds) > 0;
  }
  [[noreturn]] static void fail(const char* what) {
    throw std::runtime_error(std::string("client: ") + what + ": " + std::strerror(errno));
  }
  void read_all(std::uint8_t* into, std::size_t size) {
    while (size > 0) {
      const ssize_t got = ::recv(socket_.get(), into, size, 0);
      if (got == 0) throw std::runtime_error("client: the server has closed the connection");
      if (got < 0) fail("receive");
      into += got;
      size -= static_cast<std::size_t>(got);
    }
  }
  void answer(const Reply& request) {
    if (request.command == 12 && withholds_writes) return withheld_.push_back(request);
    std::function<void()>& before = request.command == 11 ? before_read_answer : before_write_answer;
    if (before) std::exchange(before, nullptr)();
    const std::uint64_t address = load_le64(request.payload.data());
    const std::uint64_t size = load_le64(request.payload.data() + 8);
    std::uint8_t* const bytes = memory ? memory(address, size) : nullptr;
    if (bytes == nullptr) {
      send(Fields().u16(request.id).u16(request.command).u32(16).u32(0x21).u32(ENODEV));
      return;
    }
    Fields reply;
    reply.u64(address).u64(size);
    if (request.command == 11) {
      reply.bytes({bytes, bytes + size - cut_answers});
    } else {
      std::memcpy(bytes, request.payload.data() + 16, size);
    }
    send(frame(request.id, request.command, reply, 1));
  }

  FileDescriptor socket_;
  unsigned next_id_ = 0;
  std::deque<Reply> dma_;
  std::vector<Reply> withheld_;
};

}  // namespace rssnic::test
