// Frames that are steered into the bins of coverage_table.h: random in all that a bin leaves open. Where a frame lies
// on the axes is read off the headers as they were laid out and the frame's final size, not off what was wanted; an
// attempt may miss its bin, and who asks tries again. The axes that tell of hash types and reports are the caller's.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tb/unit/random_frame.h"
#include "tb/unit/rtl/budget.h"
#include "tb/unit/rtl/coverage_bins.h"
#include "tb/unit/rtl/parser_bench.h"

namespace rssnic::test::coverage {

class CoverageFrames {
 public:
  struct Placed {
    SentFrame frame;
    Point point{};
    Parsed parsed;  // what is due of it
  };

  CoverageFrames(std::uint32_t seed, const Budget& budget) : random_(seed), budget_(budget) {}

  // One attempt; nothing if the wanted values contradict each other in this one's random choices.
  std::optional<Placed> attempt(const Wanted& wanted) {
    wanted_ = wanted;
    imply();
    tags_.clear();
    chain_.clear();
    kinds_.clear();
    aim_ = {};
    builder_ = FrameBuilder();
    add_link();
    add_network();
    if (network_ == kIpv6 && !(choose_kinds() && add_chain())) return std::nullopt;
    add_transport();
    Placed placed;
    FrameBytes inner = finish();
    if (!cut(inner)) return std::nullopt;
    add_start(inner, placed.frame);
    place(inner, placed);
    return placed;
  }

  std::uint32_t random(unsigned bound) { return random_.below(bound); }

 private:
  struct Header {
    std::size_t at = 0, size = 0;
    std::size_t end() const { return at + size; }
  };
  struct Extension : Header {
    KindValue kind = kNoKind;
    HomeValue home = kNoHome;
    std::size_t address = 0;  // offset of the home address or the type 2 routing header's
    Ipv6Address bytes{};      // that address
    ViaValue via = kNoVia;
  };
  // Extension header number `index` (the transport header behind the last one) is to begin at `at`; it is to be of
  // `size` bytes or more. Index 0 means nothing: the first one's place is given.
  struct Aim {
    std::size_t index = 0, at = 0, size = 0;
  };

  bool free(Axis axis) const { return wanted_[axis] == kAny; }
  bool wants(Axis axis) const { return wanted_[axis] > 0; }
  bool wants(Axis axis, int value) const { return wanted_[axis] == value; }
  unsigned pick(Axis axis, unsigned values) {
    return free(axis) ? random_.below(values) : static_cast<unsigned>(wanted_[axis]);
  }
  Ipv6Address address() {
    Ipv6Address a;
    for (std::uint8_t& byte : a) byte = random_.byte();
    return a;
  }

  // Fills in what must be so for the wanted values to be possible, and what is most often so.
  void imply() {
    const auto imply = [this](Axis axis, unsigned value) {
      if (free(axis)) wanted_[axis] = static_cast<int>(value);
    };
    if (wants(kCutKind) || wants(kCutPlace)) imply(kCut, kInExtension);
    if (wants(kCutByte)) imply(kCut, kInEthernet + random_.below(5));
    if (wants(kStart, kAtEnd) || wants(kStart, kPastTheEnd)) imply(kCut, kEmpty);
    bool read = wants(kBudgetEdge);
    for (const Axis axis :
         {kKind1, kKind2, kHome, kHomeAlign, kHomePlace, kHomeSplit, kHomeBoundary, kVia, kViaSplit, kViaBoundary}) {
      read = read || wants(axis);
    }
    if (wants(kAcross64, kAcrossIpv4)) imply(kNetwork, kIpv4Options);
    for (const Axis axis : {kAcross64, kAcross128, kAcross192}) {
      if (wants(axis, kAcrossTcp)) imply(kTransport, kTcp);
      if (wants(axis, kAcrossUdp)) imply(kTransport, kUdp);
    }
    read = read || wanted_[kAcross64] >= kAcrossKind1;
    for (const Axis axis : {kAcross128, kAcross192}) read = read || wanted_[axis] >= kAcrossTcp;
    if (wants(kReport)) imply(kNetwork, wanted_[kReport] < 4 ? random_.below(2) : 0u + kIpv6);
    if (read || wants(kExtensions) || wants(kFragmentPlace) || wants(kFragment, kAtomic) || wants(kCut, kInExtension)) {
      imply(kNetwork, kIpv6);
    }
    if (wants(kCut, kInOptions)) imply(kNetwork, kIpv4Options);
    if (read || wants(kReport) || !free(kBudgetEdge)) imply(kLink, random_.below(kThreeTags));
    if (read && free(kLength)) imply(kCut, kWhole);
    if (free(kLength) && !random_.one_in(4)) imply(kCut, kWhole);
  }

