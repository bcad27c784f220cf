// The process engine in this machine's real cgroups.
// link: runtime.engines
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include "runtime/engines/process_cgroup.h"
#include "tests/host/engines/run.h"

namespace cbench {
namespace {

using testing::EngineRun;
using testing::eventually;
using testing::read_file;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class Process : public testing::RootTest {};

TEST_F(Process, records_exit_code_output_and_environment) {
  EngineRun run(EngineKind::Process);
  run.add("a", "echo $X; echo err >&2; exit 3").environment = {{"X", "a b"}};
  run.make();
  const Started started = run.start(0);
  EXPECT_EQ(started.id, "a");
  EXPECT_EQ(started.image_id + started.image_digest, "");
  const ExitNotice exit = run.wait_exit();
  EXPECT_EQ(exit.code, 3);
  EXPECT_FALSE(exit.stopped);
  EXPECT_EQ(run.out("a"), "a b\n");
  EXPECT_EQ(run.err("a"), "err\n");
}

TEST_F(Process, is_in_a_group_of_its_own_in_every_hierarchy_before_its_first_instruction) {
  EngineRun run(EngineKind::Process);
  run.add("a", "cat /proc/self/cgroup; sleep 60");
  run.make();
  const Started started = run.start(0);
  const Result<CgroupPaths> own = cgroups_of(getpid());
  ASSERT_TRUE(own);
  for (const std::string& folder : folders_of(started.cgroup)) {
    EXPECT_THAT(folder, ::testing::HasSubstr("/cbench-" + run.run_id + "/a"));
    EXPECT_THAT(processes_in(folder), ::testing::Contains(started.pid)) << folder;
  }
  ASSERT_TRUE(eventually([&] { return !run.out("a").empty(); }));
  const Result<CgroupPaths> found = cgroups_of(started.pid);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cpu, started.cgroup.cpu);
  EXPECT_EQ(found->memory, started.cgroup.memory);
  EXPECT_EQ(found->unified, started.cgroup.unified);
  EXPECT_EQ(found->perf_event, started.cgroup.perf_event);
}

TEST_F(Process, cores_memory_and_cpus_are_limits_of_its_group) {
  EngineRun run(EngineKind::Process);
  ContainerSpec& spec = run.add("a", "grep s_allowed_list /proc/self/status; sleep 60");
  spec.memory_nodes.value = *parse_cpu_list("0");
  spec.memory_bytes = 64 << 20;
  spec.cpus = 0.25;
  run.make();
  const Started started = run.start(0, "1");
  EXPECT_EQ(read_file(started.cgroup.cpuset + "/cpuset.cpus"), "1\n");
  EXPECT_EQ(read_file(started.cgroup.cpuset + "/cpuset.mems"), "0\n");
  if (started.cgroup.mode != CgroupMode::V2) {
    EXPECT_EQ(read_file(started.cgroup.memory + "/memory.limit_in_bytes"), "67108864\n");
    EXPECT_EQ(read_file(started.cgroup.cpu + "/cpu.cfs_quota_us"), "25000\n");
  }
  EXPECT_TRUE(eventually([&] { return run.out("a") == "Cpus_allowed_list:\t1\nMems_allowed_list:\t0\n"; }))
      << run.out("a");
}

TEST_F(Process, runs_as_the_user_with_no_privilege_left) {
  EngineRun run(EngineKind::Process);
  run.add("a", "id -u; id -g; id -G; echo $HOME").user = "nobody:daemon";
  run.make();
  run.start(0);
  EXPECT_EQ(run.wait_exit().code, 0);
  EXPECT_EQ(run.out("a"), "65534\n1\n1 65534\n/nonexistent\n");
}

TEST_F(Process, an_unknown_user_is_refused_before_anything_is_made) {
  EngineRun run(EngineKind::Process);
  run.add("a", "true").user = "no-such-user";
  run.make();
  const Result<> prepared = run.engine->prepare(0, {});
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, ::testing::HasSubstr("no-such-user"));
}

TEST_F(Process, secrets_do_not_reach_it) {
  setenv("INFLUXDB_TOKEN", "secret", 1);
  EngineRun run(EngineKind::Process);
  run.add("a", "env");
  run.make();
  run.start(0);
  run.wait_exit();
  unsetenv("INFLUXDB_TOKEN");
  EXPECT_THAT(run.out("a"), ::testing::Not(::testing::HasSubstr("secret")));
  EXPECT_THAT(run.out("a"), ::testing::HasSubstr("PATH="));
}

TEST_F(Process, death_by_signal_is_128_and_the_signal) {
  EngineRun run(EngineKind::Process);
  run.add("a", "kill -SEGV $$");
  run.make();
  run.start(0);
  EXPECT_EQ(run.wait_exit().code, 128 + SIGSEGV);
}

TEST_F(Process, its_children_end_with_it) {
  EngineRun run(EngineKind::Process);
  run.add("a", "sleep 60 & setsid sleep 61 & exit 0");
  run.make();
  const Started started = run.start(0);
  EXPECT_EQ(run.wait_exit().code, 0);
  for (const std::string& folder : folders_of(started.cgroup))
    EXPECT_TRUE(processes_in(folder).empty()) << folder;
}

