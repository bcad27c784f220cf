// The bookkeeping of a call: firings, decisions, undoing, changes.
#include "stdlib/intrinsics/shadow.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>

#include "stdlib/intrinsics/format.h"

namespace cbench {
namespace {
constexpr size_t kArenaBytes = 1U << 18U;

/// Classes whose ways a policy may set.
size_t divided_classes(const Plan& plan, std::initializer_list<Verb> by) {
  for (const PlanUse<Verb>& use : plan.acts)
    if (std::find(by.begin(), by.end(), use.what) != by.end()) return plan.classes.size();
  return 0;
}
}  // namespace

Shadow::Shadow(const Plan& plan, const HostFacts& facts)
    : plan_(plan),
      facts_(facts),
      choice_(facts),
      solver_(divided_classes(plan, {Verb::Layout, Verb::Ways}), facts.rdt.l3_ways, facts.rdt.l3_shareable,
              facts.rdt.l3_sparse),
      l2_solver_(divided_classes(plan, {Verb::LayoutL2}), facts.rdt.l2_ways, 0, facts.rdt.l2_sparse),
      text_(kArenaBytes) {
  goal_.domains = std::clamp<size_t>(facts.rdt.present ? facts.rdt.l3_domains.size() : 0, 1, kMaxDomains);
  goal_.classes.resize(plan.classes.size() * domains(), fresh_class());
  goal_.containers.resize(plan.slots);
  real_ = goal_;
  for (auto& writers : container_writers_) writers.resize(plan.slots);
  for (auto& writers : class_writers_) writers.resize(goal_.classes.size());
  const size_t classes = plan.classes.size() + 1;
  const auto reserve = [&](auto& by_domain) {
    by_domain.resize(domains());
    for (auto& of_classes : by_domain) of_classes.reserve(classes);
  };
  parts_.reserve(classes);
  placed_.reserve(classes);
  reserve(layout_);
  reserve(wanted_);
  reserve(masks_);
  l2_masks_.reserve(classes);
  constexpr size_t kUsualDepth = 8;
  saved_.resize(kUsualDepth);
  for (Layouts& saved : saved_) reserve(saved);
  offers_.reserve(kMaxCpus);
  records_.reserve(kMaxDecisions);
  undo_.reserve((plan.actions_per_step + 1) * classes * domains());
  tries_.reserve(256);
  trials_.resize(plan.trials);
  for (Trial& trial : trials_) {
    trial.before.reserve(classes * domains() + plan.actions_per_step);
    reserve(trial.layout);
  }
}

Allocation::Class Shadow::fresh_class() const {
  return {all_ways(), in_rate() ? std::numeric_limits<double>::infinity() : 1.0,
          all_ways_of(facts_.rdt.l2_ways)};
}

uint64_t Shadow::all_ways() const { return all_ways_of(facts_.rdt.l3_ways); }

void Shadow::begin_call(int64_t step, int64_t time_ns) {
  if (step != step_) budget_used_ = 0;
  ++call_;
  step_ = step;
  time_ns_ = time_ns;
  rule_ = -1;
  rejected_ = false;
  records_.clear();
  undo_.clear();
  tries_.clear();
  saved_[0] = layout_;
  text_.clear();
  why_length_ = reason_length_ = 0;
  why_is_kept_ = false;
  // Each call is a firing of its own at least, so that an event's writes never count as another rule's of the
  // same step.
  ++firing_;
}

void Shadow::end_call(bool fault) {
  if (fault) {
    undo_to(0);
    layout_ = saved_[0];
    for (Record& r : records_) {
      if (info(r.verb).resource == ActionResource::None || r.outcome != Outcome::Planned) continue;
      r.outcome = Outcome::Refused;
      r.reason = keep("undone, since the policy failed in this step");
    }
  }
  decisions_.clear();
  for (size_t i = 0; i < records_.size(); ++i) {
    const Record& r = records_[i];
    Decision d;
    d.step = step_;
    d.time_ns = time_ns_;
    d.ordinal = static_cast<uint32_t>(i);
    d.rule = r.rule;
    d.verb = r.verb;
    d.slot = r.slot;
    d.cls = r.cls;
    d.domain = r.domain;
    d.value = r.value;
    d.outcome = r.outcome;
    d.detail = text_.view(r.detail);
    d.reason = text_.view(r.reason);
    d.why = text_.view(r.why);
    decisions_.push_back(std::move(d));
  }
  changes_.clear();
  const auto differs = [&](Target target, int32_t slot) {
    if (!same(goal_, real_, target, slot))
      changes_.push_back({.target = target,
                          .index = slot,
                          .decision = writer(target, slot).decision,
                          .follows = writer(target, slot).follows});
  };
  // What one decision changes of a class is one change, so that it is one write.
  const auto class_differs = [&](Target target, int32_t cls) {
    const size_t first = changes_.size();
    for (size_t domain = 0; domain < domains(); ++domain) {
      const int32_t index = place(cls, domain);
      if (same(goal_, real_, target, index)) continue;
      const Writer& w = writer(target, index);
      const auto known = std::find_if(changes_.begin() + static_cast<std::ptrdiff_t>(first), changes_.end(),
                                      [&](const Change& c) { return c.decision == w.decision; });
      const Change change{.target = target,
                          .index = cls,
                          .decision = w.decision,
                          .domains = uint64_t{1} << domain,
                          .follows = w.follows};
      if (known == changes_.end()) {
        changes_.push_back(change);
        continue;
      }
      known->domains |= change.domains;
      known->follows = known->follows && change.follows;
    }
  };
  for (int32_t cls = 0; cls < static_cast<int32_t>(plan_.classes.size()); ++cls) {
    class_differs(Target::ClassWays, cls);
    class_differs(Target::ClassMb, cls);
    class_differs(Target::ClassL2, cls);
  }
  for (int32_t slot = 0; slot < static_cast<int32_t>(goal_.containers.size()); ++slot) {
    if (!goal_.containers[slot].running) continue;  // a start makes it real by itself
    differs(Target::ContainerClass, slot);
    differs(Target::ContainerCpus, slot);
    differs(Target::ContainerQuota, slot);
    differs(Target::ContainerPause, slot);
    differs(Target::ContainerPeriod, slot);
  }
}

void Shadow::failed(const Change& change, const std::string& reason) {
  copy(real_, goal_, change);
  for (size_t domain = 0; domain < domains(); ++domain)  // nor is the layout in force that it belonged to
    if (change.target == Target::ClassWays && (change.domains >> domain & 1) != 0)
      layout_[domain] = saved_[0][domain];
  if (change.decision >= decisions_.size()) return;
  for (const Failure& f : failures_)
    if (f.call == call_ && f.decision == change.decision) return;
  const Decision& d = decisions_[change.decision];
  failures_.push_back({call_, change.decision, d.verb, d.slot, describe(d, plan_), reason});
}

void Shadow::set_placement(int32_t slot, const CpuSet& cpus, double quota) {
  goal_.containers[slot].cpus = real_.containers[slot].cpus = cpus;
  goal_.containers[slot].quota = real_.containers[slot].quota = quota;
}

void Shadow::set_running(int32_t slot, bool running) {
  for (Allocation* a : {&goal_, &real_}) {
    a->containers[slot].running = running;
    a->containers[slot].cls = running ? plan_.first_class(slot) : -1;
    a->containers[slot].paused = false;
    a->containers[slot].period_ns = plan_.period_ns(slot);
  }
  if (const int32_t own = plan_.own_class(slot); own >= 0) forget(own);
  for (auto& writers : container_writers_) writers[slot] = {};
}

void Shadow::forget(int32_t cls) {
  for (size_t domain = 0; domain < domains(); ++domain) {
    const int32_t index = place(cls, domain);
    goal_.classes[index] = real_.classes[index] = fresh_class();
    for (auto& writers : class_writers_) writers[index] = {};
    const auto its = [&](const Part& p) { return p.cls == cls; };
    std::erase_if(layout_[domain], its);
    for (Trial& trial : trials_) {
      std::erase_if(trial.layout[domain], its);
      std::erase_if(trial.before,
                    [&](const Before& b) { return !of_container(b.target) && b.index == index; });
    }
  }
}

Shadow::Writer& Shadow::writer(Target target, int32_t index) {
  const auto i = static_cast<size_t>(target);
  return of_container(target) ? container_writers_[i][index] : class_writers_[i - kContainerTargets][index];
}

void Shadow::copy(const Allocation& from, Allocation& to, const Change& change) {
  if (of_container(change.target)) return copy(from, to, change.target, change.index);
  for (size_t domain = 0; domain < from.domains; ++domain)
    if ((change.domains >> domain & 1) != 0)
      copy(from, to, change.target,
           change.index * static_cast<int32_t>(from.domains) + static_cast<int32_t>(domain));
}

void Shadow::copy(const Allocation& from, Allocation& to, Target target, int32_t index) {
  switch (target) {
    case Target::ContainerClass:
      to.containers[index].cls = from.containers[index].cls;
      break;
    case Target::ContainerCpus:
      to.containers[index].cpus = from.containers[index].cpus;
      break;
    case Target::ContainerQuota:
      to.containers[index].quota = from.containers[index].quota;
      break;
    case Target::ContainerPause:
      to.containers[index].paused = from.containers[index].paused;
      break;
    case Target::ContainerPeriod:
      to.containers[index].period_ns = from.containers[index].period_ns;
      break;
    case Target::ClassWays:
      to.classes[index].ways = from.classes[index].ways;
      break;
    case Target::ClassMb:
      to.classes[index].mb = from.classes[index].mb;
      break;
    case Target::ClassL2:
      to.classes[index].l2 = from.classes[index].l2;
      break;
  }
}

bool Shadow::same(const Allocation& a, const Allocation& b, Target target, int32_t index) {
  switch (target) {
    case Target::ContainerClass:
      return a.containers[index].cls == b.containers[index].cls;
    case Target::ContainerCpus:
      return a.containers[index].cpus == b.containers[index].cpus;
    case Target::ContainerQuota:
      return a.containers[index].quota == b.containers[index].quota;
    case Target::ContainerPause:
      return a.containers[index].paused == b.containers[index].paused;
    case Target::ContainerPeriod:
      return a.containers[index].period_ns == b.containers[index].period_ns;
    case Target::ClassWays:
      return a.classes[index].ways == b.classes[index].ways;
    case Target::ClassMb:
      return a.classes[index].mb == b.classes[index].mb;
    case Target::ClassL2:
      return a.classes[index].l2 == b.classes[index].l2;
  }
  return true;
}

void Shadow::undo_to(size_t mark) {
  while (undo_.size() > mark) {
    const Undo& u = undo_.back();
    if (of_container(u.target))
      goal_.containers[u.index] = u.container;
    else
      goal_.classes[u.index] = u.cls;
    writer(u.target, u.index) = u.writer;
    if (u.counted && budget_used_ > 0) --budget_used_;
    undo_.pop_back();
  }
}

void Shadow::try_begin() {
  tries_.push_back({undo_.size(), records_.size()});
  if (saved_.size() <= tries_.size()) saved_.emplace_back();
  saved_[tries_.size()] = layout_;
}

void Shadow::try_end(bool refused) {
  const Try t = tries_.back();
  if (refused) layout_ = saved_[tries_.size()];
  tries_.pop_back();
  if (!refused) return;
  undo_to(t.undo);
  for (size_t i = t.records; i < records_.size(); ++i) {
    Record& r = records_[i];
    if (info(r.verb).resource == ActionResource::None || r.outcome != Outcome::Planned) continue;
    r.outcome = Outcome::Refused;
    r.reason = keep("undone, since a later action of the same `try` was refused");
  }
}

void Shadow::fire(int32_t rule, int32_t) {
  rule_ = rule;
  ++firing_;
  why_length_ = 0;
  why_is_kept_ = false;
}

void Shadow::why(int32_t label, std::string_view value) {
  const auto add = [&](std::string_view piece) {
    const size_t n = std::min(piece.size(), sizeof why_ - why_length_);
    std::memcpy(why_ + why_length_, piece.data(), n);
    why_length_ += n;
  };
  if (why_length_ > 0) add(", ");
  add(plan_.texts[static_cast<size_t>(label)]);
  add(" = ");
  add(value);
}

TextRef Shadow::keep(std::string_view text) {
  text_.begin();
  text_.append(text);
  return text_.finish();
}

TextRef Shadow::keep_why() {
  if (!why_is_kept_) why_kept_ = keep(why_text());
  why_is_kept_ = true;
  return why_kept_;
}

Shadow::Record& Shadow::record(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail) {
  if (records_.size() == kMaxDecisions) {
    ++dropped_;
    return overflow_ = {};
  }
  Record r;
  r.rule = rule_;
  r.verb = verb;
  r.slot = slot;
  r.cls = cls;
  r.value = value;
  r.outcome = Outcome::Planned;
  r.detail = detail;
  r.why = keep_why();
  records_.push_back(r);
  return records_.back();
}

int32_t Shadow::refuse(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail) {
  return refused(record(verb, slot, cls, value, detail));
}

int32_t Shadow::refused(Record& r) {
  r.outcome = Outcome::Refused;
  r.reason = keep(reason());
  return 1;
}

int32_t Shadow::no_change(Verb verb, int32_t slot, int32_t cls, double value, TextRef detail) {
  record(verb, slot, cls, value, detail).outcome = Outcome::NoChange;
  return 0;
}

void Shadow::say(Verb verb, int32_t slot, double value) {
  const TextRef text = text_.finish();
  record(verb, slot, -1, value, text).outcome = Outcome::Applied;  // done by being recorded
}

void Shadow::emit(int32_t name, double value) {
  record(Verb::Emit, -1, -1, value, keep(plan_.texts[static_cast<size_t>(name)])).outcome = Outcome::Applied;
}

void Shadow::reject(int32_t slot) {
  rejected_ = true;
  const TextRef text = text_.finish();
  stop_reason_ = text_.view(text);
  record(Verb::Reject, slot, -1, 0, text).outcome = Outcome::Applied;
}

void Shadow::stop() {
  const TextRef text = text_.finish();
  stop_reason_ = text_.view(text);
  record(Verb::Stop, -1, -1, 0, text).outcome = Outcome::Applied;
}

}  // namespace cbench
