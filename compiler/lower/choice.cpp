// match, for and repeat, and the names of an enum's values.
#include "compiler/lower/lowering.h"

namespace cbench::lower {

/// The text of the plan's table that names a value of an enum.
llvm::Value* Lowering::text_of_value(const check::Type& type, llvm::Value* value) {
  std::vector<int64_t> ids;
  for (const std::string& name : p_.enums[type.enumeration].values) ids.push_back(text_id(name));
  return b().ir.CreateTrunc(b().pick(ids, value), b().ir.getInt32Ty());
}

void Lowering::match(const check::Match& m) {
  llvm::Value* subject = expr(m.subject).v;
  llvm::BasicBlock* otherwise = b().block("else");
  llvm::BasicBlock* end = b().block("matched");
  llvm::SwitchInst* choice = b().ir.CreateSwitch(subject, otherwise, static_cast<unsigned>(m.cases.size()));
  for (const check::Match::Case& each : m.cases) {
    llvm::BasicBlock* chosen = b().block("case");
    for (const int64_t value : each.values)
      choice->addCase(b().ir.getInt64(static_cast<uint64_t>(value)), chosen);
    b().into(chosen);
    block(each.body);
    b().go(end);
  }
  b().into(otherwise);
  if (m.otherwise) block(*m.otherwise);
  b().go(end);
  b().into(end);
}

/// How many ints there are from one to another, both included.
llvm::Value* Lowering::rounds(llvm::Value* from, llvm::Value* to, Span span) {
  llvm::Value* n = checked(llvm::Intrinsic::ssub_with_overflow, to, from, nullptr, span).v;
  n = checked(llvm::Intrinsic::sadd_with_overflow, n, b().i64(1), nullptr, span).v;
  llvm::Value* none = b().ir.CreateICmpSLT(n, b().i64(0));
  return b().ir.CreateTrunc(b().ir.CreateSelect(none, b().i64(0), n), b().ir.getInt32Ty());
}

void Lowering::for_statement(const check::For& f, Span span) {
  if (f.set != check::kNone) {
    for_each(f.set, [&](llvm::Value*, llvm::BasicBlock*) { block(f.body); });
    return;
  }
  llvm::Value* from = expr(f.from).v;
  b().loop(b().i32(0), rounds(from, expr(f.to).v, span), [&](llvm::Value* i, llvm::BasicBlock*) {
    locals_[f.variable] = {b().ir.CreateAdd(from, b().wide(i))};
    block(f.body);
  });
}

void Lowering::repeat(const check::Repeat& r) {
  llvm::AllocaInst* round = b().local(b().ir.getInt64Ty(), b().i64(0));
  llvm::Value* most = expr(r.most).v;
  llvm::BasicBlock* head = b().block("repeat");
  llvm::BasicBlock* ask = b().block("while");
  llvm::BasicBlock* body = b().block("body");
  llvm::BasicBlock* end = b().block("done");
  b().go(head);
  b().into(head);
  b().branch(b().ir.CreateICmpSLT(b().load_i64(round), most), ask, end);
  b().into(ask);
  b().branch(b().truth(expr(r.condition)), body, end);
  b().into(body);
  b().store(b().ir.CreateAdd(b().load_i64(round), b().i64(1)), round);
  block(r.body);
  b().go(head);
  b().into(end);
}

}  // namespace cbench::lower
