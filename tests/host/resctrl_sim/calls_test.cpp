// The simulated resctrl by system calls of other processes: tasks, forks, what runs out, and calls that hang.
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/resctrl_sim.h"

namespace cbench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// A child that waits until it is killed.
class Sleeper {
 public:
  explicit Sleeper(const std::function<void()>& first = [] {}) : pid(::fork()) {
    if (pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    first();
    for (;;) ::pause();
  }
  ~Sleeper() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  [[nodiscard]] std::string line() const { return std::to_string(pid) + "\n"; }
  const pid_t pid;
};

TEST(resctrl_calls, a_process_that_puts_itself_into_a_group_takes_its_children_along) {
  const SimulatedResctrl one("xeon-2s");
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  int tell[2] = {-1, -1};
  ASSERT_EQ(::pipe(tell), 0);
  const Sleeper child([&] {
    if (one.write("a/tasks", "0\n") != 0) ::_exit(1);
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    static_cast<void>(!::write(tell[1], &grandchild, sizeof grandchild));
  });
  pid_t grandchild = 0;
  ASSERT_EQ(::read(tell[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  EXPECT_THAT(one.read("a/tasks"), HasSubstr(child.line()));
  EXPECT_THAT(one.read("a/tasks"), HasSubstr(std::to_string(grandchild) + "\n"));
  EXPECT_THAT(one.read("tasks"), Not(HasSubstr("\n" + child.line())));
  EXPECT_EQ(::rmdir((one / "a").c_str()), 0);
  EXPECT_THAT(one.read("tasks"), HasSubstr("\n" + child.line()));
  ::close(tell[0]);
  ::close(tell[1]);
}

TEST(resctrl_calls, refusals_have_the_kernels_errno_and_words) {
  const SimulatedResctrl one("xeon-2s");
  for (int i = 1; i < 16; ++i) ASSERT_EQ(::mkdir((one / ("g" + std::to_string(i))).c_str(), 0755), 0);
  EXPECT_EQ(::mkdir((one / "more").c_str(), 0755), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(one.status(), "Out of CLOSIDs\n");
  EXPECT_EQ(one.write("g1/tasks", "99999999\n"), ESRCH);
  EXPECT_EQ(one.status(), "No task 99999999\nError while processing task 99999999\n");
  EXPECT_EQ(one.write("g1/schemata", std::string(5000, ' ') + "\n"), E2BIG);
  EXPECT_EQ(::rmdir((one / "g3").c_str()), 0);
  EXPECT_EQ(::mkdir((one / "more").c_str(), 0755), 0);
}

TEST(resctrl_calls, opening_a_file_to_cut_it_changes_nothing) {
  const SimulatedResctrl one("xeon-2s");
  const std::string before = one.read("schemata");
  const int file = ::open((one / "schemata").c_str(), O_WRONLY | O_TRUNC | O_CREAT, 0644);
  ASSERT_GE(file, 0);
  EXPECT_EQ(one.read("schemata"), before);
  EXPECT_EQ(::ftruncate(file, 0), 0);
  struct stat about{};
  EXPECT_EQ(::fstat(file, &about), 0);
  EXPECT_EQ(about.st_mode, S_IFREG | 0644U);
  ::close(file);
  EXPECT_EQ(::open((one / "new").c_str(), O_WRONLY | O_CREAT, 0644), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::rename((one / "schemata").c_str(), (one / "other").c_str()), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(resctrl_calls, a_file_of_a_group_that_is_gone_is_not_that_of_a_new_one) {
  const SimulatedResctrl one("xeon-2s");
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  const int file = ::open((one / "a/schemata").c_str(), O_WRONLY);
  ASSERT_EQ(::rmdir((one / "a").c_str()), 0);
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  EXPECT_EQ(::write(file, "L3:0=1\n", 7), -1);
  EXPECT_EQ(errno, ENODEV);
  ::close(file);
  EXPECT_THAT(one.read("a/schemata"), HasSubstr("L3:0=fffff"));
}

TEST(resctrl_calls, many_that_hang_hold_nobody_else_up_not_even_rmdir) {
  const SimulatedResctrl one("xeon-2s");
  std::vector<std::string> groups;
  for (int i = 0; i < 14; ++i) groups.push_back("g" + std::to_string(i));
  for (const std::string& group : groups) ASSERT_EQ(::mkdir((one / group).c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((one / "b").c_str(), 0755), 0);
  one.fault("write g*/schemata * hang");  // files apart, for the kernel lets one write to a file at a time
  std::vector<std::future<int>> hanging;
  for (const std::string& group : groups)
    hanging.push_back(
        std::async(std::launch::async, [&] { return one.write(group + "/schemata", "L3:0=1\n"); }));
  for (int i = 0; i < 200 && one.read("info/simulated_faults").find("struck 14 of 14") == std::string::npos;
       ++i)
    std::this_thread::sleep_for(10ms);
  EXPECT_THAT(one.read("info/simulated_faults"), HasSubstr("struck 14 of 14"));
  EXPECT_EQ(one.write("b/schemata", "L3:0=3\n"), 0);
  EXPECT_EQ(::rmdir((one / "g0").c_str()), 0);
  for (const auto& call : hanging) EXPECT_EQ(call.wait_for(0ms), std::future_status::timeout);
  one.fault("clear");
  EXPECT_EQ(hanging[0].get(), ENODEV) << "the group has gone meanwhile";
  for (size_t i = 1; i < hanging.size(); ++i) EXPECT_EQ(hanging[i].get(), 0);
}

TEST(resctrl_calls, one_that_hangs_ends_with_its_process) {
  const SimulatedResctrl one("xeon-2s");
  ASSERT_EQ(::mkdir((one / "a").c_str(), 0755), 0);
  for (const char* fault : {"write a/schemata * hang", "mkdir b * hang", "read a/mode * hang"}) {
    one.fault(fault);
    const std::string operation = std::string(fault).substr(0, std::string(fault).find(' '));
    const auto begun = std::chrono::steady_clock::now();
    {
      const Sleeper child([&] {
        if (operation == "mkdir") ::mkdir((one / "b").c_str(), 0755);
        operation == "write" ? static_cast<void>(one.write("a/schemata", "L3:0=1\n"))
                             : static_cast<void>(one.read("a/mode"));
        ::_exit(0);
      });
      std::this_thread::sleep_for(100ms);
      EXPECT_EQ(::waitpid(child.pid, nullptr, WNOHANG), 0) << fault << ": it hangs";
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << fault;
    one.fault("clear");
  }
}

}  // namespace
}  // namespace cbench
