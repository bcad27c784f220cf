// Runs a policy, compiled for the purpose, on frames that a test writes as a table, and lists what it
// decides.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline/pipeline.h"

namespace cbench {

struct Scene {
  std::string policy;
  /// The first line names the columns as container.field ("a.docker_cpu_usage_percent"); each further line is
  /// a step. A cell is a number, `-` (unavailable), `.` (not due) or `x` (the container does not run: it
  /// starts before the first line where it has something else, and stops before the next `x` or after the
  /// last line).
  std::string frames;
  int64_t step_ms = 100;
  bool rdt = true;  ///< a host with one domain of 12 L3 ways and bandwidth allocation; false: without resctrl
  std::vector<ParamSetting> params{};
};

/// "3: move a -> jail [applied]" for each decision, `3` being the step; "stopped: why" at the end when the
/// policy stopped. Diagnostics of the compilation are test failures.
std::vector<std::string> decisions_of(const Scene& scene);
/// The same without what is only said (log, annotate, emit).
std::vector<std::string> actions_of(const Scene& scene);

}  // namespace cbench
