// The register block by itself: what holds for every register, as its description says; the commit of a staged
// configuration over the configuration bus; the AXI4-Lite protocol; the counters, against events at its pins.
#include <gtest/gtest.h>

#include "Vevent_counter.h"
#include "tb/unit/rtl/register_bench.h"
#include "tb/unit/rtl/rtl_context.h"

namespace rssnic::test {
namespace {

const std::vector<Register>& all_registers() {
  static const std::vector<Register> registers = register_map(kBlockParameters);
  return registers;
}

std::uint32_t reset_value(const Register& r) {
  std::uint32_t value = 0;
  for (const Field& field : r.fields) value |= field.bits_at_reset();
  return value;
}

// use(register, address) for every word of every register.
template <typename Use>
void for_each_word(const Use& use) {
  for (const Register& r : all_registers()) {
    for (std::uint32_t word = 0; word < r.words(); ++word) {
      SCOPED_TRACE(::testing::Message() << r << " word " << word);
      use(r, r.address + 4 * word);
    }
  }
}

const Register* register_at(std::uint32_t address) {
  for (const Register& r : all_registers()) {
    if (address >= r.address && address < r.address + 4 * r.words()) return &r;
  }
  return nullptr;
}

// Every word of memory written, so that reads of it mean something.
void fill_memory(RegisterBench& bench) {
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    if (r.kept) bench.set(address, bench.random());
  });
}

std::vector<std::uint32_t> dump(RegisterBench& bench) {
  std::vector<std::uint32_t> values;
  for_each_word([&](const Register&, std::uint32_t address) { values.push_back(bench.get(address)); });
  return values;
}

// --- access, for every register ---

TEST(Registers, ReadTheirResetValues) {
  RegisterBench bench;
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    if (!r.kept) {
      EXPECT_EQ(bench.get(address), reset_value(r));
    }
  });
}

TEST(Registers, ResetBringsBackTheResetValuesAndKeepsTheMemory) {
  RegisterBench bench(2);
  std::map<std::uint32_t, std::uint32_t> kept;
  for_each_word([&](const Register& r, std::uint32_t address) {
    const auto value = bench.random();
    if (r.mask_of(Access::rw) != 0) bench.set(address, value);
    if (r.kept) kept[address] = value & r.mask_of(Access::rw);
  });
  bench.commit();
  bench.read(0x1fffc);  // refused
  bench.reset();
  for_each_word([&](const Register& r, std::uint32_t address) {
    EXPECT_EQ(bench.get(address), r.kept ? kept.at(address) : reset_value(r));
  });
}

TEST(Registers, ReadWriteFieldsReadAsLastWrittenAndWritesChangeNothingElse) {
  RegisterBench bench(3);
  fill_memory(bench);
  std::vector<std::uint32_t> due = dump(bench);
  for (unsigned round = 0; round < 3; ++round) {
    std::size_t n = 0;
    for_each_word([&](const Register& r, std::uint32_t address) {
      const std::uint32_t mask = r.mask_of(Access::rw);
      std::uint32_t& value = due[n++];
      if (mask == 0) return;
      const auto data = bench.random();
      bench.set(address, data & ~(r.mask_of(Access::w1) | r.mask_of(Access::w1c)));
      value = (value & ~mask) | (data & mask);
      EXPECT_EQ(bench.get(address), value);
    });
    EXPECT_EQ(dump(bench), due);
  }
}

TEST(Registers, WithOnlyReadOnlyFieldsRefuseWrites) {
  RegisterBench bench(4);
  fill_memory(bench);
  bench.set(RSS_STATUS, RSS_STATUS_REFUSED);
  std::vector<std::uint32_t> due = dump(bench);
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    if (r.writable()) return;
    for (const std::uint32_t data : {0u, ~0u, bench.random()}) {
      EXPECT_TRUE(bench.write(address, data).refused);
    }
  });
  EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_REFUSED);
  bench.set(RSS_STATUS, RSS_STATUS_REFUSED);
  EXPECT_EQ(dump(bench), due);
}

