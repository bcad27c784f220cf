// A host and a run for when there is none: `cbench check` without a benchmark, and `cbench test`. What is
// printed from them says so.
#pragma once

#include <string>
#include <vector>

#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// One socket with 16 CPUs and 64 GiB, an L3 cache of 11 ways and 22 MiB, 16 CLOSIDs, bandwidth in percent
/// (as an Intel Xeon Scalable). Every metric is measured.
HostFacts assumed_host();
inline constexpr int64_t kAssumedPeriodNs = 100'000'000;
/// Containers of one CPU each, sampled by every metric and by those of `own` each 100 ms, in steps of `step_ns`.
RunSpec assumed_run(const std::vector<std::string>& containers, int64_t step_ns = kAssumedPeriodNs,
                    const std::vector<Metric>& own = {});
/// Every metric and those of `own`, as columns of a frame.
std::vector<Metric> all_metrics(const std::vector<Metric>& own = {});

}  // namespace cbench
