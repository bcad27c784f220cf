// Metrics that are not in metrics.def: events and figures that a user names, and the parts of a metric by L3 domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// The metric `name` of `group` (perf, rdt or app) with the dimension of `unit`: the same for the same three in one process, so
/// that a policy and a configuration that name it alike mean the same. It is held in ns or in the dimension's unit of scale 1,
/// ratios as 0..1; times, bytes and what is counted as I64, others as F64. Kind: Delta in perf, Gauge in app, Derived for rates of
/// rdt. nullopt: the process knows kOwnMetrics already. Thread-safe.
std::optional<Metric> declare_metric(MetricGroup group, std::string_view name, Unit unit);

/// May a metric of one's own be called so? A letter, then letters, digits and `_`, 40 at most, and no name or alias of the group.
bool may_be_own_name(MetricGroup group, std::string_view name);
inline constexpr size_t kOwnNameBytes = 40;

/// Those of `metrics` that are not in metrics.def.
std::vector<Metric> own_of(const std::vector<Metric>& metrics);

/// Gives up all numbers, for programs that read one unrelated text after another. No Metric of before may be used again.
void forget_own_metrics();

}  // namespace cbench
