#include "compiler/lower/function_builder.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Support/ModRef.h>

namespace cbench::lower {
namespace {

using llvm::Type;

template <class T>
Type* type_of(llvm::LLVMContext& c) {
  if constexpr (std::is_same_v<T, void>)
    return Type::getVoidTy(c);
  else if constexpr (std::is_same_v<T, abi::i32>)
    return Type::getInt32Ty(c);
  else if constexpr (std::is_same_v<T, abi::i64>)
    return Type::getInt64Ty(c);
  else if constexpr (std::is_same_v<T, abi::f64>)
    return Type::getDoubleTy(c);
  else
    return llvm::PointerType::getUnqual(c);
}

template <class R, class... A>
llvm::FunctionType* signature(llvm::LLVMContext& c, R (*)(A...)) {
  return llvm::FunctionType::get(type_of<R>(c), {type_of<A>(c)...}, false);
}

/// The one declaration of intrinsics.def, as LLVM function types.
llvm::FunctionType* signature(llvm::LLVMContext& c, abi::Intrinsic which) {
  using namespace abi;
  switch (which) {
#define CBENCH_INTRINSIC(name, result, params, doc) \
  case Intrinsic::name:                             \
    return signature(c, static_cast<result(*) params>(nullptr));
#include "stdlib/abi/intrinsics.def"
    case Intrinsic::kCount:
      break;
  }
  return nullptr;
}

/// No intrinsic touches the state block or the frame, but for what it is given a pointer to.
llvm::MemoryEffects effects_of(abi::Intrinsic which) {
  using abi::Intrinsic;
  switch (which) {
    case Intrinsic::exp2:
    case Intrinsic::log2:
      return llvm::MemoryEffects::none();
    case Intrinsic::percentile:
      return llvm::MemoryEffects::argMemOnly(llvm::ModRefInfo::Ref);
    case Intrinsic::class_of:
    case Intrinsic::cpu_in:
    case Intrinsic::ways:
    case Intrinsic::mb:
    case Intrinsic::mb_rate:
    case Intrinsic::quota:
    case Intrinsic::cores:
    case Intrinsic::paused:
      return llvm::MemoryEffects::inaccessibleOrArgMemOnly(llvm::ModRefInfo::Ref);
    default:
      return llvm::MemoryEffects::inaccessibleOrArgMemOnly();
  }
}

}  // namespace

llvm::FunctionType* FunctionBuilder::type(llvm::LLVMContext& c) {
  Type* ptr = llvm::PointerType::getUnqual(c);
  Type* i64 = Type::getInt64Ty(c);
  Type* i32 = Type::getInt32Ty(c);
  return llvm::FunctionType::get(i32, {ptr, ptr, ptr, ptr, ptr, ptr, ptr, ptr, i64, i64, i64, i32}, false);
}

FunctionBuilder::FunctionBuilder(llvm::Module& module, const std::string& name, uint32_t slots)
    : ir(module.getContext()), module_(module), slots_(slots) {
  function_ =
      llvm::Function::Create(type(module.getContext()), llvm::Function::InternalLinkage, name, module);
  constexpr std::array<const char*, kArguments> names = {"context", "values", "status", "running",
                                                         "state",   "params", "calls",  "host",
                                                         "now",     "dt",     "step",   "slot"};
  for (unsigned i = 0; i < kArguments; ++i) function_->getArg(i)->setName(names[i]);
  // The frame is not written while the policy runs, and the state block is the policy's alone.
  for (const Argument a : {Values, Status, Running, State, Params})
    function_->addParamAttr(a, llvm::Attribute::NoAlias);
  for (const Argument a : {Values, Status, Running, Params})
    function_->addParamAttr(a, llvm::Attribute::ReadOnly);
  // No loop may become a call of memset or memcpy: generated code has no outside symbols.
  function_->addFnAttr("no-builtins");
  function_->addFnAttr(llvm::Attribute::AlwaysInline);
  function_->setDoesNotThrow();
  ir.SetInsertPoint(block("entry"));
}

void FunctionBuilder::seldom() {
  function_->removeFnAttr(llvm::Attribute::AlwaysInline);
  function_->addFnAttr(llvm::Attribute::NoInline);
  function_->addFnAttr(llvm::Attribute::OptimizeNone);
}

llvm::Function* FunctionBuilder::finish() {
  ir.CreateRet(i32(0));
  return function_;
}

llvm::Value* FunctionBuilder::f64(double value) { return llvm::ConstantFP::get(ir.getDoubleTy(), value); }

llvm::Value* FunctionBuilder::table(llvm::Constant* data, Type* element, llvm::Value* index) {
  auto* global = new llvm::GlobalVariable(module_, data->getType(), true, llvm::GlobalValue::PrivateLinkage,
                                          data, "table");
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return ir.CreateLoad(element, ir.CreateInBoundsGEP(element, global, wide(index)));
}

llvm::Value* FunctionBuilder::pick(const std::vector<int64_t>& values, llvm::Value* index) {
  if (values.empty() || std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == values[0]; }))
    return i64(values.empty() ? 0 : values[0]);
  std::vector<uint64_t> bits(values.begin(), values.end());
  return table(llvm::ConstantDataArray::get(ir.getContext(), bits), ir.getInt64Ty(), index);
}

