// HostGuard: the last look at a change before the host gets it. It holds the plan's minimum dwell and action
// budget whatever was planned, from what it let through itself.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/plan.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {

class HostGuard {
 public:
  /// `plan` must outlive it. Allocates here only.
  HostGuard(const Plan& plan, size_t domains);

  /// May this change be made in this step? Changes that follow from others (Change::follows) always may. Else
  /// at most `actions_per_step` times the number of classes, which is what so many layouts change, and each
  /// target once in `dwell_steps`. Errors: RunFailed, with the limit and by how much.
  Result<> allow(int64_t step, const Change& change);
  /// A container starts anew, and with it a class of its own.
  void forget(int32_t slot);

 private:
  static constexpr int64_t kNever = INT64_MIN;
  template <class Use>
  void each(const Change& change, Use use);

  const Plan& plan_;
  size_t domains_;
  std::vector<int64_t> containers_;  ///< [target][slot] step of the last change
  std::vector<int64_t> classes_;     ///< [target][class][domain]
  int64_t step_ = kNever;
  uint64_t used_ = 0;  ///< of the budget in that step
};

}  // namespace cbench
