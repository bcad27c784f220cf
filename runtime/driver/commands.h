// The commands of `cbench`, one function each: it declares the command's options and, when the command is
// given, puts what to do into `chosen`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "runtime/driver/console.h"

namespace cbench {

/// Carries a command out and returns the program's exit code.
using Command = std::function<int(Console&)>;

void add_init(CLI::App& app, Command& chosen);
void add_run(CLI::App& app, Command& chosen);
void add_validate(CLI::App& app, Command& chosen);
void add_check(CLI::App& app, Command& chosen);
void add_explain(CLI::App& app, Command& chosen);
void add_fmt(CLI::App& app, Command& chosen);
void add_test(CLI::App& app, Command& chosen);
void add_dry_run(CLI::App& app, Command& chosen);
void add_export(CLI::App& app, Command& chosen);
void add_trace(CLI::App& app, Command& chosen);
void add_metrics(CLI::App& app, Command& chosen);
/// docs/metrics.md: every metric, the same on every host.
std::string metrics_page();
void add_schema(CLI::App& app, Command& chosen);
void add_host(CLI::App& app, Command& chosen);
void add_completion(CLI::App& app, Command& chosen);
void add_man(CLI::App& app, Command& chosen);

/// `cbench clean`: lists on `out` what dead runs left on this host, and with `yes` undoes it (clean.h).
/// Returns the exit code.
int run_clean(bool yes, bool json, std::FILE* out);

}  // namespace cbench
