// The schemata files of the simulation: as the kernel prints, reads and refuses them
// (fs/resctrl/ctrlmondata.c; the words are those of last_cmd_status). Written apart from cbench's own reader,
// so that each judges the other.
#pragma once

#include <string>
#include <string_view>

#include "runtime/resctrl_sim/group.h"

namespace cbench::sim {

/// What an operation came to: 0 or an errno, and the words for last_cmd_status ("" is "ok").
struct Outcome {
  int error = 0;
  std::string words = {};
  bool silent = false;  ///< refused before the kernel clears last_cmd_status: the words before it stay
};

class Schemata {
 public:
  explicit Schemata(const Profile& profile) : profile_(profile), resources_(resources_of(profile)) {}

  /// "    MB:0=  100;1=  100\n    L3:0=fffff;1=fffff\n"
  [[nodiscard]] std::string show(const Group& group) const;
  /// The same in bytes of cache.
  [[nodiscard]] std::string show_size(const Group& group) const;
  /// Applies a write, all lines of it or none; but for MBps, which the kernel keeps line by line (mba_sc).
  Outcome write(Groups& groups, const std::string& name, std::string_view text) const;
  /// What a new group may use: all that no exclusive group has. The errno of mkdir when nothing is left.
  Outcome initialise(const Groups& groups, Group& group) const;
  /// shareable or exclusive (fs/resctrl/rdtgroup.c, rdtgroup_mode_write).
  Outcome set_mode(Groups& groups, const std::string& name, std::string_view text) const;
  /// info/L3/bit_usage: a letter for each way, the highest first.
  [[nodiscard]] std::string bit_usage(const Groups& groups, size_t resource) const;
  [[nodiscard]] const std::vector<Resource>& resources() const { return resources_; }

 private:
  using Staged = std::vector<std::vector<std::pair<bool, uint64_t>>>;  ///< [resource][domain], true: new
  Outcome stage(const Groups& groups, Group& group, std::string_view line, Staged& staged) const;
  Outcome stage_domain(const Groups& groups, Group& group, size_t resource, std::string_view part,
                       Staged& staged) const;
  [[nodiscard]] uint64_t unclaimed(const Groups& groups, size_t domain) const;
  Outcome check_mask(const Groups& groups, const Group& group, size_t domain, std::string_view word,
                     uint64_t& value) const;
  Outcome check_bandwidth(std::string_view word, uint64_t& value) const;
  [[nodiscard]] bool overlaps(const Groups& groups, const Group& group, size_t domain, uint64_t mask,
                              bool exclusive_only) const;

  const Profile& profile_;
  std::vector<Resource> resources_;
};

}  // namespace cbench::sim
