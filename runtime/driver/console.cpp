#include "runtime/driver/console.h"

#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/driver/terminal.h"

namespace cbench {

Console::Console(Verbosity verbosity)
    : verbosity_(verbosity), colour_(isatty(STDERR_FILENO) != 0 && wants_colour()) {}

void Console::print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

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

std::string Console::line(Level level, const std::string& text) const {
  struct Style {
    const char *label, *colour;
  };
  constexpr Style kStyles[] = {
      {"debug", "\x1b[2m"}, {"info", ""}, {"warning", "\x1b[1;33m"}, {"error", "\x1b[1;31m"}};
  const Level least = verbosity_ == Verbosity::Quiet     ? Level::Error
                      : verbosity_ == Verbosity::Verbose ? Level::Debug
                                                         : Level::Info;
  if (level < least) return "";
  const Style& style = kStyles[static_cast<size_t>(level)];
  if (level == Level::Info) return text + "\n";
  return fmt::format("{}{}:{} {}\n", colour_ ? style.colour : "", style.label, colour_ ? "\x1b[0m" : "",
                     text);
}

}  // namespace cbench
