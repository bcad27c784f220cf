// Actions with a shape of their own: pin, layout, and the texts of log, annotate, stop and reject.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

void Checker::pin(const ast::Pin& p, Span span, Block& out) {
  const NodeId container = total(expr(*p.container), kContainer, "`pin`");
  Pin made{container, kNone, kNone, kNone, false};
  const auto* call = std::get_if<ast::Call>(&p.cpus->node);
  if (call && (call->callee.text == "top" || call->callee.text == "bottom")) {
    const auto* choice = call->arguments.size() == 2
                             ? std::get_if<ast::Comprehension>(&call->arguments[1].value->node)
                             : nullptr;
    if (!choice || !choice->body) {
      diagnostics_
          .report(Kind::WrongArguments, p.cpus->span,
                  fmt::format("`{}` takes a number and a choice", call->callee.text))
          .hint(fmt::format("`{}(2, k in host.cpus: KEY)`", call->callee.text));
      return;
    }
    made.highest = call->callee.text == "top";
    made.count = total(expr(*call->arguments[0].value), kInt, "the number of CPUs");
    const size_t depth = scope_.size();
    made.set = set_with(choice->variable, *choice->set, choice->where.get(), p.cpus->span);
    made.key = made.set == kNone ? kNone : expr(*choice->body);
    unbind_to(depth);
    if (made.set == kNone || type(made.key).error() || type(made.count).error()) return;
    if (!type(made.key).numeric()) {
      diagnostics_.report(Kind::TypeMismatch, node(made.key).span, "the key of a choice is a number",
                          fmt::format("this is {}", to_string(type(made.key))));
      return;
    }
    made.key = to_float(made.key);
  } else if (std::holds_alternative<ast::Ref>(p.cpus->node) &&
             find(std::get<ast::Ref>(p.cpus->node).name.text) &&
             find(std::get<ast::Ref>(p.cpus->node).name.text)->kind == SymbolKind::Local) {
    const NodeId cpu = total(expr(*p.cpus), kCpu, "`pin … to`");  // one CPU, by its handle
    if (type(cpu).error()) return;
    Set s;
    s.from = Set::From::CpuList;
    s.of = Base::Cpu;
    s.span = p.cpus->span;
    s.ranges = {{cpu, kNone}};
    made.set = add_set(s);
  } else {
    made.set = set(*p.cpus);
  }
  if (made.set == kNone || type(container).error()) return;
  if (p_.sets[made.set].of != Base::Cpu) {
    diagnostics_
        .report(Kind::TypeMismatch, p.cpus->span, "`pin … to` wants a set of CPUs",
                fmt::format("this is a set of {}", plural(p_.sets[made.set].of)))
        .hint("for example `{0, 2..3}`, `c.cpus` or `k in host.cpus where …`");
    return;
  }
  if (p_.sets[made.set].variable == kNone) {
    p_.locals.push_back(kCpu);
    p_.sets[made.set].variable = static_cast<LocalId>(p_.locals.size() - 1);
  }
  if (may_act(Verb::Pin, span)) out.push_back({span, made});
}

/// The period is a literal, so that rings can be sized for the shortest one before the run.
void Checker::sample(const ast::Sample& s, Span span, Block& out) {
  const NodeId container = total(expr(*s.container), kContainer, "`sample`");
  const double ns = s.period.value * cbench::info(s.period.unit).scale * 1e9;
  if (!(dim_of(s.period.unit) == kSeconds)) {
    diagnostics_.report(Kind::UnitMismatch, s.period_span, "a sampling period is a time")
        .hint("such as `sample c every 10ms`");
    return;
  }
  constexpr int64_t kMs = 1'000'000, kMost = 3'600'000 * kMs;
  const int64_t period = ns <= kMost ? std::llround(ns) : 0;
  if (period < kMs || period % kMs != 0) {
    diagnostics_.report(Kind::BadNumber, s.period_span,
                        "a sampling period is a whole number of milliseconds, up to an hour");
    return;
  }
  if (std::none_of(p_.sample_ns.begin(), p_.sample_ns.end(),
                   [&](const auto& known) { return known.first == period; }))
    p_.sample_ns.emplace_back(period, s.period_span);
  if (may_act(Verb::Sample, span) && !type(container).error())
    out.push_back({span, Sample{container, period}});
}

