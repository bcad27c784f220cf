// link: runtime.analysis
// needs: dockerd
// What an ordinary user can do, and what with which right: docs/privileges.md, tried. A user is made for each
// test and removed after it; the programs are copied to where it may execute them.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* kBench = R"(benchmark:
  name: plain
  engine: ENGINE
  max_t: 3
  observer: {lock_memory: false}
main:
  critical: true
  core: "0"
  exclusive: false
  IMAGE
  command: while :; do :; done
  data: {frequency: 100, docker: true, perf: {task_clock: true}}
other:
  core: "0"
  exclusive: false
  start_t: 0.5
  IMAGE
  command: while :; do :; done
  data: {frequency: 100, docker: true}
)";
constexpr const char* kPolicy = R"(policy trio 1 "One action of each kind"
when now > 1500ms each c in all where not c.critical cooldown 10s {
  try quota(c) = 50% else log warn "{c}: {reason}"
  try pause c else log warn "{c}: {reason}"
}
when now > 2s each c in all where c.critical cooldown 10s {
  try pin c to k in host.cpus where true else log warn "{c}: {reason}"
}
)";

class privileges : public CommandLine {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "makes a user and gives rights to it: run as root";
    user = "cbench-test-" + std::to_string(getpid());
    ASSERT_EQ(sh("useradd --system --no-create-home --home-dir " + folder.string() + " " + user).code, 0)
        << slurp(folder / "err.txt");
    fs::permissions(folder, fs::perms(0755));
    fs::create_directory(folder / "bin");
    const fs::path build = fs::read_symlink("/proc/self/exe").parent_path();
    for (const char* name : {"cbench", "cbench-codegen", "cbench-resctrl-sim"})
      fs::copy_file(build / name, folder / "bin" / name);
    fs::create_directory(folder / "w");
    for (const auto& [file, engine, image] :
         {std::tuple{"process", "process", ""},
          std::tuple{"docker", "docker", "image: cbench-test/busybox:1"}}) {
      std::string text = kBench;
      for (size_t at = 0; (at = text.find("IMAGE")) != std::string::npos;) text.replace(at, 5, image);
      text.replace(text.find("ENGINE"), 6, engine);
      write("w/" + std::string(file) + ".yml", text);
    }
    write("w/acts.cbp", kPolicy);
    own_work();
  }
  void TearDown() override {
    if (user.empty()) return;
    EXPECT_EQ(sh("userdel " + user).code, 0) << slurp(folder / "err.txt");
  }

  /// As root, in the folder.
  Output sh(const std::string& line) const {
    const std::string whole = "cd " + folder.string() + " && { " + line + "\n} >out.txt 2>err.txt </dev/null";
    const int status = std::system(whole.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, slurp(folder / "out.txt"),
            slurp(folder / "err.txt")};
  }
  void own_work() const { ASSERT_EQ(sh("chown -R " + user + " w").code, 0); }

  /// Environment and program of the user, whose home is `w`. LSan cannot look into a program with rights of
  /// its own.
  std::string as_them(const std::string& line) const {
    const std::string w = (folder / "w").string();
    write("line.sh", "cd " + w + " && export HOME=" + w + " XDG_STATE_HOME=" + w +
                         "/state XDG_CACHE_HOME=" + folder.string() + "/w/cache PATH=" + folder.string() +
                         "/bin:$PATH && " + line + "\n");
    return "env ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 sh " + (folder / "line.sh").string();
  }
  Output as_user(const std::string& line, const std::string& groups = "--clear-groups") const {
    return sh("setpriv --reuid=" + user + " --regid=" + user + " " + groups + " --inh-caps=-all " +
              as_them(line));
  }
  /// A member of the group that the test daemon's socket belongs to.
  Output as_docker_user(const std::string& line) const {
    return as_user(line, "--groups=$(stat -c %g " + socket() + ")");
  }
  static std::string socket() {
    const char* host = std::getenv("DOCKER_HOST");
    return host == nullptr ? "" : std::string(host).substr(std::string("unix://").size());
  }
  void give(const std::string& capabilities) const {
    ASSERT_EQ(sh("setcap " + capabilities + "=ep bin/cbench").code, 0) << slurp(folder / "err.txt");
  }

  /// What root gives in docs/privileges.md, as it stands there.
  Output delegated(const std::string& line) const {
    std::istringstream page(slurp(fs::path(CBENCH_TESTS_DIR).parent_path() / "docs/privileges.md"));
    std::string script;
    bool inside = false;
    for (std::string one; std::getline(page, one);) {
      if (one == "```sh")
        inside = true;
      else if (one == "```")
        inside = false;
      else if (inside)
        script += one + "\n";
    }
    write("delegate.sh", "set -e\n" + script);
    return sh("sh delegate.sh " + user + " " + as_them(line));
  }
  void take_groups_away() const {
    EXPECT_EQ(sh("find /sys/fs/cgroup -depth -type d -name cbench-" + user + " -exec rmdir {} +").code, 0)
        << "a run left something in them: " << slurp(folder / "err.txt");
  }

  void expect_no_journal() const {
    EXPECT_EQ(sh("ls w/state/cbench 2>/dev/null || true").out, "") << "a journal is left";
  }

  std::string user;
};

