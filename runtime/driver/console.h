// Console: what a person at the terminal sees on standard error. Data goes to standard output, not through
// here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/result.h"
#include "runtime/loop/edges.h"

namespace cbench {

class Console {
 public:
  enum class Verbosity : uint8_t { Quiet, Normal, Verbose };
  using Level = RunObserver::Level;
  explicit Console(Verbosity verbosity);

  /// Prints an error with its hint and returns its exit code. An error without a message was reported before.
  int fail(const Error& error);
  void warn(const std::string& text) {
    log(Level::Warn, text);
    if (std::find(warnings_.begin(), warnings_.end(), text) == warnings_.end()) warnings_.push_back(text);
  }
  /// What was warned of so far, each once.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  /// What is good to know; not when quiet.
  void say(const std::string& text) { log(Level::Info, text); }
  /// What only helps to find a fault; when verbose.
  void detail(const std::string& text) { log(Level::Debug, text); }
  void show(const Diagnostics& diagnostics, const SourceSet& sources);
  [[nodiscard]] bool quiet() const { return verbosity_ == Verbosity::Quiet; }
  [[nodiscard]] bool verbose() const { return verbosity_ == Verbosity::Verbose; }

  void log(Level level, const std::string& text) { print(line(level, text)); }
  /// What log() prints: the text as a line, or nothing when that is not asked for.
  [[nodiscard]] std::string line(Level level, const std::string& text) const;

 private:
  static void print(const std::string& text);

  Verbosity verbosity_;
  bool colour_;
  std::vector<std::string> warnings_;
};

/// The error of something that was already shown.
inline Error already_shown(Exit exit = Exit::Invalid) { return Error{exit, "", ""}; }

}  // namespace cbench
