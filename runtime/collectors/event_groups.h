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

}  // namespace cbench
