#include "runtime/driver/console.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cbench {
namespace {

constexpr int64_t kQuietLineNs = 10'000'000'000;

bool wants_colour(bool terminal) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return terminal && (no_colour == nullptr || *no_colour == '\0') && term != nullptr &&
         std::string(term) != "dumb";
}

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// The first `width` code points.
std::string cut(const std::string& text, size_t width) {
  size_t points = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80 && points++ == width) return text.substr(0, i);
  return text;
}

double seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

std::string in_words(const RunObserver::Progress& p) {
  std::string out = fmt::format("{:.1f}/{:.1f} s  {} running, {} waiting, {} ended", seconds(p.elapsed_ns),
                                seconds(p.total_ns), p.running, p.waiting, p.ended);
  if (p.missed_steps > 0) out += fmt::format("  {} steps missed", p.missed_steps);
  if (!p.last_action.empty()) out += "  last: " + p.last_action;
  return out;
}

}  // namespace

Console::Console(Verbosity verbosity)
    : verbosity_(verbosity), terminal_(isatty(STDERR_FILENO) != 0), colour_(wants_colour(terminal_)) {}

Console::~Console() { clear_progress(); }

void Console::print(const std::string& text) {
  clear_progress();
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int Console::fail(const Error& error) {
  if (!error.message.empty()) {
    print(
        fmt::format("{}error:{} {}\n", colour_ ? "\x1b[1;31m" : "", colour_ ? "\x1b[0m" : "", error.message));
    if (!error.hint.empty()) print(fmt::format("  hint: {}\n", error.hint));
  }
  return static_cast<int>(error.exit);
}

void Console::show(const Diagnostics& diagnostics, const SourceSet& sources) {
  if (diagnostics.all().empty() || (quiet() && !diagnostics.has_errors())) return;
  print(render(diagnostics, sources, colour_));
}

void Console::log(Level level, const std::string& text) {
  struct Style {
    const char *label, *colour;
  };
  constexpr Style kStyles[] = {
      {"debug", "\x1b[2m"}, {"info", ""}, {"warning", "\x1b[1;33m"}, {"error", "\x1b[1;31m"}};
  const Level least = verbosity_ == Verbosity::Quiet     ? Level::Error
                      : verbosity_ == Verbosity::Verbose ? Level::Debug
                                                         : Level::Info;
  if (level < least) return;
  const Style& style = kStyles[static_cast<size_t>(level)];
  if (level == Level::Info) return print(text + "\n");
  print(
      fmt::format("{}{}:{} {}\n", colour_ ? style.colour : "", style.label, colour_ ? "\x1b[0m" : "", text));
}

/// Several things may be under way at once: each has its place in the line, or a line when it begins.
void Console::show_preparing(const Progress& progress) {
  const auto at = std::find_if(preparing_.begin(), preparing_.end(),
                               [&](const auto& known) { return known.first == progress.what; });
  const bool begins = at == preparing_.end();
  (begins ? preparing_.emplace_back(progress.what, -1) : *at).second = progress.fraction;
  if (!terminal_) return begins ? print(progress.what + "\n") : void();
  std::string line;
  for (const auto& [what, fraction] : preparing_)
    line += (line.empty() ? "" : ", ") + what + (fraction < 0 ? "" : fmt::format(" {:.0f}%", 100 * fraction));
  show_line(line);
}

void Console::show_line(const std::string& text) {
  const std::string line = "\r\x1b[K" + cut(text, terminal_width() - 1);
  std::fwrite(line.data(), 1, line.size(), stderr);
  line_shown_ = true;
}

void Console::progress(const Progress& progress) {
  if (quiet()) return;
  if (progress.preparing) return show_preparing(progress);
  preparing_.clear();
  if (terminal_) {
    show_line(in_words(progress));
  } else if (progress.elapsed_ns >= next_line_ns_) {
    if (progress.elapsed_ns < next_line_ns_ - kQuietLineNs || next_line_ns_ > 0)
      print(in_words(progress) + "\n");
    next_line_ns_ = progress.elapsed_ns + kQuietLineNs;
  }
}

void Console::clear_progress() {
  if (!line_shown_) return;
  std::fputs("\r\x1b[K", stderr);
  line_shown_ = false;
}

}  // namespace cbench