  void add_link() {
    static constexpr std::uint16_t kTpids[] = {0x8100, 0x88a8};
    link_ = static_cast<LinkValue>(pick(kLink, kOtherType + 1u));
    const auto some = [this] { return kTpids[random_.below(2)]; };
    switch (link_) {
      case kUntagged:
        break;
      case kC:
        tags_ = {0x8100};
        break;
      case kS:
        tags_ = {0x88a8};
        break;
      case kCC:
        tags_ = {0x8100, 0x8100};
        break;
      case kCS:
        tags_ = {0x8100, 0x88a8};
        break;
      case kSC:
        tags_ = {0x88a8, 0x8100};
        break;
      case kSS:
        tags_ = {0x88a8, 0x88a8};
        break;
      case kThreeTags:
        tags_ = {some(), some(), some()};
        break;
      case kLengthField:
      case kOtherType:
        for (unsigned tags = random_.below(3); tags > 0; --tags) tags_.push_back(some());
    }
    for (const std::uint16_t tpid : tags_) builder_.vlan(tpid, static_cast<std::uint16_t>(random_.below(0x10000)));
    if (link_ == kLengthField) builder_.raw({0xaa, 0xaa, 3, 0, 0, 0, 8, 0});
  }

  void add_network() {
    network_ = static_cast<NetworkValue>(pick(kNetwork, kBadVersion6 + 1u));
    ip_ = {};
    fragment_ = kNoFragment;
    if (network_ == kIpv6 || network_ == kBadVersion6) {
      builder_.ipv6({address(), address()});
      ip_ = {builder_.layer(), 40};
      return;
    }
    Ipv4Header header;
    for (std::uint8_t& byte : header.source) byte = random_.byte();
    for (std::uint8_t& byte : header.destination) byte = random_.byte();
    header.dont_fragment = random_.one_in(2);
    if (network_ == kIpv4Options) header.options = random_.junk(4 * (1 + random_.below(10)));
    if (network_ <= kIpv4Options) fragment_ = static_cast<FragmentValue>(pick(kFragment, kLast + 1u));
    header.more_fragments = fragment_ == kFirst || fragment_ == kMiddle;
    if (fragment_ >= kMiddle) header.fragment_offset = static_cast<std::uint16_t>(1u << random_.below(13));
    builder_.ipv4(header);
    ip_ = {builder_.layer(), 20 + header.options.size()};
  }

