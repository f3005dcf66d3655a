// The Verilated pipeline by itself: hash, selection and table against the definitions written out here, and what only
// the RTL promises (latency, banks, back-pressure, reset). Shares nothing with the reference engine.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "model/steering/steering_engine.h"
#include "tb/unit/microsoft_vectors.h"
#include "tb/unit/steering/engine_driver.h"

namespace rssnic::test {
namespace {

constexpr unsigned kTupleBits = 288;
constexpr unsigned kKeyBits = 320;
constexpr unsigned kLatency = 19;       // of frames whose headers end in the first beat
constexpr unsigned kLongEnough = 2000;  // edges; more than any configuration takes to write

using Tuple = std::array<std::uint8_t, kTupleBits / 8>;  // zero-padded

bool bit_of(const std::uint8_t* bytes, unsigned bit) { return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0; }

// By definition: input bit i adds the 32 key bits from i on.
std::uint32_t toeplitz_by_definition(const HashKey& key, const Tuple& tuple) {
  std::uint32_t hash = 0;
  for (unsigned i = 0; i < kTupleBits; ++i) {
    if (!bit_of(tuple.data(), i)) continue;
    for (unsigned k = 0; k < 32; ++k) hash ^= static_cast<std::uint32_t>(bit_of(key.data(), i + k)) << (31 - k);
  }
  return hash;
}

template <typename Address>
Tuple tuple_of(const Address& source, const Address& destination) {
  Tuple tuple{};
  std::copy(source.begin(), source.end(), tuple.begin());
  std::copy(destination.begin(), destination.end(), tuple.begin() + source.size());
  return tuple;
}

template <typename Address>
Tuple tuple_of(const Address& source, const Address& destination, unsigned source_port, unsigned destination_port) {
  Tuple tuple = tuple_of(source, destination);
  std::uint8_t* ports = &tuple[2 * source.size()];
  ports[0] = static_cast<std::uint8_t>(source_port >> 8);
  ports[1] = static_cast<std::uint8_t>(source_port);
  ports[2] = static_cast<std::uint8_t>(destination_port >> 8);
  ports[3] = static_cast<std::uint8_t>(destination_port);
  return tuple;
}

// An IPv6 TCP frame whose 4-tuple is `tuple`.
FrameBytes ipv6_tcp_frame(const Tuple& tuple) {
  Ipv6Header header;
  std::copy_n(tuple.begin(), 16, header.source.begin());
  std::copy_n(tuple.begin() + 16, 16, header.destination.begin());
  return FrameBuilder().ipv6(header).tcp(load_be16(&tuple[32]), load_be16(&tuple[34])).bytes();
}

Tuple random_tuple(std::mt19937& random) {
  Tuple tuple;
  for (std::uint8_t& byte : tuple) byte = static_cast<std::uint8_t>(random());
  return tuple;
}

RssConfig tcpv6_config(const HashKey& key, std::vector<std::uint16_t> table) {
  RssConfig config;
  config.hash_types = hash_type_of(HashReport::tcpv6);
  config.key = key;
  config.table = std::move(table);
  return config;
}

RssConfig random_config(std::mt19937& random) {
  HashKey key;
  for (std::uint8_t& byte : key) byte = static_cast<std::uint8_t>(random());
  std::vector<std::uint16_t> table(std::size_t{1} << random() % 10);
  for (std::uint16_t& queue : table) queue = static_cast<std::uint16_t>(random());
  RssConfig config = tcpv6_config(key, table);
  config.unclassified_queue = static_cast<std::uint16_t>(random());
  return config;
}

void expect_unclassified_by(const RssConfig& config, const SteerResult& result) {
  EXPECT_EQ(result.report, HashReport::none);
  EXPECT_EQ(result.hash, 0u);
  EXPECT_EQ(result.queue, config.unclassified_queue);
}

void expect_decided_by(const RssConfig& config, const Tuple& tuple, const SteerResult& result) {
  const std::uint32_t hash = toeplitz_by_definition(config.key, tuple);
  EXPECT_EQ(result.report, HashReport::tcpv6);
  EXPECT_EQ(result.hash, hash);
  EXPECT_EQ(result.queue, config.table[hash % config.table.size()]);
}

class RtlEngine : public ::testing::Test {
 protected:
  // One edge.
  SteeringEngine::Outcome clock() {
    const SteeringEngine::Outcome outcome = engine_->clock_until(engine_->edge() + 1);
    if (outcome.accepted) accepted_.push_back(engine_->edge() - 1);
    if (outcome.decided) results_.push_back(outcome.result);
    return outcome;
  }

