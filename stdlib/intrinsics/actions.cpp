// The actions on the shadow: what is possible on this host, and which limit says no.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "stdlib/abi/bandwidth.h"
#include "stdlib/intrinsics/reason.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {

bool Shadow::cpu_in(int32_t slot, int32_t cpu) const {
  const CpuSet& cpus = goal_.containers[slot].cpus;
  return static_cast<size_t>(cpu) < kMaxCpus &&
         (cpus.none() ? facts_.online[static_cast<size_t>(cpu)] : cpus[static_cast<size_t>(cpu)]);
}

int64_t Shadow::ways(int32_t cls) const { return std::popcount(goal_.classes[cls].ways); }

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
  if (!has_rdt(facts_.rdt.l3_allocation || facts_.rdt.mb_allocation, "allocation"))
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

/// Masks for the parts that move the fewest bits. False, with the reason, when they do not fit.
bool Shadow::solve(const std::vector<Part>& parts, std::vector<uint64_t>& masks) {
  const auto all = static_cast<int64_t>(std::popcount(all_ways()));
  const auto least = static_cast<int64_t>(facts_.rdt.l3_min_bits);
  int64_t used = 0;
  bool rest = false;
  for (const Part& p : parts) {
    if (p.ways == abi::kRest) {
      rest = true;
      continue;
    }
    const std::string& name = plan_.classes[static_cast<size_t>(p.cls)];
    if (p.ways < least) {
      Reason(*this, "`{}` gets {} way{}, at least {} are needed", name, p.ways, p.ways == 1 ? "" : "s",
             least);
      return false;
    }
    if (p.ways > all) {
      Reason(*this, "`{}` gets {} ways, the cache has {}", name, p.ways, all);
      return false;
    }
    used += p.ways;
  }
  if (used + (rest ? least : 0) > all) {
    Reason(*this, "{} ways are needed, the cache has {}", used + (rest ? least : 0), all);
    return false;
  }
  placed_.clear();
  for (const Part& p : parts)
    placed_.push_back(
        {goal_.classes[p.cls].ways, static_cast<uint32_t>(p.ways == abi::kRest ? all - used : p.ways)});
  solver_.solve(placed_, masks);
  return true;
}

/// Puts `wanted_` in force. `asked` is the one class that the action names, or -1 for all of them.
int32_t Shadow::apply_layout(Verb verb, int32_t cls, double value, TextRef detail, int32_t asked) {
  if (!solve(wanted_, masks_)) return refuse(verb, -1, cls, value, detail);
  bool differs = false;
  for (size_t i = 0; i < wanted_.size(); ++i) {
    const int32_t part = wanted_[i].cls;
    if (goal_.classes[part].ways == masks_[i]) continue;
    differs = true;
    // A neighbour that gives way to the named class has not been asked for anything.
    if ((asked < 0 || asked == part) && !may_write(Target::ClassWays, part))
      return refuse(verb, -1, cls, value, detail);
  }
  if (differs) {
    bool first = true;
    for (size_t i = 0; i < wanted_.size(); ++i) {
      if (goal_.classes[wanted_[i].cls].ways == masks_[i]) continue;
      writes(Target::ClassWays, wanted_[i].cls, first, asked < 0 || asked == wanted_[i].cls);
      goal_.classes[wanted_[i].cls].ways = masks_[i];
      first = false;
    }
    record(verb, -1, cls, value, detail);
  }
  layout_.assign(wanted_.begin(), wanted_.end());
  return differs ? 0 : no_change(verb, -1, cls, value, detail);
}

int32_t Shadow::layout() {
  text_.begin();
  for (const Part& p : parts_) {
    char piece[160];
    const auto n = p.ways == abi::kRest
                       ? fmt::format_to_n(piece, sizeof piece, "{}{}:rest", &p == parts_.data() ? "" : " ",
                                          plan_.classes[static_cast<size_t>(p.cls)])
                       : fmt::format_to_n(piece, sizeof piece, "{}{}:{}", &p == parts_.data() ? "" : " ",
                                          plan_.classes[static_cast<size_t>(p.cls)], p.ways);
    text_.append({piece, std::min(sizeof piece, n.size)});
  }
  const TextRef detail = text_.finish();
  if (!has_rdt(facts_.rdt.l3_allocation, "L3 cache allocation"))
    return refuse(Verb::Layout, -1, -1, 0, detail);
  for (const Part& p : parts_) {
    if (p.ways == abi::kRest || p.ways >= 1) continue;
    Reason(*this, "`{}` gets {} ways", plan_.classes[static_cast<size_t>(p.cls)], p.ways);
    return refuse(Verb::Layout, -1, -1, 0, detail);
  }
  wanted_.assign(parts_.begin(), parts_.end());
  return apply_layout(Verb::Layout, -1, 0, detail, -1);
}

