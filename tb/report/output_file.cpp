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

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
}

int open_or_fail(const std::string& path, int mode) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | mode, 0666);
  if (file < 0) fail(path);
  return file;
}

}  // namespace

OutputFile::OutputFile(const std::string& path) : path_(path), file_(open_or_fail(path, O_TRUNC)) {}

OutputFile::~OutputFile() {
  if (file_ >= 0) ::close(file_);
}

void OutputFile::flush() {
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t written = ::write(file_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno != EINTR) fail(path_);
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  buffer_.clear();
}

void OutputFile::close() {
  flush();
  // Linux closes the file whatever close() says; an interrupted one is no failed one.
  if (::close(std::exchange(file_, -1)) != 0 && errno != EINTR) fail(path_);
}

void check_writable(const std::string& path) { ::close(open_or_fail(path, O_APPEND)); }

void write_file(const std::string& path, const std::string& content) {
  OutputFile file(path);
  file.buffer() = content;
  file.close();
}

}  // namespace rssnic::report
