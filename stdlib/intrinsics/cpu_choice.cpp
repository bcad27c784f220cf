// The ranks of CPUs, and the counts that they are made of.
#include "stdlib/intrinsics/cpu_choice.h"

#include <map>
#include <tuple>
#include <utility>

namespace cbench {

CpuChoice::CpuChoice(const HostFacts& facts) : groups_(1) {
  std::map<size_t, const CpuFacts*> known;
  for (const CpuFacts& cpu : facts.cpus) known.emplace(cpu.cpu, &cpu);
  std::map<std::pair<Level, int64_t>, size_t> groups;
  std::map<std::pair<uint32_t, uint32_t>, size_t> cores;  // a core's number may come again in another socket
  for (size_t number = 0; number < kMaxCpus; ++number) {
    if (!facts.online[number]) continue;
    Cpu cpu{.number = number, .core = cores_.size()};
    if (const auto its = known.find(number); its != known.end()) {
      const CpuFacts& f = *its->second;
      cpu.core = cores.try_emplace({f.socket, f.core}, cores_.size()).first->second;
      for (const auto& [level, id] : {std::pair{kL3, int64_t{f.l3_domain}}, std::pair{kNode, int64_t{f.numa}},
                                      std::pair{kSocket, int64_t{f.socket}}}) {
        if (id < 0) continue;
        cpu.groups[level] = groups.try_emplace({level, id}, groups_.size()).first->second;
        if (cpu.groups[level] == groups_.size()) groups_.emplace_back();
      }
    }
    if (cpu.core == cores_.size()) cores_.push_back({.first = cpus_.size()});
    cpus_.push_back(cpu);
  }
}

void CpuChoice::clear() {
  for (Cpu& cpu : cpus_) cpu.others = 0, cpu.last = false;
  for (Core& core : cores_) core.others = 0;
}

void CpuChoice::add_other(const CpuSet& cpus) {
  for (Cpu& cpu : cpus_) {
    if (!cpus[cpu.number]) continue;
    ++cpu.others;
    ++cores_[cpu.core].others;
  }
}

void CpuChoice::keep_for_last(const CpuSet& cpus) {
  for (Cpu& cpu : cpus_) cpu.last = cpus[cpu.number];
}

void CpuChoice::put(Cpu& cpu, bool mine) {
  const int32_t by = mine ? 1 : -1;
  cpu.mine = mine;
  cores_[cpu.core].mine += by;
  for (const size_t group : cpu.groups)
    if (group != 0) groups_[group].mine += by;
}

/// Counts where the container is and how many cores are free in each group.
void CpuChoice::look_at(const CpuSet& cpus) {
  for (Group& group : groups_) group = {};
  for (Core& core : cores_) core.mine = 0;
  for (size_t i = 0; i < cpus_.size(); ++i) {
    Cpu& cpu = cpus_[i];
    cpu.mine = false;
    if (cpus[cpu.number]) put(cpu, true);
    // With the first of a core's CPUs the core is counted.
    if (const Core& core = cores_[cpu.core]; core.first == i && core.others == 0)
      for (const size_t group : cpu.groups)
        if (group != 0) ++groups_[group].cores;
  }
}

CpuChoice::Rank CpuChoice::rank_to_take(const Cpu& cpu) const {
  const Core& core = cores_[cpu.core];
  const auto away = [&](Level level) { return groups_[cpu.groups[level]].mine == 0 ? 1 : 0; };
  // Of groups where it is already the free cores do not matter: it fills one after the other.
  const auto room = [&](Level level) { return away(level) * -groups_[cpu.groups[level]].cores; };
  return {cpu.last ? 1 : 0,
          cpu.others,
          core.others - cpu.others,
          away(kL3),
          away(kNode),
          away(kSocket),
          room(kL3),
          room(kNode),
          room(kSocket),
          core.mine,
          static_cast<int32_t>(cpu.number)};
}

CpuChoice::Rank CpuChoice::rank_to_leave(const Cpu& cpu) const {
  const Core& core = cores_[cpu.core];
  const auto beside = [&](Level level) { return groups_[cpu.groups[level]].mine; };
  return {-cpu.others, cpu.others - core.others,         beside(kSocket), beside(kNode), beside(kL3),
          -core.mine,  -static_cast<int32_t>(cpu.number)};
}

CpuChoice::Cpu* CpuChoice::first(bool mine, Rank (CpuChoice::*rank)(const Cpu&) const) {
  Cpu* best = nullptr;
  Rank its{};
  for (Cpu& cpu : cpus_) {
    if (cpu.mine != mine) continue;
    const Rank other = (this->*rank)(cpu);
    if (best == nullptr || other < its) best = &cpu, its = other;
  }
  return best;
}

void CpuChoice::resize(CpuSet& cpus, size_t count) {
  look_at(cpus);
  const auto step = [&](bool gain) {
    Cpu* cpu = first(!gain, gain ? &CpuChoice::rank_to_take : &CpuChoice::rank_to_leave);
    if (cpu == nullptr) return false;
    put(*cpu, gain);
    cpus.set(cpu->number, gain);
    return true;
  };
  size_t now = cpus.count();
  while (now < count && step(true)) ++now;
  while (now > count && step(false)) --now;
}

}  // namespace cbench
