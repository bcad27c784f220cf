// Actuators: which file each change of the allocation goes to.
#include "runtime/actuators/actuator.h"

#include <algorithm>
#include <optional>
#include <type_traits>

#include <fmt/format.h>
#include <unistd.h>

#include "runtime/actuators/cpu_control.h"
#include "runtime/actuators/freezer.h"
#include "runtime/actuators/rdt_groups.h"
#include "runtime/actuators/tasks.h"

namespace cbench {
namespace {

bool uses(const Plan& plan, ActionResource resource) {
  return std::any_of(plan.acts.begin(), plan.acts.end(),
                     [&](const PlanUse<Verb>& use) { return info(use.what).resource == resource; });
}
bool uses(const Plan& plan, Verb verb) {
  return std::any_of(plan.acts.begin(), plan.acts.end(),
                     [&](const PlanUse<Verb>& use) { return use.what == verb; });
}

/// A started container.
struct Attached {
  CgroupPaths own;                 ///< its own groups; what it shares with others is empty
  std::string tasks;               ///< the one that lists its tasks
  bool cpuset = false;             ///< has it a cpuset of its own
  std::string freezer;             ///< the file that freezes it; empty without one
  int32_t cls = -1;                ///< class that its tasks are kept in
  std::optional<CpuSet> affinity;  ///< mask that its tasks are kept at, where it has no cpuset
};

}  // namespace

struct Actuators::Impl {
  Impl(const Plan& p, const HostFacts& facts, const std::string& run_id, Journal& j)
      : plan(p), rdt_facts(facts.rdt), journal(j), rdt(plan, rdt_facts, run_id, journal), attached(p.slots) {}

  const Plan& plan;
  RdtFacts rdt_facts;
  Journal& journal;
  RdtGroups rdt;
  std::vector<std::optional<Attached>> attached;

  [[nodiscard]] std::string name(size_t slot) const {
    return slot < plan.slot_names.size() ? plan.slot_names[slot] : fmt::format("#{}", slot);
  }

  Result<> move(Attached& container, size_t slot, int32_t cls) {
    if (cls >= static_cast<int32_t>(plan.classes.size()))
      return Error{Exit::Invalid, fmt::format("container {}: there is no class #{}", name(slot), cls), ""};
    if (!rdt.made())
      return Error{Exit::RunFailed, fmt::format("container {}: no class was made for this run", name(slot)),
                   ""};
    if (container.tasks.empty())
      return Error{Exit::RunFailed,
                   fmt::format("container {} has no cgroup of its own to find its tasks by", name(slot)), ""};
    if (auto moved = rdt.assign(container.tasks, cls); !moved) {
      if (auto back = rdt.assign(container.tasks, container.cls); !back)
        moved.error().message += "; and not all of its tasks could be moved back: " + back.error().message;
      return moved;
    }
    container.cls = cls;
    return Done{};
  }

  Result<> pin(Attached& container, size_t slot, const CpuSet& cpus) {
    if (container.cpuset) return set_cpus(container.own.cpuset, cpus, journal);
    if (container.tasks.empty())
      return Error{Exit::RunFailed,
                   fmt::format("container {} has no cgroup of its own to find its tasks by", name(slot)), ""};
    if (auto pinned = set_affinity(container.tasks, cpus); !pinned) {
      if (container.affinity) (void)set_affinity(container.tasks, *container.affinity);
      return pinned;
    }
    container.affinity = cpus;
    return Done{};
  }

  Result<> change_container(const Change& change, const Allocation::Container& goal) {
    const auto slot = static_cast<size_t>(change.index);
    if (!attached[slot])
      return Error{Exit::RunFailed, fmt::format("container {} does not run", name(slot)), ""};
    Attached& container = *attached[slot];
    if (change.target == Target::ContainerQuota) return set_quota(container.own.cpu, goal.quota, journal);
    if (change.target == Target::ContainerPause) return set_frozen(container.freezer, goal.paused, journal);
    if (!container.tasks.empty() && tasks_in(container.tasks).empty())
      return Error{Exit::RunFailed, fmt::format("container {} has ended", name(slot)), ""};
    return change.target == Target::ContainerClass ? move(container, slot, goal.cls)
                                                   : pin(container, slot, goal.cpus);
  }

