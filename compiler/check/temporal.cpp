// Operators with a memory that is not a window: ewma, schmitt, rises, falls and changed.

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
  if (any && !in.numeric() && in.base != Base::Bool) {
    diagnostics_.report(Kind::TypeMismatch, node(x).span, "`changed` wants a number or a bool",
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

}  // namespace cbench::check
