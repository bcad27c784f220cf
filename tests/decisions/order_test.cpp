// Sets with an order, pairs, questions to ranges, and tables of parameters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* const kLoad = "stream load(c) = c.docker.cpu_usage_percent\n";
Sample load(const char* container, double percent) {
  return {container, Metric::docker_cpu_usage_percent, percent};
}

TEST(order, elements_come_by_their_keys_and_ties_by_index) {
  Scene scene({"A", "B", "C", "D"});
  scene.play(policy(std::string(kLoad) + R"(
    every 100ms {
      for c in sort(d in all: load(d)) { log "sort {c}" }
      for c in sort(d in all: -d.index) { log "falling {c}" }
      for c in top(2, d in all where d.index > 0: load(d)) { log "top {c}" }
      for c in bottom(1, d in all: load(d)) { log "bottom {c}" }
    }
  )"));
  scene.run(1, {load("A", 50), load("B", 20), load("C", 50)});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: sort B", "1: log info: sort A", "1: log info: sort C",
                                     "1: log info: falling D", "1: log info: falling C",
                                     "1: log info: falling B", "1: log info: falling A", "1: log info: top C",
                                     "1: log info: top B", "1: log info: bottom B"))
      << "D has no load, and so no place in an order by it";
}

TEST(order, floats_below_zero_and_both_zeros_have_their_places) {
  Scene scene({"A", "B", "C", "D"});
  scene.play(policy(R"(
    state x(c): float = 0
    on begin { for c in all { x(c) = 0 } }
    every 100ms {
      for c in all { if c.index == 0 { x(c) = -0.0 } else if c.index == 2 { x(c) = -1.5 } else if c.index == 3 { x(c) = -100.0 } }
      for c in sort(d in all: x(d)) { log "{c}" }
      for c in top(9, d in all: x(d)) { log "top {c}" }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: D", "1: log info: C", "1: log info: A", "1: log info: B",
                                     "1: log info: top A", "1: log info: top B", "1: log info: top C",
                                     "1: log info: top D"));
}

TEST(order, what_is_not_a_number_has_no_place) {
  Scene scene({"A", "B", "C"});
  scene.play(policy(R"(
    state x(c): float = 2
    every 100ms {
      for c in all { repeat <= 11 while c.index == 1 { x(c) = x(c) * x(c) } }
      for c in sort(d in all: x(d) - x(d) + d.index) { log "{c}" }
      for c in sort(d in all: -x(d)) { log "falling {c}" }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A", "1: log info: C", "1: log info: falling B",
                                     "1: log info: falling A", "1: log info: falling C"))
      << "infinite less infinite is no number; infinite is one";
}

TEST(order, it_can_be_asked_and_none_of_it_is_nothing) {
  Scene scene({"A", "B", "C"});
  scene.play(policy(std::string(kLoad) + R"(
    state n: int = -1
    every 100ms {
      emit two sum(c in top(2, d in all: load(d)): load(c)) ?? 0%
      emit few count(top(n, d in all: load(d)))
      emit some count(c in top(3, d in all: load(d)) where c.index != 1)
      if let c = argmin(e in top(2, d in all: load(d)): load(e)) { log "{c}" }
    }
  )"));
  scene.run(1, {load("A", 50), load("B", 20), load("C", 30)});
  EXPECT_THAT(scene.log,
              ElementsAre("1: emit two = 0.8", "1: emit few = 0", "1: emit some = 2", "1: log info: C"));
}

TEST(order, cpus_have_one_too) {
  Scene scene({"A"});
  scene.facts.online = CpuSet{};
  for (unsigned cpu = 0; cpu < 4; ++cpu) scene.facts.online.set(cpu);
  scene.play(policy(R"(
    every 100ms { for k in top(2, j in host.cpus: count(c in all where j in c.cpus)) { log "{k}" } }
  )"));
  scene.run(1, {});
  EXPECT_EQ(scene.log.size(), 2U);
}

TEST(pairs, each_two_come_once) {
  Scene scene({"A", "B", "C", "D"});
  scene.play(policy(R"(
    every 100ms { for a, b in pairs(c in all where c.index != 1) where a.index + b.index != 5 { log "{a}{b}" } }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: AC", "1: log info: AD"));
}

TEST(range, it_can_be_asked) {
  Scene scene({"A"});
  scene.play(policy(R"(
    param most: int = 3 in 1..5
    state a: int[4] = 0
    fn at(i: int) -> int { return a[i] }
    every 100ms {
      for i in 0..len(a) - 1 { a[i] = i * (4 - i) }
      emit sum sum(i in 0..most: a[i])
      emit best argmax(i in 0..len(a) - 1: at(i)) ?? -1
      emit odd max(i in 0..most where i != 2: a[i]) ?? -1
      emit none argmin(i in 2..1 + 0: a[i]) ?? -1
      emit part sum(i in 1..3: 12 / i)
      if any(i in 1..2: a[i] == 4) and not all(i in 0..2: a[i] > 0) { log "{count(i in 1..3)}" }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: emit sum = 10", "1: emit best = 2", "1: emit odd = 3",
                                     "1: emit none = -1", "1: emit part = 22", "1: log info: 3"));
}

TEST(table, its_values_are_set_one_by_one_or_together) {
  const std::string text = policy(R"(
    param grant: way[3] = {1way, 2way, 4way} in 1way..8way "ways by level"
    param wait_for: time[2] = {1s, 500ms}
    param lit: bool[2] = {true, false}
    state i: int = 0
    every 100ms { log "{grant[i]} {grant[2]} {wait_for[1]} {lit[1]} {len(grant)}"; i += 1 }
  )");
  Scene scene({"A"});
  scene.play(text);
  scene.run(3, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: 1way 4way 500ms false 3", "2: log info: 2way 4way 500ms false 3",
                          "3: log info: 4way 4way 500ms false 3"));
  EXPECT_EQ(scene.step({}), PolicyInstance::Verdict::Fault);
  EXPECT_THAT(scene.instance->message(), HasSubstr("an index outside its table at line 7"));
  Scene set({"A"});
  set.params = {{"grant", {"5, 6way,7", {}}}, {"grant[1]", {"8way", {}}}, {"lit[1]", {"true", {}}}};
  set.play(text);
  set.run(2, {});
  EXPECT_THAT(set.log,
              ElementsAre("1: log info: 5way 7way 500ms true 3", "2: log info: 8way 7way 500ms true 3"));
}

TEST(table, of_two_streams_that_fault_the_first_one_is_told) {
  Scene scene({"A", "B", "C"});
  scene.play(policy(R"(
    param two: int[2] = {1, 2}
    param one: int[1] = {1}
    stream late(c) = two[c.index]
    stream early(c) = one[c.index]
    when late(c) > early(c) each c in all { log "{c}" }
  )"));
  EXPECT_EQ(scene.step({}), PolicyInstance::Verdict::Fault);
  EXPECT_THAT(scene.instance->message(), HasSubstr("an index outside its table at line 5"));
}

}  // namespace
}  // namespace cbench::test
