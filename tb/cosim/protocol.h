// The vfio-user protocol as bytes: headers, commands, and the fixed parts of their payloads. Little-endian, packed,
// over a stream socket; file descriptors ride on the first byte of a message. Nothing here does I/O or trusts a size.
//
//      0       2       4               8               12            16
//      +-------+-------+---------------+---------------+---------------+----
//      |  id   |command| size of all   | flags         | error (errno) | payload
//      +-------+-------+---------------+---------------+---------------+----
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "model/bytes.h"
#include "tb/cosim/file_descriptor.h"

namespace rssnic::cosim {

enum Command : std::uint16_t {
  VFIO_USER_VERSION = 1,
  VFIO_USER_DMA_MAP = 2,
  VFIO_USER_DMA_UNMAP = 3,
  VFIO_USER_DEVICE_GET_INFO = 4,
  VFIO_USER_DEVICE_GET_REGION_INFO = 5,
  VFIO_USER_DEVICE_GET_IRQ_INFO = 7,
  VFIO_USER_DEVICE_SET_IRQS = 8,
  VFIO_USER_REGION_READ = 9,
  VFIO_USER_REGION_WRITE = 10,
  VFIO_USER_DMA_READ = 11,   // from the server
  VFIO_USER_DMA_WRITE = 12,  // from the server
  VFIO_USER_DEVICE_RESET = 13,
  VFIO_USER_REGION_WRITE_MULTI = 15,
};

constexpr std::uint32_t kFlagTypeMask = 0xf;
constexpr std::uint32_t kFlagTypeCommand = 0;
constexpr std::uint32_t kFlagTypeReply = 1;
constexpr std::uint32_t kFlagNoReply = 0x10;
constexpr std::uint32_t kFlagError = 0x20;

constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kMaxMessageFds = 16;
constexpr std::size_t kMaxTransferBytes = 1 << 20;                  // of data in one message
constexpr std::size_t kMaxMessageBytes = kMaxTransferBytes + 4096;  // header and fixed parts included

// VFIO's numbering of regions and interrupts of a PCI function.
constexpr std::uint32_t kNumRegions = 9;
constexpr std::uint32_t kConfigRegion = 7;
constexpr std::uint32_t kConfigRegionBytes = 4096;
constexpr std::uint32_t kRegionRead = 1, kRegionWrite = 2;
constexpr std::uint32_t kNumIrqs = 5;
constexpr std::uint32_t kIntxIrq = 0, kMsixIrq = 2, kErrorIrq = 3;
constexpr std::uint32_t kIrqEventfd = 1, kIrqMaskable = 2, kIrqAutomasked = 4;
constexpr std::uint32_t kDeviceReset = 1, kDevicePci = 2;
constexpr std::uint32_t kDmaRead = 1, kDmaWrite = 2;  // what a mapping lets the device do
constexpr std::uint32_t kUnmapAll = 2;

struct Header {
  std::uint16_t id = 0;
  std::uint16_t command = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
  std::uint32_t error = 0;

  bool is_reply() const { return (flags & kFlagTypeMask) == kFlagTypeReply; }
};

using HeaderBytes = std::array<std::uint8_t, kHeaderBytes>;
Header decode(const HeaderBytes& bytes);
HeaderBytes encode(const Header& header);
// Why no message can begin with this header, so that the stream is lost; empty when one can.
std::string framing_error(const Header& header);

struct Message {
  Header header;
  std::vector<std::uint8_t> payload;
  std::vector<FileDescriptor> fds;
};

// Whole messages, sizes filled in.
std::vector<std::uint8_t> command_message(std::uint16_t id, Command command, ConstBytes fixed, ConstBytes data = {});
std::vector<std::uint8_t> reply_message(const Header& request, ConstBytes fixed, ConstBytes data = {});
std::vector<std::uint8_t> error_message(const Header& request, int error);

// ---- the fixed parts of payloads

// One range of guest addresses: DMA_READ, DMA_WRITE, and their replies.
constexpr std::size_t kDmaBytes = 16;
std::array<std::uint8_t, kDmaBytes> encode_dma(std::uint64_t address, std::uint64_t count);

// REGION_READ, REGION_WRITE, and their replies.
constexpr std::size_t kRegionAccessBytes = 16;
struct RegionAccess {
  std::uint64_t offset = 0;
  std::uint32_t region = 0;
  std::uint32_t count = 0;
};
RegionAccess decode_region_access(const std::uint8_t* bytes);

constexpr std::size_t kSetIrqsBytes = 20;
struct SetIrqs {
  std::uint32_t argsz = 0;
  std::uint32_t flags = 0;
  std::uint32_t index = 0;
  std::uint32_t start = 0;
  std::uint32_t count = 0;
};
SetIrqs decode_set_irqs(const std::uint8_t* bytes);

}  // namespace rssnic::cosim
