// A cgroup folder as a set of processes: list, signal, kill, remove. For v1 and v2 folders alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace cbench {

/// The processes in `folder` and below; empty when there is no such folder.
std::vector<pid_t> processes_in(const std::string& folder);

/// processes_in() without `first`; empty when this process or the host's init is among them, for then the
/// folder is no container's and nobody in it is ours to signal.
std::vector<pid_t> workload_in(const std::string& folder, int64_t first);

/// Sends `signal` to each process in and below `folder`; returns to how many.
size_t signal_all(const std::string& folder, int signal);

/// Kills everything in and below `folder`, also what forks meanwhile: by cgroup.kill where the kernel has it,
/// else by freezing (when `freezer`, the same group's folder in the freezer hierarchy, is given) or by
/// repetition. True when the folder is empty within `limit`.
bool kill_all(const std::string& folder, const std::string& freezer, std::chrono::milliseconds limit);

/// Removes `folder` and the groups below it, which must hold no process. True when it is gone.
bool remove_tree(const std::string& folder);

/// Does `pid` have a handler for `signal`? A first process of a pid namespace ignores a signal without one.
bool catches(pid_t pid, int signal);

}  // namespace cbench