TEST_F(Process, stop_terms_first_and_kills_after_the_grace) {
  EngineRun run(EngineKind::Process);
  run.add("polite", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
  run.add("stubborn", "trap '' TERM; echo ready; while :; do sleep 0.05; done");
  run.make();
  run.start(0);
  run.start(1);
  ASSERT_TRUE(eventually([&] { return run.out("polite") == "ready\n" && run.out("stubborn") == "ready\n"; }));
  ASSERT_TRUE(run.engine->stop(0, 5s));
  const ExitNotice polite = run.wait_exit();
  EXPECT_EQ(polite.code, 0);
  EXPECT_TRUE(polite.stopped);
  EXPECT_EQ(run.out("polite"), "ready\nbye\n");
  const auto begin = Clock::now();
  ASSERT_TRUE(run.engine->stop(1, 300ms));
  EXPECT_GE(Clock::now() - begin, 300ms);
  EXPECT_LT(Clock::now() - begin, 3s);
  const ExitNotice stubborn = run.wait_exit();
  EXPECT_EQ(stubborn.code, 137);
  EXPECT_TRUE(stubborn.stopped);
  EXPECT_TRUE(run.engine->stop(1, 0ms));  // stopping again is no error
}

/// The first process does not fork, so that the limit is nobody's reason to end before it is killed.
constexpr const char* kBomb = "trap '' TERM; f() { sleep 60 & f & f; }; f & exec tail -f /dev/null";

TEST_F(Process, forks_without_end_die) {
  EngineRun run(EngineKind::Process);
  run.add("bomb", kBomb);
  run.make();
  const Started started = run.start(0);
  const std::string pids = started.cgroup.pids.empty() ? started.cgroup.unified : started.cgroup.pids;
  std::ofstream(pids + "/pids.max") << 200;  // so that the test leaves room for this machine
  ASSERT_TRUE(eventually([&] { return processes_in(pids).size() > 60; }, 20s));
  ASSERT_TRUE(run.engine->stop(0, 100ms));
  EXPECT_TRUE(processes_in(pids).empty());
  EXPECT_EQ(run.wait_exit().code, 137);
}

TEST_F(Process, kill_all_works_by_the_freezer_where_cgroup_kill_is_not_to_be_had) {
  EngineRun run(EngineKind::Process);
  run.add("bomb", kBomb);
  run.make();
  const Started started = run.start(0);
  if (started.cgroup.mode == CgroupMode::V2) GTEST_SKIP() << "v2 has cgroup.kill";
  std::ofstream(started.cgroup.pids + "/pids.max") << 200;
  ASSERT_TRUE(eventually([&] { return processes_in(started.cgroup.pids).size() > 60; }, 20s));
  EXPECT_TRUE(kill_all(started.cgroup.pids, started.cgroup.freezer, 10s));
  EXPECT_EQ(run.wait_exit().code, 137);
}

TEST_F(Process, an_out_of_memory_kill_is_seen) {
  EngineRun run(EngineKind::Process);
  run.add("fat", "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo survived").memory_bytes = 16 << 20;
  run.make();
  run.start(0);
  EXPECT_TRUE(run.wait_exit(30s).oom);
  EXPECT_EQ(run.out("fat"), "");
}

TEST_F(Process, remove_all_takes_processes_and_groups_and_ends_the_run) {
  EngineRun run(EngineKind::Process);
  run.add("a", "sleep 60");
  run.add("b", "true");
  run.make();
  const Started started = run.start(0);
  EXPECT_TRUE(run.engine->remove_all().empty());
  EXPECT_TRUE(run.wait_exit().stopped);
  for (const std::string& folder : folders_of(started.cgroup)) {
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(folder).parent_path())) << folder;
  }
  EXPECT_FALSE(run.engine->prepare(1, {}));
  EXPECT_TRUE(run.engine->remove_all().empty());
}

TEST_F(Process, remove_all_while_processes_are_being_started_leaves_nothing) {
  for (const auto delay : {0ms, 5ms, 30ms}) {
    EngineRun run(EngineKind::Process);
    for (int i = 0; i < 4; ++i) run.add("r" + std::to_string(i), "sleep 60");
    run.make();
    std::vector<std::thread> threads;
    for (size_t slot = 0; slot < 4; ++slot) {
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

TEST_F(Process, a_killed_run_takes_its_processes_along_and_its_groups_are_found) {
  EngineRun run(EngineKind::Process);
  run.add("orphan", "sleep 60");
  int pids[2];
  ASSERT_EQ(pipe(&pids[0]), 0);
  const pid_t child = fork();
  if (child == 0) {
    run.make();
    const pid_t pid = static_cast<pid_t>(run.start(0).pid);
    if (write(pids[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    kill(getpid(), SIGKILL);
  }
  pid_t orphan = 0;
  ASSERT_EQ(read(pids[0], &orphan, sizeof orphan), ssize_t{sizeof orphan});
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return kill(orphan, 0) != 0; })) << "it outlived its run";
  size_t found = 0;
  for (const Leftover& leftover : engine_leftovers({})) {
    if (leftover.run_id != run.run_id) continue;
    ++found;
    const Result<> removed = remove_leftover(leftover);
    EXPECT_TRUE(removed) << removed.error().message;
  }
  EXPECT_GT(found, 0U);
  close(pids[0]);
  close(pids[1]);
}

}  // namespace
}  // namespace cbench
