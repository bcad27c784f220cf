// From a metric's `source` in metrics.def to an event that perf_event_open(2) takes, and from its refusal to
// words.
#pragma once

#include <span>

#include "compiler/base/result.h"
#include "runtime/collectors/perf_kernel.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// The event of a perf metric that is counted (not Derived); `own` has those that the user named. Errors
/// (HostLacks): an event that libpfm4 does not know for this CPU; message is the reason, hint the remedy.
Result<EventCode> resolve_event(Metric metric, const HostFacts& facts, std::span<const OwnEvent> own = {});

/// Why perf_event_open failed with `error` for `metric`: message and hint. `privileged`: this process has
/// CAP_PERFMON or CAP_SYS_ADMIN, or perf_event_paranoid asks for none.
Error explain_open_failure(int error, Metric metric, const HostFacts& facts, bool privileged);
bool may_open_events(const HostFacts& facts);

}  // namespace cbench
