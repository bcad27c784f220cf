// Reads and writes of kernel files.
#include "runtime/host/kernel_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace cbench {

int read_file(const std::string& path, std::string& text) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  text.clear();
  char buffer[4096];
  int error = 0;
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) {
      text.append(buffer, static_cast<size_t>(n));
    } else if (n == 0 || errno != EINTR) {
      error = n == 0 ? 0 : errno;
      break;
    }
  }
  ::close(fd);
  return error;
}

int write_file(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) return errno;
  ssize_t n = 0;
  do n = ::write(fd, text.data(), text.size());
  while (n < 0 && errno == EINTR);
  const int error = n < 0 ? errno : n != static_cast<ssize_t>(text.size()) ? EIO : 0;
  ::close(fd);
  return error;
}

bool may_write(const std::string& path) { return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0; }

// ENODEV: kernfs says so for an open file whose folder was removed meanwhile. ENOTCONN: FUSE, when its
// program is dead.
bool is_gone(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENODEV || error == ENOTCONN;
}

std::string why_not_written(const std::string& path, int error) {
  const bool not_ours = error == EACCES && !may_write(path);
  return errno_text(error) + (not_ours ? ", it belongs to another user: run as root" : "");
}

std::string errno_text(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' &&
      !(text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z'))
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace cbench
