// The actions on the shadow: what is possible on this host, and which limit says no.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

bool Shadow::cpu_in(int32_t slot, int32_t cpu) const {
  const CpuSet& cpus = goal_.containers[slot].cpus;
  return static_cast<size_t>(cpu) < kMaxCpus &&
         (cpus.none() ? facts_.online[static_cast<size_t>(cpu)] : cpus[static_cast<size_t>(cpu)]);
}

bool Shadow::runs(int32_t slot) {
  if (goal_.containers[slot].running) return true;
  Reason(*this, "`{}` does not run", plan_.slot_names[static_cast<size_t>(slot)]);
  return false;
}

bool Shadow::exists(int32_t cls) {
  const int32_t owner = plan_.owner(cls);
  return owner < 0 || runs(owner);
}

void Shadow::no_class(Verb verb, int32_t slot, int32_t name) {
  Reason(*this, "`{}` has no `{}`", plan_.slot_names[static_cast<size_t>(slot)],
         plan_.texts[static_cast<size_t>(name)]);
  text_.begin();
  text_.append(plan_.texts[static_cast<size_t>(name)]);
  for (const std::string_view piece :
       {std::string_view("("), std::string_view(plan_.slot_names[static_cast<size_t>(slot)]),
        std::string_view(")")})
    text_.append(piece);
  refuse(verb, slot, -1, 0, text_.finish());
}

bool Shadow::has_rdt(bool available, const char* what) {
  if (available) return true;
  if (!facts_.rdt.present)
    Reason(*this, "this host has no RDT: {}", facts_.rdt.absent_reason);
  else
    Reason(*this, "this host's RDT has no {}", what);
  return false;
}

bool Shadow::may_write(Target target, int32_t index) {
  const Writer& w = writer(target, index);
  if (w.asked_step == step_ && w.asked_firing != firing_ && w.rule >= 0) {
    Reason(*this, "set by the rule at line {} in this step", plan_.rules[static_cast<size_t>(w.rule)].line);
    return false;
  }
  const int64_t rested = w.asked_step == INT64_MIN ? INT64_MAX : step_ - w.asked_step;
  if (rested > 0 && rested < plan_.dwell_steps) {
    Reason(*this, "changed {} step{} ago; a target rests for {}", rested, rested == 1 ? "" : "s",
           plan_.dwell_steps);
    return false;
  }
  const bool refines = w.asked_step == step_ && w.asked_firing == firing_;
  if (!refines && budget_used_ >= plan_.actions_per_step) {
    Reason(*this, "the step's {} actions are used up", plan_.actions_per_step);
    return false;
  }
  return true;
}

void Shadow::writes(Target target, int32_t index, bool first, bool asked) {
  Writer& w = writer(target, index);
  Undo u;
  u.target = target;
  u.index = index;
  if (of_container(target))
    u.container = goal_.containers[index];
  else
    u.cls = goal_.classes[index];
  u.writer = w;
  u.counted = first && !(w.asked_step == step_ && w.asked_firing == firing_);
  undo_.push_back(u);
  if (u.counted) ++budget_used_;
  w.follows = !asked && (w.step != step_ || w.follows);
  w.step = step_;
  w.firing = firing_;
  if (asked) {
    w.asked_step = step_;
    w.asked_firing = firing_;
    w.rule = rule_;
  }
  if (asked || w.call != call_) {
    w.decision = static_cast<uint32_t>(records_.size());
    w.call = call_;
  }
}

int32_t Shadow::move(int32_t slot, int32_t cls) {
  Allocation::Container& c = goal_.containers[slot];
  if (!has_rdt(facts_.rdt.l3_allocation || facts_.rdt.l2_allocation || facts_.rdt.mb_allocation,
               "allocation"))
    return refuse(Verb::Move, slot, cls, 0, {});
  if (!runs(slot)) return refuse(Verb::Move, slot, cls, 0, {});
  if (const int32_t owner = plan_.owner(cls); owner >= 0 && owner != slot) {
    Reason(*this, "`{}` is for `{}` alone", plan_.classes[static_cast<size_t>(cls)],
           plan_.slot_names[static_cast<size_t>(owner)]);
    return refuse(Verb::Move, slot, cls, 0, {});
  }
  if (c.cls == cls) return no_change(Verb::Move, slot, cls, 0, {});
  if (!may_write(Target::ContainerClass, slot)) return refuse(Verb::Move, slot, cls, 0, {});
  writes(Target::ContainerClass, slot, true);
  c.cls = cls;
  record(Verb::Move, slot, cls, 0, {});
  return 0;
}

