// Which CPUs a container gains and leaves when a policy says only how many.
#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

CpuSet Shadow::cpus_of(int32_t slot) const {
  const CpuSet& cpus = goal_.containers[slot].cpus;
  return cpus.none() ? facts_.online : cpus & facts_.online;
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
  choice_.clear();
  for (const Allocation::Container& other : goal_.containers)
    if (&other != &c && other.running) choice_.add_other(other.cpus);  // those on all CPUs name none
  choice_.resize(cpus, static_cast<size_t>(n));
  const TextRef detail = cpu_words(cpus);
  writes(Target::ContainerCpus, slot, true);
  c.cpus = cpus;
  record(Verb::Cores, slot, -1, value, detail);
  return 0;
}

}  // namespace cbench
