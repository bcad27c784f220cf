// Tasks and CPUs of the simulated resctrl's groups: the kernel's rules and words.
#include <cstdio>
#include <future>
#include <thread>

#include <sys/wait.h>

#include "tests/unit/runtime/resctrl_sim/simulated.h"

namespace cbench::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A shell that makes a child of its own when asked. It is executed anew, since a sanitizer's process has
/// threads that nobody asked for.
class Child {
 public:
  Child() {
    EXPECT_EQ(::pipe(ask_), 0);
    EXPECT_EQ(::pipe(tell_), 0);
    pid = ::fork();
    if (pid != 0) {
      (void)line();  // it has executed then
      return;
    }
    ::dup2(ask_[0], STDIN_FILENO);
    ::dup2(tell_[1], STDOUT_FILENO);
    ::execl("/bin/sh", "sh", "-c", "echo ready; while read -r line; do sleep 1000 >/dev/null & echo $!; done",
            nullptr);
    ::_exit(127);
  }
  pid_t fork_once() {
    static_cast<void>(!::write(ask_[1], "\n", 1));
    grandchildren_.push_back(std::atoi(line().c_str()));
    return grandchildren_.back();
  }
  ~Child() {
    for (const pid_t one : grandchildren_) ::kill(one, SIGKILL);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    for (const int end : {ask_[0], ask_[1], tell_[0], tell_[1]}) ::close(end);
  }
  pid_t pid = 0;

 private:
  [[nodiscard]] std::string line() const {
    std::string text;
    for (char byte = 0; ::read(tell_[0], &byte, 1) == 1 && byte != '\n';) text += byte;
    return text;
  }
  int ask_[2] = {}, tell_[2] = {};
  std::vector<pid_t> grandchildren_;
};

TEST_F(simulated, tasks_move_take_their_new_children_along_and_fall_to_the_parent) {
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.make("a/mon_groups/m", {}), 0);
  Child child;
  const std::string line = std::to_string(child.pid) + "\n";
  EXPECT_EQ(write("a/mon_groups/m/tasks", line), EINVAL) << "it is in the root group";
  EXPECT_THAT(status(), HasSubstr("Can't move task to different control group"));
  EXPECT_EQ(write("a/tasks", line), 0);
  EXPECT_EQ(read("a/tasks"), line);
  EXPECT_EQ(write("a/mon_groups/m/tasks", line), 0);
  EXPECT_EQ(read("a/tasks"), line) << "it is in the control group as well";
  const pid_t grandchild = child.fork_once();
  EXPECT_EQ(read("a/mon_groups/m/tasks"), line + std::to_string(grandchild) + "\n");
  EXPECT_THAT(read("tasks"), Not(HasSubstr("\n" + line)));
  EXPECT_EQ(write("a/tasks", line), 0) << "out of its monitoring group";
  EXPECT_EQ(read("a/mon_groups/m/tasks"), std::to_string(grandchild) + "\n");
  EXPECT_EQ(tree.remove("a", {}), 0);
  EXPECT_THAT(read("tasks"), HasSubstr("\n" + line));
  EXPECT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(read("a/tasks"), "");
}

TEST_F(simulated, threads_and_children_from_before_a_move_stay_where_they_are) {
  ASSERT_EQ(tree.make("a", {}), 0);
  Child child;
  const pid_t before = child.fork_once();
  const std::string line = std::to_string(child.pid) + "\n";
  EXPECT_EQ(write("a/tasks", line), 0);
  EXPECT_EQ(read("a/tasks"), line);
  EXPECT_THAT(read("tasks"), HasSubstr("\n" + std::to_string(before) + "\n"));
  const pid_t after = child.fork_once();
  EXPECT_EQ(read("a/tasks"), line + std::to_string(after) + "\n");

  std::promise<pid_t> told;
  std::promise<void> end;
  std::thread thread([&] {
    told.set_value(::gettid());
    end.get_future().wait();
  });
  const std::string other = std::to_string(told.get_future().get());
  EXPECT_EQ(write("a/tasks", std::to_string(::getpid()) + "\n"), 0);
  EXPECT_THAT(read("a/tasks"), Not(HasSubstr(other))) << "the kernel moves one thread";
  EXPECT_EQ(write("a/tasks", other), 0);
  EXPECT_THAT(read("a/tasks"), HasSubstr(other));
  end.set_value();
  thread.join();
  EXPECT_EQ(write("tasks", std::to_string(::getpid()) + "\n"), 0);
}

