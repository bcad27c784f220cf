// stdlib/policies/bandwidth_aware.cbp by hand, for a run without critical containers on a host that
// limits bandwidth in percent. Its one metric is the frame's only column.
#include <algorithm>
#include <bit>

#include "tests/bench/twins/kit.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

using abi::i32;
using abi::PolicyContext;

enum Text : i32 { kScarce, kNoFurther, kNotThrottled, kThrottled, kNotGiven, kReleased };
enum Class : i32 { kShared, kSlow };
enum Rule : i32 { kThrottle, kGive, kFree };
enum Param : size_t { kPeak, kHi, kLo, kCut, kLeast };

struct User {
  Ring samples;
  double used;
  int64_t updated;
  bool known;
  Held idle_for;
  int64_t freed_at;
};

struct alignas(16) Run {
  Held scarce_for, plenty_for;
  int64_t throttled_at, gave_at;
  bool known, scarce;
};

double param(const PolicyContext& c, Param index) { return std::bit_cast<double>(c.params[index]); }

bool fresh(const User& u, int64_t now1) { return u.known && now1 - u.updated <= kFresh; }

void watch(const PolicyContext& c, Run& run, User* users) {
  const int64_t now1 = c.now_ns + 1;
  double sum = 0;
  bool complete = true;
  for (uint32_t slot = 0; slot < c.slots; ++slot) {
    if (c.running[slot] == 0) continue;
    User& u = users[slot];
    if (due(c.status[slot])) {
      const auto value = std::bit_cast<double>(c.values[slot]);
      if (measured(c.status[slot]) && std::isfinite(value)) u.samples.push(c.now_ns, value);
      const std::optional<double> used = u.samples.mean(c.now_ns - kSecond);
      u.known = used.has_value();
      u.used = used.value_or(0);
      u.updated = now1;
    }
    if (fresh(u, now1))
      sum += u.used;
    else
      complete = false;
  }
  const double total = sum / param(c, kPeak);
  run.known = complete && std::isfinite(total);
  if (run.known) run.scarce = schmitt(run.scarce, total, param(c, kHi), param(c, kLo));
}

bool member(const PolicyContext& c, i32 slot, Class cls) {
  return c.running[slot] != 0 && c.call->class_of(c.host, slot) == cls;
}

i32 count_slow(const PolicyContext& c) {
  i32 count = 0;
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot)
    if (member(c, slot, kSlow)) ++count;
  return count;
}

/// The biggest user that is not slow yet; -1: there is none.
i32 worst_user(const PolicyContext& c, const User* users) {
  i32 worst = -1;
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot) {
    if (!member(c, slot, kShared) || !fresh(users[slot], c.now_ns + 1)) continue;
    if (worst < 0 || users[slot].used > users[worst].used) worst = slot;
  }
  return worst;
}

void fire(const PolicyContext& c, Rule rule, i32 slot, const Run& run) {
  c.call->fire(c.host, rule, slot);
  c.call->why_flag(c.host, kScarce, run.scarce ? 1 : 0);
}

bool try_mb(const PolicyContext& c, double ratio) {
  c.call->try_begin(c.host);
  const bool refused = c.call->set_mb(c.host, kSlow, kEverywhere, ratio) != 0;
  c.call->try_end(c.host, refused ? 1 : 0);
  return !refused;
}

void warn(const PolicyContext& c, i32 slot, Text text) {
  c.call->text_begin(c.host);
  if (slot >= 0) c.call->text_slot(c.host, slot);
  c.call->text_piece(c.host, text);
  c.call->text_reason(c.host);
  c.call->log(c.host, kWarn);
}

void remark(const PolicyContext& c, i32 slot, Text text) {
  c.call->text_begin(c.host);
  c.call->text_piece(c.host, text);
  c.call->text_why(c.host);
  c.call->annotate(c.host, slot);
}

void throttle(const PolicyContext& c, const Run& run, const User* users) {
  const abi::Intrinsics& call = *c.call;
  const double least = param(c, kLeast), cut = param(c, kCut);
  fire(c, kThrottle, -1, run);
  if (count_slow(c) > 0 && call.mb(c.host, kSlow, kEverywhere) >= least + cut / 2) {
    if (!try_mb(c, std::max(least, call.mb(c.host, kSlow, kEverywhere) - cut))) warn(c, -1, kNoFurther);
    return;
  }
  const i32 worst = worst_user(c, users);
  if (worst < 0) return;
  call.try_begin(c.host);
  const bool refused = call.move(c.host, worst, kSlow) != 0 ||
                       call.set_mb(c.host, kSlow, kEverywhere,
                                   std::max(least, call.mb(c.host, kSlow, kEverywhere) - cut)) != 0;
  call.try_end(c.host, refused ? 1 : 0);
  if (refused)
    warn(c, worst, kNotThrottled);
  else
    remark(c, worst, kThrottled);
}

void give(const PolicyContext& c, const Run& run) {
  fire(c, kGive, -1, run);
  const double mb = c.call->mb(c.host, kSlow, kEverywhere);
  if (mb < 1 && !try_mb(c, std::min(1.0, mb + param(c, kCut)))) warn(c, -1, kNotGiven);
}

void set_free(const PolicyContext& c, i32 slot, const Run& run) {
  fire(c, kFree, slot, run);
  c.call->try_begin(c.host);
  const bool refused = c.call->move(c.host, slot, kShared) != 0;
  c.call->try_end(c.host, refused ? 1 : 0);
  if (!refused) remark(c, slot, kReleased);
}

void step(const PolicyContext& c, Run& run, User* users) {
  watch(c, run, users);
  const int64_t now1 = c.now_ns + 1;
  const bool scarce = run.known && run.scarce, plenty = run.known && !run.scarce;
  if (!scarce)
    run.scarce_for.restart();
  else if (run.scarce_for.holds(now1, kSecond / 2) && cooled(run.throttled_at, now1, kSecond))
    throttle(c, run, users);
  if (!plenty)
    run.plenty_for.restart();
  else if (run.plenty_for.holds(now1, 2 * kSecond) && cooled(run.gave_at, now1, kSecond))
    give(c, run);
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot) {
    User& u = users[slot];
    if (!member(c, slot, kSlow) || !plenty || c.call->mb(c.host, kSlow, kEverywhere) < 1)
      u.idle_for.restart();
    else if (u.idle_for.holds(now1, kSecond) && cooled(u.freed_at, now1, kSecond))
      set_free(c, slot, run);
  }
}

i32 entry(PolicyContext* c, i32 event, i32 slot) {
  auto* run = reinterpret_cast<Run*>(c->state);
  auto* users = reinterpret_cast<User*>(run + 1);
  switch (static_cast<abi::Event>(event)) {
    case abi::Event::Start:
      users[slot] = {};
      return abi::kGoOn;
    case abi::Event::Step:
      step(*c, *run, users);
      return abi::kGoOn;
    default:
      return abi::kGoOn;
  }
}

}  // namespace

Twin bandwidth_aware() {
  return {entry,
          {"scarce", "no further throttling: ", " is not throttled: ", "throttled: ",
           "bandwidth is not given back: ", "released: "},
          sizeof(Run),
          sizeof(User)};
}

}  // namespace cbench::twins
