// The context of a Verilated model under test. Registers, memories and inputs hold random values until something gives
// them one, by a seed: 1, or RSSNIC_RTL_SEED, or what the constructor is told; with seed 0 they hold zeros. In a build
// with RSSNIC_COVERAGE, finish() also writes what was covered into the folder that RSSNIC_COVERAGE_DIR names
// (scripts/coverage); the model must be alive then.
#pragma once
#include <cstdlib>
#include <string>

#include "verilated.h"
#ifdef RSSNIC_COVERAGE
#include <unistd.h>

#include "verilated_cov.h"
#endif

namespace rssnic::test {

class RtlContext : public VerilatedContext {
 public:
  static int default_seed() {
    const char* seed = std::getenv("RSSNIC_RTL_SEED");
    return seed ? std::atoi(seed) : 1;
  }

  explicit RtlContext(int seed = default_seed()) {
    randReset(seed == 0 ? 0 : 2);
    if (seed != 0) randSeed(seed);
  }

  template <typename Model>
  void finish(Model& model) {
    model.final();
#ifdef RSSNIC_COVERAGE
    write_coverage();
#endif
  }

#ifdef RSSNIC_COVERAGE
 private:
  // A file of its own for each model that there was in this process, whatever its class.
  void write_coverage() {
    static unsigned written = 0;
    const char* folder = std::getenv("RSSNIC_COVERAGE_DIR");
    if (folder == nullptr) return;
    const std::string file = std::to_string(getpid()) + "-" + std::to_string(written++) + ".dat";
    coveragep()->write((std::string(folder) + "/" + file).c_str());
  }
#endif
};

}  // namespace rssnic::test
