#include "compiler/plan/static_set.h"

#include <algorithm>

namespace cbench::plan {
namespace {

using check::NodeId;
using check::Op;
using check::StaticField;
using Value = std::optional<double>;  ///< truths as 0 and 1, missing as nullopt

Value field(StaticField which, const ContainerSpec& c) {
  switch (which) {
    case StaticField::Index:
      return static_cast<double>(c.index);
    case StaticField::NumCores:
      return static_cast<double>(c.cores.value.any() ? static_cast<int64_t>(c.cores.value.count())
                                                     : c.num_cores);
    case StaticField::Critical:
      return c.critical ? 1 : 0;
    case StaticField::Priority:
      return c.priority ? 1 : 0;
    case StaticField::Ipc:
      return c.target(Metric::perf_instructions_per_cycle);
    case StaticField::Ipce:
      return c.target(Metric::perf_ipc_efficiency);
    default:
      return std::nullopt;
  }
}

bool is_text(StaticField which, const std::string& text, const ContainerSpec& c) {
  return (which == StaticField::Name   ? c.name.value
          : which == StaticField::Role ? c.role
                                       : c.image.value) == text;
}

bool holds(Op op, double a, double b) {
  switch (op) {
    case Op::Equal:
      return a == b;
    case Op::NotEqual:
      return a != b;
    case Op::Less:
      return a < b;
    case Op::LessEqual:
      return a <= b;
    case Op::Greater:
      return a > b;
    default:
      return a >= b;
  }
}

Value value(const check::Program& p, NodeId id, const ContainerSpec& c) {
  const check::Node& n = p.nodes[id];
  const auto kid = [&](size_t i) { return value(p, n.kids[i], c); };
  switch (n.op) {
    case Op::ConstFloat:
      return n.f;
    case Op::ConstBool:
    case Op::ConstInt:
      return static_cast<double>(n.i);
    case Op::Static:
      return static_cast<StaticField>(n.ref) == StaticField::Target
                 ? c.target(static_cast<Metric>(n.i))
                 : field(static_cast<StaticField>(n.ref), c);
    case Op::NameIs:
      return is_text(static_cast<StaticField>(n.ref), n.text, c) ? 1 : 0;
    case Op::ToFloat:
      return kid(0);
    case Op::Not: {
      const Value x = kid(0);
      return x ? Value(*x == 0 ? 1 : 0) : x;
    }
    case Op::Default: {
      const Value x = kid(0);
      return x ? x : kid(1);
    }
    case Op::And:
    case Op::Or: {  // Kleene's
      const Value a = kid(0);
      const Value b = kid(1);
      const double decisive = n.op == Op::Or ? 1 : 0;
      if (a == decisive || b == decisive) return decisive;
      return a && b ? Value(1 - decisive) : std::nullopt;
    }
    default: {
      const Value a = kid(0);
      const Value b = kid(1);
      return a && b ? Value(holds(n.op, *a, *b) ? 1 : 0) : std::nullopt;
    }
  }
}

}  // namespace

bool static_member(const check::Program& program, uint32_t id, const ContainerSpec& container) {
  const check::Set& set = program.sets[id];
  if (set.from == check::Set::From::Group && !static_member(program, program.groups[set.ref].set, container))
    return false;
  return set.where == check::kNone || value(program, set.where, container) == 1.0;
}

uint32_t classes_at_once(const Plan& plan, const RunSpec& spec) {
  const auto shared = std::count_if(plan.owners.begin(), plan.owners.end(), [](int32_t o) { return o < 0; });
  int64_t most = 0;
  for (const int32_t owner : plan.owners) {  // the most are there when one of them starts
    if (owner < 0) continue;
    const int64_t now = spec.containers[static_cast<size_t>(owner)].start_ns;
    most = std::max(most, std::count_if(plan.owners.begin(), plan.owners.end(), [&](int32_t other) {
                      if (other < 0) return false;
                      const ContainerSpec& c = spec.containers[static_cast<size_t>(other)];
                      return c.start_ns <= now && now <= c.stop_ns;
                    }));
  }
  return static_cast<uint32_t>(shared + most);
}

bool is_measured(const RunSpec& spec, Metric metric) {
  const auto has = [&](const ContainerSpec& c) { return c.sampling.enabled[static_cast<size_t>(metric)]; };
  const auto& all = spec.containers;
  return info(metric).group == MetricGroup::app ? std::any_of(all.begin(), all.end(), has)
                                                : std::all_of(all.begin(), all.end(), has);
}

}  // namespace cbench::plan
