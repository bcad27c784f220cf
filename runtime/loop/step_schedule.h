// StepSchedule: when steps are due. Step k is due at t0 + k × period; a step that is late by a period or more
// is missed: it is counted and never made up.
#pragma once

#include <cstdint>
#include <optional>

namespace cbench {

class StepSchedule {
 public:
  StepSchedule(int64_t t0_ns, int64_t period_ns) : t0_(t0_ns), period_(period_ns) {}

  /// Absolute time of the next step.
  [[nodiscard]] int64_t next_due() const { return t0_ + next_ * period_; }

  struct Due {
    int64_t step = 0;
    int64_t missed = 0;       ///< steps before it that were skipped
    int64_t lateness_ns = 0;  ///< less than a period
  };
  /// The step to do at `now_ns`, if one is due; the schedule moves on behind it.
  std::optional<Due> take(int64_t now_ns) {
    if (now_ns < next_due()) return std::nullopt;
    const int64_t step = (now_ns - t0_) / period_;
    const Due due{.step = step, .missed = step - next_, .lateness_ns = now_ns - t0_ - step * period_};
    next_ = step + 1;
    return due;
  }

 private:
  int64_t t0_, period_, next_ = 1;
};

}  // namespace cbench
