// Sets of containers, CPUs, sockets and L3 domains: membership, iteration in ascending order, reductions.
#include <limits>

#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Base;
using check::Reduction;
using check::Set;

/// Is the CPU one of the container, socket or domain that the set is of?
llvm::Value* Lowering::cpu_of(const Set& s, llvm::Value* cpu) {
  llvm::Value* whose = expr(s.whose).v;
  const Base of = node(s.whose).type.base;
  if (of == Base::Container)
    return b().ir.CreateICmpNE(b().call(abi::Intrinsic::cpu_in, {whose, cpu}), b().i32(0));
  // CPUs that a policy can name are online; those that are of no domain are of none here.
  std::vector<int64_t> part_of(layout_.host.cpus.empty() ? 0 : layout_.host.cpus.back() + 1, -1);
  const std::vector<HostPart>& parts = layout_.host.parts(of);
  for (size_t i = 0; i < parts.size(); ++i)
    for (const uint32_t each : parts[i].cpus) part_of[each] = static_cast<int64_t>(i);
  return b().ir.CreateICmpEQ(b().pick(part_of, cpu), b().wide(whose));
}

/// Is the element (slot, CPU number or place of a socket or domain, i32) in the set? Binds the set's variable
/// for its `where`.
llvm::Value* Lowering::member(uint32_t id, llvm::Value* element) {
  const Set& s = p_.sets[id];
  auto& ir = b().ir;
  llvm::Value* in = b().flag(true);
  switch (s.from) {
    case Set::From::All:
      in = b().running(element);
      break;
    case Set::From::Class: {
      const plan::ClassPlace& place = layout_.classes[s.ref];
      llvm::Value* cls = b().call(abi::Intrinsic::class_of, {element});
      in = ir.CreateAnd(b().running(element),
                        ir.CreateICmpULT(ir.CreateSub(cls, b().i32(place.first)), b().i32(place.count)));
      break;
    }
    case Set::From::Group:
      in = member(p_.groups[s.ref].set, element);
      break;
    case Set::From::Host:
    case Set::From::Ordered:
    case Set::From::Range:
      break;  // elements come from this set
    case Set::From::CpusOf:
      in = cpu_of(s, element);
      break;
    case Set::From::CpuList: {
      in = b().flag(false);
      llvm::Value* wide = b().wide(element);
      for (const auto& [first, last] : s.ranges) {
        llvm::Value* low = expr(first).v;
        llvm::Value* high = last == check::kNone ? low : expr(last).v;
        if (low->getType()->isIntegerTy(32)) low = high = ir.CreateZExt(low, ir.getInt64Ty());
        in = ir.CreateOr(in, ir.CreateAnd(ir.CreateICmpSGE(wide, low), ir.CreateICmpSLE(wide, high)));
      }
      break;
    }
  }
  if (s.where == check::kNone) return in;
  // `where` may read what exists for members only, so it runs for them only.
  llvm::AllocaInst* result = b().local(ir.getInt1Ty(), b().flag(false));
  locals_[s.variable] = {element};
  b().when(in, [&] { b().store(expr(s.where).v, result); });
  return ir.CreateLoad(ir.getInt1Ty(), result);
}

/// Runs `body` for each member, ascending; the set's variable is bound.
void Lowering::for_each(uint32_t id, const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body) {
  const Set& s = p_.sets[id];
  if (s.from == Set::From::Ordered) return in_order(id, body);
  auto& ir = b().ir;
  if (s.of_ints()) {
    llvm::Value* from = expr(s.ranges[0].first).v;
    b().loop(b().i32(0), rounds(from, expr(s.ranges[0].second).v, s.span),
             [&](llvm::Value* i, llvm::BasicBlock* next) {
               llvm::Value* element = ir.CreateAdd(from, b().wide(i));
               llvm::BasicBlock* inside = b().block("member");
               locals_[s.variable] = {element};
               b().branch(member(id, element), inside, next);
               b().into(inside);
               body(element, next);
             });
    return;
  }
  const std::vector<int64_t> cpus(layout_.host.cpus.begin(), layout_.host.cpus.end());
  b().loop(b().i32(0), b().i32(layout_.count(s.of)), [&](llvm::Value* i, llvm::BasicBlock* next) {
    llvm::Value* element = s.of == Base::Cpu ? ir.CreateTrunc(b().pick(cpus, i), ir.getInt32Ty()) : i;
    llvm::BasicBlock* inside = b().block("member");
    b().branch(member(id, element), inside, next);
    b().into(inside);
    if (s.variable != check::kNone) locals_[s.variable] = {element};
    body(element, next);
  });
}

