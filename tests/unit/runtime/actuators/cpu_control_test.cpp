// Pinning and quotas on real cgroups, where the scheduler is the judge, and on a plain folder with the files
// of cgroup v2.
#include "runtime/actuators/cpu_control.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "runtime/actuators/actuator.h"
#include "tests/support/cgroup_child.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

[[noreturn]] void spin() {
  for (volatile uint64_t i = 0;; i = i + 1) {
  }
}

std::string content(const std::string& path) {
  std::string text;
  EXPECT_EQ(read_file(path, text), 0) << path;
  return text;
}

CpuSet cpus(const char* list) { return parse_cpu_list(list).value(); }

/// The value of a line "Key:\tvalue" in /proc/PID/status.
std::string status(pid_t pid, const std::string& key) {
  const std::string text = content(fmt::format("/proc/{}/status", pid));
  const size_t at = text.find(key + ":\t") + key.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

int processor(pid_t pid) {  // field 39 of /proc/PID/stat
  const std::string text = content(fmt::format("/proc/{}/stat", pid));
  size_t at = text.rfind(')');
  for (int field = 2; field < 39; ++field) at = text.find(' ', at + 1);
  return std::atoi(text.c_str() + at + 1);
}

class CpuControlTest : public testing::Test {
 protected:
  CpuControlTest() {
    fs::create_directories(base);
    auto opened = Journal::open("test", base + "/state");
    EXPECT_TRUE(opened.ok());
    journal = std::move(*opened);
  }
  ~CpuControlTest() override { fs::remove_all(base); }

  /// A plain folder with the files that a v2 group has.
  std::string v2_group(const std::string& cpu_max, const std::string& cpuset) {
    const std::string parent = base + "/v2";
    fs::create_directories(parent + "/group");
    for (const std::string& folder : {parent, parent + "/group"}) {
      std::ofstream(folder + "/cgroup.procs");
      std::ofstream(folder + "/cgroup.controllers") << "cpu cpuset\n";
      std::ofstream(folder + "/cpuset.cpus.effective") << "0-7\n";
    }
    std::ofstream(parent + "/group/cpu.max") << cpu_max;
    std::ofstream(parent + "/group/cpuset.cpus") << cpuset;
    return parent + "/group";
  }

  std::string base = fs::temp_directory_path() / fmt::format("cbench-cpu-{}", ::getpid());
  std::unique_ptr<Journal> journal;
};

TEST_F(CpuControlTest, a_quota_on_v2_keeps_the_period_and_its_removal_says_max) {
  const std::string group = v2_group("max 50000\n", "\n");
  ASSERT_TRUE(set_quota(group, 0.5, *journal).ok());
  EXPECT_EQ(content(group + "/cpu.max"), "25000 50000");
  ASSERT_TRUE(set_quota(group, kUnlimited, *journal).ok());
  EXPECT_EQ(content(group + "/cpu.max"), "max 50000");
}

TEST_F(CpuControlTest, cpus_on_v2_are_written_as_a_list_and_restored_to_none) {
  const std::string group = v2_group("max 100000\n", "\n");
  std::ofstream(group + "/cpuset.mems") << "1";
  ASSERT_TRUE(set_cpus(group, cpus("0-2,5"), *journal).ok());
  EXPECT_EQ(content(group + "/cpuset.mems"), "1") << "its memory stays where it is";
  EXPECT_EQ(content(group + "/cpuset.cpus"), "0-2,5");
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(group + "/cpuset.cpus"), "\n");
}

TEST_F(CpuControlTest, what_is_so_already_is_not_written) {
  const std::string group = v2_group("50000 100000\n", "0-3\n");
  const auto old = fs::file_time_type::clock::now() - 1h;
  for (const char* file : {"/cpu.max", "/cpuset.cpus"}) fs::last_write_time(group + file, old);
  ASSERT_TRUE(set_quota(group, 0.5, *journal).ok());
  ASSERT_TRUE(set_cpus(group, cpus("0-3"), *journal).ok());
  for (const char* file : {"/cpu.max", "/cpuset.cpus"})
    EXPECT_EQ(fs::last_write_time(group + file), old) << file;
  std::ofstream(group + "/cpu.max") << "max 100000\n";
  fs::last_write_time(group + "/cpu.max", old);
  ASSERT_TRUE(set_quota(group, kUnlimited, *journal).ok());
  EXPECT_EQ(fs::last_write_time(group + "/cpu.max"), old);
}

