// The PCI Express link: what it carries in how many cycles, in which order, and what a reset leaves of it.
#include "model/sim/pcie_link.h"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <utility>

namespace rssnic {
namespace {

// One byte a cycle and direction at 250 MHz: link times can be counted by hand.
PcieParameters slow_link() {
  PcieParameters parameters;
  parameters.generation = 1;
  parameters.lanes = 1;
  return parameters;
}

// Memory from address 0 on; beyond it there is nothing. Notes every access with its cycle.
class FakeHost final : public HostMemory {
 public:
  static constexpr std::uint64_t kSize = 1 << 20;
  struct Access {
    Cycle cycle;
    bool write;
    std::uint64_t address;
    std::size_t size;
  };

  explicit FakeHost(const Calendar& calendar) : memory(kSize), calendar_(calendar) {
    std::iota(memory.begin(), memory.end(), std::uint8_t{0});
  }

  DmaStatus read(std::uint64_t address, Bytes into, Cycle& extra) override {
    accesses.push_back({calendar_.now(), false, address, into.size});
    extra = next_extra();
    if (address > kSize || into.size > kSize - address) return DmaStatus::bus_error;
    std::memcpy(into.data, &memory[address], into.size);
    return DmaStatus::ok;
  }
  DmaStatus write(std::uint64_t address, ConstBytes from, Cycle& extra) override {
    accesses.push_back({calendar_.now(), true, address, from.size});
    extra = next_extra();
    if (address > kSize || from.size > kSize - address) return DmaStatus::bus_error;
    std::memcpy(&memory[address], from.data, from.size);
    return DmaStatus::ok;
  }

  std::vector<std::uint8_t> memory;
  std::vector<Access> accesses;
  std::deque<Cycle> extras;  // of the accesses to come; then 0

 private:
  Cycle next_extra() {
    if (extras.empty()) return 0;
    const Cycle extra = extras.front();
    extras.pop_front();
    return extra;
  }
  const Calendar& calendar_;
};

struct Completion {
  Cycle cycle;
  std::uint32_t ticket;
  DmaStatus status;
  bool operator==(const Completion& other) const {
    return cycle == other.cycle && ticket == other.ticket && status == other.status;
  }
};

class FakeClient final : public DmaClient {
 public:
  explicit FakeClient(const Calendar& calendar) : calendar_(calendar) {}
  void on_dma(std::uint32_t ticket, DmaStatus status) override {
    completions.push_back({calendar_.now(), ticket, status});
    if (when_done) when_done();
  }
  void on_tag_free() override {
    tag_offers.push_back(calendar_.now());
    if (when_tag_free) when_tag_free();
  }
  std::vector<std::uint32_t> tickets() const {
    std::vector<std::uint32_t> result;
    for (const Completion& completion : completions) result.push_back(completion.ticket);
    return result;
  }

  std::vector<Completion> completions;
  std::vector<Cycle> tag_offers;
  std::function<void()> when_done;
  std::function<void()> when_tag_free;

 private:
  const Calendar& calendar_;
};

class Bench {
 public:
  explicit Bench(const PcieParameters& parameters = slow_link()) : link(calendar, host, parameters) {}

  Bytes buffer(std::size_t size) {
    buffers_.emplace_back(size);
    return {buffers_.back().data(), size};
  }
  Bytes read(std::uint32_t ticket, std::uint64_t address, std::size_t size) {
    return read(client, ticket, address, size);
  }
  Bytes read(DmaClient& who, std::uint32_t ticket, std::uint64_t address, std::size_t size) {
    const Bytes into = buffer(size);
    link.read(who, ticket, address, into);
    return into;
  }
  void write(std::uint32_t ticket, std::uint64_t address, std::size_t size, std::uint8_t fill = 0) {
    const std::vector<std::uint8_t> from(size, fill);
    link.write(&client, ticket, address, {from.data(), from.size()});
  }
  void run_all() {
    while (calendar.next() != kNever) calendar.run_cycle(calendar.next());
  }
  void run_until(Cycle when) {
    while (calendar.next() <= when) calendar.run_cycle(calendar.next());
    calendar.skip_to(when);
  }

  Calendar calendar;
  FakeHost host{calendar};
  FakeClient client{calendar};
  PcieLink link;

