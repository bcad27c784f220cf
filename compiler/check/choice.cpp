// Enums, and the statements that choose and repeat: match, for, repeat.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

void Checker::enumeration(const ast::Enumeration& decl) {
  const auto id = static_cast<uint16_t>(p_.enums.size());
  p_.enums.push_back({decl.name.text, {}, decl.name.span});
  declare(decl.name, SymbolKind::Enum, id);
  if (type_named(decl.name.text))
    diagnostics_
        .report(Kind::Redeclared, decl.name.span, fmt::format("`{}` is a type already", decl.name.text))
        .hint("choose another name");
  for (const ast::Name& value : decl.values) {
    declare(value, SymbolKind::EnumValue, static_cast<uint32_t>(p_.enums[id].values.size()));
    const auto declared = symbols_.find(value.text);
    if (declared != symbols_.end() && declared->second.span == value.span) declared->second.enumeration = id;
    p_.enums[id].values.push_back(value.text);
  }
}

std::optional<Type> Checker::type_written(const ast::TypeName& written) const {
  if (const auto known = type_named(written.name.text)) return known;
  for (size_t i = 0; i < p_.enums.size(); ++i)
    if (p_.enums[i].span.known() && p_.enums[i].name == written.name.text)
      return Type{Base::Enum, {}, false, static_cast<uint16_t>(i)};
  return std::nullopt;
}

std::vector<std::string> Checker::types_known() const {
  std::vector<std::string> all = type_names();
  for (const Enumeration& e : p_.enums)
    if (e.span.known()) all.push_back(e.name);
  return all;
}

