// Which queue a received packet finds, and what its header reports, as control commands change the configuration
// (virtio 1.4, 5.1.9.5.5 to 5.1.9.5.7). Expected hashes come from the checker's oracle.
#include "tb/check/session.h"
#include "tb/unit/net/card_bench.h"
#include "tb/unit/random_frame.h"
#include "tb/wire/generator.h"

namespace rssnic::test {
namespace {

// A guest with `pairs` receive queues, full of buffers, and the control queue.
struct Steered4 {
  explicit Steered4(FeatureBits features = kSteering, Engine engine = Engine::reference, CardParameters parameters = {},
                    unsigned queues = 4)
      : bench(parameters, engine), guest(bench, features) {
    for (unsigned i = 0; i < queues; ++i) {
      rx.push_back(&guest.receive_queue(i, 256));
      guest.fill(*rx.back(), 256);
    }
    if (features & VIRTIO_NET_F_CTRL_VQ) control = &guest.control_queue();
    guest.go();
  }
  // Sends a frame and finds it again; the queue that has it, and its header.
  struct Landed {
    unsigned queue = 99;
    std::uint32_t hash = 0;
    std::uint16_t report = 0;
    bool operator==(const Landed& other) const {
      return queue == other.queue && hash == other.hash && report == other.report;
    }
    friend std::ostream& operator<<(std::ostream& out, const Landed& landed) {
      return out << "queue " << landed.queue << " report " << landed.report << " hash " << landed.hash;
    }
  };
  Landed land(const FrameBytes& frame) {
    const auto tag = bench.send(frame);
    if (!bench.until([&] { return bench.observer[tag].ended(); }) || !bench.observer[tag].delivered_to) return {};
    const unsigned queue = *bench.observer[tag].delivered_to;
    const auto packet = guest.take(*rx.at(queue));
    if (!packet || packet->frame != frame) return {};
    return {queue, packet->hash, packet->report};
  }
  static Landed due(const RssCommand& rss, const FrameBytes& frame, bool ex_report_always = false) {
    const check::Verdict verdict = oracle_for(rss, ex_report_always).judge(view(frame));
    return {verdict.queue, verdict.hash, verdict.report};
  }

