#include "tb/report/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace rssnic::report {
namespace {

std::string why(const std::string& path) {
  return fmt::format("{}: cannot be written: {}", path, std::strerror(errno));
}

int open_or_fail(const std::string& path, int mode) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0666);
  if (file < 0) throw std::runtime_error(why(path));
  return file;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), file_(open_or_fail(path, O_TRUNC)) {}

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
}

std::string OutputFile::flush() {
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t written = ::write(file_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno != EINTR) return why(path_);
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  buffer_.clear();
  return {};
}

void OutputFile::flush_if_full() {
  if (buffer_.size() < kBufferBytes) return;
  if (const std::string error = flush(); !error.empty()) throw std::runtime_error(error);
}

std::string OutputFile::close() {
  std::string error = flush();
  // Linux closes the file whatever close() says; an interrupted one is no failed one.
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR && error.empty()) error = why(path_);
  return error;
}

void check_writable(const std::string& path) { ::close(open_or_fail(path, O_APPEND)); }

std::string write_file(const std::string& path, const std::string& content) {
  OutputFile file(path);
  file.buffer() = content;
  return file.close();
}

}  // namespace rssnic::report
