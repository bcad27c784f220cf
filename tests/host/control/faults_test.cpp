// link: runtime.host
// A run whose writes to resctrl are refused or hang, on the simulated resctrl: what the user, the trace and
// the policy are told, and that nothing is left half done.
#include <nlohmann/json.hpp>
#include <thread>

#include <fmt/format.h>

#include "tests/support/command_line.h"
#include "tests/support/resctrl_sim.h"
#include "tests/support/resctrl_snapshot.h"

namespace cbench {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kBench = R"(benchmark:
  name: control
  engine: process
  step: 50
  max_t: 3
worker:
  command: while :; do :; done
  data: {frequency: 50, docker: {cpu_usage_percent: true}}
other:
  command: while :; do :; done
  data: {frequency: 50, docker: {cpu_usage_percent: true}}
)";
// Lines are named below.
constexpr const char* kPolicy = R"(policy shuttle 1 "Moves a container to and fro"
class shared default, jail
stream load(c) = avg(c.docker.cpu_usage_percent over 200ms, min 2)
on begin { try layout l3 { jail: 2way, shared: rest } else stop "{reason}" }
when load(c) > 1% for 200ms each c in shared.members cooldown 400ms {
  try move c -> jail else log "{reason}"
}
when load(c) > 1% for 200ms each c in jail.members cooldown 400ms {
  try move c -> shared else log "{reason}"
}
on failed(move c) { log warn "told: {action}: {reason}" }
)";

/// Is there a simulated resctrl of a run's own?
bool is_mounted() { return slurp("/proc/self/mounts").find("/cbench-resctrl-sim-") != std::string::npos; }

class control : public CommandLine {
 protected:
  control() {
    write("bench.yml", kBench);
    write("shuttle.cbp", kPolicy);
    before = resctrl_snapshot(simulator.root());
  }

  Output run() const { return cbench(run_line()); }
  [[nodiscard]] std::string run_line() const {
    return "run bench.yml --policy shuttle.cbp -o t.arrows --json --rdt-root " + simulator.root();
  }
  /// The summary that the last run printed.
  static json summary(const Output& output) {
    const size_t last = output.out.rfind('\n', output.out.size() - 2) + 1;  // the last line's begin
    const json parsed = json::parse(output.out.substr(std::min(last, output.out.size())), nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << output.out << output.err;
    return parsed;
  }
  static int count(const json& summary, const std::string& outcome, const std::string& reason = "") {
    int n = 0;
    for (const json& action : summary["actions"])
      if (action["outcome"] == outcome &&
          (reason.empty() || action.value("reason", "").find(reason) != std::string::npos))
        ++n;
    return n;
  }
  void expect_as_before() const {
    EXPECT_EQ(resctrl_snapshot(simulator.root()), before);
    expect_nothing_left();
  }
  void expect_replay_agrees() const {
    const Output replay = cbench("dry-run t.arrows --json");
    EXPECT_EQ(replay.code, 0) << replay.err;
    EXPECT_THAT(replay.err, HasSubstr("are those of the live run"));
  }

  SimulatedResctrl simulator{"xeon-2s"};
  std::string before;
};

TEST_F(control, a_run_on_the_simulated_resctrl_acts_says_so_and_leaves_nothing) {
  const Output output = run();
  ASSERT_EQ(output.code, 0) << output.err;
  EXPECT_THAT(output.err, HasSubstr("RDT is simulated (xeon-2s)"));
  const json all = summary(output);
  EXPECT_EQ(all["rdt_simulated"], "xeon-2s");
  EXPECT_GE(count(all, "applied"), 5);
  EXPECT_EQ(count(all, "failed") + count(all, "refused"), 0);
  EXPECT_GT(all["action_latency_ns"]["p50"].get<int64_t>(), 0);
  const Output text = cbench("trace info t.arrows");
  EXPECT_THAT(text.out, HasSubstr("RDT IS SIMULATED (xeon-2s)"));
  expect_as_before();
  expect_replay_agrees();
}

TEST_F(control, tasks_that_a_container_forks_follow_it_into_its_class) {
  write("bench.yml", R"(benchmark: {name: forks, engine: process, step: 50, max_t: 30, pid_sync_interval: 50}
forker:
  command: while :; do (while :; do :; done) & sleep 0.2; done
  data: {frequency: 50, docker: {cpu_usage_percent: true}}
)");
  write("jail.cbp", R"(policy jail 1 "Jails at once"
class shared default, jail
on begin { try layout l3 { jail: 2way, shared: rest } else stop "{reason}" }
on start(c) { try move c -> jail else log "{reason}" }
)");
  const pid_t pid = launch("run bench.yml --policy jail.cbp -o t.arrows --rdt-root " + simulator.root());
  wait_for_rows(pid);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  size_t tasks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(simulator.root()))
    if (entry.path().string().ends_with("-jail")) {
      const std::string text = slurp(entry.path() / "tasks");
      tasks = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    }
  EXPECT_GE(tasks, 5U) << "the shell and a new child each 200 ms";
  kill(pid, SIGINT);
  EXPECT_EQ(finish(pid).code, 130);
  expect_as_before();
}

