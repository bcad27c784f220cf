// link: runtime.analysis
// The command line on this machine: real processes, real samples, a compiled policy, and nothing left behind.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/trace/trace.h"
#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kBench = R"(benchmark:
  name: e2e
  engine: process
  max_t: 6
worker:
  command: while :; do :; done
  core: "0"
  data: {frequency: 50, docker: {cpu_usage_percent: true, memory_usage: true}}
late:
  command: while :; do :; done
  num_cores: 1
  start_t: 1
  stop_t: 5
  data: {frequency: 50, docker: {cpu_usage_percent: true}}
)";
constexpr const char* kPolicy = R"(policy cap 1 "Cap everyone"
param most: ratio = 5% in 1%..100% "cap"
stream load(c) = avg(c.docker.cpu_usage_percent over 300ms, min 2)
when load(c) > most / 2 for 100ms each c in all where quota(c) > most cooldown 500ms {
  try quota(c) = most else { log warn "{c}: {reason}"; return }
  annotate c "capped: {why}"
}
)";

class command_line : public CommandLine {
 protected:
  command_line() {
    write("bench.yml", kBench);
    write("cap.cbp", kPolicy);
  }
};

TEST_F(command_line, a_run_acts_and_its_replay_decides_the_same) {
  const Output run = cbench("run bench.yml --policy cap.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("quota worker = 5%"));
  EXPECT_THAT(run.out, HasSubstr("the second before the first action"));
  const Output replay = cbench("dry-run t.arrows");
  EXPECT_EQ(replay.code, 0) << replay.err;
  EXPECT_THAT(replay.out, HasSubstr("quota worker = 5%"));
  EXPECT_THAT(replay.err, HasSubstr("are those of the live run"));
  expect_nothing_left();
}

TEST_F(command_line, new_code_and_cached_code_decide_the_same) {
  ASSERT_EQ(cbench("run bench.yml --policy cap.cbp -o t.arrows").code, 0);  // makes the code anew
  const auto entries = [&] {
    return std::distance(fs::directory_iterator(folder / "cbench/code"), fs::directory_iterator());
  };
  EXPECT_EQ(entries(), 1);
  const Output cached = cbench("dry-run t.arrows --json");
  EXPECT_EQ(entries(), 1) << "the replay has the same code, and finds it";
  EXPECT_THAT(cached.out, HasSubstr("quota worker = 5%"));
  EXPECT_THAT(cached.err, HasSubstr("are those of the live run"));
  fs::remove_all(folder / "cbench");
  EXPECT_EQ(cbench("dry-run t.arrows --json").out, cached.out);
  EXPECT_EQ(entries(), 1);
  // A parameter's value is not in the code.
  EXPECT_EQ(cbench("dry-run t.arrows --param most=20%").code, 0);
  EXPECT_EQ(entries(), 1);
}

/// Of any length; the programs here are large.
bool holds(const fs::path& program, const std::string& text) {
  return slurp(program).find(text) != std::string::npos;
}

TEST_F(command_line, llvm_is_not_in_the_program_that_samples) {
  const fs::path bin = fs::read_symlink("/proc/self/exe").parent_path();
  for (const char* sign : {"libLLVM", "_ZN4llvm"}) EXPECT_FALSE(holds(bin / "cbench", sign)) << sign;
  EXPECT_TRUE(holds(bin / "cbench-codegen", "_ZN4llvm"));
}

TEST_F(command_line, without_its_code_generator_it_says_so) {
  fs::copy(fs::read_symlink("/proc/self/exe").parent_path() / "cbench", folder / "cbench-alone");
  const std::string line =
      "cd " + folder.string() + " && ./cbench-alone run bench.yml --policy cap.cbp 2>err.txt";
  const int status = std::system(("CBENCH_CACHE=off; export CBENCH_CACHE; " + line).c_str());
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_THAT(slurp(folder / "err.txt"), HasSubstr("error[CB0308]"));
  EXPECT_THAT(slurp(folder / "err.txt"), HasSubstr("install both"));
  expect_nothing_left();
}

TEST_F(command_line, a_replay_with_another_parameter_names_the_first_difference) {
  ASSERT_EQ(cbench("run bench.yml --policy cap.cbp -o t.arrows").code, 0);
  const Output replay = cbench("dry-run t.arrows --param most=100%");
  EXPECT_EQ(replay.code, 0);
  EXPECT_THAT(replay.err, HasSubstr("first action that differs"));
  EXPECT_THAT(replay.err, HasSubstr("open loop"));
}

TEST_F(command_line, an_interrupt_ends_in_order_with_a_whole_trace) {
  const pid_t pid = launch("run bench.yml --policy cap.cbp -o t.arrows");
  wait_for_rows(pid);
  kill(pid, SIGINT);
  EXPECT_EQ(finish(pid).code, 128 + SIGINT);
  const auto trace = TraceReader::open(folder / "t.arrows");
  ASSERT_TRUE(trace.ok());
  std::optional<TraceEnd> end;
  while (true) {
    const auto item = (*trace)->next();
    ASSERT_TRUE(item.ok());
    if (!item->has_value()) break;
    if (const auto* last = std::get_if<TraceEnd>(&**item)) end = *last;
  }
  ASSERT_TRUE(end);
  EXPECT_EQ(end->outcome, "interrupted");
  expect_nothing_left();
}

TEST_F(command_line, a_killed_run_is_readable_and_the_next_one_cleans_up) {
  const pid_t pid = launch("run bench.yml --policy cap.cbp -o t.arrows");
  wait_for_rows(pid);
  kill(pid, SIGKILL);
  finish(pid);
  EXPECT_THAT(cbench("trace info t.arrows").out, HasSubstr("cut off"));
  EXPECT_EQ(cbench("run bench.yml -o second.arrows").code, 0);
  expect_nothing_left();
}

TEST_F(command_line, repeated_runs_are_resumed_after_an_interruption) {
  write(
      "short.yml",
      R"(benchmark: {name: again, engine: process, max_t: 1.5, repeat: 3, warmup_runs: 1, cooldown_t: 0.2, output: all}
worker: {command: "while :; do :; done", data: {frequency: 50, docker: {cpu_usage_percent: true}}}
)");
  const auto runs = [this] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder / "all"))
      if (entry.is_directory()) names.push_back(entry.path().filename().string().substr(0, 4));
    std::sort(names.begin(), names.end());
    return names;
  };
  const auto wait_for_folders = [&](size_t count) {
    for (int i = 0; i < 2000 && (!fs::exists(folder / "all") || runs().size() < count); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  };
  const pid_t pid = launch("run short.yml");
  wait_for_folders(3);  // warm-up, 1, 2
  kill(pid, SIGINT);
  const Output interrupted = finish(pid);
  EXPECT_EQ(interrupted.code, 128 + SIGINT);
  EXPECT_THAT(interrupted.err, HasSubstr("1 of 3 runs are made; the same command with `--resume all`"));
  const pid_t second = launch("run short.yml --resume all");
  wait_for_folders(5);  // its warm-up, and 2 once more
  kill(second, SIGKILL);
  finish(second);
  const Output last = cbench("run short.yml --resume all --json");
  EXPECT_EQ(last.code, 0) << last.err;
  EXPECT_THAT(slurp(folder / "all/index.json"), HasSubstr(R"("outcome": "cut_off")"));
  EXPECT_THAT(last.out, HasSubstr(R"("figure":"cpu_percent","runs":3)"));
  EXPECT_THAT(cbench("run short.yml --resume all").out, HasSubstr("3 of 3 runs"));
  const Output other = cbench("run short.yml --resume all --mode observe --time-scale 2");
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("differs in time_scale"));
  EXPECT_EQ(cbench("run short.yml").code, 2);  // never into a folder that holds one
  expect_nothing_left();
}

