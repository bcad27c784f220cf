// The commands of `cbench`, one function each: it declares the command's options and, when the command is
// given, puts what to do into `chosen`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "runtime/driver/console.h"

namespace cbench {

/// Carries a command out and returns the program's exit code.
using Command = std::function<int(Console&)>;

void add_run(CLI::App& app, Command& chosen);
void add_validate(CLI::App& app, Command& chosen);
void add_check(CLI::App& app, Command& chosen);
void add_dry_run(CLI::App& app, Command& chosen);
void add_export(CLI::App& app, Command& chosen);
void add_trace(CLI::App& app, Command& chosen);
void add_metrics(CLI::App& app, Command& chosen);
void add_host(CLI::App& app, Command& chosen);

}  // namespace cbench