int32_t Shadow::set_ways(int32_t cls, int64_t n) {
  const auto value = static_cast<double>(n);
  if (!has_rdt(facts_.rdt.l3_allocation, "L3 cache allocation"))
    return refuse(Verb::Ways, -1, cls, value, {});
  if (!exists(cls)) return refuse(Verb::Ways, -1, cls, value, {});
  if (n < 1) {
    Reason(*this, "a class has at least {} way{}", facts_.rdt.l3_min_bits,
           facts_.rdt.l3_min_bits == 1 ? "" : "s");
    return refuse(Verb::Ways, -1, cls, value, {});
  }
  wanted_.assign(layout_.begin(), layout_.end());
  const auto at = std::find_if(wanted_.begin(), wanted_.end(), [&](const Part& p) { return p.cls == cls; });
  if (at != wanted_.end()) {
    if (at->ways == abi::kRest && ways(cls) == n) return no_change(Verb::Ways, -1, cls, value, {});
    at->ways = n;
  } else {
    wanted_.push_back({cls, n});  // a class outside the layout in force gets bits of its own
  }
  return apply_layout(Verb::Ways, cls, value, {}, cls);
}

int32_t Shadow::put_mb(Verb verb, int32_t cls, double value) {
  if (goal_.classes[cls].mb == value) return no_change(verb, -1, cls, value, {});
  if (!may_write(Target::ClassMb, cls)) return refuse(verb, -1, cls, value, {});
  writes(Target::ClassMb, cls, true);
  goal_.classes[cls].mb = value;
  record(verb, -1, cls, value, {});
  return 0;
}

bool Shadow::has_mb(Verb verb) {
  if (!has_rdt(facts_.rdt.mb_allocation, "memory bandwidth allocation")) return false;
  const std::string_view why = why_not_mb(verb, facts_.rdt);
  if (!why.empty()) Reason(*this, "{}", why);
  return why.empty();
}

int32_t Shadow::set_mb(int32_t cls, double ratio) {
  if (!has_mb(Verb::Mb) || !exists(cls)) return refuse(Verb::Mb, -1, cls, ratio, {});
  const double step = facts_.rdt.mb_step();
  const double percent = std::round(ratio * 100 / step) * step;
  if (!(percent >= facts_.rdt.mb_min)) {
    Reason(*this, "{:.4g}% is below the minimum of {}%", ratio * 100, facts_.rdt.mb_min);
    return refuse(Verb::Mb, -1, cls, ratio, {});
  }
  if (percent > 100) {
    Reason(*this, "{:.4g}% is above 100%", ratio * 100);
    return refuse(Verb::Mb, -1, cls, ratio, {});
  }
  return put_mb(Verb::Mb, cls, percent / 100);
}

double Shadow::mb_rate(int32_t cls) const {
  return in_rate() ? goal_.classes[cls].mb : std::numeric_limits<double>::infinity();
}

int32_t Shadow::set_mb_rate(int32_t cls, double rate) {
  if (!has_mb(Verb::MbRate) || !exists(cls)) return refuse(Verb::MbRate, -1, cls, rate, {});
  const double step = facts_.rdt.mb_unit_rate() * facts_.rdt.mb_step();
  const double value = std::round(rate / step) * step;
  if (!(value >= facts_.rdt.mb_least_rate())) {
    Reason(*this, "{:.4g} MB/s is below the minimum of {:.4g} MB/s", rate / 1e6,
           facts_.rdt.mb_least_rate() / 1e6);
    return refuse(Verb::MbRate, -1, cls, rate, {});
  }
  return put_mb(Verb::MbRate, cls, value);
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
