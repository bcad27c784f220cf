// Statements and actions.
#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"
#include "stdlib/abi/cpu_set.h"

namespace cbench::lower {

using abi::Intrinsic;
using check::Base;

void Lowering::block(const check::Block& statements) {
  for (const check::Stmt& s : statements) {
    if (b().ir.GetInsertBlock()->getTerminator()) return;  // after return or stop
    statement(s);
  }
}

/// What an action answered: inside a `try` a refusal leaves it, elsewhere it is recorded and the rule goes
/// on.
void Lowering::action(llvm::Value* refused) {
  if (tries_.empty() || !tries_.back()) return;
  llvm::BasicBlock* next = b().block("planned");
  b().branch(b().ir.CreateICmpNE(refused, b().i32(0)), tries_.back(), next);
  b().into(next);
}

/// Plans all or nothing: goes to `made` when nothing was refused, and stays where it was otherwise.
void Lowering::try_plan(const check::Block& plan, llvm::BasicBlock* made) {
  llvm::BasicBlock* refused = b().block("refused");
  b().call(Intrinsic::try_begin, {});
  tries_.push_back(refused);
  block(plan);
  tries_.pop_back();
  if (!b().ir.GetInsertBlock()->getTerminator()) {
    b().call(Intrinsic::try_end, {b().i32(0)});
    b().go(made);
  }
  b().into(refused);
  b().call(Intrinsic::try_end, {b().i32(1)});
}

void Lowering::attempt(const check::Try& t) {
  llvm::BasicBlock* end = b().block("tried");
  try_plan(t.body, end);
  block(t.otherwise);
  b().go(end);
  b().into(end);
}

/// Leaves a rule's element or an inlined function; what open `try`s inside it have planned stays.
void Lowering::leave(const Exit& exit) {
  for (size_t i = tries_.size(); i > exit.tries; --i) b().call(Intrinsic::try_end, {b().i32(0)});
  b().go(exit.to);
}

llvm::Value* Lowering::changed(check::NodeId value, ast::AssignOp op, llvm::Value* old,
                               const check::Type& type, Span span) {
  llvm::Value* x = expr(value).v;
  if (op == ast::AssignOp::Set) return x;
  const bool add = op == ast::AssignOp::Add;
  if (type.base == Base::Float) return add ? b().ir.CreateFAdd(old, x) : b().ir.CreateFSub(old, x);
  return checked(add ? llvm::Intrinsic::sadd_with_overflow : llvm::Intrinsic::ssub_with_overflow, old, x,
                 nullptr, span)
      .v;
}

/// Where a state is, for one per container that of the container, and of an array one element.
llvm::Value* Lowering::state_at(uint32_t state, check::NodeId container, check::NodeId index, Span span) {
  const plan::StatePlace& place = layout_.states[state];
  llvm::Value* slot = container == check::kNone ? b().i32(0) : expr(container).v;
  llvm::Value* base = b().state(place.base, 8ULL * place.size, slot);
  if (index == check::kNone) return base;
  llvm::Value* at = expr(index).v;
  b().fault_if(b().ir.CreateICmpUGE(at, b().i64(place.size)), fault_site("an index outside its array", span));
  return b().at(base, b().ir.CreateMul(at, b().i64(8)));
}

void Lowering::assign(const check::AssignState& a, Span span) {
  const check::Type& type = p_.states[a.state].type;
  llvm::Value* address = state_at(a.state, a.container, a.index, span);
  llvm::Value* old = type.base == Base::Float ? b().load_f64(address) : b().load_i64(address);
  llvm::Value* value = changed(a.value, a.op, old, type, span);
  if (type.base == Base::Bool) value = b().ir.CreateZExt(value, b().ir.getInt64Ty());
  b().store(value, address);
}

void Lowering::pin(const check::Pin& p) {
  llvm::Value* container = expr(p.container).v;
  const check::Set& s = p_.sets[p.set];
  llvm::Value* count = p.count == check::kNone ? nullptr : expr(p.count).v;
  b().call(Intrinsic::cpus_clear, {});
  if (s.from == check::Set::From::CpuList && s.where == check::kNone && !count) {
    // As written, so that a CPU that is not there is refused and not passed over.
    for (const auto& [first, last] : s.ranges) {
      llvm::Value* low = expr(first).v;
      if (low->getType()->isIntegerTy(32)) {
        b().call(Intrinsic::cpus_add, {low});
        continue;
      }
      const auto clamp = [&](llvm::Value* v) {
        llvm::Value* bad =
            b().ir.CreateOr(b().ir.CreateICmpSLT(v, b().i64(0)), b().ir.CreateICmpSGE(v, b().i64(kMaxCpus)));
        return b().ir.CreateTrunc(b().ir.CreateSelect(bad, b().i64(kMaxCpus), v), b().ir.getInt32Ty());
      };
      llvm::Value* from = clamp(low);
      llvm::Value* to = last == check::kNone ? from : clamp(expr(last).v);
      b().loop(from, b().ir.CreateAdd(to, b().i32(1)),
               [&](llvm::Value* cpu, llvm::BasicBlock*) { b().call(Intrinsic::cpus_add, {cpu}); });
    }
  } else {
    for_each(p.set, [&](llvm::Value* cpu, llvm::BasicBlock* next) {
      if (!count) {
        b().call(Intrinsic::cpus_add, {cpu});
        return;
      }
      const Val key = expr(p.key);
      if (key.ok) {
        llvm::BasicBlock* offer = b().block("offer");
        b().branch(key.ok, offer, next);
        b().into(offer);
      }
      b().call(Intrinsic::cpus_offer, {cpu, key.v});
    });
    if (count) b().call(Intrinsic::cpus_take, {count, b().i32(p.highest ? 1 : 0)});
  }
  action(b().call(Intrinsic::pin, {container}));
}

void Lowering::text(const check::TextParts& t) {
  b().call(Intrinsic::text_begin, {});
  for (const auto& part : t.parts) {
    if (const auto* literal = std::get_if<std::string>(&part))
      b().call(Intrinsic::text_piece, {b().i32(text_id(*literal))});
    else
      text_value(std::get<check::NodeId>(part));
  }
}

void Lowering::text_value(check::NodeId id) {
  const check::Node& n = node(id);
  if (n.op == check::Op::TextRef) {
    constexpr Intrinsic kTold[] = {Intrinsic::text_reason, Intrinsic::text_why, Intrinsic::text_failure,
                                   Intrinsic::text_failed};
    b().call(kTold[n.ref], {});
    return;
  }
  if (n.op == check::Op::Static && n.type.base == Base::Text) {
    llvm::Value* slot = expr(n.kids[0]).v;
    if (n.ref == static_cast<uint32_t>(check::StaticField::Name)) {
      b().call(Intrinsic::text_slot, {slot});
      return;
    }
    std::vector<int64_t> ids;
    for (const plan::ContainerConstants& c : layout_.containers)
      ids.push_back(text_id(n.ref == static_cast<uint32_t>(check::StaticField::Role) ? c.role : c.image));
    b().call(Intrinsic::text_piece, {b().ir.CreateTrunc(b().pick(ids, slot), b().ir.getInt32Ty())});
    return;
  }
  const Val x = expr(id);
  const auto print = [&] {
    llvm::Value* unit = b().i32(static_cast<int64_t>(check::display_unit(n.type)));
    switch (n.type.base) {
      case Base::Container:
        b().call(Intrinsic::text_slot, {x.v});
        break;
      case Base::Cpu:
        b().call(Intrinsic::text_i64, {b().ir.CreateZExt(x.v, b().ir.getInt64Ty()), b().i32(0)});
        break;
      case Base::Socket:
      case Base::Domain: {
        std::vector<int64_t> ids;
        for (const HostPart& part : layout_.host.parts(n.type.base)) ids.push_back(part.id);
        b().call(Intrinsic::text_i64, {b().pick(ids, x.v), b().i32(0)});
        break;
      }
      case Base::Bool:
        b().call(Intrinsic::text_flag, {b().ir.CreateZExt(x.v, b().ir.getInt32Ty())});
        break;
      case Base::Enum:
        b().call(Intrinsic::text_piece, {text_of_value(n.type, x.v)});
        break;
      case Base::Float:
        b().call(Intrinsic::text_f64, {x.v, unit});
        break;
      default:
        b().call(Intrinsic::text_i64, {x.v, unit});
        break;
    }
  };
  b().either(x, print, [&] { b().call(Intrinsic::text_missing, {}); });
}

void Lowering::statement(const check::Stmt& s) {
  using namespace check;
  std::visit(
      [&](const auto& n) {
        using T = std::decay_t<decltype(n)>;
        if constexpr (std::is_same_v<T, Let>) {
          bind(n.local, expr(n.value));
        } else if constexpr (std::is_same_v<T, If>) {
          const Val x = expr(n.condition);
          llvm::BasicBlock* then = b().block("if");
          llvm::BasicBlock* otherwise = b().block("else");
          llvm::BasicBlock* end = b().block("fi");
          b().branch(n.binding == kNone ? x.v : b().present(x), then, otherwise);
          b().into(then);
          if (n.binding != kNone) bind(n.binding, {x.v});
          block(n.then);
          b().go(end);
          b().into(otherwise);
          block(n.otherwise);
          b().go(end);
          b().into(end);
        } else if constexpr (std::is_same_v<T, AssignState>) {
          assign(n, s.span);
        } else if constexpr (std::is_same_v<T, SetWays>) {
          on_class(n.cls, Verb::Ways, [&](llvm::Value* cls) {
            llvm::Value* domain = domain_of(n.cls);
            llvm::Value* old = b().call(Intrinsic::ways, {cls, domain});
            return b().call(Intrinsic::set_ways, {cls, domain, changed(n.value, n.op, old, kInt, s.span)});
          });
        } else if constexpr (std::is_same_v<T, SetMb>) {
          const bool rate = n.verb == Verb::MbRate;
          on_class(n.cls, n.verb, [&](llvm::Value* cls) {
            llvm::Value* domain = domain_of(n.cls);
            llvm::Value* old = b().call(rate ? Intrinsic::mb_rate : Intrinsic::mb, {cls, domain});
            return b().call(rate ? Intrinsic::set_mb_rate : Intrinsic::set_mb,
                            {cls, domain, changed(n.value, n.op, old, kRatio, s.span)});
          });
        } else if constexpr (std::is_same_v<T, SetQuota>) {
          llvm::Value* slot = expr(n.container).v;
          llvm::Value* old = b().call(Intrinsic::quota, {slot});
          action(b().call(Intrinsic::set_quota, {slot, changed(n.value, n.op, old, kRatio, s.span)}));
        } else if constexpr (std::is_same_v<T, SetCores>) {
          llvm::Value* slot = expr(n.container).v;
          llvm::Value* old = b().call(Intrinsic::cores, {slot});
          action(b().call(Intrinsic::set_cores, {slot, changed(n.value, n.op, old, kCore, s.span)}));
        } else if constexpr (std::is_same_v<T, CallPlan>) {
          expr(n.call);
        } else if constexpr (std::is_same_v<T, check::Try>) {
          attempt(n);
        } else if constexpr (std::is_same_v<T, check::Return>) {
          const Exit exit = exits_.back();
          if (n.value != kNone) {
            const Val x = expr(n.value);
            b().store(b().clean(x), exit.value);
            b().store(b().present(x), exit.ok);
          }
          leave(exit);
        } else if constexpr (std::is_same_v<T, check::Stop>) {
          text(n.text);
          b().call(Intrinsic::stop, {});
          b().ir.CreateRet(b().i32(abi::kStopped));
        } else if constexpr (std::is_same_v<T, check::Move>) {
          llvm::Value* slot = expr(n.container).v;
          on_class(n.cls, Verb::Move,
                   [&](llvm::Value* cls) { return b().call(Intrinsic::move, {slot, cls}); });
        } else if constexpr (std::is_same_v<T, check::Layout>) {
          layout(n);
        } else if constexpr (std::is_same_v<T, check::Pin>) {
          pin(n);
        } else if constexpr (std::is_same_v<T, check::Log>) {
          text(n.text);
          b().call(Intrinsic::log, {b().i32(static_cast<int64_t>(n.level))});
        } else if constexpr (std::is_same_v<T, check::Annotate>) {
          llvm::Value* slot = n.container == kNone ? b().i32(-1) : expr(n.container).v;
          text(n.text);
          b().call(Intrinsic::annotate, {slot});
        } else if constexpr (std::is_same_v<T, check::Emit>) {
          const Val x = expr(n.value);
          b().when(b().present(x), [&] { b().call(Intrinsic::emit, {b().i32(text_id(n.name)), x.v}); });
        } else if constexpr (std::is_same_v<T, check::Match>) {
          match(n);
        } else if constexpr (std::is_same_v<T, check::For>) {
          for_statement(n, s.span);
        } else if constexpr (std::is_same_v<T, check::Repeat>) {
          repeat(n);
        } else if constexpr (std::is_same_v<T, check::Loop>) {
          loop(n);
        } else if constexpr (std::is_same_v<T, check::Wait>) {
          wait(n);
        } else if constexpr (std::is_same_v<T, check::Trial>) {
          trial(n, s.span);
        } else if constexpr (std::is_same_v<T, check::Pause>) {
          llvm::Value* slot = expr(n.container).v;
          action(b().call(Intrinsic::set_paused, {slot, b().i32(n.paused ? 1 : 0)}));
        } else if constexpr (std::is_same_v<T, check::Sample>) {
          llvm::Value* slot = expr(n.container).v;
          action(b().call(Intrinsic::set_period, {slot, b().i64(n.period_ns)}));
        } else {
          static_assert(std::is_same_v<T, check::Reject>);
          llvm::Value* slot = expr(n.container).v;
          text(n.text);
          b().call(Intrinsic::reject, {slot});
        }
      },
      s.node);
}

}  // namespace cbench::lower
