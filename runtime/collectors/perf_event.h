// From a metric's `source` in metrics.def to an event that perf_event_open(2) takes, and from its refusal to
// words.
#pragma once

#include <cstdint>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

/// type, config, config1 and config2 of a perf_event_attr.
struct EventCode {
  uint32_t type = 0;
  uint64_t config = 0, config1 = 0, config2 = 0;
};

/// The event of a perf metric that is counted (not Derived). Errors (HostLacks): a model event that libpfm4
/// does not know for this CPU; message is the reason, hint the remedy.
Result<EventCode> resolve_event(Metric metric, const HostFacts& facts);
/// True for hw:, cache: and model: events, which need a counter of the CPU.
bool needs_counter(Metric metric);

/// Opens `code` on `cpu` for the cgroup whose folder is open as `cgroup_fd`, as a member of the group of
/// `leader` (-1: as a leader). Returns the descriptor or -1 with errno.
int open_cgroup_event(const EventCode& code, int cgroup_fd, int cpu, int leader);

/// Why perf_event_open failed with `error` for `metric`: message and hint.
Error explain_open_failure(int error, Metric metric, const HostFacts& facts);

}  // namespace cbench
