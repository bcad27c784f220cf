// Clock: the time of a run and the one place where it waits. Tests put a clock here that jumps from deadline
// to deadline.
#pragma once

#include <cstdint>
#include <limits>

#include <sys/epoll.h>

namespace cbench {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual int64_t monotonic_ns() = 0;  ///< CLOCK_MONOTONIC
  [[nodiscard]] virtual int64_t wall_ns() = 0;       ///< CLOCK_REALTIME
  /// Waits until a descriptor of `epoll_fd` is ready or `deadline_ns` (CLOCK_MONOTONIC) has come. Returns the
  /// number of entries filled in; 0 at the deadline.
  virtual int wait(int epoll_fd, int64_t deadline_ns, epoll_event* events, int capacity) = 0;
};

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

/// The real clock: one timerfd with absolute deadlines, so that lateness never adds up.
class SystemClock final : public Clock {
 public:
  SystemClock();
  ~SystemClock() override;
  SystemClock(const SystemClock&) = delete;
  SystemClock& operator=(const SystemClock&) = delete;

  int64_t monotonic_ns() override;
  int64_t wall_ns() override;
  int wait(int epoll_fd, int64_t deadline_ns, epoll_event* events, int capacity) override;

 private:
  int timer_ = -1;
  int watched_by_ = -1;  ///< the epoll descriptor that the timer was added to
};

}  // namespace cbench
