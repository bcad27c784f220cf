// Which CPUs a container gains and leaves when a policy says only how many.
#include <array>

#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

CpuSet Shadow::cpus_of(int32_t slot) const {
  const CpuSet& cpus = goal_.containers[slot].cpus;
  return cpus.none() ? facts_.online : cpus & facts_.online;
}

/// How many other running containers may use a CPU; those that may use all of them do not count.
uint32_t Shadow::occupants(size_t cpu, int32_t but) const {
  uint32_t n = 0;
  for (int32_t other = 0; other < static_cast<int32_t>(goal_.containers.size()); ++other) {
    const Allocation::Container& c = goal_.containers[other];
    if (other != but && c.running && c.cpus[cpu]) ++n;
  }
  return n;
}

/// The CPU with the fewest others on it; among those one of a socket where the container is, then the lowest.
size_t Shadow::cpu_to_take(const CpuSet& has, int32_t slot) const {
  std::array<bool, kMaxCpus> near{};
  for (const CpuFacts& cpu : facts_.cpus)
    if (cpu.cpu < kMaxCpus && has[cpu.cpu])
      for (const CpuFacts& other : facts_.cpus)
        if (other.socket == cpu.socket && other.cpu < kMaxCpus) near[other.cpu] = true;
  size_t best = kMaxCpus;
  const auto better = [&](size_t cpu) {
    if (best == kMaxCpus) return true;
    const uint32_t mine = occupants(cpu, slot), its = occupants(best, slot);
    return mine != its ? mine < its : near[cpu] && !near[best];
  };
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
    if (facts_.online[cpu] && !has[cpu] && better(cpu)) best = cpu;
  return best;
}

/// The CPU with the most others on it, then the highest.
size_t Shadow::cpu_to_leave(const CpuSet& has, int32_t slot) const {
  size_t worst = kMaxCpus;
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
    if (has[cpu] && (worst == kMaxCpus || occupants(cpu, slot) >= occupants(worst, slot))) worst = cpu;
  return worst;
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
  while (static_cast<int64_t>(cpus.count()) < n) cpus.set(cpu_to_take(cpus, slot));
  while (static_cast<int64_t>(cpus.count()) > n) cpus.reset(cpu_to_leave(cpus, slot));
  const TextRef detail = cpu_words(cpus);
  writes(Target::ContainerCpus, slot, true);
  c.cpus = cpus;
  record(Verb::Cores, slot, -1, value, detail);
  return 0;
}

}  // namespace cbench
