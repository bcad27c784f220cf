// Calls: built-in functions, reductions over sets, streams, states and the user's functions.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

const std::map<std::string_view, Reduction> kReductions = {
    {"sum", Reduction::Sum},     {"avg", Reduction::Avg},       {"min", Reduction::Min},
    {"max", Reduction::Max},     {"any", Reduction::Any},       {"all", Reduction::All},
    {"count", Reduction::Count}, {"argmin", Reduction::ArgMin}, {"argmax", Reduction::ArgMax}};

}  // namespace

bool Checker::arity(const ast::Call& c, size_t least, size_t most, Span span) {
  for (const ast::Argument& a : c.arguments) {
    if (!a.label && !a.over) continue;
    diagnostics_.report(Kind::WrongArguments, a.label ? a.label->span : a.over->span,
                        a.label ? fmt::format("`{}` has no argument `{}`", c.callee.text, a.label->text)
                                : fmt::format("`{}` has no window", c.callee.text));
    return false;
  }
  if (c.arguments.size() >= least && c.arguments.size() <= most) return true;
  diagnostics_.report(Kind::WrongArguments, span,
                      least == most ? fmt::format("`{}` takes {} argument{}, not {}", c.callee.text, least,
                                                  least == 1 ? "" : "s", c.arguments.size())
                                    : fmt::format("`{}` takes {} to {} arguments, not {}", c.callee.text,
                                                  least, most, c.arguments.size()));
  return false;
}

/// Does an argument without `x in` stand for a set? `all`, a group, `jail.members`, `host.cpus`, `c.cpus`.
bool Checker::names_a_set(const ast::Expr& e) const {
  if (std::holds_alternative<ast::Comprehension>(e.node)) return true;
  if (const auto* ref = std::get_if<ast::Ref>(&e.node)) {
    const Symbol* symbol = find(ref->name.text);
    return ref->name.text == "all" || (symbol && symbol->kind == SymbolKind::Group);
  }
  if (const auto* call = std::get_if<ast::Call>(&e.node)) return makes_an_order(call->callee.text);
  const auto* field = std::get_if<ast::Field>(&e.node);
  return field && (field->name.text == "members" || field->name.text == "cpus");
}

NodeId Checker::call(const ast::Call& c, Span span) {
  const std::string& name = c.callee.text;
  if (misnamed(name)) return error_node(span);
  if (const Symbol* symbol = find(name)) return user_call(c, *symbol, span);
  const bool temporal_form = [&] {
    for (const ast::Argument& a : c.arguments)
      if (a.over || a.label) return true;
    return false;
  }();
  if (name == "prev") return previous(c, span);
  if (name == "ewma" || name == "schmitt" || name == "delta" || name == "rate" || name == "rises" ||
      name == "falls" || name == "changed" || (temporal_form && window_named(name)))
    return temporal(c, span);
  if (const auto it = kReductions.find(name);
      it != kReductions.end() && c.arguments.size() == 1 && names_a_set(*c.arguments[0].value))
    return reduce(c, it->second, span);
  if (window_named(name) && !kReductions.contains(name)) {
    diagnostics_.report(Kind::WrongArguments, span, fmt::format("`{}` wants a window", name))
        .hint(fmt::format("`{}(x over 1s)`", name));
    return error_node(span);
  }
  if (window_named(name) && !(name == "min" || name == "max")) {
    diagnostics_.report(Kind::WrongArguments, span, fmt::format("`{}` of what?", name))
        .hint(fmt::format("over a window in a stream, `{0}(x over 1s)`, or over a set, `{0}(c in all: x)`",
                          name));
    return error_node(span);
  }
  return scalar_builtin(c, span);
}