 private:
  std::deque<std::vector<std::uint8_t>> buffers_;
};

// ---- bandwidth

// Calls body(parameters, bytes a cycle as the specification's rates say) for every generation, width and two clocks.
template <typename Body>
void for_each_rate(Body body) {
  constexpr double kGigabytesPerSecondAndLane[] = {0.25, 0.5, 64.0 / 65, 128.0 / 65, 256.0 / 65};
  for (const double clock_mhz : {250.0, 322.265625}) {
    for (unsigned generation = 1; generation <= 5; ++generation) {
      for (unsigned lanes = 1; lanes <= 16; lanes *= 2) {
        SCOPED_TRACE("generation " + std::to_string(generation) + " x" + std::to_string(lanes) + " at " +
                     std::to_string(clock_mhz) + " MHz");
        PcieParameters parameters;
        parameters.generation = generation;
        parameters.lanes = lanes;
        parameters.clock_mhz = clock_mhz;
        body(parameters, kGigabytesPerSecondAndLane[generation - 1] * 1000 * lanes / clock_mhz);
      }
    }
  }
}

// Within a cycle of link time, after the latency of the ways.
void expect_last_completion(const Bench& bench, double link_cycles, unsigned ways) {
  const double latency = ways * static_cast<double>(bench.link.parameters().latency_cycles);
  ASSERT_FALSE(bench.client.completions.empty());
  EXPECT_NEAR(static_cast<double>(bench.client.completions.back().cycle), link_cycles + latency, 1.0);
}

TEST(PcieBandwidth, IsLanesTimesRateAfterLineCoding) {
  for_each_rate([](const PcieParameters& parameters, double bytes_per_cycle) {
    EXPECT_NEAR(parameters.bytes_per_cycle(), bytes_per_cycle, bytes_per_cycle * 1e-12);
  });
}

TEST(PcieBandwidth, ALongStreamOfWritesTakesItsBytesOverTheRate) {
  for_each_rate([](const PcieParameters& parameters, double bytes_per_cycle) {
    Bench bench(parameters);
    constexpr unsigned kWrites = 20'000;
    for (unsigned i = 0; i < kWrites; ++i) bench.write(i, i % 256 * 256, 256);
    bench.run_all();
    EXPECT_EQ(bench.client.completions.size(), kWrites);
    expect_last_completion(bench, kWrites * (256 + 24) / bytes_per_cycle, 1);
  });
}

TEST(PcieBandwidth, AStreamOfSmallWritesTakesItsBytesOverTheRate) {
  for_each_rate([](const PcieParameters& parameters, double bytes_per_cycle) {
    Bench bench(parameters);
    std::size_t bytes = 0;
    for (unsigned i = 0; i < 20'000; ++i) {
      const std::size_t size = 1 + i % 7;
      bench.write(i, 0, size);
      bytes += size + 24;
    }
    bench.run_all();
    expect_last_completion(bench, static_cast<double>(bytes) / bytes_per_cycle, 1);
  });
}

TEST(PcieBandwidth, AStreamOfReadsTakesItsCompletionsOverTheRate) {
  for_each_rate([](PcieParameters parameters, double bytes_per_cycle) {
    parameters.tags = 1024;
    Bench bench(parameters);
    for (unsigned i = 0; i < parameters.tags; ++i) bench.read(i, 4096 + i % 8 * 512, 512);
    bench.run_all();
    EXPECT_EQ(bench.client.completions.size(), parameters.tags);
    const double first_request = std::ceil(24 / bytes_per_cycle);
    expect_last_completion(bench, first_request + parameters.tags * (512 + 2 * 20) / bytes_per_cycle, 2);
  });
}

TEST(PcieTime, AnIdleLinkStartsWhenItIsAsked) {
  Bench bench;
  bench.calendar.skip_to(1000);
  bench.write(0, 0, 64);
  bench.run_until(5000);
  bench.write(1, 0, 64);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.at(0).cycle, 1000u + 88 + 62);
  EXPECT_EQ(bench.client.completions.at(1).cycle, 5000u + 88 + 62);
}

TEST(PcieTime, ABusyLinkMakesTheNextRequestWait) {
  Bench bench;
  bench.write(0, 0, 64);
  bench.run_until(10);
  bench.write(1, 0, 64);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.at(1).cycle, 2u * 88 + 62);
}

TEST(PcieTime, PartsOfCyclesAddUp) {
  PcieParameters parameters = slow_link();
  parameters.lanes = 16;  // 16 bytes a cycle: a write of 1 byte takes 25/16 cycles
  Bench bench(parameters);
  for (unsigned i = 0; i < 4; ++i) bench.write(i, 0, 1);
  bench.run_all();
  const std::vector<Completion> expected = {
      {2 + 62, 0, DmaStatus::ok}, {4 + 62, 1, DmaStatus::ok}, {5 + 62, 2, DmaStatus::ok}, {7 + 62, 3, DmaStatus::ok}};
  EXPECT_EQ(bench.client.completions, expected);
}

