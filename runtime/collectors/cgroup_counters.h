// The perf events of one cgroup: event groups opened on every CPU, read together, as one interval's figures.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
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
class PerfInterval {
 public:
  /// Events that were not opened are Unsupported.
  [[nodiscard]] const EventDelta& operator[](Metric metric) const;
  void set(Metric metric, const EventDelta& delta);
  void clear();

  double running_ratio = 1;                     ///< smallest running / enabled over groups and CPUs
  Status running_status = Status::Unsupported;  ///< Unavailable when the container did not run at all

 private:
  /// Those of metrics.def stand at its beginning.
  static constexpr size_t kKnown = [] {
    size_t count = 0;
    while (count < kMetricCount && kMetrics[count].group == MetricGroup::perf) ++count;
    return count;
  }();
  static_assert(std::none_of(std::begin(kMetrics) + kKnown, std::end(kMetrics),
                             [](const MetricInfo& m) { return m.group == MetricGroup::perf; }));
  std::array<EventDelta, kKnown> known_;
  std::vector<std::pair<Metric, EventDelta>> own_;
};

class CgroupCounters {
 public:
  explicit CgroupCounters(PerfKernel& kernel = linux_perf()) : kernel_(&kernel) {}
  ~CgroupCounters() { close(); }
  CgroupCounters(const CgroupCounters&) = delete;
  CgroupCounters& operator=(const CgroupCounters&) = delete;

  /// Opens `events` for the cgroup at `folder` on all of `facts.cpus`: on CPUs that the container may not use
  /// as well, because its cpuset can be widened at any time, and what is not counted then would be missing
  /// without a word. Counting begins at once. Returns the events that could not be opened, with reason and
  /// remedy.
  std::map<Metric, Error> open(const std::string& folder, const MetricSet& events, const HostFacts& facts,
                               std::span<const OwnEvent> own = {});
  void close();

  /// The host's CPUs have changed: what went offline is closed, what came is opened. The next reading says
  /// Error, because nobody knows what was not counted.
  void follow(const CpuSet& online);

  /// The change since the previous call; after open() the first call gives Unavailable. An event that was
  /// counted in less than `min_running` of the container's time is NotScheduled; counts or times that went
  /// back are Error. Allocates nothing but for the first time.
  void read(PerfInterval& interval, double min_running = 0);

 private:
  struct Cpu {
    int number = 0;
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
    bool disturbed = false;  ///< its CPUs have changed since the last reading
  };
  struct Refusal {
    size_t member = 0;
    int error = 0;  ///< 0: none
    int cpu = 0;
  };

  Refusal open_on_all(Group& group, int cgroup_fd, const std::vector<CpuFacts>& cpus);
  Refusal open_on(const Group& group, Cpu& cpu, int cgroup_fd);
  void close_on(const Group& group, const Cpu& cpu);
  void close_group(Group& group);
  bool opens_alone(const EventCode& code, int cgroup_fd, int cpu);
  bool read_cpu(const Group& group, Cpu& cpu, ScaledSum* sums, PerfInterval& interval);

  PerfKernel* kernel_;
  std::string folder_;
  std::vector<Group> groups_;
};

}  // namespace cbench
