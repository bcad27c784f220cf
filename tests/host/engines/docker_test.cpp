// The docker engine against a real, private dockerd (DOCKER_HOST) with the images of tests/support/images.sh.
// link: runtime.engines
// needs: dockerd
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include "runtime/engines/docker_client.h"
#include "tests/host/engines/run.h"

namespace cbench {
namespace {

using testing::EngineRun;
using testing::eventually;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Docker : public testing::RootTest {};

TEST_F(Docker, records_exit_code_and_both_outputs_of_a_command_that_is_the_process) {
  EngineRun run(EngineKind::Docker);
  run.add("a", "echo out; echo err >&2; exit 3").environment = {{"X", "1"}};
  run.make();
  const Started started = run.start(0);
  EXPECT_EQ(started.id.size(), 64U);
  EXPECT_TRUE(started.image_id.starts_with("sha256:")) << started.image_id;
  EXPECT_EQ(started.image_digest, "") << "it came from no registry";
  const ExitNotice exit = run.wait_exit();
  EXPECT_EQ(exit.slot, 0U);
  EXPECT_EQ(exit.code, 3);
  EXPECT_FALSE(exit.stopped);
  EXPECT_FALSE(exit.oom);
  EXPECT_EQ(exit.message, "");
  EXPECT_TRUE(run.engine->remove_all().empty());
  EXPECT_EQ(run.out("a"), "out\n");
  EXPECT_EQ(run.err("a"), "err\n");
}

TEST_F(Docker, large_output_is_whole) {
  EngineRun run(EngineKind::Docker);
  run.add("big", "seq 1 300000");
  run.make();
  run.start(0);
  EXPECT_EQ(run.wait_exit().code, 0);
  run.engine->remove_all();
  const std::string out = run.out("big");
  EXPECT_EQ(out.size(), 1988895U);
  EXPECT_TRUE(out.ends_with("\n300000\n"));
}

TEST_F(Docker, started_tells_pid_and_cgroups_and_cores_are_pinned) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("pinned", "sleep 60");
  spec.memory_bytes = 64 << 20;
  spec.cpus = 0.5;
  spec.memory_nodes.value = *parse_cpu_list("0");
  run.make();
  const Started started = run.start(0, "1");
  ASSERT_GT(started.pid, 0);
  EXPECT_THAT(processes_in(testing::a_cgroup_folder(started.cgroup)), ::testing::Contains(started.pid));
  EXPECT_THAT(testing::a_cgroup_folder(started.cgroup), ::testing::HasSubstr(started.id));
  EXPECT_EQ(testing::read_file(started.cgroup.cpuset + "/cpuset.cpus"), "1\n");
  EXPECT_EQ(testing::read_file(started.cgroup.cpuset + "/cpuset.mems"), "0\n") << "pinning leaves it alone";
  if (started.cgroup.mode != CgroupMode::V2) {
    EXPECT_EQ(testing::read_file(started.cgroup.memory + "/memory.limit_in_bytes"), "67108864\n");
    EXPECT_EQ(testing::read_file(started.cgroup.cpu + "/cpu.cfs_quota_us"), "50000\n");
  }
}

TEST_F(Docker, stop_does_not_wait_for_a_first_process_that_cannot_hear) {
  EngineRun run(EngineKind::Docker);
  run.add("deaf", "sleep 60");
  run.make();
  run.start(0);
  const auto begin = Clock::now();
  const Result<> stopped = run.engine->stop(0, 10s);
  ASSERT_TRUE(stopped) << stopped.error().message;
  EXPECT_LT(Clock::now() - begin, 3s);
  const ExitNotice exit = run.wait_exit();
  EXPECT_TRUE(exit.stopped);
  EXPECT_EQ(exit.code, 137);
}

TEST_F(Docker, stop_lets_a_handler_run_and_kills_after_the_grace) {
  EngineRun run(EngineKind::Docker);
  run.add("polite", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.1; done");
  run.add("stubborn", "trap '' TERM; trap 'echo still' TERM; echo ready; while :; do sleep 0.1; done");
  run.make();
  run.start(0);
  run.start(1);
  ASSERT_TRUE(eventually([&] { return run.out("polite") == "ready\n" && run.out("stubborn") == "ready\n"; }));
  ASSERT_TRUE(run.engine->stop(0, 5s));
  EXPECT_EQ(run.out("polite"), "ready\nbye\n");
  const ExitNotice polite = run.wait_exit();
  EXPECT_EQ(polite.code, 0);
  EXPECT_TRUE(polite.stopped);
  const auto begin = Clock::now();
  ASSERT_TRUE(run.engine->stop(1, 500ms));
  EXPECT_GE(Clock::now() - begin, 500ms);
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_EQ(run.wait_exit().code, 137);
}

TEST_F(Docker, with_an_entrypoint_the_command_is_executed_inside_and_its_end_stops_the_container) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("server", "cat /tmp/server; echo $ROLE; exit 5");
  spec.entrypoint = {
      "sh", "-c",
      "echo up > /tmp/server; echo serving; trap 'echo down; exit 0' TERM; while :; do sleep 0.05; done"};
  spec.environment = {{"ROLE", "driver"}};
  spec.command.value =
      "while ! [ -f /tmp/server ]; do sleep 0.05; done; cat /tmp/server; echo $ROLE; echo oh >&2; exit 5";
  run.make();
  const Started started = run.start(0);
  const ExitNotice exit = run.wait_exit();
  EXPECT_EQ(exit.code, 5);
  EXPECT_FALSE(exit.stopped);
  DockerClient client(*docker_socket(getenv("DOCKER_HOST")));
  ASSERT_TRUE(client.connect());
  EXPECT_TRUE(eventually([&] { return !(*client.inspect(started.id))->running; }, 12s))
      << "the container still runs";
  ASSERT_TRUE(run.engine->stop(0, 1s));
  const std::string out = run.out("server");
  for (const char* line : {"serving\n", "up\n", "driver\n", "down\n"})
    EXPECT_THAT(out, ::testing::HasSubstr(line));
  EXPECT_EQ(run.err("server"), "oh\n");
  EXPECT_TRUE(run.engine->take_exits().empty());  // one notice only
}

TEST_F(Docker, stopping_an_executed_command_stops_it_first) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec =
      run.add("driver", "trap 'echo command; exit 9' TERM; echo ready; while :; do sleep 0.05; done");
  spec.entrypoint = {"sh", "-c", "trap 'echo server; exit 0' TERM; while :; do sleep 0.05; done"};
  run.make();
  run.start(0);
  ASSERT_TRUE(eventually([&] { return run.out("driver") == "ready\n"; }));
  ASSERT_TRUE(run.engine->stop(0, 5s));
  EXPECT_EQ(run.out("driver"), "ready\ncommand\nserver\n");
  const ExitNotice exit = run.wait_exit();
  EXPECT_EQ(exit.code, 9);
  EXPECT_TRUE(exit.stopped);
}