  // The kinds of the chain's headers, and which of them is aimed at what.
  bool choose_kinds() {
    const std::size_t most = budget_.max_extensions;
    std::size_t fewest = 0, count = most + 2;
    const auto at_least = [&](std::size_t n) { fewest = std::max(fewest, n); };
    const auto at_most = [&](std::size_t n) { count = std::min(count, n); };
    if (!free(kExtensions)) {
      const std::size_t low[] = {0, 1, 2, 3, most, most + 1, 1};
      const std::size_t high[] = {0, 1, 2, most - 1, most, most + 2, most};
      fewest = low[wanted_[kExtensions]];
      count = high[wanted_[kExtensions]];
    }
    for (const Axis kind : {kKind1, kKind2, kKind3, kKind4}) {
      if (wants(kind, kNoKind)) at_most(kind - kKind1);
      if (wants(kind)) at_least(kind - kKind1 + 1);
    }
    if (wants(kFragmentPlace, kOnly)) at_most(1);
    if (wants(kFragment) || wants(kFragmentPlace) || wants(kHome) || wants(kVia) || wants(kCut, kInExtension) ||
        wanted_[kAcross64] >= kAcrossKind1) {
      at_least(1);
    }
    if (wants(kFragmentPlace, kFront) || wants(kFragmentPlace, kBack)) at_least(2);
    if (wants(kFragmentPlace, kBetween)) at_least(3);
    if (wants(kCutPlace)) at_least(static_cast<std::size_t>(wanted_[kCutPlace]));
    if (wants(kHomePlace)) at_least(static_cast<std::size_t>(wanted_[kHomePlace]));
    const bool aims = wants(kViaBoundary) || wants(kBudgetEdge) || wants(kAcross128) || wants(kAcross192);
    if (aims) {
      at_least(1);
      if (free(kExtensions)) at_most(most);
    }
    if (fewest > count) return false;
    count = fewest + random_.below(static_cast<unsigned>(count - fewest + 1));

    // Other fragment headers, home addresses and routing addresses than the wanted one would be in its way.
    const auto in_the_way = [this](KindValue kind) {
      if (kind == kAtomicFragment) return !free(kFragment) && !wants(kFragment, kAtomic);
      if (kind == kRealFragment) return !free(kFragment) || wants(kHome) || wants(kVia) || wants(kBudgetEdge);
      if (kind == kHomeAddress) return wants(kHome) || wants(kHomeSplit);
      return (kind == kRouting2 || kind == kRouting2Long) && wants(kVia);
    };
    while (kinds_.size() < count) {
      const auto kind = static_cast<KindValue>(1 + random_.below(kKinds - 1));
      if (!in_the_way(kind)) kinds_.push_back(kind);
    }
    for (const Axis kind : {kKind1, kKind2, kKind3, kKind4}) {
      if (wants(kind)) kinds_[kind - kKind1] = static_cast<KindValue>(wanted_[kind]);
    }
    if (count == 0) return true;
    const std::size_t any = random_.below(static_cast<unsigned>(count));
    big_ = wants(kExtensions, kTooLong) ? any : count;
    if (big_ < count) kinds_[big_] = adjustable();
    if (wants(kFragment)) {
      std::size_t at = random_.below(static_cast<unsigned>(count));
      if (wants(kFragmentPlace, kFront)) at = 0;
      if (wants(kFragmentPlace, kBack)) at = count - 1;
      if (wants(kFragmentPlace, kBetween)) at = 1 + random_.below(static_cast<unsigned>(count - 2));
      kinds_[at] = wants(kFragment, kAtomic) ? kAtomicFragment : kRealFragment;
    }
    if (wants(kHome) || wants(kHomeSplit)) {
      const std::size_t at = wants(kHomePlace) ? static_cast<std::size_t>(wanted_[kHomePlace]) - 1 : any;
      kinds_[at] = wants(kHome, kInHopByHop)                              ? kHopByHop
                   : wants(kHome, kWrongLength) || wants(kHome, kPastEnd) ? kDestination
                                                                          : kHomeAddress;
    }
    cut_index_ = wants(kCutPlace) ? static_cast<std::size_t>(wanted_[kCutPlace]) - 1
                                  : random_.below(static_cast<unsigned>(count));
    if (wants(kCutKind)) kinds_[cut_index_] = static_cast<KindValue>(wanted_[kCutKind]);
    choose_aim(any);
    return true;
  }

  KindValue adjustable() {
    static constexpr KindValue kAdjustable[] = {kHopByHop, kDestination, kMobility, kShim6, kAuthentication};
    return kAdjustable[random_.below(5)];
  }

  void choose_aim(std::size_t any) {
    const std::size_t count = kinds_.size();
    const auto split = [this](Axis axis) -> std::size_t {
      static constexpr std::size_t kBytes[] = {0, 2, 6, 10, 14};
      const std::size_t bytes = kBytes[wanted_[axis] == kAny ? random_.below(4) + 1 : wanted_[axis]];
      return bytes == 14 ? bytes + 4 * random_.below(3) : bytes;
    };
    const auto across = [&](Axis axis, Axis split_axis, std::size_t boundary) {
      if (wanted_[axis] < kAcrossTcp) return;
      const std::size_t before = split(split_axis);
      aim_ = {count, boundary - before, before + 8};
      if (wanted_[axis] < kAcrossKind1) return;
      aim_.index = any;
      kinds_[any] = static_cast<KindValue>(wanted_[axis] - kAcrossKind1 + 1);
    };
    across(kAcross64, kSplit64, 64);
    across(kAcross128, kSplit128, 128);
    across(kAcross192, kSplit192, 192);
    if (wants(kVia)) {
      kinds_[any] = kRouting2;
      static constexpr std::size_t kBytes[] = {0, 0, 2, 6, 10, 14};
      if (wants(kViaBoundary) && wants(kViaSplit)) {
        aim_ = {any, 64 * static_cast<std::size_t>(wanted_[kViaBoundary]) - 8 - kBytes[wanted_[kViaSplit]], 24};
      }
    }
    if (wants(kBudgetEdge)) {
      if (free(kTransport)) wanted_[kTransport] = static_cast<int>(random_.below(4));
      const std::size_t transport = wants(kTransport, kTcp) ? 20 : wants(kTransport, kUdp) ? 8 : 0;
      aim_ = {count, budget_.header_bytes + 4 * static_cast<std::size_t>(wanted_[kBudgetEdge]) - 10 - transport, 0};
    }
    if (aim_.index > 0) kinds_[aim_.index - 1] = adjustable();
  }