TEST(Registers, Write1FieldsRead0AndWriting0ToThemDoesNothing) {
  RegisterBench bench(5);
  fill_memory(bench);
  const std::vector<std::uint32_t> due = dump(bench);
  for_each_word([&](const Register& r, std::uint32_t address) {
    const std::uint32_t acts = r.mask_of(Access::w1);
    if (acts == 0) return;
    EXPECT_EQ(bench.get(address) & acts, 0u);
    bench.set(address, ~acts);
    EXPECT_EQ(bench.get(address) & acts, 0u);
  });
  EXPECT_EQ(dump(bench), due);
  EXPECT_TRUE(bench.config_bus().empty());
}

TEST(Registers, Write1ToClearFieldsAreClearedBy1Alone) {
  RegisterBench bench;
  EXPECT_TRUE(bench.read(0x14).refused);
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    const std::uint32_t clears = r.mask_of(Access::w1c);
    if (clears == 0) return;
    ASSERT_EQ(bench.get(address) & clears, clears) << "the test has to set each such field";
    bench.set(address, ~clears);
    EXPECT_EQ(bench.get(address) & clears, clears);
    bench.set(address, clears);
    EXPECT_EQ(bench.get(address) & clears, 0u);
  });
}

TEST(Registers, AddressesWithoutOneAreRefusedWithData0) {
  RegisterBench bench;
  fill_memory(bench);
  const std::vector<std::uint32_t> due = dump(bench);
  unsigned there = 0;
  for (std::uint32_t address = 0; address < RSS_BYTES; address += 4) {
    if (register_at(address) != nullptr) {
      ++there;
      EXPECT_FALSE(bench.read(address).refused) << std::hex << address;
      continue;
    }
    ASSERT_EQ(bench.read(address), (AxilAnswer{true, 0})) << std::hex << address;
    ASSERT_TRUE(bench.write(address, ~0u).refused) << std::hex << address;
  }
  EXPECT_EQ(there, due.size());
  bench.set(RSS_STATUS, RSS_STATUS_REFUSED);
  EXPECT_EQ(dump(bench), due);
}

TEST(Registers, AddressBits1And0AreIgnored) {
  RegisterBench bench;
  for (std::uint32_t byte = 0; byte < 4; ++byte) {
    bench.set(RSS_UNCLASSIFIED_QUEUE + byte, 100 + byte);
    EXPECT_EQ(bench.get(RSS_UNCLASSIFIED_QUEUE + 3 - byte), 100 + byte);
  }
}

TEST(Registers, WritesWithoutAllStrobesAreRefused) {
  RegisterBench bench(6);
  fill_memory(bench);
  const std::vector<std::uint32_t> due = dump(bench);
  for (unsigned strobes = 0; strobes < 0xf; ++strobes) {
    for_each_word([&](const Register& r, std::uint32_t address) {
      if (r.writable()) {
        EXPECT_TRUE(bench.write(address, ~0u, strobes).refused) << "strobes " << strobes;
      }
    });
    EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_REFUSED);
    bench.set(RSS_STATUS, RSS_STATUS_REFUSED);
    EXPECT_EQ(dump(bench), due);
  }
  EXPECT_TRUE(bench.config_bus().empty());
}

TEST(Registers, LockedOnesRefuseWritesWhileACommitIsUnderWayAndAllCanBeRead) {
  RegisterBench bench(7);
  fill_memory(bench);
  const std::vector<std::uint32_t> before = dump(bench);
  bench.set_config_ready_percent(0);
  bench.set(RSS_COMMIT, RSS_COMMIT_START);
  for (unsigned clocks = 0; clocks < 20; ++clocks) bench.clock();
  EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_BUSY | RSS_STATUS_WAITING);
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    if (r.writable()) {
      EXPECT_EQ(bench.write(address, ~0u).refused, r.locked);
    }
  });
  EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_BUSY | RSS_STATUS_WAITING | RSS_STATUS_REFUSED);
  std::size_t n = 0;
  for_each_word([&](const Register& r, std::uint32_t address) {
    if (r.name != "STATUS") {
      EXPECT_EQ(bench.get(address), before[n]);
    }
    ++n;
  });
  EXPECT_TRUE(bench.config_bus().empty());
  bench.set_config_ready_percent(100);
  for (unsigned clocks = 0; clocks < 1000; ++clocks) bench.clock();
  EXPECT_EQ(bench.get(RSS_COMMITS), 1u);
  for_each_word([&bench](const Register& r, std::uint32_t address) {
    if (r.locked) {
      EXPECT_FALSE(bench.write(address, 0).refused);
    }
  });
}

