// A whole run whose Docker daemon fails in the middle: restarted, with and without live-restore, ended for
// good, or hanging. A daemon of each test's own.
// link: runtime.analysis
#include <csignal>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "runtime/trace/trace.h"
#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// `calm` ends in order when it is asked to.
constexpr const char* kBench = R"(benchmark:
  name: daemon
  max_t: {}
calm:
  image: cbench-test/busybox:1
  command: trap 'exit 0' TERM; while :; do sleep 0.05; done
  core: "0"
  data: {{frequency: 100, docker: {{cpu_usage_total: true}}}}
{})";

/// Its command runs beside the image's own process.
constexpr const char* kBeside = R"(beside:
  image: cbench-test/busybox:1
  entrypoint: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.05; done"]
  command: trap 'exit 0' TERM; while :; do sleep 0.05; done
  core: "1"
  data: {frequency: 100, docker: {cpu_usage_total: true}}
)";

class DaemonFails : public CommandLine {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    char name[] = "/tmp/cbench-daemon-XXXXXX";
    daemon_ = mkdtemp(&name[0]);
    before_ = getenv("DOCKER_HOST") == nullptr ? "" : getenv("DOCKER_HOST");
    setenv("DOCKER_HOST", ("unix://" + daemon_ + "/docker.sock").c_str(), 1);
  }
  void TearDown() override {
    if (daemon_.empty()) return;
    if (pid_ > 0) kill(pid_, SIGCONT);
    EXPECT_EQ(script("dockerd.sh stop " + daemon_), 0);
    setenv("DOCKER_HOST", before_.c_str(), 1);
    unsetenv("CBENCH_DOCKER_OPTIONS");
  }
  static int script(const std::string& command) {
    return system((CBENCH_TESTS_DIR "/support/" + command).c_str());
  }
  void start_daemon(const char* options = "") {
    setenv("CBENCH_DOCKER_OPTIONS", options, 1);
    ASSERT_EQ(script("dockerd.sh start " + daemon_), 0);
    pid_ = std::stoi(slurp(daemon_ + "/dockerd.pid"));
  }
  void images() const { ASSERT_EQ(script("images.sh " + daemon_ + "/docker.sock"), 0); }
  void end_daemon() const {
    kill(pid_, SIGTERM);
    const auto deadline = Clock::now() + 40s;
    while (!slurp(fmt::format("/proc/{}/cmdline", pid_)).empty() && Clock::now() < deadline)
      std::this_thread::sleep_for(20ms);
  }
  void bench(int max_t, const std::string& more = "") const {
    write("bench.yml", fmt::format(kBench, max_t, more));
  }
  bool no_containers() const {
    return system(fmt::format("test -z \"$(docker -H unix://{}/docker.sock ps -aq)\"", daemon_).c_str()) == 0;
  }
  /// Waits until so many containers have run for a moment.
  void wait_for_running(int count) const {
    const std::string line =
        fmt::format("test \"$(docker -H unix://{}/docker.sock ps -q | wc -l)\" = {}", daemon_, count);
    for (int i = 0; i < 200 && system(line.c_str()) != 0; ++i) std::this_thread::sleep_for(50ms);
    std::this_thread::sleep_for(500ms);
  }
  /// Of containers, in the cgroups of this daemon.
  bool no_processes() const {
    const std::string line = fmt::format(
        "test -z \"$(find /sys/fs/cgroup -path \"*/cbt-$(printf %s {} | cksum | cut -d' ' "
        "-f1)/*/cgroup.procs\" -exec cat "
        "{{}} + 2>/dev/null)\"",
        daemon_);
    return system(line.c_str()) == 0;
  }

  struct Whole {
    std::string outcome, text;
    std::map<int32_t, int64_t> last_sample, exit_code;  ///< by slot: ms, code
    int64_t longest_gap = 0;                            ///< ms, between samples with a figure of slot 0
  };
  /// The trace, which must be complete.
  Whole read() const {
    Whole whole;
    const auto trace = TraceReader::open(folder / "t.arrows");
    EXPECT_TRUE(trace.ok());
    if (!trace.ok()) return whole;
    while (true) {
      const auto item = (*trace)->next();
      EXPECT_TRUE(item.ok());
      if (!item.ok() || !item->has_value()) break;
      const Frame& frame = (*trace)->frame();
      if (std::holds_alternative<SampleMark>(**item)) {
        const auto column = static_cast<size_t>(frame.column(Metric::docker_cpu_usage_total));
        for (size_t slot = 0; slot < frame.slots(); ++slot) {
          if (!frame.has(column, slot)) continue;
          const int64_t now = frame.now_ns / 1'000'000;
          int64_t& last = whole.last_sample[static_cast<int32_t>(slot)];
          if (slot == 0) whole.longest_gap = std::max(whole.longest_gap, now - last);
          last = now;
        }
      } else if (const auto* event = std::get_if<TraceEvent>(&**item)) {
        if (event->kind == EventKind::Exit) whole.exit_code[event->slot] = event->code;
      } else if (const auto* end = std::get_if<TraceEnd>(&**item)) {
        whole.outcome = end->outcome, whole.text = end->text;
      }
    }
    EXPECT_FALSE((*trace)->truncated());
    return whole;
  }

  std::string daemon_, before_;
  pid_t pid_ = -1;
};

