// Division of events into groups.
#include "runtime/collectors/event_groups.h"

#include <algorithm>

#include <linux/perf_event.h>

namespace cbench {
namespace {

/// Events that derived metrics relate to one another; each row is kept in one group.
const std::vector<std::vector<Metric>> kTogether = {
    {Metric::perf_instructions, Metric::perf_cycles, Metric::perf_stalls_total, Metric::perf_stalls_l3_miss,
     Metric::perf_llc_load_misses},
    {Metric::perf_cache_references, Metric::perf_cache_misses},
    {Metric::perf_branch_instructions, Metric::perf_branch_misses},
};

/// First fit: the bundle goes to the first group that has room for all of it. One that is larger than any
/// group is cut.
void place(std::vector<Metric> bundle, size_t room, std::vector<std::vector<Metric>>& groups) {
  while (bundle.size() > room) {
    groups.emplace_back(bundle.begin(), bundle.begin() + static_cast<ptrdiff_t>(room));
    bundle.erase(bundle.begin(), bundle.begin() + static_cast<ptrdiff_t>(room));
  }
  if (bundle.empty()) return;
  for (auto& group : groups)
    if (group.size() + bundle.size() <= room) {
      group.insert(group.end(), bundle.begin(), bundle.end());
      return;
    }
  groups.push_back(std::move(bundle));
}

}  // namespace

size_t hardware_group(const HostFacts& facts) {
  if (facts.perf_counters == 0) return kUsualGroup;
  return std::min<size_t>(2 + facts.perf_counters, kLargestGroup);
}

uint32_t count_counters(PerfKernel& kernel, bool nmi_watchdog) {
  const EventCode instructions{PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
      cycles{PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
      other{PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES};
  std::vector<int> opened;
  const auto open = [&](const EventCode& code) {
    const int fd = kernel.open(code, -1, -1, opened.empty() ? -1 : opened.front());
    if (fd >= 0) opened.push_back(fd);
    return fd >= 0;
  };
  uint32_t count = 0;
  if (open(instructions) && open(cycles))
    while (count < kLargestGroup && open(other)) ++count;
  while (!opened.empty()) {  // the leader last
    kernel.close(opened.back());
    opened.pop_back();
  }
  return count - std::min<uint32_t>(count, nmi_watchdog ? 1 : 0);
}

std::vector<std::vector<Metric>> group_events(const std::map<Metric, EventCode>& events, size_t room) {
  std::map<Metric, EventCode> left = events;
  std::vector<std::vector<Metric>> groups, software;
  for (const auto& row : kTogether) {
    std::vector<Metric> bundle;
    for (const Metric metric : row)
      if (left.erase(metric) > 0) bundle.push_back(metric);
    place(std::move(bundle), room, groups);
  }
  for (const auto& [metric, code] : left) {
    if (code.needs_counter())
      place({metric}, room, groups);
    else
      place({metric}, kLargestGroup, software);
  }
  groups.insert(groups.end(), software.begin(), software.end());
  return groups;
}

}  // namespace cbench
