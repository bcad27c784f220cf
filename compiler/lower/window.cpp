// Windows. Rings are read from the oldest sample to the newest, so that the result depends on nothing but the
// samples.
#include <cmath>

#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::WindowOp;

namespace {

constexpr int64_t kHeader = 32;  // next place, places filled, ticks, unused

}  // namespace

/// What one walk over a window's samples finds out.
struct Lowering::Gathered {
  llvm::Value *count, *trues, *sum, *low, *high, *first, *first_time, *last, *last_time;
};

/// Puts a sample into the ring, unless it is missing.
Lowering::Ring Lowering::push(const check::Node& n, const Val& x) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const plan::TemporalPlace& place = layout_.temporals[n.temporal];
  auto& ir = b().ir;
  Ring r{};
  r.base = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* filled_at = b().at(r.base, b().i64(8));
  r.samples = place.base + kHeader;
  r.capacity = b().i64(place.capacity);
  r.clock = b().argument(FunctionBuilder::NowArg);
  if (t.by_steps) {
    llvm::Value* ticks_at = b().at(r.base, b().i64(16));
    r.clock = ir.CreateAdd(b().load_i64(ticks_at), b().i64(1));
    b().store(r.clock, ticks_at);
  }
  llvm::Value* next = b().load_i64(r.base);
  llvm::Value* filled = b().load_i64(filled_at);
  llvm::Value* after = ir.CreateAdd(next, b().i64(1));
  after = ir.CreateSelect(ir.CreateICmpEQ(after, r.capacity), b().i64(0), after);
  llvm::Value* more = ir.CreateAdd(filled, b().i64(1));
  more = ir.CreateSelect(ir.CreateICmpSGT(more, r.capacity), r.capacity, more);
  b().when(b().present(x), [&] {
    llvm::Value* at = sample(r, next);
    b().store(r.clock, at);
    b().store(x.v->getType()->isIntegerTy(1) ? ir.CreateZExt(x.v, ir.getInt64Ty()) : x.v,
              b().at(at, b().i64(8)));
    b().store(after, r.base);
    b().store(more, filled_at);
  });
  r.cutoff = ir.CreateSub(r.clock, expr(t.length).v);
  // Not loaded again: the walk over the samples need not wait for what was stored just now.
  r.next = ir.CreateSelect(b().present(x), after, next);
  r.filled = ir.CreateSelect(b().present(x), more, filled);
  return r;
}

/// Address of a sample: its time or tick, and 8 bytes on its value.
llvm::Value* Lowering::sample(const Ring& r, llvm::Value* index) {
  llvm::Value* offset = b().ir.CreateAdd(b().ir.CreateMul(index, b().i64(16)), b().i64(kHeader));
  return b().placed(b().at(r.base, offset), r.samples);
}

/// Walks from the oldest sample but `skip` to the newest; `body` gets time, value and the block that goes on.
void Lowering::each_sample(const Ring& r, llvm::Value* skip,
                           const std::function<void(llvm::Value*, llvm::Value*, llvm::BasicBlock*)>& body) {
  auto& ir = b().ir;
  llvm::Value* start = ir.CreateSub(r.next, r.filled);
  start = ir.CreateSelect(ir.CreateICmpSLT(start, b().i64(0)), ir.CreateAdd(start, r.capacity), start);
  const auto narrow = [&](llvm::Value* n) { return ir.CreateTrunc(n, ir.getInt32Ty()); };
  b().loop(narrow(skip), narrow(r.filled), [&](llvm::Value* i, llvm::BasicBlock* next) {
    llvm::Value* raw = ir.CreateAdd(start, b().wide(i));
    llvm::Value* at =
        sample(r, ir.CreateSelect(ir.CreateICmpSGE(raw, r.capacity), ir.CreateSub(raw, r.capacity), raw));
    body(b().load_i64(at), b().load_f64(b().at(at, b().i64(8))), next);
  });
}