// --- commit ---

RssConfig random_config(RegisterBench& bench) {
  RssConfig config;
  config.hash_types = bench.random() & kAllHashTypes;
  for (std::uint8_t& byte : config.key) byte = static_cast<std::uint8_t>(bench.random());
  config.table.resize(kBlockEntries);
  for (std::uint16_t& queue : config.table) queue = static_cast<std::uint16_t>(bench.random());
  config.unclassified_queue = static_cast<std::uint16_t>(bench.random());
  config.ex_report_always = bench.random() % 2 != 0;
  return config;
}

// Stages what the configuration bus is to bring, through the registers of the same meaning.
void stage(RegisterBench& bench, const std::vector<ConfigWord>& words) {
  for (const ConfigWord& word : words) {
    if (word.address < kCfgKey) bench.set(RSS_TABLE(word.address - kCfgTable), word.data);
    if (word.address >= kCfgKey && word.address < kCfgTypes) bench.set(RSS_KEY(word.address - kCfgKey), word.data);
    if (word.address == kCfgTypes) bench.set(RSS_HASH_TYPES, word.data);
    if (word.address == kCfgMask) bench.set(RSS_MASK, word.data);
    if (word.address == kCfgUnclassified) bench.set(RSS_UNCLASSIFIED_QUEUE, word.data);
  }
}

void expect_words(const std::vector<ConfigWord>& words, std::size_t from, const std::vector<ConfigWord>& due) {
  ASSERT_EQ(words.size(), from + due.size());
  for (std::size_t n = 0; n < due.size(); ++n) {
    EXPECT_EQ(words[from + n].address, due[n].address) << "word " << n;
    EXPECT_EQ(words[from + n].data, due[n].data) << "word " << n;
  }
}

TEST(RegisterCommit, BringsAllThatIsStagedOverTheConfigurationBusOnceAndTheCommitLast) {
  RegisterBench bench(8);
  for (const unsigned ready_percent : {100u, 50u, 5u}) {
    SCOPED_TRACE(ready_percent);
    bench.set_config_ready_percent(ready_percent);
    const std::vector<ConfigWord> due = config_words(random_config(bench));
    const std::size_t from = bench.config_bus().size();
    const std::uint32_t commits = bench.get(RSS_COMMITS);
    stage(bench, due);
    EXPECT_EQ(bench.config_bus().size(), from) << "before the commit";
    bench.commit();
    expect_words(bench.config_bus(), from, due);
    EXPECT_EQ(bench.get(RSS_COMMITS), commits + 1);
    for (unsigned clocks = 0; clocks < 100; ++clocks) bench.clock();
    EXPECT_EQ(bench.config_bus().size(), from + due.size());
  }
}

TEST(RegisterCommit, NeedsNoMoreThanWhatChanges) {
  RegisterBench bench(9);
  RssConfig config = random_config(bench);
  stage(bench, config_words(config));
  bench.commit();
  config.table[5] = 77;
  bench.set(RSS_TABLE(2), 77u << 16 | config.table[4]);
  const std::size_t from = bench.config_bus().size();
  bench.commit();
  expect_words(bench.config_bus(), from, config_words(config));
}

