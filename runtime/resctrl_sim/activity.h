// The model behind the counters of the simulation. It is a MODEL: each running thread wants some of the cache
// and of the memory's bandwidth; LRU gives it cache in proportion to its demand within the ways that its
// group may fill, and what it does not hold there it fetches. Or a script says what the counters do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/resctrl_sim/group.h"
#include "runtime/resctrl_sim/tasks.h"

namespace cbench::sim {

struct Counters {
  double occupancy = 0;         ///< bytes
  double total = 0, local = 0;  ///< bytes since the group was made
  bool unavailable = false;
};

/// A line of a script: from `at` on, what the groups that match do.
struct ScriptLine {
  double at = 0;  ///< seconds since the start
  std::string pattern;
  uint32_t domain = 0;
  Counters rates;  ///< `total` and `local` in bytes a second
};
/// `SECONDS GROUP DOMAIN occupancy=BYTES total=BYTES_PER_S [local=BYTES_PER_S] [unavailable]`, `#` comments;
/// GROUP is a shell pattern for the group's path below the root, `.` the root. Returns what is wrong with it,
/// with the line, or "".
std::string parse_script(const std::string& text, std::vector<ScriptLine>& script);

class Activity {
 public:
  Activity(const Profile& profile, std::vector<ScriptLine> script);

  /// Brings the counters of all groups up to `seconds` since the start.
  void advance(double seconds, const Groups& groups, Tasks& tasks);
  /// Of a group in a domain: a CTRL_MON group's include those of its MON groups, as the kernel sums them.
  [[nodiscard]] Counters of(const Groups& groups, const Place& place, uint32_t domain) const;
  /// An RMID is given to a new group: it counts from 0.
  void forget(uint32_t rmid) { counters_.erase(rmid); }
  /// The host's CPUs, those that this process may use.
  [[nodiscard]] const std::vector<uint32_t>& cpus() const { return cpus_; }
  /// The domain of one of the host's CPUs: they are dealt out in blocks.
  [[nodiscard]] uint32_t domain_of(uint32_t cpu) const;

 private:
  struct Demand {
    double cores = 0;  ///< busy
    const Group* group = nullptr;
    std::string path;
  };
  using Demands = std::map<uint32_t, Demand>;  ///< by RMID
  [[nodiscard]] Demands demands(uint32_t domain, const Groups& groups) const;
  void settle(uint32_t domain, double passed, const Demands& demands);
  void follow_script(uint32_t domain, double seconds, double passed, const Demands& demands);
  [[nodiscard]] double limit(const Group& group, uint32_t domain) const;

  const Profile& profile_;
  std::vector<ScriptLine> script_;
  std::vector<uint32_t> cpus_;  ///< online
  double last_ = 0;
  std::map<uint32_t, std::vector<Counters>> counters_;  ///< [RMID][domain]
  std::map<pid_t, uint64_t> ticks_;                     ///< of the tasks at the last look
  std::map<pid_t, double> busy_;                        ///< cores since then
  std::map<pid_t, Tasks::Known> tasks_;
};

}  // namespace cbench::sim
