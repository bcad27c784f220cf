// Parameters set from outside: by the configuration or the command line.
#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "compiler/plan/plan.h"

namespace cbench::plan {
namespace {

/// The parts of a text between commas, without blanks round them.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view value = text.substr(0, comma);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    out.emplace_back(value);
    if (comma == text.size()) return out;
    text.remove_prefix(comma + 1);
  }
}

/// Settings of a whole table ("2way, 3way") as settings of its values; the others as they are.
std::vector<ParamSetting> singly(const check::Program& program, const std::vector<ParamSetting>& settings,
                                 Diagnostics& diagnostics) {
  std::vector<ParamSetting> out;
  for (const ParamSetting& setting : settings) {
    const auto table = std::find_if(program.params.begin(), program.params.end(), [&](const check::Param& p) {
      return p.table > 0 && p.name == setting.first + "[0]";
    });
    if (table == program.params.end()) {
      out.push_back(setting);
      continue;
    }
    const std::vector<std::string> values = parts_of(setting.second.value);
    if (static_cast<int64_t>(values.size()) != table->table) {
      diagnostics
          .report(Kind::BadParam, setting.second.span,
                  fmt::format("the table `{}` has {} values, and `{}` is {}", setting.first, table->table,
                              setting.second.value, values.size()))
          .label(table->span, "declared here")
          .hint(fmt::format("separate them by commas, or set one: `{}[0]`", setting.first));
      continue;
    }
    for (size_t i = 0; i < values.size(); ++i)
      out.emplace_back(fmt::format("{}[{}]", setting.first, i),
                       Located<std::string>{values[i], setting.second.span});
  }
  return out;
}

}  // namespace

std::optional<double> parse_setting(std::string_view text, const check::Type& type, std::string& why) {
  if (type.base == check::Base::Bool) {
    if (text == "true" || text == "false") return text == "true" ? 1.0 : 0.0;
    why = "it wants `true` or `false`";
    return std::nullopt;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || !std::isfinite(value)) {
    why = fmt::format("it wants {}", check::to_string(type));
    return std::nullopt;
  }
  const std::string_view suffix(rest, static_cast<size_t>(end - rest));
  const UnitInfo* unit = nullptr;
  for (const UnitInfo& u : kUnits)
    if (u.suffix == suffix && (!unit || u.tag == UnitTag::None)) unit = &u;
  if (!unit) {
    why = fmt::format("there is no unit `{}`", suffix);
    return std::nullopt;
  }
  const check::Dim dim = check::dim_of(static_cast<Unit>(unit - kUnits));
  const bool bare_zero = suffix.empty() && value == 0;
  if (!bare_zero && !check::addable(dim, type.dim)) {
    const std::string example = check::example_literal(type.dim, value);
    why = fmt::format("it wants {}{}", check::to_string(type),
                      suffix.empty() && !example.empty() ? fmt::format(": did you mean `{}`?", example) : "");
    return std::nullopt;
  }
  const bool time = type.base == check::Base::Time;
  value = time ? std::round(value * unit->scale * 1e9) : canonical(value, static_cast<Unit>(unit - kUnits));
  if (type.base != check::Base::Float && value != std::floor(value)) {
    why = "it wants a whole number";
    return std::nullopt;
  }
  if (type.base != check::Base::Float && std::fabs(value) > 9e15) {
    why = "it is too large";
    return std::nullopt;
  }
  return value;
}

std::vector<PlanParam> plan_params(const check::Program& program) {
  std::vector<PlanParam> out;
  for (const check::Param& p : program.params) {
    PlanParam made;
    made.name = p.name;
    made.doc = p.doc;
    made.unit = check::display_unit(p.type);
    made.is_integer = p.type.base != check::Base::Float;
    made.value = p.value;
    made.lo = p.has_range ? p.lo : -HUGE_VAL;
    made.hi = p.has_range ? p.hi : HUGE_VAL;
    out.push_back(std::move(made));
  }
  return out;
}

void set_params(const check::Program& program, const std::vector<ParamSetting>& settings,
                std::vector<PlanParam>& params, Diagnostics& diagnostics) {
  for (const auto& [name, setting] : singly(program, settings, diagnostics)) {
    const auto it = std::find_if(program.params.begin(), program.params.end(),
                                 [&](const check::Param& p) { return p.name == name; });
    if (it == program.params.end()) {
      std::vector<std::string> names;
      for (const check::Param& p : program.params) names.push_back(p.name);
      const std::string near = nearest(name, names);
      auto report =
          diagnostics.report(Kind::UnknownParam, setting.span,
                             fmt::format("the policy `{}` has no parameter `{}`", program.name, name),
                             near.empty() ? "" : fmt::format("did you mean `{}`?", near));
      report.hint(names.empty() ? "it has none at all" : "it has " + listed(names));
      continue;
    }
    std::string why;
    const auto value = parse_setting(setting.value, it->type, why);
    if (!value) {
      diagnostics
          .report(Kind::BadParam, setting.span,
                  fmt::format("`{}` is no value for the parameter `{}`: {}", setting.value, name, why))
          .label(it->span, "declared here");
      continue;
    }
    PlanParam& p = params[static_cast<size_t>(it - program.params.begin())];
    if (*value < p.lo || *value > p.hi) {
      diagnostics
          .report(Kind::BadParam, setting.span,
                  fmt::format("`{} = {}` is out of the parameter's range", name, setting.value))
          .label(it->span, "declared here");
      continue;
    }
    p.value = *value;
  }
}

std::string one_line(std::string_view text) {
  std::string out;
  bool blank = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space && blank && !out.empty()) out += ' ';
    if (!space) out += c;
    blank = space;
  }
  return out;
}

std::vector<PlanRule> plan_rules(const check::Program& program, const SourceSet& sources) {
  std::vector<PlanRule> out;
  for (const check::Rule& rule : program.rules) {
    PlanRule made;
    made.text = one_line(sources.text(rule.head));
    made.line = sources.line(rule.head);
    made.span = rule.head;
    out.push_back(std::move(made));
  }
  return out;
}

}  // namespace cbench::plan
