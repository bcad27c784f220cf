// The compiler as the driver sees it: a policy, a configuration and host facts in; a plan and native code out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A parameter set from outside, as text ("20%"). `span` points into the configuration, or nowhere for the command line.
using ParamSetting = std::pair<std::string, Located<std::string>>;

/// A policy in native code. The code lives as long as `code`.
struct CompiledPolicy {
  Plan plan;
  abi::EntryFn entry = nullptr;
  std::shared_ptr<void> code;
};

/// What the policy is compiled against.
struct CompileTarget {
  const RunSpec* spec = nullptr;
  const HostFacts* facts = nullptr;
  std::vector<Metric> columns;        ///< of the frame
  std::vector<ParamSetting> params;   ///< later ones win
  bool degraded = false;              ///< rules that read what the host lacks stay silent, instead of exit 4 by the caller
};

/// Parse, check, plan, lower, optimise, link. nullopt: errors were reported.
std::optional<CompiledPolicy> compile_policy(const SourceSet& sources, uint32_t policy, const CompileTarget& target,
                                             Diagnostics& diagnostics);

/// What `cbench check` prints of a policy by itself: its doc line, parameters, metrics read and actions used.
struct CheckReport {
  std::string policy, doc;
  std::vector<PlanParam> params;
  std::vector<PlanRule> rules;
  std::vector<PlanUse<Metric>> needs;
  std::vector<PlanUse<Verb>> acts;
};
/// Parse and check only. nullopt: errors were reported.
std::optional<CheckReport> check_policy(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics);

/// Text of a stage, for --dump: "ast", "plan", "ir" or "asm". nullopt: errors were reported.
std::optional<std::string> dump_policy(const SourceSet& sources, uint32_t policy, const CompileTarget& target,
                                       const std::string& stage, Diagnostics& diagnostics);

}  // namespace cbench
