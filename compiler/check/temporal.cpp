// What has a memory that is not a window: ewma, schmitt, rises, falls, changed, and `for N of M` of a rule.

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

uint32_t Checker::add_temporal(Temporal t) {
  p_.temporals.push_back(t);
  const auto id = static_cast<uint32_t>(p_.temporals.size() - 1);
  p_.streams[at_.stream].temporals.push_back(id);
  return id;
}

NodeId Checker::remember(const ast::Call& c, Span span) {
  const std::string& name = c.callee.text;
  if (name == "schmitt") return latch(c, span);
  if (name == "ewma") return half_life(c, span);
  if (name == "rises" || name == "falls" || name == "changed") return edge(c, span);
  return window(c, *window_named(name), span);
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

/// rises, falls and changed: against the last value that was present.
NodeId Checker::edge(const ast::Call& c, Span span) {
  const std::string& name = c.callee.text;
  if (!arity(c, 1, 1, span)) return error_node(span);
  NodeId x = expr(*c.arguments[0].value);
  const bool any = name == "changed";
  if (!any) x = coerce(x, kBool, fmt::format("`{}`", name));
  const Type in = type(x);
  if (in.error()) return error_node(span);
  if (any && !in.numeric() && in.base != Base::Bool && in.base != Base::Enum) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span, "`changed` wants a number, a bool or an enum",
                        fmt::format("this is {}", to_string(in)));
    return error_node(span);
  }
  Temporal t;
  t.op = any ? Op::Changed : name == "rises" ? Op::Rises : Op::Falls;
  t.span = span;
  // A float that is not finite counts as missing.
  Node n = make(t.op, kBool.with(in.optional || in.base == Base::Float), span, {x});
  n.temporal = add_temporal(t);
  return add(n);
}

/// `for N of M`: both from 1 to kMaxTally, and N never more than M.
void Checker::check_tally(const ast::When& when, Rule& rule) {
  const auto range = [&](const ast::Expr& e, NodeId& id, double& lo, double& hi) {
    id = constant(e, kInt, "a number of ticks");
    if (type(id).error()) return false;
    if (const auto known = p_.range_of(id)) {
      lo = known->lo;
      hi = known->hi;
      if (lo >= 1 && hi <= kMaxTally) return true;
    }
    diagnostics_.report(
        Kind::NotConstant, e.span,
        fmt::format("a number of ticks is a literal from 1 to {0}, or a parameter with a range in 1..{0}",
                    kMaxTally));
    return false;
  };
  double least = 0, most = 0, low = 0, high = 0;
  const bool some = range(*when.hold, rule.hold, least, most);
  if (!range(*when.of, rule.of, low, high) || !some || most <= low) return;
  auto report = diagnostics_.report(Kind::NotConstant, join(when.hold->span, when.of->span),
                                    "this asks for more ticks than it looks at");
  if (least == most && low == high)
    report.hint(fmt::format("`for {:g} of {:g}`", low, most));
  else
    report.label(when.hold->span, fmt::format("up to {:g}", most));
}

}  // namespace cbench::check
