// Expressions. A value travels as (value, ok); a missing one is never looked at, so that its bits cannot
// fault or matter.
#include <algorithm>
#include <cmath>

#include <llvm/IR/Intrinsics.h>

#include "compiler/lower/lowering.h"

namespace cbench::lower {

using check::Base;
using check::Op;

llvm::Type* Lowering::type_of(const check::Type& t) {
  switch (t.base) {
    case Base::Bool:
      return b().ir.getInt1Ty();
    case Base::Float:
      return b().ir.getDoubleTy();
    case Base::Container:
    case Base::Cpu:
    case Base::Socket:
    case Base::Domain:
      return b().ir.getInt32Ty();
    default:
      return b().ir.getInt64Ty();
  }
}

int Lowering::column_of(Metric metric) const {
  for (size_t i = 0; i < layout_.columns.size(); ++i)
    if (layout_.columns[i] == metric) return static_cast<int>(i);
  return -1;
}

Val Lowering::expr(check::NodeId id) {
  const check::Node& n = node(id);
  switch (n.op) {
    case Op::ConstBool:
      return {b().flag(n.i != 0)};
    case Op::ConstInt:
      return {b().i64(n.i)};
    case Op::ConstFloat:
      return {b().f64(n.f)};
    case Op::Unlimited:
      return {b().f64(HUGE_VAL)};
    case Op::Param: {
      if (n.type.base == Base::Bool) return {b().ir.CreateICmpNE(b().param(n.ref, true), b().i64(0))};
      return {b().param(n.ref, n.type.base != Base::Float)};
    }
    case Op::TableElement: {
      llvm::Value* at = expr(n.kids[0]).v;
      b().fault_if(b().ir.CreateICmpUGE(at, b().i64(n.i)), fault_site("an index outside its table", n.span));
      llvm::Value* place = b().ir.CreateAdd(at, b().i64(n.ref));
      if (n.type.base == Base::Bool) return {b().ir.CreateICmpNE(b().param(place, true), b().i64(0))};
      return {b().param(place, n.type.base != Base::Float)};
    }
    case Op::Local:
      return local(n);
    case Op::Next: {
      const Val x = expr(n.kids[0]);
      llvm::Value* next = b().ir.CreateAdd(x.v, b().i64(1));
      const auto size = static_cast<int64_t>(p_.enums[n.type.enumeration].values.size());
      return {b().ir.CreateSelect(b().ir.CreateICmpEQ(next, b().i64(size)), b().i64(0), next), x.ok};
    }
    case Op::Cause:
      return {cause(node(n.kids[0]))};
    case Op::Has:
      return {b().flag(std::find(layout_.measured.begin(), layout_.measured.end(),
                                 static_cast<Metric>(n.ref)) != layout_.measured.end())};
    case Op::MetricRead:
      return metric(n);
    case Op::Static:
    case Op::NameIs:
      return static_field(n);
    case Op::HostFact:
      return host_fact(n);
    case Op::StreamRead:
    case Op::StreamBefore: {
      llvm::Value* slot = n.kids.empty() ? b().i32(0) : expr(n.kids[0]).v;
      return n.op == Op::StreamRead ? stream_value(n.ref, slot) : stream_before(n.ref, slot);
    }
    case Op::StateRead:
    case Op::Element: {
      const size_t of = n.op == Op::Element ? 1 : 0;
      llvm::Value* address = state_at(n.ref, n.kids.size() > of ? n.kids[of] : check::kNone,
                                      n.op == Op::Element ? n.kids[0] : check::kNone, n.span);
      if (n.type.base == Base::Bool) return {b().ir.CreateICmpNE(b().load_i64(address), b().i64(0))};
      return {n.type.base == Base::Float ? b().load_f64(address) : b().load_i64(address)};
    }
    case Op::Ways:
    case Op::Mb:
    case Op::MbRate: {
      const auto share = n.op == Op::Ways ? abi::Intrinsic::ways
                         : n.op == Op::Mb ? abi::Intrinsic::mb
                                          : abi::Intrinsic::mb_rate;
      const check::ClassRef of = check::share_of(n);
      llvm::Value* cls = class_id(n.ref, of.container);
      llvm::Value* domain = domain_of(of);
      if (of.container == check::kNone) return {b().call(share, {cls, domain})};
      llvm::Value* ok = b().ir.CreateICmpSGE(cls, b().i32(0));
      llvm::AllocaInst* value = b().local(type_of(n.type), llvm::Constant::getNullValue(type_of(n.type)));
      b().when(ok, [&] { b().store(b().call(share, {cls, domain}), value); });
      return {b().ir.CreateLoad(type_of(n.type), value), ok};
    }
    case Op::Paused:
      return {b().ir.CreateICmpNE(b().call(abi::Intrinsic::paused, {expr(n.kids[0]).v}), b().i32(0))};
    case Op::Cores:
      return {b().call(abi::Intrinsic::cores, {expr(n.kids[0]).v})};
    case Op::Quota:
      return {b().call(abi::Intrinsic::quota, {expr(n.kids[0]).v})};
    case Op::Now:
      return {b().argument(FunctionBuilder::NowArg)};
    case Op::Dt:
      return {b().argument(FunctionBuilder::DtArg)};
    case Op::Step:
      return {b().argument(FunctionBuilder::StepArg)};
    case Op::Not: {
      const Val x = expr(n.kids[0]);
      return {b().ir.CreateNot(x.v), x.ok};
    }
    case Op::And:
    case Op::Or:
      return logic(n);
    case Op::Equal:
    case Op::NotEqual:
    case Op::Less:
    case Op::LessEqual:
    case Op::Greater:
    case Op::GreaterEqual:
      return compare(n);
    case Op::Default: {
      const Val x = expr(n.kids[0]);
      const Val y = expr(n.kids[1]);
      if (!x.ok) return x;
      return {b().ir.CreateSelect(x.ok, x.v, y.v), y.ok ? b().ir.CreateOr(x.ok, y.ok) : nullptr};
    }
    case Op::Negate:
    case Op::Add:
    case Op::Subtract:
    case Op::Multiply:
    case Op::Divide:
    case Op::Modulo:
    case Op::Abs:
    case Op::Sqrt:
    case Op::Log2:
    case Op::Exp2:
    case Op::Min:
    case Op::Max:
      return arithmetic(n);
    case Op::ToFloat: {
      const Val x = expr(n.kids[0]);
      llvm::Value* f = b().ir.CreateSIToFP(x.v, b().ir.getDoubleTy());
      if (node(n.kids[0]).type.base == Base::Time) f = b().ir.CreateFDiv(f, b().f64(1e9));
      return {f, x.ok};
    }
    case Op::Floor:
    case Op::Ceil:
    case Op::Round:
      return round(n);
    case Op::InSet:
      return {member(n.set, expr(n.kids[0]).v)};
    case Op::Reduce:
      return reduce(n);
    case Op::Window:
    case Op::Ewma:
    case Op::Schmitt:
    case Op::Rises:
    case Op::Falls:
    case Op::Changed:
    case Op::DeltaPrevious:
    case Op::RatePrevious:
      return temporal(n);
    case Op::Call:
      return inlined(n);
    case Op::TextRef:
      break;
  }
  return {};
}

/// A cell is present when its status has a value and a float is finite.
Val Lowering::metric(const check::Node& n) {
  const auto which = static_cast<Metric>(n.ref);
  const MetricInfo& m = cbench::info(which);
  llvm::Value* slot = expr(n.kids[0]).v;
  const int column = column_of(which);
  if (column < 0)
    return {llvm::Constant::getNullValue(type_of(n.type)), b().flag(false)};  // optional, and absent
  llvm::Value* ok = b().ir.CreateICmpULE(b().status(column, slot),
                                         b().ir.getInt8(static_cast<uint8_t>(Status::Multiplexed)));
  if (n.type.base == Base::Int || n.type.base == Base::Time)
    return {b().ir.CreateSelect(ok, b().cell(column, slot, b().ir.getInt64Ty()), b().i64(0)), ok};
  llvm::Value* x;
  if (m.type == MetricType::I64) {
    x = b().ir.CreateSIToFP(b().cell(column, slot, b().ir.getInt64Ty()), b().ir.getDoubleTy());
  } else {
    x = b().cell(column, slot, b().ir.getDoubleTy());
    ok = b().ir.CreateAnd(ok, b().finite(x));
  }
  if (const double by = divisor(m.unit); by != 1.0)
    x = b().ir.CreateFDiv(x, b().f64(by));
  else if (const double scale = cbench::info(m.unit).scale; scale != 1.0)
    x = b().ir.CreateFMul(x, b().f64(scale));
  return {b().ir.CreateSelect(ok, x, b().f64(0)), ok};
}

/// Why a metric or stream has a value or none: a Cause.
llvm::Value* Lowering::cause(const check::Node& read) {
  auto& ir = b().ir;
  const auto is = [&](Cause cause) { return b().i64(static_cast<int64_t>(cause)); };
  if (read.op == Op::StreamRead)
    return stream_cause(read.ref, read.kids.empty() ? b().i32(0) : expr(read.kids[0]).v);
  const int column = column_of(static_cast<Metric>(read.ref));
  if (column < 0) return is(Cause::Unsupported);
  llvm::Value* status = b().status(column, expr(read.kids[0]).v);
  const auto status_is = [&](Status s) {
    return ir.CreateICmpEQ(status, ir.getInt8(static_cast<uint8_t>(s)));
  };
  const auto either = [&](Status s, Status t) { return ir.CreateOr(status_is(s), status_is(t)); };
  llvm::Value* none = ir.CreateSelect(status_is(Status::NotDue), is(Cause::NotDue), is(Cause::Lost));
  none = ir.CreateSelect(either(Status::Unsupported, Status::Disabled), is(Cause::Unsupported), none);
  if (read.type.base == Base::Text)
    return ir.CreateSelect(either(Status::Ok, Status::Multiplexed), is(Cause::Present), none);
  return ir.CreateSelect(metric(read).ok, is(Cause::Present), none);
}

/// Is it finite where present? An int is, and a metric, in a unit that does not make it larger.
bool Lowering::is_finite(check::NodeId id) const {
  const check::Node& n = node(id);
  if (n.op == Op::ToFloat) return true;
  return n.op == Op::MetricRead && cbench::info(cbench::info(static_cast<Metric>(n.ref)).unit).scale <= 1;
}

/// Kleene's logic: false and missing is false, true or missing is true.
Val Lowering::logic(const check::Node& n) {
  const Val x = expr(n.kids[0]);
  const Val y = expr(n.kids[1]);
  auto& ir = b().ir;
  const bool is_and = n.op == Op::And;
  if (!x.ok && !y.ok) return {is_and ? ir.CreateAnd(x.v, y.v) : ir.CreateOr(x.v, y.v)};
  llvm::Value* both_known = ir.CreateAnd(b().present(x), b().present(y));
  const auto decided = [&](const Val& z) {
    return ir.CreateAnd(b().present(z), is_and ? ir.CreateNot(z.v) : z.v);
  };
  llvm::Value* settled = ir.CreateOr(decided(x), decided(y));
  return {is_and ? ir.CreateAnd(b().truth(x), b().truth(y)) : settled, ir.CreateOr(settled, both_known)};
}

Val Lowering::compare(const check::Node& n) {
  const Val x = expr(n.kids[0]);
  const Val y = expr(n.kids[1]);
  auto& ir = b().ir;
  llvm::Value* ok = b().both(x.ok, y.ok);
  if (x.v->getType()->isDoubleTy()) {
    switch (n.op) {
      case Op::Equal:
        return {ir.CreateFCmpOEQ(x.v, y.v), ok};
      case Op::NotEqual:
        return {ir.CreateFCmpUNE(x.v, y.v), ok};
      case Op::Less:
        return {ir.CreateFCmpOLT(x.v, y.v), ok};
      case Op::LessEqual:
        return {ir.CreateFCmpOLE(x.v, y.v), ok};
      case Op::Greater:
        return {ir.CreateFCmpOGT(x.v, y.v), ok};
      default:
        return {ir.CreateFCmpOGE(x.v, y.v), ok};
    }
  }
  switch (n.op) {
    case Op::Equal:
      return {ir.CreateICmpEQ(x.v, y.v), ok};
    case Op::NotEqual:
      return {ir.CreateICmpNE(x.v, y.v), ok};
    case Op::Less:
      return {ir.CreateICmpSLT(x.v, y.v), ok};
    case Op::LessEqual:
      return {ir.CreateICmpSLE(x.v, y.v), ok};
    case Op::Greater:
      return {ir.CreateICmpSGT(x.v, y.v), ok};
    default:
      return {ir.CreateICmpSGE(x.v, y.v), ok};
  }
}

/// A function is its body with the arguments in place. A missing argument makes the result missing, without
/// running the body.
Val Lowering::inlined(const check::Node& n) {
  const check::Function& f = p_.functions[n.ref];
  llvm::Value* ok = nullptr;
  std::vector<Val> arguments;
  for (const check::NodeId kid : n.kids) {
    arguments.push_back(expr(kid));
    ok = b().both(ok, arguments.back().ok);
  }
  for (size_t i = 0; i < arguments.size(); ++i) locals_[f.parameters[i]] = {arguments[i].v};
  const Span outer = called_;
  if (!SourceSet::in_module(n.span)) called_ = n.span;
  Exit exit;
  exit.to = b().block("returned");
  exit.tries = tries_.size();
  if (!f.is_plan) {
    exit.value = b().local(type_of(f.result), llvm::Constant::getNullValue(type_of(f.result)));
    exit.ok = b().local(b().ir.getInt1Ty(), b().flag(false));
  }
  if (ok) {
    llvm::BasicBlock* run = b().block("call");
    b().branch(ok, run, exit.to);
    b().into(run);
  }
  exits_.push_back(exit);
  block(f.body);
  exits_.pop_back();
  called_ = outer;
  b().go(exit.to);
  b().into(exit.to);
  if (f.is_plan) return {};
  llvm::Value* value = b().ir.CreateLoad(type_of(f.result), exit.value);
  return {value, n.type.optional ? b().ir.CreateLoad(b().ir.getInt1Ty(), exit.ok) : nullptr};
}

}  // namespace cbench::lower
