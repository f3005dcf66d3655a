// Control commands against virtio 1.4, 5.1.9.5, and the card's policies where it is silent: what each command changes,
// and that every bad one is refused whole.
#include "model/net/control_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>

namespace rssnic {
namespace {

using Octets = std::vector<std::uint8_t>;

constexpr FeatureBits kAllFeatures = VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA |
                                     VIRTIO_NET_F_CTRL_MAC_ADDR | VIRTIO_NET_F_CTRL_VLAN | VIRTIO_NET_F_GUEST_ANNOUNCE |
                                     VIRTIO_NET_F_MQ | VIRTIO_NET_F_HASH_REPORT | VIRTIO_NET_F_RSS |
                                     VIRTIO_NET_F_NOTF_COAL | VIRTIO_NET_F_VQ_NOTF_COAL;
constexpr unsigned kPairs = 6;

class Command {
 public:
  Command(std::uint8_t command_class, std::uint8_t command) : octets_{command_class, command} {}
  Command& u8(unsigned value) { return number(value, 1); }
  Command& le16(unsigned value) { return number(value, 2); }
  Command& le32(std::uint32_t value) { return number(value, 4); }
  Command& bytes(const Octets& more) {
    octets_.insert(octets_.end(), more.begin(), more.end());
    return *this;
  }
  operator Octets() const { return octets_; }

 private:
  Command& number(std::uint64_t value, std::size_t size) {
    const std::size_t at = octets_.size();
    octets_.resize(at + size);
    store_le(&octets_[at], value, size);
    return *this;
  }
  Octets octets_;
};

HashKey test_key() {
  HashKey key;
  std::iota(key.begin(), key.end(), std::uint8_t{0xa0});
  return key;
}

// A good RSS_CONFIG; tests spoil one field each.
struct RssCommand {
  std::uint32_t hash_types = 0x3f;
  unsigned mask = 3;
  unsigned unclassified_queue = 5;
  std::vector<unsigned> table = {3, 1, 4, 2};
  unsigned max_tx_vq = 4;
  unsigned hash_key_length = kHashKeyBytes;
  Octets key = Octets(kHashKeyBytes);

  RssCommand() {
    const HashKey bytes = test_key();
    std::copy(bytes.begin(), bytes.end(), key.begin());
  }
  void entries(std::size_t count) {
    mask = static_cast<unsigned>(count - 1);
    table.resize(count);
    for (std::size_t i = 0; i < count; ++i) table[i] = static_cast<unsigned>(i % kPairs);
  }
  void key_of(std::size_t size) {
    hash_key_length = static_cast<unsigned>(size);
    key.assign(size, 0x5a);
  }
  operator Octets() const {
    Command command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_RSS_CONFIG);
    command.le32(hash_types).le16(mask).le16(unclassified_queue);
    for (const unsigned queue : table) command.le16(queue);
    return command.le16(max_tx_vq).u8(hash_key_length).bytes(key);
  }
};

struct HashCommand {
  std::uint32_t hash_types = 0x3f;
  unsigned reserved[4] = {0, 0, 0, 0};
  unsigned hash_key_length = kHashKeyBytes;
  Octets key = RssCommand().key;

  void key_of(std::size_t size) {
    hash_key_length = static_cast<unsigned>(size);
    key.assign(size, 0x5a);
  }
  operator Octets() const {
    Command command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_HASH_CONFIG);
    command.le32(hash_types);
    for (const unsigned word : reserved) command.le16(word);
    return command.u8(hash_key_length).bytes(key);
  }
};

Octets vq_pairs(unsigned pairs) { return Command(VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET).le16(pairs); }

// So many addresses, each with a number of its own and a kind in its first byte.
Octets addresses(std::size_t count, std::uint8_t first_byte) {
  Octets result;
  for (std::size_t i = 0; i < count; ++i) {
    result.insert(result.end(), {first_byte, 0, 0, static_cast<std::uint8_t>(i >> 16),
                                 static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)});
  }
  return result;
}
constexpr std::uint8_t kUnicastByte = 0x02;
constexpr std::uint8_t kMulticastByte = 0x01;

Octets mac_tables(std::size_t unicast, std::size_t multicast) {
  return Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET)
      .le32(static_cast<std::uint32_t>(unicast))
      .bytes(addresses(unicast, kUnicastByte))
      .le32(static_cast<std::uint32_t>(multicast))
      .bytes(addresses(multicast, kMulticastByte));
}

Octets mac_address(const Octets& address) {
  return Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_ADDR_SET).bytes(address);
}

Octets coalescing(std::uint8_t command, std::uint32_t max_packets, std::uint32_t max_usecs) {
  return Command(VIRTIO_NET_CTRL_NOTF_COAL, command).le32(max_packets).le32(max_usecs);
}

Octets queue_coalescing(unsigned queue, std::uint32_t max_packets, std::uint32_t max_usecs) {
  return Command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_SET)
      .le16(queue)
      .le16(0)
      .le32(max_packets)
      .le32(max_usecs);
}

Octets vlan(std::uint8_t command, unsigned number) { return Command(VIRTIO_NET_CTRL_VLAN, command).le16(number); }

// All features, all queues enabled, and a configuration in force of which every field differs from what tests set.
CommandContext context() {
  CommandContext result;
  result.features = kAllFeatures;
  result.max_pairs = kPairs;
  result.receive_queue_enabled = [](unsigned queue) {
    EXPECT_LT(queue, kPairs) << "asked about a queue that does not exist";
    return true;
  };
  result.coalescing = [](unsigned queue) {
    return queue < 2 * kPairs ? std::optional<CoalescingParameters>({100 + queue, 200 + queue}) : std::nullopt;
  };
  result.steering.mode = SteeringMode::automatic;
  result.steering.transmit_queues = 2;
  result.steering.receive_queues = 2;
  result.steering.rss.hash_types = 0x1;
  result.steering.rss.key.fill(0x77);
  result.steering.rss.table = {1, 0};
  result.steering.rss.unclassified_queue = 1;
  result.steering.rss.ex_report_always = true;
  return result;
}

