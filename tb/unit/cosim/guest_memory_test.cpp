// Guest memory: which mappings are taken, what remapping costs, private and truncated files.
#include "tb/cosim/guest_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <random>

#include "tb/unit/cosim/client_machine.h"

namespace rssnic::test {
namespace {

using cosim::GuestMemory;
using cosim::kReservedAddress;
using cosim::Sharing;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kTop = ~std::uint64_t{0};

class CosimMemory : public testing::Test {
 protected:
  static FileDescriptor duplicate(const FileDescriptor& fd) { return FileDescriptor(::dup(fd.get())); }
  int map(std::uint64_t address, std::uint64_t size, FileDescriptor fd = {}, std::uint64_t offset = 0) {
    return memory_.map({address, size, offset, true, true}, std::move(fd), ::getpid());
  }

  std::string warnings_;
  GuestMemory memory_{[this](const std::string& text) { warnings_ += text + "\n"; }};
};

TEST_F(CosimMemory, OverlappingRegionsAreRefused) {
  ASSERT_EQ(map(kMiB, kMiB), 0);
  for (const auto& [address, size] : {std::pair{kMiB, kMiB},
                                      {kMiB - 1, std::uint64_t{2}},
                                      {kMiB + 1, std::uint64_t{1}},
                                      {2 * kMiB - 1, kMiB},
                                      {std::uint64_t{0}, 4 * kMiB}}) {
    EXPECT_EQ(map(address, size), EEXIST) << address;
  }
  EXPECT_EQ(map(0, kMiB), 0);
  EXPECT_EQ(map(2 * kMiB, kMiB), 0);
  EXPECT_EQ(memory_.regions(), 3u);
}

TEST_F(CosimMemory, SizesThatOverflowAreRefused) {
  EXPECT_EQ(map(0, 0), EINVAL);
  EXPECT_EQ(map(0, kTop), EINVAL);
  EXPECT_EQ(map(kTop, 1), EINVAL);
  EXPECT_EQ(map(kReservedAddress, 4096), EINVAL) << "the bridge's own";
  EXPECT_EQ(map(kReservedAddress - 4096, 4097), EINVAL);
  EXPECT_EQ(map(kReservedAddress - 4096, 4096), 0);
  EXPECT_EQ(map(0, 4096, make_memfd(4096), kTop), EINVAL);
  EXPECT_EQ(memory_.map({0, 4096, 0, false, false}, {}, 0), EINVAL) << "neither read nor written";
}

TEST_F(CosimMemory, ARegionMustLieWithinItsFile) {
  const FileDescriptor fd = make_memfd(kMiB);
  EXPECT_EQ(map(0, kMiB + 1, duplicate(fd)), EINVAL);
  EXPECT_EQ(map(0, kMiB, duplicate(fd), 1), EINVAL);
  EXPECT_EQ(map(0, 4096, duplicate(fd), kMiB - 4096), 0);
  EXPECT_EQ(map(kMiB, 4096, FileDescriptor(::open("/dev/zero", O_RDWR))), EINVAL) << "no file of a size";
  EXPECT_EQ(map(kMiB, 4096, FileDescriptor(::eventfd(0, 0))), EINVAL);
}

TEST_F(CosimMemory, AFileThatCannotBeWrittenIsNoWritableMemory) {
  const FileDescriptor fd = make_memfd(kMiB);
  const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
  EXPECT_EQ(map(0, kMiB, FileDescriptor(::open(path.c_str(), O_RDONLY))), EACCES);
  EXPECT_EQ(memory_.map({0, kMiB, 0, true, false}, FileDescriptor(::open(path.c_str(), O_RDONLY)), ::getpid()), 0);
  EXPECT_EQ(map(kMiB, kMiB, duplicate(fd)), 0) << "the same file, opened for writing";
  memory_.find(kMiB)->bytes[0] = 1;
}

TEST_F(CosimMemory, RemappingInPiecesMapsTheFileOnce) {
  const FileDescriptor fd = make_memfd(16 * kMiB);
  ASSERT_EQ(map(0, 16 * kMiB, duplicate(fd)), 0);
  std::uint8_t* const bytes = memory_.find(0)->bytes;
  bytes[3 * kMiB] = 7;
  for (unsigned round = 0; round < 1000; ++round) {
    ASSERT_EQ(memory_.unmap(0, 16 * kMiB), 0);
    for (std::uint64_t piece = 0; piece < 16; ++piece) {
      ASSERT_EQ(map(piece * kMiB, kMiB, duplicate(fd), piece * kMiB), 0);
    }
    EXPECT_EQ(memory_.files(), 1u);
    EXPECT_EQ(memory_.find(3 * kMiB)->bytes, bytes + 3 * kMiB);
    ASSERT_EQ(memory_.unmap(0, 16 * kMiB), 0) << "a range that holds them all";
    ASSERT_EQ(map(0, 16 * kMiB, duplicate(fd)), 0);
  }
  EXPECT_EQ(memory_.find(3 * kMiB)->bytes[3 * kMiB], 7);
  memory_.unmap(0, 16 * kMiB);
  memory_.release_unused();
  EXPECT_EQ(memory_.files(), 0u);
}

TEST_F(CosimMemory, UnmappingNeverCutsARegion) {
  ASSERT_EQ(map(kMiB, kMiB), 0);
  ASSERT_EQ(map(2 * kMiB, kMiB), 0);
  EXPECT_EQ(memory_.unmap(kMiB, kMiB - 1), EINVAL);
  EXPECT_EQ(memory_.unmap(kMiB + 1, kMiB), EINVAL);
  EXPECT_EQ(memory_.unmap(0, 2 * kMiB + 1), EINVAL);
  EXPECT_EQ(memory_.unmap(4 * kMiB, kMiB), ENOENT);
  EXPECT_EQ(memory_.unmap(0, 0), EINVAL);
  EXPECT_EQ(memory_.unmap(kMiB, kTop), EINVAL);
  EXPECT_EQ(memory_.regions(), 2u);
  EXPECT_EQ(memory_.unmap(0, kTop), 0);
  EXPECT_EQ(memory_.regions(), 0u);
}

TEST_F(CosimMemory, AgreesWithAListOfRegionsOnRandomMappings) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  std::map<std::uint64_t, std::uint64_t> model;
  const auto owner = [&](std::uint64_t address) {
    for (const auto& [start, size] : model) {
      if (address >= start && address - start < size) return start + 1;
    }
    return std::uint64_t{0};
  };
  for (unsigned step = 0; step < 20000; ++step) {
    const std::uint64_t address = random() % 64, size = 1 + random() % 16;
    if (random() % 2) {
      bool free = true;
      for (std::uint64_t i = 0; i < size; ++i) free &= owner(address + i) == 0;
      ASSERT_EQ(map(address, size), free ? 0 : EEXIST);
      if (free) model[address] = size;
    } else {
      bool cut = false, any = false;
      for (const auto& [start, length] : model) {
        const bool inside = start >= address && start + length <= address + size;
        cut |= !inside && start < address + size && address < start + length;
        any |= inside;
      }
      ASSERT_EQ(memory_.unmap(address, size), cut ? EINVAL : any ? 0 : ENOENT);
      for (auto it = model.begin(); !cut && it != model.end();) {
        const bool inside = it->first >= address && it->first + it->second <= address + size;
        it = inside ? model.erase(it) : std::next(it);
      }
    }
    const std::uint64_t probe = random() % 96;
    const auto* const found = memory_.find(probe);
    ASSERT_EQ(found != nullptr ? found->address + 1 : 0, owner(probe));
  }
}

TEST_F(CosimMemory, MemoryThatTheClientHasMappedPrivatelyIsReachedByMessages) {
  const FileDescriptor fd = make_memfd(kMiB);
  void* const own = ::mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd.get(), 0);
  ASSERT_NE(own, MAP_FAILED);
  ASSERT_EQ(map(0, kMiB, duplicate(fd)), 0);
  EXPECT_EQ(memory_.find(0)->bytes, nullptr);
  EXPECT_NE(warnings_.find("share=off"), std::string::npos);
  ::munmap(own, kMiB);
}

