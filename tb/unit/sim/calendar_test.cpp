// The calendar: order within a cycle, the border between near and far events, and the search for the next cycle.
#include "model/sim/calendar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <tuple>

namespace rssnic {
namespace {

constexpr Cycle kNear = 4096;  // events closer than this are kept in another structure than those beyond
constexpr Rank kRanks[] = {Rank::link, Rank::pci, Rank::control, Rank::receive, Rank::transmit, Rank::timer};

// Events that write their letter, and do what was asked for at their time.
class Diary {
 public:
  void write(Cycle when, Rank rank, char letter) {
    add(when, rank, [this, letter] { text_ += letter; });
  }
  void add(Cycle when, Rank rank, std::function<void()> action) {
    actions_.push_back(std::move(action));
    calendar.at(
        when, rank, this, [](void* self, std::uint64_t number) { static_cast<Diary*>(self)->actions_[number](); },
        actions_.size() - 1);
  }
  void run_all() {
    while (calendar.next() != kNever) calendar.run_cycle(calendar.next());
  }
  const std::string& text() const { return text_; }

  Calendar calendar;

 private:
  std::deque<std::function<void()>> actions_;  // an action may add further ones while it runs
  std::string text_;
};

TEST(CalendarOrder, EventsOfOneCycleRunByRank) {
  Diary diary;
  char letter = 'f';
  for (auto rank = std::rbegin(kRanks); rank != std::rend(kRanks); ++rank) diary.write(7, *rank, letter--);
  diary.calendar.run_cycle(7);
  EXPECT_EQ(diary.text(), "abcdef");
}

TEST(CalendarOrder, EventsOfOneRankRunInTheOrderOfInsertion) {
  Diary diary;
  diary.write(7, Rank::receive, 'c');
  diary.write(7, Rank::pci, 'a');
  diary.write(7, Rank::receive, 'd');
  diary.write(7, Rank::timer, 'f');
  diary.write(7, Rank::pci, 'b');
  diary.write(7, Rank::receive, 'e');
  diary.calendar.run_cycle(7);
  EXPECT_EQ(diary.text(), "abcdef");
}

TEST(CalendarOrder, EarlierCyclesRunFirstWhateverTheRank) {
  Diary diary;
  diary.write(9, Rank::link, 'b');
  diary.write(8, Rank::timer, 'a');
  diary.run_all();
  EXPECT_EQ(diary.text(), "ab");
}

TEST(CalendarOrder, AnEventMayAddOneOfItsOwnCycleAndRank) {
  Diary diary;
  diary.add(5, Rank::control, [&] { diary.write(5, Rank::control, 'b'); });
  diary.write(5, Rank::control, 'a');
  diary.write(5, Rank::receive, 'c');
  diary.calendar.run_cycle(5);
  EXPECT_EQ(diary.text(), "abc");
  EXPECT_EQ(diary.calendar.size(), 0u);
}

TEST(CalendarOrder, AnEventMayAddOneOfItsOwnCycleAndALaterRank) {
  Diary diary;
  diary.add(5, Rank::link, [&] {
    diary.write(5, Rank::receive, 'c');
    diary.write(5, Rank::control, 'a');
  });
  diary.write(5, Rank::receive, 'b');
  diary.write(5, Rank::timer, 'd');
  diary.calendar.run_cycle(5);
  EXPECT_EQ(diary.text(), "abcd");
}

TEST(CalendarOrder, AChainOfEventsWithinOneCycleRunsToItsEnd) {
  Diary diary;
  unsigned left = 1000;
  std::function<void()> again = [&] {
    if (--left > 0) diary.add(3, Rank::link, again);
  };
  diary.add(3, Rank::link, again);
  diary.write(4, Rank::link, 'n');
  diary.calendar.run_cycle(3);
  EXPECT_EQ(left, 0u);
  EXPECT_EQ(diary.text(), "");
  EXPECT_EQ(diary.calendar.next(), 4u);
}

TEST(CalendarOrder, ACycleThatHasRunTakesFurtherEvents) {
  Diary diary;
  diary.write(5, Rank::timer, 'a');
  diary.calendar.run_cycle(5);
  diary.write(5, Rank::link, 'b');
  EXPECT_EQ(diary.calendar.next(), 5u);
  diary.calendar.run_cycle(5);
  EXPECT_EQ(diary.text(), "ab");
  EXPECT_EQ(diary.calendar.next(), kNever);
}

TEST(CalendarOrder, HandlersGetTheirObjectAndArgument) {
  Calendar calendar;
  std::uint64_t got = 0;
  const std::uint64_t sent = 0xfedc'ba98'7654'3210;
  calendar.at(
      1, Rank::link, &got, [](void* self, std::uint64_t value) { *static_cast<std::uint64_t*>(self) = value; }, sent);
  calendar.run_cycle(1);
  EXPECT_EQ(got, sent);
}

TEST(CalendarBorder, AnEventOfAnyDistanceRunsAtItsCycle) {
  for (const Cycle start : {Cycle{0}, Cycle{1}, Cycle{63}, Cycle{4095}, Cycle{1'000'003}}) {
    for (const Cycle distance : {Cycle{0}, Cycle{1}, kNear - 1, kNear, kNear + 1, 2 * kNear, 5 * kNear + 17}) {
      SCOPED_TRACE("start " + std::to_string(start) + " distance " + std::to_string(distance));
      Diary diary;
      diary.calendar.skip_to(start);
      Cycle ran = kNever;
      diary.add(start + distance, Rank::link, [&] { ran = diary.calendar.now(); });
      ASSERT_EQ(diary.calendar.next(), start + distance);
      diary.calendar.run_cycle(start + distance);
      EXPECT_EQ(ran, start + distance);
      EXPECT_EQ(diary.calendar.next(), kNever);
    }
  }
}

TEST(CalendarBorder, AnEventAddedFromAfarKeepsItsPlaceBeforeOnesAddedFromNear) {
  Diary diary;
  const Cycle when = kNear + 10;
  diary.write(when, Rank::pci, 'a');
  diary.write(when, Rank::pci, 'b');
  diary.calendar.skip_to(11);
  diary.write(when, Rank::pci, 'c');
  diary.calendar.run_cycle(when);
  EXPECT_EQ(diary.text(), "abc");
}

TEST(CalendarBorder, ANearEventOfAnEarlierRankRunsBeforeOneAddedFromAfar) {
  Diary diary;
  const Cycle when = kNear;
  diary.write(when, Rank::transmit, 'b');
  diary.calendar.skip_to(1);
  diary.write(when, Rank::link, 'a');
  diary.write(when, Rank::transmit, 'c');
  diary.calendar.run_cycle(when);
  EXPECT_EQ(diary.text(), "abc");
}

TEST(CalendarBorder, FarEventsOfOneCycleRunByRank) {
  Diary diary;
  diary.write(100'000, Rank::timer, 'c');
  diary.write(100'000, Rank::link, 'a');
  diary.write(100'000, Rank::control, 'b');
  diary.write(100'000, Rank::timer, 'd');
  diary.calendar.run_cycle(100'000);
  EXPECT_EQ(diary.text(), "abcd");
}

TEST(CalendarBorder, AnEventThatRunsMayAddOneExactlyAtTheBorder) {
  Diary diary;
  diary.add(100, Rank::link, [&] {
    diary.write(100 + kNear, Rank::link, 'c');
    diary.write(100 + kNear - 1, Rank::link, 'b');
    diary.write(100, Rank::link, 'a');
  });
  diary.calendar.run_cycle(100);
  EXPECT_EQ(diary.text(), "a");
  diary.calendar.run_cycle(100 + kNear - 1);
  EXPECT_EQ(diary.text(), "ab");
  diary.calendar.run_cycle(100 + kNear);
  EXPECT_EQ(diary.text(), "abc");
}

TEST(CalendarNext, AnEmptyCalendarHasNone) {
  Calendar calendar;
  EXPECT_EQ(calendar.next(), kNever);
  calendar.skip_to(12345);
  EXPECT_EQ(calendar.next(), kNever);
  EXPECT_EQ(calendar.size(), 0u);
}

// Where now() lies in the ring of buckets, and how far it is to the event, decides which words are searched.
TEST(CalendarNext, FindsTheOnlyEventFromEveryPlaceOfTheRing) {
  for (const Cycle distance : {0, 1, 62, 63, 64, 65, 127, 128, 2047, 4031, 4032, 4033, 4094, 4095, 4096, 4097}) {
    Calendar calendar;
    for (Cycle place = 0; place < kNear; ++place) {
      const Cycle start = 3 * kNear * place + place;
      calendar.skip_to(start);
      calendar.at(start + distance, Rank::link, nullptr, [](void*, std::uint64_t) {});
      ASSERT_EQ(calendar.next(), start + distance) << "now " << start << " distance " << distance;
      calendar.run_cycle(start + distance);
      ASSERT_EQ(calendar.next(), kNever);
    }
  }
}

TEST(CalendarNext, FindsTheEarlierOfTwoOnBothSidesOfTheRingsEnd) {
  Diary diary;
  diary.calendar.skip_to(kNear - 10);
  diary.write(kNear + 5, Rank::link, 'b');  // a lower bucket than now()
  EXPECT_EQ(diary.calendar.next(), kNear + 5);
  diary.write(kNear - 3, Rank::link, 'a');
  EXPECT_EQ(diary.calendar.next(), kNear - 3);
  diary.run_all();
  EXPECT_EQ(diary.text(), "ab");
}

TEST(CalendarNext, PrefersANearEventToAFarOne) {
  Diary diary;
  diary.write(3 * kNear, Rank::link, 'c');
  diary.write(2 * kNear, Rank::link, 'b');
  EXPECT_EQ(diary.calendar.next(), 2 * kNear);
  diary.write(kNear - 1, Rank::link, 'a');
  EXPECT_EQ(diary.calendar.next(), kNear - 1);
  diary.run_all();
  EXPECT_EQ(diary.text(), "abc");
}

TEST(CalendarSkip, MovesTimeAndRunsNothing) {
  Diary diary;
  diary.write(50, Rank::link, 'a');
  diary.calendar.skip_to(49);
  EXPECT_EQ(diary.calendar.now(), 49u);
  EXPECT_EQ(diary.calendar.next(), 50u);
  diary.calendar.skip_to(50);
  EXPECT_EQ(diary.calendar.now(), 50u);
  EXPECT_EQ(diary.calendar.size(), 1u);
  EXPECT_EQ(diary.text(), "");
  diary.calendar.run_cycle(50);
  EXPECT_EQ(diary.text(), "a");
}

TEST(CalendarSkip, RunningACycleWithoutEventsOnlyMovesTime) {
  Diary diary;
  diary.write(50, Rank::link, 'a');
  diary.calendar.run_cycle(20);
  EXPECT_EQ(diary.calendar.now(), 20u);
  EXPECT_EQ(diary.text(), "");
  EXPECT_EQ(diary.calendar.next(), 50u);
}

TEST(CalendarSkip, ALongSkipOntoAFarEventKeepsIt) {
  Diary diary;
  diary.write(77 * kNear, Rank::link, 'a');
  diary.write(77 * kNear + 1, Rank::link, 'b');
  diary.write(79 * kNear, Rank::link, 'c');
  diary.calendar.skip_to(77 * kNear);
  EXPECT_EQ(diary.calendar.next(), 77 * kNear);
  diary.run_all();
  EXPECT_EQ(diary.text(), "abc");
}

TEST(CalendarSize, CountsTheEventsThatWait) {
  Diary diary;
  diary.write(1, Rank::link, 'a');
  diary.write(1, Rank::link, 'b');
  diary.write(kNear * 9, Rank::link, 'c');
  std::size_t within = 0;
  diary.add(1, Rank::timer, [&] { within = diary.calendar.size(); });
  EXPECT_EQ(diary.calendar.size(), 4u);
  diary.calendar.run_cycle(1);
  EXPECT_EQ(within, 1u);
  EXPECT_EQ(diary.calendar.size(), 1u);
}

// Runs a calendar beside a sorted map: every event has to be the map's first when its turn comes.
class Comparison {
 public:
  explicit Comparison(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (pick(4)) {
      case 0:
        for (Cycle i = pick(6); i > 0; --i) add(calendar_.now() + distance(), kRanks[pick(std::size(kRanks))]);
        break;
      case 1:
        calendar_.skip_to(not_beyond_next(calendar_.now() + distance()));
        break;
      case 2:
        run(not_beyond_next(calendar_.now() + distance()));
        break;
      default:
        if (!expected_.empty()) run(calendar_.next());
    }
    ASSERT_EQ(calendar_.next(), expected_.empty() ? kNever : std::get<0>(expected_.begin()->first));
    ASSERT_EQ(calendar_.size(), expected_.size());
  }
  std::uint64_t events_run() const { return events_run_; }

 private:
  std::uint64_t pick(std::uint64_t n) { return random_() % n; }
  Cycle distance() {
    switch (pick(4)) {
      case 0:
        return pick(4);
      case 1:
        return pick(100);
      case 2:
        return kNear - 2 + pick(4);
      default:
        return pick(3 * kNear);
    }
  }
  Cycle not_beyond_next(Cycle when) const { return std::min(when, calendar_.next()); }

  void run(Cycle when) {
    calendar_.run_cycle(when);
    ASSERT_EQ(calendar_.now(), when);
    ASSERT_TRUE(expected_.empty() || std::get<0>(expected_.begin()->first) > when) << "an event of the cycle waits";
  }

  void add(Cycle when, Rank rank) {
    const std::uint64_t number = added_++;
    expected_.emplace(std::tuple(when, rank, number), number);
    calendar_.at(
        when, rank, this, [](void* self, std::uint64_t n) { static_cast<Comparison*>(self)->on_event(n); }, number);
  }

  void on_event(std::uint64_t number) {
    ++events_run_;
    ASSERT_FALSE(expected_.empty());
    const auto first = expected_.begin();
    const auto [when, rank, order] = first->first;
    ASSERT_EQ(first->second, number);
    ASSERT_EQ(when, calendar_.now());
    expected_.erase(first);
    for (std::uint64_t i = pick(10) == 0 ? pick(8) : 0; i > 0; --i) {
      const Cycle after = distance();
      const auto later_ranks = std::size(kRanks) - static_cast<std::size_t>(rank);
      add(when + after,
          after > 0 ? kRanks[pick(std::size(kRanks))] : kRanks[static_cast<std::size_t>(rank) + pick(later_ranks)]);
    }
  }

  std::mt19937_64 random_;
  Calendar calendar_;
  std::multimap<std::tuple<Cycle, Rank, std::uint64_t>, std::uint64_t> expected_;
  std::uint64_t added_ = 0;
  std::uint64_t events_run_ = 0;
};

TEST(CalendarProperty, RunsAsASortedMapWould) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Comparison comparison(seed);
    for (unsigned i = 0; i < 5000; ++i) {
      comparison.step();
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_GT(comparison.events_run(), 1000u);
  }
}

}  // namespace
}  // namespace rssnic
