#include <gmock/gmock.h>

#include "stdlib/embed/stock.h"
#include "tests/policies/scene.h"

namespace cbench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// So many lines of the same cells.
std::string repeat(int rows, const std::string& line) {
  std::string out;
  for (int i = 0; i < rows; ++i) out += line + "\n";
  return out;
}

std::vector<std::string> stock_actions(const char* policy, const std::string& frames) {
  return actions_of({.policy = std::string(stock_policy(policy)), .frames = frames});
}

constexpr const char* kCap = R"(policy cap 1 "Cap whoever is busy"
stream load(c) = c.docker.cpu_usage_percent
when load(c) > 80% for 200ms each c in all cooldown 1s { try quota(c) = 50% else return }
)";
const std::string kOneLoad = "a.docker_cpu_usage_percent\n";

TEST(trigger, it_fires_once_its_condition_has_held_for_its_time) {
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + "90\n90\n10\n"}), IsEmpty());
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + "90\n90\n90\n"}),
              ElementsAre("3: quota a = 50% [applied]"));
}

TEST(trigger, a_condition_that_breaks_off_starts_anew) {
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + "90\n90\n10\n90\n90\n90\n"}),
              ElementsAre("6: quota a = 50% [applied]"));
}

TEST(trigger, a_missing_metric_never_fires_it_and_starts_its_time_anew) {
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + repeat(10, "-")}), IsEmpty());
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + "90\n90\n-\n90\n90\n90\n"}),
              ElementsAre("6: quota a = 50% [applied]"));
}

TEST(trigger, a_container_that_does_not_run_is_not_looked_at) {
  const std::string frames =
      "a.docker_cpu_usage_percent b.docker_cpu_usage_percent\n" + repeat(5, "x 90") + repeat(5, "90 x");
  EXPECT_THAT(actions_of({.policy = kCap, .frames = frames}),
              ElementsAre("3: quota b = 50% [applied]", "8: quota a = 50% [applied]"));
}

TEST(trigger, after_its_cooldown_what_is_so_already_is_no_change) {
  EXPECT_THAT(actions_of({.policy = kCap, .frames = kOneLoad + repeat(16, "90")}),
              ElementsAre("3: quota a = 50% [applied]", HasSubstr("quota a = 50% [no_change]")));
}

TEST(stock, default_does_nothing) {
  EXPECT_THAT(
      decisions_of({.policy = std::string(stock_policy("default")), .frames = kOneLoad + repeat(20, "390")}),
      IsEmpty());
}

TEST(stock, fair_share_limits_who_takes_more_than_a_share_of_full_cpus_and_nobody_else) {
  const std::string head = "hog.docker_cpu_usage_percent victim.docker_cpu_usage_percent\n";
  const auto crowded = stock_actions("fair_share", head + repeat(40, "330 60"));
  EXPECT_THAT(crowded, Contains(HasSubstr("quota hog = 200% [applied]")));
  EXPECT_THAT(crowded, Not(Contains(HasSubstr("quota victim"))));
  EXPECT_THAT(stock_actions("fair_share", head + repeat(40, "150 60")), IsEmpty());
}

TEST(stock, cache_aware_jails_the_polluter_and_not_its_victim) {
  const auto actions =
      stock_actions("cache_aware", "polluter.perf_llc_mpki victim.perf_llc_mpki\n" + repeat(30, "40 2"));
  EXPECT_THAT(actions, Contains(HasSubstr("move polluter -> jail [applied]")));
  EXPECT_THAT(actions, Not(Contains(HasSubstr("move victim"))));
}

TEST(stock, cache_aware_moves_nobody_on_missing_counters) {
  const auto actions =
      stock_actions("cache_aware", "polluter.perf_llc_mpki victim.perf_llc_mpki\n" + repeat(30, "- -"));
  EXPECT_THAT(actions, Not(Contains(HasSubstr("move"))));
}

TEST(stock, least_loaded_starts_a_container_away_from_a_busy_one) {
  const std::string frames =
      "a.docker_cpu_usage_percent b.docker_cpu_usage_percent\n" + repeat(5, "95 x") + repeat(3, "95 95");
  EXPECT_THAT(stock_actions("least_loaded", frames),
              ElementsAre(HasSubstr("pin a -> 0 [applied]"), HasSubstr("pin b -> 1 [applied]")));
}

TEST(stop, a_layout_that_does_not_fit_stops_the_policy_with_its_reason) {
  const Scene scene{.policy = R"(policy big 1 "Too much"
class shared default, jail
on begin { try layout l3 { jail: 9way, shared: 9way } else stop "no room: {reason}" }
)",
                    .frames = kOneLoad + repeat(3, "10")};
  EXPECT_THAT(actions_of(scene),
              Contains(HasSubstr("stopped: no room: 18 ways are needed, the cache has 12")));
}

TEST(stop, without_resctrl_the_reason_says_so) {
  const Scene scene{.policy = std::string(stock_policy("cache_aware")),
                    .frames = "a.perf_llc_mpki\n" + repeat(3, "10"),
                    .rdt = false};
  EXPECT_THAT(actions_of(scene), Contains(HasSubstr("this host has no RDT: this host is a test")));
}

}  // namespace
}  // namespace cbench
