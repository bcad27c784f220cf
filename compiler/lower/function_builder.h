// The house vocabulary over IRBuilder: read a column, guard for missing, call an intrinsic, loop, fault.
// Lowering files then read like the language. Not for other folders.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include "stdlib/abi/abi.h"
#include "stdlib/abi/vocabulary.h"

namespace cbench::lower {

/// A value of the language in code. `ok` is i1, or null when the value is never missing. A missing value is
/// zero.
struct Val {
  llvm::Value* v = nullptr;
  llvm::Value* ok = nullptr;
};

/// One internal function of the module with signature i32(context fields…, i32 slot): see abi.h for the
/// result.
class FunctionBuilder {
 public:
  /// Arguments after the context: values, status, running, state, params, call, host, now, dt, step, slot.
  enum Argument : unsigned {
    Context,
    Values,
    Status,
    Running,
    State,
    Params,
    Calls,
    Host,
    NowArg,
    DtArg,
    StepArg,
    SlotArg,
    kArguments
  };

  FunctionBuilder(llvm::Module& module, const std::string& name, uint32_t slots);
  static llvm::FunctionType* type(llvm::LLVMContext& context);

  /// Ends the function with `return 0`.
  llvm::Function* finish();

  /// The function runs at events and not in each step: it is not worth the time of optimising it.
  void seldom();

  llvm::IRBuilder<> ir;
  [[nodiscard]] llvm::Function* function() const { return function_; }
  [[nodiscard]] llvm::Value* argument(Argument a) const { return function_->getArg(a); }
  [[nodiscard]] uint32_t slots() const { return slots_; }

  // constants
  llvm::Value* flag(bool value) { return ir.getInt1(value); }
  llvm::Value* i32(int64_t value) { return ir.getInt32(static_cast<uint32_t>(value)); }
  llvm::Value* i64(int64_t value) { return ir.getInt64(static_cast<uint64_t>(value)); }
  llvm::Value* f64(double value);
  /// Element `index` (i32) of a constant array; a plain constant when all elements are equal.
  llvm::Value* pick(const std::vector<int64_t>& table, llvm::Value* index);
  llvm::Value* pick(const std::vector<double>& table, llvm::Value* index);
  llvm::Value* pick_flag(const std::vector<bool>& table, llvm::Value* index);

  // memory. What lies at different places of the state block is not the same, which the optimiser is told.
  llvm::Value* at(llvm::Value* base, llvm::Value* byte_offset);
  /// The address, as one that belongs to `place`.
  llvm::Value* placed(llvm::Value* address, uint64_t place);
  /// Address of element `index` (i32) of an array of `stride` bytes at `base` in the state block.
  llvm::Value* state(uint64_t base, uint64_t stride, llvm::Value* index);
  /// Address of what there is one of, at `place` in the state block.
  llvm::Value* state(uint64_t place) { return state(place, 8, i32(0)); }
  llvm::Value* load(llvm::Type* of, llvm::Value* address);
  llvm::Value* load_i64(llvm::Value* address) { return load(ir.getInt64Ty(), address); }
  llvm::Value* load_f64(llvm::Value* address) { return load(ir.getDoubleTy(), address); }
  llvm::Value* load_flag(llvm::Value* address);
  void store(llvm::Value* value, llvm::Value* address);
  void store_flag(llvm::Value* value, llvm::Value* address);
  llvm::Value* status(int column, llvm::Value* slot);
  llvm::Value* cell(int column, llvm::Value* slot, llvm::Type* as);
  llvm::Value* running(llvm::Value* slot);
  llvm::Value* param(llvm::Value* index, bool is_integer);
  llvm::Value* param(uint32_t index, bool is_integer) { return param(i64(index), is_integer); }
  /// A load of what does not change while the policy runs, whatever it calls.
  llvm::LoadInst* fixed(llvm::Type* of, llvm::Value* address);
  /// A mutable local in the entry block.
  llvm::AllocaInst* local(llvm::Type* of, llvm::Value* initial);

  /// An index (i32) as i64.
  llvm::Value* wide(llvm::Value* index);

  // present and missing
  llvm::Value* present(const Val& x) { return x.ok ? x.ok : flag(true); }
  llvm::Value* both(llvm::Value* a, llvm::Value* b) { return a && b ? ir.CreateAnd(a, b) : a ? a : b; }
  /// The value where it is present, zero otherwise.
  llvm::Value* clean(const Val& x);
  /// Neither infinite nor NaN.
  llvm::Value* finite(llvm::Value* x) { return ir.CreateFCmpOEQ(ir.CreateFSub(x, x), f64(0)); }
  /// True only where present and true.
  llvm::Value* truth(const Val& x) { return x.ok ? ir.CreateAnd(x.ok, x.v) : x.v; }

  // control
  llvm::BasicBlock* block(const char* name) {
    return llvm::BasicBlock::Create(ir.getContext(), name, function_);
  }
  void go(llvm::BasicBlock* to);
  void branch(llvm::Value* condition, llvm::BasicBlock* yes, llvm::BasicBlock* no) {
    ir.CreateCondBr(condition, yes, no);
  }
  void into(llvm::BasicBlock* b) { ir.SetInsertPoint(b); }
  /// Runs `then` where the condition holds.
  void when(llvm::Value* condition, const std::function<void()>& then);
  /// Runs `present` where the value is there and `missing` where it is not; without a way to be missing,
  /// `present` alone.
  void either(const Val& x, const std::function<void()>& present, const std::function<void()>& missing);
  /// for (i = from; i < to; ++i), i32, with `from` >= 0. `body` gets i and the block that continues the loop.
  void loop(llvm::Value* from, llvm::Value* to,
            const std::function<void(llvm::Value*, llvm::BasicBlock*)>& body);
  /// Where `broken` holds: stores the site and returns 1.
  void fault_if(llvm::Value* broken, uint32_t site);

  /// Calls an intrinsic by the pointer table. `host` is added where the intrinsic takes it.
  llvm::Value* call(abi::Intrinsic which, std::vector<llvm::Value*> arguments);

 private:
  llvm::Value* table(llvm::Constant* data, llvm::Type* element, llvm::Value* index);

  llvm::Module& module_;
  llvm::Function* function_;
  uint32_t slots_;
  llvm::DenseMap<llvm::Value*, llvm::MDNode*> places_;  ///< of addresses in the state block
  llvm::DenseMap<llvm::Value*, llvm::Value*> wide_;     ///< loop counters of indices
};

}  // namespace cbench::lower
