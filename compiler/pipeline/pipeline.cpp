// The compiler as a table of contents: parse, check, plan, generate, load.
#include "compiler/pipeline/pipeline.h"

#include <numeric>

#include "compiler/ast/dump.h"
#include "compiler/check/check.h"
#include "compiler/image/code_image.h"
#include "compiler/parse/parse.h"
#include "compiler/plan/bound.h"
#include "compiler/plan/plan.h"
#include "stdlib/abi/assumed.h"

namespace cbench {
namespace {

std::optional<check::Program> checked(const SourceSet& sources, uint32_t policy, Diagnostics& diagnostics) {
  const auto tree = parse(sources, policy, diagnostics);
  if (!tree) return std::nullopt;
  return check::check(*tree, sources, diagnostics);
}

/// The step of a run that is assumed: so short that each period of the policy's is a multiple of it.
int64_t assumed_step(const check::Program& program) {
  int64_t step = kAssumedPeriodNs;
  for (const auto& [period, span] : program.sample_ns) step = std::gcd(step, period);
  return step;
}

/// What the code depends on, and nothing else.
std::string request_for(plan::Planned& planned, const SourceSet& sources, uint32_t policy, Product product) {
  return to_bytes(CodeRequest{product, std::string(sources.text(policy)), std::move(planned.layout)});
}

/// A failure below the language is told in the same way as everything else.
std::nullopt_t failed(const Error& error, Diagnostics& diagnostics) {
  const Kind kind = error.exit == Exit::HostLacks ? Kind::CodegenUnavailable : Kind::CompilerDefect;
  diagnostics.report(kind, Span{}, error.message).hint(error.hint);
  return std::nullopt;
}

}  // namespace

std::optional<CompiledPolicy> compile_policy(const SourceSet& sources, uint32_t policy,
                                             const CompileTarget& target, const Codegen& codegen,
                                             Diagnostics& diagnostics) {
  // What was written: names, types, units, optionals.
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  // Against this run: every column, ring and state has its place, or the two files do not fit.
  auto planned = plan::make_plan(*program, sources, target, diagnostics);
  if (!planned) return std::nullopt;
  // Into code that knows the containers and windows of this run; elsewhere, for LLVM is not in this process.
  const CodeAnswer answer = codegen(request_for(*planned, sources, policy, Product::Image));
  if (!answer) return failed(answer.error(), diagnostics);
  Result<CodeImage> image = code_image(*answer);
  if (!image) return failed(image.error(), diagnostics);
  const Result<LoadedCode> loaded = load(*image);
  if (!loaded) return failed(loaded.error(), diagnostics);
  CompiledPolicy out;
  out.plan = std::move(planned->plan);
  out.plan.texts = std::move(image->texts);
  out.plan.faults = std::move(image->faults);
  for (PlanFault& fault : out.plan.faults)
    if (fault.span.known())
      fault.span.source = policy;  // the only one there; faults in modules name the call
  out.entry = loaded->entry;
  out.code = loaded->code;
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
  if (program && tests)
    for (TestCase& test : *tests) test.step_ns = assumed_step(*program);
  return program ? std::move(tests) : std::nullopt;
}

std::optional<CheckReport> report_policy(const SourceSet& sources, uint32_t policy,
                                         const CompileTarget& target, Diagnostics& diagnostics) {
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  RunSpec spec;
  HostFacts facts;
  CompileTarget world = target;
  if (target.spec == nullptr) {
    spec = assumed_run({"a", "b", "c", "d"}, assumed_step(*program), program->own);
    facts = assumed_host();
    world.spec = &spec;
    world.facts = &facts;
    world.columns = all_metrics(program->own);
  }
  auto planned = plan::make_plan(*program, sources, world, diagnostics);
  if (!planned) return std::nullopt;
  CheckReport report;
  for (const plan::PartCost& part : plan::part_costs(*planned, sources)) {
    PartReport& made = report.parts.emplace_back(
        PartReport{part.text, part.line, part.operations, part.state_bytes, {}, {}});
    for (const auto& [metric, on] : part.uses.metrics) made.reads.push_back(metric);
    for (const auto& [verb, on] : part.uses.verbs) made.does.push_back(verb);
  }
  report.plan = std::move(planned->plan);
  return report;
}

std::optional<std::string> dump_policy(const SourceSet& sources, uint32_t policy, const CompileTarget& target,
                                       const std::string& stage, const Codegen& codegen,
                                       Diagnostics& diagnostics) {
  if (stage == "ast") {
    const auto tree = parse(sources, policy, diagnostics);
    return tree ? std::optional(dump(*tree, sources)) : std::nullopt;
  }
  const auto program = checked(sources, policy, diagnostics);
  if (!program) return std::nullopt;
  if (stage == "checked") return check::to_text(*program);
  auto planned = plan::make_plan(*program, sources, target, diagnostics);
  if (!planned) return std::nullopt;
  if (stage == "plan") return plan::to_text(*planned);
  CodeAnswer text =
      codegen(request_for(*planned, sources, policy, stage == "ir" ? Product::Ir : Product::Assembly));
  if (!text) return failed(text.error(), diagnostics);
  return std::move(*text);
}

}  // namespace cbench