TEST(RegisterCommit, ReadsDuringItSeeWhatIsStagedAndDoNotDisturbIt) {
  RegisterBench bench(10);
  for (const unsigned ready_percent : {100u, 60u, 20u}) {
    SCOPED_TRACE(ready_percent);
    const std::vector<ConfigWord> due = config_words(random_config(bench));
    stage(bench, due);
    const std::vector<std::uint32_t> staged = dump(bench);
    bench.set_config_ready_percent(ready_percent);
    bench.bus().set_pace({30, 30});
    const std::size_t from = bench.config_bus().size();
    bench.bus().queue_write(RSS_COMMIT, RSS_COMMIT_START);
    bench.finish();
    const std::size_t answers = bench.bus().read_answers().size();
    for_each_word([&bench](const Register&, std::uint32_t address) { bench.bus().queue_read(address); });
    bench.finish();
    std::size_t n = 0;
    for_each_word([&](const Register& r, std::uint32_t) {
      const AxilAnswer& answer = bench.bus().read_answers()[answers + n];
      if (r.name != "STATUS" && r.name != "COMMITS") {
        EXPECT_EQ(answer, (AxilAnswer{false, staged[n]}));
      }
      ++n;
    });
    for (unsigned clocks = 0; clocks < 2000; ++clocks) bench.clock();
    bench.bus().set_pace({});
    expect_words(bench.config_bus(), from, due);
  }
}

TEST(RegisterCommit, IsBusyUntilTheLastWordIsTakenAndShowsTheBank) {
  RegisterBench bench;
  bench.set(RSS_COMMIT, RSS_COMMIT_START);
  const std::size_t words = kBlockEntries / 2 + 10 + 4;
  for (unsigned clocks = 0; bench.config_bus().size() + 1 < words && clocks < 1000; ++clocks) bench.clock();
  bench.set_config_ready_percent(0);
  for (unsigned clocks = 0; clocks < 10; ++clocks) bench.clock();
  ASSERT_EQ(bench.config_bus().size(), words - 1);
  EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_BUSY | RSS_STATUS_WAITING);
  EXPECT_EQ(bench.get(RSS_COMMITS), 0u);
  bench.set_config_ready_percent(100);
  bench.clock();
  EXPECT_EQ(bench.get(RSS_STATUS), RSS_STATUS_BANK);
  EXPECT_EQ(bench.get(RSS_COMMITS), 1u);
  bench.commit();
  EXPECT_EQ(bench.get(RSS_STATUS), 0u);
}

TEST(RegisterCommit, ResetEndsItAndTheNextOneIsWhole) {
  RegisterBench bench(11);
  const std::vector<ConfigWord> due = config_words(random_config(bench));
  for (const unsigned edges : {1u, 2u, 9u, 50u, 140u}) {
    stage(bench, due);
    bench.set(RSS_COMMIT, RSS_COMMIT_START);
    for (unsigned edge = 0; edge < edges; ++edge) bench.clock();
    bench.reset();
    EXPECT_EQ(bench.get(RSS_STATUS), 0u);
    stage(bench, due);
    const std::size_t from = bench.config_bus().size();
    bench.commit();
    expect_words(bench.config_bus(), from, due);
  }
}

// --- protocol ---

TEST(RegisterBus, AnswersInOrderWhateverOrderAddressesDataAndAnswersComeIn) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RegisterBench bench(seed);
    fill_memory(bench);
    bench.bus().set_pace({seed % 4 * 30, seed / 4 % 3 * 40});
    // Writes go to the pairs below kReadFrom, reads to the others: what they see does not depend on which goes first.
    constexpr std::uint32_t kReadFrom = 32;
    std::map<std::uint32_t, std::uint32_t> stored;
    for (std::uint32_t pair = kReadFrom; pair < kBlockEntries / 2; ++pair) stored[pair] = bench.random();
    for (const auto& [pair, value] : stored) bench.bus().queue_write(RSS_TABLE(pair), value);
    bench.finish();
    const std::size_t writes = bench.bus().write_answers().size(), reads = bench.bus().read_answers().size();
    std::vector<bool> write_refused;
    std::vector<AxilAnswer> read_due;
    for (unsigned n = 0; n < 1000; ++n) {
      if (bench.random() % 2) {
        const std::uint32_t pair = bench.random() % kReadFrom, data = bench.random();
        const unsigned strobes = bench.random() % 4 ? 0xf : bench.random() % 0xf;
        bench.bus().queue_write(RSS_TABLE(pair), data, strobes);
        write_refused.push_back(strobes != 0xf);
        if (strobes == 0xf) stored[pair] = data;
      } else {
        const std::uint32_t pair = kReadFrom + bench.random() % kReadFrom * 2;
        const bool there = pair < kBlockEntries / 2;
        bench.bus().queue_read(RSS_TABLE(pair));
        read_due.push_back({!there, there ? stored.at(pair) : 0});
      }
      for (unsigned clocks = bench.random() % 4; clocks > 0; --clocks) bench.clock();
    }
    bench.finish();
    for (std::size_t n = 0; n < write_refused.size(); ++n) {
      ASSERT_EQ(bench.bus().write_answers()[writes + n].refused, write_refused[n]) << "write " << n;
    }
    for (std::size_t n = 0; n < read_due.size(); ++n) {
      ASSERT_EQ(bench.bus().read_answers()[reads + n], read_due[n]) << "read " << n;
    }
    bench.bus().set_pace({});
    for (const auto& [pair, value] : stored) EXPECT_EQ(bench.get(RSS_TABLE(pair)), value) << "pair " << pair;
  }
}

