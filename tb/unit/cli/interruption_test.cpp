// Ctrl-C and SIGTERM: the run ends early with complete reports about what was done; a second signal ends it at once.
// And runs that go on for long: memory does not grow with them.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tb/unit/cli/command_bench.h"
#include "tb/unit/vcd.h"

namespace rssnic::test {
namespace {

using Words = std::vector<std::string>;

// The command as a process of its own.
class Process {
 public:
  Process(Words words, const std::string& out, const std::string& err) {
    words.insert(words.begin(), RSSNIC_COMMAND);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    id_ = fork();
    if (id_ != 0) return;
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    execv(RSSNIC_COMMAND, pointers.data());
    _exit(127);
  }
  ~Process() {
    if (id_ > 0) kill(id_, SIGKILL);
  }
  void signal(int number) const { ASSERT_EQ(kill(id_, number), 0); }
  bool catches(int number) const {
    const std::string status = read_text("/proc/" + std::to_string(id_) + "/status");
    const std::size_t at = status.find("SigCgt:");
    return at != std::string::npos && (std::stoull(status.substr(at + 7), nullptr, 16) >> (number - 1) & 1) != 0;
  }
  // Looks again and again until it is so; false when the process has ended before.
  template <typename Condition>
  bool wait_until(Condition&& condition) {
    while (!condition()) {
      if (waitpid(id_, &status_, WNOHANG) == id_) {
        id_ = 0;
        return false;
      }
      sched_yield();
    }
    return true;
  }
  void wait_until_stopped() {
    int status = 0;
    ASSERT_EQ(waitpid(id_, &status, WUNTRACED), id_);
    ASSERT_TRUE(WIFSTOPPED(status));
  }
  // The exit status, or 1000 + the signal that ended it; and the most memory it has used, in kilobytes.
  int wait() {
    rusage usage{};
    if (id_ > 0) wait4(id_, &status_, 0, &usage);
    peak_kb = usage.ru_maxrss;
    id_ = 0;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 1000 + WTERMSIG(status_);
  }
  long peak_kb = 0;

 private:
  pid_t id_ = 0;
  int status_ = 0;
};

class Interruption : public CommandBench {
 protected:
  Process start(const Words& options) const {
    Words words = {"run", "--csv", file("rows").string(), "--json", file("j").string(), "--junit", file("x").string()};
    words.insert(words.end(), options.begin(), options.end());
    return Process(words, file("out").string(), file("err").string());
  }
  Process start_endless(Words options = {}) const {
    options.insert(options.end(), {bundled("tcp-flows-ipv4.pcap"), "--repeat", "1000000000"});
    return start(options);
  }
  void expect_interrupted_reports() const {
    const auto json = nlohmann::json::parse(read_text(file("j")));
    EXPECT_EQ(json["interrupted"], true);
    EXPECT_EQ(json["mismatches"], 0);
    EXPECT_EQ(json["captures"][0]["error"], nullptr);
    const std::string rows = read_text(file("rows"));
    EXPECT_EQ(static_cast<std::uint64_t>(std::count(rows.begin(), rows.end(), '\n')),
              1 + json["packets"].get<std::uint64_t>());
    EXPECT_EQ(rows.back(), '\n');
    EXPECT_EQ(rows.find(",lost,"), std::string::npos) << "what was inside has come out";
    const std::string check = "python3 '" RSSNIC_SOURCE_DIR "/tb/unit/cli/check_reports.py' junit '" +
                              file("x").string() + "' > '" + file("checked").string() + "' 2>&1";
    EXPECT_EQ(std::system(check.c_str()), 0) << read_text(file("checked"));
    EXPECT_NE(read_text(file("checked")).find("checks\trun\terror\tinterrupted"), std::string::npos);
    EXPECT_NE(read_text(file("err")).find("interrupted"), std::string::npos);
  }
};

TEST_F(Interruption, ASignalInTheMiddleEndsWithTheReportOfWhatWasDone) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process = start_endless();
    ASSERT_TRUE(process.wait_until([&] {
      std::error_code error;
      return std::filesystem::exists(file("rows"), error) &&
             std::filesystem::file_size(file("rows"), error) > 1'000'000;
    }));
    process.signal(signal);
    EXPECT_EQ(process.wait(), 130);
    expect_interrupted_reports();
    EXPECT_GT(nlohmann::json::parse(read_text(file("j")))["packets"], 10000);
    EXPECT_NE(read_text(file("out")).find("delivered"), std::string::npos);
    std::filesystem::remove(file("rows"));
  }
}

