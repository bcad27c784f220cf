// Division of events into groups, and the inputs of derived metrics.
#include "runtime/collectors/event_groups.h"

#include "runtime/collectors/perf_event.h"

namespace cbench {
namespace {

/// Events that derived metrics relate to one another; each row is kept in one group.
const std::vector<std::vector<Metric>> kTogether = {
    {Metric::perf_instructions, Metric::perf_cycles, Metric::perf_stalls_total, Metric::perf_stalls_l3_miss,
     Metric::perf_llc_load_misses},
    {Metric::perf_cache_references, Metric::perf_cache_misses},
    {Metric::perf_branch_instructions, Metric::perf_branch_misses},
};

/// First fit: the bundle goes to the first group that has room for all of it.
void place(const std::vector<Metric>& bundle, std::vector<std::vector<Metric>>& groups) {
  if (bundle.empty()) return;
  for (auto& group : groups)
    if (group.size() + bundle.size() <= kHardwareGroup) {
      group.insert(group.end(), bundle.begin(), bundle.end());
      return;
    }
  groups.push_back(bundle);
}

}  // namespace

std::vector<std::vector<Metric>> group_events(const MetricSet& events) {
  MetricSet left = events;
  std::vector<std::vector<Metric>> groups;
  for (const auto& row : kTogether) {
    std::vector<Metric> bundle;
    for (const Metric metric : row)
      if (left[static_cast<size_t>(metric)]) {
        bundle.push_back(metric);
        left.reset(static_cast<size_t>(metric));
      }
    place(bundle, groups);
  }
  std::vector<Metric> software;
  for (size_t i = 0; i < kMetricIds; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (!left[i] || info(metric).group != MetricGroup::perf || info(metric).kind == MetricKind::Derived)
      continue;
    if (needs_counter(metric))
      place({metric}, groups);
    else
      software.push_back(metric);
  }
  if (!software.empty()) groups.push_back(software);
  return groups;
}

}  // namespace cbench