  Bench bench;
  Guest guest;
  std::vector<GuestQueue*> rx;
  GuestQueue* control = nullptr;
};

FrameBytes unclassifiable() { return FrameBuilder().ether_type(0x88cc).raw(junk_frame(40)).bytes(); }

std::vector<std::uint16_t> spread(unsigned queues, std::size_t entries = 128) {
  std::vector<std::uint16_t> table(entries);
  for (std::size_t i = 0; i < entries; ++i) table[i] = static_cast<std::uint16_t>(i % queues);
  return table;
}

// Every report other than NONE, once.
std::vector<FrameBytes> all_kinds() {
  const Ipv6Address home{0x20, 1, 0xd, 0xb8, 9, 9};
  return {FrameBuilder().ipv4().protocol(1).raw(junk_frame(30)).bytes(),
          FrameBuilder().ipv4().tcp(1000, 80).bytes(),
          FrameBuilder().ipv4().udp(1001, 53).bytes(),
          FrameBuilder().ipv6().protocol(58).raw(junk_frame(30)).bytes(),
          FrameBuilder().ipv6().tcp(1002, 80).bytes(),
          FrameBuilder().ipv6().udp(1003, 53).bytes(),
          FrameBuilder().ipv6().home_address(home).protocol(58).raw(junk_frame(30)).bytes(),
          FrameBuilder().ipv6().home_address(home).tcp(1004, 80).bytes(),
          FrameBuilder().ipv6().home_address(home).udp(1005, 53).bytes()};
}

class CardSteering : public testing::TestWithParam<Engine> {};
INSTANTIATE_TEST_SUITE_P(Both, CardSteering, testing::Values(Engine::reference, Engine::rtl),
                         [](const auto& test) { return test.param == Engine::rtl ? "Rtl" : "Reference"; });

// ---- modes

TEST_P(CardSteering, AfterResetEverythingGoesToReceiveq1AndReportsNone) {
  Steered4 card(kSteering, GetParam());
  for (unsigned flow = 0; flow < 20; ++flow) {
    EXPECT_EQ(card.land(flow_frame(flow)), (Steered4::Landed{0, 0, 0}));
  }
}

TEST_P(CardSteering, RssConfigSteersByHashMaskAndTable) {
  Steered4 card(kSteering, GetParam());
  const RssCommand rss = rss_command({2, 0, 3, 1, 1, 3, 0, 2});
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  std::vector<unsigned> hits(4);
  for (unsigned flow = 0; flow < 100; ++flow) {
    const Steered4::Landed landed = card.land(flow_frame(flow));
    EXPECT_EQ(landed, Steered4::due(rss, flow_frame(flow))) << "flow " << flow;
    ++hits.at(landed.queue);
  }
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_GT(hits[queue], 0u) << queue;
}

TEST_P(CardSteering, EveryKindOfPacketGetsItsReport) {
  Steered4 card(kSteering, GetParam());
  const RssCommand rss = rss_command(spread(4));
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  std::uint16_t report = 1;
  for (const FrameBytes& frame : all_kinds()) {
    const Steered4::Landed landed = card.land(frame);
    EXPECT_EQ(landed, Steered4::due(rss, frame)) << report;
    EXPECT_EQ(landed.report, report++);
  }
}

TEST_P(CardSteering, RandomFramesAreSteeredAsTheOracleSays) {
  constexpr std::uint32_t kSeed = 20260711;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  Steered4 card(kSteering, GetParam());
  RandomFrames random(kSeed);
  const RssCommand rss = rss_command(spread(4, 64), 0x1ff, 3);
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 200; ++i) {
    FrameBytes frame = random.damaged_frame();
    if (frame.empty()) frame.push_back(0);
    ASSERT_EQ(card.land(frame), Steered4::due(rss, frame)) << "frame " << i;
  }
}

TEST_P(CardSteering, PacketsWithoutAHashGoToTheUnclassifiedQueue) {
  Steered4 card(kSteering, GetParam());
  ASSERT_EQ(card.guest.configure(*card.control, rss_command({0, 1}, 0x1ff, 3)), VIRTIO_NET_OK);
  EXPECT_EQ(card.land(unclassifiable()), (Steered4::Landed{3, 0, 0}));
}

TEST_P(CardSteering, WithNoHashTypesEveryPacketIsUnclassified) {
  Steered4 card(kSteering, GetParam());
  RssCommand rss = rss_command({0, 1}, 0, 2);
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), (Steered4::Landed{2, 0, 0}));
  rss.key.clear();
  rss.unclassified_queue = 1;
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK) << "without a key as well";
  EXPECT_EQ(card.land(flow_frame(1)), (Steered4::Landed{1, 0, 0}));
}

TEST_P(CardSteering, OnlyEnabledHashTypesCount) {
  Steered4 card(kSteering, GetParam());
  for (unsigned bit = 0; bit < 9; ++bit) {
    const RssCommand rss = rss_command(spread(4), 1u << bit, 3);
    ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
    for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(rss, frame)) << bit;
  }
}

TEST_P(CardSteering, AShortKeyIsContinuedWithZeros) {
  Steered4 card(kSteering, GetParam());
  RssCommand rss = rss_command(spread(4));
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);  // nothing of a longer key before it stays
  rss.key.resize(5);
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(rss, frame));
}

TEST_P(CardSteering, ATableOf512EntriesIsUsedToItsEnd) {
  Steered4 card(kSteering, GetParam());
  std::vector<std::uint16_t> table(512, 0);
  for (std::size_t i = 256; i < 512; ++i) table[i] = static_cast<std::uint16_t>(1 + i % 3);
  const RssCommand rss = rss_command(table);
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (unsigned flow = 0; flow < 60; ++flow)
    EXPECT_EQ(card.land(flow_frame(flow)), Steered4::due(rss, flow_frame(flow)));
}

