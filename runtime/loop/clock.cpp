#include "runtime/loop/clock.h"

#include <algorithm>
#include <ctime>

#include <sys/timerfd.h>
#include <unistd.h>

namespace cbench {
namespace {

int64_t read_clock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

SystemClock::SystemClock() : timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {}
SystemClock::~SystemClock() { close(timer_); }
int64_t SystemClock::monotonic_ns() { return read_clock(CLOCK_MONOTONIC); }
int64_t SystemClock::wall_ns() { return read_clock(CLOCK_REALTIME); }

int SystemClock::wait(int epoll_fd, int64_t deadline_ns, epoll_event* events, int capacity) {
  if (watched_by_ != epoll_fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = timer_}};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_, &event);
    watched_by_ = epoll_fd;
  }
  itimerspec when{};  // all zero disarms the timer
  if (deadline_ns != kNever) {
    const int64_t at = std::max<int64_t>(deadline_ns, 1);
    when.it_value = {.tv_sec = at / 1'000'000'000, .tv_nsec = at % 1'000'000'000};
  }
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  const int count = std::max(0, epoll_wait(epoll_fd, events, capacity, -1));
  int kept = 0;
  for (int i = 0; i < count; ++i)
    if (events[i].data.fd != timer_) events[kept++] = events[i];
  return kept;
}

}  // namespace cbench