NodeId Checker::scalar_builtin(const ast::Call& c, Span span) {
  const std::string& name = c.callee.text;
  if (name == "abs" || name == "floor" || name == "ceil" || name == "round") {
    if (!arity(c, 1, 1, span)) return error_node(span);
    const NodeId x = expr(*c.arguments[0].value);
    Type t = type(x);
    if (t.error()) return x;
    if (!t.numeric()) {
      diagnostics_.report(Kind::TypeMismatch, node(x).span, fmt::format("`{}` wants a number", name),
                          fmt::format("this is {}", to_string(t)));
      return error_node(span);
    }
    if (name == "abs") return add(make(Op::Abs, t, span, {x}));
    if (t.base != Base::Float) return x;
    t.base = Base::Int;
    t.optional = true;  // what does not fit an int is missing
    return add(make(name == "floor" ? Op::Floor : name == "ceil" ? Op::Ceil : Op::Round, t, span, {x}));
  }
  if (name == "sqrt" || name == "log2" || name == "exp2") return power(c, span);
  if (name == "min" || name == "max") {
    if (!arity(c, 2, 8, span)) return error_node(span);
    NodeId left = expr(*c.arguments[0].value);
    for (size_t i = 1; i < c.arguments.size(); ++i) {
      NodeId right = expr(*c.arguments[i].value);
      if (type(left).error() || type(right).error()) return error_node(span);
      if (!type(left).numeric() || !type(right).numeric() || !units_agree(left, right, span, "compared")) {
        if (!type(left).numeric() || !type(right).numeric())
          diagnostics_.report(Kind::TypeMismatch, span, fmt::format("`{}` wants numbers", name));
        return error_node(span);
      }
      if (type(left).base != type(right).base) {
        left = to_float(left);
        right = to_float(right);
      }
      const Type t{type(left).base, sum_dim(type(left).dim, type(right).dim),
                   type(left).optional || type(right).optional};
      left = add(make(name == "min" ? Op::Min : Op::Max, t, span, {left, right}));
    }
    return left;
  }
  if (name == "ways" || name == "mb" || name == "mb_rate") {
    if (!arity(c, 1, 2, span)) return error_node(span);
    const auto cls = class_argument(c);
    const NodeId domain = c.arguments.size() == 2 ? total(expr(*c.arguments[1].value), kDomain,
                                                          fmt::format("the second argument of `{}`", name))
                                                  : kNone;
    if (!cls || (domain != kNone && type(domain).error())) return error_node(span);
    const bool own = cls->container != kNone;  // a container without a class of its own has no share either
    Node n = name == "ways" ? make(Op::Ways, {Base::Int, {0, 0, 0, 0, UnitTag::Way}, own}, span)
             : name == "mb" ? make(Op::Mb, kRatio.with(own), span)
                            : make(Op::MbRate, kRate.with(own), span);
    if (own) n.kids = {cls->container};
    if (domain != kNone) n.kids.push_back(domain);
    n.i = domain != kNone ? 1 : 0;
    n.ref = cls->cls;
    return add(n);
  }
  if (name == "quota" || name == "cores" || name == "paused") {
    if (!arity(c, 1, 1, span)) return error_node(span);
    const NodeId x = total(expr(*c.arguments[0].value), kContainer, fmt::format("`{}`", name));
    if (type(x).error()) return x;
    if (name == "paused") return add(make(Op::Paused, kBool, span, {x}));
    return add(name == "quota" ? make(Op::Quota, kRatio, span, {x}) : make(Op::Cores, kCore, span, {x}));
  }
  if (name == "next") return next_value(c, span);
  if (name == "cause") return cause(c, span);
  if (name == "len") return length(c, span);
  if (makes_an_order(name)) {
    diagnostics_.report(Kind::TypeMismatch, span, fmt::format("`{}` makes a set, not a value", name))
        .hint("it stands after `for c in`, after `in` in a question to a set, and after `pin c to`");
    return error_node(span);
  }
  if (name == "pairs") {
    diagnostics_.report(Kind::TypeMismatch, span, "`pairs` makes pairs of containers, not a value")
        .hint("`for a, b in pairs(all) { … }`");
    return error_node(span);
  }
  unknown_name(c.callee, "function");
  if (const size_t dot = name.find('.'); dot != std::string::npos) {
    const std::string before = name.substr(0, dot);
    const bool used = std::any_of(policy_.modules.begin(), policy_.modules.end(),
                                  [&](const ast::Policy& m) { return m.name.text == before; });
    if (!SourceSet::module("std." + before))
      diagnostics_.latest().hint("only functions of modules have a dot: `x.f(y)` is `f(x, y)`");
    else if (!used)
      diagnostics_.latest().hint(fmt::format("write `use std.{}` after the header", before));
  }
  for (const ast::Argument& a : c.arguments)
    if (!std::holds_alternative<ast::Comprehension>(a.value->node))
      expr(*a.value);  // their mistakes are worth telling too
  return error_node(span);
}

/// sqrt, log2 and exp2. What has none (of a negative number, of zero) is missing.
NodeId Checker::power(const ast::Call& c, Span span) {
  const std::string& name = c.callee.text;
  if (!arity(c, 1, 1, span)) return error_node(span);
  const NodeId written = expr(*c.arguments[0].value);
  const Type t = type(written);
  if (t.error()) return written;
  if (!t.numeric() || !t.dim.plain()) {
    diagnostics_
        .report(t.numeric() ? Kind::UnitMismatch : Kind::TypeMismatch, node(written).span,
                fmt::format("`{}` wants a number without a unit", name), fmt::format("this is {}", words(t)))
        .hint("divide by what it is counted in: `x / 1MiB`");
    return error_node(span);
  }
  const NodeId x = to_float(written);
  const Op op = name == "sqrt" ? Op::Sqrt : name == "log2" ? Op::Log2 : Op::Exp2;
  Type result = kFloat.with(t.optional);
  if (op == Op::Sqrt && t.dim.tag == UnitTag::Ratio) result.dim = t.dim;  // a share of a share is a share
  if (op == Op::Sqrt && !positive(x, true)) result.optional = true;
  if (op == Op::Log2 && !positive(x, false)) result.optional = true;
  return add(make(op, result, span, {x}));
}

NodeId Checker::user_call(const ast::Call& c, const Symbol& symbol, Span span) {
  switch (symbol.kind) {
    case SymbolKind::Stream:
    case SymbolKind::State:
      return subject_read(c, symbol, span);
    case SymbolKind::Function:
      break;
    default:
      diagnostics_
          .report(Kind::WrongArguments, c.callee.span, fmt::format("`{}` cannot be called", c.callee.text))
          .label(symbol.span, "declared here");
      return error_node(span);
  }
  return function_call(c, symbol, span);
}

