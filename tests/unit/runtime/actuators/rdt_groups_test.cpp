// CLOS groups on a mock of resctrl, with tasks of real cgroups.
#include "runtime/actuators/rdt_groups.h"

#include <gmock/gmock.h>

#include "rdt_fixture.h"
#include "runtime/actuators/tasks.h"
#include "tests/support/cgroup_child.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(RdtTest, each_class_gets_a_group_and_restoring_removes_them) {
  mount({});
  ASSERT_TRUE(begin().ok());
  EXPECT_THAT(mock->groups(), ElementsAre("cbench-456789ab-jail", "cbench-456789ab-shared"));
  mock->empty_groups();
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_THAT(mock->groups(), IsEmpty());
}

TEST_F(RdtTest, a_policy_without_rdt_actions_touches_nothing) {
  mount({});
  plan.acts = {{Verb::Pin, 1, {}}, {Verb::Log, 2, {}}};
  ASSERT_TRUE(begin().ok());
  EXPECT_THAT(mock->groups(), IsEmpty());
  EXPECT_FALSE(mb(0, 0.5).ok()) << "no class was made";
}

TEST_F(RdtTest, a_host_without_resctrl_is_refused_with_the_reason) {
  facts.rdt.absent_reason = "the CPU has no cache allocation";
  const auto refused = begin();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().exit, Exit::HostLacks);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("jailer"), HasSubstr("the CPU has no cache allocation")));
}

TEST_F(RdtTest, a_host_that_cannot_throttle_bandwidth_is_refused_only_when_the_policy_does) {
  mount({.mb = false});
  EXPECT_THAT(begin().error().message, HasSubstr("MBA"));
  plan.acts.pop_back();
  EXPECT_TRUE(begin().ok());
}

TEST_F(RdtTest, bandwidth_in_the_unit_that_the_host_does_not_have_is_refused_before_anything_is_made) {
  mount({.mb_most = 2048});
  const auto percent = begin();
  ASSERT_FALSE(percent.ok());
  EXPECT_EQ(percent.error().exit, Exit::HostLacks);
  EXPECT_THAT(percent.error().message, HasSubstr("`mb` is a percentage, and this host"));
  EXPECT_THAT(percent.error().hint, HasSubstr("if host.mb_kind == percent"));
  EXPECT_THAT(mock->groups(), IsEmpty());
  plan.acts.back().what = Verb::MbRate;
  EXPECT_TRUE(begin().ok());
  mount({});
  EXPECT_THAT(begin().error().message, HasSubstr("`mb_rate` is in bytes a second, and this host"));
  mount({.mb = false});
  EXPECT_THAT(begin().error().message, HasSubstr("MBA"));
}

TEST_F(RdtTest, foreign_groups_that_share_nothing_are_refused_and_not_touched) {
  mount({});
  for (const char* mode : {"exclusive", "pseudo-locksetup", "pseudo-locked"}) {
    mock->add_group("theirs", mode);
    const auto refused = begin();
    ASSERT_FALSE(refused.ok()) << mode;
    EXPECT_EQ(refused.error().exit, Exit::HostLacks);
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr(root + "/theirs"), HasSubstr(mode)));
    EXPECT_THAT(mock->groups(), ElementsAre("theirs"));
  }
  mock->add_group("theirs", "shareable");
  EXPECT_TRUE(begin().ok());
}

TEST_F(RdtTest, too_few_closids_are_refused_with_the_sum) {
  mount({.closids = 4});
  mock->add_group("theirs", "shareable");
  EXPECT_TRUE(begin().ok()) << "2 + 1 + 1 = 4 fit";
  mock->empty_groups();
  EXPECT_THAT(journal->restore(), IsEmpty());
  mock->add_group("more", "shareable");
  const auto refused = begin();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(
      refused.error().message,
      HasSubstr("2 classes of the policy + 1 root group + 2 groups of others = 5, and this host has 4"));
}

TEST_F(RdtTest, a_second_run_cannot_have_rdt_as_well) {
  mount({});
  ASSERT_TRUE(begin().ok());
  auto other = Journal::open("other", base + "/state");
  Actuators second(plan, facts, "other", **other);
  const auto refused = second.begin();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr(fmt::format("run {} (pid {})", kRun, ::getpid())));
}

TEST_F(RdtTest, more_domains_than_a_policy_can_tell_apart_are_refused) {
  mount({.domains = 65});
  EXPECT_THAT(begin().error().message,
              HasSubstr("this host has 65 L3 domains, and a policy can allocate in 64"));
}

TEST_F(RdtTest, the_kernels_words_are_the_error) {
  mount({});
  ASSERT_TRUE(begin().ok());
  fs::remove(file("jail", "schemata"));
  const auto refused = ways(1, 0x3);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr(file("jail", "schemata")));
}

