// How containers end, by the whole program and with both engines: at once, by the OOM killer, deaf to
// SIGTERM, and while they fork without end; and how long the run then takes beyond its time.
// link: runtime.analysis
// needs: dockerd
#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kGrace = 10;  ///< between SIGTERM and SIGKILL
/// Most that a run may take beyond what it has to: preparation, start and removal of a container as well, on
/// a busy machine.
constexpr double kSlack = 3;

class Ends : public CommandLine, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }

  struct Ended : Output {
    double seconds = 0;      ///< of the whole program
    double after_begin = 0;  ///< of the run itself, by its trace
  };
  Ended run(double max_t, const std::string& command, const std::string& more = "") const {
    const bool docker = GetParam() == std::string("docker");
    write("bench.yml",
          fmt::format("benchmark:\n  name: ends\n  max_t: {}\n  engine: {}\na:\n{}{}  command: |\n    {}\n"
                      "  data: {{frequency: 100, docker: {{cpu_usage_total: true}}}}\n",
                      max_t, GetParam(), docker ? "  image: cbench-test/busybox:1\n" : "", more, command));
    const auto begin = Clock::now();
    Ended ended;
    static_cast<Output&>(ended) = cbench("run bench.yml -o t.arrows --json");
    ended.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const size_t at = ended.out.find("\"duration_ns\":");
    if (at != std::string::npos) ended.after_begin = std::stod(ended.out.substr(at + 14)) / 1e9;
    std::printf("%s: %.2f s in all, %.2f s from its begin, exit %d; %s\n", GetParam(), ended.seconds,
                ended.after_begin, ended.code, ended.err.c_str());
    return ended;
  }
  void expect_took(const Ended& ended, double least, double most) const {
    EXPECT_GE(ended.after_begin, least);
    EXPECT_LT(ended.after_begin, most + 1);
    EXPECT_LT(ended.seconds, most + kSlack);
  }
};

TEST_P(Ends, an_exit_at_once_is_the_end_of_the_run) {
  const Ended fine = run(30, "exit 0");
  EXPECT_EQ(fine.code, 0);
  expect_took(fine, 0, 1);
  EXPECT_THAT(fine.out, HasSubstr("\"exit_code\":0"));
  fs::remove(folder / "t.arrows");
  const Ended failed = run(30, "echo oh >&2; exit 3");
  EXPECT_EQ(failed.code, 1);
  expect_took(failed, 0, 1);
  EXPECT_THAT(failed.err, HasSubstr("`a` ended with exit code 3; its output is in "));
  EXPECT_THAT(failed.out, HasSubstr("\"exit_code\":3"));
  expect_nothing_left();
}

TEST_P(Ends, the_oom_killer_is_named) {
  const Ended killed =
      run(60, "exec awk 'BEGIN { x = \"0123456789abcdef\"; while (1) x = x x }'", "  memory: 24m\n");
  EXPECT_EQ(killed.code, 1);
  EXPECT_THAT(killed.err, HasSubstr("`a` ran out of memory (exit code 137)"));
  EXPECT_THAT(killed.out, HasSubstr("\"out_of_memory\":true"));
  EXPECT_LT(killed.seconds, 30);
  expect_nothing_left();
}

TEST_P(Ends, who_ignores_sigterm_is_killed_after_the_grace) {
  const Ended stopped = run(2, "trap '' TERM; trap 'echo no' TERM; while :; do sleep 0.1; done");
  EXPECT_EQ(stopped.code, 0) << "it was we who stopped it";
  EXPECT_THAT(stopped.out, HasSubstr("\"exit_code\":137"));
  EXPECT_THAT(stopped.out, HasSubstr("\"stopped\":true"));
  expect_took(stopped, 2 + kGrace, 2 + kGrace);
  expect_nothing_left();
}

TEST_P(Ends, who_hears_sigterm_ends_with_the_run) {
  const Ended stopped = run(2, "trap 'exit 7' TERM; while :; do sleep 0.1; done");
  EXPECT_EQ(stopped.code, 0);
  EXPECT_THAT(stopped.out, HasSubstr("\"exit_code\":7"));
  expect_took(stopped, 2, 2);
  expect_nothing_left();
}

/// Bounded by a limit above the container, so that this machine has room for others.
class Bounded {
 public:
  explicit Bounded(const std::string& group) : group_(group), made_(::mkdir(group.c_str(), 0755) == 0) {
    std::ofstream(group_ + "/pids.max") << 400;
  }
  ~Bounded() {
    std::ofstream(group_ + "/pids.max") << "max";
    if (made_) ::rmdir(group_.c_str());
  }
  [[nodiscard]] bool bounded() const { return slurp(group_ + "/pids.max") == "400\n"; }
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;

 private:
  std::string group_;
  bool made_;
};

TEST_P(Ends, who_forks_without_end_is_killed_whole_and_in_time) {
  const bool docker = GetParam() == std::string("docker");
  const std::string root = fs::exists("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids/" : "/sys/fs/cgroup/";
  const std::string socket = getenv("DOCKER_HOST") == nullptr ? "" : getenv("DOCKER_HOST");
  std::string group = root + "cbench-test-" + std::to_string(getpid());
  if (docker) {  // that of the tests' daemon (tests/support/dockerd.sh)
    const std::string folder = fs::path(socket.substr(socket.find("://") + 3)).parent_path();
    FILE* sum = popen(("printf %s " + folder + " | cksum | cut -d' ' -f1").c_str(), "r");
    char digits[32] = {};
    ASSERT_NE(fgets(&digits[0], sizeof digits, sum), nullptr);
    pclose(sum);
    group = root + "cbt-" + std::to_string(std::stoul(&digits[0]));
  }
  const Bounded bound(group);
  if (!bound.bounded()) GTEST_SKIP() << "no limit of processes can be set in " << group;
  const pid_t pid = fork();  // in the group, and cbench with it
  if (pid == 0) {
    if (!docker) std::ofstream(group + "/cgroup.procs") << 0 << std::flush;
    const Ended bomb = run(3, "trap '' TERM; f() { sleep 60 & f & f; }; f & exec tail -f /dev/null");
    std::ofstream(folder / "result") << bomb.code << " " << bomb.seconds << " " << bomb.after_begin;
    _exit(0);
  }
  long most = 0;
  while (waitpid(pid, nullptr, WNOHANG) == 0) {
    most = std::max(most, std::atol(slurp(group + "/pids.current").c_str()));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_GT(most, 300) << "it did not fork";
  std::ifstream result(folder / "result");
  int code = -1;
  double seconds = 0, after_begin = 0;
  result >> code >> seconds >> after_begin;
  EXPECT_EQ(code, 0);
  EXPECT_GE(after_begin, 3);
  EXPECT_LT(after_begin, 3 + kGrace + 1);
  EXPECT_LT(seconds, 3 + kGrace + kSlack);
  std::string processes;
  for (const auto& entry : fs::recursive_directory_iterator(group))
    if (entry.path().filename() == "cgroup.procs") processes += slurp(entry.path());
  EXPECT_EQ(processes, "");
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(engine, Ends, testing::Values("process", "docker"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace cbench
