// Placements as a trace stores them.
#pragma once

#include <cstdint>

namespace cbench {

/// A quota in cores as a trace stores it: millionths of a core, -1 without one. A live run goes through the
/// same rounding, so that its replay decides with the same number.
int64_t quota_code(double cores);
double quota_from_code(int64_t code);

}  // namespace cbench
