// Where engine process puts its groups on v2: on fixture trees of plain files that play a host's root and a
// delegated group, and in this machine's real v2 hierarchy, shown as a v2 host.
#include "runtime/engines/process_cgroup.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engines/cgroup_tree.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRun = "0190a0b1-c2d3-7000-8000-0000000000aa";

class V2 : public ::testing::Test {
 protected:
  V2() {
    char name[] = "/tmp/cbench-v2-XXXXXX";
    root_ = mkdtemp(&name[0]);
    auto opened = Journal::open(kRun, root_ + "/journal");
    EXPECT_TRUE(opened) << opened.error().message;
    journal_ = std::move(*opened);
  }
  ~V2() override {
    journal_.reset();
    fs::remove_all(root_);
  }
  /// A /proc that shows `mount` as the only cgroup mount and this process in the group `path`.
  std::string proc(const std::string& mount, const std::string& path) {
    write(root_ + "/proc/self/mountinfo", "35 24 0:30 / " + mount + " rw - cgroup2 cgroup2 rw\n");
    write(root_ + "/proc/" + std::to_string(getpid()) + "/cgroup", "0::" + path + "\n");
    return root_ + "/proc";
  }
  static void write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string root_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(V2, as_root_the_groups_lie_below_the_hosts_root_group_which_gives_the_controllers) {
  const std::string mount = root_ + "/cgroup";
  write(mount + "/cgroup.procs", "1\n");
  write(mount + "/cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
  write(mount + "/cgroup.subtree_control", "cpu memory");
  write(mount + "/user.slice/cgroup.procs", "");
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/user.slice"));
  const Result<> opened = groups.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(fs::is_directory(mount + "/cbench-" + kRun));
  EXPECT_THAT(read(mount + "/cgroup.subtree_control"), HasSubstr("+cpuset +pids +io"));
  EXPECT_TRUE(groups.close().empty());
  EXPECT_FALSE(fs::exists(mount + "/cbench-" + kRun));
}

TEST_F(V2, in_a_delegated_group_this_process_makes_room_first) {
  // A cgroup.type marks the top that is visible as no host's root.
  const std::string mount = root_ + "/cgroup", run = mount + "/cbench-" + kRun;
  write(mount + "/cgroup.type", "domain\n");
  write(mount + "/cgroup.procs", "");
  write(mount + "/cgroup.controllers", "cpu memory pids\n");
  write(mount + "/cgroup.subtree_control", "");
  write(run + ".self/cgroup.procs", "");
  write(run + "/cgroup.controllers", "cpu memory pids\n");
  write(run + "/cgroup.subtree_control", "");
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/"));
  const Result<> opened = groups.open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(read(run + ".self/cgroup.procs"), "0");
  EXPECT_EQ(read(mount + "/cgroup.subtree_control"), "+cpu +memory +pids");
  EXPECT_EQ(read(run + "/cgroup.subtree_control"), "+cpu +memory +pids");
  groups.close();
  EXPECT_THAT(read(mount + "/cgroup.subtree_control"), HasSubstr("-cpu -memory -pids"));
  EXPECT_EQ(read(mount + "/cgroup.procs"), "0");
}

TEST_F(V2, without_the_right_to_make_groups_the_error_tells_the_remedy) {
  const std::string mount = "/proc/self";  // no folder can be made here by anyone
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/"));
  const Result<> opened = groups.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().exit, Exit::HostLacks);
  EXPECT_THAT(opened.error().hint, HasSubstr("systemd-run --user --scope -p Delegate=yes"));
}

TEST_F(V2, a_limit_without_its_controller_is_refused_by_name) {
  const std::string mount = root_ + "/cgroup";
  write(mount + "/cgroup.procs", "");
  write(mount + "/cgroup.subtree_control", "");
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/"));
  ContainerSpec spec;
  spec.name.value = "a";
  ASSERT_TRUE(groups.make("a", spec));
  spec.memory_bytes = 1 << 20;
  const Result<CgroupPaths> limited = groups.make("b", spec);
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().exit, Exit::HostLacks);
  EXPECT_THAT(limited.error().message,
              HasSubstr("`memory` of container `a` needs the cgroup controller `memory`"));
  EXPECT_FALSE(*groups.set_cores(*groups.make("c", {}), CpuSet(1)));
}

