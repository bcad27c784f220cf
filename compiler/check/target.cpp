// `c.target.latency_p95`: the targets that bench.yml sets for a container.
#include "stdlib/abi/target.h"

#include <fmt/format.h>

#include "compiler/check/checker.h"
#include "compiler/check/vocabulary_names.h"

namespace cbench::check {

NodeId Checker::target(const ast::Expr& container, const ast::Name& name, Span span) {
  const NodeId c = expr(container);
  if (type(c).error()) return c;
  if (type(c).base != Base::Container) {
    diagnostics_.report(Kind::UnknownField, span, fmt::format("{} has no targets", to_string(type(c))))
        .hint("targets are a container's: `c.target.latency_p95`");
    return error_node(span);
  }
  must_be_present(c, "the container of a target");
  const auto metric = target_named(name, p_.own, diagnostics_);
  if (!metric) return error_node(span);
  Node n = make(Op::Static, type_of(*metric), span, {c});
  n.ref = static_cast<uint32_t>(StaticField::Target);
  n.i = static_cast<int64_t>(*metric);
  return add(n);
}

}  // namespace cbench::check
