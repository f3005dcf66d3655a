#include "tb/report/csv_writer.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <stdexcept>

namespace rssnic::report {
namespace {

// A field with a comma, a quote or a line break is quoted (RFC 4180).
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

[[noreturn]] void fail_with(const std::string& path) {
  throw std::runtime_error(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

}  // namespace

CsvWriter::CsvWriter(const std::string& path, bool with_cycles)
    : path_(path), with_cycles_(with_cycles), file_(std::fopen(path.c_str(), "w")) {
  if (!file_) fail();
  line_ = "file,pass,index,report,hash,queue,length,status,ingress_cycle,steer_cycle,deliver_cycle\n";
  if (std::fputs(line_.c_str(), file_.get()) < 0) fail();
}

void CsvWriter::fail() const { fail_with(path_); }

void CsvWriter::row(const std::string& file, std::uint64_t pass, std::uint64_t index, const check::PacketRow& row) {
  line_.clear();
  auto out = std::back_inserter(line_);
  fmt::format_to(out, "{},{},{},", field(file), pass, index);
  if (row.steered) {
    fmt::format_to(out, "{},{:08x},{},", row.report, row.hash, row.queue);
  } else {
    line_ += ",,,";
  }
  fmt::format_to(out, "{},", row.length);
  if (row.dropped) {
    fmt::format_to(out, "dropped-{},", kDropReasonNames[static_cast<std::size_t>(*row.dropped)]);
  } else {
    line_ += row.lost ? "lost," : "delivered,";
  }
  const auto stamp = [&](bool there, Cycle cycle, char end) {
    if (there && with_cycles_) fmt::format_to(out, "{}", cycle);
    line_ += end;
  };
  stamp(row.ingress > 0, row.ingress, ',');
  stamp(row.steered, row.steer, ',');
  stamp(!row.dropped && !row.lost, row.deliver, '\n');
  if (std::fwrite(line_.data(), 1, line_.size(), file_.get()) != line_.size()) fail();
}

void CsvWriter::close() {
  std::FILE* const file = file_.release();
  if (std::fclose(file) != 0) fail();
}

void check_writable(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "a");
  if (file == nullptr) fail_with(path);
  std::fclose(file);
}

void write_file(const std::string& path, const std::string& content) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) fail_with(path);
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  if (std::fclose(file) != 0 || !written) fail_with(path);
}

}  // namespace rssnic::report
