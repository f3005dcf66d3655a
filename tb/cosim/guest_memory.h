// The guest's memory as a vfio-user client describes it: regions of guest addresses, each a part of a file that the
// client passes along, or reached by messages only.
//
// A file is mapped once and as a whole, however many regions lie in it, so that a client which unmaps and maps its
// memory piece by piece (as firmware makes QEMU do) costs next to nothing. Files that no region uses are let go by
// release_unused(). A file that the client shrinks under the server becomes zeros, not a crash (SIGBUS).
//
// A client that has mapped its file privately (QEMU: share=off) passes a descriptor through which its writes are not
// seen. That shows in /proc/PID/maps of the client; such regions are then reached by messages.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tb/cosim/file_descriptor.h"

namespace rssnic::cosim {

// The bridge's own: MSI-X messages of the card are writes to it. No region may reach into it.
constexpr std::uint64_t kReservedAddress = ~std::uint64_t{0} - 4095;

// How the client has mapped a file: read from the kernel's list of its mappings.
enum class Sharing : std::uint8_t { shared, is_private, unknown };
// `maps` is the text of /proc/PID/maps.
Sharing sharing_of(const std::string& maps, dev_t device, ino_t inode);

class GuestMemory {
 public:
  struct Region {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint8_t* bytes = nullptr;  // null: by messages
    bool readable = false, writable = false;
    std::shared_ptr<const void> file;  // keeps `bytes` mapped
  };
  struct Request {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;  // in the file
    bool readable = false, writable = false;
  };
  using Warn = std::function<void(const std::string&)>;

  explicit GuestMemory(Warn warn);
  ~GuestMemory();

  // Adds a region; without a descriptor it is reached by messages. `peer` is the client's process, 0 if not known. 0,
  // or an errno: EINVAL, EEXIST (overlap), ENOSPC, and what mapping the file gave.
  int map(const Request& request, FileDescriptor fd, pid_t peer);
  // Removes every region that lies within the range: 0, ENOENT where there is none, EINVAL where a region would be cut
  // in two or the range makes no sense.
  int unmap(std::uint64_t address, std::uint64_t size);
  void clear();
  void release_unused();

  // The region around an address; null when there is none.
  const Region* find(std::uint64_t address) const;
  std::size_t regions() const { return regions_.size(); }
  std::size_t files() const { return files_.size(); }

 private:
  struct File;

  int open_file(FileDescriptor fd, const Request& request, pid_t peer, std::shared_ptr<File>& file);
  bool is_private(const File& file, pid_t peer);

  const Warn warn_;
  std::map<std::uint64_t, Region> regions_;  // by address
  std::vector<std::shared_ptr<File>> files_;
  bool warned_of_unknown_ = false;
  mutable const Region* last_ = nullptr;  // found last
};

}  // namespace rssnic::cosim
