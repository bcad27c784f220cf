// The time that only goes forward.
#pragma once

#include <cstdint>

#include <time.h>

namespace cbench {

/// CLOCK_MONOTONIC in nanoseconds.
inline int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace cbench
