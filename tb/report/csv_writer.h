// The --csv file: one row a packet, in the order of the wire; its status is "delivered", "dropped-REASON" or, where the
// card kept the packet for itself, "lost". Errors (no such folder, disk full) are exceptions that
// name the file.
#pragma once
#include <cstdio>
#include <memory>
#include <string>

#include "tb/check/scoreboard.h"

namespace rssnic::report {

class CsvWriter {
 public:
  // `with_cycles` false: the three cycle columns stay empty.
  CsvWriter(const std::string& path, bool with_cycles);
  void row(const std::string& file, std::uint64_t pass, std::uint64_t index, const check::PacketRow& row);
  void close();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[noreturn]] void fail() const;

  const std::string path_;
  const bool with_cycles_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string line_;
};

// Throws std::runtime_error, naming the file, when it cannot be written: better before a long run than after it.
void check_writable(const std::string& path);
// Writes a whole file, or throws std::runtime_error naming it.
void write_file(const std::string& path, const std::string& content);

}  // namespace rssnic::report
