// Parameters, and tables of them.
#include <fmt/format.h>

#include "compiler/check/checker.h"

namespace cbench::check {

/// A table is a row of parameters, `grant[0]`, `grant[1]` …: each has its place in the plan and the trace,
/// and can be set by itself.
void Checker::declare_param(const ast::Param& decl) {
  const auto first = static_cast<uint32_t>(p_.params.size());
  p_.params.push_back({decl.name.text, decl.doc, kError, 0, 0, 0, false, decl.name.span});
  declare(decl.name, decl.size ? SymbolKind::Table : SymbolKind::Param, first);
  if (!decl.size) return;
  const auto* written = std::get_if<ast::NumberLiteral>(&decl.size->node);
  int64_t size = 1;
  if (written && written->is_integer && written->integer >= 1 && written->integer <= kMaxTable)
    size = written->integer;
  else
    diagnostics_.report(Kind::BadNumber, decl.size->span,
                        fmt::format("a table has 1 to {} values", kMaxTable));
  p_.params[first].table = size;
  p_.params[first].name += "[0]";
  for (int64_t i = 1; i < size; ++i)
    p_.params.push_back(
        {fmt::format("{}[{}]", decl.name.text, i), decl.doc, kError, 0, 0, 0, false, decl.name.span});
}

/// A literal, as the parameter table holds it: ns for times, canonical units otherwise.
std::optional<double> Checker::param_value(const ast::Expr& e, const Type& want, const std::string& place) {
  const NodeId id = constant(e, want, place);
  if (type(id).error()) return std::nullopt;
  const Node& n = node(id);
  if (n.op == Op::ConstFloat) return n.f;
  if (n.op == Op::ConstInt || n.op == Op::ConstBool) return static_cast<double>(n.i);
  diagnostics_.report(Kind::NotConstant, n.span, fmt::format("{} is a literal", place));
  return std::nullopt;
}

/// The defaults as written, one for each value; empty after an error.
std::vector<const ast::Expr*> Checker::values_of(const ast::Param& decl, uint32_t first) {
  if (!decl.size) return {decl.value.get()};
  const auto* list = std::get_if<ast::CpuSetLiteral>(&decl.value->node);
  std::vector<const ast::Expr*> values;
  for (size_t i = 0; list && i < list->ranges.size(); ++i) {
    const auto& [value, last] = list->ranges[i];
    if (last) break;
    values.push_back(value.get());
  }
  if (static_cast<int64_t>(values.size()) == p_.params[first].table) return values;
  diagnostics_
      .report(Kind::WrongArguments, decl.value->span,
              fmt::format("the table `{}` has {} values", decl.name.text, p_.params[first].table),
              list && values.size() == list->ranges.size() ? fmt::format("these are {}", values.size()) : "")
      .hint("write them in braces: `{1, 2, 3}`");
  return {};
}

void Checker::check_param(const ast::Param& decl, uint32_t first) {
  const auto named = type_named(decl.type.name.text);
  if (!named || !(named->numeric() || named->base == Base::Bool)) {
    const std::string near = named ? "" : nearest(decl.type.name.text, type_names());
    diagnostics_
        .report(Kind::UnknownName, decl.type.name.span,
                fmt::format("a parameter cannot be `{}`", decl.type.name.text),
                near.empty() ? "" : fmt::format("did you mean `{}`?", near))
        .hint(named ? "a parameter is a number, with or without a unit, or a bool"
                    : fmt::format("types are {}", fmt::join(type_names(), ", ")));
    return;
  }
  const auto read = [&](const ast::Expr& e, const char* place) {
    return param_value(e, *named, fmt::format("{} of `{}`", place, decl.name.text));
  };
  const std::vector<const ast::Expr*> written = values_of(decl, first);
  std::vector<std::optional<double>> values;
  for (const ast::Expr* value : written) values.push_back(read(*value, "the default"));
  std::optional<double> lo, hi;
  if (decl.lo && decl.hi) {
    lo = read(*decl.lo, "the lower bound");
    hi = read(*decl.hi, "the upper bound");
    if (!lo || !hi) return;
    if (*lo > *hi) {
      diagnostics_.report(Kind::ParamRange, join(decl.lo->span, decl.hi->span),
                          fmt::format("the range of `{}` is empty", decl.name.text));
      return;
    }
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    Param& made = p_.params[first + i];
    made.type = *named;
    made.value = *values[i];
    made.has_range = lo.has_value();
    made.lo = lo.value_or(0);
    made.hi = hi.value_or(0);
    if (lo && (made.value < *lo || made.value > *hi))
      diagnostics_
          .report(Kind::ParamRange, written[i]->span,
                  fmt::format("the default of `{}` is outside its range", decl.name.text))
          .label(join(decl.lo->span, decl.hi->span), "the range");
  }
}

}  // namespace cbench::check
