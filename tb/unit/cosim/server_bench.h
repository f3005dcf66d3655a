// The whole server in one process with its client: SystemC runs in the test's thread, the client in one of its own.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>

#include "model/steering/steering_engine.h"
#include "tb/cosim/bridge.h"
#include "tb/unit/cosim/client_machine.h"

namespace rssnic::test {

// A path that no other test uses, in the folder for temporary files.
inline std::string socket_path() {
  return (std::filesystem::temp_directory_path() / ("rssnic-test-" + std::to_string(::getpid()) + ".sock")).string();
}

class ServerBench {
 public:
  explicit ServerBench(const NicParameters& parameters = {}, cosim::Sync sync = cosim::Sync::free)
      : nic_("nic", parameters, make_reference_engine(), &wire_, &wire_, nullptr),
        bridge_("bridge", nic_, wire_, listener_, sync, [this](const std::string& line) { log_ += line + "\n"; }),
        stop_(::eventfd(0, EFD_CLOEXEC)) {
    bridge_.watch(stop_.get(), [this] { bridge_.stop(); });
  }

  void hold_replies_at_most(std::chrono::nanoseconds patience) { bridge_.hold_replies_at_most(patience); }

  // Runs the server until the client's work is done.
  void run(const std::function<void()>& client) {
    std::thread thread([&] {
      try {
        client();
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
      const std::uint64_t one = 1;
      EXPECT_EQ(::write(stop_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    });
    try {
      sc_core::sc_start();
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
    thread.join();
  }

  const std::string& path() const { return path_; }
  const Card& card() const { return nic_.card(); }
  const cosim::Bridge& bridge() const { return bridge_; }
  const std::string& log() const { return log_; }  // after run()

 private:
  const std::string path_ = socket_path();
  cosim::Listener listener_{path_};
  LoopbackWire wire_;
  VirtioNic nic_;
  std::string log_;
  cosim::Bridge bridge_;
  FileDescriptor stop_;
};

}  // namespace rssnic::test
