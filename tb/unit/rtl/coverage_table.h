// Which combinations of headers the simulation must have seen: the one table that the bins of tb/unit/rtl's coverage
// tests are made from. An axis is a property of a sent frame, a cross asks for every combination of its axes' values
// some number of times, and a rule takes combinations out again, with its reason. coverage_bins.h counts, and
// coverage_frames.h builds frames and says where on the axes one lies.
//
// To add a value: extend the enum and the row of its axis, and say in coverage_frames.h when a frame has it. Bins that
// no frame can fill then fail the test, and so does a rule that takes nothing out.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rssnic::test::coverage {

// clang-format off
enum Axis : std::size_t {
  // The frame's headers in short.
  kLink, kNetwork, kExtensions, kTransport, kFragment, kCut, kTypes, kExReport,
  // Where exactly it ends.
  kCutByte, kCutKind, kCutPlace,
  // Its extension headers.
  kKind1, kKind2, kKind3, kKind4, kFragmentPlace,
  // Home address, and address of a type 2 routing header.
  kHome, kHomeAlign, kHomePlace, kHomeSplit, kHomeBoundary, kVia, kViaSplit, kViaBoundary,
  // Headers on both sides of a beat's end.
  kAcross64, kSplit64, kAcross128, kSplit128, kAcross192, kSplit192,
  kLength, kBudgetEdge, kStart, kStartPhase,
  // What the oracle and the budget say of it.
  kReport, kOverBudget,
  kAxes
};

// Values, in the order of the names in the row.
enum LinkValue : std::uint8_t { kUntagged, kC, kS, kCC, kCS, kSC, kSS, kThreeTags, kLengthField, kOtherType };
enum NetworkValue : std::uint8_t { kIpv4, kIpv4Options, kBadIhl, kBadVersion4, kIpv6, kBadVersion6 };
enum ExtensionsValue : std::uint8_t { kNoExtension, kOne, kTwo, kSome, kMost, kTooMany, kTooLong };
enum TransportValue : std::uint8_t { kTcp, kUdp, kOtherProtocol, kNoNextHeader };
enum FragmentValue : std::uint8_t { kNoFragment, kFirst, kMiddle, kLast, kAtomic };
enum CutValue : std::uint8_t { kWhole, kEmpty, kInEthernet, kInTag, kInIp, kInOptions, kInExtension, kInTransport };
enum CutByteValue : std::uint8_t { kNotCut, kByte0, kByte1, kByte2, kByte4, kByteSome, kAllButOne };
enum KindValue : std::uint8_t {
  kNoKind, kHopByHop, kRoutingOther, kRouting2, kRouting2Short, kRouting2Long, kDestination, kHomeAddress,
  kAtomicFragment, kRealFragment, kAuthentication, kMobility, kHip, kShim6, kKinds
};
enum FragmentPlaceValue : std::uint8_t { kNowhere, kOnly, kFront, kBetween, kBack };
enum HomeValue : std::uint8_t {
  kNoHome, kHomeFirst, kBehindPad1, kBehindPadN, kBehindOption, kBehindWrong, kBehindMix, kWrongLength, kPastEnd,
  kInHopByHop
};
enum HomeSplitValue : std::uint8_t { kNoSplit, kWholeAddress, kTypeThenLength, kLengthThenAddress, kAddressByte0 };
enum ViaValue : std::uint8_t { kNoVia, kSegments0, kSegments1, kSegmentsMore };
enum AcrossValue : std::uint8_t { kBeyond, kPayload, kAcrossIpv4, kAcrossTcp, kAcrossUdp, kAcrossKind1 };
enum LengthValue : std::uint8_t {
  kLength0, kLengthRunt, kBelow64, kIs64, kBeats, kBelowBudget, kIsBudget, kAboveBudget
};
enum StartValue : std::uint8_t { kStart0, kInBeat, kWholeBeats, kBeatsAndMore, kAtEnd, kPastTheEnd };
// clang-format on

struct AxisRow {
  Axis axis;
  const char* name;
  const char* values;
};

#define RSSNIC_EXTENSION_KINDS                                                                          \
  "hop-by-hop routing-other routing-2 routing-2-short routing-2-long destination home atomic fragment " \
  "authentication mobility hip shim6"
#define RSSNIC_ACROSS "beyond payload ipv4 tcp udp " RSSNIC_EXTENSION_KINDS

