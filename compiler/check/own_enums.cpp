// Enums of the language's own, host.mb_kind and cause(x), and which hosts a condition on the first leaves.
#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

const ast::Name* name_of(const ast::Expr& e) {
  const auto* ref = std::get_if<ast::Ref>(&e.node);
  return ref ? &ref->name : nullptr;
}

/// The enum of the language's own that the expression is of, by what is written.
std::optional<OwnEnum> own_enum_of(const ast::Expr& e) {
  const auto* field = std::get_if<ast::Field>(&e.node);
  const ast::Name* base = field ? name_of(*field->base) : nullptr;
  if (base && base->text == "host" && field->name.text == "mb_kind") return OwnEnum::MbKind;
  const auto* call = std::get_if<ast::Call>(&e.node);
  return call && call->callee.text == "cause" ? std::optional(OwnEnum::Cause) : std::nullopt;
}

std::span<const std::string_view> names_of(OwnEnum of) {
  return of == OwnEnum::MbKind ? std::span<const std::string_view>(kMbKindNames) : kCauseNames;
}

}  // namespace

/// The enumeration, made when it is first asked for; of no place, so that it cannot be named as a type.
uint16_t Checker::own_enum(OwnEnum which) {
  const std::string name = which == OwnEnum::MbKind ? "mb_kind" : "cause";
  for (size_t i = 0; i < p_.enums.size(); ++i)
    if (!p_.enums[i].span.known() && p_.enums[i].name == name) return static_cast<uint16_t>(i);
  const auto values = names_of(which);
  p_.enums.push_back({name, {values.begin(), values.end()}, {}});
  return static_cast<uint16_t>(p_.enums.size() - 1);
}

/// `cause(x)`: why a metric or stream has a value or none.
NodeId Checker::cause(const ast::Call& c, Span span) {
  if (!arity(c, 1, 1, span)) return error_node(span);
  const bool outer = std::exchange(at_.differences, true);  // nothing of a cumulative one is read
  const NodeId x = expr(*c.arguments[0].value);
  at_.differences = outer;
  if (type(x).error()) return x;
  if (node(x).op != Op::MetricRead && node(x).op != Op::StreamRead) {
    diagnostics_
        .report(Kind::WrongArguments, node(x).span, "only a metric or a stream has a cause",
                fmt::format("this is {}", words(type(x))))
        .hint("`cause(c.perf.llc_mpki)`, or `cause(s(c))` of a stream s");
    return error_node(span);
  }
  return add(make(Op::Cause, {Base::Enum, {}, false, own_enum(OwnEnum::Cause)}, span, {x}));
}

/// The value of this name.
std::optional<NodeId> Checker::own_value(OwnEnum of, const ast::Name& name) {
  const auto values = names_of(of);
  const auto value = std::find(values.begin(), values.end(), name.text);
  if (value == values.end()) return std::nullopt;
  Node made = make(Op::ConstInt, {Base::Enum, {}, false, own_enum(of)}, name.span);
  made.i = value - values.begin();
  return add(made);
}

/// An operand that stands beside another: beside `host.mb_kind` or `cause(x)` the word for one of its values
/// means that, whatever else the policy calls so.
NodeId Checker::operand(const ast::Expr& e, const ast::Expr& beside) {
  const auto of = own_enum_of(beside);
  const ast::Name* word = of ? name_of(e) : nullptr;
  const auto value = word ? own_value(*of, *word) : std::nullopt;
  return value ? *value : expr(e);
}

/// The hosts on which the condition may be `truth`.
HostKinds Checker::hosts_where(NodeId condition, bool truth) const {
  const Node& n = node(condition);
  const auto both = [&](bool meet) {
    const HostKinds a = hosts_where(n.kids[0], truth), b = hosts_where(n.kids[1], truth);
    return meet ? a & b : a | b;
  };
  switch (n.op) {
    case Op::Not:
      return hosts_where(n.kids[0], !truth);
    case Op::And:
      return both(truth);
    case Op::Or:
      return both(!truth);
    case Op::Equal:
    case Op::NotEqual: {
      const bool first = node(n.kids[0]).op == Op::HostFact;
      const Node& fact = node(n.kids[first ? 0 : 1]);
      const Node& value = node(n.kids[first ? 1 : 0]);
      if (fact.op != Op::HostFact || fact.ref != static_cast<uint32_t>(HostField::MbKind) ||
          value.op != Op::ConstInt)
        return kEveryHost;
      const HostKinds is = only(static_cast<MbKind>(value.i));
      return truth == (n.op == Op::Equal) ? is : kEveryHost & ~is;
    }
    default:
      return kEveryHost;
  }
}

}  // namespace cbench::check
