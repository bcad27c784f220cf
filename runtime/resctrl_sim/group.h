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

struct MonGroup {
  uint32_t rmid = 0;
};

/// A CTRL_MON group: a CLOSID with its schemata, and an RMID.
struct Group {
  uint32_t closid = 0, rmid = 0;
  std::string mode = "shareable";
  std::vector<std::vector<uint64_t>> values = {};  ///< [resource][domain]
  std::vector<uint32_t> cpus = {};                 ///< given to it by `cpus`
  std::map<std::string, MonGroup> mon_groups = {};
};

/// By name; the root group's is "".
using Groups = std::map<std::string, Group>;

}  // namespace cbench::sim
