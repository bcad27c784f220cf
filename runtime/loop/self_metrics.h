// SelfMetrics: what measuring costs, one value a step (group `self` of metrics.def).
#pragma once

#include <cstdint>

#include "runtime/dataframe/frame.h"

namespace cbench {

class SelfMetrics {
 public:
  explicit SelfMetrics(const Frame& frame);
  ~SelfMetrics();
  SelfMetrics(const SelfMetrics&) = delete;
  SelfMetrics& operator=(const SelfMetrics&) = delete;

  /// Durations in nanoseconds; policy and step time are those of the previous step, -1 before there was one.
  struct Figures {
    int64_t lateness = 0, sample_time = 0, policy_time = -1, step_time = -1, missed_steps = 0;
  };
  /// Fills the host row of the self columns that the frame has.
  void fill(Frame& frame, const Figures& figures) const;

 private:
  int statm_ = -1;  ///< /proc/self/statm, kept open
  bool wants_cpu_ = false, wants_rss_ = false;
};

}  // namespace cbench
