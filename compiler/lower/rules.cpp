// Rules: when one fires, and what it shows of its condition.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/lower/lowering.h"
#include "compiler/plan/plan.h"

namespace cbench::lower {

using abi::Intrinsic;
using check::kNone;
using check::Op;
using check::Rule;

/// The stream of a head with no other source, for the rule's own container.
uint32_t Lowering::own_stream(const Rule& rule) const {
  uint32_t found = kNone;
  for (const check::NodeId leaf : rule.leaves) {
    const check::Node& n = node(leaf);
    if (n.op == Op::StreamRead && n.kids.empty()) continue;  // a global one does not make it tick
    if (n.op != Op::StreamRead || !is_local(n.kids[0], rule.variable)) return kNone;
    if (found != kNone && found != n.ref) return kNone;
    found = n.ref;
  }
  return found;
}

/// Was one of the head's sources sampled in this step? Temporal operators of a container tick only then.
llvm::Value* Lowering::leaves_due(const Rule& rule, llvm::Value* slot) {
  llvm::Value* due = nullptr;
  if (rule.set == kNone) return b().flag(true);
  for (const check::NodeId leaf : rule.leaves) {
    const check::Node& n = node(leaf);
    const bool own = !n.kids.empty() && is_local(n.kids[0], rule.variable);
    llvm::Value* ticked = nullptr;
    if (own && n.op == Op::MetricRead && column_of(static_cast<Metric>(n.ref)) >= 0)
      ticked = b().ir.CreateICmpNE(b().status(column_of(static_cast<Metric>(n.ref)), slot),
                                   b().ir.getInt8(static_cast<uint8_t>(Status::NotDue)));
    else if (own && (n.op == Op::StreamRead || n.op == Op::StreamBefore))
      ticked = b().load_flag(b().state(layout_.streams[n.ref].ticked, 1, slot));
    if (ticked) due = due ? b().ir.CreateOr(due, ticked) : ticked;
  }
  return due ? due : b().flag(true);
}

void Lowering::show_leaf(check::NodeId leaf) {
  const check::Node& n = node(leaf);
  llvm::Value* label = b().i32(text_id(plan::one_line(sources_.text(n.span))));
  if (check::is_handle(n.type.base) || n.type.base == check::Base::Text) return;
  const Val x = expr(leaf);
  const auto show = [&] {
    if (n.type.base == check::Base::Bool) {
      b().call(Intrinsic::why_flag, {label, b().ir.CreateZExt(x.v, b().ir.getInt32Ty())});
      return;
    }
    if (n.type.base == check::Base::Enum) {
      b().call(Intrinsic::why_text, {label, text_of_value(n.type, x.v)});
      return;
    }
    llvm::Value* value = x.v;
    if (!value->getType()->isDoubleTy()) value = b().ir.CreateSIToFP(value, b().ir.getDoubleTy());
    if (n.type.base == check::Base::Time) value = b().ir.CreateFDiv(value, b().f64(1e9));
    b().call(Intrinsic::why_f64, {label, value, b().i32(static_cast<int64_t>(check::display_unit(n.type)))});
  };
  b().either(x, show, [&] { b().call(Intrinsic::why_missing, {label}); });
}

/// Tells the host that a rule fires, and with which values: those of the head, and behind a latch those of
/// what it latches.
void Lowering::fire(uint32_t id, llvm::Value* slot) {
  const Rule& rule = p_.rules[id];
  b().call(Intrinsic::fire, {b().i32(id), slot});
  for (const check::NodeId leaf : rule.leaves) {
    show_leaf(leaf);
    const check::Node& n = node(leaf);
    if (n.op != Op::StreamRead || n.type.base != check::Base::Bool || p_.streams[n.ref].subject == kNone)
      continue;
    locals_[p_.streams[n.ref].subject] = expr(n.kids[0]);
    std::vector<check::NodeId> todo = {p_.streams[n.ref].value};
    while (!todo.empty()) {
      const check::Node& inner = node(todo.back());
      const check::NodeId at = todo.back();
      todo.pop_back();
      if (inner.op == Op::StreamRead)
        show_leaf(at);
      else if (inner.op != Op::Reduce)
        todo.insert(todo.end(), inner.kids.rbegin(), inner.kids.rend());
    }
  }
}

/// `for D`, where the condition holds: has it done so for D, without a gap?
llvm::Value* Lowering::held_for(uint32_t id, llvm::Value* index, llvm::Value* now1) {
  const Rule& rule = p_.rules[id];
  const plan::RulePlace& place = layout_.rules[id];
  auto& ir = b().ir;
  llvm::Value* hold = expr(rule.hold).v;
  b().fault_if(ir.CreateICmpSLT(hold, b().i64(0)), fault_site("a negative duration", node(rule.hold).span));
  llvm::Value* first_at = b().state(place.first, 8, index);
  llvm::Value* seen_at = b().state(place.seen, 8, index);
  llvm::Value* first = b().load_i64(first_at);
  const int64_t patience = 2 * place.period_ns;
  llvm::Value* allowed = ir.CreateSelect(ir.CreateICmpSGT(hold, b().i64(patience)), hold, b().i64(patience));
  llvm::Value* gap = ir.CreateICmpSGT(ir.CreateSub(now1, b().load_i64(seen_at)), allowed);
  llvm::Value* anew = ir.CreateOr(ir.CreateICmpEQ(first, b().i64(0)), gap);
  llvm::Value* since = ir.CreateSelect(anew, now1, first);
  b().store(since, first_at);
  b().store(now1, seen_at);
  return ir.CreateICmpSGE(ir.CreateSub(now1, since), hold);
}

/// `for N of M`: does the condition hold, and has it in N of the last M ticks? A bit for each, the newest
/// lowest.
llvm::Value* Lowering::held_often(uint32_t id, llvm::Value* index, llvm::Value* now1, llvm::Value* truth) {
  const Rule& rule = p_.rules[id];
  const plan::RulePlace& place = layout_.rules[id];
  auto& ir = b().ir;
  llvm::Value* ticks_at = b().state(place.first, 8, index);
  llvm::Value* seen_at = b().state(place.seen, 8, index);
  llvm::Value* gap =
      ir.CreateICmpSGT(ir.CreateSub(now1, b().load_i64(seen_at)), b().i64(2 * place.period_ns));
  llvm::Value* old = ir.CreateSelect(gap, b().i64(0), b().load_i64(ticks_at));
  llvm::Value* bits = ir.CreateOr(ir.CreateShl(old, 1), ir.CreateZExt(truth, ir.getInt64Ty()));
  llvm::Value* last = ir.CreateLShr(b().i64(-1), ir.CreateSub(b().i64(check::kMaxTally), expr(rule.of).v));
  bits = ir.CreateAnd(bits, last);
  b().store(bits, ticks_at);
  b().store(now1, seen_at);
  llvm::Value* count = ir.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits);
  return ir.CreateAnd(truth, ir.CreateICmpSGE(count, expr(rule.hold).v));
}