  bool add_chain() {
    for (std::size_t index = 0; index < kinds_.size(); ++index) {
      std::size_t exact = 0;
      const std::size_t at = chain_.empty() ? ip_.end() : chain_.back().end();
      if (aim_.index == index + 1) {
        if (at + 8 > aim_.at) return false;
        exact = aim_.at - at;
      }
      if (big_ == index) exact = (std::max(at, budget_.header_bytes) - at) / 8 * 8 + 8 * (1 + random_.below(5));
      Extension header;
      header.kind = kinds_[index];
      header.at = at;
      if (!add(header, exact, aim_.index == index && index > 0 ? aim_.size : 0)) return false;
      chain_.push_back(header);
    }
    return true;
  }

  // Enters the header into the frame. exact: its size, where it is adjustable; 0: any of `at_least` bytes.
  bool add(Extension& header, std::size_t exact, std::size_t at_least) {
    std::size_t units = std::max<std::size_t>(1 + random_.below(3), (at_least + 7) / 8);
    if (exact != 0 && header.kind != kAuthentication) {
      if (exact % 8 != 0 || exact > 2048) return false;
      units = exact / 8;
    }
    FrameBytes body = random_.junk(8 * units - 2);
    header.size = 8 * units;
    switch (header.kind) {
      case kHopByHop:
        if (wants(kHome, kInHopByHop)) {
          header.home = kInHopByHop;
          body = FrameBuilder::home_address_option(address());
        }
        builder_.hop_by_hop(body);
        header.size = (2 + body.size() + 7) / 8 * 8;
        break;
      case kRoutingOther: {
        while (body[0] == 2) body[0] = random_.byte();
        builder_.extension(43, body);
      } break;
      case kRouting2:
      case kRouting2Short:
      case kRouting2Long:
        add_routing(header);
        break;
      case kDestination:
        return add_destination(header, exact, units);
      case kHomeAddress:
        return add_home(header);
      case kAtomicFragment:
      case kRealFragment:
        add_fragment(header);
        break;
      case kAuthentication: {
        const std::size_t bytes = exact != 0 ? exact : 12 + 4 * random_.below(6) + at_least / 4 * 4;
        if (bytes % 4 != 0 || bytes < 12 || bytes > 1028) return false;
        builder_.authentication(bytes - 12);
        header.size = bytes;
      } break;
      case kMobility:
        builder_.extension(135, body);
        break;
      case kHip:
        builder_.extension(139, body);
        break;
      default:
        builder_.extension(140, body);
    }
    return true;
  }

  void add_routing(Extension& header) {
    const std::size_t bytes = header.kind == kRouting2        ? 24
                              : header.kind == kRouting2Short ? 8 + 8 * random_.below(2)
                                                              : 32 + 8 * random_.below(3);
    FrameBytes body = random_.junk(bytes - 2);
    body[0] = 2;
    header.via = static_cast<ViaValue>(wants(kVia) ? wanted_[kVia] : 1 + static_cast<int>(random_.below(3)));
    body[1] = header.via == kSegmentsMore ? static_cast<std::uint8_t>(2 + random_.below(254)) : header.via - kSegments0;
    header.size = bytes;
    header.address = header.at + 8;
    if (header.kind == kRouting2Short) {
      header.via = kNoVia;
    } else {
      std::copy_n(&body[6], 16, header.bytes.begin());
    }
    builder_.extension(43, body);
  }

  void add_fragment(Extension& header) {
    header.size = 8;
    std::uint16_t offset = 0;
    bool more = false;
    FragmentValue how = kAtomic;
    if (header.kind == kRealFragment) {
      how = static_cast<FragmentValue>(wants(kFragment) && !wants(kFragment, kAtomic) ? wanted_[kFragment]
                                                                                      : 1 + random_.below(3));
      more = how != kLast;
      if (how != kFirst) offset = static_cast<std::uint16_t>(1u << random_.below(13));
    }
    builder_.fragment(offset, more);
    if (fragment_ == kNoFragment || fragment_ == kAtomic) fragment_ = how;  // the first real one, or an atomic one
  }

