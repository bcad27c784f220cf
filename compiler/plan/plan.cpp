#include "compiler/plan/plan.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/plan/bound.h"
#include "compiler/plan/static_set.h"
#include "stdlib/abi/bandwidth.h"

namespace cbench::plan {
namespace {

class Planner {
 public:
  Planner(const check::Program& program, const SourceSet& sources, const CompileTarget& target,
          Diagnostics& diagnostics)
      : program_(program),
        sources_(sources),
        target_(target),
        spec_(*target.spec),
        facts_(*target.facts),
        diagnostics_(diagnostics) {
    planned_.program = &program;
  }

  std::optional<Planned> run();

 private:
  void describe();
  void place_periods();
  /// Is it read or done on this host? Not so what stands under an `if host.mb_kind == …` of another.
  [[nodiscard]] bool counts(Metric metric) const;
  [[nodiscard]] bool counts(Verb verb) const;
  void fix_constants();
  void check_metrics();
  void place_streams();
  void place_temporal(uint32_t id, uint32_t n, int64_t period);
  void place_states_and_rules();
  void place_classes();
  void check_work();
  void check_rdt();
  void silence_rules();
  [[nodiscard]] int64_t longest(check::NodeId length) const;
  uint64_t take(uint64_t bytes) {
    const uint64_t at = planned_.plan.state_bytes;
    planned_.plan.state_bytes += (bytes + 15) / 16 * 16;
    return at;
  }

