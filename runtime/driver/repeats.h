// Repeats: the runs of one command, one after the other: warm-up runs, pauses, an index, a summary of all.
#pragma once

#include <functional>
#include <string>

#include "runtime/driver/console.h"
#include "runtime/driver/experiment.h"
#include "runtime/driver/run_session.h"

namespace cbench {

/// Does one run as `plan` says, shows what came of it, and returns the run's exit code. A run that cannot
/// begin gives no result.
struct OneRun {
  std::optional<SessionResult> result;
  std::optional<RunSummary> summary;
  int exit_code = 0;
};
using Runner = std::function<OneRun(const RunPlan& plan)>;

/// Makes the runs that `plan.spec` asks for, or those that are missing in the folder `resume`. Returns the
/// exit code of the worst: a signal's ends them all.
int run_repeats(const RunPlan& plan, const std::string& resume, const Runner& runner, Console& console);

}  // namespace cbench