TEST_F(command_line, generated_jobs_wait_for_cpus_and_replay_from_the_trace_alone) {
  fs::create_directories(folder / "jobs");
  write("jobs/spin.yml", "spin: {command: 'while :; do :; done'}\n");
  write("gen.yml", R"(benchmark: {name: gen, engine: process, max_t: 180}
arrival: {seed: 3, mean: 6, sigma: 3, length: {mean: 20, sigma: 5, min: 5}}
data: {frequency: 50, docker: {cpu_usage_percent: true}}
workloads: {input: jobs}
)");
  const Output run = cbench("run gen.yml --policy cap.cbp --time-scale 60 --seed 9 -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("were not started"));
  fs::remove_all(folder / "jobs");
  const Output replay = cbench("dry-run t.arrows");
  EXPECT_EQ(replay.code, 0) << replay.err;
  EXPECT_THAT(replay.err + replay.out, testing::Not(HasSubstr("differs")));
  expect_nothing_left();
}

TEST_F(command_line, what_it_writes_live_and_what_it_exports_later_are_the_same_lines) {
  ASSERT_EQ(cbench("run bench.yml --policy cap.cbp -o t.arrows --export-lp live.lp").code, 0);
  ASSERT_EQ(cbench("export t.arrows --to lp -o later.lp").code, 0);
  EXPECT_FALSE(slurp(folder / "live.lp").empty());
  EXPECT_EQ(slurp(folder / "live.lp"), slurp(folder / "later.lp"));
}

constexpr const char* kPauses = R"(policy still 1 "Let a container stand still"
when now > 1s and now < 2s each c in all where c.name == "worker" and not paused(c) { pause c }
when now >= 2s and now < 3s each c in all where paused(c) { resume c }
when now >= 3s each c in all where not paused(c) cooldown 10s { pause c }
)";

