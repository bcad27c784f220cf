#include "stdlib/abi/target.h"

#include <cmath>

namespace cbench {
namespace {

constexpr bool may_be_target(const MetricInfo& m) {
  return m.scope == MetricScope::Container && m.type != MetricType::Str && m.kind != MetricKind::Cumulative;
}

/// A name says which metric is meant without its group.
constexpr bool names_are_unique() {
  for (size_t i = 0; i < kMetricCount; ++i)
    for (size_t k = i + 1; k < kMetricCount; ++k)
      if (may_be_target(kMetrics[i]) && may_be_target(kMetrics[k]) && kMetrics[i].name == kMetrics[k].name) return false;
  return true;
}
static_assert(names_are_unique());

bool is_time(Metric metric) { return info(metric).unit == Unit::Nanoseconds; }

}  // namespace

std::optional<Metric> find_target(std::string_view name, std::span<const Metric> own) {
  if (name == "ipc") return Metric::perf_instructions_per_cycle;
  if (name == "ipce") return Metric::perf_ipc_efficiency;
  for (size_t i = 0; i < kMetricCount; ++i)
    if (may_be_target(kMetrics[i]) && kMetrics[i].name == name) return static_cast<Metric>(i);
  for (const Metric metric : own)
    if (may_be_target(info(metric)) && info(metric).name == name) return metric;
  return std::nullopt;
}

std::vector<std::string> target_names() {
  std::vector<std::string> names{"ipc", "ipce"};
  for (const MetricInfo& m : kMetrics)
    if (may_be_target(m)) names.emplace_back(m.name);
  return names;
}

std::optional<double> target_value(Metric metric, double value, Unit unit) {
  const UnitInfo& own = info(info(metric).unit);
  const bool bare = unit == Unit::None && own.scale == 1.0;
  if (!bare && !same_dimension(info(unit), own)) return std::nullopt;
  const double made = is_time(metric) ? std::round(value * info(unit).scale * 1e9) : canonical(value, unit);
  const bool whole = info(metric).type == MetricType::I64 && (own.scale == 1.0 || is_time(metric));
  if (!(made > 0) || !std::isfinite(made) || (whole && (made != std::floor(made) || made > 9e18))) return std::nullopt;
  return made;
}

std::string target_example(Metric metric) {
  const MetricInfo& m = info(metric);
  if (is_time(metric)) return "5ms";
  if (m.unit == Unit::Ipc || m.unit == Unit::Cpi) return "1.2";
  const std::string number = m.unit == Unit::Ratio ? "0.8" : m.unit == Unit::Percent ? "80" : "1000";
  return number + std::string(info(m.unit).suffix);
}

}  // namespace cbench
