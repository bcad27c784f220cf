// Metrics that are not in metrics.def: events and figures that a user names, and the parts of a metric by L3 domain.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// The metric `name` of `group` (perf, rdt or app), measured in `unit`: the same for the same three in one process, so that a
/// policy and a configuration that name it alike mean the same. perf: I64, Delta. app: I64 in nanoseconds for a unit of time,
/// otherwise F64, Gauge. rdt: I64, Gauge in bytes, otherwise F64, Derived. nullopt: the process knows kOwnMetrics already.
/// Thread-safe.
std::optional<Metric> declare_metric(MetricGroup group, std::string_view name, Unit unit);

/// May a metric of one's own be called so? A letter, then letters, digits and `_`, 40 at most, and no name or alias of the group.
bool may_be_own_name(MetricGroup group, std::string_view name);
inline constexpr size_t kOwnNameBytes = 40;

/// Those of `metrics` that are not in metrics.def.
std::vector<Metric> own_of(const std::vector<Metric>& metrics);

/// Gives up all numbers, for programs that read one unrelated text after another. No Metric of before may be used again.
void forget_own_metrics();

}  // namespace cbench
