// The CPUs of a container that names only how many it wants.
#pragma once

#include <cstdint>
#include <vector>

#include "stdlib/abi/cpu_set.h"

namespace cbench {

/// The `count` CPUs of `online` that the fewest sets of `occupied` contain; ties go to the lowest number.
/// Fewer when fewer are online.
CpuSet least_used_cpus(const CpuSet& online, const std::vector<CpuSet>& occupied, int64_t count);

/// A quota in cores as a trace stores it: millionths of a core, -1 without one. A live run goes through the
/// same rounding, so that its replay decides with the same number.
int64_t quota_code(double cores);
double quota_from_code(int64_t code);

}  // namespace cbench
