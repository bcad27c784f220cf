// How the readings of an event on several CPUs make one figure for an interval (perf_event_open(2)). Pure
// arithmetic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// One event group's reading on one CPU, or the difference of two. A cgroup's event is enabled only while the
/// cgroup has a task on the CPU: `enabled` is then the cgroup's time there, not the interval's length.
struct GroupTimes {
  uint64_t enabled = 0, running = 0;  ///< ns
};

/// Adds the interval's deltas of one event over all CPUs. perf_event_open(2): value × enabled / running
/// estimates what would have been counted without multiplexing.
class ScaledSum {
 public:
  void add(uint64_t value, GroupTimes times) {
    enabled_ += times.enabled;
    running_ += std::min(times.running, times.enabled);
    if (times.running == 0) return;
    counted_ += times.enabled;
    if (times.running >= times.enabled) {
      exact_ += value;
    } else {
      scaled_ += static_cast<double>(value) * static_cast<double>(times.enabled) /
                 static_cast<double>(times.running);
      multiplexed_ = true;
    }
  }

  /// NotScheduled when the container ran and the counter never did, or in less than `min_running` of the
  /// time; Ok with 0 when the container did not run.
  [[nodiscard]] Status status(double min_running = 0) const {
    if (enabled_ > 0 && counted_ == 0) return Status::NotScheduled;
    if (static_cast<double>(running_) < min_running * static_cast<double>(enabled_))
      return Status::NotScheduled;
    return multiplexed_ || counted_ < enabled_ ? Status::Multiplexed : Status::Ok;
  }
  /// The sum, rounded. A CPU where the counter never got its turn is taken to be like the others.
  [[nodiscard]] int64_t value() const {
    if (status() == Status::Ok) return static_cast<int64_t>(exact_);
    if (counted_ == 0) return 0;
    const double unseen = static_cast<double>(enabled_) / static_cast<double>(counted_);
    return std::llround((static_cast<double>(exact_) + scaled_) * unseen);
  }

 private:
  uint64_t exact_ = 0, enabled_ = 0, running_ = 0, counted_ = 0;
  double scaled_ = 0;
  bool multiplexed_ = false;
};

}  // namespace cbench
