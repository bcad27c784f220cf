// CLOS groups on a mock of resctrl, with tasks of real cgroups.
#include "runtime/actuators/rdt_groups.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/actuators/actuator.h"
#include "runtime/actuators/tasks.h"
#include "tests/support/cgroup_child.h"
#include "tests/support/mock_resctrl_tree.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kRun = "0190a1b2-0000-7000-8000-0123456789ab";

class RdtTest : public testing::Test {
 protected:
  RdtTest() {
    auto opened = Journal::open(kRun, base + "/state");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
    plan.policy = "jailer";
    plan.slots = 1;
    plan.slot_names = {"hog"};
    plan.classes = {"shared", "jail"};
    plan.classes_at_once = 2;
    plan.default_class = 0;
    plan.acts = {{Verb::Move, 1, {}}, {Verb::Ways, 2, {}}, {Verb::Mb, 3, {}}};
    goal.classes.resize(2);
    goal.containers.resize(1);
    goal.containers[0].cls = 0;
  }
  ~RdtTest() override {
    mock.reset();
    fs::remove_all(base);
  }

  void mount(const MockResctrlTree::Shape& shape) {
    mock.reset();  // it removes the tree
    mock = std::make_unique<MockResctrlTree>(root, shape);
    facts.rdt = mock->facts();
    goal.domains = facts.rdt.l3_domains.size();
    goal.classes.assign(plan.classes.size() * goal.domains, {});
  }
  Result<> begin() {
    actuators = std::make_unique<Actuators>(plan, facts, kRun, *journal);
    auto begun = actuators->begin();
    if (mock) mock->fill_groups();
    return begun;
  }
  Result<> ways(int32_t cls, uint64_t mask) {
    return apply(Target::ClassWays, cls, [&](Allocation::Class& c) { c.ways = mask; });
  }
  Result<> mb(int32_t cls, double value) {
    return apply(Target::ClassMb, cls, [&](Allocation::Class& c) { c.mb = value; });
  }
  /// A change of a class in the domains whose bits are set.
  Result<> apply(Target target, int32_t cls, const std::function<void(Allocation::Class&)>& change,
                 uint64_t domains = ~uint64_t{0}) {
    for (size_t domain = 0; domain < goal.domains; ++domain)
      if ((domains >> domain & 1) != 0)
        change(goal.classes[static_cast<size_t>(cls) * goal.domains + domain]);
    return actuators->apply({target, cls, 0, domains}, goal);
  }
  [[nodiscard]] std::string file(const char* cls, const char* name) const {
    return fmt::format("{}/cbench-456789ab-{}/{}", root, cls, name);
  }
  [[nodiscard]] std::string schemata(const char* cls) const {
    return MockResctrlTree::content(file(cls, "schemata"));
  }

  std::string base = fs::temp_directory_path() / fmt::format("cbench-rdt-{}", ::getpid());
  std::string root = base + "/resctrl";
  std::unique_ptr<Journal> journal;
  std::unique_ptr<MockResctrlTree> mock;
  Plan plan;
  HostFacts facts;
  Allocation goal;
  std::unique_ptr<Actuators> actuators;
};

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