void Checker::unknown_type(const ast::Name& name) {
  if (diagnostics_.enough()) return;
  const std::string near = nearest(name.text, types_known());
  diagnostics_
      .report(Kind::UnknownName, name.span, fmt::format("there is no type `{}`", name.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint("types are " + listed(types_known()));
}

std::string Checker::words(Type type) const {
  return type.base == Base::Enum ? fmt::format("a `{}`", p_.enums[type.enumeration].name) : to_string(type);
}

NodeId Checker::next_value(const ast::Call& c, Span span) {
  if (!arity(c, 1, 1, span)) return error_node(span);
  const NodeId x = expr(*c.arguments[0].value);
  if (type(x).error()) return x;
  if (type(x).base != Base::Enum) {
    diagnostics_
        .report(Kind::TypeMismatch, node(x).span, "`next` wants a value of an enum",
                fmt::format("this is {}", to_string(type(x))))
        .hint("`next(x)` is the value that is declared after x, and after the last one the first");
    return error_node(span);
  }
  return add(make(Op::Next, type(x), span, {x}));
}

void Checker::match(const ast::Match& m, Span span, Block& out) {
  Match made;
  made.subject = expr(*m.subject);
  const Type t = type(made.subject);
  must_be_present(made.subject, "the value of `match`");
  if (!t.error() && t.base != Base::Enum)
    diagnostics_
        .report(Kind::TypeMismatch, m.subject->span, "`match` wants a value of an enum",
                fmt::format("this is {}", to_string(t)))
        .hint("`if` … `else if` … chooses by conditions");
  const bool known = t.base == Base::Enum;
  // host.mb_kind is the only fact of an enum.
  const bool asks = known && node(made.subject).op == Op::HostFact;
  const HostKinds on = at_.on;
  HostKinds left = kEveryHost;  // for `else`
  std::vector<Span> seen(known ? p_.enums[t.enumeration].values.size() : 0);
  Span otherwise;  // of `else`
  Branches branches(*this);
  for (const ast::Match::Case& each : m.cases) {
    if (otherwise.known())
      diagnostics_.report(Kind::Unreachable, each.span, "this is never reached")
          .label(otherwise, "`else` stands for all that is left");
    Match::Case arm;
    HostKinds arms = 0;  // when it asks
    for (const ast::Name& value : each.values) {
      if (!known || diagnostics_.enough()) continue;
      const Enumeration& e = p_.enums[t.enumeration];
      const auto at = std::find(e.values.begin(), e.values.end(), value.text);
      if (at == e.values.end()) {
        const std::string near = nearest(value.text, e.values);
        diagnostics_
            .report(Kind::UnknownName, value.span, fmt::format("`{}` has no value `{}`", e.name, value.text),
                    near.empty() ? "" : fmt::format("did you mean `{}`?", near))
            .hint("its values are " + listed(e.values));
        continue;
      }
      Span& first = seen[static_cast<size_t>(at - e.values.begin())];
      if (first.known())
        diagnostics_
            .report(Kind::NotExhaustive, value.span, fmt::format("`{}` has a case already", value.text))
            .label(first, "this one");
      first = value.span;
      arm.values.push_back(at - e.values.begin());
      if (asks) arms |= only(static_cast<MbKind>(arm.values.back()));
    }
    if (asks) at_.on &= each.values.empty() ? left : arms;
    left &= ~arms;
    arm.body = block(*each.body);
    branches.next();
    at_.on = on;
    if (each.values.empty()) {
      otherwise = each.span;
      made.otherwise = std::move(arm.body);
    } else {
      made.cases.push_back(std::move(arm));
    }
  }
  std::vector<std::string> missing;
  for (size_t i = 0; i < seen.size(); ++i)
    if (!seen[i].known()) missing.push_back(fmt::format("`{}`", p_.enums[t.enumeration].values[i]));
  if (known && !missing.empty() && !otherwise.known())
    diagnostics_
        .report(Kind::NotExhaustive, m.subject->span,
                fmt::format("this `match` leaves {} out", listed(missing)))
        .hint("write a case for each value, or `else -> { }` for the rest");
  if (known && missing.empty() && otherwise.known())
    diagnostics_.report(Kind::Unreachable, otherwise, "this `else` is never reached",
                        "every value has a case");
  out.push_back({span, std::move(made)});
}

/// Anything else would leave the policy's work without a bound.
void Checker::bounded(NodeId id, const char* what) {
  const Node& n = node(id);
  if (n.type.error() || p_.range_of(id)) return;
  if (n.op != Op::Param) {
    diagnostics_.report(Kind::NotConstant, n.span,
                        fmt::format("{} is made of literals and parameters with a range", what));
    return;
  }
  diagnostics_.report(Kind::EndlessLoop, n.span, fmt::format("{} has no bound itself", what))
      .label(p_.params[n.ref].span, "declared here without a range")
      .hint("give the parameter a range: `in 1..8`");
}

/// `for a, b in pairs(S)`: each two elements once, a before b. A walk over S in a walk over S.
void Checker::for_pairs(const ast::For& f, Span span, Block& out) {
  const auto* call = std::get_if<ast::Call>(&f.from->node);
  if (f.to || !call || call->callee.text != "pairs" || call->arguments.size() != 1) {
    diagnostics_.report(Kind::WrongArguments, f.from->span, "two names want pairs")
        .hint(fmt::format("`for {}, {} in pairs(all)`", f.variable.text, f.second->text));
    return;
  }
  const size_t depth = scope_.size();
  const ast::Expr& of = *call->arguments[0].value;
  For outer{kNone, kNone, kNone, kNone, {}};
  For inner{kNone, kNone, kNone, kNone, {}};
  outer.set = set_with(f.variable, of, nullptr, f.from->span);
  outer.variable = find(f.variable.text)->index;
  inner.set = outer.set == kNone ? kNone : set_with(*f.second, of, f.where.get(), f.from->span);
  if (outer.set == kNone) bind(*f.second, kError);
  inner.variable = find(f.second->text)->index;
  if (inner.set != kNone && p_.sets[inner.set].of != Base::Container) {
    diagnostics_.report(Kind::TypeMismatch, f.from->span, "`pairs` are pairs of containers");
    inner.set = kNone;
  }
  if (inner.set != kNone) {
    const auto index_of = [&](LocalId local) {
      Node index = make(Op::Static, kInt, f.from->span, {handle_node(local, f.from->span)});
      index.ref = static_cast<uint32_t>(StaticField::Index);
      return add(std::move(index));
    };
    const NodeId first = index_of(outer.variable);
    const NodeId after = add(make(Op::Less, kBool, f.from->span, {first, index_of(inner.variable)}));
    NodeId& where = p_.sets[inner.set].where;
    where = where == kNone ? after : add(make(Op::And, kBool, f.from->span, {after, where}));
  }
  inner.body = uninterrupted(*f.body);
  unbind_to(depth);
  if (inner.set == kNone) return;
  outer.body.push_back({span, std::move(inner)});
  out.push_back({span, std::move(outer)});
}

void Checker::for_each(const ast::For& f, Span span, Block& out) {
  if (f.second) return for_pairs(f, span, out);
  const size_t depth = scope_.size();
  For made{kNone, kNone, kNone, kNone, {}};
  if (f.to) {
    made.from = constant(*f.from, kInt, "the begin of a range");
    made.to = constant(*f.to, kInt, "the end of a range");
    if (f.where)
      diagnostics_.report(Kind::WrongArguments, f.where->span, "a range has no `where`")
          .hint("write an `if` in the body");
    for (const NodeId end : {made.from, made.to}) bounded(end, "the end of a range");
    made.variable = bind(f.variable, kInt);
    const auto lo = p_.range_of(made.from);
    const auto hi = p_.range_of(made.to);
    if (lo && hi) p_.local_ranges[made.variable] = {lo->lo, hi->hi};
  } else {
    made.set = set_with(f.variable, *f.from, f.where.get(), join(f.variable.span, f.from->span));
    made.variable = find(f.variable.text)->index;
  }
  made.body = uninterrupted(*f.body);
  unbind_to(depth);
  if (made.set != kNone || f.to) out.push_back({span, std::move(made)});
}

void Checker::repeat(const ast::Repeat& r, Span span, Block& out) {
  Repeat made{kNone, kNone, {}};
  made.most = constant(*r.most, kInt, "the bound of `repeat`");
  bounded(made.most, "the bound of `repeat`");
  made.condition = total(expr(*r.condition), kBool, "the condition of `repeat`");
  made.body = uninterrupted(*r.body);
  out.push_back({span, std::move(made)});
}

}  // namespace cbench::check