TEST_F(command_line, a_paused_container_stands_still_and_can_be_stopped) {
  write("still.cbp", kPauses);
  const Output run = cbench("run bench.yml --policy still.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  for (const char* action : {"pause worker", "resume worker", "pause late"})
    EXPECT_THAT(run.out, HasSubstr(action));
  const Output replay = cbench("dry-run t.arrows");
  EXPECT_THAT(replay.err, HasSubstr("are those of the live run"));
  auto opened = TraceReader::open((folder / "t.arrows").string());
  ASSERT_TRUE(opened.ok());
  TraceReader& trace = **opened;
  double moving = 0, still = 0;
  int still_samples = 0;
  std::vector<int64_t> exits;
  while (auto item = trace.next()) {
    if (!item->has_value()) break;
    if (const auto* event = std::get_if<TraceEvent>(&**item); event && event->kind == EventKind::Exit)
      exits.push_back(event->code);
    if (!std::holds_alternative<SampleMark>(**item)) continue;
    const Frame& frame = trace.frame();
    const auto column = static_cast<size_t>(frame.column(Metric::docker_cpu_usage_percent));
    constexpr size_t worker = 0;
    if (frame.status(column, worker) != Status::Ok) continue;
    const double load = frame.f64(column, worker);
    if (frame.now_ns > 200'000'000 && frame.now_ns < 900'000'000) moving = std::max(moving, load);
    if (frame.now_ns < 1'300'000'000 || frame.now_ns > 1'900'000'000) continue;
    still = std::max(still, load);
    ++still_samples;
  }
  EXPECT_GT(moving, 20);
  EXPECT_LT(still, 1);
  EXPECT_GT(still_samples, 5) << "it is sampled all the same";
  EXPECT_THAT(exits, testing::ElementsAre(128 + SIGTERM, 128 + SIGTERM)) << "neither had to be killed";
  expect_nothing_left();
}

constexpr const char* kLooks = R"(policy look 1 "Look closely for a second"
when now >= 1s and now < 1.1s each c in all where c.name == "worker" { sample c every 10ms }
when now >= 2s and now < 2.1s each c in all where c.name == "worker" { sample c every 50ms }
stream n(c) = count(c.docker.cpu_usage_percent over 500ms)
when n(c) > 45 each c in all cooldown 10s { log "{n(c)} samples in half a second" }
)";

TEST_F(command_line, a_policy_looks_closely_for_a_while) {
  std::string bench = kBench;
  bench.insert(bench.find("  max_t"), "  step: 10\n");
  write("bench.yml", bench);
  write("look.cbp", kLooks);
  const Output run = cbench("run bench.yml --policy look.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("sample worker every 10ms"));
  EXPECT_THAT(run.err, HasSubstr("samples in half a second"));
  EXPECT_THAT(cbench("dry-run t.arrows").err, HasSubstr("are those of the live run"));
  auto opened = TraceReader::open((folder / "t.arrows").string());
  ASSERT_TRUE(opened.ok());
  std::map<int64_t, int> samples;  // by seconds
  while (auto item = (*opened)->next()) {
    if (!item->has_value()) break;
    if (!std::holds_alternative<SampleMark>(**item)) continue;
    const Frame& frame = (*opened)->frame();
    constexpr size_t worker = 0;
    const auto column = static_cast<size_t>(frame.column(Metric::docker_cpu_usage_percent));
    samples[frame.now_ns / 1'000'000'000] += frame.status(column, worker) == Status::Ok ? 1 : 0;
  }
  EXPECT_NEAR(samples[0], 20, 3);
  EXPECT_NEAR(samples[1], 100, 15);
  EXPECT_NEAR(samples[2], 20, 5);
  // Another policy, which names no period, has room for what was recorded.
  write("count.cbp",
        "policy counts 1 \"x\"\nstream n(c) = count(c.docker.cpu_usage_percent over 500ms)\n"
        "when n(c) > 45 each c in all cooldown 10s { log \"{n(c)}\" }\n");
  EXPECT_THAT(cbench("dry-run --policy count.cbp t.arrows").out, HasSubstr("log info: "));
  EXPECT_EQ(cbench("run bench.yml --policy look.cbp --param x=1").code, 3);
  write("bench.yml", kBench);
  const Output refused = cbench("run bench.yml --policy look.cbp");
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr("look.cbp:2"));
  EXPECT_THAT(refused.err, HasSubstr("write `step: 10` under `benchmark`"));
  expect_nothing_left();
}

TEST_F(command_line, a_run_killed_while_a_container_is_paused_is_cleaned_up) {
  write("still.cbp", "policy still 1 \"x\"\nevery 100ms { for c in all where not paused(c) { pause c } }\n");
  const pid_t pid = launch("run bench.yml --policy still.cbp -o t.arrows");
  wait_for_rows(pid);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(pid, SIGKILL);
  finish(pid);
  const Output clean = cbench("clean --yes");
  EXPECT_EQ(clean.code, 0) << clean.out << clean.err;
  expect_nothing_left();
}

TEST_F(command_line, a_workload_that_fails_fails_the_run) {
  write("bench.yml",
        "benchmark: {name: f, engine: process, max_t: 3}\n"
        "a: {command: 'sleep 0.5; echo no disk >&2; exit 7', num_cores: 1, data: {frequency: 100, docker: "
        "true}}\n");
  const Output run = cbench("run bench.yml");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("`a` ended with exit code 7"));
  EXPECT_EQ(slurp(folder / "results/f/latest/a.stderr"), "no disk\n");
}