TEST_F(CpuControlTest, values_that_the_kernel_could_not_take_are_refused_before_it_is_asked) {
  const std::string group = v2_group("max 100000\n", "\n");
  EXPECT_THAT(set_quota(group, 0.005, *journal).error().message, HasSubstr("below the kernel's least"));
  EXPECT_FALSE(set_quota(group, 0, *journal).ok());
  EXPECT_FALSE(set_quota(group, -1, *journal).ok());
  EXPECT_FALSE(set_quota(group, std::nan(""), *journal).ok());
  EXPECT_FALSE(set_cpus(group, CpuSet(), *journal).ok());
  EXPECT_THAT(set_cpus(group, cpus("6-9"), *journal).error().message, HasSubstr("CPUs 8-9 are not among"));
  EXPECT_EQ(content(group + "/cpu.max"), "max 100000\n");
  EXPECT_EQ(content(group + "/cpuset.cpus"), "\n");
}

TEST_F(CpuControlTest, without_a_cpu_controller_the_host_lacks_quotas) {
  const std::string group = v2_group("max 100000\n", "\n");
  fs::remove(group + "/cpu.max");
  const auto refused = set_quota(group, 0.5, *journal);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().exit, Exit::HostLacks);
  EXPECT_THAT(refused.error().hint, HasSubstr("echo +cpu"));
}

// --- real cgroups, through the Actuators ---

class RealCpuTest : public CpuControlTest {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible({"cpu", "cpuacct", "cpuset"})) GTEST_SKIP() << "no writable v1 hierarchies";
    plan.slots = 1;
    plan.slot_names = {"spinner"};
    plan.acts = {{Verb::Pin, 1, {}}, {Verb::Quota, 1, {}}};
    goal.containers.resize(1);
    actuators = std::make_unique<Actuators>(plan, HostFacts{}, "0190-test", *journal);
    ASSERT_TRUE(actuators->begin().ok()) << "a policy without RDT actions needs no resctrl";
  }

  void attach(const CgroupChild& child) {
    auto paths = cgroups_of(child.pid);
    ASSERT_TRUE(paths.ok()) << paths.error().message;
    const auto attached = actuators->attach(0, {"id", child.pid, "", "", *paths, ""}, goal);
    ASSERT_TRUE(attached.ok()) << attached.error().message;
  }
  Result<> pin(const char* list) {
    goal.containers[0].cpus = cpus(list);
    return actuators->apply({Target::ContainerCpus, 0, 0}, goal);
  }
  Result<> quota(double cores) {
    goal.containers[0].quota = cores;
    return actuators->apply({Target::ContainerQuota, 0, 0}, goal);
  }

  Plan plan;
  Allocation goal;
  std::unique_ptr<Actuators> actuators;
};

/// CPU time of a group over a second, in cores.
double load(const CgroupChild& child) {
  const auto usage = [&] { return std::stod(content(child.group("cpuacct") + "/cpuacct.usage")); };
  const auto start = std::chrono::steady_clock::now();
  const double before = usage();
  std::this_thread::sleep_for(1s);
  const double used = usage() - before;
  return used / std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

TEST_F(RealCpuTest, a_busy_loop_under_a_quota_is_throttled_and_freed_again) {
  const CgroupChild child({"cpu", "cpuacct"}, spin);
  attach(child);
  // On a loaded machine too it gets all that the quota leaves it.
  ASSERT_EQ(write_file(child.group("cpu") + "/cpu.shares", "262144"), 0);
  ASSERT_TRUE(quota(0.3).ok());
  const double throttled = load(child);
  EXPECT_GT(throttled, 0.15);
  EXPECT_LT(throttled, 0.45);
  ASSERT_TRUE(quota(kUnlimited).ok());
  EXPECT_EQ(content(child.group("cpu") + "/cpu.cfs_quota_us"), "-1\n");
  ASSERT_TRUE(quota(0.2).ok());
  EXPECT_EQ(content(child.group("cpu") + "/cpu.cfs_quota_us"), "20000\n");
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(child.group("cpu") + "/cpu.cfs_quota_us"), "-1\n");
}

