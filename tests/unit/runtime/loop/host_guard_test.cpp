#include "runtime/loop/host_guard.h"

#include <gmock/gmock.h>

namespace cbench {
namespace {

using testing::HasSubstr;

class host_guard : public testing::Test {
 protected:
  host_guard() {
    plan.slots = 2;
    plan.classes = {"shared", "own(b)"};
    plan.owners = {-1, 1};
    plan.dwell_steps = 3;
    plan.actions_per_step = 2;
  }
  static Change quota(int32_t slot) { return {.target = Target::ContainerQuota, .index = slot}; }
  static Change ways(int32_t cls, uint64_t domains) {
    return {.target = Target::ClassWays, .index = cls, .domains = domains};
  }
  Plan plan;
};

TEST_F(host_guard, a_target_rests_for_the_dwell) {
  HostGuard fresh(plan, 2);
  EXPECT_TRUE(fresh.allow(10, quota(0)).ok());
  EXPECT_TRUE(fresh.allow(10, quota(0)).ok()) << "again in the same step, by another call";
  EXPECT_EQ(fresh.allow(11, quota(0)).error().message, "changed 1 step ago; a target rests for 3");
  EXPECT_THAT(fresh.allow(12, quota(0)).error().message, HasSubstr("2 steps ago"));
  EXPECT_TRUE(fresh.allow(12, quota(1)).ok()) << "another container";
  EXPECT_TRUE(fresh.allow(12, {.target = Target::ContainerCpus, .index = 0}).ok()) << "another target";
  EXPECT_TRUE(fresh.allow(13, quota(0)).ok());
}

TEST_F(host_guard, each_domain_of_a_class_rests_for_itself) {
  HostGuard fresh(plan, 2);
  EXPECT_TRUE(fresh.allow(1, ways(0, 1)).ok());
  EXPECT_TRUE(fresh.allow(2, ways(0, 2)).ok());
  EXPECT_FALSE(fresh.allow(3, ways(0, 3)).ok());
  EXPECT_TRUE(fresh.allow(4, ways(0, 1)).ok());
  EXPECT_FALSE(fresh.allow(4, ways(0, 2)).ok());
}

TEST_F(host_guard, what_follows_from_another_change_is_never_held) {
  HostGuard fresh(plan, 2);
  Change follows = ways(0, 3);
  follows.follows = true;
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(fresh.allow(1, follows).ok());
  EXPECT_TRUE(fresh.allow(2, ways(0, 3)).ok()) << "nor does it count";
}

TEST_F(host_guard, the_budget_of_a_step_is_as_much_as_its_layouts_change) {
  plan.dwell_steps = 1;
  HostGuard fresh(plan, 2);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(fresh.allow(1, quota(0)).ok());
  EXPECT_EQ(fresh.allow(1, quota(1)).error().message, "the step's 4 changes of the host are used up");
  EXPECT_TRUE(fresh.allow(2, quota(1)).ok());
}

TEST_F(host_guard, a_container_that_starts_anew_has_not_been_changed) {
  HostGuard fresh(plan, 2);
  EXPECT_TRUE(fresh.allow(1, quota(1)).ok());
  EXPECT_TRUE(fresh.allow(1, ways(1, 1)).ok());
  EXPECT_TRUE(fresh.allow(1, ways(0, 1)).ok());
  fresh.forget(1);
  EXPECT_TRUE(fresh.allow(2, quota(1)).ok());
  EXPECT_TRUE(fresh.allow(2, ways(1, 1)).ok());
  EXPECT_FALSE(fresh.allow(2, ways(0, 1)).ok()) << "that class is for all";
}

}  // namespace
}  // namespace cbench
