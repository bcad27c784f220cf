// Functions whose parameters are open, and those of modules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(function, a_number_has_the_unit_of_the_argument) {
  Scene scene({"A"});
  scene.play(policy(R"(
    fn half(x: number) -> number { return x * 0.5 }
    fn larger(a: number, b: number) -> number { if a > b { return a }
      return b }
    fn sure(x: number) -> bool { return x > x - x }
    every 100ms {
      let t = half(10%)
      let n = larger(3, 4)
      let w = larger(2way, 5way)
      let d = larger(500ms, 200ms)
      log "{t} {half(4mpki)} {n} {w} {d} {half(half(8ipc))} {sure(3)} {sure(1.5)}"
      log "{half(c_load())}"
    }
    fn c_load() -> ratio { return sum(c in all: c.docker.cpu_usage_percent) }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: 5% 2mpki 4 5way 500ms 2ipc true true", "1: log info: missing"));
}

TEST(function, an_array_stands_for_the_callers) {
  Scene scene({"A", "B"});
  scene.play(policy(R"(
    param table: mpki[3] = {5mpki, 4mpki, 1mpki}
    state curve(c): mpki[4] = 1mpki
    state total: int[2] = 3
    fn last(a: number[]) -> number { return a[len(a) - 1] }
    fn both(a: number[], b: number[], i: int) -> number { return last(a) + b[i] }
    fn put(a: mpki[], i: int, x: mpki) -> plan { a[i] = x; a[0] += x }
    fn of(c: container) -> mpki { return both(curve(c), table, 1) }
    every 100ms {
      for c in all { put(curve(c), 3, 2mpki * (c.index + 1)) }
      for c in all { log "{c} {last(curve(c))} {curve(c)[0]} {of(c)} {last(total)} {last(table)}" }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A 2mpki 3mpki 6mpki 3 1mpki",
                                     "1: log info: B 4mpki 5mpki 8mpki 3 1mpki"));
}

TEST(function, a_class_stands_for_the_callers) {
  Scene scene({"A", "B"});
  scene.with_rdt();
  scene.play(policy(R"(
    class shared default, jail, own(c) for c in all where c.name == "B"
    fn give(giver: class, taker: class, n: way) -> plan {
      ways(giver) -= n
      ways(taker) += n
    }
    on begin { try layout l3 { shared: 6way, jail: 2way } else stop "{reason}" }
    on start(c) { if c.name == "B" { try ways(own(c)) = 2way else log "{reason}" } }
    every 300ms {
      try give(shared, jail, 1way) else log "{reason}"
      for c in all where c.name == "B" { try give(shared, own(c), 1way) else log "{reason}" }
      for c in all { try give(own(c), jail, 9way) else log "{c}: {reason}" }
    }
  )"));
  scene.log.clear();
  scene.run(3, {});
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("ways jail = 3")));
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("ways own(B) = 3")));
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("log info: A: ")));
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("log info: B: ")));
}