TEST_F(V2, memory_nodes_are_set_with_the_group_and_cores_leave_them_alone) {
  const std::string mount = root_ + "/cgroup", group = mount + "/cbench-" + kRun + "/a";
  write(mount + "/cgroup.procs", "");
  write(mount + "/cgroup.subtree_control", "");
  write(group + "/cpuset.mems", "");
  write(group + "/cpuset.cpus", "");
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/"));
  ContainerSpec spec;
  const Result<CgroupPaths> free = groups.make("a", spec);
  ASSERT_TRUE(free);
  EXPECT_EQ(read(group + "/cpuset.mems"), "") << "as the parent's";
  spec.memory_nodes.value = *parse_cpu_list("1,3");
  const Result<CgroupPaths> made = groups.make("a", spec);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(read(group + "/cpuset.mems"), "1,3");
  EXPECT_TRUE(*groups.set_cores(*made, CpuSet(5)));
  EXPECT_EQ(read(group + "/cpuset.cpus"), "0,2");
  EXPECT_EQ(read(group + "/cpuset.mems"), "1,3");
  const Result<CgroupPaths> refused = groups.make("b", spec);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("`cpuset_mems` of container"));
}

TEST_F(V2, on_v1_memory_nodes_replace_those_of_the_parent) {
  const std::string mount = root_ + "/cpuset", run = mount + "/cbench-" + kRun;
  const std::string tree = proc(mount, "/");
  write(tree + "/self/mountinfo", "32 30 0:29 / " + mount + " rw - cgroup cgroup rw,cpu,cpuset\n");
  write(tree + "/" + std::to_string(getpid()) + "/cgroup", "3:cpu,cpuset:/\n");
  write(mount + "/cpuset.mems", "0-3\n");
  write(mount + "/cpuset.cpus", "0-7\n");
  for (const char* folder : {"", "/a", "/b"})
    for (const char* file : {"/cpuset.mems", "/cpuset.cpus"}) write(run + folder + file, "");
  ProcessCgroups groups(kRun, *journal_, tree);
  ContainerSpec spec;
  const Result<CgroupPaths> inherited = groups.make("a", spec);
  ASSERT_TRUE(inherited) << inherited.error().message;
  EXPECT_EQ(read(run + "/a/cpuset.mems"), "0-3");
  spec.memory_nodes.value = *parse_cpu_list("1,3");
  const Result<CgroupPaths> made = groups.make("b", spec);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(*groups.set_cores(*made, CpuSet(255)));
  EXPECT_EQ(read(run + "/b/cpuset.mems"), "1,3");
}

TEST_F(V2, real_groups_are_made_killed_and_removed) {
  const std::string mount = cgroup_mode() == CgroupMode::Hybrid ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  if (geteuid() != 0 || access((mount + "/cgroup.subtree_control").c_str(), W_OK) != 0) {
    GTEST_SKIP() << "needs root and a v2 hierarchy at " << mount;
  }
  ProcessCgroups groups(kRun, *journal_, proc(mount, "/"));
  const Result<CgroupPaths> group = groups.make("a", {});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(group->cpu, mount + "/cbench-" + kRun + "/a");
  const pid_t child = fork();
  if (child == 0) {
    std::ofstream(group->unified + "/cgroup.procs") << 0;
    pause();
    _exit(0);
  }
  for (int i = 0; i < 500 && processes_in(group->unified).empty(); ++i) usleep(10'000);
  EXPECT_THAT(processes_in(group->unified), ::testing::ElementsAre(child));
  EXPECT_TRUE(kill_all(group->unified, "", std::chrono::seconds(10)));
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(groups.close().empty());
  EXPECT_FALSE(fs::exists(fs::path(group->unified).parent_path()));
}

}  // namespace
}  // namespace cbench
