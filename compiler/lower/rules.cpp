// Rules and events: when a rule fires, and the one entry function that calls everything in order.
#include <algorithm>

#include <fmt/format.h>
#include <llvm/IR/Verifier.h>

#include "compiler/lower/lowering.h"
#include "compiler/plan/plan.h"

namespace cbench::lower {

using abi::Intrinsic;
using check::kNone;
using check::Op;
using check::Rule;

void Lowering::initial_states(bool per_container, llvm::Value* slot) {
  for (size_t i = 0; i < p_.states.size(); ++i) {
    if (p_.states[i].per_container != per_container) continue;
    llvm::Value* value = expr(p_.states[i].initial).v;
    if (p_.states[i].type.base == check::Base::Bool) value = b().ir.CreateZExt(value, b().ir.getInt64Ty());
    const plan::StatePlace& place = layout_.states[i];
    llvm::Value* base = b().state(place.base, 8ULL * place.size, slot);
    if (place.size == 1) {
      b().store(value, base);
      continue;
    }
    b().loop(b().i32(0), b().i32(place.size), [&](llvm::Value* at, llvm::BasicBlock*) {
      b().store(value,
                b().at(base, b().ir.CreateMul(b().ir.CreateZExt(at, b().ir.getInt64Ty()), b().i64(8))));
    });
  }
}

/// A container starts: everything that is remembered of its slot is new.
llvm::Function* Lowering::reset_function() {
  FunctionBuilder f(module_, "reset", layout_.slots());
  builder_ = &f;
  llvm::Value* slot = f.argument(FunctionBuilder::SlotArg);
  llvm::Value* zero = f.i64(0);
  for (size_t i = 0; i < p_.streams.size(); ++i) {
    if (p_.streams[i].subject == kNone) continue;
    f.store(zero, f.state(layout_.streams[i].updated, 8, slot));
    f.store_flag(f.flag(false), f.state(layout_.streams[i].ok, 1, slot));
    f.store_flag(f.flag(false), f.state(layout_.streams[i].ticked, 1, slot));
    for (const uint32_t t : p_.streams[i].temporals) {
      llvm::Value* base = f.state(layout_.temporals[t].base, layout_.temporals[t].stride, slot);
      const int64_t header =
          p_.temporals[t].op == Op::Window ? 32 : static_cast<int64_t>(layout_.temporals[t].stride);
      for (int64_t at = 0; at < header; at += 8) f.store(zero, f.at(base, f.i64(at)));
    }
  }
  for (size_t i = 0; i < p_.rules.size(); ++i) {
    if (p_.rules[i].set == kNone) continue;
    for (const uint64_t base : {layout_.rules[i].first, layout_.rules[i].seen, layout_.rules[i].fired})
      f.store(zero, f.state(base, 8, slot));
  }
  initial_states(true, slot);
  f.seldom();
  return f.finish();
}

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
  if (n.type.base == check::Base::Container || n.type.base == check::Base::Cpu ||
      n.type.base == check::Base::Text)
    return;
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

/// i32 cbp_entry(PolicyContext*, i32 event, i32 slot)
void Lowering::entry_function(llvm::Function* streams, llvm::Function* reset,
                              const std::vector<llvm::Function*>& rules) {
  // Global states are set in a function of their own, since the entry has no FunctionBuilder signature.
  FunctionBuilder begin(module_, "begin", layout_.slots());
  builder_ = &begin;
  initial_states(false, begin.i32(0));
  // `on admit` reads the states of a container that has not started yet.
  if (std::any_of(p_.states.begin(), p_.states.end(), [](const auto& s) { return s.per_container; }))
    begin.loop(begin.i32(0), begin.i32(layout_.slots()),
               [&](llvm::Value* slot, llvm::BasicBlock*) { initial_states(true, slot); });
  llvm::Function* begin_function = begin.finish();

  llvm::LLVMContext& c = module_.getContext();
  llvm::IRBuilder<> ir(c);
  llvm::Type* ptr = ir.getPtrTy();
  auto* type = llvm::FunctionType::get(ir.getInt32Ty(), {ptr, ir.getInt32Ty(), ir.getInt32Ty()}, false);
  llvm::Function* entry =
      llvm::Function::Create(type, llvm::Function::ExternalLinkage, abi::kEntryName, module_);
  entry->addFnAttr("no-builtins");
  entry->setDoesNotThrow();
  ir.SetInsertPoint(llvm::BasicBlock::Create(c, "entry", entry));
  const auto field = [&](size_t offset, llvm::Type* t) {
    return ir.CreateLoad(t, ir.CreateInBoundsGEP(ir.getInt8Ty(), entry->getArg(0), ir.getInt64(offset)));
  };
  using P = abi::PolicyContext;
  const std::vector<llvm::Value*> arguments = {entry->getArg(0),
                                               field(offsetof(P, values), ptr),
                                               field(offsetof(P, status), ptr),
                                               field(offsetof(P, running), ptr),
                                               field(offsetof(P, state), ptr),
                                               field(offsetof(P, params), ptr),
                                               field(offsetof(P, call), ptr),
                                               field(offsetof(P, host), ptr),
                                               field(offsetof(P, now_ns), ir.getInt64Ty()),
                                               field(offsetof(P, dt_ns), ir.getInt64Ty()),
                                               field(offsetof(P, step), ir.getInt64Ty()),
                                               entry->getArg(2)};
  const auto holds = [&](unsigned argument, uint64_t bytes) {
    if (bytes == 0) return;
    auto* size = llvm::ConstantAsMetadata::get(ir.getInt64(bytes));
    llvm::cast<llvm::LoadInst>(arguments[argument])
        ->setMetadata(llvm::LLVMContext::MD_dereferenceable, llvm::MDNode::get(c, size));
  };
  // So many bytes are there, so that a load need not wait for the branch that wants it.
  const uint64_t cells = layout_.columns.size() * (layout_.slots() + 1);
  holds(FunctionBuilder::Values, cells * sizeof(uint64_t));
  holds(FunctionBuilder::Status, cells);
  holds(FunctionBuilder::Running, layout_.slots());
  holds(FunctionBuilder::Params, p_.params.size() * sizeof(uint64_t));
  holds(FunctionBuilder::Calls, sizeof(abi::Intrinsics));
  llvm::BasicBlock* done = llvm::BasicBlock::Create(c, "done", entry);
  llvm::SwitchInst* on = ir.CreateSwitch(entry->getArg(1), done, 7);
  const auto sequence = [&](abi::Event event, const std::vector<llvm::Function*>& calls) {
    llvm::BasicBlock* start = llvm::BasicBlock::Create(c, "event", entry);
    on->addCase(ir.getInt32(static_cast<uint32_t>(event)), start);
    ir.SetInsertPoint(start);
    for (llvm::Function* f : calls) {
      llvm::Value* result = ir.CreateCall(f, arguments);
      llvm::BasicBlock* fault = llvm::BasicBlock::Create(c, "fault", entry);
      llvm::BasicBlock* next = llvm::BasicBlock::Create(c, "next", entry);
      ir.CreateCondBr(ir.CreateICmpNE(result, ir.getInt32(0)), fault, next);
      ir.SetInsertPoint(fault);
      ir.CreateRet(result);
      ir.SetInsertPoint(next);
    }
    ir.CreateBr(done);
  };
  const auto rules_of = [&](std::vector<llvm::Function*> calls, auto wanted) {
    for (size_t i = 0; i < rules.size(); ++i)
      if (rules[i] && wanted(p_.rules[i])) calls.push_back(rules[i]);
    return calls;
  };
  const auto on_event = [&](ast::OnEvent e) {
    return [e](const Rule& r) { return r.kind == Rule::Kind::On && r.event == e; };
  };
  sequence(abi::Event::Begin, rules_of({begin_function}, on_event(ast::OnEvent::Begin)));
  sequence(abi::Event::Admit, rules_of({}, on_event(ast::OnEvent::Admit)));
  sequence(abi::Event::Start, rules_of({reset}, on_event(ast::OnEvent::Start)));
  const auto each_step = [](const Rule& r) {
    return r.kind == Rule::Kind::When || r.kind == Rule::Kind::Every;
  };
  sequence(abi::Event::Step, rules_of(rules_of({streams}, each_step),
                                      [](const Rule& r) { return r.kind == Rule::Kind::Task; }));
  sequence(abi::Event::Stop, rules_of({}, on_event(ast::OnEvent::Stop)));
  sequence(abi::Event::End, rules_of({}, on_event(ast::OnEvent::End)));
  sequence(abi::Event::Failed, rules_of({}, on_event(ast::OnEvent::Failed)));
  ir.SetInsertPoint(done);
  ir.CreateRet(ir.getInt32(0));
}

void Lowering::run() {
  locals_.resize(p_.locals.size());
  llvm::Function* streams = streams_function();
  llvm::Function* reset = reset_function();
  std::vector<llvm::Function*> rules;
  for (uint32_t i = 0; i < p_.rules.size(); ++i)
    rules.push_back(layout_.rules[i].silent ? nullptr : rule_function(i));
  entry_function(streams, reset, rules);
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
