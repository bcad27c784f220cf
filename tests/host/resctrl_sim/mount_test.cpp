// link: cbench_options
// The simulated resctrl as a mount: it comes and goes whole.
#include <thread>

#include <gmock/gmock.h>

#include "tests/support/resctrl_sim.h"

namespace cbench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool is_mounted(const std::string& folder) {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);)
    if (line.find(" " + folder + " ") != std::string::npos) return true;
  return false;
}

TEST(resctrl_mount, system_calls_get_what_the_kernel_would_answer) {
  const SimulatedResctrl one("xeon-2s");
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  EXPECT_EQ(::mkdir((one / "info/a").c_str(), 0755), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(one.write("a/schemata", "L3:0=5\n"), EINVAL);
  EXPECT_EQ(one.status(), "The mask 5 has non-consecutive 1-bits\n");
  EXPECT_EQ(one.write("info/L3/cbm_mask", "1\n"), EACCES);
  EXPECT_EQ(one.write("a/nothing", "1\n"), ENOENT);
  EXPECT_EQ(::unlink((one / "a/tasks").c_str()), -1);
  EXPECT_EQ(errno, EPERM);
  const int open_file = ::open((one / "a/schemata").c_str(), O_RDWR);
  char text[128] = {};
  EXPECT_GT(::pread(open_file, text, sizeof text - 1, 0), 0);
  ASSERT_EQ(::write(open_file, "L3:0=1\n", 7), 7);
  EXPECT_GT(::pread(open_file, text, sizeof text - 1, 0), 0);
  EXPECT_THAT(std::string(text), testing::HasSubstr("0=00001")) << "read anew from the start";
  EXPECT_EQ(::rmdir((one / "a").c_str()), 0);
  EXPECT_EQ(::write(open_file, "L3:0=1\n", 7), -1);
  ::close(open_file);
}

TEST(resctrl_mount, two_of_them_know_nothing_of_each_other) {
  const SimulatedResctrl one("xeon-2s"), other("epyc-ccx");
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  EXPECT_FALSE(fs::exists(other / "a"));
}

TEST(resctrl_mount, the_end_takes_the_mount_along_also_with_a_file_open) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    SimulatedResctrl one("xeon-2s");
    const int open_file = ::open((one / "schemata").c_str(), O_RDONLY);
    ASSERT_TRUE(is_mounted(one.root()));
    EXPECT_EQ(one.end(signal), 0);
    EXPECT_FALSE(is_mounted(one.root()));
    EXPECT_TRUE(fs::is_empty(one.root())) << "nor is its endpoint left unconnected";
    ::close(open_file);
  }
}

TEST(resctrl_mount, one_that_is_killed_does_not_leave_a_dead_mount) {
  SimulatedResctrl one("xeon-2s");
  const int open_file = ::open((one / "schemata").c_str(), O_RDONLY);
  ASSERT_TRUE(is_mounted(one.root()));
  EXPECT_EQ(one.end(SIGKILL), 1000 + SIGKILL);
  for (int i = 0; i < 500 && is_mounted(one.root()); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(is_mounted(one.root()));
  ::close(open_file);
}

TEST(resctrl_mount, ends_when_its_owner_is_gone) {
  int owner[2] = {-1, -1};
  ASSERT_EQ(::pipe(owner), 0);
  ::fcntl(owner[1], F_SETFD, FD_CLOEXEC);  // the simulator must not hold its own owner's end
  SimulatedResctrl one("xeon-2s", {"--owner-fd", std::to_string(owner[0])});
  ASSERT_TRUE(is_mounted(one.root()));
  ::close(owner[0]);
  ::close(owner[1]);
  for (int i = 0; i < 200 && is_mounted(one.root()); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(is_mounted(one.root()));
}

TEST(resctrl_mount, mistakes_are_told) {
  const auto status_of = [](const std::string& arguments) {
    const std::string program = fs::read_symlink("/proc/self/exe").parent_path() / "cbench-resctrl-sim";
    return WEXITSTATUS(std::system((program + " " + arguments + " >/dev/null 2>&1").c_str()));
  };
  EXPECT_EQ(status_of("--list"), 0);
  EXPECT_EQ(status_of("--profile z80 /tmp"), 2);
  EXPECT_EQ(status_of("--profile xeon-2s"), 2);
  EXPECT_EQ(status_of("--profile xeon-2s /proc"), 4);
  EXPECT_EQ(status_of("--profile xeon-2s /nowhere"), 4);
}

}  // namespace
}  // namespace cbench
