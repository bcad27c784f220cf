// The docker engine when its daemon is restarted in mid-run: a daemon of this test's own.
// link: runtime.engines
// needs: dockerd
#include <algorithm>

#include <gmock/gmock.h>
#include <signal.h>

#include "tests/host/engines/run.h"

namespace cbench {
namespace {

using testing::EngineRun;
using testing::eventually;
using namespace std::chrono_literals;

class Restart : public testing::RootTest {
 protected:
  void SetUp() override {
    RootTest::SetUp();
    if (IsSkipped()) return;
    char name[] = "/tmp/cbench-restart-XXXXXX";
    folder_ = mkdtemp(&name[0]);
    before_ = getenv("DOCKER_HOST") == nullptr ? "" : getenv("DOCKER_HOST");
    ASSERT_EQ(script("dockerd.sh start " + folder_), 0);
    ASSERT_EQ(script("images.sh " + folder_ + "/docker.sock"), 0);
    setenv("DOCKER_HOST", ("unix://" + folder_ + "/docker.sock").c_str(), 1);
  }
  void TearDown() override {
    if (folder_.empty()) return;
    EXPECT_EQ(script("dockerd.sh stop " + folder_), 0);
    setenv("DOCKER_HOST", before_.c_str(), 1);
  }
  static int script(const std::string& command) {
    return system((CBENCH_TESTS_DIR "/support/" + command).c_str());
  }
  void end_daemon() const {
    const pid_t daemon = std::stoi(testing::read_file(folder_ + "/dockerd.pid"));
    kill(daemon, SIGTERM);
    const std::string command_line = "/proc/" + std::to_string(daemon) + "/cmdline";
    ASSERT_TRUE(eventually([&] { return testing::read_file(command_line).empty(); }, 30s));
  }

  std::string folder_, before_;
};

TEST_F(Restart, each_container_gives_one_notice_and_nothing_is_left) {
  EngineRun run(EngineKind::Docker);
  run.add("process", "trap 'echo bye; exit 6' TERM; echo ready; while :; do sleep 0.05; done");
  run.add("executed", "echo ready; sleep 60").entrypoint = {
      "sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done"};
  run.make();
  run.start(0);
  run.start(1);
  ASSERT_TRUE(
      eventually([&] { return run.out("process") == "ready\n" && run.out("executed") == "ready\n"; }));
  end_daemon();
  ASSERT_EQ(script("dockerd.sh start " + folder_), 0);
  std::vector<ExitNotice> exits;
  EXPECT_TRUE(eventually(
      [&] {
        for (ExitNotice& notice : run.engine->take_exits()) exits.push_back(std::move(notice));
        return exits.size() == 2;
      },
      40s));
  for (const ExitNotice& notice : exits) {
    EXPECT_FALSE(notice.stopped);
    if (notice.slot == 0) {
      EXPECT_EQ(notice.code, 6);
    } else {
      EXPECT_NE(notice.code, 0);
    }
  }
  EXPECT_THAT(run.out("process"), ::testing::StartsWith("ready\n"));
  EXPECT_EQ(run.engine->remove_all(), std::vector<std::string>());
  EXPECT_TRUE(run.engine->take_exits().empty());
  std::vector<std::string> acts = run.acts(0);  // it was not us who sent them the daemon's SIGTERM
  std::sort(acts.begin(), acts.end());
  EXPECT_EQ(std::adjacent_find(acts.begin(), acts.end()), acts.end()) << ::testing::PrintToString(acts);
}

TEST_F(Restart, acts_after_it_are_told_of_containers_that_are_started_then) {
  EngineRun run(EngineKind::Docker);
  run.add("a", "sleep 60");
  run.make();
  end_daemon();
  ASSERT_EQ(script("dockerd.sh start " + folder_), 0);
  run.start(0);
  ASSERT_TRUE(eventually(
      [&] {
        const std::string docker = "docker -H unix://" + folder_ + "/docker.sock ";
        EXPECT_EQ(system((docker + "exec $(" + docker + "ps -q) true").c_str()), 0);
        return !run.acts(1, 1s).empty();
      },
      15s));
}

}  // namespace
}  // namespace cbench
