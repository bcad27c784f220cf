// ExitQueue by an eventfd.
#include "runtime/engines/exits.h"

#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace cbench {

ExitQueue::ExitQueue() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

ExitQueue::~ExitQueue() {
  if (fd_ >= 0) close(fd_);
}

void ExitQueue::push(ExitNotice notice) {
  const std::lock_guard lock(mutex_);
  notices_.push_back(std::move(notice));
  const uint64_t one = 1;
  // Cannot fail but for a counter at its end, and then it is readable anyhow.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
}

std::vector<ExitNotice> ExitQueue::take() {
  const std::lock_guard lock(mutex_);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
  return std::exchange(notices_, {});
}

}  // namespace cbench
