// Streams, and the operators with a memory that is not a window (window.cpp).
#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Op;

/// Is `id` a container's stream that reads of streams only its own container's, and cannot fault?
bool Lowering::looks_at_its_own(uint32_t id) const {
  const check::LocalId subject = p_.streams[id].subject;
  std::vector<check::NodeId> todo = {p_.streams[id].value};
  while (subject != check::kNone && !todo.empty()) {
    const check::Node& n = node(todo.back());
    todo.pop_back();
    switch (n.op) {
      case Op::Reduce:
      case Op::InSet:
      case Op::Call:
      case Op::Element:
      case Op::TableElement:
        return false;
      case Op::StreamRead:
      case Op::StreamBefore:
        if (!n.kids.empty() && !is_local(n.kids[0], subject)) return false;
        break;
      case Op::Negate:
      case Op::Add:
      case Op::Subtract:
      case Op::Multiply:
      case Op::Abs:
        if (n.type.base != check::Base::Float) return false;  // may overflow
        break;
      default:
        break;
    }
    todo.insert(todo.end(), n.kids.begin(), n.kids.end());
    if (n.temporal != check::kNone && p_.temporals[n.temporal].length != check::kNone)
      todo.push_back(p_.temporals[n.temporal].length);
  }
  return subject != check::kNone;
}

llvm::Function* Lowering::streams_function() {
  FunctionBuilder f(module_, "streams", layout_.slots());
  builder_ = &f;
  for (size_t i = 0; i < p_.stream_order.size();) {
    if (p_.streams[p_.stream_order[i]].subject == check::kNone) {
      stream(p_.stream_order[i++], f.i32(0));
      continue;
    }
    // One walk for streams that look at their own container only: what one stores the next one has at hand.
    std::vector<uint32_t> walk;
    do walk.push_back(p_.stream_order[i++]);
    while (i < p_.stream_order.size() && looks_at_its_own(p_.stream_order[i]));
    f.loop(f.i32(0), f.i32(layout_.slots()), [&](llvm::Value* slot, llvm::BasicBlock* next) {
      llvm::BasicBlock* running = f.block("running");
      llvm::BasicBlock* gone = f.block("gone");
      f.branch(f.running(slot), running, gone);
      f.into(gone);
      for (const uint32_t id : walk)
        f.store_flag(f.flag(false), f.state(layout_.streams[id].ticked, 1, slot));
      f.go(next);
      f.into(running);
      for (const uint32_t id : walk) stream(id, slot);
    });
  }
  return f.finish();
}

/// Evaluates stream `id` for one element if one of its sources is due in this step, and stores the result.
void Lowering::stream(uint32_t id, llvm::Value* slot) {
  const check::Stream& s = p_.streams[id];
  const plan::StreamPlace& place = layout_.streams[id];
  auto& ir = b().ir;
  llvm::Value* ticked = b().state(place.ticked, 1, slot);
  llvm::Value* due = nullptr;
  const auto either = [&](llvm::Value* more) { due = due ? ir.CreateOr(due, more) : more; };
  if (s.subject != check::kNone) {
    for (const Metric metric : s.metrics)
      if (const int column = column_of(metric); column >= 0)  // optional ones may be absent
        either(ir.CreateICmpNE(b().status(column, slot), ir.getInt8(static_cast<uint8_t>(Status::NotDue))));
    if (s.metrics.empty())
      for (const uint32_t input : s.inputs)
        if (layout_.streams[input].n > 1 || p_.streams[input].subject != check::kNone)
          either(b().load_flag(b().state(layout_.streams[input].ticked, 1, slot)));
  }
  if (!due) due = b().flag(true);
  b().store_flag(due, ticked);
  b().when(due, [&] {
    stream_slot_ = slot;
    if (s.subject != check::kNone) locals_[s.subject] = {slot};
    const Val x = expr(s.value);
    llvm::Value* value = b().clean(x);
    if (s.type.base == check::Base::Bool) value = ir.CreateZExt(value, ir.getInt64Ty());
    if (s.looked_back) {
      b().store(b().load_i64(b().state(place.value, 8, slot)), b().state(place.before, 8, slot));
      b().store_flag(b().load_flag(b().state(place.ok, 1, slot)), b().state(place.before_ok, 1, slot));
    }
    b().store(value, b().state(place.value, 8, slot));
    b().store_flag(b().present(x), b().state(place.ok, 1, slot));
    b().store(ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1)),
              b().state(place.updated, 8, slot));
    stream_slot_ = nullptr;
  });
}

/// The newest value of a stream, unless it is too old. Before the first it is missing (`ok` begins as 0).
Val Lowering::stream_value(uint32_t id, llvm::Value* slot) {
  const plan::StreamPlace& place = layout_.streams[id];
  auto& ir = b().ir;
  if (p_.streams[id].subject == check::kNone) slot = b().i32(0);
  llvm::Value* ok = b().load_flag(b().state(place.ok, 1, slot));
  if (id != ticked_.stream || slot != ticked_.slot) {
    llvm::Value* updated = b().load_i64(b().state(place.updated, 8, slot));
    llvm::Value* age = ir.CreateSub(ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1)), updated);
    ok = ir.CreateAnd(ir.CreateICmpSLE(age, b().pick(place.hold_ns, slot)), ok);
  }
  return stored(p_.streams[id].type.base, b().state(place.value, 8, slot), ok);
}

