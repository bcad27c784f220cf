// stdlib/policies/parties.cbp by hand, for runs whose first containers are critical, with one target. As the
// policy does, it watches the latencies of all. Its one metric is the frame's only column.
#include <bit>

#include "tests/bench/twins/kit.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

using abi::i32;
using abi::PolicyContext;

enum Text : i32 { kSharesCache };
enum Rule : i32 { kBegin, kStart, kControl };
enum Param : size_t { kHelp, kSpare, kWatch, kPart };
enum Resource : int64_t { kCores, kWays };
enum Trial : i32 { kGive, kTake };
constexpr i32 kLines[] = {48, 53};  ///< of the trials in the policy, which a reverted one names
constexpr i32 kOthers = 0;          ///< the class; those of the critical containers follow
constexpr double kTarget = static_cast<double>(kTargetNs) / 1e9;

struct Service {
  Ring latencies;
  double shortfall;
  int64_t updated;
  Resource wheel;
  bool known;
};

struct Ratio {
  double value;
  bool known;
};

/// Where the task goes on, and what it remembers meanwhile.
struct alignas(16) Run {
  enum Place : i32 { kFirst, kWaiting, kWatching } place;
  Trial trial;
  int64_t until, steps, votes;
  i32 slot;
  Ratio before;
};

double ratio(const PolicyContext& c, Param index) { return std::bit_cast<double>(c.params[index]); }
bool critical(i32 slot) { return slot < kCritical; }
bool member(const PolicyContext& c, i32 slot) { return c.running[slot] != 0 && critical(slot); }

/// What is planned is all or nothing; true when it was refused.
template <class F>
bool attempt(const PolicyContext& c, const F& plan) {
  c.call->try_begin(c.host);
  const bool refused = plan() != 0;
  c.call->try_end(c.host, refused ? 1 : 0);
  return refused;
}

i32 begin(const PolicyContext& c) {
  c.call->fire(c.host, kBegin, -1);
  const bool refused = attempt(c, [&] {
    c.call->layout_clear(c.host);
    c.call->layout_part(c.host, kOthers, abi::kRest);
    return c.call->layout(c.host);
  });
  if (!refused) return abi::kGoOn;
  c.call->text_begin(c.host);
  c.call->text_reason(c.host);
  c.call->stop(c.host);
  return abi::kStopped;
}

void start(const PolicyContext& c, i32 slot) {
  c.call->fire(c.host, kStart, slot);
  if (!critical(slot)) return;
  const auto part = static_cast<int64_t>(c.params[kPart]);
  if (!attempt(c, [&] { return c.call->set_ways(c.host, kOthers + 1 + slot, kEverywhere, part); })) return;
  c.call->text_begin(c.host);
  c.call->text_slot(c.host, slot);
  c.call->text_piece(c.host, kSharesCache);
  c.call->text_reason(c.host);
  c.call->log(c.host, kWarn);
}

Ratio shortfall(const PolicyContext& c, const Service& s) {
  return {s.shortfall, s.known && c.now_ns + 1 - s.updated <= kFresh};
}

/// Watches all; the biggest shortfall of the critical ones.
Ratio watch(const PolicyContext& c, Service* services) {
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot) {
    if (c.running[slot] == 0 || !due(c.status[slot])) continue;
    Service& s = services[slot];
    if (measured(c.status[slot]))
      s.latencies.push(c.now_ns, static_cast<double>(static_cast<int64_t>(c.values[slot])) / 1e9);
    const std::optional<double> latency = s.latencies.mean(c.now_ns - kSecond);
    s.known = latency.has_value() && critical(slot);
    if (s.known) s.shortfall = (*latency - kTarget) / kTarget;
    s.updated = c.now_ns + 1;
  }
  Ratio worst = {0, false};
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot) {
    if (!member(c, slot)) continue;
    const Ratio x = shortfall(c, services[slot]);
    if (!x.known) return {0, false};
    if (!worst.known || x.value > worst.value) worst = x;
  }
  return worst;
}

