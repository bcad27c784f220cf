// What runs at which event: states begin anew, and the one entry function calls everything in order.
#include <algorithm>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::kNone;
using check::Op;
using check::Rule;

/// So many elements of a state, from the `first` on, begin as it says.
void Lowering::initial_state(size_t state, llvm::Value* first, uint32_t elements) {
  if (elements == 0) return;
  llvm::Value* value = expr(p_.states[state].initial).v;
  if (p_.states[state].type.base == check::Base::Bool) value = b().ir.CreateZExt(value, b().ir.getInt64Ty());
  llvm::Value* base = b().state(layout_.states[state].base, 8, first);
  if (elements == 1) return b().store(value, base);
  b().loop(b().i32(0), b().i32(elements), [&](llvm::Value* at, llvm::BasicBlock*) {
    b().store(value, b().at(base, b().ir.CreateMul(b().wide(at), b().i64(8))));
  });
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
  for (size_t i = 0; i < p_.states.size(); ++i)
    if (const uint32_t size = layout_.states[i].size; p_.states[i].of == check::Base::Container)
      initial_state(i, f.ir.CreateMul(slot, f.i32(size)), size);
  f.seldom();
  return f.finish();
}

/// i32 cbp_entry(PolicyContext*, i32 event, i32 slot)
void Lowering::entry_function(llvm::Function* streams, llvm::Function* reset,
                              const std::vector<llvm::Function*>& rules) {
  // States are set in a function of their own, since the entry has no FunctionBuilder signature.
  FunctionBuilder begin(module_, "begin", layout_.slots());
  builder_ = &begin;
  // Those of containers as well: `on admit` reads them before a container has started.
  for (size_t i = 0; i < p_.states.size(); ++i)
    initial_state(i, begin.i32(0), layout_.states[i].n * layout_.states[i].size);
  begin.seldom();
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

}  // namespace cbench::lower
