#include "tb/report/csv_writer.h"

#include <fmt/format.h>

#include <iterator>

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

}  // namespace

CsvWriter::CsvWriter(const std::string& path, bool with_cycles) : with_cycles_(with_cycles), file_(path) {
  file_.buffer() = "file,pass,index,report,hash,queue,length,status,ingress_cycle,steer_cycle,deliver_cycle\n";
}

void CsvWriter::row(const std::string& file, std::uint64_t pass, std::uint64_t index, const check::PacketRow& row) {
  std::string& line = file_.buffer();
  auto out = std::back_inserter(line);
  fmt::format_to(out, "{},{},{},", field(file), pass, index);
  if (row.steered) {
    fmt::format_to(out, "{},{:08x},{},", row.report, row.hash, row.queue);
  } else {
    line += ",,,";
  }
  fmt::format_to(out, "{},", row.length);
  if (row.dropped) {
    fmt::format_to(out, "dropped-{},", kDropReasonNames[static_cast<std::size_t>(*row.dropped)]);
  } else {
    line += row.lost ? "lost," : "delivered,";
  }
  const auto stamp = [&](bool there, Cycle cycle, char end) {
    if (there && with_cycles_) fmt::format_to(out, "{}", cycle);
    line += end;
  };
  stamp(row.ingress > 0, row.ingress, ',');
  stamp(row.steered, row.steer, ',');
  stamp(!row.dropped && !row.lost, row.deliver, '\n');
  file_.flush_if_full();
}

}  // namespace rssnic::report
