// A file that a report is written to, through a buffer. Errors (no such folder, disk full) are exceptions that name the
// file; a signal in the middle is none.
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
  void flush_if_full() {
    if (buffer_.size() >= kBufferBytes) flush();
  }
  void close();

 private:
  static constexpr std::size_t kBufferBytes = 64 * 1024;
  void flush();

  const std::string path_;
  std::string buffer_;
  int file_;
};

// Throws std::runtime_error, naming the file, when it cannot be written: better before a long run than after it.
void check_writable(const std::string& path);
// Writes a whole file, or throws std::runtime_error naming it.
void write_file(const std::string& path, const std::string& content);

}  // namespace rssnic::report
