// Metrics and targets by the names that a policy writes.
#pragma once

#include <optional>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::check {

/// perf.llc_mpki, of metrics.def or of `own`. nullopt: it was reported, with the nearest that there is.
std::optional<Metric> metric_named(const ast::Name& group, const ast::Name& name,
                                   const std::vector<Metric>& own, Diagnostics& diagnostics);

/// `app.queue: count` in `needs` or `optional`, which has a type. nullopt: it was reported.
std::optional<Metric> declared_metric(const ast::Needs::Item& item, Diagnostics& diagnostics);
/// All that a policy declares so; what cannot be declared is left out.
std::vector<Metric> declared_metrics(const ast::Policy& policy);

/// The metric that a target is of, by its name without the group. nullopt: it was reported.
std::optional<Metric> target_named(const ast::Name& name, const std::vector<Metric>& own,
                                   Diagnostics& diagnostics);

}  // namespace cbench::check
