#include "stdlib/abi/vocabulary.h"

namespace cbench {

std::optional<Metric> find_metric(std::string_view group, std::string_view name, std::span<const Metric> own) {
  for (const MetricAlias& alias : kMetricAliases)
    if (alias.group == group && alias.alias == name) name = alias.name;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (kMetrics[i].name == name && kMetricGroups[static_cast<size_t>(kMetrics[i].group)] == group)
      return static_cast<Metric>(i);
  for (const Metric metric : own)
    if (info(metric).name == name && kMetricGroups[static_cast<size_t>(info(metric).group)] == group) return metric;
  return std::nullopt;
}

std::optional<Metric> find_metric_field(std::string_view field, std::span<const Metric> own) {
  for (size_t i = 0; i < kMetricCount; ++i)
    if (kMetrics[i].field == field) return static_cast<Metric>(i);
  for (const Metric metric : own)
    if (info(metric).field == field) return metric;
  return std::nullopt;
}

}  // namespace cbench