  Result<> change_class(const Change& change, const Allocation& goal) {
    const auto cls = static_cast<size_t>(change.index);
    const auto by_domain = [&](auto Allocation::Class::* share) {
      RdtGroups::ByDomain<std::remove_cvref_t<decltype(goal.classes[0].*share)>> out;
      for (size_t domain = 0; domain < std::min(goal.domains, rdt_facts.l3_domains.size()); ++domain)
        if ((change.domains >> domain & 1) != 0)
          out.emplace_back(rdt_facts.l3_domains[domain], goal.classes[cls * goal.domains + domain].*share);
      return out;
    };
    if (change.target == Target::ClassL2) return rdt.set_l2(cls, goal.classes[cls * goal.domains].l2);
    return change.target == Target::ClassWays ? rdt.set_ways(cls, by_domain(&Allocation::Class::ways))
                                              : rdt.set_mb(cls, by_domain(&Allocation::Class::mb));
  }
};

Actuators::Actuators(const Plan& plan, const HostFacts& facts, const std::string& run_id, Journal& journal)
    : impl_(std::make_unique<Impl>(plan, facts, run_id, journal)) {}
Actuators::~Actuators() = default;

Result<> Actuators::begin() {
  return uses(impl_->plan, ActionResource::Rdt) ? impl_->rdt.make() : Result<>(Done{});
}

Result<> Actuators::attach(size_t slot, const Started& started, const Allocation& goal) {
  if (slot >= impl_->attached.size() || slot >= goal.containers.size())
    return Error{Exit::Invalid, fmt::format("there is no container #{}", slot), ""};
  const auto ours = cgroups_of(::getpid());
  if (!ours) return ours.error();
  Attached& container = impl_->attached[slot].emplace();
  container.own = own_cgroups(started.cgroup, *ours);
  container.tasks = task_cgroup(container.own);
  container.cpuset = has_cpuset(container.own.cpuset);
  container.freezer = freezer_file(container.own);
  // Journalled now, so that no step has to wait for the disk later.
  if (uses(impl_->plan, Verb::Pin) || uses(impl_->plan, Verb::Cores))
    if (auto journalled = journal_cpus(container.own.cpuset, impl_->journal); !journalled) return journalled;
  if (uses(impl_->plan, Verb::Quota))
    if (auto journalled = journal_quota(container.own.cpu, impl_->journal); !journalled) return journalled;
  if (uses(impl_->plan, Verb::Pause))
    if (auto journalled = journal_frozen(container.freezer, impl_->journal); !journalled) return journalled;
  if (const int32_t own = impl_->plan.own_class(static_cast<int32_t>(slot)); own >= 0 && impl_->rdt.made())
    if (auto created = impl_->rdt.add(static_cast<size_t>(own)); !created) return created;
  const int32_t cls = goal.containers[slot].cls;
  return cls >= 0 && impl_->rdt.made() ? impl_->move(container, slot, cls) : Result<>(Done{});
}

void Actuators::detach(size_t slot) {
  if (slot >= impl_->attached.size() || !impl_->attached[slot]) return;
  // A frozen task takes no SIGTERM, and on v1 no SIGKILL either. What fails here is undone with the rest.
  if (uses(impl_->plan, Verb::Pause) && !impl_->attached[slot]->freezer.empty())
    (void)set_frozen(impl_->attached[slot]->freezer, false, impl_->journal);
  impl_->attached[slot].reset();
  if (const int32_t own = impl_->plan.own_class(static_cast<int32_t>(slot)); own >= 0 && impl_->rdt.made())
    impl_->rdt.remove(static_cast<size_t>(own));
}

Result<> Actuators::apply(const Change& change, const Allocation& goal) {
  const bool of_class = !of_container(change.target);
  const auto index = static_cast<size_t>(change.index);
  const size_t count = of_class ? std::min(goal.classes.size() / goal.domains, impl_->plan.classes.size())
                                : std::min(goal.containers.size(), impl_->attached.size());
  if (change.index < 0 || index >= count)
    return Error{Exit::Invalid,
                 fmt::format("there is no {} #{}", of_class ? "class" : "container", change.index), ""};
  if (!of_class) return impl_->change_container(change, goal.containers[index]);
  if (!impl_->rdt.made()) return Error{Exit::RunFailed, "no class was made for this run", ""};
  return impl_->change_class(change, goal);
}

void Actuators::sync_tasks() {
  for (std::optional<Attached>& container : impl_->attached) {
    if (!container) continue;
    // A failure here is not the end: the container may be on its way out, and the next call tries again.
    if (container->cls >= 0) (void)impl_->rdt.assign(container->tasks, container->cls);
    if (container->affinity) (void)set_affinity(container->tasks, *container->affinity);
  }
}

}  // namespace cbench
