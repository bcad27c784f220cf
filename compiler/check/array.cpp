// Arrays: states and tables of parameters, by the element and as arguments of functions.
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

Type Checker::element_type(const ArrayUse& array) const {
  return array.table ? p_.params[array.ref].type : p_.states[array.ref].type;
}
int64_t Checker::size_of(const ArrayUse& array) const {
  return array.table ? p_.params[array.ref].table : p_.states[array.ref].size;
}

/// The array that an expression names: `curve(c)`, `grant`. Reports what is none.
std::optional<ArrayUse> Checker::array_named(const ast::Expr& e) {
  const auto* ref = std::get_if<ast::Ref>(&e.node);
  const auto* call = std::get_if<ast::Call>(&e.node);
  const Symbol* symbol = ref ? find(ref->name.text) : call ? find(call->callee.text) : nullptr;
  if (ref && symbol && symbol->kind == SymbolKind::Table) return ArrayUse{true, symbol->index, kNone};
  const bool state = symbol && symbol->kind == SymbolKind::State && p_.states[symbol->index].size > 0;
  if (state && !at_.constant) {
    const State& of = p_.states[symbol->index];
    if (ref && symbol->of != kNone) return ArrayUse{false, symbol->index, handle_node(symbol->of, e.span)};
    if (ref && of.of != Base::Void) {
      of_which(ref->name, *symbol, e.span);
      return std::nullopt;
    }
    if (ref) return ArrayUse{false, symbol->index, kNone};
    const uint32_t index = symbol->index;
    const NodeId container = subject_of(*call, *symbol, of.of, e.span);
    if (type(container).error()) return std::nullopt;
    return ArrayUse{false, index, container};
  }
  const NodeId value = expr(e);
  if (!type(value).error())
    diagnostics_.report(Kind::TypeMismatch, e.span, "only a state or parameter that is an array has elements")
        .hint("declare one as `state name: int[8] = 0`");
  return std::nullopt;
}

NodeId Checker::element(const ast::Index& i, Span span) {
  const auto array = array_named(*i.base);
  const NodeId at = expr(*i.at);
  if (!array || type(at).error()) return error_node(span);
  if (type(at).base != Base::Int) {
    diagnostics_.report(Kind::TypeMismatch, node(at).span, "the number of an element is an int",
                        fmt::format("this is {}", words(type(at))));
    return error_node(span);
  }
  must_be_present(at, "the number of an element");
  const int64_t size = size_of(*array);
  if (node(at).op == Op::ConstInt && (node(at).i < 0 || node(at).i >= size)) {
    diagnostics_
        .report(Kind::BadNumber, node(at).span, fmt::format("there is no element {}", node(at).i),
                fmt::format("they are 0 to {}", size - 1))
        .label(array->table ? p_.params[array->ref].span : p_.states[array->ref].span, "declared here");
    return error_node(span);
  }
  Node n = make(array->table ? Op::TableElement : Op::Element, element_type(*array), span, {at});
  if (array->container != kNone) n.kids.push_back(array->container);
  n.ref = array->ref;
  n.i = array->table ? size : 0;
  return add(n);
}

/// `len(x)`: a constant.
NodeId Checker::length(const ast::Call& c, Span span) {
  if (!arity(c, 1, 1, span)) return error_node(span);
  const bool constant = std::exchange(at_.constant, false);  // nothing of the array is read
  const auto array = array_named(*c.arguments[0].value);
  at_.constant = constant;
  if (!array) return error_node(span);
  Node n = make(Op::ConstInt, kInt, span);
  n.i = size_of(*array);
  return add(n);
}

}  // namespace cbench::check
