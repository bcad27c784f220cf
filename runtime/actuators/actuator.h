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
  /// Nothing is changed yet. `journal` learns of each change before it is made.
  Actuators(const Plan& plan, const HostFacts& facts, const std::string& run_id, Journal& journal);
  ~Actuators();

  /// Makes the CLOS groups of the plan's classes (none when the policy takes no RDT action). Errors: resctrl missing or owned by
  /// someone else (HostLacks), too few CLOSIDs.
  Result<> begin();
  /// Tells where a started container's cgroups are. With a default class its tasks are assigned to it.
  Result<> attach(size_t slot, const Started& started, const Allocation& goal);
  void detach(size_t slot);
  /// Makes one change real: validated, written, and on refusal the kernel's words (`last_cmd_status`) are the error's message.
  Result<> apply(const Change& change, const Allocation& goal);
  /// Moves tasks that appeared since into their container's CLOS group, to a fixpoint. Called every pid_sync_interval.
  void sync_tasks();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cbench