  void clock_until_swapped() {
    for (unsigned i = 0; engine_->swapping(); ++i) {
      ASSERT_LT(i, kLongEnough);
      clock();
    }
  }

  void configure(const RssConfig& config) {
    engine_->stage(config);
    clock_until_swapped();
  }

  // Sends the frames back to back, with room for all results, into `results_`.
  void stream(const std::vector<FrameBytes>& frames) {
    results_.clear();
    accepted_.clear();
    engine_->result_space(static_cast<unsigned>(frames.size()));
    for (std::size_t i = 0; i < frames.size(); ++i) {
      ASSERT_TRUE(engine_->offer(static_cast<std::uint16_t>(i), view(frames[i])));
      for (Cycle beats = beats_of(frames[i].size()); beats > 0; --beats) ASSERT_EQ(clock().complete, beats == 1);
    }
    while (!engine_->idle()) clock();
    ASSERT_EQ(results_.size(), frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) ASSERT_EQ(results_[i].token, static_cast<std::uint16_t>(i));
  }

  bool offer(std::uint16_t token, FrameBytes frame) { return offers_.offer(*engine_, token, std::move(frame)); }

  std::unique_ptr<SteeringEngine> engine_ = make_rtl_engine();
  FrameOffers offers_;
  std::vector<SteerResult> results_;  // in the order in which they left
  std::vector<Cycle> accepted_;
};

// The hash is linear in the tuple and in the key, so the unit pairs settle it for all tuples and keys.
TEST_F(RtlEngine, EveryTupleBitMeetsEveryKeyBitAsDefined) {
  std::vector<FrameBytes> frames;
  for (unsigned bit = 0; bit < kTupleBits; ++bit) {
    Tuple tuple{};
    tuple[bit / 8] = static_cast<std::uint8_t>(0x80 >> bit % 8);
    frames.push_back(ipv6_tcp_frame(tuple));
  }
  for (unsigned key_bit = 0; key_bit < kKeyBits; ++key_bit) {
    HashKey key{};
    key[key_bit / 8] = static_cast<std::uint8_t>(0x80 >> key_bit % 8);
    configure(tcpv6_config(key, {0}));
    stream(frames);
    for (unsigned bit = 0; bit < kTupleBits; ++bit) {
      const bool meets = key_bit >= bit && key_bit - bit < 32;
      ASSERT_EQ(results_[bit].hash, meets ? 0x80000000u >> (key_bit - bit) : 0u)
          << "tuple bit " << bit << ", key bit " << key_bit;
    }
  }
}

FrameBytes tcp_frame(const MicrosoftVector& vector) {
  FrameBuilder builder;
  Ipv4Header ipv4;
  Ipv6Header ipv6;
  if (inet_pton(AF_INET, vector.source, ipv4.source.data()) == 1) {
    EXPECT_EQ(inet_pton(AF_INET, vector.destination, ipv4.destination.data()), 1);
    builder.ipv4(ipv4);
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, vector.source, ipv6.source.data()), 1);
    EXPECT_EQ(inet_pton(AF_INET6, vector.destination, ipv6.destination.data()), 1);
    builder.ipv6(ipv6);
  }
  return builder.tcp(vector.source_port, vector.destination_port).bytes();
}

TEST_F(RtlEngine, GivesMicrosoftsPublishedValues) {
  std::vector<FrameBytes> frames;
  for (const MicrosoftVector& vector : kMicrosoftVectors) frames.push_back(tcp_frame(vector));
  RssConfig config;
  config.key = kMicrosoftKey;
  config.hash_types = hash_type_of(HashReport::ipv4) | hash_type_of(HashReport::ipv6);
  configure(config);
  stream(frames);
  for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(results_[i].hash, kMicrosoftVectors[i].addresses_hash);
  config.hash_types = kAllHashTypes;
  configure(config);
  stream(frames);
  for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(results_[i].hash, kMicrosoftVectors[i].ports_hash);
}

