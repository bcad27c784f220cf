// States that are arrays: elements begin, are read and written, and an index outside is a fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(array, each_element_begins_as_written_and_keeps_its_own_value) {
  Scene scene({"A", "B"});
  scene.play(policy(R"(
    enum Kind { Low, High }
    state total: int[4] = 1
    state seen(c): ratio[3] = 5%
    state kind: Kind[2] = Low
    state flag: bool[2] = false
    fn at(i: int) -> int { return total[i] * 10 }
    every 100ms {
      for i in 1..3 { total[i] += i }
      for c in all { seen(c)[c.index] = 50%; log "{c} {seen(c)[0]} {seen(c)[1]} {seen(c)[2]}" }
      kind[1] = High
      flag[0] = not flag[0]
      log "{total[0]} {at(1)} {total[2]} {total[total[0]]} {kind[0]} {kind[1]} {flag[0]} {flag[1]}"
    }
  )"));
  scene.run(2, {});
  EXPECT_THAT(scene.log,
              ElementsAre("1: log info: A 50% 5% 5%", "1: log info: B 5% 50% 5%",
                          "1: log info: 1 20 3 2 Low High true false", "2: log info: A 50% 5% 5%",
                          "2: log info: B 5% 50% 5%", "2: log info: 1 30 5 3 Low High false false"));
}

TEST(array, it_begins_anew_with_its_container) {
  Scene scene({"A"});
  scene.play(policy(R"(
    state seen(c): int[2] = 7
    every 100ms { for c in all { seen(c)[1] += 1; log "{seen(c)[0]} {seen(c)[1]}" } }
  )"));
  scene.run(2, {});
  scene.stop("A");
  scene.start("A");
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: 7 8", "2: log info: 7 9", "3: log info: 7 8"));
}

TEST(array, an_index_outside_is_a_fault_that_names_its_line) {
  for (const char* at : {"4 * step / 1step", "-1 * step / 1step"}) {
    Scene scene({"A"});
    ASSERT_EQ(scene.compile(policy(std::string("state a: int[4] = 0\nevery 100ms {\n  a[floor(") + at +
                                   ") ?? 0] = 1\n}\n")),
              "");
    scene.begin();
    EXPECT_EQ(scene.step({}), PolicyInstance::Verdict::Fault) << at;
    EXPECT_THAT(scene.instance->message(), HasSubstr("an index outside its array at line 4"));
  }
}

}  // namespace
}  // namespace cbench::test
