// rssnic run --wave: what stands in the file is what the CSV says of the same run, GTKWave opens it with its save file,
// and windows and the second run record what they are to record. Needs fst2vcd, gtkwave and xvfb-run.
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "tb/cli/rerun.h"
#include "tb/report/wave_save_file.h"
#include "tb/unit/cli/command_bench.h"
#include "tb/unit/vcd.h"

namespace rssnic::test {
namespace {

using Wave = CommandBench;

constexpr std::uint64_t kPeriod = 4000;

struct Event {
  Cycle cycle = 0;
  std::uint64_t queue = 0;
};

// By tag, from the probes of one kind; `queue` may be empty.
std::map<std::uint64_t, Event> events_of(const Vcd& vcd, const std::string& kind, bool has_queue) {
  std::map<std::uint64_t, Event> events;
  const auto& counts = vcd.at(kind + "_count").changes();
  for (std::size_t i = 1; i < counts.size(); ++i) {  // the first one is the value at the beginning
    const std::uint64_t time = counts[i].first;
    EXPECT_EQ(vcd.at(kind + "_event").text(time), kind);
    const Event event{time / kPeriod, has_queue ? vcd.at(kind + "_queue").number(time) : 0};
    EXPECT_TRUE(events.emplace(vcd.at(kind + "_tag").number(time), event).second) << "two of one tag";
  }
  return events;
}

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::stringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::stringstream cells(line + ",");
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  rows.erase(rows.begin());  // the names
  return rows;
}

TEST_F(Wave, EveryPacketsCyclesTagAndQueueAreThoseOfTheCsv) {
  const CommandResult plain = rssnic({"run", bundled("icmp.pcap"), "--csv", file("plain").string()});
  ASSERT_EQ(plain.status, 0) << plain.err;
  const CommandResult result =
      rssnic({"run", bundled("icmp.pcap"), "--csv", file("rows").string(), "--wave", file("run.fst").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find(file("run.fst").string()), std::string::npos);
  EXPECT_NE(result.out.find(file("run.gtkw").string()), std::string::npos);
  EXPECT_EQ(read_text(file("plain")), read_text(file("rows"))) << "a waveform changes no stamp";

  const Vcd vcd =
      read_fst(file("run.fst").string(), {"ingress_event", "ingress_count", "ingress_tag", "steer_event", "steer_count",
                                          "steer_tag", "steer_queue", "payload_event", "payload_count", "payload_tag",
                                          "deliver_event", "deliver_count", "deliver_tag", "deliver_queue"});
  const auto ingress = events_of(vcd, "ingress", false), steer = events_of(vcd, "steer", true),
             payload = events_of(vcd, "payload", false), deliver = events_of(vcd, "deliver", true);
  const auto rows = rows_of(read_text(file("rows")));
  ASSERT_EQ(rows.size(), 320u);
  EXPECT_EQ(ingress.size(), rows.size());
  EXPECT_EQ(deliver.size(), rows.size());
  for (std::uint64_t tag = 0; tag < rows.size(); ++tag) {
    SCOPED_TRACE(tag);
    const std::vector<std::string>& row = rows[tag];
    EXPECT_EQ(std::to_string(ingress.at(tag).cycle), row[8]);
    EXPECT_EQ(std::to_string(steer.at(tag).cycle), row[9]);
    EXPECT_EQ(std::to_string(deliver.at(tag).cycle), row[10]);
    EXPECT_EQ(std::to_string(steer.at(tag).queue), row[5]);
    EXPECT_EQ(std::to_string(deliver.at(tag).queue), row[5]);
    EXPECT_GT(payload.at(tag).cycle, steer.at(tag).cycle);
    EXPECT_LT(payload.at(tag).cycle, deliver.at(tag).cycle);
  }
}

// The texts of a probe, one for each event, with their cycles.
std::vector<std::pair<Cycle, std::string>> texts_of(const Vcd& vcd, const std::string& kind, const char* text) {
  std::vector<std::pair<Cycle, std::string>> texts;
  const auto& counts = vcd.at(kind + "_count").changes();
  const std::size_t first = vcd.at(kind + "_count").number(0) == 0;  // else an event begins with the file
  for (std::size_t i = first; i < counts.size(); ++i) {
    texts.emplace_back(counts[i].first / kPeriod, vcd.at(kind + text).text(counts[i].first));
  }
  return texts;
}

TEST_F(Wave, TheCardsEventsTellTheWayFromTheDriversStartToThePacketsInterrupt) {
  const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--max-packets", "1", "--queues", "1", "--wave",
                                       file("run.fst").string(), "--csv", file("rows").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  const Vcd vcd =
      read_fst(file("run.fst").string(),
               {"status_event",       "status_count",    "device_status",  "command_event",   "command_count",
                "answer_event",       "answer_count",    "doorbell_count", "doorbell_queue",  "fetch_count",
                "fetch_queue",        "fed_count",       "fed_queue",      "fed_ready",       "publish_count",
                "publish_queue",      "publish_buffers", "used_count",     "used_queue",      "request_count",
                "request_event",      "request_purpose", "visible_count",  "visible_purpose", "completion_count",
                "completion_purpose", "vector_count",    "vector_event",   "payload_count",   "payload_bytes"});
  // virtio 1.4, 3.1.1: the driver's steps.
  std::vector<std::string> status, commands, answers;
  for (const auto& [cycle, text] : texts_of(vcd, "status", "_event")) status.push_back(text);
  for (const auto& [cycle, text] : texts_of(vcd, "command", "_event")) commands.push_back(text);
  for (const auto& [cycle, text] : texts_of(vcd, "answer", "_event")) answers.push_back(text);
  EXPECT_EQ(status, (std::vector<std::string>{"reset", "ACKNOWLEDGE", "DRIVER", "FEATURES_OK", "DRIVER_OK"}));
  EXPECT_EQ(commands, (std::vector<std::string>{"PROMISC", "RSS_CONFIG"}));
  EXPECT_EQ(answers, (std::vector<std::string>{"OK", "OK"}));
  const std::uint64_t end = vcd.times.back();
  EXPECT_EQ(vcd.at("device_status").number(end), 0xfu);
  EXPECT_GE(vcd.at("doorbell_count").number(end), 2u) << "one a command";

  const auto row = rows_of(read_text(file("rows"))).at(0);
  const Cycle steer = std::stoull(row[9]), deliver = std::stoull(row[10]);
  const auto at = [&](const std::string& kind, const char* text, const std::string& wanted, Cycle from) {
    for (const auto& [cycle, found] : texts_of(vcd, kind, text)) {
      if (cycle >= from && found == wanted) return cycle;
    }
    ADD_FAILURE() << "no " << kind << " " << wanted << " from cycle " << from << " on";
    return Cycle{0};
  };
  const Cycle payload = at("request", "_purpose", "payload", steer);
  EXPECT_EQ(vcd.at("publish_queue").number(payload * kPeriod + kPeriod / 2), 0u);
  EXPECT_EQ(vcd.at("publish_buffers").number(payload * kPeriod + kPeriod / 2), 1u);
  EXPECT_EQ(std::to_string(vcd.at("payload_bytes").number(end)), std::to_string(20 + std::stoul(row[6])));
  bool buffers_ready = false;
  for (const auto& [time, count] : vcd.at("fed_count").changes()) {
    buffers_ready |=
        time < payload * kPeriod && vcd.at("fed_queue").number(time) == 0 && vcd.at("fed_ready").number(time) > 0;
  }
  EXPECT_TRUE(buffers_ready);
  EXPECT_LE(at("visible", "_purpose", "payload", payload), deliver);
  EXPECT_EQ(at("visible", "_purpose", "used", deliver), deliver);
  const Cycle vector = at("vector", "_event", "MSI-X", deliver);
  EXPECT_EQ(at("completion", "_purpose", "flags", deliver), vector) << "the flags decide about the interrupt";
  EXPECT_EQ(at("request", "_purpose", "MSI-X", deliver), vector);
  EXPECT_GT(at("visible", "_purpose", "MSI-X", vector), vector);
}

TEST_F(Wave, GtkWaveFindsEveryTraceOfTheSaveFile) {
  const CommandResult result =
      rssnic({"run", bundled("icmp.pcap"), "--max-packets", "20", "--wave", file("run.fst").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  std::set<std::string> wanted;
  std::stringstream lines(read_text(file("run.gtkw")));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("TOP.", 0) == 0) wanted.insert(line);
  }
  ASSERT_GT(wanted.size(), 80u);
  write("look.tcl",
        "puts \"facilities [gtkwave::getNumFacs]\"\n"
        "foreach signal [gtkwave::getDisplayedSignals] { puts \"shown $signal\" }\n"
        "gtkwave::/File/Grab_To_File " +
            file("picture.png").string() + "\nexit\n");
  const CommandResult looked =
      run("xvfb-run", {"-a", "timeout", "100", "gtkwave", "--dump", file("run.fst").string(), "--save",
                       file("run.gtkw").string(), "--script", file("look.tcl").string()});
  ASSERT_EQ(looked.status, 0) << looked.out << looked.err;
  std::set<std::string> shown;
  std::stringstream said(looked.out);
  for (std::string line; std::getline(said, line);) {
    if (line.rfind("shown ", 0) == 0) shown.insert(line.substr(6));
  }
  EXPECT_EQ(shown, wanted);
  EXPECT_GT(std::filesystem::file_size(file("picture.png")), 10'000u);
}

TEST_F(Wave, AWindowHoldsItsCyclesOnly) {
  const CommandResult result = rssnic(
      {"run", bundled("icmp.pcap"), "--wave", file("run.fst").string(), "--wave-from", "1600", "--wave-to", "1699"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("cycles 1600 to 1699"), std::string::npos) << result.out;
  const Vcd vcd = read_fst(file("run.fst").string(), {"clk_i"});
  ASSERT_FALSE(vcd.times.empty());
  EXPECT_GE(vcd.times.front(), 1600 * kPeriod);
  EXPECT_LE(vcd.times.back(), 1700 * kPeriod);
}

TEST_F(Wave, NothingButARegularFileIsReplaced) {
  const std::string pipe = file("pipe").string(), mine = file("mine.fst").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(rssnic({"run", bundled("icmp.pcap"), "--wave", pipe}).status, 2);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  write("mine.fst.hier", "mine");  // the name of the writer's working file
  EXPECT_EQ(rssnic({"run", bundled("icmp.pcap"), "--wave", mine}).status, 2);
  EXPECT_EQ(read_text(file("mine.fst.hier")), "mine");
  std::filesystem::create_symlink("target.fst", file("link.fst"));
  EXPECT_EQ(rssnic({"run", bundled("icmp.pcap"), "--wave", file("link.fst").string()}).status, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(file("link.fst")));
  EXPECT_TRUE(report::wave_is_complete(file("target.fst").string()));
}

TEST_F(Wave, AFileThatWasCutIsNotTakenForComplete) {
  const std::string path = file("run.fst").string();
  ASSERT_EQ(rssnic({"run", bundled("icmp.pcap"), "--wave", path}).status, 0);
  ASSERT_TRUE(report::wave_is_complete(path));
  const std::string whole = read_text(path);
  for (std::size_t size = 0; size < whole.size(); size += 1 + whole.size() / 97) {
    write("cut.fst", whole.substr(0, size));
    EXPECT_FALSE(report::wave_is_complete(file("cut.fst").string())) << size;
  }
}

TEST_F(Wave, WhatAnEarlierMismatchLeftIsRemoved) {
  write("old.fst", "old");
  EXPECT_EQ(rssnic({"run", bundled("icmp.pcap"), "--wave", file("old.fst").string(), "--wave-on-mismatch"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(file("old.fst")));
}

TEST_F(Wave, ThePeriodFollowsTheClock) {
  const CommandResult result = rssnic({"run", bundled("icmp.pcap"), "--max-packets", "5", "--clock-mhz", "300",
                                       "--wave", file("run.fst").string(), "--csv", file("rows").string()});
  ASSERT_EQ(result.status, 0) << result.err;
  const Vcd vcd = read_fst(file("run.fst").string(), {"ingress_tag", "ingress_count"});
  const auto& counts = vcd.at("ingress_count").changes();
  ASSERT_EQ(counts.size(), 6u);
  for (std::size_t i = 1; i < counts.size(); ++i) {
    EXPECT_EQ(std::to_string(counts[i].first / 3333), rows_of(read_text(file("rows")))[i - 1][8]);
  }
}

TEST_F(Wave, AWindowBehindTheEndIsSaidToBeEmpty) {
  const CommandResult result =
      rssnic({"run", bundled("icmp.pcap"), "--wave", file("run.fst").string(), "--wave-from", "1000000000"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("is empty"), std::string::npos) << result.out;
}

TEST_F(Wave, OnMismatchWritesNothingWhenNoPacketDiffers) {
  const CommandResult result =
      rssnic({"run", bundled("icmp.pcap"), "--wave", file("run.fst").string(), "--wave-on-mismatch"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("none written, no packet differs"), std::string::npos) << result.out;
  EXPECT_FALSE(std::filesystem::exists(file("run.fst")));
  EXPECT_FALSE(std::filesystem::exists(file("run.gtkw")));
}

TEST_F(Wave, TheSecondRunRecordsTheWindowAndRepeatsNoOtherOutput) {
  const std::vector<std::string> first = {bundled("icmp.pcap"),
                                          "--wave",
                                          file("run.fst").string(),
                                          "--csv",
                                          file("rows"),
                                          "--json=" + file("summary").string(),
                                          "--wave-on-mismatch",
                                          "--progress",
                                          "on"};
  EXPECT_EQ(cli::run_again(cli::rerun_arguments(first, {1600, 1699}), RSSNIC_COMMAND), 0);
  EXPECT_FALSE(std::filesystem::exists(file("rows")));
  EXPECT_FALSE(std::filesystem::exists(file("summary")));
  EXPECT_TRUE(std::filesystem::exists(file("run.gtkw")));
  const Vcd vcd = read_fst(file("run.fst").string(), {"clk_i"});
  ASSERT_FALSE(vcd.times.empty());
  EXPECT_GE(vcd.times.front(), 1600 * kPeriod);
  EXPECT_LE(vcd.times.back(), 1700 * kPeriod);
}

TEST(RerunArguments, KeepWhatDecidesAboutTheRunAndDropItsOutputs) {
  const std::vector<std::string> again = cli::rerun_arguments(
      {"--queues", "8", "--csv", "a", "--json=b", "--junit", "c", "--expect-mpps", "9", "--progress", "on", "--wave",
       "w.fst", "--wave-on-mismatch", "--seed=3", "x.pcap", "--", "--csv", "y.pcap"},
      {5, 9});
  const std::vector<std::string> due = {"--wave-from", "5",        "--wave-to", "9",      "--progress",
                                        "off",         "--queues", "8",         "--wave", "w.fst",
                                        "--seed=3",    "x.pcap",   "--",        "--csv",  "y.pcap"};
  EXPECT_EQ(again, due);
}

TEST(RunAgain, TellsTheStatusOfAProgramThatCannotBeRun) { EXPECT_EQ(cli::run_again({}, "/no/such/program"), 127); }

}  // namespace
}  // namespace rssnic::test
