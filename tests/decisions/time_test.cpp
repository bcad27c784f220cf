// What the language promises about time: `for`, cooldown, windows, missing and not-due samples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(rule, a_missing_metric_never_fires_a_trigger) {
  Scene s({"A"});
  s.play(policy("when c.docker.cpu_usage_percent > 0% each c in all { log \"{c}\" }"));
  s.run(5, {});
  EXPECT_THAT(s.log, IsEmpty());
  s.step({{"A", kCpu, 1}});
  EXPECT_THAT(s.log, ElementsAre("6: log info: A"));
}

TEST(rule, it_fires_when_the_condition_has_held_for_the_time) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.cpu_usage_percent > 50% for 300ms each c in all cooldown 10s { log \"hot\" }"));
  s.run(3, {{"A", kCpu, 80}});  // since 100 ms: 0, 100, 200 ms
  EXPECT_THAT(s.log, IsEmpty());
  s.step({{"A", kCpu, 80}});
  EXPECT_THAT(s.log, ElementsAre("4: log info: hot"));
}

TEST(rule, a_missing_sample_starts_the_time_anew) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.cpu_usage_percent > 50% for 300ms each c in all cooldown 10s { log \"hot\" }"));
  s.run(3, {{"A", kCpu, 80}});
  s.step({});
  s.run(3, {{"A", kCpu, 80}});
  EXPECT_THAT(s.log, IsEmpty());
  s.step({{"A", kCpu, 80}});
  EXPECT_THAT(s.log, ElementsAre("8: log info: hot"));
}

TEST(rule, a_gap_longer_than_the_time_starts_it_anew) {
  Scene s({"A"});
  s.play(
      policy("when c.docker.cpu_usage_percent > 50% for 300ms each c in all cooldown 10s { log \"hot\" }"));
  s.run(3, {{"A", kCpu, 80}});
  s.step({{"A", kCpu, 80}}, 4);  // 400 ms without a step
  EXPECT_THAT(s.log, IsEmpty());
  s.run(3, {{"A", kCpu, 80}});
  EXPECT_THAT(s.log, ElementsAre("10: log info: hot"));
}

TEST(rule, a_time_of_zero_fires_at_once) {
  Scene s({"A"});
  s.play(policy("when c.docker.cpu_usage_percent > 50% for 0s each c in all { log \"hot\" }"));
  s.step({{"A", kCpu, 80}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: hot"));
}

TEST(rule, the_cooldown_is_one_for_each_element) {
  Scene s({"A", "B"});
  s.play(policy("when c.docker.cpu_usage_percent > 50% each c in all cooldown 300ms { log \"{c}\" }"));
  s.step({{"A", kCpu, 80}});
  s.run(3, {{"A", kCpu, 80}, {"B", kCpu, 80}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: A", "2: log info: B", "4: log info: A"));
}

TEST(rule, a_negative_time_is_a_fault_with_its_line) {
  Scene s({"A"});
  s.play(policy("state n: int = -1\nwhen c.docker.pids >= 0 for 1s * n each c in all { log \"x\" }"));
  EXPECT_EQ(s.step({{"A", kPids, 1}}), PolicyInstance::Verdict::Fault);
  EXPECT_THAT(s.instance->message(), HasSubstr("a negative duration at line 3"));
}

TEST(every, it_keeps_its_grid_and_makes_up_nothing) {
  Scene s({"A"});
  s.play(policy("every 300ms { log \"tick\" }"));
  s.run(7, {});
  s.step({}, 8);  // 700 → 1500 ms
  s.run(2, {});
  EXPECT_THAT(s.log, ElementsAre("3: log info: tick", "6: log info: tick", "15: log info: tick"));
}

TEST(not_due, it_is_not_missing_for_a_stream_nor_for_a_rule) {
  Scene s({"A"});
  s.spec.containers[0].sampling.docker_period_ns = 500'000'000;
  s.play(
      policy("stream busy(c) = c.docker.cpu_usage_percent\n"
             "when busy(c) > 50% for 500ms each c in all cooldown 10s { log \"hot\" }\n"
             "every 100ms { if let x = argmax(c in all: busy(c)) { emit held 1 } else { emit held 0 } }"));
  const Sample none{"A", kCpu, 0, Status::NotDue};
  s.step({{"A", kCpu, 80}});
  s.run(4, {none});
  s.step({{"A", kCpu, 80}});  // the second due sample, 500 ms later
  EXPECT_THAT(s.log, testing::Contains("6: log info: hot"));
  for (const std::string& line : s.log) EXPECT_THAT(line, testing::Not(HasSubstr("held = 0"))) << line;
  s.log.clear();
  s.run(8, {none});  // the value is held for one and a half periods
  EXPECT_THAT(s.log, testing::Contains("13: emit held = 1"));
  EXPECT_THAT(s.log, testing::Contains("14: emit held = 0"));
}

TEST(schmitt, a_missing_sample_keeps_the_latch) {
  Scene s({"A"});
  s.play(
      policy("stream noisy(c) = schmitt(c.perf.llc_mpki, on: 15mpki, off: 8mpki)\n"
             "when noisy(c) each c in all { log \"on\" }\nwhen not noisy(c) each c in all { log \"off\" }"));
  s.step({{"A", kMpki, 20}});
  s.step({});
  s.step({{"A", kMpki, 10}});
  s.step({{"A", kMpki, 7}});
  s.step({{"A", kMpki, 10}});
  EXPECT_THAT(s.log,
              ElementsAre("1: log info: on", "3: log info: on", "4: log info: off", "5: log info: off"));
}

TEST(schmitt, with_on_below_off_it_watches_for_small_values) {
  Scene s({"A"});
  s.play(
      policy("stream low(c) = schmitt(c.perf.llc_mpki, on: 5mpki, off: 10mpki)\nwhen low(c) each c in all { "
             "log \"low\" }"));
  for (const double x : {7.0, 4.0, 7.0, 11.0, 7.0}) s.step({{"A", kMpki, x}});
  EXPECT_THAT(s.log, ElementsAre("2: log info: low", "3: log info: low"));
}

TEST(start, states_and_windows_begin_anew_for_a_container_that_starts_again) {
  Scene s({"A"});
  s.play(
      policy("state n(c): int = 5\nstream total(c) = sum(c.docker.pids over 10s, min 1)\n"
             "when total(c) >= 0 each c in all { n(c) += 1\n log \"{n(c)} {total(c)}\" }"));
  s.run(2, {{"A", kPids, 3}});
  s.stop("A");
  s.start("A");
  s.step({{"A", kPids, 3}});
  EXPECT_THAT(s.log, ElementsAre("1: log info: 6 3", "2: log info: 7 6", "3: log info: 6 3"));
}

TEST(events, each_is_called_with_its_container) {
  Scene s({"A", "B"});
  s.play(
      policy("on begin { log \"begin\" }\non start(c) { log \"start {c}\" }\non stop(c) { log \"stop {c}\" "
             "}\non end { log \"end\" }"));
  s.step({});
  s.stop("B");
  s.end();
  EXPECT_THAT(s.log, ElementsAre("0: log info: begin", "0: log info: start A", "0: log info: start B",
                                 "1: log info: stop B", "1: log info: end"));
}

}  // namespace
}  // namespace cbench::test
