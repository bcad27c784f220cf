// `prev`: what a stream was before this step. It is how a stream depends on itself.
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

/// The name in `s(c)` or `s`.
const ast::Name* named(const ast::Expr& e) {
  if (const auto* ref = std::get_if<ast::Ref>(&e.node)) return &ref->name;
  const auto* call = std::get_if<ast::Call>(&e.node);
  return call ? &call->callee : nullptr;
}

const ast::Expr* operand_of_prev(const ast::Expr& e) {
  const auto* call = std::get_if<ast::Call>(&e.node);
  const bool prev = call && call->callee.text == "prev" && call->arguments.size() == 1;
  return prev ? call->arguments[0].value.get() : nullptr;
}

}  // namespace

void Checker::declare_stream_type(const ast::Stream& decl, uint32_t index) {
  if (!decl.type) return;
  const ast::Name& name = decl.type->name;
  const auto type = type_written(*decl.type);
  if (type && (type->numeric() || type->base == Base::Bool)) {
    p_.streams[index].type = type->with(true);
    return;
  }
  if (type)
    diagnostics_.report(Kind::TypeMismatch, name.span, "a stream is a number or a bool",
                        fmt::format("this is {}", words(*type)));
  else
    unknown_type(name);
}

/// `prev(x(c)) ?? 0mpki` in the definition of x: what it begins with says what it is. The value after `??`,
/// when this is so.
std::optional<NodeId> Checker::beginning(const ast::Binary& b) {
  const ast::Expr* operand = operand_of_prev(*b.left);
  const ast::Name* name = operand ? named(*operand) : nullptr;
  const Symbol* symbol = name ? find(name->text) : nullptr;
  if (!symbol || symbol->kind != SymbolKind::Stream || stream_path_.empty()) return std::nullopt;
  const uint32_t id = symbol->index;
  if (id != stream_path_.back().first || stream_decls_[id]->type || !p_.streams[id].type.error())
    return std::nullopt;
  const NodeId first = expr(*b.right);
  p_.streams[id].type = type(first).with(true);
  return first;
}

/// What a checked definition says of the stream's type, against what was written or what it begins with.
void Checker::settle_type(uint32_t index, NodeId value) {
  const ast::Stream& decl = *stream_decls_[index];
  const Type said = p_.streams[index].type;
  if (decl.type) {
    value = coerce(value, said, fmt::format("`{}`", decl.name.text));
    if (!type(value).error() && !said.error()) p_.streams[index].type = said.with(type(value).optional);
    p_.streams[index].value = value;
    return;
  }
  const Type t = type(value);
  p_.streams[index].value = value;
  p_.streams[index].type = t;
  if (t.error()) return;
  if (!t.numeric() && t.base != Base::Bool) {
    diagnostics_.report(Kind::TypeMismatch, decl.value->span, "a stream is a number or a bool",
                        fmt::format("this is {}", to_string(t)));
    p_.streams[index].type = kError;
  } else if (!said.error() && (t.base != said.base || !addable(t.dim, said.dim))) {
    const bool fraction = t.base != said.base && addable(t.dim, said.dim);
    diagnostics_
        .report(Kind::TypeMismatch, decl.value->span,
                fmt::format("`{}` begins as {} and goes on as {}{}", decl.name.text, to_string(said),
                            to_string(t), fraction ? " with a fraction" : ""))
        .hint(fmt::format("write its type: `stream {}{}: TYPE = …`", decl.name.text,
                          decl.subject ? fmt::format("({})", decl.subject->text) : ""));
  }
}

/// Is the type of a stream known where its `prev` is read? Otherwise it is checked first, or the mistake
/// told.
bool Checker::type_is_known(uint32_t stream, const ast::Name& use) {
  if (!p_.streams[stream].type.error()) return true;
  if (stream_progress_[stream] == Progress::Done) return false;
  if (stream_progress_[stream] == Progress::Open) {
    if (stream_decls_[stream]->type) return false;  // a wrong one, told already
    check_stream(stream, true);
    return !p_.streams[stream].type.error();
  }
  want_type(stream, use);
  return false;
}

