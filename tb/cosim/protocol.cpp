#include "tb/cosim/protocol.h"

#include <fmt/format.h>

namespace rssnic::cosim {
namespace {

std::vector<std::uint8_t> message(Header header, ConstBytes fixed, ConstBytes data) {
  header.size = static_cast<std::uint32_t>(kHeaderBytes + fixed.size + data.size);
  const HeaderBytes head = encode(header);
  std::vector<std::uint8_t> bytes(header.size);
  std::uint8_t* to = bytes.data();
  for (const ConstBytes part : {ConstBytes(head.data(), head.size()), fixed, data}) {
    if (part.size == 0) continue;
    std::memcpy(to, part.data, part.size);
    to += part.size;
  }
  return bytes;
}

}  // namespace

Header decode(const HeaderBytes& bytes) {
  const std::uint8_t* const p = bytes.data();
  return {load_le16(p), load_le16(p + 2), load_le32(p + 4), load_le32(p + 8), load_le32(p + 12)};
}

HeaderBytes encode(const Header& header) {
  HeaderBytes bytes;
  store_le16(&bytes[0], header.id);
  store_le16(&bytes[2], header.command);
  store_le32(&bytes[4], header.size);
  store_le32(&bytes[8], header.flags);
  store_le32(&bytes[12], header.error);
  return bytes;
}

std::string framing_error(const Header& header) {
  if (header.size < kHeaderBytes || header.size > kMaxMessageBytes) {
    return fmt::format("message of {} bytes; {} to {} are allowed", header.size, kHeaderBytes, kMaxMessageBytes);
  }
  const std::uint32_t type = header.flags & kFlagTypeMask;
  if (type != kFlagTypeCommand && type != kFlagTypeReply) {
    return fmt::format("message type {}; 0 (command) and 1 (reply) are allowed", type);
  }
  return {};
}

std::vector<std::uint8_t> command_message(std::uint16_t id, Command command, ConstBytes fixed, ConstBytes data) {
  Header header;
  header.id = id;
  header.command = command;
  header.flags = kFlagTypeCommand;
  return message(header, fixed, data);
}

std::vector<std::uint8_t> reply_message(const Header& request, ConstBytes fixed, ConstBytes data) {
  Header header = request;
  header.flags = kFlagTypeReply;
  header.error = 0;
  return message(header, fixed, data);
}

std::vector<std::uint8_t> error_message(const Header& request, int error) {
  Header header = request;
  header.flags = kFlagTypeReply | kFlagError;
  header.error = static_cast<std::uint32_t>(error);
  return message(header, {}, {});
}

std::array<std::uint8_t, kDmaBytes> encode_dma(std::uint64_t address, std::uint64_t count) {
  std::array<std::uint8_t, kDmaBytes> bytes;
  store_le64(&bytes[0], address);
  store_le64(&bytes[8], count);
  return bytes;
}

RegionAccess decode_region_access(const std::uint8_t* bytes) {
  return {load_le64(bytes), load_le32(bytes + 8), load_le32(bytes + 12)};
}

SetIrqs decode_set_irqs(const std::uint8_t* bytes) {
  return {load_le32(bytes), load_le32(bytes + 4), load_le32(bytes + 8), load_le32(bytes + 12), load_le32(bytes + 16)};
}

}  // namespace rssnic::cosim
