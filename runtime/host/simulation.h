// What a simulated resctrl (docs/resctrl-sim.md) says of itself; the kernel has no such file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stdlib/abi/cpu_set.h"

namespace cbench {

struct Simulation {
  std::string profile;                            ///< "xeon-2s"
  bool mba_mbps = false;                          ///< as if mounted with -o mba_MBps
  std::vector<std::pair<uint32_t, CpuSet>> cpus;  ///< (L3 domain, the host's CPUs that are dealt to it)
};

/// Reads `root`/info/simulated; nullopt: this resctrl is the kernel's. Lines of another form are skipped.
std::optional<Simulation> read_simulation(const std::string& root);

}  // namespace cbench
