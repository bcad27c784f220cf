// Arithmetic and rounding: ints are checked, floats follow IEEE 754 without contraction.
#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Op;

Val Lowering::checked(llvm::Intrinsic::ID op, llvm::Value* x, llvm::Value* y, llvm::Value* ok, Span span) {
  llvm::Value* pair = b().ir.CreateBinaryIntrinsic(op, x, y);
  llvm::Value* overflow = b().ir.CreateExtractValue(pair, 1);
  if (ok) overflow = b().ir.CreateAnd(overflow, ok);
  b().fault_if(overflow, fault_site("integer overflow", span));
  return {b().ir.CreateExtractValue(pair, 0), ok};
}

/// A division takes longer than the branch round it: what is missing is not divided.
llvm::Value* Lowering::quotient(llvm::Value* x, llvm::Value* y, llvm::Value* ok) {
  if (!ok) return b().ir.CreateFDiv(x, y);
  llvm::AllocaInst* q = b().local(b().ir.getDoubleTy(), b().f64(0));
  b().when(ok, [&] { b().store(b().ir.CreateFDiv(x, y), q); });
  return b().load_f64(q);
}

Val Lowering::arithmetic(const check::Node& n) {
  auto& ir = b().ir;
  const Val x = expr(n.kids[0]);
  const Val y = n.kids.size() > 1 ? expr(n.kids[1]) : Val{};
  llvm::Value* ok = b().both(x.ok, y.ok);
  if (x.v->getType()->isDoubleTy()) {
    switch (n.op) {
      case Op::Negate:
        return {ir.CreateFNeg(x.v), ok};
      case Op::Add:
        return {ir.CreateFAdd(x.v, y.v), ok};
      case Op::Subtract:
        return {ir.CreateFSub(x.v, y.v), ok};
      case Op::Multiply:
        return {ir.CreateFMul(x.v, y.v), ok};
      case Op::Abs:
        return {ir.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x.v), ok};
      case Op::Sqrt:
      case Op::Log2: {
        const auto below = n.op == Op::Sqrt ? llvm::CmpInst::FCMP_OGE : llvm::CmpInst::FCMP_OGT;
        llvm::Value* present = n.type.optional ? b().both(ok, ir.CreateFCmp(below, x.v, b().f64(0))) : ok;
        llvm::Value* from = present ? ir.CreateSelect(present, x.v, b().f64(1)) : x.v;
        return {n.op == Op::Sqrt ? ir.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, from)
                                 : b().call(abi::Intrinsic::log2, {from}),
                present};
      }
      case Op::Exp2:
        return {b().call(abi::Intrinsic::exp2, {x.v}), ok};
      case Op::Min:
        return {ir.CreateSelect(ir.CreateFCmpOLT(y.v, x.v), y.v, x.v), ok};
      case Op::Max:
        return {ir.CreateSelect(ir.CreateFCmpOGT(y.v, x.v), y.v, x.v), ok};
      default: {  // Divide: what is not finite is missing
        if (!n.type.optional) return {ir.CreateFDiv(x.v, y.v)};
        llvm::Value* q = quotient(x.v, y.v, ok);
        llvm::Value* present = b().both(ok, b().finite(q));
        return {ir.CreateSelect(present, q, b().f64(0)), present};
      }
    }
  }
  switch (n.op) {
    case Op::Negate:
      return checked(llvm::Intrinsic::ssub_with_overflow, b().i64(0), x.v, ok, n.span);
    case Op::Add:
      return checked(llvm::Intrinsic::sadd_with_overflow, x.v, y.v, ok, n.span);
    case Op::Subtract:
      return checked(llvm::Intrinsic::ssub_with_overflow, x.v, y.v, ok, n.span);
    case Op::Multiply:
      return checked(llvm::Intrinsic::smul_with_overflow, x.v, y.v, ok, n.span);
    case Op::Abs: {
      const Val negative = checked(llvm::Intrinsic::ssub_with_overflow, b().i64(0), x.v, ok, n.span);
      return {ir.CreateSelect(ir.CreateICmpSLT(x.v, b().i64(0)), negative.v, x.v), ok};
    }
    case Op::Min:
      return {ir.CreateSelect(ir.CreateICmpSLT(y.v, x.v), y.v, x.v), ok};
    case Op::Max:
      return {ir.CreateSelect(ir.CreateICmpSGT(y.v, x.v), y.v, x.v), ok};
    default: {  // Modulo: by zero is missing; by −1 is 0 (the machine would trap on the smallest int)
      llvm::Value* nonzero = ir.CreateICmpNE(y.v, b().i64(0));
      llvm::Value* unusual = ir.CreateOr(ir.CreateNot(nonzero), ir.CreateICmpEQ(y.v, b().i64(-1)));
      llvm::Value* r = ir.CreateSRem(x.v, ir.CreateSelect(unusual, b().i64(1), y.v));
      return {r, n.type.optional ? b().both(ok, nonzero) : ok};
    }
  }
}

/// floor, ceil and round without a library call; what does not fit an int is missing.
Val Lowering::round(const check::Node& n) {
  auto& ir = b().ir;
  const Val x = expr(n.kids[0]);
  llvm::Value* fits =
      ir.CreateAnd(ir.CreateFCmpOGT(x.v, b().f64(-9.2e18)), ir.CreateFCmpOLT(x.v, b().f64(9.2e18)));
  llvm::Value* safe = ir.CreateSelect(fits, x.v, b().f64(0));
  llvm::Value* cut = ir.CreateFPToSI(safe, ir.getInt64Ty());
  llvm::Value* back = ir.CreateSIToFP(cut, ir.getDoubleTy());
  llvm::Value* out = cut;
  const auto one_if = [&](llvm::Value* condition) { return ir.CreateZExt(condition, ir.getInt64Ty()); };
  if (n.op == Op::Floor) out = ir.CreateSub(cut, one_if(ir.CreateFCmpOGT(back, safe)));
  if (n.op == Op::Ceil) out = ir.CreateAdd(cut, one_if(ir.CreateFCmpOLT(back, safe)));
  if (n.op == Op::Round) {  // half away from zero; the rest is exact, where x + 0.5 may be rounded itself
    llvm::Value* rest = ir.CreateFSub(safe, back);
    out = ir.CreateAdd(cut, one_if(ir.CreateFCmpOGE(rest, b().f64(0.5))));
    out = ir.CreateSub(out, one_if(ir.CreateFCmpOLE(rest, b().f64(-0.5))));
  }
  return {out, b().both(x.ok, fits)};
}

}  // namespace cbench::lower