TEST_F(privileges, what_looks_at_files_takes_none) {
  ASSERT_EQ(sh(as_them("cbench run process.yml --policy acts.cbp -o t.arrows")).code, 0)
      << slurp(folder / "err.txt");
  own_work();
  for (const char* line : {"cbench init mine.yml", "cbench validate process.yml --policy acts.cbp --host",
                           "cbench validate docker.yml", "cbench check acts.cbp --bench process.yml",
                           "cbench test fair_share", "cbench fmt --check acts.cbp", "cbench dry-run t.arrows",
                           "cbench dry-run --policy fair_share t.arrows", "cbench trace info t.arrows",
                           "cbench export t.arrows --to lp -o t.lp", "cbench host", "cbench metrics",
                           "cbench completion bash"}) {
    const Output done = as_user(line);
    EXPECT_EQ(done.code, 0) << line << ": " << done.err;
  }
  EXPECT_THAT(slurp(folder / "w/t.lp"), HasSubstr("docker_cpu_usage_percent="));
}

TEST_F(privileges, a_run_without_any_is_refused_with_the_remedy_and_leaves_nothing) {
  const Output process = as_user("cbench run process.yml");
  EXPECT_EQ(process.code, 4);
  EXPECT_THAT(process.err, AllOf(HasSubstr("cannot make cgroup"), HasSubstr("run as root"),
                                 HasSubstr("Delegate=yes"), HasSubstr("docs/privileges.md")));
  if (!socket().empty()) {
    const Output docker = as_user("cbench run docker.yml");
    EXPECT_EQ(docker.code, 4);
    EXPECT_THAT(docker.err, AllOf(HasSubstr("Permission denied"), HasSubstr("usermod -aG docker")));
  }
  EXPECT_FALSE(fs::exists(folder / "w/results"));
  expect_no_journal();
}

TEST_F(privileges, host_tells_what_is_missing_before_a_run_does) {
  const Output host = as_user("cbench host");
  EXPECT_THAT(host.out, HasSubstr("may not make a cgroup in /sys/fs/cgroup"));
  EXPECT_THAT(host.out, HasSubstr("in a cgroup that is yours (docs/privileges.md)"));
  give("cap_dac_override,cap_sys_nice,cap_ipc_lock,cap_perfmon");
  const Output able = as_user("cbench host");
  EXPECT_THAT(able.out, Not(HasSubstr("may not make a cgroup")));
  EXPECT_THAT(able.out, Not(HasSubstr("RLIMIT_MEMLOCK")));
  EXPECT_THAT(able.out, Not(HasSubstr("no perf metric of a container")));
}

TEST_F(privileges, a_journal_that_cannot_be_written_is_refused) {
  const Output refused = as_user("XDG_STATE_HOME=/proc cbench run process.yml");
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("cannot make the journal"), HasSubstr("XDG_STATE_HOME")));
  EXPECT_FALSE(fs::exists(folder / "w/results"));
}

TEST_F(privileges, in_a_cgroup_of_ones_own_engine_process_runs_and_a_policy_acts) {
  if (fs::exists("/sys/fs/cgroup/cgroup.controllers"))
    GTEST_SKIP() << "cgroup v2 alone: there systemd delegates, and there is none for this user";
  const Output run = delegated("cbench run process.yml --policy acts.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0) << run.err;
  for (const char* action : {"quota other = 50%", "pause other", "pin main to "})
    EXPECT_THAT(run.out, HasSubstr(action));
  EXPECT_THAT(run.out, AllOf(HasSubstr("applied"), Not(HasSubstr("failed")), Not(HasSubstr("refused"))));
  expect_no_journal();
  take_groups_away();
}

TEST_F(privileges, the_right_to_write_everywhere_suffices_for_engine_process_and_the_one_of_perf_for_events) {
  give("cap_dac_override,cap_perfmon");
  const Output run =
      as_user("cbench run process.yml --policy acts.cbp -o t.arrows && cbench export t.arrows --to lp");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("applied"), Not(HasSubstr("failed"))));
  EXPECT_THAT(run.out, HasSubstr("perf_task_clock="));
  expect_no_journal();
}

TEST_F(privileges, a_member_of_docker_s_group_measures_and_acts_only_with_the_right_to_write_to_cgroups) {
  if (socket().empty()) GTEST_SKIP() << "no daemon: run it by ctest";
  const Output watched =
      as_docker_user("cbench run docker.yml -o t.arrows && cbench export t.arrows --to lp");
  EXPECT_EQ(watched.code, 0) << watched.err;
  for (const char* field : {"docker_cpu_usage_percent=", "docker_memory_usage=", "docker_network_rx_bytes="})
    EXPECT_THAT(watched.out, HasSubstr(field));
  const Output refused = as_docker_user("cbench run docker.yml --policy acts.cbp -o u.arrows");
  EXPECT_THAT(refused.out, AllOf(HasSubstr("failed"), HasSubstr("run as root"), Not(HasSubstr("applied"))));
  EXPECT_THAT(as_docker_user("cbench host").out, HasSubstr("whose cgroups belong to root"));
  give("cap_dac_override");
  const Output acted = as_docker_user("cbench run docker.yml --policy acts.cbp -o v.arrows");
  EXPECT_EQ(acted.code, 0) << acted.err;
  EXPECT_THAT(acted.out, AllOf(HasSubstr("applied"), Not(HasSubstr("failed"))));
  expect_no_journal();
}

TEST_F(privileges, a_live_run_of_another_user_is_left_alone_by_clean) {
  if (socket().empty()) GTEST_SKIP() << "no daemon: run it by ctest";
  const pid_t run = launch("-q run w/docker.yml -o t.arrows");
  wait_for_rows(run);
  const std::string out = slurp(folder / "out.txt");
  const Output listed = as_docker_user("cbench clean");
  EXPECT_THAT(listed.out, Not(HasSubstr("container ")));
  int status = 0;
  waitpid(run, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const Output after = as_docker_user("cbench clean");
  EXPECT_THAT(after.out, Not(HasSubstr("container ")));
}

}  // namespace
}  // namespace cbench
