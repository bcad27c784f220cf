// Perf's derived metrics, from the deltas of one interval (formulas in metrics.def).
#pragma once

#include "runtime/collectors/cgroup_counters.h"

namespace cbench {

struct DerivedValue {
  double value = 0;
  Status status = Status::Unsupported;
};

/// The value of a Derived metric of group perf. Without a value when an input has none (that input's status),
/// when the denominator is 0 (Unavailable: the container executed nothing) or when multiplexed inputs were
/// not counted together (NotScheduled).
DerivedValue derive(Metric metric, const PerfInterval& interval);

}  // namespace cbench