TEST(PcieTime, PartsOfCyclesAddUpOnTheWayBack) {
  PcieParameters parameters = slow_link();
  parameters.lanes = 16;  // a request takes 24/16 cycles, a completion of 1 byte 21/16
  Bench bench(parameters);
  for (unsigned i = 0; i < 3; ++i) bench.read(i, 0, 1);
  bench.run_all();
  // The host answers in cycles 64, 65 and 67; the completions have left at 65 5/16, 66 10/16 and 68 5/16.
  const std::vector<Completion> expected = {
      {66 + 62, 0, DmaStatus::ok}, {67 + 62, 1, DmaStatus::ok}, {69 + 62, 2, DmaStatus::ok}};
  EXPECT_EQ(bench.client.completions, expected);
}

// ---- latency

TEST(PcieLatency, AWriteIsSeenByTheHostWhenItsLastByteArrives) {
  Bench bench;
  bench.write(7, 0x300, 64, 0xab);
  bench.run_until(88 + 62 - 1);
  EXPECT_TRUE(bench.host.accesses.empty());
  EXPECT_TRUE(bench.client.completions.empty());
  bench.run_until(88 + 62);
  EXPECT_EQ(bench.host.memory[0x300], 0xab);
  EXPECT_EQ(bench.host.memory[0x33f], 0xab);
  EXPECT_EQ(bench.host.memory[0x340], 0x40);
  EXPECT_EQ(bench.client.tickets(), std::vector<std::uint32_t>{7});
}

TEST(PcieLatency, AReadTakesBothWays) {
  Bench bench;
  const Bytes into = bench.read(9, 0x10, 512);
  bench.run_all();
  const Cycle arrival = 24 + 62;
  ASSERT_EQ(bench.host.accesses.size(), 1u);
  EXPECT_EQ(bench.host.accesses[0].cycle, arrival);
  ASSERT_EQ(bench.client.completions.size(), 1u);
  EXPECT_EQ(bench.client.completions[0], (Completion{arrival + 512 + 2 * 20 + 62, 9, DmaStatus::ok}));
  EXPECT_EQ(into.data[0], 0x10);
  EXPECT_EQ(into.data[511], 0x0f);
}

TEST(PcieLatency, TheParameterCountsOncePerWay) {
  for (const Cycle latency : {Cycle{0}, Cycle{1}, Cycle{5000}}) {
    PcieParameters parameters = slow_link();
    parameters.latency_cycles = latency;
    Bench bench(parameters);
    bench.read(0, 0, 1);
    bench.write(1, 0, 1);
    bench.run_all();
    SCOPED_TRACE("latency " + std::to_string(latency));
    ASSERT_EQ(bench.client.completions.size(), 2u);
    for (const Completion& completion : bench.client.completions) {
      EXPECT_EQ(completion.cycle, completion.ticket == 0 ? 24 + 21 + 2 * latency : 24 + 25 + latency);
    }
  }
}

TEST(PcieLatency, DirectionsDoNotDelayEachOther) {
  Bench bench;
  bench.read(0, 0, 512);
  bench.run_until(24 + 62 + 10);  // the completion is on its way
  bench.write(1, 0, 64);
  bench.run_all();
  ASSERT_EQ(bench.client.tickets(), (std::vector<std::uint32_t>{1, 0}));
  EXPECT_EQ(bench.client.completions[0].cycle, 96u + 88 + 62);
  EXPECT_EQ(bench.client.completions[1].cycle, 86u + 552 + 62);
}

TEST(PcieLatency, WhatTheTargetOfAReadTakesIsAdded) {
  Bench bench;
  bench.host.extras = {100};
  bench.read(0, 0, 64);
  bench.run_all();
  ASSERT_EQ(bench.client.completions.size(), 1u);
  EXPECT_EQ(bench.client.completions[0].cycle, 24u + 62 + 100 + 84 + 62);
}

TEST(PcieLatency, ASlowReadHoldsTheReadsBehindItBack) {
  Bench bench;
  bench.host.extras = {1000, 0};
  bench.read(0, 0, 64);
  bench.read(1, 0, 64);
  bench.run_all();
  EXPECT_EQ(bench.host.accesses.at(1).cycle, 2u * 24 + 62);
  ASSERT_EQ(bench.client.tickets(), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(bench.client.completions[0].cycle, 24u + 62 + 1000 + 84 + 62);
  EXPECT_EQ(bench.client.completions[1].cycle, 24u + 62 + 1000 + 2 * 84 + 62);
}

TEST(PcieLatency, ASlowTargetOfAPostedWriteDelaysNobody) {
  Bench bench;
  bench.host.extras = {1000};
  bench.write(0, 0, 64);
  bench.write(1, 0, 64);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.at(0).cycle, 88u + 62);
  EXPECT_EQ(bench.client.completions.at(1).cycle, 2u * 88 + 62);
}

