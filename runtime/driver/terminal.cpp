#include "runtime/driver/terminal.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cbench {
namespace {

// Synchronized output (2026) keeps a frame whole where the terminal knows it, and is ignored elsewhere.
constexpr std::string_view kBegin = "\x1b[?2026h\x1b[?25l", kEnd = "\x1b[?2026l";
constexpr std::string_view kRestore = "\x1b[?2026l\x1b[0m\x1b[?25h";
constexpr std::string_view kEraseLine = "\x1b[K", kEraseBelow = "\x1b[J";

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The charset of the locale; where none is set a terminal of today is taken to show UTF-8.
bool wants_utf8() {
  std::string charset;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (charset.empty()) charset = variable(name);
  std::transform(charset.begin(), charset.end(), charset.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return charset.empty() || charset.find("utf-8") != std::string::npos ||
         charset.find("utf8") != std::string::npos;
}

// Signals that end the process on the spot, or stop it, must not leave the cursor hidden. Those that end a
// run in order are blocked (SignalWatch).
constexpr int kWatched[] = {SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTSTP, SIGCONT};
constexpr std::span kFatal = std::span(kWatched).first<6>();
std::atomic<int> shown_on{-1};
std::atomic<bool> was_stopped{false};

void restore_cursor() {
  const int fd = shown_on.load();
  if (fd >= 0 && ::write(fd, kRestore.data(), kRestore.size()) < 0) return;  // nothing else can be done
}

void set_handler(int signal, void (*handler)(int), int flags = 0) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags | SA_RESTART;
  ::sigaction(signal, &action, nullptr);
}

void on_fatal(int signal) {
  restore_cursor();
  ::raise(signal);  // by now with its own effect (SA_RESETHAND)
}

/// After it goes on a shell has written below the frame: that one is history.
void on_stop(int signal) {
  const int saved = errno;
  restore_cursor();
  was_stopped = true;
  ::raise(signal);
  errno = saved;
}

void on_continue(int) { set_handler(SIGTSTP, on_stop, SA_RESETHAND); }

bool has_default(int signal) {
  struct sigaction now{};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL;
}

void watch_signals() {
  for (const int signal : kFatal)
    if (has_default(signal)) set_handler(signal, on_fatal, SA_RESETHAND);
  if (!has_default(SIGTSTP)) return;
  set_handler(SIGTSTP, on_stop, SA_RESETHAND);
  set_handler(SIGCONT, on_continue);
}

void unwatch_signals() {
  for (const int signal : kWatched) {
    struct sigaction now{};
    if (::sigaction(signal, nullptr, &now) != 0) continue;
    if (now.sa_handler == on_fatal || now.sa_handler == on_stop || now.sa_handler == on_continue)
      set_handler(signal, SIG_DFL);
  }
}

/// Is the terminal that of another job? One that is not ours to ask about is taken for ours.
bool in_background(int fd) {
  const pid_t group = ::tcgetpgrp(fd);
  return group > 0 && group != ::getpgrp();
}

/// A terminal that does not translate newlines goes to the line's begin by this.
void add_lines(std::string_view lines, std::string& out) {
  for (const char c : lines) out += c == '\n' ? "\r\n" : std::string(1, c);
}

}  // namespace

bool wants_colour() {
  const std::string_view term = variable("TERM");
  return variable("NO_COLOR").empty() && !term.empty() && term != "dumb";
}

std::unique_ptr<Terminal> Terminal::open(int fd) {
  const std::string_view term = variable("TERM");
  if (::isatty(fd) == 0 || term.empty() || term == "dumb" || in_background(fd)) return nullptr;
  // Whoever may not open it anew (after su) gets lines: O_NONBLOCK on `fd` would be the shell's as well.
  const int own =
      ::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return own < 0 ? nullptr : std::unique_ptr<Terminal>(new Terminal(own));
}

Terminal::Terminal(int fd) : fd_(fd), kind_{.colour = wants_colour(), .utf8 = wants_utf8()} {
  was_stopped = false;
  shown_on = fd_;
  watch_signals();
}

Terminal::~Terminal() {
  clear("", std::chrono::milliseconds(0));
  shown_on = -1;
  unwatch_signals();
  ::close(fd_);
}

Screen Terminal::screen() const {
  Screen out = kind_;
  winsize size{};
  if (::ioctl(fd_, TIOCGWINSZ, &size) != 0) return out;
  if (size.ws_col > 0) out.columns = size.ws_col;
  if (size.ws_row > 0) out.rows = size.ws_row;
  return out;
}

bool Terminal::ready() { return !in_background(fd_) && write_out(); }

bool Terminal::write_out() {
  while (!waiting_.empty()) {
    const ssize_t written = ::write(fd_, waiting_.data(), waiting_.size());
    if (written > 0) {
      waiting_.erase(0, static_cast<size_t>(written));
    } else if (written < 0 && errno == EINTR) {
      continue;
    } else if (written < 0 && errno != EAGAIN) {
      waiting_.clear();  // hung up: nobody looks any more
    } else {
      return false;
    }
  }
  return true;
}

size_t Terminal::rows_taken(size_t columns) const {
  size_t rows = 0;
  for (const size_t width : widths_) rows += width <= columns ? 1 : (width + columns - 1) / columns;
  return rows;
}

void Terminal::go_to_top(std::string& out, size_t columns) {
  if (was_stopped.exchange(false)) widths_.clear();
  out += '\r';
  // The cursor stands in the frame's last row. A terminal that has become narrower has broken its lines.
  if (const size_t rows = rows_taken(columns); rows > 1) out += fmt::format("\x1b[{}A", rows - 1);
}

void Terminal::show(const std::vector<ViewLine>& frame, std::string_view above) {
  const size_t columns = screen().columns;
  std::string out(kBegin);
  const size_t before = rows_taken(columns);
  go_to_top(out, columns);
  if (!above.empty()) {
    out += kEraseBelow;
    add_lines(above, out);
  }
  widths_.clear();
  for (const ViewLine& line : frame) {
    if (!widths_.empty()) out += "\r\n";
    out += line.text();
    out += kEraseLine;
    widths_.push_back(line.width());
  }
  if (above.empty() && before > widths_.size()) out += kEraseBelow;
  out += kEnd;
  waiting_ += out;
  write_out();
}

bool Terminal::clear(std::string_view above, std::chrono::milliseconds patience) {
  if (!widths_.empty() || !above.empty()) {
    std::string out;
    go_to_top(out, screen().columns);
    out += kEraseBelow;
    out += kRestore;
    add_lines(above, out);
    widths_.clear();
    waiting_ += out;
  }
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!write_out()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waits{.fd = fd_, .events = POLLOUT, .revents = 0};
    ::poll(&waits, 1, static_cast<int>(std::min<int64_t>(left.count(), 100)));
  }
  return true;
}

}  // namespace cbench
