// What of a policy is known before the run: which containers a set will hold.
#pragma once

#include "compiler/check/program.h"
#include "stdlib/abi/plan.h"
#include "stdlib/abi/spec.h"

namespace cbench::plan {

/// Is the container in the set while it runs? The set depends on nothing but the configuration (the checker
/// sees to it). A missing value is not true.
bool static_member(const check::Program& program, uint32_t set, const ContainerSpec& container);

/// How many classes exist at most at a time, by the containers' start and stop times. One that stops when
/// another starts still counts.
uint32_t classes_at_once(const Plan& plan, const RunSpec& spec);

/// Does every container of the run measure it? What a workload reports is its own: a policy may look at the
/// latency of one container and act on others that report nothing, so that one which does is enough.
bool is_measured(const RunSpec& spec, Metric metric);

}  // namespace cbench::plan
