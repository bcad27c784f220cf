// Tasks: what goes on over many steps; trials, and what becomes of their changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Sample cpu(const std::string& container, double percent) { return {container, kCpu, percent}; }

TEST(task, it_goes_on_where_it_waited) {
  Scene scene({"A"});
  scene.play(policy(R"(
    task rounds { loop {
      log "one"
      wait 2step
      log "two"
      wait 300ms
    } }
  )"));
  scene.run(8, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: one", "3: log info: two", "6: log info: one", "8: log info: two"));
}

TEST(task, its_names_outlive_a_wait_and_keep_what_was_missing) {
  Scene scene({"A"});
  scene.play(policy(R"(
    stream load(c) = avg(c.docker.cpu_usage_percent over 100ms, min 1)
    task remember {
      let a = argmax(c in all: c.index)
      if let c = a {
        let first = load(c)
        let second = 7
        wait 3step
        log "{first} {second} {step}"
      }
      let gone = argmax(c in all where c.index > 5: c.index)
      wait 1step
      if let c = gone { log "{c}" } else { log "nobody" }
    }
  )"));
  scene.step({cpu("A", 50)});
  scene.step({cpu("A", 70)});
  scene.run(4, {cpu("A", 80)});
  EXPECT_THAT(scene.log, ElementsAre("4: log info: 50% 7 4step", "5: log info: nobody"));
}

TEST(task, a_container_held_across_a_wait_is_gone_once_it_has_stopped) {
  Scene scene({"A"});
  scene.play(policy(R"(
    task watch {
      if let a = argmax(c in all: c.index) {
        loop {
          wait 1step
          if let c = a { log "{c} runs" } else { log "gone" ; return }
        }
      }
    }
  )"));
  scene.run(2, {});
  scene.stop("A");
  scene.run(3, {});
  EXPECT_THAT(scene.log, ElementsAre("2: log info: A runs", "3: log info: gone"));
}

TEST(task, a_wait_in_one_branch_is_none_in_the_next) {
  Scene scene({"A"});
  scene.play(policy(R"(
    enum Way { Left, Right }
    state way: Way = Right
    task watch {
      if let a = argmax(c in all: c.index) {
        if a.critical { wait 1step } else { log "{a.name}" }
        if let b = a { match way { Left -> wait 1step; Right -> log "{b.name}" } }
        if let b = a { log "after {b.name}" }
      }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A", "1: log info: A", "1: log info: after A"));
}

TEST(task, wait_until_ends_with_its_condition_or_its_timeout) {
  Scene scene({"A"});
  scene.play(policy(R"(
    
    task wait_for {
      wait until any(c in all: c.docker.cpu_usage_percent > 80%) timeout 1s
      log "first"
      wait until any(c in all: c.docker.cpu_usage_percent > 80%) timeout 3step
      log "second"
    }
  )"));
  scene.run(3, {cpu("A", 10)});
  scene.step({});  // missing is not true
  scene.step({cpu("A", 90)});
  scene.run(6, {cpu("A", 10)});
  EXPECT_THAT(scene.log, ElementsAre("5: log info: first", "8: log info: second"));
}

constexpr const char* kTrial = R"(
    enum Way { Slower, Faster }
    stream load(c) = avg(c.docker.cpu_usage_percent over 100ms, min 1)
    state way(c): Way = Slower
    fn limit(c: container, w: Way) -> plan {
      match w { Slower -> quota(c) = 50%; Faster -> quota(c) = 200% }
    }
    task control { loop {
      wait 1step
      if let c = argmax(c in all where (load(c) > 80%) ?? false: load(c)) {
        let before = load(c)
        trial limit(c, way(c)) for 3 vote load(c) < before else FATE { way(c) = next(way(c)); log "{way(c)}" }
      }
    } }
)";

std::string trial(const std::string& fate) {
  std::string text = kTrial;
  return text.replace(text.find("FATE"), 4, fate);
}

TEST(trial, a_change_that_the_vote_likes_stays) {
  Scene scene({"A", "B"});
  scene.play(policy(trial("revert")));
  scene.run(2, {cpu("A", 90), cpu("B", 10)});
  scene.run(4, {cpu("A", 60), cpu("B", 10)});
  EXPECT_THAT(scene.log, ElementsAre("2: quota A = 50%"));
}

TEST(trial, a_change_that_does_not_help_is_taken_back_and_the_else_runs) {
  Scene scene({"A", "B"});
  scene.play(policy(trial("revert")));
  scene.run(5, {cpu("A", 90), cpu("B", 10)});
  ASSERT_EQ(scene.log.size(), 3U);
  EXPECT_EQ(scene.log[0], "2: quota A = 50%");
  EXPECT_THAT(scene.log[1], HasSubstr("5: quota A = none"));
  EXPECT_EQ(scene.log[2], "5: log info: Faster");
  EXPECT_THAT(scene.last()[0].why, HasSubstr("the trial at line"));
}

TEST(trial, else_keep_leaves_the_change) {
  Scene scene({"A", "B"});
  scene.play(policy(trial("keep")));
  scene.run(5, {cpu("A", 90), cpu("B", 10)});
  EXPECT_THAT(scene.log, ElementsAre("2: quota A = 50%", "5: log info: Faster"));
}

TEST(trial, the_majority_decides_and_a_missing_vote_is_a_no) {
  for (const bool missing : {true, false}) {
    Scene scene({"A", "B"});
    scene.play(policy(trial("revert")));
    scene.run(2, {cpu("A", 90), cpu("B", 10)});
    scene.step({cpu("A", 60), cpu("B", 10)});
    if (missing)
      scene.run(2, {cpu("B", 10)});
    else
      scene.run(2, {cpu("A", 60), cpu("B", 10)});
    EXPECT_EQ(scene.log.size(), missing ? 3U : 1U) << missing;
  }
}

TEST(trial, it_ends_when_its_container_stops_and_takes_back_only_what_remains) {
  Scene scene({"A", "B"});
  scene.play(policy(R"(
    fn both(c: container) -> plan { quota(c) = 50%; for d in all where d.index > c.index { quota(d) = 60% } }
    task control {
      if let c = argmin(c in all: c.index) {
        trial both(c) for 9 vote true else revert { log "not reached" }
        log "over"
      }
    }
  )"));
  scene.run(2, {});
  scene.stop("A");
  scene.run(1, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: quota A = 50%", "1: quota B = 60%", "3: quota B = none", "3: log info: over"));
}

TEST(trial, a_container_that_was_missing_does_not_end_it_by_stopping) {
  Scene scene({"A", "B"});
  scene.play(policy(R"(
    task control {
      let nobody = argmin(c in all where c.index > 7: c.index)
      trial { if let c = nobody { quota(c) = 50% }; for d in all { quota(d) = 60% } }
        for 3 vote false else keep { log "lost" }
    }
  )"));
  scene.run(1, {});
  scene.stop("A");
  scene.run(4, {});
  EXPECT_THAT(scene.log, ElementsAre("1: quota A = 60%", "1: quota B = 60%", "4: log info: lost"));
}

TEST(trial, what_somebody_else_wrote_since_is_not_taken_back) {
  Scene scene({"A"});
  scene.play(policy(R"(
    task control {
      if let c = argmin(c in all: c.index) { trial quota(c) = 50% for 5 vote false else revert }
    }
    every 400ms { for c in all { quota(c) = 70% } }
  )"));
  scene.run(7, {});
  EXPECT_THAT(scene.log, ElementsAre("1: quota A = 50%", "4: quota A = 70%"));
}

TEST(trial, a_refused_plan_leaves_room_for_the_other_one) {
  Scene scene({"A"});
  scene.play(policy(R"(
    task control {
      if let c = argmin(c in all: c.index) {
        trial quota(c) = 0% or quota(c) = 40% for 2 vote true else revert
        wait 2step
        if let d = c { trial quota(d) = 0% or quota(d) = 0.1% for 2 vote true else keep { log "neither" } }
      }
    }
  )"));
  scene.run(6, {});
  ASSERT_EQ(scene.log.size(), 5U);
  EXPECT_THAT(scene.log[0], HasSubstr("1: quota A = 0% (refused"));
  EXPECT_EQ(scene.log[1], "1: quota A = 40%");
  EXPECT_THAT(scene.log[2], HasSubstr("refused"));
  EXPECT_EQ(scene.log[4], "5: log info: neither");
}

TEST(trial, a_layout_goes_back_as_a_whole) {
  Scene scene({"A"});
  scene.with_rdt(11);
  scene.play(policy(R"(
    class shared default, jail
    on begin { layout l3 { jail: 4way, shared: rest } }
    task control {
      wait 3step
      trial ways(jail) += 3 for 2 vote false else revert
      wait 3step
      ways(jail) += 1
    }
  )"));
  scene.run(9, {});
  ASSERT_EQ(scene.log.size(), 5U);
  EXPECT_EQ(scene.log[1], "4: ways jail = 7way");
  EXPECT_THAT(scene.log, ::testing::Contains("6: ways jail = 4way"));
  EXPECT_THAT(scene.log, ::testing::Contains("6: ways shared = 7way"));
  EXPECT_EQ(scene.log[4], "9: ways jail = 5way");
  EXPECT_EQ(scene.instance->goal().classes[0].ways, 0x7e0U);
  EXPECT_EQ(scene.instance->goal().classes[1].ways, 0x01fU);
}

TEST(choice, a_set_and_a_range_are_gone_through_in_order) {
  Scene scene({"A", "B", "C"});
  scene.play(policy(R"(
    state n: int = 0
    on begin { for i in 2..4 { n += i } }
    every 100ms {
      for c in all where c.index != 1 { log "{c} {n}" }
      repeat <= 3 while n > 7 { n -= 1 }
    }
  )"));
  scene.run(2, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: A 9", "1: log info: C 9", "2: log info: A 7", "2: log info: C 7"));
}

TEST(choice, a_repeat_ends_at_its_bound) {
  Scene scene({"A"});
  scene.play(policy(R"(
    state n: int = 0
    every 100ms { repeat <= 3 while true { n += 1 }; log "{n}" }
  )"));
  scene.run(2, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: 3", "2: log info: 6"));
}

TEST(choice, a_match_takes_the_case_of_its_value_or_else) {
  Scene scene({"A"});
  scene.play(policy(R"(
    enum Phase { Warm, Hot, Cold, Off }
    state phase: Phase = Warm
    every 100ms {
      match phase {
        Warm, Cold -> log "{phase} is well"
        Hot -> { log "too hot" }
        else -> log "else"
      }
      phase = next(phase)
      if phase == Warm { log "round" }
    }
  )"));
  scene.run(5, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: Warm is well", "2: log info: too hot", "3: log info: Cold is well",
                          "4: log info: else", "4: log info: round", "5: log info: Warm is well"));
}

}  // namespace
}  // namespace cbench::test
