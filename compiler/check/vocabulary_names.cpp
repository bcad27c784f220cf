#include "compiler/check/vocabulary_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/check/types.h"
#include "stdlib/abi/own_metric.h"
#include "stdlib/abi/target.h"

namespace cbench::check {

std::optional<Metric> metric_named(const ast::Name& group, const ast::Name& name,
                                   const std::vector<Metric>& own, Diagnostics& diagnostics) {
  if (const auto found = find_metric(group.text, name.text, own)) return found;
  std::vector<std::string> names;
  for (const Metric metric : own)
    if (kMetricGroups[static_cast<size_t>(info(metric).group)] == group.text)
      names.emplace_back(info(metric).name);
  for (const MetricInfo& m : kMetrics)
    if (kMetricGroups[static_cast<size_t>(m.group)] == group.text) names.emplace_back(m.name);
  const std::string near = nearest(name.text, names);
  if (names.empty()) {
    diagnostics
        .report(Kind::UnknownMetric, group.span, fmt::format("there is no group of metrics `{}`", group.text))
        .hint(fmt::format("there are {}", fmt::join(kMetricGroups, ", ")));
    return std::nullopt;
  }
  auto built = diagnostics.report(Kind::UnknownMetric, name.span,
                                  fmt::format("there is no metric `{}` in `{}`", name.text, group.text),
                                  near.empty() ? "" : fmt::format("did you mean `{}`?", near));
  built.hint("`cbench metrics` lists them all");
  if (near.empty() && (group.text == "app" || group.text == "perf"))
    built.hint(
        fmt::format("one that bench.yml names is declared: `needs {}.{}: count`", group.text, name.text));
  return std::nullopt;
}

std::optional<Metric> declared_metric(const ast::Needs::Item& item, Diagnostics& diagnostics) {
  const ast::Name &group_name = item.metric.group, &name = item.metric.name;
  const auto refuse = [&](Kind kind, Span span, std::string message, std::string hint) {
    diagnostics.report(kind, span, std::move(message)).hint(std::move(hint));
    return std::nullopt;
  };
  if (const auto known = find_metric(group_name.text, name.text))
    return refuse(Kind::Redeclared, item.metric.span,
                  fmt::format("`{}.{}` is a metric of cbench and has its type", group_name.text, name.text),
                  "leave its type out; a type declares a metric that bench.yml names");
  const auto* const found = std::find(std::begin(kMetricGroups), std::end(kMetricGroups), group_name.text);
  const auto group = static_cast<MetricGroup>(found - std::begin(kMetricGroups));
  if (found == std::end(kMetricGroups) || group == MetricGroup::docker || group == MetricGroup::self)
    return refuse(Kind::UnknownMetric, group_name.span,
                  fmt::format("no metrics of one's own are in `{}`", group_name.text),
                  "they are figures of `app`, events of `perf`, or parts of `rdt` by domain");
  if (!may_be_own_name(group, name.text))
    return refuse(Kind::UnknownMetric, name.span, fmt::format("`{}` cannot be a metric's name", name.text),
                  fmt::format("it has {} letters, digits and `_` at most", kOwnNameBytes));
  const auto type = type_named(item.type->name.text);
  const auto unit = unit_named(item.type->name.text);
  if (!type || !unit || (group == MetricGroup::perf && *unit != Unit::Count))
    return refuse(
        type ? Kind::TypeMismatch : Kind::UnknownName, item.type->name.span,
        fmt::format("a metric of `{}` cannot be `{}`", group_name.text, item.type->name.text),
        group == MetricGroup::perf
            ? "an event is a `count`"
            : "it is `count`, `float`, `ratio`, `time`, `bytes`, `bytes/s`, `count/s` or another unit");
  const auto metric = declare_metric(group, name.text, *unit);
  if (!metric)
    return refuse(Kind::UnknownMetric, item.metric.span, "there are too many metrics of one's own",
                  fmt::format("{} at most", kOwnMetrics));
  return metric;
}

std::vector<Metric> declared_metrics(const ast::Policy& policy) {
  Diagnostics unheard;
  std::vector<Metric> own;
  for (const ast::Decl& d : policy.decls)
    if (const auto* needs = std::get_if<ast::Needs>(&d.node))
      for (const ast::Needs::Item& item : needs->metrics)
        if (item.type)
          if (const auto metric = declared_metric(item, unheard)) own.push_back(*metric);
  return own;
}

std::optional<Metric> target_named(const ast::Name& name, const std::vector<Metric>& own,
                                   Diagnostics& diagnostics) {
  if (const auto metric = find_target(name.text, own)) return metric;
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
