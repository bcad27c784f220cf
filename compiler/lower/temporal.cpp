// Streams and the operators with a memory. Rings are read from the oldest sample to the newest, so that the
// result depends on nothing but the samples.
#include <cmath>

#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Op;
using check::WindowOp;

/// Evaluates stream `id` for one element if one of its sources is due in this step, and stores the result.
void Lowering::stream(uint32_t id, llvm::Value* slot) {
  const check::Stream& s = p_.streams[id];
  const plan::StreamPlace& place = plan_.streams[id];
  auto& ir = b().ir;
  llvm::Value* ticked = b().state(place.ticked, 1, slot);
  llvm::Value* due = nullptr;
  const auto either = [&](llvm::Value* more) { due = due ? ir.CreateOr(due, more) : more; };
  if (s.subject != check::kNone) {
    for (const Metric metric : s.metrics)
      either(ir.CreateICmpNE(b().status(column_of(metric), slot),
                             ir.getInt8(static_cast<uint8_t>(Status::NotDue))));
    if (s.metrics.empty())
      for (const uint32_t input : s.inputs)
        if (plan_.streams[input].n > 1 || p_.streams[input].subject != check::kNone)
          either(b().load_flag(b().state(plan_.streams[input].ticked, 1, slot)));
  }
  if (!due) due = b().flag(true);
  b().store_flag(due, ticked);
  b().when(due, [&] {
    stream_slot_ = slot;
    if (s.subject != check::kNone) locals_[s.subject] = {slot};
    const Val x = expr(s.value);
    llvm::Value* value = b().clean(x);
    if (s.type.base == check::Base::Bool) value = ir.CreateZExt(value, ir.getInt64Ty());
    b().store(value, b().state(place.value, 8, slot));
    b().store_flag(b().present(x), b().state(place.ok, 1, slot));
    b().store(ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1)),
              b().state(place.updated, 8, slot));
    stream_slot_ = nullptr;
  });
}

/// The newest value of a stream, unless it is too old.
Val Lowering::stream_value(uint32_t id, llvm::Value* slot) {
  const plan::StreamPlace& place = plan_.streams[id];
  auto& ir = b().ir;
  if (p_.streams[id].subject == check::kNone) slot = b().i32(0);
  llvm::Value* updated = b().load_i64(b().state(place.updated, 8, slot));
  llvm::Value* age = ir.CreateSub(ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1)), updated);
  llvm::Value* fresh = ir.CreateAnd(ir.CreateICmpNE(updated, b().i64(0)),
                                    ir.CreateICmpSLE(age, b().pick(place.hold_ns, slot)));
  llvm::Value* ok = ir.CreateAnd(fresh, b().load_flag(b().state(place.ok, 1, slot)));
  llvm::Value* address = b().state(place.value, 8, slot);
  switch (p_.streams[id].type.base) {
    case check::Base::Bool:
      return {ir.CreateAnd(ok, ir.CreateICmpNE(b().load_i64(address), b().i64(0))), ok};
    case check::Base::Float:
      return {ir.CreateSelect(ok, b().load_f64(address), b().f64(0)), ok};
    default:
      return {ir.CreateSelect(ok, b().load_i64(address), b().i64(0)), ok};
  }
}

Val Lowering::temporal(const check::Node& n) {
  if (n.op == Op::Schmitt) return schmitt(n);
  Val x = expr(n.kids[0]);
  if (x.v->getType()->isIntegerTy(1)) x.v = b().ir.CreateUIToFP(x.v, b().ir.getDoubleTy());
  if (n.op == Op::Window) return window(n, x);
  return n.op == Op::Ewma ? ewma(n, x) : previous(n, x);
}