constexpr Ipv6Address kHome = {0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr Ipv6Address kRoute = {0xfc, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0x81, 0x82, 0x83, 0x84, 0x85};
constexpr std::uint16_t kSourcePort = 0x1234;
constexpr std::uint16_t kDestinationPort = 0xabcd;

enum class Ip { none, v4, v6, v6_hop_by_hop, v6_mobile };  // mobile: a home address and a type 2 routing header
enum class L4 { none, tcp, udp };

FrameBytes frame_of(Ip ip, L4 l4) {
  FrameBuilder builder;
  switch (ip) {
    case Ip::none:
      return builder.ether_type(0x0806).raw(FrameBytes(46)).bytes();
    case Ip::v4:
      builder.ipv4();
      break;
    case Ip::v6:
      builder.ipv6();
      break;
    case Ip::v6_hop_by_hop:
      builder.ipv6().hop_by_hop();
      break;
    case Ip::v6_mobile:
      builder.ipv6().routing(2, kRoute).home_address(kHome);
      break;
  }
  if (l4 == L4::tcp) builder.tcp(kSourcePort, kDestinationPort);
  if (l4 == L4::udp) builder.udp(kSourcePort, kDestinationPort);
  return builder.bytes();
}

// virtio 1.4, 5.1.9.4.3.2 to 5.1.9.4.3.4, in the order of its sentences.
HashReport report_by_spec(Ip ip, L4 l4, std::uint32_t types, bool ex_always) {
  const auto enabled = [types](HashReport report) { return (types & hash_type_of(report)) != 0; };
  if (ip == Ip::none) return HashReport::none;
  if (ip == Ip::v4) {
    if (l4 == L4::tcp && enabled(HashReport::tcpv4)) return HashReport::tcpv4;
    if (l4 == L4::udp && enabled(HashReport::udpv4)) return HashReport::udpv4;
    if (enabled(HashReport::ipv4)) return HashReport::ipv4;
    return HashReport::none;
  }
  if (ip != Ip::v6 || ex_always) {
    if (l4 == L4::tcp && enabled(HashReport::tcpv6_ex)) return HashReport::tcpv6_ex;
    if (l4 == L4::udp && enabled(HashReport::udpv6_ex)) return HashReport::udpv6_ex;
    if (enabled(HashReport::ipv6_ex)) return HashReport::ipv6_ex;
  }
  if (l4 == L4::tcp && enabled(HashReport::tcpv6)) return HashReport::tcpv6;
  if (l4 == L4::udp && enabled(HashReport::udpv6)) return HashReport::udpv6;
  if (enabled(HashReport::ipv6)) return HashReport::ipv6;
  return HashReport::none;
}

Tuple tuple_by_spec(Ip ip, HashReport report) {
  const Ipv4Header v4;
  const Ipv6Header v6;
  const Ipv6Address& ex_source = ip == Ip::v6_mobile ? kHome : v6.source;
  const Ipv6Address& ex_destination = ip == Ip::v6_mobile ? kRoute : v6.destination;
  switch (report) {
    case HashReport::none:
      return {};
    case HashReport::ipv4:
      return tuple_of(v4.source, v4.destination);
    case HashReport::tcpv4:
    case HashReport::udpv4:
      return tuple_of(v4.source, v4.destination, kSourcePort, kDestinationPort);
    case HashReport::ipv6:
      return tuple_of(v6.source, v6.destination);
    case HashReport::tcpv6:
    case HashReport::udpv6:
      return tuple_of(v6.source, v6.destination, kSourcePort, kDestinationPort);
    case HashReport::ipv6_ex:
      return tuple_of(ex_source, ex_destination);
    case HashReport::tcpv6_ex:
    case HashReport::udpv6_ex:
      return tuple_of(ex_source, ex_destination, kSourcePort, kDestinationPort);
  }
  return {};
}

TEST_F(RtlEngine, EveryKindOfPacketUnderEverySetOfTypesIsHashedAsTheSpecSays) {
  std::vector<std::pair<Ip, L4>> kinds;
  std::vector<FrameBytes> frames;
  for (const Ip ip : {Ip::none, Ip::v4, Ip::v6, Ip::v6_hop_by_hop, Ip::v6_mobile}) {
    for (const L4 l4 : {L4::none, L4::tcp, L4::udp}) {
      kinds.emplace_back(ip, l4);
      frames.push_back(frame_of(ip, l4));
    }
  }
  RssConfig config;
  config.key = kMicrosoftKey;
  config.table = {10, 11, 12, 13};
  config.unclassified_queue = 20;
  for (unsigned setting = 0; setting < 2 * (kAllHashTypes + 1); ++setting) {
    config.hash_types = setting & kAllHashTypes;
    config.ex_report_always = setting > kAllHashTypes;
    configure(config);
    stream(frames);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      SCOPED_TRACE(::testing::Message() << "types 0x" << std::hex << config.hash_types << ", ex always "
                                        << config.ex_report_always << ", kind " << std::dec << i);
      const auto [ip, l4] = kinds[i];
      const HashReport report = report_by_spec(ip, l4, config.hash_types, config.ex_report_always);
      const std::uint32_t hash = toeplitz_by_definition(config.key, tuple_by_spec(ip, report));
      ASSERT_EQ(results_[i].report, report);
      ASSERT_EQ(results_[i].hash, hash);
      ASSERT_EQ(results_[i].queue, report == HashReport::none ? 20 : config.table[hash % 4]);
    }
  }
}

