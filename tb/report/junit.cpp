// JUnit XML as Jenkins, GitLab and GitHub actions read it. Text is UTF-8 whatever file names hold: what XML 1.0 cannot
// carry (control characters, bytes that are not UTF-8) becomes U+FFFD.
#include <fmt/format.h>

#include <algorithm>

#include "tb/report/run_summary.h"

namespace rssnic::report {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD

// The length of the UTF-8 sequence at `at`; 0: there is none that XML may hold (XML 1.0, 2.2: Char).
std::size_t sequence_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  const std::size_t length = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first >= 0xf8 || at + length > text.size()) return 0;
  std::uint32_t code = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return overlong || surrogate || code == 0xfffe || code == 0xffff || code > 0x10ffff ? 0 : length;
}

// For text and for attributes in double quotes, where line breaks must not become blanks.
std::string escaped(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      out += kReplacement;
    } else if (length > 1) {
      out.append(text, at, length);
    } else {
      switch (text[at]) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\t':
        case '\n':
        case '\r':
          out += fmt::format("&#{};", static_cast<int>(text[at]));
          break;
        default:
          out += text[at];
      }
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

// One test suite under construction.
class Suite {
 public:
  explicit Suite(std::string name) : name_(std::move(name)) {}

  struct Result {
    std::string failure, error, skipped;         // at most one is not empty: what to say
    const std::vector<std::string>* notes = {};  // of a failure
    std::string output;
  };
  void add(const std::string& name, double seconds, const Result& result) {
    ++tests_;
    seconds_ += seconds;
    cases_ += fmt::format("    <testcase name=\"{}\" classname=\"rssnic.{}\" time=\"{:.3f}\">\n", escaped(name), name_,
                          seconds);
    if (!result.error.empty()) {
      ++errors_;
      cases_ += fmt::format("      <error message=\"{}\" type=\"error\"/>\n", escaped(result.error));
    } else if (!result.failure.empty()) {
      ++failures_;
      cases_ += fmt::format("      <failure message=\"{}\" type=\"mismatch\">", escaped(result.failure));
      if (result.notes != nullptr) {
        for (const std::string& note : *result.notes) cases_ += escaped(note) + "\n";
      }
      cases_ += "</failure>\n";
    } else if (!result.skipped.empty()) {
      ++skipped_;
      cases_ += fmt::format("      <skipped message=\"{}\"/>\n", escaped(result.skipped));
    }
    if (!result.output.empty()) cases_ += fmt::format("      <system-out>{}</system-out>\n", escaped(result.output));
    cases_ += "    </testcase>\n";
  }
  std::string text() const {
    return fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n{}"
        "  </testsuite>\n",
        name_, tests_, failures_, errors_, skipped_, seconds_, cases_);
  }
  unsigned tests() const { return tests_; }
  unsigned failures() const { return failures_; }
  unsigned errors() const { return errors_; }
  unsigned skipped() const { return skipped_; }
  double seconds() const { return seconds_; }

 private:
  const std::string name_;
  std::string cases_;
  unsigned tests_ = 0, failures_ = 0, errors_ = 0, skipped_ = 0;
  double seconds_ = 0;
};

std::string counted(const Findings& findings) {
  return findings.count == 0 ? "" : findings.count == 1 ? "1 mismatch" : fmt::format("{} mismatches", findings.count);
}

Suite captures_of(const RunSummary& summary) {
  Suite suite("captures");
  for (const CaptureTotal& capture : summary.captures) {
    Suite::Result result;
    result.error = capture.error;
    result.failure = counted(capture.mismatches);
    result.notes = &capture.mismatches.notes;
    result.output = fmt::format("{} packets, {} delivered, {} dropped, {} skipped", capture.packets, capture.delivered,
                                capture.dropped, capture.skipped);
    // A damaged capture's good packets may have mismatches too: the error is what is shown, so it names them.
    if (!capture.error.empty() && capture.mismatches.count > 0) {
      result.error += fmt::format("; and {}: {}", result.failure, capture.mismatches.notes.front());
    }
    suite.add(capture.file, capture.seconds, result);
  }
  return suite;
}

Suite checks_of(const RunSummary& summary) {
  Suite suite("checks");
  bool nothing_seen = summary.packets() == 0;
  for (std::size_t i = 0; i < check::kCheckNames.size(); ++i) {
    nothing_seen = nothing_seen && summary.mismatches_of(static_cast<check::Check>(i)).count == 0;
  }
  for (std::size_t i = 0; i < check::kCheckNames.size(); ++i) {
    const Findings& findings = summary.mismatches_of(static_cast<check::Check>(i));
    Suite::Result result;
    result.failure = counted(findings);
    result.notes = &findings.notes;
    if (static_cast<check::Check>(i) == check::Check::timing && !summary.timing_checked) {
      result.skipped = "only for whole runs with the RTL";
    } else if (nothing_seen) {
      result.skipped = "there was no packet";
    }
    suite.add(check::kCheckNames[i], 0, result);
  }
  if (summary.expected_mpps > 0) {
    Suite::Result rate;
    if (summary.too_slow()) {
      rate.failure = fmt::format("{:.2f} Mpps, {:g} expected", summary.mpps(), summary.expected_mpps);
    }
    suite.add("rate", 0, rate);
  }
  for (const check::Fault& fault : summary.faults) {
    Suite::Result result;
    if (fault.settled && !fault.wrong) {
      result.output = fmt::format("cycle {}: {}; {} packets lost", fault.cycle, fault.outcome, fault.packets_lost);
    } else if (!fault.struck && summary.interrupted) {
      result.skipped = "the run was interrupted before";
    } else {
      result.failure = fault.struck ? fault.outcome : "has not struck";
    }
    suite.add("fault " + to_string(fault.request), 0, result);
  }
  Suite::Result whole;
  whole.error = !summary.failure.empty() ? summary.failure : summary.interrupted ? "interrupted" : "";
  suite.add("run", summary.wall_s, whole);
  return suite;
}

}  // namespace

std::string to_junit(const RunSummary& summary) {
  const Suite captures = captures_of(summary);
  const Suite checks = checks_of(summary);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"rssnic\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n"
      "{}{}</testsuites>\n",
      captures.tests() + checks.tests(), captures.failures() + checks.failures(), captures.errors() + checks.errors(),
      captures.skipped() + checks.skipped(), captures.seconds() + checks.seconds(), captures.text(), checks.text());
}

}  // namespace rssnic::report