inline const std::vector<AxisRow>& axis_table() {
  static const std::vector<AxisRow> kTable = {
      // Tags by TPID; "length": an 802.3 length field and LLC/SNAP; "other": any other EtherType. Both behind up to two
      // tags. What follows is the same as behind an EtherType of IP.
      {kLink, "link", "untagged 8100 88a8 8100+8100 8100+88a8 88a8+8100 88a8+88a8 three-tags length other"},
      {kNetwork, "network", "ipv4 ipv4-options bad-ihl bad-version-4 ipv6 bad-version-6"},
      // How many, by the parser's budget: "most" is MaxExtensions, "too-long" ends behind HeaderBytes.
      {kExtensions, "extensions", "none one two some most too-many too-long"},
      {kTransport, "transport", "tcp udp other none"},
      {kFragment, "fragment", "none first middle last atomic"},
      // The header in which the frame ends, or before which: nothing of a header that is named still counts.
      {kCut, "cut", "whole empty ethernet tag ip options extension transport"},
      // Enabled hash types: each alone, all, none.
      {kTypes, "types", "ipv4 tcpv4 udpv4 ipv6 tcpv6 udpv6 ipv6-ex tcpv6-ex udpv6-ex all none"},
      {kExReport, "ex-report", "spec always"},
      {kCutByte, "cut-byte", "none 0 1 2 4 some all-but-one"},  // how much there is of the header that is cut
      {kCutKind, "cut-kind", "none " RSSNIC_EXTENSION_KINDS},   // of an extension header that the walk reads
      {kCutPlace, "cut-place", "none 1 2 3 4"},                 // its number; 4: or a later one
      {kKind1, "kind-1", "none " RSSNIC_EXTENSION_KINDS},       // of the first extension headers
      {kKind2, "kind-2", "none " RSSNIC_EXTENSION_KINDS},
      {kKind3, "kind-3", "none " RSSNIC_EXTENSION_KINDS},
      {kKind4, "kind-4", "none " RSSNIC_EXTENSION_KINDS},
      {kFragmentPlace, "fragment-place", "none only front between back"},  // of its header among extension headers
      {kHome, "home", "none first pad1 padn option wrong-home mix wrong-length past-end hop-by-hop"},
      {kHomeAlign, "home-align", "none 0 1 2 3 4 5 6 7"},  // the address's offset in the frame modulo 8
      {kHomePlace, "home-place", "none 1 2 3 4"},          // number of its header; 4: or a later one
      // How many bytes of the address lie in the beat before; or the option's type, or its type and length.
      {kHomeSplit, "home-split", "none whole type type+length 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"},
      {kHomeBoundary, "home-boundary", "none 64 128 192"},
      {kVia, "via", "none segments-0 segments-1 segments-more"},
      {kViaSplit, "via-split", "none whole 2 6 10 14"},
      {kViaBoundary, "via-boundary", "none 64 128 192"},
      // What lies on both sides of byte 64, and how much of it before.
      {kAcross64, "across-64", RSSNIC_ACROSS},
      {kSplit64, "split-64", "none 2 6 10 more"},
      {kAcross128, "across-128", RSSNIC_ACROSS},
      {kSplit128, "split-128", "none 2 6 10 more"},
      {kAcross192, "across-192", RSSNIC_ACROSS},
      {kSplit192, "split-192", "none 2 6 10 more"},
      {kLength, "length", "0 below-14 below-64 64 beats below-budget budget above-budget"},  // beats: of 64 bytes
      {kBudgetEdge, "budget-edge", "away 6-before 2-before 2-behind 6-behind"},  // end of the headers, and HeaderBytes
      {kStart, "start", "0 in-beat beats beats-and-more at-end past-end"},
      {kStartPhase, "start-phase",
       "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 "
       "40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63"},
      {kReport, "report", "none ipv4 tcpv4 udpv4 ipv6 tcpv6 udpv6 ipv6-ex tcpv6-ex udpv6-ex"},
      {kOverBudget, "over-budget", "no yes"},
  };
  return kTable;
}

struct CrossRow {
  const char* name;
  std::vector<Axis> axes;
  unsigned hits;  // that every bin needs
};