TEST_F(Interruption, ARunWithFaultsToComeEndsAsWell) {
  Process process = start_endless(
      {"--fault", "reset@5000", "--fault", "no-buffers@1000000000000", "--fault", "dma-write-error@1000000000000"});
  ASSERT_TRUE(process.wait_until([&] {
    std::error_code error;
    return std::filesystem::exists(file("rows"), error) && std::filesystem::file_size(file("rows"), error) > 1'000'000;
  }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  expect_interrupted_reports();
}

TEST_F(Interruption, AWaveformIsCompleteUpToThen) {
  Process process = start_endless({"--wave", file("run.fst").string()});
  ASSERT_TRUE(process.wait_until([&] {
    std::error_code error;
    return std::filesystem::exists(file("rows"), error) && std::filesystem::file_size(file("rows"), error) > 200'000;
  }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  EXPECT_TRUE(std::filesystem::exists(file("run.gtkw")));
  EXPECT_GT(read_fst(file("run.fst").string(), {"deliver_count"}).at("deliver_count").changes().size(), 1000u);
}

// Nobody writes into the pipe, so the first look at it waits for ever.
TEST_F(Interruption, TheOpeningOfAPipeIsGivenUp) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  Process process = start({file("pipe").string()});
  // As early as can be: wherever the process is, before the gate or in the opening, one signal is enough.
  ASSERT_TRUE(process.wait_until([&] { return process.catches(SIGTERM) && process.catches(SIGINT); }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  expect_interrupted_reports();
}

// Somebody has opened the pipe, and writes nothing.
TEST_F(Interruption, TheReadingOfASilentPipeIsGivenUp) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  Process process = start({file("pipe").string()});
  const int writer = open(file("pipe").c_str(), O_WRONLY);  // until the other end is open too
  ASSERT_GE(writer, 0);
  const std::string capture = read_text(bundled("icmp.pcap"));
  ASSERT_EQ(::write(writer, capture.data(), 3000), 3000);
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
  expect_interrupted_reports();
  close(writer);
}

TEST_F(Interruption, AnOutputThatNobodyReadsIsGivenUp) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  Process process({"run", bundled("icmp.pcap"), "--csv", file("pipe").string()}, file("out").string(),
                  file("err").string());
  ASSERT_TRUE(process.wait_until([&] { return process.catches(SIGTERM) && process.catches(SIGINT); }));
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 130);
}

TEST_F(Interruption, ASecondSignalEndsAtOnce) {
  Process process = start_endless();
  ASSERT_TRUE(process.wait_until([&] { return process.catches(SIGTERM) && process.catches(SIGINT); }));
  process.signal(SIGSTOP);  // so that both wait for it
  process.wait_until_stopped();
  process.signal(SIGINT);
  process.signal(SIGTERM);
  process.signal(SIGCONT);
  const int status = process.wait();  // by whichever comes second: a thread may take one of them first and pass it on
  EXPECT_TRUE(status == 1000 + SIGTERM || status == 1000 + SIGINT) << status;
}

// ---- pipes as captures

TEST_F(Interruption, APipeCanBePlayedOnceAndNotRepeated) {
  ASSERT_EQ(mkfifo(file("pipe").c_str(), 0600), 0);
  Process refused = start({file("pipe").string(), "--repeat", "2"});
  EXPECT_EQ(refused.wait(), 2);
  EXPECT_NE(read_text(file("err")).find("--repeat: '" + file("pipe").string() + "'"), std::string::npos)
      << read_text(file("err"));
  Process process = start({file("pipe").string()});
  std::ofstream(file("pipe"), std::ios::binary) << read_text(bundled("icmp.pcap"));
  EXPECT_EQ(process.wait(), 0) << read_text(file("err"));
  EXPECT_EQ(nlohmann::json::parse(read_text(file("j")))["packets"], 320);
}

// ---- long runs

#if defined(__SANITIZE_ADDRESS__)
constexpr unsigned kShort = 20'000, kLong = 60'000;
constexpr long kGrowthKb = 40'000;  // of AddressSanitizer's quarantine, too
const int small_quarantine = setenv("ASAN_OPTIONS", "detect_leaks=0:quarantine_size_mb=8", 1);
#else
constexpr unsigned kShort = 200'000, kLong = 2'000'000;
constexpr long kGrowthKb = 2'000;
#endif

class LongRun : public Interruption {
 protected:
  long peak_kb(unsigned packets, const Words& options) const {
    Words words = {"run", "--repeat", "1000000", "--max-packets", std::to_string(packets)};
    words.insert(words.end(), options.begin(), options.end());
    Process process(words, file("out").string(), file("err").string());
    EXPECT_EQ(process.wait(), 0) << read_text(file("err"));
    return process.peak_kb;
  }
};

TEST_F(LongRun, MemoryDoesNotGrowWithThePackets) {
  // Short and very long frames in turn, and a row for each.
  const Words options = {"--csv", "/dev/null", bundled("mixed-ipv6.pcap"), bundled("bulk-super-frames.pcap")};
  const long few = peak_kb(kShort, options);
  const long many = peak_kb(kLong, options);
  EXPECT_LT(many, few + kGrowthKb) << "kilobytes for " << kLong << " packets, after " << few << " for " << kShort;
}

TEST_F(LongRun, MemoryDoesNotGrowWithTheReferenceEngineAndPackedRingsEither) {
  const Words options = {"--engine", "reference", "--ring", "packed", bundled("icmp.pcap"), bundled("fragments.pcap")};
  const long few = peak_kb(kShort, options);
  const long many = peak_kb(kLong, options);
  EXPECT_LT(many, few + kGrowthKb);
}

}  // namespace
}  // namespace rssnic::test