/// A stream depends on its own past, so that its type cannot be found out.
void Checker::want_type(uint32_t stream, const ast::Name& use) {
  const std::string name = p_.streams[stream].name + (p_.streams[stream].subject == kNone ? "" : "(c)");
  diagnostics_
      .report(Kind::StreamCycle, use.span,
              fmt::format("`{}` depends on its own past, and its type is not said", p_.streams[stream].name),
              "read here")
      .label(p_.streams[stream].span, "while it is being defined")
      .hint(fmt::format(
          "write its type, `stream {0}: float = …`, or in it what it begins with, `prev({0}) ?? 0.0`", name));
}

/// A stream whose `prev` was read before it was checked: what it uses is known only now.
void Checker::settle_uses() {
  for (bool more = true; more;) {
    more = false;
    for (Stream& s : p_.streams) {
      const auto known = s.uses.metrics;
      for (const uint32_t i : s.inputs) s.uses.add(p_.streams[i].uses);
      for (const uint32_t i : s.earlier)
        for (const auto& [metric, on] : p_.streams[i].uses.metrics) s.uses.add(metric);
      more |= s.uses.metrics != known;
    }
  }
}

/// Inputs before their users. A circle that was entered by a `prev` is seen only here.
void Checker::order_streams() {
  std::vector<Progress> progress(p_.streams.size());
  std::vector<uint32_t> order;
  bool told = false;
  const auto visit = [&](uint32_t id, const auto& self) -> void {
    if (progress[id] == Progress::Running && !std::exchange(told, true))
      diagnostics_
          .report(Kind::StreamCycle, p_.streams[id].span,
                  fmt::format("`{}` depends on itself", p_.streams[id].name))
          .hint("feedback goes through what a stream was before, by `prev`, or a `state`");
    if (progress[id] != Progress::Open) return;
    progress[id] = Progress::Running;
    for (const uint32_t input : p_.streams[id].uses.streams) self(input, self);
    progress[id] = Progress::Done;
    order.push_back(id);
  };
  for (const uint32_t id : p_.stream_order) visit(id, visit);
  p_.stream_order = std::move(order);
}

NodeId Checker::previous(const ast::Call& c, Span span) {
  if (at_.constant) {
    diagnostics_.report(Kind::NotConstant, span, "`prev` is not a constant");
    return error_node(span);
  }
  if (!arity(c, 1, 1, span)) return error_node(span);
  const ast::Expr& operand = *c.arguments[0].value;
  const ast::Name* name = named(operand);
  const Symbol* symbol = name ? find(name->text) : nullptr;
  if (!symbol || symbol->kind != SymbolKind::Stream) {
    auto report = diagnostics_.report(Kind::WrongArguments, operand.span,
                                      "`prev` is of a stream: what it was before this step");
    if (symbol) report.label(symbol->span, "this is no stream");
    report.hint(fmt::format("make a stream of it, `stream s(c) = {}`, and write `prev(s(c))`",
                            sources_.text(operand.span)));
    return error_node(span);
  }
  const uint32_t id = symbol->index;
  if (!type_is_known(id, *name)) return error_node(span);
  const Base of = p_.streams[id].subject != kNone ? Base::Container : Base::Void;
  const auto* call = std::get_if<ast::Call>(&operand.node);
  if (!call && of != Base::Void) return of_which(*name, *symbol, operand.span);
  const NodeId container = call ? subject_of(*call, *symbol, of, operand.span) : kNone;
  if (container != kNone && type(container).error()) return error_node(span);
  p_.streams[id].looked_back = true;
  if (uses_)
    for (const auto& [metric, on] : p_.streams[id].uses.metrics) uses_->add(metric, at_.on);
  if (at_.stream != kNone) p_.streams[at_.stream].earlier.push_back(id);
  Node n = make(Op::StreamBefore, p_.streams[id].type.with(true), span);
  if (container != kNone) n.kids.push_back(container);
  n.ref = id;
  return add(n);
}

}  // namespace cbench::check