  // Options of `size` bytes without a good home address: of one kind, as a walk passes them. False: not of that size.
  bool fill(FrameBytes& list, std::size_t size, HomeValue style) {
    while (size > 0) {
      HomeValue piece = style;
      if (style == kBehindMix) piece = static_cast<HomeValue>(kBehindPad1 + random_.below(4));
      if (size == 1 && style == kBehindMix) piece = kBehindPad1;
      if (piece == kBehindPad1) {
        list.push_back(0);
        --size;
        continue;
      }
      if (size < 2) return false;
      std::size_t bytes = std::min<std::size_t>(size, 2 + random_.below(20));
      if (size - bytes == 1) bytes = size <= 40 ? size : bytes - 1;
      if (bytes < 2) return false;
      std::uint8_t type = 1;
      if (piece == kBehindOption) type = static_cast<std::uint8_t>(random_.one_in(2) ? 2 + random_.below(0xc7) : 0xca);
      if (piece == kBehindWrong) type = 0xc9;
      if (type == 0xc9 && bytes == 18) return false;
      list.push_back(type);
      list.push_back(static_cast<std::uint8_t>(bytes - 2));
      const FrameBytes junk = random_.junk(bytes - 2);
      list.insert(list.end(), junk.begin(), junk.end());
      size -= bytes;
    }
    return true;
  }

  bool add_destination(Extension& header, std::size_t exact, std::size_t units) {
    FrameBytes list;
    if (wants(kHome, kWrongLength)) {
      header.home = kWrongLength;
      const auto length = static_cast<std::uint8_t>(random_.one_in(2) ? 15 + 2 * random_.below(2) : random_.below(15));
      list = {0xc9, length};
      list.resize(2u + length, 0xfd);
    } else if (wants(kHome, kPastEnd)) {
      header.home = kPastEnd;
      const std::size_t kept = random_.below(16);
      if (!fill(list, (6 + 8 * 3 - 2 - kept) % 8 + 8 * random_.below(2), kBehindMix)) return false;
      list.push_back(0xc9);
      list.push_back(16);
      list.resize(list.size() + kept, 0xfd);
      if ((list.size() + 2) % 8 != 0) return false;
    } else if (!fill(list, exact != 0 ? exact - 2 : 8 * units - 2, kBehindMix)) {
      return false;
    }
    builder_.destination_options(list);
    header.size = (2 + list.size() + 7) / 8 * 8;
    return true;
  }

  bool add_home(Extension& header) {
    header.home = static_cast<HomeValue>(wants(kHome) ? wanted_[kHome] : kHomeFirst + random_.below(6));
    const std::size_t earliest = header.at + 4;
    std::size_t before = header.home == kHomeFirst ? 0 : 1 + random_.below(24);
    if (wants(kHomeSplit) && !wants(kHomeSplit, kWholeAddress)) {
      const std::size_t boundary = 64 * (free(kHomeBoundary) ? 1 + random_.below(3) : wanted_[kHomeBoundary] + 0u);
      const std::size_t address = boundary + 1 - static_cast<std::size_t>(wanted_[kHomeSplit] - kTypeThenLength);
      if (address < earliest) return false;
      before = address - earliest;
      if (free(kHome)) header.home = before == 0 ? kHomeFirst : kBehindMix;
    } else if (wants(kHomeAlign)) {
      while ((earliest + before) % 8 != static_cast<std::size_t>(wanted_[kHomeAlign] - 1)) ++before;
    }
    FrameBytes list;
    if ((header.home == kHomeFirst) != (before == 0) || !fill(list, before, header.home)) return false;
    header.bytes = address();
    header.address = earliest + before;
    const auto add_option = [&list](const Ipv6Address& home) {
      const FrameBytes option = FrameBuilder::home_address_option(home);
      list.insert(list.end(), option.begin(), option.end());
    };
    add_option(header.bytes);
    if (random_.one_in(4)) add_option(address());  // not the first: it does not count
    builder_.destination_options(list);
    header.size = (2 + list.size() + 7) / 8 * 8;
    return true;
  }

  void add_transport() {
    transport_ = static_cast<TransportValue>(pick(kTransport, kNoNextHeader + 1u));
    const std::size_t at = chain_.empty() ? ip_.end() : chain_.back().end();
    transport_header_ = {at, transport_ == kTcp ? 20u : transport_ == kUdp ? 8u : 0u};
    const auto port = [this] { return static_cast<std::uint16_t>(random_.below(0x10000)); };
    if (transport_ == kTcp) builder_.tcp(port(), port());
    if (transport_ == kUdp) builder_.udp(port(), port());
    if (transport_ == kOtherProtocol) {
      // In IPv4 the numbers of extension headers are protocols like any other.
      static constexpr std::uint8_t kOthers[] = {1,  2,  4,  41, 47,  50, 58, 132, 253, 254, 255, 5,   7,
                                                 16, 18, 42, 61, 136, 0,  43, 44,  51,  60,  135, 139, 140};
      builder_.protocol(kOthers[random_.below(network_ == kIpv6 ? 18 : 26)]).raw(random_.junk(20));
    }
    headers_end_ = at + transport_header_.size;
    builder_.raw(random_.junk(random_.one_in(6) ? random_.below(400) : random_.below(50)));
  }