TEST_F(Docker, a_command_that_closes_its_output_runs_on) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("quiet", "exec >/dev/null 2>&1; sleep 0.7; exit 4");
  spec.entrypoint = {"sleep", "60"};
  run.make();
  const auto begin = Clock::now();
  run.start(0);
  EXPECT_EQ(run.wait_exit().code, 4);
  EXPECT_GE(Clock::now() - begin, 700ms);
}

TEST_F(Docker, a_server_that_dies_takes_its_command_along_with_one_notice) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("crash", "sleep 60");
  spec.entrypoint = {"sh", "-c", "sleep 0.5; exit 2"};
  run.make();
  run.start(0);
  const ExitNotice exit = run.wait_exit();
  EXPECT_NE(exit.code, 0);
  EXPECT_FALSE(exit.stopped);
  std::this_thread::sleep_for(2500ms);
  EXPECT_TRUE(run.engine->take_exits().empty());
}

TEST_F(Docker, an_entrypoint_that_ends_at_once_is_explained) {
  EngineRun run(EngineKind::Docker);
  run.add("gone", "echo never").entrypoint = {"true"};
  run.make();
  ASSERT_TRUE(run.engine->prepare(0, {}));
  bool explained = false;  // with luck the command is faster than the entrypoint's end is told
  const Result<Started> started = run.engine->start(0, {});
  if (!started) {
    explained = started.error().hint.find("entrypoint: []") != std::string::npos;
    EXPECT_TRUE(explained) << started.error().message << "; " << started.error().hint;
  } else {
    EXPECT_EQ(run.wait_exit().slot, 0U);
  }
}

