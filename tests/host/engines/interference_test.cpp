// What others do to a container that is measured, against a real dockerd: told once each, and nothing else.
// link: runtime.engines
// needs: dockerd
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/host/engines/run.h"

namespace cbench {
namespace {

using testing::EngineRun;
using testing::eventually;
using namespace std::chrono_literals;

class DockerInterference : public testing::RootTest {};

/// Another hand on the daemon.
int docker(const std::string& command) {
  return system(("docker -H \"$DOCKER_HOST\" " + command + " > /dev/null").c_str());
}

TEST_F(DockerInterference, acts_of_others_are_told_once_each) {
  EngineRun run(EngineKind::Docker);
  run.add("process", "sleep 60");
  run.add("executed", "sleep 60").entrypoint = {"sleep", "61"};
  run.make();
  const std::string first = run.start(0, "0").id, second = run.start(1, "1").id;
  const auto act = [&](const std::string& command) { ASSERT_EQ(docker(command), 0) << command; };
  act("pause " + first);
  act("unpause " + first);
  act("exec " + second + " echo hello");
  act("update --cpu-shares 512 " + first);
  act("rename " + second + " cbench-another-name-" + std::to_string(getpid()));
  act("cp " + first + ":/bin/busybox - ");
  act("cp /etc/hostname " + second + ":/tmp/");
  act("export " + first);
  const std::string other = " by somebody else";
  EXPECT_THAT(run.acts(8), ::testing::ElementsAre(
                               "0: was paused" + other, "0: was unpaused" + other,
                               "1: was made to execute a command of somebody else: echo hello",
                               "0: was given other resources" + other,
                               "1: was renamed to cbench-another-name-" + std::to_string(getpid()) + other,
                               "0: had files copied out of it" + other, "1: had files copied into it" + other,
                               "0: was exported" + other));
  act("commit " + first + " cbench-test/committed:1");
  EXPECT_THAT(run.acts(3), ::testing::UnorderedElementsAre("0: was paused" + other, "0: was unpaused" + other,
                                                           "0: was committed to an image" + other));
  act("rmi cbench-test/committed:1");
  EXPECT_TRUE(run.engine->stop(0, 2s));
  EXPECT_TRUE(run.engine->stop(1, 2s));
  EXPECT_THAT(run.acts(1, 500ms), ::testing::IsEmpty());
}

TEST_F(DockerInterference, an_exit_by_anothers_hand_says_so) {
  EngineRun run(EngineKind::Docker);
  run.add("killed", "sleep 60");
  run.add("stopped", "sleep 60").entrypoint = {"sh", "-c",
                                               "trap 'exit 3' TERM; while :; do sleep 0.05; done"};
  run.make();
  const std::string killed = run.start(0).id, stopped = run.start(1).id;
  ASSERT_EQ(docker("kill " + killed), 0);
  const ExitNotice first = run.wait_exit();
  EXPECT_EQ(first.code, 137);
  EXPECT_FALSE(first.stopped);
  EXPECT_EQ(first.message, "it was sent SIGKILL by somebody else");
  ASSERT_EQ(docker("stop " + stopped), 0);
  EXPECT_EQ(run.wait_exit().message, "it was sent SIGTERM by somebody else");
  EXPECT_THAT(run.acts(3, 1s), ::testing::ElementsAre("0: was sent SIGKILL by somebody else",
                                                      "1: was sent SIGTERM by somebody else"));
}

TEST_F(DockerInterference, an_images_own_health_check_is_nobodys_act) {
  const std::string from = "cbench-health-" + std::to_string(getpid());
  ASSERT_EQ(docker("create --name " + from + " cbench-test/busybox:1 true"), 0);
  for (const char* check : {"CMD [\"true\"]", "CMD [\"test\", \"-d\", \"/tmp\"]", "CMD true && true"}) {
    ASSERT_EQ(docker("commit --change 'CMD [\"sh\"]' --change 'HEALTHCHECK --interval=1s " +
                     std::string(check) + "' " + from + " cbench-test/health:1"),
              0);
    EngineRun run(EngineKind::Docker);
    run.add("healthy", "sleep 60").image.value = "cbench-test/health:1";
    run.make();
    const std::string id = run.start(0).id;
    EXPECT_TRUE(eventually(
        [&] { return docker("ps -q --filter health=healthy | grep -q " + id.substr(0, 12)) == 0; }));
    EXPECT_THAT(run.acts(1, 1500ms), ::testing::IsEmpty()) << check;
  }
  EXPECT_EQ(docker("rm " + from), 0);
  EXPECT_EQ(docker("rmi -f cbench-test/health:1"), 0);
}

TEST_F(DockerInterference, a_restart_by_anothers_hand_is_told) {
  EngineRun run(EngineKind::Docker);
  run.add("again", "trap 'exit 0' TERM; while :; do sleep 0.05; done");
  run.make();
  ASSERT_EQ(docker("restart " + run.start(0).id), 0);
  const std::vector<std::string> acts = run.acts(2);
  EXPECT_THAT(acts, ::testing::ElementsAre("0: was sent SIGTERM by somebody else",
                                           "0: was restarted by somebody else"));
}

TEST_F(DockerInterference, an_out_of_memory_kill_that_the_container_survives_is_told) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec =
      run.add("fat", "sh -c 'x=$(head -c 200000000 /dev/zero | tr \"\\\\0\" a)'; echo survived; sleep 60");
  spec.memory_bytes = 32 << 20;
  run.make();
  run.start(0);
  const std::vector<std::string> acts = run.acts(1, 120s);
  EXPECT_EQ(run.out("fat"), "survived\n");
  EXPECT_THAT(acts, ::testing::Contains("0: had a process killed by the OOM killer"));
  run.acts(SIZE_MAX, 1500ms);  // the kernel may tell of one shortage more than once
}

}  // namespace
}  // namespace cbench
