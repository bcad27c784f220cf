#include "runtime/loop/placement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace cbench {

CpuSet least_used_cpus(const CpuSet& online, const std::vector<CpuSet>& occupied, int64_t count) {
  std::vector<std::pair<int64_t, size_t>> ranking;  // (containers on it, CPU)
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu)
    if (online[cpu])
      ranking.emplace_back(
          std::count_if(occupied.begin(), occupied.end(), [&](const CpuSet& set) { return set[cpu]; }), cpu);
  std::sort(ranking.begin(), ranking.end());
  CpuSet chosen;
  for (size_t i = 0; i < ranking.size() && i < static_cast<size_t>(std::max<int64_t>(count, 0)); ++i)
    chosen.set(ranking[i].second);
  return chosen;
}

int64_t quota_code(double cores) { return std::isfinite(cores) ? std::llround(cores * 1e6) : -1; }
double quota_from_code(int64_t code) {
  return code < 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(code) / 1e6;
}

}  // namespace cbench