/// One element of a `when`: `index` is its place in the rule's arrays and, with `each`, the slot.
void Lowering::when_element(uint32_t id, llvm::Value* index, llvm::BasicBlock* next) {
  const Rule& rule = p_.rules[id];
  const plan::RulePlace& place = layout_.rules[id];
  auto& ir = b().ir;
  llvm::Value* first_at = b().state(place.first, 8, index);
  llvm::Value* now1 = ir.CreateAdd(b().argument(FunctionBuilder::NowArg), b().i64(1));
  const auto only_if = [&](llvm::Value* condition, bool reset) {
    llvm::BasicBlock* yes = b().block("still");
    llvm::BasicBlock* no = reset ? b().block("restart") : next;
    b().branch(condition, yes, no);
    if (reset) {
      b().into(no);
      b().store(b().i64(0), first_at);
      b().go(next);
    }
    b().into(yes);
  };
  if (rule.set != kNone) {
    only_if(member(rule.set, index), true);
    locals_[rule.variable] = {index};
    only_if(leaves_due(rule, index), false);
    ticked_ = {own_stream(rule), index};
  }
  llvm::Value* truth = b().truth(expr(rule.condition));
  if (rule.of != kNone) {
    only_if(held_often(id, index, now1, truth), false);
  } else {
    only_if(truth, rule.hold != kNone);
    if (rule.hold != kNone) only_if(held_for(id, index, now1), false);
  }
  llvm::Value* fired_at = b().state(place.fired, 8, index);
  if (rule.cooldown != kNone) {
    llvm::Value* fired = b().load_i64(fired_at);
    llvm::Value* rested = ir.CreateICmpSGE(ir.CreateSub(now1, fired), expr(rule.cooldown).v);
    only_if(ir.CreateOr(ir.CreateICmpEQ(fired, b().i64(0)), rested), false);
    b().store(now1, fired_at);
  }
  fire(id, rule.set == kNone ? b().i32(-1) : index);
  exits_.push_back({next, nullptr, nullptr, 0});
  block(rule.body);
  exits_.pop_back();
  b().go(next);
  ticked_ = {};
}