/// A number as unsigned bits that order as it does, or the other way round.
llvm::Value* Lowering::sortable(llvm::Value* key, bool falling) {
  auto& ir = b().ir;
  llvm::Value* sign = b().i64(std::numeric_limits<int64_t>::min());
  llvm::Value* bits = key;
  if (key->getType()->isDoubleTy()) {
    bits = ir.CreateBitCast(ir.CreateFAdd(key, b().f64(0)), ir.getInt64Ty());  // -0 is 0
    bits = ir.CreateXor(bits, ir.CreateOr(ir.CreateAShr(bits, 63), sign));
  } else {
    bits = ir.CreateXor(bits, sign);
  }
  return falling ? ir.CreateNot(bits) : bits;
}

/// Runs `body` for each member of a set with an order.
void Lowering::in_order(uint32_t id, const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body) {
  const Set& s = p_.sets[id];
  auto& ir = b().ir;
  llvm::Type* i64 = ir.getInt64Ty();
  llvm::Type* entry = llvm::ArrayType::get(i64, 2);  // abi::SortEntry
  const size_t most = layout_.count(s.of);
  llvm::Value* entries = b().local(llvm::ArrayType::get(entry, most), nullptr);
  llvm::AllocaInst* found = b().local(i64, b().i64(0));
  llvm::Value* limit = s.count == check::kNone ? nullptr : expr(s.count).v;
  const auto field = [&](llvm::Value* index, int64_t which) {
    return ir.CreateInBoundsGEP(entry, entries, {index, b().i64(which)});
  };
  for_each(s.ref, [&](llvm::Value* element, llvm::BasicBlock*) {
    const Val key = expr(s.key);
    llvm::Value* ordered = b().present(key);
    if (key.v->getType()->isDoubleTy()) ordered = ir.CreateAnd(ordered, ir.CreateFCmpORD(key.v, key.v));
    b().when(ordered, [&] {
      llvm::Value* n = b().load_i64(found);
      b().store(sortable(key.v, s.highest), field(n, 0));
      b().store(ir.CreateZExt(element, i64), field(n, 1));
      b().store(ir.CreateAdd(n, b().i64(1)), found);
    });
  });
  llvm::Value* n = b().load_i64(found);
  b().call(abi::Intrinsic::sort, {entries, n});
  if (limit) {
    limit = ir.CreateSelect(ir.CreateICmpSLT(limit, b().i64(0)), b().i64(0), limit);
    n = ir.CreateSelect(ir.CreateICmpSLT(limit, n), limit, n);
  }
  b().loop(b().i32(0), ir.CreateTrunc(n, ir.getInt32Ty()), [&](llvm::Value* i, llvm::BasicBlock* next) {
    llvm::Value* element = ir.CreateTrunc(b().load_i64(field(b().wide(i), 1)), ir.getInt32Ty());
    llvm::BasicBlock* inside = b().block("member");
    b().branch(member(id, element), inside, next);
    b().into(inside);
    if (s.variable != check::kNone) locals_[s.variable] = {element};
    body(element, next);
  });
}