  FrameBytes finish() {
    if (link_ == kLengthField) builder_.ether_type(static_cast<std::uint16_t>(random_.below(0x600)));
    if (link_ == kOtherType) {
      static constexpr std::uint16_t kOthers[] = {0x0806, 0x9100, 0x9200, 0x8847, 0x8864, 0x0801, 0x0a00,
                                                  0x86dc, 0x86df, 0x81a8, 0x8800, 0x88a0, 0x0600, 0xffff};
      builder_.ether_type(kOthers[random_.below(14)]);
    }
    FrameBytes bytes = builder_.bytes();
    std::uint8_t& first = bytes[ip_.at];
    const auto other = [this](unsigned version) { return (version + 1 + random_.below(15)) % 16; };
    if (network_ == kBadIhl) first = static_cast<std::uint8_t>(0x40 | random_.below(5));
    if (network_ == kBadVersion4) first = static_cast<std::uint8_t>(other(4) << 4 | 5);
    if (network_ == kBadVersion6) first = static_cast<std::uint8_t>(other(6) << 4);
    return bytes;
  }

  // All headers that can be cut, from the frame's start on.
  struct Cuttable : Header {
    CutValue name;
    std::size_t extension;  // its number from 0
  };
  std::vector<Cuttable> cuttable() const {
    std::vector<Cuttable> all = {{{0, 14}, kInEthernet, 0}};
    for (std::size_t tag = 0; tag < tags_.size(); ++tag) all.push_back({{14 + 4 * tag, 4}, kInTag, 0});
    const bool v4 = network_ != kIpv6 && network_ != kBadVersion6;
    all.push_back({{ip_.at, v4 ? 20u : 40u}, kInIp, 0});
    if (network_ == kIpv4Options) all.push_back({{ip_.at + 20, ip_.size - 20}, kInOptions, 0});
    for (std::size_t n = 0; n < chain_.size(); ++n) all.push_back({{chain_[n].at, chain_[n].size}, kInExtension, n});
    if (transport_header_.size != 0) all.push_back({transport_header_, kInTransport, 0});
    return all;
  }

  bool cut(FrameBytes& bytes) {
    if (wants(kLength)) {
      const auto size = static_cast<std::size_t>(some_size(static_cast<LengthValue>(wanted_[kLength])));
      const FrameBytes tail = random_.junk(size > bytes.size() ? size - bytes.size() : 0);
      bytes.insert(bytes.end(), tail.begin(), tail.end());
      bytes.resize(size);
      return true;
    }
    const auto where = static_cast<CutValue>(free(kCut) ? random_.below(kInTransport + 1) : wanted_[kCut]);
    if (where == kEmpty || wants(kLength, kLength0)) bytes.clear();
    if (where == kWhole || where == kEmpty) return true;
    std::vector<Cuttable> fitting;
    for (const Cuttable& header : cuttable()) {
      if (header.name == where && (where != kInExtension || header.extension == cut_index_)) fitting.push_back(header);
    }
    if (fitting.empty()) return false;
    const Cuttable& header = fitting[random_.below(static_cast<unsigned>(fitting.size()))];
    std::size_t kept = random_.below(static_cast<unsigned>(header.size));
    if (wants(kCutByte, kByte0)) kept = 0;
    if (wants(kCutByte, kByte1)) kept = 1;
    if (wants(kCutByte, kByte2)) kept = 2;
    if (wants(kCutByte, kByte4)) kept = 4;
    if (wants(kCutByte, kAllButOne)) kept = header.size - 1;
    bytes.resize(header.at + kept);
    return true;
  }

  std::size_t some_size(LengthValue length) {
    const auto budget = static_cast<unsigned>(budget_.header_bytes);
    const auto odd = [this](unsigned from, unsigned below) {
      const unsigned size = from + random_.below(below - from);
      return size % 64 == 0 ? size + 1 : size;
    };
    switch (length) {
      case kLength0:
        return 0;
      case kLengthRunt:
        return 1 + random_.below(13);
      case kBelow64:
        return 14 + random_.below(50);
      case kIs64:
        return 64;
      case kBeats:
        return 64 * (2 + random_.below(budget / 64 - 2));
      case kBelowBudget:
        return random_.one_in(2) ? budget - 1 - random_.below(8) : odd(65, budget);
      case kIsBudget:
        return budget;
      default:
        return budget + 1 + random_.below(300);
    }
  }

