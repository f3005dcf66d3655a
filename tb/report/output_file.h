// A file that a report is written to, through a buffer. That it cannot be opened is an exception; what goes wrong later
// (disk full) is said in words, since a report is written after the simulation and the rest of it is still wanted. Both
// name the file. A signal in the middle is no error.
#pragma once
#include <string>

namespace rssnic::report {

class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // To append to; flush_if_full() writes it out from time to time, close() at last.
  std::string& buffer() { return buffer_; }
  // Throws std::runtime_error.
  void flush_if_full();
  [[nodiscard]] std::string close();  // what went wrong; empty: nothing

 private:
  static constexpr std::size_t kBufferBytes = 64 * 1024;
  std::string flush();

  const std::string path_;
  std::string buffer_;
  int file_;
};

// Throws std::runtime_error, naming the file, when it cannot be written: better before a long run than after it.
void check_writable(const std::string& path);
// Writes a whole file. Throws std::runtime_error when it cannot be opened; returns what went wrong later.
[[nodiscard]] std::string write_file(const std::string& path, const std::string& content);

}  // namespace rssnic::report
