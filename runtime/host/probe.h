// The host as HostFacts: topology from /sys/devices/system/cpu, resctrl's info files, kernel and CPU names.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

/// Roots are overridden by tests on fixture trees and by --rdt-root.
struct HostRoots {
  std::string sys = "/sys", proc = "/proc", etc = "/etc", resctrl = "/sys/fs/resctrl";
};

/// Everything but `unavailable`, which the collectors fill. What cannot be read stays at its default; never
/// fails. `cpus` has every online CPU, `online` only those that this process may use.
HostFacts probe_host(const HostRoots& roots = {});

std::string to_json(const HostFacts& facts);
/// Inverse of to_json; unknown keys are ignored, absent ones keep their default. `own` are metrics beside
/// metrics.def that it may name. Errors: not JSON (Invalid).
Result<HostFacts> host_facts_from_json(const std::string& json, std::span<const Metric> own = {});

}  // namespace cbench
