// `target` of a container: figures that its metrics are held against. `ipc` and `ipce` are older spellings of
// two of them.
#include "stdlib/abi/target.h"

#include <fmt/format.h>

#include "compiler/config/scalar.h"
#include "compiler/config/sections.h"

namespace cbench::config {
namespace {

/// "5ms", "1.2", "80%". nullopt: no number, or not of the metric's unit.
std::optional<double> read_value(std::string_view text, Metric metric) {
  const auto quantity = parse_quantity(text);
  return quantity ? target_value(metric, quantity->first, quantity->second) : std::nullopt;
}

void report_unknown(Reading& reading, const Located<std::string>& value, std::string_view name) {
  auto built = reading.diagnostics.report(
      Kind::UnknownKey, value.span,
      fmt::format("there is no metric `{}` that a target may be set for", shown(name)), "its value here");
  if (const std::string hint = did_you_mean(name, target_names()); !hint.empty()) built.hint(hint);
  built.hint(
      "a target has the name of a metric without its group, such as `latency_p95`, or is `ipc` or `ipce`");
}

}  // namespace

void read_targets(Reading& reading, const Fields& fields, ContainerSpec& spec) {
  if (const auto ipc = fields.number("ipc")) spec.targets.emplace_back(*find_target("ipc"), *ipc);
  if (const auto ipce = fields.number("ipce")) spec.targets.emplace_back(*find_target("ipce"), *ipce);
  const Field* field = fields.find("target");
  if (field == nullptr) return;
  std::vector<Metric> own;
  if (spec.app)
    for (const AppFigure& figure : spec.app->figures)
      if (is_own(figure.metric)) own.push_back(figure.metric);
  for (const auto& [name, text] : field->pairs) {
    const auto metric = find_target(name, own);
    if (!metric) {
      report_unknown(reading, text, name);
      continue;
    }
    if (spec.target(*metric)) {
      const bool outside = fields.find(name) != nullptr;
      auto built = reading.diagnostics.report(
          Kind::Conflict, text.span, fmt::format("the target of `{}` is set twice", info(*metric).name),
          "a second time here");
      if (outside) built.label(fields.find(name)->span, "first here");
      built.hint("leave one of them out");
      continue;
    }
    const auto value = read_value(text.value, *metric);
    if (!value) {
      reading.diagnostics
          .report(Kind::WrongType, text.span,
                  fmt::format("`{}` is no target of `{}`", shown(text.value), info(*metric).field),
                  "not a value of this metric above 0")
          .hint(fmt::format("such as `{}: {}`", name, target_example(*metric)));
      continue;
    }
    spec.targets.emplace_back(*metric, *value);
  }
}

}  // namespace cbench::config