TEST_F(simulated, a_zombie_is_still_in_its_group) {
  ASSERT_EQ(tree.make("a", {}), 0);
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) ::pause();
  const std::string line = std::to_string(child) + "\n";
  EXPECT_EQ(write("a/tasks", line), 0);
  ::kill(child, SIGKILL);
  siginfo_t info;
  ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  EXPECT_EQ(read("a/tasks"), line);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(read("a/tasks"), "");
}

TEST_F(simulated, tasks_are_read_as_the_kernel_reads_numbers) {
  ASSERT_EQ(tree.make("a", {}), 0);
  Child child, other;
  EXPECT_EQ(write("a/tasks", "\n"), 0) << "no task is no mistake";
  EXPECT_EQ(read("a/tasks"), "");
  EXPECT_EQ(write(
                "a/tasks", std::to_string(child.pid) + " , 0x" +
                               [&] {
                                 char hexadecimal[16];
                                 std::snprintf(hexadecimal, sizeof hexadecimal, "%x",
                                               static_cast<unsigned>(other.pid));
                                 return std::string(hexadecimal);
                               }() +
                               ",\n"),
            0);
  EXPECT_THAT(read("a/tasks"),
              AllOf(HasSubstr(std::to_string(child.pid)), HasSubstr(std::to_string(other.pid))));
  EXPECT_EQ(write("tasks", "0\n"), 0) << "the caller";
}

TEST_F(simulated, bad_tasks_are_refused_and_those_before_them_moved) {
  ASSERT_EQ(tree.make("a", {}), 0);
  Child child;
  EXPECT_EQ(write("a/tasks", "99999999\n"), ESRCH);
  EXPECT_EQ(status(), "No task 99999999\nError while processing task 99999999\n");
  EXPECT_EQ(write("a/tasks", "x\n"), EINVAL);
  EXPECT_EQ(status(), "Task list parsing error pid x\n");
  EXPECT_EQ(write("a/tasks", "-4\n"), EINVAL);
  EXPECT_EQ(status(), "Invalid pid -4\n");
  EXPECT_EQ(write("a/tasks", std::to_string(child.pid) + ",99999999\n"), ESRCH);
  EXPECT_EQ(read("a/tasks"), std::to_string(child.pid) + "\n");
}

TEST_F(simulated, cpus_belong_to_one_group) {
  ASSERT_EQ(tree.make("a", {}), 0);
  const std::string all = read("cpus_list");
  EXPECT_EQ(write("a/cpus_list", "0\n"), 0);
  EXPECT_EQ(read("a/cpus_list"), "0\n");
  EXPECT_EQ(read("a/cpus"), "1\n");
  EXPECT_NE(read("cpus_list"), all);
  EXPECT_EQ(write("a/cpus_list", "\n"), 0);
  EXPECT_EQ(read("cpus_list"), all);
}

TEST_F(simulated, bad_cpus_are_refused_with_the_kernels_words) {
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.make("a/mon_groups/m", {}), 0);
  EXPECT_EQ(write("a/cpus_list", "4000\n"), ERANGE) << "more than there can be";
  EXPECT_EQ(write("a/cpus", "100000000000000000\n"), EOVERFLOW);
  for (const char* bad : {"0-\n", "x\n", "1-0\n"}) EXPECT_EQ(write("a/cpus_list", bad), EINVAL) << bad;
  EXPECT_EQ(write("a/cpus", "xyz\n"), EINVAL);
  EXPECT_EQ(status(), "Bad CPU list/mask\n");
  EXPECT_EQ(write("cpus_list", "\n"), EINVAL);
  EXPECT_EQ(status(), "Can't drop CPUs from default group\n");
  EXPECT_EQ(write("a/mon_groups/m/cpus_list", "0\n"), EINVAL);
  EXPECT_EQ(status(), "Can only add CPUs to mongroup that belong to parent\n");
}

TEST_F(simulated, a_monitoring_group_has_cpus_of_its_parents_and_loses_them_with_it) {
  const std::string all = read("cpus_list");
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.make("a/mon_groups/m", {}), 0);
  EXPECT_EQ(write("a/cpus_list", "0\n"), 0);
  EXPECT_EQ(write("a/mon_groups/m/cpus_list", "0\n"), 0);
  EXPECT_EQ(read("a/mon_groups/m/cpus_list"), "0\n");
  EXPECT_EQ(read("a/cpus_list"), "0\n") << "it stays the parent's too";
  EXPECT_EQ(write("a/cpus_list", "0\n"), 0);
  EXPECT_EQ(read("a/mon_groups/m/cpus_list"), "\n") << "new CPUs of the parent clear its groups'";
  EXPECT_EQ(tree.remove("a", {}), 0);
  EXPECT_EQ(read("cpus_list"), all);
}

}  // namespace
}  // namespace cbench::sim