  // Puts junk before the frame, which begins behind it.
  void add_start(const FrameBytes& inner, SentFrame& frame) {
    unsigned start = free(kStart) && random_.one_in(2) ? random_.below(1024) : 0;
    switch (wanted_[kStart]) {
      case kInBeat:
        start = 1 + random_.below(63);
        break;
      case kWholeBeats:
        start = 64 * (1 + random_.below(15));
        break;
      case kBeatsAndMore:
        start = 65 + random_.below(900);
        break;
      case kAtEnd:
      case kPastTheEnd:
        start = 1 + random_.below(1023);
        break;
      default:
        break;
    }
    if (!free(kStartPhase) && wanted_[kStart] != kStart0) {
      start = static_cast<unsigned>(wanted_[kStartPhase]) + 64 * random_.below(4);
    }
    frame.start = start;
    frame.bytes = random_.junk(start);
    frame.bytes.insert(frame.bytes.end(), inner.begin(), inner.end());
    if (wants(kStart, kPastTheEnd) && inner.empty() && start != 0) frame.bytes.resize(random_.below(start));
  }

  // Where the frame lies, from its layout and size.
  void place(const FrameBytes& inner, Placed& placed) {
    placed.parsed = expected_of(inner, 0, budget_);
    Point& at = placed.point;
    const auto set = [&at](Axis axis, std::size_t value) { at[axis] = static_cast<std::uint8_t>(value); };
    const std::size_t size = inner.size();
    const std::size_t most = budget_.max_extensions;
    const HeaderFields& fields = placed.parsed.fields;
    set(kLink, link_);
    set(kNetwork, network_);
    set(kTransport, transport_);
    set(kFragment, fragment_);
    set(kOverBudget, placed.parsed.over_budget);

    // Headers that the walk would read in a whole frame: up to a real fragment's, and at most `most`.
    std::size_t fragment_at = chain_.size(), walked = 0;
    bool real = false;
    while (walked < chain_.size() && walked < most && !real) real = chain_[walked++].kind == kRealFragment;
    for (std::size_t n = chain_.size(); n-- > 0;) {
      const bool is_real = chain_[n].kind == kRealFragment;
      if (is_real || (chain_[n].kind == kAtomicFragment && fragment_ == kAtomic)) fragment_at = n;
    }
    const std::size_t walk_end = walked == 0 ? ip_.end() : chain_[walked - 1].end();
    const std::size_t count = chain_.size();
    set(kExtensions, count > most    ? kTooMany
                     : count < 3     ? static_cast<ExtensionsValue>(count)
                     : count == most ? kMost
                                     : kSome);
    if (count > 0 && count <= most && walk_end > budget_.header_bytes) set(kExtensions, kTooLong);
    if (fragment_at < count) {
      set(kFragmentPlace, count == 1 ? kOnly : fragment_at == 0 ? kFront : fragment_at + 1 == count ? kBack : kBetween);
    }

    if (size == 0) set(kCut, kEmpty);
    const bool read = link_ < kThreeTags && network_ == kIpv6;
    for (const Cuttable& header : cuttable()) {
      if (size == 0 || size >= header.end()) continue;
      const std::size_t kept = size - header.at;
      set(kCut, header.name);
      set(kCutByte, kept == 4 ? kByte4 : kByteSome);
      if (kept < 3) set(kCutByte, kByte0 + kept);
      if (kept + 1 == header.size) set(kCutByte, kAllButOne);
      if (read && header.name == kInExtension && header.extension < walked) {
        set(kCutKind, chain_[header.extension].kind);
        set(kCutPlace, std::min<std::size_t>(header.extension + 1, 4));
      }
      break;
    }
    for (const Axis axis : {kKind1, kKind2, kKind3, kKind4}) {
      const std::size_t n = axis - kKind1;
      if (read && n < count && chain_[n].end() <= size) set(axis, chain_[n].kind);
    }

    if (fields.network == Network::ipv6) place_addresses(fields, walked, at);
    place_across(placed.parsed, size, walked, at);

    const std::size_t budget = budget_.header_bytes;
    set(kLength, size == 0        ? kLength0
                 : size < 14      ? kLengthRunt
                 : size < 64      ? kBelow64
                 : size == 64     ? kIs64
                 : size > budget  ? kAboveBudget
                 : size == budget ? kIsBudget
                 : size % 64 == 0 ? kBeats
                                  : kBelowBudget);
    const std::size_t end = real ? walk_end : headers_end_;
    if (read && (count <= most || real) && end + 6 >= budget && end <= budget + 6)
      set(kBudgetEdge, (end + 10 - budget) / 4);

    const unsigned start = placed.frame.start;
    set(kStartPhase, start % 64);
    set(kStart, start == 0        ? kStart0
                : size == 0       ? (placed.frame.bytes.size() == start ? kAtEnd : kPastTheEnd)
                : start < 64      ? kInBeat
                : start % 64 == 0 ? kWholeBeats
                                  : kBeatsAndMore);
  }