TEST_P(CardSteering, ASecondConfigurationReplacesAllOfTheFirst) {
  Steered4 card(kSteering, GetParam());
  ASSERT_EQ(card.guest.configure(*card.control, rss_command(spread(4, 256), 0x1ff, 1)), VIRTIO_NET_OK);
  RssCommand second = rss_command({3, 2}, 0x12, 2);
  std::reverse(second.key.begin(), second.key.end());
  ASSERT_EQ(card.guest.configure(*card.control, second), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(second, frame));
  for (unsigned flow = 0; flow < 30; ++flow) {
    EXPECT_EQ(card.land(flow_frame(flow)), Steered4::due(second, flow_frame(flow)));
  }
}

TEST_P(CardSteering, ExReportAlwaysTreatsPlainIpv6AsExtended) {
  CardParameters parameters;
  parameters.ex_report_always = true;
  Steered4 card(kSteering, GetParam(), parameters);
  const RssCommand rss = rss_command(spread(4));
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(rss, frame, true));
  EXPECT_EQ(card.land(FrameBuilder().ipv6().tcp(1, 2).bytes()).report, 8);
}

TEST_P(CardSteering, VqPairsSetAfterRssConfigEndsRssAndReportsGoOnWithItsTypesAndKey) {
  Steered4 card(kSteering, GetParam());
  const RssCommand rss = rss_command({3, 2, 3, 2}, 0x1ff, 1);
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (const unsigned pairs : {1u, 4u}) {
    ASSERT_EQ(card.guest.set_pairs(*card.control, pairs), VIRTIO_NET_OK);
    for (const FrameBytes& frame : all_kinds()) {
      const Steered4::Landed landed = card.land(frame);
      const Steered4::Landed due = Steered4::due(rss, frame);
      EXPECT_LT(landed.queue, pairs);
      EXPECT_EQ(landed.hash, due.hash);
      EXPECT_EQ(landed.report, due.report);
    }
    EXPECT_LT(card.land(unclassifiable()).queue, pairs);
  }
}

TEST_P(CardSteering, TheLastSuccessfulCommandDecidesTheMode) {
  Steered4 card(kSteering, GetParam());
  const RssCommand rss = rss_command({3});
  for (unsigned round = 0; round < 3; ++round) {
    ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
    EXPECT_EQ(card.land(flow_frame(1)).queue, 3u);
    ASSERT_EQ(card.guest.set_pairs(*card.control, 1), VIRTIO_NET_OK);
    EXPECT_EQ(card.land(flow_frame(1)).queue, 0u);
    ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
    ASSERT_EQ(card.guest.set_pairs(*card.control, 2), VIRTIO_NET_OK);
    EXPECT_LT(card.land(flow_frame(1)).queue, 2u);
    ASSERT_EQ(card.guest.set_pairs(*card.control, 99), VIRTIO_NET_ERR);
    EXPECT_LT(card.land(flow_frame(1)).queue, 2u) << "the command that failed does not count";
  }
}

TEST_P(CardSteering, DeviceResetForgetsTheConfiguration) {
  Steered4 card(kSteering, GetParam());
  ASSERT_EQ(card.guest.configure(*card.control, rss_command({3})), VIRTIO_NET_OK);
  ASSERT_EQ(card.land(flow_frame(1)).queue, 3u);
  card.guest.negotiate(kSteering);
  card.rx.clear();
  for (unsigned i = 0; i < 4; ++i) {
    card.rx.push_back(&card.guest.receive_queue(i));
    card.guest.fill(*card.rx.back(), 16);
  }
  card.guest.go();
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), (Steered4::Landed{0, 0, 0}));
}

TEST(CardSteeringReset, HashTypesOfTheConfigurationBeforeDoNotComeBackWithTheNextCommand) {
  Steered4 card;
  for (unsigned bank = 0; bank < 2; ++bank) {
    ASSERT_EQ(card.guest.configure(*card.control, rss_command({3})), VIRTIO_NET_OK);
  }
  card.guest.negotiate(kSteering);
  card.rx.clear();
  for (unsigned i = 0; i < 4; ++i) {
    card.rx.push_back(&card.guest.receive_queue(i));
    card.guest.fill(*card.rx.back(), 16);
  }
  card.control = &card.guest.control_queue();
  card.guest.go();
  ASSERT_EQ(card.guest.set_pairs(*card.control, 4), VIRTIO_NET_OK);
  EXPECT_EQ(card.land(flow_frame(1)).report, 0);
}

