// The compiler as a table of contents: parse, check, plan, lower, optimise, link.
#include "compiler/pipeline/pipeline.h"

#include "compiler/ast/dump.h"
#include "compiler/check/check.h"
#include "compiler/jit/jit.h"
#include "compiler/lower/lower.h"
#include "compiler/parse/parse.h"
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

std::optional<CheckReport> check_policy(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics) {
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  CheckReport report;
  report.policy = program->name;
  report.doc = program->doc;
  report.params = plan::plan_params(*program);
  report.rules = plan::plan_rules(*program, sources);
  for (const auto& [metric, span] : program->needs)
    report.needs.push_back({metric, sources.line(span), span});
  for (const auto& [verb, span] : program->acts) report.acts.push_back({verb, sources.line(span), span});
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
