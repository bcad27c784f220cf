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

template <class T>
void ExitQueue::add(std::vector<T>& queue, T what) {
  const std::lock_guard lock(mutex_);
  queue.push_back(std::move(what));
  const uint64_t one = 1;
  // Cannot fail but for a counter at its end, and then it is readable anyhow.
  [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
}

template <class T>
std::vector<T> ExitQueue::all_of(std::vector<T>& queue) {
  const std::lock_guard lock(mutex_);
  std::vector<T> all = std::exchange(queue, {});
  if (notices_.empty() && interferences_.empty()) {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
  }
  return all;
}

void ExitQueue::push(ExitNotice notice) { add(notices_, std::move(notice)); }
void ExitQueue::push(Interference interference) { add(interferences_, std::move(interference)); }
std::vector<ExitNotice> ExitQueue::take() { return all_of(notices_); }
std::vector<Interference> ExitQueue::take_interferences() { return all_of(interferences_); }

}  // namespace cbench