llvm::Value* FunctionBuilder::pick(const std::vector<double>& values, llvm::Value* index) {
  if (values.empty() || std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; }))
    return f64(values.empty() ? 0 : values[0]);
  return table(llvm::ConstantDataArray::get(ir.getContext(), values), ir.getDoubleTy(), index);
}

llvm::Value* FunctionBuilder::pick_flag(const std::vector<bool>& values, llvm::Value* index) {
  if (values.empty() || std::all_of(values.begin(), values.end(), [&](bool v) { return v == values[0]; }))
    return flag(!values.empty() && values[0]);
  std::vector<uint8_t> bytes(values.begin(), values.end());
  return ir.CreateICmpNE(table(llvm::ConstantDataArray::get(ir.getContext(), bytes), ir.getInt8Ty(), index),
                         ir.getInt8(0));
}

llvm::Value* FunctionBuilder::at(llvm::Value* base, llvm::Value* byte_offset) {
  llvm::Value* address = ir.CreateInBoundsGEP(ir.getInt8Ty(), base, byte_offset);
  if (llvm::MDNode* place = places_.lookup(base)) places_[address] = place;
  return address;
}

llvm::Value* FunctionBuilder::placed(llvm::Value* address, uint64_t place) {
  llvm::MDBuilder metadata(ir.getContext());
  llvm::MDNode* type = metadata.createTBAAScalarTypeNode("place " + std::to_string(place),
                                                         metadata.createTBAARoot("state block"));
  places_[address] = metadata.createTBAAStructTagNode(type, type, 0);
  return address;
}

llvm::Value* FunctionBuilder::load(Type* of, llvm::Value* address) {
  llvm::LoadInst* load = ir.CreateLoad(of, address);
  load->setMetadata(llvm::LLVMContext::MD_tbaa, places_.lookup(address));
  return load;
}

void FunctionBuilder::store(llvm::Value* value, llvm::Value* address) {
  ir.CreateStore(value, address)->setMetadata(llvm::LLVMContext::MD_tbaa, places_.lookup(address));
}

llvm::Value* FunctionBuilder::state(uint64_t base, uint64_t stride, llvm::Value* index) {
  llvm::Value* scaled = ir.CreateMul(wide(index), i64(static_cast<int64_t>(stride)), "", true, true);
  return placed(at(argument(State), ir.CreateAdd(scaled, i64(static_cast<int64_t>(base)), "", true, true)),
                base);
}

llvm::Value* FunctionBuilder::load_flag(llvm::Value* address) {
  return ir.CreateICmpNE(load(ir.getInt8Ty(), address), ir.getInt8(0));
}

void FunctionBuilder::store_flag(llvm::Value* value, llvm::Value* address) {
  store(ir.CreateZExt(value, ir.getInt8Ty()), address);
}

llvm::Value* FunctionBuilder::status(int column, llvm::Value* slot) {
  llvm::Value* index = ir.CreateAdd(wide(slot), i64(static_cast<int64_t>(column) * (slots_ + 1)));
  return fixed(ir.getInt8Ty(), at(argument(Status), index));
}

llvm::Value* FunctionBuilder::cell(int column, llvm::Value* slot, Type* as) {
  llvm::Value* index = ir.CreateAdd(wide(slot), i64(static_cast<int64_t>(column) * (slots_ + 1)));
  return fixed(as, ir.CreateInBoundsGEP(ir.getInt64Ty(), argument(Values), index));
}

llvm::Value* FunctionBuilder::running(llvm::Value* slot) {
  return ir.CreateICmpNE(fixed(ir.getInt8Ty(), at(argument(Running), wide(slot))), ir.getInt8(0));
}