// ---- order

TEST(PcieOrder, PostedWritesBecomeVisibleInOrder) {
  PcieParameters parameters;
  parameters.generation = 5;  // several of them arrive in one cycle
  Bench bench(parameters);
  const std::size_t sizes[] = {1500, 2, 4, 4096, 1, 64, 8, 8, 8, 900, 1};
  for (std::uint32_t i = 0; i < std::size(sizes); ++i) bench.write(i, 8192 * i, sizes[i]);
  bench.run_all();
  ASSERT_EQ(bench.host.accesses.size(), std::size(sizes));
  for (std::uint32_t i = 0; i < std::size(sizes); ++i) {
    EXPECT_EQ(bench.host.accesses[i].address, 8192 * i);
    EXPECT_EQ(bench.client.completions.at(i).ticket, i);
    EXPECT_EQ(bench.client.completions.at(i).cycle, bench.host.accesses[i].cycle);
  }
}

TEST(PcieOrder, TheDataOfAWriteIsCopiedWhenItIsPosted) {
  Bench bench;
  std::vector<std::uint8_t> from(64, 0x11);
  bench.link.write(nullptr, 0, 0x1000, {from.data(), from.size()});
  std::fill(from.begin(), from.end(), std::uint8_t{0x22});
  bench.link.write(nullptr, 0, 0x2000, {from.data(), from.size()});
  std::fill(from.begin(), from.end(), std::uint8_t{0x33});
  bench.run_all();
  EXPECT_EQ(bench.host.memory[0x103f], 0x11);
  EXPECT_EQ(bench.host.memory[0x203f], 0x22);
  EXPECT_TRUE(bench.client.completions.empty());
}

TEST(PcieOrder, TheDataOfAWriteInPlaceIsTakenWhenItArrives) {
  Bench bench;
  std::vector<std::uint8_t> from(64, 0x11);
  bench.link.write_in_place(&bench.client, 7, 0x1000, {from.data(), from.size()});
  bench.link.write(nullptr, 0, 0x2000, {from.data(), from.size()});
  std::fill(from.begin(), from.end(), std::uint8_t{0x22});
  bench.run_all();
  EXPECT_EQ(bench.host.memory[0x103f], 0x22);
  EXPECT_EQ(bench.host.memory[0x203f], 0x11);
  EXPECT_EQ(bench.client.tickets(), std::vector<std::uint32_t>{7});
}

TEST(PcieOrder, AReadDoesNotPassEarlierWrites) {
  PcieParameters parameters;
  parameters.generation = 5;
  Bench bench(parameters);
  bench.write(0, 0x1000, 4000, 0x55);
  bench.write(1, 0x1000, 1, 0x66);
  const Bytes into = bench.read(2, 0x1000, 2);
  bench.run_all();
  EXPECT_EQ(into.data[0], 0x66);
  EXPECT_EQ(into.data[1], 0x55);
}

TEST(PcieOrder, AReadDoesNotSeeLaterWrites) {
  PcieParameters parameters;
  parameters.generation = 5;
  Bench bench(parameters);
  bench.host.extras = {500};  // the memory is slow: what is read is still what was there at arrival
  const Bytes into = bench.read(0, 0x1000, 2);
  bench.write(1, 0x1000, 2, 0x77);
  bench.run_all();
  EXPECT_EQ(into.data[0], 0x00);
  EXPECT_EQ(into.data[1], 0x01);
}

TEST(PcieOrder, ReadsOfOneClientCompleteInTheOrderOfRequest) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    PcieParameters parameters;
    parameters.lanes = 1u << random() % 5;
    parameters.generation = 1 + static_cast<unsigned>(random() % 5);
    Bench bench(parameters);
    std::uint32_t asked = 0;
    for (unsigned i = 0; i < 500; ++i) bench.host.extras.push_back(random() % 4 == 0 ? random() % 300 : 0);
    while (asked < 500) {
      if (bench.link.tags_free() > 0 && random() % 3 != 0) {
        bench.read(asked++, random() % FakeHost::kSize / 2, 1 + random() % 512);
      } else {
        bench.run_until(bench.calendar.now() + random() % 100);
      }
    }
    bench.run_all();
    std::vector<std::uint32_t> in_order(500);
    std::iota(in_order.begin(), in_order.end(), 0u);
    EXPECT_EQ(bench.client.tickets(), in_order);
  }
}

// ---- tags

PcieParameters with_tags(unsigned tags) {
  PcieParameters parameters = slow_link();
  parameters.tags = tags;
  return parameters;
}

