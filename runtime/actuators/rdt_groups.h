// The CLOS groups of a run's classes in resctrl: made, given cache ways and memory bandwidth, and filled with
// tasks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/host/journal.h"
#include "runtime/host/resctrl.h"
#include "stdlib/abi/host_facts.h"
#include "stdlib/abi/plan.h"

namespace cbench {

/// A cache that is divided by masks.
struct Cache {
  std::string_view level;  ///< "L3", "L2": lines of a schemata file begin so, also with CDP
  uint32_t ways = 0, min_bits = 1;
  bool sparse = false;
};

class RdtGroups {
 public:
  /// Nothing is changed yet.
  RdtGroups(const Plan& plan, const RdtFacts& facts, const std::string& run_id, Journal& journal);

  /// Makes a group for each class that is not for one container. Errors (HostLacks): what the plan's actions
  /// need is missing, RDT belongs to another run or a foreign group is exclusive, too few CLOSIDs (with the
  /// sum).
  Result<> make();
  [[nodiscard]] bool made() const { return made_; }
  /// Makes the group of a class for one container, which starts.
  Result<> add(size_t cls);
  /// Removes it again, so that its CLOSID is free; what fails here is undone at the end of the run.
  void remove(size_t cls);

  /// A share by the ids of L3 domains.
  template <class T>
  using ByDomain = std::vector<std::pair<uint32_t, T>>;
  /// Sets the capacity bit masks of a class in some L3 domains (with CDP for code and data); 0: as the kernel
  /// made the group. One write, of the domains that differ. Errors: not a mask that this cache takes, a
  /// domain that it has not, the kernel's words.
  Result<> set_ways(size_t cls, const ByDomain<uint64_t>& masks);
  /// Sets the capacity bit mask of a class in all L2 caches. Errors as above.
  Result<> set_l2(size_t cls, uint64_t mask);
  /// Sets the memory bandwidth of a class in some domains, rounded to what the hardware can; not below its
  /// minimum. Values are ratios, or on a host of kind rate bytes/s, where +infinity is no limit.
  Result<> set_mb(size_t cls, const ByDomain<double>& values);
  /// Moves the tasks of a cgroup into a class (-1: the root group), until none is left outside. Returns how
  /// many were moved.
  Result<> assign(const std::string& cgroup, int32_t cls);

  /// Folder of a class's group; of the root group for -1.
  [[nodiscard]] std::string folder(int32_t cls) const;

 private:
  Result<> check_needs() const;
  Result<> check_others() const;
  Result<> set_masks(size_t cls, const Cache& cache, const ByDomain<uint64_t>& masks);
  Result<> write_changes(size_t cls, const Schemata& wanted);
  [[nodiscard]] Error no_domain(size_t cls, const SchemataLine& line, uint32_t id) const;
  Result<Schemata*> first_schemata(size_t cls);

  const Plan& plan_;
  const RdtFacts& facts_;
  std::string prefix_;  ///< cbench-<short run id>-
  Journal& journal_;
  bool made_ = false;
  std::vector<std::optional<Schemata>>
      first_;  ///< by class: as the kernel made the group, read before our first write
};

/// Why `mask` is not a CBM that the cache takes; empty when it is one.
std::string why_not_a_mask(uint64_t mask, const Cache& cache);
/// A ratio as a percentage that MBA takes: a multiple of the granularity between the minimum and 100.
uint64_t mb_percent(double ratio, const RdtFacts& facts);
/// Bytes/s in the unit of a host of kind rate: a multiple of its granularity from its minimum to `most`,
/// which is no limit.
uint64_t mb_units(double rate, uint64_t most, const RdtFacts& facts);

}  // namespace cbench
