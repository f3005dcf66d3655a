#include "tb/cosim/bridge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "model/pci/common_config.h"
#include "model/pci/function_layout.h"
#include "tb/host/pci_access.h"

namespace rssnic::cosim {
namespace {

constexpr std::chrono::nanoseconds kForEver = std::chrono::hours(24);
constexpr unsigned kMessagesAtATime = 256;     // so that a flood of them does not hold up the card for ever
constexpr unsigned kWindowsBetweenPolls = 16;  // while the card is busy; the client is looked at every window
constexpr std::size_t kMaxPostedWrites = 256;  // not confirmed; the card waits then
constexpr std::size_t kMaxHeldReplies = 256;   // a client with more of them waits for none
constexpr auto kShortPause = std::chrono::microseconds(16);  // sleeping would take longer

}  // namespace

Bridge::Bridge(const sc_core::sc_module_name& name, VirtioNic& nic, LiveWire& wire, Listener& listener, Sync sync,
               std::function<void(const std::string&)> log)
    : sc_module(name),
      pci_initiator("pci_initiator"),
      dma_target("dma_target"),
      nic_(nic),
      wire_(wire),
      listener_(listener),
      sync_(sync),
      log_(std::move(log)),
      memory_(log_),
      interrupts_(nic.card().parameters().msix_vectors()) {
  dma_target.register_b_transport(this, &Bridge::b_transport);
  dma_target.register_get_direct_mem_ptr(this, &Bridge::get_direct_mem_ptr);
  pci_initiator.bind(nic.pci_target);
  nic.dma_initiator.bind(dma_target);
  wire_.on_frame([this] { nic_.wire_ready(); });
  SC_HAS_PROCESS(Bridge);
  SC_THREAD(run);
  set_stack_size(1 << 20);
}

BridgeStatistics Bridge::statistics() const {
  BridgeStatistics now = statistics_;
  now.interrupts = interrupts_.events();
  return now;
}

std::uint32_t Bridge::device_status() {
  return static_cast<std::uint32_t>(
      pci_access(pci_initiator, tlm::TLM_READ_COMMAND, kRegisterBar, kCommonConfigOffset + kDeviceStatus, 1, 0)
          .value_or(0));
}

// ---- the loop

void Bridge::run() {
  size_bars();
  FunctionPort& function = *this;
  device_ = std::make_unique<Device>(function, memory_, interrupts_);
  started_ = Clock::now();
  while (!stopping_) {
    serve(time_to_next_window());
    if (!lost_.empty()) drop_client();
    if (each_turn_) each_turn_();
    if (!stopping_) let_time_pass();
  }
  if (connection_) {
    lose("the server ends");
    drop_client();
  }
  sc_core::sc_stop();
}

Bridge::Wait Bridge::duration_of(Cycle cycles) const {
  const double ns = static_cast<double>(cycles) * nic_.clock_period().to_seconds() * 1e9;
  return ns < 1e18 ? Wait(static_cast<std::int64_t>(ns)) : Wait(std::int64_t{1'000'000'000'000'000'000});
}

Cycle Bridge::wall_cycle() const {
  return static_cast<Cycle>(std::chrono::duration<double>(Clock::now() - started_).count() /
                            nic_.clock_period().to_seconds());
}

// How long the outside may be waited for before the card's next window is due.
Bridge::Wait Bridge::time_to_next_window() {
  const Cycle activity = nic_.card().next_activity();
  if (activity == kNever || posted_.size() >= kMaxPostedWrites) return kForEver;
  const Cycle now = nic_.cycle_now();
  const Clock::time_point wall = Clock::now();
  if (sync_ == Sync::paced) {
    const Cycle window = nic_.window_cycles();
    const Cycle edge = activity / window * window + window;
    return std::clamp<Wait>(started_ + duration_of(edge) - wall, Wait(0), kForEver);
  }
  const Wait pause = duration_of(activity > now ? activity - now : 0);
  if (pause <= kShortPause) return Wait(0);
  if (rest_cycle_ != now) {
    rest_cycle_ = now;
    rest_since_ = wall;
  }
  return std::clamp<Wait>(rest_since_ + pause - wall, Wait(0), kForEver);
}

// The card's clock follows the one on the wall through times in which nothing happens.
void Bridge::catch_up() {
  if (sync_ != Sync::paced) return;
  const Cycle target = wall_cycle() / nic_.window_cycles() * nic_.window_cycles();
  const Cycle now = nic_.cycle_now();
  if (target > now && nic_.card().next_activity() > target) {
    wait(sc_core::sc_time::from_value(target * nic_.clock_period().value()) - sc_core::sc_time_stamp());
  }
}

void Bridge::let_time_pass() {
  if (time_to_next_window() > Wait(0)) return;
  memory_.release_unused();
  wait(nic_.window_edge);
  update_line();
}

void Bridge::serve(Wait longest) {
  const bool busy = longest <= Wait(0);
  if (busy && ++windows_since_poll_ < kWindowsBetweenPolls) {
    receive();
    return;
  }
  windows_since_poll_ = 0;
  poll_and_dispatch(longest, true);
}

// Within a call of the card (`wire` is false) the wire is left alone.
void Bridge::poll_and_dispatch(Wait longest, bool wire) {
  polls_.clear();
  polls_.push_back({connection_ ? connection_->fd() : listener_.fd(), POLLIN, 0});
  for (const Watch& watch : watches_) polls_.push_back({watch.fd, POLLIN, 0});
  const std::size_t own = polls_.size();
  if (wire) wire_.prepare(polls_, longest);
  if (!held_replies_.empty()) {
    longest = std::clamp<Wait>(held_replies_.front().until - Clock::now(), Wait(0), longest);
  }
  const timespec timeout{static_cast<time_t>(longest.count() / 1'000'000'000), longest.count() % 1'000'000'000};
  if (::ppoll(polls_.data(), polls_.size(), &timeout, nullptr) < 0) {
    if (errno == EINTR) return;
    throw std::runtime_error(fmt::format("poll: {}", std::strerror(errno)));
  }
  if (wire) {
    catch_up();
    wire_.polled(polls_.data() + own, polls_.size() - own);
  }
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    if (polls_[1 + i].revents != 0) watches_[i].ready();
  }
  if (polls_[0].revents != 0) {
    if (connection_) {
      receive();
    } else {
      accept_client();
    }
  }
  release_replies();
}

// ---- the client

void Bridge::accept_client() {
  FileDescriptor socket = listener_.accept();
  if (!socket) return;
  connection_ = std::make_unique<Connection>(std::move(socket));
  ++statistics_.clients;
  write_refused_ = false;
  client_confirms_ = true;
  device_->connect(connection_->peer());
  log_(fmt::format("client connected (process {})", connection_->peer()));
}

void Bridge::lose(const std::string& reason) {
  if (lost_.empty()) lost_ = reason;
}

void Bridge::drop_client() {
  log_(fmt::format("client gone: {}", lost_));
  connection_.reset();
  posted_.clear();
  held_vectors_.clear();
  held_replies_.clear();
  line_after_.reset();
  writes_confirmed_ = writes_posted_;
  device_->disconnect();
  lost_.clear();
}

void Bridge::receive() {
  if (!connection_ || !lost_.empty()) return;
  try {
    for (unsigned i = 0; i < kMessagesAtATime; ++i) {
      std::optional<Message> message = connection_->receive();
      if (!message) break;
      handle(*message);
      if (!lost_.empty()) return;
      update_line();  // before the next message, which may be about the line
    }
  } catch (const ConnectionLost& loss) {
    lose(loss.what());
  }
}

void Bridge::handle(Message& message) {
  if (message.header.is_reply()) return take_reply(message);
  ++statistics_.messages;
  auto answer = device_->handle(message);
  if (answer) reply(std::move(*answer));
}

// Behind the posted writes of now, if any are under way, and behind the replies before it.
void Bridge::reply(std::vector<std::uint8_t> message) {
  if (load_le32(message.data() + 8) & kFlagError) ++statistics_.errors;
  if (!client_confirms_ || posted_.empty()) return send(message);
  ++statistics_.replies_held;
  held_replies_.push_back({std::move(message), writes_posted_, Clock::now() + reply_patience_});
  release_replies();
}

void Bridge::release_replies() {
  if (held_replies_.empty()) return;
  const bool too_long = held_replies_.size() > kMaxHeldReplies || held_replies_.front().until <= Clock::now();
  const bool confirmed = held_replies_.front().after <= writes_confirmed_;
  if (too_long && !confirmed && std::exchange(client_confirms_, false)) {
    log_(
        "the client does not confirm the card's writes to memory while it waits for a reply (QEMU cannot): from now on "
        "replies do not wait for them, and a guest may see a register before the memory that was written ahead of it; "
        "share the guest's memory");
  }
  while (!held_replies_.empty() && (!client_confirms_ || held_replies_.front().after <= writes_confirmed_)) {
    send(held_replies_.front().message);
    held_replies_.pop_front();
  }
}

// A reply to nothing means that the two sides have lost each other.
void Bridge::take_reply(const Message& reply) {
  const std::uint16_t id = reply.header.id;
  if (awaited_read_ == id && reply.header.command == VFIO_USER_DMA_READ) {
    awaited_read_.reset();
    read_reply_.emplace();
    read_reply_->header = reply.header;
    read_reply_->payload = reply.payload;
    return;
  }
  const auto posted = std::find_if(posted_.begin(), posted_.end(),
                                   [&](const PostedWrite& write) { return write.id == id && !write.done; });
  if (posted == posted_.end() || reply.header.command != VFIO_USER_DMA_WRITE) {
    throw ConnectionLost(fmt::format("reply to command {} with id {}, which was not sent", reply.header.command, id));
  }
  if ((reply.header.flags & kFlagError) && !std::exchange(write_refused_, true)) {  // said once a client
    log_(fmt::format("the client refuses a DMA_WRITE: {}", std::strerror(static_cast<int>(reply.header.error))));
  }
  posted->done = true;
  while (!posted_.empty() && posted_.front().done) {
    posted_.pop_front();
    ++writes_confirmed_;
  }
  release_vectors();
  release_replies();
}

void Bridge::send(const std::vector<std::uint8_t>& message) {
  try {
    connection_->send(message);
  } catch (const ConnectionLost& loss) {
    lose(loss.what());
  }
}

// INTA# as the configuration registers show it: a register access of just now counts already. It rises behind the
// posted writes, and falls at once.
void Bridge::update_line() {
  if (!connection_) return;
  const std::uint32_t registers = config_read(kCommandRegister, 4);
  const bool pending = registers >> 16 & kStatusInterrupt;
  if (!pending || (registers & kCommandInterruptDisable)) {
    line_after_.reset();
  } else if (!line_after_) {
    line_after_ = writes_posted_;
  }
  interrupts_.line(line_after_ && *line_after_ <= writes_confirmed_);
}

// ---- the card's registers

std::uint32_t Bridge::config_read(unsigned offset, unsigned size) {
  return static_cast<std::uint32_t>(
      pci_access(pci_initiator, tlm::TLM_READ_COMMAND, PciSpace::kConfiguration, offset, size, 0)
          .value_or(~std::uint64_t{0}));
}

void Bridge::config_write(unsigned offset, unsigned size, std::uint32_t value) {
  pci_access(pci_initiator, tlm::TLM_WRITE_COMMAND, PciSpace::kConfiguration, offset, size, value);
}

std::uint64_t Bridge::bar_read(unsigned bar, std::uint64_t offset, unsigned size) {
  const std::uint64_t value = pci_access(pci_initiator, tlm::TLM_READ_COMMAND, static_cast<int>(bar), offset, size, 0)
                                  .value_or(~std::uint64_t{0});
  // 0 says that the reset is done (virtio 1.4, 4.1.4.3.1) and memory the driver's own again.
  const bool is_status = bar == kRegisterBar && offset == kCommonConfigOffset + kDeviceStatus;
  return is_status && value == 0 && !posted_.empty() ? VIRTIO_STATUS_ACKNOWLEDGE : value;
}

void Bridge::bar_write(unsigned bar, std::uint64_t offset, unsigned size, std::uint64_t value) {
  pci_access(pci_initiator, tlm::TLM_WRITE_COMMAND, static_cast<int>(bar), offset, size, value);
}

// Which address bits stick (PCI 3.0, 6.2.5.1). All BARs of the card are 64-bit memory BARs or absent.
void Bridge::size_bars() {
  for (unsigned bar = 0; bar < kBars; bar += 2) {
    const unsigned at = kBaseAddressRegister + 4 * bar;
    for (const unsigned half : {at, at + 4}) config_write(half, 4, 0xffffffff);
    const std::uint64_t mask = std::uint64_t{config_read(at + 4, 4)} << 32 | (config_read(at, 4) & ~0xfu);
    bar_sizes_[bar] = ~mask + 1;
    for (const unsigned half : {at, at + 4}) config_write(half, 4, 0);
  }
}

void Bridge::memory_changed(std::uint64_t first, std::uint64_t last) {
  dma_target->invalidate_direct_mem_ptr(first, last);
}

// ---- the card's accesses to guest memory

void Bridge::b_transport(tlm::tlm_generic_payload& access, sc_core::sc_time&) {
  const std::uint64_t address = access.get_address();
  const Bytes data{access.get_data_ptr(), access.get_data_length()};
  const bool ok = access.is_read() ? dma_read(address, data) : dma_write(address, data);
  const GuestMemory::Region* const region = memory_.find(address);
  access.set_dmi_allowed(ok && region != nullptr && region->bytes != nullptr);
  access.set_response_status(ok ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

bool Bridge::get_direct_mem_ptr(tlm::tlm_generic_payload& access, tlm::tlm_dmi& granted) {
  const GuestMemory::Region* const region = memory_.find(access.get_address());
  if (region == nullptr || region->bytes == nullptr || !region->readable || !region->writable) return false;
  granted.set_dmi_ptr(region->bytes);
  granted.set_start_address(region->address);
  granted.set_end_address(region->address + (region->size - 1));
  granted.allow_read_write();
  return true;
}

// An access may go through several regions, one after the other.
bool Bridge::dma_read(std::uint64_t address, Bytes into) {
  while (into.size > 0) {
    const GuestMemory::Region* const region = memory_.find(address);
    if (region == nullptr || !region->readable) return false;
    const std::uint64_t offset = address - region->address;
    const std::size_t part = std::min<std::uint64_t>(into.size, region->size - offset);
    if (region->bytes != nullptr) {
      std::memcpy(into.data, region->bytes + offset, part);
    } else if (!message_read(address, {into.data, part})) {
      return false;
    }
    address += part;
    into = {into.data + part, into.size - part};
  }
  return true;
}

bool Bridge::dma_write(std::uint64_t address, ConstBytes from) {
  if (address == kReservedAddress) {
    if (from.size != 4) return false;
    fire(load_le32(from.data));
    return true;
  }
  while (from.size > 0) {
    const GuestMemory::Region* const region = memory_.find(address);
    if (region == nullptr || !region->writable) return false;
    const std::uint64_t offset = address - region->address;
    const std::size_t part = std::min<std::uint64_t>(from.size, region->size - offset);
    if (region->bytes != nullptr) {
      std::memcpy(region->bytes + offset, from.data, part);
    } else if (!message_write(address, {from.data, part})) {
      return false;
    }
    address += part;
    from = {from.data + part, from.size - part};
  }
  return true;
}

// While the reply is waited for, requests of the client are answered: it may not answer before. If one of them resets
// the device, `into` is gone.
bool Bridge::message_read(std::uint64_t address, Bytes into) {
  const std::uint64_t resets = nic_.card().statistics().device_resets;
  while (into.size > 0) {
    const std::size_t part = std::min(into.size, device_->max_transfer_bytes());
    if (!connection_ || !lost_.empty()) return false;
    const auto request = encode_dma(address, part);
    awaited_read_ = next_id_++;
    ++statistics_.dma_messages;
    send(command_message(*awaited_read_, VFIO_USER_DMA_READ, {request.data(), request.size()}));
    while (!read_reply_ && lost_.empty() && !stopping_) poll_and_dispatch(kForEver, false);
    awaited_read_.reset();
    const std::optional<Message> reply = std::exchange(read_reply_, std::nullopt);
    if (!reply || nic_.card().statistics().device_resets != resets) return false;
    if ((reply->header.flags & kFlagError) != 0) return false;
    if (reply->payload.size() != kDmaBytes + part) {
      lose(fmt::format("reply to DMA_READ with {} bytes; {} were asked for", reply->payload.size(), kDmaBytes + part));
      return false;
    }
    std::memcpy(into.data, reply->payload.data() + kDmaBytes, part);
    address += part;
    into = {into.data + part, into.size - part};
  }
  return true;
}

bool Bridge::message_write(std::uint64_t address, ConstBytes from) {
  while (from.size > 0) {
    const std::size_t part = std::min(from.size, device_->max_transfer_bytes());
    if (!connection_ || !lost_.empty()) return false;
    const auto request = encode_dma(address, part);
    posted_.push_back({next_id_, false});
    ++writes_posted_;
    ++statistics_.dma_messages;
    send(command_message(next_id_++, VFIO_USER_DMA_WRITE, {request.data(), request.size()}, {from.data, part}));
    address += part;
    from = {from.data + part, from.size - part};
  }
  return lost_.empty();
}

void Bridge::fire(unsigned vector) {
  if (posted_.empty()) {
    interrupts_.fire(vector);
  } else {
    held_vectors_.push_back({vector, writes_posted_});
  }
}

void Bridge::release_vectors() {
  while (!held_vectors_.empty() && held_vectors_.front().after <= writes_confirmed_) {
    interrupts_.fire(held_vectors_.front().vector);
    held_vectors_.pop_front();
  }
}

}  // namespace rssnic::cosim
