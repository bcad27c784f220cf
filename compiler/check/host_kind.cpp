// host.mb_kind: an enum of the language's own, and which hosts a condition on it leaves.
#include "compiler/check/checker.h"

namespace cbench::check {

/// Its enumeration, made when it is first asked for; of no place, so that it cannot be named as a type.
uint16_t Checker::mb_kinds() {
  for (size_t i = 0; i < p_.enums.size(); ++i)
    if (!p_.enums[i].span.known()) return static_cast<uint16_t>(i);
  p_.enums.push_back({"mb_kind", {std::begin(kMbKindNames), std::end(kMbKindNames)}, {}});
  return static_cast<uint16_t>(p_.enums.size() - 1);
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
