// Where everything has its place: classes, sampling periods, streams and their rings, states and rules.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "compiler/plan/planner.h"
#include "compiler/plan/static_set.h"

namespace cbench::plan {

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
    const uint32_t n = planned_.layout.count(state.of);
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

}  // namespace cbench::plan
