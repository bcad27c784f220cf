// CpuChoice: which CPU a container gets or leaves when only a number is asked for, by the host's topology.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "stdlib/abi/cpu_set.h"
#include "stdlib/abi/host_facts.h"

namespace cbench {

/// How many other containers may use each CPU. Those that may use all of them do not count.
using Occupancy = std::array<uint16_t, kMaxCpus>;

class CpuChoice {
 public:
  /// Allocates here only. A CPU that `facts` does not describe is a core and a cache of its own.
  explicit CpuChoice(const HostFacts& facts);

  /// The online CPU to add to `has`; kMaxCpus when there is none. In this order: the fewest others on it; the
  /// fewest others on its SMT siblings; where the container is already, by L3 domain, then NUMA node, then
  /// socket, and for its first CPU the L3 domain with the most free physical cores, so that more fit beside
  /// it; a physical core of its own before the sibling of one that it has; the lowest number.
  [[nodiscard]] size_t to_take(const CpuSet& has, const Occupancy& others) const;
  /// The CPU to take from `has`, the reverse: the most others on it; the most others on its siblings; one of
  /// two siblings that it has; where it has the fewest CPUs of an L3 domain; the highest number.
  [[nodiscard]] size_t to_leave(const CpuSet& has, const Occupancy& others) const;
  /// `count` CPUs for a container that has none, taken one by one; all when there are fewer.
  [[nodiscard]] CpuSet first(int64_t count, const Occupancy& others) const;

 private:
  struct Cpu {
    uint32_t number = 0, core = 0, domain = 0, node = 0, socket = 0;  ///< the latter by rank, each from 0
    std::vector<uint32_t> siblings;                                   ///< numbers of the core's other CPUs
  };
  [[nodiscard]] uint32_t others_on_siblings(const Cpu& cpu, const Occupancy& others) const;
  [[nodiscard]] bool has_sibling(const Cpu& cpu, const CpuSet& has) const;
  [[nodiscard]] uint32_t free_cores(uint32_t domain, const Occupancy& others) const;

  std::vector<Cpu> cpus_;  ///< online, ascending
};

/// Counts the sets that have each CPU.
Occupancy occupancy_of(const std::vector<CpuSet>& sets);

}  // namespace cbench
