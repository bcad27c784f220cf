// stdlib/policies/cache_aware.cbp by hand. Its one metric is the frame's only column.
#include <bit>

#include "tests/bench/twins/kit.h"
#include "tests/bench/twins/twin.h"

namespace cbench::twins {
namespace {

using abi::i32;
using abi::PolicyContext;

enum Text : i32 { kNoisy, kMisses, kNotJailed, kJailedNo, kColon, kReleased, kNoFit };
enum Class : i32 { kShared, kJail };
enum Rule : i32 { kBegin, kPut, kFree };

struct Watched {
  Ring samples;
  double misses;
  Held noisy_for, calm_for;
  int64_t put_at, freed_at;
  int64_t jailed;
  bool ticked, known, latch;
};

double param(const PolicyContext& c, size_t index) { return std::bit_cast<double>(c.params[index]); }

i32 begin(const PolicyContext& c) {
  const abi::Intrinsics& call = *c.call;
  call.fire(c.host, kBegin, -1);
  call.try_begin(c.host);
  call.layout_clear(c.host);
  call.layout_part(c.host, kJail, static_cast<int64_t>(c.params[2]));
  call.layout_part(c.host, kShared, abi::kRest);
  const bool refused = call.layout(c.host) != 0;
  call.try_end(c.host, refused ? 1 : 0);
  if (!refused) return abi::kGoOn;
  call.text_begin(c.host);
  call.text_piece(c.host, kNoFit);
  call.text_reason(c.host);
  call.stop(c.host);
  return abi::kStopped;
}

void watch(const PolicyContext& c, Watched* all) {
  const double on = param(c, 0), off = param(c, 1);
  for (uint32_t slot = 0; slot < c.slots; ++slot) {
    Watched& w = all[slot];
    w.ticked = c.running[slot] != 0 && due(c.status[slot]);
    if (!w.ticked) continue;
    const auto value = std::bit_cast<double>(c.values[slot]);
    if (measured(c.status[slot]) && std::isfinite(value)) w.samples.push(c.now_ns, value / 1000);
    const std::optional<double> misses = w.samples.mean(c.now_ns - kSecond);
    w.known = misses.has_value();
    if (!w.known) continue;
    w.misses = *misses;
    w.latch = schmitt(w.latch, w.misses, on, off);
  }
}

void fire(const PolicyContext& c, Rule rule, i32 slot, const Watched& w) {
  c.call->fire(c.host, rule, slot);
  c.call->why_flag(c.host, kNoisy, w.latch ? 1 : 0);
  c.call->why_f64(c.host, kMisses, w.misses, static_cast<i32>(Unit::Mpki));
}

/// Plans a move, all or nothing; false when it was refused.
bool try_move(const PolicyContext& c, i32 slot, Class to) {
  c.call->try_begin(c.host);
  const bool refused = c.call->move(c.host, slot, to) != 0;
  c.call->try_end(c.host, refused ? 1 : 0);
  return !refused;
}

void put(const PolicyContext& c, i32 slot, Watched& w) {
  const abi::Intrinsics& call = *c.call;
  fire(c, kPut, slot, w);
  if (!try_move(c, slot, kJail)) {
    call.text_begin(c.host);
    call.text_slot(c.host, slot);
    call.text_piece(c.host, kNotJailed);
    call.text_reason(c.host);
    call.log(c.host, kWarn);
    return;
  }
  ++w.jailed;
  call.text_begin(c.host);
  call.text_piece(c.host, kJailedNo);
  call.text_i64(c.host, w.jailed, static_cast<i32>(Unit::None));
  call.text_piece(c.host, kColon);
  call.text_why(c.host);
  call.annotate(c.host, slot);
}

void set_free(const PolicyContext& c, i32 slot, const Watched& w) {
  fire(c, kFree, slot, w);
  if (!try_move(c, slot, kShared)) return;
  c.call->text_begin(c.host);
  c.call->text_piece(c.host, kReleased);
  c.call->text_why(c.host);
  c.call->annotate(c.host, slot);
}

bool member(const PolicyContext& c, i32 slot, Class cls) {
  return c.running[slot] != 0 && c.call->class_of(c.host, slot) == cls;
}

void step(const PolicyContext& c, Watched* all) {
  watch(c, all);
  const int64_t now1 = c.now_ns + 1;
  const auto slots = static_cast<i32>(c.slots);
  for (i32 slot = 0; slot < slots; ++slot) {
    Watched& w = all[slot];
    if (!member(c, slot, kShared)) {
      w.noisy_for.restart();
    } else if (w.ticked) {
      if (!w.known || !w.latch)
        w.noisy_for.restart();
      else if (w.noisy_for.holds(now1, kSecond / 2) && cooled(w.put_at, now1, 2 * kSecond))
        put(c, slot, w);
    }
  }
  for (i32 slot = 0; slot < slots; ++slot) {
    Watched& w = all[slot];
    if (!member(c, slot, kJail)) {
      w.calm_for.restart();
    } else if (w.ticked) {
      if (!w.known || w.latch)
        w.calm_for.restart();
      else if (w.calm_for.holds(now1, 3 * kSecond * w.jailed) && cooled(w.freed_at, now1, 2 * kSecond))
        set_free(c, slot, w);
    }
  }
}

i32 entry(PolicyContext* c, i32 event, i32 slot) {
  auto* all = reinterpret_cast<Watched*>(c->state);
  switch (static_cast<abi::Event>(event)) {
    case abi::Event::Begin:
      return begin(*c);
    case abi::Event::Start:
      all[slot] = {};
      return abi::kGoOn;
    case abi::Event::Step:
      step(*c, all);
      return abi::kGoOn;
    default:
      return abi::kGoOn;
  }
}

}  // namespace

Twin cache_aware() {
  return {
      entry,
      {"noisy(c)", "misses(c)", " not jailed: ", "jailed #", ": ", "released: ", "two classes do not fit: "},
      0,
      sizeof(Watched)};
}

}  // namespace cbench::twins
