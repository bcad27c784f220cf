// A resctrl group of the simulation, and what it is allowed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/resctrl_sim/profile.h"

namespace cbench::sim {

/// One line of a schemata file. With CDP there are two for the L3.
struct Resource {
  std::string name;  ///< "L3", "L3CODE", "L3DATA", "L2", "MB"
  bool mask = true;  ///< a CBM, else a bandwidth
};
std::vector<Resource> resources_of(const Profile& profile);

using Cpus = std::vector<uint32_t>;  ///< ascending

struct MonGroup {
  uint32_t rmid = 0;
  uint64_t serial = 0;  ///< names it for good: another group of the name has another
  Cpus cpus = {};       ///< of those of its control group
};

/// A CTRL_MON group: a CLOSID with its schemata, and an RMID.
struct Group {
  uint32_t closid = 0, rmid = 0;
  std::string mode = "shareable";
  std::vector<std::vector<uint64_t>> values = {};  ///< [resource][domain]
  uint64_t serial = 0;                             ///< as in MonGroup
  Cpus cpus = {};                                  ///< given to it by `cpus`; the root's are the rest
  std::map<std::string, MonGroup> mon_groups = {};
};

/// By name; the root group's is "".
using Groups = std::map<std::string, Group>;

}  // namespace cbench::sim
