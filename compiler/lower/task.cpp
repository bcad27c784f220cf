// Tasks: a state machine whose frame is in the state block. Nothing but the frame outlives a wait, so that
// code after one may be reached from the function's begin alone.
#include "compiler/lower/lowering.h"

namespace cbench::lower {

using abi::Intrinsic;
using check::kNone;

void Lowering::bind(check::LocalId local, const Val& x) {
  if (!task_ || !task_->frame.contains(local)) {
    locals_[local] = x;
    return;
  }
  const uint64_t place = task_->frame.at(local);
  llvm::Value* value = x.v;
  if (value->getType()->isIntegerTy() && !value->getType()->isIntegerTy(64))
    value = b().ir.CreateZExt(value, b().ir.getInt64Ty());
  b().store(value, b().state(place));
  b().store(b().ir.CreateZExt(b().present(x), b().ir.getInt64Ty()), b().state(place + 8));
}

Val Lowering::local(const check::Node& n) {
  Val x = locals_[n.ref];
  if (task_) {
    if (const auto place = task_->frame.find(n.ref); place != task_->frame.end()) {
      const check::Type& type = p_.locals[n.ref];
      llvm::Type* as = type_of(type);
      llvm::Value* address = b().state(place->second);
      x = {as->isDoubleTy() ? b().load_f64(address) : b().load_i64(address)};
      if (as->isIntegerTy() && !as->isIntegerTy(64)) x.v = b().ir.CreateTrunc(x.v, as);
      if (type.optional) x.ok = b().ir.CreateICmpNE(b().load_i64(b().state(place->second + 8)), b().i64(0));
    }
  }
  const bool held = n.i != 0;  // across a wait: it may have stopped
  return held ? Val{x.v, b().both(x.ok, b().running(x.v))} : x;
}

void Lowering::task(uint32_t id) {
  const plan::RulePlace& place = layout_.rules[id];
  task_ = &place;
  resumes_.clear();
  llvm::BasicBlock* begin = b().block("begin");
  llvm::BasicBlock* over = b().block("over");
  llvm::BasicBlock* end = b().block("end");
  b().call(Intrinsic::fire, {b().i32(id), b().i32(-1)});
  llvm::SwitchInst* go_on = b().ir.CreateSwitch(b().load_i64(b().state(place.first)), end, 8);
  go_on->addCase(b().ir.getInt64(0), begin);
  b().into(begin);
  exits_.push_back({over, nullptr, nullptr, 0});
  block(p_.rules[id].body);
  exits_.pop_back();
  b().go(over);
  b().into(over);
  b().store(b().i64(-1), b().state(place.first));
  b().go(end);
  b().into(end);
  for (size_t i = 0; i < resumes_.size(); ++i) go_on->addCase(b().ir.getInt64(i + 1), resumes_[i]);
  task_ = nullptr;
}

/// Ends the step; the task goes on behind this place in the next one.
void Lowering::suspend() {
  llvm::BasicBlock* resume = b().block("resume");
  resumes_.push_back(resume);
  b().store(b().i64(static_cast<int64_t>(resumes_.size())), b().state(task_->first));
  b().ir.CreateRet(b().i32(0));
  b().into(resume);
}

/// The time or step at which `length` from now is over.
llvm::Value* Lowering::until(check::NodeId length) {
  const bool time = node(length).type.base == check::Base::Time;
  llvm::Value* n = expr(length).v;
  b().fault_if(b().ir.CreateICmpSLT(n, b().i64(0)),
               fault_site(time ? "a negative duration" : "a negative number of steps", node(length).span));
  llvm::Value* from = b().argument(time ? FunctionBuilder::NowArg : FunctionBuilder::StepArg);
  return checked(llvm::Intrinsic::sadd_with_overflow, from, n, nullptr, node(length).span).v;
}

llvm::Value* Lowering::reached(check::NodeId length, llvm::Value* deadline) {
  const bool time = node(length).type.base == check::Base::Time;
  return b().ir.CreateICmpSGE(b().argument(time ? FunctionBuilder::NowArg : FunctionBuilder::StepArg),
                              deadline);
}

void Lowering::loop(const check::Loop& l) {
  llvm::BasicBlock* head = b().block("loop");
  b().go(head);
  b().into(head);
  block(l.body);
  b().go(head);
  b().into(b().block("never"));
}

void Lowering::wait(const check::Wait& w) {
  const check::NodeId length = w.length != kNone ? w.length : w.timeout;
  if (length != kNone) b().store(until(length), b().state(task_->seen));
  suspend();
  llvm::Value* over = length == kNone ? nullptr : reached(length, b().load_i64(b().state(task_->seen)));
  if (w.until != kNone) {
    llvm::Value* holds = b().truth(expr(w.until));
    over = over ? b().ir.CreateOr(over, holds) : holds;
  }
  llvm::BasicBlock* on = b().block("on");
  llvm::BasicBlock* still = b().block("still");
  b().branch(over, on, still);
  b().into(still);
  b().ir.CreateRet(b().i32(0));
  b().into(on);
}

void Lowering::trial(const check::Trial& t, Span span) {
  auto& ir = b().ir;
  const auto field = [&](uint64_t k) { return b().state(layout_.trials[t.id] + 8 * k); };
  constexpr uint64_t kSteps = 0, kVotes = 1, kDeadline = 2;
  llvm::BasicBlock* made = b().block("made");
  llvm::BasicBlock* end = b().block("tried");
  llvm::Value* id = b().i32(t.id);
  b().call(Intrinsic::trial_begin, {id});
  try_plan(t.plan, made);
  if (!t.other.empty()) try_plan(t.other, made);
  block(t.otherwise);
  b().go(end);

  b().into(made);
  b().call(Intrinsic::trial_made, {id});
  b().store(until(t.length), field(kDeadline));
  b().store(b().i64(0), field(kSteps));
  b().store(b().i64(0), field(kVotes));
  suspend();
  const auto take_back = [&] { b().call(Intrinsic::trial_revert, {id, b().i32(sources_.line(span))}); };
  llvm::Value* there = b().flag(true);
  for (const check::LocalId local : t.held) {
    check::Node held;
    held.ref = local;
    const Val c = this->local(held);
    llvm::Value* runs = b().running(c.v);
    if (c.ok) runs = ir.CreateOr(runs, ir.CreateNot(c.ok));  // who was missing cannot stop
    there = ir.CreateAnd(there, runs);
  }
  llvm::BasicBlock* watch = b().block("watch");
  llvm::BasicBlock* gone = b().block("gone");
  b().branch(there, watch, gone);
  b().into(gone);
  take_back();
  b().go(end);
  b().into(watch);
  llvm::Value* steps = ir.CreateAdd(b().load_i64(field(kSteps)), b().i64(1));
  b().store(steps, field(kSteps));
  llvm::Value* vote = ir.CreateZExt(b().truth(expr(t.vote)), ir.getInt64Ty());
  llvm::Value* votes = ir.CreateAdd(b().load_i64(field(kVotes)), vote);
  b().store(votes, field(kVotes));
  llvm::BasicBlock* judge = b().block("judge");
  llvm::BasicBlock* still = b().block("still");
  b().branch(reached(t.length, b().load_i64(field(kDeadline))), judge, still);
  b().into(still);
  ir.CreateRet(b().i32(0));
  b().into(judge);
  llvm::BasicBlock* lost = b().block("lost");
  b().branch(ir.CreateICmpSGT(ir.CreateMul(votes, b().i64(2)), steps), end, lost);
  b().into(lost);
  if (t.revert) take_back();
  block(t.otherwise);
  b().go(end);
  b().into(end);
}

}  // namespace cbench::lower
