// A CpuSet as sched_setaffinity(2) takes it.
#pragma once

#include <sched.h>

#include "stdlib/abi/cpu_set.h"

namespace cbench {

inline cpu_set_t cpu_mask(const CpuSet& cpus) {
  static_assert(CPU_SETSIZE == kMaxCpus);
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
    if (cpus[cpu]) CPU_SET(cpu, &mask);
  return mask;
}

}  // namespace cbench
