// CPUs and CPU time of one container, through the files of its cgroups (v1 and v2) or, where no cpuset
// controller is, the affinity of its tasks.
#pragma once

#include <string>

#include "compiler/base/result.h"
#include "runtime/host/journal.h"
#include "stdlib/abi/cpu_set.h"

namespace cbench {

/// Has the cgroup a cpuset of its own that can be written?
bool has_cpuset(const std::string& cgroup);

/// Sets the CPUs of a cgroup with a cpuset, and on v1 of the groups below it, which must lie within. Writes
/// nothing that is so already. Errors: CPUs outside its parent's, the kernel's words (RunFailed).
Result<> set_cpus(const std::string& cgroup, const CpuSet& cpus, Journal& journal);

/// Sets the affinity of all tasks in a cgroup, until none is left that differs. The tasks' own masks are not
/// restored: they end with the run.
Result<> set_affinity(const std::string& cgroup, const CpuSet& cpus);

/// Limits the CPU time of a cgroup to `cores` (cpu.max, or cpu.cfs_quota_us within the period that is set);
/// +infinity removes the limit. Writes nothing that is so already. Errors: below the kernel's least of 1 ms a
/// period, no cpu controller (HostLacks), the kernel's words.
Result<> set_quota(const std::string& cgroup, double cores, Journal& journal);

/// The files that set_cpus and set_quota write, for journalling them before they are needed; those that are
/// there.
Result<> journal_cpus(const std::string& cgroup, Journal& journal);
Result<> journal_quota(const std::string& cgroup, Journal& journal);

}  // namespace cbench