TEST_F(RdtTest, ways_are_written_for_all_domains_and_only_where_they_differ) {
  mount({});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=7\nMB:0=100;1=100\n");
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=3\nMB:0=100;1=100\n");
  ASSERT_TRUE(ways(1, 0x3).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;1=3\nMB:0=100;1=100\n") << "already so: not written";
  ASSERT_TRUE(ways(1, 0).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=7ff;1=7ff\n") << "0 goes back to what the kernel made";
}

TEST_F(RdtTest, a_domain_of_its_own_is_written_alone) {
  mount({.domains = 3});
  ASSERT_TRUE(begin().ok());
  const auto in = [&](uint64_t domains) {
    return apply(Target::ClassWays, 1, [](Allocation::Class& c) { c.ways = 0x3; }, domains);
  };
  ASSERT_TRUE(in(0b010).ok());
  EXPECT_EQ(schemata("jail"), "L3:1=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=7ff;1=3;2=7ff\nMB:0=100;1=100;2=100\n");
  ASSERT_TRUE(in(0b111).ok());
  EXPECT_EQ(schemata("jail"), "L3:0=3;2=3\n");
  MockResctrlTree::put(file("jail", "schemata"), "L3:0=3;1=3;2=3\nMB:0=100;1=100;2=100\n");
  ASSERT_TRUE(apply(Target::ClassMb, 1, [](Allocation::Class& c) { c.mb = 0.4; }, 0b100).ok());
  EXPECT_EQ(schemata("jail"), "MB:2=40\n");
}

TEST_F(RdtTest, a_domain_that_the_host_does_not_have_is_an_error) {
  mount({.domains = 1});
  facts.rdt.l3_domains = {7};
  ASSERT_TRUE(begin().ok());
  EXPECT_THAT(ways(1, 0x3).error().message, HasSubstr("schemata has no domain 7 in its L3 line"));
  EXPECT_THAT(mb(1, 0.5).error().message, HasSubstr("schemata has no domain 7 in its MB line"));
}

TEST_F(RdtTest, more_domains_than_a_policy_can_tell_apart_are_refused) {
  mount({.domains = 65});
  EXPECT_THAT(begin().error().message,
              HasSubstr("this host has 65 L3 domains, and a policy can allocate in 64"));
}

TEST_F(RdtTest, with_cdp_code_and_data_get_the_same_ways) {
  mount({.domains = 1, .cdp = true});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(ways(0, 0x7fc).ok());
  EXPECT_EQ(schemata("shared"), "L3CODE:0=7fc\nL3DATA:0=7fc\n");
}

TEST_F(RdtTest, masks_that_the_cache_cannot_take_are_refused_unwritten) {
  mount({});
  facts.rdt.l3_min_bits = 2;
  ASSERT_TRUE(begin().ok());
  const std::string before = schemata("jail");
  EXPECT_THAT(ways(1, 0x5).error().message, AllOf(HasSubstr("class jail"), HasSubstr("not contiguous")));
  EXPECT_THAT(ways(1, 0x1).error().message, HasSubstr("2 are the least"));
  EXPECT_THAT(ways(1, 0xc00).error().message, HasSubstr("its 11 are 7ff"));
  EXPECT_EQ(schemata("jail"), before);
}

TEST(rdt_masks, a_mask_is_accepted_exactly_when_it_is_one_run_of_bits_within_the_cache) {
  RdtFacts facts;
  facts.l3_ways = 11;
  facts.l3_min_bits = 2;
  std::set<uint64_t> good;
  for (uint32_t begin = 0; begin < 11; ++begin)
    for (uint32_t length = 2; begin + length <= 11; ++length)
      good.insert(((uint64_t{1} << length) - 1) << begin);
  for (uint64_t mask = 0; mask < 1U << 13; ++mask)
    EXPECT_EQ(why_not_a_mask(mask, facts).empty(), good.contains(mask)) << mask;
  facts.l3_ways = 64;
  EXPECT_EQ(why_not_a_mask(~uint64_t{0}, facts), "");
}

TEST(rdt_bandwidth, a_ratio_becomes_a_multiple_of_the_granularity_within_bounds) {
  RdtFacts facts;
  facts.mb_min = 20;
  facts.mb_granularity = 10;
  EXPECT_EQ(mb_percent(0.44, facts), 40U);
  EXPECT_EQ(mb_percent(0.46, facts), 50U);
  EXPECT_EQ(mb_percent(0.01, facts), 20U);
  EXPECT_EQ(mb_percent(7, facts), 100U);
  facts.mb_granularity = 30;
  EXPECT_EQ(mb_percent(0.9, facts), 90U);
  EXPECT_EQ(mb_percent(1.0, facts), 100U);
}

TEST(rdt_bandwidth, a_rate_becomes_units_of_the_host_up_to_no_limit) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  RdtFacts facts;
  facts.mb_unit = MbUnit::EighthGBps;
  facts.mb_min = facts.mb_granularity = 1;
  EXPECT_EQ(mb_units(2e9, 2048, facts), 16U);
  EXPECT_EQ(mb_units(2.07e9, 2048, facts), 17U);
  EXPECT_EQ(mb_units(1, 2048, facts), 1U);
  for (const double much : {256e9, 257e9, 1e300, kNone})
    EXPECT_EQ(mb_units(much, 2048, facts), 2048U) << much;
  facts.mb_min = 8;
  facts.mb_granularity = 4;
  EXPECT_EQ(mb_units(2.07e9, 2048, facts), 16U);
  EXPECT_EQ(mb_units(2.4e9, 2048, facts), 20U);
  EXPECT_EQ(mb_units(1, 2048, facts), 8U);
  EXPECT_EQ(mb_units(200e9, 2048, facts), 1600U);
  facts.mb_unit = MbUnit::MBps;  // minimum and granularity are the hardware's, in percent
  EXPECT_EQ(mb_units(3 * 1048576.0, UINT32_MAX, facts), 3U);
  EXPECT_EQ(mb_units(0, UINT32_MAX, facts), 1U);
  EXPECT_EQ(mb_units(kNone, UINT32_MAX, facts), UINT32_MAX);
}

TEST_F(RdtTest, a_rate_is_written_in_eighths_of_a_gigabyte_and_taken_away_again) {
  mount({.mb_most = 2048});
  plan.acts.back().what = Verb::MbRate;
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(mb(1, 2.07e9).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=17;1=17\n");
  ASSERT_TRUE(mb(1, std::numeric_limits<double>::infinity()).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=2048;1=2048\n");
  EXPECT_FALSE(mb(1, -1).ok());
  EXPECT_FALSE(mb(1, std::nan("")).ok());
}

TEST_F(RdtTest, bandwidth_is_rounded_and_not_written_twice) {
  mount({});
  ASSERT_TRUE(begin().ok());
  ASSERT_TRUE(mb(1, 0.47).ok());
  EXPECT_EQ(schemata("jail"), "MB:0=50;1=50\n");
  fs::last_write_time(file("jail", "schemata"), fs::file_time_type{});
  ASSERT_TRUE(mb(1, 0.52).ok());
  EXPECT_EQ(fs::last_write_time(file("jail", "schemata")), fs::file_time_type{});
  EXPECT_FALSE(mb(1, std::nan("")).ok());
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
    const auto attached = actuators->attach(0, {"id", child.pid, "", *paths}, goal);
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
  const auto refused = actuators->attach(0, {"id", ::getpid(), "", *ours}, goal);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("hog has no cgroup of its own"));
  EXPECT_THAT(members("shared"), IsEmpty());
}

}  // namespace
}  // namespace cbench
