// Console: what a person at the terminal sees on standard error. Data goes to standard output, not through
// here.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/result.h"
#include "runtime/loop/edges.h"

namespace cbench {

class Console final : public RunObserver {
 public:
  enum class Verbosity : uint8_t { Quiet, Normal, Verbose };
  explicit Console(Verbosity verbosity);
  ~Console() override;
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// Prints an error with its hint and returns its exit code. An error without a message was reported before.
  int fail(const Error& error);
  void warn(const std::string& text) { log(Level::Warn, text); }
  /// What is good to know; not when quiet.
  void say(const std::string& text) { log(Level::Info, text); }
  /// What only helps to find a fault; when verbose.
  void detail(const std::string& text) { log(Level::Debug, text); }
  void show(const Diagnostics& diagnostics, const SourceSet& sources);
  [[nodiscard]] bool quiet() const { return verbosity_ == Verbosity::Quiet; }
  [[nodiscard]] bool verbose() const { return verbosity_ == Verbosity::Verbose; }

  /// A live line on a terminal, otherwise a line now and then.
  void progress(const Progress& progress) override;
  void log(Level level, const std::string& text) override;
  /// Takes the live line away.
  void clear_progress();

 private:
  void print(const std::string& text);
  void show_preparing(const Progress& progress);
  void show_line(const std::string& text);

  Verbosity verbosity_;
  bool terminal_, colour_;
  bool line_shown_ = false;
  std::vector<std::pair<std::string, double>> preparing_;  ///< what and how far, each thing once
  int64_t next_line_ns_ = 0;
};

/// The error of something that was already shown.
inline Error already_shown(Exit exit = Exit::Invalid) { return Error{exit, "", ""}; }

}  // namespace cbench