/// One unit of the resource more or less.
i32 shift(const PolicyContext& c, i32 slot, Resource resource, int64_t by) {
  if (resource == kCores) return c.call->set_cores(c.host, slot, c.call->cores(c.host, slot) + by);
  const i32 cls = kOthers + 1 + slot;
  return c.call->set_ways(c.host, cls, kEverywhere, c.call->ways(c.host, cls, kEverywhere) + by);
}

void turn(Service& s) { s.wheel = s.wheel == kCores ? kWays : kCores; }

/// Begins a trial, unless its plan is refused: then the other resource is next.
void try_out(const PolicyContext& c, Run& run, Service& s, i32 slot, Trial trial) {
  run.trial = trial;
  run.slot = slot;
  run.before = shortfall(c, s);
  c.call->trial_begin(c.host, trial);
  if (attempt(c, [&] { return shift(c, slot, s.wheel, trial == kGive ? 1 : -1); })) {
    turn(s);
    return;
  }
  c.call->trial_made(c.host, trial);
  run.place = Run::kWatching;
  run.until = c.step + static_cast<int64_t>(c.params[kWatch]);
  run.steps = run.votes = 0;
}

/// True when the trial is over.
bool judge(const PolicyContext& c, Run& run, Service& s) {
  const auto take_back = [&] { c.call->trial_revert(c.host, run.trial, kLines[run.trial]); };
  if (c.running[run.slot] == 0) {
    take_back();
    return true;
  }
  ++run.steps;
  const Ratio now = shortfall(c, s);
  if (run.trial == kGive ? now.known && run.before.known && now.value < run.before.value
                         : now.known && now.value < 0)
    ++run.votes;
  if (c.step < run.until) return false;
  if (2 * run.votes > run.steps) return true;
  if (run.trial == kTake) take_back();
  turn(s);
  return true;
}

void choose(const PolicyContext& c, Run& run, Service* services, Ratio worst) {
  if (!worst.known) return;
  const double help = ratio(c, kHelp);
  const bool give = worst.value > help;
  if (!give && !(worst.value < -ratio(c, kSpare))) return;
  i32 chosen = -1;
  for (i32 slot = 0; slot < static_cast<i32>(c.slots); ++slot) {
    if (!member(c, slot)) continue;
    const Ratio x = shortfall(c, services[slot]);
    if (!x.known || (give && !(x.value > help))) continue;
    if (chosen < 0 || (give ? x.value > services[chosen].shortfall : x.value < services[chosen].shortfall))
      chosen = slot;
  }
  if (chosen >= 0) try_out(c, run, services[chosen], chosen, give ? kGive : kTake);
}

void control(const PolicyContext& c, Run& run, Service* services, Ratio worst) {
  c.call->fire(c.host, kControl, -1);
  if (run.place == Run::kWatching) {
    if (!judge(c, run, services[run.slot])) return;
  } else if (run.place == Run::kWaiting) {
    if (c.step < run.until) return;
    choose(c, run, services, worst);
    if (run.place == Run::kWatching) return;
  }
  run.place = Run::kWaiting;
  run.until = c.step + 1;
}

i32 entry(PolicyContext* c, i32 event, i32 slot) {
  auto* run = reinterpret_cast<Run*>(c->state);
  auto* services = reinterpret_cast<Service*>(run + 1);
  switch (static_cast<abi::Event>(event)) {
    case abi::Event::Begin:
      return begin(*c);
    case abi::Event::Start:
      services[slot] = {};
      start(*c, slot);
      return abi::kGoOn;
    case abi::Event::Step:
      control(*c, *run, services, watch(*c, services));
      return abi::kGoOn;
    default:
      return abi::kGoOn;
  }
}

}  // namespace

Twin parties() { return {entry, {" shares the cache: "}, sizeof(Run), sizeof(Service)}; }

}  // namespace cbench::twins
