// A plan as JSON, for the trace's header.
#pragma once

#include <span>
#include <string>

#include "compiler/base/result.h"
#include "stdlib/abi/plan.h"

namespace cbench {

/// Metrics, units and verbs by name.
std::string to_json(const Plan& plan);
/// Inverse of to_json. Errors (Invalid): not JSON, a field absent or of another type, a name that this cbench
/// does not know. `own` are metrics beside metrics.def that it may name.
Result<Plan> plan_from_json(const std::string& text, std::span<const Metric> own = {});

}  // namespace cbench