Lowering::Gathered Lowering::gather(const Ring& r) {
  auto& ir = b().ir;
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
  each_sample(r, b().i64(0), [&](llvm::Value* time, llvm::Value* v, llvm::BasicBlock* next) {
    llvm::BasicBlock* inside = b().block("inside");
    b().branch(ir.CreateICmpSGT(time, r.cutoff), inside, next);
    b().into(inside);
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
  return {b().load_i64(count),      b().load_i64(trues), b().load_f64(sum),
          b().load_f64(low),        b().load_f64(high),  b().load_f64(first),
          b().load_i64(first_time), b().load_f64(last),  b().load_i64(last_time)};
}

Val Lowering::window(const check::Node& n, const Val& operand) {
  const check::Temporal& t = p_.temporals[n.temporal];
  auto& ir = b().ir;
  Val x = operand;
  const bool truths = x.v->getType()->isIntegerTy(1);
  if (truths && t.window != WindowOp::Hold) x.v = ir.CreateUIToFP(x.v, ir.getDoubleTy());
  const Ring r = push(n, x);
  if (t.window == WindowOp::Hold) return held(n, r);
  const Gathered g = gather(r);
  llvm::Value* enough = ir.CreateICmpSGE(g.count, b().i64(t.min_samples));
  if (t.window == WindowOp::Count) return {truths ? g.trues : g.count, enough};
  const auto percentile = [&](int percent) {
    return Val{b().call(abi::Intrinsic::percentile,
                        {sample(r, b().i64(0)), r.capacity, r.next, g.count, b().i32(percent)})};
  };
  Val result;
  switch (t.window) {
    case WindowOp::Avg:
      result.v = ir.CreateFDiv(g.sum, ir.CreateSIToFP(g.count, ir.getDoubleTy()));
      break;
    case WindowOp::Sum:
      result.v = g.sum;
      break;
    case WindowOp::Min:
      result.v = g.low;
      break;
    case WindowOp::Max:
      result.v = g.high;
      break;
    case WindowOp::Sd:
      result = deviation(r, g);
      break;
    case WindowOp::Slope:
      result = slope(r, g);
      break;
    case WindowOp::P50:
      result = percentile(50);
      break;
    case WindowOp::P95:
      result = percentile(95);
      break;
    case WindowOp::P99:
      result = percentile(99);
      break;
    default:
      result = rate(t, g);
      break;
  }
  llvm::Value* ok = b().both(b().both(enough, result.ok), b().finite(result.v));
  return {ir.CreateSelect(ok, result.v, b().f64(0)), ok};
}

/// delta and rate.
Val Lowering::rate(const check::Temporal& t, const Gathered& g) {
  auto& ir = b().ir;
  llvm::Value* change = ir.CreateFSub(g.last, g.first);
  Val result{t.of_delta ? g.sum : change, ir.CreateICmpSGE(g.count, b().i64(2))};
  if (t.window == WindowOp::Rate) {
    // The first delta belongs to the interval before the first time.
    llvm::Value* total = t.of_delta ? ir.CreateFSub(g.sum, g.first) : change;
    llvm::Value* ns = ir.CreateSub(g.last_time, g.first_time);
    result.ok = ir.CreateAnd(result.ok, ir.CreateICmpSGT(ns, b().i64(0)));
    result.v = ir.CreateFDiv(total, ir.CreateFDiv(ir.CreateSIToFP(ns, ir.getDoubleTy()), b().f64(1e9)));
  }
  if (t.of_cumulative) result.ok = ir.CreateAnd(result.ok, ir.CreateFCmpOGE(result.v, b().f64(0)));
  return result;
}

/// The deviation of a sample: √(Σ(v − v̄)² / (n − 1)), in two walks.
Val Lowering::deviation(const Ring& r, const Gathered& g) {
  auto& ir = b().ir;
  llvm::Value* mean = ir.CreateFDiv(g.sum, ir.CreateSIToFP(g.count, ir.getDoubleTy()));
  llvm::AllocaInst* squares = b().local(ir.getDoubleTy(), b().f64(0));
  each_sample(r, ir.CreateSub(r.filled, g.count), [&](llvm::Value*, llvm::Value* v, llvm::BasicBlock*) {
    llvm::Value* off = ir.CreateFSub(v, mean);
    b().store(ir.CreateFAdd(b().load_f64(squares), ir.CreateFMul(off, off)), squares);
  });
  llvm::Value* others = ir.CreateSIToFP(ir.CreateSub(g.count, b().i64(1)), ir.getDoubleTy());
  llvm::Value* variance = ir.CreateFDiv(b().load_f64(squares), others);
  return {ir.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, variance), ir.CreateICmpSGE(g.count, b().i64(2))};
}

/// The line of least squares: Σ(t − t̄)(v − v̄) / Σ(t − t̄)², with t in seconds since the window's first sample.
Val Lowering::slope(const Ring& r, const Gathered& g) {
  auto& ir = b().ir;
  llvm::Value* skip = ir.CreateSub(r.filled, g.count);
  llvm::Value* n = ir.CreateSIToFP(g.count, ir.getDoubleTy());
  const auto seconds = [&](llvm::Value* time) {
    llvm::Value* ns = ir.CreateSIToFP(ir.CreateSub(time, g.first_time), ir.getDoubleTy());
    return ir.CreateFDiv(ns, b().f64(1e9));
  };
  const auto add = [&](llvm::Value* to, llvm::Value* x) {
    b().store(ir.CreateFAdd(b().load_f64(to), x), to);
  };
  llvm::AllocaInst* times = b().local(ir.getDoubleTy(), b().f64(0));
  each_sample(r, skip, [&](llvm::Value* t, llvm::Value*, llvm::BasicBlock*) { add(times, seconds(t)); });
  llvm::Value* mean_time = ir.CreateFDiv(b().load_f64(times), n);
  llvm::Value* mean = ir.CreateFDiv(g.sum, n);
  llvm::AllocaInst* products = b().local(ir.getDoubleTy(), b().f64(0));
  llvm::AllocaInst* squares = b().local(ir.getDoubleTy(), b().f64(0));
  each_sample(r, skip, [&](llvm::Value* t, llvm::Value* v, llvm::BasicBlock*) {
    llvm::Value* off = ir.CreateFSub(seconds(t), mean_time);
    add(products, ir.CreateFMul(off, ir.CreateFSub(v, mean)));
    add(squares, ir.CreateFMul(off, off));
  });
  llvm::Value* spread = b().load_f64(squares);
  return {ir.CreateFDiv(b().load_f64(products), spread), ir.CreateFCmpOGT(spread, b().f64(0))};
}

/// The last value that was present. The ring holds as many samples as are wanted, so that they are in the
/// window when the oldest of them is.
Val Lowering::held(const check::Node& n, const Ring& r) {
  auto& ir = b().ir;
  llvm::Value* oldest = b().load_i64(sample(r, r.next));
  llvm::Value* ok = ir.CreateAnd(ir.CreateICmpEQ(r.filled, r.capacity), ir.CreateICmpSGT(oldest, r.cutoff));
  llvm::Value* last =
      ir.CreateSub(ir.CreateSelect(ir.CreateICmpEQ(r.next, b().i64(0)), r.capacity, r.next), b().i64(1));
  return stored(n.type.base, b().at(sample(r, last), b().i64(8)), ok);
}

}  // namespace cbench::lower