/// The latencies that a trace has of its only container, in the order of the samples; what is missing is left
/// out.
std::vector<int64_t> latencies(TraceReader& trace) {
  std::vector<int64_t> out;
  while (true) {
    const auto item = trace.next();
    if (!item.ok() || !item->has_value()) return out;
    if (!std::holds_alternative<SampleMark>(**item)) continue;
    const Frame& frame = trace.frame();
    const auto column = static_cast<size_t>(frame.column(Metric::app_latency_p95));
    if (frame.has(column, 0)) out.push_back(frame.i64(column, 0));
  }
}

TEST_F(command_line, what_a_workload_prints_is_recorded_and_a_policy_acts_on_it) {
  write("bench.yml",
        "benchmark: {name: app, engine: process, max_t: 8}\n"
        "service:\n"
        "  command: for i in 1 2 3 4 5 6 7 8 9 10; do echo \"noise\"; echo \"p95=${i}ms\"; sleep 0.25; done; "
        "sleep 1\n"
        "  num_cores: 1\n"
        "  target: {latency_p95: 4ms}\n"
        "  data: {frequency: 50, app: {from: stdout, pattern: 'p95=(?<latency_p95>\\S+)'}}\n");
  write("late.cbp",
        "policy late 1 \"Names the first sample above the target\"\n"
        "when c.app.latency_p95 > c.target.latency_p95 each c in all cooldown 1min { annotate c \"late: "
        "{why}\" }\n");
  const Output run = cbench("run bench.yml --policy late.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  const auto trace = TraceReader::open(folder / "t.arrows");
  ASSERT_TRUE(trace.ok());
  const std::vector<int64_t> seen = latencies(**trace);
  // A line stands in the one sample after it was printed; on a busy machine two may come into one interval.
  ASSERT_GE(seen.size(), 3U);
  EXPECT_EQ(seen.back(), 10'000'000);
  for (size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i] % 1'000'000, 0);
    if (i > 0) EXPECT_GT(seen[i], seen[i - 1]) << "never the old value";
  }
  EXPECT_THAT(cbench("trace cat t.arrows").out, HasSubstr("late"));
  EXPECT_EQ(cbench("dry-run t.arrows").code, 0);
}

TEST_F(command_line, a_file_of_figures_that_is_not_there_is_refused_at_its_place) {
  write("bench.yml",
        "benchmark: {name: app, engine: process, max_t: 1}\n"
        "service:\n"
        "  command: sleep 1\n"
        "  data: {frequency: 50, app: {from: file, path: absent.log, pattern: 'p95=(?<latency_p95>.+)'}}\n");
  EXPECT_EQ(cbench("validate bench.yml").code, 0);
  const Output run = cbench("run bench.yml");
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("bench.yml:4:49"));
  EXPECT_THAT(run.err, HasSubstr("touch "));
  EXPECT_FALSE(fs::exists(folder / "results"));
}

TEST_F(command_line, mistakes_have_their_exit_codes_and_start_nothing) {
  EXPECT_EQ(cbench("run").code, 2);
  EXPECT_EQ(cbench("run bench.yml --mode sometimes").code, 2);
  EXPECT_EQ(cbench("run absent.yml").code, 3);
  EXPECT_EQ(cbench("run bench.yml --policy absent.cbp").code, 3);
  write("bad.cbp", "policy bad 1 \"x\"\nwhen c.docker.cpu_usage_percnt > 80% each c in all { }\n");
  const Output bad = cbench("check bad.cbp");
  EXPECT_EQ(bad.code, 3);
  EXPECT_THAT(bad.err, HasSubstr("bad.cbp:2:"));
  write("far.yml",
        "benchmark: {name: f, engine: process, max_t: 1}\n"
        "a: {command: 'true', core: '1000', data: {frequency: 100, docker: true}}\n");
  const Output far = cbench("run far.yml");
  EXPECT_EQ(far.code, 4);
  EXPECT_THAT(far.err, HasSubstr("CPU 1000"));
  EXPECT_FALSE(fs::exists(folder / "results"));
}

}  // namespace
}  // namespace cbench
