// What a policy reads, does and costs, against the run and the host that it is for.
#include "compiler/plan/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/plan/bound.h"
#include "compiler/plan/planner.h"
#include "compiler/plan/static_set.h"
#include "stdlib/abi/bandwidth.h"
#include "stdlib/abi/domain_parts.h"

namespace cbench::plan {
namespace {

/// As `units` of bench.yml and the types of the language have it.
std::string_view unit_word(Unit unit) {
  switch (unit) {
    case Unit::None:
      return "float";
    case Unit::Count:
      return "count";
    case Unit::Ratio:
      return "ratio";
    case Unit::Nanoseconds:
      return "time";
    case Unit::Bytes:
      return "bytes";
    case Unit::BytesPerSecond:
      return "bytes/s";
    case Unit::PerSecond:
      return "count/s";
    default:
      return info(unit).suffix;
  }
}

std::string how_to_turn_on(Metric metric) {
  const MetricInfo& m = info(metric);
  const std::string_view group = kMetricGroups[static_cast<size_t>(m.group)];
  if (m.group == MetricGroup::app) {
    const std::string_view word = m.unit == Unit::Nanoseconds ? "ms" : info(m.unit).suffix;
    const std::string unit =
        is_own(metric) ? fmt::format(", units: {{{}: {}}}", m.name, word.empty() ? unit_word(m.unit) : word)
                       : "";
    return fmt::format("say where it is printed: `data: {{app: {{from: stdout, pattern: '(?<{}>\\S+)'{}}}}}`",
                       m.name, unit);
  }
  if (is_own(metric) && m.group == MetricGroup::perf)
    return fmt::format("name its event: `data: {{perf: {{events: {{{}: r01c2}}}}}}`", m.name);
  if (is_own(metric)) return "parts by L3 domain are measured where the host has several of them";
  return fmt::format("turn it on: `data: {{{}: {{{}: true}}}}`, or `{}: true` for the whole group", group,
                     m.name, group);
}

/// The metric of the same name in another unit that some container measures.
std::optional<Metric> namesake(const RunSpec& spec, Metric metric) {
  if (!is_own(metric)) return std::nullopt;
  for (const ContainerSpec& c : spec.containers)
    for (size_t i = kMetricCount; i < kMetricIds; ++i)
      if (const auto other = static_cast<Metric>(i);
          c.sampling.enabled[i] && other != metric && info(other).field == info(metric).field)
        return other;
  return std::nullopt;
}

}  // namespace

bool Planner::counts(Verb verb) const {
  for (const check::Rule& rule : program_.rules)
    for (const auto& [done, on] : rule.uses.verbs)
      if (done == verb && (on & here_) != 0) return true;
  return false;
}

bool Planner::counts(Metric metric) const {
  const auto& promised = program_.promised;
  if (std::find(promised.begin(), promised.end(), metric) != promised.end()) return true;
  bool of_a_rule = false;
  for (const check::Rule& rule : program_.rules)
    for (const auto& [read, on] : rule.uses.metrics) {
      if (read != metric) continue;
      if ((on & here_) != 0) return true;
      of_a_rule = true;
    }
  return !of_a_rule;  // that nothing but a stream reads which nobody reads
}

void Planner::describe() {
  Plan& plan = planned_.plan;
  plan.policy = program_.name;
  plan.doc = program_.doc;
  plan.edition = program_.edition;
  plan.slots = static_cast<uint32_t>(spec_.containers.size());
  for (const ContainerSpec& c : spec_.containers) plan.slot_names.push_back(c.name.value);
  plan.columns = target_.columns;
  place_periods();
  place_classes();
  plan.trials = program_.trials;
  plan.params = plan_params(program_);
  plan.rules = plan_rules(program_, sources_);
  for (const auto& [metric, span] : program_.needs)
    if (counts(metric)) plan.needs.push_back({metric, sources_.line(span), span});
  for (const auto& [verb, span] : program_.acts)
    if (counts(verb)) plan.acts.push_back({verb, sources_.line(span), span});
  plan.deadline_ns = spec_.step_ns / 2;
}

/// What code knows of this run, as far as the language can ask for it.
void Planner::fix_constants() {
  CodeLayout& layout = planned_.layout;
  layout.columns = planned_.plan.columns;
  for (const ContainerSpec& c : spec_.containers)
    layout.containers.push_back(
        {.name = c.name.value,
         .role = c.role,
         .image = c.image.value,
         .index = c.index,
         .cores = c.cores.value.any() ? static_cast<int64_t>(c.cores.value.count()) : c.num_cores,
         .critical = c.critical,
         .priority = c.priority,
         .targets = {c.targets.begin(), c.targets.end()}});
  for (const Metric metric : layout.columns)
    if (is_measured(spec_, metric) && !facts_.unavailable.contains(metric)) layout.measured.push_back(metric);
  for (uint32_t cpu = 0; cpu < kMaxCpus; ++cpu)
    if (facts_.online[cpu]) layout.host.cpus.push_back(cpu);
  layout.host.sockets = facts_.socket_parts();
  layout.host.domains = facts_.domain_parts();
  layout.host.l3_ways = facts_.rdt.l3_ways;
  layout.host.closids = facts_.rdt.num_closids;
  layout.host.l3_bytes = facts_.rdt.l3_bytes;
  layout.host.memory_bytes = facts_.memory_bytes;
  layout.host.peak_bandwidth = facts_.rdt.peak_bandwidth;
  layout.host.mb_kind = static_cast<uint32_t>(facts_.rdt.mb_kind());
}

void Planner::check_metrics() {
  for (const auto& [metric, span] : program_.needs) {
    if (is_measured(spec_, metric) || !counts(metric)) continue;
    // Parts by L3 domain are the host's: where it has no RDT they are missing as the whole is.
    if (whole_of(metric) != metric && !facts_.rdt.present && is_measured(spec_, whole_of(metric))) continue;
    std::vector<std::string> without;
    const ContainerSpec* first = nullptr;
    for (const ContainerSpec& c : spec_.containers) {
      if (c.sampling.enabled[static_cast<size_t>(metric)]) continue;
      if (!first) first = &c;
      without.push_back(fmt::format("`{}`", c.name.value));
    }
    if (!first) continue;
    const MetricInfo& m = info(metric);
    const std::string_view group = kMetricGroups[static_cast<size_t>(m.group)];
    const Sampling& sampling = first->sampling;
    Span off = sampling.group_span(m.group);
    for (const auto& [which, where] : sampling.switched_off)
      if (which == metric) off = where;
    std::string label = is_own(metric) ? "does not name it" : "turned off here";
    if (!off.known()) {
      off = sampling.span.known() ? sampling.span : first->span;
      label = fmt::format("`{}` is not turned on here", group);
    }
    auto report =
        diagnostics_.report(Kind::MetricDisabled, span,
                            fmt::format("the policy reads `{}.{}`, which {} {} not measure", group, m.name,
                                        fmt::join(without, ", "), without.size() == 1 ? "does" : "do"),
                            "read here");
    if (off.known()) report.label(off, label);
    if (const auto other = namesake(spec_, metric))
      report.hint(fmt::format("there it is measured in {}; declare it so: `{}.{}: {}`",
                              unit_word(info(*other).unit), group, m.name, unit_word(info(*other).unit)));
    else
      report.hint(how_to_turn_on(metric));
  }
}

void Planner::silence_rules() {
  for (size_t i = 0; i < program_.rules.size(); ++i) {
    std::string& silent = planned_.plan.rules[i].silent;
    const check::Uses& uses = program_.rules[i].uses;
    for (const auto& [metric, on] : uses.metrics) {
      const auto it = facts_.unavailable.find(metric);
      if (it != facts_.unavailable.end() && silent.empty() && (on & here_) != 0)
        silent = fmt::format("{}: {}", info(metric).field, it->second);
    }
    for (const auto& [verb, on] : uses.verbs) {
      if (info(verb).resource != ActionResource::Rdt || !silent.empty() || (on & here_) == 0) continue;
      if (!facts_.rdt.present)
        silent = fmt::format("{}: {}", info(verb).name, facts_.rdt.absent_reason);
      else
        silent = why_not_mb(verb, facts_.rdt);
    }
    planned_.layout.rules[i].silent = !silent.empty();
  }
}

void Planner::check_rdt() {
  if (!spec_.rdt || spec_.rdt->value) return;
  for (const auto& [verb, span] : program_.acts) {
    if (info(verb).resource != ActionResource::Rdt || !counts(verb)) continue;
    diagnostics_
        .report(Kind::RdtForbidden, span,
                fmt::format("the policy takes the action `{}`, which allocates cache or bandwidth",
                            info(verb).name),
                "planned here")
        .label(spec_.rdt->span, "forbidden here")
        .hint("write `rdt: true`, or choose a policy that leaves RDT alone");
    return;
  }
}

void Planner::check_work() {
  // An operation is taken as a nanosecond, and a policy may use a tenth of a step.
  const auto budget = std::max<uint64_t>(static_cast<uint64_t>(spec_.step_ns) / 10, 10'000);
  constexpr uint64_t kCodeBudget = 20'000;
  const Span at = program_.rules.empty() ? Span{} : program_.rules[0].head;
  if (planned_.plan.operations > budget)
    diagnostics_
        .report(Kind::TooMuchWork, at,
                fmt::format("the policy may take {} operations a step; {} are allowed",
                            planned_.plan.operations, budget))
        .note("the budget is a tenth of a step, at one operation a nanosecond")
        .hint("lengthen the step, shorten the windows, or nest fewer sets");
  if (const uint64_t size = code_size(planned_); size > kCodeBudget)
    diagnostics_
        .report(Kind::TooMuchWork, at,
                fmt::format("the policy is {} operations long once its functions are inlined; {} are allowed",
                            size, kCodeBudget))
        .hint("call fewer functions from within functions");
}

std::optional<Planned> Planner::run() {
  describe();
  fix_constants();
  check_metrics();
  check_rdt();
  set_params(program_, target_.params, planned_.plan.params, diagnostics_);
  place_streams();
  place_states_and_rules();
  if (target_.degraded) silence_rules();
  planned_.plan.operations = operations_per_step(planned_);
  check_work();
  if (planned_.plan.state_bytes > kStateBudget)
    diagnostics_
        .report(Kind::StateTooLarge, program_.streams.empty() ? Span{} : program_.streams[0].span,
                fmt::format("the policy keeps {} KiB of state for {} container{}; {} KiB are allowed",
                            planned_.plan.state_bytes / 1024, spec_.containers.size(),
                            spec_.containers.size() == 1 ? "" : "s", kStateBudget / 1024))
        .hint("shorten the windows, or sample less often");
  if (diagnostics_.has_errors()) return std::nullopt;
  return std::move(planned_);
}

std::optional<Planned> make_plan(const check::Program& program, const SourceSet& sources,
                                 const CompileTarget& target, Diagnostics& diagnostics) {
  return Planner(program, sources, target, diagnostics).run();
}

}  // namespace cbench::plan