TEST_F(Docker, an_image_without_a_shell_cannot_execute_a_command) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("no-shell", "true");
  spec.entrypoint = {"/bin/busybox", "sleep", "60"};
  spec.environment = {{"PATH", "/nowhere"}};
  run.make();
  ASSERT_TRUE(run.engine->prepare(0, {}));
  const Result<Started> started = run.engine->start(0, {});
  if (started) {
    const ExitNotice exit = run.wait_exit();
    EXPECT_THAT(exit.code, ::testing::AnyOf(126, 127));
    EXPECT_THAT(exit.message, ::testing::HasSubstr("sh"));
  } else {
    EXPECT_THAT(started.error().message, ::testing::HasSubstr("sh"));
  }
}

TEST_F(Docker, an_out_of_memory_kill_is_seen) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("fat", "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo survived");
  spec.memory_bytes = 32 << 20;
  run.make();
  run.start(0);
  const ExitNotice exit = run.wait_exit(60s);
  EXPECT_TRUE(exit.oom) << exit.code;
  EXPECT_EQ(run.out("fat"), "");
  // On a slow machine the container outlives the kill of a process inside for so long that it is told of.
  for (const Interference& act : run.engine->take_interferences())
    EXPECT_THAT(act.what, ::testing::HasSubstr("OOM killer"));
}

TEST_F(Docker, a_stressor_with_libraries_runs) {
  EngineRun run(EngineKind::Docker);
  run.add("stress", "stress-ng --cpu 1 --timeout 1").image.value = "cbench-test/stress-ng:1";
  run.make();
  run.start(0, "0");
  EXPECT_EQ(run.wait_exit().code, 0);
}

TEST_F(Docker, a_missing_bind_source_is_an_error_and_makes_no_folder) {
  EngineRun run(EngineKind::Docker);
  run.add("bind", "true").volumes = {
      {.source = "/tmp/cbench-not-there", .target = "/data", .read_only = false}};
  run.make();
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, ::testing::HasSubstr("/tmp/cbench-not-there"));
  EXPECT_FALSE(std::filesystem::exists("/tmp/cbench-not-there"));
}

TEST_F(Docker, binds_user_and_environment_arrive) {
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec = run.add("all", "id -u; cat /data/spec; echo $A; touch /data/x || exit 8");
  char name[] = "/tmp/cbench-bind-XXXXXX";
  const std::string folder = mkdtemp(&name[0]);
  chmod(folder.c_str(), 0755);
  std::ofstream(folder + "/spec") << "bound\n";
  spec.volumes = {{.source = folder, .target = "/data", .read_only = true}};
  spec.user = "nobody";
  spec.environment = {{"A", "a b=c"}};
  run.make();
  run.start(0);
  EXPECT_EQ(run.wait_exit().code, 8);
  run.engine->remove_all();
  EXPECT_EQ(run.out("all"), "65534\nbound\na b=c\n");
  std::filesystem::remove_all(folder);
}

