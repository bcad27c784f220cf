// Cgroup folders as sets of processes, as far as it needs no group of our own.
#include "runtime/engines/cgroup_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/engines/process_cgroup.h"

namespace cbench {
namespace {

TEST(ProcessesIn, a_missing_folder_has_none) {
  EXPECT_TRUE(processes_in("/sys/fs/cgroup/no-such-group").empty());
  EXPECT_TRUE(processes_in("").empty());
}

TEST(WorkloadIn, our_own_group_is_no_container) {
  const Result<CgroupPaths> own = cgroups_of(getpid());
  if (!own) GTEST_SKIP() << own.error().message;
  for (const std::string& folder : folders_of(*own)) {
    EXPECT_THAT(processes_in(folder), ::testing::Contains(getpid()));
    EXPECT_TRUE(workload_in(folder, 0).empty()) << folder;
  }
}

TEST(Catches, tells_a_handler_from_the_default) {
  signal(SIGUSR2, SIG_DFL);
  EXPECT_FALSE(catches(getpid(), SIGUSR2));
  signal(SIGUSR2, [](int) {});
  EXPECT_TRUE(catches(getpid(), SIGUSR2));
  signal(SIGUSR2, SIG_DFL);
}

TEST(RunGroupName, gives_the_run_back) {
  EXPECT_EQ(run_of_group(run_group_name("0190a0b1-c2d3")), "0190a0b1-c2d3");
  EXPECT_EQ(run_of_group("docker"), "");
}

}  // namespace
}  // namespace cbench
