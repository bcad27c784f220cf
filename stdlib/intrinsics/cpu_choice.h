// CpuChoice: which CPUs a container gains and leaves when only their number is said, by a policy (`cores`) or
// by bench.yml (`num_cores`). It knows the topology of the host; who is where it is told each time.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stdlib/abi/host_facts.h"

namespace cbench {

class CpuChoice {
 public:
  /// Of the CPUs that are online. Allocates here only.
  explicit CpuChoice(const HostFacts& facts);

  /// No other container is anywhere, no CPU is kept for last. So it is after construction.
  void clear();
  /// One more container is on these CPUs.
  void add_other(const CpuSet& cpus);
  /// These CPUs are taken only when there is no other.
  void keep_for_last(const CpuSet& cpus);

  /// Gives a container with `cpus` so many, as far as there are, one after the other. It takes the CPU
  ///  1. with the fewest other containers on it,
  ///  2. with the fewest on the SMT siblings of it: a sibling shares its core's execution units and caches,
  ///  3. in an L3 domain, then a NUMA node, then a socket where the container is already,
  ///  4. where it is not yet, in the L3 domain, then node, then socket with the most physical cores that no
  ///     other container is on, so that what follows fits beside it,
  ///  5. on a core where it has no CPU yet: in a domain each of its CPUs gets a core for itself before any
  ///     two of them share one, since a thread beside another of its own is worth a fraction of a core,
  ///  6. with the lowest number.
  /// It leaves in the reverse order, so that what was taken last goes first: the CPU with the most others on
  /// it, then on its siblings; in the socket, node, L3 domain with the fewest of its CPUs; on a core where it
  /// has another; the highest number. What is not known of the topology is the same for all CPUs.
  /// The same question has the same answer. Takes O(CPUs) for each CPU gained or left, and allocates nothing.
  void resize(CpuSet& cpus, size_t count);

 private:
  enum Level : uint8_t { kL3, kNode, kSocket, kLevels };
  /// CPUs with a cache, memory or package of their own; the first of all stands for what is not known.
  struct Group {
    int32_t mine = 0;   ///< CPUs that the container has there
    int32_t cores = 0;  ///< without other containers
  };
  struct Core {
    int32_t mine = 0, others = 0;  ///< `others`: a container counts once for each of its CPUs
    size_t first = 0;              ///< its first CPU, in cpus_
  };
  struct Cpu {
    size_t number = 0, core = 0;
    std::array<size_t, kLevels> groups{};
    int32_t others = 0;
    bool mine = false, last = false;
  };
  /// Less is earlier.
  using Rank = std::array<int32_t, 11>;

  void look_at(const CpuSet& cpus);
  void put(Cpu& cpu, bool mine);
  [[nodiscard]] Rank rank_to_take(const Cpu& cpu) const;
  [[nodiscard]] Rank rank_to_leave(const Cpu& cpu) const;
  Cpu* first(bool mine, Rank (CpuChoice::*rank)(const Cpu&) const);

  std::vector<Cpu> cpus_;  ///< online, ascending
  std::vector<Core> cores_;
  std::vector<Group> groups_;  ///< of all levels
};

}  // namespace cbench