  const check::Program& program_;
  const SourceSet& sources_;
  const CompileTarget& target_;
  const RunSpec& spec_;
  const HostFacts& facts_;
  const check::HostKinds here_ = check::only(facts_.rdt.mb_kind());
  Diagnostics& diagnostics_;
  Planned planned_;
  /// A time between two samples, and the longest and shortest that it may be changed to by `sample`.
  struct Period {
    int64_t shortest = 0, longest = 0;
  };
  [[nodiscard]] Period period_of(const Sampling& sampling, MetricGroup group) const;
  std::vector<int64_t> sampled_ns_;                 ///< that a container may be set to, ascending
  std::vector<std::vector<Period>> stream_period_;  ///< [stream][slot]
};

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

void Planner::place_classes() {
  Plan& plan = planned_.plan;
  for (const check::Class& c : program_.classes) {
    ClassPlace place;
    place.first = static_cast<int32_t>(plan.classes.size());
    const auto add = [&](const std::string& name, int32_t owner) {
      plan.classes.push_back(name);
      plan.owners.push_back(owner);
    };
    if (!c.per_container) {
      add(c.name, -1);
    } else {
      place.of_slot.assign(plan.slots, -1);
      for (uint32_t slot = 0; slot < plan.slots; ++slot) {
        if (!static_member(program_, c.set, spec_.containers[slot])) continue;
        if (const int32_t other = plan.own_class(static_cast<int32_t>(slot)); other >= 0) {
          diagnostics_.report(
              Kind::WrongArguments, c.span,
              fmt::format("`{}` would have two classes of its own: `{}` and `{}({})`", plan.slot_names[slot],
                          plan.classes[static_cast<size_t>(other)], c.name, plan.slot_names[slot]));
          continue;
        }
        place.of_slot[slot] = static_cast<int64_t>(plan.classes.size());
        add(fmt::format("{}({})", c.name, plan.slot_names[slot]), static_cast<int32_t>(slot));
      }
      place.count = static_cast<int32_t>(plan.classes.size()) - place.first;
    }
    planned_.layout.classes.push_back(std::move(place));
  }
  if (program_.default_class >= 0)
    plan.default_class = planned_.layout.classes[static_cast<size_t>(program_.default_class)].first;
  plan.classes_at_once = classes_at_once(plan, spec_);
}

/// How often containers are sampled, and may be. Any policy may set any container's period to what `sample`
/// names somewhere in it.
void Planner::place_periods() {
  Plan& plan = planned_.plan;
  for (const ContainerSpec& c : spec_.containers) {
    int64_t of_all = -1;
    for (const auto group : {MetricGroup::perf, MetricGroup::docker, MetricGroup::rdt, MetricGroup::app})
      if (const int64_t period = c.sampling.period_ns(group); period > 0)
        of_all = of_all < 0 || of_all == period ? period : 0;
    plan.periods_ns.push_back(std::max<int64_t>(of_all, 0));
  }
  for (const auto& [period, span] : program_.sample_ns) {
    plan.sample_ns.push_back(period);
    if (target_.recorded_ns || spec_.step_ns <= 0 || period % spec_.step_ns == 0) continue;
    diagnostics_
        .report(Kind::OffBeat, span,
                fmt::format("a container cannot be sampled every {} ms in a run with a step of {} ms",
                            period / 1'000'000, static_cast<double>(spec_.step_ns) / 1e6),
                "not a multiple of the step")
        .hint(fmt::format("write `step: {}` under `benchmark`", std::gcd(period, spec_.step_ns) / 1'000'000));
  }
  std::sort(plan.sample_ns.begin(), plan.sample_ns.end());
  sampled_ns_ = plan.sample_ns;
  if (target_.recorded_ns)
    sampled_ns_.insert(sampled_ns_.end(), target_.recorded_ns->begin(), target_.recorded_ns->end());
  std::sort(sampled_ns_.begin(), sampled_ns_.end());
}

/// The period of a group, or the step where the container does not sample it.
Planner::Period Planner::period_of(const Sampling& sampling, MetricGroup group) const {
  const int64_t period = group == MetricGroup::self ? 0 : sampling.period_ns(group);
  if (period <= 0) return {spec_.step_ns, spec_.step_ns};
  if (sampled_ns_.empty()) return {period, period};
  return {std::min(period, sampled_ns_.front()), std::max(period, sampled_ns_.back())};
}

std::string how_to_turn_on(const MetricInfo& m) {
  const std::string_view group = kMetricGroups[static_cast<size_t>(m.group)];
  if (m.group == MetricGroup::app)
    return fmt::format("say where it is printed: `data: {{app: {{from: stdout, pattern: '(?<{}>\\S+)'}}}}`",
                       m.name);
  return fmt::format("turn it on: `data: {{{}: {{{}: true}}}}`, or `{}: true` for the whole group", group,
                     m.name, group);
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
  layout.host.mb_kind = static_cast<uint32_t>(facts_.rdt.mb_kind());
}

void Planner::check_metrics() {
  for (const auto& [metric, span] : program_.needs) {
    if (is_measured(spec_, metric) || !counts(metric)) continue;
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
    std::string label = "turned off here";
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
    report.hint(how_to_turn_on(m));
  }
}

int64_t Planner::longest(check::NodeId length) const {
  return static_cast<int64_t>(program_.range_of(length)->hi);
}

void Planner::place_temporal(uint32_t id, uint32_t n, int64_t period) {
  const check::Temporal& t = program_.temporals[id];
  TemporalPlace& place = planned_.layout.temporals[id];
  place.n = n;
  switch (t.op) {
    case check::Op::Window: {
      // Two more than fit exactly: the samples of a window jitter, and both its ends may hold one.
      const int64_t span = longest(t.length);
      place.capacity = t.by_steps ? span : span / period + 2;
      if (place.capacity < t.min_samples)
        diagnostics_
            .report(
                Kind::WindowTooShort, t.span, fmt::format("the window never holds {} samples", t.min_samples),
                fmt::format("it holds {} at most, at a period of {} ms", place.capacity, period / 1'000'000))
            .hint("lengthen the window, sample more often, or ask for fewer samples by `min`");
      if (t.window == check::WindowOp::Hold)  // asks only for the last so many
        place.capacity = std::min(place.capacity, t.min_samples);
      place.stride = 32 + static_cast<uint64_t>(place.capacity) * 16;
      break;
    }
    case check::Op::Schmitt:
      place.stride = 8;
      break;
    default:
      place.stride = 16;
      break;
  }
  place.base = take(place.stride * n);
}

void Planner::place_streams() {
  planned_.layout.streams.resize(program_.streams.size());
  planned_.layout.temporals.resize(program_.temporals.size());
  stream_period_.resize(program_.streams.size());
  const auto slots = static_cast<uint32_t>(spec_.containers.size());
  for (const uint32_t id : program_.stream_order) {
    const check::Stream& stream = program_.streams[id];
    StreamPlace& place = planned_.layout.streams[id];
    place.n = stream.subject == check::kNone ? 1 : slots;
    int64_t shortest = INT64_MAX;
    for (uint32_t slot = 0; slot < place.n; ++slot) {
      Period period{INT64_MAX, INT64_MAX};
      const auto or_of = [&](const Period& other) {
        period = {std::min(period.shortest, other.shortest), std::min(period.longest, other.longest)};
      };
      if (stream.subject != check::kNone) {
        for (const Metric metric : stream.metrics)
          or_of(period_of(spec_.containers[slot].sampling, info(metric).group));
        for (const uint32_t input : stream.inputs)
          or_of(stream_period_[input][std::min<size_t>(slot, stream_period_[input].size() - 1)]);
      }
      if (period.shortest == INT64_MAX) period = {spec_.step_ns, spec_.step_ns};
      stream_period_[id].push_back(period);
      // Until the next due time and half a period.
      place.hold_ns.push_back(period.longest + period.longest / 2);
      shortest = std::min(shortest, period.shortest);
    }
    if (shortest == INT64_MAX) shortest = spec_.step_ns;
    const uint64_t begin = planned_.plan.state_bytes;
    place.value = take(8ULL * place.n);
    place.updated = take(8ULL * place.n);
    place.ok = take(place.n);
    place.ticked = take(place.n);
    if (stream.looked_back) {
      place.before = take(8ULL * place.n);
      place.before_ok = take(place.n);
    }
    for (const uint32_t t : stream.temporals) place_temporal(t, place.n, shortest);
    place.bytes = planned_.plan.state_bytes - begin;
  }
}

void Planner::place_states_and_rules() {
  const auto slots = static_cast<uint32_t>(spec_.containers.size());
  const uint64_t begin = planned_.plan.state_bytes;
  for (const check::State& state : program_.states) {
    const uint32_t n = state.of == check::Base::Void ? 1
                       : state.of == check::Base::Container
                           ? slots
                           : static_cast<uint32_t>(planned_.layout.host.count(state.of));
    const auto size = static_cast<uint32_t>(std::max<int64_t>(1, state.size));
    planned_.layout.states.push_back({take(8ULL * n * size), n, size});
  }
  planned_.states_bytes = planned_.plan.state_bytes - begin;
  for (const check::Rule& rule : program_.rules) {
    RulePlace place;
    const uint64_t before = planned_.plan.state_bytes;
    place.n = rule.set == check::kNone ? 1 : slots;
    place.first = take(8ULL * place.n);
    place.seen = take(8ULL * place.n);
    place.fired = take(8ULL * place.n);
    place.period_ns = spec_.step_ns;
    for (const ContainerSpec& c : spec_.containers)
      for (const check::NodeId leaf : rule.leaves)
        if (program_.nodes[leaf].op == check::Op::MetricRead)
          place.period_ns = std::max(
              place.period_ns,
              period_of(c.sampling, info(static_cast<Metric>(program_.nodes[leaf].ref)).group).longest);
    for (const check::NodeId leaf : rule.leaves)
      if (const check::Op op = program_.nodes[leaf].op;
          op == check::Op::StreamRead || op == check::Op::StreamBefore)
        for (const Period& period : stream_period_[program_.nodes[leaf].ref])
          place.period_ns = std::max(place.period_ns, period.longest);
    for (const check::LocalId local : rule.frame) place.frame.try_emplace(local, take(16));
    place.bytes = planned_.plan.state_bytes - before;
    planned_.layout.rules.push_back(place);
  }
  const uint64_t before_trials = planned_.plan.state_bytes;
  for (uint32_t trial = 0; trial < program_.trials; ++trial) planned_.layout.trials.push_back(take(24));
  planned_.trials_bytes = planned_.plan.state_bytes - before_trials;
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
  constexpr uint64_t kCodeBudget = 200'000;
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

}  // namespace

std::optional<Planned> make_plan(const check::Program& program, const SourceSet& sources,
                                 const CompileTarget& target, Diagnostics& diagnostics) {
  return Planner(program, sources, target, diagnostics).run();
}

}  // namespace cbench::plan
