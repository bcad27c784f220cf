// Classes: which one a name stands for, and actions on it.
#include "compiler/lower/lowering.h"

namespace cbench::lower {

using abi::Intrinsic;

/// The plan's class, as i32; -1 where the container has no class of its own.
llvm::Value* Lowering::class_id(uint32_t cls, check::NodeId container) {
  const plan::ClassPlace& place = layout_.classes[cls];
  if (container == check::kNone) return b().i32(place.first);
  return b().ir.CreateTrunc(b().pick(place.of_slot, expr(container).v), b().ir.getInt32Ty());
}

/// The domain that a share is of, as i32; -1 for all.
llvm::Value* Lowering::domain_of(const check::ClassRef& share) {
  return share.domain == check::kNone ? b().i32(-1) : expr(share.domain).v;
}

/// Plans an action on a class; a container without one of its own is refused.
void Lowering::on_class(check::ClassRef cls, Verb verb,
                        const std::function<llvm::Value*(llvm::Value*)>& plan) {
  llvm::Value* id = class_id(cls.cls, cls.container);
  if (cls.container == check::kNone) return action(plan(id));
  llvm::AllocaInst* refused = b().local(b().ir.getInt32Ty(), b().i32(1));
  llvm::BasicBlock* there = b().block("class");
  llvm::BasicBlock* none = b().block("no_class");
  llvm::BasicBlock* end = b().block("asked");
  b().branch(b().ir.CreateICmpSGE(id, b().i32(0)), there, none);
  b().into(there);
  b().store(plan(id), refused);
  b().go(end);
  b().into(none);
  b().call(Intrinsic::no_class, {b().i32(static_cast<int64_t>(verb)), expr(cls.container).v,
                                 b().i32(text_id(p_.classes[cls.cls].name))});
  b().go(end);
  b().into(end);
  action(b().ir.CreateLoad(b().ir.getInt32Ty(), refused));
}

void Lowering::layout(const check::Layout& l) {
  std::vector<llvm::Value*> ways;
  for (const auto& part : l.parts)
    ways.push_back(part.second == check::kNone ? b().i64(abi::kRest) : expr(part.second).v);
  b().call(Intrinsic::layout_clear, {});
  for (size_t i = 0; i < ways.size(); ++i) {
    const plan::ClassPlace& place = layout_.classes[l.parts[i].first];
    if (!p_.classes[l.parts[i].first].per_container) {
      b().call(Intrinsic::layout_part, {b().i32(place.first), ways[i]});
      continue;
    }
    for (size_t slot = 0; slot < place.of_slot.size(); ++slot) {
      if (place.of_slot[slot] < 0) continue;
      b().when(b().running(b().i32(static_cast<int64_t>(slot))),
               [&] { b().call(Intrinsic::layout_part, {b().i32(place.of_slot[slot]), ways[i]}); });
    }
  }
  action(b().call(l.l2 ? Intrinsic::layout_l2 : Intrinsic::layout, {}));
}

}  // namespace cbench::lower