void Checker::layout(const ast::Layout& l, Span span, Block& out) {
  if (l.resource.text != "l3" && l.resource.text != "l2") {
    diagnostics_.report(Kind::UnknownName, l.resource.span,
                        fmt::format("there is no layout of `{}`", l.resource.text),
                        "there are `l3` and `l2`");
    return;
  }
  Layout made{.l2 = l.resource.text == "l2", .parts = {}};
  const ast::Name* rest = nullptr;
  bool bad = false;
  for (const ast::Layout::Part& part : l.parts) {
    const auto cls = whole_class(part.cls);
    for (const auto& [seen, ways] : made.parts) {
      if (!cls || seen != *cls) continue;
      diagnostics_.report(Kind::WrongArguments, part.cls.span,
                          fmt::format("`{}` stands twice in the layout", part.cls.text));
      bad = true;
    }
    NodeId ways = kNone;
    if (cls && p_.classes[*cls].per_container && !part.ways) {
      diagnostics_.report(Kind::WrongArguments, part.cls.span, "only a single class can have the rest",
                          fmt::format("`{}` is a class for each container", part.cls.text));
      bad = true;
    } else if (part.ways) {
      ways = total(expr(*part.ways), {Base::Int, {0, 0, 0, 0, UnitTag::Way}, false}, "a part of the layout");
      bad |= type(ways).error();
    } else if (rest) {
      diagnostics_.report(Kind::WrongArguments, part.cls.span, "only one class can have the rest")
          .label(rest->span, "it has it already");
      bad = true;
    } else {
      rest = &part.cls;
    }
    if (cls)
      made.parts.emplace_back(*cls, ways);
    else
      bad = true;
  }
  if (may_act(made.l2 ? Verb::LayoutL2 : Verb::Layout, span) && !bad) out.push_back({span, std::move(made)});
}

/// {reason}, {why} and {action}, and whether there is one here.
std::optional<Checker::ToldHere> Checker::told_of(std::string_view name) const {
  if (name == "why") return ToldHere{Told::Why, at_.why ? "" : "only a `when` has a condition"};
  if (name == "action") {
    if (find(name)) return std::nullopt;  // a name of the policy's own
    return ToldHere{Told::Action, at_.failed ? "" : "only `on failed` is about an action"};
  }
  if (name != "reason") return std::nullopt;
  if (at_.reason) return ToldHere{Told::Reason, ""};
  return ToldHere{Told::Failure, at_.failed ? "" : "only the `else` of a `try` has a refusal"};
}

TextParts Checker::text(const ast::Text& t) {
  TextParts out;
  for (const auto& part : t.parts) {
    if (const auto* literal = std::get_if<std::string>(&part)) {
      out.parts.emplace_back(*literal);
      continue;
    }
    const ast::Expr& e = *std::get<ast::ExprPtr>(part);
    const auto* ref = std::get_if<ast::Ref>(&e.node);
    if (ref && misnamed(ref->name.text)) continue;
    if (const auto told = ref ? told_of(ref->name.text) : std::nullopt) {
      if (!told->why_not.empty()) {
        diagnostics_.report(Kind::ClosedText, e.span, fmt::format("there is no {{{}}} here", ref->name.text),
                            told->why_not);
        continue;
      }
      Node n = make(Op::TextRef, {Base::Text, {}, false}, e.span);
      n.ref = static_cast<uint32_t>(told->what);
      out.parts.emplace_back(add(n));
      continue;
    }
    if (ref && find(ref->name.text) && find(ref->name.text)->kind == SymbolKind::Class) {
      out.parts.emplace_back(p_.classes[find(ref->name.text)->index].name);
      continue;
    }
    const NodeId id = expr(e);
    if (type(id).error()) continue;
    if (type(id).base == Base::Text && node(id).op != Op::Static) {
      diagnostics_.report(Kind::TypeMismatch, e.span, "a metric of text cannot be printed by a policy");
      continue;
    }
    out.parts.emplace_back(id);
  }
  return out;
}

}  // namespace cbench::check