TEST(CardSteeringReset, Receiveq2IsNotLookedAtBeforeAnMqCommand) {
  Bench bench;
  Guest guest(bench, kSteering);
  guest.fill(guest.receive_queue(0), 4);
  GuestQueue& second = guest.receive_queue(1);
  GuestQueue& control = guest.control_queue();
  second.set_available_index(1000);  // a ring fault for whoever looks
  guest.go();
  guest.notify(2);
  bench.send(flow_frame(1));
  bench.settle();
  EXPECT_FALSE(guest.needs_reset());
  control.add({{4, 0, 2, 0}}, {1});
  guest.publish(control);
  bench.settle();
  EXPECT_TRUE(guest.needs_reset());
}

// ---- which features, which commands, which control queue

TEST(CardSteeringFeatures, RssWorksWithoutMqAndTheControlQueueIs2N) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_MQ);
  EXPECT_EQ(card.control->index(), 8u);
  const RssCommand rss = rss_command(spread(4));
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (unsigned flow = 0; flow < 20; ++flow)
    EXPECT_EQ(card.land(flow_frame(flow)), Steered4::due(rss, flow_frame(flow)));
  EXPECT_EQ(card.guest.set_pairs(*card.control, 2), VIRTIO_NET_ERR) << "VQ_PAIRS_SET needs MQ";
}

TEST(CardSteeringFeatures, RssWorksWithoutHashReportAndThe12ByteHeader) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_HASH_REPORT);
  const RssCommand rss = rss_command(spread(4));
  ASSERT_EQ(card.guest.configure(*card.control, rss), VIRTIO_NET_OK);
  for (unsigned flow = 0; flow < 20; ++flow) {
    EXPECT_EQ(card.land(flow_frame(flow)).queue, Steered4::due(rss, flow_frame(flow)).queue);
  }
}

TEST(CardSteeringFeatures, MqWithoutRssRefusesRssConfigAndTakesVqPairsSet) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_RSS);
  EXPECT_EQ(card.control->index(), 8u);
  EXPECT_EQ(card.guest.configure(*card.control, rss_command({1})), VIRTIO_NET_ERR);
  EXPECT_EQ(card.guest.set_pairs(*card.control, 4), VIRTIO_NET_OK);
  EXPECT_LT(card.land(flow_frame(1)).queue, 4u);
}

TEST(CardSteeringFeatures, WithNeitherMqNorRssTheControlQueueIsQueue2) {
  const FeatureBits features = kSteering & ~(VIRTIO_NET_F_RSS | VIRTIO_NET_F_MQ);
  Steered4 card(features, Engine::reference, {}, 1);
  EXPECT_EQ(card.control->index(), 2u);
  EXPECT_EQ(card.guest.set_pairs(*card.control, 1), VIRTIO_NET_ERR);
  EXPECT_EQ(card.guest.configure(*card.control, rss_command({0})), VIRTIO_NET_ERR);
  EXPECT_EQ(card.land(flow_frame(1)), (Steered4::Landed{0, 0, 0}));
}

TEST(CardSteeringFeatures, WithoutCtrlVqThereIsNoControlQueue) {
  Bench bench;
  Guest guest(bench, kPlain);
  GuestQueue& control = guest.queue(2);
  guest.go();
  control.add({{4, 0, 1, 0}}, {1});
  guest.publish(control);
  bench.settle();
  EXPECT_EQ(control.used_index(), 0);
  EXPECT_TRUE(control.untouched());
}

FrameBytes hash_config(const RssCommand& rss) {
  FrameBytes data(13 + rss.key.size());
  store_le32(&data[0], rss.hash_types);
  data[12] = static_cast<std::uint8_t>(rss.key.size());
  std::copy(rss.key.begin(), rss.key.end(), data.begin() + 13);
  return data;
}

