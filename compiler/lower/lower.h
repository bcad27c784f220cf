// Checked program and its layout to LLVM module: one function, cbp_entry, position-independent, that reaches
// the outside through the pointer table of its context only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "compiler/base/source.h"
#include "compiler/plan/code_layout.h"

namespace cbench::lower {

/// The module, and the tables that its code refers to by number. Only lower() makes one.
struct Lowered {
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
  std::vector<std::string> texts;
  std::vector<PlanFault> faults;
};

/// Cannot fail: what could go wrong was refused by check and plan. The module is verified; a broken one is a
/// defect of cbench and aborts with LLVM's words.
Lowered lower(const check::Program& program, const plan::CodeLayout& layout, const SourceSet& sources);

/// The module as text, for --dump ir and golden tests.
std::string to_text(const llvm::Module& module);

}  // namespace cbench::lower
