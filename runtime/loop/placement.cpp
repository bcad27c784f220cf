#include "runtime/loop/placement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stdlib/intrinsics/cpu_choice.h"

namespace cbench {
namespace {

/// One starts, at the same time perhaps, before the other has stopped.
bool overlap(const ContainerSpec& a, const ContainerSpec& b) {
  return a.start_ns <= b.stop_ns && b.start_ns <= a.stop_ns;
}

}  // namespace

CpuSet choose_cpus(const HostFacts& facts, const std::vector<CpuSet>& occupied, int64_t count,
                   const CpuSet& own) {
  CpuChoice choice(facts);
  for (const CpuSet& cpus : occupied) choice.add_other(cpus);
  choice.keep_for_last(own);
  CpuSet chosen;
  choice.resize(chosen, static_cast<size_t>(std::max<int64_t>(count, 0)));
  return chosen;
}

CpuSet foreseen_cpus(const RunSpec& spec, const HostFacts& facts) {
  std::vector<const ContainerSpec*> floating;
  for (const ContainerSpec& c : spec.containers)
    if (c.cores.value.none()) floating.push_back(&c);
  if (!floating.empty() && spec.admission != Admission::Share) return facts.online;  // whichever is free
  // As they start, then as they are listed.
  std::sort(floating.begin(), floating.end(), [](const ContainerSpec* a, const ContainerSpec* b) {
    return a->start_ns != b->start_ns ? a->start_ns < b->start_ns : a < b;
  });
  CpuSet all;
  std::vector<CpuSet> given;  // to the first of `floating`
  for (const ContainerSpec* c : floating) {
    std::vector<CpuSet> occupied;
    for (const ContainerSpec& other : spec.containers)
      if (overlap(other, *c)) occupied.push_back(other.cores.value);
    for (size_t i = 0; i < given.size(); ++i)
      if (overlap(*floating[i], *c)) occupied.push_back(given[i]);
    given.push_back(choose_cpus(facts, occupied, c->num_cores));
    all |= given.back();
  }
  return all;
}

int64_t quota_code(double cores) { return std::isfinite(cores) ? std::llround(cores * 1e6) : -1; }
double quota_from_code(int64_t code) {
  return code < 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(code) / 1e6;
}

}  // namespace cbench
