// Metrics and targets by the names that a policy writes.
#pragma once

#include <optional>

#include "compiler/ast/ast.h"
#include "compiler/base/diagnostic.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::check {

/// perf.llc_mpki. nullopt: it was reported, with the nearest that there is.
std::optional<Metric> metric_named(const ast::Name& group, const ast::Name& name, Diagnostics& diagnostics);

/// The metric that a target is of, by its name without the group. nullopt: it was reported.
std::optional<Metric> target_named(const ast::Name& name, Diagnostics& diagnostics);

}  // namespace cbench::check
