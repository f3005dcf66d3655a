#include "tb/cosim/device.h"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "model/pci/config_space.h"
#include "model/pci/function_layout.h"
#include "model/pci/virtio_function.h"

namespace rssnic::cosim {
namespace {

constexpr std::uint8_t kMsixCapability = 0x11;
constexpr std::uint8_t kExpressCapability = 0x10;
constexpr std::size_t kMaxVersionBytes = 4096;  // of the client's capabilities
constexpr std::size_t kVersionBytes = 4;
constexpr std::size_t kDmaMapBytes = 32, kDmaUnmapBytes = 24;
constexpr std::size_t kDeviceInfoBytes = 16, kRegionInfoBytes = 32, kIrqInfoBytes = 16;
constexpr std::size_t kMultiWriteBytes = 24, kMultiWriteDataBytes = 8;
constexpr const char* kCapabilities =
    R"({"capabilities":{"max_msg_fds":16,"max_data_xfer_size":1048576,"pgsizes":4096,"max_dma_maps":65535,)"
    R"("write_multiple":true}})";

bool is_natural(const RegionAccess& access, unsigned largest) {
  const std::uint32_t size = access.count;
  return (size == 1 || size == 2 || size == 4 || size == 8) && size <= largest && access.offset % size == 0;
}

// The largest naturally aligned piece of up to four bytes at the beginning of a range.
unsigned piece(std::uint64_t offset, std::uint64_t left) {
  unsigned size = 4;
  while (offset % size != 0 || size > left) size /= 2;
  return size;
}

}  // namespace

unsigned find_capability(FunctionPort& function, std::uint8_t id) {
  unsigned at = function.config_read(kCapabilitiesPointer, 1);
  while (at != 0 && function.config_read(at, 1) != id) at = function.config_read(at + 1, 1);
  return at;
}

unsigned msix_vectors(FunctionPort& function) {
  return (function.config_read(find_capability(function, kMsixCapability) + kMsixMessageControl, 2) & 0x7ff) + 1;
}

Device::Device(FunctionPort& function, GuestMemory& memory, Interrupts& interrupts)
    : function_(function),
      memory_(memory),
      interrupts_(interrupts),
      msix_capability_(find_capability(function, kMsixCapability)),
      express_capability_(find_capability(function, kExpressCapability)),
      msix_bar_(function.config_read(msix_capability_ + 4, 4) & 7) {}

void Device::connect(pid_t peer) {
  peer_ = peer;
  negotiated_ = false;
  max_transfer_bytes_ = kMaxTransferBytes;
}

void Device::disconnect() {
  reset_function();
  function_.memory_changed(0, ~std::uint64_t{0});
  memory_.clear();
  interrupts_.clear();
  negotiated_ = false;
}

std::optional<std::vector<std::uint8_t>> Device::handle(Message& message) {
  const Header& header = message.header;
  const Answer answered = answer(message);
  if (header.flags & kFlagNoReply) return std::nullopt;
  if (answered.error != 0) return error_message(header, answered.error);
  return reply_message(header, {answered.payload.data(), answered.payload.size()});
}

Device::Answer Device::answer(Message& message) {
  const Header& header = message.header;
  const ConstBytes request(message.payload.data(), message.payload.size());
  if ((header.flags & ~(kFlagTypeMask | kFlagNoReply)) != 0) return {EINVAL, {}};
  const bool takes_fds = header.command == VFIO_USER_DMA_MAP || header.command == VFIO_USER_DEVICE_SET_IRQS;
  if (!message.fds.empty() && !takes_fds) return {EINVAL, {}};
  if (negotiated_ == (header.command == VFIO_USER_VERSION)) return {EINVAL, {}};  // once, and first

  switch (header.command) {
    case VFIO_USER_VERSION:
      return version(message);
    case VFIO_USER_DMA_MAP:
      return dma_map(message);
    case VFIO_USER_DMA_UNMAP:
      return dma_unmap(request);
    case VFIO_USER_DEVICE_GET_INFO:
      return device_info(request);
    case VFIO_USER_DEVICE_GET_REGION_INFO:
      return region_info(request);
    case VFIO_USER_DEVICE_GET_IRQ_INFO:
      return irq_info(request);
    case VFIO_USER_DEVICE_SET_IRQS:
      return set_irqs(message);
    case VFIO_USER_REGION_READ:
      return region_read(request);
    case VFIO_USER_REGION_WRITE:
      return region_write(request);
    case VFIO_USER_REGION_WRITE_MULTI:
      return region_write_multi(request);
    case VFIO_USER_DEVICE_RESET:
      return reset_device(request);
    default:
      return {ENOTSUP, {}};
  }
}

Device::Answer Device::version(const Message& message) {
  const std::vector<std::uint8_t>& request = message.payload;
  if (request.size() < kVersionBytes || request.size() > kMaxVersionBytes) return {EINVAL, {}};
  if (load_le16(request.data()) != 0) return {EINVAL, {}};  // the only major version there is
  std::size_t limit = kMaxTransferBytes;
  if (request.size() > kVersionBytes) {
    if (request.back() != 0) return {EINVAL, {}};
    const auto json =
        nlohmann::json::parse(request.begin() + kVersionBytes, request.end() - 1, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return {EINVAL, {}};
    const auto capabilities = json.find("capabilities");
    if (capabilities != json.end() && !capabilities->is_object()) return {EINVAL, {}};
    if (capabilities != json.end() && capabilities->contains("max_data_xfer_size")) {
      const auto& size = capabilities->at("max_data_xfer_size");
      if (!size.is_number_unsigned() || size.get<std::uint64_t>() == 0) return {EINVAL, {}};
      limit = static_cast<std::size_t>(std::min<std::uint64_t>(size.get<std::uint64_t>(), limit));
    }
  }
  max_transfer_bytes_ = limit;
  negotiated_ = true;

  // Version 0.0. The client's buffer is as long as its own message was.
  std::vector<std::uint8_t> reply(kVersionBytes, 0);
  for (const char* const text : {kCapabilities, "{}"}) {
    const std::size_t size = std::char_traits<char>::length(text) + 1;
    if (kVersionBytes + size > request.size()) continue;
    reply.insert(reply.end(), text, text + size);
    break;
  }
  return {0, std::move(reply)};
}

Device::Answer Device::dma_map(Message& message) {
  if (message.payload.size() != kDmaMapBytes || message.fds.size() > 1) return {EINVAL, {}};
  const std::uint8_t* const p = message.payload.data();
  const std::uint32_t flags = load_le32(p + 4);
  if (load_le32(p) < kDmaMapBytes || (flags & ~(kDmaRead | kDmaWrite)) != 0) return {EINVAL, {}};
  GuestMemory::Request request;
  request.offset = load_le64(p + 8);
  request.address = load_le64(p + 16);
  request.size = load_le64(p + 24);
  request.readable = flags & kDmaRead;
  request.writable = flags & kDmaWrite;
  FileDescriptor fd = message.fds.empty() ? FileDescriptor() : std::move(message.fds[0]);
  return {memory_.map(request, std::move(fd), peer_), {}};
}

Device::Answer Device::dma_unmap(ConstBytes request) {
  if (request.size != kDmaUnmapBytes || load_le32(request.data) < kDmaUnmapBytes) return {EINVAL, {}};
  const std::uint32_t flags = load_le32(request.data + 4);
  const std::uint64_t address = load_le64(request.data + 8);
  const std::uint64_t size = load_le64(request.data + 16);
  if (flags == kUnmapAll) {
    if (address != 0 || size != 0) return {EINVAL, {}};
    function_.memory_changed(0, ~std::uint64_t{0});
    memory_.clear();
  } else if (flags != 0) {
    return {flags == 1 ? ENOTSUP : EINVAL, {}};  // 1: with a bitmap of dirty pages
  } else {
    if (const int error = memory_.unmap(address, size); error != 0) return {error, {}};
    function_.memory_changed(address, address + (size - 1));
  }
  return {0, {request.data, request.data + request.size}};
}

Device::Answer Device::device_info(ConstBytes request) const {
  if (request.size != kDeviceInfoBytes || load_le32(request.data) < kDeviceInfoBytes) return {EINVAL, {}};
  std::vector<std::uint8_t> reply(kDeviceInfoBytes);
  store_le32(&reply[0], kDeviceInfoBytes);
  store_le32(&reply[4], kDeviceReset | kDevicePci);
  store_le32(&reply[8], kNumRegions);
  store_le32(&reply[12], kNumIrqs);
  return {0, std::move(reply)};
}

Device::Answer Device::region_info(ConstBytes request) const {
  if (request.size != kRegionInfoBytes || load_le32(request.data) < kRegionInfoBytes) return {EINVAL, {}};
  const std::uint32_t region = load_le32(request.data + 8);
  if (region >= kNumRegions) return {EINVAL, {}};
  const std::uint64_t size = region_size(region);
  std::vector<std::uint8_t> reply(kRegionInfoBytes);
  store_le32(&reply[0], kRegionInfoBytes);
  store_le32(&reply[4], size != 0 ? kRegionRead | kRegionWrite : 0);
  store_le32(&reply[8], region);
  store_le64(&reply[16], size);
  return {0, std::move(reply)};
}

Device::Answer Device::irq_info(ConstBytes request) const {
  if (request.size != kIrqInfoBytes || load_le32(request.data) < kIrqInfoBytes) return {EINVAL, {}};
  const std::uint32_t index = load_le32(request.data + 8);
  if (index >= kNumIrqs) return {EINVAL, {}};
  std::vector<std::uint8_t> reply(kIrqInfoBytes);
  store_le32(&reply[0], kIrqInfoBytes);
  store_le32(&reply[4], Interrupts::flags(index));
  store_le32(&reply[8], index);
  store_le32(&reply[12], interrupts_.count(index));
  return {0, std::move(reply)};
}

Device::Answer Device::set_irqs(Message& message) {
  const std::vector<std::uint8_t>& request = message.payload;
  if (request.size() < kSetIrqsBytes) return {EINVAL, {}};
  const ConstBytes data(request.data() + kSetIrqsBytes, request.size() - kSetIrqsBytes);
  return {interrupts_.set(decode_set_irqs(request.data()), data, message.fds), {}};
}

std::uint64_t Device::region_size(std::uint32_t region) const {
  if (region == kConfigRegion) return kConfigRegionBytes;
  return region < kBars ? function_.bar_size(region) : 0;
}

// Configuration space is read and written in ranges of any length, registers as the guest made the access.
bool Device::access_is_legal(const RegionAccess& access) const {
  const std::uint64_t size = region_size(access.region);
  if (access.count == 0 || access.count > size || access.offset > size - access.count) return false;
  return access.region == kConfigRegion || is_natural(access, 8);
}

Device::Answer Device::region_read(ConstBytes request) {
  if (request.size != kRegionAccessBytes) return {EINVAL, {}};
  const RegionAccess access = decode_region_access(request.data);
  if (!access_is_legal(access)) return {EINVAL, {}};
  std::vector<std::uint8_t> reply(request.data, request.data + request.size);
  reply.resize(kRegionAccessBytes + access.count);
  std::uint8_t* const data = reply.data() + kRegionAccessBytes;
  if (access.region != kConfigRegion) {
    store_le(data, function_.bar_read(access.region, access.offset, access.count), access.count);
    return {0, std::move(reply)};
  }
  for (std::uint32_t done = 0; done < access.count;) {
    const auto offset = static_cast<unsigned>(access.offset + done);
    const unsigned size = piece(offset, access.count - done);
    store_le(data + done, function_.config_read(offset, size), size);
    done += size;
  }
  return {0, std::move(reply)};
}

Device::Answer Device::region_write(ConstBytes request) {
  if (request.size < kRegionAccessBytes) return {EINVAL, {}};
  const RegionAccess access = decode_region_access(request.data);
  if (!access_is_legal(access) || request.size - kRegionAccessBytes != access.count) return {EINVAL, {}};
  write(access, request.data + kRegionAccessBytes);
  return {0, {request.data, request.data + kRegionAccessBytes}};
}

// All of them, or none.
Device::Answer Device::region_write_multi(ConstBytes request) {
  constexpr std::size_t kCountBytes = 8;
  if (request.size < kCountBytes) return {EINVAL, {}};
  const std::uint64_t writes = load_le64(request.data);
  const std::size_t bytes = request.size - kCountBytes;
  if (bytes % kMultiWriteBytes != 0 || writes != bytes / kMultiWriteBytes) return {EINVAL, {}};
  const auto entry = [&](std::size_t i) { return request.data + kCountBytes + i * kMultiWriteBytes; };
  for (std::size_t i = 0; i < writes; ++i) {
    const RegionAccess access = decode_region_access(entry(i));
    if (access.count > kMultiWriteDataBytes || !access_is_legal(access)) return {EINVAL, {}};
  }
  for (std::size_t i = 0; i < writes; ++i) write(decode_region_access(entry(i)), entry(i) + kRegionAccessBytes);
  return {0, {request.data, request.data + kCountBytes}};
}

void Device::write(const RegionAccess& access, const std::uint8_t* data) {
  if (access.region != kConfigRegion) {
    const bool msix_table = access.region == msix_bar_ && access.offset < kMsixPbaOffset;
    if (!msix_table) function_.bar_write(access.region, access.offset, access.count, load_le(data, access.count));
    return;
  }
  for (std::uint32_t done = 0; done < access.count;) {
    const auto offset = static_cast<unsigned>(access.offset + done);
    const unsigned size = piece(offset, access.count - done);
    write_config(offset, size, static_cast<std::uint32_t>(load_le(data + done, size)));
    done += size;
  }
}

void Device::write_config(unsigned offset, unsigned size, std::uint32_t value) {
  const unsigned control = msix_capability_ + kMsixMessageControl;
  if (offset <= control + 1 && offset + size > control) program_msix_table();  // perhaps it is switched on now
  function_.config_write(offset, size, value);
}

// The table is reachable only while the function decodes memory.
void Device::program_msix_table() {
  const std::uint32_t command = function_.config_read(kCommandRegister, 2);
  function_.config_write(kCommandRegister, 2, command | kCommandMemory);
  for (unsigned vector = 0; vector < interrupts_.count(kMsixIrq); ++vector) {
    const std::uint64_t entry = std::uint64_t{kMsixEntryBytes} * vector;
    function_.bar_write(msix_bar_, entry, 8, kReservedAddress);
    function_.bar_write(msix_bar_, entry + 8, 8, vector);  // the data; vector control 0: not masked
  }
  function_.config_write(kCommandRegister, 2, command);
}

Device::Answer Device::reset_device(ConstBytes request) {
  if (request.size != 0) return {EINVAL, {}};
  reset_function();
  return {};
}

void Device::reset_function() {
  function_.config_write(express_capability_ + kDeviceControl, 2, kInitiateFunctionLevelReset);
  interrupts_.clear_pending();
}

}  // namespace rssnic::cosim
