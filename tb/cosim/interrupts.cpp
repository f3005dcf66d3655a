#include "tb/cosim/interrupts.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <string_view>

namespace rssnic::cosim {
namespace {

// VFIO_IRQ_SET_*
constexpr std::uint32_t kDataNone = 1, kDataBool = 2, kDataEventfd = 4, kDataMask = 7;
constexpr std::uint32_t kActionMask = 8, kActionUnmask = 16, kActionTrigger = 32, kActions = 56;

// Only an eventfd is taken: a write to anything else could block, or do the client's mischief.
bool is_eventfd(int fd) {
  char target[64];
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
  return size > 0 && std::string_view(target, static_cast<std::size_t>(size)) == "anon_inode:[eventfd]";
}

}  // namespace

Interrupts::Interrupts(unsigned vectors) : vectors_(vectors) {}

unsigned Interrupts::count(std::uint32_t index) const {
  if (index == kMsixIrq) return static_cast<unsigned>(vectors_.size());
  return index == kIntxIrq || index == kErrorIrq ? 1 : 0;
}

std::uint32_t Interrupts::flags(std::uint32_t index) {
  if (index == kIntxIrq) return kIrqEventfd | kIrqMaskable | kIrqAutomasked;
  return index == kMsixIrq || index == kErrorIrq ? kIrqEventfd : 0;
}

std::vector<Interrupts::Interrupt>* Interrupts::group(std::uint32_t index) {
  switch (index) {
    case kIntxIrq:
      return &intx_;
    case kMsixIrq:
      return &vectors_;
    case kErrorIrq:
      return &error_;
    default:
      return nullptr;
  }
}

int Interrupts::set(const SetIrqs& request, ConstBytes data, std::vector<FileDescriptor>& fds) {
  const std::uint32_t kind = request.flags & kDataMask;
  const std::uint32_t action = request.flags & kActions;
  const bool one_kind = kind == kDataNone || kind == kDataBool || kind == kDataEventfd;
  const bool one_action = action == kActionMask || action == kActionUnmask || action == kActionTrigger;
  if (!one_kind || !one_action || (request.flags & ~(kDataMask | kActions)) != 0) return EINVAL;
  if (request.argsz < kSetIrqsBytes || request.index >= kNumIrqs) return EINVAL;
  const unsigned there = count(request.index);
  if (request.start > there || request.count > there - request.start) return EINVAL;
  if (data.size != (kind == kDataBool ? request.count : 0)) return EINVAL;
  if (kind != kDataEventfd && !fds.empty()) return EINVAL;
  if (kind == kDataEventfd && !fds.empty() && fds.size() != request.count) return EINVAL;
  for (const FileDescriptor& fd : fds) {
    if (!is_eventfd(fd.get())) return EINVAL;
  }
  if (action == kActionTrigger) return trigger(request, data, fds);
  if (request.index != kIntxIrq || kind == kDataEventfd) return ENOTSUP;
  return mask(request, data, action == kActionMask);
}

int Interrupts::trigger(const SetIrqs& request, ConstBytes data, std::vector<FileDescriptor>& fds) {
  std::vector<Interrupt>* const interrupts = group(request.index);
  if (interrupts == nullptr) return request.count == 0 ? 0 : EINVAL;
  const std::uint32_t kind = request.flags & kDataMask;
  if (kind == kDataNone && request.count == 0) {  // switches all of them off
    for (Interrupt& interrupt : *interrupts) interrupt = {};
    if (request.index == kIntxIrq) asserted_ = masked_ = false;
    return 0;
  }
  for (std::uint32_t i = 0; i < request.count; ++i) {
    Interrupt& interrupt = (*interrupts)[request.start + i];
    if (kind == kDataEventfd) {
      interrupt.eventfd = fds.empty() ? FileDescriptor() : std::move(fds[i]);
      // The file is the client's as well, which may fill its counter up: a write must not wait then.
      if (interrupt.eventfd) {
        ::fcntl(interrupt.eventfd.get(), F_SETFL, ::fcntl(interrupt.eventfd.get(), F_GETFL) | O_NONBLOCK);
      }
      if (interrupt.pending) send(interrupt);
    } else if (kind == kDataNone || data.data[i] != 0) {
      send(interrupt);
    }
  }
  return 0;
}

int Interrupts::mask(const SetIrqs& request, ConstBytes data, bool masked) {
  const bool meant = request.count == 1 && (data.size == 0 || data.data[0] != 0);
  if (!meant) return 0;
  masked_ = masked;
  const bool level = asserted_;
  asserted_ = false;
  line(level);
  return 0;
}

void Interrupts::send(Interrupt& interrupt) {
  interrupt.pending = !interrupt.eventfd;
  if (!interrupt.eventfd) return;
  const std::uint64_t one = 1;
  if (::write(interrupt.eventfd.get(), &one, sizeof one) == sizeof one) ++events_;
}

void Interrupts::fire(unsigned vector) {
  if (vector < vectors_.size()) send(vectors_[vector]);
}

void Interrupts::line(bool asserted) {
  const bool rises = asserted && !asserted_;
  asserted_ = asserted;
  if (!rises || masked_) return;
  masked_ = true;
  send(intx_[0]);
}

void Interrupts::clear_pending() {
  for (Interrupt& interrupt : vectors_) interrupt.pending = false;
  intx_[0].pending = false;
  asserted_ = masked_ = false;
}

void Interrupts::clear() {
  clear_pending();
  for (std::vector<Interrupt>* const interrupts : {&vectors_, &intx_, &error_}) {
    for (Interrupt& interrupt : *interrupts) interrupt = {};
  }
}

}  // namespace rssnic::cosim
