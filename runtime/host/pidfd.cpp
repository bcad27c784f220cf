// Opening and asking a pidfd.
#include "runtime/host/pidfd.h"

#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cbench {

Pidfd::Pidfd(int64_t pid) {
  if (pid <= 0) return;  // an engine's word for "it has ended already"
  fd_ = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  ended_ = fd_ < 0 && errno == ESRCH;
}

Pidfd::Pidfd(Pidfd&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), ended_(std::exchange(other.ended_, true)) {}

Pidfd& Pidfd::operator=(Pidfd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    ended_ = std::exchange(other.ended_, true);
  }
  return *this;
}

void Pidfd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

bool Pidfd::has_ended() const {
  if (fd_ < 0) return ended_;
  pollfd end{fd_, POLLIN, 0};  // readable from the end of the process on
  return ::poll(&end, 1, 0) > 0;
}

}  // namespace cbench
