// Which perf events are counted together: a ratio is only true when its events were counted over the same
// time.
#pragma once

#include <vector>

#include "stdlib/abi/spec.h"

namespace cbench {

/// Most events of a hardware group: instructions, cycles and three more. That many fit on every PMU that we
/// know of, also with hyper-threading (four general counters) and with the NMI watchdog, which takes one.
inline constexpr size_t kHardwareGroup = 5;
/// Most events of any group; software events need no counter and share one group.
inline constexpr size_t kLargestGroup = 8;

/// Divides counted perf metrics into groups. The inputs of a derived metric are always in one group.
std::vector<std::vector<Metric>> group_events(const MetricSet& events);

/// `enabled` and the inputs of its derived metrics: what has to be measured.
MetricSet with_inputs(const MetricSet& enabled);
/// The metrics that a derived metric is computed from (words of its `source` that name a metric of its
/// group).
std::vector<Metric> inputs_of(Metric metric);

}  // namespace cbench
