// JUnit XML of summaries that a sound card never gives: mismatches, and what they say. Python reads it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tb/report/output_file.h"
#include "tb/report/run_summary.h"

namespace rssnic::report {
namespace {

check::PacketRow failing(check::Check check, const std::string& what) {
  check::PacketRow row;
  row.mismatch = what;
  row.failed_checks = static_cast<std::uint16_t>(1u << static_cast<unsigned>(check));
  return row;
}

RunSummary summary_of(std::size_t captures) {
  RunSummary summary;
  for (std::size_t i = 0; i < captures; ++i) {
    summary.captures.emplace_back();
    summary.captures.back().file = std::string(1, static_cast<char>('a' + i)) + ".pcap";
  }
  summary.timing_checked = true;
  return summary;
}

// What the checker prints: a line a case.
std::string cases_of(const RunSummary& summary) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("rssnic-junit-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  EXPECT_EQ(write_file((folder / "x").string(), to_junit(summary)), "");
  const std::string line = "python3 '" RSSNIC_SOURCE_DIR "/tb/unit/cli/check_reports.py' junit '" +
                           (folder / "x").string() + "' > '" + (folder / "cases").string() + "' 2>&1";
  const int status = std::system(line.c_str());
  std::stringstream text;
  text << std::ifstream(folder / "cases").rdbuf();
  std::filesystem::remove_all(folder);
  EXPECT_EQ(status, 0) << text.str();
  return "\n" + text.str();
}

void expect_line(const std::string& cases, const std::string& line) {
  EXPECT_NE(cases.find("\n" + line), std::string::npos) << line << "\nis not in" << cases;
}

TEST(Junit, AMismatchFailsItsCaptureAndItsCheckInWords) {
  RunSummary summary = summary_of(2);
  summary.add_mismatch(failing(check::Check::bytes, "byte 3 received as 02, sent as 01"),
                       "b.pcap pass 2 packet 7: ", &summary.captures[1]);
  const std::string cases = cases_of(summary);
  const std::string words = "\tfailure\t1 mismatch\tb.pcap pass 2 packet 7: byte 3 received as 02, sent as 01\n";
  expect_line(cases, "captures\ta.pcap\tpass");
  expect_line(cases, "captures\tb.pcap" + words);
  expect_line(cases, "checks\tbytes" + words);
  expect_line(cases, "checks\tsteering\tpass");
}

TEST(Junit, ARunWithoutAPacketHasPassedNoCheck) {
  const std::string cases = cases_of(summary_of(1));
  expect_line(cases, "checks\tbytes\tskipped");
  expect_line(cases, "checks\tsteering\tskipped");
}

TEST(Junit, OnlyTheFirstOfManyMismatchesAreWords) {
  RunSummary summary = summary_of(1);
  for (unsigned i = 0; i < 1000; ++i) {
    summary.add_mismatch(failing(check::Check::order, "overtaken"), std::to_string(i) + ": ", &summary.captures[0]);
  }
  const std::string cases = cases_of(summary);
  expect_line(cases, "checks\torder\tfailure\t1000 mismatches\t0: overtaken | 1: overtaken");
  EXPECT_NE(cases.find("9: overtaken"), std::string::npos);
  EXPECT_EQ(cases.find("10: overtaken"), std::string::npos);
  EXPECT_EQ(summary.mismatches().count, 1000u);
}

TEST(Junit, TimingComplaintsFailTheirCheckOnly) {
  RunSummary summary = summary_of(1);
  summary.add_timing_violations(30, {"too fast", "too slow"});
  EXPECT_EQ(summary.mismatches().count, 30u);
  const std::string cases = cases_of(summary);
  expect_line(cases, "captures\ta.pcap\tpass");
  expect_line(cases, "checks\ttiming\tfailure\t30 mismatches\ttoo fast | too slow");
}

TEST(Junit, AStrayFailsDelivery) {
  RunSummary summary = summary_of(1);
  summary.add_mismatch(failing(check::Check::delivery, "queue 1 holds a packet that was never delivered there"), "",
                       nullptr);
  const std::string cases = cases_of(summary);
  expect_line(cases, "captures\ta.pcap\tpass");
  expect_line(cases, "checks\tdelivery\tfailure\t1 mismatch\tqueue 1 holds");
}

TEST(Junit, DamageAndMismatchesOfOneCaptureAreOneErrorThatNamesBoth) {
  RunSummary summary = summary_of(1);
  summary.captures[0].error = "capture 'a.pcap' is damaged";
  summary.add_mismatch(failing(check::Check::bytes, "wrong"), "packet 1: ", &summary.captures[0]);
  expect_line(cases_of(summary),
              "captures\ta.pcap\terror\tcapture 'a.pcap' is damaged; and 1 mismatch: packet 1: wrong");
}

TEST(Junit, WhatEndedTheRunIsAnError) {
  RunSummary summary = summary_of(1);
  summary.failure = "the device has stopped <&>";
  expect_line(cases_of(summary), "checks\trun\terror\tthe device has stopped <&>");
}

TEST(Junit, AFaultThatTheCardDidNotNoticeFails) {
  RunSummary summary = summary_of(1);
  check::Fault fault;
  fault.request = {check::FaultKind::dma_read_error, 7};
  fault.struck = fault.settled = fault.wrong = true;
  fault.outcome = "the card has not noticed it";
  summary.faults = {fault};
  expect_line(cases_of(summary), "checks\tfault dma-read-error@7\tfailure\tthe card has not noticed it");
}

}  // namespace
}  // namespace rssnic::report
