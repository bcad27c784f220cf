// Events that exist on some CPU models only (`model:KEY` in metrics.def).
#pragma once

#include <span>
#include <string_view>

#include "compiler/base/result.h"
#include "runtime/collectors/perf_event.h"

namespace cbench {

/// libpfm4's names for a `model:` key, tried in this order; empty for an unknown key.
std::span<const std::string_view> model_event_names(std::string_view key);
/// The first of them that the running CPU has. Errors (HostLacks): none, or a CPU that libpfm4 does not know.
Result<EventCode> resolve_model_event(std::string_view key, const HostFacts& facts);

/// An event by libpfm4's own name for it. Errors (HostLacks): not known, or not of this CPU.
Result<EventCode> resolve_named_event(std::string_view name, const HostFacts& facts);

}  // namespace cbench
