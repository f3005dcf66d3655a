// The --csv file: one row a packet, in the order of the wire; its status is "delivered", "dropped-REASON" or, where the
// card kept the packet for itself, "lost". Errors as in output_file.h.
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
  [[nodiscard]] std::string close() { return file_.close(); }  // what went wrong; empty: nothing

 private:
  const bool with_cycles_;
  OutputFile file_;
};

}  // namespace rssnic::report