TEST(PcieTags, EachReadHoldsOneUntilItCompletes) {
  Bench bench(with_tags(3));
  EXPECT_EQ(bench.link.tags_free(), 3u);
  bench.read(0, 0, 64);
  EXPECT_EQ(bench.link.tags_free(), 2u);
  bench.read(1, 0, 64);
  bench.read(2, 0, 64);
  EXPECT_EQ(bench.link.tags_free(), 0u);
  bench.run_until(24 + 62 + 84 + 62 - 1);
  EXPECT_EQ(bench.link.tags_free(), 0u);
  bench.run_until(24 + 62 + 84 + 62);
  EXPECT_EQ(bench.link.tags_free(), 1u);
  bench.run_all();
  EXPECT_EQ(bench.link.tags_free(), 3u);
}

TEST(PcieTags, WritesNeedNone) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  bench.write(1, 0, 64);
  EXPECT_EQ(bench.link.tags_free(), 0u);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.size(), 2u);
}

TEST(PcieTags, AFreedTagIsOfferedInTheOrderOfAsking) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  FakeClient clients[] = {FakeClient(bench.calendar), FakeClient(bench.calendar), FakeClient(bench.calendar)};
  std::string order;
  for (const unsigned i : {2u, 0u, 1u}) {
    clients[i].when_tag_free = [&, i] {
      order += std::to_string(i);
      EXPECT_EQ(bench.link.tags_free(), 1u);
      bench.read(clients[i], i, 0, 64);
    };
    bench.link.want_tag(clients[i]);
  }
  bench.run_all();
  EXPECT_EQ(order, "201");
  for (const FakeClient& client : clients) EXPECT_EQ(client.completions.size(), 1u);
  EXPECT_EQ(clients[0].tag_offers.at(0), clients[2].completions.at(0).cycle);
}

TEST(PcieTags, AskingTwiceIsAnsweredOnce) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  bench.link.want_tag(bench.client);
  bench.link.want_tag(bench.client);
  bench.run_all();
  EXPECT_EQ(bench.client.tag_offers.size(), 1u);
}

TEST(PcieTags, AnAnsweredClientMayAskAgain) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  unsigned left = 5;
  bench.client.when_tag_free = [&] {
    bench.read(left, 0, 64);
    if (--left > 0) bench.link.want_tag(bench.client);
  };
  bench.link.want_tag(bench.client);
  bench.run_all();
  EXPECT_EQ(bench.client.tickets(), (std::vector<std::uint32_t>{0, 5, 4, 3, 2, 1}));
}

TEST(PcieTags, ATagThatIsNotTakenGoesToTheNextThatWaits) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  FakeClient first(bench.calendar), second(bench.calendar);
  second.when_tag_free = [&] { bench.read(second, 1, 0, 64); };
  bench.link.want_tag(first);
  bench.link.want_tag(second);
  bench.run_all();
  EXPECT_EQ(first.tag_offers, second.tag_offers);
  EXPECT_EQ(second.completions.size(), 1u);
}

// A client that reads again from each completion would keep one that waits out for ever.
TEST(PcieTags, AClientThatCompletesDoesNotTakeTheTagThatAnotherWaitsFor) {
  Bench bench(with_tags(1));
  unsigned reads_left = 10;
  const auto read_on = [&] {
    if (reads_left == 0) return;
    if (bench.link.tags_free() == 0) {
      bench.link.want_tag(bench.client);
    } else {
      bench.read(reads_left--, 0, 64);
    }
  };
  bench.client.when_done = bench.client.when_tag_free = read_on;
  FakeClient waiting(bench.calendar);
  waiting.when_tag_free = [&] { bench.read(waiting, 0, 0, 64); };
  read_on();
  bench.link.want_tag(waiting);
  bench.run_all();
  EXPECT_EQ(reads_left, 0u);
  EXPECT_EQ(bench.client.completions.size(), 10u);
  ASSERT_EQ(waiting.tag_offers.size(), 1u);
  EXPECT_EQ(waiting.tag_offers[0], bench.client.completions[0].cycle);
}

// ---- TLPs

struct Split {
  const char* name;
  std::uint64_t address;
  std::size_t bytes;
  unsigned tlps;
};
void PrintTo(const Split& split, std::ostream* out) { *out << split.name; }
const auto kSplitName = [](const auto& test) { return std::string(test.param.name); };

class PcieWriteTlps : public ::testing::TestWithParam<Split> {};

