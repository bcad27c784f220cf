// Trials on the shadow: what a trial changed is remembered, and put back where nobody wrote since.
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "stdlib/intrinsics/shadow.h"

namespace cbench {

namespace {
bool is_mask(Target target) { return target == Target::ClassWays || target == Target::ClassL2; }
}  // namespace

void Shadow::trial_begin(int32_t trial) {
  Trial& t = trials_[static_cast<size_t>(trial)];
  t.undo = undo_.size();
  t.before.clear();
  t.layout = layout_;
}

void Shadow::trial_made(int32_t trial) {
  Trial& t = trials_[static_cast<size_t>(trial)];
  for (size_t i = t.undo; i < undo_.size(); ++i) {
    const Undo& u = undo_[i];
    const bool known = std::any_of(t.before.begin(), t.before.end(), [&](const Before& b) {
      return b.target == u.target && b.index == u.index;
    });
    if (known) continue;  // the first entry has the value before the trial
    const Writer& w = writer(u.target, u.index);
    t.before.push_back({u.target, u.index, u.cls, u.container, w.step, w.firing});
  }
}

/// Neither dwell nor budget holds a revert back: the change has been watched, and leaving it would be
/// another.
void Shadow::put_back(const Before& before) {
  writes(before.target, before.index, false);
  writer(before.target, before.index).follows = true;
  Allocation::Container* c = of_container(before.target) ? &goal_.containers[before.index] : nullptr;
  const auto of_domains = static_cast<int32_t>(domains());
  const int32_t cls = before.index / of_domains;
  const int32_t id = of_domains == 1 ? -1 : domains(before.index % of_domains).id;
  switch (before.target) {
    case Target::ContainerClass:
      c->cls = before.container.cls;
      record(Verb::Move, before.index, c->cls, 0, {});
      break;
    case Target::ContainerCpus:
      c->cpus = before.container.cpus;
      record(Verb::Pin, before.index, -1, 0, cpu_words(c->cpus));
      break;
    case Target::ContainerQuota:
      c->quota = before.container.quota;
      record(Verb::Quota, before.index, -1, c->quota, {});
      break;
    case Target::ContainerPause:
      c->paused = before.container.paused;
      record(c->paused ? Verb::Pause : Verb::Resume, before.index, -1, 0, {});
      break;
    case Target::ContainerPeriod:
      c->period_ns = before.container.period_ns;
      record(Verb::Sample, before.index, -1, static_cast<double>(c->period_ns), {});
      break;
    case Target::ClassWays:
      goal_.classes[before.index].ways = before.cls.ways;
      record(Verb::Ways, -1, cls, std::popcount(before.cls.ways), {}).domain = id;
      break;
    case Target::ClassL2:
      goal_.classes[before.index].l2 = before.cls.l2;
      record(Verb::LayoutL2, -1, -1, 0, l2_words(cls));
      break;
    case Target::ClassMb:
      goal_.classes[before.index].mb = before.cls.mb;
      record(in_rate() ? Verb::MbRate : Verb::Mb, -1, cls, before.cls.mb, {}).domain = id;
      break;
  }
}

void Shadow::trial_revert(int32_t trial, int32_t line) {
  Trial& t = trials_[static_cast<size_t>(trial)];
  const auto mine = [&](const Before& b) {
    const Writer& w = writer(b.target, b.index);
    return w.step == b.step && w.firing == b.firing;
  };
  // Masks depend on one another: they go back together or not at all.
  const bool masks = std::all_of(t.before.begin(), t.before.end(),
                                 [&](const Before& b) { return !is_mask(b.target) || mine(b); });
  why_length_ = 0;
  why_is_kept_ = false;
  const auto words = fmt::format_to_n(why_, sizeof why_, "the trial at line {} is taken back", line);
  why_length_ = std::min(sizeof why_, words.size);
  bool layout = false;
  for (const Before& b : t.before) {
    const bool container = of_container(b.target);
    if (container && !goal_.containers[b.index].running) continue;
    if (is_mask(b.target) ? !masks : !mine(b)) continue;
    put_back(b);
    layout |= b.target == Target::ClassWays;
  }
  if (layout) layout_ = t.layout;
  t.before.clear();
  why_length_ = 0;
  why_is_kept_ = false;
}

}  // namespace cbench