// As the control queue hands it over; the bytes in a block of their own size, so that the sanitizer sees a read beyond.
std::optional<CommandEffect> judge(const Octets& command, const CommandContext& by = context()) {
  const std::size_t looked_at = std::min(command.size(), kMaxCommandBytes);
  const auto exact = std::make_unique<std::uint8_t[]>(looked_at);
  std::copy_n(command.begin(), looked_at, exact.get());
  return judge_command({exact.get(), looked_at}, command.size(), by);
}

std::optional<SteeringConfig> steering(const Octets& command, const CommandContext& by = context()) {
  const std::optional<CommandEffect> effect = judge(command, by);
  if (!effect || !std::holds_alternative<SteeringConfig>(*effect)) return std::nullopt;
  return std::get<SteeringConfig>(*effect);
}

std::optional<SetMacTables> tables(const Octets& command) {
  const std::optional<CommandEffect> effect = judge(command);
  if (!effect || !std::holds_alternative<SetMacTables>(*effect)) return std::nullopt;
  return std::get<SetMacTables>(*effect);
}

void expect_same(const SteeringConfig& got, const SteeringConfig& wanted) {
  EXPECT_EQ(got.mode, wanted.mode);
  EXPECT_EQ(got.transmit_queues, wanted.transmit_queues);
  EXPECT_EQ(got.receive_queues, wanted.receive_queues);
  EXPECT_TRUE(got.rss == wanted.rss);
}

void expect_same(const CoalescingParameters& got, const CoalescingParameters& wanted) {
  EXPECT_EQ(got.max_packets, wanted.max_packets);
  EXPECT_EQ(got.max_usecs, wanted.max_usecs);
}

void expect_same(const CommandEffect& got, const CommandEffect& wanted) {
  ASSERT_EQ(got.index(), wanted.index());
  if (const auto* mode = std::get_if<SetReceiveMode>(&got)) {
    EXPECT_EQ(mode->mode, std::get<SetReceiveMode>(wanted).mode);
    EXPECT_EQ(mode->on, std::get<SetReceiveMode>(wanted).on);
  } else if (const auto* own = std::get_if<SetMacAddress>(&got)) {
    EXPECT_EQ(own->address, std::get<SetMacAddress>(wanted).address);
  } else if (const auto* vlan = std::get_if<SetVlan>(&got)) {
    EXPECT_EQ(vlan->vlan, std::get<SetVlan>(wanted).vlan);
    EXPECT_EQ(vlan->member, std::get<SetVlan>(wanted).member);
  } else if (const auto* macs = std::get_if<SetMacTables>(&got)) {
    const auto& other = std::get<SetMacTables>(wanted);
    EXPECT_EQ(macs->unicast.overflow, other.unicast.overflow);
    EXPECT_EQ(macs->unicast.addresses, other.unicast.addresses);
    EXPECT_EQ(macs->multicast.overflow, other.multicast.overflow);
    EXPECT_EQ(macs->multicast.addresses, other.multicast.addresses);
  } else if (const auto* all = std::get_if<SetCoalescing>(&got)) {
    EXPECT_EQ(all->transmit, std::get<SetCoalescing>(wanted).transmit);
    expect_same(all->parameters, std::get<SetCoalescing>(wanted).parameters);
  } else if (const auto* one = std::get_if<SetQueueCoalescing>(&got)) {
    EXPECT_EQ(one->queue, std::get<SetQueueCoalescing>(wanted).queue);
    expect_same(one->parameters, std::get<SetQueueCoalescing>(wanted).parameters);
  } else if (const auto* told = std::get_if<TellCoalescing>(&got)) {
    expect_same(told->parameters, std::get<TellCoalescing>(wanted).parameters);
  } else if (const auto* config = std::get_if<SteeringConfig>(&got)) {
    expect_same(*config, std::get<SteeringConfig>(wanted));
  }
}

struct GoodCommand {
  const char* name;
  FeatureBits feature;
  Octets octets;
};
std::vector<GoodCommand> good_commands() {
  return {
      {"PROMISC", VIRTIO_NET_F_CTRL_RX, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC).u8(1)},
      {"ALLMULTI", VIRTIO_NET_F_CTRL_RX, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI).u8(1)},
      {"ALLUNI", VIRTIO_NET_F_CTRL_RX_EXTRA, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI).u8(1)},
      {"NOMULTI", VIRTIO_NET_F_CTRL_RX_EXTRA, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOMULTI).u8(1)},
      {"NOUNI", VIRTIO_NET_F_CTRL_RX_EXTRA, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOUNI).u8(1)},
      {"NOBCAST", VIRTIO_NET_F_CTRL_RX_EXTRA, Command(VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_NOBCAST).u8(1)},
      {"MAC_TABLE_SET", VIRTIO_NET_F_CTRL_RX, mac_tables(3, 2)},
      {"MAC_ADDR_SET", VIRTIO_NET_F_CTRL_MAC_ADDR, mac_address({0x02, 1, 2, 3, 4, 5})},
      {"VLAN_ADD", VIRTIO_NET_F_CTRL_VLAN, vlan(VIRTIO_NET_CTRL_VLAN_ADD, 100)},
      {"VLAN_DEL", VIRTIO_NET_F_CTRL_VLAN, vlan(VIRTIO_NET_CTRL_VLAN_DEL, 100)},
      {"ANNOUNCE_ACK", VIRTIO_NET_F_GUEST_ANNOUNCE, Command(VIRTIO_NET_CTRL_ANNOUNCE, VIRTIO_NET_CTRL_ANNOUNCE_ACK)},
      {"TX_SET", VIRTIO_NET_F_NOTF_COAL, coalescing(VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, 32, 50)},
      {"RX_SET", VIRTIO_NET_F_NOTF_COAL, coalescing(VIRTIO_NET_CTRL_NOTF_COAL_RX_SET, 32, 50)},
      {"VQ_SET", VIRTIO_NET_F_VQ_NOTF_COAL, queue_coalescing(3, 32, 50)},
      {"VQ_GET", VIRTIO_NET_F_VQ_NOTF_COAL,
       Command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET).le16(3)},
      {"VQ_PAIRS_SET", VIRTIO_NET_F_MQ, vq_pairs(3)},
      {"RSS_CONFIG", VIRTIO_NET_F_RSS, RssCommand()},
      {"HASH_CONFIG", VIRTIO_NET_F_HASH_REPORT, HashCommand()},
  };
}