TEST_P(PcieWriteTlps, EachCarriesTheMaximumPayloadAndNoneCrossesAPage) {
  const Split& split = GetParam();
  Bench bench;
  bench.write(0, split.address, split.bytes);
  EXPECT_EQ(bench.link.upstream_bytes(), split.bytes + split.tlps * 24);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.at(0).cycle, split.bytes + split.tlps * 24 + 62);
  ASSERT_EQ(bench.host.accesses.size(), 1u);
  EXPECT_EQ(bench.host.accesses[0].size, split.bytes);
  EXPECT_EQ(bench.link.downstream_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PcieWriteTlps,
                         ::testing::Values(Split{"OneByte", 0, 1, 1}, Split{"JustFull", 0, 256, 1},
                                           Split{"OneMore", 0, 257, 2}, Split{"Frame", 0x10000, 1514, 6},
                                           Split{"WholePage", 4096, 4096, 16}, Split{"ToThePagesEnd", 4095, 1, 1},
                                           Split{"AcrossAPage", 4095, 2, 2},
                                           Split{"AcrossAPageFromItsMiddle", 4096 - 300, 600, 4},
                                           Split{"AcrossTwoPages", 4000, 96 + 4096 + 1, 18}),
                         kSplitName);

class PcieReadTlps : public ::testing::TestWithParam<Split> {};

TEST_P(PcieReadTlps, RequestsAreSplitAtPagesAndCompletionsAtThePayloadToo) {
  const Split& split = GetParam();
  Bench bench;
  bench.read(0, split.address, split.bytes);
  const unsigned requests = split.address / 4096 == (split.address + split.bytes - 1) / 4096 ? 1 : 2;
  EXPECT_EQ(bench.link.upstream_bytes(), requests * 24u);
  bench.run_all();
  EXPECT_EQ(bench.link.downstream_bytes(), split.bytes + split.tlps * 20);
  EXPECT_EQ(bench.client.completions.at(0).cycle, requests * 24 + 62 + split.bytes + split.tlps * 20 + 62);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PcieReadTlps,
                         ::testing::Values(Split{"OneByte", 0, 1, 1}, Split{"JustFull", 0, 256, 1},
                                           Split{"OneMore", 0, 257, 2}, Split{"LargestRequest", 512, 512, 2},
                                           Split{"AcrossAPage", 4095, 2, 2},
                                           Split{"AcrossAPageUnevenly", 4096 - 300, 512, 3}),
                         kSplitName);

TEST(PcieTlps, TheParametersSetSizesAndOverhead) {
  PcieParameters parameters = slow_link();
  parameters.max_payload_bytes = 128;
  parameters.max_read_bytes = 4096;
  parameters.header_bytes = 30;
  parameters.completion_bytes = 10;
  Bench bench(parameters);
  EXPECT_EQ(bench.link.max_read_bytes(), 4096u);
  bench.write(0, 0, 1024);
  EXPECT_EQ(bench.link.upstream_bytes(), 1024u + 8 * 30);
  bench.read(1, 0, 4096);
  EXPECT_EQ(bench.link.upstream_bytes(), 1024u + 9 * 30);
  bench.run_all();
  EXPECT_EQ(bench.link.downstream_bytes(), 4096u + 32 * 10);
}

TEST(PcieTlps, AnAddressAtTheTopOfTheSpaceEndsTheTransfer) {
  Bench bench;
  bench.write(0, ~std::uint64_t{0}, 2);  // wraps behind the last byte: two pages, and the host refuses
  bench.run_all();
  EXPECT_EQ(bench.link.upstream_bytes(), 2u + 2 * 24);
  EXPECT_EQ(bench.client.completions.at(0).status, DmaStatus::bus_error);
}

// ---- errors

TEST(PcieErrors, ABusErrorIsTheStatusOfItsRequestAlone) {
  Bench bench;
  bench.read(0, FakeHost::kSize, 16);
  bench.read(1, 0, 16);
  bench.write(2, FakeHost::kSize - 1, 2);
  bench.write(3, 0, 2);
  bench.run_all();
  std::vector<DmaStatus> by_ticket(4);
  for (const Completion& completion : bench.client.completions) by_ticket.at(completion.ticket) = completion.status;
  EXPECT_EQ(by_ticket,
            (std::vector<DmaStatus>{DmaStatus::bus_error, DmaStatus::ok, DmaStatus::bus_error, DmaStatus::ok}));
  EXPECT_EQ(bench.client.completions.size(), 4u);
}

TEST(PcieErrors, AReusedTagForgetsTheEarlierError) {
  Bench bench(with_tags(1));
  bench.read(0, FakeHost::kSize, 16);
  bench.run_all();
  bench.read(1, 0, 16);
  bench.run_all();
  EXPECT_EQ(bench.client.completions.at(0).status, DmaStatus::bus_error);
  EXPECT_EQ(bench.client.completions.at(1).status, DmaStatus::ok);
}