int32_t Shadow::set_quota(int32_t slot, double cores) {
  constexpr double kLeast =
      0.01;  // the kernel's smallest quota, 1 ms, in the usual period of 100 ms (sched-bwc)
  Allocation::Container& c = goal_.containers[slot];
  if (!(cores >= kLeast)) {
    Reason(*this, "a quota is at least 1% of a core, not {:.4g}%", cores * 100);
    return refuse(Verb::Quota, slot, -1, cores, {});
  }
  if (!runs(slot)) return refuse(Verb::Quota, slot, -1, cores, {});
  if (c.quota == cores) return no_change(Verb::Quota, slot, -1, cores, {});
  if (!may_write(Target::ContainerQuota, slot)) return refuse(Verb::Quota, slot, -1, cores, {});
  writes(Target::ContainerQuota, slot, true);
  c.quota = cores;
  record(Verb::Quota, slot, -1, cores, {});
  return 0;
}

int32_t Shadow::set_paused(int32_t slot, bool paused) {
  const Verb verb = paused ? Verb::Pause : Verb::Resume;
  Allocation::Container& c = goal_.containers[slot];
  if (!runs(slot)) return refuse(verb, slot, -1, 0, {});
  if (c.paused == paused) return no_change(verb, slot, -1, 0, {});
  if (!may_write(Target::ContainerPause, slot)) return refuse(verb, slot, -1, 0, {});
  writes(Target::ContainerPause, slot, true);
  c.paused = paused;
  record(verb, slot, -1, 0, {});
  return 0;
}

int32_t Shadow::set_period(int32_t slot, int64_t ns) {
  const auto value = static_cast<double>(ns);
  Allocation::Container& c = goal_.containers[slot];
  if (!runs(slot)) return refuse(Verb::Sample, slot, -1, value, {});
  if (c.period_ns == ns) return no_change(Verb::Sample, slot, -1, value, {});
  if (!may_write(Target::ContainerPeriod, slot)) return refuse(Verb::Sample, slot, -1, value, {});
  writes(Target::ContainerPeriod, slot, true);
  c.period_ns = ns;
  record(Verb::Sample, slot, -1, value, {});
  return 0;
}

void Shadow::cpus_clear() {
  cpus_.reset();
  offers_.clear();
  cpus_bad_ = cpus_short_ = false;
}

void Shadow::cpus_add(int32_t cpu) {
  if (cpu < 0 || static_cast<size_t>(cpu) >= kMaxCpus)
    cpus_bad_ = true;
  else
    cpus_.set(static_cast<size_t>(cpu));
}

void Shadow::cpus_take(int64_t count, bool highest) {
  std::sort(offers_.begin(), offers_.end(), [&](const Offer& a, const Offer& b) {
    if (a.key != b.key) return highest ? a.key > b.key : a.key < b.key;
    return a.cpu < b.cpu;
  });
  cpus_short_ = count < 1 || count > static_cast<int64_t>(offers_.size());
  for (int64_t i = 0; i < count && i < static_cast<int64_t>(offers_.size()); ++i)
    cpus_add(offers_[static_cast<size_t>(i)].cpu);
}

/// "0-3,6": a set of CPUs as resctrl and cpusets write it.
TextRef Shadow::cpu_words(const CpuSet& cpus) {
  text_.begin();
  bool any = false;
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!cpus[cpu]) continue;
    const size_t first = cpu;
    while (cpu + 1 < kMaxCpus && cpus[cpu + 1]) ++cpu;
    char piece[32];
    const auto n = cpu > first ? fmt::format_to_n(piece, sizeof piece, "{}{}-{}", any ? "," : "", first, cpu)
                               : fmt::format_to_n(piece, sizeof piece, "{}{}", any ? "," : "", first);
    text_.append({piece, n.size});
    any = true;
  }
  return text_.finish();
}

int32_t Shadow::pin(int32_t slot) {
  Allocation::Container& c = goal_.containers[slot];
  const CpuSet offline = cpus_ & ~facts_.online;
  const TextRef detail = cpu_words(cpus_);
  if (cpus_bad_)
    Reason(*this, "a CPU number is out of range");
  else if (cpus_short_)
    Reason(*this, "there are {} CPUs to choose from", offers_.size());
  else if (cpus_.none())
    Reason(*this, "the set of CPUs is empty");
  else if (offline.any())
    Reason(*this, "CPU {} is not there or offline", offline._Find_first());
  if (cpus_bad_ || cpus_short_ || cpus_.none() || offline.any())
    return refuse(Verb::Pin, slot, -1, 0, detail);
  if (c.cpus == cpus_) return no_change(Verb::Pin, slot, -1, 0, detail);
  if (!may_write(Target::ContainerCpus, slot)) return refuse(Verb::Pin, slot, -1, 0, detail);
  writes(Target::ContainerCpus, slot, true);
  c.cpus = cpus_;
  record(Verb::Pin, slot, -1, 0, detail);
  return 0;
}

}  // namespace cbench
