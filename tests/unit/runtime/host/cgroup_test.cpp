// cgroups_of and cgroup_mode on fixture trees of v1, v2 and hybrid hosts, and on this one.
#include "runtime/host/cgroup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/fixture_tree.h"

namespace cbench {
namespace {

/// A /proc with one process, 42.
class Proc {
 public:
  Proc(const std::string& mountinfo, const std::string& cgroup) {
    char name[] = "/tmp/cbench-proc-XXXXXX";
    root_ = mkdtemp(&name[0]);
    std::filesystem::create_directories(root_ + "/self");
    std::filesystem::create_directories(root_ + "/42");
    std::ofstream(root_ + "/self/mountinfo") << mountinfo;
    std::ofstream(root_ + "/42/cgroup") << cgroup;
  }
  ~Proc() { std::filesystem::remove_all(root_); }
  [[nodiscard]] const std::string& root() const { return root_; }

 private:
  std::string root_;
};

const char* const kV2Mounts =
    "25 30 0:23 / /proc rw,nosuid shared:5 - proc proc rw\n"
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const char* const kV1Mounts =
    "30 22 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:12 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:29 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "33 30 0:30 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "34 30 0:31 / /sys/fs/cgroup/perf_event rw,relatime - cgroup cgroup rw,perf_event\n"
    "39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n";

TEST(CgroupsOf, on_v2_all_controllers_name_the_same_folder) {
  const Proc proc(kV2Mounts, "0::/system.slice/docker-abc.scope\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->mode, CgroupMode::V2);
  for (const std::string& folder : {paths->cpu, paths->cpuacct, paths->cpuset, paths->memory, paths->blkio,
                                    paths->pids, paths->freezer, paths->unified, paths->perf_event}) {
    EXPECT_EQ(folder, "/sys/fs/cgroup/system.slice/docker-abc.scope");
  }
}

TEST(CgroupsOf, on_v1_joint_hierarchies_and_missing_ones_are_told_apart) {
  const Proc proc(kV1Mounts,
                  "5:perf_event:/docker/abc\n4:memory:/docker/abc\n3:cpuset:/docker/abc\n"
                  "2:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->mode, CgroupMode::V1);
  EXPECT_EQ(paths->cpu, "/sys/fs/cgroup/cpu,cpuacct/docker/abc");
  EXPECT_EQ(paths->cpuacct, paths->cpu);
  EXPECT_EQ(paths->memory, "/sys/fs/cgroup/memory/docker/abc");
  EXPECT_EQ(paths->perf_event, "/sys/fs/cgroup/perf_event/docker/abc");
  EXPECT_EQ(paths->blkio, "");
  EXPECT_EQ(paths->unified, "");
}

TEST(CgroupsOf, on_hybrid_perf_uses_the_unified_folder_where_no_v1_hierarchy_has_it) {
  const Proc proc(
      "31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
      "1:cpu:/docker/abc\n0::/docker/abc\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->mode, CgroupMode::Hybrid);
  EXPECT_EQ(paths->cpu, "/sys/fs/cgroup/cpu/docker/abc");
  EXPECT_EQ(paths->unified, "/sys/fs/cgroup/unified/docker/abc");
  EXPECT_EQ(paths->perf_event, paths->unified);
}

TEST(CgroupsOf, a_systemd_mount_beside_v2_makes_no_hybrid) {
  const Proc proc(
      std::string(kV2Mounts) + "39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n",
      "1:name=systemd:/\n0::/a\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->mode, CgroupMode::V2);
  EXPECT_EQ(cgroup_mode(proc.root()), CgroupMode::V2);
}

TEST(CgroupsOf, a_container_without_a_cgroup_namespace_sees_its_own_group_as_the_mount) {
  const Proc proc("31 30 0:28 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
                  "1:cpu:/docker/abc/inner\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->cpu, "/sys/fs/cgroup/cpu/inner");
  const Proc top("31 30 0:28 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
                 "1:cpu:/docker/abc\n");
  EXPECT_EQ(cgroups_of(42, top.root())->cpu, "/sys/fs/cgroup/cpu");
}

TEST(CgroupsOf, a_mount_of_a_sibling_with_a_longer_name_is_not_taken) {
  const Proc proc("31 30 0:28 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
                  "1:cpu:/docker/abcdef\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_FALSE(paths);
  EXPECT_EQ(paths.error().exit, Exit::HostLacks);
}

TEST(CgroupsOf, a_process_outside_our_cgroup_namespace_is_refused_not_misread) {
  const Proc proc(kV2Mounts, "0::/../other\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_FALSE(paths);
  EXPECT_EQ(paths.error().exit, Exit::HostLacks);
  EXPECT_NE(paths.error().hint.find("--cgroupns=host"), std::string::npos);
}

TEST(CgroupsOf, a_private_cgroup_namespace_has_its_group_at_the_mount_point) {
  const Proc proc(kV2Mounts, "0::/\n");
  EXPECT_EQ(cgroups_of(42, proc.root())->unified, "/sys/fs/cgroup");
}

TEST(CgroupsOf, colons_and_escaped_blanks_in_paths_survive) {
  const Proc proc("35 24 0:30 / /mnt/my\\040cgroups rw - cgroup2 cgroup2 rw\n", "0::/a:b c\n");
  const Result<CgroupPaths> paths = cgroups_of(42, proc.root());
  ASSERT_TRUE(paths) << paths.error().message;
  EXPECT_EQ(paths->unified, "/mnt/my cgroups/a:b c");
}

TEST(CgroupsOf, a_process_that_has_ended_but_is_not_reaped_is_not_taken_for_the_root_group) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const Result<CgroupPaths> paths = cgroups_of(child);
  EXPECT_FALSE(paths);
  if (!paths) EXPECT_EQ(paths.error().exit, Exit::RunFailed);
  waitpid(child, nullptr, 0);
}

TEST(CgroupsOf, the_exiting_flag_is_found_behind_any_name) {
  Proc proc(kV2Mounts, "0::/a\n");
  std::ofstream(proc.root() + "/42/stat") << "42 (a) b) S 1 42 42 0 -1 4194304 100 0\n";
  EXPECT_TRUE(cgroups_of(42, proc.root()));
  std::ofstream(proc.root() + "/42/stat") << "42 (a) b) Z 1 42 42 0 -1 4194308 100 0\n";
  EXPECT_FALSE(cgroups_of(42, proc.root()));
}

TEST(CgroupsOf, errors_tell_a_missing_process_from_a_missing_mount) {
  const Proc proc(kV2Mounts, "0::/\n");
  EXPECT_EQ(cgroups_of(43, proc.root()).error().exit, Exit::RunFailed);
  const Proc ended(kV2Mounts, "");
  EXPECT_EQ(cgroups_of(42, ended.root()).error().exit, Exit::RunFailed);
  const Proc bare("25 30 0:23 / /proc rw - proc proc rw\n", "0::/\n");
  EXPECT_EQ(cgroups_of(42, bare.root()).error().exit, Exit::HostLacks);
}

TEST(CgroupsOf, our_own_groups_are_folders_of_this_host) {
  const Result<CgroupPaths> paths = cgroups_of(getpid());
  if (!paths) GTEST_SKIP() << paths.error().message;
  for (const std::string& folder : {paths->cpu, paths->memory, paths->unified}) {
    if (!folder.empty()) EXPECT_TRUE(std::filesystem::exists(folder + "/cgroup.procs")) << folder;
  }
}

/// A tree with /proc of this process, whose v1 group `own` of the cpu controller is in it.
class OwnGroup : public testing::Test {
 protected:
  OwnGroup() {
    const std::string self = "proc/" + std::to_string(getpid());
    tree.write("proc/self/mountinfo",
               "31 30 0:28 / " + tree / "cpu" + " rw,relatime - cgroup cgroup rw,cpu\n");
    tree.write(self + "/cgroup", "1:cpu:/own\n");
    tree.make_folder("cpu/own");
  }
  [[nodiscard]] std::string proc() const { return tree / "proc"; }
  FixtureTree tree;
};

TEST_F(OwnGroup, is_named_when_it_has_no_time_for_real_time_tasks) {
  EXPECT_EQ(group_without_realtime(proc()), "") << "the kernel has no such budget";
  tree.write("cpu/own/cpu.rt_runtime_us", "0\n");
  EXPECT_EQ(group_without_realtime(proc()), tree / "cpu/own");
  tree.write("cpu/own/cpu.rt_runtime_us", "100000\n");
  EXPECT_EQ(group_without_realtime(proc()), "");
}

TEST_F(OwnGroup, is_named_when_no_cgroup_can_be_made_in_it) {
  EXPECT_EQ(why_no_cgroups(proc()), "");
  tree.remove("cpu/own");
  EXPECT_EQ(why_no_cgroups(proc()), "may not make a cgroup in " + tree / "cpu/own");
}

}  // namespace
}  // namespace cbench