// ---- cancelling

TEST(PcieCancel, NothingCompletesAndUnseenWritesAreDiscarded) {
  Bench bench;
  bench.write(0, 0x1000, 64, 0xee);
  bench.run_until(88 + 62);
  ASSERT_EQ(bench.client.tickets(), std::vector<std::uint32_t>{0});
  bench.write(1, 0x2000, 64, 0xee);
  bench.link.write(nullptr, 0, 0x3000, {bench.host.memory.data(), 64});
  bench.read(2, 0, 64);
  bench.link.cancel_all();
  bench.run_all();
  EXPECT_EQ(bench.client.completions.size(), 1u);
  EXPECT_EQ(bench.host.memory[0x1000], 0xee);
  EXPECT_EQ(bench.host.memory[0x2001], 0x01);
  EXPECT_EQ(bench.host.memory[0x3001], 0x01);
  EXPECT_EQ(bench.host.accesses.size(), 1u) << "a cancelled request reached the memory";
}

TEST(PcieCancel, ACancelledReadDoesNotTouchItsBuffer) {
  for (const Cycle when : {Cycle{10}, Cycle{24 + 62 + 10}}) {  // on the way there and on the way back
    SCOPED_TRACE("cancelled at " + std::to_string(when));
    Bench bench;
    auto gone = std::make_unique<std::vector<std::uint8_t>>(64);
    bench.link.read(bench.client, 0, 0, {gone->data(), gone->size()});
    bench.run_until(when);
    bench.link.cancel_all();
    gone.reset();
    bench.run_all();
    EXPECT_TRUE(bench.client.completions.empty());
  }
}

TEST(PcieCancel, TagsComeBackWhenTheReadsWouldHaveReturned) {
  Bench bench(with_tags(2));
  bench.read(0, 0, 64);
  bench.read(1, 0, 64);
  bench.link.cancel_all();
  EXPECT_EQ(bench.link.tags_free(), 0u);
  bench.run_until(24 + 62 + 84 + 62 - 1);
  EXPECT_EQ(bench.link.tags_free(), 0u);
  bench.run_until(24 + 62 + 84 + 62);
  EXPECT_EQ(bench.link.tags_free(), 1u);
  bench.run_until(24 + 62 + 2 * 84 + 62);
  EXPECT_EQ(bench.link.tags_free(), 2u);
}

TEST(PcieCancel, WhoAskedForATagBeforeIsNotCalledAndWhoAsksAfterIs) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  FakeClient before(bench.calendar), after(bench.calendar);
  bench.link.want_tag(before);
  bench.link.cancel_all();
  bench.link.want_tag(after);
  bench.run_all();
  EXPECT_TRUE(before.tag_offers.empty());
  EXPECT_EQ(after.tag_offers, std::vector<Cycle>{24 + 62 + 84 + 62});
}

