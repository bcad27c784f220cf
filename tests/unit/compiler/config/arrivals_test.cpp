// Jobs from a seed: the same everywhere, within their bounds, and distributed as was asked.
#include "compiler/config/arrivals.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

namespace cbench::config {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

Arrivals arrivals(uint64_t seed = 1) {
  Arrivals made;
  made.seed = seed;
  made.gap = {.mean = 5 * kSecond, .sigma = 2 * kSecond};
  made.length = {.mean = 20 * kSecond, .sigma = 8 * kSecond, .low = 10 * kSecond, .high = 25 * kSecond};
  return made;
}

const std::vector<Traits> kTemplates = {{"single-thread", "low", "priority"},
                                        {"multi-thread", "low", "nonpriority"},
                                        {"multi-thread", "high", "nonpriority"}};

/// The published sequence of SplitMix64 for the seed 1234567, as in the reference implementation's test.
TEST(random, is_splitmix64) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
  EXPECT_EQ(random.next(), 9817491932198370423U);
}

TEST(random, below_stays_below_and_reaches_all) {
  Random random(7);
  std::map<uint64_t, int> seen;
  for (int i = 0; i < 3000; ++i) ++seen[random.below(3)];
  ASSERT_EQ(seen.size(), 3U);
  for (const auto& [value, times] : seen) EXPECT_NEAR(times, 1000, 120) << value;
}

TEST(random, normal_has_mean_0_and_variance_1) {
  Random random(3);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double z = std::ldexp(static_cast<double>(random.normal()), -32);
    EXPECT_LE(std::abs(z), 6);
    sum += z, squares += z * z;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.015);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(normal, is_drawn_within_its_bounds_and_not_heaped_on_them) {
  Random random(5);
  const Normal bounded{.mean = 0, .sigma = kSecond, .low = 0, .high = kSecond / 2};
  int at_bounds = 0;
  for (int i = 0; i < 1000; ++i) {
    const int64_t value = bounded.draw(random);
    ASSERT_GE(value, bounded.low);
    ASSERT_LE(value, bounded.high);
    at_bounds += value == bounded.low || value == bounded.high;
  }
  EXPECT_LT(at_bounds, 3);
}

TEST(normal, far_from_its_bounds_gives_the_nearer_one) {
  Random random(5);
  EXPECT_EQ((Normal{.mean = 100, .sigma = 0, .low = 1, .high = 50}.draw(random)), 50);
  EXPECT_EQ((Normal{.mean = 0, .sigma = 0, .low = 7, .high = 50}.draw(random)), 7);
}

TEST(normal, does_not_overflow) {
  Random random(9);
  constexpr int64_t kYears = 31'536'000 * kSecond * 30;
  const Normal wide{.mean = kYears, .sigma = kYears};
  for (int i = 0; i < 1000; ++i) EXPECT_GE(wide.draw(random), 0);
}

TEST(generate, one_seed_gives_one_sequence_and_another_seed_another) {
  const Generated once = generate(arrivals(), kTemplates, 600 * kSecond, 1000);
  const Generated again = generate(arrivals(), kTemplates, 600 * kSecond, 1000);
  const Generated other = generate(arrivals(2), kTemplates, 600 * kSecond, 1000);
  ASSERT_EQ(once.jobs.size(), again.jobs.size());
  for (size_t i = 0; i < once.jobs.size(); ++i) {
    EXPECT_EQ(once.jobs[i].of, again.jobs[i].of);
    EXPECT_EQ(once.jobs[i].start_ns, again.jobs[i].start_ns);
    EXPECT_EQ(once.jobs[i].length_ns, again.jobs[i].length_ns);
  }
  EXPECT_NE(once.jobs[1].start_ns, other.jobs[1].start_ns);
}

/// Frozen: published results name a seed.
TEST(generate, the_sequence_of_a_seed_is_for_ever) {
  const Generated generated = generate(arrivals(42), kTemplates, 600 * kSecond, 1000);
  ASSERT_GT(generated.jobs.size(), 3U);
  std::string text;
  for (size_t i = 0; i < 4; ++i) {
    const Job& job = generated.jobs[i];
    text += std::to_string(job.of) + " " + std::to_string(job.start_ns) + " " +
            std::to_string(job.length_ns) + "\n";
  }
  EXPECT_EQ(
      text,
      "2 0 12232729927\n2 2746931998 15792475062\n2 8010984103 17309992513\n1 10419383852 12717191749\n");
}

TEST(generate, jobs_arrive_in_order_from_0_and_before_the_end) {
  const Generated generated = generate(arrivals(), kTemplates, 600 * kSecond, 1000);
  EXPECT_EQ(generated.jobs.front().start_ns, 0);
  EXPECT_NEAR(static_cast<double>(generated.jobs.size()), 120, 20);
  for (size_t i = 1; i < generated.jobs.size(); ++i) {
    EXPECT_GE(generated.jobs[i].start_ns, generated.jobs[i - 1].start_ns);
    EXPECT_LT(generated.jobs[i].start_ns, 600 * kSecond);
    EXPECT_GE(generated.jobs[i].length_ns, 10 * kSecond);
    EXPECT_LE(generated.jobs[i].length_ns, 25 * kSecond);
  }
}

TEST(generate, ends_one_beyond_the_most) {
  EXPECT_EQ(generate(arrivals(), kTemplates, 600 * kSecond, 10).jobs.size(), 11U);
}

TEST(generate, takes_kinds_by_their_weights) {
  Arrivals weighted = arrivals();
  weighted.kinds = {{"single-thread", 3'000'000}, {"multi-thread", 1'000'000}};
  const Generated generated = generate(weighted, kTemplates, 10'000 * kSecond, 100'000);
  std::map<size_t, double> share;
  for (const Job& job : generated.jobs) share[job.of] += 1.0 / static_cast<double>(generated.jobs.size());
  EXPECT_NEAR(share[0], 0.75, 0.04);
  EXPECT_NEAR(share[1], 0.125, 0.03);
  EXPECT_NEAR(share[2], 0.125, 0.03);
  EXPECT_TRUE(generated.unmatched.empty());
}

TEST(generate, gives_up_the_kind_before_the_priority_and_says_so) {
  Arrivals strict = arrivals();
  strict.kinds = {{"single-thread", 1}};
  strict.sensitivities = {{"high", 1}};
  strict.priorities = {{"nonpriority", 1}};
  const Generated generated = generate(strict, kTemplates, 600 * kSecond, 1000);
  ASSERT_EQ(generated.unmatched.size(), 1U);
  EXPECT_EQ(generated.unmatched[0].second, generated.jobs.size());
  EXPECT_EQ(generated.unmatched[0].first.kind, "single-thread");
  std::map<size_t, int> of;
  for (const Job& job : generated.jobs) ++of[job.of];
  EXPECT_EQ(of[0], 0);
  EXPECT_GT(of[1], 0);
  EXPECT_GT(of[2], 0);
}

TEST(generate, a_gap_beyond_the_end_ends_it) {
  Arrivals rare = arrivals();
  rare.gap = {.mean = INT64_MAX / 2, .sigma = 0};
  EXPECT_EQ(generate(rare, kTemplates, INT64_MAX / 2 + 10, 1000).jobs.size(), 2U);
}

}  // namespace
}  // namespace cbench::config
