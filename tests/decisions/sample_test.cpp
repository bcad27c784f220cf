// Changing how often containers are sampled.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Steps of 10 ms; containers are sampled each 100 ms.
Scene fine_steps(const std::vector<std::string>& containers) {
  Scene s(containers);
  s.step_ms = 10;
  for (ContainerSpec& c : s.spec.containers)
    for (int64_t* period : {&c.sampling.perf_period_ns, &c.sampling.docker_period_ns,
                            &c.sampling.rdt_period_ns, &c.sampling.app_period_ns})
      *period = 100'000'000;
  return s;
}

TEST(sample, a_container_has_a_period_until_it_gets_another_or_starts_anew) {
  Scene s = fine_steps({"A", "B"});
  s.play(
      policy("when step == 1step or step == 3step each c in all where c.index == 0 { sample c every 10ms }\n"
             "when step == 5step each c in all { sample c every 100ms }"));
  EXPECT_EQ(s.instance->goal().containers[0].period_ns, 100'000'000);
  s.run(1, {});
  EXPECT_EQ(s.instance->goal().containers[0].period_ns, 10'000'000);
  ASSERT_EQ(s.instance->changes().size(), 1U);
  EXPECT_EQ(s.instance->changes()[0].target, Target::ContainerPeriod);
  s.run(3, {});
  s.stop("A");
  EXPECT_EQ(s.instance->goal().containers[0].period_ns, 100'000'000);
  s.start("A");
  s.run(1, {});
  EXPECT_THAT(s.log,
              ElementsAre("1: sample A every 10ms", "3: sample A every 10ms (no change)",
                          "5: sample A every 100ms (no change)", "5: sample B every 100ms (no change)"));
}

TEST(sample, a_window_has_room_for_the_samples_of_the_shortest_period) {
  Scene s = fine_steps({"A"});
  s.play(
      policy("stream n(c) = count(c.docker.pids over 1s)\n"
             "on start(c) { sample c every 10ms }\n"
             "when step == 250step each c in all { log \"{n(c)}\" }"));
  s.run(250, {{"A", kPids, 1}});
  EXPECT_THAT(s.log, Contains("250: log info: 100"));
}

TEST(sample, a_stream_holds_its_value_for_the_longest_period) {
  Scene s = fine_steps({"A"});
  s.play(
      policy("stream n(c) = c.docker.pids + 0\n"
             "on start(c) { sample c every 500ms }\n"
             "when step == 74step or step == 76step each c in all { log \"{n(c)}\" }"));
  const std::vector<Sample> not_due = {{"A", kPids, 0, Status::NotDue}};
  s.step({{"A", kPids, 7}});
  s.run(73, not_due);
  EXPECT_EQ(s.log.back(), "74: log info: 7");
  s.run(2, not_due);
  EXPECT_EQ(s.log.back(), "76: log info: 7");
  s.step(not_due);  // 750 ms and more
  EXPECT_THAT(s.compile(policy("stream n(c) = c.docker.pids + 0\n")), "");
}

TEST(sample, a_trial_sets_the_period_back_also_to_one_for_each_group) {
  Scene s = fine_steps({"A", "B"});
  s.spec.containers[1].sampling.rdt_period_ns = 1'000'000'000;
  s.play(
      policy("task t {\n  for c in all { log \"{c}\" }\n  let a = argmin(c in all: c.index)\n"
             "  let b = argmax(c in all: c.index)\n"
             "  if let x = a { trial sample x every 20ms for 2step vote false else revert }\n"
             "  if let x = b { trial sample x every 20ms for 2step vote false else revert }\n}"));
  s.run(6, {});
  EXPECT_THAT(s.log,
              ElementsAre("1: log info: A", "1: log info: B", "1: sample A every 20ms",
                          "3: sample A every 100ms", "3: sample B every 20ms", "5: sample B as configured"));
}

TEST(sample, one_that_does_not_run_has_no_period) {
  Scene s = fine_steps({"A", "B"});
  s.play(
      policy("on stop(c) { for d in all where d.index == 1 { sample d every 10ms } }\n"
             "on failed(sample c) { log \"{action}: {reason}\" }"));
  s.stop("B");
  s.apply = false;
  s.stop("A");
  EXPECT_THAT(s.log, ElementsAre("0: sample B every 10ms"));
}

TEST(sample, a_period_between_the_steps_is_refused_before_the_run) {
  Scene s({"A"});
  EXPECT_THAT(s.compile(policy("on start(c) { sample c every 10ms }")),
              HasSubstr("cannot be sampled every 10 ms in a run with a step of 100 ms"));
}

}  // namespace
}  // namespace cbench::test