/// Why stream_value() has a value or none: a Cause.
llvm::Value* Lowering::stream_cause(uint32_t id, llvm::Value* slot) {
  const plan::StreamPlace& place = layout_.streams[id];
  auto& ir = b().ir;
  const auto is = [&](Cause cause) { return b().i64(static_cast<int64_t>(cause)); };
  if (p_.streams[id].subject == check::kNone) slot = b().i32(0);
  llvm::Value* updated = b().load_i64(b().state(place.updated, 8, slot));
  llvm::Value* now1 = ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1));
  llvm::Value* old = ir.CreateICmpSGT(ir.CreateSub(now1, updated), b().pick(place.hold_ns, slot));
  llvm::Value* none = ir.CreateSelect(old, is(Cause::Stale), is(Cause::Lost));
  none = ir.CreateSelect(ir.CreateICmpEQ(updated, b().i64(0)), is(Cause::Never), none);
  return ir.CreateSelect(stream_value(id, slot).ok, is(Cause::Present), none);
}

/// The newest value from before this step, however old, and whether or not the stream was evaluated already.
Val Lowering::stream_before(uint32_t id, llvm::Value* slot) {
  const plan::StreamPlace& place = layout_.streams[id];
  auto& ir = b().ir;
  if (p_.streams[id].subject == check::kNone) slot = b().i32(0);
  llvm::Value* updated = b().load_i64(b().state(place.updated, 8, slot));
  llvm::Value* now1 = ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1));
  llvm::Value* evaluated = ir.CreateICmpEQ(updated, now1);
  const auto one_of = [&](uint64_t before, uint64_t value, uint64_t size) {
    return ir.CreateSelect(evaluated, b().state(before, size, slot), b().state(value, size, slot));
  };
  llvm::Value* ok = b().load_flag(one_of(place.before_ok, place.ok, 1));
  return stored(p_.streams[id].type.base, one_of(place.before, place.value, 8), ok);
}

/// The value at an address, of 8 bytes whatever its type.
Val Lowering::stored(check::Base base, llvm::Value* address, llvm::Value* ok) {
  auto& ir = b().ir;
  switch (base) {
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
  if (n.op == Op::Rises || n.op == Op::Falls || n.op == Op::Changed) return edge(n);
  Val x = expr(n.kids[0]);
  // What is not finite is missing: it would not leave an ewma again.
  if (x.v->getType()->isDoubleTy() && !is_finite(n.kids[0])) x.ok = b().both(x.ok, b().finite(x.v));
  if (n.op == Op::Window) return window(n, x);
  return n.op == Op::Ewma ? ewma(n, x) : previous(n, x);
}

/// v += (1 − 2^(−dt / half)) · (x − v): a sample loses half of its weight in `half`, whatever the step.
Val Lowering::ewma(const check::Node& n, const Val& x) {
  const check::Temporal& t = p_.temporals[n.temporal];
  const plan::TemporalPlace& place = layout_.temporals[n.temporal];
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
  const plan::TemporalPlace& place = layout_.temporals[n.temporal];
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
  const plan::TemporalPlace& place = layout_.temporals[n.temporal];
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

/// rises, falls and changed compare with the last value that was present; the first is no change.
Val Lowering::edge(const check::Node& n) {
  const plan::TemporalPlace& place = layout_.temporals[n.temporal];
  auto& ir = b().ir;
  Val x = expr(n.kids[0]);
  const check::Base base = node(n.kids[0]).type.base;
  if (base == check::Base::Float) x.ok = b().both(x.ok, b().finite(x.v));
  llvm::Value* known_at = b().state(place.base, place.stride, stream_slot_);
  llvm::Value* value_at = b().at(known_at, b().i64(8));
  llvm::Value* known = ir.CreateICmpNE(b().load_i64(known_at), b().i64(0));
  llvm::Value* old = stored(base, value_at, known).v;
  llvm::Value* differs = base == check::Base::Float ? ir.CreateFCmpUNE(x.v, old) : ir.CreateICmpNE(x.v, old);
  llvm::Value* edge = ir.CreateAnd(known, differs);
  if (n.op == Op::Rises) edge = ir.CreateAnd(edge, x.v);
  if (n.op == Op::Falls) edge = ir.CreateAnd(edge, old);
  b().when(b().present(x), [&] {
    b().store(b().i64(1), known_at);
    b().store(base == check::Base::Bool ? ir.CreateZExt(x.v, ir.getInt64Ty()) : x.v, value_at);
  });
  return {x.ok ? ir.CreateAnd(x.ok, edge) : edge, x.ok};
}

}  // namespace cbench::lower