inline const std::vector<CrossRow>& cross_table() {
  static const std::vector<CrossRow> kTable = {
      {"headers", {kLink, kNetwork, kExtensions, kTransport, kFragment, kCut, kTypes}, 3},
      {"answers", {kTypes, kExReport, kNetwork, kTransport, kReport}, 2},
      {"answers of chains", {kTypes, kExReport, kExtensions, kTransport, kFragment, kReport}, 1},
      {"extension pairs", {kKind1, kKind2, kTransport}, 5},
      {"extension chains", {kKind1, kKind2, kKind3, kKind4}, 1},
      {"fragments", {kFragment, kFragmentPlace, kExtensions, kTransport}, 5},
      {"cuts", {kLink, kNetwork, kCut, kCutByte}, 3},
      {"cut extension headers", {kCutKind, kCutPlace, kCutByte}, 3},
      {"home addresses", {kHome, kHomePlace, kHomeAlign}, 3},
      {"home addresses across beats", {kHomeSplit, kHomeBoundary}, 5},
      {"routing addresses across beats", {kVia, kViaSplit, kViaBoundary}, 3},
      {"headers across byte 64", {kAcross64, kSplit64}, 5},
      {"headers across byte 128", {kAcross128, kSplit128}, 5},
      {"headers across byte 192", {kAcross192, kSplit192}, 5},
      {"lengths", {kLength, kNetwork, kTransport}, 5},
      {"budget", {kBudgetEdge, kTransport, kLength, kOverBudget}, 3},
      {"start offsets", {kStart, kNetwork, kCut}, 3},
      {"start phases", {kStartPhase, kNetwork}, 3},
  };
  return kTable;
}

// Rules. A rule holds for a cross that has all its axes.
enum class Why : std::uint8_t {
  never,  // cannot be, or would be wrong: a frame there fails the test
  same,   // may be, but asks nothing that another bin does not ask
};

struct RuleRow {
  Why why;
  const char* combinations;  // all of these: axis=value,... or axis!=value,...
  const char* reason;
};

