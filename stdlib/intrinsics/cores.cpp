// Which CPUs a container gains and leaves when a policy says only how many.
#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

CpuSet Shadow::cpus_of(int32_t slot) const {
  const CpuSet& cpus = goal_.containers[slot].cpus;
  return cpus.none() ? facts_.online : cpus & facts_.online;
}

Occupancy Shadow::others_of(int32_t slot) const {
  Occupancy others{};
  for (int32_t other = 0; other < static_cast<int32_t>(goal_.containers.size()); ++other) {
    const Allocation::Container& c = goal_.containers[other];
    if (other == slot || !c.running) continue;
    for (size_t cpu = c.cpus._Find_first(); cpu < kMaxCpus; cpu = c.cpus._Find_next(cpu)) ++others[cpu];
  }
  return others;
}

int32_t Shadow::set_cores(int32_t slot, int64_t n) {
  Allocation::Container& c = goal_.containers[slot];
  const auto value = static_cast<double>(n);
  const auto there = static_cast<int64_t>(facts_.online.count());
  if (n < 1)
    Reason(*this, "a container has at least 1 CPU, not {}", n);
  else if (n > there)
    Reason(*this, "{} CPUs are wanted, the host has {}", n, there);
  if (n < 1 || n > there || !runs(slot)) return refuse(Verb::Cores, slot, -1, value, {});
  CpuSet cpus = cpus_of(slot);
  if (static_cast<int64_t>(cpus.count()) == n)
    return no_change(Verb::Cores, slot, -1, value, cpu_words(cpus));
  if (!may_write(Target::ContainerCpus, slot)) return refuse(Verb::Cores, slot, -1, value, {});
  const Occupancy others = others_of(slot);
  while (static_cast<int64_t>(cpus.count()) < n) cpus.set(choice_.to_take(cpus, others));
  while (static_cast<int64_t>(cpus.count()) > n) cpus.reset(choice_.to_leave(cpus, others));
  const TextRef detail = cpu_words(cpus);
  writes(Target::ContainerCpus, slot, true);
  c.cpus = cpus;
  record(Verb::Cores, slot, -1, value, detail);
  return 0;
}

}  // namespace cbench
