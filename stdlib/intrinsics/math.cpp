#include "stdlib/intrinsics/math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace cbench {

double exp2_exact(double x) {
  if (x != x) return x;
  if (x < -1022) return 0;
  if (x > 1023) return std::numeric_limits<double>::infinity();
  const auto whole = static_cast<int64_t>(x < 0 ? x - 0.5 : x + 0.5);
  const double y = (x - static_cast<double>(whole)) * 0.693147180559945309417232121458;  // f · ln 2
  // exp(y) for |y| ≤ 0.3466: the first term left out is below 2^-56 of the sum.
  constexpr int kTerms = 14;
  double sum = 1;
  for (int k = kTerms; k >= 1; --k) sum = 1 + y / k * sum;
  if (whole == 1024) return std::numeric_limits<double>::infinity();
  return sum * std::bit_cast<double>(static_cast<uint64_t>(whole + 1023) << 52U);
}

}  // namespace cbench