TEST_F(control, a_simulated_resctrl_of_its_own_comes_and_goes_with_the_run) {
  write("l2.cbp", R"(policy l2 1 "Divides the L2"
class shared default, jail
on begin { try layout l2 { jail: 2way, shared: rest } else stop "{reason}" }
on start(c) { try move c -> jail else log "{reason}" }
)");
  const Output output = cbench("run bench.yml --policy l2.cbp --rdt-sim atom-l2 -o t.arrows --json");
  ASSERT_EQ(output.code, 0) << output.err;
  const json all = summary(output);
  EXPECT_EQ(all["rdt_simulated"], "atom-l2");
  EXPECT_EQ(count(all, "applied"), 3);
  expect_replay_agrees();
  EXPECT_THAT(cbench("dry-run -v t.arrows").out,
              HasSubstr("layout l2 jail:2 shared:rest: jail 3 (6 bits moved)"));
  expect_nothing_left();
  const Output unknown = cbench("run bench.yml --policy l2.cbp --rdt-sim z80");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("there is no profile `z80`"), HasSubstr("xeon-2s")));
  EXPECT_FALSE(is_mounted());
}

TEST_F(control, the_example_for_machines_without_rdt_runs) {
  const std::string example =
      std::filesystem::path(CBENCH_TESTS_DIR).parent_path() / "examples/rdt/bench.yml";
  const Output output = cbench("run " + example + " --rdt-sim xeon-2s -o t.arrows");
  EXPECT_EQ(output.code, 0) << output.err;
  EXPECT_THAT(output.out, AllOf(HasSubstr("RDT IS SIMULATED (xeon-2s)"), HasSubstr("move big -> small")));
}

