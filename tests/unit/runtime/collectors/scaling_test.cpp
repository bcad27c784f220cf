// Scaling of an interval's deltas, as properties over random intervals.
#include "runtime/collectors/scaling.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace cbench {
namespace {

struct Part {
  uint64_t value = 0;
  GroupTimes times;
};

ScaledSum sum(const std::vector<Part>& parts) {
  ScaledSum total;
  for (const Part& part : parts) total.add(part.value, part.times);
  return total;
}

TEST(ScaledSum, without_multiplexing_it_is_the_exact_sum) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    std::vector<Part> parts;
    int64_t expected = 0;
    for (uint64_t i = 0, n = 1 + random() % 8; i < n; ++i) {
      // Above 2^53, where a detour over double would lose counts.
      const uint64_t value = random() >> (4 + random() % 50), time = 1 + random() % 1'000'000'000;
      parts.push_back({value >> 3, {time, time}});
      expected += static_cast<int64_t>(value >> 3);
    }
    ASSERT_EQ(sum(parts).status(), Status::Ok);
    ASSERT_EQ(sum(parts).value(), expected);
  }
}

TEST(ScaledSum, a_steady_rate_is_recovered_from_any_running_share) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 1000; ++round) {
    const double rate = 0.001 + static_cast<double>(random() % 4000) / 1000;  // events a nanosecond
    std::vector<Part> parts;
    double truth = 0;
    for (uint64_t i = 0, n = 1 + random() % 8; i < n; ++i) {
      const uint64_t enabled = 1'000'000 + random() % 100'000'000,
                     running = 100'000 + random() % (enabled - 100'000);
      parts.push_back({static_cast<uint64_t>(rate * static_cast<double>(running)), {enabled, running}});
      truth += rate * static_cast<double>(enabled);
    }
    ASSERT_EQ(sum(parts).status(), Status::Multiplexed);
    // Truncating the count costs less than one event a CPU, scaled by at most 1000.
    ASSERT_NEAR(static_cast<double>(sum(parts).value()), truth, 8 * 1001 + 1);
  }
}

TEST(ScaledSum, it_is_never_below_what_was_counted_nor_above_the_largest_scale) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 1000; ++round) {
    std::vector<Part> parts;
    double counted = 0, largest = 1;
    for (int i = 0; i < 4; ++i) {
      const uint64_t enabled = 1 + random() % 1'000'000, running = 1 + random() % enabled,
                     value = random() % 1'000'000;
      parts.push_back({value, {enabled, running}});
      counted += static_cast<double>(value);
      largest = std::max(largest, static_cast<double>(enabled) / static_cast<double>(running));
    }
    const auto value = static_cast<double>(sum(parts).value());
    ASSERT_GE(value, counted - 0.5);
    ASSERT_LE(value, counted * largest + 0.5);
  }
}

TEST(ScaledSum, a_cpu_where_the_container_never_ran_changes_nothing) {
  const std::vector<Part> busy = {{100, {1000, 1000}}};
  std::vector<Part> with_idle = busy;
  with_idle.push_back({0, {0, 0}});
  EXPECT_EQ(sum(with_idle).value(), sum(busy).value());
  EXPECT_EQ(sum(with_idle).status(), Status::Ok);
}

TEST(ScaledSum, an_idle_container_has_counted_zero) {
  EXPECT_EQ(sum({{0, {0, 0}}, {0, {0, 0}}}).status(), Status::Ok);
  EXPECT_EQ(sum({{0, {0, 0}}}).value(), 0);
}

TEST(ScaledSum, a_counter_without_a_turn_is_not_scheduled) {
  EXPECT_EQ(sum({{0, {1000, 0}}, {0, {0, 0}}}).status(), Status::NotScheduled);
}

TEST(ScaledSum, a_cpu_without_a_turn_is_taken_to_be_like_the_others) {
  const ScaledSum total = sum({{300, {1000, 500}}, {0, {1000, 0}}});
  EXPECT_EQ(total.status(), Status::Multiplexed);
  EXPECT_EQ(total.value(), 1200);
}

}  // namespace
}  // namespace cbench
