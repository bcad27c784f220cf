#include "runtime/collectors/log_tail.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cbench {
namespace {

/// A descriptor of a regular file, or -1 with errno. Opening a FIFO must not wait for its writer.
int open_regular(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  struct stat found{};
  if (::fstat(fd, &found) == 0 && S_ISREG(found.st_mode)) return fd;
  ::close(fd);
  errno = EINVAL;
  return -1;
}

}  // namespace

std::string LogTail::why_not(const std::string& path) {
  const int fd = open_regular(path.c_str());
  if (fd < 0) return errno == EINVAL ? "it is no regular file" : std::strerror(errno);
  ::close(fd);
  return "";
}

void LogTail::follow(std::string path, From from) {
  close();
  path_ = std::move(path);
  (void)open(from);
}

void LogTail::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool LogTail::open(From from) {
  const int fd = open_regular(path_.c_str());
  if (fd < 0) return false;
  close();
  fd_ = fd;
  start_at(0);
  struct stat found{};
  if (from == From::Beginning || ::fstat(fd_, &found) != 0 || found.st_size == 0) return true;
  start_at(found.st_size);
  char last = 0;
  headless_ = ::pread(fd_, &last, 1, found.st_size - 1) != 1 || last != '\n';
  return true;
}

void LogTail::start_at(off_t offset) {
  offset_ = offset;
  used_ = given_ = 0;
  headless_ = false;
}

/// Moves the line that is not complete yet to the front. Of a long one the beginning is enough: the rest is
/// cut anyway.
void LogTail::forget_read_lines() {
  const size_t kept = std::min(used_ - given_, kMostLine);
  std::memmove(buffer_.data(), buffer_.data() + given_, kept);
  used_ = kept;
  given_ = 0;
}

std::optional<std::string_view> LogTail::read() {
  if (fd_ < 0) return std::nullopt;
  forget_read_lines();
  struct stat found{};
  if (::fstat(fd_, &found) != 0) return std::nullopt;
  if (found.st_size < offset_) start_at(0);
  if (found.st_size - offset_ > static_cast<off_t>(kMostBytes)) {
    start_at(found.st_size - static_cast<off_t>(kMostBytes));
    headless_ = true;
  }
  while (offset_ < found.st_size) {
    const ssize_t n =
        ::pread(fd_, buffer_.data() + used_, static_cast<size_t>(found.st_size - offset_), offset_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    offset_ += n;
    used_ += static_cast<size_t>(n);
  }
  const std::string_view all(buffer_.data(), used_);
  size_t begin = 0;
  if (headless_) {
    const size_t end = all.find('\n');
    headless_ = end == std::string_view::npos;
    begin = headless_ ? used_ : end + 1;
  }
  given_ = headless_ ? used_ : all.rfind('\n') + 1;  // npos + 1 is 0
  return all.substr(begin, given_ - begin);
}

bool LogTail::reopen() {
  struct stat named{}, open_one{};
  if (::stat(path_.c_str(), &named) != 0) return false;
  const bool same = fd_ >= 0 && ::fstat(fd_, &open_one) == 0 && named.st_ino == open_one.st_ino &&
                    named.st_dev == open_one.st_dev;
  return !same && open(From::Beginning);
}

std::string_view take_last_line(std::string_view& lines) {
  const size_t end = lines.size() - (lines.ends_with('\n') ? 1 : 0);
  const size_t before = end == 0 ? std::string_view::npos : lines.rfind('\n', end - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  std::string_view line = lines.substr(begin, end - begin);
  lines = lines.substr(0, begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.substr(0, LogTail::kMostLine);
}

}  // namespace cbench
