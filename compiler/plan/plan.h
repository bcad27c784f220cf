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

using ParamSetting = std::pair<std::string, Located<std::string>>;

/// `params` are settings from outside, later ones win. With `degraded`, rules that read or do what the host
/// cannot are left out. nullopt: errors were reported.
std::optional<Planned> make_plan(const check::Program& program, const SourceSet& sources, const RunSpec& spec,
                                 const HostFacts& facts, const std::vector<Metric>& columns,
                                 const std::vector<ParamSetting>& params, bool degraded,
                                 Diagnostics& diagnostics);

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
