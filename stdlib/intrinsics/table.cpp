// The pointer table: each line of intrinsics.def bound to the shadow. A line without a binding does not
// compile.
#include <algorithm>

#include "stdlib/intrinsics/format.h"
#include "stdlib/intrinsics/math.h"
#include "stdlib/intrinsics/percentile.h"
#include "stdlib/intrinsics/shadow.h"

namespace cbench {
namespace {

using abi::f64;
using abi::host;
using abi::i32;
using abi::i64;

Shadow& of(host h) { return *static_cast<Shadow*>(h); }

namespace bound {

constexpr size_t kNumberBytes = 64;

f64 exp2(f64 x) { return exp2_exact(x); }
f64 log2(f64 x) { return log2_exact(x); }
f64 percentile(abi::ring samples, i64 capacity, i64 next, i64 count, i32 percent) {
  return percentile_of(samples, capacity, next, count, percent);
}
void sort(abi::entries first, i64 count) {
  std::sort(first, first + count, [](const abi::SortEntry& a, const abi::SortEntry& b) {
    return a.key != b.key ? a.key < b.key : a.element < b.element;
  });
}
i32 class_of(host h, i32 slot) { return of(h).class_of(slot); }
i32 cpu_in(host h, i32 slot, i32 cpu) { return of(h).cpu_in(slot, cpu) ? 1 : 0; }
i64 ways(host h, i32 cls, i32 domain) { return of(h).ways(cls, domain); }
f64 mb(host h, i32 cls, i32 domain) { return of(h).mb(cls, domain); }
f64 mb_rate(host h, i32 cls, i32 domain) { return of(h).mb_rate(cls, domain); }
f64 quota(host h, i32 slot) { return of(h).quota(slot); }
void fire(host h, i32 rule, i32 slot) { of(h).fire(rule, slot); }
void why_f64(host h, i32 label, f64 value, i32 unit) {
  char buffer[kNumberBytes];
  of(h).why(label, format_value(value, static_cast<Unit>(unit), buffer, sizeof buffer));
}
void why_flag(host h, i32 label, i32 value) { of(h).why(label, value != 0 ? "true" : "false"); }
void why_text(host h, i32 label, i32 text) {
  of(h).why(label, of(h).plan().texts[static_cast<size_t>(text)]);
}
void why_missing(host h, i32 label) { of(h).why(label, "missing"); }
void try_begin(host h) { of(h).try_begin(); }
void try_end(host h, i32 refused) { of(h).try_end(refused != 0); }
i32 move(host h, i32 slot, i32 cls) { return of(h).move(slot, cls); }
void no_class(host h, i32 verb, i32 slot, i32 name) { of(h).no_class(static_cast<Verb>(verb), slot, name); }
void layout_clear(host h) { of(h).layout_clear(); }
void layout_part(host h, i32 cls, i64 n) { of(h).layout_part(cls, n); }
i32 layout(host h) { return of(h).layout(); }
i32 layout_l2(host h) { return of(h).layout_l2(); }
i32 set_ways(host h, i32 cls, i32 domain, i64 n) { return of(h).set_ways(cls, domain, n); }
i32 set_mb(host h, i32 cls, i32 domain, f64 ratio) { return of(h).set_mb(cls, domain, ratio); }
i32 set_mb_rate(host h, i32 cls, i32 domain, f64 rate) { return of(h).set_mb_rate(cls, domain, rate); }
i32 set_quota(host h, i32 slot, f64 cores) { return of(h).set_quota(slot, cores); }
i64 cores(host h, i32 slot) { return of(h).cores(slot); }
i32 set_cores(host h, i32 slot, i64 n) { return of(h).set_cores(slot, n); }
i32 paused(host h, i32 slot) { return of(h).paused(slot) ? 1 : 0; }
i32 set_paused(host h, i32 slot, i32 paused) { return of(h).set_paused(slot, paused != 0); }
i32 set_period(host h, i32 slot, i64 ns) { return of(h).set_period(slot, ns); }
void cpus_clear(host h) { of(h).cpus_clear(); }
void cpus_add(host h, i32 cpu) { of(h).cpus_add(cpu); }
void cpus_offer(host h, i32 cpu, f64 key) { of(h).cpus_offer(cpu, key); }
void cpus_take(host h, i64 count, i32 highest) { of(h).cpus_take(count, highest != 0); }
i32 pin(host h, i32 slot) { return of(h).pin(slot); }
void trial_begin(host h, i32 trial) { of(h).trial_begin(trial); }
void trial_made(host h, i32 trial) { of(h).trial_made(trial); }
void trial_revert(host h, i32 trial, i32 line) { of(h).trial_revert(trial, line); }
void text_begin(host h) { of(h).text_begin(); }
void text_piece(host h, i32 text) { of(h).text_append(of(h).plan().texts[static_cast<size_t>(text)]); }
void text_f64(host h, f64 value, i32 unit) {
  char buffer[kNumberBytes];
  of(h).text_append(format_value(value, static_cast<Unit>(unit), buffer, sizeof buffer));
}
void text_i64(host h, i64 value, i32 unit) {
  char buffer[kNumberBytes];
  of(h).text_append(format_value(value, static_cast<Unit>(unit), buffer, sizeof buffer));
}
void text_flag(host h, i32 value) { of(h).text_append(value != 0 ? "true" : "false"); }
void text_missing(host h) { of(h).text_append("missing"); }
void text_slot(host h, i32 slot) { of(h).text_append(of(h).plan().slot_names[static_cast<size_t>(slot)]); }
void text_reason(host h) { of(h).text_reason(); }
void text_failure(host h) { of(h).text_failure(); }
void text_failed(host h) { of(h).text_failed(); }
void text_why(host h) { of(h).text_why(); }
void log(host h, i32 level) { of(h).say(Verb::Log, -1, level); }
void annotate(host h, i32 slot) { of(h).say(Verb::Annotate, slot, 0); }
void emit(host h, i32 name, f64 value) { of(h).emit(name, value); }
void reject(host h, i32 slot) { of(h).reject(slot); }
void stop(host h) { of(h).stop(); }

}  // namespace bound

constexpr abi::Intrinsics kTable = {
#define CBENCH_INTRINSIC(name, result, params, doc) bound::name,
#include "stdlib/abi/intrinsics.def"
};

}  // namespace

const abi::Intrinsics& Shadow::table() { return kTable; }

}  // namespace cbench
