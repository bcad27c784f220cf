// Which perf events are counted together: a ratio is only true when its events were counted over the same
// time.
#pragma once

#include <map>
#include <vector>

#include "runtime/collectors/perf_kernel.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Most events of any group.
inline constexpr size_t kLargestGroup = 10;
/// Most events of a hardware group where the CPU's counters are not known: instructions, cycles and three
/// more. That many fit on every PMU that we know of, also with hyper-threading (four general counters) and
/// with the NMI watchdog, which takes one.
inline constexpr size_t kUsualGroup = 5;
/// The same on this host: instructions, cycles and HostFacts::perf_counters more.
size_t hardware_group(const HostFacts& facts);

/// How many events a group of the running CPU holds beside instructions and cycles, found by opening them for
/// this process; the NMI watchdog's counter is taken off, because the kernel looks at its own counters only
/// when it schedules a group. 0: there are no hardware events here.
uint32_t count_counters(PerfKernel& kernel, bool nmi_watchdog);

/// Divides events into groups: those that need counters into groups of `room` at most, the others into groups
/// of kLargestGroup. The inputs of a derived metric are in one group, where that has room for them.
std::vector<std::vector<Metric>> group_events(const std::map<Metric, EventCode>& events, size_t room);

}  // namespace cbench
