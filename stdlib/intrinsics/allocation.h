// Allocation: who has which share of the host. Plain data, shared by the shadow on which actions are planned
// and by the actuators that make it real.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "stdlib/abi/cpu_set.h"

namespace cbench {

struct Allocation {
  /// A class in one L3 domain.
  struct Class {
    uint64_t ways = 0;  ///< CBM; 0: as resctrl made the group
    double mb = 1.0;  ///< memory bandwidth: a ratio or, on a host of kind rate, bytes/s; +infinity: no limit
    uint64_t l2 = 0;  ///< CBM of the L2 caches, the same in all of them: only that of the first domain counts
  };
  struct Container {
    bool running = false;
    int32_t cls = -1;  ///< -1: the root group
    CpuSet cpus;
    double quota = std::numeric_limits<double>::infinity();  ///< in cores
    bool paused = false;                                     ///< its tasks are frozen
    int64_t period_ns = 0;  ///< at which it is sampled; 0: as configured, one for each group of metrics
  };
  size_t domains = 1;
  std::vector<Class> classes;  ///< [class][domain]
  std::vector<Container> containers;
};

/// The CBM of all ways of a cache.
constexpr uint64_t all_ways_of(uint32_t ways) {
  return ways >= 64 ? ~uint64_t{0} : (uint64_t{1} << ways) - 1;
}

/// Those of a container come first.
enum class Target : uint8_t {
  ContainerClass,
  ContainerCpus,
  ContainerQuota,
  ContainerPause,
  ContainerPeriod,
  ClassWays,
  ClassMb,
  ClassL2
};
inline constexpr size_t kContainerTargets = 5, kClassTargets = 3;
inline constexpr std::string_view kTargetNames[] = {
    "a container's class", "a container's CPUs",   "a container's quota",        "a container's freezer",
    "a sampling period",   "a class's cache ways", "a class's memory bandwidth", "a class's L2 ways"};
constexpr std::string_view name(Target target) { return kTargetNames[static_cast<size_t>(target)]; }
constexpr bool of_container(Target target) { return static_cast<size_t>(target) < kContainerTargets; }

/// L3 domains in which a policy may allocate: as many as bits of Change::domains.
inline constexpr size_t kMaxDomains = 64;

/// One thing that differs between the host and the shadow, and the decision (index into the step's decisions)
/// that last asked for it.
struct Change {
  Target target{};
  int32_t index = 0;  ///< slot or class
  uint32_t decision = 0;
  uint64_t domains = 0;  ///< of a class: a bit for each domain, in the order of RdtFacts::l3_domains
  /// A consequence that nobody asked for in this step: a class gave way to another, or a trial took its
  /// change back. Dwell and budget do not hold it.
  bool follows = false;
};

}  // namespace cbench
