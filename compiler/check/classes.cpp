// Classes: single ones, and one for each container of a set.
#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {
namespace {

/// Does plan::static_member know it?
bool is_static(Op op) {
  switch (op) {
    case Op::ConstBool:
    case Op::ConstInt:
    case Op::ConstFloat:
    case Op::Local:
    case Op::Static:
    case Op::NameIs:
    case Op::Not:
    case Op::And:
    case Op::Or:
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
    case Op::Default:
    case Op::ToFloat:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Checker::declare_class(const ast::ClassDecl::Item& item) {
  p_.classes.push_back({item.name.text, item.name.span, item.set != nullptr, kNone});
  class_decls_.push_back(&item);
  declare(item.name, SymbolKind::Class, static_cast<uint32_t>(p_.classes.size() - 1));
  if (!item.is_default) return;
  if (item.set)
    diagnostics_
        .report(Kind::WrongArguments, item.name.span, "a class for each container cannot be the default one",
                "its containers start in it anyway")
        .hint("leave `default` out");
  else if (p_.default_class >= 0)
    diagnostics_.report(Kind::Redeclared, item.name.span, "there is a default class already")
        .label(p_.classes[static_cast<size_t>(p_.default_class)].span, "this one");
  else
    p_.default_class = static_cast<int32_t>(p_.classes.size() - 1);
}

void Checker::check_class_sets() {
  for (size_t i = 0; i < class_decls_.size(); ++i) {
    const ast::ClassDecl::Item& item = *class_decls_[i];
    if (!item.set) continue;
    Uses uses;
    const Inside inside(*this, uses);
    const auto& written = std::get<ast::Comprehension>(item.set->node);
    if (item.subject && item.subject->text != written.variable.text) {
      diagnostics_
          .report(Kind::WrongArguments, written.variable.span,
                  fmt::format("this is `{}`, and the class is for `{}`", written.variable.text,
                              item.subject->text))
          .hint(fmt::format("write `{0}({1}) for {1} in …`", item.name.text, item.subject->text));
      continue;
    }
    const uint32_t made = set(*item.set);
    if (made == kNone) continue;
    if (p_.sets[made].of != Base::Container) {
      diagnostics_.report(Kind::TypeMismatch, item.set->span,
                          fmt::format("a class is for containers, not for {}", plural(p_.sets[made].of)));
      continue;
    }
    p_.classes[i].set = made;
    if (const Span dynamic = dynamic_part(made); dynamic.known())
      diagnostics_
          .report(Kind::NotConstant, dynamic,
                  fmt::format("the containers of `{}` are known before the run", item.name.text),
                  "this is known only while it runs")
          .hint("choose by `critical`, `priority`, `role`, `name`, `image` or `index`");
  }
}

/// Where a set says what is not known before the run; an unknown span: nowhere.
Span Checker::dynamic_part(uint32_t id) const {
  const Set& s = p_.sets[id];
  if (s.from == Set::From::Class) return s.span;
  if (s.where != kNone)
    if (const Span found = dynamic_value(s.where); found.known()) return found;
  return s.from == Set::From::Group && p_.groups[s.ref].set != kNone ? dynamic_part(p_.groups[s.ref].set)
                                                                     : Span{};
}

Span Checker::dynamic_value(NodeId id) const {
  const Node& n = node(id);
  if (!is_static(n.op)) return n.span;
  for (const NodeId kid : n.kids)
    if (const Span found = dynamic_value(kid); found.known()) return found;
  return {};
}

/// As class_named, where the class of one container cannot stand for the class.
std::optional<uint32_t> Checker::whole_class(const ast::Name& name) {
  const Symbol* symbol = find(name.text);
  if (!symbol || symbol->kind != SymbolKind::Class || symbol->of == kNone) return class_named(name);
  diagnostics_.report(Kind::TypeMismatch, name.span,
                      fmt::format("`{}` may be the class of one container", name.text),
                      fmt::format("the call gives it `{}(…)`", p_.classes[symbol->index].name));
  return std::nullopt;
}

/// `shared`, or `own(c)`.
std::optional<ClassRef> Checker::class_of(const ast::Name& name, const ast::Expr* container, Span span) {
  const auto cls = class_named(name);
  const NodeId of = container ? total(expr(*container), kContainer, fmt::format("`{}`", name.text)) : kNone;
  if (!cls || (of != kNone && type(of).error())) return std::nullopt;
  if (const Symbol* symbol = find(name.text); symbol->of != kNone && !container)
    return ClassRef{*cls, handle_node(symbol->of, span)};
  const Class& c = p_.classes[*cls];
  if (c.per_container == (container != nullptr)) return ClassRef{*cls, of};
  diagnostics_
      .report(Kind::WrongArguments, span,
              c.per_container ? fmt::format("`{}` is a class for each container", c.name)
                              : fmt::format("`{}` is one class for all its containers", c.name),
              c.per_container ? fmt::format("of which? `{}(c)`", c.name) : "write it without `(…)`")
      .label(c.span, "declared here");
  return std::nullopt;
}

/// The class in the parentheses of `ways` and `mb`.
std::optional<ClassRef> Checker::class_argument(const ast::Call& c) {
  return class_written(*c.arguments[0].value, fmt::format("`{}`", c.callee.text));
}

/// A class where an expression may stand; `place` completes "… wants the name of a class".
std::optional<ClassRef> Checker::class_written(const ast::Expr& written, const std::string& place) {
  if (const auto* ref = std::get_if<ast::Ref>(&written.node))
    return class_of(ref->name, nullptr, written.span);
  const auto* call = std::get_if<ast::Call>(&written.node);
  if (!call) {
    diagnostics_.report(Kind::TypeMismatch, written.span, fmt::format("{} wants the name of a class", place));
    return std::nullopt;
  }
  if (!class_named(call->callee) || !arity(*call, 1, 1, written.span)) return std::nullopt;
  return class_of(call->callee, call->arguments[0].value.get(), written.span);
}

}  // namespace cbench::check
