// Every row of the table in docs/hashing.md where the hash specification is silent, asked of the RTL: the tests of the
// header walk themselves, each frame going through the frame parser in all four widths, alone and behind a start
// offset.
#include "tb/unit/rtl/parsers.h"

namespace rssnic::test {
namespace {

template <typename P>
void add_answers(ConstBytes frame, std::vector<Parsed>& answers) {
  static ParserBench<P> bench;
  const FrameBytes plain(frame.data, frame.data + frame.size);
  FrameBytes inner(50, 0x45);
  inner.insert(inner.end(), plain.begin(), plain.end());
  for (const auto& timed : bench.run({{plain, 0}, {inner, 50}})) answers.push_back(timed.result);
}

}  // namespace
}  // namespace rssnic::test

namespace rssnic {

inline HeaderFields parse_in_rtl(ConstBytes frame) {
  std::vector<test::Parsed> answers;
  test::add_answers<test::Parser128>(frame, answers);
  test::add_answers<test::Parser256>(frame, answers);
  test::add_answers<test::Parser512>(frame, answers);
  test::add_answers<test::Parser1024>(frame, answers);
  for (const test::Parsed& answer : answers) EXPECT_EQ(answer, answers.front());
  EXPECT_FALSE(answers.front().over_budget);
  return answers.front().fields;
}

namespace test {
inline HeaderFields parse_in_rtl(const FrameBytes& frame, std::size_t size) {
  return rssnic::parse_in_rtl({frame.data(), size});
}
inline HeaderFields parse_in_rtl(const FrameBytes& frame) { return parse_in_rtl(frame, frame.size()); }
}  // namespace test

}  // namespace rssnic

#define HeaderWalkPolicy FrameParserPolicy
#define walk_headers parse_in_rtl
#define walk parse_in_rtl
#include "tb/unit/packet/header_walk_policy_test.cpp"
