// The simulated resctrl without its mount: errors and words as the kernel's.
#include "runtime/resctrl_sim/tree.h"

#include <cerrno>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cbench::sim {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class simulated : public testing::Test {
 protected:
  explicit simulated(const char* profile = "xeon-2s") : tree(*find_profile(profile)) {}

  std::string read(const std::string& path) {
    std::string text;
    EXPECT_EQ(tree.read(path, text, {}), 0) << path;
    return text;
  }
  int write(const std::string& path, const std::string& text) {
    return tree.write(path, text, {.pid = ::getpid()});
  }
  std::string status() { return read("info/last_cmd_status"); }
  /// What a refused write of a group's schemata says.
  std::string refusal(const std::string& text, const std::string& group = "a") {
    EXPECT_EQ(write(group + "/schemata", text), EINVAL) << text;
    return status();
  }
  Tree tree;
};

TEST_F(simulated, a_new_group_may_use_everything) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(read("a/schemata"), "    L3:0=fffff;1=fffff\n    MB:0=  100;1=  100\n");
  EXPECT_EQ(read("a/size"), "    L3:0=41943040;1=41943040\n    MB:0=100;1=100\n");
  EXPECT_EQ(read("a/mode"), "shareable\n");
  EXPECT_EQ(read("a/tasks"), "");
  EXPECT_EQ(read("a/cpus_list"), "\n");
  EXPECT_EQ(status(), "ok\n");
}

TEST_F(simulated, a_write_changes_the_domains_that_it_names) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("a/schemata", "L3:1=f0\nMB:0=50;1=33\n"), 0);
  EXPECT_EQ(read("a/schemata"), "    L3:0=fffff;1=000f0\n    MB:0=   50;1=   40\n") << "33 % is rounded up";
}

TEST_F(simulated, bad_schemata_are_refused_with_the_kernels_words_and_nothing_of_them_is_applied) {
  ASSERT_EQ(tree.make("a", {}), 0);
  const std::string before = read("a/schemata");
  EXPECT_EQ(refusal("L3:0=5\n"), "The mask 5 has non-consecutive 1-bits\n");
  EXPECT_EQ(refusal("L3:0=1fffff\n"), "Mask out of range\n");
  EXPECT_EQ(refusal("L3:0=0\n"), "Mask out of range\n");
  EXPECT_EQ(refusal("L3:0=xyz\n"), "Non-hex character in the mask xyz\n");
  EXPECT_EQ(refusal("L3:0=1;0=2\n"), "Duplicate domain 0\n");
  EXPECT_EQ(refusal("L3 0=1\n"), "Missing ':'\n");
  EXPECT_EQ(refusal("L3:\n"), "Missing 'L3' value\n");
  EXPECT_EQ(refusal("L3:x=1\n"), "Missing '=' or non-numeric domain\n");
  EXPECT_EQ(refusal("L3:7=1\n"), "ok\n") << "the kernel has no words for a domain that is not there";
  EXPECT_EQ(refusal("L2:0=1\n"), "Unknown or unsupported resource name 'L2'\n");
  EXPECT_EQ(refusal("MB:0=5\n"), "MB value 5 out of range [10,100]\n");
  EXPECT_EQ(refusal("MB:0=many\n"), "Invalid MB value many\n");
  EXPECT_EQ(refusal("L3:0=f"), "ok\n") << "without a line end";
  EXPECT_EQ(refusal("L3:0=f\nMB:0=500\n"), "MB value 500 out of range [10,100]\n");
  EXPECT_EQ(read("a/schemata"), before);
}

TEST_F(simulated, exclusive_groups_are_kept_apart) {
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.make("b", {}), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), EINVAL);
  EXPECT_EQ(status(), "Schemata overlaps\n");
  EXPECT_EQ(write("a/schemata", "L3:0=3;1=3\n"), 0);
  EXPECT_EQ(write("b/schemata", "L3:0=ffffc;1=ffffc\n"), 0);
  EXPECT_EQ(write("schemata", "L3:0=ffffc;1=ffffc\n"), 0);
  EXPECT_EQ(write("a/mode", "exclusive\n"), 0);
  EXPECT_EQ(refusal("L3:0=3c\n", "a"), "Overlaps with other group\n");
  EXPECT_EQ(refusal("L3:0=f\n", "b"), "Overlaps with exclusive group\n");
  ASSERT_EQ(tree.make("c", {}), 0);
  EXPECT_EQ(read("c/schemata").substr(0, 25), "    L3:0=ffffc;1=ffffc\n  ") << "what no exclusive group has";
  EXPECT_THAT(read("info/L3/bit_usage"), HasSubstr("0=XXSSSSSSSSSSSSSSSSEE;"));
  EXPECT_EQ(write("a/mode", "shared\n"), EINVAL);
  EXPECT_EQ(status(), "Unknown or unsupported mode\n");
  EXPECT_EQ(write("b/mode", "pseudo-locksetup\n"), EINVAL);
  EXPECT_EQ(status(), "Pseudo-locking not supported\n");
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
  EXPECT_EQ(write("a/cpus_list", "4000\n"), EINVAL);
  EXPECT_EQ(status(), "Can only assign online CPUs\n");
  EXPECT_EQ(write("a/cpus_list", "\n"), 0);
  EXPECT_EQ(read("cpus_list"), all);
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