TEST(CardSteeringFeatures, HashConfigWithoutRssSetsTheReportAndLeavesTheQueue) {
  for (const FeatureBits without : {VIRTIO_NET_F_RSS, VIRTIO_NET_F_RSS | VIRTIO_NET_F_MQ}) {
    const bool many = !(without & VIRTIO_NET_F_MQ);
    Steered4 card(kSteering & ~without, Engine::rtl, {}, many ? 4 : 1);
    const RssCommand rss = rss_command({0});
    ASSERT_EQ(card.guest.command(*card.control, 4, 2, hash_config(rss)), VIRTIO_NET_OK);
    for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(rss, frame));
  }
}

TEST(CardSteeringFeatures, HashConfigKeepsTheNumberOfQueuesAndIgnoresItsReservedBytes) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_RSS);
  ASSERT_EQ(card.guest.set_pairs(*card.control, 3), VIRTIO_NET_OK);
  const RssCommand rss = rss_command({0}, 0x3f);
  FrameBytes data = hash_config(rss);
  for (std::size_t i = 4; i < 12; ++i) data[i] = 0xee;
  ASSERT_EQ(card.guest.command(*card.control, 4, 2, data), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) {
    const Steered4::Landed landed = card.land(frame);
    EXPECT_LT(landed.queue, 3u);
    EXPECT_EQ(landed.report, Steered4::due(rss, frame).report);
    EXPECT_EQ(landed.hash, Steered4::due(rss, frame).hash);
  }
}

TEST(CardSteeringFeatures, HashConfigWithNoTypesEndsTheReport) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_RSS);
  const RssCommand rss = rss_command({0});
  ASSERT_EQ(card.guest.command(*card.control, 4, 2, hash_config(rss)), VIRTIO_NET_OK);
  ASSERT_NE(card.land(flow_frame(1)).report, 0);
  ASSERT_EQ(card.guest.command(*card.control, 4, 2, FrameBytes(13)), VIRTIO_NET_OK);
  EXPECT_EQ(card.land(flow_frame(1)), (Steered4::Landed{0, 0, 0}));
}

// ---- commands that fail

struct BadCommand {
  const char* name;
  std::uint8_t command;
  std::function<FrameBytes(const RssCommand& good)> data;
};

FrameBytes without_end(FrameBytes bytes, std::size_t count) {
  bytes.resize(bytes.size() - count);
  return bytes;
}
template <typename Change>
auto changed(Change change) {
  return [change](const RssCommand& good) {
    RssCommand rss = good;
    change(rss);
    return rss.encode();
  };
}
auto with_le16(std::size_t at, std::uint16_t value) {
  return [=](const RssCommand& good) {
    FrameBytes data = good.encode();
    store_le16(&data[at], value);
    return data;
  };
}

// A table of 8 entries: max_tx_vq at 24, key length at 26, key from 27.
const BadCommand kBadCommands[] = {
    {"NoData", 1, [](const RssCommand&) { return FrameBytes{}; }},
    {"HeaderCut", 1, [](const RssCommand& good) { return without_end(good.encode(), 27 + 40 - 7); }},
    {"TableCut", 1, [](const RssCommand& good) { return without_end(good.encode(), 43 + 1); }},
    {"NoKeyLength", 1, [](const RssCommand& good) { return without_end(good.encode(), 41); }},
    {"KeyCut", 1, [](const RssCommand& good) { return without_end(good.encode(), 1); }},
    {"UnsupportedHashType", 1, changed([](RssCommand& rss) { rss.hash_types = 0x3ff; })},
    {"HighHashType", 1, changed([](RssCommand& rss) { rss.hash_types = 0x80000001; })},
    {"MaskNoPowerOfTwoLessOne", 1, with_le16(4, 6)},
    {"MaskBeyondTheMaximum", 1, changed([](RssCommand& rss) { rss.table.assign(1024, 1); })},
    {"MaskOf65535", 1, with_le16(4, 0xffff)},
    {"TableQueueBeyondTheMaximum", 1, changed([](RssCommand& rss) { rss.table[7] = 4; })},
    {"TableQueueNotEnabled", 1, changed([](RssCommand& rss) { rss.table[3] = 3; })},
    {"TableQueueWithReservedBit", 1, changed([](RssCommand& rss) { rss.table[0] |= 0x8000; })},
    {"UnclassifiedQueueBeyondTheMaximum", 1, changed([](RssCommand& rss) { rss.unclassified_queue = 4; })},
    {"UnclassifiedQueueNotEnabled", 1, changed([](RssCommand& rss) { rss.unclassified_queue = 3; })},
    {"UnclassifiedQueueWithReservedBit", 1, changed([](RssCommand& rss) { rss.unclassified_queue = 0x8000; })},
    {"NoTransmitQueue", 1, changed([](RssCommand& rss) { rss.max_tx_vq = 0; })},
    {"TooManyTransmitQueues", 1, changed([](RssCommand& rss) { rss.max_tx_vq = 5; })},
    {"KeyTooLong", 1, changed([](RssCommand& rss) { rss.key.resize(41); })},
    {"NoKeyForTypes", 1, changed([](RssCommand& rss) { rss.key.clear(); })},
    {"PairsCut", 0, [](const RssCommand&) { return FrameBytes{1}; }},
    {"NoPairs", 0,
     [](const RssCommand&) {
       return FrameBytes{0, 0};
     }},
    {"TooManyPairs", 0,
     [](const RssCommand&) {
       return FrameBytes{5, 0};
     }},
    {"PairsOf8001h", 0,
     [](const RssCommand&) {
       return FrameBytes{1, 0x80};
     }},
    {"HashConfigInRssMode", 2, [](const RssCommand& good) { return hash_config(good); }},
    {"UnknownCommand", 3, [](const RssCommand& good) { return good.encode(); }},
};
class CardRefusedCommand : public testing::TestWithParam<BadCommand> {};
INSTANTIATE_TEST_SUITE_P(Bad, CardRefusedCommand, testing::ValuesIn(kBadCommands),
                         [](const auto& test) { return test.param.name; });

