#include "stdlib/intrinsics/cpu_choice.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace cbench {
namespace {

/// Numbers things in the order in which they come.
template <class Key>
class Ranks {
 public:
  uint32_t of(const Key& key) {
    return ranks_.try_emplace(key, static_cast<uint32_t>(ranks_.size())).first->second;
  }

 private:
  std::map<Key, uint32_t> ranks_;
};

}  // namespace

CpuChoice::CpuChoice(const HostFacts& facts) {
  std::map<uint32_t, CpuFacts> described;
  for (const CpuFacts& cpu : facts.cpus) described.emplace(cpu.cpu, cpu);
  // Core numbers repeat between sockets. A CPU of which nothing is known shares nothing.
  Ranks<std::tuple<bool, uint32_t, uint32_t>> cores;
  Ranks<std::pair<bool, int64_t>> domains, nodes, sockets;
  for (uint32_t number = 0; number < kMaxCpus; ++number) {
    if (!facts.online[number]) continue;
    const auto known = described.find(number);
    Cpu& cpu = cpus_.emplace_back();
    cpu.number = number;
    if (known == described.end()) {
      cpu.core = cores.of({false, number, 0});
      cpu.domain = domains.of({false, 0});
      cpu.node = nodes.of({false, 0});
      cpu.socket = sockets.of({false, 0});
      continue;
    }
    const CpuFacts& f = known->second;
    cpu.core = cores.of({true, f.socket, f.core});
    cpu.domain = f.l3_domain >= 0 ? domains.of({true, f.l3_domain}) : domains.of({false, f.socket});
    cpu.node = nodes.of({true, f.numa});
    cpu.socket = sockets.of({true, f.socket});
  }
  for (Cpu& cpu : cpus_)
    for (const Cpu& other : cpus_)
      if (other.core == cpu.core && other.number != cpu.number) cpu.siblings.push_back(other.number);
}

uint32_t CpuChoice::others_on_siblings(const Cpu& cpu, const Occupancy& others) const {
  uint32_t sum = 0;
  for (const uint32_t sibling : cpu.siblings) sum += others[sibling];
  return sum;
}

bool CpuChoice::has_sibling(const Cpu& cpu, const CpuSet& has) const {
  return std::any_of(cpu.siblings.begin(), cpu.siblings.end(),
                     [&](uint32_t sibling) { return has[sibling]; });
}

uint32_t CpuChoice::free_cores(uint32_t domain, const Occupancy& others) const {
  uint32_t count = 0;
  for (const Cpu& cpu : cpus_) {
    const bool first =
        cpu.siblings.empty() || cpu.number < cpu.siblings.front();  // one CPU stands for its core
    if (cpu.domain == domain && first && others[cpu.number] + others_on_siblings(cpu, others) == 0) ++count;
  }
  return count;
}

size_t CpuChoice::to_take(const CpuSet& has, const Occupancy& others) const {
  std::array<uint8_t, kMaxCpus> domain{}, node{}, socket{};  // 1: the container is there
  bool any = false;
  for (const Cpu& cpu : cpus_)
    if (has[cpu.number]) any = domain[cpu.domain] = node[cpu.node] = socket[cpu.socket] = 1;
  std::array<int32_t, kMaxCpus> free{};  // of a domain, -1: not counted yet
  free.fill(-1);
  const auto distance = [&](const Cpu& cpu) -> int32_t {
    if (any) return domain[cpu.domain] != 0 ? 0 : node[cpu.node] != 0 ? 1 : socket[cpu.socket] != 0 ? 2 : 3;
    if (free[cpu.domain] < 0) free[cpu.domain] = static_cast<int32_t>(free_cores(cpu.domain, others));
    return -free[cpu.domain];
  };
  size_t best = kMaxCpus;
  std::tuple<uint32_t, uint32_t, int32_t, bool> least;
  for (const Cpu& cpu : cpus_) {
    if (has[cpu.number]) continue;
    const std::tuple key(uint32_t{others[cpu.number]}, others_on_siblings(cpu, others), distance(cpu),
                         has_sibling(cpu, has));
    if (best != kMaxCpus && key >= least) continue;
    best = cpu.number;
    least = key;
  }
  return best;
}

size_t CpuChoice::to_leave(const CpuSet& has, const Occupancy& others) const {
  std::array<uint32_t, kMaxCpus> own{};  // CPUs that it has, by domain
  for (const Cpu& cpu : cpus_)
    if (has[cpu.number]) ++own[cpu.domain];
  size_t worst = kMaxCpus;
  std::tuple<uint32_t, uint32_t, bool, int64_t> most;
  for (const Cpu& cpu : cpus_) {
    if (!has[cpu.number]) continue;
    const std::tuple key(uint32_t{others[cpu.number]}, others_on_siblings(cpu, others), has_sibling(cpu, has),
                         -int64_t{own[cpu.domain]});
    if (worst != kMaxCpus && key < most) continue;
    worst = cpu.number;
    most = key;
  }
  return worst;
}

CpuSet CpuChoice::first(int64_t count, const Occupancy& others) const {
  CpuSet chosen;
  for (; count > 0; --count) {
    const size_t next = to_take(chosen, others);
    if (next == kMaxCpus) break;
    chosen.set(next);
  }
  return chosen;
}

Occupancy occupancy_of(const std::vector<CpuSet>& sets) {
  Occupancy others{};
  for (const CpuSet& set : sets)
    for (size_t cpu = set._Find_first(); cpu < kMaxCpus; cpu = set._Find_next(cpu)) ++others[cpu];
  return others;
}

}  // namespace cbench