TEST_F(RtlEngine, EveryEntryOfATableOfAnySizeIsReached) {
  constexpr std::uint32_t kSeed = 21;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  std::mt19937 random(kSeed);
  std::vector<Tuple> tuples(8000);
  std::vector<FrameBytes> frames;
  for (Tuple& tuple : tuples) frames.push_back(ipv6_tcp_frame(tuple = random_tuple(random)));
  std::uint16_t next_queue = 0;
  for (std::size_t entries = 1; entries <= kMaxTableEntries; entries *= 2) {
    SCOPED_TRACE(::testing::Message() << entries << " entries");
    std::vector<std::uint16_t> table(entries);
    for (std::uint16_t& queue : table) queue = next_queue = static_cast<std::uint16_t>(next_queue + 61);
    const RssConfig config = tcpv6_config(kMicrosoftKey, table);
    configure(config);
    stream(frames);
    std::set<std::uint16_t> reached;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      expect_decided_by(config, tuples[i], results_[i]);
      reached.insert(results_[i].queue);
    }
    EXPECT_EQ(reached.size(), entries);
  }
}

FrameBytes one_beat_frame() { return FrameBuilder().ipv4().tcp(kSourcePort, kDestinationPort).bytes(); }

TEST_F(RtlEngine, TakesABeatAClockAndDecidesAtAConstantTimeAfterThem) {
  stream(std::vector<FrameBytes>(1000, one_beat_frame()));
  for (std::size_t i = 0; i < results_.size(); ++i) {
    EXPECT_EQ(accepted_[i], i);
    EXPECT_EQ(results_[i].decided, i + kLatency);
  }
}

TEST_F(RtlEngine, TheTimeToADecisionCountsFromTheBeatThatEndsTheHeaders) {
  const FrameBytes long_headers = FrameBuilder().ipv6().tcp(1, 2).raw(FrameBytes(1000)).bytes();
  FrameBytes long_payload = one_beat_frame();
  long_payload.resize(1000);
  stream({long_payload, long_headers, long_payload});
  EXPECT_EQ(results_[0].decided - accepted_[0], kLatency);
  EXPECT_EQ(results_[1].decided - accepted_[1], kLatency + 1);
  EXPECT_EQ(accepted_[2] - accepted_[1], beats_of(long_headers.size()));
}

TEST_F(RtlEngine, StandsStillWhileResultsMayNotLeaveAndLosesNothing) {
  std::uint16_t sent = 0;
  for (unsigned i = 0; i < kLongEnough; ++i) {
    if (offer(sent, one_beat_frame())) ++sent;
    clock();
  }
  EXPECT_GE(accepted_.size(), kLatency);
  EXPECT_LT(accepted_.size(), 100u);
  EXPECT_EQ(accepted_.size() + 1, sent);  // the last one waits at the input
  EXPECT_TRUE(results_.empty());
  EXPECT_FALSE(engine_->idle());
  engine_->result_space(4);
  for (unsigned i = 0; i < kLongEnough; ++i) clock();
  ASSERT_EQ(results_.size(), 4u);
  EXPECT_EQ(accepted_.size(), sent);
  engine_->result_space(sent);
  while (!engine_->idle()) clock();
  ASSERT_EQ(results_.size(), sent);
  for (std::uint16_t i = 0; i < sent; ++i) EXPECT_EQ(results_[i].token, i);
}