TEST_F(Docker, several_threads_start_and_stop_their_own_slots) {
  EngineRun run(EngineKind::Docker);
  for (int i = 0; i < 4; ++i) run.add("t" + std::to_string(i), "echo ready; sleep 60");
  run.make();
  std::vector<std::thread> threads;
  for (size_t slot = 0; slot < 4; ++slot) {
    threads.emplace_back([&, slot] {
      run.start(slot, slot % 2 == 0 ? "0" : "1");
      const Result<> stopped = run.engine->stop(slot, 2s);
      EXPECT_TRUE(stopped) << stopped.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(
      eventually([&, seen = size_t{0}]() mutable { return (seen += run.engine->take_exits().size()) == 4; }));
}

TEST_F(Docker, remove_all_ends_running_containers_and_can_be_repeated) {
  EngineRun run(EngineKind::Docker);
  run.add("a", "sleep 60");
  run.add("b", "sleep 60").entrypoint = {"sleep", "61"};
  run.add("c", "sleep 60");
  run.make();
  const Started a = run.start(0), b = run.start(1);
  ASSERT_TRUE(run.engine->prepare(2, {}));
  EXPECT_TRUE(run.engine->remove_all().empty());
  EXPECT_TRUE(run.engine->remove_all().empty());
  EXPECT_TRUE(processes_in(testing::a_cgroup_folder(a.cgroup)).empty());
  EXPECT_TRUE(processes_in(testing::a_cgroup_folder(b.cgroup)).empty());
  EXPECT_TRUE(
      eventually([&, seen = size_t{0}]() mutable { return (seen += run.engine->take_exits().size()) == 2; }));
}

TEST_F(Docker, remove_all_while_containers_are_being_started_leaves_nothing) {
  for (const auto delay : {0ms, 100ms, 400ms}) {
    EngineRun run(EngineKind::Docker);
    for (int i = 0; i < 3; ++i) run.add("r" + std::to_string(i), "sleep 60");
    run.make();
    std::vector<std::thread> threads;
    for (size_t slot = 0; slot < 3; ++slot) {
      threads.emplace_back([&, slot] {
        if (run.engine->prepare(slot, {})) (void)run.engine->start(slot, {});
      });
    }
    std::this_thread::sleep_for(delay);
    EXPECT_EQ(run.engine->remove_all(), std::vector<std::string>());
    for (std::thread& thread : threads) thread.join();
    for (const Leftover& leftover : engine_leftovers({}))
      EXPECT_NE(leftover.run_id, run.run_id) << leftover.what;
  }
}

TEST_F(Docker, a_published_port_answers) {
  if (system("ip -br link show type bridge | grep -q ^cbt-") != 0)
    GTEST_SKIP() << "the daemon has no network";
  EngineRun run(EngineKind::Docker);
  ContainerSpec& spec =
      run.add("web", "mkdir /www && echo hello > /www/index.html && httpd -f -p 80 -h /www");
  const auto port = static_cast<uint16_t>(20000 + getpid() % 20000);
  spec.ports = {{.host_ip = "127.0.0.1", .host = port, .container = 80, .protocol = "tcp"}};
  run.make();
  run.start(0);
  const std::string get = "curl -sf -m 2 http://127.0.0.1:" + std::to_string(port) + "/ | grep -q hello";
  EXPECT_TRUE(eventually([&] { return system(get.c_str()) == 0; }));
}

TEST_F(Docker, what_a_killed_run_left_is_found_and_removed) {
  const std::string run_id = "0190a0b1-0000-7000-8000-00000000dead";
  char logs[] = "/tmp/cbench-logs-XXXXXX";
  ASSERT_NE(mkdtemp(&logs[0]), nullptr);
  const pid_t child = fork();
  if (child == 0) {
    RunSpec spec;
    ContainerSpec& orphan = spec.containers.emplace_back();
    orphan.name.value = "orphan";
    orphan.image.value = "cbench-test/busybox:1";
    orphan.command.value = "sleep 60";
    auto engine = make_docker_engine(spec, run_id, &logs[0]);
    if (!engine->check() || !engine->prepare(0, {}) || !engine->start(0, {})) _exit(1);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  const auto ours = [&](const std::vector<std::string>& live) {
    std::vector<Leftover> list = engine_leftovers(live);
    std::erase_if(list, [&](const Leftover& leftover) { return leftover.run_id != run_id; });
    return list;
  };
  EXPECT_TRUE(ours({run_id}).empty());
  const std::vector<Leftover> left = ours({});
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].what, "container cbench-0190a0b1-0000-orphan");
  EXPECT_TRUE(remove_leftover(left[0]));
  EXPECT_TRUE(ours({}).empty());
  std::filesystem::remove_all(&logs[0]);
}

}  // namespace
}  // namespace cbench