TEST_F(DaemonFails, a_restart_takes_containers_along_and_the_run_fails_and_says_why) {
  start_daemon();
  images();
  bench(60, kBeside);
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(2);
  end_daemon();
  start_daemon();
  const Output out = finish(run);
  EXPECT_EQ(out.code, 1);
  EXPECT_THAT(
      out.err,
      HasSubstr("`calm` ended with exit code 125: the Docker daemon was stopped or restarted, and took its "
                "containers along"));
  EXPECT_THAT(out.err, HasSubstr("`beside` ended with exit code 125"));
  const Whole whole = read();
  EXPECT_EQ(whole.outcome, "failed");
  EXPECT_THAT(whole.text, HasSubstr("the Docker daemon was stopped or restarted"));
  EXPECT_EQ(whole.exit_code.size(), 2U);
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

TEST_F(DaemonFails, with_live_restore_a_restart_is_survived_and_exits_are_noticed_after_it) {
  start_daemon("--live-restore");
  images();
  bench(16, R"(ends:
  image: cbench-test/busybox:1
  command: sleep 6; exit 0
  core: "1"
  data: {frequency: 100, docker: {cpu_usage_total: true}}
)");
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(2);
  std::this_thread::sleep_for(1s);
  end_daemon();
  std::this_thread::sleep_for(1s);
  start_daemon("--live-restore");
  const Output out = finish(run);
  EXPECT_EQ(out.code, 0) << out.err;
  const Whole whole = read();
  EXPECT_EQ(whole.outcome, "ok") << whole.text;
  EXPECT_EQ(whole.exit_code.size(), 2U);
  EXPECT_EQ(whole.exit_code.at(1), 0);
  EXPECT_GT(whole.last_sample.at(0), 15'000);
  EXPECT_LT(whole.longest_gap, 1'500) << "no daemon is asked for a sample";
  EXPECT_LT(whole.last_sample.at(1), 9'000) << "its end was noticed";
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

TEST_F(DaemonFails, with_live_restore_a_command_beside_the_images_process_is_lost_and_the_others_go_on) {
  start_daemon("--live-restore");
  images();
  bench(8, kBeside);
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(2);
  end_daemon();
  start_daemon("--live-restore");
  const Output out = finish(run);
  EXPECT_EQ(out.code, 1);
  EXPECT_THAT(
      out.err,
      HasSubstr("`beside` ended with exit code 125: the container was lost: Docker no longer knows its "
                "command; was the daemon restarted?"));
  EXPECT_THAT(out.err, Not(HasSubstr("`calm` ended")));
  const Whole whole = read();
  EXPECT_EQ(whole.outcome, "failed");
  EXPECT_GT(whole.last_sample.at(0), 7'000);
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

TEST_F(DaemonFails, one_that_is_killed_takes_containers_along_when_it_is_started_again) {
  start_daemon();
  images();
  bench(60);
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(1);
  kill(pid_, SIGKILL);
  std::this_thread::sleep_for(500ms);
  for (const char* stale : {"/dockerd.pid", "/exec/containerd/containerd.pid"})
    fs::remove(daemon_ + stale);  // a zombie may have the number
  start_daemon();
  const Output out = finish(run);
  EXPECT_EQ(out.code, 1);
  EXPECT_THAT(out.err,
              HasSubstr("the Docker daemon was stopped or restarted, and took its containers along"));
  EXPECT_EQ(read().outcome, "failed");
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

TEST_F(DaemonFails, one_that_does_not_come_back_is_waited_for_half_a_minute) {
  start_daemon();
  images();
  bench(120);
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(1);
  end_daemon();
  const auto gone = Clock::now();
  const Output out = finish(run);
  const auto took = Clock::now() - gone;
  EXPECT_EQ(out.code, 1);
  EXPECT_LT(took, 50s);
  EXPECT_THAT(out.err,
              HasSubstr("`calm` ended with exit code 125: the Docker daemon was stopped or restarted"));
  EXPECT_THAT(out.err, HasSubstr("could not be removed: the containers of run"));
  EXPECT_THAT(out.err, HasSubstr("`cbench clean --yes` removes them once Docker answers"));
  EXPECT_EQ(read().outcome, "failed");
  EXPECT_THAT(cbench("clean").err,
              HasSubstr("containers of earlier runs would not be seen: cannot reach Docker"));
  start_daemon();
  EXPECT_EQ(cbench("clean --yes").code, 0);
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

TEST_F(DaemonFails, one_that_hangs_delays_the_end_but_not_for_ever_and_no_process_is_left) {
  start_daemon();
  images();
  bench(3);
  const pid_t run = launch("run bench.yml -o t.arrows");
  wait_for_running(1);
  kill(pid_, SIGSTOP);
  const auto hung = Clock::now();
  const Output out = finish(run);
  const auto took = Clock::now() - hung;
  EXPECT_LT(took, 50s);
  EXPECT_EQ(out.code, 1);
  EXPECT_THAT(
      out.err,
      HasSubstr("`calm` could not be stopped: container `calm`: cannot send SIGKILL to the container"));
  EXPECT_THAT(out.err, HasSubstr("no answer within 10 s"));
  EXPECT_THAT(out.err, HasSubstr("could not be removed: the containers of run"));
  EXPECT_EQ(read().outcome, "failed");
  EXPECT_GT(read().last_sample.at(0), 2'700) << "no daemon is asked for a sample";
  EXPECT_TRUE(no_processes()) << "they are killed without the daemon";
  kill(pid_, SIGCONT);
  EXPECT_EQ(cbench("clean --yes").code, 0);
  EXPECT_TRUE(no_containers());
  expect_nothing_left();
}

}  // namespace
}  // namespace cbench