Val Lowering::reduce(const check::Node& n) {
  auto& ir = b().ir;
  const auto what = static_cast<Reduction>(n.ref);
  llvm::Type* i64 = ir.getInt64Ty();
  llvm::Type* i1 = ir.getInt1Ty();
  if (what == Reduction::Count) {
    llvm::AllocaInst* count = b().local(i64, b().i64(0));
    for_each(n.set, [&](llvm::Value*, llvm::BasicBlock*) {
      b().store(ir.CreateAdd(b().load_i64(count), b().i64(1)), count);
    });
    return {b().load_i64(count)};
  }
  const check::Type body_type = node(n.kids[0]).type;
  if (what == Reduction::Any || what == Reduction::All) {
    // Kleene: one decisive element settles it, a missing one leaves it open.
    const bool any = what == Reduction::Any;
    llvm::AllocaInst* settled = b().local(i1, b().flag(false));
    llvm::AllocaInst* open = b().local(i1, b().flag(false));
    for_each(n.set, [&](llvm::Value*, llvm::BasicBlock*) {
      const Val x = expr(n.kids[0]);
      llvm::Value* decisive = ir.CreateAnd(b().present(x), any ? x.v : ir.CreateNot(x.v));
      b().store(ir.CreateOr(ir.CreateLoad(i1, settled), decisive), settled);
      if (x.ok) b().store(ir.CreateOr(ir.CreateLoad(i1, open), ir.CreateNot(x.ok)), open);
    });
    llvm::Value* s = ir.CreateLoad(i1, settled);
    llvm::Value* ok = body_type.optional ? ir.CreateOr(s, ir.CreateNot(ir.CreateLoad(i1, open))) : nullptr;
    return {any ? s : ir.CreateNot(s), ok};
  }
  llvm::Type* type = type_of(body_type);
  const bool is_float = body_type.base == Base::Float;
  llvm::AllocaInst* best = b().local(type, llvm::Constant::getNullValue(type));
  llvm::AllocaInst* found = b().local(i1, b().flag(false));
  llvm::AllocaInst* lost = b().local(i1, b().flag(false));
  llvm::Type* handle = p_.sets[n.set].of_ints() ? i64 : ir.getInt32Ty();
  llvm::AllocaInst* where = b().local(handle, llvm::Constant::getNullValue(handle));
  llvm::AllocaInst* count = b().local(i64, b().i64(0));
  const bool arg = what == Reduction::ArgMin || what == Reduction::ArgMax;
  for_each(n.set, [&](llvm::Value* element, llvm::BasicBlock* next) {
    const Val x = expr(n.kids[0]);
    if (x.ok) {
      llvm::BasicBlock* present = b().block("present");
      llvm::BasicBlock* missing = b().block("missing");
      b().branch(x.ok, present, missing);
      b().into(missing);
      if (!arg) b().store(b().flag(true), lost);
      b().go(next);
      b().into(present);
    }
    llvm::Value* old = ir.CreateLoad(type, best);
    b().store(ir.CreateAdd(b().load_i64(count), b().i64(1)), count);
    if (what == Reduction::Sum || what == Reduction::Avg) {
      b().store(is_float ? ir.CreateFAdd(old, x.v)
                         : checked(llvm::Intrinsic::sadd_with_overflow, old, x.v, nullptr, n.span).v,
                best);
      return;
    }
    const bool smallest = what == Reduction::Min || what == Reduction::ArgMin;
    llvm::Value* better = is_float ? (smallest ? ir.CreateFCmpOLT(x.v, old) : ir.CreateFCmpOGT(x.v, old))
                                   : (smallest ? ir.CreateICmpSLT(x.v, old) : ir.CreateICmpSGT(x.v, old));
    better = ir.CreateOr(better, ir.CreateNot(ir.CreateLoad(i1, found)));
    b().store(ir.CreateSelect(better, x.v, old), best);
    b().store(ir.CreateSelect(better, element, ir.CreateLoad(handle, where)), where);
    b().store(b().flag(true), found);
  });
  llvm::Value* complete = body_type.optional ? ir.CreateNot(ir.CreateLoad(i1, lost)) : nullptr;
  llvm::Value* value = ir.CreateLoad(type, best);
  if (arg) return {ir.CreateLoad(handle, where), ir.CreateLoad(i1, found)};
  if (what == Reduction::Sum) return {value, complete};
  llvm::Value* any = ir.CreateICmpNE(b().load_i64(count), b().i64(0));
  llvm::Value* ok = b().both(complete, any);
  if (what == Reduction::Avg) {
    llvm::Value* mean = ir.CreateFDiv(value, ir.CreateSIToFP(b().load_i64(count), ir.getDoubleTy()));
    return {ir.CreateSelect(ok, mean, b().f64(0)), ok};
  }
  return {value, ok};
}

}  // namespace cbench::lower
