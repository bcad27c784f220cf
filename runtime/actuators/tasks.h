// The tasks of a container: which cgroup is its own, and which threads are in it.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "runtime/host/cgroup.h"

namespace cbench {

/// Is `cgroup` a group of the container alone? Not so the root of a hierarchy, nor a group that cbench itself
/// (`ours`) is in: the engine then made none in this hierarchy, and a write would hit everybody.
bool is_own_cgroup(const std::string& cgroup, const std::string& ours);

/// Keeps of `container` the folders that are its own; the others become empty.
CgroupPaths own_cgroups(CgroupPaths container, const CgroupPaths& ours);

/// A folder that lists the container's tasks: of v1's hierarchies the first that it has, else v2's. Empty
/// when there is none.
std::string task_cgroup(const CgroupPaths& own);

/// All threads in a cgroup and in those below it, ascending. A cgroup that has vanished has none.
std::vector<pid_t> tasks_in(const std::string& cgroup);

/// The numbers of a `tasks` file, ascending. Returns 0 or the errno.
int read_tasks(const std::string& file, std::vector<pid_t>& tasks);

}  // namespace cbench