TEST(PcieCancel, LaterRequestsGoTheirWay) {
  Bench bench;
  bench.write(0, 0x1000, 64, 0xee);
  bench.read(1, 0x1000, 64);
  bench.link.cancel_all();
  bench.write(2, 0x1000, 1, 0xdd);
  const Bytes into = bench.read(3, 0x1000, 2);
  bench.run_all();
  EXPECT_EQ(bench.client.tickets(), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(into.data[0], 0xdd);
  EXPECT_EQ(into.data[1], 0x01);
}

TEST(PcieCancel, AClientMayCancelFromItsCompletion) {
  Bench bench;
  bench.client.when_done = [&] { bench.link.cancel_all(); };
  bench.write(0, 0, 1);
  bench.write(1, 0, 1);
  bench.read(2, 0, 1);
  bench.run_all();
  EXPECT_EQ(bench.client.tickets(), std::vector<std::uint32_t>{0});
  bench.read(3, 0, 1);
  bench.read(4, 0, 1);
  bench.run_all();
  EXPECT_EQ(bench.client.tickets(), (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(bench.link.tags_free(), bench.link.parameters().tags);
}

// One client's requests vanish, those of others and of none go their way at the cycles at which they would have.
TEST(PcieCancelOne, ConcernsTheRequestsOfThisClientAlone) {
  const auto completions_of_other = [](bool cancel) {
    Bench bench;
    FakeClient other(bench.calendar);
    bench.write(0, 0x1000, 64, 0xee);
    bench.link.write(&other, 1, 0x2000, {bench.host.memory.data(), 64});
    bench.link.write(nullptr, 0, 0x3000, {bench.host.memory.data(), 64});
    bench.read(2, 0, 64);
    bench.read(other, 3, 0x40, 64);
    if (cancel) bench.link.cancel(bench.client);
    bench.run_all();
    EXPECT_EQ(bench.client.completions.size(), cancel ? 0u : 2u);
    EXPECT_EQ(bench.host.memory[0x1000] == 0xee, !cancel);
    EXPECT_EQ(bench.host.memory[0x2001], 0x01);
    EXPECT_EQ(bench.host.memory[0x3001], 0x01);
    return other.completions;
  };
  const std::vector<Completion> undisturbed = completions_of_other(false);
  EXPECT_EQ(undisturbed.size(), 2u);
  EXPECT_EQ(completions_of_other(true), undisturbed);
}

TEST(PcieCancelOne, ACancelledReadDoesNotTouchItsBufferAndReturnsItsTag) {
  for (const Cycle when : {Cycle{10}, Cycle{24 + 62 + 10}}) {
    Bench bench(with_tags(1));
    auto gone = std::make_unique<std::vector<std::uint8_t>>(64);
    bench.link.read(bench.client, 0, 0, {gone->data(), gone->size()});
    bench.run_until(when);
    bench.link.cancel(bench.client);
    gone.reset();
    EXPECT_EQ(bench.link.tags_free(), 0u);
    bench.run_all();
    EXPECT_TRUE(bench.client.completions.empty());
    EXPECT_EQ(bench.link.tags_free(), 1u);
  }
}

TEST(PcieCancelOne, TheClientLosesItsPlaceInTheLineForTagsAndMayAskAgain) {
  Bench bench(with_tags(1));
  bench.read(0, 0, 64);
  FakeClient gone(bench.calendar), next(bench.calendar);
  bench.link.want_tag(gone);
  bench.link.want_tag(next);
  bench.link.cancel(gone);
  next.when_tag_free = [&] { bench.link.want_tag(gone); };
  bench.run_all();
  EXPECT_EQ(next.tag_offers, std::vector<Cycle>{24 + 62 + 84 + 62});
  EXPECT_EQ(gone.tag_offers.size(), 1u) << "asked for after the cancelling";
}

TEST(PcieCancelOne, OfAClientWithoutRequestsDoesNothing) {
  Bench bench;
  FakeClient idle(bench.calendar);
  bench.write(0, 0x1000, 64, 0xee);
  bench.link.cancel(idle);
  bench.run_all();
  EXPECT_EQ(bench.client.tickets(), std::vector<std::uint32_t>{0});
}

// ---- the steps of time

// A load that mixes everything, from the calendar itself; what it completes and when.
std::vector<Completion> completions_of_load(std::uint64_t seed, const std::function<Cycle(Cycle now)>& next_edge) {
  PcieParameters parameters;
  parameters.lanes = 2;
  parameters.tags = 4;
  Bench bench(parameters);
  std::mt19937_64 random(seed);
  for (unsigned i = 0; i < 600; ++i) bench.host.extras.push_back(random() % 8 == 0 ? random() % 200 : 0);
  struct Load {
    Bench& bench;
    std::mt19937_64& random;
    std::uint32_t requests = 0;
    bool cancelled = false;
    void step() {
      if (requests == 400) return;
      for (std::uint64_t i = random() % 4; i > 0 && requests < 400; --i) {
        if (random() % 2 == 0) {
          bench.write(requests++, random() % 65536, 1 + random() % 2000);
        } else if (bench.link.tags_free() > 0) {
          bench.read(requests++, random() % 65536, 1 + random() % 512);
        }
      }
      if (requests >= 250 && !std::exchange(cancelled, true)) bench.link.cancel_all();
      bench.calendar.at(bench.calendar.now() + random() % 150, Rank::receive, this,
                        [](void* self, std::uint64_t) { static_cast<Load*>(self)->step(); });
    }
  } load{bench, random};
  load.step();
  while (bench.calendar.next() != kNever) bench.run_until(next_edge(bench.calendar.now()));
  return bench.client.completions;
}

TEST(PcieSteps, CompletionCyclesDoNotDependOnTheStepOfTime) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::vector<Completion> by_cycle = completions_of_load(seed, [](Cycle now) { return now + 1; });
    EXPECT_GT(by_cycle.size(), 300u);
    EXPECT_EQ(completions_of_load(seed, [](Cycle now) { return now + 64; }), by_cycle);
    EXPECT_EQ(completions_of_load(seed, [](Cycle now) { return now + 100'000; }), by_cycle);
    std::mt19937_64 steps(seed + 1000);
    EXPECT_EQ(completions_of_load(seed, [&](Cycle now) { return now + 1 + steps() % 5000; }), by_cycle);
  }
}

}  // namespace
}  // namespace rssnic