TEST(module, control_moves_towards_what_is_wanted) {
  Scene scene({"A"});
  scene.play(policy(R"(
    use std.control
    state out: ratio = 50%
    every 100ms {
      log "{control.pi(50%, 10%, 4%, 0.5, 0.1)} {control.pid(50%, 10%, 4%, 1%, 0.5, 0.1, 1.0)}"
      log "{control.aimd(50%, true, 5%, 0.5)} {control.aimd(50%, false, 5%, 0.5)}"
      log "{control.strike(2, true)} {control.strike(2, false)} {control.strike_leaky(2, false)} {control.strike_leaky(0, false)}"
      log "{control.climb(1way, 1.0ipc, 1.2ipc)} {control.climb(1way, 1.2ipc, 1.0ipc)} {control.climb(-5%, 1.0, 1.0)}"
      log "{control.toward(2way, 7way, 3way)} {control.toward(7way, 2way, 9way)} {control.toward(5%, 5%, 1%)}"
      log "{control.deadband(12%, 10%)} {control.deadband(-12%, 10%)} {control.deadband(9%, 10%)}"
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: 54% 57%", "1: log info: 55% 25%", "1: log info: 3 0 1 0",
                                     "1: log info: 1way -1way -5%", "1: log info: 5way 2way 5%",
                                     "1: log info: 2% -2% 0%"));
}

TEST(module, curve_says_what_a_way_is_worth) {
  Scene scene({"A"});
  scene.play(policy(R"(
    use std.curve
    state misses(c): mpki[8] = 20mpki
    every 100ms {
      for c in all {
        misses(c)[3] = 19mpki
        for i in 4..7 { misses(c)[i] = 5mpki }
        log "{curve.at(misses(c), 3)} {curve.at(misses(c), 99)} {curve.at(misses(c), -1)}"
        log "{curve.marginal(misses(c), 1, 4)} {curve.marginal(misses(c), 4, 4)} {curve.last_way(misses(c), 4)}"
        log "{curve.look_ahead(misses(c), 1, 7)} {curve.look_ahead_ways(misses(c), 1, 7)}"
        log "{curve.look_ahead(misses(c), 1, 3)} {curve.look_ahead_ways(misses(c), 7, 7)} {curve.look_ahead(misses(c), 7, 7)}"
        log "{curve.knee(misses(c), 7, 2mpki)} {curve.knee(misses(c), 3, 0.5mpki)}"
      }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: 19mpki 5mpki 20mpki", "1: log info: 5mpki 0mpki 14mpki",
                          "1: log info: 5mpki 3", "1: log info: 0.5mpki 0 0mpki", "1: log info: 4 3"));
}

TEST(module, a_fault_in_it_names_the_line_that_called_it) {
  Scene scene({"A"});
  scene.play(policy(R"(
    use std.control
    state n: int = 9000000000000000000
    every 100ms {
      n += 223372036854775807
      log "{control.strike(n, true)}"
    }
  )"));
  EXPECT_EQ(scene.step({}), PolicyInstance::Verdict::Fault);
  EXPECT_THAT(scene.instance->message(), HasSubstr("integer overflow in line "));
  EXPECT_THAT(scene.instance->message(), HasSubstr(" of std.control at line 7 of policy `t`"));
}

TEST(module, stats_of_an_array) {
  Scene scene({"A"});
  scene.play(policy(R"(
    use std.stats
    param fine: float[4] = {1.0, 2.0, 3.0, 6.0}
    param one: float[4] = {1.0, 0.0, 0.0, 0.0}
    param none: float[2] = {0.0, 0.0}
    every 100ms {
      log "{stats.mean(fine)} {stats.variance(fine)} {stats.highest(fine)} {stats.lowest(fine)}"
      log "{stats.fairness(fine)} {stats.fairness(one)} {stats.fairness(none)}"
      log "{stats.clamp(12way, 1way, 8way)} {stats.between(10%, 20%, 25%)} {stats.mixed(10mpki, 20mpki, 10%)}"
      log "{stats.zscore(5, 3, 2)} {stats.zscore(5, 3, 0)} {stats.outlier(3cpi, 1cpi, 0.5cpi, 2)} {stats.slowdown(2ipc, 1ipc)}"
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: 3 3.5 6 1", "1: log info: 0.72 0.25 missing",
                                     "1: log info: 8way 12.5% 11mpki", "1: log info: 1 missing true 200%"));
}

TEST(module, layout_shares_ways) {
  Scene scene({"A"});
  scene.with_rdt();
  scene.play(policy(R"(
    use std.layout
    class shared default, jail
    on begin { try layout l3 { shared: 6way, jail: 2way } else stop "{reason}" }
    every 100ms {
      for i in 0..3 { log "{layout.even(11way, 4, i)}" }
      log "{layout.weighted(20way, 3.0, 4.0, 2, 2way)} {layout.weighted(20way, 1.0, 4.0, 2, 2way)} {layout.weighted(3way, 1.0, 4.0, 2, 2way)}"
    }
    every 300ms { try layout.give(shared, jail, 1way) else log "{reason}" }
    every 600ms { try layout.swap(shared, jail) else log "{reason}" }
  )"));
  scene.log.clear();
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: 3way", "1: log info: 3way", "1: log info: 3way",
                                     "1: log info: 2way", "1: log info: 14way 6way 2way"));
  scene.log.clear();
  scene.run(2, {});
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("ways jail = 3")));
  EXPECT_THAT(scene.log, testing::Contains(HasSubstr("ways shared = 5")));
}

}  // namespace
}  // namespace cbench::test
