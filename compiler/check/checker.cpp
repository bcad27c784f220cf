// What the areas of the checker share: nodes, conversions, scopes.
#include "compiler/check/checker.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace cbench::check {

const std::vector<std::string>& builtin_names() {
  static const std::vector<std::string> names = {
      "all",    "host",    "now",    "dt",      "step",   "unlimited", "reason", "why",   "rest",
      "abs",    "avg",     "min",    "max",     "sum",    "count",     "any",    "floor", "ceil",
      "round",  "top",     "bottom", "argmin",  "argmax", "ewma",      "delta",  "rate",  "schmitt",
      "ways",   "mb",      "quota",  "sd",      "slope",  "p50",       "p95",    "p99",   "hold",
      "prev",   "rises",   "falls",  "changed", "next",   "cores",     "sort",   "pairs", "len",
      "paused", "mb_rate", "sqrt",   "log2",    "exp2",   "cause"};
  return names;
}

bool is_builtin(std::string_view name) {
  const auto& names = builtin_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

NodeId Checker::add(Node n) {
  p_.nodes.push_back(std::move(n));
  return static_cast<NodeId>(p_.nodes.size() - 1);
}

NodeId Checker::to_float(NodeId id) {
  const Type t = type(id);
  if (t.base == Base::Float || t.error()) return id;
  const Node from = node(id);
  if (from.op == Op::ConstInt && t.base == Base::Int) {
    Node c = make(Op::ConstFloat, {Base::Float, t.dim, false}, from.span);
    c.f = static_cast<double>(from.i);
    return add(c);
  }
  return add(make(Op::ToFloat, {Base::Float, t.dim, t.optional}, from.span, {id}));
}

NodeId Checker::coerce(NodeId id, Type want, const std::string& place) {
  const Type have = type(id);
  if (have.error() || want.error()) return id;
  const Span span = node(id).span;
  if (have.numeric() && want.numeric()) {
    const bool zero = (node(id).op == Op::ConstInt && node(id).i == 0);
    const bool agree = addable(have.dim, want.dim) || (zero && have.dim == Dim{});
    if (!agree) {
      const bool bare = have.dim == Dim{};
      const std::string example = bare && node(id).op == Op::ConstInt
                                      ? example_literal(want.dim, static_cast<double>(node(id).i))
                                      : "";
      auto report = diagnostics_.report(
          bare && want.dim.tag == UnitTag::Ratio ? Kind::BareRatio : Kind::UnitMismatch, span,
          fmt::format("{} wants {}", place, to_string(want)), fmt::format("this is {}", to_string(have)));
      if (!example.empty()) report.hint(fmt::format("write `{}`", example));
      return error_node(span);
    }
    if (want.base == Base::Float) return to_float(id);
    if (have.base == want.base) return id;
    if (zero && want.base == Base::Time) return id;
    diagnostics_
        .report(Kind::TypeMismatch, span, fmt::format("{} wants {}", place, to_string(want)),
                fmt::format("this is {} with a fraction", to_string(have)))
        .hint("`floor`, `ceil` or `round` makes an int of it");
    return error_node(span);
  }
  if (have.base == want.base && have.enumeration == want.enumeration) return id;
  diagnostics_.report(Kind::TypeMismatch, span, fmt::format("{} wants {}", place, words(want)),
                      fmt::format("this is {}", words(have)));
  return error_node(span);
}

void Checker::must_be_present(NodeId id, const std::string& place) {
  const Type t = type(id);
  if (t.error() || !t.optional) return;
  auto report =
      diagnostics_.report(Kind::MissingNotHandled, node(id).span,
                          fmt::format("{} must not be missing", place), "this value may be missing");
  const Node& n = node(id);
  if (n.op == Op::Local && n.i != 0)
    report.note("it was named before a wait, and may have stopped since")
        .hint(fmt::format("ask with `if let x = {}`", sources_.text(n.span)));
  else if (t.base == Base::Bool)
    report.hint("say what a missing value means: `(…) ?? false`");
  else
    report.hint("give a value for that case, `… ?? 0`, or ask with `if let x = …`");
}

NodeId Checker::total(NodeId id, Type want, const std::string& place) {
  id = coerce(id, want, place);
  must_be_present(id, place);
  return id;
}

NodeId Checker::constant_expr(const ast::Expr& e) {
  const Context outer = std::exchange(at_, {});
  at_.constant = true;
  const NodeId id = expr(e);
  at_ = outer;
  return id;
}

NodeId Checker::constant(const ast::Expr& e, Type want, const std::string& place) {
  return total(constant_expr(e), want, place);
}

const Symbol* Checker::find(std::string_view name) const {
  for (auto it = scope_.rbegin(); it != scope_.rend(); ++it)
    if (it->first == name) return &it->second;
  const auto it =
      symbols_.find(at_.module.empty() ? std::string(name) : fmt::format("{}.{}", at_.module, name));
  return it == symbols_.end() ? nullptr : &it->second;
}

bool Checker::too_deep(Span span) {
  if (depth_ <= kMaxChain) return false;
  diagnostics_
      .report(Kind::TooDeep, span,
              fmt::format("declarations that use one another are nested more than {} levels deep", kMaxChain))
      .hint("say it in fewer steps, or declare what is used before what uses it");
  return true;
}

uint32_t Checker::height_of(Span span) {
  if (height_ <= kMaxChain) return height_;
  diagnostics_
      .report(Kind::TooDeep, span,
              fmt::format("with what it uses, this is nested more than {} levels deep", kMaxChain))
      .hint("say it in fewer steps");
  return 0;
}

void Checker::not_builtin(const ast::Name& name) {
  if (!is_builtin(name.text)) return;
  diagnostics_
      .report(Kind::Redeclared, name.span, fmt::format("`{}` has a meaning in the language", name.text))
      .hint("choose another name");
}

LocalId Checker::bind(const ast::Name& name, Type t) {
  must_be_new(name);
  p_.locals.push_back(t);
  const auto id = static_cast<LocalId>(p_.locals.size() - 1);
  scope_.emplace_back(name.text, Symbol{SymbolKind::Local, id, name.span});
  return id;
}

void Checker::unbind_to(size_t depth) { scope_.resize(depth); }

void Checker::unknown_name(const ast::Name& name, const std::string& what) {
  if (diagnostics_.enough()) return;
  std::vector<std::string> candidates = builtin_names();
  if (symbols_.size() + scope_.size() < kMostCandidates) {
    for (const auto& [known, symbol] : symbols_) candidates.push_back(known);
    for (const auto& [known, symbol] : scope_) candidates.push_back(known);
  }
  std::sort(candidates.begin(), candidates.end());
  const std::string near = nearest(name.text, candidates);
  auto report = diagnostics_.report(Kind::UnknownName, name.span,
                                    fmt::format("there is no {} named `{}`", what, name.text),
                                    near.empty() ? "not declared" : fmt::format("did you mean `{}`?", near));
  if (near.empty()) report.hint("declare it, or look for a slip of the pen");
}

std::optional<uint32_t> Checker::class_named(const ast::Name& name) {
  const Symbol* symbol = find(name.text);
  if (symbol && symbol->kind == SymbolKind::Class) return symbol->index;
  if (diagnostics_.enough()) return std::nullopt;
  if (symbol) {
    diagnostics_
        .report(Kind::TypeMismatch, name.span, fmt::format("`{}` is not a class", name.text),
                "a class is wanted here")
        .label(symbol->span, "declared here")
        .hint("classes are declared by `class shared default, jail`");
  } else {
    std::vector<std::string> candidates;
    for (const Class& c : p_.classes) candidates.push_back(c.name);
    const std::string near = nearest(name.text, candidates);
    diagnostics_
        .report(Kind::UnknownName, name.span, fmt::format("there is no class named `{}`", name.text),
                near.empty() ? "not declared" : fmt::format("did you mean `{}`?", near))
        .hint("classes are declared by `class shared default, jail`");
  }
  return std::nullopt;
}

void Checker::collect_leaves(NodeId id, bool streams_only, std::vector<NodeId>& out) const {
  const Node& n = node(id);
  if (n.op == Op::StreamRead || n.op == Op::StreamBefore ||
      (!streams_only && (n.op == Op::MetricRead || n.op == Op::StateRead || n.op == Op::Reduce))) {
    for (const NodeId seen : out)
      if (sources_.text(node(seen).span) == sources_.text(n.span)) return;
    out.push_back(id);
    return;
  }
  if (n.op == Op::Reduce) return;
  for (const NodeId kid : n.kids) collect_leaves(kid, streams_only, out);
}

void Checker::note_act(Verb verb, Span span) {
  if (uses_) uses_->add(verb, at_.on);
  for (const auto& [known, where] : p_.acts)
    if (known == verb) return;
  p_.acts.emplace_back(verb, span);
}

}  // namespace cbench::check
