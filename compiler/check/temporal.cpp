// Temporal operators: windows, ewma, schmitt, delta and rate. They stand in stream definitions only.
#include <map>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

std::optional<WindowOp> window_named(std::string_view name) {
  static const std::map<std::string_view, WindowOp> names = {
      {"avg", WindowOp::Avg},     {"min", WindowOp::Min},     {"max", WindowOp::Max},  {"sum", WindowOp::Sum},
      {"count", WindowOp::Count}, {"delta", WindowOp::Delta}, {"rate", WindowOp::Rate}};
  const auto it = names.find(name);
  return it == names.end() ? std::nullopt : std::optional(it->second);
}

uint32_t Checker::add_temporal(Temporal t) {
  p_.temporals.push_back(t);
  const auto id = static_cast<uint32_t>(p_.temporals.size() - 1);
  p_.streams[at_.stream].temporals.push_back(id);
  return id;
}

NodeId Checker::temporal(const ast::Call& c, Span span) {
  if (at_.stream == kNone) {
    diagnostics_
        .report(Kind::MisplacedTemporal, span,
                fmt::format("`{}` has a memory and stands in a stream definition only", c.callee.text))
        .hint(fmt::format("make a stream of it: `stream s(c) = {}`", sources_.text(span)));
    return error_node(span);
  }
  const std::string& name = c.callee.text;
  if (name == "schmitt") return latch(c, span);
  if (name == "ewma") return half_life(c, span);
  return window(c, *window_named(name), span);
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
  const Node& n = node(id);
  const bool literal = n.op == Op::ConstInt;
  const bool param = n.op == Op::Param && p_.params[n.ref].has_range;
  if (!literal && !param) {
    diagnostics_.report(Kind::NotConstant, e.span,
                        "a window's length is a literal or a parameter with a range");
    return error_node(e.span);
  }
  if (literal && n.i <= 0) {
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
  const bool truth = in.base == Base::Bool && op == WindowOp::Count;
  if (!in.numeric() && !truth) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span, fmt::format("`{}` wants a number", c.callee.text),
                        fmt::format("this is {}", to_string(in)));
    return error_node(span);
  }
  if (node(x).op == Op::MetricRead) {
    const MetricKind kind = cbench::info(static_cast<Metric>(node(x).ref)).kind;
    t.of_delta = kind == MetricKind::Delta;
    t.of_cumulative = kind == MetricKind::Cumulative;
  }
  if (op == WindowOp::Rate && t.by_steps) {
    diagnostics_.report(Kind::UnitMismatch, value->over->span, "`rate` is per time; its window is a time",
                        "this is a number of steps");
    return error_node(span);
  }
  Type out{Base::Float, in.dim, true};
  if (op == WindowOp::Count) out = {Base::Int, {0, 0, 0, 0, UnitTag::Count}, true};
  if (op == WindowOp::Rate) out.dim = quotient_dim(in.dim, kSeconds);
  const NodeId operand = truth ? x : to_float(x);
  Node n = make(t.op, out, span, {operand});
  n.temporal = add_temporal(t);
  return add(n);
}

NodeId Checker::half_life(const ast::Call& c, Span span) {
  if (c.arguments.size() != 2 || c.arguments[0].label || c.arguments[0].over || !c.arguments[1].label ||
      c.arguments[1].label->text != "half") {
    diagnostics_.report(Kind::WrongArguments, span, "`ewma` takes a value and its half-life")
        .hint("`ewma(x, half: 500ms)`");
    return error_node(span);
  }
  Temporal t;
  t.op = Op::Ewma;
  t.span = span;
  t.length = constant(*c.arguments[1].value, kTime, "`half`");
  const NodeId x = expr(*c.arguments[0].value);
  if (type(x).error() || type(t.length).error()) return error_node(span);
  if (!type(x).numeric()) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span, "`ewma` wants a number",
                        fmt::format("this is {}", to_string(type(x))));
    return error_node(span);
  }
  const Node& length = node(t.length);
  if ((length.op == Op::ConstInt && length.i <= 0) ||
      (length.op == Op::Param && !(p_.params[length.ref].lo > 0))) {
    diagnostics_.report(Kind::NotConstant, length.span, "a half-life is positive");
    return error_node(span);
  }
  Node n = make(Op::Ewma, {Base::Float, type(x).dim, true}, span, {to_float(x)});
  n.temporal = add_temporal(t);
  return add(n);
}

NodeId Checker::latch(const ast::Call& c, Span span) {
  const ast::Expr *value = nullptr, *on = nullptr, *off = nullptr;
  for (const ast::Argument& a : c.arguments) {
    if (a.over)
      value = nullptr;
    else if (!a.label)
      value = a.value.get();
    else if (a.label->text == "on")
      on = a.value.get();
    else if (a.label->text == "off")
      off = a.value.get();
  }
  if (!value || !on || !off || c.arguments.size() != 3) {
    diagnostics_.report(Kind::WrongArguments, span, "`schmitt` takes a value and two thresholds")
        .hint("`schmitt(x, on: hi, off: lo)`");
    return error_node(span);
  }
  const NodeId x = expr(*value);
  if (!type(x).error() && !type(x).numeric()) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span, "`schmitt` wants a number",
                        fmt::format("this is {}", to_string(type(x))));
    return error_node(span);
  }
  const Type want{Base::Float, type(x).dim, false};
  const NodeId high = total(expr(*on), type(x).error() ? kError : want, "`on`");
  const NodeId low = total(expr(*off), type(x).error() ? kError : want, "`off`");
  if (type(x).error() || type(high).error() || type(low).error()) return error_node(span);
  Temporal t;
  t.op = Op::Schmitt;
  t.span = span;
  Node n =
      make(Op::Schmitt, kBool.with(type(x).optional), span, {to_float(x), to_float(high), to_float(low)});
  n.temporal = add_temporal(t);
  return add(n);
}

}  // namespace cbench::check
