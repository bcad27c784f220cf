// Windows: what they are taken of, how long they are, and what they give.
#include <map>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

std::optional<WindowOp> window_named(std::string_view name) {
  static const std::map<std::string_view, WindowOp> names = {
      {"avg", WindowOp::Avg},   {"min", WindowOp::Min},     {"max", WindowOp::Max},
      {"sum", WindowOp::Sum},   {"count", WindowOp::Count}, {"delta", WindowOp::Delta},
      {"rate", WindowOp::Rate}, {"sd", WindowOp::Sd},       {"slope", WindowOp::Slope},
      {"p50", WindowOp::P50},   {"p95", WindowOp::P95},     {"p99", WindowOp::P99},
      {"hold", WindowOp::Hold}};
  const auto it = names.find(name);
  return it == names.end() ? std::nullopt : std::optional(it->second);
}

NodeId Checker::window_length(const ast::Expr& e, bool& by_steps) {
  const NodeId id = constant_expr(e);
  const Type t = type(id);
  if (t.error()) return id;
  by_steps = t.base == Base::Int && t.dim.tag == UnitTag::Step;
  if (t.base != Base::Time && !by_steps) {
    diagnostics_
        .report(Kind::UnitMismatch, e.span, "a window is a time or a number of steps",
                fmt::format("this is {}", to_string(t)))
        .hint("for example `over 1s` or `over 10step`");
    return error_node(e.span);
  }
  if (!p_.range_of(id)) {
    diagnostics_.report(Kind::NotConstant, e.span,
                        "a window's length is a literal or a parameter with a range");
    return error_node(e.span);
  }
  if (node(id).op == Op::ConstInt && node(id).i <= 0) {
    diagnostics_.report(Kind::NotConstant, e.span, "a window's length is positive");
    return error_node(e.span);
  }
  return id;
}

NodeId Checker::window(const ast::Call& c, WindowOp op, Span span) {
  const ast::Argument* value = nullptr;
  Temporal t;
  t.op = Op::Window;
  t.window = op;
  if (op == WindowOp::Hold) t.min_samples = 1;
  t.span = span;
  bool counts_as_bad = false;
  for (const ast::Argument& a : c.arguments) {
    if (a.label && a.label->text == "min") {
      const NodeId k = constant(*a.value, kInt, "`min`");
      if (type(k).error())
        counts_as_bad = true;
      else if (node(k).op != Op::ConstInt || node(k).i < 1 || node(k).i > 100000) {
        diagnostics_.report(Kind::NotConstant, a.value->span, "`min` is a literal from 1 to 100000");
        counts_as_bad = true;
      } else {
        t.min_samples = node(k).i;
      }
    } else if (a.label) {
      diagnostics_
          .report(Kind::WrongArguments, a.label->span,
                  fmt::format("`{}` has no argument `{}`", c.callee.text, a.label->text))
          .hint(fmt::format("`{}(x over 1s, min 3)`", c.callee.text));
      counts_as_bad = true;
    } else if (value) {
      diagnostics_.report(Kind::WrongArguments, a.value->span,
                          fmt::format("`{}` takes one value", c.callee.text));
      counts_as_bad = true;
    } else {
      value = &a;
    }
  }
  if (!value) {
    diagnostics_.report(Kind::WrongArguments, span, fmt::format("`{}` of what?", c.callee.text))
        .hint(fmt::format("`{}(x over 1s)`", c.callee.text));
    return error_node(span);
  }
  const bool differs = op == WindowOp::Delta || op == WindowOp::Rate;
  if (!value->over && !differs) {
    diagnostics_.report(Kind::WrongArguments, span, fmt::format("`{}` wants a window", c.callee.text))
        .hint(fmt::format("`{}({} over 1s)`", c.callee.text, sources_.text(value->value->span)));
    return error_node(span);
  }
  if (value->over)
    t.length = window_length(*value->over, t.by_steps);
  else
    t.op = op == WindowOp::Delta ? Op::DeltaPrevious : Op::RatePrevious;
  const bool outer = at_.differences;
  at_.differences = differs;
  const NodeId x = expr(*value->value);
  at_.differences = outer;
  const Type in = type(x);
  if (in.error() || counts_as_bad || (t.length != kNone && type(t.length).error())) return error_node(span);
  const bool hold = op == WindowOp::Hold;
  const bool truth = in.base == Base::Bool && (op == WindowOp::Count || hold);
  if (!in.numeric() && !truth) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span,
                        fmt::format("`{}` wants a number{}", c.callee.text, hold ? " or a bool" : ""),
                        fmt::format("this is {}", to_string(in)));
    return error_node(span);
  }
  if (node(x).op == Op::MetricRead) {
    const MetricKind kind = cbench::info(static_cast<Metric>(node(x).ref)).kind;
    t.of_delta = kind == MetricKind::Delta;
    t.of_cumulative = kind == MetricKind::Cumulative;
  }
  const bool per_time = op == WindowOp::Rate || op == WindowOp::Slope;
  if (per_time && t.by_steps) {
    diagnostics_.report(Kind::UnitMismatch, value->over->span,
                        fmt::format("`{}` is per time; its window is a time", c.callee.text),
                        "this is a number of steps");
    return error_node(span);
  }
  Type out{Base::Float, in.dim, true};
  if (op == WindowOp::Count) out = {Base::Int, {0, 0, 0, 0, UnitTag::Count}, true};
  if (per_time) out.dim = quotient_dim(in.dim, kSeconds);
  if (hold) out = in.with(true);
  const NodeId operand = truth || hold ? x : to_float(x);
  Node n = make(t.op, out, span, {operand});
  n.temporal = add_temporal(t);
  return add(n);
}

}  // namespace cbench::check
