// Where operators with a memory stand. Such a memory belongs to a stream: the definition that the operator is
// written in, or one without a name, made for an operator in the head of a `when` or in a question to a set.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

/// The variables in an expression that are bound outside it.
void Checker::locals_in(const ast::Expr& e, std::vector<std::pair<LocalId, Span>>& out) const {
  const auto inner = [&](const ast::ExprPtr& x) {
    if (x) locals_in(*x, out);
  };
  if (const auto* ref = std::get_if<ast::Ref>(&e.node)) {
    const Symbol* symbol = find(ref->name.text);
    if (!symbol || symbol->kind != SymbolKind::Local) return;
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const auto& local) { return local.first == symbol->index; });
    if (!known) out.emplace_back(symbol->index, e.span);
  } else if (const auto* field = std::get_if<ast::Field>(&e.node)) {
    inner(field->base);
  } else if (const auto* index = std::get_if<ast::Index>(&e.node)) {
    inner(index->base);
    inner(index->at);
  } else if (const auto* call = std::get_if<ast::Call>(&e.node)) {
    locals_in(*call, out);
  } else if (const auto* each = std::get_if<ast::Comprehension>(&e.node)) {
    inner(each->set);
    inner(each->to);
    inner(each->where);
    inner(each->body);
  } else if (const auto* cpus = std::get_if<ast::CpuSetLiteral>(&e.node)) {
    for (const auto& [low, high] : cpus->ranges) {
      inner(low);
      inner(high);
    }
  } else if (const auto* unary = std::get_if<ast::Unary>(&e.node)) {
    inner(unary->operand);
  } else if (const auto* binary = std::get_if<ast::Binary>(&e.node)) {
    inner(binary->left);
    inner(binary->right);
  }
}

void Checker::locals_in(const ast::Call& c, std::vector<std::pair<LocalId, Span>>& out) const {
  for (const ast::Argument& a : c.arguments) {
    locals_in(*a.value, out);
    if (a.over) locals_in(*a.over, out);
  }
}

NodeId Checker::temporal(const ast::Call& c, Span span) {
  if (at_.stream == kNone && !at_.head) {
    diagnostics_
        .report(Kind::MisplacedTemporal, span,
                fmt::format("`{}` has a memory and stands in a stream definition or the head of a `when`",
                            c.callee.text))
        .hint(fmt::format("make a stream of it: `stream s(c) = {}`", sources_.text(span)));
    return error_node(span);
  }
  std::vector<std::pair<LocalId, Span>> of;
  locals_in(c, of);
  const bool own =
      at_.stream != kNone && !at_.element && std::all_of(of.begin(), of.end(), [&](const auto& local) {
        return local.first == p_.streams[at_.stream].subject;
      });
  return own ? remember(c, span) : hoist(c, span, of);
}

/// The operator as a stream of its own, which is evaluated for each container, and a read of it. `of` are the
/// variables that it depends on.
NodeId Checker::hoist(const ast::Call& c, Span span, const std::vector<std::pair<LocalId, Span>>& of) {
  for (const auto& [local, where] : of) {
    const Type t = p_.locals[local];
    if (t.error()) return error_node(span);
    if (of.size() == 1 && t.base == Base::Container) continue;
    auto report = diagnostics_.report(
        Kind::MisplacedTemporal, span, fmt::format("`{}` has a memory for each container", c.callee.text),
        of.size() > 1 ? "this depends on more than one" : "this depends on something else");
    for (const auto& [which, at] : of) report.label(at, to_string(p_.locals[which]));
    report.hint("let it remember what one container does, and compare outside of it");
    return error_node(span);
  }
  const auto id = static_cast<uint32_t>(p_.streams.size());
  Stream made;
  made.name = sources_.text(span);  // for dumps: what was written
  made.span = span;
  if (!of.empty()) made.subject = of[0].first;
  p_.streams.push_back(std::move(made));
  stream_decls_.push_back(nullptr);
  stream_progress_.push_back(Progress::Done);
  const Context outer = at_;
  at_ = {};
  at_.stream = id;
  Uses uses;
  Uses* const outer_uses = std::exchange(uses_, &uses);
  const NodeId value = remember(c, span);
  uses_ = outer_uses;
  at_ = outer;
  if (uses_) {
    uses_->add(uses, at_.on);
    uses_->add_stream(id);
  }
  p_.streams[id].uses = std::move(uses);
  p_.streams[id].value = value;
  p_.streams[id].type = type(value);
  if (type(value).error()) return error_node(span);
  p_.stream_order.push_back(id);
  if (at_.stream != kNone) p_.streams[at_.stream].inputs.push_back(id);
  Node n = make(Op::StreamRead, type(value).with(true), span);
  if (!of.empty()) n.kids.push_back(handle_node(of[0].first, of[0].second));
  n.ref = id;
  return add(n);
}

}  // namespace cbench::check
