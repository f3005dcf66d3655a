// Eventfds of the client: what SET_IRQS takes, and when events are sent.
#include "tb/cosim/interrupts.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tb/unit/cosim/client.h"

namespace rssnic::test {
namespace {

using cosim::Interrupts;
using cosim::SetIrqs;

constexpr std::uint32_t kNone = 1, kBool = 2, kEventfd = 4, kMask = 8, kUnmask = 16, kTrigger = 32;

class CosimInterrupts : public testing::Test {
 protected:
  int set(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count, std::vector<int> fds = {},
          const ByteVector& data = {}) {
    std::vector<FileDescriptor> given;
    for (const int fd : fds) given.emplace_back(::dup(fd));
    return interrupts_.set({20, flags, index, start, count}, {data.data(), data.size()}, given);
  }
  static std::uint64_t events(const FileDescriptor& fd) {
    std::uint64_t count = 0;
    return ::read(fd.get(), &count, sizeof count) == sizeof count ? count : 0;
  }
  const FileDescriptor one_{::eventfd(0, EFD_NONBLOCK)}, two_{::eventfd(0, EFD_NONBLOCK)};
  Interrupts interrupts_{9};
};

TEST_F(CosimInterrupts, EachVectorHasItsEventfd) {
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 3, 2, {one_.get(), two_.get()}), 0);
  interrupts_.fire(4);
  EXPECT_EQ(events(one_), 0u);
  EXPECT_EQ(events(two_), 1u);
  interrupts_.fire(3);
  EXPECT_EQ(events(one_), 1u);
  interrupts_.fire(9);
  interrupts_.fire(0xffffffff);
  EXPECT_EQ(interrupts_.events(), 2u);
}

TEST_F(CosimInterrupts, AVectorWithoutAnEventfdStaysPending) {
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1), 0) << "as QEMU begins: none";
  interrupts_.fire(0);
  interrupts_.fire(0);
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {one_.get()}), 0);
  EXPECT_EQ(events(one_), 1u);
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {two_.get()}), 0);
  EXPECT_EQ(events(two_), 0u) << "once";
}

TEST_F(CosimInterrupts, DisablingAndResetForgetWhatIsPending) {
  interrupts_.fire(1);
  ASSERT_EQ(set(kNone | kTrigger, 2, 0, 0), 0);
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 1, 1, {one_.get()}), 0);
  EXPECT_EQ(events(one_), 0u);
  interrupts_.fire(2);
  interrupts_.clear_pending();
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 2, 1, {two_.get()}), 0);
  EXPECT_EQ(events(two_), 0u);
}

TEST_F(CosimInterrupts, TheClientCanFireThemItself) {
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 2, {one_.get(), two_.get()}), 0);
  ASSERT_EQ(set(kBool | kTrigger, 2, 0, 2, {}, {0, 1}), 0);
  EXPECT_EQ(events(one_), 0u);
  EXPECT_EQ(events(two_), 1u);
  ASSERT_EQ(set(kNone | kTrigger, 2, 0, 2), 0);
  EXPECT_EQ(events(one_), 1u);
}

TEST_F(CosimInterrupts, TheLineIsAnEventUntilUnmasked) {
  ASSERT_EQ(set(kEventfd | kTrigger, 0, 0, 1, {one_.get()}), 0);
  interrupts_.line(true);
  interrupts_.line(true);
  EXPECT_EQ(events(one_), 1u);
  interrupts_.line(false);
  interrupts_.line(true);
  EXPECT_EQ(events(one_), 0u) << "masked by itself";
  ASSERT_EQ(set(kNone | kUnmask, 0, 0, 1), 0);
  EXPECT_EQ(events(one_), 1u) << "asserted still";
  interrupts_.line(false);
  ASSERT_EQ(set(kNone | kUnmask, 0, 0, 1), 0);
  ASSERT_EQ(set(kBool | kMask, 0, 0, 1, {}, {1}), 0);
  interrupts_.line(true);
  EXPECT_EQ(events(one_), 0u);
}

TEST_F(CosimInterrupts, SenselessRequestsChangeNothing) {
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {one_.get()}), 0);
  EXPECT_EQ(set(0, 2, 0, 1), EINVAL);
  EXPECT_EQ(set(kNone | kBool | kTrigger, 2, 0, 1), EINVAL);
  EXPECT_EQ(set(kNone | kMask | kTrigger, 2, 0, 1), EINVAL);
  EXPECT_EQ(set(kNone | kTrigger | 64, 2, 0, 1), EINVAL);
  EXPECT_EQ(set(kNone | kTrigger, 5, 0, 0), EINVAL);
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 9, 1, {two_.get()}), EINVAL);
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 1, 0xffffffff), EINVAL) << "overflow";
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 0xffffffff, 2), EINVAL);
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 0, 2, {two_.get()}), EINVAL) << "too few descriptors";
  EXPECT_EQ(set(kNone | kTrigger, 2, 0, 1, {two_.get()}), EINVAL);
  EXPECT_EQ(set(kBool | kTrigger, 2, 0, 2, {}, {1}), EINVAL);
  EXPECT_EQ(set(kNone | kMask, 2, 0, 1), ENOTSUP) << "vectors are masked by the client";
  EXPECT_EQ(set(kEventfd | kTrigger, 1, 0, 1, {two_.get()}), EINVAL) << "no MSI";
  interrupts_.fire(0);
  EXPECT_EQ(events(one_), 1u);
}

TEST_F(CosimInterrupts, OnlyAnEventfdIsTaken) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {ends[1]}), EINVAL);
  EXPECT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {STDERR_FILENO}), EINVAL);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(CosimInterrupts, AnEventfdThatIsFullDoesNotBlock) {
  const FileDescriptor full(::eventfd(0, 0));  // blocking
  const std::uint64_t most = ~std::uint64_t{0} - 1;
  ASSERT_EQ(::write(full.get(), &most, sizeof most), static_cast<ssize_t>(sizeof most));
  ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {full.get()}), 0);
  interrupts_.fire(0);
  EXPECT_EQ(interrupts_.events(), 0u);
}

TEST_F(CosimInterrupts, AnEventfdThatTheClientClosesDoesNoHarm) {
  {
    const FileDescriptor gone(::eventfd(0, EFD_NONBLOCK));
    ASSERT_EQ(set(kEventfd | kTrigger, 2, 0, 1, {gone.get()}), 0);
  }
  interrupts_.fire(0);
  EXPECT_EQ(interrupts_.events(), 1u);
}

}  // namespace
}  // namespace rssnic::test