TEST_P(CardRefusedCommand, LeavesTheRssConfigurationInForce) {
  Steered4 card(kSteering, Engine::reference, {}, 3);
  const RssCommand good = rss_command({1, 2, 0, 1, 2, 0, 1, 2}, 0x1ff, 2);
  ASSERT_EQ(card.guest.configure(*card.control, good), VIRTIO_NET_OK);
  const std::uint64_t configurations = card.bench.statistics().configurations;
  RssCommand other = rss_command({0, 0, 1, 1, 0, 0, 1, 1}, 0x1ff, 0);
  std::reverse(other.key.begin(), other.key.end());
  EXPECT_EQ(card.guest.command(*card.control, 4, GetParam().command, GetParam().data(other)), VIRTIO_NET_ERR);
  EXPECT_EQ(card.bench.statistics().configurations, configurations);
  EXPECT_EQ(card.bench.statistics().commands_refused, 1u);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(good, frame));
  EXPECT_EQ(card.land(unclassifiable()), (Steered4::Landed{2, 0, 0}));
  EXPECT_EQ(card.guest.configure(*card.control, good), VIRTIO_NET_OK) << "and the next good command is taken";
}

TEST(CardSteeringFeatures, BadHashConfigurationsAreRefusedAndTheOldOneStays) {
  Steered4 card(kSteering & ~VIRTIO_NET_F_RSS);
  const RssCommand good = rss_command({0}, 0x2);
  ASSERT_EQ(card.guest.command(*card.control, 4, 2, hash_config(good)), VIRTIO_NET_OK);
  RssCommand unsupported = good, long_key = good, no_key = good;
  unsupported.hash_types = 0x200;
  long_key.key.resize(41);
  no_key.key.clear();
  for (const FrameBytes& bad : {hash_config(unsupported), hash_config(long_key), hash_config(no_key),
                                without_end(hash_config(good), 1), FrameBytes(12)}) {
    EXPECT_EQ(card.guest.command(*card.control, 4, 2, bad), VIRTIO_NET_ERR);
    for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(good, frame));
  }
}

TEST(CardSteeringFeatures, TypesThatTheCardIsBuiltWithoutAreRefused) {
  CardParameters parameters;
  parameters.supported_hash_types = 0x3f;
  Steered4 card(kSteering, Engine::reference, parameters);
  EXPECT_EQ(card.guest.configure(*card.control, rss_command({1}, 0x1ff)), VIRTIO_NET_ERR);
  EXPECT_EQ(card.land(flow_frame(1)), (Steered4::Landed{0, 0, 0}));
  EXPECT_EQ(card.guest.configure(*card.control, rss_command({1}, 0x3f)), VIRTIO_NET_OK);
  EXPECT_EQ(card.land(flow_frame(1)).queue, 1u);
}

