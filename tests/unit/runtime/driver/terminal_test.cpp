// The terminal's side of the view, on a pseudo terminal whose other end the test reads, or does not.
#include "runtime/driver/terminal.h"

#include <csignal>
#include <cstdlib>
#include <memory>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace cbench {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kShow = "\x1b[?25h";
constexpr const char* kHide = "\x1b[?25l";

class terminal : public testing::Test {
 protected:
  terminal() {
    ::setenv("TERM", "xterm", 1);
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    if (::openpty(&theirs, &ours, nullptr, nullptr, &size) != 0) std::abort();
    termios raw{};
    ::cfmakeraw(&raw);  // nothing of what is written is changed on its way
    ::tcsetattr(ours, TCSANOW, &raw);
    ::fcntl(theirs, F_SETFL, O_NONBLOCK);
  }
  ~terminal() override {
    ::close(theirs);
    ::close(ours);
  }
  std::string read_all() const {
    std::string out;
    char piece[65536];
    for (ssize_t count = 0; (count = ::read(theirs, piece, sizeof piece)) > 0;)
      out.append(piece, static_cast<size_t>(count));
    return out;
  }
  void resize(unsigned short columns) const {
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(ours, TIOCSWINSZ, &size);
  }
  static std::vector<ViewLine> frame(std::vector<std::string> lines) {
    std::vector<ViewLine> out;
    for (const std::string& line : lines) out.push_back(ViewLine(Screen{.columns = 79}).add(line));
    return out;
  }
  int theirs = -1, ours = -1;
};

TEST_F(terminal, a_frame_stands_in_place_of_the_last_one) {
  const auto shown = Terminal::open(ours);
  ASSERT_TRUE(shown);
  ASSERT_TRUE(shown->ready());
  shown->show(frame({"one", "two", "three"}), "");
  EXPECT_THAT(read_all(), HasSubstr("\rone\x1b[K\r\ntwo\x1b[K\r\nthree\x1b[K"));
  shown->show(frame({"four"}), "");
  EXPECT_THAT(read_all(), HasSubstr("\r\x1b[2Afour\x1b[K\x1b[J"));
  shown->show(frame({"five"}), "a line\nand one\n");
  EXPECT_THAT(read_all(), HasSubstr("\r\x1b[Ja line\r\nand one\r\nfive\x1b[K"));
}

TEST_F(terminal, a_narrower_one_has_broken_the_lines_of_the_last_frame) {
  const auto shown = Terminal::open(ours);
  shown->show(frame({std::string(70, 'x'), "short", std::string(41, 'y')}), "");
  read_all();
  resize(40);
  EXPECT_EQ(shown->screen().columns, 40U);
  shown->show(frame({"one", "two", "three"}), "");
  EXPECT_THAT(read_all(), HasSubstr("\r\x1b[4Aone")) << "2 + 1 + 2 rows";
}

TEST_F(terminal, the_cursor_is_visible_again_and_the_frame_gone) {
  auto shown = Terminal::open(ours);
  shown->show(frame({"one", "two"}), "");
  EXPECT_THAT(read_all(), HasSubstr(kHide));
  shown.reset();
  const std::string last = read_all();
  EXPECT_THAT(last, HasSubstr("\r\x1b[1A\x1b[J"));
  EXPECT_THAT(last, EndsWith(kShow));
}

TEST_F(terminal, one_that_is_not_read_is_not_waited_for) {
  const auto shown = Terminal::open(ours);
  const std::vector<ViewLine> large = frame(std::vector<std::string>(20, std::string(79, 'x')));
  // The kernel passes on between the ends, so that for a moment there is room again.
  const auto until = std::chrono::steady_clock::now() + milliseconds(300);
  int64_t frames = 0;
  while (std::chrono::steady_clock::now() < until)
    if (shown->ready()) shown->show(large, ""), ++frames;
  EXPECT_LT(frames, 1000);
  EXPECT_FALSE(shown->clear("", milliseconds(50)));
  std::string all;
  while (!shown->ready()) all += read_all();
  all += read_all();
  EXPECT_THAT(all, EndsWith(kShow)) << "what it ended with has come";
  EXPECT_TRUE(shown->clear("", milliseconds(0)));
}

TEST_F(terminal, flags_that_others_share_stay_as_they_are) {
  const int before = ::fcntl(ours, F_GETFL);
  const auto shown = Terminal::open(ours);
  EXPECT_EQ(::fcntl(ours, F_GETFL), before);
}

TEST_F(terminal, there_is_none_on_a_dumb_terminal_or_a_pipe) {
  ::setenv("TERM", "dumb", 1);
  EXPECT_FALSE(Terminal::open(ours));
  ::unsetenv("TERM");
  EXPECT_FALSE(Terminal::open(ours));
  ::setenv("TERM", "xterm", 1);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(Terminal::open(ends[1]));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(terminal, a_hang_up_ends_nothing) {
  const auto shown = Terminal::open(ours);
  ::close(theirs);
  theirs = -1;
  shown->show(frame({"one"}), "");
  EXPECT_TRUE(shown->ready());
}

/// Shows a frame in a process that then does `what`, and returns all that the terminal got.
std::string after(int ours, int theirs, void (*what)()) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGQUIT, SIG_DFL);  // a shell's background jobs begin with it ignored
    ::setpgid(0, 0);             // and SIGTSTP does nothing in a group without a parent in its session
    const auto shown = Terminal::open(ours);
    shown->show({ViewLine(Screen{}).add("frame")}, "");
    what();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  std::string out;
  pollfd readable{.fd = theirs, .events = POLLIN, .revents = 0};
  // What was written last may take a moment to come through.
  while (!out.ends_with(kShow) && ::poll(&readable, 1, 2000) > 0) {
    char bytes[4096];
    const ssize_t count = ::read(theirs, bytes, sizeof bytes);
    if (count <= 0) break;
    out.append(bytes, static_cast<size_t>(count));
  }
  if (WIFSTOPPED(status)) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  } else {
    EXPECT_TRUE(WIFSIGNALED(status)) << "the signal still has its effect";
  }
  return out;
}

TEST_F(terminal, the_cursor_is_visible_after_a_signal_that_ends_or_stops_the_process) {
  EXPECT_THAT(after(ours, theirs, [] { ::raise(SIGQUIT); }), EndsWith(kShow));
  EXPECT_THAT(after(ours, theirs, [] { std::abort(); }), EndsWith(kShow));
  EXPECT_THAT(after(ours, theirs, [] { ::raise(SIGTSTP); }), EndsWith(kShow));
}

}  // namespace
}  // namespace cbench
