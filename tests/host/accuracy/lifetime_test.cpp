// Figures of containers that end between two readings, and of numbers that now belong to other processes:
// missing, never another's and never back at 0.
#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>

#include "tests/support/sampled.h"

namespace cbench {
namespace {

using enum Metric;

class lifetime : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!CgroupChild::possible(kHybridHierarchies))
      GTEST_SKIP() << "needs a hybrid host and the right to make cgroups";
  }
};

/// With a network of its own, in which an interface sends something.
[[noreturn]] void live_apart() {
  if (::unshare(CLONE_NEWNET) == 0)
    (void)!std::system(  // the command is our own
        "ip link add cbt0 type veth peer name cbt1 && ip link set cbt1 up && ip addr add 10.96.1.1/24 dev "
        "cbt0 && ip link set cbt0 up && "
        "ip neigh add 10.96.1.2 lladdr 02:00:00:00:00:01 dev cbt0 && "
        "busybox ping -c 2 -W 1 10.96.1.2 >/dev/null 2>&1");
  for (;;) ::pause();
}

/// Its interface is there and has sent something.
bool has_sent(Sampled& container) {
  for (int i = 0; i < 500; ++i) {
    container.collect();
    if (has_value(container.status(docker_network_tx_bytes)) && container[docker_network_tx_bytes] > 0)
      return true;
    ::usleep(10'000);
  }
  return false;
}

/// Waits for another network than ours.
bool is_apart(pid_t pid) {
  for (int i = 0; i < 500; ++i) {
    std::error_code error;
    const auto theirs = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/net", pid), error);
    if (!error && theirs != std::filesystem::read_symlink("/proc/self/ns/net")) return true;
    ::usleep(10'000);
  }
  return false;
}

/// Could the child make its interface? It has had its time once has_sent() has waited.
bool has_interface(pid_t pid) {
  std::string text;
  return read_file(fmt::format("/proc/{}/net/dev", pid), text) == 0 &&
         text.find("cbt0:") != std::string::npos;
}

TEST_F(lifetime, the_network_of_a_process_that_has_ended_is_missing_while_its_groups_are_there_still) {
  const CgroupChild child(kHybridHierarchies, live_apart);
  if (!is_apart(child.pid)) GTEST_SKIP() << "no network namespace is to be had here";
  Sampled container(child);
  const bool sent = has_sent(container);
  if (!has_interface(child.pid)) GTEST_SKIP() << "no veth is to be had here";
  ASSERT_TRUE(sent);
  ASSERT_EQ(::kill(child.pid, SIGKILL), 0);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED | WNOWAIT), 0);
  container.collect();
  for (const Metric metric : {docker_network_rx_bytes, docker_network_tx_bytes, docker_network_tx_packets})
    EXPECT_EQ(container.status(metric), Status::Stopped) << cbench::info(metric).field;
  EXPECT_EQ(container.status(docker_cpu_usage_total), Status::Ok) << "what it used until its end";
}

TEST_F(lifetime, a_number_that_belongs_to_a_process_elsewhere_gives_nothing_of_that) {
  const CgroupChild child(kHybridHierarchies, [] {
    for (;;) ::pause();
  });
  const CgroupChild other(kHybridHierarchies, live_apart);
  if (!is_apart(other.pid)) GTEST_SKIP() << "no network namespace is to be had here";
  Sampled container(child, other.pid);
  container.collect();
  EXPECT_EQ(container.status(docker_network_tx_bytes), Status::Stopped);
  EXPECT_EQ(container.status(docker_cpu_usage_total), Status::Ok) << "the groups are the container's";
  EXPECT_EQ(container[docker_pids], 1);
}

TEST_F(lifetime, a_process_in_a_group_below_the_containers_is_the_containers) {
  const CgroupChild child(kHybridHierarchies, live_apart);
  if (!is_apart(child.pid)) GTEST_SKIP() << "no network namespace is to be had here";
  const auto before = cgroups_of(child.pid);
  ASSERT_TRUE(before.ok());
  const std::string below = child.group("pids") + "/init";
  std::filesystem::create_directory(below);
  ASSERT_EQ(write_file(below + "/cgroup.procs", std::to_string(child.pid)), 0);
  Sampled container(child, 0, *before);
  const bool sent = has_sent(container);
  if (!has_interface(child.pid)) GTEST_SKIP() << "no veth is to be had here";
  EXPECT_TRUE(sent);
}

TEST_F(lifetime, what_has_ended_when_it_is_attached_is_stopped_and_the_host_is_not_blamed) {
  CgroupChild child(kHybridHierarchies, [] {
    for (;;) ::pause();
  });
  const auto group = cgroups_of(child.pid);
  ASSERT_TRUE(group.ok());
  const pid_t pid = child.pid;
  child.end();
  Sampled container(child, pid, *group);
  for (const std::string& line : container.lines) EXPECT_EQ(line.find("docker."), std::string::npos) << line;
  container.collect();
  for (const Metric metric : {docker_cpu_usage_total, docker_cpu_usage_percent, docker_memory_usage,
                              docker_pids, docker_network_rx_bytes})
    EXPECT_EQ(container.status(metric), Status::Stopped) << info(metric).field;
}

}  // namespace
}  // namespace cbench