// ---- the form of commands

TEST(ControlForm, ClassAndCommandHaveTheNumbersOfTheSpecification) {
  const std::pair<Octets, std::size_t> expected[] = {
      {{0, 0, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{0, 1, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{0, 2, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{0, 3, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{0, 4, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{0, 5, 1}, CommandEffect(SetReceiveMode{}).index()},
      {{1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, CommandEffect(SetMacTables{}).index()},
      {{1, 1, 2, 0, 0, 0, 0, 0}, CommandEffect(SetMacAddress{}).index()},
      {{2, 0, 1, 0}, CommandEffect(SetVlan{}).index()},
      {{2, 1, 1, 0}, CommandEffect(SetVlan{}).index()},
      {{3, 0}, CommandEffect(AcknowledgeAnnounce{}).index()},
      {{4, 0, 1, 0}, CommandEffect(SteeringConfig{}).index()},
      {{4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, CommandEffect(SteeringConfig{}).index()},
      {{4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, CommandEffect(SteeringConfig{}).index()},
      {{6, 0, 1, 0, 0, 0, 1, 0, 0, 0}, CommandEffect(SetCoalescing{}).index()},
      {{6, 1, 1, 0, 0, 0, 1, 0, 0, 0}, CommandEffect(SetCoalescing{}).index()},
      {{6, 2, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, CommandEffect(SetQueueCoalescing{}).index()},
      {{6, 3, 1, 0, 0, 0}, CommandEffect(TellCoalescing{}).index()},
  };
  for (const auto& [octets, index] : expected) {
    const std::optional<CommandEffect> effect = judge(octets);
    ASSERT_TRUE(effect) << "class " << +octets[0] << " command " << +octets[1];
    EXPECT_EQ(effect->index(), index);
  }
}

TEST(ControlForm, UnknownClassesAndCommandsAreRefused) {
  const auto known = [](unsigned command_class, unsigned command) {
    switch (command_class) {
      case 0:
        return command <= 5;
      case 1:
      case 2:
        return command <= 1;
      case 3:
        return command == 0;
      case 4:
        return command <= 2;
      case 6:
        return command <= 3;
      default:
        return false;
    }
  };
  for (unsigned command_class = 0; command_class < 256; ++command_class) {
    for (unsigned command = 0; command < 256; ++command) {
      if (known(command_class, command)) continue;
      Octets octets(64, 1);
      octets[0] = static_cast<std::uint8_t>(command_class);
      octets[1] = static_cast<std::uint8_t>(command);
      EXPECT_FALSE(judge(octets)) << "class " << command_class << " command " << command;
    }
  }
}

TEST(ControlForm, EachCommandNeedsItsFeatureAndNoOther) {
  for (const GoodCommand& command : good_commands()) {
    SCOPED_TRACE(command.name);
    CommandContext by = context();
    by.features = command.feature;
    EXPECT_TRUE(judge(command.octets, by));
    by.features = kAllFeatures & ~command.feature;
    EXPECT_FALSE(judge(command.octets, by));
    by.features = 0;
    EXPECT_FALSE(judge(command.octets, by));
  }
}

TEST(ControlForm, ACommandCutAnywhereIsRefused) {
  for (const GoodCommand& command : good_commands()) {
    SCOPED_TRACE(command.name);
    for (std::size_t size = 0; size < command.octets.size(); ++size) {
      EXPECT_FALSE(judge({command.octets.begin(), command.octets.begin() + static_cast<std::ptrdiff_t>(size)}))
          << "cut to " << size << " of " << command.octets.size() << " bytes";
    }
    EXPECT_TRUE(judge(command.octets));
  }
}

TEST(ControlForm, TrailingBytesAreIgnored) {
  for (const GoodCommand& command : good_commands()) {
    SCOPED_TRACE(command.name);
    for (const std::size_t more : {std::size_t{1}, std::size_t{300}, kMaxCommandBytes}) {
      Octets longer = command.octets;
      longer.resize(longer.size() + more, 0xff);
      const std::optional<CommandEffect> effect = judge(longer);
      ASSERT_TRUE(effect);
      expect_same(*effect, *judge(command.octets));
    }
  }
}

// ---- receive modes

void expect_switch(std::uint8_t command, bool ReceiveFilter::*mode) {
  for (unsigned value = 0; value < 256; ++value) {
    const auto effect = judge(Command(VIRTIO_NET_CTRL_RX, command).u8(value));
    ASSERT_TRUE(effect && std::holds_alternative<SetReceiveMode>(*effect));
    EXPECT_EQ(std::get<SetReceiveMode>(*effect).mode, mode);
    EXPECT_EQ(std::get<SetReceiveMode>(*effect).on, value != 0) << value;
  }
}

TEST(ControlReceiveMode, PromiscuousIsSwitchedByItsByte) {
  expect_switch(VIRTIO_NET_CTRL_RX_PROMISC, &ReceiveFilter::promiscuous);
}

TEST(ControlReceiveMode, AllMulticastIsSwitchedByItsByte) {
  expect_switch(VIRTIO_NET_CTRL_RX_ALLMULTI, &ReceiveFilter::all_multicast);
}

TEST(ControlReceiveMode, EachExtraModeIsSwitchedByItsByte) {
  expect_switch(VIRTIO_NET_CTRL_RX_ALLUNI, &ReceiveFilter::all_unicast);
  expect_switch(VIRTIO_NET_CTRL_RX_NOMULTI, &ReceiveFilter::no_multicast);
  expect_switch(VIRTIO_NET_CTRL_RX_NOUNI, &ReceiveFilter::no_unicast);
  expect_switch(VIRTIO_NET_CTRL_RX_NOBCAST, &ReceiveFilter::no_broadcast);
}

// ---- MAC tables

TEST(ControlMacTables, BothTablesAreTakenInOrder) {
  const auto effect = tables(mac_tables(3, 2));
  ASSERT_TRUE(effect);
  const std::vector<MacAddress> unicast = {{2, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};
  const std::vector<MacAddress> multicast = {{1, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 1}};
  EXPECT_EQ(effect->unicast.addresses, unicast);
  EXPECT_EQ(effect->multicast.addresses, multicast);
  EXPECT_FALSE(effect->unicast.overflow);
  EXPECT_FALSE(effect->multicast.overflow);
}

TEST(ControlMacTables, EitherTableMayBeEmpty) {
  for (const auto& [unicast, multicast] : {std::pair{0, 0}, std::pair{0, 4}, std::pair{4, 0}}) {
    const auto effect = tables(mac_tables(static_cast<std::size_t>(unicast), static_cast<std::size_t>(multicast)));
    ASSERT_TRUE(effect);
    EXPECT_EQ(effect->unicast.addresses.size(), static_cast<std::size_t>(unicast));
    EXPECT_EQ(effect->multicast.addresses.size(), static_cast<std::size_t>(multicast));
    EXPECT_FALSE(effect->unicast.overflow || effect->multicast.overflow);
  }
}

TEST(ControlMacTables, AFullTableIsHeldAndOneMoreOverflowsItAlone) {
  for (const std::size_t unicast : {kMacTableEntries - 1, kMacTableEntries, kMacTableEntries + 1}) {
    for (const std::size_t multicast : {kMacTableEntries - 1, kMacTableEntries, kMacTableEntries + 1}) {
      SCOPED_TRACE(std::to_string(unicast) + " unicast, " + std::to_string(multicast) + " multicast");
      const auto effect = tables(mac_tables(unicast, multicast));
      ASSERT_TRUE(effect);
      EXPECT_EQ(effect->unicast.overflow, unicast > kMacTableEntries);
      EXPECT_EQ(effect->multicast.overflow, multicast > kMacTableEntries);
      if (!effect->unicast.overflow) {
        EXPECT_EQ(effect->unicast.addresses.size(), unicast);
      }
      if (!effect->multicast.overflow) {
        ASSERT_EQ(effect->multicast.addresses.size(), multicast);
        EXPECT_EQ(effect->multicast.addresses[5], (MacAddress{1, 0, 0, 0, 0, 5}));
      }
    }
  }
}

TEST(ControlMacTables, ACountBeyondTheDataIsRefused) {
  // 0x2aaaaaab addresses of 6 bytes are 2 bytes more than 2^32.
  for (const std::uint32_t count : {3u, 65u, 0x2aaaaaabu, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
    SCOPED_TRACE("count " + std::to_string(count));
    const Octets two = addresses(2, kUnicastByte);
    EXPECT_FALSE(judge(Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET).le32(count).bytes(two).le32(0)));
    EXPECT_FALSE(judge(Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET).le32(0).le32(count).bytes(two)));
  }
}

TEST(ControlMacTables, AMissingMulticastTableIsRefused) {
  EXPECT_FALSE(
      judge(Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET).le32(2).bytes(addresses(2, kUnicastByte))));
  EXPECT_FALSE(
      judge(Command(VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET).le32(70).bytes(addresses(70, kUnicastByte))));
}

// No list of addresses may lose packets for its length, also where it is longer than what is looked at.
TEST(ControlMacTables, TablesBeyondWhatIsLookedAtOverflow) {
  const std::size_t edge = (kMaxCommandBytes - 2 - 4) / 6;  // unicast addresses that are seen whole
  for (std::size_t unicast = edge - 3; unicast <= edge + 2; ++unicast) {
    for (const std::size_t multicast : {0u, 1u, 2u, 5u, 64u, 65u}) {
      SCOPED_TRACE(std::to_string(unicast) + " unicast, " + std::to_string(multicast) + " multicast");
      const Octets command = mac_tables(unicast, multicast);
      const auto effect = tables(command);
      ASSERT_TRUE(effect);
      EXPECT_TRUE(effect->unicast.overflow);
      const bool seen_whole = command.size() <= kMaxCommandBytes;
      EXPECT_EQ(effect->multicast.overflow, !seen_whole || multicast > kMacTableEntries);
    }
  }
  const auto long_multicast = tables(mac_tables(2, 50'000));
  ASSERT_TRUE(long_multicast);
  EXPECT_EQ(long_multicast->unicast.addresses.size(), 2u);
  EXPECT_FALSE(long_multicast->unicast.overflow);
  EXPECT_TRUE(long_multicast->multicast.overflow);
}

TEST(ControlMacTables, ACountBeyondTheDataIsRefusedAlsoBehindWhatIsLookedAt) {
  const Octets good = mac_tables(50'000, 0);
  for (std::ptrdiff_t missing = 1; missing <= 10; ++missing) EXPECT_FALSE(judge({good.begin(), good.end() - missing}));
  const Octets multicast = mac_tables(0, 50'000);
  EXPECT_FALSE(judge({multicast.begin(), multicast.end() - 1}));
}

// ---- the address

TEST(ControlMacAddress, TheSixBytesAreTakenInOrder) {
  const auto effect = judge({1, 1, 0x02, 0x11, 0x22, 0x33, 0x44, 0x55});
  ASSERT_TRUE(effect && std::holds_alternative<SetMacAddress>(*effect));
  EXPECT_EQ(std::get<SetMacAddress>(*effect).address, (MacAddress{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}));
}

TEST(ControlMacAddress, TheAddressOfAGroupIsRefused) {
  for (unsigned first = 0; first < 256; ++first) {
    EXPECT_EQ(judge(mac_address({static_cast<std::uint8_t>(first), 0, 0, 0, 0, 1})).has_value(), first % 2 == 0);
  }
  EXPECT_FALSE(judge(mac_address(Octets(6, 0xff))));
}

// ---- VLANs

TEST(ControlVlan, EachOfThe4096IsAddedAndDeletedByItsNumber) {
  for (const bool member : {true, false}) {
    for (unsigned number = 0; number < 4096; ++number) {
      const auto effect = judge(vlan(member ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL, number));
      ASSERT_TRUE(effect && std::holds_alternative<SetVlan>(*effect)) << number;
      EXPECT_EQ(std::get<SetVlan>(*effect).vlan, number);
      EXPECT_EQ(std::get<SetVlan>(*effect).member, member);
    }
  }
}

TEST(ControlVlan, ANumberOfMoreThanTwelveBitsIsRefused) {
  for (unsigned number = 4096; number < 65536; ++number) {
    ASSERT_FALSE(judge(vlan(VIRTIO_NET_CTRL_VLAN_ADD, number))) << number;
    ASSERT_FALSE(judge(vlan(VIRTIO_NET_CTRL_VLAN_DEL, number))) << number;
  }
}

// ---- notification coalescing

TEST(ControlCoalescing, TxSetAndRxSetCarryPacketsAndThenMicroseconds) {
  for (const std::uint8_t command : {VIRTIO_NET_CTRL_NOTF_COAL_TX_SET, VIRTIO_NET_CTRL_NOTF_COAL_RX_SET}) {
    const auto effect = judge({6, command, 0x04, 0x03, 0x02, 0x01, 0x14, 0x13, 0x12, 0x11});
    ASSERT_TRUE(effect && std::holds_alternative<SetCoalescing>(*effect));
    const auto& set = std::get<SetCoalescing>(*effect);
    EXPECT_EQ(set.transmit, command == 0);
    expect_same(set.parameters, {0x01020304, 0x11121314});
  }
}

TEST(ControlCoalescing, VqSetCarriesTheQueueAndIgnoresTheReservedField) {
  const auto effect = judge({6, 2, 0x05, 0x00, 0xff, 0xff, 0x04, 0x03, 0x02, 0x01, 0x14, 0x13, 0x12, 0x11});
  ASSERT_TRUE(effect && std::holds_alternative<SetQueueCoalescing>(*effect));
  const auto& set = std::get<SetQueueCoalescing>(*effect);
  EXPECT_EQ(set.queue, 5u);
  expect_same(set.parameters, {0x01020304, 0x11121314});
}

TEST(ControlCoalescing, VqGetTellsTheQueuesValuesWithTheReservedFieldOrWithoutIt) {
  for (const Octets& command : {Octets{6, 3, 7, 0}, Octets{6, 3, 7, 0, 0xff, 0xff}}) {
    const auto effect = judge(command);
    ASSERT_TRUE(effect && std::holds_alternative<TellCoalescing>(*effect));
    expect_same(std::get<TellCoalescing>(*effect).parameters, {107, 207});
  }
}

TEST(ControlCoalescing, AQueueThatIsNoEnabledReceiveOrTransmitQueueIsRefused) {
  for (unsigned queue = 0; queue < 65536; ++queue) {
    const bool good = queue < 2 * kPairs;
    ASSERT_EQ(judge(queue_coalescing(queue, 1, 1)).has_value(), good) << queue;
    const Command get = Command(VIRTIO_NET_CTRL_NOTF_COAL, VIRTIO_NET_CTRL_NOTF_COAL_VQ_GET).le16(queue).le16(0);
    ASSERT_EQ(judge(get).has_value(), good) << queue;
  }
}

// ---- queue pairs

TEST(ControlQueuePairs, MoreThanOnePairIsAutomaticSteering) {
  for (unsigned pairs = 2; pairs <= kPairs; ++pairs) {
    const auto config = steering(vq_pairs(pairs));
    ASSERT_TRUE(config) << pairs;
    EXPECT_EQ(config->mode, SteeringMode::automatic);
    EXPECT_EQ(config->receive_queues, pairs);
    EXPECT_EQ(config->transmit_queues, pairs);
  }
}

TEST(ControlQueuePairs, OnePairTurnsMultiqueueOff) {
  const auto config = steering(vq_pairs(1));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->mode, SteeringMode::single);
  EXPECT_EQ(config->receive_queues, 1u);
  EXPECT_EQ(config->transmit_queues, 1u);
}

TEST(ControlQueuePairs, NoPairAndMoreThanTheMaximumAreRefused) {
  for (const unsigned pairs : {0u, kPairs + 1, 255u, 256u, 0x7fffu, 0x8000u, 0xffffu}) {
    EXPECT_FALSE(judge(vq_pairs(pairs))) << pairs;
  }
}

TEST(ControlQueuePairs, TheLargestCardTakesAllItsPairs) {
  CommandContext by = context();
  by.max_pairs = 32767;
  EXPECT_TRUE(judge(vq_pairs(32767), by));
  EXPECT_FALSE(judge(vq_pairs(32768), by));
  by.max_pairs = 1;
  EXPECT_TRUE(judge(vq_pairs(1), by));
  EXPECT_FALSE(judge(vq_pairs(2), by));
}

TEST(ControlQueuePairs, HashTypesAndKeyStayForTheReport) {
  CommandContext by = context();
  by.steering.mode = SteeringMode::rss;
  for (const unsigned pairs : {1u, 3u}) {
    const auto config = steering(vq_pairs(pairs), by);
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->rss == by.steering.rss);
  }
}

// ---- RSS

TEST(ControlRss, EveryFieldComesFromItsPlace) {
  for (const std::size_t entries : {1u, 2u, 4u, 128u, 512u}) {
    SCOPED_TRACE(std::to_string(entries) + " entries");
    RssCommand command;
    command.entries(entries);
    const auto config = steering(command);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->mode, SteeringMode::rss);
    EXPECT_EQ(config->rss.hash_types, 0x3fu);
    EXPECT_EQ(config->rss.unclassified_queue, 5);
    EXPECT_EQ(config->rss.table, std::vector<std::uint16_t>(command.table.begin(), command.table.end()));
    EXPECT_EQ(config->transmit_queues, 4u);
    EXPECT_EQ(config->rss.key, test_key());
  }
}

// The layout written out byte by byte, without this file's builder.
TEST(ControlRss, TheLayoutIsThatOfTheSpecification) {
  const Octets octets = {4,    1,                 // class, command
                         0x21, 0x01, 0x00, 0x00,  // hash_types
                         0x01, 0x00,              // indirection_table_mask
                         0x02, 0x00,              // unclassified_queue
                         0x04, 0x00, 0x03, 0x00,  // indirection_table
                         0x05, 0x00,              // max_tx_vq
                         0x02, 0xc0, 0xde};       // hash_key_length, hash_key_data
  const auto config = steering(octets);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->rss.hash_types, 0x121u);
  EXPECT_EQ(config->rss.unclassified_queue, 2);
  EXPECT_EQ(config->rss.table, (std::vector<std::uint16_t>{4, 3}));
  EXPECT_EQ(config->transmit_queues, 5u);
  EXPECT_EQ(config->rss.key[0], 0xc0);
  EXPECT_EQ(config->rss.key[1], 0xde);
}

TEST(ControlRss, WhatTheCommandDoesNotNameStays) {
  const auto config = steering(RssCommand());
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->rss.ex_report_always);
}

TEST(ControlRss, MasksOfPowersOfTwoUpToTheTableAreTakenAndNoOthers) {
  for (unsigned mask = 0; mask <= 1100; ++mask) {
    RssCommand command;
    command.entries(mask + 1);
    const bool good = mask == 0 || mask == 1 || mask == 3 || mask == 7 || mask == 15 || mask == 31 || mask == 63 ||
                      mask == 127 || mask == 255 || mask == 511;
    EXPECT_EQ(judge(command).has_value(), good) << "mask " << mask;
  }
  for (const unsigned mask : {2047u, 0x3fffu, 0x7ffeu, 0x7fffu, 0x8000u, 0xfffeu, 0xffffu}) {
    RssCommand command;
    command.entries(mask + 1);
    EXPECT_FALSE(judge(command)) << "mask " << mask;
    command.entries(1);  // nor with a table that would fit the mask's low bits
    command.mask = mask;
    EXPECT_FALSE(judge(command)) << "mask " << mask << " with a short table";
  }
}

// A queue number names receiveq(n+1): 0 to max_virtqueue_pairs - 1, with bit 15 clear, and enabled.
struct QueueNumber {
  unsigned value;
  bool good;
};
constexpr unsigned kDisabledQueue = 4;
constexpr QueueNumber kQueueNumbers[] = {{0, true},
                                         {kPairs - 1, true},
                                         {kPairs, false},
                                         {255, false},
                                         {256, false},
                                         {0x7fff, false},
                                         {0x8000, false},
                                         {0x8000 | 1, false},
                                         {0xffff, false},
                                         {kDisabledQueue, false},
                                         {0x8000 | kDisabledQueue, false}};

CommandContext with_a_disabled_queue() {
  CommandContext by = context();
  by.receive_queue_enabled = [](unsigned queue) {
    EXPECT_LT(queue, kPairs) << "asked about a queue that does not exist";
    return queue != kDisabledQueue;
  };
  return by;
}

TEST(ControlRss, EveryEntryOfTheTableNamesAnEnabledQueue) {
  for (const std::size_t entries : {1u, 2u, 128u, 512u}) {
    RssCommand command;
    command.entries(entries);
    std::fill(command.table.begin(), command.table.end(), 1u);
    for (std::size_t position = 0; position < entries; ++position) {
      for (const QueueNumber& queue : kQueueNumbers) {
        command.table[position] = queue.value;
        const auto config = steering(command, with_a_disabled_queue());
        ASSERT_EQ(config.has_value(), queue.good)
            << "queue " << queue.value << " in entry " << position << " of " << entries;
        if (config) {
          EXPECT_EQ(config->rss.table[position], queue.value);
        }
      }
      command.table[position] = 1;
    }
  }
}

TEST(ControlRss, TheUnclassifiedQueueIsAnEnabledOne) {
  for (const QueueNumber& queue : kQueueNumbers) {
    RssCommand command;
    command.table = {0, 1, 2, 3};
    command.unclassified_queue = queue.value;
    const auto config = steering(command, with_a_disabled_queue());
    EXPECT_EQ(config.has_value(), queue.good) << "queue " << queue.value;
    if (config) {
      EXPECT_EQ(config->rss.unclassified_queue, queue.value);
    }
  }
}

TEST(ControlRss, MaxTxVqIsACountUpToTheMaximum) {
  for (unsigned count = 1; count <= kPairs; ++count) {
    RssCommand command;
    command.max_tx_vq = count;
    const auto config = steering(command);
    ASSERT_TRUE(config) << count;
    EXPECT_EQ(config->transmit_queues, count);
  }
  for (const unsigned count : {0u, kPairs + 1, 255u, 256u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
    RssCommand command;
    command.max_tx_vq = count;
    EXPECT_FALSE(judge(command)) << count;
  }
}

TEST(ControlRss, KeysOfOneByteToTheMaximumAreTakenAndZeroExtended) {
  for (unsigned length = 0; length < 256; ++length) {
    RssCommand command;
    command.key_of(length);
    const auto config = steering(command);
    ASSERT_EQ(config.has_value(), length >= 1 && length <= kHashKeyBytes) << "key of " << length;
    if (!config) continue;
    for (std::size_t i = 0; i < kHashKeyBytes; ++i) {
      ASSERT_EQ(config->rss.key[i], i < length ? 0x5a : 0) << "byte " << i << " of a key of " << length;
    }
  }
}

TEST(ControlRss, AKeyLengthBeyondTheDataIsRefused) {
  RssCommand command;
  command.key_of(10);
  for (const unsigned length : {11u, 40u}) {
    command.hash_key_length = length;
    EXPECT_FALSE(judge(command)) << length;
  }
}

TEST(ControlRss, NoHashTypesAreTakenWithAKeyOrWithout) {
  for (const std::size_t length : {0u, 1u, 40u}) {
    RssCommand command;
    command.hash_types = 0;
    command.key_of(length);
    const auto config = steering(command);
    ASSERT_TRUE(config) << "key of " << length;
    EXPECT_EQ(config->mode, SteeringMode::rss);
    EXPECT_EQ(config->rss.hash_types, 0u);
  }
}

TEST(ControlRss, EachSupportedHashTypeIsTakenAndNoOther) {
  for (const std::uint32_t supported : {0x1ffu, 0x3fu, 0x12u, 0u}) {
    CommandContext by = context();
    by.supported_hash_types = supported;
    for (unsigned bit = 0; bit < 32; ++bit) {
      RssCommand command;
      command.hash_types = 1u << bit;
      const bool good = supported & command.hash_types;
      EXPECT_EQ(judge(command, by).has_value(), good) << "bit " << bit << " of supported " << supported;
      command.hash_types |= supported;
      EXPECT_EQ(judge(command, by).has_value(), good) << "bit " << bit << " with all of supported " << supported;
    }
  }
}

TEST(ControlRss, ItNeedsNoMultiqueueAndWorksWithOnePair) {
  CommandContext by = context();
  by.features = VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_RSS;
  by.max_pairs = 1;
  RssCommand command;
  command.table = {0, 0, 0, 0};
  command.unclassified_queue = 0;
  command.max_tx_vq = 1;
  EXPECT_TRUE(judge(command, by));
  command.table[2] = 1;
  EXPECT_FALSE(judge(command, by));
}

// ---- hash configuration

TEST(ControlHash, TypesAndKeyChangeAndSteeringStays) {
  for (const SteeringMode mode : {SteeringMode::single, SteeringMode::automatic}) {
    CommandContext by = context();
    by.steering.mode = mode;
    const auto config = steering(HashCommand(), by);
    ASSERT_TRUE(config);
    SteeringConfig wanted = by.steering;
    wanted.rss.hash_types = 0x3f;
    wanted.rss.key = test_key();
    expect_same(*config, wanted);
  }
}

TEST(ControlHash, TheLayoutIsThatOfTheSpecification) {
  const Octets octets = {4,    2,                             // class, command
                         0x21, 0x01, 0x00, 0x00,              // hash_types
                         0,    0,    0,    0,    0, 0, 0, 0,  // reserved
                         0x03, 0xc0, 0xde, 0x99};             // hash_key_length, hash_key_data
  const auto config = steering(octets);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->rss.hash_types, 0x121u);
  HashKey key{};
  key[0] = 0xc0;
  key[1] = 0xde;
  key[2] = 0x99;
  EXPECT_EQ(config->rss.key, key);
}

TEST(ControlHash, ReservedFieldsAreIgnored) {
  HashCommand command;
  std::fill(std::begin(command.reserved), std::end(command.reserved), 0xffffu);
  const auto config = steering(command);
  ASSERT_TRUE(config);
  expect_same(*config, *steering(HashCommand()));
}

TEST(ControlHash, ItIsRefusedWhileRssSteers) {
  CommandContext by = context();
  by.steering.mode = SteeringMode::rss;
  EXPECT_FALSE(judge(HashCommand(), by));
}

TEST(ControlHash, EachSupportedHashTypeIsTakenAndNoOther) {
  for (const std::uint32_t supported : {0x1ffu, 0x3fu, 0x12u, 0u}) {
    CommandContext by = context();
    by.supported_hash_types = supported;
    for (unsigned bit = 0; bit < 32; ++bit) {
      HashCommand command;
      command.hash_types = 1u << bit;
      const bool good = supported & command.hash_types;
      EXPECT_EQ(judge(command, by).has_value(), good) << "bit " << bit << " of supported " << supported;
      command.hash_types |= supported;
      EXPECT_EQ(judge(command, by).has_value(), good) << "bit " << bit << " with all of supported " << supported;
    }
  }
}

TEST(ControlHash, KeysOfOneByteToTheMaximumAreTakenAndZeroExtended) {
  for (unsigned length = 0; length < 256; ++length) {
    HashCommand command;
    command.key_of(length);
    const auto config = steering(command);
    ASSERT_EQ(config.has_value(), length >= 1 && length <= kHashKeyBytes) << "key of " << length;
    if (!config) continue;
    for (std::size_t i = 0; i < kHashKeyBytes; ++i) {
      ASSERT_EQ(config->rss.key[i], i < length ? 0x5a : 0) << "byte " << i << " of a key of " << length;
    }
  }
}

TEST(ControlHash, AKeyLengthBeyondTheDataIsRefused) {
  HashCommand command;
  command.key_of(10);
  for (const unsigned length : {11u, 40u}) {
    command.hash_key_length = length;
    EXPECT_FALSE(judge(command)) << length;
  }
}

TEST(ControlHash, NoHashTypesTurnTheReportOffWithAKeyOrWithout) {
  for (const std::size_t length : {0u, 1u, 40u}) {
    HashCommand command;
    command.hash_types = 0;
    command.key_of(length);
    const auto config = steering(command);
    ASSERT_TRUE(config) << "key of " << length;
    EXPECT_EQ(config->rss.hash_types, 0u);
  }
}

// ---- commands one after another

TEST(ControlSequence, TheLastGoodCommandDecidesTheMode) {
  CommandContext by = context();
  by.steering = {};
  const auto send = [&](const Octets& command) {
    const auto config = steering(command, by);
    if (config) by.steering = *config;
    return config.has_value();
  };
  EXPECT_TRUE(send(vq_pairs(3)));
  EXPECT_EQ(by.steering.mode, SteeringMode::automatic);
  EXPECT_TRUE(send(HashCommand()));
  EXPECT_EQ(by.steering.mode, SteeringMode::automatic);
  EXPECT_TRUE(send(RssCommand()));
  EXPECT_EQ(by.steering.mode, SteeringMode::rss);
  EXPECT_FALSE(send(vq_pairs(0)));
  EXPECT_EQ(by.steering.mode, SteeringMode::rss);
  EXPECT_FALSE(send(HashCommand()));
  EXPECT_TRUE(send(vq_pairs(2)));
  EXPECT_EQ(by.steering.mode, SteeringMode::automatic);
  EXPECT_EQ(by.steering.transmit_queues, 2u);
  EXPECT_TRUE(send(HashCommand()));
  RssCommand bad;
  bad.max_tx_vq = 0;
  EXPECT_FALSE(send(bad));
  EXPECT_EQ(by.steering.mode, SteeringMode::automatic);
  EXPECT_TRUE(send(vq_pairs(1)));
  EXPECT_EQ(by.steering.mode, SteeringMode::single);
}

// ---- random bytes

// What any accepted command leaves, whatever was sent.
void expect_sound(const CommandEffect& effect, const CommandContext& by) {
  if (const auto* macs = std::get_if<SetMacTables>(&effect)) {
    ASSERT_LE(macs->unicast.addresses.size(), kMacTableEntries);
    ASSERT_LE(macs->multicast.addresses.size(), kMacTableEntries);
  }
  if (const auto* own = std::get_if<SetMacAddress>(&effect)) {
    ASSERT_EQ(own->address[0] & 1, 0);
  }
  if (const auto* vlan = std::get_if<SetVlan>(&effect)) {
    ASSERT_LT(vlan->vlan, kVlans);
  }
  if (const auto* one = std::get_if<SetQueueCoalescing>(&effect)) {
    ASSERT_LT(one->queue, 2 * kPairs);
  }
  const auto* config = std::get_if<SteeringConfig>(&effect);
  if (config == nullptr) return;
  ASSERT_GE(config->transmit_queues, 1u);
  ASSERT_LE(config->transmit_queues, by.max_pairs);
  ASSERT_GE(config->receive_queues, 1u);
  ASSERT_LE(config->receive_queues, by.max_pairs);
  ASSERT_EQ(config->rss.hash_types & ~by.supported_hash_types, 0u);
  const std::size_t entries = config->rss.table.size();
  ASSERT_TRUE(entries > 0 && entries <= kMaxTableEntries && (entries & (entries - 1)) == 0) << entries;
  for (const std::uint16_t queue : config->rss.table) ASSERT_LT(queue, by.max_pairs);
  ASSERT_LT(config->rss.unclassified_queue, by.max_pairs);
}

// Good commands with bytes changed, inserted and cut, and plain noise behind known commands.
TEST(ControlProperty, RandomBytesAreRefusedOrLeaveASoundConfiguration) {
  const std::vector<GoodCommand> good = good_commands();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    unsigned accepted = 0;
    for (unsigned i = 0; i < 5000; ++i) {
      CommandContext by = context();
      if (random() % 4 == 0) by.steering.mode = SteeringMode::rss;
      if (random() % 4 == 0) by.features = random();
      Octets octets = good[random() % good.size()].octets;
      if (random() % 4 == 0) {
        octets.resize(random() % 600);
        for (std::size_t at = 2; at < octets.size(); ++at) octets[at] = static_cast<std::uint8_t>(random());
      }
      for (std::uint64_t changes = random() % 4; changes > 0 && !octets.empty(); --changes) {
        const auto at = static_cast<std::ptrdiff_t>(random() % octets.size());
        switch (random() % 4) {
          case 0:
            octets[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random());
            break;
          case 1:
            octets[static_cast<std::size_t>(at)] = random() % 2 ? 0xff : 0x00;
            break;
          case 2:
            octets.insert(octets.begin() + at, static_cast<std::uint8_t>(random() % 8));
            break;
          default:
            octets.resize(static_cast<std::size_t>(at));
        }
      }
      const std::optional<CommandEffect> effect = judge(octets, by);
      if (!effect) continue;
      ++accepted;
      expect_sound(*effect, by);
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(accepted, 500u);
  }
}

}  // namespace
}  // namespace rssnic
