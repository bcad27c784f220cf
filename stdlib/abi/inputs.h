// What a derived metric is computed from, as metrics.def says.
#pragma once

#include <vector>

#include "stdlib/abi/spec.h"

namespace cbench {

/// The metrics that a derived metric is computed from (words of its `source` that name a metric of its
/// group).
std::vector<Metric> inputs_of(Metric metric);
/// All of metrics.def.
MetricSet every_metric();
/// `enabled` and the inputs of its derived metrics: what has to be measured.
MetricSet with_inputs(const MetricSet& enabled);

}  // namespace cbench