TEST(CardSteeringFeatures, TrailingBytesOfACommandAreIgnored) {
  Steered4 card;
  const RssCommand rss = rss_command({2, 3});
  FrameBytes data = rss.encode();
  data.insert(data.end(), 200, 0xee);
  ASSERT_EQ(card.guest.command(*card.control, 4, 1, data), VIRTIO_NET_OK);
  for (const FrameBytes& frame : all_kinds()) EXPECT_EQ(card.land(frame), Steered4::due(rss, frame));
  ASSERT_EQ(card.guest.command(*card.control, 4, 0, {1, 0, 7, 7, 7}), VIRTIO_NET_OK);
  EXPECT_EQ(card.land(flow_frame(1)).queue, 0u);
}

// ---- changes in mid-traffic

struct Change {
  const char* name;
  Engine engine;
  std::uint32_t frame_bytes;
  std::uint32_t packets;
};
class CardChangeInTraffic : public testing::TestWithParam<Change> {};
INSTANTIATE_TEST_SUITE_P(Swaps, CardChangeInTraffic,
                         testing::Values(Change{"Reference", Engine::reference, 60, 20000},
                                         Change{"Rtl", Engine::rtl, 60, 20000},
                                         Change{"RtlLargeFrames", Engine::rtl, 3000, 4000}),
                         [](const auto& test) { return test.param.name; });

// The scoreboard accepts a packet by the old rules or by the new, but none by the old behind one by the new; and it
// wants every packet back.
TEST_P(CardChangeInTraffic, EveryPacketIsSteeredWhollyOldOrWhollyNewAndNoneIsLost) {
  GeneratorParameters load;
  load.packets = GetParam().packets;
  load.flows = 64;
  load.frame_bytes = GetParam().frame_bytes;
  load.ipv6_percent = 40;
  load.tcp_percent = 50;
  Generator generator(load);
  std::vector<std::string> mismatches;
  std::size_t rows = 0;
  check::Scoreboard scoreboard(generator, {}, [&](const check::PacketRow& row) {
    ++rows;
    if (!row.mismatch.empty()) mismatches.push_back(row.mismatch);
  });
  PlainMachine machine({}, GetParam().engine == Engine::rtl ? make_rtl_engine() : make_reference_engine(), &scoreboard,
                       nullptr, &scoreboard);
  check::SessionOptions options;
  options.driver.queue_pairs = 4;
  options.rss = rss_command(spread(4));
  check::Session session(machine, scoreboard, options, [&] { machine.card().wire_ready(); });
  session.begin();
  unsigned changes = 0;
  const std::atomic<bool> stop{false};
  session.run(stop, [&] {
    if (scoreboard.source_is_empty()) return;
    RssCommand next = rss_command(spread(1 + changes % 4, std::size_t{1} << changes % 9), 0x1ff >> changes % 3,
                                  static_cast<std::uint16_t>(changes % 4));
    next.key[changes % 40] ^= static_cast<std::uint8_t>(changes);
    session.change_rss(next);
    ++changes;
  });
  EXPECT_GT(changes, 5u);
  EXPECT_EQ(rows, load.packets);
  EXPECT_EQ(machine.card().statistics().delivered, load.packets);
  EXPECT_EQ(scoreboard.mismatches(), 0u) << (mismatches.empty() ? "" : mismatches.front());
}

