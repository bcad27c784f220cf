// Sets of containers, CPUs, sockets and L3 domains.
#include <utility>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

uint32_t Checker::add_set(Set s) {
  p_.sets.push_back(std::move(s));
  return static_cast<uint32_t>(p_.sets.size() - 1);
}

/// A set as written: `all`, `jail.members`, a group, `host.cpus`, `c.cpus`, `{0, 2..3}`, or a comprehension
/// without body.
uint32_t Checker::set(const ast::Expr& e) {
  Set s;
  s.span = e.span;
  if (const auto* comprehension = std::get_if<ast::Comprehension>(&e.node)) {
    if (comprehension->body) {
      diagnostics_
          .report(Kind::TypeMismatch, comprehension->body->span, "a set has no value for each element here")
          .hint("leave `: …` out");
      return kNone;
    }
    const size_t depth = scope_.size();
    if (comprehension->to) {
      diagnostics_.report(Kind::TypeMismatch, e.span, "a set of containers or CPUs is wanted here",
                          "this is a range of ints");
      return kNone;
    }
    const uint32_t made =
        set_with(comprehension->variable, *comprehension->set, comprehension->where.get(), e.span);
    unbind_to(depth);
    return made;
  }
  if (const auto* list = std::get_if<ast::CpuSetLiteral>(&e.node)) return cpu_list(*list, e.span);
  if (const auto* ref = std::get_if<ast::Ref>(&e.node)) {
    if (ref->name.text == "all") {
      s.from = Set::From::All;
      return add_set(s);
    }
    const Symbol* symbol = find(ref->name.text);
    if (symbol && symbol->kind == SymbolKind::Group) {
      if (too_deep(e.span)) return kNone;
      check_group(symbol->index);
      used(group_height_[symbol->index]);
      if (uses_) uses_->add(p_.groups[symbol->index].uses, at_.on);
      if (p_.groups[symbol->index].set == kNone) return kNone;
      s.from = Set::From::Group;
      s.ref = symbol->index;
      s.of = p_.sets[p_.groups[symbol->index].set].of;
      return add_set(s);
    }
    if (!symbol) {
      unknown_name(ref->name, "set");
      return kNone;
    }
    auto report = diagnostics_.report(
        Kind::TypeMismatch, e.span, fmt::format("`{}` is not a set", ref->name.text), "a set is wanted here");
    report.label(symbol->span, "declared here");
    if (symbol->kind == SymbolKind::Class)
      report.hint(fmt::format("its containers are `{}.members`", ref->name.text));
    return kNone;
  }
  if (const auto* call = std::get_if<ast::Call>(&e.node);
      call && !find(call->callee.text) && makes_an_order(call->callee.text))
    return ordered(*call, e.span);
  if (const auto* field = std::get_if<ast::Field>(&e.node)) {
    if (const auto* base = std::get_if<ast::Ref>(&field->base->node)) {
      constexpr std::pair<std::string_view, Base> kOfHost[] = {
          {"cpus", Base::Cpu}, {"sockets", Base::Socket}, {"domains", Base::Domain}};
      for (const auto& [name, of] : kOfHost) {
        if (base->name.text != "host" || field->name.text != name) continue;
        s.from = Set::From::Host;
        s.of = of;
        return add_set(s);
      }
      const Symbol* symbol = find(base->name.text);
      if (field->name.text == "members" && (!symbol || symbol->kind != SymbolKind::Local)) {
        const auto cls = whole_class(base->name);
        if (!cls) return kNone;
        s.from = Set::From::Class;
        s.ref = *cls;
        return add_set(s);
      }
    }
    if (field->name.text == "cpus") return cpus_of(*field->base, e.span);
  }
  const NodeId id = expr(e);
  if (!type(id).error())
    diagnostics_
        .report(Kind::TypeMismatch, e.span, "a set is wanted here",
                fmt::format("this is {}", to_string(type(id))))
        .hint(
            "sets are `all`, `CLASS.members`, a group, `host.cpus`, `host.sockets`, `host.domains` and "
            "`c.cpus`");
  return kNone;
}

/// `x.cpus`
uint32_t Checker::cpus_of(const ast::Expr& whose, Span span) {
  Set s;
  s.from = Set::From::CpusOf;
  s.of = Base::Cpu;
  s.whose = expr(whose);
  const Type t = type(s.whose);
  if (t.error()) return kNone;
  if (!is_handle(t.base) || t.base == Base::Cpu) {
    diagnostics_.report(Kind::TypeMismatch, span, fmt::format("{} has no CPUs", words(t)))
        .hint("a container, a socket and an L3 domain have `.cpus`");
    return kNone;
  }
  must_be_present(s.whose, "what the CPUs are of");
  return add_set(s);
}

