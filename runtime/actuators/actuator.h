// Actuators: carry a planned allocation out on the host, through cgroup files and resctrl.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/engines/engine.h"
#include "runtime/host/journal.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"
#include "stdlib/intrinsics/allocation.h"

namespace cbench {

class Actuators {
 public:
  /// Nothing is changed yet. `journal` learns of each change before it is made. `plan` and `journal` must
  /// outlive it.
  Actuators(const Plan& plan, const HostFacts& facts, const std::string& run_id, Journal& journal);
  ~Actuators();

  /// Makes the CLOS groups of the plan's classes, cbench-<end of the run id>-<class> (none when the policy
  /// takes no RDT action). Errors (HostLacks): no resctrl or not what the actions need, owned by another run,
  /// a foreign group is exclusive, too few CLOSIDs.
  Result<> begin();
  /// Tells where a started container's cgroups are. With a class in `goal` its tasks are assigned to it. What
  /// the policy may write later is journalled here, so that no step waits for the disk.
  Result<> attach(size_t slot, const Started& started, const Allocation& goal);
  /// Forgets a container that is about to be stopped; one that is paused goes on, so that it can be.
  void detach(size_t slot);
  /// Makes one change real: validated, written, and on refusal the file and the kernel's words
  /// (`last_cmd_status`, else errno) are the error's message. Writes nothing when it is so already.
  Result<> apply(const Change& change, const Allocation& goal);
  /// Moves tasks that appeared since into their container's CLOS group (and, where the host has no cpuset
  /// controller, to its CPUs), to a fixpoint. Called every pid_sync_interval.
  void sync_tasks();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