void Lowering::every(uint32_t id) {
  const Rule& rule = p_.rules[id];
  auto& ir = b().ir;
  llvm::Value* period = expr(rule.period).v;
  llvm::Value* next_at = b().state(layout_.rules[id].first, 8, b().i32(0));
  llvm::Value* now = b().argument(FunctionBuilder::NowArg);
  llvm::Value* stored = b().load_i64(next_at);
  llvm::Value* due_at = ir.CreateSelect(ir.CreateICmpEQ(stored, b().i64(0)), period, stored);
  llvm::BasicBlock* end = b().block("end");
  llvm::BasicBlock* due = b().block("due");
  b().branch(ir.CreateICmpSGE(now, due_at), due, end);
  b().into(due);
  // The grid is kept; periods that passed in a gap are not made up.
  llvm::Value* passed = ir.CreateSDiv(ir.CreateSub(now, due_at), period);
  b().store(ir.CreateAdd(due_at, ir.CreateMul(ir.CreateAdd(passed, b().i64(1)), period)), next_at);
  fire(id, b().i32(-1));
  exits_.push_back({end, nullptr, nullptr, 0});
  block(rule.body);
  exits_.pop_back();
  b().go(end);
  b().into(end);
}

llvm::Function* Lowering::rule_function(uint32_t id) {
  const Rule& rule = p_.rules[id];
  FunctionBuilder f(module_, "rule." + std::to_string(id), layout_.slots());
  builder_ = &f;
  if (rule.kind == Rule::Kind::Every) {
    every(id);
  } else if (rule.kind == Rule::Kind::Task) {
    task(id);
  } else if (rule.kind == Rule::Kind::On) {
    f.seldom();
    if (rule.variable != kNone) locals_[rule.variable] = {f.argument(FunctionBuilder::SlotArg)};
    llvm::BasicBlock* end = f.block("end");
    if (rule.failed) {
      llvm::BasicBlock* this_one = f.block("this");
      llvm::Value* verb = f.ir.CreateLoad(
          f.ir.getInt32Ty(),
          f.at(f.argument(FunctionBuilder::Context), f.i64(offsetof(abi::PolicyContext, failed))));
      f.branch(f.ir.CreateICmpEQ(verb, f.i32(static_cast<int64_t>(*rule.failed))), this_one, end);
      f.into(this_one);
    }
    fire(id, f.argument(FunctionBuilder::SlotArg));
    exits_.push_back({end, nullptr, nullptr, 0});
    block(rule.body);
    exits_.pop_back();
    f.go(end);
    f.into(end);
  } else {
    const int64_t n = rule.set == kNone ? 1 : layout_.slots();
    f.loop(f.i32(0), f.i32(n),
           [&](llvm::Value* index, llvm::BasicBlock* next) { when_element(id, index, next); });
  }
  return f.finish();
}

uint32_t Lowering::text_id(const std::string& s) {
  const auto [it, added] = text_ids_.try_emplace(s, static_cast<uint32_t>(texts.size()));
  if (added) texts.push_back(s);
  return it->second;
}

uint32_t Lowering::fault_site(const char* what, Span span) {
  std::string said = what;
  if (SourceSet::in_module(span)) {
    said += fmt::format(" in line {} of {}", sources_.line(span), sources_.name(span.source));
    span = called_;
  }
  faults.push_back({std::move(said), sources_.line(span), span});
  return static_cast<uint32_t>(faults.size() - 1);
}

}  // namespace cbench::lower