/// `sort(c in S: key)`, `top(n, c in S: key)`, `bottom(n, c in S: key)`: elements by their keys, ties by
/// index; those without a key are left out.
uint32_t Checker::ordered(const ast::Call& c, Span span) {
  const bool all = c.callee.text == "sort";
  const size_t at = all ? 0 : 1;
  const auto* choice =
      c.arguments.size() == at + 1 ? std::get_if<ast::Comprehension>(&c.arguments[at].value->node) : nullptr;
  if (!choice || !choice->body || choice->to) {
    diagnostics_
        .report(Kind::WrongArguments, span,
                all ? "`sort` takes a set with a key"
                    : fmt::format("`{}` takes a number and a choice", c.callee.text))
        .hint(fmt::format("`{}({}c in all: KEY)`", c.callee.text, all ? "" : "2, "));
    return kNone;
  }
  Set s;
  s.from = Set::From::Ordered;
  s.span = span;
  s.highest = c.callee.text == "top";
  if (!all)
    s.count = total(expr(*c.arguments[0].value), kInt, fmt::format("the number of `{}`", c.callee.text));
  const size_t depth = scope_.size();
  s.ref = set_with(choice->variable, *choice->set, choice->where.get(), span);
  const bool outer = std::exchange(at_.element, true);
  s.key = expr(*choice->body);
  at_.element = outer;
  unbind_to(depth);
  if (s.ref == kNone || type(s.key).error() || (s.count != kNone && type(s.count).error())) return kNone;
  if (!type(s.key).numeric()) {
    diagnostics_.report(Kind::TypeMismatch, node(s.key).span, "the key of an order is a number",
                        fmt::format("this is {}", words(type(s.key))));
    return kNone;
  }
  s.of = p_.sets[s.ref].of;
  return add_set(s);
}

bool Checker::unordered(uint32_t id, const char* place) {
  const Set& s = p_.sets[id];
  if (s.from != Set::From::Ordered) return true;
  diagnostics_
      .report(Kind::TypeMismatch, s.span, fmt::format("{} has no order", place),
              "this set is made anew, in order, each time that it is walked")
      .hint(
          "walk it: `for c in top(2, d in all: KEY) { … }`, or ask something of it: `sum(c in top(…): "
          "x(c))`");
  return false;
}

/// `variable in from where where`. The variable stays bound; the caller unbinds it.
uint32_t Checker::set_with(const ast::Name& variable, const ast::Expr& from, const ast::Expr* where,
                           Span span) {
  uint32_t base = set(from);
  if (base == kNone) {
    bind(variable, kError);
    return kNone;
  }
  const Base of = p_.sets[base].of;
  if (p_.sets[base].variable != kNone ||
      p_.sets[base].where != kNone) {  // a set of a set, by a group without a name
    p_.groups.push_back({"", base, span});
    group_progress_.push_back(Progress::Done);
    group_height_.push_back(0);
    group_decls_.push_back(nullptr);
    Set s;
    s.from = Set::From::Group;
    s.ref = static_cast<uint32_t>(p_.groups.size() - 1);
    s.of = of;
    base = add_set(s);
  }
  const LocalId local = bind(variable, {of, {}, false});
  p_.sets[base].variable = local;
  p_.sets[base].span = span;
  if (where) {
    const bool outer = std::exchange(at_.element, true);
    const NodeId condition = total(expr(*where), kBool, "`where`");
    at_.element = outer;
    if (type(condition).error()) return kNone;
    p_.sets[base].where = condition;
  }
  return base;
}

/// `i in from..to where where`: as set_with.
uint32_t Checker::range_with(const ast::Comprehension& c, Span span) {
  Set s;
  s.from = Set::From::Range;
  s.span = span;
  const NodeId from = constant(*c.set, kInt, "the begin of a range");
  const NodeId to = constant(*c.to, kInt, "the end of a range");
  const size_t errors = diagnostics_.error_count();
  for (const NodeId end : {from, to}) bounded(end, "the end of a range");
  s.variable = bind(c.variable, kInt);
  const bool good = !type(from).error() && !type(to).error() && diagnostics_.error_count() == errors;
  if (good) p_.local_ranges[s.variable] = {p_.range_of(from)->lo, p_.range_of(to)->hi};
  s.ranges = {{from, to}};
  if (c.where) {
    const bool outer = std::exchange(at_.element, true);
    s.where = total(expr(*c.where), kBool, "`where`");
    at_.element = outer;
    if (type(s.where).error()) return kNone;
  }
  return good ? add_set(std::move(s)) : kNone;
}

uint32_t Checker::cpu_list(const ast::CpuSetLiteral& list, Span span) {
  Set s;
  s.from = Set::From::CpuList;
  s.of = Base::Cpu;
  s.span = span;
  for (const auto& [first, last] : list.ranges) {
    const NodeId a = total(expr(*first), kInt, "a CPU number");
    const NodeId b = last ? total(expr(*last), kInt, "a CPU number") : kNone;
    if (type(a).error() || (b != kNone && type(b).error())) return kNone;
    s.ranges.emplace_back(a, b);
  }
  return add_set(s);
}

}  // namespace cbench::check
