// Metrics that may be absent, and what a policy is told of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kTwoWays = R"(
    optional perf.llc_mpki
    stream misses(c) = avg(c.perf.llc_mpki over 200ms, min 1)
    when misses(c) > 5mpki each c in all { log "{c} misses {misses(c)}" }
    when c.docker.pids > 3 and not has(perf.llc_mpki) each c in all { log "{c} has many tasks" }
)";

TEST(optional_metric, it_is_read_where_it_is_measured) {
  Scene scene({"A"});
  scene.play(policy(kTwoWays));
  scene.step({{"A", kMpki, 9}, {"A", kPids, 5}});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A misses 9mpki"));
}

TEST(optional_metric, one_that_the_configuration_turns_off_is_missing) {
  Scene scene({"A", "B"});
  scene.spec.containers[1].sampling.enabled.reset(static_cast<size_t>(kMpki));
  scene.play(policy(kTwoWays));
  scene.step({{"A", kPids, 5}});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A has many tasks"));
}

TEST(optional_metric, one_that_the_host_cannot_give_is_missing) {
  Scene scene({"A"});
  scene.facts.unavailable[kMpki] = "no hardware counters";
  scene.play(policy(kTwoWays));
  scene.step({{"A", kPids, 5}});
  EXPECT_THAT(scene.log, Contains("1: log info: A has many tasks"));
  for (const auto& need : scene.compiled->plan.needs) EXPECT_NE(need.what, kMpki) << "no run depends on it";
}

TEST(optional_metric, one_without_a_column_does_not_make_a_stream_tick) {
  Scene scene({"A"});
  scene.absent = {kMpki};
  scene.play(policy(R"(
    optional perf.llc_mpki
    stream busy(c) = c.docker.pids > 0 or c.perf.llc_mpki > 1mpki
    every 100ms { for c in all { log "{busy(c)}" } }
  )"));
  scene.step({{"A", kPids, 5}});
  scene.step({{"A", kPids, 0, Status::NotDue}});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: true", "2: log info: true")) << "it holds its value";
}

TEST(needs, what_is_written_must_be_measured_whether_it_is_read_or_not) {
  Scene scene({"A"});
  scene.spec.containers[0].sampling.enabled.reset(static_cast<size_t>(kMpki));
  EXPECT_THAT(scene.compile(policy("needs perf.llc_mpki\nevery 1s { log \"x\" }\n")),
              HasSubstr("the policy reads `perf.llc_mpki`, which `A` does not measure"));
}

}  // namespace
}  // namespace cbench::test