TEST_F(CosimMemory, SharedMemoryIsUsedWithoutAWord) {
  const FileDescriptor fd = make_memfd(kMiB);
  void* const own = ::mmap(nullptr, kMiB, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(own, MAP_FAILED);
  ASSERT_EQ(map(0, kMiB, duplicate(fd)), 0);
  memory_.find(0)->bytes[5] = 42;
  EXPECT_EQ(static_cast<std::uint8_t*>(own)[5], 42);
  EXPECT_EQ(warnings_, "");
  ::munmap(own, kMiB);
}

TEST_F(CosimMemory, AClientThatCannotBeLookedIntoIsMentionedOnce) {
  const FileDescriptor fd = make_memfd(kMiB);
  EXPECT_EQ(memory_.map({0, 4096, 0, true, true}, duplicate(fd), 0), 0);
  EXPECT_EQ(memory_.map({kMiB, 4096, 0, true, true}, make_memfd(4096), 0), 0);
  const std::size_t first = warnings_.find("cannot tell");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(warnings_.find("cannot tell", first + 1), std::string::npos);
}

TEST(CosimSharing, IsReadFromTheListOfMappings) {
  const std::string maps =
      "7f0000000000-7f0020000000 rw-p 00000000 00:01 77                         /memfd:memory-backend-memfd (deleted)\n"
      "7f0030000000-7f0040000000 rw-s 00000000 00:01 78                         /memfd:other (deleted)\n"
      "7f0050000000-7f0060000000 r--p 00000000 08:01 78                         /usr/lib/x\n"
      "nonsense\n";
  EXPECT_EQ(cosim::sharing_of(maps, 1, 77), Sharing::is_private);
  EXPECT_EQ(cosim::sharing_of(maps, 1, 78), Sharing::shared);
  EXPECT_EQ(cosim::sharing_of(maps, 1, 79), Sharing::unknown);
  EXPECT_EQ(cosim::sharing_of("", 1, 77), Sharing::unknown);
}

TEST_F(CosimMemory, AFileThatShrinksReadsAsZeros) {
  const FileDescriptor fd = make_memfd(kMiB);
  ASSERT_EQ(map(0, kMiB, duplicate(fd)), 0);
  volatile std::uint8_t* const bytes = memory_.find(0)->bytes;
  bytes[kMiB - 1] = 1;
  ASSERT_EQ(::ftruncate(fd.get(), 0), 0);
  EXPECT_EQ(bytes[kMiB - 1], 0) << "and the server lives";
  bytes[0] = 1;
}

TEST_F(CosimMemory, RegionsAndFilesAreLimited) {
  for (unsigned i = 0; i < 64; ++i) ASSERT_EQ(map(i * kMiB, 4096, make_memfd(4096)), 0);
  EXPECT_EQ(map(100 * kMiB, 4096, make_memfd(4096)), ENOSPC);
  ASSERT_EQ(memory_.unmap(0, 4096), 0);
  EXPECT_EQ(map(100 * kMiB, 4096, make_memfd(4096)), 0) << "files that nobody uses make room";
  for (std::uint64_t i = memory_.regions(); i < 65535; ++i) ASSERT_EQ(map(200 * kMiB + i, 1), 0);
  EXPECT_EQ(map(400 * kMiB, 1), ENOSPC);
}

}  // namespace
}  // namespace rssnic::test
