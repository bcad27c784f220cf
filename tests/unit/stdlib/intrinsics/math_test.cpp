// Our own exp2 and log2 beside the C library's.
#include "stdlib/intrinsics/math.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace cbench {
namespace {

using Limits = std::numeric_limits<double>;

/// Units in the last place between two numbers of one sign.
int64_t ulps(double a, double b) { return std::llabs(std::bit_cast<int64_t>(a) - std::bit_cast<int64_t>(b)); }

TEST(log2, is_within_3_ulp_over_all_magnitudes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const double x = std::bit_cast<double>(random() >> 1U);
    if (!std::isfinite(x) || x == 0) continue;
    EXPECT_LE(ulps(log2_exact(x), std::log2(x)), 3) << x;
  }
  for (int i = 0; i < 200'000; ++i) {  // near 1, where the logarithm is small
    const double x = 0.5 + static_cast<double>(random() >> 11U) * 0x1p-53 * 1.5;
    EXPECT_LE(ulps(log2_exact(x), std::log2(x)), 3) << x;
  }
}

TEST(log2, is_exact_for_powers_of_two) {
  for (int e = -1074; e <= 1023; ++e) EXPECT_EQ(log2_exact(std::ldexp(1.0, e)), e);
}

TEST(log2, of_what_has_none_is_as_ieee_says) {
  EXPECT_EQ(log2_exact(0), -Limits::infinity());
  EXPECT_EQ(log2_exact(Limits::infinity()), Limits::infinity());
  EXPECT_TRUE(std::isnan(log2_exact(-1)));
  EXPECT_TRUE(std::isnan(log2_exact(Limits::quiet_NaN())));
}

TEST(exp2, undoes_log2) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100'000; ++i) {
    const double x = 0.001 + static_cast<double>(random() >> 11U) * 0x1p-53 * 1000;
    EXPECT_NEAR(exp2_exact(log2_exact(x)) / x, 1, 1e-14) << x;
  }
  EXPECT_LE(ulps(exp2_exact(0.3), std::exp2(0.3)), 2);
}

}  // namespace
}  // namespace cbench
