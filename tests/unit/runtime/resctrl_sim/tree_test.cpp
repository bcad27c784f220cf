// Groups, permissions and faults of the simulated resctrl.
#include <future>

#include "tests/unit/runtime/resctrl_sim/simulated.h"

namespace cbench::sim {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST_F(simulated, a_write_of_more_than_a_page_is_refused) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("a/schemata", std::string(4096, ' ') + "\n"), E2BIG);
}

TEST_F(simulated, a_file_that_was_open_is_not_that_of_a_new_group_of_the_name) {
  ASSERT_EQ(tree.make("a", {}), 0);
  const uint64_t opened = tree.look("a/schemata")->group;
  EXPECT_EQ(tree.write("a/schemata", "L3:0=1\n", {.opened = opened}), 0);
  EXPECT_EQ(tree.remove("a", {}), 0);
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(tree.write("a/schemata", "L3:0=3\n", {.opened = opened}), ENODEV);
  std::string text;
  EXPECT_EQ(tree.read("a/schemata", text, {.opened = opened}), ENODEV);
}

TEST_F(simulated, the_limit_of_what_a_free_rmid_may_still_hold_is_kept_and_rounded) {
  EXPECT_EQ(read("info/L3_MON/max_threshold_occupancy"), "196608\n") << "of 40 MiB for 176 RMIDs";
  EXPECT_EQ(write("info/L3_MON/max_threshold_occupancy", "131073\n"), 0);
  EXPECT_EQ(read("info/L3_MON/max_threshold_occupancy"), "131072\n");
  EXPECT_EQ(write("info/L3_MON/max_threshold_occupancy", "99999999\n"), EINVAL) << "more than the cache";
  EXPECT_EQ(write("info/L3_MON/max_threshold_occupancy", "much\n"), EINVAL);
}

TEST_F(simulated, closids_run_out_and_come_back) {
  for (int i = 1; i < 16; ++i) ASSERT_EQ(tree.make("g" + std::to_string(i), {}), 0);
  EXPECT_EQ(tree.make("more", {}), ENOSPC);
  EXPECT_EQ(status(), "Out of CLOSIDs\n");
  EXPECT_EQ(tree.remove("g7", {}), 0);
  EXPECT_EQ(tree.make("more", {}), 0);
  EXPECT_EQ(tree.make("more", {}), EEXIST);
}

TEST_F(simulated, rmids_run_out_and_come_back) {
  for (int i = 1; i < 176; ++i) ASSERT_EQ(tree.make("mon_groups/m" + std::to_string(i), {}), 0);
  EXPECT_EQ(tree.make("mon_groups/more", {}), ENOSPC);
  EXPECT_EQ(status(), "Out of RMIDs\n");
  EXPECT_EQ(tree.make("a", {}), ENOSPC);
  EXPECT_EQ(status(), "Out of RMIDs\n");
  EXPECT_EQ(tree.remove("mon_groups/m3", {}), 0);
  EXPECT_EQ(tree.make("a", {}), 0);
}

TEST_F(simulated, only_groups_can_be_made_and_removed) {
  for (const char* path : {"info/x", "mon_data/x", "info/L3/x", "mon_groups/mon_groups"})
    EXPECT_EQ(tree.make(path, {}), EPERM) << path;
  EXPECT_EQ(tree.make("a\nb", {}), EINVAL);
  for (const char* path : {"info", "mon_data", "mon_groups", "schemata", ""})
    EXPECT_EQ(tree.remove(path, {}), EPERM) << path;
  EXPECT_EQ(tree.remove("nothing", {}), ENOENT);
  EXPECT_EQ(write("info/L3/cbm_mask", "1\n"), EACCES);
  EXPECT_EQ(write("mon_data/mon_L3_00/llc_occupancy", "1\n"), EACCES);
  EXPECT_EQ(write("gone/tasks", "1\n"), ENODEV);
}

TEST_F(simulated, faults_strike_when_they_are_told_to) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("info/simulated_faults", "write a/schemata 2 EIO\n"), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=1\n"), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=3\n"), EIO);
  EXPECT_EQ(status(), "Simulated fault: EIO\n");
  EXPECT_EQ(write("a/schemata", "L3:0=7\n"), 0);
  EXPECT_EQ(read("info/simulated_faults"), "write a/schemata 2 EIO (struck 1 of 3)\n");
  EXPECT_EQ(write("info/simulated_faults", "clear\n"), 0);
  EXPECT_EQ(read("info/simulated_faults"), "");
  EXPECT_EQ(write("info/simulated_faults", "mkdir b * EBUSY\n"), 0);
  EXPECT_EQ(tree.make("b", {}), EBUSY);
  EXPECT_EQ(tree.make("b", {}), EBUSY);
  for (const char* bad :
       {"write a/schemata EIO\n", "paint a 1 EIO\n", "write a 1 EWHAT\n", "write a 0 EIO\n"})
    EXPECT_EQ(write("info/simulated_faults", bad), EINVAL) << bad;
}

TEST_F(simulated, what_hangs_holds_nobody_else_up_until_it_is_cleared_or_interrupted) {
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(write("info/simulated_faults", "write a/schemata * hang\n"), 0);
  auto hanging = std::async(std::launch::async, [&] { return write("a/schemata", "L3:0=1\n"); });
  EXPECT_EQ(hanging.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(read("a/mode"), "shareable\n");
  EXPECT_EQ(tree.write("a/schemata", "L3:0=1\n", {.pid = 0, .interrupted = [] { return true; }}), EINTR);
  EXPECT_EQ(write("info/simulated_faults", "clear\n"), 0);
  EXPECT_EQ(hanging.get(), 0) << "it goes on";
  EXPECT_THAT(read("a/schemata"), HasSubstr("0=00001"));
}

struct atom : simulated {
  atom() : simulated("atom-l2") {}
};

TEST_F(atom, has_an_l2_to_divide_and_no_monitoring) {
  EXPECT_EQ(read("schemata"), "    L2:0=ff;1=ff;2=ff;3=ff\n");
  EXPECT_FALSE(tree.look("mon_data").has_value());
  EXPECT_EQ(tree.make("mon_groups/m", {}), EPERM);
}

struct clustered : simulated {
  clustered() : simulated("xeon-snc") {}
};

TEST_F(clustered, nodes_are_below_their_domain) {
  EXPECT_THAT(tree.list("mon_data/mon_L3_01"), Contains("mon_sub_L3_02"));
  EXPECT_EQ(read("mon_data/mon_L3_01/mon_sub_L3_03/mbm_total_bytes"), "0\n");
  EXPECT_FALSE(tree.look("mon_data/mon_L3_01/mon_sub_L3_00").has_value());
}

}  // namespace
}  // namespace cbench::sim