inline const std::vector<RuleRow>& rule_table() {
  using W = Why;
  static const std::vector<RuleRow> kTable = {
      // Link.
      {W::same, "link=three-tags,length,other extensions!=none", "behind such an EtherType nothing is read"},
      {W::same, "link=three-tags,length,other fragment!=none", "behind such an EtherType nothing is read"},
      {W::same, "link=three-tags,length,other transport!=tcp", "behind such an EtherType nothing is read"},
      {W::same, "link=three-tags,length,other cut=ip,options,transport,extension",
       "behind such an EtherType nothing is read"},
      {W::never, "link=three-tags,length,other report!=none", "not IP: unclassified (docs/hashing.md, TPID, SNAP)"},
      {W::never, "link=untagged cut=tag", "there is no tag to be cut"},

      // Network.
      {W::never, "network!=ipv6 extensions!=none", "extension headers are of IPv6"},
      {W::never, "network!=ipv6 fragment=atomic", "an IPv4 packet without offset and more-fragments is no fragment"},
      {W::never, "network!=ipv6 cut=extension", "extension headers are of IPv6"},
      {W::same, "network=bad-ihl,bad-version-4,bad-version-6 fragment!=none", "a wrong IP header is not read on"},
      {W::same, "network=bad-ihl,bad-version-4,bad-version-6 cut=options,transport",
       "a wrong IP header is not read on"},
      {W::never, "network=bad-ihl,bad-version-4,bad-version-6 report!=none", "unclassified (BADIHL, BADVER)"},
      {W::never, "network!=ipv4-options cut=options", "there are no options to be cut"},
      {W::never, "network=ipv4,ipv4-options report=ipv6,tcpv6,udpv6,ipv6-ex,tcpv6-ex,udpv6-ex", "a report of IPv6"},
      {W::never, "network=ipv6 report=ipv4,tcpv4,udpv4", "a report of IPv4"},

      // Extension headers.
      {W::never, "network=ipv6 extensions=none fragment!=none", "the fragment header is an extension header"},
      {W::never, "extensions=none fragment=atomic", "the fragment header is an extension header"},
      {W::never, "extensions=none fragment!=none report=ipv6,ipv6-ex", "without extension headers it is one of IPv4"},
      {W::never, "extensions=none cut=extension", "there is no extension header to be cut"},
      {W::never, "kind-1=none kind-2!=none", "a second header needs a first"},
      {W::never, "kind-2=none kind-3!=none", "a third header needs a second"},
      {W::never, "kind-3=none kind-4!=none", "a fourth header needs a third"},
      {W::never, "ex-report=spec extensions=none report=ipv6-ex,tcpv6-ex,udpv6-ex",
       "no extension header, no EX report"},
      {W::never, "extensions!=none report=ipv4,tcpv4,udpv4", "a report of IPv4"},
      {W::never, "extensions=too-many fragment=none,atomic report!=none", "over budget, or cut: unclassified"},
      {W::never, "extensions=too-long report!=none", "over budget, or cut: unclassified"},

      // Transport.
      {W::never, "transport=none cut=transport", "there is no header to be cut"},
      {W::same, "transport=other cut=transport", "its bytes are not read"},
      {W::never, "transport!=tcp report=tcpv4,tcpv6,tcpv6-ex", "a report of TCP"},
      {W::never, "transport!=udp report=udpv4,udpv6,udpv6-ex", "a report of UDP"},

      // Fragments.
      {W::never, "fragment=first,middle,last report=tcpv4,udpv4,tcpv6,udpv6,tcpv6-ex,udpv6-ex",
       "fragments go by their addresses alone (FRAG1)"},
      {W::same, "fragment=first,middle,last cut=transport",
       "a real fragment's payload: that a whole header there is not read is asked with cut=whole"},
      {W::never, "fragment=none fragment-place!=none", "no fragment header, no place"},
      {W::never, "fragment!=none extensions!=none fragment-place=none", "a fragment header has a place"},
      {W::never, "extensions=none fragment-place!=none", "the fragment header is an extension header"},
      {W::never, "extensions=one fragment-place=front,between,back", "one header is the only one"},
      {W::never, "extensions=two fragment-place=between", "nothing lies between two headers"},
      {W::never, "extensions!=one,too-long fragment-place=only", "more than one header"},
      {W::never, "extensions=too-long fragment-place=only", "a fragment header's eight bytes reach no budget's end"},
      {W::never, "extensions=too-long fragment=first,middle,last fragment-place=front",
       "a real fragment's header ends the walk"},

      // Cuts.
      {W::never, "cut=whole cut-byte!=none", "nothing is cut"},
      {W::never, "cut=empty cut-byte!=none", "nothing is there"},
      {W::never, "cut=ethernet,tag,ip,options,extension,transport cut-byte=none", "something is cut"},
      {W::never, "cut=ethernet cut-byte=0", "that is the empty frame"},
      {W::never, "cut=tag cut-byte=4", "a tag has four bytes"},
      {W::never, "cut=tag cut-byte=some", "of four bytes 0, 1, 2 and 3 have names of their own"},
      {W::same, "cut=empty,ethernet,tag network!=ipv4", "the frame ends before the IP header"},
      {W::same, "cut=empty,ethernet,tag transport!=tcp", "the frame ends before the IP header"},
      {W::same, "cut=empty,ethernet,tag fragment!=none", "the frame ends before the IP header"},
      {W::same, "cut=empty,ethernet link!=untagged", "the frame ends before its EtherType"},
      {W::same, "cut=ip fragment!=none", "the frame ends before what tells a fragment, or its IP header is not read"},
      {W::same, "cut=ip transport!=tcp", "the frame ends before the transport header, and its IP header is not read"},
      {W::same, "cut=ip extensions!=none,one", "the frame ends before its extension headers"},
      {W::never, "cut=empty,ethernet,tag,ip report!=none", "unclassified (RUNT, EMPTY, VLANCUT, IPCUT)"},
      {W::never, "cut-kind=none cut-place!=none", "no header, no place"},
      {W::same, "cut-kind=none cut-byte!=none", "another header, which another cross asks for"},
      {W::never, "cut-kind!=none cut-place=none", "a header has a place"},
      {W::never, "cut-kind!=none cut-byte=none", "something is cut"},

      // Home addresses.
      {W::never, "home=none home-place!=none", "no option, no place"},
      {W::never, "home=none home-align!=none", "no option, no place"},
      {W::never, "home!=none home-place=none", "an option has a place"},
      {W::never, "home=first,pad1,padn,option,wrong-home,mix home-align=none", "an address has a place"},
      {W::never, "home=wrong-length,past-end,hop-by-hop home-align!=none", "no address that counts"},
      {W::never, "home=first home-align!=none,2,6", "headers begin at 2 modulo 4, the address four bytes behind"},
      {W::never, "home-split=none,whole home-boundary!=none", "it lies across no beat's end"},
      {W::never, "home-split!=none,whole home-boundary=none", "it lies across a beat's end"},
      {W::never, "home-split=7,8,9,10,11,12,13,14,15 home-boundary=64", "the address lies at byte 58 at the earliest"},

      // Routing addresses.
      {W::never, "via=none via-split!=none", "no address"},
      {W::never, "via!=none via-split=none", "an address lies somewhere"},
      {W::never, "via-split=none,whole via-boundary!=none", "it lies across no beat's end"},
      {W::never, "via-split=2,6,10,14 via-boundary=none", "it lies across a beat's end"},
      {W::never, "via-split=6,10,14 via-boundary=64", "the address lies at byte 62 at the earliest"},

      // Headers across the ends of beats. All headers begin at 2 modulo 4.
      {W::never, "across-64=beyond,payload split-64!=none", "no header is there"},
      {W::never, "across-128=beyond,payload split-128!=none", "no header is there"},
      {W::never, "across-192=beyond,payload split-192!=none", "no header is there"},
      {W::never, "across-64!=beyond,payload split-64=none", "some bytes lie before"},
      {W::never, "across-128!=beyond,payload split-128=none", "some bytes lie before"},
      {W::never, "across-192!=beyond,payload split-192=none", "some bytes lie before"},
      {W::never, "across-64=udp,atomic,fragment split-64=10,more", "such a header has eight bytes"},
      {W::never, "across-128=udp,atomic,fragment split-128=10,more", "such a header has eight bytes"},
      {W::never, "across-192=udp,atomic,fragment split-192=10,more", "such a header has eight bytes"},
      {W::never, "across-64=ipv4 split-64=2,6,10", "the IPv4 header begins at byte 22 at the latest"},
      {W::never, "across-128=ipv4", "the IPv4 header ends at byte 82 at the latest"},
      {W::never, "across-192=ipv4", "the IPv4 header ends at byte 82 at the latest"},
      {W::never,
       "across-64=hop-by-hop,routing-other,routing-2,routing-2-short,routing-2-long,destination,home,authentication,"
       "mobility,hip,shim6 split-64=more",
       "the first extension header begins at byte 54 at the earliest"},

      // Lengths.
      {W::same, "length=0,below-14 network!=ipv4", "the frame ends before the IP header"},
      {W::same, "length=0,below-14 transport!=tcp", "the frame ends before the IP header"},
      {W::never, "length=0,below-14 over-budget=yes", "nothing of it is out of reach"},
      {W::never, "length!=above-budget over-budget=yes budget-edge!=away", "the budget's bytes hold all of the frame"},
      {W::never, "budget-edge=2-before,6-before over-budget=yes", "the headers fit the budget"},
      {W::never, "budget-edge=2-behind,6-behind length=above-budget over-budget=no",
       "the headers do not fit the budget"},
      {W::same, "budget-edge!=away length=0,below-14,below-64,64,beats", "the frame is cut far before that edge"},
      {W::same, "budget-edge=away over-budget=yes length!=above-budget",
       "of too many headers, which other crosses ask for"},

      // Start offsets. A frame that ends before its start offset counts as an empty one.
      {W::never, "start=at-end,past-end cut!=empty", "nothing is there"},
      {W::never, "start=in-beat,beats,beats-and-more cut=empty", "then it is at or past the frame's end"},
      {W::same, "start-phase!=0 network=ipv4-options,bad-ihl,bad-version-4,bad-version-6", "asked with ipv4 and ipv6"},

      // Reports and types.
      {W::never, "types=none report!=none", "no type is enabled"},
      {W::never, "types=all extensions!=none report=ipv6,tcpv6,udpv6", "the EX type comes first, and is enabled"},
      {W::never, "types=all ex-report=always report=ipv6,tcpv6,udpv6", "the EX type comes first, and is enabled"},
      {W::never, "types=ipv4 report!=none,ipv4", "a report of a type that is not enabled"},
      {W::never, "types=tcpv4 report!=none,tcpv4", "a report of a type that is not enabled"},
      {W::never, "types=udpv4 report!=none,udpv4", "a report of a type that is not enabled"},
      {W::never, "types=ipv6 report!=none,ipv6", "a report of a type that is not enabled"},
      {W::never, "types=tcpv6 report!=none,tcpv6", "a report of a type that is not enabled"},
      {W::never, "types=udpv6 report!=none,udpv6", "a report of a type that is not enabled"},
      {W::never, "types=ipv6-ex report!=none,ipv6-ex", "a report of a type that is not enabled"},
      {W::never, "types=tcpv6-ex report!=none,tcpv6-ex", "a report of a type that is not enabled"},
      {W::never, "types=udpv6-ex report!=none,udpv6-ex", "a report of a type that is not enabled"},
  };
  return kTable;
}

}  // namespace rssnic::test::coverage
