// The cgroups of engine process: one group a run and one below it a container, in every hierarchy that is
// used.
#pragma once

#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/host/cgroup.h"
#include "runtime/host/journal.h"
#include "stdlib/abi/spec.h"

namespace cbench {

/// Name of a run's group: "cbench-<run id>". Leftovers are found by it.
std::string run_group_name(const std::string& run_id);
/// The run id in such a name; empty when it is none.
std::string run_of_group(const std::string& name);

/// Not safe for several threads at once.
class ProcessCgroups {
 public:
  /// `proc_root` is overridden by tests on fixture trees.
  ProcessCgroups(std::string run_id, Journal& journal, std::string proc_root = "/proc");

  /// Makes the run's group everywhere, once. On v2 it lies where controllers may be given to it: below the
  /// root group as root, else below our own delegated group, which this process then leaves for a child of
  /// it. Errors: HostLacks with the remedy.
  Result<> open();
  /// Makes a container's group with its limits. Errors: HostLacks when a limit needs a controller that is not
  /// to be had.
  Result<CgroupPaths> make(const std::string& name, const ContainerSpec& spec);
  /// Confines a group to `cores`; false where there is no cpuset controller.
  Result<bool> set_cores(const CgroupPaths& group, const CpuSet& cores);
  /// Has the kernel killed one of the group's processes for want of memory?
  static bool oom_killed(const CgroupPaths& group);
  /// Removes a container's group, which should be empty: one that is not is left to close().
  static void remove(const CgroupPaths& group);
  /// Removes all groups that were made, which must be empty; returns what remains.
  std::vector<std::string> close();

 private:
  Result<> open_v1(const CgroupPaths& own);
  Result<> open_v2(const CgroupPaths& own);
  Result<> make_folder(const std::string& folder);
  static Result<> make_below(const std::string& folder);
  Result<> leave_group(const std::string& control);
  Result<> give_controllers(const std::string& parent, const std::string& group);
  Result<> limit(const CgroupPaths& group, const ContainerSpec& spec);

  const std::string run_id_, proc_root_;
  Journal& journal_;
  bool open_ = false;
  CgroupPaths run_;                   ///< the run's group
  std::vector<std::string> folders_;  ///< of the run's group
  std::string self_, delegated_;      ///< v2: where this process went, and from where
  std::string taken_;                 ///< what takes the controllers from `delegated_` again
};

}  // namespace cbench
