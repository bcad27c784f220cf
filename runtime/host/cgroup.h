// Where a process's cgroups are: found from /proc/<pid>/cgroup and /proc/self/mountinfo, for v1, v2 and hybrid hosts.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

/// Absolute folders, empty where the controller is in no hierarchy. On v2 all name the same folder.
struct CgroupPaths {
  CgroupMode mode = CgroupMode::V2;
  std::string cpu, cpuacct, cpuset, memory, blkio, pids, freezer;
  std::string unified;     ///< v2 folder (also on hybrid hosts); empty on v1
  std::string perf_event;  ///< folder to open for PERF_FLAG_PID_CGROUP: v1 perf_event hierarchy, else the v2 folder
};

/// The members of CgroupPaths that name folders.
inline constexpr std::array kCgroupFolders = {&CgroupPaths::unified, &CgroupPaths::cpu,     &CgroupPaths::cpuacct,
                                              &CgroupPaths::cpuset,  &CgroupPaths::memory,  &CgroupPaths::blkio,
                                              &CgroupPaths::pids,    &CgroupPaths::freezer, &CgroupPaths::perf_event};
/// All distinct folders of `paths`, the unified one first.
std::vector<std::string> folders_of(const CgroupPaths& paths);

/// The cgroups of `pid`. `proc_root` and `mountinfo` are overridden by tests on fixture trees. Errors: no such process
/// (RunFailed), no cgroup mount (HostLacks).
Result<CgroupPaths> cgroups_of(int64_t pid, const std::string& proc_root = "/proc");

/// Why this process may not make the cgroups of engine process: the first of its own ones in which it may
/// not. Empty: it may.
std::string why_no_cgroups(const std::string& proc_root = "/proc");

/// The v1 group of this process that gives real-time tasks no time (CONFIG_RT_GROUP_SCHED): none may become
/// one there, whatever its rights. Empty: there is no such thing.
std::string group_without_realtime(const std::string& proc_root = "/proc");

/// How this host mounts cgroups.
CgroupMode cgroup_mode(const std::string& proc_root = "/proc");

}  // namespace cbench
