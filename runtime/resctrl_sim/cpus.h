// The `cpus` and `cpus_list` files of the simulation: which group a CPU belongs to when its task is in the
// root group (fs/resctrl/rdtgroup.c, rdtgroup_cpus_write).
#pragma once

#include <string>
#include <string_view>

#include "runtime/resctrl_sim/tasks.h"

namespace cbench::sim {

/// The CPUs that there can be on this host (nr_cpu_ids): as many bits do masks have.
uint32_t possible_cpus();
/// "0-3,8" or "0,0000010f", without a line end.
std::string show_cpus(const Cpus& cpus, bool as_list);
/// Gives CPUs to a group, takes them from those that had them, and gives what it no longer has to its parent.
Outcome write_cpus(Groups& groups, const Place& to, std::string_view text, bool as_list, const Cpus& online);
/// Of a control group that goes: its CPUs are the root group's.
void give_cpus_back(Groups& groups, const std::string& name);

}  // namespace cbench::sim
