// Which task is in which group of the simulation. The kernel moves single threads, and gives a new one the
// group of who made it. A simulation hears of no fork: whenever it is asked, it looks for children of the
// tasks that it knows, and for threads, which get the group of their process's first thread. A task whose
// parent has ended before that is in the root group.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "runtime/resctrl_sim/schemata.h"

namespace cbench::sim {

/// A group's names: of the CTRL_MON group ("": root) and of the MON group in it ("": none).
struct Place {
  std::string group, mon;
  friend bool operator==(const Place&, const Place&) = default;
};

/// What /proc tells of a task.
struct TaskFigures {
  uint64_t started = 0;    ///< clock ticks since boot: with the number it names a task for good
  uint64_t cpu_ticks = 0;  ///< user and system time
  uint32_t cpu = 0;        ///< where it ran last
  pid_t leader = 0;        ///< the first thread of its process; read once
};

class Tasks {
 public:
  explicit Tasks(std::string proc_root = "/proc") : proc_(std::move(proc_root)) {}

  /// A write to a `tasks` file: task numbers, comma-separated; 0 is the caller. Those before a bad one are
  /// moved (fs/resctrl/rdtgroup.c, rdtgroup_tasks_write).
  Outcome write(const Place& to, std::string_view text, pid_t caller);
  /// The numbers in a group, ascending. Of a CTRL_MON group also those of its MON groups.
  std::vector<pid_t> in(const Place& place);
  /// A group is gone: its tasks are in `to` now.
  void move_all(const Place& from, const Place& to);
  /// The tasks that are known, with what they have used.
  struct Known {
    Place place;
    TaskFigures figures;
  };
  const std::map<pid_t, Known>& refresh();

 private:
  [[nodiscard]] bool read(pid_t task, TaskFigures& figures) const;
  [[nodiscard]] pid_t leader_of(pid_t task) const;
  void add(pid_t task, const Place& place, std::vector<pid_t>& found);
  void add_relatives(pid_t task, std::vector<pid_t>& found);
  Outcome move(pid_t task, const Place& to);

  std::string proc_;
  std::map<pid_t, Known> known_;
};

}  // namespace cbench::sim
