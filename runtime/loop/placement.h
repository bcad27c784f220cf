// The CPUs of a container that names only how many it wants.
#pragma once

#include <cstdint>
#include <vector>

#include "stdlib/abi/cpu_set.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// `count` CPUs as CpuChoice takes them for a container beside others on `occupied`; those of `own`, that
/// cbench keeps to, only when there are no more. Fewer when fewer are online.
CpuSet choose_cpus(const HostFacts& facts, const std::vector<CpuSet>& occupied, int64_t count,
                   const CpuSet& own = {});

/// The CPUs that the containers without `core` are going to be given, should each run as long as bench.yml
/// says.
CpuSet foreseen_cpus(const RunSpec& spec, const HostFacts& facts);

/// A quota in cores as a trace stores it: millionths of a core, -1 without one. A live run goes through the
/// same rounding, so that its replay decides with the same number.
int64_t quota_code(double cores);
double quota_from_code(int64_t code);

}  // namespace cbench
