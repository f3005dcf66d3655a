// Clocks the register block by itself: registers over AXI4-Lite on one side; on the other a configuration bus that is
// ready at random and takes down what comes, and the two handshakes that the block watches.
#pragma once
#include <array>
#include <vector>

#include "Vrss_registers.h"
#include "model/steering/config_words.h"
#include "tb/unit/rtl/axil_master.h"
#include "tb/unit/rtl/register_map.h"
#include "tb/unit/rtl/rtl_context.h"

namespace rssnic::test {

constexpr std::uint32_t kBlockEntries = 128;
const std::map<std::string, std::uint32_t> kBlockParameters = {{"Lanes", 1},         {"DataBits", 512},
                                                               {"HeaderBytes", 256}, {"MaxExtensions", 4},
                                                               {"StartOffset", 1},   {"Entries", kBlockEntries},
                                                               {"HashTables", 0}};

class RegisterBench {
 public:
  // Clocks from an access being offered to its answer, when the bus makes nobody wait.
  static constexpr unsigned kLongestAccess = 10;

  explicit RegisterBench(std::uint32_t seed = 1) : random_(seed), model_(&context_), bus_(model_, seed + 1) {
    model_.frame_valid_i = model_.result_valid_i = 0;
    reset();
  }
  ~RegisterBench() { context_.finish(model_); }
  RegisterBench(const RegisterBench&) = delete;
  RegisterBench& operator=(const RegisterBench&) = delete;

  Vrss_registers& model() { return model_; }
  AxilMaster<Vrss_registers>& bus() { return bus_; }
  std::uint32_t random() { return static_cast<std::uint32_t>(random_()); }
  std::uint64_t clocks() const { return clocks_; }

  // The configuration bus: what came over it, and how often it is ready.
  const std::vector<ConfigWord>& config_bus() const { return config_bus_; }
  void set_config_ready_percent(unsigned percent) { config_ready_percent_ = percent; }

  void reset() {
    model_.rst_ni = 0;
    model_.clk_i = 0;
    model_.eval();
    rise();
    model_.rst_ni = 1;
    bus_.forget();
    config_waits_ = false;
    model_.active_bank_i = 0;
  }

  void clock() {
    bus_.drive();
    model_.cfg_ready_i = random_() % 100 < config_ready_percent_;
    model_.clk_i = 0;
    model_.eval();
    bus_.observe();
    const ConfigWord word{static_cast<std::uint16_t>(model_.cfg_addr_o), model_.cfg_data_o};
    if (config_waits_) {
      EXPECT_TRUE(model_.cfg_valid_o);
      EXPECT_EQ(word.address, config_waiting_.address);
      EXPECT_EQ(word.data, config_waiting_.data);
    }
    config_waiting_ = word;
    config_waits_ = model_.cfg_valid_o && !model_.cfg_ready_i;
    const bool committed = model_.cfg_valid_o && model_.cfg_ready_i && word.address == kCfgCommit;
    if (model_.cfg_valid_o && model_.cfg_ready_i) config_bus_.push_back(word);
    rise();
    if (committed) model_.active_bank_i ^= 1;
  }

  // One access by itself.
  AxilAnswer write(std::uint32_t address, std::uint32_t data, unsigned strobes = 0xf) {
    bus_.queue_write(address, data, strobes);
    finish(kLongestAccess);
    return bus_.write_answers().empty() ? AxilAnswer{true, 0} : bus_.write_answers().back();
  }
  AxilAnswer read(std::uint32_t address) {
    bus_.queue_read(address);
    finish(kLongestAccess);
    return bus_.read_answers().empty() ? AxilAnswer{true, 0} : bus_.read_answers().back();
  }
  // One access that has to be accepted.
  void set(std::uint32_t address, std::uint32_t data) {
    EXPECT_FALSE(write(address, data).refused) << "write to 0x" << std::hex << address;
  }
  std::uint32_t get(std::uint32_t address) {
    const AxilAnswer answer = read(address);
    EXPECT_FALSE(answer.refused) << "read of 0x" << std::hex << address;
    return answer.data;
  }
  std::uint64_t get64(std::uint32_t address) { return get(address) | std::uint64_t{get(address + 4)} << 32; }

  // Until everything queued is answered.
  void finish(unsigned longest = 100000) {
    unsigned clocks = 0;
    for (; !bus_.idle() && clocks <= longest; ++clocks) clock();
    EXPECT_LE(clocks, longest) << "an access without an answer";
  }

  void commit() {
    set(RSS_COMMIT, RSS_COMMIT_START);
    for (unsigned n = 0; n < 10000 && get(RSS_STATUS) & RSS_STATUS_BUSY; ++n) clock();
    EXPECT_EQ(get(RSS_STATUS) & RSS_STATUS_BUSY, 0u);
  }

 private:
  void rise() {
    model_.clk_i = 1;
    model_.eval();
    ++clocks_;
  }
  std::mt19937 random_;
  RtlContext context_;
  Vrss_registers model_;
  AxilMaster<Vrss_registers> bus_;
  std::uint64_t clocks_ = 0;
  unsigned config_ready_percent_ = 100;
  bool config_waits_ = false;
  ConfigWord config_waiting_{};
  std::vector<ConfigWord> config_bus_;
};

}  // namespace rssnic::test
