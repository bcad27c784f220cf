// The formulas of perf's derived metrics.
#include "runtime/collectors/perf_derived.h"

#include <algorithm>
#include <initializer_list>

namespace cbench {
namespace {

const EventDelta& delta(const PerfInterval& interval, Metric metric) { return interval[metric]; }

/// The status that a figure made of these events has.
Status joint_status(const PerfInterval& interval, std::initializer_list<Metric> inputs) {
  Status joint = Status::Ok;
  bool together = true;
  const size_t group = delta(interval, *inputs.begin()).group;
  for (const Metric input : inputs) {
    const EventDelta& event = delta(interval, input);
    if (!has_value(event.status)) return event.status;
    if (event.status == Status::Multiplexed) joint = Status::Multiplexed;
    together = together && event.group == group;
  }
  return joint == Status::Multiplexed && !together ? Status::NotScheduled : joint;
}

DerivedValue quotient(double numerator, double denominator, Status status) {
  if (!has_value(status)) return {0, status};
  if (denominator <= 0) return {0, Status::Unavailable};
  return {numerator / denominator, status};
}

DerivedValue ratio(const PerfInterval& interval, double factor, Metric above, Metric below) {
  return quotient(factor * static_cast<double>(delta(interval, above).value),
                  static_cast<double>(delta(interval, below).value), joint_status(interval, {above, below}));
}

}  // namespace

DerivedValue derive(Metric metric, const PerfInterval& interval) {
  using enum Metric;
  // Multiplexed estimates may say that more cycles stalled than there were.
  const double cycles = static_cast<double>(delta(interval, perf_cycles).value);
  const double active = std::max(cycles - static_cast<double>(delta(interval, perf_stalls_total).value), 0.0);
  switch (metric) {
    case perf_cache_miss_rate:
      return ratio(interval, 1, perf_cache_misses, perf_cache_references);
    case perf_branch_miss_rate:
      return ratio(interval, 1, perf_branch_misses, perf_branch_instructions);
    case perf_instructions_per_cycle:
      return ratio(interval, 1, perf_instructions, perf_cycles);
    case perf_cycles_per_instruction:
      return ratio(interval, 1, perf_cycles, perf_instructions);
    case perf_llc_mpki:
      return ratio(interval, 1000, perf_llc_load_misses, perf_instructions);
    case perf_stalled_cycles_percent:
      return ratio(interval, 100, perf_stalls_total, perf_cycles);
    case perf_stalls_l3_miss_percent:
      return ratio(interval, 100, perf_stalls_l3_miss, perf_cycles);
    case perf_theoretical_ipc:
      return quotient(static_cast<double>(delta(interval, perf_instructions).value), active,
                      joint_status(interval, {perf_instructions, perf_cycles, perf_stalls_total}));
    case perf_ipc_efficiency:
      return quotient(active, cycles, joint_status(interval, {perf_cycles, perf_stalls_total}));
    case perf_running_ratio:
      return {interval.running_ratio, interval.running_status};
    default:
      return {0, Status::Unsupported};
  }
}

}  // namespace cbench
