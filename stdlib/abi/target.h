// Targets of a container: figures that its metrics are held against (`target` in bench.yml, `c.target.NAME`).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stdlib/abi/vocabulary.h"

namespace cbench {

/// The metric that a target `name` is about: a number of a container that does not count up, by its name within the group
/// ("latency_p95"), or `ipc` and `ipce`; of metrics.def or of `own`. nullopt: there is none.
std::optional<Metric> find_target(std::string_view name, std::span<const Metric> own = {});
/// All names of targets, for suggestions.
std::vector<std::string> target_names();
/// `value` in `unit` as a target of the metric: canonical (ratios as 0..1), times in ns. Without a unit (None) it is taken where
/// the metric's own is the canonical one of its dimension (ipc, bytes, counts, ratios). nullopt: the unit is not the metric's, or
/// the value is not above 0, or not a whole number of what is counted.
std::optional<double> target_value(Metric metric, double value, Unit unit);
/// What a target of the metric is written as: "5ms", "80%", "1.2".
std::string target_example(Metric metric);

}  // namespace cbench
