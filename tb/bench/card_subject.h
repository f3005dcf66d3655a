// The whole card on SystemC, with the parameters that `rssnic run` has by default: unchecked (a driver takes packets
// and posts the buffers again) or checked (scoreboard and timing checker, as `rssnic run` does it). The card is brought
// up once and then handed load after load; a measurement ends when the driver has taken the last packet. begin(), run()
// and end() are called from an SC_THREAD, the constructors before the simulation starts.
#pragma once
#include <optional>

#include "tb/bench/subject.h"
#include "tb/check/timing_checker.h"
#include "tb/cli/run_options.h"
#include "tb/host/root_complex.h"

namespace rssnic::bench {

class UncheckedCard final : public Subject {
 public:
  UncheckedCard(const char* name, const cli::RunOptions& options);
  void begin(const Load& load, std::uint64_t packets) override;
  void run() override;
  void end() override;

 private:
  const cli::RunOptions options_;
  Line line_;
  VirtioNic nic_;
  RootComplex root_complex_;
  VirtioNetDriver driver_;
  bool running_ = false;
  std::uint64_t packets_ = 0, taken_ = 0;
};

class CheckedCard final : public Subject {
 public:
  CheckedCard(const char* name, const cli::RunOptions& options);
  void begin(const Load& load, std::uint64_t packets) override;
  void run() override;
  void end() override;

 private:
  void on_row(const check::PacketRow& row);

  const cli::RunOptions options_;
  Line line_;
  check::Scoreboard scoreboard_;
  std::optional<check::TimingChecker> timing_;
  VirtioNic nic_;
  RootComplex root_complex_;
  check::Session session_;
  bool running_ = false;
  std::uint64_t packets_ = 0, delivered_ = 0;
  std::string complaint_;  // the first one
};

}  // namespace rssnic::bench