struct with_cdp : simulated {
  with_cdp() : simulated("xeon-2s-cdp") {}
};
TEST_F(with_cdp, code_and_data_have_their_own_lines_and_half_the_closids) {
  EXPECT_EQ(read("schemata"), "L3CODE:0=fffff;1=fffff\nL3DATA:0=fffff;1=fffff\n    MB:0=  100;1=  100\n");
  EXPECT_EQ(read("info/L3CODE/num_closids"), "8\n");
  EXPECT_FALSE(tree.look("info/L3").has_value());
}

struct epyc : simulated {
  epyc() : simulated("epyc-ccx") {}
};
TEST_F(epyc, masks_may_have_gaps_and_bandwidth_counts_in_eighths) {
  ASSERT_EQ(tree.make("a", {}), 0);
  EXPECT_EQ(write("a/schemata", "L3:0=5\nMB:3=8\n"), 0);
  EXPECT_THAT(read("a/schemata"), HasSubstr("3=   8;"));
  EXPECT_EQ(refusal("MB:0=2049\n"), "MB value 2049 out of range [1,2048]\n");
  EXPECT_EQ(read("info/L3/min_cbm_bits"), "0\n");
  EXPECT_EQ(write("a/schemata", "L3:0=0\n"), 0);
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

TEST(profiles_of_the_simulation, are_whole) {
  for (const Profile& profile : profiles()) {
    Tree tree(profile);
    EXPECT_TRUE(tree.look("schemata").has_value()) << profile.name;
    EXPECT_FALSE(profile.about.empty());
    EXPECT_EQ(find_profile(profile.name), &profile);
  }
  EXPECT_EQ(find_profile("z80"), nullptr);
}

TEST(script, says_what_the_counters_do_by_time_and_group) {
  std::vector<ScriptLine> script;
  ASSERT_EQ(parse_script("# a comment\n0 a 0 occupancy=1e6 total=1e9\n\n0 . 0 unavailable\n", script), "");
  Tree tree(*find_profile("xeon-1s-11"), script);
  ASSERT_EQ(tree.make("a", {}), 0);
  std::string text;
  tree.read("a/mon_data/mon_L3_00/llc_occupancy", text, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  tree.read("a/mon_data/mon_L3_00/llc_occupancy", text, {});
  EXPECT_EQ(text, "1000000\n");
  tree.read("a/mon_data/mon_L3_00/mbm_total_bytes", text, {});
  EXPECT_GT(std::stoll(text), 30'000'000);
  tree.read("mon_data/mon_L3_00/llc_occupancy", text, {});
  EXPECT_EQ(text, "Unavailable\n");
}

TEST(script, mistakes_are_told_with_their_place) {
  std::vector<ScriptLine> script;
  EXPECT_THAT(parse_script("0 a 0\nnow a 0\n", script), testing::StartsWith("2:1: "));
  EXPECT_THAT(parse_script("0 a 0 occupancy=much\n", script),
              testing::StartsWith("1:7: `occupancy=much` is not"));
}

TEST(activity_model, a_running_task_fills_its_part_of_the_cache_and_no_more) {
  Tree tree(*find_profile("xeon-1s-11"));
  ASSERT_EQ(tree.make("a", {}), 0);
  ASSERT_EQ(tree.write("a/schemata", "L3:0=1\n", {}), 0);
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) {
    }
  ASSERT_EQ(tree.write("a/tasks", std::to_string(child) + "\n", {}), 0);
  std::string occupancy, bytes;
  for (int i = 0; i < 100; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(15));
    tree.read("a/mon_data/mon_L3_00/llc_occupancy", occupancy, {});
  }
  tree.read("a/mon_data/mon_L3_00/mbm_total_bytes", bytes, {});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_GT(std::stoll(occupancy), 2560 * 1024 / 2);
  EXPECT_LE(std::stoll(occupancy), 2560 * 1024) << "one way";
  EXPECT_GT(std::stoll(bytes), 100'000'000);
}

}  // namespace
}  // namespace cbench::sim