// 5.1.9.5.6.2: when the command's buffer is used, nothing steered by the old configuration is still to come.
TEST(CardChange, IsAnsweredOnlyWhenWhatTheOldConfigurationSteeredIsOut) {
  CardParameters parameters;
  parameters.no_buffer_wait_cycles = 1'000'000;
  Bench bench(parameters);
  Guest guest(bench, kSteering);
  GuestQueue& rx0 = guest.receive_queue(0, 64);
  GuestQueue& rx1 = guest.receive_queue(1, 64);
  GuestQueue& control = guest.control_queue();
  guest.fill(rx0, 64);
  guest.go();
  ASSERT_EQ(guest.configure(control, rss_command({1}, 0x1ff, 1)), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 10; ++i) bench.send(flow_frame(i, 60, i));
  bench.run(2000);  // they wait for buffers of queue 1
  control.add({FrameBytes{4, 0, 1, 0}}, {1});
  guest.publish(control);
  bench.run(20000);
  EXPECT_EQ(control.used_index(), 1) << "answered while packets of the old configuration are in the card";
  for (unsigned i = 10; i < 20; ++i) bench.send(flow_frame(i, 60, i));
  bench.run(5000);
  EXPECT_EQ(rx0.used_index(), 10) << "newer packets need not wait";
  guest.fill(rx1, 64);
  ASSERT_TRUE(bench.until([&] {
    EXPECT_TRUE(control.used_index() == 1 || rx1.used_index() == 10) << "answered too early";
    return control.used_index() == 2;
  }));
  EXPECT_EQ(guest.answer(control), VIRTIO_NET_OK);
  bench.settle();
  EXPECT_EQ(rx1.used_index(), 10) << "after the answer nothing lands on receiveq2";
}

TEST(CardChange, IsAnsweredWhenThePacketsOfTheOldConfigurationHaveBeenDropped) {
  CardParameters parameters;
  parameters.no_buffer_wait_cycles = 3000;
  Bench bench(parameters);
  Guest guest(bench, kSteering);
  guest.receive_queue(1);
  GuestQueue& rx0 = guest.receive_queue(0);
  GuestQueue& control = guest.control_queue();
  guest.fill(rx0, 16);
  guest.go();
  ASSERT_EQ(guest.configure(control, rss_command({1}, 0x1ff, 1)), VIRTIO_NET_OK);
  bench.send(flow_frame(1));
  bench.run(1000);
  ASSERT_EQ(guest.set_pairs(control, 1), VIRTIO_NET_OK);
  EXPECT_EQ(bench.dropped(DropReason::no_buffer), 1u);
}

// At every window edge in which an answer is new, no packet beyond the answered number of pairs comes any more.
TEST(CardChange, NothingLandsBeyondTheQueuesOfAnAnsweredVqPairsSet) {
  Bench bench({}, Engine::rtl, 1);
  Guest guest(bench, kSteering);
  std::vector<GuestQueue*> rx;
  for (unsigned i = 0; i < 4; ++i) {
    rx.push_back(&guest.receive_queue(i, 256));
    guest.fill(*rx.back(), 256);
  }
  GuestQueue& control = guest.control_queue();
  guest.go();
  ASSERT_EQ(guest.configure(control, rss_command(spread(4))), VIRTIO_NET_OK);
  for (unsigned i = 0; i < 250; ++i) bench.send(flow_frame(i, 100, i), bench.machine.now() + 10 * i);
  control.add({FrameBytes{4, 0, 1, 0}}, {1});
  guest.publish(control);
  ASSERT_TRUE(bench.until([&] { return control.used_index() == 2; }));
  std::vector<std::uint16_t> before;
  for (GuestQueue* queue : rx) before.push_back(queue->used_index());
  EXPECT_LT(bench.observer.ended(), 250u) << "traffic has ended before the command";
  bench.settle();
  for (unsigned i = 1; i < 4; ++i) {
    EXPECT_GT(before[i], 0) << i;
    EXPECT_EQ(rx[i]->used_index(), before[i]) << i;
  }
  EXPECT_EQ(bench.observer.delivered, 250u);
}

TEST(CardChange, PacketsForAQueueThatIsNotEnabledAreDroppedAndCounted) {
  // RSS_CONFIG names enabled queues only, so such a queue can only be the first one.
  Bench bench;
  Guest guest(bench, kSteering);
  GuestQueue& rx = guest.receive_queue(1);
  guest.fill(rx, 16);
  guest.go();
  const auto lost = bench.send(flow_frame(1));
  bench.settle();
  EXPECT_EQ(bench.observer[lost].dropped, DropReason::no_queue);
  EXPECT_EQ(rx.used_index(), 0);
}

}  // namespace
}  // namespace rssnic::test
