// host.mb_kind: an enum of the language's own, and which hosts a condition on it leaves.
#include <algorithm>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

const ast::Name* name_of(const ast::Expr& e) {
  const auto* ref = std::get_if<ast::Ref>(&e.node);
  return ref ? &ref->name : nullptr;
}

bool asks_for_kind(const ast::Expr& e) {
  const auto* field = std::get_if<ast::Field>(&e.node);
  const ast::Name* base = field ? name_of(*field->base) : nullptr;
  return base && base->text == "host" && field->name.text == "mb_kind";
}

}  // namespace

/// Its enumeration, made when it is first asked for; of no place, so that it cannot be named as a type.
uint16_t Checker::mb_kinds() {
  for (size_t i = 0; i < p_.enums.size(); ++i)
    if (!p_.enums[i].span.known()) return static_cast<uint16_t>(i);
  p_.enums.push_back({"mb_kind", {std::begin(kMbKindNames), std::end(kMbKindNames)}, {}});
  return static_cast<uint16_t>(p_.enums.size() - 1);
}

/// The kind of this name.
std::optional<NodeId> Checker::mb_kind_named(const ast::Name& name) {
  const auto* kind = std::find(std::begin(kMbKindNames), std::end(kMbKindNames), name.text);
  if (kind == std::end(kMbKindNames)) return std::nullopt;
  Node value = make(Op::ConstInt, {Base::Enum, {}, false, mb_kinds()}, name.span);
  value.i = kind - std::begin(kMbKindNames);
  return add(value);
}

/// An operand that stands beside another: beside `host.mb_kind` the word for a kind means that kind, whatever
/// else the policy calls so.
NodeId Checker::operand(const ast::Expr& e, const ast::Expr& beside) {
  const ast::Name* word = asks_for_kind(beside) ? name_of(e) : nullptr;
  const auto kind = word ? mb_kind_named(*word) : std::nullopt;
  return kind ? *kind : expr(e);
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