// Random gaps, random shortage of result space, and a new configuration as soon as the last one is in force: each frame
// is decided wholly by one that was in force while it was inside, in order.
TEST_F(RtlEngine, SwapsInAStallingStreamFallBetweenTwoFrames) {
  for (std::uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    engine_ = make_rtl_engine();
    results_.clear();
    std::vector<RssConfig> configs{random_config(random)};
    configure(configs[0]);
    constexpr std::size_t kFrames = 4000;
    std::vector<Tuple> tuples;                  // every third frame is UDP, which no configuration here hashes
    std::vector<std::size_t> earliest, latest;  // in force when a frame began to come in, when its result left
    std::size_t in_force = 0;
    while (results_.size() < kFrames || engine_->swapping()) {
      ASSERT_LT(engine_->edge(), 80000u);
      if (tuples.size() < kFrames && random() % 4 != 0) {
        const Tuple tuple = random_tuple(random);
        const FrameBytes frame = tuples.size() % 3 == 0 ? frame_of(Ip::v6, L4::udp) : ipv6_tcp_frame(tuple);
        if (offer(static_cast<std::uint16_t>(tuples.size()), frame)) tuples.push_back(tuple);
      }
      if (random() % 8 == 0) engine_->result_space(static_cast<unsigned>(random() % 12));
      if (!engine_->swapping() && tuples.size() < kFrames) {
        configs.push_back(random_config(random));
        engine_->stage(configs.back());
      }
      const std::uint8_t bank = engine_->active_bank();
      const SteeringEngine::Outcome outcome = clock();
      if (outcome.accepted) earliest.push_back(in_force);
      if (outcome.swapped) ++in_force;
      if (outcome.decided) latest.push_back(in_force);
      EXPECT_EQ(engine_->active_bank(), outcome.swapped ? bank ^ 1 : bank);
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < kFrames; ++i) {
      SCOPED_TRACE(i);
      ASSERT_EQ(results_[i].token, i);
      at = std::max(at, earliest[i]);
      if (results_[i].bank != (at + 1) % 2) ++at;
      const auto is_due = [&] {
        const std::uint32_t hash = toeplitz_by_definition(configs[at].key, tuples[i]);
        return results_[i].queue ==
               (i % 3 == 0 ? configs[at].unclassified_queue : configs[at].table[hash % configs[at].table.size()]);
      };
      while (at + 2 <= latest[i] && !is_due()) at += 2;
      ASSERT_LE(at, latest[i]);
      if (i % 3 == 0) {
        expect_unclassified_by(configs[at], results_[i]);
      } else {
        expect_decided_by(configs[at], tuples[i], results_[i]);
      }
      if (HasFailure()) return;
    }
    EXPECT_GT(in_force, 10u);
  }
}

TEST_F(RtlEngine, WhatIsToldBetweenResetAndItsEdgeActsAfterThatEdge) {
  std::mt19937 random(4);
  const RssConfig config = random_config(random);
  const Tuple tuple = random_tuple(random);
  configure(random_config(random));
  engine_->stage(random_config(random));
  engine_->result_space(10);
  ASSERT_TRUE(offer(1, one_beat_frame()));
  ASSERT_TRUE(clock().complete);
  ASSERT_TRUE(offer(2, ipv6_tcp_frame(tuple)));
  engine_->reset();
  EXPECT_EQ(engine_->active_bank(), 0);
  EXPECT_FALSE(engine_->swapping());
  EXPECT_FALSE(engine_->idle());
  ASSERT_TRUE(offer(3, ipv6_tcp_frame(tuple)));
  engine_->stage(config);
  EXPECT_FALSE(clock().any());  // the reset edge
  EXPECT_TRUE(clock().accepted);
  while (results_.empty() && engine_->edge() < kLongEnough) clock();
  clock_until_swapped();
  ASSERT_TRUE(offer(4, ipv6_tcp_frame(tuple)));
  while (!engine_->idle()) clock();
  ASSERT_EQ(results_.size(), 2u);
  EXPECT_EQ(results_[0].token, 3);
  expect_unclassified_by(RssConfig{}, results_[0]);
  EXPECT_EQ(results_[1].token, 4);
  expect_decided_by(config, tuple, results_[1]);
}

