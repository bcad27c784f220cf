// The compiler as the driver sees it: a policy, a configuration and host facts in; a plan and native code
// out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/base/source.h"
#include "compiler/check/test_case.h"
#include "compiler/image/request.h"
#include "compiler/plan/plan.h"
#include "stdlib/abi/abi.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// A policy in native code. The code lives as long as `code`.
struct CompiledPolicy {
  Plan plan;
  abi::EntryFn entry = nullptr;
  std::shared_ptr<void> code;
};

/// Parse, check, plan; then `codegen` makes the code, which is loaded. nullopt: errors were reported.
std::optional<CompiledPolicy> compile_policy(const SourceSet& sources, uint32_t policy,
                                             const CompileTarget& target, const Codegen& codegen,
                                             Diagnostics& diagnostics);

/// What a stream, a rule or the states of a policy cost at most in a step, and what they read and do.
struct PartReport {
  std::string text;
  uint32_t line = 0;  ///< 0 for the states
  uint64_t operations = 0, state_bytes = 0;
  std::vector<Metric> reads;
  std::vector<Verb> does;
};
/// What `cbench check` prints of a policy: the plan's doc line, parameters, metrics read and actions used,
/// and what it costs.
struct CheckReport {
  Plan plan;
  std::vector<PartReport> parts;
};
/// Parse and check only, the policy's tests as well. False: errors were reported.
bool check_policy(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics);
/// Parse, check and plan; without a `spec`, for the assumed run and host. nullopt: errors were reported.
std::optional<CheckReport> report_policy(const SourceSet& sources, uint32_t policy,
                                         const CompileTarget& target, Diagnostics& diagnostics);

/// The tests that a policy holds, checked with the policy. nullopt: errors were reported.
std::optional<std::vector<TestCase>> tests_of(const SourceSet& sources, uint32_t policy,
                                              Diagnostics& diagnostics);

/// Text of a stage, for --dump: "ast", "checked", "plan", "ir" or "asm"; the first two do not look at the
/// target, and the last two come from `codegen`. nullopt: errors were reported.
std::optional<std::string> dump_policy(const SourceSet& sources, uint32_t policy, const CompileTarget& target,
                                       const std::string& stage, const Codegen& codegen,
                                       Diagnostics& diagnostics);

}  // namespace cbench
