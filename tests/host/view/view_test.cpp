// link: runtime.analysis
// A run under a pseudo terminal, with processes as containers: what a person sees, what is left on the
// screen, and that a terminal or a pipe that takes nothing costs the run nothing.
#include <csignal>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <termios.h>

#include "tests/support/command_line.h"

namespace cbench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using json = nlohmann::json;

constexpr const char* kBench = R"(benchmark: {{name: seen, engine: process, max_t: {}, step: {}}}
worker:
  command: while :; do :; done
  data: {{frequency: {}, docker: {{cpu_usage_percent: true, memory_usage: true}}}}
brief:
  command: sleep 0.3; exit 3
  allow_failure: true
  start_t: 0.5
  data: {{frequency: {}, docker: {{cpu_usage_percent: true}}}}
)";
constexpr const char* kPolicy = R"(policy caps 1 "Acts every 200 ms"
state n: int = 0
every 200ms { for c in all where c.name == "worker" {
  n = 1 - n
  if n == 1 { try quota(c) = 50% else log "{reason}" } else { try quota(c) = unlimited else log "{reason}" }
} }
)";
constexpr const char* kShow = "\x1b[?25h";
constexpr const char* kHide = "\x1b[?25l";

class view : public CommandLine {
 protected:
  view() {
    write("bench.yml", fmt::format(kBench, 2, 50, 50, 50));
    write("caps.cbp", kPolicy);
  }
  ~view() override {
    if (terminal_ >= 0) ::close(terminal_);
  }

  /// Starts cbench with a terminal of its own: as its standard error, and where `out` is empty as its
  /// standard output.
  pid_t on_terminal(const std::string& arguments, const std::string& out = "", const char* term = "xterm") {
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    const pid_t pid = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid != 0) return pid;
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cbench";
    if (::chdir(folder.c_str()) != 0) ::_exit(127);
    ::setenv("XDG_CACHE_HOME", folder.c_str(), 1);
    ::setenv("TERM", term, 1);
    ::unsetenv("NO_COLOR");
    const std::string line = "exec " + program + " " + arguments + (out.empty() ? "" : " >" + out);
    ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
    ::_exit(127);
  }
  /// Reads what comes for so long, or until the terminal is closed.
  std::string read_for(std::chrono::milliseconds patience) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string all;
    while (std::chrono::steady_clock::now() < until) {
      pollfd waits{.fd = terminal_, .events = POLLIN, .revents = 0};
      if (::poll(&waits, 1, 50) <= 0) continue;
      char piece[65536];
      const ssize_t count = ::read(terminal_, piece, sizeof piece);
      if (count <= 0) break;
      all.append(piece, static_cast<size_t>(count));
    }
    return all;
  }
  static int exit_code(pid_t pid) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }
  [[nodiscard]] json info(const std::string& trace) const {
    return json::parse(cbench("trace info --json " + trace).out);
  }
  static std::vector<json> objects(const std::string& text) {
    std::vector<json> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
    return out;
  }

  int terminal_ = -1;
};

/// The last thing that was said of the cursor is that it is visible.
void expect_visible_cursor(const std::string& screen) {
  EXPECT_THAT(screen, HasSubstr(kHide));
  EXPECT_GT(screen.rfind(kShow) + 1, screen.rfind(kHide) + 1);
  EXPECT_NE(screen.rfind(kShow), std::string::npos);
}

TEST_F(view, a_run_is_drawn_in_place_and_leaves_only_its_summary) {
  const pid_t pid = on_terminal("run bench.yml --policy caps.cbp -o t.arrows");
  const std::string screen = read_for(std::chrono::seconds(60));
  EXPECT_EQ(exit_code(pid), 0) << screen;
  EXPECT_THAT(screen, AllOf(HasSubstr("worker"), HasSubstr("running"), HasSubstr("quota worker = 50%"),
                            HasSubstr("exit 3"), HasSubstr("caps (act)"), HasSubstr("█")));
  expect_visible_cursor(screen);
  const size_t end = screen.rfind(kShow) + std::strlen(kShow);
  EXPECT_THAT(screen.substr(0, end), HasSubstr("\x1b[J")) << "the frame is erased";
  EXPECT_THAT(screen.substr(end), AllOf(HasSubstr("ok after 2.0"), Not(HasSubstr("\x1b[?"))));
  size_t frames = 0;
  for (size_t at = 0; (at = screen.find(kHide, at)) != std::string::npos; ++at) ++frames;
  EXPECT_GE(frames, 5U);
  EXPECT_LE(frames, 60U) << "ten a second";
  EXPECT_LT(screen.find("`brief` ended with exit code 3"), end) << "a warning scrolls by above the frame";
  expect_nothing_left();
}

TEST_F(view, an_interrupt_from_the_keyboard_leaves_the_cursor_visible) {
  write("bench.yml", fmt::format(kBench, 60, 50, 50, 50));
  const pid_t pid = on_terminal("run bench.yml -o t.arrows");
  std::string screen = read_for(std::chrono::seconds(2));
  ASSERT_THAT(screen, HasSubstr("running"));
  ASSERT_EQ(::write(terminal_, "\x03", 1), 1);
  screen += read_for(std::chrono::seconds(60));
  EXPECT_EQ(exit_code(pid), 128 + SIGINT);
  expect_visible_cursor(screen);
  EXPECT_THAT(screen.substr(screen.rfind(kShow)), HasSubstr("interrupted after"));
  expect_nothing_left();
}

