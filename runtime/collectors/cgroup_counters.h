// The perf events of one cgroup: event groups opened on every CPU, read together, as one interval's figures.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/base/result.h"
#include "runtime/collectors/event_groups.h"
#include "runtime/collectors/perf_event.h"
#include "runtime/collectors/scaling.h"

namespace cbench {

/// An event's change in one interval.
struct EventDelta {
  int64_t value = 0;
  Status status = Status::Unsupported;
  size_t group = 0;  ///< events of one group were counted at the same time
};

/// Everything that one reading gives.
struct PerfInterval {
  std::array<EventDelta, kMetricIds> events;
  double running_ratio = 1;                     ///< smallest running / enabled over groups and CPUs
  Status running_status = Status::Unsupported;  ///< Unavailable when the container did not run at all
};

class CgroupCounters {
 public:
  CgroupCounters() = default;
  ~CgroupCounters() { close(); }
  CgroupCounters(const CgroupCounters&) = delete;
  CgroupCounters& operator=(const CgroupCounters&) = delete;

  /// Opens `events` for the cgroup at `folder` on all of `facts.cpus`. Counting begins at once. Returns the
  /// events that could not be opened, with reason and remedy.
  std::map<Metric, Error> open(const std::string& folder, const MetricSet& events, const HostFacts& facts);
  void close();

  /// The change since the previous call; after open() the first call gives Unavailable. Allocates nothing.
  void read(PerfInterval& interval);

 private:
  struct Cpu {
    int fds[kLargestGroup];
    uint64_t ids[kLargestGroup];
    uint64_t last[kLargestGroup];
    GroupTimes times;
  };
  struct Group {
    std::vector<Metric> members;
    std::vector<EventCode> codes;
    std::vector<Cpu> cpus;
    bool primed = false;
  };
  struct Refusal {
    size_t member = 0;
    int error = 0;  ///< 0: none
    int cpu = 0;
  };

  static Refusal open_on_all(Group& group, int cgroup_fd, const HostFacts& facts);
  static Refusal open_on(const Group& group, Cpu& cpu, int number, int cgroup_fd);
  static void close_group(Group& group);
  static bool read_cpu(const Group& group, Cpu& cpu, ScaledSum* sums, PerfInterval& interval);

  std::vector<Group> groups_;
};

}  // namespace cbench
