// What the simulated counters count, by the model or by a script, and the profiles.
#include <thread>

#include <sys/wait.h>

#include "tests/unit/runtime/resctrl_sim/simulated.h"

namespace cbench::sim {
namespace {

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
  EXPECT_THAT(parse_script("0 total=x 0 occupancy=1 total=x\n", script),
              testing::StartsWith("1:25: `total=x`"));
  for (const char* bad :
       {"occupancy=", "total=-1", "local=nan", "total=inf", "occupancy=1e30", "unavailable=1"})
    EXPECT_NE(parse_script(std::string("0 a 0 ") + bad + "\n", script), "") << bad;
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
