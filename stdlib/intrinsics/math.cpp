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

double log2_exact(double x) {
  using Limits = std::numeric_limits<double>;
  if (x != x || x < 0) return Limits::quiet_NaN();
  if (x == 0) return -Limits::infinity();
  if (x > Limits::max()) return x;
  int64_t exponent = 0;
  if (x < Limits::min()) {  // a subnormal number
    x *= 0x1p54;
    exponent = -54;
  }
  const auto bits = std::bit_cast<uint64_t>(x);
  exponent += static_cast<int64_t>(bits >> 52U) - 1023;
  double m = std::bit_cast<double>((bits & ((uint64_t{1} << 52U) - 1)) | (uint64_t{1023} << 52U));
  if (m > 1.4142135623730951) {
    m /= 2;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double square = s * s;
  // |s| ≤ 0.1716: the first term left out is below 2^-60 of the first.
  constexpr int kTerms = 11;
  double sum = 0;
  for (int k = kTerms; k >= 1; --k) sum = square * (1.0 / (2 * k + 1) + sum);
  constexpr double kTwoOverLn2 = 2.885390081777926814719849362;
  return static_cast<double>(exponent) + kTwoOverLn2 * (s + s * sum);
}

}  // namespace cbench
