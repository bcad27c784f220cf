#include "compiler/check/vocabulary_names.h"

#include <fmt/format.h>

#include "stdlib/abi/target.h"

namespace cbench::check {

std::optional<Metric> metric_named(const ast::Name& group, const ast::Name& name, Diagnostics& diagnostics) {
  if (const auto found = find_metric(group.text, name.text)) return found;
  std::vector<std::string> names;
  for (const MetricInfo& m : kMetrics)
    if (kMetricGroups[static_cast<size_t>(m.group)] == group.text) names.emplace_back(m.name);
  const std::string near = nearest(name.text, names);
  if (names.empty()) {
    diagnostics
        .report(Kind::UnknownMetric, group.span, fmt::format("there is no group of metrics `{}`", group.text))
        .hint(fmt::format("there are {}", fmt::join(kMetricGroups, ", ")));
    return std::nullopt;
  }
  diagnostics
      .report(Kind::UnknownMetric, name.span,
              fmt::format("there is no metric `{}` in `{}`", name.text, group.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint("`cbench metrics` lists them all");
  return std::nullopt;
}

std::optional<Metric> target_named(const ast::Name& name, Diagnostics& diagnostics) {
  if (const auto metric = find_target(name.text)) return metric;
  const std::string near = nearest(name.text, target_names());
  diagnostics
      .report(Kind::UnknownMetric, name.span,
              fmt::format("there is no metric `{}` that a target may be set for", name.text),
              near.empty() ? "" : fmt::format("did you mean `{}`?", near))
      .hint(
          "a target has the name of a metric without its group, or is `ipc` or `ipce`; `cbench metrics` "
          "lists them all");
  return std::nullopt;
}

}  // namespace cbench::check