TEST(RegisterBus, BackToBackAWriteTakesTwoClocksAndAReadThree) {
  RegisterBench bench;
  constexpr std::uint32_t kPairs = kBlockEntries / 2;
  const std::uint64_t start = bench.clocks();
  for (std::uint32_t pair = 0; pair < kPairs; ++pair) bench.bus().queue_write(RSS_TABLE(pair), pair * 0x10001);
  bench.finish();
  EXPECT_LE(bench.clocks() - start, 2 * kPairs + 1);
  const std::uint64_t read_start = bench.clocks();
  for (std::uint32_t pair = 0; pair < kPairs; ++pair) bench.bus().queue_read(RSS_TABLE(pair));
  bench.finish();
  EXPECT_LE(bench.clocks() - read_start, 3 * kPairs + 1);
  ASSERT_EQ(bench.bus().read_answers().size(), kPairs);
  for (std::uint32_t pair = 0; pair < kPairs; ++pair) {
    EXPECT_EQ(bench.bus().read_answers()[pair].data, pair * 0x10001);
  }
}

TEST(RegisterBus, AReadOfTheSameClockSeesTheWrite) {
  RegisterBench bench(12);
  for (unsigned n = 0; n < 50; ++n) {
    const std::uint32_t data = bench.random();
    const std::uint32_t address = n % 2 ? RSS_TABLE(3) : RSS_KEY(3);
    bench.bus().queue_write(address, data);
    bench.bus().queue_read(address);
    bench.finish();
    EXPECT_EQ(bench.bus().read_answers().back().data, data);
  }
}

TEST(RegisterBus, NoOutputDependsOnAnInputInTheSameClock) {
  RegisterBench bench(13);
  bench.bus().set_pace({40, 60});
  Vrss_registers& model = bench.model();
  const auto outputs = [&model] {
    return std::array<std::uint32_t, 9>{model.axil_awready_o, model.axil_wready_o,  model.axil_bvalid_o,
                                        model.axil_bresp_o,   model.axil_arready_o, model.axil_rvalid_o,
                                        model.axil_rresp_o,   model.axil_rdata_o,   model.cfg_valid_o};
  };
  for (unsigned n = 0; n < 500; ++n) {
    bench.bus().queue_write(RSS_MASK, n);
    bench.bus().queue_read(RSS_MASK);
    bench.clock();
    model.clk_i = 0;
    model.eval();
    const auto before = outputs();
    for (unsigned inputs = 0; inputs < 64; ++inputs) {
      model.axil_awvalid_i = inputs & 1;
      model.axil_wvalid_i = inputs >> 1 & 1;
      model.axil_arvalid_i = inputs >> 2 & 1;
      model.axil_bready_i = inputs >> 3 & 1;
      model.axil_rready_i = inputs >> 4 & 1;
      model.cfg_ready_i = inputs >> 5 & 1;
      model.eval();
      ASSERT_EQ(outputs(), before);
    }
  }
}