/// What stands in the parentheses after a stream or state.
NodeId Checker::subject_of(const ast::Call& c, const Symbol& symbol, Base of, Span span) {
  if (of == Base::Void) {
    diagnostics_
        .report(Kind::WrongArguments, span, fmt::format("`{}` is one for the whole run", c.callee.text),
                "write it without `(…)`")
        .label(symbol.span, "declared here");
    return error_node(span);
  }
  if (!arity(c, 1, 1, span)) return error_node(span);
  return total(expr(*c.arguments[0].value), {of, {}, false}, fmt::format("`{}`", c.callee.text));
}

NodeId Checker::subject_read(const ast::Call& c, const Symbol& symbol, Span span) {
  const bool stream = symbol.kind == SymbolKind::Stream;
  if (at_.constant) {
    diagnostics_.report(Kind::NotConstant, span, fmt::format("`{}` is not a constant", c.callee.text))
        .label(symbol.span, "declared here");
    return error_node(span);
  }
  if (stream && circle(symbol.index, c.callee)) return error_node(span);
  if (stream && uses_) {
    uses_->add(p_.streams[symbol.index].uses, at_.on);
    uses_->add_stream(symbol.index);
  }
  const Base of = !stream                                     ? p_.states[symbol.index].of
                  : p_.streams[symbol.index].subject != kNone ? Base::Container
                                                              : Base::Void;
  const NodeId x = subject_of(c, symbol, of, span);
  if (type(x).error()) return error_node(span);
  const Type t = stream ? p_.streams[symbol.index].type.with(true) : p_.states[symbol.index].type;
  if (t.error()) return error_node(span);
  if (stream && at_.stream != kNone) p_.streams[at_.stream].inputs.push_back(symbol.index);
  Node n = make(stream ? Op::StreamRead : Op::StateRead, t, span, {x});
  n.ref = symbol.index;
  return whole(add(n), span);
}

NodeId Checker::reduce(const ast::Call& c, Reduction reduction, Span span) {
  if (at_.constant) {
    diagnostics_.report(Kind::NotConstant, span, "a question to a set is not a constant");
    return error_node(span);
  }
  const size_t depth = scope_.size();
  const ast::Expr& argument = *c.arguments[0].value;
  const auto* comprehension = std::get_if<ast::Comprehension>(&argument.node);
  const uint32_t over = comprehension && comprehension->to ? range_with(*comprehension, argument.span)
                        : comprehension ? set_with(comprehension->variable, *comprehension->set,
                                                   comprehension->where.get(), argument.span)
                                        : set(argument);
  NodeId body = kNone;
  const bool outer = std::exchange(at_.element, true);
  if (over != kNone && comprehension && comprehension->body) body = expr(*comprehension->body);
  at_.element = outer;
  unbind_to(depth);
  if (over == kNone || (body != kNone && type(body).error())) return error_node(span);
  const bool counts = reduction == Reduction::Count;
  if (counts != (body == kNone)) {
    if (counts)
      diagnostics_.report(Kind::WrongArguments, node(body).span, "`count` counts the elements of a set")
          .hint("`count(c in all where …)`");
    else
      diagnostics_.report(Kind::WrongArguments, span, fmt::format("`{}` of what?", c.callee.text))
          .hint(fmt::format("`{}(c in all: …)`", c.callee.text));
    return error_node(span);
  }
  if (p_.sets[over].variable == kNone) {
    p_.locals.push_back({p_.sets[over].of, {}, false});
    p_.sets[over].variable = static_cast<LocalId>(p_.locals.size() - 1);
  }
  Type t = kInt;
  const bool logical = reduction == Reduction::Any || reduction == Reduction::All;
  if (logical) {
    body = coerce(body, kBool, fmt::format("`{}`", c.callee.text));
    t = type(body);
  } else if (!counts) {
    if (!type(body).numeric()) {
      diagnostics_.report(Kind::TypeMismatch, node(body).span,
                          fmt::format("`{}` wants numbers", c.callee.text),
                          fmt::format("this is {}", to_string(type(body))));
      return error_node(span);
    }
    t = type(body);
    if (reduction == Reduction::ArgMin || reduction == Reduction::ArgMax)
      t = p_.locals[p_.sets[over].variable].with(true);
    else if (reduction == Reduction::Avg) {
      body = to_float(body);
      t = type(body).with(true);
    } else if (reduction != Reduction::Sum) {
      t.optional = true;  // of an empty set
    }
  } else {
    t = {Base::Int, {0, 0, 0, 0, UnitTag::Count}, false};
  }
  Node n = make(Op::Reduce, t, span);
  if (body != kNone) n.kids = {body};
  n.ref = static_cast<uint32_t>(reduction);
  n.set = over;
  n.local = p_.sets[over].variable;
  if (body != kNone && type(body).error()) return error_node(span);
  return add(n);
}

}  // namespace cbench::check