TEST_F(RtlEngine, ResetAtEveryMomentOfAStalledPipelineEmptiesIt) {
  std::mt19937 random(5);
  const RssConfig config = random_config(random);
  const Tuple tuple = random_tuple(random);
  for (unsigned edges = 0; edges < 2 * kLatency; ++edges) {
    SCOPED_TRACE(edges);
    configure(config);
    if (edges % 2 == 0) configure(config);  // either bank may be in force, and hold hash types
    results_.clear();
    for (unsigned i = 0; i < edges; ++i) {
      offer(9, ipv6_tcp_frame(tuple));
      clock();
    }
    engine_->reset();
    engine_->result_space(100);
    for (unsigned i = 0; i < 3 * kLatency; ++i) ASSERT_FALSE(clock().any());
    EXPECT_TRUE(engine_->idle());
    ASSERT_TRUE(offer(1, ipv6_tcp_frame(tuple)));
    while (!engine_->idle()) clock();
    ASSERT_EQ(results_.size(), 1u);
    expect_unclassified_by(RssConfig{}, results_[0]);
    EXPECT_EQ(results_[0].bank, 0);
    engine_->result_space(0);
  }
}

// Two engines get the same bursts and configurations; one clocks its idle edges, the other skips them.
TEST_F(RtlEngine, IdleEdgesChangeNothing) {
  constexpr std::uint32_t kSeed = 6;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  const auto run = [](bool skip) {
    std::mt19937 random(kSeed);
    const auto engine = make_rtl_engine();
    FrameOffers offers;
    std::vector<std::array<std::uint64_t, 6>> seen;
    Cycle begin = 0;
    for (int burst = 0; burst < 200; ++burst) {
      if (random() % 3 == 0) engine->stage(random_config(random));
      if (random() % 20 == 0) engine->reset();
      engine->result_space(50);
      unsigned frames = static_cast<unsigned>(1 + random() % 20);
      while (frames > 0 || !engine->idle()) {
        if (frames > 0 && random() % 2 == 0 &&
            offers.offer(*engine, static_cast<std::uint16_t>(random()), ipv6_tcp_frame(random_tuple(random)))) {
          --frames;
        }
        const SteeringEngine::Outcome outcome = engine->clock_until(engine->edge() + 1);
        if (outcome.any()) {
          const SteerResult& r = outcome.result;
          seen.push_back({engine->edge(), static_cast<std::uint64_t>(outcome.accepted | outcome.swapped << 1), r.hash,
                          r.queue, r.token, r.bank});
        }
      }
      begin = engine->edge() + 1 + random() % 50;
      if (skip) {
        engine->skip_to(begin);
      } else {
        while (engine->edge() < begin) EXPECT_FALSE(engine->clock_until(engine->edge() + 1).any());
      }
    }
    return seen;
  };
  const auto clocked = run(false);
  EXPECT_GT(clocked.size(), 2000u);
  EXPECT_EQ(run(true), clocked);
}

TEST_F(RtlEngine, RefusesATableThatIsNoPowerOfTwoUpTo512) {
  RssConfig config;
  for (const std::size_t entries : {std::size_t{0}, std::size_t{3}, std::size_t{1024}}) {
    config.table.assign(entries, 0);
    EXPECT_THROW(engine_->stage(config), std::invalid_argument) << entries;
    EXPECT_FALSE(engine_->swapping());
  }
}

TEST_F(RtlEngine, RefusesToSkipWhatIsNotIdle) {
  ASSERT_TRUE(offer(1, ipv6_tcp_frame({})));
  EXPECT_THROW(engine_->skip_to(100), std::logic_error);
}

}  // namespace
}  // namespace rssnic::test
