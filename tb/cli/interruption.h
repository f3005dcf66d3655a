// Ctrl-C and SIGTERM: the first asks for an early end, with a report of what was done; a second one ends at once. A
// process has one.
#pragma once
#include <atomic>

namespace rssnic::cli {

extern const std::atomic<bool>& interrupted;

// From now on the signals set `interrupted`, and system calls that block, such as the opening of a FIFO, return with
// EINTR, now and again until expect_no_blocking().
void catch_interruption();
// What blocks from now on is output, which is to be completed.
void expect_no_blocking();

}  // namespace rssnic::cli