TEST_F(RdtTest, a_class_for_one_container_is_there_while_that_runs) {
  mount({.closids = 3});
  plan.classes = {"shared", "own(hog)", "own(other)"};
  plan.owners = {-1, 0, 1};
  plan.classes_at_once = 2;  // the one ends before the other starts
  RdtGroups groups(plan, facts.rdt, kRun, *journal);
  ASSERT_TRUE(groups.make().ok()) << "shared, one of the two, and the root group";
  EXPECT_THAT(mock->groups(), ElementsAre("cbench-456789ab-shared"));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(groups.add(1).ok());
    EXPECT_THAT(mock->groups(), ElementsAre("cbench-456789ab-own.hog", "cbench-456789ab-shared"));
    groups.remove(1);
    EXPECT_THAT(mock->groups(), ElementsAre("cbench-456789ab-shared"));
  }
  ASSERT_TRUE(groups.add(2).ok());
  EXPECT_THAT(journal->restore(), IsEmpty()) << "one that is left is removed with the others";
  EXPECT_THAT(mock->groups(), IsEmpty());
  plan.classes_at_once = 3;
  RdtGroups more(plan, facts.rdt, kRun, *journal);
  const auto refused = more.make();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message,
              HasSubstr("3 classes of the policy + 1 root group + 0 groups of others = 4"));
}

class RdtTasksTest : public RdtTest {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible({"cpu"})) GTEST_SKIP() << "no writable v1 hierarchy";
    mount({});
    ASSERT_TRUE(begin().ok());
  }
  void attach(const CgroupChild& child) {
    auto paths = cgroups_of(child.pid);
    ASSERT_TRUE(paths.ok()) << paths.error().message;
    const auto attached = actuators->attach(0, {"id", child.pid, "", "", *paths, ""}, goal);
    ASSERT_TRUE(attached.ok()) << attached.error().message;
  }
  [[nodiscard]] std::vector<pid_t> members(const char* cls) const {
    std::vector<pid_t> tasks;
    EXPECT_EQ(read_tasks(file(cls, "tasks"), tasks), 0);
    return tasks;
  }
};

/// Leaves three sleeping children, one of them in a group below.
void sleep_with_children() {
  std::string text;
  for (int i = 0; i < 3; ++i)
    if (::fork() == 0) break;
  for (;;) ::pause();
}

TEST_F(RdtTasksTest, a_started_containers_tasks_go_to_its_class_with_those_of_groups_below) {
  const CgroupChild child({"cpu"}, sleep_with_children);
  while (tasks_in(child.group("cpu")).size() < 4) ::usleep(1000);
  const std::vector<pid_t> tasks = tasks_in(child.group("cpu"));
  fs::create_directory(child.group("cpu") + "/inner");
  ASSERT_EQ(write_file(child.group("cpu") + "/inner/tasks", std::to_string(tasks.back())), 0);
  attach(child);
  EXPECT_EQ(members("shared"), tasks);
  EXPECT_THAT(members("jail"), IsEmpty());
}

TEST_F(RdtTasksTest, a_move_writes_each_task_once_and_a_second_one_nothing) {
  const CgroupChild child({"cpu"}, sleep_with_children);
  while (tasks_in(child.group("cpu")).size() < 4) ::usleep(1000);
  attach(child);
  goal.containers[0].cls = 1;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(actuators->apply({Target::ContainerClass, 0, 0}, goal).ok());
    EXPECT_EQ(members("jail"), tasks_in(child.group("cpu")));
  }
  goal.containers[0].cls = -1;
  ASSERT_TRUE(actuators->apply({Target::ContainerClass, 0, 0}, goal).ok());
  std::vector<pid_t> rest;
  EXPECT_EQ(read_tasks(root + "/tasks", rest), 0);
  EXPECT_EQ(rest, tasks_in(child.group("cpu")));
}

TEST_F(RdtTasksTest, tasks_that_appear_later_are_found_by_the_sync) {
  const CgroupChild child({"cpu"}, [] {
    for (int i = 0; i < 30; ++i) {
      if (::fork() == 0)
        for (;;) ::pause();
      ::usleep(3000);
    }
    for (;;) ::pause();
  });
  attach(child);
  while (tasks_in(child.group("cpu")).size() < 31) {
    actuators->sync_tasks();
    ::usleep(1000);
  }
  actuators->sync_tasks();
  EXPECT_EQ(members("shared"), tasks_in(child.group("cpu")));
}

TEST_F(RdtTasksTest, a_container_without_a_cgroup_of_its_own_never_moves_the_whole_host) {
  const auto ours = cgroups_of(::getpid());
  ASSERT_TRUE(ours.ok());
  const auto refused = actuators->attach(0, {"id", ::getpid(), "", "", *ours, ""}, goal);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("hog has no cgroup of its own"));
  EXPECT_THAT(members("shared"), IsEmpty());
}

}  // namespace
}  // namespace cbench
