#include "runtime/loop/placement.h"

#include <cmath>
#include <limits>

namespace cbench {

int64_t quota_code(double cores) { return std::isfinite(cores) ? std::llround(cores * 1e6) : -1; }
double quota_from_code(int64_t code) {
  return code < 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(code) / 1e6;
}

}  // namespace cbench