TEST_F(view, a_run_that_is_ended_on_the_spot_leaves_the_cursor_visible) {
  write("bench.yml",
        "benchmark: {name: f, engine: process, max_t: 20}\n"
        "a: {command: 'sleep 20', num_cores: 1, data: {frequency: 100, docker: true}}\n");
  const pid_t pid = on_terminal("run bench.yml -o t.arrows");
  std::string screen = read_for(std::chrono::seconds(2));
  ASSERT_THAT(screen, HasSubstr("running"));
  ::kill(pid, SIGQUIT);
  screen += read_for(std::chrono::seconds(30));
  EXPECT_EQ(exit_code(pid), 1000 + SIGQUIT);
  expect_visible_cursor(screen);
  cbench("clean --yes");
  expect_nothing_left();
}

TEST_F(view, without_a_terminal_there_are_lines_and_no_escapes) {
  const Output run = cbench("run bench.yml --policy caps.cbp -o t.arrows");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run.err, AllOf(HasSubstr("worker started on CPU"), HasSubstr("brief ended with exit code 3"),
                             HasSubstr("quota worker = 50%: applied")));
  const Output quiet = cbench("-q run bench.yml --policy caps.cbp -o q.arrows");
  // A sanitizer may have a word of its own on the stack of a process that is just being made.
  const std::string said = std::regex_replace(quiet.err, std::regex("==[0-9]+==WARNING: ASan (.*\n){3}"), "");
  EXPECT_EQ(said, "");
}

TEST_F(view, a_dumb_terminal_and_a_quiet_run_get_no_escapes) {
  for (const char* options : {"", "-q "}) {
    const pid_t pid =
        on_terminal(std::string(options) + "run bench.yml", "out.txt", *options == '\0' ? "dumb" : "xterm");
    const std::string screen = read_for(std::chrono::seconds(60));
    EXPECT_EQ(exit_code(pid), 0);
    EXPECT_THAT(screen, Not(HasSubstr("\x1b")));
    ::close(std::exchange(terminal_, -1));
  }
}

TEST_F(view, a_terminal_that_is_stopped_does_not_delay_a_step) {
  write("bench.yml", fmt::format(kBench, 4, 10, 10, 10));
  const pid_t pid = on_terminal("run bench.yml --policy caps.cbp -o unread.arrows", "out.txt");
  std::string screen = read_for(std::chrono::seconds(1));
  ASSERT_THAT(screen, HasSubstr("running"));
  ASSERT_EQ(::write(terminal_, "\x13", 1), 1);  // ctrl-S, until the trace has its end
  json unread;
  for (int i = 0; i < 600 && (!unread.is_object() || unread["outcome"].is_null()); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    unread = json::parse(cbench("trace info --json unread.arrows").out, nullptr, false);
  }
  ASSERT_TRUE(unread.is_object());
  EXPECT_EQ(unread["outcome"], "ok") << "the run ended without a reader";
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it waits for the terminal at its end only";
  ASSERT_EQ(::write(terminal_, "\x11", 1), 1);
  screen += read_for(std::chrono::seconds(60));
  EXPECT_EQ(exit_code(pid), 0);
  expect_visible_cursor(screen);
  ASSERT_EQ(cbench("-q run bench.yml --policy caps.cbp -o quiet.arrows").code, 0);
  const json quiet = info("quiet.arrows");
  // The machine itself may be late now and then.
  EXPECT_LE(unread["missed_steps"].get<int>(), quiet["missed_steps"].get<int>() + 60);
  EXPECT_GE(unread["steps"].get<int>(), 300);
}

TEST_F(view, json_tells_while_it_happens_and_ends_with_the_summary) {
  const Output run = cbench("run bench.yml --policy caps.cbp -o t.arrows --json");
  ASSERT_EQ(run.code, 0) << run.err;
  const std::vector<json> lines = objects(run.out);
  std::map<std::string, int> events;
  for (const json& line : lines) ++events[line["event"]];
  EXPECT_EQ(lines.front()["event"], "begin");
  EXPECT_EQ(lines.back()["event"], "summary");
  EXPECT_EQ(lines.back()["run_id"], lines.front()["run_id"]);
  EXPECT_EQ(events["prepared"], 2);
  EXPECT_EQ(events["start"], 2);
  EXPECT_EQ(events["exit"], 2);
  EXPECT_GE(events["warning"], 1);
  EXPECT_GE(events["progress"], 2);
  EXPECT_EQ(static_cast<size_t>(events["action"]), lines.back()["actions"].size());
  EXPECT_GE(events["action"], 5);
  json summary = lines.back();
  summary.erase("event");
  EXPECT_EQ(summary, info("t.arrows"));
}

TEST_F(view, a_reader_of_json_that_leaves_or_sleeps_does_not_disturb_the_run) {
  const auto launch_into = [&](const std::string& reader) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "cbench";
    const std::string line =
        "cd " + folder.string() + " && { XDG_CACHE_HOME=. " + program +
        " run bench.yml --policy caps.cbp -o t.arrows --json 2>err.txt; echo $? >code; } " + reader;
    EXPECT_EQ(std::system(line.c_str()), 0);
    const json summary = info("t.arrows");
    std::filesystem::remove(folder / "t.arrows");
    EXPECT_EQ(summary["outcome"], "ok");
    EXPECT_GE(summary["steps"].get<int>(), 30);
    EXPECT_EQ(slurp(folder / "code"), "0\n");
  };
  launch_into("| head -n 1 >/dev/null");
  launch_into("| { sleep 4; cat >late.txt; }");
  EXPECT_EQ(objects(slurp(folder / "late.txt")).back()["event"], "summary");
  launch_into(">&-");
  launch_into(">/dev/full");
  expect_nothing_left();
}

}  // namespace
}  // namespace cbench