llvm::Value* FunctionBuilder::param(llvm::Value* index, bool is_integer) {
  llvm::Value* address = ir.CreateInBoundsGEP(ir.getInt64Ty(), argument(Params), index);
  return fixed(is_integer ? ir.getInt64Ty() : ir.getDoubleTy(), address);
}

llvm::LoadInst* FunctionBuilder::fixed(Type* of, llvm::Value* address) {
  llvm::LoadInst* load = ir.CreateLoad(of, address);
  load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(ir.getContext(), {}));
  return load;
}

llvm::AllocaInst* FunctionBuilder::local(Type* of, llvm::Value* initial) {
  llvm::IRBuilder<> entry(&function_->getEntryBlock(), function_->getEntryBlock().begin());
  llvm::AllocaInst* slot = entry.CreateAlloca(of);
  if (initial) ir.CreateStore(initial, slot);
  return slot;
}

llvm::Value* FunctionBuilder::clean(const Val& x) {
  return x.ok ? ir.CreateSelect(x.ok, x.v, llvm::Constant::getNullValue(x.v->getType())) : x.v;
}

llvm::Value* FunctionBuilder::wide(llvm::Value* index) {
  llvm::Value* counter = wide_.lookup(index);
  return counter ? counter : ir.CreateZExt(index, ir.getInt64Ty());
}

void FunctionBuilder::go(llvm::BasicBlock* to) {
  if (!ir.GetInsertBlock()->getTerminator()) ir.CreateBr(to);
}

void FunctionBuilder::when(llvm::Value* condition, const std::function<void()>& then) {
  llvm::BasicBlock* yes = block("then");
  llvm::BasicBlock* end = block("end");
  branch(condition, yes, end);
  into(yes);
  then();
  go(end);
  into(end);
}

void FunctionBuilder::either(const Val& x, const std::function<void()>& present,
                             const std::function<void()>& missing) {
  if (!x.ok) return present();
  llvm::BasicBlock* there = block("present");
  llvm::BasicBlock* gone = block("missing");
  llvm::BasicBlock* end = block("shown");
  branch(x.ok, there, gone);
  into(there);
  present();
  go(end);
  into(gone);
  missing();
  go(end);
  into(end);
}

void FunctionBuilder::loop(llvm::Value* from, llvm::Value* to,
                           const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body) {
  llvm::Value* first = ir.CreateZExt(from, ir.getInt64Ty());
  llvm::Value* last = ir.CreateSExt(to, ir.getInt64Ty());
  llvm::BasicBlock* before = ir.GetInsertBlock();
  llvm::BasicBlock* head = block("loop");
  llvm::BasicBlock* inside = block("body");
  llvm::BasicBlock* next = block("next");
  llvm::BasicBlock* end = block("done");
  go(head);
  into(head);
  // Counted in the width of addresses, so that none has to be widened in each round.
  llvm::PHINode* i = ir.CreatePHI(ir.getInt64Ty(), 2);
  i->addIncoming(first, before);
  branch(ir.CreateICmpSLT(i, last), inside, end);
  into(inside);
  llvm::Value* index = ir.CreateTrunc(i, ir.getInt32Ty());
  wide_[index] = i;
  body(index, next);
  go(next);
  into(next);
  i->addIncoming(ir.CreateAdd(i, i64(1), "", true, true), next);
  go(head);
  into(end);
}

void FunctionBuilder::fault_if(llvm::Value* broken, uint32_t site) {
  when(broken, [&] {
    ir.CreateStore(i32(site), at(argument(Context), i64(offsetof(abi::PolicyContext, fault_site))));
    ir.CreateRet(i32(abi::kFault));
  });
}

llvm::Value* FunctionBuilder::call(abi::Intrinsic which, std::vector<llvm::Value*> arguments) {
  llvm::FunctionType* type = signature(ir.getContext(), which);
  if (type->getNumParams() == arguments.size() + 1) arguments.insert(arguments.begin(), argument(Host));
  llvm::Value* entry = ir.CreateInBoundsGEP(ir.getPtrTy(), argument(Calls), i64(static_cast<int64_t>(which)));
  llvm::CallInst* call = ir.CreateCall(type, fixed(ir.getPtrTy(), entry), arguments);
  call->setDoesNotThrow();
  call->setMemoryEffects(effects_of(which));
  return call;
}

}  // namespace cbench::lower
