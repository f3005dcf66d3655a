// The --csv file: one row a packet, in the order of the wire; its status is "delivered", "dropped-REASON" or, where the
// card kept the packet for itself, "lost". Errors (no such folder, disk full) are exceptions that
// name the file.
#pragma once
#include <string>

#include "tb/check/scoreboard.h"
#include "tb/report/output_file.h"

namespace rssnic::report {

class CsvWriter {
 public:
  // `with_cycles` false: the three cycle columns stay empty.
  CsvWriter(const std::string& path, bool with_cycles);
  void row(const std::string& file, std::uint64_t pass, std::uint64_t index, const check::PacketRow& row);
  void close() { file_.close(); }

 private:
  const bool with_cycles_;
  OutputFile file_;
};

}  // namespace rssnic::report