TEST(RegisterBus, ResetDropsWhatIsUnderWay) {
  RegisterBench bench(14);
  bench.set(RSS_UNCLASSIFIED_QUEUE, 5);
  for (unsigned edges = 0; edges < 6; ++edges) {
    bench.bus().set_pace({0, 100});
    bench.bus().queue_write(RSS_UNCLASSIFIED_QUEUE, 9);
    bench.bus().queue_read(RSS_IDENTITY);
    for (unsigned edge = 0; edge < edges; ++edge) bench.clock();
    bench.reset();
    bench.bus().set_pace({});
    for (unsigned edge = 0; edge < 10; ++edge) {
      bench.clock();
      EXPECT_FALSE(bench.model().axil_bvalid_o);
      EXPECT_FALSE(bench.model().axil_rvalid_o);
    }
    EXPECT_EQ(bench.get(RSS_UNCLASSIFIED_QUEUE), 0u);
  }
}

// --- counters ---

TEST(EventCounter, CopiesAndClearsAsIfItWereNotInTwoHalves) {
  constexpr std::uint32_t kSeed = 15;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  RtlContext context;
  Vevent_counter counter(&context);  // two halves of four bits
  std::uint64_t events = 0, copied = 0;
  const auto clock = [&] {
    counter.clk_i = 0;
    counter.eval();
    counter.clk_i = 1;
    counter.eval();
  };
  counter.rst_ni = 0;
  clock();
  counter.rst_ni = 1;
  for (unsigned n = 0; n < 200000; ++n) {
    // Long and short times between them, so that counts reach the end of either half.
    const unsigned rarely = n / 5000 % 2 ? 5 : 300;
    counter.event_i = random() % 8 != 0;
    counter.snapshot_i = random() % (rarely / 2) == 0;
    counter.clear_i = random() % rarely == 0;
    if (counter.snapshot_i) copied = events & 0xff;
    if (counter.clear_i) events = 0;
    events += counter.event_i;
    clock();
    ASSERT_EQ(counter.snapshot_o, copied) << "clock " << n;
  }
  context.finish(counter);
}

// Handshakes at random, counted here as well.
class TrafficBench {
 public:
  explicit TrafficBench(std::uint32_t seed) : bench(seed) {}

  struct Counts {
    std::array<std::uint64_t, 10> packets{};
    std::uint64_t over_budget = 0, input_stalls = 0, result_stalls = 0;
    bool operator==(const Counts& other) const {
      return packets == other.packets && over_budget == other.over_budget && input_stalls == other.input_stalls &&
             result_stalls == other.result_stalls;
    }
    friend std::ostream& operator<<(std::ostream& out, const Counts& c) {
      out << "packets";
      for (const std::uint64_t n : c.packets) out << ' ' << n;
      return out << ", over budget " << c.over_budget << ", stalls " << c.input_stalls << ' ' << c.result_stalls;
    }
  };

  void clock(bool traffic = true) {
    Vrss_registers& model = bench.model();
    const auto one_in = [this](unsigned n) { return bench.random() % n == 0; };
    model.frame_valid_i = traffic && !one_in(4);
    model.frame_ready_i = !one_in(5);
    model.frame_last_i = one_in(2);
    model.result_valid_i = traffic && inside > 0 && one_in(2);
    model.result_ready_i = !one_in(3);
    model.result_report_i = static_cast<std::uint8_t>(bench.random() % 10);
    model.result_over_budget_i = one_in(4);
    const bool out = model.result_valid_i && model.result_ready_i;
    if (model.frame_valid_i && model.frame_ready_i) {
      inside += first;
      first = model.frame_last_i;
    }
    sent.input_stalls += model.frame_valid_i && !model.frame_ready_i;
    sent.result_stalls += model.result_valid_i && !model.result_ready_i;
    if (out) {
      --inside;
      ++sent.packets[model.result_report_i];
      sent.over_budget += model.result_over_budget_i;
    }
    bench.clock();
    most = std::max(most, inside);
  }
  void quiet() {
    for (unsigned n = 0; n < 3; ++n) clock(false);
    bench.model().frame_valid_i = bench.model().result_valid_i = 0;
  }
  Counts snapshot() {
    Counts counts;
    for (std::uint32_t report = 0; report < 10; ++report) counts.packets[report] = bench.get64(RSS_PACKETS(report));
    counts.over_budget = bench.get64(RSS_OVER_BUDGET);
    counts.input_stalls = bench.get64(RSS_INPUT_STALLS);
    counts.result_stalls = bench.get64(RSS_RESULT_STALLS);
    return counts;
  }

