// The compiler as a table of contents: parse, check, plan, lower, optimise, link.
#include "compiler/pipeline/pipeline.h"

#include "compiler/ast/dump.h"
#include "compiler/check/check.h"
#include "compiler/jit/jit.h"
#include "compiler/lower/lower.h"
#include "compiler/parse/parse.h"
#include "compiler/plan/bound.h"
#include "compiler/plan/plan.h"

namespace cbench {
namespace {

std::optional<check::Program> checked(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics) {
  const auto tree = parse(sources, policy, diagnostics);
  if (!tree) return std::nullopt;
  return check::check(*tree, sources, diagnostics);
}

/// A failure below the language is a defect; it is told in the same way as everything else.
void report_defect(const Error& error, Diagnostics& diagnostics) {
  diagnostics.report(Kind::CompilerDefect, Span{}, error.message).hint(error.hint);
}

}  // namespace

std::optional<CompiledPolicy> compile_policy(const SourceSet& sources, uint32_t policy,
                                             const CompileTarget& target, Diagnostics& diagnostics) {
  // What was written: names, types, units, optionals.
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  // Against this run: every column, ring and state has its place, or the two files do not fit.
  auto planned = plan::make_plan(*program, sources, *target.spec, *target.facts, target.columns,
                                 target.params, target.degraded, diagnostics);
  if (!planned) return std::nullopt;
  // Into code that knows the containers and windows of this run.
  lower::Lowered lowered = lower::lower(*planned, sources);
  CompiledPolicy out;
  out.plan = std::move(planned->plan);
  out.plan.texts = std::move(lowered.texts);
  out.plan.faults = std::move(lowered.faults);
  if (auto done = jit::optimise(lowered); !done) {
    report_defect(done.error(), diagnostics);
    return std::nullopt;
  }
  auto native = jit::link(std::move(lowered));
  if (!native) {
    report_defect(native.error(), diagnostics);
    return std::nullopt;
  }
  out.entry = native->entry;
  out.code = native->code;
  return out;
}

bool check_policy(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics) {
  return tests_of(sources, policy, diagnostics).has_value();
}

std::optional<std::vector<TestCase>> tests_of(const SourceSet& sources, uint32_t policy,
                                              Diagnostics& diagnostics) {
  const auto tree = parse(sources, policy, diagnostics);
  if (!tree) return std::nullopt;
  const auto program = check::check(*tree, sources, diagnostics);
  auto tests = check::check_tests(*tree, diagnostics);
  return program ? std::move(tests) : std::nullopt;
}

std::optional<CheckReport> report_policy(const SourceSet& sources, uint32_t policy,
                                         const CompileTarget& target, Diagnostics& diagnostics) {
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  auto planned = plan::make_plan(*program, sources, *target.spec, *target.facts, target.columns,
                                 target.params, target.degraded, diagnostics);
  if (!planned) return std::nullopt;
  CheckReport report;
  for (const plan::PartCost& part : plan::part_costs(*planned, sources))
    report.parts.push_back(
        {part.text, part.line, part.operations, part.state_bytes, part.uses.metrics, part.uses.verbs});
  report.plan = std::move(planned->plan);
  return report;
}

std::optional<std::string> dump_policy(const SourceSet& sources, uint32_t policy, const CompileTarget& target,
                                       const std::string& stage, Diagnostics& diagnostics) {
  if (stage == "ast") {
    const auto tree = parse(sources, policy, diagnostics);
    return tree ? std::optional(dump(*tree, sources)) : std::nullopt;
  }
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  if (stage == "checked") return check::to_text(*program);
  auto planned = plan::make_plan(*program, sources, *target.spec, *target.facts, target.columns,
                                 target.params, target.degraded, diagnostics);
  if (!planned) return std::nullopt;
  if (stage == "plan") return plan::to_text(*planned);
  lower::Lowered lowered = lower::lower(*planned, sources);
  if (stage == "ir") return lower::to_text(*lowered.module);
  if (auto done = jit::optimise(lowered); !done) {
    report_defect(done.error(), diagnostics);
    return std::nullopt;
  }
  auto text = jit::assembly(lowered);
  if (text) return std::move(*text);
  report_defect(text.error(), diagnostics);
  return std::nullopt;
}

}  // namespace cbench