Val Lowering::window(const check::Node& n, const Val& x) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const plan::TemporalPlace& place = plan_.temporals[n.temporal];
  auto& ir = b().ir;
  llvm::Value* base = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* next_at = base;
  llvm::Value* filled_at = b().at(base, b().i64(8));
  llvm::Value* ticks_at = b().at(base, b().i64(16));
  llvm::Value* capacity = b().i64(place.capacity);
  const auto entry = [&](llvm::Value* index) {
    return b().at(base, ir.CreateAdd(ir.CreateMul(index, b().i64(16)), b().i64(32)));
  };
  llvm::Value* clock = b().argument(FunctionBuilder::NowArg);
  if (t.by_steps) {
    clock = ir.CreateAdd(b().load_i64(ticks_at), b().i64(1));
    b().store(clock, ticks_at);
  }
  b().when(b().present(x), [&] {
    llvm::Value* next = b().load_i64(next_at);
    llvm::Value* at = entry(next);
    b().store(clock, at);
    b().store(x.v, b().at(at, b().i64(8)));
    llvm::Value* after = ir.CreateAdd(next, b().i64(1));
    b().store(ir.CreateSelect(ir.CreateICmpEQ(after, capacity), b().i64(0), after), next_at);
    llvm::Value* more = ir.CreateAdd(b().load_i64(filled_at), b().i64(1));
    b().store(ir.CreateSelect(ir.CreateICmpSGT(more, capacity), capacity, more), filled_at);
  });

  llvm::Value* length = expr(t.length).v;
  llvm::Value* cutoff = ir.CreateSub(clock, length);
  llvm::Value* filled = b().load_i64(filled_at);
  llvm::Value* start = ir.CreateSub(b().load_i64(next_at), filled);
  start = ir.CreateSelect(ir.CreateICmpSLT(start, b().i64(0)), ir.CreateAdd(start, capacity), start);
  const auto zero = b().f64(0);
  llvm::AllocaInst* count = b().local(ir.getInt64Ty(), b().i64(0));
  llvm::AllocaInst* trues = b().local(ir.getInt64Ty(), b().i64(0));
  llvm::AllocaInst* sum = b().local(ir.getDoubleTy(), zero);
  llvm::AllocaInst* low = b().local(ir.getDoubleTy(), b().f64(HUGE_VAL));
  llvm::AllocaInst* high = b().local(ir.getDoubleTy(), b().f64(-HUGE_VAL));
  llvm::AllocaInst* first = b().local(ir.getDoubleTy(), zero);
  llvm::AllocaInst* first_time = b().local(ir.getInt64Ty(), b().i64(0));
  llvm::AllocaInst* last = b().local(ir.getDoubleTy(), zero);
  llvm::AllocaInst* last_time = b().local(ir.getInt64Ty(), b().i64(0));
  b().loop(b().i32(0), ir.CreateTrunc(filled, ir.getInt32Ty()), [&](llvm::Value* i, llvm::BasicBlock* next) {
    llvm::Value* raw = ir.CreateAdd(start, ir.CreateZExt(i, ir.getInt64Ty()));
    llvm::Value* at =
        entry(ir.CreateSelect(ir.CreateICmpSGE(raw, capacity), ir.CreateSub(raw, capacity), raw));
    llvm::Value* time = b().load_i64(at);
    llvm::BasicBlock* inside = b().block("inside");
    b().branch(ir.CreateICmpSGT(time, cutoff), inside, next);
    b().into(inside);
    llvm::Value* v = b().load_f64(b().at(at, b().i64(8)));
    llvm::Value* is_first = ir.CreateICmpEQ(b().load_i64(count), b().i64(0));
    b().store(ir.CreateSelect(is_first, v, b().load_f64(first)), first);
    b().store(ir.CreateSelect(is_first, time, b().load_i64(first_time)), first_time);
    b().store(v, last);
    b().store(time, last_time);
    b().store(ir.CreateAdd(b().load_i64(count), b().i64(1)), count);
    b().store(ir.CreateAdd(b().load_i64(trues), ir.CreateZExt(ir.CreateFCmpUNE(v, zero), ir.getInt64Ty())),
              trues);
    b().store(ir.CreateFAdd(b().load_f64(sum), v), sum);
    b().store(ir.CreateSelect(ir.CreateFCmpOLT(v, b().load_f64(low)), v, b().load_f64(low)), low);
    b().store(ir.CreateSelect(ir.CreateFCmpOGT(v, b().load_f64(high)), v, b().load_f64(high)), high);
  });
  llvm::Value* n_samples = b().load_i64(count);
  llvm::Value* ok = ir.CreateICmpSGE(n_samples, b().i64(t.min_samples));
  llvm::Value* change = ir.CreateFSub(b().load_f64(last), b().load_f64(first));
  llvm::Value* result = zero;
  switch (t.window) {
    case WindowOp::Count: {
      const bool truths = node(n.kids[0]).type.base == check::Base::Bool;
      return {truths ? b().load_i64(trues) : n_samples, ok};
    }
    case WindowOp::Avg:
      result = ir.CreateFDiv(b().load_f64(sum), ir.CreateSIToFP(n_samples, ir.getDoubleTy()));
      break;
    case WindowOp::Sum:
      result = b().load_f64(sum);
      break;
    case WindowOp::Min:
      result = b().load_f64(low);
      break;
    case WindowOp::Max:
      result = b().load_f64(high);
      break;
    case WindowOp::Delta:
      result = t.of_delta ? b().load_f64(sum) : change;
      break;
    case WindowOp::Rate: {
      // The first delta belongs to the interval before the first time.
      llvm::Value* total = t.of_delta ? ir.CreateFSub(b().load_f64(sum), b().load_f64(first)) : change;
      llvm::Value* ns = ir.CreateSub(b().load_i64(last_time), b().load_i64(first_time));
      ok = ir.CreateAnd(ok, ir.CreateICmpSGT(ns, b().i64(0)));
      result = ir.CreateFDiv(total, ir.CreateFDiv(ir.CreateSIToFP(ns, ir.getDoubleTy()), b().f64(1e9)));
      break;
    }
  }
  if (t.of_cumulative && (t.window == WindowOp::Delta || t.window == WindowOp::Rate))
    ok = ir.CreateAnd(ok, ir.CreateFCmpOGE(result, zero));
  if (t.window == WindowOp::Delta || t.window == WindowOp::Rate)
    ok = ir.CreateAnd(ok, ir.CreateICmpSGE(n_samples, b().i64(2)));
  return {ir.CreateSelect(ok, result, zero), ok};
}

