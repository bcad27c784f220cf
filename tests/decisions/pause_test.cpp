// Pausing containers and letting them go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.h"

namespace cbench::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(pause, a_container_stands_still_until_it_is_resumed) {
  Scene s({"A", "B"});
  s.play(
      policy("on begin { log \"go\" }\n"
             "when step == 2step each c in all where c.index == 0 { pause c; log \"{paused(c)}\" }\n"
             "when step == 3step each c in all { resume c }\n"
             "when step >= 4step each c in all where paused(c) { resume c }"));
  s.run(2, {});
  EXPECT_TRUE(s.instance->goal().containers[0].paused);
  EXPECT_FALSE(s.instance->goal().containers[1].paused);
  ASSERT_EQ(s.instance->changes().size(), 1U);
  EXPECT_EQ(s.instance->changes()[0].target, Target::ContainerPause);
  s.run(3, {});
  EXPECT_THAT(s.log, ElementsAre("0: log info: go", "2: pause A", "2: log info: true",
                                 HasSubstr("3: resume A (refused: changed 1 step ago"),
                                 "3: resume B (no change)", "4: resume A"));
  EXPECT_FALSE(s.instance->goal().containers[0].paused);
}

TEST(pause, one_that_does_not_run_cannot_be_paused_and_one_that_starts_anew_is_not) {
  Scene s({"A", "B"});
  s.play(
      policy("on stop(c) { for d in all where d.index == 1 { pause d } }\n"
             "on start(c) { if c.index == 0 and step > 0 { log \"{paused(c)}\" } }\n"
             "when step == 1step each c in all where c.index == 0 { pause c }"));
  s.run(1, {});
  s.stop("A");
  s.run(1, {});
  s.start("A");
  EXPECT_THAT(s.log, ElementsAre("1: pause A", "1: pause B", "2: log info: false"));
  s.stop("B");
  EXPECT_EQ(s.log.back(), "2: pause B (no change)") << "until it has stopped it runs, and is paused";
}

TEST(pause, a_trial_lets_its_container_go_on_again) {
  Scene s({"A"});
  s.play(
      policy("task t {\n  for c in all { log \"{paused(c)}\" }\n  if let c = argmax(c in all: c.index) {\n"
             "    trial pause c for 2step vote false else revert { log \"back\" }\n  }\n}"));
  s.run(4, {});
  EXPECT_THAT(s.log, ElementsAre("1: log info: false", "1: pause A", "3: resume A", "3: log info: back"));
}

TEST(pause, a_failure_is_told_and_the_container_runs_on) {
  Scene s({"A"});
  s.apply = false;
  s.play(
      policy("when step == 1step each c in all { pause c }\n"
             "on failed(pause c) { log \"{action}: {reason}; {paused(c)}\" }"));
  s.run(1, {});
  s.instance->failed(s.instance->changes().at(0), "no freezer");
  s.run(1, {});
  EXPECT_EQ(s.log.back(), "2: log info: pause A: no freezer; false");
}

TEST(pause, before_a_container_runs_there_is_nothing_to_pause) {
  Scene s({"A"});
  EXPECT_THAT(s.compile(policy("on admit(c) { pause c }")), HasSubstr("`pause` wants a container that runs"));
}

}  // namespace
}  // namespace cbench::test
