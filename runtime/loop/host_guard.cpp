#include "runtime/loop/host_guard.h"

#include <algorithm>

#include <fmt/format.h>

namespace cbench {

HostGuard::HostGuard(const Plan& plan, size_t domains)
    : plan_(plan),
      domains_(std::clamp<size_t>(domains, 1, kMaxDomains)),
      containers_(kContainerTargets * plan.slots, kNever),
      classes_(kClassTargets * plan.classes.size() * domains_, kNever) {}

/// Calls `use` with the step of the last change of each thing that the change is about.
template <class Use>
void HostGuard::each(const Change& change, Use use) {
  const auto target = static_cast<size_t>(change.target);
  const auto index = static_cast<size_t>(change.index);
  if (of_container(change.target)) {
    if (index < plan_.slots) use(containers_[target * plan_.slots + index]);
    return;
  }
  const size_t first = ((target - kContainerTargets) * plan_.classes.size() + index) * domains_;
  for (size_t domain = 0; domain < domains_; ++domain)
    if (index < plan_.classes.size() && (change.domains >> domain & 1) != 0) use(classes_[first + domain]);
}

Result<> HostGuard::allow(int64_t step, const Change& change) {
  if (change.follows) return Done{};
  if (step != step_) used_ = 0;
  step_ = step;
  const uint64_t budget = uint64_t{plan_.actions_per_step} * std::max<size_t>(plan_.classes.size(), 1);
  if (used_ >= budget)
    return Error{Exit::RunFailed, fmt::format("the step's {} changes of the host are used up", budget), ""};
  int64_t latest = kNever;
  each(change, [&](int64_t& last) { latest = std::max(latest, last); });
  if (latest != kNever && latest < step && step - latest < plan_.dwell_steps)
    return Error{Exit::RunFailed,
                 fmt::format("changed {} step{} ago; a target rests for {}", step - latest,
                             step - latest == 1 ? "" : "s", plan_.dwell_steps),
                 ""};
  ++used_;
  each(change, [&](int64_t& last) { last = step; });
  return Done{};
}

void HostGuard::forget(int32_t slot) {
  for (size_t target = 0; target < kContainerTargets; ++target)
    each({.target = static_cast<Target>(target), .index = slot}, [](int64_t& last) { last = kNever; });
  const int32_t own = plan_.own_class(slot);
  for (const Target target : {Target::ClassWays, Target::ClassMb, Target::ClassL2})
    if (own >= 0)
      each({.target = target, .index = own, .domains = ~uint64_t{0}}, [](int64_t& last) { last = kNever; });
}

}  // namespace cbench