TEST_F(control, a_killed_run_takes_its_simulated_resctrl_along) {
  write("bench.yml", std::string(kBench).replace(std::string(kBench).find("max_t: 3"), 8, "max_t: 60"));
  const pid_t pid = launch("run bench.yml --policy shuttle.cbp --rdt-sim xeon-2s -o t.arrows");
  wait_for_rows(pid);
  EXPECT_TRUE(is_mounted());
  kill(pid, SIGKILL);
  finish(pid);
  for (int i = 0; i < 300 && is_mounted(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(is_mounted());
  const Output cleaned = cbench("clean --yes");
  EXPECT_EQ(cleaned.code, 0) << cleaned.out << cleaned.err;
  expect_nothing_left();
}

TEST_F(control, a_refused_move_is_told_to_user_trace_and_policy_and_the_next_one_is_tried) {
  for (const char* error : {"EBUSY", "EINVAL", "ENOSPC", "EIO"}) {
    simulator.fault(fmt::format("write cbench-*-jail/tasks 2 {}", error));
    std::filesystem::remove(folder / "t.arrows");
    const Output output = run();
    EXPECT_EQ(output.code, 0) << output.err;
    const json all = summary(output);
    EXPECT_EQ(count(all, "failed"), 1) << error;
    EXPECT_EQ(count(all, "failed", error), 1) << "the kernel's own words";
    EXPECT_GE(count(all, "applied"), 4);
    EXPECT_THAT(output.err, AllOf(HasSubstr("-> jail failed: cannot write task"), HasSubstr("told: move")));
    expect_as_before();
    expect_replay_agrees();
  }
}

TEST_F(control, a_layout_of_which_one_class_is_refused_is_not_half_made) {
  for (const char* error : {"EBUSY", "EINVAL", "EIO"}) {
    simulator.fault(fmt::format("write cbench-*-jail/schemata 1 {}", error));
    std::filesystem::remove(folder / "t.arrows");
    const Output output = run();
    EXPECT_EQ(output.code, 0) << output.err;
    const json all = summary(output);
    EXPECT_EQ(all["actions"][0]["outcome"], "failed");
    EXPECT_THAT(all["actions"][0]["reason"].get<std::string>(), HasSubstr(error));
    EXPECT_THAT(output.err, HasSubstr("layout l3 jail:2 shared:rest failed"));
    expect_as_before();
    expect_replay_agrees();
  }
}

TEST_F(control, a_group_that_cannot_be_made_refuses_the_run_and_the_others_are_removed) {
  for (const auto& [error, words] : {std::pair{"ENOSPC", "ENOSPC"}, {"EBUSY", "EBUSY"}, {"EIO", "EIO"}}) {
    simulator.fault(fmt::format("mkdir cbench-*-jail 1 {}", error));
    const Output output = run();
    EXPECT_EQ(output.code, 4) << output.err;
    EXPECT_THAT(output.err, AllOf(HasSubstr("cannot create the resctrl group"), HasSubstr(words)));
    expect_as_before();
  }
}

TEST_F(control, a_write_that_hangs_stops_the_policy_and_measuring_goes_on) {
  simulator.fault("write cbench-*-jail/tasks 2 hang");
  const auto begun = std::chrono::steady_clock::now();
  const Output output = run();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  EXPECT_EQ(output.code, 1) << output.err;
  EXPECT_THAT(output.err, AllOf(HasSubstr("the host did not answer within 1000 ms"),
                                HasSubstr("asked for at line 5"), HasSubstr("measuring goes on")));
  const json all = summary(output);
  EXPECT_EQ(all["outcome"], "failed");
  EXPECT_GE(all["steps"].get<int>() + all["missed_steps"].get<int>(), 58) << "of 60";
  EXPECT_LE(all["missed_steps"].get<int>(), 30) << "a second's, and what a loaded machine misses";
  EXPECT_EQ(count(all, "failed", "did not answer"), 1);
  simulator.fault("clear");
  cbench("clean --yes");
  expect_as_before();
  expect_replay_agrees();
}

TEST_F(control, foreign_groups_with_tasks_and_exclusive_ones_refuse_the_run_and_are_not_touched) {
  const std::string theirs = simulator.root() + "/theirs";
  ASSERT_TRUE(std::filesystem::create_directory(theirs));
  const pid_t task = ::fork();
  if (task == 0)
    for (;;) ::pause();
  EXPECT_EQ(simulator.write("theirs/tasks", std::to_string(task) + "\n"), 0);
  before = resctrl_snapshot(simulator.root());
  const Output output = run();
  EXPECT_EQ(output.code, 4);
  EXPECT_THAT(output.err, AllOf(HasSubstr(theirs + " of someone else has"), HasSubstr("rmdir " + theirs)));
  EXPECT_EQ(resctrl_snapshot(simulator.root()), before);
  ::kill(task, SIGKILL);
  ::waitpid(task, nullptr, 0);
  std::filesystem::remove(theirs);
}

TEST_F(control, too_few_closids_refuse_the_run_with_the_sum) {
  for (int i = 0; i < 14; ++i) std::filesystem::create_directory(fmt::format("{}/g{}", simulator.root(), i));
  const Output output = run();
  EXPECT_EQ(output.code, 4);
  EXPECT_THAT(
      output.err,
      HasSubstr("2 classes of the policy + 1 root group + 14 groups of others = 17, and this host has 16"));
  for (int i = 0; i < 14; ++i) std::filesystem::remove(fmt::format("{}/g{}", simulator.root(), i));
  expect_as_before();
}

TEST_F(control, a_second_interrupt_forces_the_end_and_the_tree_is_as_before) {
  write("bench.yml", std::string(kBench).replace(std::string(kBench).find("max_t: 3"), 8, "max_t: 60"));
  const pid_t pid = launch(run_line());
  wait_for_rows(pid);
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  kill(pid, SIGINT);
  kill(pid, SIGINT);
  const Output output = finish(pid);
  EXPECT_EQ(output.code, 130) << output.err;
  expect_as_before();
}

TEST_F(control, ten_random_runs_with_random_faults_are_replayed_bit_for_bit) {
  const char* errors[] = {"EBUSY", "EINVAL", "ENOSPC", "EIO"};
  const char* files[] = {"cbench-*-jail/tasks", "cbench-*-shared/tasks", "cbench-*/schemata"};
  std::srand(20);
  write("bench.yml", std::string(kBench).replace(std::string(kBench).find("max_t: 3"), 8, "max_t: 2"));
  int failed = 0;
  for (int i = 0; i < 10; ++i) {
    simulator.fault("clear");
    for (int n = std::rand() % 3; n >= 0; --n)
      simulator.fault(fmt::format("write {} {} {}", files[std::rand() % 3], 1 + std::rand() % 6,
                                  errors[std::rand() % 4]));
    std::filesystem::remove(folder / "t.arrows");
    const Output output = run();
    const bool not_taken_in =
        output.err.find("could not be placed under the policy's control") != std::string::npos;
    EXPECT_EQ(output.code, not_taken_in ? 1 : 0) << output.err;
    failed += count(summary(output), "failed");
    expect_replay_agrees();
    simulator.fault("clear");
    EXPECT_EQ(resctrl_snapshot(simulator.root()), before);
  }
  EXPECT_GT(failed, 3) << "faults came through";
}

}  // namespace
}  // namespace cbench
