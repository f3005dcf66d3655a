#include "tb/cosim/guest_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rssnic::cosim {
namespace {

constexpr std::size_t kMaxRegions = 65535;  // what the VERSION reply promises
constexpr std::size_t kMaxFiles = 64;

// ---- SIGBUS: a page of a mapped file lies beyond its end now. Everything here is async-signal-safe.

struct Guarded {
  std::atomic<std::uint8_t*> start{nullptr};
  std::atomic<std::size_t> size{0};
};
std::array<Guarded, kMaxFiles> guarded;  // all mapped files of the process

extern "C" void on_bus_error(int signal, siginfo_t* info, void*) {
  const auto* const fault = static_cast<std::uint8_t*>(info->si_addr);
  for (const Guarded& file : guarded) {
    std::uint8_t* const start = file.start;
    if (start == nullptr || fault < start || fault >= start + file.size) continue;
    constexpr int kFlags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    if (::mmap(start, file.size, PROT_READ | PROT_WRITE, kFlags, -1, 0) != MAP_FAILED) return;
  }
  ::signal(signal, SIG_DFL);  // none of ours: the access is made again and ends the program
}

void guard_against_bus_errors() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_sigaction = on_bus_error;
    action.sa_flags = SA_SIGINFO;
    return ::sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  (void)installed;
}

}  // namespace

struct GuestMemory::File {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint8_t* bytes = nullptr;  // null: by messages, since the client has it private
  std::size_t size = 0;
  bool writable = false;
  Guarded* guard = nullptr;

  int map(int fd) {
    const auto slot = std::find_if(guarded.begin(), guarded.end(), [](const Guarded& g) { return g.start == nullptr; });
    if (slot == guarded.end()) return ENOSPC;
    void* const at = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return errno;
    bytes = static_cast<std::uint8_t*>(at);
    guard = &*slot;
    guard->size = size;
    guard->start = bytes;
    return 0;
  }
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (guard != nullptr) guard->start = nullptr;
    if (bytes != nullptr) ::munmap(bytes, size);
  }
};

// A line is "start-end perms offset major:minor inode path".
Sharing sharing_of(const std::string& maps, dev_t device, ino_t inode) {
  Sharing found = Sharing::unknown;
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    char permissions[5] = "";
    unsigned device_major = 0, device_minor = 0;
    std::uint64_t number = 0;
    if (std::sscanf(line.c_str(), "%*x-%*x %4s %*x %x:%x %" SCNu64, permissions, &device_major, &device_minor,
                    &number) != 4) {
      continue;
    }
    if (number != inode || device_major != major(device) || device_minor != minor(device)) continue;
    if (permissions[3] == 's') return Sharing::shared;
    found = Sharing::is_private;
  }
  return found;
}

GuestMemory::GuestMemory(Warn warn) : warn_(std::move(warn)) { guard_against_bus_errors(); }
GuestMemory::~GuestMemory() = default;

bool GuestMemory::is_private(const File& file, pid_t peer) {
  std::ifstream maps(fmt::format("/proc/{}/maps", peer));
  const std::string text((std::istreambuf_iterator<char>(maps)), std::istreambuf_iterator<char>());
  if (text.empty() && !warned_of_unknown_) {
    warned_of_unknown_ = true;
    warn_(
        fmt::format("cannot tell whether the guest's memory is shared, since /proc/{}/maps is not readable; if the "
                    "guest's driver hangs, look for share=on at the memory backend",
                    peer));
  }
  if (sharing_of(text, file.device, file.inode) != Sharing::is_private) return false;
  warn_(
      "the client passes its memory as a file, but has mapped it privately (QEMU: share=off): the guest's writes do "
      "not reach the file. Every access of the card is a message now, which is slow; use "
      "-object memory-backend-memfd,share=on");
  return true;
}

int GuestMemory::open_file(FileDescriptor fd, const Request& request, pid_t peer, std::shared_ptr<File>& file) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return errno;
  const int mode = ::fcntl(fd.get(), F_GETFL) & O_ACCMODE;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || request.offset > size || request.size > size - request.offset) return EINVAL;
  if (mode == O_WRONLY || (request.writable && mode != O_RDWR)) return EACCES;

  for (const auto& known : files_) {
    const bool same = known->device == status.st_dev && known->inode == status.st_ino && known->size >= size;
    if (!same || (request.writable && !known->writable)) continue;
    file = known;
    return 0;
  }
  if (files_.size() == kMaxFiles) release_unused();
  if (files_.size() == kMaxFiles) return ENOSPC;
  auto opened = std::make_shared<File>();
  opened->device = status.st_dev;
  opened->inode = status.st_ino;
  opened->size = size;
  opened->writable = mode == O_RDWR;
  if (!is_private(*opened, peer)) {
    if (const int error = opened->map(fd.get()); error != 0) return error;
  }
  files_.push_back(opened);
  file = std::move(opened);
  return 0;
}

int GuestMemory::map(const Request& request, FileDescriptor fd, pid_t peer) {
  if (request.size == 0 || request.address >= kReservedAddress || request.size > kReservedAddress - request.address ||
      request.size > ~std::uint64_t{0} - request.offset || (!request.readable && !request.writable)) {
    return EINVAL;
  }
  const auto after = regions_.lower_bound(request.address);
  if (after != regions_.end() && after->first - request.address < request.size) return EEXIST;
  if (after != regions_.begin()) {
    const Region& before = std::prev(after)->second;
    if (request.address - before.address < before.size) return EEXIST;
  }
  if (regions_.size() == kMaxRegions) return ENOSPC;

  Region region{request.address, request.size, nullptr, request.readable, request.writable, nullptr};
  if (fd) {
    std::shared_ptr<File> file;
    if (const int error = open_file(std::move(fd), request, peer, file); error != 0) return error;
    if (file->bytes != nullptr) region.bytes = file->bytes + request.offset;
    region.file = file;
  }
  regions_.emplace(request.address, std::move(region));
  return 0;
}

int GuestMemory::unmap(std::uint64_t address, std::uint64_t size) {
  if (size == 0 || size - 1 > ~std::uint64_t{0} - address) return EINVAL;
  const std::uint64_t last = address + (size - 1);
  auto first = regions_.lower_bound(address);
  if (first != regions_.begin()) {
    const Region& before = std::prev(first)->second;
    if (address - before.address < before.size) return EINVAL;
  }
  auto end = first;
  while (end != regions_.end() && end->first <= last) {
    if (last - end->first < end->second.size - 1) return EINVAL;
    ++end;
  }
  if (first == end) return ENOENT;
  last_ = nullptr;
  regions_.erase(first, end);
  return 0;
}

void GuestMemory::clear() {
  last_ = nullptr;
  regions_.clear();
  files_.clear();
  warned_of_unknown_ = false;
}

void GuestMemory::release_unused() {
  const auto unused = [](const std::shared_ptr<File>& file) { return file.use_count() == 1; };
  files_.erase(std::remove_if(files_.begin(), files_.end(), unused), files_.end());
}

const GuestMemory::Region* GuestMemory::find(std::uint64_t address) const {
  if (last_ != nullptr && address - last_->address < last_->size) return last_;
  auto after = regions_.upper_bound(address);
  if (after == regions_.begin()) return nullptr;
  const Region& region = std::prev(after)->second;
  if (address - region.address >= region.size) return nullptr;
  return last_ = &region;
}

}  // namespace rssnic::cosim