TEST_F(RealCpuTest, a_pin_moves_a_running_process) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  const CgroupChild child({"cpuset"}, spin);
  attach(child);
  const std::string before = content(child.group("cpuset") + "/cpuset.cpus");
  for (const char* cpu : {"1", "0", "1"}) {
    const auto pinned = pin(cpu);
    ASSERT_TRUE(pinned.ok()) << pinned.error().message;
    EXPECT_EQ(status(child.pid, "Cpus_allowed_list"), cpu);
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(processor(child.pid), std::atoi(cpu));
  }
  EXPECT_THAT(journal->restore(), IsEmpty());
  EXPECT_EQ(content(child.group("cpuset") + "/cpuset.cpus"), before);
}

TEST_F(RealCpuTest, without_a_cpuset_of_its_own_the_tasks_are_pinned_one_by_one) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  const CgroupChild child({"cpu"}, [] {
    std::thread other(spin);
    ::usleep(100'000);
    std::thread late(spin);  // born after the pin: inherits it
    spin();
  });
  ::usleep(20'000);
  attach(child);
  const std::string root = content("/sys/fs/cgroup/cpuset/cpuset.cpus");
  ASSERT_TRUE(pin("1").ok());
  ::usleep(200'000);
  actuators->sync_tasks();
  std::string tasks;
  ASSERT_EQ(read_file(child.group("cpu") + "/tasks", tasks), 0);
  int seen = 0;
  for (size_t at = 0; at < tasks.size(); at = tasks.find('\n', at) + 1, ++seen)
    EXPECT_EQ(status(std::atoi(tasks.c_str() + at), "Cpus_allowed_list"), "1");
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(content("/sys/fs/cgroup/cpuset/cpuset.cpus"), root) << "the root group is everybody's";
}

TEST_F(RealCpuTest, groups_below_a_container_follow_when_it_is_narrowed_and_widened) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  const CgroupChild child({"cpuset"}, spin);
  const std::string inner = child.group("cpuset") + "/inner";
  fs::create_directory(inner);
  ASSERT_EQ(write_file(inner + "/cpuset.cpus", "0-1"), 0);
  attach(child);
  for (const char* list : {"1", "0", "0-1", "0"}) {
    const auto pinned = pin(list);
    ASSERT_TRUE(pinned.ok()) << pinned.error().message;
    EXPECT_EQ(content(child.group("cpuset") + "/cpuset.cpus"), std::string(list) + "\n");
    EXPECT_EQ(content(inner + "/cpuset.cpus"), std::string(list) + "\n");
  }
}

TEST_F(RealCpuTest, cpus_that_the_host_has_not_are_refused_with_the_file_that_says_so) {
  const CgroupChild child({"cpuset"}, spin);
  attach(child);
  const auto refused = pin("0,1023");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("1023 are not among"));
}

TEST_F(RealCpuTest, a_container_that_is_gone_is_an_error_and_restoring_goes_on) {
  CgroupChild child({"cpu", "cpuset"}, spin);
  attach(child);
  ASSERT_TRUE(quota(0.5).ok());
  child.end();
  EXPECT_THAT(quota(0.2).error().message, HasSubstr("has ended"));
  EXPECT_THAT(pin("0").error().message, HasSubstr("has ended"));
  EXPECT_THAT(journal->restore(), IsEmpty());
  actuators->detach(0);
  EXPECT_THAT(quota(0.2).error().message, HasSubstr("spinner does not run"));
}

}  // namespace
}  // namespace cbench
