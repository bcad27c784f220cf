// Checked program, configuration and host to a planned program: every column, ring and state has its place.
// Refuses a policy that does not fit its configuration before any container starts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/check/program.h"
#include "compiler/plan/code_layout.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A parameter set from outside, as text ("20%"). `span` points into the configuration, or nowhere for the
/// command line.
using ParamSetting = std::pair<std::string, Located<std::string>>;

/// What the policy is compiled against.
struct CompileTarget {
  const RunSpec* spec = nullptr;
  const HostFacts* facts = nullptr;
  std::vector<Metric> columns;       ///< of the frame
  std::vector<ParamSetting> params;  ///< later ones win
  /// Rules that read or do what the host lacks stay silent, instead of exit 4 by the caller.
  bool degraded = false;
  /// Of a trace that is replayed: at which periods containers were sampled beside those of `spec`. What the
  /// policy itself asks for by `sample` then need not fit the step.
  std::optional<std::vector<int64_t>> recorded_ns = std::nullopt;
};

}  // namespace cbench

namespace cbench::plan {

/// A policy's state may take so much memory.
inline constexpr uint64_t kStateBudget = 1U << 20U;

/// What lower() works from, and what the runtime gets. Only make_plan() makes one.
struct Planned {
  const check::Program* program = nullptr;
  Plan plan;
  CodeLayout layout;
  uint64_t states_bytes = 0, trials_bytes = 0;
};

/// nullopt: errors were reported.
std::optional<Planned> make_plan(const check::Program& program, const SourceSet& sources,
                                 const CompileTarget& target, Diagnostics& diagnostics);

/// A parameter's text ("20%", "500ms", "3", "true") as the params block holds it. nullopt: not a value of the
/// type; `why` says so.
std::optional<double> parse_setting(std::string_view text, const check::Type& type, std::string& why);

/// Sets the values of parameters that were given from outside, one by one or a table at once; reports what
/// does not fit them. `params` are those of plan_params.
void set_params(const check::Program& program, const std::vector<ParamSetting>& settings,
                std::vector<PlanParam>& params, Diagnostics& diagnostics);

/// The plan as text, for --dump plan.
std::string to_text(const Planned& planned);

/// The parameters as PlanParam, with their defaults.
std::vector<PlanParam> plan_params(const check::Program& program);
/// What was written, with a blank for each row of blanks and newlines.
std::string one_line(std::string_view text);
/// The rules with their heads as text.
std::vector<PlanRule> plan_rules(const check::Program& program, const SourceSet& sources);

}  // namespace cbench::plan