  RegisterBench bench;
  Counts sent;
  unsigned inside = 0, most = 0;
  bool first = true;
};

TEST(TrafficCounters, CountReportsOverBudgetAndStallsSinceTheLastClear) {
  TrafficBench traffic(16);
  for (unsigned round = 0; round < 5; ++round) {
    for (unsigned n = 0; n < 3000; ++n) traffic.clock();
    traffic.quiet();
    const auto old = traffic.snapshot();
    EXPECT_EQ(traffic.snapshot(), old) << "without a snapshot nothing moves";
    traffic.bench.set(RSS_COUNTERS, RSS_COUNTERS_SNAPSHOT);
    EXPECT_EQ(traffic.snapshot(), traffic.sent);
    if (round % 2 == 0) continue;
    traffic.bench.set(RSS_COUNTERS, RSS_COUNTERS_CLEAR);
    EXPECT_EQ(traffic.snapshot(), traffic.sent) << "a snapshot outlives a clear";
    traffic.sent = {};
    traffic.bench.set(RSS_COUNTERS, RSS_COUNTERS_SNAPSHOT);
    EXPECT_EQ(traffic.snapshot(), traffic.sent);
  }
}

TEST(TrafficCounters, SnapshotAndClearUnderTrafficLoseNothingAndCountNothingTwice) {
  TrafficBench traffic(17);
  TrafficBench::Counts sum;
  const auto add = [&] {
    const auto counts = traffic.snapshot();
    for (unsigned n = 0; n < 10; ++n) sum.packets[n] += counts.packets[n];
    sum.over_budget += counts.over_budget;
    sum.input_stalls += counts.input_stalls;
    sum.result_stalls += counts.result_stalls;
  };
  for (unsigned round = 0; round < 200; ++round) {
    for (unsigned n = traffic.bench.random() % 50; n > 0; --n) traffic.clock();
    traffic.bench.bus().queue_write(RSS_COUNTERS, RSS_COUNTERS_SNAPSHOT | RSS_COUNTERS_CLEAR);
    for (unsigned n = 0; !traffic.bench.bus().idle() && n < 20; ++n) traffic.clock();
    ASSERT_TRUE(traffic.bench.bus().idle());
    traffic.quiet();
    add();
  }
  traffic.bench.set(RSS_COUNTERS, RSS_COUNTERS_SNAPSHOT);
  add();
  EXPECT_EQ(sum, traffic.sent);
}

TEST(TrafficCounters, OccupancyIsFramesBegunLessResultsGivenAndItsMaximum) {
  TrafficBench traffic(18);
  for (unsigned round = 0; round < 20; ++round) {
    for (unsigned n = 0; n < 100; ++n) traffic.clock();
    traffic.quiet();
    std::uint32_t word = traffic.bench.get(RSS_OCCUPANCY);
    EXPECT_EQ(rss_field_get(word, RSS_OCCUPANCY_NOW), traffic.inside);
    EXPECT_EQ(rss_field_get(word, RSS_OCCUPANCY_MAXIMUM), traffic.most);
    if (round % 4 != 3) continue;
    traffic.bench.set(RSS_COUNTERS, RSS_COUNTERS_CLEAR);
    traffic.most = traffic.inside;
    word = traffic.bench.get(RSS_OCCUPANCY);
    EXPECT_EQ(rss_field_get(word, RSS_OCCUPANCY_NOW), traffic.inside);
    EXPECT_EQ(rss_field_get(word, RSS_OCCUPANCY_MAXIMUM), traffic.inside);
  }
}

}  // namespace
}  // namespace rssnic::test
