// Classes for each container: who gets one, what it may be given, and when it is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/decisions/scene.h"

namespace cbench::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kOwn = R"(
    group lc = c in all where c.critical
    class shared default, own(c) for c in lc
)";

Scene scene_of(std::vector<std::string> names, const std::vector<std::string>& critical) {
  Scene scene(std::move(names));
  scene.with_rdt();
  for (const std::string& name : critical)
    scene.spec.containers[static_cast<size_t>(scene.slot(name))].critical = true;
  return scene;
}

TEST(own_class, its_containers_start_in_it_and_all_others_in_the_default_one) {
  Scene scene = scene_of({"A", "B", "C"}, {"A", "C"});
  scene.play(policy(std::string(kOwn) + R"(
    every 100ms { for c in all { log "{c} {c in own.members} {c in shared.members} {ways(own(c)) ?? 0way}" } }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, ElementsAre("1: log info: A true false 11way", "1: log info: B false true 0way",
                                     "1: log info: C true false 11way"));
  EXPECT_THAT(scene.compiled->plan.classes, ElementsAre("shared", "own(A)", "own(C)"));
  EXPECT_THAT(scene.compiled->plan.owners, ElementsAre(-1, 0, 2));
}

TEST(own_class, it_has_a_share_of_its_own) {
  Scene scene = scene_of({"A", "B"}, {"A"});
  scene.play(policy(std::string(kOwn) + R"(
    fn more(c: container) -> plan { ways(own(c)) += 1way }
    on start(c) { try layout l3 { own: 3way, shared: rest } else stop "{reason}" }
    every 300ms {
      for c in all { more(c); mb(own(c)) = 50% }
    }
  )"));
  scene.run(3, {});
  EXPECT_THAT(scene.log, ElementsAre("0: layout l3 own(A):3 shared:rest",
                                     "0: layout l3 own(A):3 shared:rest (no change)", "3: ways own(A) = 4way",
                                     "3: mb own(A) = 50%", "3: ways own(B) (refused: `B` has no `own`)",
                                     "3: mb own(B) (refused: `B` has no `own`)"));
}

TEST(own_class, it_is_for_its_container_alone_and_ends_with_it) {
  Scene scene = scene_of({"A", "B"}, {"A", "B"});
  scene.play(policy(std::string(kOwn) + R"(
    on begin { layout l3 { own: 2way, shared: rest } }
    every 100ms {
      for c in all { for d in all where d.index > c.index { move c -> own(d) } }
      layout l3 { own: 2way, shared: rest }
    }
  )"));
  scene.run(1, {});
  EXPECT_THAT(scene.log, Contains("1: move A -> own(B) (refused: `own(B)` is for `B` alone)"));
  EXPECT_THAT(scene.log, Contains("1: layout l3 own(A):2 own(B):2 shared:rest"));
  scene.stop("A");
  scene.log.clear();
  scene.run(3, {});
  EXPECT_THAT(scene.log, Contains("3: layout l3 own(B):2 shared:rest"));
}

TEST(own_class, one_that_gives_way_has_not_been_written) {
  Scene scene = scene_of({"A", "B"}, {"A", "B"});
  scene.play(policy(std::string(kOwn) + R"(
    on begin { layout l3 { shared: rest } }
    on start(c) { ways(own(c)) = 2way }
    when step == 2step each c in all { ways(own(c)) += 1way }
  )"));
  scene.run(2, {});
  EXPECT_THAT(scene.log,
              ElementsAre("0: layout l3 shared:rest (no change)", "0: ways own(A) = 2way",
                          "0: ways own(B) = 2way", "2: ways own(A) = 3way", "2: ways own(B) = 3way"))
      << "each is another firing, and each moves the other's ways";
}

TEST(own_class, a_container_belongs_to_one_only) {
  Scene scene = scene_of({"A"}, {"A"});
  EXPECT_THAT(scene.compile(policy(R"(
    class one(c) for c in all, two(c) for c in all where c.critical
    on start(c) { move c -> one(c) }
  )")),
              HasSubstr("`A` would have two classes of its own: `one(A)` and `two(A)`"));
}

TEST(own_class, as_many_count_as_run_at_a_time) {
  Scene scene = scene_of({"A", "B", "C"}, {"A", "B", "C"});
  const int64_t second = 1'000'000'000;
  for (int64_t i = 0; i < 3; ++i) {
    ContainerSpec& c = scene.spec.containers[static_cast<size_t>(i)];
    c.start_ns = 10 * second * i;
    c.stop_ns = c.start_ns + 15 * second;
  }
  ASSERT_EQ(scene.compile(policy(std::string(kOwn) + "on start(c) { move c -> own(c) }")), "");
  EXPECT_EQ(scene.compiled->plan.classes_at_once, 3U) << "shared, and two of the three";
}

}  // namespace
}  // namespace cbench::test
