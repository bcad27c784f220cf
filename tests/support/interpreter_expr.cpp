// Expressions of the interpreter. All operands are evaluated, whatever the others are; a missing one is never
// looked at.
#include <algorithm>
#include <cmath>

#include "interpreter.h"

#pragma STDC FP_CONTRACT OFF

namespace cbench::test {

using check::Base;
using check::kNone;
using check::Op;

namespace {

constexpr Value kMissing{false};

}  // namespace

int64_t Interpreter::sum(int64_t x, int64_t y, Span span) {
  int64_t out = 0;
  if (__builtin_add_overflow(x, y, &out)) throw Fault{"integer overflow", span};
  return out;
}

int64_t Interpreter::difference(int64_t x, int64_t y, Span span) {
  int64_t out = 0;
  if (__builtin_sub_overflow(x, y, &out)) throw Fault{"integer overflow", span};
  return out;
}

Value Interpreter::expr(NodeId id) {
  const Node& n = node(id);
  switch (n.op) {
    case Op::ConstBool:
    case Op::ConstInt:
      return {true, n.i};
    case Op::ConstFloat:
      return {true, 0, n.f};
    case Op::Unlimited:
      return {true, 0, HUGE_VAL};
    case Op::Param: {
      const double value = plan_.params[n.ref].value;
      return n.type.base == Base::Float ? Value{true, 0, value} : Value{true, static_cast<int64_t>(value)};
    }
    case Op::TableElement: {
      const int64_t at = expr(n.kids[0]).i;
      if (at < 0 || at >= n.i) throw Fault{"an index outside its table", n.span};
      const double value = plan_.params[n.ref + static_cast<size_t>(at)].value;
      return n.type.base == Base::Float ? Value{true, 0, value} : Value{true, static_cast<int64_t>(value)};
    }
    case Op::Local: {
      Value x = locals_[n.ref];
      if (n.i != 0 && x.present) x.present = running(static_cast<int32_t>(x.i));  // held across a wait
      return x;
    }
    case Op::Next: {
      Value x = expr(n.kids[0]);
      x.i = (x.i + 1) % static_cast<int64_t>(p_.enums[n.type.enumeration].values.size());
      return x;
    }
    case Op::Cause:
      return {true, static_cast<int64_t>(cause(node(n.kids[0])))};
    case Op::Has: {
      const auto& all = layout_.measured;
      return {true, std::find(all.begin(), all.end(), static_cast<Metric>(n.ref)) != all.end() ? 1 : 0};
    }
    case Op::MetricRead:
      return metric(n);
    case Op::Static:
    case Op::NameIs:
      return static_field(n);
    case Op::HostFact: {
      const plan::HostConstants& h = layout_.host;
      if (n.ref == static_cast<uint32_t>(check::HostField::PeakBandwidth))
        return h.peak_bandwidth > 0 ? Value{true, 0, h.peak_bandwidth} : kMissing;
      const uint64_t facts[] = {h.cpus.size(), h.sockets.size(), h.domains.size(), h.l3_ways,
                                h.closids,     h.l3_bytes,       h.memory_bytes,   h.mb_kind};
      return {true, static_cast<int64_t>(facts[n.ref])};
    }
    case Op::StreamRead:
      return stream_value(n.ref, n.kids.empty() ? 0 : slot_of(n.kids[0]));
    case Op::StreamBefore:
      return stream_before(n.ref, n.kids.empty() ? 0 : slot_of(n.kids[0]));
    case Op::StateRead:
      return state_at(n.ref, n.kids.empty() ? kNone : n.kids[0], kNone, n.span);
    case Op::Element:
      return state_at(n.ref, n.kids.size() > 1 ? n.kids[1] : kNone, n.kids[0], n.span);
    case Op::Ways:
    case Op::Mb:
    case Op::MbRate: {
      const check::ClassRef of = check::share_of(n);
      const int32_t cls = class_id(n.ref, of.container);
      const int32_t domain = of.domain == kNone ? -1 : slot_of(of.domain);
      if (cls < 0) return kMissing;
      if (n.op == Op::Ways) return {true, do_.ways(host(), cls, domain)};
      return {true, 0, n.op == Op::Mb ? do_.mb(host(), cls, domain) : do_.mb_rate(host(), cls, domain)};
    }
    case Op::Cores:
      return {true, do_.cores(host(), slot_of(n.kids[0]))};
    case Op::Paused:
      return {true, do_.paused(host(), slot_of(n.kids[0]))};
    case Op::Quota:
      return {true, 0, do_.quota(host(), slot_of(n.kids[0]))};
    case Op::Now:
      return {true, frame_->now_ns};
    case Op::Dt:
      return {true, frame_->dt_ns};
    case Op::Step:
      return {true, frame_->step};
    case Op::Not: {
      Value x = expr(n.kids[0]);
      x.i = x.i == 0 ? 1 : 0;
      return x;
    }
    case Op::And:
    case Op::Or:
      return logic(n);
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return compare(n);
    case Op::Default: {
      const Value x = expr(n.kids[0]);
      const Value y = expr(n.kids[1]);
      return x.present ? x : y;
    }
    case Op::ToFloat: {
      const Value x = expr(n.kids[0]);
      const auto f = static_cast<double>(x.i);
      return {x.present, 0, node(n.kids[0]).type.base == Base::Time ? f / 1e9 : f};
    }
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
      return round(n);
    case Op::InSet:
      return {true, member(n.set, slot_of(n.kids[0])) ? 1 : 0};
    case Op::Reduce:
      return reduce(n);
    case Op::Window:
    case Op::Ewma:
    case Op::Schmitt:
    case Op::Rises:
    case Op::Falls:
    case Op::Changed:
    case Op::DeltaPrevious:
    case Op::RatePrevious:
      return temporal(n);
    case Op::Call:
      return called(n, nullptr);
    case Op::TextRef:
      return {};
    default:
      return arithmetic(n);
  }
}

Cause Interpreter::cause(const Node& read) {
  const int32_t slot = read.kids.empty() ? 0 : slot_of(read.kids[0]);
  if (read.op == Op::StreamRead) {
    if (stream_value(read.ref, slot).present) return Cause::Present;
    const size_t at = p_.streams[read.ref].subject == kNone ? 0 : static_cast<size_t>(slot);
    const StreamCell& cell = cells_[read.ref][at];
    if (!cell.updated) return Cause::Never;
    return frame_->now_ns - *cell.updated > layout_.streams[read.ref].hold_ns[at] ? Cause::Stale
                                                                                  : Cause::Lost;
  }
  const int column = frame_->column(static_cast<Metric>(read.ref));
  if (column < 0) return Cause::Unsupported;
  switch (frame_->status(static_cast<size_t>(column), static_cast<size_t>(slot))) {
    case Status::Ok:
    case Status::Multiplexed:
      return read.type.base == check::Base::Text || metric(read).present ? Cause::Present : Cause::Lost;
    case Status::NotDue:
      return Cause::NotDue;
    case Status::Disabled:
    case Status::Unsupported:
      return Cause::Unsupported;
    default:
      return Cause::Lost;
  }
}

Value Interpreter::metric(const Node& n) {
  const auto which = static_cast<Metric>(n.ref);
  const auto slot = static_cast<size_t>(slot_of(n.kids[0]));
  const int at = frame_->column(which);
  const auto column = static_cast<size_t>(at);
  if (at < 0 || !frame_->has(column, slot)) return kMissing;
  if (n.type.base != Base::Float) return {true, frame_->i64(column, slot)};
  const double x = frame_->number(column, slot);
  if (!std::isfinite(x)) return kMissing;
  return {true, 0, canonical(x, cbench::info(which).unit)};
}

Value Interpreter::static_field(const Node& n) {
  const plan::ContainerConstants& c = layout_.containers[static_cast<size_t>(slot_of(n.kids[0]))];
  const auto field = static_cast<check::StaticField>(n.ref);
  const auto target = [&](Metric metric) -> Value {
    const auto found = c.targets.find(metric);
    if (found == c.targets.end()) return kMissing;
    return {true, n.type.base == Base::Float ? 0 : static_cast<int64_t>(found->second), found->second};
  };
  if (n.op == Op::NameIs) {
    const std::string& text = field == check::StaticField::Name   ? c.name
                              : field == check::StaticField::Role ? c.role
                                                                  : c.image;
    return {true, text == n.text ? 1 : 0};
  }
  switch (field) {
    case check::StaticField::Index:
      return {true, c.index};
    case check::StaticField::NumCores:
      return {true, c.cores};
    case check::StaticField::Critical:
      return {true, c.critical ? 1 : 0};
    case check::StaticField::Priority:
      return {true, c.priority ? 1 : 0};
    case check::StaticField::Ipc:
      return target(Metric::perf_instructions_per_cycle);
    case check::StaticField::Ipce:
      return target(Metric::perf_ipc_efficiency);
    case check::StaticField::Target:
      return target(static_cast<Metric>(n.i));
    default:
      return {};
  }
}

Value Interpreter::logic(const Node& n) {
  const Value x = expr(n.kids[0]);
  const Value y = expr(n.kids[1]);
  const int64_t decisive = n.op == Op::And ? 0 : 1;
  if ((x.present && x.i == decisive) || (y.present && y.i == decisive)) return {true, decisive};
  return {x.present && y.present, 1 - decisive};
}

Value Interpreter::compare(const Node& n) {
  const Value x = expr(n.kids[0]);
  const Value y = expr(n.kids[1]);
  const auto ask = [&](auto a, auto b) {
    switch (n.op) {
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
  };
  const bool truth = is_float(n.kids[0]) ? ask(x.f, y.f) : ask(x.i, y.i);
  return {x.present && y.present, truth ? 1 : 0};
}

Value Interpreter::arithmetic(const Node& n) {
  const Value x = expr(n.kids[0]);
  const Value y = n.kids.size() > 1 ? expr(n.kids[1]) : Value{};
  if (!x.present || !y.present) return kMissing;
  return is_float(n.kids[0]) ? float_arithmetic(n, x.f, y.f) : int_arithmetic(n, x.i, y.i);
}

Value Interpreter::float_arithmetic(const Node& n, double x, double y) {
  switch (n.op) {
    case Op::Negate:
      return {true, 0, -x};
    case Op::Add:
      return {true, 0, x + y};
    case Op::Subtract:
      return {true, 0, x - y};
    case Op::Multiply:
      return {true, 0, x * y};
    case Op::Abs:
      return {true, 0, std::fabs(x)};
    case Op::Sqrt:
      return {!n.type.optional || x >= 0, 0, std::sqrt(x)};
    case Op::Log2:
      return {!n.type.optional || x > 0, 0, do_.log2(x)};
    case Op::Exp2:
      return {true, 0, do_.exp2(x)};
    case Op::Min:
      return {true, 0, y < x ? y : x};
    case Op::Max:
      return {true, 0, y > x ? y : x};
    default: {
      const double q = x / y;
      return {!n.type.optional || std::isfinite(q), 0, q};
    }
  }
}

Value Interpreter::int_arithmetic(const Node& n, int64_t x, int64_t y) {
  switch (n.op) {
    case Op::Negate:
      return {true, difference(0, x, n.span)};
    case Op::Add:
      return {true, sum(x, y, n.span)};
    case Op::Subtract:
      return {true, difference(x, y, n.span)};
    case Op::Multiply: {
      int64_t out = 0;
      if (__builtin_mul_overflow(x, y, &out)) throw Fault{"integer overflow", n.span};
      return {true, out};
    }
    case Op::Abs:
      return {true, x < 0 ? difference(0, x, n.span) : x};
    case Op::Min:
      return {true, std::min(x, y)};
    case Op::Max:
      return {true, std::max(x, y)};
    default:
      if (y == 0) return kMissing;
      return {true, y == -1 ? 0 : x % y};
  }
}

/// A limit below 2^63 that a double holds exactly.
Value Interpreter::round(const Node& n) {
  const Value x = expr(n.kids[0]);
  if (!x.present || !(x.f > -9.2e18 && x.f < 9.2e18)) return kMissing;
  const double whole = n.op == Op::Floor  ? std::floor(x.f)
                       : n.op == Op::Ceil ? std::ceil(x.f)
                                          : std::round(x.f);
  return {true, static_cast<int64_t>(whole)};
}

/// A function that acts says by `flow` how it ended.
Value Interpreter::called(const Node& n, Flow* flow) {
  const check::Function& f = p_.functions[n.ref];
  std::vector<Value> arguments;
  for (const NodeId kid : n.kids) arguments.push_back(expr(kid));
  for (const Value& x : arguments)
    if (!x.present) return kMissing;
  for (size_t i = 0; i < arguments.size(); ++i) locals_[f.parameters[i]] = arguments[i];
  const Flow end = block(f.body);
  if (flow) *flow = end == Flow::Return ? Flow::Next : end;
  return f.is_plan ? Value{} : result_;
}

}  // namespace cbench::test