  void place_addresses(const HeaderFields& fields, std::size_t walked, Point& at) {
    const auto set = [&at](Axis axis, std::size_t value) { at[axis] = static_cast<std::uint8_t>(value); };
    const Extension *home = nullptr, *via = nullptr, *no_home = nullptr;
    std::size_t home_at = 0, no_home_at = 0;
    for (std::size_t n = 0; n < walked; ++n) {
      const Extension& header = chain_[n];
      if (!home && header.kind == kHomeAddress) home = &header, home_at = n;
      if (!no_home && header.kind != kHomeAddress && header.home != kNoHome) no_home = &header, no_home_at = n;
      if (!via && header.via != kNoVia) via = &header;
    }
    // The frame is what the bins take it for.
    EXPECT_EQ(fields.ex_source, home ? home->bytes : fields.source);
    EXPECT_EQ(fields.ex_destination, via ? via->bytes : fields.destination);
    if (home) {
      set(kHome, home->home);
      set(kHomePlace, std::min<std::size_t>(home_at + 1, 4));
      set(kHomeAlign, 1 + home->address % 8);
      set(kHomeSplit, kWholeAddress);
      for (const std::size_t boundary : {64u, 128u, 192u}) {
        if (home->address - 2 >= boundary || home->address + 16 <= boundary) continue;
        set(kHomeSplit, kTypeThenLength + boundary + 1 - home->address);
        set(kHomeBoundary, boundary / 64);
      }
    } else if (no_home) {
      set(kHome, no_home->home);
      set(kHomePlace, std::min<std::size_t>(no_home_at + 1, 4));
    }
    if (via) {
      set(kVia, via->via);
      set(kViaSplit, 1);
      for (const std::size_t boundary : {64u, 128u, 192u}) {
        if (via->address >= boundary || via->address + 16 <= boundary) continue;
        set(kViaSplit, 2 + (boundary - via->address) / 4);
        set(kViaBoundary, boundary / 64);
      }
    }
  }

  void place_across(const Parsed& parsed, std::size_t size, std::size_t walked, Point& at) const {
    const auto across = [&](Axis axis, Axis split, std::size_t boundary) {
      if (size <= boundary) return;
      at[axis] = kPayload;
      const auto try_header = [&](const Header& header, unsigned value) {
        if (header.at >= boundary || header.end() <= boundary) return;
        const std::size_t before = boundary - header.at;
        at[axis] = static_cast<std::uint8_t>(value);
        at[split] = static_cast<std::uint8_t>(before < 14 ? (before + 2) / 4 : 4);
      };
      if (parsed.fields.network == Network::ipv4) try_header(ip_, kAcrossIpv4);
      if (parsed.fields.network == Network::ipv6) {
        for (std::size_t n = 0; n < walked; ++n) try_header(chain_[n], kAcrossKind1 - 1u + chain_[n].kind);
      }
      if (parsed.fields.transport == Transport::tcp) try_header(transport_header_, kAcrossTcp);
      if (parsed.fields.transport == Transport::udp) try_header(transport_header_, kAcrossUdp);
    };
    across(kAcross64, kSplit64, 64);
    across(kAcross128, kSplit128, 128);
    across(kAcross192, kSplit192, 192);
  }

  RandomFrames random_;
  const Budget budget_;
  Wanted wanted_{};
  FrameBuilder builder_;
  // The frame being built.
  LinkValue link_ = kUntagged;
  std::vector<std::uint16_t> tags_;
  NetworkValue network_ = kIpv4;
  Header ip_;  // with the options of IPv4
  FragmentValue fragment_ = kNoFragment;
  std::vector<KindValue> kinds_;
  std::vector<Extension> chain_;
  std::size_t big_ = 0;        // number of the header that goes beyond the budget
  std::size_t cut_index_ = 0;  // number of the header in which the frame is to end
  Aim aim_;
  TransportValue transport_ = kTcp;
  Header transport_header_;
  std::size_t headers_end_ = 0;
};

}  // namespace rssnic::test::coverage