/// v += (1 − 2^(−dt / half)) · (x − v): a sample loses half of its weight in `half`, whatever the step.
Val Lowering::ewma(const check::Node& n, const Val& x) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const plan::TemporalPlace& place = plan_.temporals[n.temporal];
  auto& ir = b().ir;
  llvm::Value* time_at = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* value_at = b().at(time_at, b().i64(8));
  b().when(b().present(x), [&] {
    llvm::Value* time = b().load_i64(time_at);
    llvm::Value* now = ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1));
    llvm::Value* half = ir.CreateSIToFP(expr(t.length).v, ir.getDoubleTy());
    llvm::Value* exponent = ir.CreateFDiv(ir.CreateSIToFP(ir.CreateSub(time, now), ir.getDoubleTy()), half);
    llvm::Value* weight = ir.CreateFSub(b().f64(1), b().call(abi::Intrinsic::exp2, {exponent}));
    llvm::Value* old = b().load_f64(value_at);
    llvm::Value* blended = ir.CreateFAdd(old, ir.CreateFMul(weight, ir.CreateFSub(x.v, old)));
    b().store(ir.CreateSelect(ir.CreateICmpEQ(time, b().i64(0)), x.v, blended), value_at);
    b().store(now, time_at);
  });
  llvm::Value* value = b().load_f64(value_at);
  return {x.ok ? ir.CreateSelect(x.ok, value, b().f64(0)) : value, x.ok};
}

/// delta and rate against the sample before.
Val Lowering::previous(const check::Node& n, const Val& x) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const plan::TemporalPlace& place = plan_.temporals[n.temporal];
  auto& ir = b().ir;
  llvm::Value* time_at = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* value_at = b().at(time_at, b().i64(8));
  llvm::Value* time = b().load_i64(time_at);
  llvm::Value* old = b().load_f64(value_at);
  llvm::Value* now = ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1));
  llvm::Value* ok = ir.CreateAnd(b().present(x), ir.CreateICmpNE(time, b().i64(0)));
  llvm::Value* result = t.of_delta ? x.v : ir.CreateFSub(x.v, old);
  if (n.op == Op::RatePrevious) {
    llvm::Value* ns = ir.CreateSub(now, time);
    ok = ir.CreateAnd(ok, ir.CreateICmpSGT(ns, b().i64(0)));
    result = ir.CreateFDiv(result, ir.CreateFDiv(ir.CreateSIToFP(ns, ir.getDoubleTy()), b().f64(1e9)));
  } else if (t.of_delta) {
    ok = b().present(x);
  }
  if (t.of_cumulative) ok = ir.CreateAnd(ok, ir.CreateFCmpOGE(result, b().f64(0)));
  b().when(b().present(x), [&] {
    b().store(now, time_at);
    b().store(x.v, value_at);
  });
  return {ir.CreateSelect(ok, result, b().f64(0)), ok};
}

/// A latch that goes on beyond `on` and off beyond `off`; with on < off it watches for small values. A
/// missing value leaves it as it is, so that lost data never frees a jailed container.
Val Lowering::schmitt(const check::Node& n) {
  const plan::TemporalPlace& place = plan_.temporals[n.temporal];
  auto& ir = b().ir;
  const Val x = expr(n.kids[0]);
  llvm::Value* on = expr(n.kids[1]).v;
  llvm::Value* off = expr(n.kids[2]).v;
  llvm::Value* latch_at = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* latch = ir.CreateICmpNE(b().load_i64(latch_at), b().i64(0));
  llvm::Value* upward = ir.CreateFCmpOGE(on, off);
  llvm::Value* sets = ir.CreateSelect(upward, ir.CreateFCmpOGT(x.v, on), ir.CreateFCmpOLT(x.v, on));
  llvm::Value* clears = ir.CreateSelect(upward, ir.CreateFCmpOLT(x.v, off), ir.CreateFCmpOGT(x.v, off));
  llvm::Value* after = ir.CreateOr(sets, ir.CreateAnd(latch, ir.CreateNot(clears)));
  if (x.ok) after = ir.CreateSelect(x.ok, after, latch);
  b().store(ir.CreateZExt(after, ir.getInt64Ty()), latch_at);
  return {x.ok ? ir.CreateAnd(x.ok, after) : after, x.ok};
}

}  // namespace cbench::lower
