// Frames for the frame parser: every combination of headers in order, and random ones that are dense in what is hard
// for it (option lists, addresses across beats, authentication headers of odd lengths, headers around the budget's
// end).
#pragma once
#include "tb/unit/packet/walk.h"
#include "tb/unit/random_frame.h"

namespace rssnic::test {

// The extension headers that a chain is made of, by a digit.
constexpr unsigned kChainLinks = 10;
inline void add_chain_link(FrameBuilder& builder, unsigned link) {
  switch (link) {
    case 0:
      builder.hop_by_hop();
      break;
    case 1:
      builder.routing(2, kVia);
      break;
    case 2:
      builder.routing(0, kOtherVia);
      break;
    case 3:
      builder.home_address(kHome);
      break;
    case 4: {
      FrameBytes options{0, 1, 0, 0xc9, 2, 7, 7, 30, 3, 1, 2, 3};
      const FrameBytes home = FrameBuilder::home_address_option(kOtherHome);
      options.insert(options.end(), home.begin(), home.end());
      builder.destination_options(options);
    } break;
    case 5:
      builder.fragment(0, false);
      break;
    case 6:
      builder.fragment(9, true);
      break;
    case 7:
      builder.authentication(8);
      break;  // 20 bytes: what follows is off the grid of eight
    case 8:
      builder.extension(135, FrameBytes(14, 0x3b));
      break;
    default:
      builder.extension(140);
      break;
  }
}

// Every chain of up to `longest` links.
template <typename Use>
void for_each_chain(unsigned longest, const Use& use) {
  unsigned chains = 1;
  for (unsigned length = 0; length <= longest; ++length, chains *= kChainLinks) {
    for (unsigned chain = 0; chain < chains; ++chain) {
      std::vector<unsigned> links;
      for (unsigned rest = chain; links.size() < length; rest /= kChainLinks) links.push_back(rest % kChainLinks);
      use(links);
    }
  }
}

inline void add_tags(FrameBuilder& builder, unsigned tags) {
  if (tags > 0) builder.vlan(0x88a8, 5);
  if (tags > 1) builder.vlan(0x8100, 6);
}

inline void add_transport(FrameBuilder& builder, unsigned transport) {
  if (transport == 0) builder.tcp(0x1234, 0x5678);
  if (transport == 1) builder.udp(0x9abc, 0xdef0);
  if (transport == 2) builder.protocol(58).raw(FrameBytes(12, 0x77));
}

class HeaderFrames {
 public:
  explicit HeaderFrames(std::uint32_t seed) : random_(seed) {}
  RandomFrames& random() { return random_; }

  // Options that a home address may hide behind: runs of Pad1, options of any length, wrong home addresses; now and
  // then the list does not fit its header.
  FrameBytes options() {
    FrameBytes list;
    for (unsigned count = random_.below(random_.one_in(4) ? 60 : 8); count > 0; --count) {
      switch (random_.below(6)) {
        case 0:
          list.resize(list.size() + random_.below(9));
          break;
        case 1:
          append(list, {0xc9, static_cast<std::uint8_t>(random_.one_in(2) ? 15 : 17)}, 16);
          break;
        case 2:
          append(list, {0xc9, 16}, 16);
          break;
        case 3:
          append(list, {1, static_cast<std::uint8_t>(random_.below(80))}, random_.below(80));
          break;
        default: {
          const std::uint8_t length = static_cast<std::uint8_t>(random_.below(5));
          append(list, {static_cast<std::uint8_t>(1 + random_.below(255)), length}, length);
        }
      }
    }
    if (random_.one_in(2)) append(list, {0xc9, 16}, 16);
    return list;
  }

  FrameBytes frame() {
    if (random_.one_in(3)) return random_.damaged_frame();
    FrameBuilder builder;
    add_tags(builder, random_.below(3));
    builder.ipv6();
    for (unsigned links = random_.below(random_.one_in(4) ? 8 : 5); links > 0; --links) {
      switch (random_.below(8)) {
        case 0:
        case 1:
        case 2:
          builder.destination_options(options());
          break;
        case 3:
          builder.routing(random_.one_in(3) ? 4 : 2, random_.one_in(2) ? kVia : kOtherVia);
          break;
        case 4:
          builder.authentication(4 * random_.below(12));
          break;
        case 5:
          builder.extension(135, random_.junk(random_.below(random_.one_in(5) ? 200 : 30)));
          break;
        default:
          add_chain_link(builder, random_.below(kChainLinks));
      }
    }
    add_transport(builder, random_.below(4));
    FrameBytes bytes = builder.raw(random_.junk(random_.below(random_.one_in(8) ? 600 : 40))).bytes();
    if (random_.one_in(5)) bytes.resize(random_.below(static_cast<unsigned>(bytes.size() + 1)));
    return bytes;
  }

  // With a random start offset every third time: the frame as it is, the headers begin somewhere in it; or junk before.
  FrameBytes with_start(FrameBytes inner, unsigned& start) {
    start = 0;
    if (!random_.one_in(3)) return inner;
    start = random_.below(random_.one_in(4) ? 1024 : 140);
    if (random_.one_in(8)) return inner;
    FrameBytes bytes = random_.junk(start);
    bytes.insert(bytes.end(), inner.begin(), inner.end());
    return bytes;
  }

 private:
  void append(FrameBytes& list, std::initializer_list<std::uint8_t> head, std::size_t junk) {
    list.insert(list.end(), head);
    const FrameBytes tail = random_.junk(junk);
    list.insert(list.end(), tail.begin(), tail.end());
  }
  RandomFrames random_;
};

}  // namespace rssnic::test
